//! Taking writes back: what becomes of each block, or why it stays (pure).

use super::life::Happening;
use super::order::{Order, Orders};
use super::suggestion::{State, Suggestion};
use super::written::{Place, Write};
use crate::event::{PrincipalId, Uid};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Why a write can't be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The person moved, edited or deleted it since.
    Theirs,
    /// Its time, or the time it would go back to, is over.
    Over,
    /// A later turn wrote it again.
    WrittenSince,
    /// Another block of the same task stands by now.
    Replaced,
}

impl Why {
    /// Ends a sentence that began with the block's title.
    pub fn words(self) -> &'static str {
        match self {
            Why::Theirs => "you moved, edited or deleted it since, and that stands",
            Why::Over => "its time is over",
            Why::WrittenSince => "a later turn has written it again",
            Why::Replaced => "another block of the same task stands by now",
        }
    }
}

/// What is to be done about one write.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    /// The block that was written.
    pub uid: Uid,
    /// The block that the order is for: a removed one comes back under a new name.
    pub outcome: Result<Uid, Why>,
}

/// Orders that take these writes back, set in `blocks` and `orders`.
pub fn undo(
    writes: &[Write],
    blocks: &mut BTreeMap<Uid, Suggestion>,
    orders: &mut Orders,
    principal: &PrincipalId,
    now: DateTime<Utc>,
) -> Vec<Undone> {
    // What was created goes first: it may stand in the place of what was removed.
    let mut sorted: Vec<&Write> = writes.iter().collect();
    sorted.sort_by_key(|write| (write.from.is_some(), write.to.is_none(), &write.uid));
    let mut undone = Vec::new();
    for write in sorted {
        let outcome = match (&write.from, &write.to) {
            (None, Some(_)) => remove(&write.uid, blocks, orders, now),
            (Some(from), Some(to)) => move_back((from, to), &write.uid, blocks, orders, now),
            (Some(from), None) => put_back(from, &write.uid, blocks, orders, (principal, now)),
            (None, None) => continue,
        };
        undone.push(Undone { uid: write.uid.clone(), outcome });
    }
    undone
}

type Blocks = BTreeMap<Uid, Suggestion>;

fn remove(
    uid: &Uid,
    blocks: &mut Blocks,
    orders: &mut Orders,
    now: DateTime<Utc>,
) -> Result<Uid, Why> {
    let block = blocks.get(uid).ok_or(Why::WrittenSince)?;
    match (block.state, &block.published) {
        (State::Past, _) => Err(Why::Over),
        (State::Proposed | State::Defended | State::Withdrawn, _) if block.end <= now => {
            Err(Why::Over)
        }
        // A later turn took it back itself.
        (State::Withdrawn, None) => Err(Why::WrittenSince),
        (State::Proposed | State::Defended | State::Withdrawn, _) => {
            orders.insert(uid.clone(), Order::Remove);
            Ok(uid.clone())
        }
        (State::Accepted | State::Taken | State::Refused, _) => Err(Why::Theirs),
    }
}

fn move_back(
    (from, to): (&Place, &Place),
    uid: &Uid,
    blocks: &mut Blocks,
    orders: &mut Orders,
    now: DateTime<Utc>,
) -> Result<Uid, Why> {
    let block = blocks.get_mut(uid).ok_or(Why::WrittenSince)?;
    match (block.state, &block.published) {
        (State::Accepted | State::Taken | State::Refused, _) => return Err(Why::Theirs),
        (State::Past, _) => return Err(Why::Over),
        (State::Proposed | State::Defended, Some(p)) if (p.start, p.end) == (to.start, to.end) => {}
        (State::Proposed | State::Defended | State::Withdrawn, _) => return Err(Why::WrittenSince),
    }
    if from.start <= now || to.start <= now {
        return Err(Why::Over);
    }
    (block.start, block.end) = (from.start, from.end);
    block.reasons.clone_from(&from.reasons);
    block.sequence = block.sequence.saturating_add(1);
    block.since = now;
    orders.insert(uid.clone(), Order::Keep);
    Ok(uid.clone())
}

/// A deleted name is never used again (Google keeps it), so it comes back as the next try.
fn put_back(
    from: &Place,
    uid: &Uid,
    blocks: &mut Blocks,
    orders: &mut Orders,
    (principal, now): (&PrincipalId, DateTime<Utc>),
) -> Result<Uid, Why> {
    let old = blocks.get(uid).ok_or(Why::WrittenSince)?.clone();
    match (old.state, &old.published) {
        (State::Withdrawn | State::Refused, None) => {}
        (State::Past, _) => return Err(Why::Over),
        _ => return Err(Why::Theirs),
    }
    if from.start <= now {
        return Err(Why::Over);
    }
    let tries = blocks.values().filter(|b| (&b.request, b.session) == (&old.request, old.session));
    let stands = |b: &Suggestion| {
        b.stands() && b.end > now && !orders.get(&b.uid).is_some_and(|order| order.removes())
    };
    let (mut attempt, mut replaced) = (0, false);
    for block in tries {
        attempt = block.attempt.saturating_add(1).max(attempt);
        replaced |= stands(block);
    }
    if replaced {
        return Err(Why::Replaced);
    }
    let refused = old.uid.clone();
    let uid = Suggestion::uid_for(principal, &old.request, old.session, attempt);
    let again = Suggestion {
        uid: uid.clone(),
        attempt,
        start: from.start,
        end: from.end,
        reasons: from.reasons.clone(),
        state: State::Proposed,
        since: now,
        created_at: now,
        sequence: 0,
        intent: None,
        published: None,
        ..old
    };
    // The no goes with its order: nothing rests for it, and no hour is avoided.
    if let Some(old) = blocks.get_mut(&refused) {
        old.live(Happening::Unsay, now);
    }
    blocks.insert(uid.clone(), again);
    orders.insert(uid.clone(), Order::Keep);
    Ok(uid)
}
