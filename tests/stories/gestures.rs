//! Gestures on a block: what the person does to it is theirs, and is never written over.

use super::{Story, edited, event, todo};

/// A gesture on the one block, then the VTODO is done: what is the person's stays to the byte.
#[track_caller]
fn gesture(what: &str, state: &str, act: impl Fn(&Story, &str, &str)) {
    let story = Story::with_block();
    let (name, body) = story.block();
    act(&story, &name, &body);
    let everything = |story: &Story| {
        let of = |c: &str| crate::support::person::files(&story.person.path(c));
        (of("cal/chronotype"), of("cal/work"))
    };
    let after = everything(&story);
    story.sync("02T05:10");
    assert_eq!(story.state("02T05:10", &name), state, "{what}");
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    for now in ["02T05:20", "02T05:30", "04T05:00"] {
        story.sync(now);
        assert_eq!(everything(&story), after, "{what} at {now}");
    }
}

#[test]
fn what_the_person_did_to_a_block_is_theirs() {
    let rewrite = |changes: &'static [(&'static str, &'static str)]| {
        move |story: &Story, name: &str, body: &str| {
            story.put("chronotype", name, &edited(body, changes));
        }
    };
    let drag = &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")];
    for (what, state, changes) in [
        ("drag", "accepted", &drag[..]),
        ("resize", "accepted", &[("DTEND", ":20260302T110000Z")]),
        ("rename", "taken", &[("SUMMARY", ":My report")]),
        ("description", "taken", &[("DESCRIPTION", ":notes")]),
        ("place", "taken", &[("LOCATION", ":library")]),
        ("keep", "accepted", &[("STATUS", ":CONFIRMED"), ("TRANSP", ":OPAQUE")]),
        ("busy", "accepted", &[("TRANSP", ":OPAQUE")]),
        ("cancel", "refused", &[("STATUS", ":CANCELLED")]),
        (
            "all day",
            "taken",
            &[("DTSTART", ";VALUE=DATE:20260305"), ("DTEND", ";VALUE=DATE:20260306")],
        ),
        ("recurring", "taken", &[("RRULE", ":FREQ=WEEKLY")]),
        ("more dates", "taken", &[("RDATE", ":20260309T100000Z")]),
        ("guests", "taken", &[("ATTENDEE", ":mailto:bob@example.org")]),
        ("mark is gone", "taken", &[("X-CHRONOTYPE-BLOCK", ":another")]),
    ] {
        gesture(what, state, rewrite(changes));
    }
}

#[test]
fn a_block_that_went_to_another_calendar_is_the_persons() {
    gesture("moved over", "accepted", |story, name, body| {
        story.remove("chronotype", name);
        story.put("work", name, body);
    });
    gesture("moved under another name", "accepted", |story, name, body| {
        story.remove("chronotype", name);
        story.put("work", "zzz", body);
    });
}

#[test]
fn another_event_in_the_file_of_a_block_makes_it_the_persons() {
    gesture("joined", "taken", |story, name, body| {
        let foreign = event("foreign", "Dinner", "05T18", "");
        let foreign = foreign.split("BEGIN:VEVENT").nth(1).unwrap();
        let joined = body.replace("END:VCALENDAR\r\n", &format!("BEGIN:VEVENT{foreign}"));
        story.put("chronotype", name, &joined);
    });
}

#[test]
fn drag_twice_then_delete() {
    let story = Story::with_block();
    let (name, body) = story.block();
    for (day, now) in [("03", "02T05:10"), ("04", "02T05:20")] {
        let start = format!(":202603{day}T140000Z");
        let end = format!(":202603{day}T150000Z");
        let dragged = edited(&body, &[("DTSTART", &start), ("DTEND", &end)]);
        story.put("chronotype", &name, &dragged);
        story.sync(now);
        assert_eq!(story.block().1, dragged);
        assert_eq!(story.state(now, &name), "accepted");
    }
    story.remove("chronotype", &name);
    for now in ["02T05:30", "02T12:00", "03T04:00"] {
        story.sync(now);
        assert!(story.blocks().is_empty(), "no second block before a day has passed: {now}");
    }
    story.sync("03T06:00");
    let (second, body) = story.block();
    assert_ne!(second, name, "a deleted id is never used again");
    assert!(!body.contains("DTSTART:20260304T14"), "elsewhere: {body}");
    story.remove("chronotype", &second);
    for now in ["03T06:10", "04T07:00", "05T07:00"] {
        story.sync(now);
        assert!(story.blocks().is_empty(), "deleted again: never ({now})");
    }
}

#[test]
fn a_deleted_block_that_is_restored_stands_alone() {
    let story = Story::with_block();
    let (name, body) = story.block();
    story.remove("chronotype", &name);
    story.sync("02T05:10");
    story.put("chronotype", &name, &body);
    story.sync("02T05:20");
    assert_eq!(story.state("02T05:20", &name), "accepted");
    for now in ["02T12:00", "03T06:00"] {
        story.sync(now);
        assert_eq!(story.block().1, body);
    }
}

