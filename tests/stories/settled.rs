//! Settled is settled: each placement is learned once, whatever happens to it later.

use super::{Story, calendar, edited, event, todo};
use serde_json::Value;
use std::collections::BTreeSet;

fn hourly(title: &str, uid: &str, lines: &str) -> String {
    calendar("VEVENT", &format!("UID:{uid}\nSUMMARY:{title}\n{lines}"))
}

/// Sixty days, one turn a day, nothing changes: each occurrence is learned once.
#[test]
fn sixty_days_of_a_series() {
    let story = Story::new();
    story.put("work", "s", &event("s", "Standup", "02T09", "RRULE:FREQ=DAILY"));
    let start = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    let mut ahead = BTreeSet::new();
    for day in 0..60 {
        let now = (start + chrono::TimeDelta::days(day)).format("%Y-%m-%dT12:00").to_string();
        story.sync(&now);
        let settled = story.settled(&now, "s");
        let starts: BTreeSet<&String> = settled.iter().map(|(s, _)| s).collect();
        assert_eq!(starts.len(), settled.len(), "each once: {now}");
        assert_eq!(settled.len() as i64, day, "day {day}");
        let events = story.records(&now, "event");
        let last = events.iter().map(|e| e["span"]["timed"]["start"].to_string()).max();
        ahead.insert(last);
    }
    assert!(ahead.len() >= 59, "the horizon moves with the days: {}", ahead.len());
}

/// Edits of a series after some of it settled; the settled part never changes, nothing twice.
#[test]
fn a_series_that_is_edited() {
    let daily = |start: &str, rule: &str| {
        hourly("Run", "s", &format!("DTSTART:{start}\nDURATION:PT1H\nRRULE:FREQ=DAILY{rule}"))
    };
    let edits: [(&str, Vec<(&str, String)>); 6] = [
        ("shift", vec![("s", daily("20260302T100000Z", ""))]),
        ("until", vec![("s", daily("20260302T090000Z", ";UNTIL=20260307T235959Z"))]),
        ("rule", vec![("s", daily("20260302T090000Z", ";INTERVAL=2"))]),
        ("earlier", vec![("s", daily("20260223T090000Z", ""))]),
        (
            "zone",
            vec![(
                "s",
                hourly(
                    "Run",
                    "s",
                    "DTSTART;TZID=Europe/Berlin:20260302T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY",
                ),
            )],
        ),
        (
            "split",
            vec![
                ("s", daily("20260302T090000Z", ";UNTIL=20260306T235959Z")),
                ("s2", daily("20260307T110000Z", "").replace("UID:s", "UID:s2")),
            ],
        ),
    ];
    for (what, files) in edits {
        let story = Story::new();
        story.put("work", "s", &daily("20260302T090000Z", ""));
        for now in ["02T05:00", "04T12:00", "06T12:00"] {
            story.sync(now);
        }
        let before = story.settled("06T12:00", "s");
        assert_eq!(before.len(), 4);
        for (name, body) in &files {
            story.put("work", name, body);
        }
        for now in ["06T12:10", "07T12:00", "09T12:00", "12T12:00"] {
            story.sync(now);
            let after = story.settled(now, "s");
            let kept: Vec<_> = after.iter().filter(|a| before.contains(a)).collect();
            assert_eq!(kept.len(), before.len(), "{what} {now}: {after:?}");
            let past = after.iter().filter(|(s, _)| s.as_str() < "2026-03-06").count();
            assert_eq!(past, before.len(), "{what} {now}: no new past: {after:?}");
            let dropped = after.iter().filter(|(_, g)| *g == Some(f64::from(0.1f32))).count();
            let once = usize::from(what == "until" || what == "rule");
            assert!(dropped <= once, "{what} {now}: one signal at most: {after:?}");
        }
    }
}

