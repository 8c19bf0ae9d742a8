//! What blocks time and what does not, and what a mark or a changed VTODO does to a block.

use super::{Story, calendar, edited, event, todo};

/// A day full of one event; the VTODO is due that day.
#[test]
fn what_takes_time() {
    let timed = "DTSTART:20260302T060000Z\nDTEND:20260302T190000Z";
    let day = "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260303";
    let night = "DTSTART:20260301T200000Z\nDTEND:20260302T190000Z";
    let mine = "ORGANIZER:mailto:boss@example.org\nATTENDEE;PARTSTAT=";
    let me = ":mailto:mira@example.org";
    for (lines, is_free) in [
        (timed.to_owned(), false),
        (format!("{timed}\nTRANSP:TRANSPARENT"), true),
        (format!("{timed}\nSTATUS:TENTATIVE"), false),
        (format!("{timed}\nSTATUS:CANCELLED"), true),
        (format!("{timed}\n{mine}DECLINED{me}"), true),
        (format!("{timed}\n{mine}TENTATIVE{me}"), false),
        (format!("{timed}\n{mine}NEEDS-ACTION{me}"), false),
        (day.to_owned(), false),
        (format!("{day}\nTRANSP:TRANSPARENT"), true),
        (format!("{day}\nTRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF"), false),
        (format!("{day}\n{mine}ACCEPTED{me}"), true),
        (night.to_owned(), false),
        (format!("{timed}\nRRULE:FREQ=WEEKLY\nEXDATE:20260302T060000Z"), true),
        ("DTSTART:20260223T060000Z\nDTEND:20260223T190000Z\nRRULE:FREQ=WEEKLY".into(), false),
    ] {
        let story = Story::new();
        story.put("tasks", "t1", &todo("t1", "DUE:20260302T170000Z"));
        let body = calendar("VEVENT", &format!("UID:e\nSUMMARY:Something\n{lines}"));
        story.put("work", "e", &body);
        story.sync("02T05:00");
        assert_eq!(story.blocks().len(), usize::from(is_free), "{lines}");
    }
}

/// `✓` before the title is an outcome; the block stays where it is, mark and all.
#[test]
fn a_marked_block_is_not_rewritten() {
    for mark in ["✓", "✗"] {
        let story = Story::with_block();
        let (name, body) = story.block();
        let marked = edited(&body, &[("SUMMARY", &format!(":{mark} Write report"))]);
        story.put("chronotype", &name, &marked);
        story.sync("02T05:10");
        assert_eq!(story.state("02T05:10", &name), "proposed");
        let long = event("m", "Meeting", "02T06", "").replace("PT1H", "PT12H");
        story.put("work", "m", &long);
        story.sync("02T05:20");
        assert_eq!(story.block().1, marked, "not moved");
        story.remove("tasks", "t1");
        story.sync("02T05:30");
        assert_eq!(story.block().1, marked, "not taken back");
        story.sync("04T05:00");
        let settled = story.settled("04T05:00", &name);
        let expected = if mark == "✓" { 0.9 } else { 0.1 };
        assert_eq!(settled.len(), 1);
        assert!((settled[0].1.unwrap() - expected).abs() < 0.01, "{settled:?}");
    }
}

#[test]
fn a_vtodo_that_changes() {
    let story = Story::with_block();
    let (name, body) = story.block();
    // Due a day later, or without a word: the block stays, byte for byte.
    for due in ["DUE:20260307T160000Z", "DUE:20260306T160000Z\nPRIORITY:1", "DUE:20260306T160000Z"]
    {
        story.put("tasks", "t1", &todo("t1", due));
        story.sync("02T05:10");
        assert_eq!(story.block(), (name.clone(), body.clone()), "{due}");
    }
    // Not before Thursday: it moves.
    story.put("tasks", "t1", &todo("t1", "DTSTART:20260305T080000Z\nDUE:20260306T160000Z"));
    story.sync("02T05:20");
    let (same, moved) = story.block();
    assert_eq!(same, name);
    assert!(moved.contains("DTSTART:2026030") && moved.contains("SEQUENCE:1"), "{moved}");
    // Gone, and back again: taken back, and another try.
    story.remove("tasks", "t1");
    story.sync("02T05:30");
    assert!(story.blocks().is_empty());
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    story.sync("02T05:40");
    assert_ne!(story.block().0, name);
    // Passed without a word: none before a day is over.
    story.sync("03T05:00");
    assert_eq!(story.blocks().len(), 1);
    story.sync("03T18:00");
    assert_eq!(story.blocks().len(), 2, "{:?}", story.blocks());
}

/// A calendar the person no longer wants read says nothing and takes no time.
#[test]
fn a_calendar_that_is_no_longer_wanted() {
    let story = Story::with_block();
    std::fs::create_dir_all(story.person.path("cal/other")).unwrap();
    story.put("other", "s", &event("s", "Course", "02T09", "RRULE:FREQ=DAILY"));
    story.put("other", "t9", &todo("t9", "DUE:20260306T160000Z"));
    story.sync("02T05:10");
    assert_eq!(story.blocks().len(), 2);
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let narrowed = "kind = \"vdir\"\ncalendars = [\"work\", \"tasks\"]";
    std::fs::write(&config, text.replace("kind = \"vdir\"", narrowed)).unwrap();
    for now in ["02T05:20", "03T05:30", "05T05:00"] {
        story.sync(now);
    }
    let events = story.records("05T05:00", "event");
    let course = events.iter().filter(|e| e["id"]["uid"] == "s");
    assert_eq!(course.filter(|e| e["closed"] == false).count(), 0);
    assert!(story.settled("05T05:00", "s").is_empty());
    let asked = story.records("05T05:00", "suggestion");
    let other = asked.iter().filter(|s| s["related_to"] == "t9");
    assert!(other.count() == 1, "no further block for its tasks");
}
