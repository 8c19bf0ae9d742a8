//! What became of an event, read from its trail (DESIGN section 6).
//!
//! The unit is a *placement*: where an occurrence stood. One that was left settles when the move is
//! seen, the last one a day after its end; each settles once and never again.

mod again;
mod aftermath;
mod appointments;
mod explain;
mod outcome;
mod reason;
mod surroundings;

#[cfg(test)]
mod away;
#[cfg(test)]
mod energy_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use aftermath::Aftermath;
pub use again::Again;
pub use explain::{Explanation, explain};
pub use outcome::Outcome;
pub use reason::{Evidence, Reason, Row};
pub use surroundings::Surroundings;

use super::kind::Types;
use crate::event::time::{local_date, local_hour};
use crate::event::{
    Event, EventId, Events, Observation, Role, Seen, Settlement, Span, Whereabouts,
};
use appointments::Appointments;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;

/// A placement settles this long after its end: people tidy up until the next day.
pub const SETTLING: TimeDelta = TimeDelta::days(1);

/// The person and the moment.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Time of the turn.
    pub now: DateTime<Utc>,
    /// The person's zone.
    pub zone: Tz,
}

/// Whether a listing showed what became of an event after its end. Where none did (an account that
/// can't be reached, deletions that are held) the last placement waits.
pub type Witnessed<'a> = &'a dyn Fn(&Event) -> bool;

/// Where an occurrence stood, and how it left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    /// As it stood when it came there.
    pub came: Span,
    /// As it stood last.
    pub span: Span,
    /// When it was left, and for where; `None` = it is the last one.
    pub left: Option<(Seen, Span)>,
    /// No placement follows although it was left (a series that moved).
    pub ends: bool,
}

/// The placements of an occurrence in order, from its trail.
pub(super) fn placements(event: &Event) -> Vec<Placement> {
    let first = event.trail.iter().find_map(|(_, o)| match o {
        Observation::Moved { from, .. }
        | Observation::SeriesMoved { from, .. }
        | Observation::Resized { from, .. } => Some(*from),
        _ => None,
    });
    let mut came = first.unwrap_or(event.span);
    let mut at = came;
    let mut ended = false;
    let mut found = Vec::new();
    for (seen, observation) in &event.trail {
        match observation {
            Observation::Moved { from, to } => {
                found.push(Placement { came, span: *from, left: Some((*seen, *to)), ends: false });
                came = *to;
                at = *to;
            }
            Observation::SeriesMoved { from, to } => {
                found.push(Placement { came, span: *from, left: Some((*seen, *to)), ends: true });
                ended = true;
            }
            // The series went back to where it was.
            Observation::Restored if ended => {
                ended = false;
                came = at;
            }
            Observation::Resized { to, .. } => at = *to,
            _ => {}
        }
    }
    if !ended {
        found.push(Placement { came, span: at, left: None, ends: true });
    }
    found
}

/// Ids of the events with something to settle at `now`.
pub fn due(events: &Events, context: &Context, witnessed: Witnessed<'_>) -> Vec<EventId> {
    let mut ids: Vec<(DateTime<Utc>, EventId)> = events
        .values()
        .filter(|e| !e.closed && is_due(e, context, witnessed))
        .map(|e| (e.span.start_instant(context.zone), e.id.clone()))
        .collect();
    ids.sort();
    ids.into_iter().map(|(_, id)| id).collect()
}

fn is_due(event: &Event, context: &Context, witnessed: Witnessed<'_>) -> bool {
    let over = event.span.end_instant(context.zone) + SETTLING <= context.now && witnessed(event);
    let left = event
        .trail
        .iter()
        .filter(|(_, o)| matches!(o, Observation::Moved { .. } | Observation::SeriesMoved { .. }))
        .count();
    over || left > event.settled.len()
}

/// Settles what is due, in the order (start, UID), and returns what it taught; hours are local to
/// where the person was. Events without a task type settle too; they teach nothing but energy.
pub fn settle(
    events: &mut Events,
    types: &Types,
    context: &Context,
    whereabouts: &Whereabouts,
    witnessed: Witnessed<'_>,
) -> Vec<Outcome> {
    let ids = due(events, context, witnessed);
    if ids.is_empty() {
        return Vec::new();
    }
    let around = Surroundings::new(events, context.zone);
    let appointments = Appointments::new(events, context.zone);
    let whereabouts = &whereabouts.seen_in(events);
    let settled: Vec<(EventId, Vec<Outcome>)> = ids
        .into_iter()
        .filter_map(|id| {
            let (around, appointments) = (&around, &appointments);
            let beside = Beside { types, around, appointments, whereabouts, witnessed };
            let outcomes = settle_one(events.get(&id)?, &beside, context);
            Some((id, outcomes))
        })
        .collect();
    let mut outcomes = Vec::new();
    for (id, settled) in settled {
        let Some(event) = events.get_mut(&id) else { continue };
        for outcome in settled {
            event.settled.push(outcome.settlement.clone());
            event.closed |= outcome.last;
            outcomes.push(outcome);
        }
    }
    outcomes.sort_by(|a, b| (a.start, &a.event).cmp(&(b.start, &b.event)));
    outcomes
}

