//! One test a rule.

use super::super::*;
use super::people::{World, event, is_new, utc};
use crate::event::EventId;
use crate::schedule::request::Door;
use crate::schedule::suggestion::{Intent, State};
use chrono::TimeDelta;

#[test]
fn a_todo_goes_to_its_best_hour_and_stays_there() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let first = world.turn("t").unwrap();
    assert!(is_new(&first));
    assert_eq!((first.start, first.end), (utc("02T10:00"), utc("02T11:00")));
    world.meeting("03T10:00", "03T11:00");
    assert_eq!(world.turn("t").unwrap(), Suggestion { intent: None, ..first });
}

#[test]
fn what_is_booked_over_moves_under_the_same_uid() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let first = world.turn("t").unwrap();
    world.meeting("02T10:30", "02T11:30");
    let moved = world.turn("t").unwrap();
    assert_eq!((moved.uid, moved.sequence), (first.uid, 1));
    assert_eq!(moved.start, utc("03T10:00"));
    assert_eq!(moved.intent, Some(Intent::Create), "never confirmed: still to be created");
}

#[test]
fn a_published_block_that_moves_is_an_update() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let first = world.turn("t").unwrap();
    let published = crate::schedule::suggestion::Published {
        collection: crate::event::CollectionId::new("a/b"),
        href: crate::event::Href::new("x.ics"),
        etag: None,
        start: first.start,
        end: first.end,
        title: first.title.clone(),
        description: first.description(),
    };
    world.suggestions.get_mut(&first.uid).unwrap().published = Some(published);
    world.meeting("02T10:30", "02T11:30");
    assert_eq!(world.turn("t").unwrap().intent, Some(Intent::Update));
}

#[test]
fn inside_the_freeze_window_nothing_moves_or_goes() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let first = world.turn("t").unwrap();
    world.meeting("02T10:30", "02T11:30");
    world.now = utc("02T09:30");
    let plan = world.plan();
    assert_eq!(plan.notes, [(first.uid.clone(), Note::ConflictInFreeze)]);
    assert_eq!(plan.suggestions, [Suggestion { intent: None, ..first.clone() }]);
    world.requests.clear();
    let plan = world.plan();
    assert_eq!(plan.notes, [(first.uid, Note::GoneInFreeze)]);
    assert_eq!(plan.withdrawn, []);
}

#[test]
fn what_the_person_touched_never_moves() {
    for state in [State::Accepted, State::Taken] {
        let mut world = World::new();
        world.todo("t", Some("03T17:00"));
        let first = world.turn("t").unwrap();
        world.mark(&first, state);
        world.meeting("02T10:30", "02T11:30");
        assert_eq!(world.turn("t").unwrap().start, first.start);
        world.requests.clear();
        assert_eq!(world.plan().withdrawn, []);
    }
}

#[test]
fn a_request_that_vanished_withdraws_its_proposal() {
    let mut world = World::new();
    world.todo("t", None);
    let first = world.turn("t").unwrap();
    world.requests.clear();
    assert_eq!(world.plan().withdrawn, [(first.uid, Withdrawal::Gone)]);
}

#[test]
fn a_block_that_passed_waits_a_day_and_gives_up_in_the_end() {
    let mut world = World::new();
    world.todo("t", None);
    let mut block = world.turn("t").unwrap();
    for attempt in 1..8 {
        world.now = block.end;
        let plan = world.plan();
        world.settle(&plan);
        assert_eq!(world.suggestions[&block.uid].state, State::Past);
        if attempt == 5 {
            world.now += TimeDelta::days(2);
            assert_eq!(world.plan().unplaced[0].1, Unplaced::GivenUp);
            return;
        }
        assert_eq!(plan.unplaced[0].1, Unplaced::Waiting);
        world.now += TimeDelta::days(1);
        block = world.turn("t").unwrap();
        assert_eq!(block.attempt, attempt);
    }
    panic!("never gave up");
}

#[test]
fn marks_speak_for_a_block_that_passed() {
    for (door, done, again) in [
        (Door::Todo, Some(false), true),
        (Door::Todo, Some(true), false),
        (Door::Ask, Some(false), true),
        (Door::Ask, None, false),
        (Door::Habit, Some(false), false),
    ] {
        let mut world = World::new();
        world.request(door, "t", Some("13T17:00"));
        let block = world.turn("t").unwrap();
        world.now = block.end;
        let id = EventId { uid: block.uid.clone(), recurrence_id: None };
        let mut seen = event(id.clone(), block.start, block.end);
        seen.completed = done;
        world.events.insert(id, seen);
        assert_eq!(world.turn("t").is_some(), again, "{door:?} {done:?}");
    }
}

