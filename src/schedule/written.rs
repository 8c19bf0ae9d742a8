//! The write journal: what turns did to blocks of ours on the calendars (pure).
//!
//! `undo` takes a turn back by it. Only what was seen to stand there, or confirmed, is noted.

use super::order::Order;
use crate::event::Uid;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Turns that are remembered; older ones are dropped.
pub const TURNS_MAX: usize = 100;

/// Where a block stood, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Start.
    pub start: DateTime<Utc>,
    /// End, not included.
    pub end: DateTime<Utc>,
    /// Its reasons there.
    pub reasons: Vec<String>,
}

/// Who wanted a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The plan.
    Plan,
    /// `withdraw`.
    Withdraw,
    /// `undo`.
    Undo,
}

impl By {
    /// Who wanted a write on a block under this order.
    pub fn of(order: Option<Order>) -> Self {
        match order {
            None => By::Plan,
            Some(Order::Withdraw) => By::Withdraw,
            Some(Order::Remove | Order::Keep) => By::Undo,
        }
    }
}

/// One write on a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Which block.
    pub uid: Uid,
    /// Who wanted it.
    pub by: By,
    /// Where it stood before; `None` = it was created.
    pub from: Option<Place>,
    /// Where it stands since; `None` = it was removed.
    pub to: Option<Place>,
    /// `undo` has taken it back, or tried to.
    pub undone: bool,
}

/// Writes by the moment of their turn.
pub type Written = BTreeMap<DateTime<Utc>, Vec<Write>>;

/// The last turn that wrote something which can still be taken back, and these writes.
pub fn last(written: &Written) -> Option<(DateTime<Utc>, Vec<&Write>)> {
    let open = |w: &&Write| w.by != By::Undo && !w.undone;
    let mut turns = written.iter().rev();
    turns.find_map(|(at, writes)| {
        let writes: Vec<&Write> = writes.iter().filter(open).collect();
        (!writes.is_empty()).then_some((*at, writes))
    })
}
