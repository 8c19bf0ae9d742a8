//! The person's own word on task types: it holds for ever, and nothing learned is lost over it.

use super::{Story, event};
use chronotype::event::PrincipalId;
use chronotype::store::{Person, Store};
use chronotype::task::replay;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Two weeks of four kinds of work; all of it settled.
fn two_weeks() -> Story {
    let story = Story::new();
    for (n, day) in ["02", "03", "04", "05", "09", "10", "11", "12"].iter().enumerate() {
        let title = ["Zahnarzt", "Steuererklärung", "Code review", "Yoga"][n % 4];
        story.put(
            "work",
            &format!("e{n}"),
            &event(&format!("e{n}"), title, &format!("{day}T09"), ""),
        );
        let early = format!("{day}T05:00");
        story.sync(&early);
        if n == 6 {
            // One that failed, so that hours differ.
            story.remove("work", "e6");
            story.sync("11T06:00");
        }
    }
    story.sync("16T05:00");
    story
}

fn person(store: &Path) -> Person {
    Store::open(store).unwrap().load(&PrincipalId::new("jane").unwrap()).unwrap()
}

/// What is learned is what replaying all of it gives, bit for bit.
#[track_caller]
fn check_replay(story: &Story) -> Person {
    let person = person(&story.person.path("store"));
    let mut again = person.types.clone();
    let all: BTreeSet<u32> = again.by_id.keys().copied().collect();
    let zone = chrono_tz::Europe::Berlin;
    replay::rebuild(&mut again, &all, &person.events, &person.journal, zone);
    assert_eq!(again, person.types);
    person
}

fn portrait(story: &Story, now: &str, name: &str) -> Value {
    let gave = story.person.ok(now, &["types", "show", name, "--json"]);
    serde_json::from_str(&gave.out).unwrap()
}

fn arrays(portrait: &Value) -> Vec<&Value> {
    let fields = [
        "hourly_scores",
        "confidence_scores",
        "performance_by_hour",
        "placement",
        "prior",
        "cognitive_load",
        "recovery_hours",
        "depletion_curve",
        "events",
        "category",
    ];
    fields.iter().map(|field| &portrait[field]).collect()
}

#[track_caller]
fn check_refused(story: &Story, args: &[&str], code: i32, err: &str) {
    let gave = story.person.run("16T06:00", args);
    assert_eq!((gave.code, gave.err.as_str(), gave.out.as_str()), (Some(code), err, ""));
}

#[test]
fn merging_and_splitting_again_gives_back_what_was_learned() {
    let story = two_weeks();
    check_replay(&story);
    let (dentist, taxes) =
        (portrait(&story, "16T06:00", "Zahnarzt"), portrait(&story, "16T06:00", "Steuererklärung"));
    let gave = story.person.ok("16T06:00", &["types", "merge", "Zahnarzt", "Steuererklärung"]);
    assert_eq!(gave.out, "'Steuererklärung' is part of 'Zahnarzt' now; 2 events moved.\n");
    let both = check_replay(&story);
    assert!(both.types.named("Steuererklärung").is_none());
    assert_ne!(arrays(&portrait(&story, "16T06:00", "Zahnarzt")), arrays(&dentist));
    // By the name that it had.
    let split = ["types", "split", "Zahnarzt", "--out", "Steuererklärung"];
    let gave = story.person.ok("16T06:00", &split);
    assert_eq!(gave.out, "2 events of 'Zahnarzt' went to 'Steuererklärung'.\n");
    check_replay(&story);
    assert_eq!(arrays(&portrait(&story, "16T06:00", "Zahnarzt")), arrays(&dentist));
    assert_eq!(arrays(&portrait(&story, "16T06:00", "Steuererklärung")), arrays(&taxes));
}

