//! Mirrors of tier 3. The first releases kept one record an insight and wrote over it; these are
//! read as the first version of each.

use super::keep::{mirror, mirror_words};
use super::{Keep, Unreadable};
use crate::event::{EventHash, EventId};
use crate::memory::forgotten::Forgotten;
use crate::memory::graph::{Insight, Kind, Link, Looks, Node, Relation};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

mirror_words!(KindRecord of Kind {
    WeakWeekday,
    MorningPerson,
    EveningPerson,
    AfternoonFailures,
    AfterMeetings,
    CallDay,
    ProjectRecovery,
    ProjectOverrun,
    WeakSeason,
    AfterLunch,
    Remembered,
});

mirror!(InsightRecord of Insight {
    id: u32,
    version: u32,
    kind: Kind,
    about: Vec<Node>,
    sentence: String,
    evidence: Vec<EventHash>,
    counts: (u32, u32),
    confidence: f32,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    invalidated_at: Option<DateTime<Utc>>,
    superseded_by: Option<u32>,
});

/// An insight as the first releases kept it.
#[derive(Debug)]
pub(in crate::store) struct FirstInsight {
    id: u32,
    kind: Kind,
    about: Vec<Node>,
    sentence: String,
    evidence: Vec<EventId>,
    counts: (u32, u32),
    confidence: f32,
    valid_from: DateTime<Utc>,
    invalidated_at: Option<DateTime<Utc>>,
    superseded_by: Option<u32>,
}

mirror!(FirstInsightRecord of FirstInsight {
    id: u32,
    kind: Kind,
    about: Vec<Node>,
    sentence: String,
    evidence: Vec<EventId>,
    counts: (u32, u32),
    confidence: f32,
    valid_from: DateTime<Utc>,
    invalidated_at: Option<DateTime<Utc>>,
    superseded_by: Option<u32>,
});

impl From<FirstInsight> for Insight {
    fn from(first: FirstInsight) -> Self {
        Self {
            id: first.id,
            version: 1,
            kind: first.kind,
            about: first.about,
            sentence: first.sentence,
            evidence: first.evidence.iter().map(EventId::hash).collect(),
            counts: first.counts,
            confidence: first.confidence,
            valid_from: first.valid_from,
            valid_until: first.invalidated_at,
            recorded_at: first.valid_from,
            invalidated_at: first.invalidated_at,
            superseded_by: first.superseded_by,
        }
    }
}

mirror_words!(RelationRecord of Relation { Supports, Contradicts, Supersedes, Follows });

mirror!(LinkRecord of Link {
    from: u32,
    relation: Relation,
    to: u32,
    recorded_at: DateTime<Utc>,
    invalidated_at: Option<DateTime<Utc>>,
});

/// A link with its number.
#[derive(Debug)]
pub(in crate::store) struct LinkEntry {
    pub(in crate::store) number: u32,
    pub(in crate::store) link: Link,
}

mirror!(LinkEntryRecord of LinkEntry { number: u32, link: Link });

mirror!(LooksRecord of Looks {
    run_at: Option<DateTime<Utc>>,
    spent: u32,
    spent_at: Option<DateTime<Utc>>,
});

mirror!(ForgottenRecord of Forgotten {
    salt: [u8; 16],
    subject: [u8; 8],
    evidence: BTreeSet<[u8; 8]>,
});

impl Keep for EventHash {
    type Record = [u8; 8];
    fn keep(&self) -> [u8; 8] {
        self.0
    }
    fn back(record: [u8; 8]) -> Result<Self, Unreadable> {
        Ok(Self(record))
    }
}

/// Mirror of [`Node`].
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum NodeRecord {
    Person,
    TaskType(u32),
    Category(String),
    Project(String),
    Weekday(u8),
    DayPart { from: u8, to: u8 },
    Someone([u8; 16]),
    Months { from: u8, to: u8 },
    AfterMeetings,
}

impl Keep for Node {
    type Record = NodeRecord;

    fn keep(&self) -> NodeRecord {
        match self {
            Node::Person => NodeRecord::Person,
            Node::TaskType(id) => NodeRecord::TaskType(*id),
            Node::Category(word) => NodeRecord::Category(word.clone()),
            Node::Project(name) => NodeRecord::Project(name.clone()),
            Node::Weekday(day) => NodeRecord::Weekday(*day),
            Node::DayPart { from, to } => NodeRecord::DayPart { from: *from, to: *to },
            Node::Someone(hash) => NodeRecord::Someone(*hash),
            Node::Months { from, to } => NodeRecord::Months { from: *from, to: *to },
            Node::AfterMeetings => NodeRecord::AfterMeetings,
        }
    }

    fn back(record: NodeRecord) -> Result<Self, Unreadable> {
        Ok(match record {
            NodeRecord::Person => Node::Person,
            NodeRecord::TaskType(id) => Node::TaskType(id),
            NodeRecord::Category(word) => Node::Category(word),
            NodeRecord::Project(name) => Node::Project(name),
            NodeRecord::Weekday(day) => Node::Weekday(day),
            NodeRecord::DayPart { from, to } => Node::DayPart { from, to },
            NodeRecord::Someone(hash) => Node::Someone(hash),
            NodeRecord::Months { from, to } => Node::Months { from, to },
            NodeRecord::AfterMeetings => Node::AfterMeetings,
        })
    }
}
