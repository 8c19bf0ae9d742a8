//! How some observations differ from the others, all else being equal.
//!
//! A plain comparison of counts takes much for a pattern that is none: kinds of work differ and lie
//! at different times, in a bad week everything fails, a sick day takes all its events along, a
//! weekly series that never works out has but one weekday. So the outcome and the condition are
//! first freed of what their groups and weeks explain (two-way fixed effects, by alternating
//! projections; Frisch and Waugh 1933), and the variance grows with how much the outcomes of one
//! day and of one series hang together (the design effect of Moulton 1986). The p is the larger
//! one of that and of Fisher's exact test (mid-p) on counts shrunk by the same design effect: the
//! first is blind to skew in small counts, the second to everything else.

use super::tails::{fisher_mid, student_more};
use std::collections::{BTreeMap, BTreeSet};

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What came of it: 1 for good, 0 for bad, or an amount.
    pub outcome: f64,
    /// Whether it is one of those in question.
    pub inside: bool,
    /// What it is compared within (a task type). Zero for all = no such groups.
    pub group: u64,
    /// Its week. Zero for all = weeks are not compared within.
    pub week: i64,
    /// Outcomes of one day hang together.
    pub day: i64,
    /// Outcomes of one series hang together; a number of its own for an event that is alone.
    pub series: u64,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Mean outcome inside, less that outside, all else being equal.
    pub effect: f64,
    /// Rows inside, and the sum of their outcomes.
    pub inside: (u32, f64),
    /// The same outside.
    pub outside: (u32, f64),
    /// Different days inside.
    pub days: u32,
    /// Different series and single events inside.
    pub series: u32,
    /// How many dependent observations weigh as one, 1 or more.
    pub design: f64,
    /// Standard error of the effect.
    pub error: f64,
    /// One-sided: chance of outcomes this low inside by luck, by the regression alone.
    pub lower: f64,
    /// As `lower`, and by Fisher's test too, whichever is more cautious; for outcomes 0 and 1.
    pub fewer: f64,
}

impl Contrast {
    /// Mean outcome inside.
    pub fn mean_inside(&self) -> f64 {
        self.inside.1 / f64::from(self.inside.0.max(1))
    }

    /// Mean outcome outside.
    pub fn mean_outside(&self) -> f64 {
        self.outside.1 / f64::from(self.outside.0.max(1))
    }
}

/// Rounds of alternating projections: what is left then no longer matters beside the noise.
const ROUNDS: usize = 12;
/// Fewer degrees of freedom than this say nothing.
const LEAST_FREEDOM: f64 = 4.0;
/// Condition left after projection, as a share: below it nothing is left to compare.
const LEAST_LEFT: f64 = 0.02;

/// Compares the rows inside with those outside; `None` where either is missing or nothing can be
/// compared within groups and weeks.
pub fn contrast(rows: &[Row]) -> Option<Contrast> {
    let (inside, outside) = (sum(rows, true), sum(rows, false));
    if inside.0 == 0 || outside.0 == 0 {
        return None;
    }
    let groups = places(rows.iter().map(|r| r.group as i64));
    let weeks = places(rows.iter().map(|r| r.week));
    let sizes = (sizes(&groups), sizes(&weeks));
    let condition = free(rows.iter().map(|r| f64::from(u8::from(r.inside))), &groups, &weeks);
    let outcome = free(rows.iter().map(|r| r.outcome), &groups, &weeks);
    let spread: f64 = condition.iter().map(|x| x * x).sum();
    if spread < LEAST_LEFT * f64::from(inside.0) {
        return None;
    }
    let effect = condition.iter().zip(&outcome).map(|(x, y)| x * y).sum::<f64>() / spread;
    let rest: Vec<f64> = outcome.iter().zip(&condition).map(|(y, x)| y - effect * x).collect();
    let days = places(rows.iter().map(|r| r.day));
    let series = places(rows.iter().map(|r| r.series as i64));
    let (n, k) = (rows.len() as f64, (sizes.0.len() + sizes.1.len()) as f64);
    // Where all inside failed and nothing outside nothing is left over: one more observation could
    // still have been otherwise.
    let left: f64 = rest.iter().map(|e| e * e).sum();
    let variance = left.max(1.0) / (n - k).max(LEAST_FREEDOM);
    let within = 1.0 / (n / sizes.1.len() as f64).max(1.0);
    let design = 1.0
        + inflation(&condition, &rest, &days, spread, variance, within)
        + inflation(&condition, &rest, &series, spread, variance, within);
    let error = (design * variance / spread).sqrt();
    let freedom = (n / design - k).max(LEAST_FREEDOM);
    let t = effect / error;
    Some(Contrast {
        effect,
        inside,
        outside,
        days: inside_of(rows, &days),
        series: inside_of(rows, &series),
        design,
        error,
        lower: student_more(-t, freedom),
        fewer: student_more(-t, freedom).max(shrunk_fisher(inside, outside, design)),
    })
}

fn sum(rows: &[Row], inside: bool) -> (u32, f64) {
    rows.iter()
        .filter(|r| r.inside == inside)
        .fold((0, 0.0), |(n, sum), r| (n + 1, sum + r.outcome))
}

/// Numbers from 0 in place of names, in order of appearance.
fn places(names: impl Iterator<Item = i64>) -> Vec<usize> {
    let mut known: BTreeMap<i64, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for name in names {
        let next = known.len();
        all.push(*known.entry(name).or_insert(next));
    }
    all
}

fn distinct(places: &[usize]) -> usize {
    places.iter().max().map_or(0, |most| most + 1)
}

