//! The default table: from what was seen to a signal with its weight.

use super::appointments::is_alone;
use super::reason::{Evidence, Reason, Row};
use super::{Appointments, Placement, SETTLING, Surroundings, minutes_of};
use crate::event::time::{local_date, local_hour};
use crate::event::{Event, EventId, Observation, Role, Settlement, Signal, Span, Standing};
use crate::task::kind::{TaskType, TypeId};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

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
    /// Why it teaches that.
    pub reason: Reason,
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

/// The row for moving from one place to another.
fn row_of_move(from: Span, to: Span, zone: Tz) -> Row {
    let (a, b) = (from.start_instant(zone), to.start_instant(zone));
    if b < a {
        Row::MovedEarlier
    } else if local_date(a, zone) == local_date(b, zone) {
        Row::MovedLater
    } else {
        Row::MovedToAnotherDay
    }
}

/// A placement that was left. An organiser's move says nothing about the person.
pub(super) fn left(event: &Event, from: Span, to: Span, zone: Tz) -> Reason {
    if event.role == Role::Invited {
        return Reason::unknown(Evidence::OthersMoved);
    }
    if matches!(from, Span::AllDay { .. }) {
        return Reason::unknown(Evidence::WholeDay);
    }
    Reason::new(row_of_move(from, to, zone), [])
}

/// The last placement, a day after its end.
pub(super) fn stayed(
    event: &Event,
    placement: &Placement,
    around: &Surroundings,
    zone: Tz,
) -> Reason {
    if matches!(placement.span, Span::AllDay { .. }) {
        return Reason::unknown(Evidence::WholeDay);
    }
    if let Some(own) = own_word(event) {
        return Reason::new(own, []);
    }
    match event.standing {
        Standing::CancelledByOrganizer => Reason::unknown(Evidence::OthersCancelled),
        Standing::Declined => Reason::new(Row::Declined, []),
        Standing::Withdrawn => deleted(event, &placement.span, zone),
        Standing::Scheduled => kept(event, placement, around),
    }
}

/// Marked or rated by the person: overrides all.
fn own_word(event: &Event) -> Option<Row> {
    let marked = event.completed.map(|done| if done { Row::Done } else { Row::Failed });
    event.success_rating.map(Row::Rated).or(marked)
}

/// Deletion counts by its interval (last listing, this one].
fn deleted(event: &Event, span: &Span, zone: Tz) -> Reason {
    let mut trail = event.trail.iter().rev();
    let Some((seen, _)) = trail.find(|(_, o)| matches!(o, Observation::Deleted)) else {
        return Reason::unknown(Evidence::TidiedUp);
    };
    let (start, end) = (span.start_instant(zone), span.end_instant(zone));
    // Seen cancelled at first sight: LAST-MODIFIED is all there is to time it by.
    let at_first_sight = seen.by < event.first_seen;
    let opens = seen.after.unwrap_or(if at_first_sight { seen.by } else { start });
    if opens >= end || (seen.after.is_none() && seen.by > end && at_first_sight) {
        return Reason::unknown(Evidence::TidiedUp);
    }
    let timely = opens < start && seen.by <= end + SETTLING;
    Reason::new(Row::Deleted, (!timely).then_some(Evidence::PerhapsOver))
}

fn kept(event: &Event, placement: &Placement, around: &Surroundings) -> Reason {
    if let Some(booking) = around.overlapped(event) {
        return Reason::new(Row::Overlapped, [Evidence::LaterBooking(booking.clone())]);
    }
    let (before, after) = (minutes_of(&placement.came), minutes_of(&placement.span));
    if after < before - SAME_LENGTH {
        return Reason::new(Row::Shortened, []);
    }
    if after > before + SAME_LENGTH {
        return Reason::new(Row::Extended, []);
    }
    if event.role == Role::Suggested {
        return match around.person_was_active(&placement.span) {
            true => Reason::new(Row::Kept, [Evidence::Untouched]),
            false => Reason::unknown(Evidence::NobodyThere),
        };
    }
    Reason::new(Row::Kept, doubts(event))
}

/// What makes "kept" weak or sure.
fn doubts(event: &Event) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if matches!(event.span, Span::Timed { end, .. } if event.first_seen >= end) {
        evidence.push(Evidence::History);
    }
    if event.role == Role::Invited {
        match event.answered {
            true => evidence.push(Evidence::Answered),
            false if event.recurring => evidence.push(Evidence::NeverAnswered),
            false => {}
        }
    }
    evidence
}

/// Where the person put it themselves (DESIGN section 6): +1 at a self-placed start, as far as it
/// was theirs to place, +1 at the hour moved to, −0.5 at the hour left. Our blocks count only once
/// the person moved them; what is put there with others' time in mind counts for nothing.
pub(super) fn self_placed(
    event: &Event,
    placement: &Placement,
    ordinal: usize,
    zone: Tz,
    appointments: &Appointments<'_>,
) -> Vec<(u8, f32)> {
    if !is_alone(event) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    if let (0, false, Span::Timed { start, .. }) = (ordinal, event.id.uid.is_ours(), placement.came)
    {
        changes.push((local_hour(start, zone), appointments.own_share(event)));
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
