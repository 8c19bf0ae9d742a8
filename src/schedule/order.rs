//! What the person ordered for single blocks from the command line (pure).
//!
//! An order is kept before it is carried out: a turn that is cut short, or a server that does not
//! answer, leaves it to the next turn. One to remove ends once the block is gone; one to keep binds
//! the plan as long as the block stands. Both end with their block: once the person touches that in
//! their calendar, it is theirs, and once it is over, it is over.

use super::suggestion::{State, Suggestion};
use crate::event::Uid;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is to become of a block, whatever the plan says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `withdraw`: it goes, and the person said no to it.
    Withdraw,
    /// `undo` of its creation: the same.
    Remove,
    /// `undo` of a move or of a removal: it stands where it is wanted now, and no plan moves it or
    /// takes it back. It is still ours: `withdraw` takes it away.
    Keep,
}

impl Order {
    /// Whether the block is to go.
    pub fn removes(self) -> bool {
        matches!(self, Order::Withdraw | Order::Remove)
    }

    /// What the plan is to take the block for.
    fn seen_as(self) -> State {
        if self.removes() { State::Refused } else { State::Accepted }
    }
}

/// Orders in force, by block.
pub type Orders = BTreeMap<Uid, Order>;

/// The blocks as the plan is to see them: with the orders carried out already.
pub fn as_ordered<'a>(
    suggestions: &'a BTreeMap<Uid, Suggestion>,
    orders: &Orders,
) -> Cow<'a, BTreeMap<Uid, Suggestion>> {
    if orders.is_empty() {
        return Cow::Borrowed(suggestions);
    }
    let mut seen = suggestions.clone();
    for (uid, order) in orders {
        if let Some(suggestion) = seen.get_mut(uid) {
            suggestion.state = order.seen_as();
        }
    }
    Cow::Owned(seen)
}
