//! A simulated person: what they do in their other client, and the log of it, which is the truth
//! that the program's guesses are held against.

use super::words::{TITLES, day_and_hour, field};
use crate::support::fake_faults::{Dice, Fault};
use crate::support::fake_server::{Hand, Server};
use chrono::{DateTime, TimeDelta, Utc};
use chronotype::event::Href;
use std::collections::{BTreeMap, BTreeSet};

/// What the person did to one UID, ever.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Deleted, cancelled, excluded, ended.
    pub deleted: Vec<DateTime<Utc>>,
    /// Given another time or length.
    pub moved: Vec<DateTime<Utc>>,
    /// Anything at all.
    pub touched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Event,
    Series,
    Todo,
}

/// An object of the person's own.
#[derive(Debug, Clone)]
pub struct Thing {
    pub uid: String,
    pub kind: Kind,
    pub title: String,
    pub note: u32,
    pub start: DateTime<Utc>,
    pub minutes: i64,
    pub rule: String,
    pub excluded: Vec<DateTime<Utc>>,
    pub status: &'static str,
    /// Where it lies; `None` = deleted.
    pub place: Option<(String, Href)>,
    /// Where it lay last.
    pub home: String,
}

/// The person.
#[derive(Debug, Default)]
pub struct Someone {
    pub things: Vec<Thing>,
    pub truth: BTreeMap<String, Truth>,
    /// Blocks of ours they deleted and did not put back: UID to place and text.
    pub deleted_blocks: BTreeMap<String, (String, Href, String)>,
    /// UIDs that lay in two collections at once.
    pub doubled: BTreeSet<String>,
    count: u32,
    /// How often they did what.
    pub acts: BTreeMap<&'static str, u64>,
}

impl Someone {
    pub fn truth(&mut self, uid: &str) -> &mut Truth {
        let truth = self.truth.entry(uid.to_owned()).or_default();
        truth.touched = true;
        truth
    }

    pub fn did(&mut self, server: &mut Server, what: &'static str, uid: &str) {
        *self.acts.entry(what).or_default() += 1;
        server.diary.push(format!("    person: {what} {uid}"));
    }

    /// Does one thing.
    pub fn act(&mut self, server: &mut Server, dice: &mut Dice) {
        match dice.below(100) {
            0..22 => self.create(server, dice),
            22..56 => self.change(server, dice),
            56..92 => self.handle_block(server, dice),
            92..95 => self.clean_up(server),
            95..97 => self.clear(server, dice),
            _ => self.put_in_our_way(server, dice),
        }
    }

