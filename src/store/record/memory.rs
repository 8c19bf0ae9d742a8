//! Mirrors of tier 3.

use super::keep::{mirror, mirror_words};
use super::{Keep, Unreadable};
use crate::event::EventId;
use crate::memory::graph::{Insight, Kind, Node};
use chrono::{DateTime, Utc};

mirror_words!(KindRecord of Kind { WeakWeekday, MorningPerson, EveningPerson });

mirror!(InsightRecord of Insight {
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
        })
    }
}
