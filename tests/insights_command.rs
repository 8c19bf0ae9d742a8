//! The person's own word and what was found out, through the binary.

use crate::support::person::{Person, files};
use std::fs;

/// A quarter of a year of reports; those of Fridays failed, by the person's own marks.
pub fn person() -> Person {
    let person = Person::with_folder();
    let first = chrono::NaiveDate::from_ymd_opt(2025, 12, 1).unwrap();
    for n in 0..91 {
        let day = first + chrono::TimeDelta::days(n);
        if n % 7 > 4 {
            continue;
        }
        for hour in [9, 11] {
            let mark = if n % 7 == 4 { "✗" } else { "✓" };
            let text = format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\n\
                 UID:{n}-{hour}@example.org\r\nDTSTAMP:20251101T000000Z\r\nSUMMARY:{mark} Write \
                 report\r\nDTSTART:{date}T{hour:02}0000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n\
                 END:VCALENDAR\r\n",
                date = day.format("%Y%m%d")
            );
            fs::write(person.path(&format!("cal/work/{n}-{hour}.ics")), text).unwrap();
        }
    }
    person.ok("02T06:00", &["sync", "--observe"]);
    person
}

#[test]
fn from_an_insight_to_its_events_in_three_commands() {
    let jane = person();
    let list = jane.ok("02T06:10", &["insights"]).out;
    assert!(
        list.starts_with(
            "Things go wrong more often on Fridays: 0 of 26 went as planned, against 104 of 104 on \
             other days.\n  i0  confidence 99 %, seen 26 of 26 times, since 5 Dec 2025\n"
        ),
        "{list}"
    );
    let shown = jane.ok("02T06:10", &["insights", "show", "i0"]).out;
    assert!(shown.contains("about you, Fridays"), "{shown}");
    assert!(shown.contains("It rests on 26 events\n"), "{shown}");
    assert!(shown.contains("Fri 27 Feb 2026 12:00  -  ✗ Write report  e"), "{shown}");
    let id = shown.lines().rev().find_map(|l| l.rsplit(' ').next()).unwrap();
    let agenda = jane.ok("02T06:10", &["agenda", "--from", "2026-02-27", "--to", "2026-02-27"]);
    assert!(agenda.out.contains(id), "{id}: {}", agenda.out);
    // Nothing is found twice, week after week.
    jane.ok("09T06:00", &["sync", "--observe"]);
    let history = jane.list("09T06:10", &["insights", "history"]);
    assert_eq!(history.len(), 1, "{history:?}");
}

/// A task that could be done on any day of the week.
fn todo(person: &Person) {
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTODO\r\nUID:deck\r\n\
                DTSTAMP:20260301T000000Z\r\nSUMMARY:Write report\r\nDUE:20260306T170000Z\r\n\
                ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    fs::write(person.path("cal/work/deck.ics"), text).unwrap();
}

/// The block for the task, as `suggestions` lists it.
fn block(person: &Person, now: &str) -> serde_json::Value {
    let all = person.list(now, &["suggestions"]);
    all.into_iter().find(|b| b["related_to"] == "deck").expect("a block")
}

#[test]
fn a_block_names_the_insight_behind_its_place_until_it_is_forgotten() {
    let jane = person();
    todo(&jane);
    jane.ok("02T06:05", &["sync"]);
    let said = "It keeps clear of Fridays (i0).";
    let before = block(&jane, "02T06:10");
    assert!(before["reasons"].as_array().unwrap().contains(&said.into()), "{before}");
    let on_calendar = || files(&jane.path("cal/chronotype")).into_values().collect::<String>();
    assert!(on_calendar().contains("(i0)"), "{}", on_calendar());
    let id = before["id"].as_str().unwrap();
    let text = jane.ok("02T06:10", &["explain", id]).out;
    assert!(text.contains("Insights, here and usually\n  i0"), "{text}");
    let json = jane.ok("02T06:10", &["explain", id, "--json"]).out;
    let insight = &serde_json::from_str::<serde_json::Value>(&json).unwrap()["insights"][0];
    assert_eq!((&insight["id"], &insight["here"]), (&"i0".into(), &0.0.into()), "{insight}");
    assert!((-0.05..0.0).contains(&insight["usual"].as_f64().unwrap()), "{insight}");

    jane.ok("02T06:11", &["forget", "i0"]);
    let after = block(&jane, "02T06:12");
    assert!(!after["reasons"].to_string().contains("i0"), "{after}");
    assert!(!jane.ok("02T06:12", &["explain", id]).out.contains("Insights,"));
    jane.ok("02T06:15", &["sync"]);
    assert!(!on_calendar().contains("(i0)"), "{}", on_calendar());
    let after = block(&jane, "02T06:16");
    assert_eq!((&after["start"], &after["state"]), (&before["start"], &"proposed".into()));
}

