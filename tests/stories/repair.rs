//! Crashes, lost stores, foreign objects in our way, collections that come and go.

use super::{Story, edited, event, todo};

#[test]
fn a_foreign_object_in_our_place_is_left_alone_and_gone_around() {
    let first = Story::with_block();
    let (name, _) = first.block();
    for foreign in [
        event("foreign", "Dinner", "05T18", ""),
        event(&name, "Dinner", "05T18", ""),
        "not a calendar at all".to_owned(),
    ] {
        let story = Story::new();
        std::fs::create_dir_all(story.person.path("cal/chronotype")).unwrap();
        story.put("chronotype", &name, &foreign);
        story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
        for now in ["02T05:00", "02T05:10", "02T05:20"] {
            story.sync(now);
            assert_eq!(story.blocks()[&name], foreign);
        }
        let others: Vec<_> = story.blocks().into_keys().filter(|n| *n != name).collect();
        assert_eq!(others.len(), 1, "it has a block under another name: {foreign}");
        story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
        story.sync("02T05:30");
        assert_eq!(story.blocks().len(), 1);
        assert_eq!(story.blocks()[&name], foreign);
    }
}

/// The block lives on in a copy, and where it lay lies somebody else's event.
#[test]
fn what_took_the_place_of_a_copied_block_is_never_written() {
    let story = Story::with_block();
    let (name, body) = story.block();
    story.put("chronotype", "copy", &body);
    story.sync("02T05:10");
    let foreign = event("foreign", "Dinner", "05T18", "");
    story.put("chronotype", &name, &foreign);
    story.sync("02T05:20");
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    for now in ["02T05:30", "02T05:40"] {
        story.sync(now);
        assert_eq!(story.blocks()[&name], foreign, "{now}");
    }
}

#[test]
fn without_its_store_it_makes_no_second_block() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let dragged =
        edited(&body, &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]);
    for text in [body, dragged] {
        story.put("chronotype", &name, &text);
        std::fs::remove_dir_all(story.person.path("store")).unwrap();
        for now in ["02T06:00", "02T06:10", "02T06:20"] {
            story.sync(now);
            assert_eq!(story.block(), (name.clone(), text.clone()), "{now}");
        }
        let told = story.records("02T06:20", "suggestion");
        let start = text.lines().find_map(|l| l.strip_prefix("DTSTART:")).unwrap();
        let known = told[0]["start"].as_str().unwrap().replace(['-', ':'], "");
        assert_eq!(known, start, "what is remembered is what stands");
    }
}

#[test]
fn dragged_between_a_crash_and_the_next_turn() {
    for boundary in ["3", "2"] {
        let story = Story::new();
        story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
        let died = story.person.run("02T05:00", &["sync", "--die-at", boundary]);
        assert_eq!(died.code, None);
        if story.blocks().is_empty() {
            continue;
        }
        let (name, body) = story.block();
        let dragged =
            edited(&body, &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]);
        story.put("chronotype", &name, &dragged);
        for now in ["02T05:10", "02T05:20"] {
            story.sync(now);
            assert_eq!(story.block(), (name.clone(), dragged.clone()));
            assert_eq!(story.state(now, &name), "accepted");
        }
    }
}

/// Its write was never confirmed, and the person carried it to a calendar of theirs before anybody
/// looked: it is theirs there.
#[test]
fn carried_over_between_a_crash_and_the_next_turn() {
    let story = Story::new();
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    let died = story.person.run("02T05:00", &["sync", "--die-at", "3"]);
    assert_eq!(died.code, None, "it is out, and nothing says so");
    let (name, body) = story.block();
    story.remove("chronotype", &name);
    story.put("work", &name, &body);
    let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
    story.put("work", "m", &event("m", "Meeting", &start[..5], ""));
    for now in ["02T05:10", "02T05:20"] {
        story.sync(now);
        let there = std::fs::read_to_string(story.file("work", &name)).unwrap();
        assert_eq!(there, body, "{now}");
        assert_eq!(story.state(now, &name), "accepted");
        assert!(story.blocks().is_empty(), "no second one");
    }
}

