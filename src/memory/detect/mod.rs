//! Looks for effects in what has settled. Silence unless there is an effect that matters *and* it
//! survives a test that knows how much was tried: over all hypotheses of a run, and over all runs.
//!
//! Every detector is a pure function from a [`Sample`] to [`Candidate`]s, each with its p. A run
//! that may bring something new spends a share of [`ALPHA`] (an alpha-spending sequence, which adds
//! up to no more than that over a lifetime), split between the detectors, and within a detector
//! between the hypotheses it tried (Bonferroni). Such a run comes only when there is enough new
//! data; other runs can but revise and retire what holds.

mod sample;
mod candidate;
mod weekday;
mod day_part;
mod meetings;
mod project;
mod season;

pub use candidate::{Finding, Strength};
pub use day_part::DEMANDING;
pub use weekday::weekday_name;

use super::graph::Looks;
use crate::event::Events;
use crate::task::Types;
use candidate::Candidate;
use chrono::{DateTime, TimeDelta, Utc};
use sample::Sample;

/// Chance that a person in whom there is nothing is ever told something, at most: the bound adds up
/// what single tests risk, and what else they ask for keeps the true one far below it. Measured on
/// simulated people over twelve weeks: `tests/memory`.
pub const ALPHA: f64 = 0.094;
/// The detectors look at so much of the past: what was longer ago says little about today.
pub const WINDOW: TimeDelta = TimeDelta::weeks(26);
/// The first look's share of it.
const FIRST: f64 = 0.75;
/// Runs are a week apart, give or take: a pattern over weeks does not change within one.
const BETWEEN_RUNS: TimeDelta = TimeDelta::hours(6 * 24 + 12);
/// New insights need at least so many settled placements with a signal ...
const LEAST_OBSERVATIONS: usize = 60;
/// ... in so many different weeks ...
const LEAST_WEEKS: usize = 6;
/// ... over nearly eight weeks: an earlier look would spend on less than half of what shows a
/// pattern ...
const LEAST_SPAN: TimeDelta = TimeDelta::days(52);
/// ... and since the last such look so much of the window is new, as a share: looks at the same
/// data are as many chances to err.
const FRESH: f64 = 0.25;

/// A detector and its share of the chance to err. The shares add up to 1. Most goes where a true
/// pattern shows least: one weekday is a fifth of what there is, and any of them may be weak.
type Detector = (f64, fn(&Sample<'_>) -> Vec<Candidate>);

const DETECTORS: [Detector; 9] = [
    (0.350, weekday::weak_weekdays),
    (0.060, day_part::afternoon_failures),
    (0.095, day_part::after_lunch),
    (0.009, day_part::morning_or_evening),
    (0.135, meetings::after_meetings),
    (0.100, meetings::call_days),
    (0.230, project::recovery),
    (0.010, project::overrun),
    (0.011, season::weak_seasons),
];

/// What one run found, and the looks with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What is worth writing, and what still speaks for something that may hold.
    pub findings: Vec<Finding>,
    /// When the detectors looked, this run included.
    pub looks: Looks,
}

/// Whether anything is held that a run may revise or retire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Something is.
    Something,
    /// Nothing: a run that can't find anything new has nothing to do.
    Nothing,
}

/// Runs all detectors; `None` when the last run is less than a week ago.
pub fn detect(
    events: &Events,
    types: &Types,
    (looks, held): (&Looks, Held),
    now: DateTime<Utc>,
) -> Option<Run> {
    if looks.run_at.is_some_and(|last| now - last < BETWEEN_RUNS) {
        return None;
    }
    let sample = Sample::new(events, types, now);
    let mut looks = Looks { run_at: Some(now), ..*looks };
    let chance = if is_worth_a_look(&sample, &looks) {
        looks.spent += 1;
        looks.spent_at = Some(now);
        spending(looks.spent)
    } else {
        0.0
    };
    if chance == 0.0 && held == Held::Nothing {
        return Some(Run { findings: Vec::new(), looks });
    }
    let judged = DETECTORS.iter().flat_map(|(share, look)| {
        let found = look(&sample);
        let whole: f64 = found.iter().map(|c| c.weight).sum();
        let chance = chance * share;
        found.into_iter().filter_map(move |c| {
            let own = chance * c.weight / whole;
            c.judge(own)
        })
    });
    let mut findings: Vec<Finding> = Vec::new();
    for finding in judged {
        // The broader one comes first; what it covers is not told twice.
        let covered = |f: &Finding| f.strength == Strength::Enough && finding.is_case_of(f);
        if !findings.iter().any(covered) {
            findings.push(finding);
        }
    }
    Some(Run { findings, looks })
}

/// What the n-th look may spend, n from 1: three quarters of [`ALPHA`] for the first, which sees
/// most at once; the rest by 1/3, 1/6, 1/10 … of itself.
fn spending(look: u32) -> f64 {
    let n = f64::from(look);
    ALPHA * if look == 1 { FIRST } else { (1.0 - FIRST) * 2.0 / (n * (n + 1.0)) }
}

fn is_worth_a_look(sample: &Sample<'_>, looks: &Looks) -> bool {
    let all = sample.recent.len();
    let young = sample.recent.first().is_none_or(|o| sample.now - o.start < LEAST_SPAN);
    if young || all < LEAST_OBSERVATIONS || sample.weeks() < LEAST_WEEKS {
        return false;
    }
    let Some(last) = looks.spent_at else { return true };
    let fresh = sample.recent.iter().filter(|o| o.settled.at > last).count();
    fresh as f64 >= FRESH * all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_looks_together_spend_no_more_than_there_is() {
        assert!((DETECTORS.iter().map(|(share, _)| share).sum::<f64>() - 1.0).abs() < 1e-9);
        let sum: f64 = (1..100_000).map(spending).sum();
        assert!((0.99 * ALPHA..=ALPHA).contains(&sum), "{sum}");
    }
}
