//! Mirrors of tier 1.

use super::keep::{mirror, mirror_enum, mirror_words};
use super::time::{Day, Moment};
use super::{Keep, Unreadable};
use crate::event::{
    CollectionId, Event, EventId, Observation, Role, Seen, Settlement, Signal, Span, Standing, Uid,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Mirror of [`EventId`].
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::store) struct EventIdRecord {
    uid: String,
    recurrence_id: Option<RecurrenceRecord>,
}

/// A RECURRENCE-ID: canonical text as the moment or day it states (5 bytes for 16), any other text
/// as it stands.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum RecurrenceRecord {
    Moment(Moment),
    Day(Day),
    Text(String),
}

/// RFC 5545 section 3.3.5, form 2.
const MOMENT_FORM: &str = "%Y%m%dT%H%M%SZ";
/// RFC 5545 section 3.3.4.
const DAY_FORM: &str = "%Y%m%d";

impl RecurrenceRecord {
    fn of(text: &str) -> Self {
        let moment = NaiveDateTime::parse_from_str(text, MOMENT_FORM).map(|m| m.and_utc());
        if let Some(moment) = moment.ok().filter(|m| m.format(MOMENT_FORM).to_string() == text) {
            return Self::Moment(moment.keep());
        }
        let day = NaiveDate::parse_from_str(text, DAY_FORM);
        match day.ok().filter(|d| d.format(DAY_FORM).to_string() == text) {
            Some(day) => Self::Day(day.keep()),
            None => Self::Text(text.to_owned()),
        }
    }

    fn text(self) -> Result<String, Unreadable> {
        Ok(match self {
            Self::Moment(m) => DateTime::back(m)?.format(MOMENT_FORM).to_string(),
            Self::Day(d) => NaiveDate::back(d)?.format(DAY_FORM).to_string(),
            Self::Text(text) => text,
        })
    }
}

impl Keep for EventId {
    type Record = EventIdRecord;

    fn keep(&self) -> EventIdRecord {
        EventIdRecord {
            uid: self.uid.keep(),
            recurrence_id: self.recurrence_id.as_deref().map(RecurrenceRecord::of),
        }
    }

    fn back(record: EventIdRecord) -> Result<Self, Unreadable> {
        Ok(Self {
            uid: Uid::new(record.uid),
            recurrence_id: record.recurrence_id.map(RecurrenceRecord::text).transpose()?,
        })
    }
}

mirror_words!(RoleRecord of Role { Own, Invited, Suggested });

mirror_words!(StandingRecord of Standing {
    Scheduled,
    Withdrawn,
    CancelledByOrganizer,
    Declined,
});

mirror!(SeenRecord of Seen { after: Option<DateTime<Utc>>, by: DateTime<Utc> });

mirror_enum!(ObservationRecord of Observation {
    Moved { from: Span, to: Span },
    SeriesMoved { from: Span, to: Span },
    Resized { from: Span, to: Span },
    Overlapped { by: EventId },
    Declined {},
    Deleted {},
    CancelledByOrganizer {},
    Restored {},
    Marked { done: bool },
    Reworded {},
});

mirror!(SignalRecord of Signal { value: f32, weight: f32 });

mirror!(SettlementRecord of Settlement {
    span: Span,
    ordinal: u16,
    at: DateTime<Utc>,
    hour: Option<u8>,
    weekday: u8,
    signal: Option<Signal>,
    energy: Option<f32>,
});

mirror!(EventRecord of Event {
    id: EventId,
    collection: CollectionId,
    title: String,
    span: Span,
    time_zone: Option<String>,
    busy: bool,
    role: Role,
    standing: Standing,
    recurring: bool,
    attendees: u16,
    answered: bool,
    created_at: DateTime<Utc>,
    first_seen: DateTime<Utc>,
    last_modified: Option<DateTime<Utc>>,
    sequence: u32,
    related_to: Option<Uid>,
    trail: Vec<(Seen, Observation)>,
    settled: Vec<Settlement>,
    closed: bool,
    task_type: Option<u32>,
    completed: Option<bool>,
    success_rating: Option<f32>,
    energy_after: Option<f32>,
});
