//! The state of the search: which blocks lie where, what may go where, and how to take it back.
//!
//! A day is 96 cells, so the starts open to an ask on a day are one `u128`: each block there
//! closes a run of bits. That makes "where else could it go?" a handful of shifts.

use super::super::problem::{Ask, CELL, DAY, DayLimit, Placed, Problem};
use super::openings::{
    Openings, Start, by_worth, closed, limit, merged, need, openings_of, tiring_of, value_at,
};

/// One block on the board; minutes of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) ask: usize,
    pub(super) value: i64,
}

#[derive(Debug, Clone, Default)]
struct Day {
    /// Sorted by start.
    blocks: Vec<Block>,
    /// Focused minutes on it.
    focus: i32,
    /// Minutes of all its blocks.
    minutes: i32,
    limit: DayLimit,
}

impl Day {
    fn focus_is_short(&self, ask: &Ask) -> bool {
        self.focus.saturating_add(ask.duration) > self.limit.focus
    }

    /// Its limits leave room for one more.
    fn has_room(&self, ask: &Ask) -> bool {
        !(ask.focused && self.focus_is_short(ask))
            && self.minutes.saturating_add(ask.duration) <= self.limit.minutes
            && self.blocks.len() < self.limit.blocks
    }
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Inserted(usize, Block),
    Removed(usize, Block),
}

/// Where a block could be inserted, and what the plan gains.
#[derive(Debug, Clone, Copy)]
pub(super) struct Insertion {
    pub(super) ask: usize,
    pub(super) day: usize,
    pub(super) start: Start,
    pub(super) gain: i64,
}

/// A block that had to leave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ejected {
    pub(super) day: usize,
    pub(super) ask: usize,
    /// Its ask had all its blocks: other days may have room that nobody needed. When it had not,
    /// every other day was tried before.
    pub(super) was_full: bool,
}

pub(super) struct Board<'a> {
    problem: &'a Problem,
    /// `[ask][day]`.
    openings: Vec<Vec<Openings>>,
    /// `[ask]`: days with openings and the best value there, best first.
    by_worth: Vec<Vec<(i64, usize)>>,
    /// `[ask][gap in cells]`: what a block costs a later one with need 1; empty without fatigue.
    tiring: Vec<Vec<f64>>,
    days: Vec<Day>,
    count: Vec<usize>,
    total: i64,
    log: Vec<Change>,
}

impl<'a> Board<'a> {
    pub(super) fn new(problem: &'a Problem) -> Self {
        let busy = merged(&problem.busy);
        let openings: Vec<Vec<Openings>> =
            problem.requests.iter().map(|ask| openings_of(problem, ask, &busy)).collect();
        let by_worth = openings.iter().map(|days| by_worth(days)).collect();
        let tiring = match problem.fatigue {
            Some(fatigue) => problem.requests.iter().map(|a| tiring_of(a, fatigue)).collect(),
            None => Vec::new(),
        };
        let days = (0..problem.working.len())
            .map(|day| Day { limit: limit(problem, day), ..Day::default() })
            .collect();
        let count = vec![0; problem.requests.len()];
        Self { problem, openings, by_worth, tiring, days, count, total: 0, log: Vec::new() }
    }

    pub(super) fn total(&self) -> i64 {
        self.total
    }

    /// Days on which the ask has any opening, best first, with the best value there.
    pub(super) fn days_of(&self, ask: usize) -> &[(i64, usize)] {
        &self.by_worth[ask]
    }

    pub(super) fn starts(&self, ask: usize, day: usize) -> &[Start] {
        &self.openings[ask][day].starts
    }

    pub(super) fn has_spare(&self, ask: usize) -> bool {
        self.count[ask] < self.problem.requests[ask].count
    }

    pub(super) fn holds(&self, ask: usize, day: usize, start: Start) -> bool {
        let minute = start.cell as i32 * CELL;
        self.days[day].blocks.iter().any(|b| b.ask == ask && b.start == minute)
    }

    pub(super) fn placed(&self) -> Vec<Placed> {
        let of_day = |(day, d): (usize, &Day)| {
            let midnight = day as i32 * DAY;
            d.blocks
                .iter()
                .map(move |b| Placed { start: midnight + b.start, ask: b.ask })
                .collect::<Vec<_>>()
        };
        self.days.iter().enumerate().flat_map(of_day).collect()
    }

