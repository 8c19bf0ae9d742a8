//! Many people in one process: one config file each, one store, one socket, turns in fair order.
//!
//! Invariants: a person's turn sees their own records and accounts alone; at most one turn of each
//! runs, and none while a command of theirs has their records; whatever goes wrong with one of
//! them, defects of ours included, is theirs: it is logged by their id and tried again later, ever
//! more rarely. Folders of calendars are polled here, not watched: the system's watches are few.

mod roster;
mod rota;

pub use roster::Furnish as FurnishPerson;

use super::lease::{self, Holder, Want};
use super::pace::{self, LastLook};
use super::sources::{self, Ears, Place};
use super::turn::{self, Ended};
use super::{DaemonError, Event, House, lent, supervise};
use crate::event::PrincipalId;
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use roster::Roster;
use rota::Rota;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

/// Turns that were asked to end are waited for so long.
const GRACE: Duration = Duration::from_millis(500);
/// A person whose turns fail is tried again at most this rarely.
const RAREST: TimeDelta = TimeDelta::hours(6);
/// Turns that failed in a row, as far as they are counted.
const MOST_STRIKES: u32 = 10;
/// Hour (UTC: people live in many zones) at which the store is closed and opened once.
const NIGHT: u32 = 3;

/// What serves many people.
pub struct People {
    /// The folder of their configs.
    pub folder: PathBuf,
    /// The folder of the store.
    pub store: PathBuf,
    /// Where commands come.
    pub socket: PathBuf,
    /// Reads a person's file.
    pub furnish: FurnishPerson,
}

/// One person, between turns.
struct Person {
    house: Arc<House>,
    since: DateTime<Utc>,
    last: Option<LastLook>,
    /// Turns that failed in a row.
    strikes: u32,
    /// Something of theirs could not be read.
    troubled: bool,
}

struct Crowd {
    path: PathBuf,
    /// `None` = a command has it, or it could not be opened.
    store: Option<Store>,
    people: BTreeMap<PrincipalId, Person>,
    rota: Rota,
    roster: Roster,
    events: Sender<Event>,
    end: watch::Sender<bool>,
    /// Whose records a command has.
    lent: BTreeSet<PrincipalId>,
    waiting: VecDeque<lease::Request>,
    /// Who has the whole store.
    borrower: Option<lease::Borrower>,
    night: Option<chrono::NaiveDate>,
}

/// Serves everybody in the folder until it is asked to stop.
///
/// # Errors
/// [`DaemonError`]: nothing was started then.
pub async fn run_people(people: People) -> Result<(), DaemonError> {
    let (sender, mut events) = tokio::sync::mpsc::channel(sources::WAITING);
    let store = Store::open(&people.store)?;
    let mut crowd = Crowd {
        path: people.store,
        store: Some(store),
        people: BTreeMap::new(),
        rota: Rota::default(),
        roster: Roster::new(people.folder.clone(), people.furnish),
        events: sender.clone(),
        end: watch::Sender::new(false),
        lent: BTreeSet::new(),
        waiting: VecDeque::new(),
        borrower: None,
        night: None,
    };
    let ears = Ears {
        socket: &people.socket,
        about: Holder::own(true, &crowd.path),
        folders: &[],
        config: Place::Folder(&people.folder),
    };
    let _sources = sources::start(&ears, &sender).await?;
    crowd.look_at_roster(Utc::now());
    supervise::ready();
    crowd.step(Utc::now());
    while let Some(event) = events.recv().await {
        let now = Utc::now();
        match event {
            Event::Minute => crowd.minute(now),
            Event::Changed => {}
            Event::Reload => crowd.look_at_roster(now),
            Event::Wanted(request) => crowd.wanted(request),
            Event::Returned(want) => crowd.returned(&want),
            Event::Turned(who, ended) => crowd.turned(&who, ended, now),
            Event::Stop => break,
        }
        crowd.step(Utc::now());
    }
    supervise::stopping();
    crowd.stop(events).await;
    Ok(())
}

