//! The service through days, suspends and jumps of the clock: the loop's own parts, told the
//! moments.

use super::keeper::Keeper;
use super::people::{Crowd, People};
use super::{Event, House, Means, Ready};
use crate::cycle::{Brain, Mode, Settings};
use crate::event::{PrincipalId, Whereabouts};
use crate::schedule::plan::Planning;
use crate::sync::diff::Deletions;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{Receiver, channel};

type Moments = Arc<Mutex<Vec<DateTime<Utc>>>>;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

fn settings() -> Settings {
    let zone = chrono_tz::Europe::Berlin;
    Settings {
        zone,
        whereabouts: Whereabouts::new(zone, Vec::new()),
        addresses: Vec::new(),
        history: TimeDelta::days(30),
        ahead: TimeDelta::days(30),
        mode: Mode::Suggest,
        doors: Vec::new(),
        planning: Planning::default(),
        suggest_into: None,
        deletions: Deletions::Guarded,
        chores: crate::cycle::Chores::Now,
        assistant: None,
    }
}

/// Somebody who lives in Berlin and looks once a day; each turn's moment goes to `turns`.
fn house(name: &str, store: &Path, turns: &Moments) -> House {
    let turns = Arc::clone(turns);
    let ready = || Ready { clients: Vec::new(), brain: Brain::local().unwrap() };
    House {
        principal: PrincipalId::new(name).unwrap(),
        store: store.to_owned(),
        socket: store.with_extension("socket"),
        poll: TimeDelta::days(1),
        morning: hour(6),
        night: hour(3),
        means: Means::new(Box::new(ready)),
        accounts: 0,
        metrics: None,
        folders: Vec::new(),
        hosts: Vec::new(),
        settings: Box::new(move |now| {
            turns.lock().unwrap().push(now);
            settings()
        }),
        zone: Box::new(|_| chrono_tz::Europe::Berlin),
        learned: Box::new(|_, _| {}),
    }
}

/// The service of one person, and when their turns were.
struct One {
    keeper: Keeper,
    heard: Receiver<Event>,
    turns: Moments,
    _folder: tempfile::TempDir,
}

impl One {
    fn new(now: DateTime<Utc>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (turns, (events, heard)) = (Moments::default(), channel(8));
        let house = house("ann", &folder.path().join("s"), &turns);
        let keeper = Keeper::open(house, Box::new(|| Err(String::new())), events, now).unwrap();
        Self { keeper, heard, turns, _folder: folder }
    }

    /// A minute's tick; a turn that starts ends at once, and so does the packing of the night.
    async fn tick(&mut self, now: DateTime<Utc>) {
        self.keeper.minute(now);
        self.keeper.step(now);
        while self.keeper.is_busy() {
            match self.heard.recv().await {
                Some(Event::Turned(_, ended)) => self.keeper.turned(now, ended),
                Some(Event::Returned(_)) => self.keeper.returned(),
                _ => panic!("no end"),
            }
            self.keeper.step(now);
        }
    }

    /// Every ten minutes; the local times of the turns.
    async fn live(&mut self, from: &str, to: &str) -> Vec<String> {
        self.turns.lock().unwrap().clear();
        let (mut now, to) = (at(from), at(to));
        while now < to {
            self.tick(now).await;
            now += TimeDelta::minutes(10);
        }
        let turns = self.turns.lock().unwrap();
        let local = |at: &DateTime<Utc>| at.with_timezone(&chrono_tz::Europe::Berlin);
        turns.iter().map(|at| local(at).format("%d %H").to_string()).collect()
    }
}

#[tokio::test]
async fn each_day_has_its_night_and_its_morning_also_where_the_clocks_change() {
    let mut one = One::new(at("2026-10-23T20:00:00Z"));
    let turns = one.live("2026-10-23T20:00:00Z", "2026-10-26T12:00:00Z").await;
    let days = ["23 22", "24 03", "24 06", "25 03", "25 06", "26 03", "26 06"];
    assert_eq!(turns, days);
}

