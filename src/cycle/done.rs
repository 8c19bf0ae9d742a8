//! Step 3, continued: what the person says of a VTODO, they say of the blocks that serve it.
//!
//! Completed (STATUS, COMPLETED, `✓`) after a block began: that block went well. Marked `✗`: the
//! last block that began did not. Completed before a block began: done elsewhere, and the block
//! says nothing. Still open is no evidence.

use super::Turn;
use super::gather::{Seen, feeds};
use crate::event::ical::{Todo, TodoStatus};
use crate::event::mark::mark_of;
use crate::event::{Event, EventId, Events, Observation, Seen as Interval, Uid};
use crate::store::Person;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What a VTODO says of its blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    /// Completed at that moment, at the latest.
    Done(DateTime<Utc>),
    Failed,
    Open,
}

impl Word {
    /// As a mark on the block.
    fn said(self) -> Option<bool> {
        match self {
            Word::Done(_) => Some(true),
            Word::Failed => Some(false),
            Word::Open => None,
        }
    }
}

/// Takes what the VTODOs of this turn's changes say over to their open blocks.
pub(super) fn mark_blocks(person: &mut Person, seen: &[Seen], turn: &Turn<'_>) {
    let open: Vec<EventId> = open_blocks(&person.events);
    let addresses = turn.settings.addresses_of(&person.status);
    let feeds = feeds(&person.status);
    for Seen { object, previous, collection, .. } in seen {
        let [todo] = object.todos.as_slice() else { continue };
        if feeds.contains(collection) || !todo.is_taken_on(&addresses) {
            continue;
        }
        let word = word_of(todo, turn.now);
        for id in meant(&person.events, &open, &object.uid, word, turn) {
            let when = Interval { after: *previous, by: turn.now };
            if let Some(event) = Arc::make_mut(&mut person.events).get_mut(&id) {
                mark(event, word, when);
            }
        }
    }
}

/// Blocks that serve a VTODO and have not settled yet.
fn open_blocks(events: &Events) -> Vec<EventId> {
    let open = |e: &&Event| !e.closed && e.related_to.is_some() && e.id.uid.is_ours();
    events.values().filter(open).map(|e| e.id.clone()).collect()
}

fn word_of(todo: &Todo, now: DateTime<Utc>) -> Word {
    match (mark_of(&todo.summary), todo.status) {
        (Some(false), _) => Word::Failed,
        (Some(true), _) | (None, TodoStatus::Completed) => {
            let at = todo.completed.or(todo.last_modified);
            Word::Done(at.map_or(now, |at| at.min(now)))
        }
        (None, TodoStatus::Open | TodoStatus::Cancelled) => Word::Open,
    }
}

/// The blocks that this word is about and that do not bear it yet.
fn meant(
    events: &Events,
    open: &[EventId],
    todo: &Uid,
    word: Word,
    turn: &Turn<'_>,
) -> Vec<EventId> {
    let start = |e: &Event| e.span.start_instant(turn.settings.zone);
    let begun = |e: &&Event| match word {
        Word::Done(at) => start(e) < at,
        Word::Failed => start(e) < turn.now,
        Word::Open => true,
    };
    let blocks = open.iter().filter_map(|id| events.get(id));
    let serves = |e: &&Event| e.related_to.as_ref() == Some(todo);
    let mut blocks: Vec<&Event> = blocks.filter(serves).filter(begun).collect();
    blocks.sort_by_key(|e| start(e));
    if word == Word::Failed {
        blocks.drain(..blocks.len().saturating_sub(1));
    }
    // A mark on the block itself is nearer than one on its VTODO.
    blocks.retain(|e| mark_of(&e.title).is_none() && e.completed != word.said());
    blocks.into_iter().map(|e| e.id.clone()).collect()
}

fn mark(event: &mut Event, word: Word, when: Interval) {
    event.completed = word.said();
    if let Some(done) = event.completed {
        event.trail.push((when, Observation::Marked { done }));
    }
}
