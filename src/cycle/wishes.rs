//! Step 9: the plan of what is wanted, taken over into the blocks.

use super::report::Left;
use super::{Brain, Report, Turn, doors};
use crate::event::ical;
use crate::event::{EventId, Events, Uid};
use crate::memory::recall::{self, Work};
use crate::schedule::life::Happening;
use crate::schedule::order::as_ordered;
use crate::schedule::plan::{Plan, PlanInput, Unplaced, Voices, plan as place};
use crate::schedule::request::{Request, RequestKey};
use crate::schedule::restraint::Restraint;
use crate::schedule::suggestion::{Intent, State, Suggestion};
use crate::schedule::{chain, defence};
use crate::store::Person;
use crate::sync::gesture::{self, Among, Company, Sighting};
use crate::sync::reconcile::Target;
use crate::task::TaskType;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// Longest chain of tasks that wait for each other and are placed in one turn.
const CHAIN: usize = 4;

/// Gathers the requests, plans them and takes the plan over into the suggestions. What depends on
/// something follows it, which may take a plan of its own: nothing is planned twice the same.
pub(super) fn plan(person: &mut Person, brain: &Brain, turn: &Turn<'_>, report: &mut Report) {
    hold_back_late_moves(person, turn);
    let all = doors::requests(person, brain, turn);
    uncite(person);
    let before: BTreeSet<Uid> = person.suggestions.keys().cloned().collect();
    let mut planned = None;
    let seen = as_ordered(&person.suggestions, &person.orders);
    let restraint = Restraint::new(person.pause, &seen, &person.events, turn.now);
    drop(seen);
    person.pause = restraint.pause;
    let voices = voices(person);
    for _ in 0..CHAIN {
        let (ready, held) = chain::in_turn(&all, &person.suggestions);
        if planned.as_ref() == Some(&ready) {
            break;
        }
        let plan = plan_once(person, &ready, (&restraint, &voices), turn);
        tell(report, &plan, &ready, &held);
        take_over(person, plan, &before, turn);
        planned = Some(ready);
    }
    recognise(person, turn);
    let left_alone: BTreeSet<&Uid> = report.left_alone.iter().map(|(uid, _)| uid).collect();
    defend(person, &before, &left_alone, turn);
}

fn plan_once(
    person: &Person,
    requests: &[Request],
    (restraint, voices): (&Restraint, &Voices),
    turn: &Turn<'_>,
) -> Plan {
    let suggestions = as_ordered(&person.suggestions, &person.orders);
    place(&PlanInput {
        now: turn.now,
        zone: turn.settings.zone,
        types: &person.types,
        events: &person.events,
        suggestions: &suggestions,
        requests,
        principal: turn.principal,
        settings: &turn.settings.planning,
        restraint,
        voices,
    })
}

/// What the last plan of a turn leaves.
fn tell(report: &mut Report, plan: &Plan, ready: &[Request], held: &[Request]) {
    let title = |key: &RequestKey| ready.iter().find(|r| r.key == *key).map(|r| r.title.clone());
    let left = plan.unplaced.iter().map(|(key, why)| Left {
        request: key.clone(),
        title: title(key).unwrap_or_default(),
        why: *why,
    });
    let waits = held.iter().map(|request| Left {
        request: request.key.clone(),
        title: request.title.clone(),
        why: Unplaced::WaitsForAnother,
    });
    report.unplaced = left.chain(waits).collect();
    report.left_alone.clone_from(&plan.notes);
}

fn take_over(person: &mut Person, plan: Plan, before: &BTreeSet<Uid>, turn: &Turn<'_>) {
    for (uid, _) in &plan.withdrawn {
        if let Some(suggestion) = person.suggestions.get_mut(uid) {
            suggestion.live(Happening::TakeBack, turn.now);
        }
    }
    person.risks = plan.risks;
    let ordered = |uid: &Uid| person.orders.contains_key(uid);
    let planned: Vec<Suggestion> =
        plan.suggestions.into_iter().filter(|block| !ordered(&block.uid)).collect();
    for suggestion in planned {
        // What may lie there unseen keeps its text: with another it would read as the person's.
        let old = person.suggestions.get(&suggestion.uid).filter(|old| before.contains(&old.uid));
        if old.is_some_and(|old| old.intent.is_some() && may_have_landed(person, old, turn)) {
            continue;
        }
        person.suggestions.insert(suggestion.uid.clone(), suggestion);
    }
}

