//! A hypothesis that was tried, and what becomes of it.

use super::sample::Observation;
use crate::event::EventHash;
use crate::memory::evidence::tails::normal_more;
use crate::memory::evidence::{Contrast, Row, contrast};
use crate::memory::graph::{Draft, Kind, Node};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Fewer observations in question than this are an anecdote.
const LEAST_INSIDE: u32 = 10;
/// Fewer to compare with, too.
const LEAST_OUTSIDE: u32 = 16;
/// On fewer different days it may be one bad stretch.
const LEAST_DAYS: u32 = 5;
/// And from fewer different series or single events one bad habit.
const LEAST_SERIES: u32 = 3;
/// Success in question over success otherwise: below it an effect matters.
const WEAK: f64 = 0.75;
/// What holds ends only above this: no flapping at the edge.
const WEAK_UNTIL: f64 = 0.9;
/// Success differs by at least this, all else being equal, for a new insight ...
const DIFFERENCE: f64 = 0.15;
/// ... and what holds still does while chance alone would do as much less often than this.
const PLAUSIBLE: f64 = 0.2;
/// Chance of as much without the worst day, at most.
const STILL_UNLIKELY: f64 = 0.05;
/// Evidence kept of one insight, the latest.
const MOST_EVIDENCE: usize = 40;
/// Nothing learned from a calendar is ever surer.
const MOST_CONFIDENCE: f64 = 0.99;

/// Whether a finding is enough for a new insight, or only keeps one that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Effect and test: worth writing.
    Enough,
    /// Not enough to write it, too much to take it back.
    Fading,
}

/// What a detector found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What would be written.
    pub draft: Draft,
    /// Enough for a new insight or not.
    pub strength: Strength,
}

impl Finding {
    /// Whether the other says the same of more: the same detector, about all that the other is
    /// about.
    pub(super) fn is_case_of(&self, other: &Finding) -> bool {
        let within = |n: &Node| matches!(n, Node::Person) || self.draft.about.contains(n);
        self.draft.kind == other.draft.kind && other.draft.about.iter().all(within)
    }
}

/// A hypothesis that had enough data to be tried.
pub(super) struct Candidate {
    pub(super) draft: Draft,
    /// One-sided, before it is known how much else was tried.
    pub(super) p: f64,
    /// Its part of the detector's chance to err.
    pub(super) weight: f64,
    /// The effect is large enough to matter.
    pub(super) matters: bool,
    /// An insight that holds would go on holding.
    pub(super) lasts: bool,
}

impl Candidate {
    /// `chance`: what may be risked on this one; 0 = nothing new may be found.
    pub(super) fn judge(self, chance: f64) -> Option<Finding> {
        let enough = self.matters && self.p < chance;
        let strength = match (enough, self.lasts) {
            (true, _) => Strength::Enough,
            (false, true) => Strength::Fading,
            (false, false) => return None,
        };
        Some(Finding { draft: self.draft, strength })
    }
}

/// Whether there is enough of it to be tried at all. Decided before any outcome is looked at.
pub(super) fn is_enough(found: &Contrast) -> bool {
    found.inside.0 >= LEAST_INSIDE
        && found.outside.0 >= LEAST_OUTSIDE
        && found.days >= LEAST_DAYS
        && found.series >= LEAST_SERIES
}

/// One sick day is no pattern: without the day that failed most inside, what is left is still
/// unlikely.
pub(super) fn holds_without_worst_day(rows: &[Row]) -> bool {
    let mut failures: BTreeMap<i64, f64> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.inside) {
        *failures.entry(row.day).or_default() += 1.0 - row.outcome;
    }
    let worst = failures.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(day, _)| day);
    let rest: Vec<Row> =
        rows.iter().filter(|r| !r.inside || Some(r.day) != worst).copied().collect();
    contrast(&rest).is_some_and(|found| found.fewer < STILL_UNLIKELY)
}

/// A candidate that says success is rarer inside. `words` makes the sentence of the counts.
pub(super) fn fewer_successes(
    kind: Kind,
    about: Vec<Node>,
    weight: f64,
    (rows, found): (&[Row], &Contrast),
    inside: &[&Observation<'_>],
    words: impl FnOnce(&Counts) -> String,
) -> Candidate {
    let counts = Counts::of(found);
    let share = found.mean_inside() / found.mean_outside().max(0.01);
    let bad = inside.iter().filter(|o| !o.good);
    Candidate {
        draft: Draft {
            kind,
            about,
            sentence: words(&counts),
            evidence: latest(bad.map(|o| o.name()).collect()),
            counts: (counts.all - counts.good, counts.all),
            confidence: confidence(-found.effect, found.error),
            valid_from: since(inside),
        },
        p: found.fewer,
        weight,
        matters: share < WEAK && found.effect <= -DIFFERENCE && holds_without_worst_day(rows),
        lasts: share < WEAK_UNTIL && found.lower < PLAUSIBLE,
    }
}

/// Whole numbers for a sentence.
pub(super) struct Counts {
    pub(super) good: u32,
    pub(super) all: u32,
    pub(super) others_good: u32,
    pub(super) others: u32,
}

impl Counts {
    pub(super) fn of(found: &Contrast) -> Self {
        let whole = |x: f64| x.round() as u32;
        let (all, others) = (found.inside.0, found.outside.0);
        Self { good: whole(found.inside.1), all, others_good: whole(found.outside.1), others }
    }
}

/// How likely the effect is at least half of what matters, given its error.
pub(super) fn confidence(effect: f64, error: f64) -> f32 {
    let z = (effect - DIFFERENCE / 2.0) / error.max(1e-9);
    (1.0 - normal_more(z)).clamp(0.0, MOST_CONFIDENCE) as f32
}

pub(super) fn latest(mut evidence: Vec<EventHash>) -> Vec<EventHash> {
    evidence.drain(..evidence.len().saturating_sub(MOST_EVIDENCE));
    evidence
}

/// The first observation in question.
pub(super) fn since(inside: &[&Observation<'_>]) -> DateTime<Utc> {
    inside.iter().map(|o| o.start).min().unwrap_or_default()
}
