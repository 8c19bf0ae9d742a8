//! The account of a choice: what the score of a place is made of, and what the best other places
//! lack. Read off the numbers that decided; the words for it are elsewhere.

use super::ground::Ground;
use super::heard::{Heard, heard};
use super::numbers::{Stage, in_recovery, limit, rules};
use super::review::Wanted;
use super::{PlanInput, in_order};
use crate::event::Uid;
use crate::memory::recall::Voice;
use crate::schedule::problem::{Ask, CELL, DAY};
use crate::schedule::request::{Door, Request};
use crate::schedule::slot::{Curve, tiredness};
use crate::schedule::suggestion::{State, Suggestion};
use crate::task::TaskType;
use chrono::{DateTime, Utc};

/// Differences in score below this are none.
pub const NOTABLE: f64 = 0.01;
/// An insight lifts a place at least this much above the usual one to be named for it: one that
/// speaks against one working day of five does.
const AUDIBLE: f64 = 0.005;
/// An alternative starts at least this many minutes away: nearer ones are the same place.
const ELSEWHERE: i32 = 60;
/// Hours that people are up at: outside working hours only these are looked at.
const DAYTIME: std::ops::Range<i32> = 6 * 60..22 * 60;

/// What the score of a place is made of (DESIGN section 7), each a mean over its quarter hours.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Terms {
    /// What is usual for such work at that hour, before anything is learned.
    pub prior: f64,
    /// What outcomes added.
    pub learned: f64,
    /// What the person's own placing added.
    pub placed: f64,
    /// What insights added.
    pub insights: f64,
    /// What tiredness from earlier things that day takes; at most 0.
    pub tired: f64,
}

/// Names one of [`Terms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// What is usual for such work.
    Prior,
    /// Outcomes.
    Learned,
    /// The person's own placing.
    Placed,
    /// Insights.
    Insights,
    /// Rest before it.
    Rest,
}

impl Terms {
    /// The score.
    pub fn total(&self) -> f64 {
        self.each().map(|(_, value)| value).sum()
    }

    /// Each by name.
    pub fn each(&self) -> impl Iterator<Item = (Term, f64)> {
        [
            (Term::Prior, self.prior),
            (Term::Learned, self.learned),
            (Term::Placed, self.placed),
            (Term::Insights, self.insights),
            (Term::Rest, self.tired),
        ]
        .into_iter()
    }

    /// How much each lifts this place above another.
    pub fn above(&self, other: &Terms) -> Terms {
        Terms {
            prior: self.prior - other.prior,
            learned: self.learned - other.learned,
            placed: self.placed - other.placed,
            insights: self.insights - other.insights,
            tired: self.tired - other.tired,
        }
    }
}

/// Why a place was not taken. From what can't be helped to what is merely worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// Outside working hours, or at lunch.
    OutsideHours,
    /// Something lies there.
    Busy,
    /// Nothing lies there, but something too near.
    Buffer,
    /// The person deleted a block for it there.
    Refused,
    /// Too close to another demanding block.
    Recovery,
    /// The request has its blocks for that day, or the day has all it may take.
    DayFull,
    /// The day has its demanding minutes.
    FocusCap,
    /// It follows something tiring; without that it would be better.
    Tiring,
    /// Its score is lower.
    Lower,
}

/// A place that was not taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative {
    /// Its start.
    pub start: DateTime<Utc>,
    /// What its score would be.
    pub terms: Terms,
    /// What spoke against it.
    pub obstacle: Obstacle,
}

/// Why a block stands where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// What its score is made of.
    pub terms: Terms,
    /// The same for the usual place of its window.
    pub usual: Terms,
    /// Places its window has within working hours, were nothing in the way.
    pub choices: usize,
    /// No hour of its window is better for this kind of work.
    pub best_hour: bool,
    /// What each insight says that speaks of such work, in order of their number.
    pub heard: Vec<Heard>,
    /// The best place of each obstacle, best first.
    pub others: Vec<Alternative>,
}

impl Account {
    /// The terms that lift the place most above the usual one, the strongest first; at most two.
    pub fn strongest(&self) -> Vec<Term> {
        let lift = self.terms.above(&self.usual);
        let mut lifts: Vec<(Term, f64)> = lift.each().filter(|(_, by)| *by >= NOTABLE).collect();
        lifts.sort_by(|a, b| b.1.total_cmp(&a.1));
        lifts.into_iter().take(2).map(|(term, _)| term).collect()
    }

    /// The insights that speak for this place above the usual one, the strongest first.
    pub fn cited(&self) -> impl Iterator<Item = &Voice> {
        let lift = |heard: &Heard| heard.here - heard.usual;
        let mut cited: Vec<&Heard> = self.heard.iter().filter(|h| lift(h) >= AUDIBLE).collect();
        cited.sort_by(|a, b| lift(b).total_cmp(&lift(a)));
        cited.into_iter().map(|heard| &heard.voice)
    }

