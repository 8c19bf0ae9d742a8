//! Nodes and insights, and how they hang together.

use crate::event::EventId;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What an insight is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The person as a whole.
    Person,
    /// A task type by number.
    TaskType(u32),
    /// A category by its word.
    Category(String),
    /// A project by name.
    Project(String),
    /// ISO weekday, 1 = Monday.
    Weekday(u8),
    /// A part of the day: local hours `[from, to)`.
    DayPart {
        /// First hour.
        from: u8,
        /// First hour after it.
        to: u8,
    },
}

/// Which detector found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Success on one weekday is under half of the rest.
    WeakWeekday,
    /// Energy 6-12 h is over 1.3 times that of 18-23 h.
    MorningPerson,
    /// The other way round.
    EveningPerson,
}

/// A qualitative insight.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// Its number, unique within a principal.
    pub id: u32,
    /// Which detector.
    pub kind: Kind,
    /// What it is about, most specific first.
    pub about: Vec<Node>,
    /// The sentence a person reads.
    pub sentence: String,
    /// Events it rests on; bounded.
    pub evidence: Vec<EventId>,
    /// Observations for it, and in all.
    pub counts: (u32, u32),
    /// How sure, 0..=1.
    pub confidence: f32,
    /// Holds since.
    pub valid_from: DateTime<Utc>,
    /// No longer holds since.
    pub invalidated_at: Option<DateTime<Utc>>,
    /// The insight that took its place.
    pub superseded_by: Option<u32>,
}

/// Tier 3 of one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// All insights ever held, by number.
    pub insights: BTreeMap<u32, Insight>,
    /// The next number to give.
    pub next: u32,
}

impl Graph {
    /// Insights that hold now, in order of number.
    pub fn active(&self) -> impl Iterator<Item = &Insight> {
        self.insights.values().filter(|i| i.invalidated_at.is_none())
    }
}
