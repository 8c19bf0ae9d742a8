//! While the person wants quiet.

use super::super::*;
use super::people::{World, utc};
use crate::schedule::request::Door;
use crate::schedule::restraint::Pause;
use crate::schedule::suggestion::State;

fn pause(world: &mut World, until: &str) {
    let pause = Some(Pause { until: utc(until) });
    world.restraint = Restraint::new(pause, &world.suggestions, &world.events, world.now);
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

/// Rests after refusals of one kind of work, a day of March each, as days until the next proposal.
#[test]
fn each_refusal_after_a_rest_doubles_it() {
    let mut world = World::new();
    let refuse = |world: &mut World, name: &str, day: &str| {
        world.now = utc(&format!("{day}T06:00"));
        let request = world.request(Door::Habit, name, Some("31T17:00"));
        request.earliest = Some(utc(&format!("{day}T09:00")));
        let plan = world.plan();
        world.settle(&plan);
        let block = plan.suggestions.iter().find(|s| s.request.0 == name).unwrap().clone();
        world.mark(&block, State::Refused);
        let until = |world: &World| {
            Restraint::new(None, &world.suggestions, &world.events, world.now)
                .resting
                .get(&1)
                .copied()
        };
        world.requests.clear();
        until(world)
    };
    assert_eq!(refuse(&mut world, "a", "02"), Some(utc("09T06:00")));
    assert_eq!(refuse(&mut world, "b", "03"), Some(utc("09T06:00")), "no more within the rest");
    assert_eq!(refuse(&mut world, "c", "09"), Some(utc("23T06:00")), "two weeks");
    // One that they kept ends the row.
    let kept = world.suggestions.values().find(|s| s.request.0 == "b").unwrap().clone();
    world.now = utc("23T07:00");
    world.mark(&kept, State::Accepted);
    assert_eq!(refuse(&mut world, "d", "24"), Some(utc("31T06:00")), "a week again");
}

#[test]
fn a_kind_of_work_that_rests_is_not_proposed_unasked() {
    let mut world = World::new();
    world.request(Door::Habit, "habit", Some("06T17:00"));
    world.todo("todo", Some("06T17:00"));
    world.restraint.resting.insert(1, utc("09T06:00"));
    let plan = world.plan();
    let placed: Vec<&str> = plan.suggestions.iter().map(|s| s.request.0.as_str()).collect();
    assert_eq!(placed, ["todo"]);
    assert_eq!(plan.unplaced, [(RequestKey("habit".to_owned()), Unplaced::Resting)]);
}

#[test]
fn no_more_than_the_cap_is_proposed_in_a_week() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        let habit = world.request(Door::Habit, name, Some("09T00:00"));
        (habit.earliest, habit.sessions) = (Some(utc("02T00:00")), 3);
    }
    world.settings.weekly_cap = 4;
    world.settings.focus_cap_minutes = 1440;
    let plan = world.plan();
    let of = |name: &str| plan.suggestions.iter().filter(|s| s.request.0 == name).count();
    assert_eq!([of("a"), of("b"), of("c")], [2, 1, 1], "one of each before a second");
    world.settle(&plan);
    world.now = utc("03T06:00");
    assert_eq!(world.plan().suggestions.iter().filter(|s| s.sequence == 0).count(), 4, "for good");
}

#[test]
fn evenings_and_weekends_are_theirs_unless_such_work_is_there() {
    let mut world = World::new();
    world.settings.working = None;
    for day in 2..29 {
        // Work of another kind, each day until eight in the evening.
        world.meeting_of(2, &format!("{day:02}T08:00"), &format!("{day:02}T20:00"));
    }
    world.now = utc("29T06:00");
    let kind = world.types.by_id.get_mut(&1).unwrap();
    kind.hours.prior = std::array::from_fn(|h| if h >= 18 { 0.9 } else { 0.2 });
    kind.hours.score = kind.hours.prior;
    let habit = world.request(Door::Habit, "h", Some("31T23:00"));
    habit.reach = crate::schedule::request::Reach::WORK;
    let block = world.turn("h").unwrap();
    assert!(block.end <= utc("30T18:00") && block.start > utc("30T00:00"), "{block:?}");
    world.suggestions.clear();
    world.requests[0].reach = crate::schedule::request::Reach::ALL;
    let block = world.turn("h").unwrap();
    assert!(block.start.format("%H").to_string().as_str() >= "18", "{block:?}");
}
