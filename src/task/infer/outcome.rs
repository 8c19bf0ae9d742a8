//! The default table: from what was seen to a signal with its weight.

use super::appointments::is_alone;
use super::reason::{Evidence, Reason, Row};
use super::surroundings::Clash;
use super::{Appointments, Placement, SETTLING, Surroundings, minutes_of};
use crate::event::time::{local_date, local_hour};
use crate::event::{Event, EventId, Observation, Role, Settlement, Span, Standing, Whereabouts};
use crate::task::kind::TypeId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Less than this many minutes is no change of length: clients round.
const SAME_LENGTH: f32 = 4.0;

/// A change this soon after the end was made because of how it went.
const RIGHT_AFTER: TimeDelta = TimeDelta::minutes(30);
/// Shares of the usual length below and above which history was shortened or extended.
const UNUSUAL: (f32, f32) = (0.75, 1.25);

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
    around: &Surroundings<'_>,
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

fn kept(event: &Event, placement: &Placement, around: &Surroundings<'_>) -> Reason {
    let mut evidence = doubts(event, around);
    match around.clash(event) {
        Some(Clash::Later(by)) => {
            return Reason::new(Row::Overlapped, [Evidence::LaterBooking(by.clone())]);
        }
        Some(Clash::WithOthers(by)) => {
            return Reason::unknown(Evidence::WithOthersInstead(by.clone()));
        }
        Some(Clash::Unanswered(by)) => {
            return Reason::new(Row::Overlapped, [Evidence::UnansweredOver(by.clone())]);
        }
        Some(Clash::Either(with)) => evidence.insert(0, Evidence::DoubleBooked(with.clone())),
        None => {}
    }
    let row = length(event, placement, around);
    match (event.role, row) {
        (_, Row::Shortened | Row::Extended) => {}
        (Role::Suggested, _) if around.person_was_active(&placement.span) => {
            evidence.push(Evidence::Untouched);
        }
        (Role::Suggested, _) => return Reason::unknown(Evidence::NobodyThere),
        _ => {}
    }
    Reason::new(row, evidence)
}

/// Shortened, extended or simply kept.
fn length(event: &Event, placement: &Placement, around: &Surroundings<'_>) -> Row {
    // How long it lasts is its organiser's to say.
    if event.role == Role::Invited {
        return Row::Kept;
    }
    let (before, after) = (minutes_of(&placement.came), minutes_of(&placement.span));
    if after < before - SAME_LENGTH {
        return Row::Shortened;
    }
    if after > before + SAME_LENGTH {
        return Row::Extended;
    }
    // History: the last change came while it ran or right after, and its length is unusual.
    if is_history(event)
        && event.sequence > 0
        && let (Some(changed), Some(usual)) = (event.last_modified, around.usual_minutes(event))
        && let Span::Timed { start, end } = event.span
        && (start..=end + RIGHT_AFTER).contains(&changed)
    {
        return match after / usual {
            share if share < UNUSUAL.0 => Row::Shortened,
            share if share > UNUSUAL.1 => Row::Extended,
            _ => Row::Kept,
        };
    }
    Row::Kept
}

/// It was over when it was first seen.
fn is_history(event: &Event) -> bool {
    matches!(event.span, Span::Timed { end, .. } if event.first_seen >= end)
}

/// What makes "kept" weak or sure.
fn doubts(event: &Event, around: &Surroundings<'_>) -> Vec<Evidence> {
    let answered = event.role == Role::Invited && event.answered;
    let unanswered = event.role == Role::Invited && event.recurring && !event.answered;
    let untouched = event.role == Role::Own && around.is_never_touched(event);
    let found = [
        (is_history(event), Evidence::History),
        (answered, Evidence::Answered),
        (unanswered, Evidence::NeverAnswered),
        (untouched, Evidence::NeverTouched),
    ];
    found.into_iter().filter(|(holds, _)| *holds).map(|(_, what)| what).collect()
}

/// Where the person put it themselves (DESIGN section 6): +1 at a self-placed start, as far as it
/// was theirs to place, +1 at the hour moved to, −0.5 at the hour left. Our blocks count only once
/// the person moved them; what is put there with others' time in mind counts for nothing.
pub(super) fn self_placed(
    event: &Event,
    placement: &Placement,
    ordinal: usize,
    whereabouts: &Whereabouts,
    appointments: &Appointments<'_>,
) -> Vec<(u8, f32)> {
    if !is_alone(event) {
        return Vec::new();
    }
    let hour = |start| local_hour(start, whereabouts.zone_at(start));
    let mut changes = Vec::new();
    if let (0, false, Span::Timed { start, .. }) = (ordinal, event.id.uid.is_ours(), placement.came)
    {
        changes.push((hour(start), appointments.own_share(event)));
    }
    if let (Some((_, Span::Timed { start: to, .. })), Span::Timed { start: from, .. }) =
        (placement.left, placement.span)
    {
        changes.push((hour(to), 1.0));
        changes.push((hour(from), -0.5));
    }
    changes
}
