//! What is asked for through each door, from the outside: text, events that ask, tasks that wait
//! for each other, tasks to begin with, time around meetings.

use super::{Story, calendar, event, todo};
use serde_json::Value;

/// Start of March (`05T09:00`), minutes, title of every block ahead, in order of time.
fn ahead(story: &Story, now: &str) -> Vec<(String, i64, String)> {
    let all = story.person.list(now, &["suggestions"]);
    let moment = |v: &Value| v.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let one = |block: &Value| {
        let (start, end) = (moment(&block["start"]), moment(&block["end"]));
        let title = block["title"].as_str().unwrap().to_owned();
        (start.format("%dT%H:%M").to_string(), (end - start).num_minutes(), title)
    };
    all.iter().map(one).collect()
}

/// A story with more lines in its config.
fn with_config(lines: &str) -> Story {
    let story = Story::new();
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, format!("{text}\n{lines}\n")).unwrap();
    story
}

#[test]
fn an_event_that_asks_gets_a_block_and_stays_as_it_is() {
    let story = Story::new();
    let asking = event("p1", "plan: Board deck 90m", "05T08", "");
    story.put("work", "p1", &asking);
    story.sync("02T05:00");
    let [(start, 90, title)] = &ahead(&story, "02T05:00")[..] else { panic!("one block") };
    assert!(title == "Board deck" && start.as_str() < "05T23", "by the day it lies on: {start}");
    assert!(story.block().1.contains("RELATED-TO:p1"));
    let export = story.records("02T05:00", "event");
    let asked = export.iter().find(|e| e["id"]["uid"] == "p1").unwrap();
    assert_eq!((&asked["busy"], &asked["task_type"]), (&false.into(), &Value::Null));
    for now in ["02T05:10", "02T05:20"] {
        story.sync(now);
        assert_eq!(std::fs::read_to_string(story.file("work", "p1")).unwrap(), asking, "{now}");
    }
    // Its words are its own to change: another length is another block.
    story.put("work", "p1", &asking.replace("90m", "2x45m"));
    story.sync("02T05:30");
    let lengths: Vec<i64> = ahead(&story, "02T05:30").into_iter().map(|b| b.1).collect();
    assert_eq!(lengths, [45, 45]);
    story.put("work", "p1", &asking.replace("plan:", "✓ plan:"));
    story.sync("02T05:40");
    assert_eq!(ahead(&story, "02T05:40"), [], "done elsewhere");
    story.put("work", "p1", &asking);
    story.sync("02T05:50");
    assert_eq!(ahead(&story, "02T05:50").len(), 1);
    story.remove("work", "p1");
    story.sync("02T06:00");
    assert_eq!(ahead(&story, "02T06:00"), [], "and with it what it asked for");
}

#[test]
fn what_is_no_request_of_theirs_gets_no_block() {
    let story = Story::new();
    let guests = "ATTENDEE:mailto:mira@example.org\nATTENDEE:mailto:bob@example.org";
    story.put("work", "a", &event("a", "plan: Offsite", "05T08", guests));
    story.put("work", "b", &event("b", "Plan the offsite", "05T10", ""));
    story.put("work", "c", &event("c", "plan: Tennis", "01T10", ""));
    story.sync("02T05:00");
    let titles: Vec<String> = ahead(&story, "02T05:00").into_iter().map(|b| b.2).collect();
    // One that lies in the past was written down late, and is due within a week.
    assert_eq!(titles, ["Tennis"]);
}

#[test]
fn days_and_lengths_are_read_off_the_words() {
    let story = Story::new();
    let ask = |words: &[&str]| story.person.ok("02T05:00", &[&["schedule"], words].concat()).out;
    assert_eq!(
        ask(&["Board deck tomorrow 2h"]),
        "Asked: Board deck, 120 minutes, from Tue 3 Mar 00:00 by Tue 3 Mar 18:00\n"
    );
    assert_eq!(
        ask(&["Piano", "3x45m", "by", "fri"]),
        "Asked: Piano, 3 times 45 minutes, by Fri 6 Mar 18:00\n"
    );
    assert_eq!(ask(&["Prepare for Monday"]), "Asked: Prepare for Monday, by Mon 9 Mar 18:00\n");
    story.sync("02T05:00");
    let blocks = ahead(&story, "02T05:00");
    let deck: Vec<_> = blocks.iter().filter(|b| b.2 == "Board deck").collect();
    assert!(matches!(deck[..], [(start, 120, _)] if start.starts_with("03T")), "{blocks:?}");
    let piano: Vec<i64> = blocks.iter().filter(|b| b.2 == "Piano").map(|b| b.1).collect();
    assert_eq!(piano, [45, 45, 45]);
    let exported = story.records("02T05:00", "ask_detail");
    assert_eq!(exported.len(), 2, "kept beside the asks: {exported:?}");
    story.sync("07T05:00");
    assert_eq!(story.records("07T05:00", "ask_detail"), [] as [Value; 0], "and forgotten");
}