impl Crowd {
    fn look_at_roster(&mut self, now: DateTime<Utc>) {
        let found = match self.roster.look() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the folder of people can't be read; all stays as it is");
                return;
            }
        };
        for who in found.gone {
            tracing::info!(person = who.as_str(), "no longer served; what is kept of them stays");
            self.people.remove(&who);
            self.rota.take_out(&who);
        }
        for house in found.come {
            let who = house.principal.clone();
            tracing::info!(person = who.as_str(), "served");
            let person = Person { house, since: now, last: None, strikes: 0, troubled: false };
            self.people.insert(who.clone(), person);
            self.rota.plan(&who, now);
        }
        self.tell();
    }

    /// A minute has passed.
    fn minute(&mut self, now: DateTime<Utc>) {
        self.borrower.iter_mut().for_each(lease::Borrower::minute);
        if !self.rota.is_stuck(now) {
            supervise::alive();
        }
        // Where the folder can't be watched, this is how changes are seen.
        self.look_at_roster(now);
        let longest = self.people.values().map(|person| person.house.poll).max();
        self.rota.not_after(now + longest.unwrap_or_default().max(RAREST) * 4, now);
        let quiet = self.rota.running() == 0 && self.lent.is_empty() && self.borrower.is_none();
        if quiet && now.hour() == NIGHT && self.night != Some(now.date_naive()) {
            self.night = Some(now.date_naive());
            // Opened again by the next step, smaller (measured).
            self.store = None;
        }
    }

    fn tell(&self) {
        let troubled = self.people.values().filter(|p| p.troubled || p.strikes > 0).count();
        let refused = match self.roster.refused() {
            0 => String::new(),
            n => format!(", files refused: {n} (see the log)"),
        };
        let people = self.people.len();
        supervise::status(&format!("{people} people served, {troubled} in trouble{refused}"));
    }

    fn wanted(&mut self, request: lease::Request) {
        match &request.want {
            Want::Served(who) => {
                // A turn that still runs ends before the folder is lent.
                let served = self.people.contains_key(who);
                request.answer(served);
            }
            Want::Folder | Want::Records(_) => self.waiting.push_back(request),
        }
    }

    fn returned(&mut self, want: &Want) {
        match want {
            Want::Served(_) => {}
            Want::Folder => self.borrower = None,
            Want::Records(who) => drop(self.lent.remove(who)),
        }
    }

    fn turned(&mut self, who: &PrincipalId, ended: Ended, now: DateTime<Utc>) {
        let trouble = match &ended {
            Ended::Well(report, _) => turn::troubled(report) > 0,
            Ended::Failed(_) | Ended::Panicked | Ended::TooLong => true,
            Ended::Stopped => false,
        };
        self.rota.ended(who, trouble);
        // Removed meanwhile.
        let Some(person) = self.people.get_mut(who) else { return };
        let mut changed = person.last.and_then(|last| last.changed);
        let id = who.as_str();
        person.troubled = trouble;
        person.strikes = match ended {
            Ended::Well(report, at) => {
                if turn::moved(&report) {
                    changed = Some(at);
                }
                0
            }
            Ended::Failed(error) => {
                tracing::error!(person = id, %error, "the turn failed; it is tried again later");
                person.strikes.saturating_add(1)
            }
            Ended::Panicked => {
                tracing::error!(person = id, "the turn broke off by a defect of chronotype");
                person.strikes.saturating_add(1)
            }
            Ended::TooLong => {
                tracing::warn!(person = id, "the turn took too long and was given up");
                person.strikes.saturating_add(1)
            }
            Ended::Stopped => person.strikes,
        };
        let last = LastLook { at: now, changed };
        person.last = Some(last);
        let next = pace::next(last, person.house.poll, person.since, turn::chance(Utc::now()));
        let rest = (next - now) * 2_i32.pow(person.strikes.min(MOST_STRIKES));
        // A config that came while the turn ran has planned one already.
        if self.rota.planned(who).is_none() {
            self.rota.plan(who, now + rest.min(RAREST.max(next - now)));
        }
        supervise::alive();
        if self.rota.running() == 0 {
            self.tell();
        }
    }

    /// What is to be done now: commands first, then turns.
    fn step(&mut self, now: DateTime<Utc>) {
        if self.borrower.is_some() {
            return;
        }
        if self.store.is_none() {
            match Store::open(&self.path) {
                Ok(store) => self.store = Some(store),
                Err(error) => {
                    tracing::warn!(%error, "the store can't be opened yet");
                    return;
                }
            }
        }
        self.serve_commands();
        let folder_wanted = self.waiting.iter().any(|r| r.want == Want::Folder);
        while !folder_wanted && self.borrower.is_none() && !self.rota.is_full() {
            let people = &self.people;
            let hosts = |who: &PrincipalId| {
                people.get(who).map_or(&[][..], |person| person.house.hosts.as_slice())
            };
            let lent = &self.lent;
            let Some(who) = self.rota.next(now, hosts, |who| lent.contains(who)) else { return };
            self.start(&who, now);
        }
    }

    fn start(&mut self, who: &PrincipalId, now: DateTime<Utc>) {
        let (Some(person), Some(store)) = (self.people.get(who), &self.store) else { return };
        let house = Arc::clone(&person.house);
        let task =
            turn::start(house, store.clone(), now, self.end.subscribe(), self.events.clone());
        drop(task);
    }

    /// Those whose records are free get them; the folder goes out when nobody needs the store.
    fn serve_commands(&mut self) {
        let mut still = VecDeque::new();
        // Who has gone or given up keeps nobody from their turn.
        self.waiting.retain(|request| !request.is_over());
        for request in std::mem::take(&mut self.waiting) {
            if self.borrower.is_some() {
                still.push_back(request);
                continue;
            }
            match request.want.clone() {
                Want::Records(who) if !self.rota.is_busy(&who) && !self.lent.contains(&who) => {
                    self.lend(request, who);
                }
                Want::Folder if self.rota.running() == 0 && self.lent.is_empty() => {
                    self.borrower = Some(lease::Borrower::of(&request));
                    self.store = None;
                    request.grant(self.events.clone());
                }
                Want::Records(_) | Want::Folder | Want::Served(_) => still.push_back(request),
            }
        }
        self.waiting = still;
    }

    fn lend(&mut self, request: lease::Request, who: PrincipalId) {
        let Some(store) = self.store.clone() else { return };
        self.lent.insert(who.clone());
        lent::start(request, store, who, self.events.clone());
    }

    /// Ends all turns and lets go of the store.
    async fn stop(mut self, mut events: tokio::sync::mpsc::Receiver<Event>) {
        self.end.send_replace(true);
        self.store = None;
        let ended = async {
            while self.rota.running() > 0
                && let Some(event) = events.recv().await
            {
                if let Event::Turned(who, _) = event {
                    self.rota.ended(&who, false);
                }
            }
        };
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}
