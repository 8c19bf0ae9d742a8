//! What a plan stands on: the horizon, what is taken, when the person works, what tires, and the
//! curves of the types that are wanted.

use super::PlanInput;
use crate::event::{Event, Span, Uid};
use crate::memory::recall::{self, Voice};
use crate::schedule::free_busy::{Horizon, busy, takes_time};
use crate::schedule::problem::{CELL, DAY};
use crate::schedule::slot::{Curve, Habits, Tiring, UNTYPED, tiredness};
use crate::schedule::suggestion::Suggestion;
use crate::schedule::working::{OwnTime, WorkingHours};
use crate::task::{Category, TaskType, TypeId};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// Load from which a block counts as demanding.
pub(super) const HIGH_LOAD: f32 = 0.7;

#[derive(Clone)]
pub(super) struct Ground<'a> {
    pub(super) input: PlanInput<'a>,
    pub(super) horizon: Horizon,
    /// Taken stretches, sorted by start: the calendar's, then also those of blocks as they settle.
    pub(super) busy: Vec<(i32, i32)>,
    /// Working stretches of each day, lunch cut out.
    pub(super) working: Vec<Vec<(i32, i32)>>,
    /// Minutes that are on no clock, where clocks go forward: they are no distance.
    skipped: Vec<(i32, i32)>,
    /// What tires, by day of the horizon.
    pub(super) tiring: Vec<Vec<Tiring>>,
    /// Blocks that stay where they are.
    pub(super) standing: Vec<Standing>,
    /// Now and the end of the freeze window, in minutes of the horizon.
    pub(super) now: i32,
    pub(super) thaw: i32,
    known: BTreeMap<TypeId, Known>,
}

/// What the plan knows of a wanted type: its curve, and what insights add by weekday and hour.
#[derive(Clone)]
struct Known {
    curve: Curve,
    bias: [[f32; 24]; 7],
}

/// A block that has its place, as the plan sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) focused: bool,
    /// Minutes of recovery it asks for; `None` = not demanding.
    pub(super) recovery: Option<i32>,
    pub(super) habit: bool,
    /// The request it serves.
    pub(super) request: Option<usize>,
    /// How it tires, and how much tiredness hurts it.
    tiring: Tiring,
}

impl Standing {
    pub(super) fn new(
        start: i32,
        end: i32,
        kind: Option<&TaskType>,
        habit: bool,
        request: Option<usize>,
    ) -> Self {
        Self {
            start,
            end,
            focused: kind.is_some_and(|k| k.category == Category::Focused),
            recovery: kind.and_then(recovery),
            habit,
            request,
            tiring: tiring(start, end, kind),
        }
    }
}

impl<'a> Ground<'a> {
    pub(super) fn of(input: &PlanInput<'a>) -> Self {
        let input = *input;
        let horizon = Horizon::new(input.now, input.zone, input.settings.horizon_days);
        let settings = input.settings;
        let own = LazyCell::new(|| OwnTime::of(input.events, input.zone));
        let learned;
        let hours = match &settings.working {
            Some(hours) => hours,
            None => {
                learned = WorkingHours::learned(&own);
                &learned
            }
        };
        let lunch = settings.lunch.minutes(|| &own);
        let days = 0..horizon.days();
        let mut working: Vec<_> = days.map(|d| hours.of(horizon.weekday(d), lunch)).collect();
        part_at_midnight(&mut working, i32::from(settings.buffer_minutes));
        let skipped: Vec<_> = (0..horizon.days()).filter_map(|d| horizon.skipped(d)).collect();
        let mut tiring = vec![Vec::new(); horizon.days()];
        let others = |e: &&Event| takes_time(e) && !input.suggestions.contains_key(&e.id.uid);
        for event in input.events.values().filter(others) {
            if let Some((day, tires)) = tires(&input, &horizon, event) {
                tiring[day].push(tires);
            }
        }
        let mut busy = busy(&horizon, input.events, input.suggestions.values());
        busy.iter_mut().for_each(|b| b.1 = reach(&skipped, *b, i32::from(settings.buffer_minutes)));
        let habits = Habits::of(input.types);
        let wanted = input.requests.iter().filter_map(|r| r.task_type);
        let known = wanted
            .filter_map(|id| input.types.by_id.get(&id))
            .map(|kind| (kind.id, Known::of(&input, kind, &habits)))
            .collect();
        let now = horizon.stretch(input.now, input.now).1;
        Self {
            horizon,
            busy,
            working,
            skipped,
            tiring,
            standing: Vec::new(),
            now,
            thaw: now + i32::from(settings.freeze_minutes),
            known,
            input,
        }
    }

