//! Folds what listings show into tier 1: occurrences as they now stand, with their trail.
//!
//! Folding an unchanged object again changes nothing, so series are simply folded anew when the
//! window moves on. What is closed stays as it is, except for marks the person adds later.

use super::change::{Change, Context, Origin, Remover};
use super::ical::{EventComponent, ObjectResource, Problem};
use super::id::{CollectionId, EventId, Uid};
use super::mark::{mark_of, unmarked};
use super::recurrence::{Occurrence, occurrences_within};
use super::rule::Budget;
use super::series::{
    Excluded, Heirs, Rest, ids_of, open_and_future, rename_in_place, series_shift,
};
use super::sight::{
    has_answered, is_busy, other_attendees, role_of, standing_observation, standing_of, zone_name,
};
use super::time::{Span, Window};
use super::trail::{Event, Events, Observation, Seen, Standing};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead a single event is kept: beyond a lifetime it is a slip of the pen.
const FAR: TimeDelta = TimeDelta::days(36_525);

/// Most occurrences of one series in tier 1: five a day in the usual window of 200 days. Strangers
/// may invite to a meeting every minute.
const MOST_OF_ONE: usize = 1_000;
/// Most events in tier 1: a hundred a day for years. Beyond that nothing new is taken in.
pub const MOST_EVENTS: usize = 100_000;

/// What folding found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// Events that are new or reworded: they want a task type.
    pub unclassified: Vec<EventId>,
    /// Rules that could not be expanded fully.
    pub problems: Vec<(Uid, Problem)>,
    /// There are [`MOST_EVENTS`]: some were not taken in.
    pub full: bool,
}

/// Folds changes into the events, in the order given.
pub fn fold(events: &mut Events, changes: &[Change<'_>], context: &Context<'_>) -> Folded {
    let mut folded = Folded::default();
    let mut heirs = Heirs::among(events, changes);
    let mut budget = Budget::stream();
    for change in changes {
        match change {
            Change::Present { collection, object, origin, previous } => {
                let (origin, previous) = (*origin, *previous);
                let sight = Sight { collection, object, origin, previous };
                let window = reach(object, context);
                let (mut found, mut problems) =
                    budget.lend(|budget| occurrences_within(object, window, context.zone, budget));
                problems.extend(keep_nearest(&mut found, context));
                folded.problems.extend(problems.into_iter().map(|p| (object.uid.clone(), p)));
                fold_object(events, &sight, found, (context, &mut heirs), &mut folded);
            }
            Change::Vanished { uid, seen, by } => vanish_object(events, uid, *seen, *by, context),
        }
    }
    folded
}

struct Sight<'a> {
    collection: &'a CollectionId,
    object: &'a ObjectResource,
    origin: Origin,
    previous: Option<DateTime<Utc>>,
}

/// Of a series that fills the day, those about now: each would be an event of tier 1.
fn keep_nearest(found: &mut Vec<Occurrence<'_>>, context: &Context<'_>) -> Option<Problem> {
    if found.len() <= MOST_OF_ONE {
        return None;
    }
    let distance = |o: &Occurrence<'_>| (o.span.start_instant(context.zone) - context.now).abs();
    found.sort_by_cached_key(|o| (distance(o), o.recurrence_id.clone()));
    found.truncate(MOST_OF_ONE);
    let message = format!("more than {MOST_OF_ONE} occurrences: those about now are looked at");
    Some(Problem { line: None, property: Some("RRULE".to_owned()), message })
}

