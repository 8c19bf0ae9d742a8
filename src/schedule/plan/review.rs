//! What becomes of the blocks there are: each stays, may move, must move, is over or goes; and
//! which sessions are still without one.

use super::ground::Ground;
use super::place::{FINEST, Moved};
use super::sessions::sessions;
use super::{Note, Unplaced, Withdrawal};
use crate::event::{EventId, Uid};
use crate::schedule::life::Happening;
use crate::schedule::problem::DAY;
use crate::schedule::request::{Door, Request, RequestKey};
use crate::schedule::suggestion::{State, Suggestion};
use crate::task::TaskType;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Time after a deletion, or after a block that passed, before another one is proposed.
const BACK_OFF: TimeDelta = TimeDelta::days(1);
/// Deletions after which a session is never proposed again.
const MOST_REFUSALS: usize = 2;
/// Blocks that may pass without a word before a session is given up.
const MOST_PASSED: usize = 5;

/// A session that is to get a place.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Index of its request.
    pub(super) request: usize,
    pub(super) session: u16,
    pub(super) attempt: u16,
    pub(super) minutes: i32,
    /// Where the person deleted blocks of this request.
    pub(super) avoid: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// The block there is, where there is one.
    pub(super) block: Option<Suggestion>,
    /// Why it can't stay where it is; `None` = it can, or is nowhere.
    pub(super) must_go: Option<Moved>,
    /// Where it would rather be, as a minute of the horizon: where it is, or was put before.
    pub(super) at: Option<i32>,
}

impl Wanted {
    /// Whether its block lies there already, just as long.
    pub(super) fn stood_at(&self, ground: &Ground<'_>, block: &Suggestion, start: i32) -> bool {
        ground.horizon.stretch(block.start, block.end) == (start, start + self.minutes)
    }

    /// Why its block, where there is one, moves to this minute; `None` = it stays.
    pub(super) fn moved_to(&self, ground: &Ground<'_>, start: i32) -> Option<Moved> {
        self.block.as_ref().filter(|block| !self.stood_at(ground, block, start))?;
        Some(self.must_go.unwrap_or(Moved::MakesRoom))
    }
}

#[derive(Debug, Default)]
pub(super) struct Review {
    /// Blocks that stay: nothing moves them.
    pub(super) kept: Vec<Suggestion>,
    /// Blocks that are over with this plan.
    pub(super) over: Vec<Suggestion>,
    /// Sessions without a place, and blocks that lost theirs.
    pub(super) wanted: Vec<Wanted>,
    /// Blocks that stay unless much speaks for another place.
    pub(super) movable: Vec<Wanted>,
    /// By how many steps requests are cut finer than they need, 0 left out.
    pub(super) finer: BTreeMap<usize, u16>,
    cut: Cut,
    pub(super) withdrawn: Vec<(Uid, Withdrawal)>,
    pub(super) unplaced: Vec<(RequestKey, Unplaced)>,
    pub(super) notes: Vec<(Uid, Note)>,
}

enum Verdict {
    Served,
    Not(Unplaced),
    Place,
}

/// Who says how long the sessions of a request are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Cut {
    /// Its blocks, as long as there are any.
    #[default]
    AsBlocks,
    /// The steps that are given.
    AsGiven,
}

/// `finer`: by how many steps requests are to be cut finer.
pub(super) fn review(ground: &Ground<'_>, finer: &BTreeMap<usize, u16>, cut: Cut) -> Review {
    let mut review = Review { finer: finer.clone(), cut, ..Review::default() };
    let mut blocks: BTreeMap<&RequestKey, Vec<&Suggestion>> = BTreeMap::new();
    for block in ground.input.suggestions.values() {
        if block.state.is_ours() && block.end <= ground.input.now {
            let mut over = block.clone();
            over.live(Happening::End, ground.input.now);
            review.over.push(over);
        }
        blocks.entry(&block.request).or_default().push(block);
    }
    let mut seen = BTreeSet::new();
    for (index, request) in ground.input.requests.iter().enumerate() {
        if seen.insert(&request.key) {
            let own = blocks.remove(&request.key).unwrap_or_default();
            review.request(ground, index, &own);
        }
    }
    for block in blocks.into_values().flatten() {
        review.orphan(ground, block, Withdrawal::Gone);
    }
    review.keep_weekly_cap(ground);
    review
}

