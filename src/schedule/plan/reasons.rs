//! Why a block lies where it lies, and why not elsewhere: short sentences for a person, each read
//! off its [`Account`], none claiming more than that shows.

use super::account::{Account, Alternative, NOTABLE, Obstacle, Term};
use super::ground::Ground;
use super::place::{Moved, Session};
use crate::event::harmless::quoted;
use crate::memory::recall::{Slots, Voice};
use crate::schedule::problem::DAY;
use crate::schedule::request::{Door, Request};
use crate::schedule::slot::Curve;
use crate::schedule::suggestion::{Suggestion, citing};
use crate::schedule::words::Language;
use crate::task::TaskType;
use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Differences in score from here on are plain to see.
const PLAIN: f64 = 0.1;
/// Placements of a type, less with their age, that are more than a trace.
const LEAST_PLACED: f32 = 0.2;
/// Longest type name in a sentence, in characters.
const NAME_MAX: usize = 60;
/// Most sentences of a block beside how sure it is.
const SENTENCES: usize = 5;

/// All that a block says: up to six sentences on why it stands there, and what the person can do
/// with it; `block` as it is now, `before` where it was.
pub(super) fn reasons(
    ground: &Ground<'_>,
    session: &Session,
    block: &Suggestion,
    before: Option<DateTime<Utc>>,
    account: &Account,
) -> Vec<String> {
    let request = &ground.input.requests[session.wanted.request];
    let Some((kind, curve)) = ground.kind(request.task_type) else { return Vec::new() };
    let mut said = Vec::new();
    if let (Some(why), Some(from)) = (session.moved, before) {
        let from = clock(from, ground);
        let key = match why {
            Moved::Taken => "moved.taken",
            Moved::Unfit => "moved.unfit",
            Moved::MakesRoom => "moved.room",
            Moved::Better => "moved.better",
        };
        said.push(language(ground).say(key, &[("from", &from)]));
    }
    said.extend(why_here(ground, (kind, curve), session.start, account));
    let language = language(ground);
    let mut cites = account.cited().map(|voice| citing(&clause(language, voice), voice.insight));
    said.extend(cites.next());
    let mut after = Vec::new();
    if request.door.is_asked() && !session.is_cared_for(ground) {
        after.push(language.say("care", &[]));
    }
    after.extend(what_for(ground, request, block));
    // What is left of the room goes to what was not taken, then to one more insight.
    let missed = account.missed().and_then(|other| why_not_there(ground, other, account));
    let room = SENTENCES.saturating_sub(said.len() + after.len());
    let missed = missed.filter(|_| room > 0);
    if room > usize::from(missed.is_some()) {
        said.extend(cites.next());
    }
    said.extend(missed);
    said.extend(after);
    said.truncate(SENTENCES);
    said.push(how_sure(ground, (kind, curve), session.start));
    // The person's part, set apart: what follows is no reason.
    said.extend([String::new(), language.say("steer", &[])]);
    said
}

/// What the person asked for has a deadline; a habit has its place in the week.
fn what_for(ground: &Ground<'_>, request: &Request, block: &Suggestion) -> Option<String> {
    match request.door {
        Door::Habit => {
            let planned = request.weekly.saturating_sub(request.sessions);
            let place = planned.saturating_add(block.session).saturating_add(1);
            let (times, number) = (request.weekly.to_string(), place.to_string());
            return Some(match request.weekly {
                0 | 1 => language(ground).say("habit.weekly", &[]),
                _ => language(ground).say("habit.often", &[("times", &times), ("number", &number)]),
            });
        }
        Door::Starter => return Some(language(ground).say("starter", &[])),
        Door::Around => return None,
        Door::Todo | Door::Ask => {}
    }
    let deadline = request.deadline?;
    let local = deadline.with_timezone(&ground.input.zone);
    let when = match local.num_seconds_from_midnight() {
        // The end of a day: people name the day that ends.
        0 => language(ground).day(local - TimeDelta::minutes(1), is_far(deadline, ground)),
        _ => clock(deadline, ground),
    };
    Some(language(ground).say("due", &[("when", &when)]))
}

/// The two terms that lift this place most above the usual one of its window. Insights that are
/// cited have sentences of their own; `None` means that nothing else is to be said.
fn why_here(
    ground: &Ground<'_>,
    (kind, curve): (&TaskType, &Curve),
    start: i32,
    account: &Account,
) -> Option<String> {
    let hour = hour_of(start);
    let around = hour.saturating_sub(1)..=(hour + 1).min(23);
    let facts = Facts {
        language: language(ground),
        name: shown(kind),
        word: kind.category.word(),
        hour: format!("{hour}:00"),
        best: account.best_hour,
        own: kind.hours.placement[around].iter().sum::<f32>() > LEAST_PLACED,
    };
    let cites = account.cited().next().is_some();
    let known = |term: &Term| match term {
        Term::Learned => seen(curve, hour) > 0,
        Term::Insights => !cites,
        Term::Prior | Term::Placed | Term::Rest => true,
    };
    let terms: Vec<Term> = account.strongest().into_iter().filter(known).collect();
    let say = |key: &str| facts.language.say(key, &[]);
    if account.choices < 2 {
        return Some(say("here.only"));
    }
    if account.terms.above(&account.usual).total() < -NOTABLE {
        return Some(say("here.left"));
    }
    match *terms.as_slice() {
        [] if cites => None,
        [] => Some(say("here.any")),
        [only] => Some(facts.language.say("here.one", &[("first", &facts.first(only))])),
        [first, second, ..] => {
            let (first, second) = (facts.first(first), facts.second(second));
            Some(facts.language.say("here.two", &[("first", &first), ("second", &second)]))
        }
    }
}