    pub fn name(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count)
    }

    pub fn create(&mut self, server: &mut Server, dice: &mut Dice) {
        let (kind, what) = match dice.below(10) {
            0..5 => (Kind::Event, "create event"),
            5..7 => (Kind::Series, "create series"),
            _ => (Kind::Todo, "create todo"),
        };
        let uid = self.name("u");
        let start = day_and_hour(server.now, dice, -2, 12);
        let home = match kind {
            Kind::Todo => "mine/mine/tasks/",
            _ if dice.percent(25) => "club/club/side/",
            _ => "mine/mine/work/",
        };
        let rule = match (kind, dice.below(3)) {
            (Kind::Series, 0) => "FREQ=DAILY;COUNT=6",
            (Kind::Series, 1) => "FREQ=WEEKLY",
            (Kind::Series, _) => "FREQ=DAILY;INTERVAL=2",
            _ => "",
        };
        let thing = Thing {
            uid: uid.clone(),
            kind,
            title: TITLES[dice.below(TITLES.len())].into(),
            note: 0,
            start: if kind == Kind::Todo { server.now + TimeDelta::days(9) } else { start },
            minutes: 30 * (1 + dice.below(5) as i64),
            rule: rule.into(),
            excluded: Vec::new(),
            status: "",
            place: None,
            home: home.into(),
        };
        self.things.push(thing);
        let last = self.things.len() - 1;
        self.put(server, last, dice);
        self.did(server, what, &uid);
    }

    /// Writes a thing as it is now to where it belongs.
    fn put(&mut self, server: &mut Server, index: usize, dice: &mut Dice) {
        let skew = match server.strike(Fault::ClockSkew) {
            true => TimeDelta::hours(dice.below(19) as i64 - 9),
            false => TimeDelta::zero(),
        };
        let Some(thing) = self.things.get_mut(index) else { return };
        let body = thing.text(server.now + skew);
        let place = thing.place.clone();
        let place =
            place.unwrap_or_else(|| (thing.home.clone(), server.place(&thing.home, &thing.uid)));
        server.put(&place.0, &place.1, &body, Hand::Person);
        thing.place = Some(place);
    }

    fn change(&mut self, server: &mut Server, dice: &mut Dice) {
        let index = dice.below(self.things.len());
        let Some(thing) = self.things.get(index).cloned() else {
            return self.create(server, dice);
        };
        let (uid, now) = (thing.uid.clone(), server.now);
        let Some(place) = thing.place.clone() else {
            if dice.percent(50) {
                self.truth(&uid);
                self.put(server, index, dice);
                self.did(server, "restore", &uid);
            }
            return;
        };
        if thing.kind == Kind::Series && dice.percent(35) {
            return self.edit_series(server, dice, index);
        }
        let what = match dice.below(12) {
            0..3 => {
                let start = day_and_hour(now, dice, -1, 12);
                self.things[index].start = start;
                self.truth(&uid).moved.push(now);
                // Of a series with an end, what now falls behind that end is no more; of one that
                // keeps its time of day, what lies before its new start.
                let days = (start - thing.start).num_minutes() % (24 * 60) == 0;
                if thing.kind == Kind::Series && (days || thing.rule.contains("UNTIL")) {
                    self.truth(&uid).deleted.push(now);
                }
                "move"
            }
            3 => {
                self.things[index].title = TITLES[dice.below(TITLES.len())].into();
                "rename"
            }
            4 => {
                self.things[index].note += 1;
                "edit description"
            }
            5 => {
                self.things[index].status = "COMPLETED";
                "mark done"
            }
            6 => {
                self.things[index].minutes = 30 * (1 + dice.below(5) as i64);
                self.truth(&uid).moved.push(now);
                "resize"
            }
            7..9 => {
                server.shelves.get_mut(&place.0).map(|s| s.remove(&place.1));
                self.things[index].place = None;
                self.truth(&uid).deleted.push(now);
                self.did(server, "delete", &uid);
                return;
            }
            9 => {
                let copy = Thing { uid: self.name("u"), place: None, ..thing };
                let copied = copy.uid.clone();
                self.inherit(&copy, now);
                self.things.push(copy);
                self.put(server, self.things.len() - 1, dice);
                self.did(server, "copy", &copied);
                return;
            }
            10 => return self.carry_over(server, dice, index),
            _ => {
                self.things[index].status = "CANCELLED";
                self.truth(&uid).deleted.push(now);
                "cancel"
            }
        };
        self.truth(&uid);
        self.put(server, index, dice);
        self.did(server, what, &uid);
    }

    /// To another collection; now and then it stays where it was, too.
    fn carry_over(&mut self, server: &mut Server, dice: &mut Dice, index: usize) {
        let thing = &self.things[index];
        let uid = thing.uid.clone();
        let shelves: Vec<String> = server.shelves.keys().cloned().collect();
        let to = shelves[dice.below(shelves.len())].clone();
        let Some(from) = thing.place.clone().filter(|(shelf, _)| *shelf != to) else { return };
        if thing.kind == Kind::Todo && server.google.contains(&to) {
            return;
        }
        let both = dice.percent(25);
        if !both {
            server.shelves.get_mut(&from.0).map(|s| s.remove(&from.1));
        }
        self.things[index].home = to;
        self.things[index].place = None;
        self.truth(&uid);
        self.put(server, index, dice);
        if both {
            // The one left behind is an object of its own, which nobody changes again.
            self.truth(&uid).moved.push(server.now);
            self.truth(&uid).deleted.push(server.now);
            self.doubled.insert(uid.clone());
        }
        self.did(server, if both { "copy with its UID" } else { "carry over" }, &uid);
    }

    /// What was cancelled is cancelled in its copy, too.
    fn inherit(&mut self, copy: &Thing, now: DateTime<Utc>) {
        if copy.status == "CANCELLED" {
            self.truth(&copy.uid).deleted.push(now);
        }
    }

    fn edit_series(&mut self, server: &mut Server, dice: &mut Dice, index: usize) {
        let (uid, now) = (self.things[index].uid.clone(), server.now);
        self.truth(&uid).deleted.push(now);
        let what = match dice.below(3) {
            0 => {
                let day = TimeDelta::days(dice.below(8) as i64);
                let start = self.things[index].start + day;
                self.things[index].excluded.push(start);
                "exclude"
            }
            1 => {
                let until = (now + TimeDelta::days(2)).format(";UNTIL=%Y%m%dT%H%M%SZ").to_string();
                self.things[index].rule = endless(&self.things[index].rule) + &until;
                "end a series"
            }
            _ => {
                let until = now.format(";UNTIL=%Y%m%dT%H%M%SZ").to_string();
                let following = Thing {
                    uid: self.name("u"),
                    start: day_and_hour(now, dice, 0, 3),
                    place: None,
                    ..self.things[index].clone()
                };
                self.things[index].rule = endless(&self.things[index].rule) + &until;
                self.truth(&uid).moved.push(now);
                self.inherit(&following, now);
                self.things.push(following);
                self.put(server, self.things.len() - 1, dice);
                "split a series"
            }
        };
        self.put(server, index, dice);
        self.did(server, what, &uid);
    }

    /// What is over is thrown away.
    fn clean_up(&mut self, server: &mut Server) {
        let now = server.now;
        for thing in &mut self.things {
            let over = thing.start + TimeDelta::minutes(thing.minutes) < now - TimeDelta::hours(3);
            if let Some((shelf, href)) = thing.place.clone()
                && thing.kind == Kind::Event
                && over
            {
                server.shelves.get_mut(&shelf).map(|s| s.remove(&href));
                thing.place = None;
                let truth = self.truth.entry(thing.uid.clone()).or_default();
                truth.touched = true;
                truth.deleted.push(now);
            }
        }
        self.did(server, "clean up", "");
    }

    /// A whole collection is emptied, blocks in it, too.
    fn clear(&mut self, server: &mut Server, dice: &mut Dice) {
        let shelves: Vec<String> = server.shelves.keys().cloned().collect();
        let Some(id) = dice.pick(&shelves).cloned() else { return };
        let now = server.now;
        let objects = server.shelves.get(&id).map(|s| s.objects.clone()).unwrap_or_default();
        for (href, stored) in objects {
            let Some(uid) = field(&stored.put, "UID") else { continue };
            self.truth(&uid).deleted.push(now);
            self.remove_if_block(server, &id, &href, &uid, &stored.put);
        }
        for thing in &mut self.things {
            thing.place.take_if(|(shelf, _)| *shelf == id);
        }
        self.did(server, "clear a collection", &id);
    }

    fn remove_if_block(
        &mut self,
        server: &mut Server,
        id: &str,
        href: &Href,
        uid: &str,
        body: &str,
    ) {
        match uid.starts_with("chronotype-") {
            true => self.remove_block(server, id, href, uid, body),
            false => drop(server.shelves.get_mut(id).map(|s| s.remove(href))),
        }
    }
}

/// A rule without its end.
fn endless(rule: &str) -> String {
    let parts = rule.split(';').filter(|p| !p.starts_with("COUNT") && !p.starts_with("UNTIL"));
    parts.collect::<Vec<_>>().join(";")
}