impl Review {
    fn request(&mut self, ground: &Ground<'_>, index: usize, own: &[&Suggestion]) {
        let request = &ground.input.requests[index];
        let Some((kind, _)) = ground.kind(request.task_type) else {
            let standing = own.iter().filter(|b| is_current(ground, b));
            self.kept.extend(standing.map(|b| (*b).clone()));
            self.unplaced.push((request.key.clone(), Unplaced::Unclassified));
            return;
        };
        let lengths = self.lengths(ground, index, kind, own);
        for block in own.iter().filter(|b| usize::from(b.session) >= lengths.len()) {
            self.orphan(ground, block, Withdrawal::FewerSessions);
        }
        let refused = own.iter().filter(|b| b.state == State::Refused);
        let avoid: Vec<_> = refused.map(|b| (b.start, b.end)).collect();
        for (session, &minutes) in (0u16..).zip(&lengths) {
            let tries: Vec<_> = own.iter().copied().filter(|b| b.session == session).collect();
            let attempt = tries.iter().map(|b| b.attempt.saturating_add(1)).max().unwrap_or(0);
            let wanted = Wanted {
                request: index,
                session,
                attempt,
                minutes,
                avoid: avoid.clone(),
                block: None,
                must_go: None,
                at: None,
            };
            let mut current: Vec<_> = tries.iter().filter(|b| is_current(ground, b)).collect();
            current.sort_by_key(|b| (b.state.is_ours(), b.attempt));
            if let Some((block, others)) = current.split_first() {
                self.current(ground, request, block, wanted);
                // The person put a block back whose place another one had taken.
                for other in others {
                    self.orphan(ground, other, Withdrawal::Gone);
                }
                continue;
            }
            match verdict(ground, request, &tries) {
                Verdict::Served => {}
                Verdict::Not(why) => self.unplaced.push((request.key.clone(), why)),
                Verdict::Place if request.deadline.is_some_and(|d| d <= ground.input.now) => {
                    self.unplaced.push((request.key.clone(), Unplaced::TooLate));
                }
                Verdict::Place if ground.input.restraint.is_quiet(request.door) => {
                    self.unplaced.push((request.key.clone(), Unplaced::Paused));
                }
                Verdict::Place if ground.input.restraint.is_resting(request) => {
                    self.unplaced.push((request.key.clone(), Unplaced::Resting));
                }
                Verdict::Place => self.wanted.push(wanted),
            }
        }
    }

    /// A block that stands and isn't over: it must move when something was booked over it or it no
    /// longer fits its request; never inside the freeze window, never once the person touched it.
    fn current(
        &mut self,
        ground: &Ground<'_>,
        request: &Request,
        block: &Suggestion,
        wanted: Wanted,
    ) {
        let (start, end) = ground.horizon.stretch(block.start, block.end);
        let conflict = ground.is_taken(start, end);
        let early = request.earliest.is_some_and(|e| block.start < e);
        let late = request.deadline.is_some_and(|d| d < block.end);
        let stated = request.minutes.is_some();
        let other_length =
            stated && (block.end - block.start).num_minutes() != i64::from(wanted.minutes);
        let touched = !block.state.is_ours() || mark(ground, block).is_some();
        let unfit = (early || late || other_length).then_some(Moved::Unfit);
        let must_go = if conflict { Some(Moved::Taken) } else { unfit };
        let pause = ground.input.restraint.pause;
        // What nobody asked for gives way to quiet; what may stay does.
        if let Some(pause) = pause.filter(|_| !touched && !request.door.is_asked())
            && (block.start < pause.until || must_go.is_some())
        {
            self.orphan(ground, block, Withdrawal::Paused);
            return;
        }
        // What lies beyond the horizon is no matter of this plan while it may stay.
        let beyond = ground.horizon.days() as i32 * DAY;
        let is_beyond = start >= beyond && must_go.is_none();
        if touched || start < ground.thaw || is_beyond {
            if !touched && conflict {
                self.notes.push((block.uid.clone(), Note::ConflictInFreeze));
            }
            self.kept.push(block.clone());
            return;
        }
        let wanted = Wanted { block: Some(block.clone()), must_go, ..wanted };
        if must_go.is_some() {
            self.wanted.push(wanted);
        } else if pause.is_some() {
            self.kept.push(block.clone());
        } else {
            let minutes = end - start;
            self.movable.push(Wanted { at: Some(start), minutes, ..wanted });
        }
    }

    /// Minutes of each session: cut as its blocks are; finer, where that is asked for, only before
    /// there is a block.
    fn lengths(
        &mut self,
        ground: &Ground<'_>,
        index: usize,
        kind: &TaskType,
        own: &[&Suggestion],
    ) -> Vec<i32> {
        let request = &ground.input.requests[index];
        let cut = |step| sessions(request, kind, ground.input.settings, step);
        let gone = |b: &&Suggestion| matches!(b.state, State::Refused | State::Withdrawn);
        let given = self.finer.get(&index).copied();
        match (given, self.cut) {
            (_, Cut::AsGiven) => return cut(given.unwrap_or(0)),
            (Some(step), Cut::AsBlocks) if own.iter().all(gone) => return cut(step),
            (_, Cut::AsBlocks) => {}
        }
        let known: Vec<(usize, i64)> = own
            .iter()
            .filter(|b| b.state.is_ours() || b.state == State::Past)
            .map(|b| (usize::from(b.session), (b.end - b.start).num_minutes()))
            .collect();
        let step = (0..=FINEST).find(|&step| {
            let lengths = cut(step);
            known
                .iter()
                .all(|&(n, minutes)| lengths.get(n).is_some_and(|&l| i64::from(l) == minutes))
        });
        let step = step.unwrap_or(0);
        self.finer.remove(&index);
        if step > 0 {
            self.finer.insert(index, step);
        }
        cut(step)
    }

