//! Deadlines at risk, said while something can still be done, with what could be dropped.

use super::ground::Ground;
use super::numbers::{Stage, is_open, rules};
use super::place::{Attempt, Session};
use crate::event::{Event, EventId, Role, Span, Uid};
use crate::schedule::free_busy::takes_time;
use crate::schedule::request::RequestKey;
use crate::schedule::suggestion::Suggestion;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// Most choices named: who is overcommitted needs no catalogue.
const MOST_CHOICES: usize = 3;
/// Most deadlines named, the worst.
const MOST_RISKS: usize = 50;

/// A deadline that may not be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Whose.
    pub request: RequestKey,
    /// Its words.
    pub title: String,
    /// Done by.
    pub deadline: DateTime<Utc>,
    /// How bad it is.
    pub danger: Danger,
    /// Minutes without a place; those of the block at risk where it has one.
    pub minutes: u32,
    /// Where the block at risk stands.
    pub stands: Option<DateTime<Utc>>,
    /// What could be dropped, one of them alone; empty = nothing would do alone.
    pub choices: Vec<Choice>,
}

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// It doesn't fit before its deadline.
    NoRoom,
    /// It fits only with the rules of care set aside: recovery, demanding minutes, blocks a day.
    Crowded,
    /// It has the last place there is before its deadline.
    LastPlace,
}

/// Something that could make room.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Which.
    pub what: Droppable,
    /// Its title.
    pub title: String,
    /// When it begins.
    pub start: DateTime<Utc>,
}

/// What the person can take away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Droppable {
    /// A block of ours.
    Block {
        /// Which.
        uid: Uid,
    },
    /// An event of their own, without guests.
    Event {
        /// Which.
        id: EventId,
    },
}

impl Danger {
    /// Its word in what commands print for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Danger::NoRoom => "no room",
            Danger::Crowded => "crowded",
            Danger::LastPlace => "last place",
        }
    }
}

impl Risk {
    /// What a person is told, and asked to decide.
    pub fn sentence(&self, zone: Tz) -> String {
        let at = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string();
        let (title, due) = (&self.title, at(self.deadline));
        let stands = self.stands.map(at).unwrap_or_default();
        let named: Vec<String> =
            self.choices.iter().map(|c| format!("{} ({})", c.title, at(c.start))).collect();
        let named = named.join(" or ");
        match (self.danger, self.choices.is_empty()) {
            (Danger::NoRoom, false) => format!(
                "{title}: {} minutes don't fit before {due}. They fit only without {named}: drop \
                 one, or give it more time.",
                self.minutes
            ),
            (Danger::NoRoom, true) => format!(
                "{title}: {} minutes don't fit before {due}, whatever single thing you drop: make \
                 it shorter, or give it more time.",
                self.minutes
            ),
            (Danger::Crowded, _) => {
                format!("{title}, due {due}, fits only at {stands}, close to other demanding work.")
            }
            (Danger::LastPlace, _) => format!(
                "{title}, due {due}, fits only at {stands}: keep that free, nothing else is."
            ),
        }
    }
}

/// All deadlines at risk under what was placed, the worst first.
pub(super) fn risks(attempt: &Attempt<'_>) -> Vec<Risk> {
    let mut ground = attempt.ground.clone();
    let mut found = no_room(attempt);
    let short: BTreeSet<RequestKey> = found.iter().map(|r| r.request.clone()).collect();
    for session in &attempt.placed {
        let request = &ground.input.requests[session.wanted.request];
        let Some(deadline) = request.deadline.filter(|_| request.door.is_asked()) else {
            continue;
        };
        let standing = session.standing(&ground);
        ground.lift(&standing);
        let danger = danger(&ground, session);
        ground.stand(standing);
        let minutes = session.wanted.minutes.unsigned_abs();
        found.extend(danger.filter(|_| !short.contains(&request.key)).map(|danger| Risk {
            request: request.key.clone(),
            title: request.title.clone(),
            deadline,
            danger,
            minutes,
            stands: ground.horizon.moment(session.start),
            choices: Vec::new(),
        }));
    }
    found.sort_by(|a, b| {
        (a.danger, a.deadline, &a.request, a.stands)
            .cmp(&(b.danger, b.deadline, &b.request, b.stands))
    });
    // One warning a task: its worst.
    let mut told = BTreeSet::new();
    found.retain(|risk| told.insert(risk.request.clone()));
    found.truncate(MOST_RISKS);
    found
}

/// What endangers a block that is lifted off.
fn danger(ground: &Ground<'_>, session: &Session) -> Option<Danger> {
    let wanted = &session.wanted;
    let request = &ground.input.requests[wanted.request];
    let (kind, _) = ground.kind(request.task_type)?;
    if !session.is_cared_for(ground) {
        return Some(Danger::Crowded);
    }
    let alone = std::slice::from_ref(wanted);
    let relaxed = rules(ground, Stage::AskedRelaxed, alone);
    let buffer = i32::from(ground.input.settings.buffer_minutes);
    let elsewhere =
        ground.starts(relaxed.earliest, relaxed.deadline, wanted.minutes).any(|start| {
            (start - session.start).abs() >= wanted.minutes
                && !ground.is_taken(start - buffer, start + wanted.minutes + buffer)
                && is_open(ground, kind, &relaxed, wanted, start)
        });
    (!elsewhere).then_some(Danger::LastPlace)
}