/// An open placement is no deletion because its series was edited after it had passed.
#[test]
fn a_shift_of_a_series_says_nothing_about_what_just_passed() {
    let story = Story::new();
    let at = |hour: u8| event("s", "Run", &format!("02T{hour:02}"), "RRULE:FREQ=DAILY");
    story.put("work", "s", &at(9));
    story.sync("04T05:00");
    story.put("work", "s", &at(15));
    for now in ["04T12:00", "05T12:00", "06T12:00", "08T20:00"] {
        story.sync(now);
    }
    let settled = story.settled("08T20:00", "s");
    let deleted: Vec<_> = settled.iter().filter(|(_, g)| *g == Some(f64::from(0.1f32))).collect();
    assert!(deleted.is_empty(), "{settled:?}");
}

/// After it settled, an event is dragged to next week: a placement of its own, and it takes time.
#[test]
fn an_event_that_moves_after_it_settled() {
    let story = Story::new();
    story.put("work", "e", &event("e", "Review", "02T09", ""));
    story.sync("02T05:00");
    story.sync("04T12:00");
    let first = story.settled("04T12:00", "e");
    assert_eq!(first.len(), 1);
    story.put("work", "e", &event("e", "Review", "10T09", ""));
    story.sync("04T12:10");
    let events = story.records("04T12:10", "event");
    let event_of = events.iter().find(|e| e["id"]["uid"] == "e").unwrap();
    assert_eq!(event_of["span"]["timed"]["start"], "2026-03-10T09:00:00Z");
    for now in ["11T08:00", "12T12:00", "13T12:00", "20T12:00"] {
        story.sync(now);
    }
    let both = story.settled("20T12:00", "e");
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(both[0], first[0]);
    // Setting the record straight is no new session.
    story.put("work", "e", &event("e", "Review", "10T11", ""));
    story.sync("20T12:10");
    story.sync("22T12:10");
    assert_eq!(story.settled("22T12:10", "e"), both);
}

#[test]
fn what_is_held_or_unreachable_does_not_settle() {
    let story = Story::new();
    for n in 0..12 {
        let uid = format!("e{n}");
        story.put("work", &uid, &event(&uid, "Meeting", &format!("{:02}T08", n + 2), ""));
    }
    story.sync("02T05:00");
    let away = story.person.path("away");
    let work = story.person.path("cal/work");
    std::fs::create_dir(&away).unwrap();
    for n in 0..12 {
        let name = format!("e{n}.ics");
        std::fs::rename(work.join(&name), away.join(&name)).unwrap();
    }
    story.sync("02T06:00");
    // The second listing is not to be had: the whole account is away.
    std::fs::rename(story.person.path("cal"), story.person.path("elsewhere")).unwrap();
    for now in ["05T06:00", "09T06:00"] {
        story.person.run(now, &["sync"]);
        assert_eq!(story.settled(now, "e0"), [], "nothing was seen of it: {now}");
    }
    std::fs::rename(story.person.path("elsewhere"), story.person.path("cal")).unwrap();
    for n in 0..12 {
        let name = format!("e{n}.ics");
        std::fs::rename(away.join(&name), work.join(&name)).unwrap();
    }
    let moved = event("e1", "Meeting", "20T08", "");
    story.put("work", "e1", &moved);
    story.sync("09T07:00");
    assert_eq!(story.settled("09T07:00", "e0").len(), 1);
    let left = story.settled("09T07:00", "e1");
    assert_eq!(left.len(), 1, "it was moved, not kept: {left:?}");
    assert!(left[0].1.unwrap() < 0.5, "{left:?}");
}

