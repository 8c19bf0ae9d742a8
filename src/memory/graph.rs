//! Nodes, insights and how they hang together, in two times: when something held, and when it was
//! believed.
//!
//! Nothing is overwritten: a belief that changes gets a new [`Insight`], the next version of the
//! same id, and the one before keeps its words; all that is ever set later is its end. What is
//! said of an insight (about whom, on which events) are edges that lie in it; edges between
//! insights are [`Link`]s. Every graph is one principal's.

use super::forgotten::Forgotten;
use crate::event::EventHash;
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
    /// A project by the word that its titles share.
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
    /// Somebody else, by a hash salted per principal: no name, no address. No detector writes one:
    /// tested person by person, too little is left of what may be risked.
    Someone([u8; 16]),
    /// Months `[from, to]`, 1 = January; `from` > `to` goes over the turn of the year.
    Months {
        /// First month.
        from: u8,
        /// Last month.
        to: u8,
    },
    /// What follows a run of meetings without a break.
    AfterMeetings,
}

/// Where an insight comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One weekday goes worse than the others.
    WeakWeekday,
    /// More energy at 6-12 h than at 18-23 h.
    MorningPerson,
    /// The other way round.
    EveningPerson,
    /// Demanding work fails in the afternoon.
    AfternoonFailures,
    /// What follows three meetings in a row fails.
    AfterMeetings,
    /// Calls gather on one weekday.
    CallDay,
    /// What follows work on a project fails.
    ProjectRecovery,
    /// Work on a project takes longer than planned.
    ProjectOverrun,
    /// Some months go worse than the others.
    WeakSeason,
    /// The hours after lunch go worse than those around them.
    AfterLunch,
    /// The person said so.
    Remembered,
}

/// One version of a belief.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// Its number, unique within a principal and the same for all versions.
    pub id: u32,
    /// Counts the versions from 1.
    pub version: u32,
    /// Where it comes from.
    pub kind: Kind,
    /// What it is about, most specific first (edges *about*).
    pub about: Vec<Node>,
    /// The sentence a person reads.
    pub sentence: String,
    /// Events it rests on (edges *supports*); bounded.
    pub evidence: Vec<EventHash>,
    /// Observations for it, and in all.
    pub counts: (u32, u32),
    /// How sure, 0..=1.
    pub confidence: f32,
    /// Held in the person's life since: the first observation it rests on.
    pub valid_from: DateTime<Utc>,
    /// Held until; `None` = still does.
    pub valid_until: Option<DateTime<Utc>>,
    /// Written at.
    pub recorded_at: DateTime<Utc>,
    /// No longer believed since: revised, retired or superseded.
    pub invalidated_at: Option<DateTime<Utc>>,
    /// The insight that took its place.
    pub superseded_by: Option<u32>,
}

/// What an insight is written from.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// See [`Insight::kind`].
    pub kind: Kind,
    /// See [`Insight::about`].
    pub about: Vec<Node>,
    /// See [`Insight::sentence`].
    pub sentence: String,
    /// See [`Insight::evidence`].
    pub evidence: Vec<EventHash>,
    /// See [`Insight::counts`].
    pub counts: (u32, u32),
    /// See [`Insight::confidence`].
    pub confidence: f32,
    /// See [`Insight::valid_from`].
    pub valid_from: DateTime<Utc>,
}

/// How two insights hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The first is a case of the second.
    Supports,
    /// Both can't hold.
    Contradicts,
    /// The first took the place of the second.
    Supersedes,
    /// The first came back after the second had ended.
    Follows,
}

/// An edge between two insights.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// From this insight.
    pub from: u32,
    /// How.
    pub relation: Relation,
    /// To this one.
    pub to: u32,
    /// Written at.
    pub recorded_at: DateTime<Utc>,
    /// No longer holds since.
    pub invalidated_at: Option<DateTime<Utc>>,
}

/// When the detectors looked: between looks nothing is tested, and each look that may bring
/// something new spends of the chance of a false one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looks {
    /// The last run; `None` = never.
    pub run_at: Option<DateTime<Utc>>,
    /// Looks that could bring something new.
    pub spent: u32,
    /// The last of them.
    pub spent_at: Option<DateTime<Utc>>,
}