    /// The best insertion of one more block of `ask` on `day` that pushes nobody out and gains
    /// something.
    pub(super) fn best_on(&self, ask: usize, day: usize) -> Option<Insertion> {
        let open = self.open_mask(ask, day);
        if open == 0 {
            return None;
        }
        let mut best: Option<Insertion> = None;
        for &start in &self.openings[ask][day].starts {
            let floor = best.map_or(0, |b| b.gain);
            if start.value <= floor {
                break;
            }
            if open >> start.cell & 1 == 0 {
                continue;
            }
            let gain = start.value - self.fatigue_at(ask, day, start.cell);
            if gain > floor {
                best = Some(Insertion { ask, day, start, gain });
            }
        }
        best
    }

    /// The best insertion of `ask` on any day.
    pub(super) fn best_anywhere(&self, ask: usize) -> Option<Insertion> {
        let mut best: Option<Insertion> = None;
        for &(worth, day) in &self.by_worth[ask] {
            if best.is_some_and(|b| worth <= b.gain) {
                break;
            }
            if let Some(found) = self.best_on(ask, day)
                && best.is_none_or(|b| (found.gain, b.day) > (b.gain, found.day))
            {
                best = Some(found);
            }
        }
        best
    }

    /// Starts of `ask` on `day` that clash with no block there.
    fn open_mask(&self, ask: usize, day: usize) -> u128 {
        let mut open = self.openings[ask][day].mask;
        if open == 0 {
            return 0;
        }
        let me = &self.problem.requests[ask];
        let today = &self.days[day];
        if !today.has_room(me) {
            return 0;
        }
        let mut same = 0;
        for block in &today.blocks {
            same += usize::from(self.problem.requests[block.ask].family == me.family);
            let (after, before) = self.gaps(me, block.ask);
            open &= !closed(block.start - me.duration - before, block.end + after);
        }
        if same >= me.max_per_day { 0 } else { open }
    }

    /// Least gap when `me` comes after a block of `other`, and when it comes before one.
    fn gaps(&self, me: &Ask, other: usize) -> (i32, i32) {
        let other = &self.problem.requests[other];
        let buffer = self.problem.buffer;
        if me.high_load && other.high_load {
            (other.recovery.max(buffer), me.recovery.max(buffer))
        } else {
            (buffer, buffer)
        }
    }

    /// What tiredness takes from the day when `ask` starts at `cell`: from it and later blocks.
    fn fatigue_at(&self, ask: usize, day: usize, cell: usize) -> i64 {
        if self.tiring.is_empty() {
            return 0;
        }
        let start = cell as i32 * CELL;
        let me = Block { start, end: start + self.problem.requests[ask].duration, ask, value: 0 };
        self.days[day].blocks.iter().filter(|b| **b != me).map(|b| self.pair(b, &me)).sum()
    }

    fn pair(&self, a: &Block, b: &Block) -> i64 {
        let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
        let gap = ((second.start - first.end).max(0) / CELL) as usize;
        let need = need(&self.problem.requests[second.ask]);
        let cost = self.tiring[first.ask].get(gap).copied().unwrap_or(0.0);
        (cost * need).round() as i64
    }

    pub(super) fn insert(&mut self, at: Insertion) {
        let start = at.start.cell as i32 * CELL;
        let end = start + self.problem.requests[at.ask].duration;
        let block = Block { start, end, ask: at.ask, value: at.start.value };
        self.put(at.day, block);
        self.log.push(Change::Inserted(at.day, block));
    }

    fn put(&mut self, day: usize, block: Block) {
        let cell = (block.start / CELL) as usize;
        self.total += block.value - self.fatigue_at(block.ask, day, cell);
        let ask = &self.problem.requests[block.ask];
        let today = &mut self.days[day];
        let index = today.blocks.partition_point(|b| b.start < block.start);
        today.blocks.insert(index, block);
        today.focus += if ask.focused { ask.duration } else { 0 };
        today.minutes += ask.duration;
        self.count[block.ask] += 1;
    }

