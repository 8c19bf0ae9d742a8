//! What a plan stands on: the horizon, what is taken, when the person works, what tires, and the
//! curves of the types that are wanted.

use super::PlanInput;
use crate::event::{Event, Span};
use crate::schedule::free_busy::{Horizon, busy, takes_time};
use crate::schedule::problem::{CELL, DAY};
use crate::schedule::slot::{Curve, Habits, Tiring, UNTYPED, tiredness};
use crate::schedule::suggestion::Suggestion;
use crate::schedule::working::WorkingHours;
use crate::task::{Category, TaskType, TypeId};
use std::collections::BTreeMap;

/// Load from which a block counts as demanding.
pub(super) const HIGH_LOAD: f32 = 0.7;

pub(super) struct Ground<'a> {
    pub(super) input: PlanInput<'a>,
    pub(super) horizon: Horizon,
    /// Taken stretches, sorted by start: the calendar's, then also those of blocks as they settle.
    pub(super) busy: Vec<(i32, i32)>,
    /// Working stretches of each day, lunch cut out.
    pub(super) working: Vec<Vec<(i32, i32)>>,
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
struct Known {
    curve: Curve,
    bias: [[f32; 24]; 7],
}

/// A block that stays, as the plan sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) focused: bool,
    /// Minutes of recovery it asks for; `None` = not demanding.
    pub(super) recovery: Option<i32>,
    pub(super) habit: bool,
    /// The request it serves.
    pub(super) request: Option<usize>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(input: &PlanInput<'a>) -> Self {
        let input = *input;
        let horizon = Horizon::new(input.now, input.zone, input.settings.horizon_days);
        let settings = input.settings;
        let learned;
        let hours = match &settings.working {
            Some(hours) => hours,
            None => {
                learned = WorkingHours::learned(input.events, input.zone);
                &learned
            }
        };
        let lunch = settings.lunch.minutes(input.events, input.zone);
        let working = (0..horizon.days()).map(|d| hours.of(horizon.weekday(d), lunch)).collect();
        let mut tiring = vec![Vec::new(); horizon.days()];
        let others = |e: &&Event| takes_time(e) && !input.suggestions.contains_key(&e.id.uid);
        for event in input.events.values().filter(others) {
            if let Some((day, tires)) = tires(&input, &horizon, event) {
                tiring[day].push(tires);
            }
        }
        let habits = Habits::of(input.types);
        let wanted = input.requests.iter().filter_map(|r| r.task_type);
        let known = wanted
            .filter_map(|id| input.types.by_id.get(&id))
            .map(|kind| (kind.id, Known::of(&input, kind, &habits)))
            .collect();
        let now = horizon.stretch(input.now, input.now).1;
        Self {
            horizon,
            busy: busy(&horizon, input.events, input.suggestions.values()),
            working,
            tiring,
            standing: Vec::new(),
            now,
            thaw: now + i32::from(settings.freeze_minutes),
            known,
            input,
        }
    }

    pub(super) fn kind(&self, id: Option<TypeId>) -> Option<(&'a TaskType, &Curve)> {
        let kind = self.input.types.by_id.get(&id?)?;
        Some((kind, &self.known.get(&kind.id)?.curve))
    }

    /// Something else lies over these minutes.
    pub(super) fn is_taken(&self, start: i32, end: i32) -> bool {
        self.busy.iter().take_while(|b| b.0 < end).any(|b| start < b.1)
    }

    /// A block stays: nothing else may lie there, and it tires.
    pub(super) fn stand(&mut self, block: &Suggestion) {
        let (start, end) = self.horizon.stretch(block.start, block.end);
        let kind = self.input.types.by_id.get(&block.task_type);
        let at = self.busy.partition_point(|b| *b < (start, end));
        self.busy.insert(at, (start, end));
        let day = start.div_euclid(DAY);
        if let (Some(today), Some(kind)) = (self.tiring.get_mut(day.max(0) as usize), kind)
            && day >= 0
        {
            today.push(tiring(start, end, Some(kind)));
        }
        self.standing.push(Standing {
            start,
            end,
            focused: kind.is_some_and(|k| k.category == Category::Focused),
            recovery: kind.and_then(recovery),
            habit: block.door == crate::schedule::request::Door::Habit,
            request: self.input.requests.iter().position(|r| r.key == block.request),
        });
    }

    /// Slot score of a type at a minute of the horizon, tiredness included.
    pub(super) fn score(&self, kind: &TaskType, curve: &Curve, start: i32, length: i32) -> f64 {
        let day = (start / DAY) as usize;
        self.mean(kind, curve, start, length)
            - tiredness(&self.tiring[day], kind.cognitive_load.into(), start)
    }

    /// The same without tiredness.
    pub(super) fn mean(&self, kind: &TaskType, curve: &Curve, start: i32, length: i32) -> f64 {
        let weekday = self.horizon.weekday((start / DAY) as usize);
        let bias = self.known.get(&kind.id).map_or(&[0.0; 24], |k| &k.bias[weekday]);
        curve.mean(start % DAY, length, bias)
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
        let at = |day: usize, hour: usize| (input.bias)(kind.id, day as u8 + 1, hour as u8);
        let bias = std::array::from_fn(|day| std::array::from_fn(|hour| at(day, hour)));
        Self { curve: Curve::of(kind, habits), bias }
    }
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
