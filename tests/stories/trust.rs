//! `withdraw`, `undo` and `rate`: the person's word from the command line, and what the next turns
//! make of it.

use super::{Story, edited, event, todo};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The id that lists print for the one block.
fn id(story: &Story, now: &str) -> String {
    let all = story.person.list(now, &["suggestions"]);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]["id"].as_str().unwrap().to_owned()
}

fn start(body: &str) -> String {
    let line = body.lines().find_map(|l| l.strip_prefix("DTSTART:")).unwrap();
    line.to_owned()
}

#[test]
fn a_withdrawn_block_goes_and_does_not_come_back_there() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let id = id(&story, "02T05:05");
    let gave = story.person.ok("02T05:05", &["withdraw", &id, "--dry-run"]);
    assert!(gave.out.starts_with("- ") && gave.out.contains("Write report"), "{gave:?}");
    assert_eq!(story.block().1, body, "a dry run writes nothing");
    let gave = story.person.ok("02T05:05", &["withdraw", &id]);
    assert!(gave.out.starts_with("- ") && gave.out.contains(&id), "{gave:?}");
    assert!(story.blocks().is_empty());
    assert_eq!(story.state("02T05:05", &name), "refused");
    assert!(story.records("02T05:05", "order").is_empty());
    story.sync("02T05:10");
    assert!(story.blocks().is_empty(), "not at once again");
    story.sync("03T06:00");
    let (other, elsewhere) = story.block();
    assert_ne!((other, start(&elsewhere)), (name.clone(), start(&body)));
    assert_eq!(story.settled("09T05:00", &name), [], "it teaches nothing about the hour");
    let gone = story.person.run("09T05:00", &["withdraw", &id]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("is gone already"), "{gone:?}");
}

#[test]
fn all_of_them_go_but_what_became_hers_and_nobody_elses() {
    let story = Story::new();
    for name in ["t1", "t2", "t3"] {
        story.put("tasks", name, &todo(name, "DUE:20260306T160000Z"));
    }
    story.put("work", "m", &event("m", "Write report", "05T09", ""));
    story.sync("02T05:00");
    let blocks = story.blocks();
    assert_eq!(blocks.len(), 3);
    let (hers, body) = blocks.first_key_value().unwrap();
    let dragged = edited(body, &[("DTSTART", ":20260304T160000Z"), ("DTEND", ":20260304T170000Z")]);
    story.put("chronotype", hers, &dragged);
    let gave = story.person.ok("02T05:10", &["withdraw", "--all"]);
    assert_eq!(gave.out.lines().count(), 2, "{gave:?}");
    assert!(gave.err.contains("1 block became yours meanwhile"), "{gave:?}");
    assert_eq!(story.block(), (hers.clone(), dragged), "dragged before we looked: hers");
    assert!(story.file("work", "m").exists());
    let gave = story.person.ok("02T05:20", &["withdraw", "--all", "--json"]);
    assert_eq!(json(&gave.out)["withdrawn"], Value::Array(vec![]));
    let refused = story.person.run("02T05:20", &["withdraw", hers]);
    assert!(refused.err.contains("is yours since you changed it"), "{refused:?}");
    let foreign = story.person.run("02T05:20", &["withdraw", "m"]);
    assert_eq!(foreign.code, Some(1));
    assert!(foreign.err.contains("is no block"), "{foreign:?}");
}

#[test]
fn what_can_not_be_reached_is_withdrawn_later() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let (cal, away) = (story.person.path("cal"), story.person.path("away"));
    std::fs::rename(&cal, &away).unwrap();
    let gave = story.person.run("02T05:10", &["withdraw", "--all"]);
    assert_eq!(gave.code, Some(1));
    assert!(gave.err.contains("1 block could not be taken away yet"), "{gave:?}");
    let status = story.person.ok("02T05:10", &["status"]);
    assert!(status.out.contains("1 block is still to be taken away"), "{status:?}");
    std::fs::rename(&away, &cal).unwrap();
    assert_eq!(story.block().1, body);
    story.sync("02T05:20");
    assert!(story.blocks().is_empty());
    assert_eq!(story.state("02T05:20", &name), "refused");
}

