//! What holds for any plan, on random fortnights with a clock change.

use super::super::*;
use super::check::broken;
use super::people::{World, event};
use crate::event::{EventId, Span};
use crate::schedule::request::Door;
use chrono::TimeDelta;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Wish {
    door: usize,
    kind: u32,
    minutes: u32,
    from: i64,
    window: Option<i64>,
}

/// How the person wants it, and how their days are.
#[derive(Debug, Clone)]
struct Life {
    zone: Tz,
    hour: i64,
    hours: usize,
    lunch: Lunch,
    buffer: u16,
    freeze: u16,
    meetings: Vec<(i64, i64)>,
    away: Vec<i64>,
}

const HOURS: [&[&str]; 4] = [
    &["Mon-Sun 00:00-11:30", "Mon-Sun 13:00-24:00"],
    &["Mon-Fri 09:00-17:00"],
    &["Mon-Thu 08:30-12:10", "Mon-Thu 14:00-18:00", "Sun 00:30-04:00"],
    &["Mon,Wed,Sat 20:00-24:00", "Sun 00:00-03:30"],
];

fn wish() -> impl Strategy<Value = Wish> {
    (0..3usize, 1..3u32, 5..400u32, 0..200i64, proptest::option::of(1..200i64))
        .prop_map(|(door, kind, minutes, from, window)| Wish { door, kind, minutes, from, window })
}

fn stretches(most: usize) -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0..14_000i64, 1..300i64), 0..most)
}

prop_compose! {
    fn life()(
        zone in prop_oneof![Just(Tz::UTC), Just(Tz::Europe__Berlin), Just(Tz::America__New_York)],
        hour in 0..24i64,
        hours in 0..HOURS.len(),
        lunch in prop_oneof![Just(Lunch::Off), Just(Lunch::Fixed(720, 780))],
        buffer in prop_oneof![Just(0u16), Just(10), Just(25)],
        freeze in prop_oneof![Just(0u16), Just(60), Just(300)],
        meetings in stretches(40),
        away in proptest::collection::vec(0..14i64, 0..3),
    ) -> Life {
        Life { zone, hour, hours, lunch, buffer, freeze, meetings, away }
    }
}

fn book(world: &mut World, name: &str, (from, minutes): (i64, i64)) {
    let start = world.now + TimeDelta::minutes(from);
    let id = EventId { uid: Uid::new(name), recurrence_id: None };
    let end = start + TimeDelta::minutes(minutes);
    world.events.insert(id.clone(), event(id, start, end));
}

fn world(life: &Life, wishes: &[Wish]) -> World {
    let mut world = World::new();
    world.zone = life.zone;
    // In Berlin clocks change on the fourth day, in New York on none.
    world.now =
        "2026-03-26T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(life.hour);
    world.settings.working = Some(WorkingHours::parse(HOURS[life.hours]).unwrap());
    world.settings.lunch = life.lunch;
    world.settings.buffer_minutes = life.buffer;
    world.settings.freeze_minutes = life.freeze;
    for (n, wish) in wishes.iter().enumerate() {
        let (from, now) = (world.now + TimeDelta::hours(wish.from), world.now);
        let door = [Door::Todo, Door::Ask, Door::Habit][wish.door];
        let request = world.request(door, &n.to_string(), None);
        request.earliest = (wish.from % 3 > 0).then_some(from);
        request.deadline = wish.window.map(|w| from.max(now) + TimeDelta::hours(w));
        (request.task_type, request.minutes) = (Some(wish.kind), Some(wish.minutes));
    }
    for (n, &meeting) in life.meetings.iter().enumerate() {
        book(&mut world, &format!("m{n}"), meeting);
    }
    for (n, &days) in life.away.iter().enumerate() {
        let start = (world.now + TimeDelta::days(days)).date_naive();
        let id = EventId { uid: Uid::new(format!("a{n}")), recurrence_id: None };
        let mut away = event(id.clone(), world.now, world.now);
        away.span = Span::AllDay { start, end: start.succ_opt().unwrap() };
        world.events.insert(id, away);
    }
    world
}

