//! What is out stays where it is, and what can still make it move.

use super::super::*;
use super::people::{World, utc};
use crate::schedule::request::Door;
use crate::schedule::suggestion::State;

/// A block at nine, and another hour that gains so much more.
fn tempted(gain: f32) -> (World, Suggestion) {
    let mut world = World::new();
    world.types.by_id.get_mut(&1).unwrap().hours.prior = [0.5; 24];
    world.types.by_id.get_mut(&1).unwrap().hours.score = [0.5; 24];
    world.todo("t", Some("02T17:00"));
    let block = world.turn("t").unwrap();
    assert_eq!(block.start, utc("02T09:00"));
    // Start values count 0.7.
    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.prior[14] += gain / 0.7;
    deep.hours.score[14] += gain / 0.7;
    (world, block)
}

#[test]
fn a_block_moves_for_a_clear_gain_and_for_nothing_less() {
    let (mut world, block) = tempted(0.095);
    assert_eq!(world.turn("t").unwrap().start, block.start);
    let (mut world, block) = tempted(0.105);
    let moved = world.turn("t").unwrap();
    assert_eq!((moved.start, moved.uid), (utc("02T14:00"), block.uid));
    assert_eq!(moved.reasons[0], "Moved here: it is clearly better than Monday 09:00.");
    assert_eq!(world.turn("t").unwrap().start, moved.start, "and stays there");
}

#[test]
fn no_gain_moves_a_block_in_its_freeze_window_or_one_that_was_touched() {
    let (mut world, block) = tempted(0.4);
    world.now = utc("02T08:01");
    assert_eq!(world.turn("t").unwrap().start, block.start);
    let (mut world, block) = tempted(0.4);
    world.mark(&block, State::Accepted);
    assert_eq!(world.turn("t").unwrap().start, block.start);
}

#[test]
fn a_block_makes_room_for_what_is_due() {
    let mut world = World::new();
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-10:15"]).unwrap());
    world.todo("u", None);
    let loose = world.turn("u").unwrap();
    assert_eq!(loose.start, utc("02T09:15"));
    world.todo("d", Some("02T17:00"));
    let plan = world.plan();
    let at = |name: &str| plan.suggestions.iter().find(|s| s.request.0 == name).unwrap();
    assert_eq!((at("d").start, at("u").start), (utc("02T09:15"), utc("09T09:15")));
    assert_eq!(at("u").uid, loose.uid);
    assert_eq!(at("u").reasons[0], "Moved here from Monday 09:15: that makes room for more.");
    assert_eq!(plan.withdrawn, []);
}

#[test]
fn a_habit_gives_way_to_what_is_due() {
    let mut world = World::new();
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-10:15"]).unwrap());
    world.settings.white_space = 0.0;
    world.request(Door::Habit, "h", Some("09T00:00"));
    let habit = world.turn("h").unwrap();
    world.todo("d", Some("02T17:00"));
    let plan = world.plan();
    assert_eq!(plan.withdrawn, [(habit.uid, Withdrawal::NoRoom)]);
    assert_eq!(plan.suggestions[0].request.0, "d");
}

#[test]
fn care_is_set_aside_where_all_fits_only_so() {
    let mut world = World::new();
    world.settings.buffer_minutes = 0;
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-12:00"]).unwrap());
    // With an hour of recovery the first goes to the middle of its window, and then no two fit.
    world.todo("a", Some("02T17:00")).minutes = Some(90);
    world.todo("b", Some("02T17:00")).minutes = Some(90);
    assert_eq!(world.plan().suggestions.len(), 2);
}

#[test]
fn a_long_task_is_cut_finer_where_it_fits_only_so() {
    let mut world = World::new();
    world.settings.working = Some(WorkingHours::parse(&["Mon-Fri 09:00-10:15"]).unwrap());
    world.todo("t", Some("06T17:00")).minutes = Some(240);
    let plan = world.plan();
    let minutes: Vec<_> =
        plan.suggestions.iter().map(|s| (s.end - s.start).num_minutes()).collect();
    assert_eq!(minutes, [60; 4]);
    assert!(plan.unplaced.is_empty() && plan.withdrawn.is_empty());
    world.settle(&plan);
    let again = world.plan();
    assert!(again.suggestions.iter().all(|s| s.intent.is_none()), "cut as it is");
    assert_eq!(again.suggestions.len(), 4);
    world.settings.shortest_session = 75;
    world.suggestions.clear();
    let parts = world.plan().suggestions;
    assert!(parts.iter().all(|s| (s.end - s.start).num_minutes() == 75), "{parts:?}");
}

#[test]
fn the_order_of_what_is_wanted_is_of_no_account() {
    let mut world = World::new();
    for n in 0..12 {
        let due = (n % 3 > 0).then_some("04T17:00");
        let door = [Door::Todo, Door::Ask, Door::Habit][n % 3];
        world.request(door, &format!("t{n}"), due);
    }
    let plan = world.plan();
    world.requests.reverse();
    assert_eq!(world.plan(), plan);
    world.requests.rotate_left(5);
    assert_eq!(world.plan(), plan);
}

/// A shorter horizon, or a day that begins later in the west, leaves blocks behind its end.
#[test]
fn a_block_beyond_the_horizon_stays_and_stops_nothing() {
    let mut world = World::new();
    let todo = world.todo("t", None);
    todo.earliest = Some(utc("12T00:00"));
    let block = world.turn("t").unwrap();
    world.settings.horizon_days = 7;
    world.todo("u", Some("04T17:00"));
    assert_eq!(world.turn("t").unwrap().start, block.start);
    assert!(world.turn("u").is_some());
}
