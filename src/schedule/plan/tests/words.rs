//! What reasons say, and that they are true.

use super::people::{World, utc};
use crate::memory::recall::{Slots, Voice};
use crate::schedule::request::Door;
use crate::task::Hours;

fn said(world: &World) -> Vec<String> {
    world.plan().suggestions[0].reasons.clone()
}

#[test]
fn prior_learned_and_placed_are_told_apart() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let lines = said(&world);
    assert_eq!(lines[0], "Around 10:00 is typical for focused work; nothing learned yet.");
    assert_eq!(lines.last().unwrap(), "Due Tuesday 17:00.");

    world.requests[0].deadline = Some(utc("04T00:00"));
    assert_eq!(said(&world).last().unwrap(), "Due Tuesday.");
    world.requests[0].door = Door::Habit;
    assert!(!said(&world).concat().contains("Due"), "nothing is due when a habit's week ends");
    world.requests[0].door = Door::Todo;

    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.placement[15] = 30.0;
    assert_eq!(said(&world)[0], "You put this kind of work around 15:00 yourself.");

    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.placement = [0.0; 24];
    deep.hours.score = std::array::from_fn(|h| deep.hours.prior[h] - 0.2);
    deep.hours.confidence = [0.5; 24];
    deep.hours.score[13] = 1.0;
    deep.hours.score[14] = 1.0;
    deep.hours.score[12] = 1.0;
    assert_eq!(
        said(&world)[0],
        "Your Deep work goes best around 13:00 (24 observations, 50 % sure)."
    );
}

#[test]
fn a_day_that_ends_is_called_by_its_name() {
    let mut world = World::new();
    world.todo("t", Some("04T00:00"));
    assert_eq!(said(&world).last().unwrap(), "Due Tuesday.");
}

#[test]
fn a_habit_is_not_due() {
    let mut world = World::new();
    let habit = world.request(Door::Habit, "h", Some("09T00:00"));
    (habit.sessions, habit.weekly) = (1, 3);
    let lines = said(&world);
    assert_eq!(lines.last().unwrap(), "You do this about 3 times a week: number 3.");
    assert!(lines.iter().all(|l| !l.contains("Due")), "{lines:?}");
}

#[test]
fn a_score_has_room_above_what_is_sure() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.prior = [1.0; 24];
    deep.hours.score = [1.0; 24];
    let plain = world.plan().suggestions[0].score;
    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.placement[10] = 30.0;
    let loved = world.plan().suggestions[0].score;
    assert!(plain < loved && loved < 1.0, "{plain} {loved}");
}

#[test]
fn a_better_place_that_is_taken_is_named() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:30", "02T11:30");
    let lines = said(&world);
    assert!(
        lines.iter().any(|l| l == "Monday 10:00 would suit it better but is taken."),
        "{lines:?}"
    );
    assert!(lines.iter().all(|l| !l.contains("secret")), "no titles of other events");
}

#[test]
fn a_moved_block_says_what_it_left() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    world.turn("t").unwrap();
    world.meeting("02T10:30", "02T11:30");
    let moved = world.turn("t").unwrap();
    assert_eq!(moved.start, utc("03T10:00"));
    assert_eq!(moved.reasons[0], "Moved here: Monday 10:00 is taken now.");
}

#[test]
fn two_to_four_sentences() {
    let mut world = World::new();
    for n in 0..30 {
        world.todo(&format!("t{n}"), Some("13T17:00"));
    }
    for block in world.plan().suggestions {
        assert!((2..=4).contains(&block.reasons.len()), "{:?}", block.reasons);
    }
}

#[test]
fn nothing_is_claimed_for_an_hour_that_was_merely_left() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:00", "02T15:30");
    assert_eq!(said(&world)[0], "Not its best hour, but the best that was free.");
    world.now = utc("02T15:55");
    world.events.clear();
    assert_eq!(said(&world)[0], "It is the only time left.");
    world.now = utc("02T06:00");
    let deep = world.types.by_id.get_mut(&1).unwrap();
    deep.hours.prior = [0.5; 24];
    deep.hours.score = [0.5; 24];
    assert_eq!(said(&world)[0], "The hour matters little for it here.");
}

#[test]
fn the_insights_behind_a_place_are_named_the_strongest_first() {
    let mut world = World::new();
    world.todo("t", Some("04T17:00"));
    let hours = |from, to| Slots::Hours { from, to };
    let voice = |insight, slots, says| Voice { insight, slots, says };
    let voices = vec![
        voice(2, hours(13, 15), -0.9),
        voice(3, Slots::Weekday(2), -0.9),
        voice(4, hours(6, 9), 0.9),
        voice(5, hours(9, 17), 0.9),
    ];
    world.voices.insert(1, voices);
    let lines = said(&world);
    let cited: Vec<&String> = lines.iter().filter(|line| line.contains("(i")).collect();
    assert_eq!(
        cited,
        ["It keeps clear of Tuesdays (i3).", "It keeps clear of 13:00 to 15:00 (i2)."],
        "those that make no difference here are not"
    );
    assert!(lines.len() <= 5 && lines.last().unwrap() == "Due Wednesday 17:00.", "{lines:?}");
    world.voices.insert(2, world.voices[&1].clone());
    world.voices.remove(&1);
    assert!(!said(&world).concat().contains("(i"), "another type's insights");
}

#[test]
fn where_only_an_insight_tells_places_apart_it_alone_is_told() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    world.types.by_id.get_mut(&1).unwrap().hours = Hours::from_scores([0.5; 24]);
    assert_eq!(said(&world)[0], "The hour matters little for it here.");
    let lunch = Voice { insight: 9, slots: Slots::Hours { from: 9, to: 13 }, says: -0.9 };
    world.voices.insert(1, vec![lunch]);
    let lines = said(&world);
    assert_eq!(lines[0], "It keeps clear of 9:00 to 13:00 (i9).");
    assert!(!lines.concat().contains("matters little"), "{lines:?}");
}

#[test]
fn what_a_block_owes_to_an_insight_that_ended_is_taken_back() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    let friday = Voice { insight: 9, slots: Slots::Weekday(2), says: -0.9 };
    world.voices.insert(1, vec![friday]);
    let mut block = world.plan().suggestions.remove(0);
    let all = block.reasons.clone();
    block.uncite(&|_| false);
    assert_eq!(block.reasons, all, "what is on its way keeps its words");
    block.intent = None;
    block.uncite(&|insight| insight == 9);
    assert_eq!((&block.reasons, block.intent), (&all, None), "it holds");
    block.uncite(&|_| false);
    assert_eq!(block.reasons.len(), all.len() - 1, "{:?}", block.reasons);
    assert!(!block.description().contains("(i9)"));
}