#[test]
fn our_collection_is_deleted_whole() {
    let story = Story::with_block();
    let (name, _) = story.block();
    std::fs::remove_dir_all(story.person.path("cal/chronotype")).unwrap();
    for now in ["02T05:10", "02T05:20", "02T05:30"] {
        story.person.run(now, &["sync"]);
        assert!(story.blocks().is_empty(), "that was a no");
    }
    assert_eq!(story.state("02T05:30", &name), "refused");
    story.put("tasks", "t2", &todo("t2", "DUE:20260306T160000Z"));
    story.sync("02T05:40");
    story.sync("02T05:50");
    assert_eq!(story.blocks().len(), 1, "what is new is proposed again");
}

/// The calendar that takes our blocks is the person's own: its deletions are held as others are.
#[test]
fn blocks_in_a_calendar_of_the_persons_own() {
    let story = Story::new();
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"chronotype\"", "\"work\"")).unwrap();
    for n in 0..12 {
        let uid = format!("e{n}");
        story.put("work", &uid, &event(&uid, "Meeting", &format!("{:02}T18", n + 3), ""));
    }
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    story.sync("02T05:00");
    for n in 0..12 {
        story.remove("work", &format!("e{n}"));
    }
    let gave = story.sync("02T05:10");
    assert!(gave.err.contains("vanished at once"), "{gave:?}");
    let standing = |now: &str| {
        let events = story.records(now, "event");
        events.iter().filter(|e| e["title"] == "Meeting" && e["standing"] == "scheduled").count()
    };
    assert_eq!(standing("02T05:10"), 12);
    story.sync("02T05:20");
    assert_eq!(standing("02T05:20"), 0, "confirmed");
}

/// A calendar that is gone from the account says nothing about its events, and takes no time.
#[test]
fn a_calendar_that_is_gone_teaches_nothing() {
    let story = Story::new();
    std::fs::create_dir_all(story.person.path("cal/other")).unwrap();
    story.put("other", "s", &event("s", "Course", "02T09", "RRULE:FREQ=DAILY"));
    story.sync("02T05:00");
    story.sync("05T05:00");
    let kept = story.person.path("other");
    std::fs::rename(story.person.path("cal/other"), &kept).unwrap();
    let gave = story.sync("05T20:00");
    assert!(gave.err.contains("other"), "it is said: {gave:?}");
    // The third was over when it was last seen; of the fourth nothing is known.
    let before = story.settled("05T20:00", "s");
    assert_eq!(before.len(), 3);
    story.sync("05T20:10");
    for now in ["06T20:00", "08T20:00"] {
        story.sync(now);
        assert_eq!(story.settled(now, "s"), before, "{now}");
    }
    let ahead = |now: &str| {
        let events = story.records(now, "event");
        let open = events.iter().filter(|e| e["id"]["uid"] == "s" && e["closed"] == false);
        open.filter(|e| e["standing"] == "scheduled").count()
    };
    assert_eq!(ahead("08T20:00"), 0, "nothing of it takes time");
    std::fs::rename(&kept, story.person.path("cal/other")).unwrap();
    story.sync("09T20:00");
    assert!(ahead("09T20:00") > 5, "it is back");
    assert_eq!(story.settled("09T20:00", "s")[..3], before[..], "and learned once");
}

#[test]
fn an_update_that_is_late_does_not_move_a_block_in_its_freeze_window() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:20260302T")).unwrap();
    let hour: u8 = start[..2].parse().unwrap();
    story.put("work", "m", &event("m", "Meeting", &format!("02T{hour:02}"), "DURATION:PT2H"));
    let died = story.person.run("02T05:10", &["sync", "--die-at", "2"]);
    assert_eq!(died.code, None, "the move is decided, not out");
    story.sync(&format!("02T{:02}:50", hour - 1));
    assert_eq!(story.block(), (name, body), "it starts in half an hour: left where it is");
}