/// Tier 3 of one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// All insights ever held, by number and version.
    pub insights: BTreeMap<(u32, u32), Insight>,
    /// Edges between insights, by number.
    pub links: BTreeMap<u32, Link>,
    /// What may not be detected again.
    pub forgotten: Vec<Forgotten>,
    /// When the detectors looked.
    pub looks: Looks,
    /// The next number to give.
    pub next: u32,
}

impl Graph {
    /// Insights that hold now, in order of number.
    pub fn active(&self) -> impl Iterator<Item = &Insight> {
        self.insights.values().filter(|i| i.invalidated_at.is_none())
    }

    /// The latest version of each insight, those that no longer hold included.
    pub fn all(&self) -> impl Iterator<Item = &Insight> {
        let mut latest: BTreeMap<u32, &Insight> = BTreeMap::new();
        for insight in self.insights.values() {
            latest.insert(insight.id, insight);
        }
        latest.into_values()
    }

    /// The latest version of one.
    pub fn get(&self, id: u32) -> Option<&Insight> {
        self.history(id).last()
    }

    /// All versions of one, the first first.
    pub fn history(&self, id: u32) -> impl Iterator<Item = &Insight> {
        self.insights.range((id, 0)..=(id, u32::MAX)).map(|(_, insight)| insight)
    }

    /// What was believed at `known` to hold at `at`.
    pub fn as_of(&self, at: DateTime<Utc>, known: DateTime<Utc>) -> impl Iterator<Item = &Insight> {
        self.insights.values().filter(move |i| {
            i.recorded_at <= known
                && i.invalidated_at.is_none_or(|end| known < end)
                && i.valid_from <= at
                && i.valid_until.is_none_or(|end| at < end)
        })
    }

    /// Writes a new belief; its number.
    pub fn add(&mut self, draft: Draft, now: DateTime<Utc>) -> u32 {
        let id = self.next;
        self.next += 1;
        self.write(id, 1, draft, now);
        id
    }

    /// Writes the next version of a belief, whether it holds or is taken up again. The version that
    /// held ends; it keeps its words.
    pub fn update(&mut self, id: u32, draft: Draft, now: DateTime<Utc>) {
        let Some(last) = self.get(id).map(|i| i.version) else { return };
        if let Some(before) = self.insights.get_mut(&(id, last)) {
            before.invalidated_at.get_or_insert(now);
        }
        self.write(id, last + 1, draft, now);
    }

    fn write(&mut self, id: u32, version: u32, draft: Draft, now: DateTime<Utc>) {
        let Draft { kind, about, sentence, evidence, counts, confidence, valid_from } = draft;
        let insight = Insight {
            id,
            version,
            kind,
            about,
            sentence,
            evidence,
            counts,
            confidence,
            valid_from,
            valid_until: None,
            recorded_at: now,
            invalidated_at: None,
            superseded_by: None,
        };
        self.insights.insert((id, version), insight);
    }

    /// Ends a belief: it no longer holds from now on. It stays in the history.
    pub fn delete(&mut self, id: u32, now: DateTime<Utc>) {
        let Some(last) = self.get(id).map(|i| i.version) else { return };
        if let Some(insight) = self.insights.get_mut(&(id, last)).filter(|i| i.is_active()) {
            insight.valid_until = Some(now);
            insight.invalidated_at = Some(now);
        }
        for link in self.links.values_mut().filter(|l| l.from == id && l.is_standing()) {
            link.invalidated_at.get_or_insert(now);
        }
    }

    /// Ends a belief in whose place another one stands.
    pub fn supersede(&mut self, old: u32, new: u32, now: DateTime<Utc>) {
        self.delete(old, now);
        let Some(last) = self.get(old).map(|i| i.version) else { return };
        if let Some(insight) = self.insights.get_mut(&(old, last)) {
            insight.superseded_by = Some(new);
        }
        self.link(new, Relation::Supersedes, old, now);
    }

