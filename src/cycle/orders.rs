//! Step 9, first half: what the person ordered for single blocks (`withdraw`, `undo`).
//!
//! An order binds while its block is ours. It is carried out by the same steps 10 to 12 as a plan,
//! and until a write is confirmed the next turn tries again.

use super::Turn;
use super::wishes::{is_marked, may_have_landed};
use crate::event::Uid;
use crate::schedule::life::Happening;
use crate::schedule::order::Order;
use crate::schedule::suggestion::State;
use crate::store::Person;
use chrono::{DateTime, Utc};

/// Sets the blocks as they were ordered; what is done, or the person's by now, is an order no more.
pub(super) fn carry_out(person: &mut Person, turn: &Turn<'_>) {
    let open: Vec<(Uid, Order)> = person.orders.iter().map(|(u, o)| (u.clone(), *o)).collect();
    for (uid, order) in open {
        if !is_binding(person, &uid, turn.now) {
            person.orders.remove(&uid);
            continue;
        }
        // One to keep wants nothing done: the block is as it was ordered, and the plan leaves it.
        if order.removes() {
            take_back(person, &uid, turn);
        }
    }
}

/// A write was confirmed: where it took a block away that was to go, the order is done, and the
/// person has said no.
pub(super) fn confirmed(person: &mut Person, uid: &Uid, now: DateTime<Utc>) {
    if !person.orders.get(uid).is_some_and(|order| order.removes()) {
        return;
    }
    let Some(block) = person.suggestions.get_mut(uid) else { return };
    if block.published.is_none() {
        block.intent = None;
        block.live(Happening::Delete, now);
        person.orders.remove(uid);
    }
}

fn is_binding(person: &Person, uid: &Uid, now: DateTime<Utc>) -> bool {
    let ours = |state: State| state.is_ours() || state == State::Withdrawn;
    let block = person.suggestions.get(uid).filter(|_| !is_marked(&person.events, uid));
    block.is_some_and(|block| ours(block.state) && block.end > now)
}

fn take_back(person: &mut Person, uid: &Uid, turn: &Turn<'_>) {
    let Some(block) = person.suggestions.get_mut(uid) else { return };
    block.live(Happening::TakeBack, turn.now);
    let lies_nowhere = block.published.is_none();
    // A write that no reply confirmed may lie where this turn could not look.
    let is_unseen = person.suggestions.get(uid).is_some_and(|b| may_have_landed(person, b, turn));
    if lies_nowhere && !is_unseen {
        confirmed(person, uid, turn.now);
    }
}