#[test]
fn undo_takes_a_new_block_away() {
    let story = Story::with_block();
    let (name, _) = story.block();
    story.sync("02T05:05");
    let gave = story.person.ok("02T05:10", &["undo", "--dry-run"]);
    assert!(gave.out.starts_with("- ") && story.blocks().len() == 1, "{gave:?}");
    let gave = story.person.ok("02T05:10", &["undo"]);
    assert!(gave.out.starts_with("- ") && gave.out.contains("Write report"), "{gave:?}");
    assert!(story.blocks().is_empty());
    assert_eq!(story.state("02T05:10", &name), "refused");
    story.sync("02T05:20");
    assert!(story.blocks().is_empty(), "the next turn doesn't do it again");
    let again = story.person.run("02T05:30", &["undo"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("no turn wrote anything"), "{again:?}");
}

#[test]
fn undo_moves_a_block_back_and_it_stays_there() {
    let story = Story::with_block();
    let (name, body) = story.block();
    let long = event("m", "Meeting", &start(&body)[6..11], "").replace("PT1H", "PT2H");
    story.put("work", "m", &long);
    story.sync("02T05:10");
    let (same, moved) = story.block();
    assert!(same == name && start(&moved) != start(&body), "{moved}");
    let gave = story.person.ok("02T05:20", &["undo"]);
    assert!(gave.out.starts_with("~ ") && gave.out.contains("->"), "{gave:?}");
    let back = story.block().1;
    assert_eq!(start(&back), start(&body));
    let said = |text: &str| text.lines().find(|l| l.starts_with("DESCRIPTION")).map(str::to_owned);
    assert_eq!(said(&back), said(&body), "with its old reasons");
    for now in ["02T05:30", "02T06:00"] {
        story.sync(now);
        assert_eq!(story.block(), (name.clone(), back.clone()), "the meeting is no reason more");
    }
    let dragged =
        edited(&back, &[("DTSTART", ":20260304T160000Z"), ("DTEND", ":20260304T170000Z")]);
    story.put("chronotype", &name, &dragged);
    story.sync("02T06:10");
    assert_eq!(story.state("02T06:10", &name), "accepted", "her gestures count as ever");
    assert!(story.records("02T06:10", "order").is_empty());
}

#[test]
fn undo_brings_a_removed_block_back() {
    let story = Story::with_block();
    let (name, body) = story.block();
    story.remove("tasks", "t1");
    story.sync("02T05:10");
    assert!(story.blocks().is_empty());
    let gave = story.person.ok("02T05:20", &["undo"]);
    assert!(gave.out.starts_with("+ "), "{gave:?}");
    let (other, back) = story.block();
    assert_eq!(start(&back), start(&body));
    assert_ne!(other, name, "a deleted name is never used again");
    story.sync("02T05:30");
    assert_eq!(story.block(), (other, back), "nobody asks for it, and it stays");
}

#[test]
fn undo_of_a_withdrawal_restores_all() {
    let story = Story::new();
    for name in ["t1", "t2"] {
        story.put("tasks", name, &todo(name, "DUE:20260306T160000Z"));
    }
    story.sync("02T05:00");
    let starts = |story: &Story| {
        let mut all: Vec<String> = story.blocks().values().map(|body| start(body)).collect();
        all.sort();
        all
    };
    let before = starts(&story);
    story.person.ok("02T05:10", &["withdraw", "--all"]);
    assert!(story.blocks().is_empty());
    story.person.ok("02T05:20", &["undo"]);
    assert_eq!(starts(&story), before);
    let kept = story.person.list("02T05:25", &["export"]);
    let states = |word: &str| kept.iter().filter(|row| row["state"] == word).count();
    assert_eq!((states("refused"), states("Refused")), (0, 0), "no no is left: {kept:?}");
    story.sync("02T05:30");
    let status = story.person.ok("02T05:30", &["status"]);
    assert!(status.out.contains("2 blocks ahead; last written"), "nothing is open: {status:?}");
    story.person.ok("02T05:40", &["withdraw", "--all"]);
    assert!(story.blocks().is_empty(), "what came back is still ours");
}

#[test]
fn undo_leaves_what_she_touched() {
    let story = Story::new();
    for name in ["t1", "t2"] {
        story.put("tasks", name, &todo(name, "DUE:20260306T160000Z"));
    }
    story.sync("02T05:00");
    let blocks = story.blocks();
    let (hers, body) = blocks.first_key_value().unwrap();
    let renamed = edited(body, &[("SUMMARY", ":Mine")]);
    story.put("chronotype", hers, &renamed);
    let gave = story.person.ok("02T05:10", &["undo"]);
    assert_eq!(gave.out.lines().count(), 1, "{gave:?}");
    assert!(gave.err.contains("stays: you moved, edited or deleted it since"), "{gave:?}");
    assert_eq!(story.block(), (hers.clone(), renamed));
}

#[test]
fn her_rating_is_what_is_learned() {
    let story = Story::new();
    story.put("work", "m", &event("m", "Planning", "03T09", ""));
    story.sync("02T05:00");
    let early = story.person.run("02T05:10", &["rate", "m", "--success", "0.3"]);
    assert!(early.err.contains("it only begins on Tue 3 Mar 10:00"), "{early:?}");
    let gave = story.person.ok("03T12:00", &["rate", "m", "--success", "0.3", "--energy", "0.25"]);
    assert!(gave.out.starts_with("Rated: Planning, ") && gave.err.contains("learned when"));
    story.sync("05T05:00");
    let settled = story.settled("05T05:00", "m");
    assert!((settled[0].1.unwrap() - 0.3).abs() < 1e-6, "{settled:?}");
    let kind = story.person.ok("05T05:00", &["types", "Planning", "--json"]);
    assert!((json(&kind.out)["performance_by_hour"][10].as_f64().unwrap() - 0.3).abs() < 1e-6);
    let energy = story.records("05T05:00", "types")[0]["energy"]["confidence"][10].clone();
    assert!((energy.as_f64().unwrap() - 0.15).abs() < 1e-6, "her own word, in full: {energy}");

    // Later than that it is kept, and nothing is learned anew.
    let before = story.records("05T05:00", "task_type");
    let gave = story.person.ok("05T06:00", &["rate", "m", "--success", "1"]);
    assert!(gave.err.contains("It has settled already"), "{gave:?}");
    story.sync("06T05:00");
    assert_eq!(story.records("06T05:00", "task_type"), before);
    let agenda = story.person.list("06T05:00", &["agenda", "--from", "2026-03-03"]);
    assert_eq!(agenda[0]["rated_success"], 1.0);
    for args in [&["--success", "2"][..], &["--success", "nan"], &[]] {
        let gave = story.person.run("06T05:00", &[&["rate", "m"], args].concat());
        assert_eq!(gave.code, Some(2), "{gave:?}");
    }
}

#[test]
fn a_pause_is_said_and_kept() {
    let story = Story::new();
    story.put("tasks", "t1", &todo("t1", "DUE:20260309T160000Z"));
    let gave = story.person.ok("02T05:00", &["pause", "until", "thu"]);
    assert_eq!(gave.out, "Quiet until Thu 5 Mar 00:00.\n");
    story.sync("02T05:10");
    assert!(story.blocks().is_empty());
    let status = story.person.ok("02T05:10", &["status"]);
    assert!(status.out.contains("quiet until Thu 5 Mar 00:00: `chronotype pause off` ends it"));
    assert_eq!(story.person.ok("02T05:10", &["pause"]).out, "Quiet until Thu 5 Mar 00:00.\n");
    assert_eq!(story.person.ok("02T05:20", &["pause", "off"]).out, "Not paused.\n");
    story.sync("02T05:30");
    assert_eq!(story.blocks().len(), 1);
}

#[test]
fn a_dry_run_is_a_diff() {
    let story = Story::with_block();
    let (_, body) = story.block();
    let long = event("m", "Meeting", &start(&body)[6..11], "").replace("PT1H", "PT2H");
    story.put("work", "m", &long);
    story.put("tasks", "t2", &todo("t2", "DUE:20260306T160000Z"));
    let gave = story.person.ok("02T05:10", &["sync", "--dry-run"]);
    let signs: Vec<&str> = gave.out.lines().filter_map(|l| l.get(..2)).collect();
    assert!(signs.contains(&"+ ") && signs.contains(&"~ "), "{}", gave.out);
    assert!(gave.out.contains(" -> "), "{}", gave.out);
    let done = json(&story.person.ok("02T05:10", &["sync", "--dry-run", "--json"]).out);
    let kinds: Vec<&Value> =
        done["changes"].as_array().unwrap().iter().map(|c| &c["change"]).collect();
    assert!(kinds.contains(&&Value::from("move")) && kinds.contains(&&Value::from("create")));
    story.remove("tasks", "t1");
    let gave = story.person.ok("02T05:10", &["sync", "--dry-run"]);
    assert!(gave.out.contains("\n- Mon 2 Mar"), "{}", gave.out);
}