    /// The same where other blocks are there; none of them may take time of its own.
    pub(super) fn with_blocks<'b>(&self, suggestions: &'b BTreeMap<Uid, Suggestion>) -> Ground<'b>
    where
        'a: 'b,
    {
        let ground: Ground<'b> = self.clone();
        Ground { input: PlanInput { suggestions, ..ground.input }, ..ground }
    }

    pub(super) fn kind(&self, id: Option<TypeId>) -> Option<(&'a TaskType, &Curve)> {
        let kind = self.input.types.by_id.get(&id?)?;
        Some((kind, &self.known.get(&kind.id)?.curve))
    }

    fn taken_by(&self, start: i32, end: i32) -> (i32, i32) {
        let buffer = i32::from(self.input.settings.buffer_minutes);
        (start, reach(&self.skipped, (start, end), buffer))
    }

    /// Clocks go forward between two minutes.
    pub(super) fn skips(&self, from: i32, to: i32) -> bool {
        self.skipped.iter().any(|s| from <= s.0 && s.0 < to)
    }

    /// How many of the minutes from one to a later one are on no clock.
    pub(super) fn lost(&self, from: i32, to: i32) -> i32 {
        let between = self.skipped.iter().filter(|s| from <= s.0 && s.1 <= to);
        between.map(|(from, to)| to - from).sum()
    }

    /// Something else lies over these minutes.
    pub(super) fn is_taken(&self, start: i32, end: i32) -> bool {
        self.busy.iter().take_while(|b| b.0 < end).any(|b| start < b.1)
    }

    /// A block that is kept, as the plan sees it.
    pub(super) fn standing_of(&self, block: &Suggestion) -> Standing {
        let (start, end) = self.horizon.stretch(block.start, block.end);
        let kind = self.input.types.by_id.get(&block.task_type);
        let request = self.input.requests.iter().position(|r| r.key == block.request);
        Standing::new(start, end, kind, !block.door.is_asked(), request)
    }

    /// A block has its place: nothing else may lie there, and it tires.
    pub(super) fn stand(&mut self, block: Standing) {
        let stretch = self.taken_by(block.start, block.end);
        let at = self.busy.partition_point(|b| *b < stretch);
        self.busy.insert(at, stretch);
        if let Some(today) = self.tiring_on(block.start) {
            today.push(block.tiring);
        }
        self.standing.push(block);
    }

    /// Takes back one [`Ground::stand`].
    pub(super) fn lift(&mut self, block: &Standing) {
        let stretch = self.taken_by(block.start, block.end);
        let at = self.busy.partition_point(|b| *b < stretch);
        if self.busy.get(at) == Some(&stretch) {
            self.busy.remove(at);
        }
        if let Some(today) = self.tiring_on(block.start)
            && let Some(at) = today.iter().position(|t| *t == block.tiring)
        {
            today.remove(at);
        }
        if let Some(at) = self.standing.iter().position(|s| s == block) {
            self.standing.remove(at);
        }
    }

    fn tiring_on(&mut self, minute: i32) -> Option<&mut Vec<Tiring>> {
        self.tiring.get_mut(usize::try_from(minute.div_euclid(DAY)).ok()?)
    }

    /// What a block of a type at a minute of the horizon takes from the scores of later blocks of
    /// that day.
    pub(super) fn burden(&self, kind: &TaskType, start: i32, length: i32) -> f64 {
        let own = [tiring(start, start + length, Some(kind))];
        let later = self.standing.iter().filter(|s| {
            s.start >= start + length && s.start.div_euclid(DAY) == start.div_euclid(DAY)
        });
        later.map(|s| tiredness(&own, s.tiring.load, s.start)).sum()
    }

    /// Slot score of a type at a minute of the horizon, tiredness included.
    pub(super) fn score(&self, kind: &TaskType, curve: &Curve, start: i32, length: i32) -> f64 {
        let day = usize::try_from(start.div_euclid(DAY)).ok();
        let today = day.and_then(|day| self.tiring.get(day)).map_or(&[][..], Vec::as_slice);
        self.mean(kind, curve, start, length) - tiredness(today, kind.cognitive_load.into(), start)
    }

    /// The same without tiredness.
    pub(super) fn mean(&self, kind: &TaskType, curve: &Curve, start: i32, length: i32) -> f64 {
        let weekday = self.horizon.weekday((start / DAY) as usize);
        let bias = self.known.get(&kind.id).map_or(&[0.0; 24], |k| &k.bias[weekday]);
        curve.mean(start % DAY, length, bias)
    }

    /// What insights say of a type's slots.
    pub(super) fn voices(&self, kind: &TaskType) -> &'a [Voice] {
        self.input.voices.get(&kind.id).map_or(&[], Vec::as_slice)
    }

    /// Starts within working hours and a window, in order.
    pub(super) fn starts(&self, from: i32, to: i32, length: i32) -> impl Iterator<Item = i32> {
        let stretches = self.working.iter().enumerate().flat_map(|(day, stretches)| {
            let midnight = day as i32 * DAY;
            stretches.iter().map(move |&(a, b)| (midnight + a, midnight + b))
        });
        stretches.flat_map(move |(a, b)| {
            let first = a.max(from).div_euclid(CELL) * CELL;
            let first = if first < a.max(from) { first + CELL } else { first };
            (first..=b.min(to) - length).step_by(CELL as usize)
        })
    }
}

