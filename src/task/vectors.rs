//! Vectors of titles from another embedder than the one inside the program, and how it fares.
//!
//! Invariant: a title is sent to one embedder once; with another embedder all of it begins anew.

use super::classify::Calibration;
use super::kind::Embedding;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Vectors kept: decades of a full calendar. Later titles have none.
pub const MOST: usize = 20_000;
/// How long an embedder is left alone after a failure; twice as long each time.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// No pause is longer than 2^6 times that: a bit over five hours.
const MOST_DOUBLINGS: u32 = 6;

/// What is known of one embedder's vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vectors {
    /// By normalised title; shared until one comes.
    pub by_title: Arc<BTreeMap<String, Embedding>>,
    /// How it stands with the embedder.
    pub source: Source,
}

/// An embedder, and how it stands with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Whose vectors these are: a hash of address and model; `None` = nobody was ever asked.
    pub id: Option<[u8; 16]>,
    /// How its cosines read; `None` until that was found out.
    pub calibration: Option<Calibration>,
    /// The last turn used its vectors; else the embedder inside the program stood in.
    pub in_use: bool,
    /// Titles sent, all in all.
    pub sent: u64,
    /// Failures in a row.
    pub failures: u32,
    /// Not asked before this moment.
    pub not_before: Option<DateTime<Utc>>,
    /// What went wrong last, in one sentence; `None` once it works again.
    pub trouble: Option<String>,
}

impl Vectors {
    /// These if they are that embedder's, else none yet.
    pub fn of(&self, id: [u8; 16]) -> Self {
        match self.source.id == Some(id) {
            true => self.clone(),
            false => {
                Self { source: Source { id: Some(id), ..Source::default() }, ..Self::default() }
            }
        }
    }

    /// The width of all of them; `None` while there are none.
    pub fn width(&self) -> Option<usize> {
        self.by_title.values().next().map(|vector| vector.0.len())
    }

    /// Takes vectors in, as many as there is room for.
    pub fn take(&mut self, titles: &[String], vectors: Vec<Embedding>) {
        self.source.sent += titles.len() as u64;
        (self.source.failures, self.source.not_before, self.source.trouble) = (0, None, None);
        let known = Arc::make_mut(&mut self.by_title);
        for (title, vector) in titles.iter().zip(vectors) {
            if known.len() < MOST {
                known.insert(title.clone(), vector);
            }
        }
    }

    /// It failed: it is left alone for a while, or as long as it asks for.
    pub fn failed(&mut self, now: DateTime<Utc>, why: &str, asked: Option<TimeDelta>) {
        let source = &mut self.source;
        let pause = PAUSE * (1 << source.failures.min(MOST_DOUBLINGS));
        source.failures = source.failures.saturating_add(1);
        source.not_before = now.checked_add_signed(asked.unwrap_or(pause));
        source.trouble = Some(why.to_owned());
    }

    /// Whether it may be asked.
    pub fn may_ask(&self, now: DateTime<Utc>) -> bool {
        self.source.not_before.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_embedder_begins_anew_and_failures_pause_longer_each_time() {
        let mut vectors = Vectors::default().of([1; 16]);
        vectors.take(&["a".into(), "b".into()], vec![Embedding(vec![1.0]); 2]);
        assert_eq!((vectors.by_title.len(), vectors.width()), (2, Some(1)));
        assert_eq!(vectors.of([1; 16]), vectors);
        assert_eq!(vectors.of([2; 16]).by_title.len(), 0);
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        vectors.failed(at(0), "down", None);
        assert!(!vectors.may_ask(at(4)) && vectors.may_ask(at(5)));
        vectors.failed(at(5), "down", None);
        assert!(!vectors.may_ask(at(14)) && vectors.may_ask(at(15)));
        vectors.failed(at(15), "busy", Some(TimeDelta::minutes(1)));
        assert!(vectors.may_ask(at(16)));
        vectors.take(&[], Vec::new());
        assert_eq!((vectors.source.failures, &vectors.source.trouble), (0, &None));
    }
}