    /// The best place that was not taken: one that would be better, else the next best.
    pub fn missed(&self) -> Option<&Alternative> {
        let here = self.terms.total() + NOTABLE;
        let better = |a: &&Alternative| match a.obstacle {
            Obstacle::Tiring => true,
            Obstacle::Lower => false,
            _ => a.terms.total() > here,
        };
        let inside = |a: &&Alternative| a.obstacle != Obstacle::OutsideHours;
        let lower = |a: &&Alternative| a.obstacle == Obstacle::Lower;
        self.others
            .iter()
            .filter(better)
            .find(inside)
            .or_else(|| self.others.iter().find(better))
            .or_else(|| self.others.iter().find(lower))
    }
}

/// The account of a block that lies ahead, as things stand now; `None` for one that is over, is not
/// known, or whose type is not.
pub fn of_block(input: &PlanInput<'_>, uid: &Uid) -> Option<Account> {
    let block = input.suggestions.get(uid).filter(|b| b.stands() && b.end > input.now)?;
    let mut requests = in_order(input.requests);
    let found = requests.iter().position(|r| r.key == block.request);
    let index = found.unwrap_or(requests.len());
    if found.is_none() {
        requests.push(orphan(block));
    }
    requests[index].task_type = Some(block.task_type);
    let mut ground = Ground::of(&PlanInput { requests: &requests, ..*input });
    let others = input.suggestions.values().filter(|b| b.stands() && b.uid != *uid);
    let standing: Vec<_> =
        others.filter(|b| b.end > input.now).map(|b| ground.standing_of(b)).collect();
    // Where the person touched it, it is busy already.
    ground.busy.retain(|&stretch| stretch != ground.horizon.stretch(block.start, block.end));
    standing.into_iter().for_each(|s| ground.stand(s));
    let (start, end) = ground.horizon.stretch(block.start, block.end);
    let refused = input.suggestions.values().filter(|b| b.request == block.request);
    let wanted = Wanted {
        request: index,
        session: block.session,
        attempt: block.attempt,
        minutes: end - start,
        avoid: refused.filter(|b| b.state == State::Refused).map(|b| (b.start, b.end)).collect(),
        block: Some(block.clone()),
        must_go: None,
        at: Some(start),
    };
    account(&ground, &wanted, start)
}

/// What a block served whose request is no more.
fn orphan(block: &Suggestion) -> Request {
    Request {
        key: block.request.clone(),
        title: block.title.clone(),
        door: block.door,
        task_type: Some(block.task_type),
        minutes: None,
        sessions: 1,
        weekly: 0,
        earliest: None,
        deadline: None,
        weight: 1,
        related_to: None,
    }
}

/// The account of a session at a minute of the horizon; everything else stands. `None` without a
/// type.
pub(super) fn account(ground: &Ground<'_>, wanted: &Wanted, start: i32) -> Option<Account> {
    let request = &ground.input.requests[wanted.request];
    let (kind, curve) = ground.kind(request.task_type)?;
    let window = window(ground, request, wanted.minutes);
    let of = |start: i32| terms(ground, kind, curve, start, wanted.minutes);
    let terms = of(start);
    let hours = window.iter().map(|s| (s % DAY / 60) as usize);
    let top = hours.map(|h| curve.at(h)).fold(f64::MIN, f64::max);
    let hour = (start.rem_euclid(DAY) / 60) as usize;
    Some(Account {
        terms,
        usual: mean(window.iter().map(|&s| of(s))),
        choices: window.len(),
        best_hour: curve.at(hour) >= top - NOTABLE,
        heard: heard(ground, kind, start, wanted.minutes, &window),
        others: others(ground, wanted, (kind, curve), start, &terms),
    })
}

fn mean(all: impl ExactSizeIterator<Item = Terms>) -> Terms {
    let share = 1.0 / all.len().max(1) as f64;
    all.fold(Terms::default(), |sum, t| Terms {
        prior: sum.prior + share * t.prior,
        learned: sum.learned + share * t.learned,
        placed: sum.placed + share * t.placed,
        insights: sum.insights + share * t.insights,
        tired: sum.tired + share * t.tired,
    })
}

/// Every start within working hours that the request could have had were nothing in the way.
fn window(ground: &Ground<'_>, request: &Request, length: i32) -> Vec<i32> {
    let (from, until) = bounds(ground, request);
    ground.starts(from, until, length).collect()
}

/// From when on, and by when, it may be done.
fn bounds(ground: &Ground<'_>, request: &Request) -> (i32, i32) {
    let from = request.earliest.map_or(ground.thaw, |e| ground.horizon.stretch(e, e).1);
    let end = ground.horizon.days() as i32 * DAY;
    let until = request.deadline.map_or(end, |d| ground.horizon.minute(d).min(end));
    (from.max(ground.thaw), until)
}

