//! Short names of what lists print, as `explain` and `rate` take them: `e…` events
//! ([`EventId::short`](crate::event::EventId::short)), `b…` blocks, `i…` insights.

use super::CommandError;
use crate::event::Uid;

/// A block: `b` and nine hex digits of its UID's hash.
pub fn block(uid: &Uid) -> String {
    format!("b{}", uid.short())
}

/// An insight: `i` and its number.
pub fn insight(number: u32) -> String {
    format!("i{number}")
}

/// The number of an insight as a list prints it.
///
/// # Errors
/// A usage error that says where such names stand.
pub fn insight_number(name: &str) -> Result<u32, CommandError> {
    let number = name.strip_prefix('i').and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| {
        CommandError::usage(format!("'{name}' names no insight"))
            .hint("names look like i4: `chronotype insights` lists them")
    })
}
