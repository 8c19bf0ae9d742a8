//! What types know, from all that settled.

use super::oracle::Key;
use chronotype::event::{Event, Settlement};
use chronotype::store::Person;
use chronotype::task::learn::{INITIAL_CONFIDENCE, learn_hour};
use chronotype::task::{Hours, TypeId};
use std::collections::{BTreeMap, VecDeque};

/// Each type is what its settled outcomes give, in the order in which they settled: also those that
/// came to it when types became one, or when its category turned.
pub fn learned_from(
    order: &[Key],
    now: &[(Key, &Event, &Settlement)],
    after: &Person,
) -> Result<(), String> {
    let mut places: BTreeMap<&Key, VecDeque<(&Event, &Settlement)>> = BTreeMap::new();
    for (key, event, settlement) in now {
        places.entry(key).or_default().push_back((event, settlement));
    }
    let in_turn = order.iter().filter_map(|key| places.get_mut(key)?.pop_front());
    let mut learned: BTreeMap<TypeId, Hours> = BTreeMap::new();
    for (event, settlement) in in_turn {
        let Some(known) = event.task_type.and_then(|kind| after.types.by_id.get(&kind)) else {
            continue;
        };
        let (Some(hour), Some(signal)) = (settlement.hour, settlement.signal) else { continue };
        let fresh = || Hours {
            score: known.hours.prior,
            confidence: [INITIAL_CONFIDENCE; 24],
            ..known.hours.clone()
        };
        learn_hour(learned.entry(known.id).or_insert_with(fresh), hour, signal);
    }
    let near = |a: &[f32; 24], b: &[f32; 24]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
    for (id, replayed) in &learned {
        let hours = &after.types.by_id[id].hours;
        if !near(&replayed.score, &hours.score) || !near(&replayed.confidence, &hours.confidence) {
            return Err(format!("type {id} is not what its settled outcomes give"));
        }
    }
    Ok(())
}