fn terms(ground: &Ground<'_>, kind: &TaskType, curve: &Curve, start: i32, length: i32) -> Terms {
    let day = start.div_euclid(DAY).max(0) as usize;
    let quarters = (length / CELL).max(1);
    let hour = |q: i32| ((start.rem_euclid(DAY) + q * CELL) / 60).clamp(0, 23) as usize;
    let mean =
        |of: &[f64; 24]| (0..quarters).map(|q| of[hour(q)]).sum::<f64>() / f64::from(quarters);
    let (prior, learned, placed) = (mean(&curve.prior), mean(&curve.learned), mean(&curve.placed));
    let insights = ground.mean(kind, curve, start, length) - prior - learned - placed;
    let earlier = ground.tiring.get(day).map_or(&[][..], Vec::as_slice);
    Terms {
        prior,
        learned,
        placed,
        // The dust of adding in another order is no insight.
        insights: if insights.abs() < 1e-6 { 0.0 } else { insights },
        tired: -tiredness(earlier, kind.cognitive_load.into(), start),
    }
}

/// The best place of each obstacle, best first.
fn others(
    ground: &Ground<'_>,
    wanted: &Wanted,
    (kind, curve): (&TaskType, &Curve),
    here: i32,
    terms_here: &Terms,
) -> Vec<Alternative> {
    let request = &ground.input.requests[wanted.request];
    let buffer = i32::from(ground.input.settings.buffer_minutes);
    let away = ELSEWHERE.max(wanted.minutes + buffer);
    let (from, until) = bounds(ground, request);
    let stage = if request.door == Door::Habit { Stage::Habits } else { Stage::Asked };
    let rules = Rules {
        ground,
        wanted,
        kind,
        ask: rules(ground, stage, std::slice::from_ref(wanted)),
        stage,
    };
    let mut found: Vec<Alternative> = Vec::new();
    let first = from.div_euclid(CELL) * CELL;
    for start in (first..=until - wanted.minutes).step_by(CELL as usize) {
        if start < from || (start - here).abs() < away {
            continue;
        }
        let Some((moment, _)) = ground.horizon.block(start, wanted.minutes) else { continue };
        let terms = terms(ground, kind, curve, start, wanted.minutes);
        let Some(obstacle) = rules.obstacle(start, &terms, terms_here.total()) else { continue };
        let worth = |terms: &Terms| match obstacle {
            Obstacle::Tiring => terms.total() - terms.tired,
            _ => terms.total(),
        };
        match found.iter_mut().find(|a| a.obstacle == obstacle) {
            Some(best) if worth(&best.terms) >= worth(&terms) => {}
            Some(best) => (best.start, best.terms) = (moment, terms),
            None => found.push(Alternative { start: moment, terms, obstacle }),
        }
    }
    found.sort_by(|a, b| b.terms.total().total_cmp(&a.terms.total()).then(a.start.cmp(&b.start)));
    found
}

/// What a place is held against.
struct Rules<'a> {
    ground: &'a Ground<'a>,
    wanted: &'a Wanted,
    kind: &'a TaskType,
    ask: Ask,
    stage: Stage,
}

impl Rules<'_> {
    /// What speaks against a start; `None` for a night.
    fn obstacle(&self, start: i32, terms: &Terms, here: f64) -> Option<Obstacle> {
        let (ground, wanted) = (self.ground, self.wanted);
        let (end, day) = (start + wanted.minutes, start.div_euclid(DAY));
        let minute = start.rem_euclid(DAY);
        let working = ground.working.get(usize::try_from(day).ok()?)?;
        let buffer = i32::from(ground.input.settings.buffer_minutes);
        let own = |s: &&super::ground::Standing| s.request == Some(wanted.request);
        let today = |s: &&super::ground::Standing| s.start.div_euclid(DAY) == day;
        let limit = limit(ground, self.stage, day as usize);
        let refused = wanted.avoid.iter().any(|&(a, b)| {
            let (a, b) = ground.horizon.stretch(a, b);
            start < b && a < end
        });
        Some(if !working.iter().any(|&(a, b)| a <= minute && minute + wanted.minutes <= b) {
            let waking = DAYTIME.contains(&minute) && minute + wanted.minutes <= DAYTIME.end;
            return waking.then_some(Obstacle::OutsideHours);
        } else if ground.is_taken(start, end) {
            Obstacle::Busy
        } else if ground.is_taken(start - buffer, end + buffer) {
            Obstacle::Buffer
        } else if refused {
            Obstacle::Refused
        } else if self.ask.high_load && in_recovery(ground, self.kind, wanted.minutes, start) {
            Obstacle::Recovery
        } else if ground.standing.iter().filter(own).filter(today).count() >= self.ask.max_per_day
            || limit.blocks == 0
            || wanted.minutes > limit.minutes
        {
            Obstacle::DayFull
        } else if !limit.takes(&self.ask) {
            Obstacle::FocusCap
        } else if terms.total() - terms.tired > here + NOTABLE && terms.tired < -NOTABLE {
            Obstacle::Tiring
        } else {
            Obstacle::Lower
        })
    }
}
