//! The default table: from what was seen to a signal with its weight.

use super::{Appointments, Placement, SETTLING, Surroundings, minutes_of};
use crate::event::time::{local_date, local_hour};
use crate::event::{Event, EventId, Observation, Role, Seen, Settlement, Signal, Span, Standing};
use crate::task::kind::{TaskType, TypeId};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

const KEPT: f32 = 0.9;
const MOVED_EARLIER: f32 = 0.7;
const SHORTENED: f32 = 0.55;
const OVERLAPPED: f32 = 0.35;
const MOVED_LATER: f32 = 0.3;
const MOVED_TO_ANOTHER_DAY: f32 = 0.2;
const DECLINED: f32 = 0.2;
const DELETED: f32 = 0.1;
const DONE: f32 = 0.9;
const FAILED: f32 = 0.1;

/// Weight of "kept" for a proposal of ours that nobody touched, for history read without a trail,
/// and for series the person never answered: 32 % of real events were placeholders that never
/// happened (DESIGN section 6).
const WEAK: f32 = 0.5;
/// Weight of a deletion that may have come after the event was over.
const LATE_DELETION: f32 = 0.5;
/// An occurrence of a series or standing appointment is no decision of its own, but it stands.
const SERIES_SHARE: f32 = 0.2;
/// Less than this many minutes is no change of length: clients round.
const SAME_LENGTH: f32 = 4.0;

/// What one settled placement says to `learn`.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The occurrence.
    pub event: EventId,
    /// Its task type, where it has one.
    pub task_type: Option<TypeId>,
    /// Start of the placement.
    pub start: DateTime<Utc>,
    /// Its local day.
    pub day: NaiveDate,
    /// What is kept of it in tier 1.
    pub settlement: Settlement,
    /// Changes to `placement`: local hour and amount.
    pub placed: Vec<(u8, f32)>,
    /// The person's own rating of success, 0..=1.
    pub rated: Option<f32>,
    /// Energy is the person's own word, not an estimate.
    pub energy_rated: bool,
    /// Place in the day's run of sessions, from 0.
    pub position: usize,
    /// Hours since the session before it on that day; `None` when it was the first.
    pub rest_hours: Option<f32>,
    /// No placement follows.
    pub last: bool,
    /// A block of ours that nobody touched.
    pub proposal: bool,
}

/// The signal of moving from one place to another.
pub fn signal_of_move(from: Span, to: Span, zone: Tz) -> f32 {
    let (a, b) = (from.start_instant(zone), to.start_instant(zone));
    if b < a {
        MOVED_EARLIER
    } else if local_date(a, zone) == local_date(b, zone) {
        MOVED_LATER
    } else {
        MOVED_TO_ANOTHER_DAY
    }
}

/// A placement that was left. An organiser's move says nothing about the person.
pub(super) fn left(event: &Event, from: Span, to: Span, zone: Tz) -> Option<Signal> {
    if event.role == Role::Invited || matches!(from, Span::AllDay { .. }) {
        return None;
    }
    Some(Signal { value: signal_of_move(from, to, zone), weight: 1.0 })
}

/// The last placement, a day after its end.
pub(super) fn stayed(
    event: &Event,
    placement: &Placement,
    around: &Surroundings,
    zone: Tz,
) -> Option<Signal> {
    if matches!(placement.span, Span::AllDay { .. }) {
        return None;
    }
    if let Some(own) = own_word(event) {
        return Some(own);
    }
    match event.standing {
        Standing::CancelledByOrganizer => None,
        Standing::Declined => Some(Signal { value: DECLINED, weight: 1.0 }),
        Standing::Withdrawn => deleted(event, &placement.span, zone),
        Standing::Scheduled => kept(event, placement, around),
    }
}

/// Marked or rated by the person: overrides all.
fn own_word(event: &Event) -> Option<Signal> {
    let marked = event.completed.map(|done| if done { DONE } else { FAILED });
    let value = event.success_rating.or(marked)?;
    Some(Signal { value: value.clamp(0.0, 1.0), weight: 1.0 })
}

