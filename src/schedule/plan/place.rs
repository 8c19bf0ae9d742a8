//! Puts what is wanted into what is free, in stages.
//!
//! First every block that may stay stays, and the rest is placed around them. Only when something
//! that was asked for finds no place are the blocks that may move released, each at a price, and
//! then long tasks cut into shorter sessions; what is gained that way must be a place for more of
//! what was asked for. At last single blocks move where that is a clear gain. All of it goes on
//! until it changes nothing, so that a plan that is out stays as it is.

use super::blocks::bare;
use super::ground::{Ground, Standing};
use super::numbers::{CLEAR_GAIN, Stage, first_come, is_open, limit, problem, rules};
use super::review::{Cut, Review, Wanted, review};
use super::sessions::sessions;
use crate::event::Uid;
use crate::schedule::problem::{DAY, Placed};
use crate::schedule::solve::solve;
use crate::schedule::suggestion::{State, Suggestion};
use std::collections::{BTreeMap, BTreeSet};

/// Sessions placed in one plan: tables are kept for each.
const MAX_WANTED: usize = 400;
/// Times that blocks are released to make room, and that single blocks are looked at.
const MAX_TRIES: usize = 6;
/// Steps by which a long task is cut finer than it needs.
pub(super) const FINEST: u16 = 3;
/// The same input gives the same plan.
const SEED: u64 = 1;

/// Why a block moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// Something was booked over it.
    Taken,
    /// It no longer fits what it serves.
    Unfit,
    /// Something else that was asked for fits in that way.
    MakesRoom,
    /// Another place is clearly better.
    Better,
}

/// A session that has its place and could still move.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) wanted: Wanted,
    /// Minute of the horizon.
    pub(super) start: i32,
    /// Why it is not where it was; `None` = it is, or was nowhere.
    pub(super) moved: Option<Moved>,
}

impl Session {
    /// The same as the plan sees it.
    pub(super) fn standing(&self, ground: &Ground<'_>) -> Standing {
        let request = &ground.input.requests[self.wanted.request];
        let kind = ground.kind(request.task_type).map(|(kind, _)| kind);
        let (end, habit) = (self.start + self.wanted.minutes, !request.door.is_asked());
        Standing::new(self.start, end, kind, habit, Some(self.wanted.request))
    }

    /// Whether its place keeps the rules of care; it is lifted off.
    pub(super) fn is_cared_for(&self, ground: &Ground<'_>) -> bool {
        let wanted = &self.wanted;
        let request = &ground.input.requests[wanted.request];
        let Some((kind, _)) = ground.kind(request.task_type) else { return true };
        let ask = rules(ground, Stage::Asked, std::slice::from_ref(wanted));
        let day = usize::try_from(self.start.div_euclid(DAY)).unwrap_or(0);
        is_open(ground, kind, &ask, wanted, self.start)
            && limit(ground, Stage::Asked, day).takes(&ask)
    }
}

/// Whether what was asked for keeps the rules of care as long as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Only what finds no place so sets them aside.
    First,
    /// All of it may.
    Aside,
}

/// Current places by request, session and length.
type Places = BTreeMap<(usize, u16, i32), i32>;
/// By how many steps requests are cut finer.
type Finer = BTreeMap<usize, u16>;

/// One way to place everything.
pub(super) struct Attempt<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) review: Review,
    pub(super) placed: Vec<Session>,
    pub(super) left: Vec<Wanted>,
}

/// The best of some attempts, and one that stays. Where something finds no place the next plan
/// would look for room from here, with other places to start from; so this one does it, until that
/// changes nothing.
pub(super) fn place<'a>(ground: &Ground<'a>) -> Attempt<'a> {
    let mut best = search(ground);
    for _ in 0..MAX_TRIES {
        if best.left.is_empty() {
            break;
        }
        let published = published(&best);
        let next = search(&ground.with_blocks(&published));
        if next.places() == best.places() {
            break;
        }
        let next = Attempt::at(ground, &next.review.finer, &next.places());
        if next.lacking() > best.lacking() {
            break;
        }
        best = next;
    }
    best
}

/// All blocks as they will stand after an attempt.
fn published(attempt: &Attempt<'_>) -> BTreeMap<Uid, Suggestion> {
    let mut blocks = attempt.ground.input.suggestions.clone();
    let over = attempt.review.over.iter().map(|block| (block.uid.clone(), block.clone()));
    blocks.extend(over);
    let gone = attempt.review.withdrawn.iter().map(|(uid, _)| uid);
    let left = attempt.left.iter().filter_map(|w| w.block.as_ref()).map(|block| &block.uid);
    for uid in gone.chain(left) {
        if let Some(block) = blocks.get_mut(uid) {
            block.state = State::Withdrawn;
        }
    }
    for session in &attempt.placed {
        let extent = attempt.ground.horizon.block(session.start, session.wanted.minutes);
        if let Some(extent) = extent {
            let block = bare(&attempt.ground, session, extent);
            blocks.insert(block.uid.clone(), block);
        }
    }
    blocks
}

