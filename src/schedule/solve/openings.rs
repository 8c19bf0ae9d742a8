//! What each ask may do on each day before anything is placed, as bits and as sorted starts.

use super::super::problem::{Ask, CELL, DAY, DAY_CELLS, DayLimit, FORBIDDEN, Fatigue, Problem};

/// A start an ask could take, and its worth there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) cell: usize,
    pub(super) value: i64,
}

/// What an ask may do on one day, seen without the other blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Openings {
    /// Best first; equals by time.
    pub(super) starts: Vec<Start>,
    /// The same as bits.
    pub(super) mask: u128,
}

/// How much tiredness hurts an ask, in points (DESIGN section 7).
pub(super) fn need(ask: &Ask) -> f64 {
    ask.points * (0.4 + 0.6 * ask.load)
}

pub(super) fn limit(problem: &Problem, day: usize) -> DayLimit {
    problem.limits.get(day).copied().unwrap_or_default()
}

/// Cells `c` with `after < c · CELL < before`, as bits.
pub(super) fn closed(after: i32, before: i32) -> u128 {
    let low = (after.div_euclid(CELL) + 1).clamp(0, DAY_CELLS as i32);
    let high = ((before - 1).div_euclid(CELL) + 1).clamp(0, DAY_CELLS as i32);
    if low >= high {
        return 0;
    }
    ((1u128 << (high - low)) - 1) << low
}

pub(super) fn tiring_of(ask: &Ask, fatigue: Fatigue) -> Vec<f64> {
    let hours = (f64::from(ask.duration) / 60.0).min(1.5);
    let reach = fatigue.reach.clamp(0, DAY);
    (0..reach)
        .step_by(CELL as usize)
        .map(|gap| {
            let fading = (-f64::from(gap) / ask.tire.max(1.0)).exp();
            (fatigue.scale * ask.load * hours * fading).max(0.0)
        })
        .collect()
}

pub(super) fn by_worth(days: &[Openings]) -> Vec<(i64, usize)> {
    let worth = |(day, o): (usize, &Openings)| o.starts.first().map(|s| (s.value, day));
    let mut found: Vec<_> = days.iter().enumerate().filter_map(worth).collect();
    found.sort_by_key(|&(value, day)| (std::cmp::Reverse(value), day));
    found
}

/// Busy times sorted, overlaps merged, so that starts and ends both ascend.
pub(super) fn merged(busy: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut sorted = busy.to_vec();
    sorted.sort_unstable();
    let mut out: Vec<(i32, i32)> = Vec::with_capacity(sorted.len());
    for (start, end) in sorted {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

pub(super) fn openings_of(problem: &Problem, ask: &Ask, busy: &[(i32, i32)]) -> Vec<Openings> {
    let none = vec![Openings::default(); problem.working.len()];
    let hopeless = ask.duration <= 0 || ask.count == 0 || ask.max_per_day == 0;
    if hopeless || problem.grid < CELL {
        return none;
    }
    let stretches = problem.working.iter().enumerate();
    stretches.map(|(day, stretches)| openings_on(problem, ask, busy, day, stretches)).collect()
}

fn openings_on(
    problem: &Problem,
    ask: &Ask,
    busy: &[(i32, i32)],
    day: usize,
    stretches: &[(i32, i32)],
) -> Openings {
    let midnight = day as i32 * DAY;
    let mut open = Openings::default();
    if !limit(problem, day).takes(ask) {
        return open;
    }
    for cell in 0..DAY_CELLS {
        let minute = cell as i32 * CELL;
        let (start, end) = (midnight + minute, midnight + minute + ask.duration);
        let inside = |&(from, to): &(i32, i32)| from <= minute && minute + ask.duration <= to;
        let in_window = ask.earliest <= start && end <= ask.deadline;
        if start % problem.grid != 0 || !in_window || !stretches.iter().any(inside) {
            continue;
        }
        let next = busy.partition_point(|&(_, until)| until + problem.buffer <= start);
        let free = busy.get(next).is_none_or(|&(from, _)| end + problem.buffer <= from);
        let value = value_at(ask, start);
        if free && value > 0 {
            open.starts.push(Start { cell, value });
            open.mask |= 1 << cell;
        }
    }
    open.starts.sort_by_key(|s| (std::cmp::Reverse(s.value), s.cell));
    open
}

/// Worth of a block of `ask` at `start`, with what staying at a published start is worth.
pub(super) fn value_at(ask: &Ask, start: i32) -> i64 {
    let value = ask.value.get((start / CELL) as usize).copied().unwrap_or(FORBIDDEN);
    if value == FORBIDDEN {
        return FORBIDDEN;
    }
    let stays = ask.published.iter().filter(|(at, _)| *at == start).map(|(_, cost)| cost);
    value.saturating_add(stays.sum())
}
