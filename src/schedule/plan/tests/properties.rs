//! What no plan may ever do, on random weeks.

use super::super::*;
use super::people::World;
use crate::schedule::request::Door;
use chrono::{Datelike, TimeDelta, Timelike};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Wish {
    door: usize,
    kind: u32,
    minutes: u32,
    from: i64,
    window: Option<i64>,
}

fn wish() -> impl Strategy<Value = Wish> {
    (0..3usize, 1..3u32, 5..300u32, 0..200i64, proptest::option::of(1..200i64))
        .prop_map(|(door, kind, minutes, from, window)| Wish { door, kind, minutes, from, window })
}

fn world(zone: Tz, hour: i64, wishes: &[Wish], meetings: &[(i64, i64)]) -> World {
    let mut world = World::new();
    world.zone = zone;
    // A week with a clock change in Berlin.
    world.now = "2026-03-26T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour);
    world.settings.working =
        Some(WorkingHours::parse(&["Mon-Sun 00:00-11:30", "Mon-Sun 13:00-24:00"]).unwrap());
    for (n, wish) in wishes.iter().enumerate() {
        let (from, now) = (world.now + TimeDelta::hours(wish.from), world.now);
        let door = [Door::Todo, Door::Ask, Door::Habit][wish.door];
        let request = world.request(door, &n.to_string(), None);
        request.earliest = (wish.from % 3 > 0).then_some(from);
        request.deadline = wish.window.map(|w| from.max(now) + TimeDelta::hours(w));
        (request.task_type, request.minutes) = (Some(wish.kind), Some(wish.minutes));
    }
    for (n, &(from, minutes)) in meetings.iter().enumerate() {
        let start = world.now + TimeDelta::minutes(from);
        let uid = Uid::new(format!("m{n}"));
        let id = crate::event::EventId { uid, recurrence_id: None };
        let end = start + TimeDelta::minutes(minutes);
        world.events.insert(id.clone(), super::people::event(id, start, end));
    }
    world
}

fn check(world: &World, plan: &Plan, fresh_only: bool) {
    let buffer = TimeDelta::minutes(world.settings.buffer_minutes.into());
    let fresh = plan.suggestions.iter().filter(|s| !fresh_only || s.intent.is_some());
    for block in fresh.clone() {
        let request = world.requests.iter().find(|r| r.key == block.request).unwrap();
        assert!(request.earliest.is_none_or(|e| e <= block.start), "{block:?}");
        assert!(request.deadline.is_none_or(|d| block.end <= d), "{block:?}");
        assert!(block.start >= world.now);
        let local = block.start.with_timezone(&world.zone);
        let last = (block.end - TimeDelta::minutes(1)).with_timezone(&world.zone);
        let minute = |t: &DateTime<Tz>| t.hour() * 60 + t.minute();
        assert_eq!(local.num_days_from_ce(), last.num_days_from_ce(), "over midnight");
        assert!(minute(&last) < 690 || minute(&local) >= 780, "in the break: {block:?}");
        for event in world.events.values() {
            let crate::event::Span::Timed { start, end } = event.span else { continue };
            assert!(block.end + buffer <= start || end + buffer <= block.start, "{block:?}");
        }
    }
    for (n, a) in plan.suggestions.iter().enumerate() {
        for b in &plan.suggestions[n + 1..] {
            assert!(a.end <= b.start || b.end <= a.start, "{a:?} {b:?}");
            assert_ne!(a.uid, b.uid);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_block_lies_where_it_must_not(
        zone in prop_oneof![Just(Tz::UTC), Just(Tz::Europe__Berlin), Just(Tz::America__New_York)],
        hour in 0..24i64,
        wishes in proptest::collection::vec(wish(), 0..12),
        meetings in proptest::collection::vec((0..14_000i64, 1..300i64), 0..40),
        later in proptest::collection::vec((0..14_000i64, 1..300i64), 0..10),
    ) {
        let mut world = world(zone, hour, &wishes, &meetings);
        let plan = world.plan();
        check(&world, &plan, false);
        prop_assert_eq!(&plan, &world.plan(), "the same input gives the same plan");
        world.settle(&plan);
        let again = world.plan();
        prop_assert!(again.withdrawn.is_empty());
        prop_assert!(plan.suggestions.iter().all(|s| again.suggestions.contains(
            &Suggestion { intent: None, ..s.clone() }
        )), "nothing moves without a cause");
        for (n, (from, minutes)) in later.into_iter().enumerate() {
            let start = world.now + TimeDelta::minutes(from);
            let uid = Uid::new(format!("l{n}"));
            let id = crate::event::EventId { uid, recurrence_id: None };
            let end = start + TimeDelta::minutes(minutes);
            world.events.insert(id.clone(), super::people::event(id, start, end));
        }
        check(&world, &world.plan(), true);
    }
}