/// The same UID in two calendars is one event.
#[test]
fn one_uid_in_two_calendars() {
    let story = Story::new();
    std::fs::create_dir_all(story.person.path("cal/other")).unwrap();
    let rule = "RRULE:FREQ=DAILY";
    story.put("work", "s", &event("s", "Standup", "02T09", rule));
    story.put("other", "s", &event("s", "Standup", "02T11", rule));
    story.put("work", "e", &event("e", "Review", "05T09", ""));
    story.put("other", "e", &event("e", "Review", "05T15", ""));
    story.put("work", "copy of e", &event("e", "Review", "06T15", ""));
    for now in ["02T05:00", "03T05:00", "04T05:00", "05T05:00"] {
        story.sync(now);
        let events = story.records(now, "event");
        for event in events {
            assert_eq!(event["trail"], serde_json::json!([]), "nobody moved it: {event}");
        }
    }
    // One of them goes: the other is what is left.
    story.remove("other", "e");
    story.remove("work", "copy of e");
    story.sync("05T05:10");
    story.sync("05T05:20");
    let events = story.records("05T05:20", "event");
    let left = events.iter().find(|e| e["id"]["uid"] == "e").unwrap();
    assert_eq!(left["standing"], "scheduled");
    assert_eq!(left["span"]["timed"]["start"], "2026-03-05T09:00:00Z");
}