fn sizes(places: &[usize]) -> Vec<f64> {
    let mut sizes = vec![0.0; distinct(places)];
    for at in places {
        sizes[*at] += 1.0;
    }
    sizes
}

/// How many different places the rows inside have.
fn inside_of(rows: &[Row], places: &[usize]) -> u32 {
    let inside = rows.iter().zip(places).filter(|(r, _)| r.inside).map(|(_, at)| *at);
    inside.collect::<BTreeSet<_>>().len() as u32
}

/// The values less what their group and their week explain.
fn free(values: impl Iterator<Item = f64>, groups: &[usize], weeks: &[usize]) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    for _ in 0..ROUNDS {
        centre(&mut values, groups);
        centre(&mut values, weeks);
    }
    values
}

fn centre(values: &mut [f64], places: &[usize]) {
    let mut sums = vec![(0.0, 0.0); distinct(places)];
    for (value, at) in values.iter().zip(places) {
        sums[*at].0 += value;
        sums[*at].1 += 1.0;
    }
    for (value, at) in values.iter_mut().zip(places) {
        *value -= sums[*at].0 / sums[*at].1;
    }
}

/// By how much clusters inflate the variance: how much their residuals go together, times how much
/// the condition does. `within` is what centring within weeks takes off that correlation.
fn inflation(
    condition: &[f64],
    rest: &[f64],
    clusters: &[usize],
    spread: f64,
    variance: f64,
    within: f64,
) -> f64 {
    // Per cluster: sum of conditions, sum of residuals, sum of their squares, members.
    let mut sums = vec![(0.0, 0.0, 0.0, 0.0); distinct(clusters)];
    for ((x, e), at) in condition.iter().zip(rest).zip(clusters) {
        let cluster = &mut sums[*at];
        *cluster = (cluster.0 + x, cluster.1 + e, cluster.2 + e * e, cluster.3 + 1.0);
    }
    let pairs: f64 = sums.iter().map(|c| c.3 * (c.3 - 1.0)).sum();
    if pairs < 1.0 {
        return 0.0;
    }
    let together: f64 = sums.iter().map(|c| c.1 * c.1 - c.2).sum();
    let correlation = (together / (pairs * variance) + within).clamp(0.0, 1.0);
    let joint: f64 = sums.iter().map(|c| c.0 * c.0).sum();
    correlation * (joint / spread - 1.0).max(0.0)
}

/// Fisher's test as if every `design` observations were one.
fn shrunk_fisher(inside: (u32, f64), outside: (u32, f64), design: f64) -> f64 {
    let counts = |(n, good): (u32, f64)| {
        let n = f64::from(n) / design;
        let bad = (n - good / design).max(0.0);
        (bad.round() as u32, n.round() as u32)
    };
    let ((bad, n), (others_bad, others)) = (counts(inside), counts(outside));
    fisher_mid(bad, n, others_bad, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight weeks of five days with four events each; `good` decides by week, weekday and place.
    fn weeks(good: impl Fn(i64, i64, i64) -> bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for (week, weekday, place) in
            (0..8).flat_map(|w| (0..5).flat_map(move |d| (0..4).map(move |p| (w, d, p))))
        {
            rows.push(Row {
                outcome: f64::from(u8::from(good(week, weekday, place))),
                inside: weekday == 4,
                group: (place % 2) as u64,
                week,
                day: week * 7 + weekday,
                series: rows.len() as u64,
            });
        }
        rows
    }

    #[test]
    fn a_day_that_fails_differs_and_a_bad_week_or_kind_of_work_does_not() {
        let half = |w: i64, d: i64, p: i64| (w * 7 + d * 3 + p * 5) % 5 != 0;
        let friday = contrast(&weeks(|w, d, p| half(w, d, p) && (d != 4 || p == 0))).unwrap();
        assert!(friday.effect < -0.4 && friday.fewer < 1e-3, "{friday:?}");
        let never = contrast(&weeks(|_, d, _| d != 4)).unwrap();
        assert!(never.fewer < 1e-12, "nothing is left over: {never:?}");
        // In the last three weeks all but a little fails: that says nothing of Fridays.
        let bad = contrast(&weeks(|w, d, p| half(w, d, p) && (w < 5 || (d + p) % 4 == 0)));
        assert!(bad.unwrap().fewer > 0.05);
        // One kind of work fails, and Fridays have only that.
        let mut rows = weeks(|_, _, p| p % 2 == 0);
        rows.retain(|r| !r.inside || r.group == 1);
        let kind = contrast(&rows);
        assert!(kind.is_none_or(|c| c.fewer > 0.4), "{kind:?}");
    }

    #[test]
    fn days_that_fail_whole_weigh_as_days() {
        // Two Fridays of eight fail altogether; or as many events, spread over all Fridays.
        let whole = contrast(&weeks(|w, d, _| d != 4 || w > 1)).unwrap();
        let spread = contrast(&weeks(|_, d, p| d != 4 || p > 0)).unwrap();
        assert_eq!(whole.mean_inside(), spread.mean_inside());
        assert!(whole.design > 1.5 && spread.design < 1.2, "{whole:?}\n{spread:?}");
        assert!(whole.fewer > 10.0 * spread.fewer);
    }

    #[test]
    fn nothing_to_compare_is_no_contrast() {
        assert_eq!(contrast(&[]), None);
        let rows = weeks(|_, _, _| true);
        let inside: Vec<Row> = rows.iter().filter(|r| r.inside).copied().collect();
        assert_eq!(contrast(&inside), None);
    }
}