#[test]
fn a_deleted_block_comes_back_once_elsewhere_after_a_day() {
    for door in [Door::Todo, Door::Ask] {
        let mut world = World::new();
        world.request(door, "t", Some("13T17:00"));
        let first = world.turn("t").unwrap();
        world.mark(&first, State::Refused);
        assert_eq!(world.turn("t"), None);
        assert_eq!(world.plan().unplaced[0].1, Unplaced::BackOff);
        world.now += TimeDelta::days(1);
        let second = world.turn("t").unwrap();
        assert_eq!((second.attempt, second.uid == first.uid), (1, false));
        assert!(second.start >= first.end || second.end <= first.start);
        world.mark(&second, State::Refused);
        world.now += TimeDelta::days(3);
        assert_eq!(world.turn("t"), None);
        assert_eq!(world.plan().unplaced[0].1, Unplaced::Refused);
    }
}

#[test]
fn a_deleted_block_is_not_put_back_where_it_was() {
    let mut world = World::new();
    world.now = utc("01T06:00");
    world.todo("t", Some("02T17:00")).earliest = Some(utc("02T09:00"));
    let first = world.turn("t").unwrap();
    world.mark(&first, State::Refused);
    world.now += TimeDelta::days(1);
    let second = world.turn("t").unwrap();
    assert!(second.start >= first.end || second.end <= first.start, "{}", second.start);
}

#[test]
fn a_deleted_habit_is_not_replaced() {
    let mut world = World::new();
    world.request(Door::Habit, "h", None);
    let first = world.turn("h").unwrap();
    world.mark(&first, State::Refused);
    world.now += TimeDelta::days(2);
    assert_eq!(world.turn("h"), None);
}

#[test]
fn long_tasks_are_split_and_spread() {
    let mut world = World::new();
    world.todo("t", Some("13T17:00")).minutes = Some(300);
    let plan = world.plan();
    let minutes: Vec<_> =
        plan.suggestions.iter().map(|s| (s.end - s.start).num_minutes()).collect();
    assert_eq!(minutes.iter().sum::<i64>(), 300);
    assert!(minutes.iter().all(|&m| m <= 120));
    let mut sessions: Vec<_> = plan.suggestions.iter().map(|s| s.session).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [0, 1, 2]);
}

#[test]
fn habits_keep_to_caps_and_white_space() {
    let mut world = World::new();
    for n in 0..40 {
        let name = format!("h{n}");
        let habit = world.request(Door::Habit, &name, Some("03T00:00"));
        (habit.task_type, habit.minutes) = (Some(2), Some(30));
    }
    assert_eq!(world.plan().suggestions.len(), 3, "the daily cap");
    world.settings.daily_cap = 100;
    world.settings.white_space = 0.8;
    assert_eq!(world.plan().suggestions.len(), 3, "96 of 480 minutes");
    for request in &mut world.requests {
        request.door = Door::Todo;
    }
    assert!(world.plan().suggestions.len() > 8, "caps don't bind what was asked for");
}

#[test]
fn what_was_asked_for_comes_before_habits_and_deadlines_before_the_rest() {
    let mut world = World::new();
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-11:15"]).unwrap());
    for (door, name) in [(Door::Habit, "h"), (Door::Todo, "u"), (Door::Ask, "d")] {
        world.request(door, name, Some("02T17:00")).task_type = Some(2);
    }
    world.requests[1].deadline = None;
    world.requests[1].weight = 2;
    let stands = |plan: &Plan, name: &str| plan.suggestions.iter().any(|s| s.request.0 == name);
    let plan = world.plan();
    assert!(stands(&plan, "d") && stands(&plan, "u") && !stands(&plan, "h"));
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-10:15"]).unwrap());
    let plan = world.plan();
    let start = |name: &str| plan.suggestions.iter().find(|s| s.request.0 == name).unwrap().start;
    assert_eq!((start("d"), start("u")), (utc("02T09:15"), utc("09T09:15")), "a week later");
}

#[test]
fn care_rules_give_way_only_to_what_was_asked_for() {
    let mut world = World::new();
    world.settings.buffer_minutes = 0;
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-12:00"]).unwrap());
    for name in ["a", "b", "c"] {
        world.todo(name, Some("02T17:00"));
    }
    let plan = world.plan();
    assert_eq!(plan.suggestions.len(), 3, "three demanding hours in a row, as asked");
    let crowded = "It fits only close to other demanding work.".to_owned();
    assert!(plan.suggestions.iter().any(|s| s.reasons.contains(&crowded)));
    for request in &mut world.requests {
        request.door = Door::Habit;
    }
    world.settings.white_space = 0.0;
    assert_eq!(world.plan().suggestions.len(), 2, "an hour of recovery between habits");
}