fn search<'a>(ground: &Ground<'a>) -> Attempt<'a> {
    let mut best = Attempt::new(ground, &Finer::new(), None, Care::First);
    for _ in 0..MAX_TRIES {
        best = make_room(ground, best);
        if !best.improve() {
            break;
        }
    }
    best
}

/// Releases what may move, sets care aside for all that was asked for, and cuts finer what finds
/// no place: each as long as it serves more of what was asked for.
fn make_room<'a>(ground: &Ground<'a>, mut best: Attempt<'a>) -> Attempt<'a> {
    let mut finer = best.review.finer.clone();
    for _ in 0..MAX_TRIES {
        if best.lacking() == (0, 0) {
            break;
        }
        let places = best.places();
        let mut next = Attempt::new(ground, &finer, Some(&places), Care::First);
        if next.lacking() >= best.lacking() {
            next = Attempt::new(ground, &finer, Some(&places), Care::Aside);
        }
        if next.lacking() < best.lacking() {
            finer.clone_from(&next.review.finer);
            best = next;
        } else if !cut_finer(ground, &mut finer, &next.left) {
            break;
        }
    }
    best
}

/// One step finer for every request that is left over and can be cut so.
fn cut_finer(ground: &Ground<'_>, finer: &mut Finer, left: &[Wanted]) -> bool {
    let mut any = false;
    for index in left.iter().map(|w| w.request).collect::<BTreeSet<_>>() {
        let request = &ground.input.requests[index];
        let Some((kind, _)) = ground.kind(request.task_type) else { continue };
        let step = finer.get(&index).copied().unwrap_or(0);
        let cut = |step| sessions(request, kind, ground.input.settings, step);
        if request.door.is_asked() && step < FINEST && cut(step + 1) != cut(step) {
            finer.insert(index, step + 1);
            any = true;
        }
    }
    any
}

impl<'a> Attempt<'a> {
    /// With `places`, everything that may move is released: it would rather stay there.
    fn new(ground: &Ground<'a>, finer: &Finer, places: Option<&Places>, care: Care) -> Self {
        let mut attempt = Self::kept(ground, finer, Cut::AsBlocks);
        let mut wanted = std::mem::take(&mut attempt.review.wanted);
        let movable = std::mem::take(&mut attempt.review.movable);
        match places {
            None => {
                for wanted in movable {
                    let start = wanted.at.unwrap_or_default();
                    attempt.put(Session { wanted, start, moved: None });
                }
            }
            Some(places) => {
                wanted.extend(movable);
                for w in &mut wanted {
                    w.at = places.get(&(w.request, w.session, w.minutes)).copied();
                }
            }
        }
        attempt.place(wanted, care);
        attempt
    }

    /// Everything at these places; what has none there is left over. A block is as long as it was;
    /// the place may be that of one as long as its type takes today.
    fn at(ground: &Ground<'a>, finer: &Finer, places: &Places) -> Self {
        let mut attempt = Self::kept(ground, finer, Cut::AsGiven);
        let mut wanted = std::mem::take(&mut attempt.review.wanted);
        wanted.append(&mut attempt.review.movable);
        let known: BTreeMap<(usize, u16), (i32, i32)> =
            places.iter().map(|(&(r, s, minutes), &start)| ((r, s), (minutes, start))).collect();
        for wanted in wanted {
            match known.get(&(wanted.request, wanted.session)) {
                Some(&(minutes, start)) => {
                    let wanted = Wanted { minutes, ..wanted };
                    let moved = wanted.moved_to(&attempt.ground, start);
                    attempt.put(Session { wanted, start, moved });
                }
                None => attempt.left.push(wanted),
            }
        }
        attempt
    }

    /// With what nothing moves, and nothing else yet.
    fn kept(ground: &Ground<'a>, finer: &Finer, cut: Cut) -> Self {
        let mut ground = ground.clone();
        let review = review(&ground, finer, cut);
        for block in &review.kept {
            let standing = ground.standing_of(block);
            ground.stand(standing);
        }
        Self { ground, review, placed: Vec::new(), left: Vec::new() }
    }

    fn place(&mut self, mut wanted: Vec<Wanted>, care: Care) {
        let requests = self.ground.input.requests;
        let is_habit = |w: &Wanted| !requests[w.request].door.is_asked();
        wanted.sort_by_key(|w| (is_habit(w), w.at.is_none(), w.block.is_none()));
        let excess = wanted.split_off(wanted.len().min(MAX_WANTED));
        let (habits, asked) = wanted.into_iter().partition(is_habit);
        let still = match care {
            Care::First => self.run(Stage::Asked, asked),
            Care::Aside => asked,
        };
        let left = self.run(Stage::AskedRelaxed, still);
        self.left.extend(left);
        let left = self.run(Stage::Habits, habits);
        self.left.extend(left);
        self.left.extend(excess);
    }