#[test]
fn a_past_block_that_is_dragged_ahead_is_the_persons() {
    let story = Story::with_block();
    let (name, body) = story.block();
    story.sync("03T05:00");
    assert_eq!(story.state("03T05:00", &name), "past");
    let dragged =
        edited(&body, &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]);
    story.put("chronotype", &name, &dragged);
    story.sync("03T05:10");
    assert_eq!(story.state("03T05:10", &name), "accepted");
    story.sync("04T14:00");
    assert_eq!(story.block().1, dragged, "and it is the one block");
}

/// What servers do to a text is no gesture.
#[test]
fn a_server_that_rewrites_is_not_the_person() {
    let folded = |body: &str| {
        let lines = body.replace("\r\n ", "").replace("\\n\\nSuggested", "\\nSuggested");
        let mut lines: Vec<&str> = lines.lines().collect();
        let end = lines.iter().position(|l| *l == "END:VEVENT").unwrap();
        lines[5..end].reverse();
        let refold = |l: &str| match l.char_indices().nth(40) {
            Some((at, _)) => format!("{}\n {}", &l[..at], &l[at..]),
            None => l.to_owned(),
        };
        let text: Vec<String> = lines.into_iter().map(refold).collect();
        text.join("\n").replace("END:VEVENT", "X-SERVER-SAYS:hello\nEND:VEVENT") + "\n"
    };
    let zoned = |body: &str| {
        let start = chrono::NaiveDateTime::parse_from_str(&start(body), "%Y%m%dT%H%M%SZ").unwrap();
        let local = start + chrono::TimeDelta::hours(1);
        let local = local.format(";TZID=Europe/Berlin:%Y%m%dT%H%M%S").to_string();
        edited(body, &[("DTSTART", &local), ("DTEND", ""), ("DURATION", ":PT60M")])
            .replace("DTEND\r\n", "")
    };
    for rewrite in [&folded as &dyn Fn(&str) -> String, &zoned] {
        let story = Story::with_block();
        let (name, body) = story.block();
        story.put("chronotype", &name, &rewrite(&body));
        for now in ["02T05:10", "02T05:20"] {
            let gave = story.sync(now);
            assert_eq!(story.state(now, &name), "proposed", "{}{}", rewrite(&body), gave.out);
            assert_eq!(story.block().1, rewrite(&body), "and is left as the server wants it");
        }
        let event = story.records("02T05:20", "event");
        let event = event.iter().find(|e| e["id"]["uid"] == *name).unwrap();
        assert_eq!(
            (&event["role"], event["trail"].as_array().unwrap().len()),
            (&serde_json::json!("suggested"), 0)
        );
        story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
        story.sync("02T05:30");
        assert!(story.blocks().is_empty(), "still ours to take back");
    }
}

fn start(body: &str) -> String {
    body.lines().find_map(|l| l.strip_prefix("DTSTART:")).unwrap().to_owned()
}

/// Our own Delete is decided but not out when the person drags the block.
#[test]
fn a_gesture_beats_a_pending_write_of_ours() {
    for (what, state, changes) in [
        ("drag", "accepted", [("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]),
        ("rename", "taken", [("SUMMARY", ":Mine"), ("X-A", ":b")]),
    ] {
        let story = Story::with_block();
        let (name, body) = story.block();
        story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
        let died = story.person.run("02T05:10", &["sync", "--die-at", "2"]);
        assert_eq!(died.code, None, "dies after the commit, before the write");
        assert_eq!(story.state("02T05:10", &name), "withdrawn");
        let after = edited(&body, &changes);
        story.put("chronotype", &name, &after);
        for now in ["02T05:20", "02T05:30"] {
            story.sync(now);
            assert_eq!(story.blocks().get(&name), Some(&after), "{what}");
            assert_eq!(story.state(now, &name), state, "{what}");
        }
    }
    let story = Story::with_block();
    let (name, body) = story.block();
    story.put("work", "m", &event("m", "Meeting", "02T10", ""));
    let died = story.person.run("02T05:10", &["sync", "--die-at", "2"]);
    assert_eq!(died.code, None);
    let dragged =
        edited(&body, &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]);
    story.put("chronotype", &name, &dragged);
    for now in ["02T05:20", "02T05:30"] {
        story.sync(now);
        assert_eq!(story.block().1, dragged, "our pending Update gives way");
    }
}

#[test]
fn a_copy_of_a_block_is_not_ours() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let copy = edited(&body, &[("DTSTART", ":20260304T180000Z"), ("DTEND", ":20260304T190000Z")]);
    story.put("work", "copy", &copy);
    story.sync("02T05:10");
    assert_eq!(story.state("02T05:10", &name), "proposed", "the block itself was not touched");
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    for now in ["02T05:20", "02T05:30"] {
        story.sync(now);
        assert!(story.blocks().is_empty(), "the block is taken back");
        let left = std::fs::read_to_string(story.file("work", "copy")).unwrap();
        assert_eq!(left, copy, "the copy is nobody's business");
    }
    assert_eq!(story.state("02T05:30", &name), "accepted", "what is left of it is theirs");
}
