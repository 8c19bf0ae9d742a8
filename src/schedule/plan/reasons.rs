//! Why a block lies where it lies, and why not elsewhere: short sentences for a person, each read
//! off its [`Account`], none claiming more than that shows.

use super::account::{Account, Alternative, NOTABLE, Obstacle, Term};
use super::ground::Ground;
use super::place::{Moved, Session};
use crate::schedule::problem::DAY;
use crate::schedule::request::{Door, Request};
use crate::schedule::slot::Curve;
use crate::schedule::suggestion::{Suggestion, citing};
use crate::task::TaskType;
use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Differences in score from here on are plain to see.
const PLAIN: f64 = 0.1;
/// Placements of a type, less with their age, that are more than a trace.
const LEAST_PLACED: f32 = 0.2;
/// Longest type name in a sentence, in characters.
const NAME_MAX: usize = 60;
/// Most sentences of a block.
const SENTENCES: usize = 5;

/// Two to five sentences; `block` as it is now, `before` where it was.
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
        said.push(match why {
            Moved::Taken => format!("Moved here: {from} is taken now."),
            Moved::Unfit => format!("Moved here: {from} no longer suits it."),
            Moved::MakesRoom => format!("Moved here from {from}: that makes room for more."),
            Moved::Better => format!("Moved here: it is clearly better than {from}."),
        });
    }
    said.extend(why_here(kind, curve, session.start, account));
    let mut cites = account.cited().map(|voice| citing(&voice.clause(), voice.insight));
    said.extend(cites.next());
    let mut after = Vec::new();
    if request.door != Door::Habit && !session.is_cared_for(ground) {
        after.push("It fits only close to other demanding work.".to_owned());
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
    said
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

/// The two terms that lift this place most above the usual one of its window. Insights that are
/// cited have sentences of their own; `None` means that nothing else is to be said.
fn why_here(kind: &TaskType, curve: &Curve, start: i32, account: &Account) -> Option<String> {
    let hour = (start.rem_euclid(DAY) / 60).clamp(0, 23) as usize;
    let around = hour.saturating_sub(1)..=(hour + 1).min(23);
    let near = curve.observations[around.clone()].iter();
    let placed = kind.hours.placement[around].iter();
    let facts = Facts {
        name: shown(kind),
        word: kind.category.word(),
        hour,
        seen: near.sum::<f64>().round() as u32,
        sure: 100.0 * kind.hours.confidence[hour],
        best: account.best_hour,
        ignorant: curve.observations.iter().all(|&n| n < 0.5),
        own: placed.sum::<f32>() > LEAST_PLACED,
    };
    let cites = account.cited().next().is_some();
    let known = |term: &Term| match term {
        Term::Learned => facts.seen > 0,
        Term::Insights => !cites,
        Term::Prior | Term::Placed | Term::Rest => true,
    };
    let terms: Vec<Term> = account.strongest().into_iter().filter(known).collect();
    if account.choices < 2 {
        return Some("It is the only time left.".to_owned());
    }
    if account.terms.above(&account.usual).total() < -NOTABLE {
        return Some("Not its best hour, but the best that was free.".to_owned());
    }
    match *terms.as_slice() {
        [] if cites => None,
        [] => Some("The hour matters little for it here.".to_owned()),
        [only] => Some(format!("{}{}.", facts.first(only), facts.tail(only))),
        [first, second, ..] => {
            let (second, tail) = (facts.second(second), facts.tail(first));
            Some(format!("{}, and {second}{tail}.", facts.first(first)))
        }
    }
}

/// What the sentences about a place need.
struct Facts {
    name: String,
    word: &'static str,
    hour: usize,
    seen: u32,
    sure: f32,
    best: bool,
    ignorant: bool,
    /// The person put this kind of work there, not only other work of theirs.
    own: bool,
}

impl Facts {
    fn first(&self, term: Term) -> String {
        let Self { name, word, hour, .. } = self;
        match term {
            Term::Learned => {
                let how = if self.best { "best" } else { "well" };
                format!("Your {name} goes {how} around {hour}:00 ({})", self.evidence())
            }
            Term::Placed if self.own => {
                format!("You put this kind of work around {hour}:00 yourself")
            }
            Term::Placed => format!("You often put work of your own around {hour}:00"),
            Term::Prior => format!("Around {hour}:00 is typical for {word} work"),
            Term::Insights => format!("What was found out about you speaks for {hour}:00"),
            Term::Rest => format!("At {hour}:00 you come to it rested"),
        }
    }

    fn second(&self, term: Term) -> String {
        match term {
            Term::Learned => format!("it goes well then ({})", self.evidence()),
            Term::Placed if self.own => "you put such work there yourself".to_owned(),
            Term::Placed => "you often put work of your own there".to_owned(),
            Term::Prior => format!("the hour is typical for {} work", self.word),
            Term::Insights => "what was found out about you speaks for it".to_owned(),
            Term::Rest => "you come to it rested".to_owned(),
        }
    }

    /// A typical hour is no knowledge of the person.
    fn tail(&self, first: Term) -> &'static str {
        match (first, self.ignorant) {
            (Term::Prior, true) => "; nothing learned yet",
            (Term::Prior, false) => "; little learned about this hour yet",
            _ => "",
        }
    }

    fn evidence(&self) -> String {
        let times = if self.seen == 1 { "observation" } else { "observations" };
        format!("{} {times}, {:.0} % sure", self.seen, self.sure)
    }
}

fn shown(kind: &TaskType) -> String {
    let name = if kind.name.is_empty() { kind.category.word() } else { &kind.name };
    name.chars().take(NAME_MAX).collect()
}

/// What the best other place lacks.
fn why_not_there(ground: &Ground<'_>, other: &Alternative, here: &Account) -> Option<String> {
    let at = clock(other.start, ground);
    let lower = here.terms.total() - other.terms.total();
    let better = |what: &str| Some(format!("{at} would suit it better but {what}."));
    match other.obstacle {
        Obstacle::OutsideHours if -lower < PLAIN => None,
        Obstacle::OutsideHours => better("lies outside your working hours"),
        Obstacle::Busy => better("is taken"),
        Obstacle::Buffer => better("is too close to something else"),
        Obstacle::Refused => better("you deleted it there"),
        Obstacle::Recovery => better("is too close to another demanding block"),
        Obstacle::DayFull => better("that day has enough blocks"),
        Obstacle::FocusCap => better("that day has enough demanding work"),
        Obstacle::Tiring => {
            Some(format!("{at} would follow {} too closely.", before(ground, other.start)))
        }
        Obstacle::Lower => {
            let how = if lower >= PLAIN { "clearly" } else { "slightly" };
            (lower > NOTABLE).then(|| format!("The next best time, {at}, looks {how} worse."))
        }
    }
}

/// What tires most before a start.
fn before(ground: &Ground<'_>, start: DateTime<Utc>) -> String {
    let minute = ground.horizon.minute(start);
    let day = ground.tiring.get(minute.div_euclid(DAY).max(0) as usize);
    let earlier = day.into_iter().flatten().filter(|t| t.end <= minute);
    match earlier.max_by_key(|t| t.end).and_then(|t| ground.horizon.moment(t.start)) {
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
