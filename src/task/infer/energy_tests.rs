//! What the estimate of energy afterwards is made of.

use super::tests::{at, event, moved, other, settled_at, span};
use super::*;

/// The estimate of energy after the event among others, less that without them.
fn energy_beside(event: &Event, others: &[Event]) -> f32 {
    let energy = |others: &[Event]| {
        let all = others.iter().chain([event]);
        let mut events: Events = all.map(|e| (e.id.clone(), e.clone())).collect();
        settled_at(&mut events, at(20, 8));
        events[&event.id].settled.last().and_then(|s| s.energy).expect("an estimate")
    };
    energy(others) - energy(&[])
}

#[test]
fn what_follows_speaks_of_energy() {
    let near = |found: f32, expected: f32| assert!((found - expected).abs() < 1e-6, "{found}");
    let minutes = |n| TimeDelta::minutes(n);
    let after = |length| Span::Timed { start: at(4, 11), end: at(4, 11) + minutes(length) };
    let put_in = |created_at, length| {
        let event = Event { span: after(length), created_at, first_seen: created_at, ..event() };
        other("walk", event)
    };
    near(energy_beside(&event(), &[put_in(at(4, 10), 20)]), -0.05);
    near(energy_beside(&event(), &[put_in(at(4, 10), 60)]), 0.0);
    near(energy_beside(&event(), &[put_in(at(2, 10), 20)]), 0.0);
    let mut next = other("next", Event { span: span(4, 12, 13), ..event() });
    moved(&mut next, span(5, 12, 13), at(4, 11));
    near(energy_beside(&event(), &[next]), -0.1);
    let rated = Event { energy_after: Some(0.9), ..event() };
    near(energy_beside(&rated, &[put_in(at(4, 10), 20)]), 0.0);
}
