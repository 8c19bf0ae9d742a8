//! How a task type went, by weekday and hour: read from tier 1 alone.

use super::kind::TypeId;
use crate::event::Events;

/// What settled placements at one weekday and hour taught.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Heat {
    /// Mean of the success signals, 0..=1, by weight; 0 without any.
    pub success: f32,
    /// Sum of their weights: 1 is one certain outcome.
    pub weight: f32,
}

/// By ISO weekday less one (0 = Monday) and local hour.
pub type HeatMap = [[Heat; 24]; 7];

/// The heat map of a type. Placements that taught nothing are not in it.
pub fn heat_map(events: &Events, task_type: TypeId) -> HeatMap {
    let mut map = HeatMap::default();
    let of_type = events.values().filter(|event| event.task_type == Some(task_type));
    for settled in of_type.flat_map(|event| &event.settled) {
        let (Some(signal), Some(hour)) = (settled.signal, settled.hour) else { continue };
        let day = usize::from(settled.weekday.saturating_sub(1)) % 7;
        let heat = &mut map[day][usize::from(hour) % 24];
        let weight = heat.weight + signal.weight;
        if weight > 0.0 {
            heat.success += (signal.value - heat.success) * signal.weight / weight;
            heat.weight = weight;
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        CollectionId, Event, EventId, Role, Settlement, Signal, Span, Standing, Uid,
    };
    use chrono::{DateTime, Utc};

    fn settled(hour: u8, weekday: u8, signal: Option<(f32, f32)>) -> Settlement {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Settlement {
            span: Span::Timed { start: at, end: at },
            ordinal: 0,
            at,
            hour: Some(hour),
            weekday,
            signal: signal.map(|(value, weight)| Signal { value, weight }),
            energy: None,
        }
    }

    fn event(uid: &str, task_type: TypeId, settled: Vec<Settlement>) -> Event {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Event {
            id: EventId { uid: Uid::new(uid), recurrence_id: None },
            collection: CollectionId::new("a/b"),
            title: String::new(),
            span: Span::Timed { start: at, end: at },
            time_zone: None,
            busy: true,
            role: Role::Own,
            standing: Standing::Scheduled,
            recurring: false,
            attendees: 0,
            answered: false,
            created_at: at,
            first_seen: at,
            last_modified: None,
            sequence: 0,
            related_to: None,
            trail: Vec::new(),
            settled,
            closed: true,
            task_type: Some(task_type),
            completed: None,
            success_rating: None,
            energy_after: None,
        }
    }

    #[test]
    fn it_is_the_weighted_mean_of_what_was_taught() {
        let all = [
            event("a", 1, vec![settled(9, 1, Some((0.9, 1.0))), settled(9, 1, Some((0.1, 0.5)))]),
            event("b", 1, vec![settled(9, 1, None), settled(23, 7, Some((0.2, 0.25)))]),
            event("c", 2, vec![settled(9, 1, Some((0.0, 1.0)))]),
            event("d", 1, vec![settled(4, 3, Some((0.7, 0.0)))]),
        ];
        let events: Events = all.into_iter().map(|e| (e.id.clone(), e)).collect();
        let map = heat_map(&events, 1);
        let monday = map[0][9];
        assert!((monday.weight - 1.5).abs() < 1e-6);
        assert!((monday.success - (0.9 + 0.05) / 1.5).abs() < 1e-6, "{monday:?}");
        assert_eq!(map[6][23], Heat { success: 0.2, weight: 0.25 });
        let known = map.iter().flatten().filter(|heat| heat.weight > 0.0).count();
        assert_eq!(known, 2, "nothing was taught elsewhere");
    }
}