    fn take(&mut self, day: usize, index: usize) -> Block {
        let block = self.days[day].blocks.remove(index);
        let ask = &self.problem.requests[block.ask];
        self.days[day].focus -= if ask.focused { ask.duration } else { 0 };
        self.days[day].minutes -= ask.duration;
        self.count[block.ask] -= 1;
        let cell = (block.start / CELL) as usize;
        self.total -= block.value - self.fatigue_at(block.ask, day, cell);
        block
    }

    fn eject(&mut self, day: usize, index: usize, ejected: &mut Vec<Ejected>) {
        let ask = self.days[day].blocks[index].ask;
        let was_full = !self.has_spare(ask);
        let block = self.take(day, index);
        self.log.push(Change::Removed(day, block));
        ejected.push(Ejected { day, ask, was_full });
    }

    /// Puts `ask` there whatever stands in the way; what has to leave is listed.
    pub(super) fn force(
        &mut self,
        ask: usize,
        day: usize,
        start: Start,
        ejected: &mut Vec<Ejected>,
    ) {
        let me = &self.problem.requests[ask];
        let (from, to) = (start.cell as i32 * CELL, start.cell as i32 * CELL + me.duration);
        for index in (0..self.days[day].blocks.len()).rev() {
            let block = self.days[day].blocks[index];
            let (after, before) = self.gaps(me, block.ask);
            if from < block.end + after && block.start < to + before {
                self.eject(day, index, ejected);
            }
        }
        let requests = &self.problem.requests;
        let kin = |b: &Block| requests[b.ask].family == me.family;
        while self.days[day].blocks.iter().filter(|b| kin(b)).count() >= me.max_per_day {
            let Some(index) = self.cheapest(day, kin) else { break };
            self.eject(day, index, ejected);
        }
        while !self.days[day].has_room(me) {
            let over = me.focused && self.days[day].focus_is_short(me);
            let Some(index) = self.cheapest(day, |b| !over || requests[b.ask].focused) else {
                break;
            };
            self.eject(day, index, ejected);
        }
        if self.count[ask] >= me.count {
            let worst = (0..self.days.len())
                .filter_map(|d| self.cheapest(d, |b| b.ask == ask).map(|i| (d, i)))
                .min_by_key(|&(d, i)| self.days[d].blocks[i].value);
            if let Some((d, index)) = worst {
                self.eject(d, index, ejected);
            }
        }
        self.insert(Insertion { ask, day, start, gain: 0 });
    }

    fn cheapest(&self, day: usize, fits: impl Fn(&Block) -> bool) -> Option<usize> {
        let blocks = self.days[day].blocks.iter().enumerate();
        blocks.filter(|(_, b)| fits(b)).min_by_key(|(_, b)| b.value).map(|(index, _)| index)
    }

    /// Replaces what is on the board.
    pub(super) fn load(&mut self, plan: &[Placed]) {
        for day in 0..self.days.len() {
            for index in (0..self.days[day].blocks.len()).rev() {
                self.take(day, index);
            }
        }
        for placed in plan {
            let ask = &self.problem.requests[placed.ask];
            let start = placed.start % DAY;
            let value = value_at(ask, placed.start);
            let block = Block { start, end: start + ask.duration, ask: placed.ask, value };
            self.put((placed.start / DAY) as usize, block);
        }
        self.keep();
    }

    /// Takes one block off.
    pub(super) fn lift(&mut self, placed: Placed) {
        let (day, start) = ((placed.start / DAY) as usize, placed.start % DAY);
        let is_it = |b: &Block| b.ask == placed.ask && b.start == start;
        if let Some(index) = self.days[day].blocks.iter().position(is_it) {
            self.take(day, index);
        }
    }

    /// Everything since the last `keep` or `undo` stays.
    pub(super) fn keep(&mut self) {
        self.log.clear();
    }

    /// Everything since the last `keep` or `undo` is taken back.
    pub(super) fn undo(&mut self) {
        while let Some(change) = self.log.pop() {
            match change {
                Change::Inserted(day, block) => {
                    let index = self.days[day].blocks.iter().position(|b| *b == block);
                    if let Some(index) = index {
                        self.take(day, index);
                    }
                }
                Change::Removed(day, block) => self.put(day, block),
            }
        }
    }
}
