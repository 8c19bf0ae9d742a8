//! Short names of what lists print, as `explain` and `rate` take them: `e…` events
//! ([`EventId::short`](crate::event::EventId::short)), `b…` blocks, `i…` insights.

use crate::event::Uid;

/// A block: `b` and nine hex digits of its UID's hash.
pub fn block(uid: &Uid) -> String {
    format!("b{}", uid.short())
}

/// An insight: `i` and its number.
pub fn insight(number: u32) -> String {
    format!("i{number}")
}
