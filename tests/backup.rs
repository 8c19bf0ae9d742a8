//! A backup while the service runs, and what it is worth: after an import the next turn goes on as
//! if nothing had happened.

use crate::support::neighbours::{Neighbours, until};
use crate::support::person::{Person, files, sample_objects};
use serde_json::Value;
use std::fs;

/// A folder of calendars that was looked at twice, a week apart; the export of it.
fn lived_in() -> (Person, String) {
    let person = Person::with_folder();
    for (name, body) in sample_objects() {
        fs::write(person.path(&format!("cal/work/{name}")), body).unwrap();
    }
    person.ok("02T05:00", &["sync"]);
    person.ok("09T05:00", &["sync"]);
    person.ok("09T05:10", &["remember", "No calls on Fridays"]);
    let text = person.ok("09T05:20", &["export"]).out;
    (person, text)
}

/// What was learned: all but what was seen of the calendars, whose versions a folder may count
/// anew.
fn learned(text: &str) -> Vec<&str> {
    let kinds =
        ["event", "learned", "task_type", "types", "exemplar", "series", "title", "insight"];
    let kinds = kinds.map(|kind| format!("\"kind\":\"{kind}\""));
    text.lines().filter(|line| kinds.iter().any(|kind| line.contains(kind))).collect()
}

#[test]
fn after_an_import_the_next_turn_goes_on() {
    let (person, text) = lived_in();
    let blocks = files(&person.path("cal/chronotype"));
    let ahead = person.list("09T05:30", &["suggestions"]);
    assert!(ahead.len() >= 2);
    fs::write(person.path("mine.jsonl"), &text).unwrap();
    fs::rename(person.path("store"), person.path("lost")).unwrap();
    let file = person.path("mine.jsonl").display().to_string();
    let gave = person.ok("09T05:30", &["import", &file]);
    assert!(gave.out.starts_with("Took up ") && gave.err.is_empty(), "{gave:?}");
    assert_eq!(person.ok("09T05:30", &["export"]).out, text);

    person.ok("09T05:40", &["sync"]);
    assert_eq!(
        files(&person.path("cal/chronotype")),
        blocks,
        "no block moved, none is there twice"
    );
    let after = person.ok("09T05:40", &["export"]).out;
    assert!(learned(&text).len() > 30, "{text}");
    assert_eq!(learned(&after), learned(&text), "nothing was learned anew");
    assert_eq!(person.list("09T05:40", &["suggestions"]), ahead);
    // Found by its words, too: the index is made of what was taken up.
    let found = person.ok("09T05:40", &["insights", "search", "calls on fridays"]).out;
    assert!(found.contains("No calls on Fridays"), "{found}");
}

#[test]
fn what_is_off_is_named_and_leaves_everything_as_it_was() {
    let (person, text) = lived_in();
    let file = |name: &str, text: &str| {
        fs::write(person.path(name), text).unwrap();
        person.path(name).display().to_string()
    };
    let refused = |args: &[&str], words: &str| {
        let gave = person.run("09T06:00", args);
        assert_eq!(gave.code, Some(1), "{gave:?}");
        assert!(gave.err.contains(words) && gave.err.contains("hint: "), "{words}: {}", gave.err);
        assert_eq!(person.ok("09T06:00", &["export"]).out, text);
    };
    let whole = file("whole", &text);
    refused(&["import", &whole], "something is kept of you already");
    let half = file("half", &text[..text.len() / 2]);
    refused(
        &["import", "--replace", &half],
        &format!("line {}", text[..text.len() / 2].lines().count()),
    );
    let others = file("others", &text.replacen("\"jane\"", "\"joan\"", 1));
    refused(&["import", "--replace", &others], "it is an export of joan");
    refused(&["import", "--replace", "/nonexistent/file"], "No such file");
    let none = file("none", "BEGIN:VCALENDAR\n");
    refused(&["import", "--replace", &none], "no export of chronotype");
    // What came later is gone with --replace, as it says.
    person.ok("09T06:10", &["remember", "Gym at noon"]);
    person.ok("09T06:20", &["import", "--replace", &whole]);
    assert_eq!(person.ok("09T06:30", &["export"]).out, text);
    let gave = person.ok("09T06:30", &["--json", "import", "--replace", &whole]).out;
    let counts: Value = serde_json::from_str(&gave).unwrap();
    assert_eq!(counts["records"], text.lines().count() - 2);
}

#[test]
fn a_service_that_runs_is_no_hindrance() {
    let all = Neighbours::new(&["ann", "bob"]);
    all.todo("ann", "Budget plan");
    all.todo("bob", "Dance class");
    let service = all.serve();
    until("blocks of both", || ["ann", "bob"].iter().all(|who| all.blocks(who).len() == 1));
    let [hers, his] = ["ann", "bob"].map(|who| all.ok(who, &["export"]));
    assert!(hers.contains("Budget plan") && !hers.contains("Dance class"), "{hers}");
    let file = all.path("hers.jsonl").display().to_string();
    fs::write(&file, &hers).unwrap();
    all.ok("ann", &["schedule", "Call the bank", "--duration", "30m"]);
    let refused = all.command("ann", &["import", &file]).output();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("something is kept of you already"));
    all.ok("ann", &["import", "--replace", &file]);
    let asks = all.ok("ann", &["export"]).lines().filter(|l| l.contains("\"ask\"")).count();
    assert_eq!(asks, 0);
    all.ok("ann", &["sync"]);
    assert_eq!((all.blocks("ann").len(), all.blocks("bob").len()), (1, 1));
    assert!(all.ok("ann", &["suggestions"]).contains("Budget plan"));
    let bobs = all.command("bob", &["import", "--replace", &file]).output();
    assert!(String::from_utf8_lossy(&bobs.stderr).contains("it is an export of ann"));
    assert_eq!(learned(&all.ok("bob", &["export"])), learned(&his));
    service.end();
}
