//! Step 9, first half: what the person ordered for single blocks (`withdraw`, `undo`).
//!
//! An order binds while its block is ours. It is carried out by the same steps 10 to 12 as a plan;
//! until a write is confirmed it stays open, and the next turn tries again.

use super::Turn;
use super::wishes::may_have_landed;
use crate::event::Uid;
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
        if order.removes() {
            take_back(person, &uid, turn);
        } else {
            settle_where_it_stands(person, &uid, turn.now);
        }
    }
}

/// A write was confirmed: an order for its block is done with it.
pub(super) fn confirmed(person: &mut Person, uid: &Uid, now: DateTime<Utc>) {
    let Some(order) = person.orders.get(uid).copied() else { return };
    let Some(block) = person.suggestions.get(uid) else { return };
    if block.published.is_none() == order.removes() {
        end(person, uid, order, now);
    }
}

fn is_binding(person: &Person, uid: &Uid, now: DateTime<Utc>) -> bool {
    let ours = |state| matches!(state, State::Proposed | State::Withdrawn);
    person.suggestions.get(uid).is_some_and(|block| ours(block.state) && block.end > now)
}

fn take_back(person: &mut Person, uid: &Uid, turn: &Turn<'_>) {
    let Some(block) = person.suggestions.get_mut(uid) else { return };
    if block.state != State::Withdrawn {
        (block.state, block.since) = (State::Withdrawn, turn.now);
    }
    let lies_nowhere = block.published.is_none();
    // A write that no reply confirmed may lie where this turn could not look.
    let is_unseen = person.suggestions.get(uid).is_some_and(|b| may_have_landed(person, b, turn));
    if lies_nowhere && !is_unseen {
        confirmed(person, uid, turn.now);
    }
}

/// It stands as ordered already: a reply was lost, or nothing was to be written.
fn settle_where_it_stands(person: &mut Person, uid: &Uid, now: DateTime<Utc>) {
    let Some(block) = person.suggestions.get(uid) else { return };
    let stands =
        |p: &crate::schedule::suggestion::Published| (p.start, p.end) == (block.start, block.end);
    if block.published.as_ref().is_some_and(stands) {
        end(person, uid, Order::Keep, now);
    }
}

fn end(person: &mut Person, uid: &Uid, order: Order, now: DateTime<Utc>) {
    person.orders.remove(uid);
    if let Some(block) = person.suggestions.get_mut(uid) {
        block.intent = None;
        (block.state, block.since) = (order.outcome(), now);
    }
}
