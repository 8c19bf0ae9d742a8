//! Why a block lies where it lies, and why not elsewhere: short sentences for a person, each read
//! off the numbers that decided, none claiming more than they show.

use super::ground::Ground;
use crate::schedule::problem::{CELL, DAY};
use crate::schedule::request::{Door, Request};
use crate::schedule::slot::{Curve, MOST_SCORE, tiredness};
use crate::schedule::suggestion::Suggestion;
use crate::task::TaskType;
use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Differences in score below this aren't worth a sentence.
const NOTABLE: f64 = 0.01;
/// Differences from here on are plain to see.
const PLAIN: f64 = 0.1;
/// An alternative starts at least this many minutes away: nearer ones are the same place.
const ELSEWHERE: i32 = 60;
/// Longest type name in a sentence, in characters.
const NAME_MAX: usize = 60;

/// What only the placing knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Because {
    /// It fitted only with the care rules relaxed.
    pub(super) crowded: bool,
    /// It had to leave this place.
    pub(super) moved_from: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// A start elsewhere in the window.
#[derive(Debug, Clone, Copy)]
struct Elsewhere {
    start: i32,
    /// Slot score without tiredness, and what tiredness takes.
    mean: f64,
    tired: f64,
    taken: bool,
}

/// The slot score as a share of the most there is, and two to four sentences.
pub(super) fn reasons(
    ground: &Ground<'_>,
    request: &Request,
    block: &Suggestion,
    because: Because,
) -> (f32, Vec<String>) {
    let Some((kind, curve)) = ground.kind(request.task_type) else { return (0.0, Vec::new()) };
    let (start, end) = ground.horizon.stretch(block.start, block.end);
    let length = end - start;
    let score = ground.score(kind, curve, start, length);
    let mut said = Vec::new();
    if let Some((from, to)) = because.moved_from {
        let (a, b) = ground.horizon.stretch(from, to);
        let why = if ground.is_taken(a, b) { "is taken now" } else { "no longer suits it" };
        said.push(format!("Moved here: {} {why}.", clock(from, ground)));
    }
    said.push(why_here(kind, curve, &window(ground, request, length), start, length));
    let others = elsewhere(ground, request, kind, curve, start, length);
    said.extend(why_not_there(ground, &others, score));
    if because.crowded {
        said.push("It fits only close to other demanding work.".to_owned());
    }
    said.extend(what_for(ground, request, block));
    said.truncate(4);
    ((score / MOST_SCORE).clamp(0.0, 1.0) as f32, said)
}

/// What the person asked for has a deadline; a habit has its place in the week.
fn what_for(ground: &Ground<'_>, request: &Request, block: &Suggestion) -> Option<String> {
    if request.door == Door::Habit {
        let planned = request.weekly.saturating_sub(request.sessions);
        let place = planned.saturating_add(block.session).saturating_add(1);
        return Some(match request.weekly {
            0 | 1 => "You do this most weeks.".to_owned(),
            usual => format!("You do this about {usual} times a week: number {place}."),
        });
    }
    let deadline = request.deadline?;
    let local = deadline.with_timezone(&ground.input.zone);
    if local.num_seconds_from_midnight() > 0 {
        return Some(format!("Due {}.", clock(deadline, ground)));
    }
    // The end of a day: people name the day that ends.
    let day = (local - TimeDelta::minutes(1)).format(date_of(deadline, ground, "%A", "%A %-d %B"));
    Some(format!("Due {day}."))
}

/// Every start the request could have had were nothing in the way.
fn window(ground: &Ground<'_>, request: &Request, length: i32) -> Vec<i32> {
    let from = request.earliest.map_or(ground.thaw, |e| ground.horizon.stretch(e, e).1);
    let until = request.deadline.map_or(i32::MAX, |d| ground.horizon.minute(d));
    ground.starts(from.max(ground.thaw), until, length).collect()
}

/// Mean of one part of a curve over a block's quarter hours.
fn part(of: &[f64; 24], start: i32, length: i32) -> f64 {
    let quarters = (length / CELL).max(1);
    let at = |q: i32| of[((start % DAY + q * CELL) / 60).clamp(0, 23) as usize];
    (0..quarters).map(at).sum::<f64>() / f64::from(quarters)
}

