//! The sessions of one stage as numbers: what each may take where, and what it is worth there.

use super::ground::{Ground, Standing, recovery};
use super::review::Wanted;
use crate::schedule::problem::{Ask, CELL, DAY, DAY_CELLS, DayLimit, FORBIDDEN, Fatigue, Problem};
use crate::schedule::request::Door;
use crate::schedule::slot::{FELT, TIREDNESS};
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
/// What another place must gain before a block that people can see moves there, in slot score: ten
/// more successes in a hundred.
pub(super) const CLEAR_GAIN: f64 = 0.1;

/// Which rules bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// All rules of care; no caps.
    Asked,
    /// Only what can't be helped: working hours, busy times, buffers, windows.
    AskedRelaxed,
    /// All rules and caps.
    Habits,
}

/// The sessions of one stage as the problem that [`solve`](crate::schedule::solve::solve) takes.
pub(super) fn problem(ground: &Ground<'_>, stage: Stage, groups: &[Vec<Wanted>]) -> Problem {
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

/// What the stage leaves of a day.
pub(super) fn limit(ground: &Ground<'_>, stage: Stage, day: usize) -> DayLimit {
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
pub(super) fn first_come(ground: &Ground<'_>, group: &[Wanted]) -> (i32, i32, usize) {
    let request = &ground.input.requests[group[0].request];
    let minute = |t| ground.horizon.stretch(t, t).1;
    let from = request.earliest.map_or(0, minute).max(ground.now);
    (from, request.deadline.map_or(i32::MAX, minute), group[0].request)
}

/// The sessions of one request that are equally long, as numbers. A group is never empty.
fn ask(ground: &Ground<'_>, stage: Stage, group: &[Wanted], rank: i64) -> Ask {
    let mut ask = rules(ground, stage, group);
    ask.value = values(ground, &ask, group, rank);
    ask
}

/// The same without what each start is worth, which takes long to tell.
pub(super) fn rules(ground: &Ground<'_>, stage: Stage, group: &[Wanted]) -> Ask {
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
        published: published(group, request.weight),
    };
    share_days(ground, index, &mut ask);
    ask
}

/// Where blocks stand already, and what leaving costs.
fn published(group: &[Wanted], weight: u8) -> Vec<(i32, i64)> {
    let price = (CLEAR_GAIN * POINTS * f64::from(weight.max(1))).round() as i64;
    group.iter().filter_map(|w| Some((w.at?, price))).collect()
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
    for start in ground.starts(ask.earliest, ask.deadline, ask.duration) {
        if is_open(ground, kind, ask, &group[0], start) {
            let score = ground.score(kind, curve, start, ask.duration);
            values[(start / CELL) as usize] = base + (score * ask.points).round() as i64;
        }
    }
    values
}

/// A start that nothing but busy times, buffers and the limits of the day may speak against.
pub(super) fn is_open(
    ground: &Ground<'_>,
    kind: &TaskType,
    ask: &Ask,
    wanted: &Wanted,
    start: i32,
) -> bool {
    let end = start + ask.duration;
    let refused = wanted.avoid.iter().any(|&(a, b)| {
        let (a, b) = ground.horizon.stretch(a, b);
        start < b && a < end
    });
    let tired = ask.high_load && in_recovery(ground, kind, ask.duration, start);
    let buffer = i32::from(ground.input.settings.buffer_minutes);
    // The next one could come too soon.
    let cramped = ground.skips(end, end + buffer);
    let exists = || ground.horizon.block(start, ask.duration).is_some();
    !refused && !tired && !cramped && !full(ground, ask, start) && exists()
}

/// Too soon after a demanding block that stands, or too soon before one.
pub(super) fn in_recovery(ground: &Ground<'_>, kind: &TaskType, length: i32, start: i32) -> bool {
    let before = recovery(kind).unwrap_or(0);
    let end = start + length;
    // Whatever comes after would be placed by the clock, and too soon.
    if ground.skips(end, end + before) {
        return true;
    }
    ground.standing.iter().any(|s| {
        let same_day = s.start.div_euclid(DAY) == start.div_euclid(DAY);
        s.recovery.is_some_and(|after| {
            same_day && start < s.end + after + ground.lost(s.end, start) && s.start < end + before
        })
    })
}

/// The request has its blocks for that day.
fn full(ground: &Ground<'_>, ask: &Ask, start: i32) -> bool {
    let own = ground.standing.iter().filter(|s| s.request == Some(ask.family));
    let today = own.filter(|s| s.start.div_euclid(DAY) == start.div_euclid(DAY)).count();
    today >= ask.max_per_day
}
