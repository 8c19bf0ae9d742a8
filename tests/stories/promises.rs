//! `--dry-run`, `--observe`, `--now` and the log keep their promises.

use super::{Story, calendar, event, todo};
use std::collections::BTreeMap;
use std::path::Path;

/// Every file below a folder, with its bytes.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            match path.is_dir() {
                true => {
                    all.insert(format!("{name}/"), Vec::new());
                    folders.push(path);
                }
                false => drop(all.insert(name, std::fs::read(&path).unwrap())),
            }
        }
    }
    all
}

#[test]
fn a_dry_run_leaves_every_byte() {
    let story = Story::new();
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    let home = story.person.path("");
    let before = everything(&home);
    let gave = story.person.ok("02T05:00", &["sync", "--dry-run"]);
    assert!(gave.out.contains("1 new"), "{gave:?}");
    assert!(everything(&home) == before, "no store, no collection is made");

    story.sync("02T05:00");
    story.put("tasks", "t2", &todo("t2", "DUE:20260306T160000Z"));
    let before = everything(&home);
    for _ in 0..2 {
        let gave = story.person.ok("02T06:00", &["sync", "--dry-run"]);
        assert!(gave.out.contains("1 new"), "{gave:?}");
        let after = everything(&home);
        let names: Vec<_> = after.iter().filter(|(n, b)| before.get(*n) != Some(b)).collect();
        assert!(after == before, "{:?}", names.iter().map(|n| n.0).collect::<Vec<_>>());
    }
}

#[test]
fn observing_proposes_nothing_and_leaves_pending_writes_pending() {
    let story = Story::new();
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    story.person.ok("02T05:00", &["sync", "--observe"]);
    assert!(story.records("02T05:00", "suggestion").is_empty());
    assert!(story.blocks().is_empty());
    let died = story.person.run("02T05:10", &["sync", "--die-at", "2"]);
    assert_eq!(died.code, None);
    let pending = story.records("02T05:10", "suggestion");
    assert_eq!(pending[0]["intent"], "create");
    story.person.ok("02T05:20", &["sync", "--observe"]);
    assert_eq!(story.records("02T05:20", "suggestion"), pending);
    assert!(story.blocks().is_empty());
    story.sync("02T05:30");
    assert_eq!(story.blocks().len(), 1);
}

#[test]
fn time_does_not_go_back() {
    let story = Story::with_block();
    story.sync("02T05:00");
    for args in [&["sync"][..], &["sync", "--dry-run"], &["sync", "--observe"]] {
        let gave = story.person.run("02T04:59", args);
        assert_eq!(gave.code, Some(2), "{gave:?}");
    }
}

/// Titles, guests and secrets are not for the log, whatever goes wrong.
#[test]
fn the_log_holds_no_contents() {
    let story = Story::new();
    let lines = "UID:e\nSUMMARY:Canaryone\nDESCRIPTION:Canarytwo\nLOCATION:Canarythree\n\
                 ATTENDEE;CN=Canaryfour:mailto:canaryfive@example.org\n\
                 ORGANIZER:mailto:canarysix@example.org\nDTSTART:20260303T090000Z";
    story.put("work", "e", &calendar("VEVENT", lines));
    story.put(
        "work",
        "b1",
        &calendar("VEVENT", "UID:b1\nSUMMARY:Canaryseven\nDTSTART:Canaryeight"),
    );
    let rule = "RRULE:FREQ=CANARYNINE;COUNT=x";
    story.put("work", "b2", &event("b2", "Canaryten", "04T09", rule));
    story.put("work", "b3", "SUMMARY:Canaryeleven\nBEGIN:VEVENT\nCanarytwelve\n");
    story.put("work", "b4", &event("b4", "x", "04T09", "DURATION:canarythirteen\nCanary fourteen"));
    story.put("work", "b5", &event("b5", "x", "04T09", "EXDATE;TZID=Canaryfifteen:canarysixteen"));
    let named = todo("t1", "DUE:20260306T160000Z").replace("Write report", "Canaryseventeen");
    story.put("tasks", "t1", &named);
    let late = todo("t2", "DUE:20260302T053000Z").replace("Write report", "Canaryeighteen");
    story.put("tasks", "t2", &late);
    std::fs::create_dir_all(story.person.path("cal/locked")).unwrap();
    for now in ["02T05:00", "02T05:10", "05T05:00", "08T05:00"] {
        let gave = story.person.run(now, &["-vv", "sync"]);
        let log = gave.err.to_lowercase();
        assert!(log.contains("turn decided"), "the log is on: {log}");
        assert!(!log.contains("canary"), "{log}");
        assert!(!log.contains("secret"), "{log}");
        let work = story.person.path("cal/work");
        if now == "05T05:00" {
            std::fs::rename(&work, story.person.path("gone")).unwrap();
        }
    }
}