/// The part of the curve that lifts this hour most above the usual hour of the window.
fn why_here(kind: &TaskType, curve: &Curve, window: &[i32], start: i32, length: i32) -> String {
    let lift = |of: &[f64; 24]| {
        let usual = window.iter().map(|&s| part(of, s, length)).sum::<f64>();
        part(of, start, length) - usual / window.len().max(1) as f64
    };
    let (prior, learned, placed) = (lift(&curve.prior), lift(&curve.learned), lift(&curve.placed));
    let most = prior.max(learned).max(placed);
    let hour = (start % DAY / 60).clamp(0, 23) as usize;
    let name = shown(kind);
    let near = curve.observations[hour.saturating_sub(1)..=(hour + 1).min(23)].iter();
    let seen = near.sum::<f64>().round() as u32;
    if window.len() < 2 {
        "It is the only time left.".to_owned()
    } else if prior + learned + placed < -NOTABLE {
        "Not its best hour, but the best that was free.".to_owned()
    } else if most < NOTABLE {
        "The hour matters little for it here.".to_owned()
    } else if learned >= most && seen > 0 {
        let hours = window.iter().map(|&s| (s % DAY / 60) as usize);
        let top = hours.map(|h| curve.at(h)).fold(f64::MIN, f64::max);
        let how = if curve.at(hour) >= top - NOTABLE { "best" } else { "well" };
        let times = if seen == 1 { "observation" } else { "observations" };
        let sure = 100.0 * kind.hours.confidence[hour];
        format!("Your {name} goes {how} around {hour}:00 ({seen} {times}, {sure:.0} % sure).")
    } else if placed >= most {
        format!("You put this kind of work around {hour}:00 yourself.")
    } else {
        let word = kind.category.word();
        let known = if curve.observations.iter().all(|&n| n < 0.5) {
            "nothing learned yet"
        } else {
            "little learned about this hour yet"
        };
        format!("Around {hour}:00 is typical for {word} work; {known}.")
    }
}

fn shown(kind: &TaskType) -> String {
    let name = if kind.name.is_empty() { kind.category.word() } else { &kind.name };
    name.chars().take(NAME_MAX).collect()
}

fn elsewhere(
    ground: &Ground<'_>,
    request: &Request,
    kind: &TaskType,
    curve: &Curve,
    here: i32,
    length: i32,
) -> Vec<Elsewhere> {
    let starts = window(ground, request, length).into_iter();
    let buffer = i32::from(ground.input.settings.buffer_minutes);
    starts
        .filter(|s| (s - here).abs() >= ELSEWHERE.max(length + buffer))
        .map(|start| Elsewhere {
            start,
            mean: ground.mean(kind, curve, start, length),
            tired: tiredness(
                &ground.tiring[(start / DAY) as usize],
                kind.cognitive_load.into(),
                start,
            ),
            taken: ground.is_taken(start - buffer, start + length + buffer),
        })
        .collect()
}

/// What the best other place lacks: it is taken, too close after something, or simply lower.
fn why_not_there(ground: &Ground<'_>, others: &[Elsewhere], score: f64) -> Option<String> {
    let best = |fits: &dyn Fn(&Elsewhere) -> bool, worth: &dyn Fn(&Elsewhere) -> f64| {
        let mut found: Option<Elsewhere> = None;
        for other in others.iter().filter(|o| fits(o)) {
            if found.is_none_or(|f| worth(other) > worth(&f)) {
                found = Some(*other);
            }
        }
        found
    };
    let at = |o: Elsewhere| {
        let moment = ground.horizon.moment(o.start).unwrap_or(ground.input.now);
        clock(moment, ground)
    };
    if let Some(taken) = best(&|o| o.taken, &|o| o.mean - o.tired)
        && taken.mean - taken.tired > score + NOTABLE
    {
        return Some(format!("{} would suit it better but is taken.", at(taken)));
    }
    if let Some(tired) = best(&|o| !o.taken && o.tired > NOTABLE, &|o| o.mean)
        && tired.mean > score + NOTABLE
        && tired.mean - tired.tired <= score
    {
        return Some(format!("{} would follow {} too closely.", at(tired), before(ground, tired)));
    }
    let next = best(&|o| !o.taken, &|o| o.mean - o.tired)?;
    let lower = score - (next.mean - next.tired);
    let how = if lower >= PLAIN { "clearly" } else { "slightly" };
    (lower > NOTABLE).then(|| format!("The next best time, {}, looks {how} worse.", at(next)))
}

/// What tires most before a start.
fn before(ground: &Ground<'_>, other: Elsewhere) -> String {
    let day = &ground.tiring[(other.start / DAY) as usize];
    let last = day.iter().filter(|t| t.end <= other.start).max_by_key(|t| t.end);
    match last.and_then(|t| ground.horizon.moment(t.start)) {
        Some(moment) => format!("what lies at {}", hour(moment, ground)),
        None => "what lies before it".to_owned(),
    }
}

/// `Friday 18:00` within a week of now, else with the date.
fn clock(moment: DateTime<Utc>, ground: &Ground<'_>) -> String {
    let local = moment.with_timezone(&ground.input.zone);
    local.format(date_of(moment, ground, "%A %H:%M", "%A %-d %B %H:%M")).to_string()
}

/// The short form for the week to come, else the long one.
fn date_of<'a>(at: DateTime<Utc>, ground: &Ground<'_>, near: &'a str, far: &'a str) -> &'a str {
    if (0..7).contains(&(at - ground.input.now).num_days()) { near } else { far }
}

fn hour(moment: DateTime<Utc>, ground: &Ground<'_>) -> String {
    moment.with_timezone(&ground.input.zone).format("%H:%M").to_string()
}