#[test]
fn a_near_deadline_may_start_inside_the_freeze_window() {
    let mut world = World::new();
    world.now = utc("02T15:30");
    world.todo("t", Some("02T17:00"));
    assert_eq!(world.turn("t").unwrap().start, utc("02T15:30"));
    world.suggestions.clear();
    world.requests[0].deadline = Some(utc("02T16:00"));
    assert_eq!(world.turn("t"), None);
    assert_eq!(world.plan().unplaced[0].1, Unplaced::NoRoom);
    world.requests[0].deadline = Some(utc("02T15:00"));
    assert_eq!(world.plan().unplaced[0].1, Unplaced::TooLate);
}

#[test]
fn what_has_no_type_waits() {
    let mut world = World::new();
    world.todo("t", None).task_type = None;
    assert_eq!(world.plan().unplaced[0].1, Unplaced::Unclassified);
}

#[test]
fn a_conflict_without_another_place_withdraws() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    let first = world.turn("t").unwrap();
    world.meeting("02T09:00", "02T17:00");
    let plan = world.plan();
    assert_eq!(plan.withdrawn, [(first.uid, Withdrawal::NoRoom)]);
    assert_eq!(plan.unplaced[0].1, Unplaced::NoRoom);
}

#[test]
fn tired_hours_are_avoided() {
    let mut world = World::new();
    world.settings.buffer_minutes = 0;
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:00", "02T10:00");
    let block = world.turn("t").unwrap();
    assert!(block.start > utc("02T10:00"), "right after a meeting: {}", block.start);
}

#[test]
fn what_stands_needs_its_recovery_too() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    let stands = world.turn("t").unwrap();
    world.mark(&stands, State::Accepted);
    world.types.by_id.get_mut(&1).unwrap().recovery_hours = 3.0;
    world.request(Door::Habit, "h", Some("02T17:00"));
    let habit = world.turn("h").unwrap();
    assert!(habit.start >= stands.end + TimeDelta::hours(3), "{}", habit.start);
}

#[test]
fn sessions_that_stand_fill_their_day() {
    let mut world = World::new();
    world.settings.max_per_day = 1;
    let todo = world.todo("t", Some("03T17:00"));
    (todo.minutes, todo.task_type) = (Some(240), Some(2));
    let plan = world.plan();
    world.settle(&plan);
    let monday = plan.suggestions.iter().find(|s| s.start < utc("03T00:00")).unwrap();
    let tuesday = plan.suggestions.iter().find(|s| s.start > utc("03T00:00")).unwrap();
    world.mark(monday, State::Accepted);
    let id = EventId { uid: Uid::new("m"), recurrence_id: None };
    world.events.insert(id.clone(), event(id, tuesday.start, tuesday.end));
    let moved = world.plan().suggestions.into_iter().find(|s| s.uid == tuesday.uid).unwrap();
    assert!(moved.start > utc("03T00:00"), "not a second one on Monday: {}", moved.start);
}

#[test]
fn the_hour_that_is_skipped_is_worked_around() {
    let mut world = World::new();
    world.zone = Tz::Europe__Berlin;
    world.now = utc("28T20:00");
    world.settings.working = Some(WorkingHours::parse(&["Sun 01:00-04:00"]).unwrap());
    world.types.by_id.get_mut(&1).unwrap().hours.prior[2] = 1.0;
    world.types.by_id.get_mut(&1).unwrap().hours.score[2] = 1.0;
    world.todo("t", Some("29T10:00"));
    let block = world.turn("t").unwrap();
    assert!([utc("29T00:00"), utc("29T01:00")].contains(&block.start), "{}", block.start);
}

/// Two times three hours are six hours, however they are cut.
#[test]
fn stated_sessions_keep_their_minutes() {
    let mut world = World::new();
    let ask = world.request(Door::Ask, "w", None);
    (ask.minutes, ask.sessions) = (Some(180), 2);
    let plan = world.plan();
    let own = || plan.suggestions.iter().filter(|s| s.request.0 == "w");
    assert_eq!(own().map(|s| (s.end - s.start).num_minutes()).sum::<i64>(), 360);
    assert!(own().all(|s| s.end - s.start <= TimeDelta::minutes(120)) && plan.unplaced.is_empty());
}