/// Requests that lack a place before their deadline, each with what would make one.
fn no_room(attempt: &Attempt<'_>) -> Vec<Risk> {
    let ground = &attempt.ground;
    let mut lacking: BTreeMap<usize, (i32, i32)> = BTreeMap::new();
    for wanted in &attempt.left {
        let (sum, longest) = lacking.entry(wanted.request).or_default();
        (*sum, *longest) = (*sum + wanted.minutes, wanted.minutes.max(*longest));
    }
    let takers = if lacking.is_empty() { Vec::new() } else { takers(attempt) };
    let risk = |(index, (sum, longest)): (usize, (i32, i32))| {
        let request = &ground.input.requests[index];
        let deadline = request.deadline.filter(|_| request.door.is_asked())?;
        Some(Risk {
            request: request.key.clone(),
            title: request.title.clone(),
            deadline,
            danger: Danger::NoRoom,
            minutes: sum.unsigned_abs(),
            stands: None,
            choices: choices(attempt, &takers, index, longest),
        })
    };
    lacking.into_iter().filter_map(risk).collect()
}

/// Something that takes time; minutes of the horizon.
struct Taker {
    start: i32,
    end: i32,
    /// The request it serves; a task makes no room for itself.
    request: Option<usize>,
    /// `None` = it is not the person's alone to drop.
    choice: Option<(Rank, Choice)>,
}

/// What is dropped with the least regret comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A block without a deadline, or of a habit.
    Loose,
    /// A block with a deadline of its own.
    Due,
    /// An event.
    Event,
}

fn takers(attempt: &Attempt<'_>) -> Vec<Taker> {
    let ground = &attempt.ground;
    let input = &ground.input;
    let rank = |key: &RequestKey| {
        let request = input.requests.iter().find(|r| r.key == *key);
        let due = request.is_some_and(|r| r.deadline.is_some() && r.door.is_asked());
        if due { Rank::Due } else { Rank::Loose }
    };
    let mut found = Vec::new();
    for block in &attempt.review.kept {
        let (start, end) = ground.horizon.stretch(block.start, block.end);
        let what = Droppable::Block { uid: block.uid.clone() };
        let choice = Choice { what, title: block.title.clone(), start: block.start };
        let request = input.requests.iter().position(|r| r.key == block.request);
        let choice = Some((rank(&block.request), choice));
        found.push(Taker { start, end, request, choice });
    }
    for session in &attempt.placed {
        let wanted = &session.wanted;
        let request = &input.requests[wanted.request];
        let (session_number, attempt) = (wanted.session, wanted.attempt);
        let uid = wanted.block.as_ref().map_or_else(
            || Suggestion::uid_for(input.principal, &request.key, session_number, attempt),
            |block| block.uid.clone(),
        );
        let Some(start) = ground.horizon.moment(session.start) else { continue };
        let choice = Choice { what: Droppable::Block { uid }, title: request.title.clone(), start };
        found.push(Taker {
            start: session.start,
            end: session.start + wanted.minutes,
            request: Some(wanted.request),
            choice: Some((rank(&request.key), choice)),
        });
    }
    let others = |e: &&Event| takes_time(e) && !input.suggestions.contains_key(&e.id.uid);
    for event in input.events.values().filter(others) {
        let Span::Timed { start, end } = event.span else {
            continue;
        };
        let alone = event.role == Role::Own && event.attendees == 0 && start > input.now;
        let what = Droppable::Event { id: event.id.clone() };
        let choice = Choice { what, title: event.title.clone(), start };
        let (from, to) = ground.horizon.stretch(start, end);
        let choice = alone.then_some((Rank::Event, choice));
        found.push(Taker { start: from, end: to, request: None, choice });
    }
    found
}

/// Things one of which alone would have to go for a session to fit.
fn choices(attempt: &Attempt<'_>, takers: &[Taker], index: usize, length: i32) -> Vec<Choice> {
    let ground = &attempt.ground;
    let Some(wanted) = attempt.left.iter().find(|w| w.request == index && w.minutes == length)
    else {
        return Vec::new();
    };
    let Some((kind, _)) = ground.kind(ground.input.requests[index].task_type) else {
        return Vec::new();
    };
    let buffer = i32::from(ground.input.settings.buffer_minutes);
    let ask = rules(ground, Stage::AskedRelaxed, std::slice::from_ref(wanted));
    let mut found: Vec<(Rank, Choice)> = Vec::new();
    for start in ground.starts(ask.earliest, ask.deadline, length) {
        let (from, to) = (start - buffer, start + length + buffer);
        let mut over = takers.iter().filter(|t| t.start < to && from < t.end);
        let (Some(only), None) = (over.next(), over.next()) else { continue };
        let Some((rank, choice)) = only.choice.as_ref().filter(|_| only.request != Some(index))
        else {
            continue;
        };
        // Whole days of absence are no takers: they close their hours for good.
        let closed =
            ground.busy.iter().any(|b| b.0 < to && from < b.1 && *b != (only.start, only.end));
        let known = found.iter().any(|(_, c)| c.what == choice.what);
        if !known && !closed && is_open(ground, kind, &ask, wanted, start) {
            found.push((*rank, choice.clone()));
        }
    }
    found.sort_by(|a, b| (a.0, a.1.start, &a.1.what).cmp(&(b.0, b.1.start, &b.1.what)));
    found.into_iter().take(MOST_CHOICES).map(|(_, choice)| choice).collect()
}