/// Makes blocks busy whose hour or last place has come; `before`: those known before this plan. One
/// that may lie there unseen keeps its text, with another it would read as the person's; one that
/// bears their mark is not written again, nor one that something is booked over already.
fn defend(
    person: &mut Person,
    before: &BTreeSet<Uid>,
    left_alone: &BTreeSet<&Uid>,
    turn: &Turn<'_>,
) {
    let settings = &turn.settings.planning;
    let in_doubt = |s: &Suggestion| {
        before.contains(&s.uid) && s.intent.is_some() && may_have_landed(person, s, turn)
    };
    let blocks = person.suggestions.values();
    let chosen: Vec<Uid> = blocks
        .filter(|s| defence::is_due(s, settings, &person.risks, turn.now))
        .filter(|s| {
            !in_doubt(s) && !is_marked(&person.events, &s.uid) && !left_alone.contains(&s.uid)
        })
        .filter(|s| !person.orders.get(&s.uid).is_some_and(|order| order.removes()))
        .map(|s| s.uid.clone())
        .collect();
    for uid in chosen {
        let Some(block) = person.suggestions.get_mut(&uid) else { continue };
        if block.live(Happening::Defend, turn.now) && block.published.is_some() {
            block.intent = Some(Intent::Update);
            block.sequence = block.sequence.saturating_add(1);
        }
    }
}

/// The person's mark is on the block, `✓` or `✗`: it is not written again.
pub(super) fn is_marked(events: &Events, uid: &Uid) -> bool {
    let id = EventId { uid: uid.clone(), recurrence_id: None };
    events.get(&id).is_some_and(|event| event.completed.is_some())
}

/// What insights say of the slots of each type.
pub(super) fn voices(person: &Person) -> Voices {
    let voices = |kind: &TaskType| (kind.id, recall::voices(&person.memory, &Work::of(kind)));
    person.types.by_id.values().map(voices).collect()
}

/// An insight that ended, or was forgotten, speaks for no block any more.
fn uncite(person: &mut Person) {
    let holds: BTreeSet<u32> = person.memory.active().map(|insight| insight.id).collect();
    let events = &person.events;
    let is_marked = |uid: &Uid| is_marked(events, uid);
    for block in person.suggestions.values_mut().filter(|block| !is_marked(&block.uid)) {
        block.uncite(&|insight| holds.contains(&insight));
    }
}

/// A move that is decided but not out is no move any more once the block stands in its freeze
/// window: no block moves there, and none is taken back.
fn hold_back_late_moves(person: &mut Person, turn: &Turn<'_>) {
    let thaw = turn.now + TimeDelta::minutes(turn.settings.planning.freeze_minutes.into());
    let ours = |s: &Suggestion| s.state.is_ours() || s.state == State::Withdrawn;
    let left: BTreeSet<Uid> = person
        .suggestions
        .values()
        .filter(|s| s.intent.is_some() && may_have_landed(person, s, turn))
        .map(|s| s.uid.clone())
        .chain(person.orders.keys().cloned())
        .collect();
    let ours = |s: &&mut Suggestion| ours(s) && !left.contains(&s.uid);
    for suggestion in person.suggestions.values_mut().filter(ours) {
        let Some(published) = &suggestion.published else { continue };
        if published.start < thaw && published.end > turn.now {
            (suggestion.start, suggestion.end) = (published.start, published.end);
            // That it is busy is no move, and still to be written.
            let to_defend =
                |intent: &Intent| suggestion.state == State::Defended && *intent == Intent::Update;
            suggestion.intent = suggestion.intent.filter(to_defend);
            suggestion.live(Happening::Spare, turn.now);
        }
    }
}

/// Whether a write of an earlier turn may have reached its place although no reply told so: that
/// place was not seen in this turn.
pub(super) fn may_have_landed(person: &Person, suggestion: &Suggestion, turn: &Turn<'_>) -> bool {
    let place = match (&suggestion.published, turn.settings.target(&person.status)) {
        (Some(published), _) => published.collection.clone(),
        (None, Some(Target::Known(collection))) => collection.id,
        // Made, perhaps, and not yet known.
        (None, Some(Target::ToBeMade { .. })) => return true,
        (None, None) => return false,
    };
    let Some(status) = person.status.collections.get(&place) else { return true };
    let name = format!("{}.ics", suggestion.uid);
    person.status.is_out_of_sight(status)
        || status.listed_at != Some(turn.now)
        || status.broken.keys().any(|href| href.as_str().ends_with(&name))
}

/// A block that is wanted and lies there already, from before the store was lost: it is what the
/// person has, whatever they did to it since, and no second one is made.
fn recognise(person: &mut Person, turn: &Turn<'_>) {
    let unseen = |s: &&Suggestion| s.state.is_ours() && s.published.is_none();
    let wanted: BTreeSet<Uid> =
        person.suggestions.values().filter(unseen).map(|s| s.uid.clone()).collect();
    if wanted.is_empty() {
        return;
    }
    for (collection, status) in &person.status.collections {
        for (href, known) in status.known.iter() {
            let [uid] = known.uids.as_slice() else { continue };
            if !wanted.contains(uid) {
                continue;
            }
            let Some(body) = &known.body else { continue };
            let objects = ical::parse(body).objects;
            let Some(object) = objects.first().filter(|o| gesture::is_marked(o)) else { continue };
            let etag = known.etag.as_ref();
            let (company, among) = (Company::Alone, Among::of(status));
            let sighting = Sighting { collection, href, etag, object, company, among };
            if let Some(suggestion) = person.suggestions.get_mut(uid) {
                gesture::seen(suggestion, &sighting, turn.settings.zone, turn.now);
            }
        }
    }
}