    /// Draws an edge between two insights, once.
    pub fn link(&mut self, from: u32, relation: Relation, to: u32, now: DateTime<Utc>) {
        let same = |l: &Link| l.from == from && l.relation == relation && l.to == to;
        if self.links.values().any(|l| same(l) && l.invalidated_at.is_none()) {
            return;
        }
        let number = self.links.last_key_value().map_or(0, |(last, _)| last + 1);
        let link = Link { from, relation, to, recorded_at: now, invalidated_at: None };
        self.links.insert(number, link);
    }

    /// Removes every version of an insight and every edge that touches it. What is left is the
    /// store's: see `store::rewrite`.
    pub fn erase(&mut self, id: u32) -> Vec<Insight> {
        let gone: Vec<Insight> = self.history(id).cloned().collect();
        self.insights.retain(|(number, _), _| *number != id);
        self.links.retain(|_, l| l.from != id && l.to != id);
        for insight in self.insights.values_mut().filter(|i| i.superseded_by == Some(id)) {
            insight.superseded_by = None;
        }
        gone
    }

    /// Insights that hold and lie one step from this one: over an edge between them, or about the
    /// same project, type, weekday or part of the day.
    pub fn neighbours(&self, id: u32) -> Vec<&Insight> {
        let Some(own) = self.get(id) else { return Vec::new() };
        let linked = |other: u32| {
            self.links.values().any(|l| {
                l.invalidated_at.is_none()
                    && ((l.from, l.to) == (id, other) || (l.from, l.to) == (other, id))
            })
        };
        let shares = |other: &Insight| {
            other.about.iter().any(|n| !matches!(n, Node::Person) && own.about.contains(n))
        };
        self.active().filter(|i| i.id != id && (linked(i.id) || shares(i))).collect()
    }
}

impl Insight {
    /// What it was written from.
    pub fn draft(&self) -> Draft {
        Draft {
            kind: self.kind,
            about: self.about.clone(),
            sentence: self.sentence.clone(),
            evidence: self.evidence.clone(),
            counts: self.counts,
            confidence: self.confidence,
            valid_from: self.valid_from,
        }
    }

    /// Whether this version is the one that holds.
    pub fn is_active(&self) -> bool {
        self.invalidated_at.is_none()
    }
}

impl Link {
    /// Whether it says something of how things stand; what followed what stays true for ever.
    fn is_standing(&self) -> bool {
        matches!(self.relation, Relation::Supports | Relation::Contradicts)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 11] = [
        Kind::WeakWeekday,
        Kind::MorningPerson,
        Kind::EveningPerson,
        Kind::AfternoonFailures,
        Kind::AfterMeetings,
        Kind::CallDay,
        Kind::ProjectRecovery,
        Kind::ProjectOverrun,
        Kind::WeakSeason,
        Kind::AfterLunch,
        Kind::Remembered,
    ];

    /// The word used on the surface.
    pub fn word(self) -> &'static str {
        match self {
            Kind::WeakWeekday => "weak_weekday",
            Kind::MorningPerson => "morning_person",
            Kind::EveningPerson => "evening_person",
            Kind::AfternoonFailures => "afternoon_failures",
            Kind::AfterMeetings => "after_meetings",
            Kind::CallDay => "call_day",
            Kind::ProjectRecovery => "project_recovery",
            Kind::ProjectOverrun => "project_overrun",
            Kind::WeakSeason => "weak_season",
            Kind::AfterLunch => "after_lunch",
            Kind::Remembered => "remembered",
        }
    }
}

impl Node {
    /// One word with what it names, as files and searches use it: `weekday:5`, `project:apollo`.
    pub fn key(&self) -> String {
        match self {
            Node::Person => "person".to_owned(),
            Node::TaskType(id) => format!("type:{id}"),
            Node::Category(word) => format!("category:{word}"),
            Node::Project(word) => format!("project:{word}"),
            Node::Weekday(day) => format!("weekday:{day}"),
            Node::DayPart { from, to } => format!("hours:{from}-{to}"),
            Node::Someone(hash) => {
                let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("someone:{hex}")
            }
            Node::Months { from, to } => format!("months:{from}-{to}"),
            Node::AfterMeetings => "after-meetings".to_owned(),
        }
    }
}