/// A text that can't be read for a while changes nothing.
#[test]
fn an_object_that_breaks_and_comes_back() {
    let story = Story::new();
    let sound = event("s", "Run", "02T09", "RRULE:FREQ=DAILY");
    let with_override = sound.replace(
        "END:VCALENDAR\r\n",
        "BEGIN:VEVENT\r\nUID:s\r\nSUMMARY:Run\r\nRECURRENCE-ID:20260304T090000Z\r\n\
         DTSTART:20260304T120000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    story.put("work", "s", &with_override);
    story.sync("02T05:00");
    let learned = |now: &str| -> Vec<serde_json::Value> {
        let mut events = story.records(now, "event");
        events.retain(|e| e["span"]["timed"]["start"].as_str().unwrap() < "2026-03-20");
        events
    };
    let before = learned("02T05:00");
    for broken in [
        with_override.replacen("DTSTART:20260302", "DTSTART:nonsense", 1),
        with_override.replacen("DTSTART:20260304", "DTSTART:nonsense", 1),
        "BEGIN:VCALENDAR".to_owned(),
        String::new(),
    ] {
        assert_ne!(broken, with_override);
        story.put("work", "s", &broken);
        story.sync("02T05:10");
        assert_eq!(learned("02T05:10"), before, "{broken}");
        story.put("work", "s", &with_override);
        story.sync("02T05:10");
        assert_eq!(learned("02T05:10"), before, "back again after {broken}");
    }
}

/// A series is shifted and shifted back: every day ahead has its one occurrence again.
#[test]
fn a_series_that_goes_back_to_where_it_was() {
    let story = Story::new();
    let at = |hour: u8| event("s", "Run", &format!("02T{hour:02}"), "RRULE:FREQ=DAILY");
    for (now, hour) in [("02T05:00", 9), ("02T05:10", 15), ("02T05:20", 9), ("02T05:30", 9)] {
        story.put("work", "s", &at(hour));
        story.sync(now);
        let standing: Vec<String> = story
            .records(now, "event")
            .iter()
            .filter(|e| e["standing"] == "scheduled" && e["closed"] == false)
            .map(|e| e["span"]["timed"]["start"].as_str().unwrap().to_owned())
            .filter(|start| start.as_str() < "2026-03-12")
            .collect();
        let hour = format!("T{hour:02}:00:00Z");
        assert_eq!(standing.len(), 10, "{now}: {standing:?}");
        assert!(standing.iter().all(|s| s.ends_with(&hour)), "{now}: {standing:?}");
    }
    for now in ["04T12:00", "06T12:00"] {
        story.sync(now);
    }
    let settled = story.settled("06T12:00", "s");
    let kept = settled.iter().filter(|(_, g)| g.is_some_and(|g| g > 0.8)).count();
    assert_eq!(kept, 4, "the second to the fifth: {settled:?}");
}

/// Moved to days that are over before anybody looks: that is no deletion.
#[test]
fn a_series_that_moved_to_what_lies_behind_by_now() {
    let story = Story::new();
    let days = |start: &str| {
        let rule = "DURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=6";
        hourly("Run", "s", &format!("DTSTART:202603{start}0000Z\n{rule}"))
    };
    story.put("work", "s", &days("09T09"));
    story.sync("02T05:00");
    story.put("work", "s", &days("03T14"));
    story.sync("09T05:00");
    story.sync("20T05:00");
    let settled = story.settled("20T05:00", "s");
    let of = |start: &str| settled.iter().find(|(at, _)| at == start).and_then(|(_, s)| *s);
    let left = of("2026-03-09T09:00:00Z").unwrap();
    assert!((left - 0.7).abs() < 1e-3, "moved earlier: {left}");
    assert_eq!(settled.iter().filter(|(_, s)| s.is_some_and(|s| s < 0.15)).count(), 0);
}

/// It lay in two calendars, was taken out of one, and the other one is no more.
#[test]
fn what_is_nowhere_any_more_was_not_kept() {
    let story = Story::new();
    let side = story.person.path("cal/side");
    std::fs::create_dir_all(&side).unwrap();
    let run = event("u", "Run", "03T18", "");
    story.put("work", "u", &run);
    story.sync("02T05:00");
    story.put("side", "u", &run);
    story.sync("02T05:10");
    story.remove("work", "u");
    std::fs::rename(&side, story.person.path("away")).unwrap();
    for now in ["02T06:00", "03T07:00", "05T05:00"] {
        story.sync(now);
    }
    assert_eq!(story.settled("05T05:00", "u"), []);
}

/// A server that lags behind shows a moved series where it was, and then where it is.
#[test]
fn a_series_that_moved_and_was_shown_where_it_was_once_more() {
    let story = Story::new();
    let monthly = |start: &str| {
        let rule = "DURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=4";
        hourly("Gym", "s", &format!("DTSTART:202603{start}0000Z\n{rule}"))
    };
    for (start, now) in [("16T16", "06T18:00"), ("04T13", "06T18:10"), ("16T16", "08T17:00")] {
        story.put("work", "s", &monthly(start));
        story.sync(now);
    }
    story.sync("2026-04-10T05:00");
    let settled = story.settled("2026-04-10T05:00", "s");
    assert_eq!(settled.iter().filter(|(_, s)| s.is_some_and(|s| s < 0.15)).count(), 0);
    assert!(settled.iter().any(|(at, _)| at == "2026-03-16T16:00:00Z"), "{settled:?}");
}

/// What a block taught whose VTODO was edited like that on the evening of its day.
#[track_caller]
fn taught_by_todo(changes: &[(&str, &str)]) -> Value {
    let story = Story::with_block();
    let (name, body) = story.block();
    assert!(body.contains("DTSTART:20260302T08"), "the turns below know the hour: {body}");
    story.put("tasks", "t1", &edited(&todo("t1", "DUE:20260306T160000Z"), changes));
    story.sync("02T20:00");
    story.sync("04T05:00");
    let events = story.records("04T05:00", "event");
    let block = events.iter().find(|e| e["id"]["uid"] == *name).expect("it settled");
    block["settled"][0]["signal"].clone()
}

#[test]
fn a_completed_vtodo_speaks_for_the_block_that_served_it() {
    let sure = |signal: &Value, value: f64| {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        near(signal["value"].as_f64().unwrap(), value) && signal["weight"] == 1.0
    };
    let completed = |at| [("STATUS", ":COMPLETED"), ("COMPLETED", at)];
    let done = taught_by_todo(&completed(":20260302T103000Z"));
    assert!(sure(&done, 0.9), "{done}");
    let marked = taught_by_todo(&[("SUMMARY", ":✗ Write report")]);
    assert!(sure(&marked, 0.1), "{marked}");
    // Done before the block began: that says nothing of the block.
    let early = taught_by_todo(&completed(":20260302T073000Z"));
    assert!(early.is_null(), "{early}");
}