    /// Places one stage's sessions; gives back those that found no place.
    fn run(&mut self, stage: Stage, wanted: Vec<Wanted>) -> Vec<Wanted> {
        if wanted.is_empty() {
            return wanted;
        }
        let ground = &self.ground;
        let mut groups: BTreeMap<(usize, i32), Vec<Wanted>> = BTreeMap::new();
        for wanted in wanted {
            groups.entry((wanted.request, wanted.minutes)).or_default().push(wanted);
        }
        let mut groups: Vec<Vec<Wanted>> = groups.into_values().collect();
        groups.sort_by_key(|group| first_come(ground, group));
        for group in &mut groups {
            group.sort_by_key(|w| (w.block.is_none(), w.session));
        }
        let problem = problem(ground, stage, &groups);
        let mut plan = solve(&problem, SEED);
        // Who stays takes its own place, the others what is left, in order of time.
        let stays = |p: &Placed| groups[p.ask].iter().any(|w| w.at == Some(p.start));
        plan.sort_by_key(|p| (!stays(p), p.start, p.ask));
        let mut placed = Vec::new();
        for Placed { start, ask } in plan {
            let group = &mut groups[ask];
            let own = group.iter().position(|w| w.at == Some(start));
            if group.is_empty() || ground.horizon.block(start, group[0].minutes).is_none() {
                continue;
            }
            let wanted = group.remove(own.unwrap_or(0));
            let moved = wanted.moved_to(ground, start);
            placed.push(Session { wanted, start, moved });
        }
        for session in placed {
            self.put(session);
        }
        groups.into_iter().flatten().collect()
    }

    fn put(&mut self, session: Session) {
        let standing = session.standing(&self.ground);
        self.ground.stand(standing);
        self.placed.push(session);
    }

    fn places(&self) -> Places {
        let key = |w: &Wanted| (w.request, w.session, w.minutes);
        self.placed.iter().map(|s| (key(&s.wanted), s.start)).collect()
    }

    /// Minutes that were asked for and have no place: with a deadline, and without one.
    fn lacking(&self) -> (i32, i32) {
        let requests = self.ground.input.requests;
        let mut lacking = (0, 0);
        for wanted in &self.left {
            let request = &requests[wanted.request];
            match (request.door.is_asked(), request.deadline) {
                (false, _) => {}
                (true, Some(_)) => lacking.0 += wanted.minutes,
                (true, None) => lacking.1 += wanted.minutes,
            }
        }
        lacking
    }

    /// Moves single blocks where that is a clear gain, and places what fits then; whether anything
    /// changed.
    fn improve(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.placed.len() {
            let standing = self.placed[index].standing(&self.ground);
            self.ground.lift(&standing);
            if let Some(start) = self.better(&self.placed[index]) {
                let session = &mut self.placed[index];
                session.start = start;
                let stood = session.wanted.block.is_some();
                session.moved = session.moved.or(stood.then_some(Moved::Better));
                any = true;
            }
            let standing = self.placed[index].standing(&self.ground);
            self.ground.stand(standing);
        }
        if any && !self.left.is_empty() {
            let left = std::mem::take(&mut self.left);
            self.place(left, Care::First);
        }
        any
    }

    /// The best place for a block that is lifted off, where it is clearly better than its own.
    fn better(&self, session: &Session) -> Option<i32> {
        let ground = &self.ground;
        let wanted = &session.wanted;
        let request = &ground.input.requests[wanted.request];
        let (kind, curve) = ground.kind(request.task_type)?;
        let stage = if !request.door.is_asked() { Stage::Habits } else { Stage::Asked };
        let ask = rules(ground, stage, std::slice::from_ref(wanted));
        let worth = |start: i32| {
            ground.score(kind, curve, start, ask.duration)
                - ground.burden(kind, start, ask.duration)
        };
        let buffer = i32::from(ground.input.settings.buffer_minutes);
        let mut best = (worth(session.start) + CLEAR_GAIN, None);
        for start in ground.starts(ask.earliest, ask.deadline, ask.duration) {
            if ground.mean(kind, curve, start, ask.duration) <= best.0 {
                continue;
            }
            let free = !ground.is_taken(start - buffer, start + ask.duration + buffer);
            let day = (start / DAY) as usize;
            if free
                && is_open(ground, kind, &ask, wanted, start)
                && limit(ground, stage, day).takes(&ask)
                && worth(start) > best.0
            {
                best = (worth(start), Some(start));
            }
        }
        best.1
    }
}
