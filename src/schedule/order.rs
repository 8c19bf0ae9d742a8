//! What the person ordered for single blocks from the command line, until it is done (pure).
//!
//! An order is kept before it is carried out: a turn that is cut short, or a server that does not
//! answer, leaves it to the next turn. It ends with its block: once the person touches that in
//! their calendar, it is theirs and the order is void.

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
    /// `undo` of a move or of a removal: it stands where it is now wanted, and the person said yes.
    Keep,
}

impl Order {
    /// Whether the block is to go.
    pub fn removes(self) -> bool {
        matches!(self, Order::Withdraw | Order::Remove)
    }

    /// What the block is once the order is carried out.
    pub fn outcome(self) -> State {
        if self.removes() { State::Refused } else { State::Accepted }
    }
}

/// Open orders, by block.
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
            suggestion.state = order.outcome();
        }
    }
    Cow::Owned(seen)
}
