//! What learning was given beside what tier 1 keeps of it, outcome by outcome in the order in which
//! it was learned: with both, all arrays can be built anew ([`super::replay`]).
//!
//! Invariant: append only. What a settled placement taught is never changed; only the task type
//! that it counts for may be another one later.

use super::infer::Outcome;
use crate::event::{EventId, Settlement, Span};
use chrono::{DateTime, NaiveTime, Utc};
use std::collections::BTreeMap;

/// Names a settled placement in 8 bytes: its UID, where it stood, its ordinal. The RECURRENCE-ID is
/// left out: a series that is rewritten gives its occurrences other ones.
pub type PlacementKey = [u8; 8];

/// What learning was given of one settled placement, beside its [`Settlement`].
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which placement.
    pub placement: PlacementKey,
    /// Changes to `placement`: local hour and amount.
    pub placed: Vec<(u8, f32)>,
    /// The person's own rating of success at that time, 0..=1.
    pub rated: Option<f32>,
    /// Energy was the person's own word, not an estimate.
    pub energy_rated: bool,
    /// Place in the day's run of sessions, from 0.
    pub position: u32,
    /// Hours since the session before it on that day.
    pub rest_hours: Option<f32>,
    /// No placement followed.
    pub last: bool,
    /// A block of ours that nobody had touched.
    pub proposal: bool,
}

/// Everything that was learned, by the time of the turn that settled it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    /// In the order learned within a turn.
    pub turns: BTreeMap<DateTime<Utc>, Vec<Entry>>,
}

impl Journal {
    /// Writes down what a turn learned, in that order.
    pub fn note(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.turns.entry(outcome.settlement.at).or_default().push(Entry::of(outcome));
        }
    }
}

impl Entry {
    /// Every field of an outcome is either kept here, or in tier 1: the settlement with the hour,
    /// the signal and the energy; the task type with the event. The reason is told anew.
    fn of(outcome: &Outcome) -> Self {
        let Outcome {
            event,
            task_type: _,
            start: _,
            day: _,
            settlement,
            reason: _,
            placed,
            rated,
            energy_rated,
            position,
            rest_hours,
            last,
            proposal,
        } = outcome;
        Self {
            placement: key(event, settlement),
            placed: placed.clone(),
            rated: *rated,
            energy_rated: *energy_rated,
            position: u32::try_from(*position).unwrap_or(u32::MAX),
            rest_hours: *rest_hours,
            last: *last,
            proposal: *proposal,
        }
    }
}

/// The name of a settled placement.
pub fn key(event: &EventId, settlement: &Settlement) -> PlacementKey {
    let start = match settlement.span {
        Span::Timed { start, .. } => start,
        Span::AllDay { start, .. } => start.and_time(NaiveTime::MIN).and_utc(),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(event.uid.as_str().as_bytes());
    hasher.update(b"\0");
    hasher.update(&start.timestamp().to_le_bytes());
    hasher.update(&settlement.ordinal.to_le_bytes());
    let mut short = PlacementKey::default();
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    short
}