#[test]
fn the_persons_own_word_is_kept_and_taken_elsewhere() {
    let jane = person();
    let gave = jane.ok("02T06:10", &["remember", "No reports on Fridays"]);
    assert_eq!(gave.out, "Remembered as i1: No reports on Fridays\n");
    jane.ok("02T06:11", &["remember", "No reports on Fridays"]);
    let list = jane.ok("02T06:12", &["insights"]).out;
    assert!(list.contains("No reports on Fridays\n  i1  your own word, 2 Mar 2026\n"), "{list}");
    assert_eq!(list.matches("No reports").count(), 1);
    assert_eq!(jane.run("02T06:12", &["remember", " "]).code, Some(2));

    let elsewhere = Person::with_folder();
    for format in ["chronotype", "mem0"] {
        let exported = jane.ok("02T06:13", &["insights", "export", "--format", format]).out;
        fs::write(elsewhere.path("notes"), exported).unwrap();
        let file = elsewhere.path("notes").display().to_string();
        let gave = elsewhere.ok("02T06:14", &["insights", "import", &file]).out;
        let expected = match format {
            "chronotype" => "Took up 1 note; 0 known already\n",
            _ => "Took up 1 note; 1 known already\n",
        };
        assert_eq!(gave, expected, "{format}");
    }
    fs::write(elsewhere.path("notes"), "no json").unwrap();
    let file = elsewhere.path("notes").display().to_string();
    assert_eq!(elsewhere.run("02T06:15", &["insights", "import", &file]).code, Some(1));
}

#[test]
fn a_forgotten_insight_does_not_come_back() {
    let jane = person();
    assert_eq!(jane.ok("02T06:10", &["forget", "i0"]).out, "Forgotten: i0\n");
    assert!(jane.list("02T06:11", &["insights"]).is_empty());
    for day in ["09T06:00", "16T06:00", "30T06:00"] {
        jane.ok(day, &["sync", "--observe"]);
    }
    assert!(jane.list("30T06:10", &["insights", "history"]).is_empty());
    let gave = jane.run("30T06:10", &["forget", "i0"]);
    assert_eq!(gave.code, Some(1));
    assert!(gave.err.contains("there is no insight i0"), "{}", gave.err);
    assert_eq!(jane.run("30T06:10", &["forget", "Fridays"]).code, Some(2));
}

#[test]
fn what_is_searched_for_is_found_by_words_and_meaning() {
    let jane = person();
    jane.ok("02T06:10", &["remember", "After the dentist nothing gets done"]);
    let found = jane.ok("02T06:11", &["insights", "search", "fridays"]).out;
    assert!(found.starts_with("Insights\nThings go wrong more often on Fridays"), "{found}");
    let found = jane.list("02T06:11", &["insights", "search", "Zahnarzt"]);
    assert_eq!(found[0]["sentence"], "After the dentist nothing gets done");
    let found = jane.ok("02T06:11", &["insights", "search", "reports"]).out;
    assert!(found.contains("Kinds of work\n  Write report\nEvents\n"), "{found}");
    let nothing = jane.ok("02T06:11", &["insights", "search", "xylophone"]);
    assert_eq!((nothing.out.as_str(), nothing.err.as_str()), ("", "Nothing suits these words.\n"));
    let agenda = jane.list("02T06:12", &["agenda", "--search", "report"]);
    assert_eq!(agenda.len(), 130);
    let days = ["agenda", "--search", "report", "--from", "2026-02-26", "--to", "2026-02-27"];
    assert_eq!(jane.list("02T06:12", &days).len(), 4);
    let none = jane.ok("02T06:12", &["agenda", "--search", "xylophone"]).err;
    assert_eq!(none, "No event suits these words.\n");
    // Without its index, or with a damaged one, everything is found all the same.
    let index = jane.path("store.index/jane");
    assert!(index.join("meta.json").exists());
    fs::write(index.join("meta.json"), "damaged").unwrap();
    assert_eq!(jane.list("02T06:13", &["agenda", "--search", "report"]).len(), 130);
    fs::remove_dir_all(jane.path("store.index")).unwrap();
    assert_eq!(jane.list("02T06:13", &["agenda", "--search", "report"]).len(), 130);
    jane.ok("02T06:14", &["forget", "i1"]);
    assert!(!index.exists(), "nothing of what was forgotten is left in the index");
    let left = jane.list("02T06:15", &["insights", "search", "dentist"]);
    assert!(!left.iter().any(|l| l["found"] == "insight" && l["id"] == "i1"), "{left:?}");
}

/// The sample person's Friday afternoons go wrong, and nothing else: what comes before them on
/// Fridays, and afternoons as such, are not to blame.
#[test]
fn a_bad_weekday_is_told_once() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/working-person.ics");
    let person = Person::with_account(&format!("kind = \"vdir\"\npath = \"{sample}\""));
    for (now, args) in [("02T06:00", &["sync", "--observe"][..]), ("02T06:00", &["insights"])] {
        let gave = person.run(now, args);
        assert_eq!(gave.code, Some(0), "{}", gave.err);
        if args[0] == "insights" {
            let told: Vec<&str> = gave.out.lines().filter(|line| !line.starts_with(' ')).collect();
            assert_eq!(told.len(), 1, "{}", gave.out);
            assert!(told[0].contains("on Fridays"), "{}", gave.out);
        }
    }
}
