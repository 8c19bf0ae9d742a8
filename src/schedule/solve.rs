//! Greedy best-first, then ejection local search, then a fixed number of iterated rounds.
//!
//! All rules but `count` bind within one day, so a move is: force one block in, let what stands in
//! its way go, put back greedily whatever fits on the days it touched. Deterministic for a seed.

mod board;
mod openings;
#[cfg(test)]
mod tests;

use super::problem::{CELL, DAY, Placed, Problem};
use board::{Board, Ejected, Insertion};

/// Rounds per block asked for: measured on the development instances, where more gains little.
const ROUNDS_PER_BLOCK: usize = 1_000;
/// Most rounds: 4 ms on the heaviest of those instances, and an end for hostile ones.
const MAX_ROUNDS: usize = 8_000;
/// Most forced moves of the systematic local search, for the same reason.
const MAX_SWEEP: usize = 500;
/// Loss a round may keep at first, as a share of an ask's usual spread of values; falls to zero.
const WARMTH: f64 = 0.3;

/// A plan that breaks no rule and is never worth less than [`greedy`]'s, sorted by start.
pub fn solve(problem: &Problem, seed: u64) -> Vec<Placed> {
    let mut board = Board::new(problem);
    fill_greedily(&mut board, problem.requests.len());
    let mut search =
        Search { board, asks: problem.requests.len(), ejected: Vec::new(), rooms: Vec::new() };
    search.sweep();
    let best = search.iterate(problem, Random(seed));
    search.settle(best)
}

/// The plan of taking the best start that is left, again and again.
pub fn greedy(problem: &Problem) -> Vec<Placed> {
    let mut board = Board::new(problem);
    fill_greedily(&mut board, problem.requests.len());
    board.placed()
}

/// What a plan is worth: values and kept published places, less tiredness. Rules aren't checked.
pub fn objective(problem: &Problem, plan: &[Placed]) -> i64 {
    let mut plan = plan.to_vec();
    plan.sort_unstable();
    let ask = |p: &Placed| &problem.requests[p.ask];
    let values: i64 = plan.iter().map(|p| openings::value_at(ask(p), p.start)).sum();
    let Some(fatigue) = problem.fatigue else { return values };
    let mut tired = 0;
    for (index, first) in plan.iter().enumerate() {
        for second in &plan[index + 1..] {
            let gap = second.start - first.start - ask(first).duration;
            if second.start / DAY != first.start / DAY || gap >= fatigue.reach {
                continue;
            }
            let hours = (f64::from(ask(first).duration) / 60.0).min(1.5);
            let whole = gap.max(0) / CELL * CELL;
            let fading = (-f64::from(whole) / ask(first).tire.max(1.0)).exp();
            let cost = (fatigue.scale * ask(first).load * hours * fading).max(0.0);
            tired += (cost * openings::need(ask(second))).round() as i64;
        }
    }
    values - tired
}

fn fill_greedily(board: &mut Board<'_>, asks: usize) {
    let mut best: Vec<Option<Insertion>> = (0..asks).map(|a| board.best_anywhere(a)).collect();
    loop {
        let next = best.iter().flatten().max_by_key(|i| {
            (i.gain, std::cmp::Reverse((i.day, i.start.cell)), std::cmp::Reverse(i.ask))
        });
        let Some(&next) = next else { break };
        board.insert(next);
        for (ask, slot) in best.iter_mut().enumerate() {
            let stale = ask == next.ask || slot.is_some_and(|s| s.day == next.day);
            if stale {
                *slot = if board.has_spare(ask) { board.best_anywhere(ask) } else { None };
            }
        }
    }
    board.keep();
}

struct Search<'a> {
    board: Board<'a>,
    asks: usize,
    ejected: Vec<Ejected>,
    /// Where each ask could go next; kept to spare allocations.
    rooms: Vec<Option<Insertion>>,
}