/// Deletion counts by its interval (last listing, this one].
fn deleted(event: &Event, span: &Span, zone: Tz) -> Option<Signal> {
    let seen = event
        .trail
        .iter()
        .rev()
        .find(|(_, o)| matches!(o, Observation::Deleted))
        .map(|(seen, _)| *seen)?;
    let weight = deletion_weight(seen, span, event.first_seen, zone)?;
    Some(Signal { value: DELETED, weight })
}

fn deletion_weight(seen: Seen, span: &Span, first_seen: DateTime<Utc>, zone: Tz) -> Option<f32> {
    let (start, end) = (span.start_instant(zone), span.end_instant(zone));
    // Seen cancelled at first sight: LAST-MODIFIED is all there is to time it by.
    let opens = seen.after.unwrap_or(if seen.by < first_seen { seen.by } else { start });
    if opens >= end || (seen.after.is_none() && seen.by > end && seen.by < first_seen) {
        return None;
    }
    let timely = opens < start && seen.by <= end + SETTLING;
    Some(if timely { 1.0 } else { LATE_DELETION })
}

fn kept(event: &Event, placement: &Placement, around: &Surroundings) -> Option<Signal> {
    if around.overlapped(event) {
        return Some(Signal { value: OVERLAPPED, weight: 1.0 });
    }
    let (before, after) = (minutes_of(&placement.came), minutes_of(&placement.span));
    if after < before - SAME_LENGTH {
        return Some(Signal { value: SHORTENED, weight: 1.0 });
    }
    let extended = after > before + SAME_LENGTH;
    match event.role {
        Role::Suggested if !extended => {
            let alive = around.person_was_active(&placement.span);
            alive.then_some(Signal { value: KEPT, weight: WEAK })
        }
        _ => Some(Signal { value: KEPT, weight: kept_weight(event, extended) }),
    }
}

fn kept_weight(event: &Event, extended: bool) -> f32 {
    let Span::Timed { end, .. } = event.span else { return 0.0 };
    let history = event.first_seen >= end;
    let unanswered = event.recurring && event.role == Role::Invited && !event.answered;
    match (extended, history || unanswered) {
        (true, _) | (false, false) => 1.0,
        (false, true) => WEAK,
    }
}

/// Where the person put it themselves (DESIGN section 6): +1 at a self-placed start, +1 at the hour
/// moved to, −0.5 at the hour left. Our blocks count only once the person moved them; what is put
/// there with others' time in mind counts for nothing.
pub(super) fn self_placed(
    event: &Event,
    placement: &Placement,
    ordinal: usize,
    zone: Tz,
    appointments: &Appointments<'_>,
) -> Vec<(u8, f32)> {
    let alone = event.role == Role::Own && event.attendees == 0;
    if !alone {
        return Vec::new();
    }
    let mut changes = Vec::new();
    if let (0, false, Span::Timed { start, .. }) = (ordinal, event.id.uid.is_ours(), placement.came)
    {
        let returns = event.recurring || appointments.returns(event);
        let share = if returns { SERIES_SHARE } else { 1.0 };
        changes.push((local_hour(start, zone), share));
    }
    if let (Some((_, Span::Timed { start: to, .. })), Span::Timed { start: from, .. }) =
        (placement.left, placement.span)
    {
        changes.push((local_hour(to, zone), 1.0));
        changes.push((local_hour(from, zone), -0.5));
    }
    changes
}

/// Energy afterwards when nobody rates it, 0..=1. An *estimate*, and called one wherever it is
/// shown: what the day's run of sessions leaves (depletion curve), less what the work takes (load ×
/// hours, two hours at most), a little more after success, less when what followed was dropped.
pub(super) fn estimate_energy(
    kind: Option<&TaskType>,
    minutes: f32,
    position: usize,
    signal: Signal,
    next_dropped: bool,
) -> f32 {
    let load = kind.map_or(0.5, |k| k.cognitive_load);
    let curve = kind.map_or([1.0, 0.8, 0.6, 0.4, 0.2], |k| k.depletion_curve);
    let left = curve[position.min(curve.len() - 1)];
    let taken = 0.25 * load * (minutes / 60.0).min(2.0) / 2.0;
    let mood = 0.3 * (signal.value - 0.5);
    let after = if next_dropped { 0.1 } else { 0.0 };
    (0.3 + 0.5 * left - taken + mood - after).clamp(0.0, 1.0)
}
