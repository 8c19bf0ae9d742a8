//! What holds of inferring and learning, whatever happened.

use super::tests::{event, other, settled_at};
use super::*;
use crate::event::{Role, Standing};
use crate::task::kind::{Category, Hours, TaskType, TypeId};
use crate::task::learn::{INITIAL_CONFIDENCE, learn};
use proptest::prelude::*;

const KINDS: TypeId = 3;

fn types() -> Types {
    let kind = |id| TaskType {
        id,
        name: format!("type {id}"),
        category: Category::Focused,
        category_votes: [0.0; 3],
        hours: Hours::from_prior(Category::Focused),
        cognitive_load: 0.8,
        recovery_hours: 1.0,
        depletion_curve: [1.0, 0.8, 0.6, 0.4, 0.2],
        typical_duration: 60.0,
        duration_count: 0,
        exemplars: Vec::new(),
        events: 0,
    };
    Types { by_id: (0..KINDS).map(|id| (id, kind(id))).collect(), ..Types::default() }
}

fn hour(n: i64) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(24 * 30 + n)
}

fn lasting(start: i64, hours: i64) -> Span {
    Span::Timed { start: hour(start), end: hour(start + hours) }
}

/// An event with whatever may have happened to it in its first weeks.
fn any_event() -> impl Strategy<Value = Event> {
    let place = (0i64..300, 1i64..4);
    let moves = prop::collection::vec((0i64..300, 1i64..4, 0i64..300), 0..4);
    let ratings = (prop::option::of(-1.0f32..2.0), prop::option::of(-1.0f32..2.0));
    let state = (0u8..3, 0u8..4, prop::option::of(any::<bool>()), ratings);
    let facts = (any::<bool>(), any::<bool>(), 0u16..3, 0i64..300, 0..KINDS);
    (place, moves, state, facts).prop_map(|((start, length), moves, state, facts)| {
        let (role, standing, completed, (success_rating, energy_after)) = state;
        let (recurring, answered, attendees, seen, kind) = facts;
        let mut event = Event {
            span: lasting(start, length),
            role: [Role::Own, Role::Invited, Role::Suggested][usize::from(role)],
            recurring,
            answered,
            attendees,
            first_seen: hour(seen),
            created_at: hour(seen),
            task_type: Some(kind),
            completed,
            success_rating,
            energy_after,
            ..event()
        };
        for (start, length, by) in moves {
            let (from, to) = (event.span, lasting(start, length));
            event.trail.push((Seen { after: None, by: hour(by) }, Observation::Moved { from, to }));
            event.span = to;
        }
        event.standing = [
            Standing::Scheduled,
            Standing::Withdrawn,
            Standing::Declined,
            Standing::CancelledByOrganizer,
        ][usize::from(standing)];
        if event.standing == Standing::Withdrawn {
            event.trail.push((Seen { after: None, by: hour(seen) }, Observation::Deleted));
        }
        event
    })
}

fn named(events: Vec<Event>) -> Vec<Event> {
    let numbered = events.into_iter().enumerate();
    numbered.map(|(n, e)| other(&format!("e{n:02}"), e)).collect()
}

/// What is learned of the events when they are taken in in this order.
fn learned(events: &[Event]) -> Types {
    let mut all = Events::new();
    for event in events {
        all.insert(event.id.clone(), event.clone());
    }
    let mut types = types();
    learn(&mut types, &settled_at(&mut all, hour(400)));
    types
}

fn is_sound(hours: &Hours) -> bool {
    let share = |values: &[f32; 24], least: f32, most: f32| {
        values.iter().all(|v| (least..=most).contains(v))
    };
    share(&hours.score, 0.0, 1.0)
        && share(&hours.confidence, INITIAL_CONFIDENCE, 0.95)
        && share(&hours.performance, 0.0, 1.0)
        && hours.placement.iter().all(|v| v.is_finite() && *v >= 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arrays_and_traits_stay_in_bounds(events in prop::collection::vec(any_event(), 1..20)) {
        let types = learned(&named(events));
        for kind in types.by_id.values() {
            prop_assert!(is_sound(&kind.hours), "{:?}", kind.hours);
            prop_assert!((0.0..=1.0).contains(&kind.cognitive_load));
            prop_assert!((0.25..=6.0).contains(&kind.recovery_hours));
            prop_assert!(kind.depletion_curve.iter().all(|v| (0.0..=1.0).contains(v)));
        }
        prop_assert!(types.energy.pattern.iter().all(|v| (0.0..=1.0).contains(v)));
    }

    #[test]
    fn the_order_of_a_listing_is_no_matter(
        (events, shuffled) in prop::collection::vec(any_event(), 1..12)
            .prop_map(named)
            .prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle()))
    ) {
        prop_assert_eq!(learned(&events), learned(&shuffled));
    }

    /// Outcomes are taken in the order (start, UID), each placement once, and those of one type
    /// don't touch another.
    #[test]
    fn outcomes_come_in_order_and_types_do_not_meet(
        events in prop::collection::vec(any_event(), 1..12).prop_map(named),
        early in 0i64..400,
    ) {
        let mut all: Events = events.iter().map(|e| (e.id.clone(), e.clone())).collect();
        let mut outcomes = settled_at(&mut all, hour(early));
        outcomes.extend(settled_at(&mut all, hour(400)));
        let key = |o: &Outcome| (o.settlement.at, o.start, o.event.clone());
        prop_assert!(outcomes.is_sorted_by_key(key));
        let mut once: Vec<_> =
            outcomes.iter().map(|o| (o.event.clone(), o.settlement.ordinal)).collect();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), outcomes.len());
        prop_assert!(settled_at(&mut all, hour(400)).is_empty());

        let (mut together, mut apart) = (types(), types());
        learn(&mut together, &outcomes);
        // Energy is the person's, and decay goes by the days of all: both see every outcome.
        for kind in 0..KINDS {
            let mut only = types();
            let others = |mut o: Outcome| {
                o.task_type = o.task_type.filter(|id| *id == kind);
                o
            };
            let mine: Vec<Outcome> = outcomes.iter().cloned().map(others).collect();
            learn(&mut only, &mine);
            if let Some(alone) = only.by_id.remove(&kind) {
                apart.by_id.insert(kind, alone);
            }
        }
        prop_assert_eq!(together.by_id, apart.by_id);
    }
}