/// Plans are slow without optimisation, and shrinking one takes hundreds.
fn config() -> ProptestConfig {
    ProptestConfig {
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::with_cases(12)
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn a_plan_is_feasible_whatever_is_asked(
        life in life(),
        wishes in proptest::collection::vec(wish(), 0..12),
        later in stretches(10),
    ) {
        let mut world = world(&life, &wishes);
        let plan = world.plan();
        prop_assert_eq!(broken(&world, &plan), Vec::<String>::new());
        world.settle(&plan);
        for (n, booked) in later.into_iter().enumerate() {
            book(&mut world, &format!("l{n}"), booked);
        }
        prop_assert_eq!(broken(&world, &world.plan()), Vec::<String>::new());
    }

    #[test]
    fn the_same_wishes_in_any_order_give_the_same_plan(
        life in life(),
        wishes in proptest::collection::vec(wish(), 0..12),
        turn in 0..12usize,
    ) {
        let mut world = world(&life, &wishes);
        let plan = world.plan();
        world.requests.rotate_left(turn % wishes.len().max(1));
        prop_assert_eq!(&plan, &world.plan());
        world.requests.reverse();
        prop_assert_eq!(&plan, &world.plan());
    }

    #[test]
    fn a_plan_that_is_out_stays_as_it_is(
        life in life(),
        wishes in proptest::collection::vec(wish(), 0..12),
        later in stretches(6),
    ) {
        let mut world = world(&life, &wishes);
        for round in 0..2 {
            let plan = world.plan();
            world.settle(&plan);
            let again = world.plan();
            prop_assert!(again.withdrawn.is_empty(), "{:?}", again.withdrawn);
            let changed: Vec<_> = again.suggestions.iter().filter(|s| s.intent.is_some()).collect();
            prop_assert!(changed.is_empty(), "round {}: {:?}", round, changed);
            for (n, booked) in later.iter().enumerate() {
                book(&mut world, &format!("l{n}"), *booked);
            }
        }
    }
}

/// What the first property once found: an hour that no clock shows is neither rest nor distance.
#[test]
fn the_night_that_clocks_go_forward_keeps_blocks_apart() {
    let wish = |door, kind, minutes, from, window| Wish { door, kind, minutes, from, window };
    let full = [
        wish(0, 2, 275, 47, None),
        wish(0, 1, 26, 169, None),
        wish(2, 2, 266, 184, None),
        wish(1, 1, 97, 91, Some(122)),
        wish(2, 1, 23, 55, None),
        wish(1, 1, 367, 51, Some(47)),
    ];
    // From 01:00 to 01:30 UTC, and an event until five to.
    let narrow = [wish(1, 2, 30, 73, Some(1))];
    let event = vec![(3 * 1440, 55)];
    for (buffer, wishes, meetings) in [(0, full.as_slice(), Vec::new()), (10, &narrow, event)] {
        let (lunch, away) = (Lunch::Off, Vec::new());
        let zone = chrono_tz::Europe::Berlin;
        let life = Life { zone, hour: 0, hours: 3, lunch, buffer, freeze: 0, meetings, away };
        let world = world(&life, wishes);
        assert_eq!(broken(&world, &world.plan()), Vec::<String>::new());
    }
}

/// What the last property once found: with more asked for than fits, the next plan found room by
/// moving what this one had placed.
#[test]
fn an_overcommitted_plan_stays_as_it_is() {
    let wish = |door, kind, minutes, from, window| Wish { door, kind, minutes, from, window };
    let wishes = [
        wish(0, 2, 333, 102, Some(172)),
        wish(1, 1, 382, 26, None),
        wish(1, 1, 374, 84, Some(12)),
        wish(1, 1, 139, 193, Some(71)),
        wish(1, 2, 87, 58, Some(171)),
        wish(1, 2, 17, 10, None),
        wish(1, 1, 288, 182, None),
        wish(2, 2, 285, 32, None),
        wish(2, 2, 329, 6, None),
    ];
    let meetings = vec![(4164, 207), (3871, 290), (9869, 128), (6958, 13)];
    let (lunch, away, zone) = (Lunch::Off, vec![1], Tz::UTC);
    let life = Life { zone, hour: 0, hours: 3, lunch, buffer: 25, freeze: 0, meetings, away };
    let mut world = world(&life, &wishes);
    let plan = world.plan();
    world.settle(&plan);
    let again = world.plan();
    let changed: Vec<_> = again.suggestions.iter().filter(|s| s.intent.is_some()).collect();
    assert!(changed.is_empty() && again.withdrawn.is_empty(), "{changed:?}");
}

/// What it found next: a week's cap that counted wishes by one week and their blocks by another.
#[test]
fn the_weekly_cap_counts_a_block_as_it_counted_its_wish() {
    let wish = |kind, minutes, from, window| Wish { door: 2, kind, minutes, from, window };
    let wishes = [
        wish(1, 121, 0, None),
        wish(1, 241, 53, Some(152)),
        wish(1, 377, 60, Some(190)),
        wish(2, 361, 67, None),
    ];
    let (lunch, zone, meetings, away) = (Lunch::Off, Tz::UTC, Vec::new(), Vec::new());
    let life = Life { zone, hour: 0, hours: 0, lunch, buffer: 0, freeze: 0, meetings, away };
    let mut world = world(&life, &wishes);
    let plan = world.plan();
    world.settle(&plan);
    let again = world.plan();
    let changed: Vec<_> = again.suggestions.iter().filter(|s| s.intent.is_some()).collect();
    assert!(changed.is_empty() && again.withdrawn.is_empty(), "{changed:?}");
}

/// What it found then: a block that was booked over went, and came back with the next plan.
#[test]
fn what_finds_no_place_finds_none_in_the_next_plan() {
    let wish = Wish { door: 0, kind: 1, minutes: 331, from: 73, window: Some(40) };
    let (lunch, zone) = (Lunch::Off, chrono_tz::America::New_York);
    let (meetings, away) = (Vec::new(), Vec::new());
    let life = Life { zone, hour: 11, hours: 3, lunch, buffer: 0, freeze: 0, meetings, away };
    let mut world = world(&life, &[wish]);
    for _ in 0..2 {
        let plan = world.plan();
        world.settle(&plan);
        let again = world.plan();
        let changed: Vec<_> = again.suggestions.iter().filter(|s| s.intent.is_some()).collect();
        assert!(changed.is_empty() && again.withdrawn.is_empty(), "{changed:?}");
        book(&mut world, "l", (6541, 138));
    }
}
