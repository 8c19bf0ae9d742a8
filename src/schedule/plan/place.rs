//! Puts what is wanted into what is free, in stages, and turns places into suggestions.

use super::ground::{Ground, Standing, recovery};
use super::reasons::{Because, reasons};
use super::review::{Review, Wanted};
use super::{Plan, Unplaced, Withdrawal};
use crate::schedule::problem::{
    Ask, CELL, DAY, DAY_CELLS, DayLimit, FORBIDDEN, Fatigue, Placed, Problem,
};
use crate::schedule::request::Door;
use crate::schedule::slot::{FELT, TIREDNESS};
use crate::schedule::solve::solve;
use crate::schedule::suggestion::{Intent, State, Suggestion};
use crate::task::{Category, TaskType};
use std::collections::BTreeMap;

/// Points per unit of slot score.
const POINTS: f64 = 1000.0;
/// Points for giving a block to what was asked for with a deadline, and without one: no sum of
/// better hours for others outweighs it.
const WITH_DEADLINE: i64 = 100_000_000;
const WITHOUT_DEADLINE: i64 = 1_000_000;
/// When not all fit, what comes later in order of window gives way.
const FIRST_COME: i64 = 10_000;
/// Sessions placed in one plan: tables are kept for each.
const MAX_WANTED: usize = 400;
/// The same input gives the same plan.
const SEED: u64 = 1;

/// Which rules bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// All rules of care; no caps.
    Asked,
    /// Only what can't be helped: working hours, busy times, buffers, windows.
    AskedRelaxed,
    /// All rules and caps.
    Habits,
}

/// A block that was placed, before its reasons are written.
struct Fresh {
    block: Suggestion,
    request: usize,
    because: Because,
}

pub(super) fn place(mut ground: Ground<'_>, review: Review) -> Plan {
    let mut plan = Plan {
        suggestions: review.over,
        withdrawn: review.withdrawn,
        unplaced: review.unplaced,
        notes: review.notes,
    };
    for block in &review.kept {
        ground.stand(block);
    }
    plan.suggestions.extend(review.kept);
    let requests = ground.input.requests;
    let mut wanted = review.wanted;
    wanted.sort_by_key(|w| (requests[w.request].door == Door::Habit, w.moved.is_none()));
    let mut left = wanted.split_off(wanted.len().min(MAX_WANTED));
    let (habits, asked) = wanted.into_iter().partition(|w| requests[w.request].door == Door::Habit);
    let mut fresh = Vec::new();
    let still = run(&mut ground, Stage::Asked, asked, &mut fresh);
    left.extend(run(&mut ground, Stage::AskedRelaxed, still, &mut fresh));
    left.extend(run(&mut ground, Stage::Habits, habits, &mut fresh));
    for wanted in left {
        plan.unplaced.push((requests[wanted.request].key.clone(), Unplaced::NoRoom));
        if let Some(block) = wanted.moved {
            plan.withdrawn.push((block.uid, Withdrawal::NoRoom));
        }
    }
    for Fresh { mut block, request, because } in fresh {
        let (score, sentences) = reasons(&ground, &requests[request], &block, because);
        (block.score, block.reasons) = (score, sentences);
        plan.suggestions.push(block);
    }
    plan
}

/// Places one stage's sessions; gives back those that found no place.
fn run(
    ground: &mut Ground<'_>,
    stage: Stage,
    wanted: Vec<Wanted>,
    fresh: &mut Vec<Fresh>,
) -> Vec<Wanted> {
    if wanted.is_empty() {
        return wanted;
    }
    let mut groups: BTreeMap<(usize, i32), Vec<Wanted>> = BTreeMap::new();
    for wanted in wanted {
        groups.entry((wanted.request, wanted.minutes)).or_default().push(wanted);
    }
    let mut groups: Vec<Vec<Wanted>> = groups.into_values().collect();
    groups.sort_by_key(|group| first_come(ground, group));
    let problem = problem(ground, stage, &groups);
    let plan = solve(&problem, SEED);
    for group in &mut groups {
        group.sort_by_key(|w| (w.moved.is_none(), w.session));
        group.reverse();
    }
    let first_new = fresh.len();
    for Placed { start, ask } in plan {
        let Some(wanted) = groups[ask].pop() else { continue };
        match ground.horizon.block(start, wanted.minutes) {
            Some(extent) => fresh.push(made(ground, stage, wanted, extent)),
            None => groups[ask].push(wanted),
        }
    }
    for new in &fresh[first_new..] {
        ground.stand(&new.block);
    }
    groups.into_iter().flatten().collect()
}

