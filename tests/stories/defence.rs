//! When a block's time is made busy, and that this is never taken for the person's doing.

use super::{Story, edited, event, todo};

/// A block on Monday at ten, with a line of `[suggestions]`.
fn with_defence(line: &str) -> Story {
    let story = Story::new();
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, format!("{text}\n[suggestions]\n{line}\n")).unwrap();
    story.put("tasks", "t1", &todo("t1", "DUE:20260306T160000Z"));
    story.sync("02T05:00");
    story
}

fn is_busy(story: &Story) -> bool {
    story.block().1.contains("TRANSP:OPAQUE")
}

/// The last turn in which it can still be moved, and the first in which it can't.
fn around_freeze(story: &Story) -> (String, String) {
    let (_, body) = story.block();
    let start = body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
    let (day, hour) = (&start[..2], start[3..5].parse::<u32>().unwrap());
    (format!("{day}T{:02}:50", hour - 2), format!("{day}T{:02}:10", hour - 1))
}

#[test]
fn a_block_that_starts_soon_becomes_busy_once() {
    let story = with_defence("defence = \"auto\"");
    let (before, soon) = around_freeze(&story);
    story.sync(&before);
    assert!(!is_busy(&story), "it can still be moved");
    let (name, free) = story.block();
    story.sync(&soon);
    let (_, busy) = story.block();
    assert!(is_busy(&story) && busy.contains("STATUS:TENTATIVE"), "{busy}");
    assert_eq!(story.state(&soon, &name), "defended");
    let changing = ["DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "TRANSP", "X-CHRONOTYPE-DEFENDED"];
    let rest = |text: &str| -> Vec<String> {
        let text = text.replace("\r\n ", "");
        let lines =
            text.lines().filter(|line| !changing.contains(&line.split(':').next().unwrap()));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rest(&busy), rest(&free), "nothing else of it changed");
    story.sync(&soon);
    assert_eq!(story.block().1, busy, "once");
    story.sync("04T05:00");
    assert_eq!(story.state("04T05:00", &name), "past", "and nobody touched it");
}

#[test]
fn never_and_always() {
    let story = with_defence("defence = \"never\"");
    story.sync(&around_freeze(&story).1);
    assert!(!is_busy(&story));
    let story = with_defence("defence = \"always\"");
    assert!(is_busy(&story), "from the beginning");
    let (name, body) = story.block();
    story.put("work", "m", &event("m", "Meeting", &body_hour(&body), ""));
    story.sync("02T05:10");
    let (moved, text) = story.block();
    assert_eq!(moved, name);
    assert!(text.contains("TRANSP:OPAQUE") && body_hour(&text) != body_hour(&body), "{text}");
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    story.sync("02T05:20");
    assert!(story.blocks().is_empty(), "still ours to take back");
}

fn body_hour(body: &str) -> String {
    body.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap()[..5].to_owned()
}

#[test]
fn the_last_place_before_a_deadline_is_defended() {
    let story = Story::new();
    for (day, from) in [("02", "08"), ("03", "08")] {
        let whole = event(&format!("d{day}"), "Taken", &format!("{day}T{from}"), "");
        story.put("work", day, &whole.replace("PT1H", if day == "02" { "PT9H" } else { "PT7H" }));
    }
    story.put("tasks", "t1", &todo("t1", "DUE:20260303T170000Z"));
    story.sync("02T05:00");
    let (name, body) = story.block();
    assert!(body.contains("DTSTART:20260303T15"), "{body}");
    assert_eq!((is_busy(&story), story.state("02T05:00", &name).as_str()), (true, "defended"));
}

/// The person's word on it, either way.
#[test]
fn a_defended_block_that_is_made_free_or_confirmed_is_the_persons() {
    for said in [("TRANSP", ":TRANSPARENT"), ("STATUS", ":CONFIRMED")] {
        let story = with_defence("defence = \"always\"");
        let (name, body) = story.block();
        let theirs = edited(&body, &[said]);
        story.put("chronotype", &name, &theirs);
        story.sync("02T05:10");
        assert_eq!(story.state("02T05:10", &name), "accepted", "{said:?}");
        story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
        story.sync("02T05:20");
        assert_eq!(story.block().1, theirs, "{said:?}");
    }
}

/// It dies after the write and before that is recorded: what lies there busy is ours.
#[test]
fn an_unconfirmed_defence_is_no_gesture() {
    let story = with_defence("defence = \"auto\"");
    let (_, soon) = around_freeze(&story);
    let died = story.person.run(&soon, &["sync", "--die-at", "3"]);
    assert_eq!(died.code, None, "dies after the write");
    assert!(is_busy(&story));
    let (name, busy) = story.block();
    story.sync(&soon);
    assert_eq!((story.state(&soon, &name).as_str(), story.block().1), ("defended", busy));
}