/// One turn that moves a block and takes another back, broken off at every boundary.
#[test]
fn moves_and_withdrawals_broken_off_anywhere() {
    let prepared = || {
        let story = Story::with_block();
        let (_, body) = story.block();
        let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
        story.put("tasks", "t2", &todo("t2", "DUE:20260306T160000Z"));
        story.sync("02T05:05");
        story.put("work", "m", &event("m", "Meeting", &start[..5], ""));
        story.put("tasks", "t2", &todo("t2", "STATUS:COMPLETED"));
        story
    };
    let calm = prepared();
    calm.sync("02T05:10");
    let expected = calm.blocks();
    assert_eq!(expected.len(), 1);
    for boundary in 0.. {
        let story = prepared();
        let gave = story.person.run("02T05:10", &["sync", "--die-at", &boundary.to_string()]);
        story.sync("02T05:10");
        story.sync("02T05:10");
        assert_eq!(story.blocks(), expected, "boundary {boundary}");
        if gave.code == Some(0) {
            assert!(boundary >= 5, "every boundary was walked: {boundary}");
            break;
        }
    }
}

/// The person deletes a block while a move of ours is decided and not out: that was a no.
#[test]
fn deleted_while_a_move_is_pending() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
    story.put("work", "m", &event("m", "Meeting", &start[..5], ""));
    let died = story.person.run("02T05:10", &["sync", "--die-at", "2"]);
    assert_eq!(died.code, None);
    story.remove("chronotype", &name);
    for now in ["02T05:20", "02T12:00", "03T05:00"] {
        story.sync(now);
        assert!(story.blocks().is_empty(), "{now}");
    }
    assert_eq!(story.state("03T05:00", &name), "refused");
}

/// A block whose write was never confirmed, taken back before anybody saw it: when it turns up as
/// we wrote it, nobody has accepted it.
#[test]
fn taken_back_before_it_was_ever_seen() {
    let story = Story::new();
    std::fs::create_dir_all(story.person.path("cal/chronotype")).unwrap();
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    let died = story.person.run("02T05:00", &["sync", "--die-at", "3"]);
    assert_eq!(died.code, None, "it is out, and nothing says so");
    let (name, body) = story.block();
    story.remove("chronotype", &name);
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    story.sync("02T05:10");
    assert_eq!(story.state("02T05:10", &name), "withdrawn");
    story.put("chronotype", &name, &body);
    story.sync("02T05:20");
    assert!(story.blocks().is_empty(), "it was ours to take back");
    assert_eq!(story.state("02T05:20", &name), "withdrawn");
}

/// We moved a block and died: its name and its text as it stands now.
fn moved_unseen() -> (Story, String, String) {
    let story = Story::with_block();
    let (name, body) = story.block();
    let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
    story.put("work", "m", &event("m", "Meeting", &start[..5], ""));
    let died = story.person.run("02T05:10", &["sync", "--die-at", "3"]);
    assert_eq!(died.code, None, "the move is out, and nothing says so");
    let (_, moved) = story.block();
    assert_ne!(moved, body);
    (story, name, moved)
}

/// We moved it and died; the person accepted it where it stood then: they moved nothing.
#[test]
fn accepted_where_a_move_of_ours_brought_it_unseen() {
    let (story, name, moved) = moved_unseen();
    let kept = edited(&moved, &[("STATUS", ":CONFIRMED"), ("TRANSP", ":OPAQUE")]);
    story.put("chronotype", &name, &kept);
    story.sync("02T05:20");
    assert_eq!(story.state("02T05:20", &name), "accepted");
    assert_eq!(story.settled("02T05:20", &name), [], "nothing was moved by them");
}

/// The same, and they deleted it before we looked, and put it back after that.
#[test]
fn restored_where_a_move_of_ours_brought_it_unseen() {
    let (story, name, moved) = moved_unseen();
    story.remove("chronotype", &name);
    story.sync("02T05:20");
    assert_eq!(story.state("02T05:20", &name), "refused");
    story.put("chronotype", &name, &moved);
    story.sync("02T05:30");
    assert_eq!(story.state("02T05:30", &name), "accepted");
    assert_eq!(story.settled("02T05:30", &name), [], "nothing was moved by them");
}
