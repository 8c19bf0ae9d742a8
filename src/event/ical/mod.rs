//! iCalendar text to components and back (RFC 5545), through the `icalendar` crate.
//!
//! Parsing returns what could be read *and* the problems: one bad property costs at most its
//! component, one bad component never its neighbours.

mod bounds;
mod decode;
mod guests;
mod lines;
mod properties;
mod read;
mod value;
mod vtimezone;
mod write;

pub use decode::decode;
pub use read::parse;
pub use write::write;

use super::id::Uid;
use super::time::{Duration, Span, Stamp};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line of the source text, where known.
    pub line: Option<usize>,
    /// The property at fault, where known.
    pub property: Option<String>,
    /// One sentence for a person. Never holds a title.
    pub message: String,
}

/// The readable part of an iCalendar stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// Components grouped by UID, in order of first appearance.
    pub objects: Vec<ObjectResource>,
    /// 1-based line of the first component of each object, in the order of `objects`.
    pub begins: Vec<usize>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// All components that share a UID: a master with its overrides, or a VTODO (RFC 4791 section 4.1).
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectResource {
    /// Their UID.
    pub uid: Uid,
    /// VEVENTs: at most one without RECURRENCE-ID (the highest SEQUENCE wins), then overrides.
    pub events: Vec<EventComponent>,
    /// VTODOs.
    pub todos: Vec<Todo>,
}

impl ObjectResource {
    /// It is a series, or a part of one: a window shows only some of its occurrences.
    pub fn recurs(&self) -> bool {
        let part = |e: &EventComponent| e.recurrence_id.is_some();
        self.events.iter().any(|e| !e.rules.is_empty() || !e.rdates.is_empty() || part(e))
    }
}

/// STATUS of a VEVENT (RFC 5545 section 3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// CONFIRMED, absent or unknown.
    #[default]
    Confirmed,
    /// TENTATIVE.
    Tentative,
    /// CANCELLED.
    Cancelled,
}

/// TRANSP (RFC 5545 section 3.8.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transparency {
    /// Blocks time; the default.
    #[default]
    Opaque,
    /// Does not.
    Transparent,
}

/// PARTSTAT (RFC 5545 section 3.2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartStat {
    /// NEEDS-ACTION, absent or unknown.
    #[default]
    NeedsAction,
    /// ACCEPTED.
    Accepted,
    /// TENTATIVE.
    Tentative,
    /// DECLINED.
    Declined,
}

/// ATTENDEE (RFC 5545 section 3.8.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Calendar address, lower case, without `mailto:`.
    pub address: String,
    /// Their answer.
    pub partstat: PartStat,
    /// CUTYPE is ROOM or RESOURCE.
    pub resource: bool,
}

/// RDATE value: a start, or a period with an end of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Rdate {
    /// Start.
    pub start: Stamp,
    /// Length, for VALUE=PERIOD.
    pub duration: Option<Duration>,
}

/// A VEVENT.
#[derive(Debug, Clone, PartialEq)]
pub struct EventComponent {
    /// RECURRENCE-ID of an override.
    pub recurrence_id: Option<Stamp>,
    /// RANGE=THISANDFUTURE on it.
    pub this_and_future: bool,
    /// SUMMARY, unescaped, untrimmed; empty when absent.
    pub summary: String,
    /// DESCRIPTION, unescaped.
    pub description: String,
    /// LOCATION, unescaped.
    pub location: String,
    /// DTSTART.
    pub start: Stamp,
    /// DTEND.
    pub end: Option<Stamp>,
    /// DURATION.
    pub duration: Option<Duration>,
    /// RRULE values as written.
    pub rules: Vec<String>,
    /// RDATE values.
    pub rdates: Vec<Rdate>,
    /// EXDATE values.
    pub exdates: Vec<Stamp>,
    /// EXRULE values as written (deprecated, still sent).
    pub exrules: Vec<String>,
    /// STATUS.
    pub status: Status,
    /// TRANSP.
    pub transparency: Transparency,
    /// The person is away (X-MICROSOFT-CDO-BUSYSTATUS:OOF and the like).
    pub out_of_office: bool,
    /// ORGANIZER address, lower case, without `mailto:`.
    pub organizer: Option<String>,
    /// ATTENDEEs.
    pub attendees: Vec<Attendee>,
    /// SEQUENCE.
    pub sequence: u32,
    /// CREATED.
    pub created: Option<DateTime<Utc>>,
    /// LAST-MODIFIED.
    pub last_modified: Option<DateTime<Utc>>,
    /// First RELATED-TO.
    pub related_to: Option<Uid>,
    /// `X-CHRONOTYPE-*` properties, names upper case.
    pub marks: BTreeMap<String, String>,
}

