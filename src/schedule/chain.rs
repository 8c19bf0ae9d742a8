//! What waits for something else: no task is begun before what it depends on is over.

use super::request::{Request, RequestKey};
use super::suggestion::Suggestion;
use crate::event::Uid;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Sorts requests into those that can be planned now, none before the last block of what it depends
/// on, and those that wait, since that has no block yet. What has a block already is never held
/// back, and of tasks that wait for each other in a circle none waits.
pub fn in_turn(
    all: &[Request],
    blocks: &BTreeMap<Uid, Suggestion>,
) -> (Vec<Request>, Vec<Request>) {
    let known: BTreeMap<&RequestKey, &Request> = all.iter().map(|r| (&r.key, r)).collect();
    let end = |key: &RequestKey| -> Option<DateTime<Utc>> {
        blocks.values().filter(|b| b.request == *key && b.stands()).map(|b| b.end).max()
    };
    let (mut ready, mut held) = (Vec::new(), Vec::new());
    for request in all {
        let first =
            |key: &&RequestKey| known.contains_key(key) && !leads_to(key, &request.key, &known);
        let ends: Vec<_> = request.after.iter().filter(first).map(end).collect();
        if ends.contains(&None) && end(&request.key).is_none() {
            held.push(request.clone());
            continue;
        }
        let earliest = ends.into_iter().flatten().chain(request.earliest).max();
        ready.push(Request { earliest, ..request.clone() });
    }
    (ready, held)
}

/// Whether one waits for the other, be it over others.
fn leads_to(from: &RequestKey, to: &RequestKey, known: &BTreeMap<&RequestKey, &Request>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(key) = open.pop() {
        if key == to {
            return true;
        }
        if seen.insert(key) {
            open.extend(known.get(key).into_iter().flat_map(|request| &request.after));
        }
    }
    false
}