fn made(
    ground: &Ground<'_>,
    stage: Stage,
    wanted: Wanted,
    (start, end): (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>),
) -> Fresh {
    let input = &ground.input;
    let request = &input.requests[wanted.request];
    let crowded = stage == Stage::AskedRelaxed;
    let block = match wanted.moved {
        Some(old) => {
            let because = Because { crowded, moved_from: Some((old.start, old.end)) };
            let intent = if old.published.is_some() { Intent::Update } else { Intent::Create };
            let sequence = old.sequence.saturating_add(1);
            let title = request.title.clone();
            let block = Suggestion { start, end, title, sequence, intent: Some(intent), ..old };
            return Fresh { block, request: wanted.request, because };
        }
        None => Suggestion {
            uid: Suggestion::uid_for(input.principal, &request.key, wanted.session, wanted.attempt),
            request: request.key.clone(),
            door: request.door,
            session: wanted.session,
            attempt: wanted.attempt,
            title: request.title.clone(),
            task_type: request.task_type.unwrap_or_default(),
            start,
            end,
            reasons: Vec::new(),
            score: 0.0,
            related_to: request.related_to.clone(),
            state: State::Proposed,
            since: input.now,
            created_at: input.now,
            sequence: 0,
            intent: Some(Intent::Create),
            published: None,
        },
    };
    Fresh { block, request: wanted.request, because: Because { crowded, moved_from: None } }
}

fn problem(ground: &Ground<'_>, stage: Stage, groups: &[Vec<Wanted>]) -> Problem {
    Problem {
        grid: CELL,
        working: ground.working.clone(),
        busy: ground.busy.clone(),
        buffer: i32::from(ground.input.settings.buffer_minutes),
        limits: (0..ground.horizon.days()).map(|day| limit(ground, stage, day)).collect(),
        requests: (0i64..)
            .zip(groups)
            .map(|(order, group)| ask(ground, stage, group, groups.len() as i64 - order))
            .collect(),
        fatigue: Some(Fatigue { scale: TIREDNESS, reach: FELT }),
    }
}

fn on(day: usize) -> impl Fn(&&Standing) -> bool {
    move |s: &&Standing| s.start.div_euclid(DAY) == day as i32
}

fn limit(ground: &Ground<'_>, stage: Stage, day: usize) -> DayLimit {
    let settings = ground.input.settings;
    let standing = || ground.standing.iter().filter(on(day));
    let focused: i32 = standing().filter(|s| s.focused).map(|s| s.end - s.start).sum();
    let focus = (i32::from(settings.focus_cap_minutes) - focused).max(0);
    match stage {
        Stage::AskedRelaxed => DayLimit::focus(i32::MAX),
        Stage::Asked => DayLimit::focus(focus),
        Stage::Habits => {
            let habits = standing().filter(|s| s.habit).count();
            let (all, free) = working_minutes(ground, day);
            let white = (settings.white_space.clamp(0.0, 1.0) * f64::from(all)).ceil() as i32;
            DayLimit {
                focus,
                minutes: (free - white).max(0),
                blocks: usize::from(settings.daily_cap).saturating_sub(habits),
            }
        }
    }
}

/// Working minutes of a day, and those of them that nothing takes.
fn working_minutes(ground: &Ground<'_>, day: usize) -> (i32, i32) {
    let midnight = day as i32 * DAY;
    let (mut all, mut free) = (0, 0);
    for &(from, to) in &ground.working[day] {
        let (mut at, to) = (midnight + from, midnight + to);
        all += to - at;
        for &(start, end) in ground.busy.iter().take_while(|b| b.0 < to) {
            free += (start.min(to) - at).max(0);
            at = at.max(end);
        }
        free += (to - at).max(0);
    }
    (all, free)
}

/// Order of windows: by their start, then their end, then as the requests came.
fn first_come(ground: &Ground<'_>, group: &[Wanted]) -> (i32, i32, usize) {
    let request = &ground.input.requests[group[0].request];
    let minute = |t| ground.horizon.stretch(t, t).1;
    let from = request.earliest.map_or(0, minute).max(ground.now);
    (from, request.deadline.map_or(i32::MAX, minute), group[0].request)
}