/// STATUS of a VTODO (RFC 5545 section 3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TodoStatus {
    /// NEEDS-ACTION, IN-PROCESS, absent or unknown.
    #[default]
    Open,
    /// COMPLETED, or a COMPLETED date, or PERCENT-COMPLETE:100.
    Completed,
    /// CANCELLED.
    Cancelled,
}

/// A VTODO (RFC 5545 section 3.6.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Todo {
    /// SUMMARY, unescaped.
    pub summary: String,
    /// DTSTART: the earliest start.
    pub start: Option<Stamp>,
    /// DUE: the deadline.
    pub due: Option<Stamp>,
    /// ESTIMATED-DURATION, else DURATION; never DTSTART to DUE.
    pub duration: Option<TimeDelta>,
    /// STATUS and COMPLETED together.
    pub status: TodoStatus,
    /// COMPLETED: when, where it says so.
    pub completed: Option<DateTime<Utc>>,
    /// PRIORITY: 1 highest .. 9 lowest, 0 undefined.
    pub priority: u8,
    /// ORGANIZER: who assigned it, lower case; absent where the person made it.
    pub organizer: Option<String>,
    /// ATTENDEEs: whom it is assigned to.
    pub attendees: Vec<Attendee>,
    /// RELATED-TO with RELTYPE=DEPENDS-ON (RFC 9253 section 5): not to be begun before these are
    /// done.
    pub depends_on: Vec<Uid>,
    /// RELATED-TO with RELTYPE=FINISHTOSTART (RFC 9253 section 4): these wait for it.
    pub precedes: Vec<Uid>,
    /// It recurs (RRULE or RDATE present): not planned.
    pub recurring: bool,
    /// LAST-MODIFIED.
    pub last_modified: Option<DateTime<Utc>>,
}

impl Todo {
    /// The person's own, or one that somebody gave them and they took on: an invitation by a
    /// stranger is no order.
    pub fn is_taken_on(&self, addresses: &[String]) -> bool {
        let theirs = |address: &String| addresses.contains(address);
        let accepted = |a: &Attendee| theirs(&a.address) && a.partstat == PartStat::Accepted;
        self.organizer.as_ref().is_none_or(theirs) || self.attendees.iter().any(accepted)
    }
}

/// A block of ours as it goes out: tentative, no attendees, no alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockText {
    /// UID `chronotype-...`.
    pub uid: Uid,
    /// SUMMARY.
    pub summary: String,
    /// DESCRIPTION: why here and why not there.
    pub description: String,
    /// DTSTART and DTEND, in UTC.
    pub span: Span,
    /// RELATED-TO: the VTODO it serves.
    pub related_to: Option<Uid>,
    /// `X-CHRONOTYPE-*` properties.
    pub marks: BTreeMap<String, String>,
    /// CATEGORIES, and COLOR (RFC 7986 section 5.9), where it has them.
    pub painted: Option<(String, String)>,
    /// TRANSP: opaque for a block that is defended.
    pub transparency: Transparency,
    /// SEQUENCE.
    pub sequence: u32,
    /// DTSTAMP and LAST-MODIFIED: time of the decision, so that the same decision gives the same
    /// text.
    pub stamp: DateTime<Utc>,
}

/// Longest stream read, in bytes: real exports of thirty years stay below 50 MiB.
pub const TEXT_MAX: usize = 64 << 20;
/// Most VEVENTs, VTODOs and VTIMEZONEs read from one stream.
pub const COMPONENTS_MAX: usize = 200_000;
/// Deepest nesting followed: VCALENDAR, VEVENT, VALARM and one to spare; deeper ones are skipped.
pub const DEPTH_MAX: usize = 16;
/// Most properties kept of one component, of those anybody looks at: RDATE and ATTENDEE lists of
/// real files stay below 2,000.
pub const PROPERTIES_MAX: usize = 20_000;
/// Longest content line read, in bytes; of a longer one its beginning counts.
pub const LINE_MAX: usize = 1 << 20;
/// Problems told of one stream; more add nothing.
pub const PROBLEMS_MAX: usize = 1_000;
