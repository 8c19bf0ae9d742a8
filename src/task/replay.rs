//! Builds learned arrays anew from everything that settled, for types whose events are no longer
//! the same: merged, split, corrected, or of another category than before.
//!
//! Invariant: learning turn by turn and replaying all of it give the same numbers, bit for bit.
//! Both go through [`learn`]; the order is that of the [`Journal`], which is (settled at, start,
//! UID). What a store of an older release settled is not in the journal: its hours, signals and
//! energies are in tier 1 as they were learned, the rest is read from the trail once more
//! ([`Again::recalled`]). So nothing learned is lost; placement, recovery and depletion of such
//! types may move by what has become known since.

use super::infer::{Again, Outcome};
use super::journal::{Journal, PlacementKey, key};
use super::kind::{Hours, TaskType, TypeId, Types};
use super::{learn, traits};
use crate::event::{Event, Events, Settlement};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Learns everything anew that is learned of these types; the others stay as they are, and so does
/// the person's energy, which no type's events change hands of.
pub fn rebuild(
    types: &mut Types,
    kinds: &BTreeSet<TypeId>,
    events: &Events,
    journal: &Journal,
    zone: Tz,
) {
    let affected =
        kinds.iter().filter_map(|id| Some((*id, unlearned(types, types.by_id.get(id)?))));
    let mut scratch = Types { by_id: affected.collect(), ..Types::default() };
    if scratch.by_id.is_empty() {
        return;
    }
    // A type that has just been opened taught nothing yet, and decay takes nothing from nothing.
    let is_theirs =
        |event: &Event| event.task_type.is_some_and(|id| scratch.by_id.contains_key(&id));
    if events.values().any(|event| !event.settled.is_empty() && is_theirs(event)) {
        learn::learn(&mut scratch, &outcomes(events, journal, zone));
    }
    types.by_id.append(&mut scratch.by_id);
}

/// Types of this state whose learning started from another category than they have now: they are
/// new, or their events turned the vote.
pub fn of_another_category(before: &Types, after: &Types) -> BTreeSet<TypeId> {
    let same = |kind: &&TaskType| {
        before.by_id.get(&kind.id).is_some_and(|old| old.category == kind.category)
    };
    after.by_id.values().filter(|kind| !same(kind)).map(|kind| kind.id).collect()
}

/// Every outcome there was, in the order in which it was learned; for the task types that the
/// events have now.
pub fn outcomes(events: &Events, journal: &Journal, zone: Tz) -> Vec<Outcome> {
    let mut settled: BTreeMap<PlacementKey, VecDeque<(&Event, &Settlement)>> = BTreeMap::new();
    for event in events.values() {
        for settlement in &event.settled {
            settled.entry(key(&event.id, settlement)).or_default().push_back((event, settlement));
        }
    }
    let mut again = Again::new(events, zone);
    let mut turns: BTreeMap<DateTime<Utc>, Vec<Outcome>> = BTreeMap::new();
    for (at, entries) in &journal.turns {
        let kept = entries.iter().filter_map(|entry| {
            let (event, settlement) = settled.get_mut(&entry.placement)?.pop_front()?;
            Some(again.kept(event, settlement, entry))
        });
        turns.insert(*at, kept.collect());
    }
    // What is left was settled before there was a journal.
    let mut older: Vec<Outcome> = settled
        .into_values()
        .flatten()
        .map(|(event, settlement)| again.recalled(event, settlement))
        .collect();
    older.sort_by(|a, b| (a.start, &a.event).cmp(&(b.start, &b.event)));
    for outcome in older {
        turns.entry(outcome.settlement.at).or_default().push(outcome);
    }
    turns.into_values().flatten().collect()
}

/// The type before anything was learned of it. Its start values by hour are its own.
fn unlearned(types: &Types, kind: &TaskType) -> TaskType {
    let usual = (traits::load_prior(kind.category), traits::recovery_prior(kind.category));
    let advice = types.advice.get(&kind.id);
    let (cognitive_load, recovery_hours) = advice.map_or(usual, |advice| advice.start(usual));
    TaskType {
        hours: Hours::from_scores(kind.hours.prior),
        cognitive_load,
        recovery_hours,
        depletion_curve: traits::DEPLETION,
        ..kind.clone()
    }
}
