//! A file that another program is writing right now: nothing is learned from its half.

use crate::calendar_contract::{event, stay_young};
use crate::support::person::Person;
use std::path::Path;

/// A series with one occurrence moved: cut behind the master it reads as another series.
fn series() -> String {
    let whole = event("standup", "Standup");
    let master = whole.replace("SUMMARY", "RRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY");
    let moved = "BEGIN:VEVENT\r\nUID:standup\r\nDTSTAMP:20260301T080000Z\r\n\
         RECURRENCE-ID:20260304T090000Z\r\nDTSTART:20260304T150000Z\r\nDTEND:20260304T160000Z\r\n\
         SUMMARY:Standup\r\nEND:VEVENT\r\nEND:VCALENDAR";
    master.replace("END:VCALENDAR", moved)
}

fn agenda(person: &Person, now: &str) -> Vec<serde_json::Value> {
    person.list(now, &["agenda", "--from", "2026-03-01", "--to", "2026-03-10"])
}

/// A file that is young however slow the machine is: one that is cut off is still being written.
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    stay_young(file);
}

#[test]
fn a_file_cut_anywhere_is_no_deletion_and_is_taken_when_whole() {
    let person = Person::with_folder();
    let file = person.path("cal/work/standup.ics");
    write(&person.path("cal/work/other.ics"), &event("other", "Other"));
    write(&file, &series());
    person.ok("02T06:00", &["sync"]);
    let before = agenda(&person, "02T06:00");
    assert_eq!(before.len(), 6);
    let edited = series().replace("SUMMARY:Standup", "SUMMARY:Daily");
    let behind_master = edited.find("END:VEVENT").unwrap() + "END:VEVENT\r\n".len();
    let cuts = [0, 10, behind_master - 5, behind_master, edited.len() - 3];
    for (minute, cut) in cuts.into_iter().enumerate() {
        write(&file, &edited[..cut]);
        let now = format!("02T06:{:02}", minute + 1);
        let gave = person.ok(&now, &["sync", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
        assert_eq!((&told["vanished"], &told["changed"]), (&0.into(), &0.into()), "cut at {cut}");
        assert!(gave.err.contains("standup.ics can't be read"), "{}", gave.err);
        assert_eq!(agenda(&person, &now), before, "cut at {cut}");
    }
    let status = person.ok("02T06:10", &["status"]);
    assert!(status.out.contains("another program may still be writing it"), "{}", status.out);
    write(&file, &edited);
    let gave = person.ok("02T06:11", &["sync"]);
    assert!(!gave.err.contains("can't be read"), "{}", gave.err);
    let after = agenda(&person, "02T06:11");
    assert_eq!(after.len(), 6);
    assert_eq!(after.iter().filter(|e| e["title"] == "Daily").count(), 5, "{after:?}");
}

/// The last file of a calendar is truncated, as an editor does before it writes.
#[test]
fn an_empty_file_is_no_empty_calendar() {
    let person = Person::with_folder();
    let file = person.path("cal/work/standup.ics");
    write(&file, &series());
    person.ok("02T06:00", &["sync"]);
    write(&file, "");
    person.ok("02T06:05", &["sync"]);
    // Back to what it was: nothing has happened.
    write(&file, &series());
    let gave = person.ok("02T06:10", &["sync", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!((&told["vanished"], &told["changed"]), (&0.into(), &0.into()), "{told}");
    assert!(!gave.err.contains("can't be read"), "{}", gave.err);
}
