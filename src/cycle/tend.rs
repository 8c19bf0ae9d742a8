//! Types that were filed anew, by the person's word or once a week: what refers to them follows.

use super::{Brain, Chores, Report, Turn};
use crate::event::{Event, EventId};
use crate::memory::follow::follow as insights_follow;
use crate::schedule::request::{Door, RequestKey};
use crate::store::Person;
use crate::task::consolidate::{Consolidated, Tidied, consolidate};
use crate::task::refile::{Moved, Tiers};
use crate::task::{TypeId, replay};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Has a person's events filed anew; blocks, habits and insights follow what moved.
pub fn refile<R>(
    person: &mut Person,
    brain: &Brain,
    (now, zone): (DateTime<Utc>, Tz),
    work: impl FnOnce(&mut Tiers<'_>) -> (R, Moved),
) -> R {
    brain.keep_up(&mut person.types);
    let look = |event: &Event| brain.look(event, zone);
    let (result, moved) = work(&mut Tiers {
        types: &mut person.types,
        events: Arc::make_mut(&mut person.events),
        journal: &person.journal,
        zone,
        look: &look,
    });
    blocks_follow(person, &moved);
    insights_follow(&mut person.memory, &moved.gone, now);
    result
}

/// Once a week, after `placement` faded: near-duplicates become one, mixed types become two. That
/// waits for the night where there is one, but for the first history, whose types are wanted at
/// once.
pub(super) fn tend(person: &mut Person, brain: &Brain, turn: &Turn<'_>, report: &mut Report) {
    let faded = person.types.decayed_on.map(|faded| Tidied { faded });
    if !is_due(person.tidied, faded, turn.settings.chores) {
        return;
    }
    person.tidied = faded;
    let when = (turn.now, turn.settings.zone);
    let Consolidated { merged, split, .. } = refile(person, brain, when, |tiers| {
        let done = consolidate(tiers, brain.calibration());
        let moved = done.moved.clone();
        (done, moved)
    });
    (report.merged_types, report.split_types) = (merged, split);
}

/// `before`: up to where they are tidied; `faded`: up to where `placement` has faded.
fn is_due(before: Option<Tidied>, faded: Option<Tidied>, chores: Chores) -> bool {
    faded.is_some() && faded != before && (before.is_none() || chores == Chores::Now)
}

/// Events among these that taught a type, and which.
pub(super) fn taught(person: &Person, ids: &[EventId]) -> Vec<(EventId, Option<TypeId>)> {
    let all = ids.iter().filter_map(|id| person.events.get(id));
    all.filter(|event| !event.settled.is_empty()).map(|e| (e.id.clone(), e.task_type)).collect()
}

/// Types that one of them left or came to: what an event taught is its type's, and a person who
/// renames it may make it another kind of work.
pub(super) fn retyped(person: &Person, taught: &[(EventId, Option<TypeId>)]) -> Vec<TypeId> {
    let now = |id: &EventId| person.events.get(id).and_then(|event| event.task_type);
    let changed = taught.iter().filter(|(id, was)| now(id) != *was);
    changed.flat_map(|(id, was)| [*was, now(id)]).flatten().collect()
}

/// What a type learned starts from its category, from advice and from the events that are of it:
/// where these are others than before (`changed`), it is learned anew.
pub(super) fn start_anew(person: &mut Person, before: &Person, changed: Vec<TypeId>, zone: Tz) {
    let mut turned = replay::of_another_category(&before.types, &person.types);
    turned.extend(changed);
    if !turned.is_empty() {
        replay::rebuild(&mut person.types, &turned, &person.events, &person.journal, zone);
    }
}

/// Blocks serve the type that their events have now, habits go on under the type's new number.
fn blocks_follow(person: &mut Person, moved: &Moved) {
    for id in &moved.events {
        let kind = person.events.get(id).and_then(|event| event.task_type);
        if let (Some(kind), Some(block)) = (kind, person.suggestions.get_mut(&id.uid)) {
            block.task_type = kind;
        }
    }
    let mut sessions: BTreeMap<RequestKey, u16> = BTreeMap::new();
    for block in person.suggestions.values() {
        let next = sessions.entry(block.request.clone()).or_default();
        *next = block.session.saturating_add(1).max(*next);
    }
    // Of a habit whose sessions now come behind those of the other one: where each went.
    let mut places: BTreeMap<(RequestKey, u16), u16> = BTreeMap::new();
    for block in person.suggestions.values_mut() {
        if let Some(into) = moved.gone.get(&block.task_type) {
            block.task_type = *into;
        }
        let Some(key) = (block.door == Door::Habit).then(|| habit_of(&block.request, moved)) else {
            continue;
        };
        let Some(key) = key else { continue };
        let old = (std::mem::replace(&mut block.request, key.clone()), block.session);
        block.session = *places.entry(old).or_insert_with(|| {
            let next = sessions.entry(key).or_default();
            *next = next.saturating_add(1);
            *next - 1
        });
    }
}

/// The habit's name under the type that it is part of now (`habit:<type>:<week>`).
fn habit_of(key: &RequestKey, moved: &Moved) -> Option<RequestKey> {
    let (id, week) = key.0.strip_prefix("habit:")?.split_once(':')?;
    let into = moved.gone.get(&id.parse::<TypeId>().ok()?)?;
    Some(RequestKey(format!("habit:{into}:{week}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_tidied_once_a_week_and_at_night_where_there_is_one() {
        let week = |n: i64| Some(Tidied { faded: 7 * n });
        assert!(!is_due(None, None, Chores::Now), "nothing is learned yet");
        assert!(is_due(None, week(1), Chores::AtNight), "the first history");
        assert!(!is_due(week(1), week(1), Chores::Now));
        assert!(!is_due(week(1), week(2), Chores::AtNight));
        assert!(is_due(week(1), week(2), Chores::Now));
    }
}
