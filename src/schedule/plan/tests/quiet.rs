//! While the person wants quiet.

use super::super::*;
use super::people::{World, utc};
use crate::schedule::request::Door;
use crate::schedule::restraint::Pause;
use crate::schedule::suggestion::State;

fn pause(world: &mut World, until: &str) {
    let pause = Some(Pause { until: utc(until) });
    world.restraint = Restraint::new(pause, world.now);
}

/// A habit of the first days of the week and one of its end.
fn with_habits() -> World {
    let mut world = World::new();
    world.request(Door::Habit, "early", Some("03T17:00"));
    world.request(Door::Habit, "late", Some("06T17:00")).earliest = Some(utc("05T09:00"));
    world
}

#[test]
fn what_nobody_asked_for_is_taken_back_within_it_and_stays_behind_it() {
    let mut world = with_habits();
    let plan = world.plan();
    world.settle(&plan);
    let late = plan.suggestions.iter().find(|s| s.request.0 == "late").unwrap().clone();
    pause(&mut world, "04T06:00");
    let quiet = world.plan();
    let early = plan.suggestions.iter().find(|s| s.request.0 == "early").unwrap();
    assert_eq!(quiet.withdrawn, [(early.uid.clone(), Withdrawal::Paused)]);
    assert_eq!(quiet.suggestions, [Suggestion { intent: None, ..late }]);
    world.settle(&quiet);
    world.now = utc("04T06:00");
    pause(&mut world, "04T06:00");
    assert_eq!(world.restraint.pause, None, "over");
}

#[test]
fn nothing_new_but_what_is_asked_for_by_name() {
    let mut world = with_habits();
    world.todo("todo", Some("05T17:00"));
    world.request(Door::Ask, "ask", Some("05T17:00"));
    pause(&mut world, "04T06:00");
    let plan = world.plan();
    let placed: Vec<&str> = plan.suggestions.iter().map(|s| s.request.0.as_str()).collect();
    assert_eq!(placed, ["ask"]);
    let paused = |key: &str| (RequestKey(key.to_owned()), Unplaced::Paused);
    assert_eq!(plan.unplaced, [paused("early"), paused("late"), paused("todo")]);
}

#[test]
fn what_was_asked_for_or_touched_stays() {
    let mut world = with_habits();
    world.todo("todo", Some("03T17:00"));
    let plan = world.plan();
    world.settle(&plan);
    let early = plan.suggestions.iter().find(|s| s.request.0 == "early").unwrap();
    world.mark(early, State::Accepted);
    pause(&mut world, "04T06:00");
    let quiet = world.plan();
    assert_eq!((quiet.withdrawn.len(), quiet.suggestions.len()), (0, 3));
    let todo = quiet.suggestions.iter().find(|s| s.request.0 == "todo").unwrap();
    world.meeting("02T09:00", "02T17:00");
    let moved = world.plan();
    let again = moved.suggestions.iter().find(|s| s.uid == todo.uid).unwrap();
    assert!(todo.start < utc("02T17:00") && again.start > utc("03T08:00"), "{again:?}");
}