#[test]
fn turns_after_a_correction_go_on_from_it() {
    let story = two_weeks();
    story.person.ok("16T06:00", &["types", "merge", "Zahnarzt", "Steuererklärung"]);
    story.person.ok("16T06:00", &["types", "rename", "Zahnarzt", "Errands"]);
    story.person.ok("16T06:00", &["types", "set-category", "Errands", "collaborative"]);
    for (n, title) in ["Steuererklärung", "Steuererklärung 2026", "Zahnarzt"].iter().enumerate() {
        story.put(
            "work",
            &format!("f{n}"),
            &event(&format!("f{n}"), title, &format!("1{}T12", 7 + n), ""),
        );
    }
    story.sync("16T07:00");
    story.sync("23T07:00");
    let person = check_replay(&story);
    let errands = person.types.named("Errands").unwrap();
    assert_eq!((errands.events, errands.category.word()), (7, "collaborative"));
    let settled = person.events.values().filter(|e| e.task_type == Some(errands.id) && e.closed);
    assert_eq!(settled.count(), 7);
}

#[test]
fn what_is_taught_wins_over_series_and_meaning() {
    let story = two_weeks();
    let weekly = event("s", "Code review", "03T14", "RRULE:FREQ=WEEKLY");
    story.put("work", "s", &weekly);
    story.sync("16T06:00");
    let teach = |input: &str, args: &[&str]| {
        let args = [&["classify", "--teach"], args].concat();
        let mut child = story.person.command("16T07:00", &args).piped().spawn();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.output();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let store = || std::fs::read(story.person.path("store/db")).unwrap();
    let before = store();
    let (code, text) = teach("Code review\tReading\n", &["--dry-run"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("Dry run: 1 title taught:"), "{text}");
    assert!(store() == before, "a dry run keeps nothing");
    let lines = "{\"title\":\"Code review\",\"task_type\":\"Reading\",\"category\":\"focused\"}\n\
                 RE: zahnarzt 12.3.\tHealth\tadministrative\n";
    assert_eq!(teach(lines, &[]).0, Some(0));
    story.sync("16T08:00");
    let person = check_replay(&story);
    let (reading, health) =
        (person.types.named("Reading").unwrap(), person.types.named("Health").unwrap());
    for event in person.events.values() {
        match event.title.as_str() {
            "Code review" => assert_eq!(event.task_type, Some(reading.id)),
            "Zahnarzt" => assert_eq!(event.task_type, Some(health.id)),
            _ => assert!(![reading.id, health.id].contains(&event.task_type.unwrap())),
        }
    }
    assert_eq!((reading.category.word(), health.category.word()), ("focused", "administrative"));
    assert_eq!(
        teach("Standup\n", &[]),
        (
            Some(1),
            "error: line 1 of the input does not say which title is of which type\nhint: write \
             TITLE<tab>TYPE or TITLE<tab>TYPE<tab>CATEGORY a line, or JSON lines {title, \
             task_type, category}\n"
                .to_owned()
        )
    );
    let (code, text) = teach("Standup\tTalks\tloud\n", &[]);
    assert_eq!(
        (code, text.lines().next()),
        (Some(1), Some("error: line 1 of the input fits no category"))
    );
}

#[test]
fn a_type_that_turns_out_to_be_other_work_learns_anew() {
    let story = Story::new();
    let talk = |uid: &str, day: &str, guests: usize| {
        let guest = |n| format!("ATTENDEE:mailto:guest{n}@example.org");
        let guests: Vec<String> = (0..guests).map(guest).collect();
        let organizer = "ORGANIZER:mailto:mira@example.org\n";
        let more = if guests.is_empty() { "" } else { organizer }.to_owned() + &guests.join("\n");
        event(uid, "Architecture", &format!("{day}T09"), &more)
    };
    story.put("work", "a0", &talk("a0", "02", 0));
    story.sync("02T05:00");
    story.sync("04T05:00");
    let before = check_replay(&story).types.named("Architecture").unwrap().category;
    for (n, day) in ["09", "10", "11", "12", "13"].iter().enumerate() {
        story.put("work", &format!("t{n}"), &talk(&format!("t{n}"), day, 7));
    }
    story.sync("04T06:00");
    let after = check_replay(&story).types.named("Architecture").unwrap().category;
    assert_ne!(before, after, "the story needs a type that turns");
}

#[test]
fn a_type_of_any_name_is_reached_and_nonsense_is_refused() {
    let story = two_weeks();
    story.person.ok("16T06:00", &["types", "rename", "Yoga", "merge"]);
    for args in [&["types", "show", "merge"][..], &["types", "--", "merge"], &["types", "Merge"]] {
        let gave = story.person.ok("16T06:00", args);
        assert!(gave.out.starts_with("merge ("), "{}", gave.out);
    }
    assert_eq!(portrait(&story, "16T06:00", "Code review")["name"], "Code review");
    check_refused(
        &story,
        &["types", "rename", "Zahnartz", "Dentist"],
        1,
        "error: no task type is called 'Zahnartz'\nhint: the nearest is 'Zahnarzt'\n",
    );
    check_refused(
        &story,
        &["types", "rename", "Zahnarzt", "code review"],
        1,
        "error: there is a task type called 'Code review' already\nhint: `chronotype types merge \
         'Code review' 'Zahnarzt'` makes them one\n",
    );
    check_refused(
        &story,
        &["types", "merge", "Zahnarzt", "zahnarzt"],
        2,
        "error: 'Zahnarzt' can't become part of itself\n",
    );
    check_refused(
        &story,
        &["types", "split", "Zahnarzt", "--out", "Gym"],
        1,
        "error: nothing in 'Zahnarzt' is called 'Gym'\nhint: there is: Zahnarzt\n",
    );
    check_refused(
        &story,
        &["types", "split", "Zahnarzt", "--out", "Zahnarzt"],
        1,
        "error: that is all of 'Zahnarzt': nothing would be left of it\nhint: `chronotype types \
         rename` gives it another name\n",
    );
    let before = std::fs::read(story.person.path("store/db")).unwrap();
    let dry = ["types", "merge", "Zahnarzt", "merge", "--dry-run", "--json"];
    let said: Value = serde_json::from_str(&story.person.ok("16T06:00", &dry).out).unwrap();
    assert_eq!((&said["dry_run"], &said["moved_events"]), (&Value::Bool(true), &Value::from(2)));
    assert!(std::fs::read(story.person.path("store/db")).unwrap() == before);
}

#[test]
fn blocks_follow_the_type_that_theirs_became_part_of() {
    let story = Story::new();
    // Eight weeks of a habit, history when it is first read.
    let habit = |n: i64, title: &str, hour: u32| {
        let day =
            chrono::NaiveDate::from_ymd_opt(2026, 1, 7).unwrap() + chrono::Days::new(7 * n as u64);
        let lines = format!(
            "UID:{title}{n}\nSUMMARY:{title}\nDTSTART:{}T{hour:02}0000Z\nDURATION:PT1H",
            day.format("%Y%m%d")
        );
        super::calendar("VEVENT", &lines)
    };
    for n in 0..8 {
        story.put("work", &format!("a{n}"), &habit(n, "Steuererklärung", 9));
        story.put("work", &format!("b{n}"), &habit(n, "Code review", 13));
    }
    story.sync("03T05:00");
    let before = story.blocks();
    assert!(before.len() >= 2, "{before:?}");
    story.person.ok("03T06:00", &["types", "merge", "Code review", "Steuererklärung"]);
    let person = check_replay(&story);
    let id = person.types.named("Code review").unwrap().id;
    for block in person.suggestions.values() {
        assert_eq!(block.task_type, id);
        assert!(block.request.0.starts_with(&format!("habit:{id}:")), "{:?}", block.request);
    }
    let place = |b: &chronotype::schedule::suggestion::Suggestion| (b.request.clone(), b.session);
    let places: BTreeSet<_> = person.suggestions.values().map(place).collect();
    assert_eq!(places.len(), person.suggestions.len(), "each session has one block");
    story.sync("03T07:00");
    assert_eq!(story.blocks().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}

#[test]
fn a_kill_leaves_all_of_a_merge_or_nothing() {
    let story = two_weeks();
    let path = story.person.path("store");
    let before = person(&path);
    let merge = ["types", "merge", "Zahnarzt", "Steuererklärung"];
    let twin = story.person.twin(&[]);
    let started = Instant::now();
    twin.ok("16T06:00", &merge);
    let whole = started.elapsed();
    let after = person(&twin.path("store"));
    assert_ne!(before, after);
    for round in 1..=8 {
        let twin = story.person.twin(&[]);
        let mut child = twin.command("16T06:00", &merge).piped().spawn();
        // Somewhere on its way, however slow the machine.
        std::thread::sleep(whole * round / 8);
        let _ = child.kill();
        child.wait().unwrap();
        let found = person(&twin.path("store"));
        assert!(found == before || found == after, "round {round} left half of it");
    }
}