impl Search<'_> {
    /// Tries every start of every ask once, best first, and keeps what gains.
    fn sweep(&mut self) {
        let mut tries = 0;
        for ask in 0..self.asks {
            for index in 0..self.board.days_of(ask).len() {
                let day = self.board.days_of(ask)[index].1;
                for at in 0..self.board.starts(ask, day).len() {
                    let start = self.board.starts(ask, day)[at];
                    if self.board.holds(ask, day, start) {
                        continue;
                    }
                    tries += 1;
                    if tries > MAX_SWEEP {
                        return;
                    }
                    let before = self.board.total();
                    self.push(ask, day, at);
                    if self.board.total() > before {
                        self.board.keep();
                    } else {
                        self.board.undo();
                    }
                }
            }
        }
    }

    /// Random moves that may lose a little, ever less; the best plan met.
    fn iterate(&mut self, problem: &Problem, mut random: Random) -> Vec<Placed> {
        let mut best = (self.board.total(), self.board.placed());
        let wanted = problem.requests.iter().fold(0usize, |n, a| n.saturating_add(a.count));
        let movable: Vec<usize> =
            (0..self.asks).filter(|&a| !self.board.days_of(a).is_empty()).collect();
        if movable.is_empty() || wanted < 2 {
            return best.1;
        }
        let rounds = wanted.saturating_mul(ROUNDS_PER_BLOCK).min(MAX_ROUNDS);
        let spread = movable.iter().map(|&a| self.spread(a)).sum::<f64>() / movable.len() as f64;
        for round in 0..rounds {
            let ask = movable[random.below(movable.len())];
            let days = self.board.days_of(ask);
            let day = days[random.below(days.len())].1;
            let at = random.low(self.board.starts(ask, day).len());
            if self.board.holds(ask, day, self.board.starts(ask, day)[at]) {
                continue;
            }
            let before = self.board.total();
            self.push(ask, day, at);
            let left = 1.0 - round as f64 / rounds as f64;
            let allowed = spread * WARMTH * left * left * random.unit();
            if (before - self.board.total()) as f64 <= allowed {
                self.board.keep();
                if self.board.total() > best.0 {
                    best = (self.board.total(), self.board.placed());
                }
            } else {
                self.board.undo();
            }
        }
        best.1
    }

    /// Loads a plan and gives each block in turn the best place left for it, the earliest among
    /// equals: the rounds leave ties as chance had them.
    fn settle(&mut self, plan: Vec<Placed>) -> Vec<Placed> {
        self.board.load(&plan);
        for block in plan {
            self.board.lift(block);
            if let Some(insertion) = self.board.best_anywhere(block.ask) {
                self.board.insert(insertion);
            }
        }
        self.board.placed()
    }

    /// Between the best and the worst start of an ask.
    fn spread(&self, ask: usize) -> f64 {
        let days = self.board.days_of(ask).iter();
        let worst =
            days.filter_map(|&(_, day)| self.board.starts(ask, day).last()).map(|s| s.value);
        let best = self.board.days_of(ask).first().map_or(0, |&(value, _)| value);
        best.saturating_sub(worst.min().unwrap_or(best)) as f64
    }

    /// Forces a block in and repairs the days that were touched.
    fn push(&mut self, ask: usize, day: usize, at: usize) {
        let start = self.board.starts(ask, day)[at];
        self.ejected.clear();
        self.board.force(ask, day, start, &mut self.ejected);
        self.rooms.clear();
        for ask in 0..self.asks {
            let room = self.room(ask, day);
            self.rooms.push(room);
        }
        while let Some(next) = best_of(&self.rooms) {
            self.board.insert(next);
            for ask in 0..self.asks {
                let stale = self.rooms[ask].is_some_and(|room| room.day == next.day);
                if stale || ask == next.ask {
                    self.rooms[ask] = self.room(ask, day);
                }
            }
        }
    }

    /// The best insertion of an ask after a block was forced in on `day`, looked for where there
    /// may be room that was not there before.
    fn room(&self, ask: usize, day: usize) -> Option<Insertion> {
        if !self.board.has_spare(ask) {
            return None;
        }
        if self.ejected.iter().any(|e| e.ask == ask && e.was_full) {
            return self.board.best_anywhere(ask);
        }
        let others = self.ejected.iter().map(|e| e.day).filter(|&other| other != day);
        let found = std::iter::once(day).chain(others).filter_map(|d| self.board.best_on(ask, d));
        found.reduce(|best, next| if next.gain > best.gain { next } else { best })
    }
}

fn best_of(rooms: &[Option<Insertion>]) -> Option<Insertion> {
    let found = rooms.iter().flatten().copied();
    found.reduce(|best, next| if next.gain > best.gain { next } else { best })
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In `0..n`; 0 when `n` is 0.
    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// In `0..n`, low numbers more often.
    fn low(&mut self, n: usize) -> usize {
        let u = self.unit();
        (u * u * n as f64) as usize
    }
}
