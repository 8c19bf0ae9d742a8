//! Seasons: some months go worse than the others, in more than one year.

use super::candidate::{Candidate, Counts, fewer_successes, is_enough};
use super::sample::{Observation, Sample, week_of};
use crate::memory::evidence::{Row, contrast};
use crate::memory::graph::{Kind, Node};
use chrono::Datelike;
use std::collections::BTreeMap;

/// First and last month, and their names.
const SEASONS: [(u8, u8, &str); 4] = [
    (12, 2, "December to February"),
    (3, 5, "March to May"),
    (6, 8, "June to August"),
    (9, 11, "September to November"),
];
/// One bad winter is no season.
const LEAST_YEARS: usize = 2;
/// Observations of a season in one year for that year to count.
const LEAST_A_YEAR: u32 = 12;

/// Compared within types; a week hangs together, so that a week counts as a day does elsewhere.
pub(super) fn weak_seasons(sample: &Sample<'_>) -> Vec<Candidate> {
    let all: Vec<&Observation<'_>> = sample.older.iter().chain(&sample.recent).collect();
    SEASONS
        .iter()
        .filter_map(|(from, to, name)| {
            let within = |o: &Observation<'_>| in_months(o.day.month() as u8, *from, *to);
            let rows: Vec<Row> = all
                .iter()
                .map(|o| Row { week: 0, day: week_of(o.day), ..o.row(within(o)) })
                .collect();
            let inside: Vec<_> = all.iter().copied().filter(|o| within(o)).collect();
            let years = years(&inside);
            if years.len() < LEAST_YEARS {
                return None;
            }
            let found = contrast(&rows).filter(is_enough)?;
            let words = |c: &Counts| {
                format!(
                    "From {name} things go wrong more often, in {} years: {} of {} went as \
                     planned, against {} of {} in other months.",
                    years.len(),
                    c.good,
                    c.all,
                    c.others_good,
                    c.others
                )
            };
            let about = vec![Node::Months { from: *from, to: *to }];
            let mut one =
                fewer_successes(Kind::WeakSeason, about, 1.0, (&rows, &found), &inside, words);
            one.matters &= years.values().all(|share| *share < found.mean_outside());
            Some(one)
        })
        .collect()
}

fn in_months(month: u8, from: u8, to: u8) -> bool {
    if from <= to { (from..=to).contains(&month) } else { month >= from || month <= to }
}

/// Share of successes by year, a winter counting to the year it ends in; years with enough alone.
fn years(inside: &[&Observation<'_>]) -> BTreeMap<i32, f64> {
    let mut years: BTreeMap<i32, (u32, u32)> = BTreeMap::new();
    for one in inside {
        let year = one.day.year() + i32::from(one.day.month() == 12);
        let count = years.entry(year).or_default();
        *count = (count.0 + u32::from(one.good), count.1 + 1);
    }
    years.retain(|_, (_, all)| *all >= LEAST_A_YEAR);
    years.into_iter().map(|(y, (good, all))| (y, f64::from(good) / f64::from(all))).collect()
}
