//! Restraint (DESIGN section 2, point 7): when nothing is proposed although there is room for it.

use super::request::{Door, Request};
use super::suggestion::{State, Suggestion};
use crate::event::{EventId, Events, Uid};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How long no work of a kind is proposed unasked after a block of it was deleted; each time again
/// twice as long.
const REST: TimeDelta = TimeDelta::weeks(1);
/// Signals above this say that it was kept.
const KEPT: f32 = 0.5;
/// Doublings after which it stays: more than two years.
const MOST_DOUBLINGS: u32 = 7;

/// The person wants quiet for a while. Until it ends nothing is proposed but what they ask for by
/// name, and what was proposed unasked within it is taken back. What they asked for and what they
/// touched stays; looking and learning go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it ends, not included.
    pub until: DateTime<Utc>,
}

/// What holds the plan back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restraint {
    /// The pause there is.
    pub pause: Option<Pause>,
    /// Types of which nothing is proposed unasked, and until when.
    pub resting: BTreeMap<u32, DateTime<Utc>>,
}

impl Restraint {
    /// As things stand at a moment: a pause that is over holds nothing back.
    pub fn new(
        pause: Option<Pause>,
        blocks: &BTreeMap<Uid, Suggestion>,
        events: &Events,
        now: DateTime<Utc>,
    ) -> Self {
        let pause = pause.filter(|pause| now < pause.until);
        Self { pause, resting: resting(blocks, events, now) }
    }

    /// Whether nothing new is proposed for what came through this door: a person who asks by name
    /// while it is quiet wants an answer.
    pub fn is_quiet(&self, door: Door) -> bool {
        self.pause.is_some() && door != Door::Ask
    }

    /// Whether such work was refused of late.
    pub fn is_resting(&self, request: &Request) -> bool {
        let kind = request.task_type.filter(|_| !request.door.is_asked());
        kind.is_some_and(|kind| self.resting.contains_key(&kind))
    }
}

/// What was deleted of each kind of work, told in the order in which it happened: a refusal rests
/// it for a week, one after that for two, and so on; others while it rests add nothing. A block
/// that the person kept ends the row, but not the rest.
fn resting(
    blocks: &BTreeMap<Uid, Suggestion>,
    events: &Events,
    now: DateTime<Utc>,
) -> BTreeMap<u32, DateTime<Utc>> {
    let mut told: Vec<&Suggestion> = blocks.values().filter(|b| !b.door.is_asked()).collect();
    told.sort_by_key(|block| (block.since, &block.uid));
    let mut rows: BTreeMap<u32, (u32, Option<DateTime<Utc>>)> = BTreeMap::new();
    for block in told {
        let (row, until) = rows.entry(block.task_type).or_default();
        match answer(block, events) {
            Some(Answer::No) if until.is_none_or(|until| until <= block.since) => {
                *until = Some(block.since + REST * 2_i32.pow((*row).min(MOST_DOUBLINGS)));
                *row += 1;
            }
            Some(Answer::Yes) => *row = 0,
            Some(Answer::No) | None => {}
        }
    }
    let resting = rows.into_iter().filter_map(|(kind, (_, until))| Some((kind, until?)));
    resting.filter(|(_, until)| now < *until).collect()
}

/// What the person said to a block.
enum Answer {
    Yes,
    No,
}

/// Of one that is over its event tells: it may have been deleted in time, and seen late.
fn answer(block: &Suggestion, events: &Events) -> Option<Answer> {
    match block.state {
        State::Refused => Some(Answer::No),
        State::Accepted | State::Taken => Some(Answer::Yes),
        State::Past => {
            let event = EventId { uid: block.uid.clone(), recurrence_id: None };
            let signal = events.get(&event)?.settled.last()?.signal?;
            Some(if signal.value > KEPT { Answer::Yes } else { Answer::No })
        }
        State::Proposed | State::Defended | State::Withdrawn => None,
    }
}
