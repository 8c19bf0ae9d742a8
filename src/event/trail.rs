//! One occurrence as it stands, and the trail of changes that were observed on it.

use super::id::{CollectionId, EventId, Uid};
use super::mark::asked_for;
use super::time::Span;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Whose event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person put it there, alone or as its organiser.
    Own,
    /// Somebody else organises it.
    Invited,
    /// A block of ours that the person has not touched.
    Suggested,
}

/// Whether it still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On the calendar.
    Scheduled,
    /// STATUS:CANCELLED by its owner, or deleted.
    Withdrawn,
    /// Cancelled by an organiser who is not the person.
    CancelledByOrganizer,
    /// On the calendar, and the person declined.
    Declined,
}

/// When a change happened, as far as listings tell: after `after`, at the latest at `by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Time of the last listing without the change; `None` when there was none before.
    pub after: Option<DateTime<Utc>>,
    /// Time of the listing with it, or LAST-MODIFIED where that lies within the interval.
    pub by: DateTime<Utc>,
}

/// One observed change.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Start (and perhaps end) changed.
    Moved {
        /// Placement before.
        from: Span,
        /// Placement after.
        to: Span,
    },
    /// The whole series moved, this occurrence with it: one signal, carried by the next occurrence.
    SeriesMoved {
        /// Placement before.
        from: Span,
        /// Placement after.
        to: Span,
    },
    /// The end alone changed.
    Resized {
        /// Placement before.
        from: Span,
        /// Placement after.
        to: Span,
    },
    /// Another event was booked over it later.
    Overlapped {
        /// The later booking.
        by: EventId,
    },
    /// The person declined.
    Declined,
    /// It vanished or its owner cancelled it.
    Deleted,
    /// An organiser who is not the person cancelled it.
    CancelledByOrganizer,
    /// It came back after it had vanished.
    Restored,
    /// The person marked it done (`true`) or failed (`false`).
    Marked {
        /// Done, not failed.
        done: bool,
    },
    /// Title, place or description changed.
    Reworded,
}

/// What a settled placement taught.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// Success signal `g` in 0..=1.
    pub value: f32,
    /// How certain, in 0..=1; 0 teaches nothing.
    pub weight: f32,
}

/// A placement that is over: it taught `signal`, or nothing (`None` = unknown). Immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Where the occurrence stood.
    pub span: Span,
    /// Counts the placements of one occurrence from 0.
    pub ordinal: u16,
    /// When it was settled (time of the turn).
    pub at: DateTime<Utc>,
    /// Local hour of its start, 0..=23, in the zone the person lived in; `None` for all-day.
    pub hour: Option<u8>,
    /// ISO weekday of its local start, 1 = Monday .. 7 = Sunday.
    pub weekday: u8,
    /// What it taught; `None` = unknown.
    pub signal: Option<Signal>,
    /// Estimated or rated energy afterwards, 0..=1; `None` when nothing can be said.
    pub energy: Option<f32>,
}

/// Tier 1: one occurrence, as it stands and as it came there.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// UID and RECURRENCE-ID.
    pub id: EventId,
    /// Where its object resource lies.
    pub collection: CollectionId,
    /// SUMMARY, unescaped.
    pub title: String,
    /// Where it stands now.
    pub span: Span,
    /// TZID of its start; `None` for UTC, floating and all-day.
    pub time_zone: Option<String>,
    /// Blocks time (TRANSP:OPAQUE and not all-day context).
    pub busy: bool,
    /// Own, invited or suggested.
    pub role: Role,
    /// Scheduled, withdrawn, ...
    pub standing: Standing,
    /// Part of a series.
    pub recurring: bool,
    /// Participants other than the person; 0 = no guest list (missing, not "alone").
    pub attendees: u16,
    /// The person answered an invitation (PARTSTAT is ACCEPTED or TENTATIVE).
    pub answered: bool,
    /// CREATED, else the time it was first seen.
    pub created_at: DateTime<Utc>,
    /// When a listing first held it; after its end means "history, read without a trail".
    pub first_seen: DateTime<Utc>,
    /// LAST-MODIFIED as stated.
    pub last_modified: Option<DateTime<Utc>>,
    /// SEQUENCE.
    pub sequence: u32,
    /// RELATED-TO of our blocks: the VTODO they serve.
    pub related_to: Option<Uid>,
    /// Changes in the order they were seen.
    pub trail: Vec<(Seen, Observation)>,
    /// Placements that are over, in order; the last one closes the event.
    pub settled: Vec<Settlement>,
    /// The event is over and taught all it will.
    pub closed: bool,
    /// Task type, once classified.
    pub task_type: Option<u32>,
    /// Marked done or failed by the person.
    pub completed: Option<bool>,
    /// The person's own rating of success, 0..=1.
    pub success_rating: Option<f32>,
    /// The person's own rating of energy afterwards, 0..=1.
    pub energy_after: Option<f32>,
}

impl Event {
    /// What the person asks for with it (`plan: Board deck 90m`): an event of their own, alone.
    pub fn asked_for(&self) -> Option<&str> {
        let own = self.role == Role::Own && self.attendees == 0 && !self.id.uid.is_ours();
        asked_for(&self.title).filter(|_| own)
    }
}

/// All known occurrences of one person.
pub type Events = BTreeMap<EventId, Event>;