fn fold_object(
    events: &mut Events,
    sight: &Sight<'_>,
    found: Vec<Occurrence<'_>>,
    (context, heirs): (&Context<'_>, &mut Heirs<'_>),
    out: &mut Folded,
) {
    let uid = &sight.object.uid;
    let mut here: BTreeMap<EventId, Occurrence<'_>> = BTreeMap::new();
    for occurrence in found {
        let id = EventId { uid: uid.clone(), recurrence_id: occurrence.recurrence_id.clone() };
        here.insert(id, occurrence);
    }
    rename_in_place(events, uid, &here);
    let known: BTreeSet<EventId> = ids_of(events, uid).into_iter().collect();
    let gone: Vec<EventId> = known
        .iter()
        .filter(|id| !here.contains_key(id) && events.get(id).is_some_and(|e| inside(e, context)))
        .cloned()
        .collect();
    let taken_out = Excluded::of(sight.object);
    let (excluded, gone): (Vec<EventId>, Vec<EventId>) =
        gone.into_iter().partition(|id| taken_out.contains(id));
    let when = seen(sight, master_modified(sight.object), context);
    for id in excluded {
        if let Some(event) = events.get_mut(&id)
            && open_and_future(event, context).is_some()
        {
            vanish(event, when);
        }
    }
    let shifted = series_shift(events, &gone, &here, heirs, (sight.previous, context));
    for id in gone {
        let Some(event) = events.get_mut(&id) else { continue };
        let Some(rest) = open_and_future(event, context) else { continue };
        match (&shifted, rest) {
            (Some(shift), Rest::Future) if shift.carrier == id && !shift.is_split_in_place() => {
                event.trail.push((when, shift.observation(event.span)));
                event.standing = Standing::Withdrawn;
            }
            (_, Rest::Future) if event.settled.is_empty() => drop(events.remove(&id)),
            // A series that was edited says nothing of what lies behind but has not settled.
            (_, _) => event.closed = true,
        }
    }
    for (id, occurrence) in here {
        let is_full = events.len() >= MOST_EVENTS;
        match events.get_mut(&id) {
            Some(event) if event.closed => {
                mark_late(event, occurrence.component);
                if stands_anew(event, &occurrence, context) {
                    reopen(event);
                    update(event, &occurrence, sight, context);
                    out.unclassified.push(id);
                }
            }
            Some(event) => {
                if update(event, &occurrence, sight, context) {
                    out.unclassified.push(id);
                }
            }
            None if !known.is_empty() && appeared_in_the_past(&occurrence, sight, context) => {}
            None if is_full => out.full = true,
            None => {
                let event = appear(id.clone(), &occurrence, sight, context);
                events.insert(id.clone(), event);
                out.unclassified.push(id);
            }
        }
    }
}

/// A series is expanded as far as the window goes, and anew as it moves on. A single event is read
/// once: it is kept however far ahead it lies.
fn reach(object: &ObjectResource, context: &Context<'_>) -> Window {
    match object.recurs() {
        true => context.window,
        false => {
            let to = context.now.checked_add_signed(FAR).unwrap_or(context.window.to);
            Window { to, ..context.window }
        }
    }
}

/// Whether folding would show it, were it still there.
fn inside(event: &Event, context: &Context<'_>) -> bool {
    let single = event.id.recurrence_id.is_none();
    event.span.end_instant(context.zone) > context.window.from
        && (single || event.span.start_instant(context.zone) < context.window.to)
}

/// A known series that suddenly has other past occurrences was edited, not lived: its new past is
/// no history.
fn appeared_in_the_past(at: &Occurrence<'_>, sight: &Sight<'_>, context: &Context<'_>) -> bool {
    at.span.start_instant(context.zone) < sight.previous.unwrap_or(context.now)
}

fn vanish_object(events: &mut Events, uid: &Uid, seen: Seen, by: Remover, context: &Context<'_>) {
    let mut past = Vec::new();
    let mut ahead: Vec<(DateTime<Utc>, EventId)> = Vec::new();
    for id in ids_of(events, uid) {
        let Some(event) = events.get_mut(&id) else { continue };
        let Some(rest) = open_and_future(event, context) else { continue };
        match (by, rest) {
            (Remover::Ourselves, _) => {
                event.standing = Standing::Withdrawn;
                event.closed = true;
            }
            (Remover::Person, Rest::Past) => past.push(id),
            (Remover::Person, Rest::Future) => {
                ahead.push((event.span.start_instant(context.zone), id));
            }
        }
    }
    // A series that ends is one signal, carried by its next occurrence: the rest never happens, and
    // what lies behind but has not settled says nothing.
    for id in &past {
        let Some(event) = events.get_mut(id) else { continue };
        match ahead.is_empty() {
            true => vanish(event, seen),
            false => event.closed = true,
        }
    }
    ahead.sort();
    for (place, (_, id)) in ahead.into_iter().enumerate() {
        match events.get_mut(&id) {
            Some(event) if place == 0 => vanish(event, seen),
            // What is settled stays.
            Some(event) if !event.settled.is_empty() => event.closed = true,
            _ => drop(events.remove(&id)),
        }
    }
}

fn vanish(event: &mut Event, seen: Seen) {
    event.trail.push((seen, Observation::Deleted));
    event.standing = Standing::Withdrawn;
}

/// When a change happened: LAST-MODIFIED where it lies within the interval, else the interval.
fn seen(sight: &Sight<'_>, modified: Option<DateTime<Utc>>, context: &Context<'_>) -> Seen {
    let after = sight.previous;
    let within = |at: &DateTime<Utc>| after.is_none_or(|a| *at > a) && *at <= context.now;
    Seen { after, by: modified.filter(within).unwrap_or(context.now) }
}