/// The sessions of one request that are equally long, as numbers. A group is never empty.
fn ask(ground: &Ground<'_>, stage: Stage, group: &[Wanted], rank: i64) -> Ask {
    let index = group[0].request;
    let minutes = group[0].minutes;
    let request = &ground.input.requests[index];
    let urgent = stage == Stage::AskedRelaxed && request.deadline.is_some();
    let soonest = if urgent { ground.now } else { ground.thaw };
    let stated = request.earliest.map_or(soonest, |e| ground.horizon.stretch(e, e).1);
    let most = i32::from(ground.horizon.days() as u16) * DAY;
    let kind = ground.kind(request.task_type).map(|(kind, _)| kind);
    let max_per_day = match stage {
        Stage::Habits => 1,
        Stage::Asked => usize::from(ground.input.settings.max_per_day.max(1)),
        Stage::AskedRelaxed => usize::MAX,
    };
    let mut ask = Ask {
        duration: minutes,
        count: group.len(),
        max_per_day,
        family: index,
        focused: kind.is_some_and(|k| k.category == Category::Focused),
        high_load: stage != Stage::AskedRelaxed && kind.is_some_and(|k| recovery(k).is_some()),
        recovery: kind.and_then(recovery).unwrap_or(0),
        earliest: stated.max(soonest),
        deadline: request.deadline.map_or(most, |d| ground.horizon.minute(d).min(most)),
        value: Vec::new(),
        points: POINTS * f64::from(request.weight.max(1)),
        load: kind.map_or(0.5, |k| f64::from(k.cognitive_load)),
        tire: kind.map_or(60.0, |k| f64::from(k.recovery_hours) * 60.0),
        published: Vec::new(),
    };
    share_days(ground, index, &mut ask);
    ask.value = values(ground, &ask, group, rank);
    ask
}

/// Sessions of the request that stand already count towards its blocks a day.
fn share_days(ground: &Ground<'_>, request: usize, ask: &mut Ask) {
    let standing = ground.standing.iter().filter(|s| s.request == Some(request));
    let mut by_day: BTreeMap<i32, usize> = BTreeMap::new();
    for block in standing {
        *by_day.entry(block.start.div_euclid(DAY)).or_default() += 1;
    }
    let most = by_day.into_values().filter(|&n| n < ask.max_per_day).max().unwrap_or(0);
    ask.max_per_day -= most;
}

fn values(ground: &Ground<'_>, ask: &Ask, group: &[Wanted], rank: i64) -> Vec<i64> {
    let mut values = vec![FORBIDDEN; ground.horizon.days() * DAY_CELLS];
    let request = &ground.input.requests[ask.family];
    let Some((kind, curve)) = ground.kind(request.task_type) else { return values };
    let base = match (request.door, request.deadline) {
        (Door::Habit, _) => 0,
        (_, Some(_)) => WITH_DEADLINE + rank * FIRST_COME,
        (_, None) => WITHOUT_DEADLINE + rank * FIRST_COME,
    };
    let avoid: Vec<_> = group[0].avoid.iter().map(|&(a, b)| ground.horizon.stretch(a, b)).collect();
    for start in ground.starts(ask.earliest, ask.deadline, ask.duration) {
        let end = start + ask.duration;
        let refused = avoid.iter().any(|&(a, b)| start < b && a < end);
        let tired = ask.high_load && in_recovery(ground, kind, ask, start);
        if refused || tired || full(ground, ask, start) {
            continue;
        }
        if ground.horizon.block(start, ask.duration).is_none() {
            continue;
        }
        let score = ground.score(kind, curve, start, ask.duration);
        values[(start / CELL) as usize] = base + (score * ask.points).round() as i64;
    }
    values
}

/// Too soon after a demanding block that stands, or too soon before one.
fn in_recovery(ground: &Ground<'_>, kind: &TaskType, ask: &Ask, start: i32) -> bool {
    let before = recovery(kind).unwrap_or(0);
    ground.standing.iter().any(|s| {
        let same_day = s.start.div_euclid(DAY) == start.div_euclid(DAY);
        s.recovery.is_some_and(|after| {
            same_day && start < s.end + after && s.start < start + ask.duration + before
        })
    })
}

/// The request has its blocks for that day.
fn full(ground: &Ground<'_>, ask: &Ask, start: i32) -> bool {
    let own = ground.standing.iter().filter(|s| s.request == Some(ask.family));
    let today = own.filter(|s| s.start.div_euclid(DAY) == start.div_euclid(DAY)).count();
    today >= ask.max_per_day
}