impl Known {
    fn of(input: &PlanInput<'_>, kind: &TaskType, habits: &Habits) -> Self {
        let bias = input.voices.get(&kind.id).map_or([[0.0; 24]; 7], |voices| recall::bias(voices));
        Self { curve: Curve::of(kind, habits), bias }
    }
}

/// Where work goes on over midnight the second day begins a buffer later: days are planned apart.
fn part_at_midnight(working: &mut [Vec<(i32, i32)>], buffer: i32) {
    let mut late = false;
    for day in working {
        let ends_late = day.last().is_some_and(|&(_, to)| to >= DAY);
        if let Some((from, to)) = day.first_mut().filter(|(from, _)| late && *from < buffer) {
            *from = buffer.min(*to);
        }
        late = ends_late;
    }
}

/// To where a taken stretch reaches: what ends less than a buffer before minutes that are on no
/// clock reaches beyond them.
fn reach(skipped: &[(i32, i32)], (_, end): (i32, i32), buffer: i32) -> i32 {
    let near = skipped.iter().find(|s| end <= s.0 && s.0 < end + buffer);
    near.map_or(end, |(from, to)| end + to - from)
}

/// Minutes of recovery a type asks for before the next demanding block; `None` = it isn't one.
pub(super) fn recovery(kind: &TaskType) -> Option<i32> {
    let minutes = (kind.recovery_hours.clamp(0.0, 12.0) * 60.0).round() as i32;
    (kind.cognitive_load >= HIGH_LOAD).then_some(minutes)
}

fn tiring(start: i32, end: i32, kind: Option<&TaskType>) -> Tiring {
    let (load, recovery_hours) =
        kind.map_or(UNTYPED, |k| (f64::from(k.cognitive_load), f64::from(k.recovery_hours)));
    Tiring { start, end, load, recovery_hours }
}

fn tires(input: &PlanInput<'_>, horizon: &Horizon, event: &Event) -> Option<(usize, Tiring)> {
    let Span::Timed { start, end } = event.span else { return None };
    let (start, end) = (horizon.minute(start), horizon.minute(end));
    let day = usize::try_from(start.div_euclid(DAY)).ok().filter(|d| *d < horizon.days())?;
    let kind = event.task_type.and_then(|id| input.types.by_id.get(&id));
    Some((day, tiring(start, end, kind)))
}
