//! Stories that try to break the safety contract: a person with a folder of calendars, the built
//! binary, and what one of them should never see.

mod corrections;
mod defence;
mod doors;
mod desks;
mod every_gesture;
mod gestures;
mod looks;
mod placing;
mod promises;
mod repair;
mod server;
mod settled;
mod trust;

use crate::support::person::{Gave, Person, files};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A person with a calendar `work` and a list `tasks`.
pub struct Story {
    pub person: Person,
}

impl Story {
    pub fn new() -> Self {
        let person = Person::with_folder();
        std::fs::create_dir_all(person.path("cal/tasks")).unwrap();
        Self { person }
    }

    /// One VTODO of an hour, due on Friday the 6th, and the turn that gives it a block.
    pub fn with_block() -> Self {
        let story = Self::new();
        story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
        story.sync("02T05:00");
        assert_eq!(story.blocks().len(), 1);
        story
    }

    pub fn file(&self, collection: &str, name: &str) -> PathBuf {
        self.person.path(&format!("cal/{collection}/{name}.ics"))
    }

    pub fn put(&self, collection: &str, name: &str, body: &str) {
        std::fs::write(self.file(collection, name), body).unwrap();
    }

    pub fn remove(&self, collection: &str, name: &str) {
        std::fs::remove_file(self.file(collection, name)).unwrap();
    }

    #[track_caller]
    pub fn sync(&self, now: &str) -> Gave {
        self.person.ok(now, &["sync"])
    }

    /// Our collection: name without `.ics`, and text.
    pub fn blocks(&self) -> BTreeMap<String, String> {
        let there = files(&self.person.path("cal/chronotype"));
        there.into_iter().map(|(n, b)| (n.trim_end_matches(".ics").to_owned(), b)).collect()
    }

    /// The one block there is.
    #[track_caller]
    pub fn block(&self) -> (String, String) {
        let mut all = self.blocks();
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop_first().unwrap()
    }

    /// The records of one kind.
    pub fn records(&self, now: &str, kind: &str) -> Vec<Value> {
        self.person.records(now, kind)
    }

    /// The state of a block.
    pub fn state(&self, now: &str, uid: &str) -> String {
        self.person.state(now, uid)
    }

    /// Settled placements of a UID: start, signal.
    pub fn settled(&self, now: &str, uid: &str) -> Vec<(String, Option<f64>)> {
        self.person.settled(now, uid)
    }
}

pub fn calendar(component: &str, lines: &str) -> String {
    let lines = lines.replace('\n', "\r\n");
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:{component}\r\n{lines}\r\nEND:{component}\r\n\
         END:VCALENDAR\r\n"
    )
}

/// An event of an hour of March 2026 (`03T09`, UTC) with further lines.
pub fn event(uid: &str, title: &str, start: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("\n{more}") };
    let lines =
        format!("UID:{uid}\nSUMMARY:{title}\nDTSTART:202603{start}0000Z\nDURATION:PT1H{more}");
    calendar("VEVENT", &lines)
}

/// A VTODO of an hour.
pub fn todo(uid: &str, more: &str) -> String {
    let lines = format!("UID:{uid}\nSUMMARY:Write report\nESTIMATED-DURATION:PT1H\n{more}");
    calendar("VTODO", &lines)
}

/// The text with the lines of these properties replaced; those it lacks are added.
pub fn edited(body: &str, changes: &[(&str, &str)]) -> String {
    let unfolded = body.replace("\r\n ", "");
    let mut lines: Vec<String> = unfolded.lines().map(str::to_owned).collect();
    for (name, value) in changes {
        let is_it = |l: &String| l.split([':', ';']).next() == Some(*name);
        lines.retain(|l| !is_it(l));
        let end = lines.iter().position(|l| l == "END:VEVENT" || l == "END:VTODO").unwrap();
        lines.insert(end, format!("{name}{value}"));
    }
    lines.join("\r\n") + "\r\n"
}