/// What is looked at beside the event itself.
struct Beside<'a> {
    types: &'a Types,
    around: &'a Surroundings<'a>,
    appointments: &'a Appointments<'a>,
    whereabouts: &'a Whereabouts,
    witnessed: Witnessed<'a>,
}

fn settle_one(event: &Event, beside: &Beside<'_>, context: &Context) -> Vec<Outcome> {
    let all = placements(event);
    let first_start = all.first().map(|p| p.came.start_instant(context.zone));
    let mut outcomes = Vec::new();
    for (ordinal, placement) in all.iter().enumerate().skip(event.settled.len()) {
        let is_over = placement.span.end_instant(context.zone) + SETTLING <= context.now;
        if placement.left.is_none() && !(is_over && (beside.witnessed)(event)) {
            break;
        }
        let reason = reason_of(event, placement, ordinal, first_start, beside.around);
        outcomes.push(build(event, placement, ordinal, reason, beside, context));
    }
    outcomes
}

/// What became of the placement, given where the first one was to start.
fn reason_of(
    event: &Event,
    placement: &Placement,
    ordinal: usize,
    first_start: Option<DateTime<Utc>>,
    around: &Surroundings<'_>,
) -> Reason {
    let zone = around.zone();
    let reason = match placement.left {
        Some((seen, _)) if ordinal > 0 && first_start.is_some_and(|s| seen.by <= s) => {
            Reason::unknown(Evidence::MovedOn)
        }
        Some((_, to)) => outcome::left(event, placement.span, to, zone),
        None => outcome::stayed(event, placement, around, zone),
    };
    // Their own word aside: nobody worked, and what was cleared away for it did not fail.
    match reason.row.signal() {
        Some(_) if !reason.row.is_own_word() && around.is_absent(&placement.span) => {
            Reason::unknown(Evidence::Absent)
        }
        _ => reason,
    }
}

fn build(
    event: &Event,
    placement: &Placement,
    ordinal: usize,
    reason: Reason,
    beside: &Beside<'_>,
    context: &Context,
) -> Outcome {
    let signal = reason.signal();
    let Beside { types, around, appointments, whereabouts, .. } = *beside;
    let start = placement.span.start_instant(context.zone);
    let zone = whereabouts.zone_at(start);
    let hour = match placement.span {
        Span::Timed { start, .. } => Some(local_hour(start, zone)),
        Span::AllDay { .. } => None,
    };
    let kind = event.task_type.and_then(|id| types.by_id.get(&id));
    let position = around.position(&event.id, &placement.span);
    let energy = event.energy_after.or_else(|| {
        let signal = signal.filter(|_| hour.is_some() && placement.left.is_none())?;
        let minutes = minutes_of(&placement.span);
        let followed = followed(&reason, placement, around);
        Some(aftermath::estimate_energy(kind, minutes, position, signal, &followed))
    });
    let weekday = local_date(start, zone).weekday().number_from_monday() as u8;
    let settlement = Settlement {
        span: placement.span,
        ordinal: u16::try_from(ordinal).unwrap_or(u16::MAX),
        at: context.now,
        hour,
        weekday,
        signal,
        energy,
    };
    Outcome {
        event: event.id.clone(),
        task_type: event.task_type,
        start,
        day: local_date(start, zone),
        placed: outcome::self_placed(event, placement, ordinal, whereabouts, appointments),
        rated: event.success_rating,
        energy_rated: event.energy_after.is_some(),
        position,
        rest_hours: around.rest_before(&placement.span),
        last: placement.ends,
        proposal: event.role == Role::Suggested,
        settlement,
        reason,
    }
}

/// What followed the last placement that speaks of tiredness.
fn followed(reason: &Reason, placement: &Placement, around: &Surroundings<'_>) -> Vec<Aftermath> {
    let mut followed = around.aftermath(&placement.span);
    followed.extend((reason.row == Row::Shortened).then_some(Aftermath::EndedEarly));
    followed
}

pub(super) fn minutes_of(span: &Span) -> f32 {
    match span {
        Span::Timed { start, end } => (*end - *start).num_minutes().max(0) as f32,
        Span::AllDay { .. } => 0.0,
    }
}