#[tokio::test]
async fn a_suspend_or_a_jump_of_the_clock_costs_one_turn_and_stops_none() {
    let mut one = One::new(at("2026-11-23T11:00:00Z"));
    assert_eq!(one.live("2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z").await, ["23 12"]);
    // Asleep for a week: night, morning and the look that was due are one turn.
    assert_eq!(one.live("2026-11-30T09:00:00Z", "2026-11-30T14:00:00Z").await, ["30 10"]);
    // Fifty years ahead, then right again: the next morning comes as ever.
    assert_eq!(one.live("2076-11-30T14:00:00Z", "2076-11-30T16:00:00Z").await, ["30 15"]);
    let back = one.live("2026-11-30T16:00:00Z", "2026-12-02T11:00:00Z").await;
    assert_eq!(back, ["30 17", "01 03", "01 06", "02 03", "02 06"]);
    // Three hours back in the night: nothing is due twice at one moment, nothing is left out.
    let again = one.live("2026-12-02T08:00:00Z", "2026-12-03T06:00:00Z").await;
    assert_eq!(again, ["03 03", "03 06"]);
}

#[tokio::test]
async fn what_changes_during_a_turn_is_looked_at_after_it() {
    let now = at("2026-11-23T11:00:00Z");
    let mut one = One::new(now);
    one.keeper.step(now);
    assert!(one.keeper.is_busy());
    one.keeper.changed(now);
    one.tick(now).await;
    assert_eq!(one.turns.lock().unwrap().len(), 2);
    one.tick(now).await;
    assert_eq!(one.turns.lock().unwrap().len(), 2, "once");
}

/// All who are served come to their turns; whose turns these were.
async fn turned(crowd: &mut Crowd, heard: &mut Receiver<Event>, now: DateTime<Utc>) -> usize {
    crowd.minute(now);
    crowd.step(now);
    let mut count = 0;
    while crowd.turns() > 0 || crowd.is_away() {
        match heard.recv().await {
            Some(Event::Turned(who, ended)) => {
                crowd.turned(&who, ended, now);
                count += 1;
            }
            Some(Event::Returned(want)) => crowd.returned(&want),
            _ => panic!("no end"),
        }
        crowd.step(now);
    }
    count
}

#[tokio::test]
async fn the_mornings_of_many_are_theirs_and_spread() {
    const MANY: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    std::fs::create_dir(&users).unwrap();
    (0..MANY).for_each(|n| std::fs::write(users.join(format!("p{n}.toml")), "").unwrap());
    let (store, turns) = (folder.path().join("s"), Moments::default());
    let (theirs, told) = (store.clone(), Arc::clone(&turns));
    let people = People {
        folder: users,
        store,
        socket: folder.path().join("socket"),
        metrics: None,
        furnish: Box::new(move |file| {
            Ok(house(file.file_stem().unwrap().to_str().unwrap(), &theirs, &told))
        }),
    };
    let (events, mut heard) = channel(64);
    let evening = at("2026-11-23T18:00:00Z");
    let mut crowd = Crowd::open(people, events, evening).unwrap();
    assert_eq!(turned(&mut crowd, &mut heard, evening).await, MANY, "they come");
    let mut now = at("2026-11-24T01:55:00Z");
    let mut busiest = 0;
    let mut of_hour = [0; 24];
    while now < at("2026-11-24T06:00:00Z") {
        let count = turned(&mut crowd, &mut heard, now).await;
        busiest = busiest.max(count);
        of_hour[usize::from(crate::event::time::local_hour(now, chrono_tz::Europe::Berlin))] +=
            count;
        now += TimeDelta::minutes(1);
    }
    assert_eq!((of_hour[3], of_hour[6]), (MANY, MANY), "{of_hour:?}");
    assert!(busiest < MANY / 2, "{busiest} in one minute");
    // Asleep for three days: one turn each.
    let awake = at("2026-11-27T10:00:00Z");
    assert_eq!(turned(&mut crowd, &mut heard, awake).await, MANY);
    assert_eq!(turned(&mut crowd, &mut heard, awake + TimeDelta::minutes(1)).await, 0);
}
