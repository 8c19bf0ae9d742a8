//! Every gesture on every kind of calendar, from both sides: the person's client edits, and the
//! block ends where it should, teaches what it should, and nothing else changes.
//!
//! One row a gesture, the same for all kinds. All of them are made in one go on one day, each on a
//! block of its own; then the tasks are done elsewhere, so that whatever is still ours goes.

use super::desks::{AtGoogle, Desk, Folder, Place, Server};
use super::{edited, event, todo};
use crate::support::peers::Peer;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a block ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    /// To the byte as the person left it.
    AsLeft,
    /// In their own calendar.
    WithThem,
    /// Nowhere.
    Gone,
}
use Ends::{AsLeft, Gone, WithThem};

/// What the person does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Nothing,
    /// These properties get these values; `{start}` is the block's own, `{sat}` Saturday's hour.
    Edit(&'static [(&'static str, &'static str)]),
    Carry,
    Duplicate,
    Delete,
    /// Deletes it, and puts it back after a turn.
    DeleteAndRestore,
    /// A phone that writes its own text: no `X-` property, another PRODID and order, an alarm.
    RewriteOnPhone,
}
use Act::{Carry, Delete, DeleteAndRestore, Duplicate, Edit, Nothing, RewriteOnPhone};

/// Gesture, the state it leads to, where the block ends, and the signals it settles with.
type Row = (&'static str, Act, &'static str, Ends, &'static [Option<f64>]);

const KEPT: &[Option<f64>] = &[Some(0.9)];
const NONE: &[Option<f64>] = &[];
const DRAG: &[(&str, &str)] = &[("DTSTART", ":{sat}"), ("DTEND", ":{sat+1}")];

const ALARM: &[(&str, &str)] = &[(
    "X-A",
    ":b\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT10M\r\nEND:VALARM",
)];

const ROWS: [Row; 16] = [
    ("nothing", Nothing, "withdrawn", Gone, NONE),
    ("kept", Edit(&[("TRANSP", ":OPAQUE")]), "accepted", AsLeft, KEPT),
    ("dragged", Edit(DRAG), "accepted", AsLeft, &[Some(0.2), Some(0.9)]),
    ("shortened", Edit(&[("DTEND", ":{start+30}")]), "accepted", AsLeft, &[Some(0.55)]),
    ("made recurring", Edit(&[("RRULE", ":FREQ=WEEKLY;COUNT=2")]), "taken", AsLeft, KEPT),
    ("guest", Edit(&[("ATTENDEE", ":mailto:bob@example.org")]), "taken", AsLeft, KEPT),
    ("title", Edit(&[("SUMMARY", ":My own words")]), "taken", AsLeft, KEPT),
    ("description", Edit(&[("DESCRIPTION", ":notes")]), "taken", AsLeft, KEPT),
    ("category", Edit(&[("CATEGORIES", ":Private")]), "taken", AsLeft, KEPT),
    ("alarm", Edit(ALARM), "taken", AsLeft, KEPT),
    ("colour", Edit(&[("COLOR", ":red")]), "taken", AsLeft, KEPT),
    ("phone", RewriteOnPhone, "taken", AsLeft, KEPT),
    ("carried", Carry, "accepted", WithThem, KEPT),
    ("copied", Duplicate, "withdrawn", Gone, NONE),
    ("deleted", Delete, "refused", Gone, &[Some(0.1)]),
    ("restored", DeleteAndRestore, "accepted", AsLeft, KEPT),
];

fn uid_of(text: &str) -> String {
    let text = text.replace("\r\n ", "");
    text.lines().find_map(|l| l.strip_prefix("UID:")).unwrap().to_owned()
}

fn start_of(text: &str) -> chrono::NaiveDateTime {
    let line = text.lines().find_map(|l| l.strip_prefix("DTSTART:")).unwrap();
    chrono::NaiveDateTime::parse_from_str(line.trim(), "%Y%m%dT%H%M%SZ").unwrap()
}

/// As the person's client would leave it.
fn left(act: Act, text: &str, row: usize) -> String {
    let start = start_of(text);
    let stamp = |at: chrono::NaiveDateTime| at.format("%Y%m%dT%H%M%SZ").to_string();
    let saturday = chrono::NaiveDate::from_ymd_opt(2026, 3, 7).unwrap();
    let saturday = saturday.and_hms_opt(6 + row as u32, 0, 0).unwrap();
    let filled = |value: &str| {
        value
            .replace("{sat}", &stamp(saturday))
            .replace("{sat+1}", &stamp(saturday + chrono::TimeDelta::hours(1)))
            .replace("{start+30}", &stamp(start + chrono::TimeDelta::minutes(30)))
    };
    match act {
        Edit(changes) => {
            let filled: Vec<(&str, String)> =
                changes.iter().map(|(n, v)| (*n, filled(v))).collect();
            let changes: Vec<(&str, &str)> = filled.iter().map(|(n, v)| (*n, v.as_str())).collect();
            edited(text, &changes)
        }
        RewriteOnPhone => {
            let unfolded = text.replace("\r\n ", "");
            let kept = |name: &str| {
                let line = unfolded.lines().find(|l| l.starts_with(name)).unwrap_or_default();
                format!("{line}\r\n")
            };
            let names = ["UID:", "SUMMARY:", "DESCRIPTION:", "DTEND:", "DTSTART:", "TRANSP:"];
            format!(
                "BEGIN:VCALENDAR\r\nPRODID:-//phone//EN\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n\
                 DTSTAMP:20260302T050500Z\r\n{}BEGIN:VALARM\r\nACTION:DISPLAY\r\n\
                 DESCRIPTION:x\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
                 END:VCALENDAR\r\n",
                names.map(kept).concat()
            )
        }
        Nothing | Carry | Duplicate | Delete | DeleteAndRestore => text.to_owned(),
    }
}

/// The blocks by the row they serve.
fn by_row(desk: &dyn Desk) -> BTreeMap<usize, (Place, String)> {
    let number = |text: &str| {
        let text = text.replace("\r\n ", "");
        let todo = text.lines().find_map(|l| l.strip_prefix("RELATED-TO:t").map(str::to_owned));
        todo.and_then(|n| n.trim().parse().ok())
    };
    let all = desk.blocks().into_iter();
    all.filter_map(|(place, text)| Some((number(&text)?, (place, text)))).collect()
}

fn every_gesture(desk: &dyn Desk) {
    let person = desk.person();
    desk.own(
        "dinner0",
        &event("dinner0", "Dinner", "04T19", "DTEND:20260304T200000Z")
            .replace("DURATION:PT1H\r\n", ""),
    );
    let task = |row: usize, more: &str| {
        let name = format!("t{row}");
        desk.task(&name, &todo(&name, more).replace("Write report", &format!("Report {row}")));
    };
    (0..ROWS.len()).for_each(|row| task(row, "DUE:20260306T170000Z"));
    person.ok("02T05:00", &["sync"]);
    person.ok("02T05:05", &["sync"]);
    let made = by_row(desk);
    assert_eq!(made.len(), ROWS.len(), "a block each: {made:#?}");
    for (row, (_, act, ..)) in ROWS.iter().enumerate() {
        let (place, text) = &made[&row];
        match act {
            Nothing => {}
            Edit(_) | RewriteOnPhone => desk.put(place, &left(*act, text, row)),
            Carry => desk.carry(place, text),
            Duplicate => {
                let copy = edited(
                    text,
                    &[
                        ("UID", ":copy0"),
                        ("DTSTART", ":20260307T050000Z"),
                        ("DTEND", ":20260307T060000Z"),
                    ],
                );
                desk.copy("copy0", &copy);
            }
            Delete | DeleteAndRestore => desk.remove(place),
        }
    }
    person.ok("02T05:10", &["sync"]);
    for (row, (_, act, ..)) in ROWS.iter().enumerate().filter(|r| r.1.1 == DeleteAndRestore) {
        let (place, text) = &made[&row];
        desk.put(place, &left(*act, text, row));
    }
    let (theirs, ours) = (desk.theirs(), desk.blocks());
    person.ok("02T05:20", &["sync"]);
    (0..ROWS.len()).for_each(|row| task(row, "STATUS:COMPLETED"));
    for now in ["02T05:30", "03T05:00", "04T05:00", "05T05:00", "06T05:00", "07T05:00"] {
        person.ok(now, &["sync"]);
    }
    for now in ["08T05:00", "09T05:00"] {
        person.ok(now, &["sync"]);
    }
    let tasks = |(_, text): &(&Place, &String)| !text.contains("BEGIN:VTODO");
    let seen = |all: &BTreeMap<Place, String>| -> Vec<(Place, String)> {
        all.iter().filter(tasks).map(|(p, t)| (p.clone(), t.clone())).collect()
    };
    assert_eq!(seen(&desk.theirs()), seen(&theirs), "nothing of theirs changed");
    let after = desk.blocks();
    let records = person.records("09T05:00", "suggestion");
    let mut wrong = Vec::new();
    for (row, (what, _, state, ends, signals)) in ROWS.iter().enumerate() {
        let (place, text) = &made[&row];
        let uid = uid_of(text);
        let record = records.iter().find(|r| r["uid"] == *uid).unwrap();
        let found = (
            reached(record),
            match (after.get(place), desk.theirs().values().any(|t| t.contains(&uid))) {
                (Some(text), _) if ours.get(place) == Some(text) => Some(AsLeft),
                (Some(_), _) => None,
                (None, true) => Some(WithThem),
                (None, false) => Some(Gone),
            },
            person.settled("09T05:00", &uid).into_iter().map(|s| s.1).collect::<Vec<_>>(),
        );
        let expected = ((*state).to_owned(), Some(*ends), signals.to_vec());
        let round = |all: &[Option<f64>]| -> Vec<Option<f64>> {
            all.iter().map(|s| s.map(|v| (v * 100.0).round() / 100.0)).collect()
        };
        if (&found.0, found.1, round(&found.2)) != (&expected.0, expected.1, round(&expected.2)) {
            wrong.push(format!("{what}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let copy = after.values().filter(|t| t.contains("copy0") || t.contains("20260307T050000Z"));
    assert_eq!(copy.count(), 1, "a copy is the person's own");
}

fn reached(record: &Value) -> String {
    record["state"].as_str().unwrap().to_owned()
}

#[test]
fn in_a_folder() {
    every_gesture(&Folder::new());
}

#[test]
fn on_radicale() {
    every_gesture(&Server::new(Peer::radicale()));
}

#[test]
fn on_xandikos() {
    every_gesture(&Server::new(Peer::xandikos()));
}

#[test]
fn at_google() {
    every_gesture(&AtGoogle::new());
}