    /// Of what nobody asked for no more than the cap is new in a week; the first sessions of all
    /// come before the second ones. A block counts where its wish did: in the first week it may be.
    fn keep_weekly_cap(&mut self, ground: &Ground<'_>) {
        let input = &ground.input;
        let week = |at: DateTime<Utc>| ground.horizon.week(at);
        let first = |r: &Request| week(r.earliest.unwrap_or(input.now));
        let wishes: BTreeMap<&RequestKey, i32> =
            input.requests.iter().map(|request| (&request.key, first(request))).collect();
        let mut weeks: BTreeMap<i32, usize> = BTreeMap::new();
        let there = |b: &&Suggestion| b.stands() || b.state == State::Past;
        let unasked = input.suggestions.values().filter(|b| !b.door.is_asked());
        for block in unasked.filter(there) {
            let wish = wishes.get(&block.request).filter(|_| block.end > input.now);
            *weeks.entry(wish.copied().unwrap_or_else(|| week(block.start))).or_default() += 1;
        }
        let is_new = |w: &Wanted| !input.requests[w.request].door.is_asked() && w.block.is_none();
        let wanted = std::mem::take(&mut self.wanted).into_iter();
        let (mut new, others): (Vec<Wanted>, Vec<Wanted>) = wanted.partition(is_new);
        new.sort_by_key(|w| (w.session, w.request));
        self.wanted = others;
        for wanted in new {
            let request = &input.requests[wanted.request];
            let count = weeks.entry(first(request)).or_default();
            if *count < usize::from(input.settings.weekly_cap) {
                *count += 1;
                self.wanted.push(wanted);
            } else {
                self.unplaced.push((request.key.clone(), Unplaced::WeekFull));
            }
        }
    }

    /// A block whose request, or whose session of it, is no more.
    fn orphan(&mut self, ground: &Ground<'_>, block: &Suggestion, why: Withdrawal) {
        if !is_current(ground, block) {
            return;
        }
        if !block.state.is_ours() || mark(ground, block).is_some() {
            self.kept.push(block.clone());
        } else if ground.horizon.minute(block.start) < ground.thaw {
            self.notes.push((block.uid.clone(), Note::GoneInFreeze));
            self.kept.push(block.clone());
        } else {
            self.withdrawn.push((block.uid.clone(), why));
        }
    }
}

fn is_current(ground: &Ground<'_>, block: &Suggestion) -> bool {
    block.stands() && block.end > ground.input.now
}

/// The person's mark on a block, `✓` or `✗`. A block that bears one is not written again.
fn mark(ground: &Ground<'_>, block: &Suggestion) -> Option<bool> {
    let event = EventId { uid: block.uid.clone(), recurrence_id: None };
    ground.input.events.get(&event).and_then(|e| e.completed)
}

/// May a session without a standing block have one? Judged by its last try.
fn verdict(ground: &Ground<'_>, request: &Request, tries: &[&Suggestion]) -> Verdict {
    let Some(last) = tries.iter().max_by_key(|b| b.attempt) else { return Verdict::Place };
    let now = ground.input.now;
    match last.state {
        State::Withdrawn => Verdict::Place,
        State::Refused => {
            let refusals = tries.iter().filter(|b| b.state == State::Refused).count();
            if !request.door.is_asked() || refusals >= MOST_REFUSALS {
                Verdict::Not(Unplaced::Refused)
            } else if now < last.since + BACK_OFF {
                Verdict::Not(Unplaced::BackOff)
            } else {
                Verdict::Place
            }
        }
        State::Proposed | State::Defended | State::Accepted | State::Taken | State::Past => {
            let marked = mark(ground, last);
            let passed = tries.iter().filter(|b| b.state != State::Refused).count();
            match (request.door, marked) {
                (_, Some(true)) | (Door::Ask, None) => Verdict::Served,
                _ if !request.door.is_asked() => Verdict::Served,
                (_, None) if now < last.end + BACK_OFF => Verdict::Not(Unplaced::Waiting),
                _ if passed >= MOST_PASSED => Verdict::Not(Unplaced::GivenUp),
                _ => Verdict::Place,
            }
        }
    }
}