/// What a place owes to an insight.
fn clause(language: Language, voice: &Voice) -> String {
    match voice.slots {
        Slots::Weekday(day) => {
            let weekday = language.say(&format!("weekday.{day}"), &[]);
            language.say("cite.weekday", &[("weekday", &weekday)])
        }
        Slots::Hours { from, to } => {
            let key = if voice.says < 0.0 { "cite.avoid" } else { "cite.better" };
            let (from, to) = (format!("{from}:00"), format!("{to}:00"));
            language.say(key, &[("from", &from), ("to", &to)])
        }
    }
}

fn hour_of(start: i32) -> usize {
    (start.rem_euclid(DAY) / 60).clamp(0, 23) as usize
}

/// Observations around an hour.
fn seen(curve: &Curve, hour: usize) -> u32 {
    let around = hour.saturating_sub(1)..=(hour + 1).min(23);
    curve.observations[around].iter().sum::<f64>().round() as u32
}

/// How sure it is of that hour, in words; a typical hour is no knowledge of the person.
fn how_sure(ground: &Ground<'_>, (kind, curve): (&TaskType, &Curve), start: i32) -> String {
    let (hour, language) = (hour_of(start), language(ground));
    let count = seen(curve, hour);
    let key = match kind.hours.confidence[hour] {
        _ if count == 0 => "sure.not",
        sure if sure < 0.25 => "sure.little",
        sure if sure < 0.5 => "sure.somewhat",
        sure if sure < 0.75 => "sure.fairly",
        _ => "sure.very",
    };
    let number = count.to_string();
    let seen = match count {
        1 => language.say("seen.one", &[]),
        _ => language.say("seen.many", &[("count", &number)]),
    };
    language.say(key, &[("seen", &seen)])
}

/// What the sentences about a place need.
struct Facts {
    language: Language,
    name: String,
    word: &'static str,
    /// `10:00`.
    hour: String,
    best: bool,
    /// The person put this kind of work there, not only other work of theirs.
    own: bool,
}

impl Facts {
    fn first(&self, term: Term) -> String {
        let key = match term {
            Term::Learned if self.best => "best",
            term => self.key(term),
        };
        let values = [("name", self.name.as_str()), ("hour", self.hour.as_str())];
        self.language.say(&format!("first.{key}"), &values)
    }

    fn second(&self, term: Term) -> String {
        self.language.say(&format!("second.{}", self.key(term)), &[])
    }

    fn key(&self, term: Term) -> &'static str {
        match term {
            Term::Learned => "well",
            Term::Placed if self.own => "own",
            Term::Placed => "placed",
            Term::Prior => self.word,
            Term::Insights => "insights",
            Term::Rest => "rest",
        }
    }
}

fn shown(kind: &TaskType) -> String {
    let name = if kind.name.is_empty() { kind.category.word() } else { &kind.name };
    quoted(name).chars().take(NAME_MAX).collect()
}

/// What the best other place lacks.
fn why_not_there(ground: &Ground<'_>, other: &Alternative, here: &Account) -> Option<String> {
    let at = clock(other.start, ground);
    let lower = here.terms.total() - other.terms.total();
    let say = |key: &str| Some(language(ground).say(key, &[("at", &at)]));
    match other.obstacle {
        Obstacle::OutsideHours if -lower < PLAIN => None,
        Obstacle::OutsideHours => say("other.hours"),
        Obstacle::Busy => say("other.taken"),
        Obstacle::Buffer => say("other.buffer"),
        Obstacle::Refused => say("other.refused"),
        Obstacle::Recovery => say("other.recovery"),
        Obstacle::DayFull => say("other.full"),
        Obstacle::FocusCap => say("other.focus"),
        Obstacle::Tiring => Some(match before(ground, other.start) {
            Some(time) => language(ground).say("other.tiring", &[("at", &at), ("time", &time)]),
            None => language(ground).say("other.tired", &[("at", &at)]),
        }),
        Obstacle::Lower if lower <= NOTABLE => None,
        Obstacle::Lower => say(if lower >= PLAIN { "other.clearly" } else { "other.slightly" }),
    }
}

/// When what tires most before a start begins.
fn before(ground: &Ground<'_>, start: DateTime<Utc>) -> Option<String> {
    let minute = ground.horizon.minute(start);
    let day = ground.tiring.get(minute.div_euclid(DAY).max(0) as usize);
    let earlier = day.into_iter().flatten().filter(|t| t.end <= minute);
    let moment = ground.horizon.moment(earlier.max_by_key(|t| t.end)?.start)?;
    Some(moment.with_timezone(&ground.input.zone).format("%H:%M").to_string())
}

fn language(ground: &Ground<'_>) -> Language {
    ground.input.settings.wording.language
}

/// `Friday 18:00` within a week of now, else with the date.
fn clock(moment: DateTime<Utc>, ground: &Ground<'_>) -> String {
    let local = moment.with_timezone(&ground.input.zone);
    language(ground).when(local, is_far(moment, ground))
}

fn is_far(at: DateTime<Utc>, ground: &Ground<'_>) -> bool {
    !(0..7).contains(&(at - ground.input.now).num_days())
}