#[test]
fn no_task_is_placed_before_what_it_depends_on() {
    let story = Story::new();
    let task = |uid: &str, more: &str| {
        let lines = format!(
            "UID:{uid}\nSUMMARY:Task {uid}\nESTIMATED-DURATION:PT2H\nDUE:20260306T170000Z\n{more}"
        );
        story.put("tasks", uid, &calendar("VTODO", &lines));
    };
    let order = |now: &str| -> Vec<String> {
        ahead(&story, now).into_iter().map(|b| b.2.replace("Task ", "")).collect()
    };
    task("c", "RELATED-TO;RELTYPE=DEPENDS-ON:b");
    task("a", "RELATED-TO;RELTYPE=FINISHTOSTART:b");
    task("b", "");
    story.sync("02T05:00");
    assert_eq!(order("02T05:00"), ["a", "b", "c"], "in one turn");
    // What it waits for is put off: it follows.
    let day = |start: &str| (start[..2].parse::<u32>().unwrap(), start.to_owned());
    let first = day(&ahead(&story, "02T05:00")[0].0).0;
    let whole = event("m", "Away", &format!("{first:02}T07"), "").replace("PT1H", "PT11H");
    story.put("work", "m", &whole);
    story.sync("02T05:10");
    story.sync("02T05:20");
    assert_eq!(order("02T05:20"), ["a", "b", "c"]);
    // Done: nobody waits for it any longer.
    task("a", "STATUS:COMPLETED");
    story.sync("02T05:30");
    assert_eq!(order("02T05:30"), ["b", "c"]);
}

#[test]
fn tasks_that_wait_for_each_other_in_a_circle_wait_for_nobody() {
    let story = Story::new();
    for (uid, other) in [("a", "b"), ("b", "a")] {
        let more = format!("DUE:20260306T170000Z\nRELATED-TO;RELTYPE=DEPENDS-ON:{other}");
        story.put("tasks", uid, &todo(uid, &more));
    }
    story.sync("02T05:00");
    assert_eq!(ahead(&story, "02T05:00").len(), 2);
}

const DEEP: &str = "[[starter]]\ntitle = \"Deep work\"\nminutes = 90\nper_week = 2\n";
const WEEK: &str = "[[starter]]\ntitle = \"Plan the week\"\nminutes = 30\n";
const INBOX: &str = "[[starter]]\ntitle = \"Inbox\"\nminutes = 30\nper_week = 3\n";

#[test]
fn a_role_brings_tasks_to_begin_with() {
    let story = with_config(&format!("{DEEP}{WEEK}"));
    story.sync("02T05:00");
    let mut titles: Vec<String> = ahead(&story, "02T05:00").into_iter().map(|b| b.2).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles, ["Deep work", "Plan the week"]);
    let closed = with_config(&format!("{DEEP}[suggestions]\ndoors = [\"todos\"]"));
    closed.sync("02T05:00");
    assert_eq!(ahead(&closed, "02T05:00"), [], "behind a door that can be shut");
}

#[test]
fn a_holiday_that_is_marked_free_is_a_holiday() {
    let story = with_config(&format!("{DEEP}{INBOX}"));
    let days = "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260310\nTRANSP:TRANSPARENT";
    let holiday = |title: &str| calendar("VEVENT", &format!("UID:h\nSUMMARY:{title}\n{days}"));
    story.put("work", "h", &holiday("🏖 Urlaub"));
    story.sync("02T05:00");
    let blocks = ahead(&story, "02T05:00");
    assert!(blocks.iter().all(|b| b.0.as_str() > "09T23"), "{blocks:?}");
    story.put("work", "h", &holiday("Urlaub Anna"));
    story.sync("02T05:10");
    assert!(ahead(&story, "02T05:10").iter().any(|b| b.0.as_str() < "05"), "somebody else's");
}

#[test]
fn time_around_meetings_where_it_is_asked_for() {
    let story = with_config("[suggestions]\npreparation_minutes = 30\nrecovery_minutes = 15");
    let guests = "ATTENDEE:mailto:mira@example.org\nATTENDEE:mailto:bob@example.org";
    let long = event("w", "Workshop", "03T12", guests).replace("PT1H", "PT2H");
    story.put("work", "w", &long);
    story.put("work", "s", &event("s", "Standup", "04T12", guests).replace("PT1H", "PT15M"));
    story.sync("02T05:00");
    let blocks = ahead(&story, "02T05:00");
    let [(before, 30, prepare), (after, 15, recover)] = &blocks[..] else { panic!("{blocks:?}") };
    assert_eq!((prepare.as_str(), recover.as_str()), ("Prepare: Workshop", "Recover: Workshop"));
    assert!(before.as_str() < "03T12" && after.as_str() >= "03T14", "{blocks:?}");
    story.remove("work", "w");
    story.sync("02T05:10");
    assert_eq!(ahead(&story, "02T05:10"), []);
}