fn master_modified(object: &ObjectResource) -> Option<DateTime<Utc>> {
    object.events.iter().find(|e| e.recurrence_id.is_none()).and_then(|e| e.last_modified)
}

/// An occurrence seen for the first time.
fn appear(id: EventId, at: &Occurrence<'_>, sight: &Sight<'_>, context: &Context<'_>) -> Event {
    let component = at.component;
    let addresses = context.addresses;
    let role = role_of(component, sight.origin, addresses);
    let mut event = Event {
        recurring: id.recurrence_id.is_some(),
        id,
        collection: sight.collection.clone(),
        title: component.summary.clone(),
        span: at.span,
        time_zone: zone_name(component),
        busy: is_busy(component, &at.span, role),
        role,
        standing: standing_of(component, addresses),
        attendees: other_attendees(component, addresses),
        answered: has_answered(component, addresses),
        created_at: component.created.filter(|c| *c <= context.now).unwrap_or(context.now),
        first_seen: context.now,
        last_modified: component.last_modified,
        sequence: component.sequence,
        related_to: component.related_to.clone(),
        trail: Vec::new(),
        settled: Vec::new(),
        closed: false,
        task_type: None,
        completed: mark_of(&component.summary),
        success_rating: None,
        energy_after: None,
    };
    let by = component.last_modified.filter(|m| *m <= context.now).unwrap_or(context.now);
    let seen = Seen { after: sight.previous, by };
    if let Some(observation) = standing_observation(event.standing) {
        event.trail.push((seen, observation));
    }
    event
}

/// Takes over what changed on a known, open occurrence. True when it wants a task type anew.
fn update(
    event: &mut Event,
    at: &Occurrence<'_>,
    sight: &Sight<'_>,
    context: &Context<'_>,
) -> bool {
    let component = at.component;
    let addresses = context.addresses;
    let seen = seen(sight, component.last_modified, context);
    let standing = standing_of(component, addresses);
    if standing != event.standing {
        let observation = standing_observation(standing).unwrap_or(Observation::Restored);
        event.trail.push((seen, observation));
        event.standing = standing;
    }
    if at.span != event.span {
        // A proposal that stands elsewhere was moved by us; the person's moves come as `Touched`.
        if sight.origin != Origin::Proposal {
            event.trail.push((seen, shift_of(event.span, at.span, context.zone)));
        }
        event.span = at.span;
    }
    let mark = mark_of(&component.summary);
    if mark != event.completed
        && let Some(done) = mark
    {
        event.trail.push((seen, Observation::Marked { done }));
        event.completed = mark;
    }
    let reworded = component.summary != event.title;
    if reworded {
        if unmarked(&component.summary) != unmarked(&event.title) {
            event.trail.push((seen, Observation::Reworded));
        }
        event.title.clone_from(&component.summary);
    }
    event.role = role_of(component, sight.origin, addresses);
    event.collection = sight.collection.clone();
    event.busy = is_busy(component, &at.span, event.role);
    event.attendees = other_attendees(component, addresses);
    event.answered = has_answered(component, addresses);
    event.time_zone = zone_name(component);
    event.last_modified = component.last_modified;
    event.sequence = component.sequence;
    event.related_to.clone_from(&component.related_to);
    reworded || event.task_type.is_none()
}

fn shift_of(from: Span, to: Span, zone: Tz) -> Observation {
    if from.start_instant(zone) == to.start_instant(zone) {
        Observation::Resized { from, to }
    } else {
        Observation::Moved { from, to }
    }
}

/// What was over stands ahead of us again: moved there, or put back.
fn stands_anew(event: &Event, at: &Occurrence<'_>, context: &Context<'_>) -> bool {
    let ahead = at.span.start_instant(context.zone) >= context.now;
    let other = at.span != event.span || event.standing == Standing::Withdrawn;
    ahead && other && standing_of(at.component, context.addresses) == Standing::Scheduled
}

/// What is settled stays; a placement opens behind it. What closed without settling starts afresh.
fn reopen(event: &mut Event) {
    event.closed = false;
    if event.settled.is_empty() {
        event.trail.clear();
    }
}

/// Marks that come after closing are stored, not relearned (safety contract, point 4).
fn mark_late(event: &mut Event, component: &EventComponent) {
    if let Some(done) = mark_of(&component.summary) {
        event.completed = Some(done);
    }
}
