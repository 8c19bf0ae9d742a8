//! Between the calendars and the core (RFC 6578): poll, diff, gesture, reconcile, apply.
//!
//! Invariants: `diff`, `gesture` and `reconcile` are pure. `apply` is the only function of the
//! program that writes to a calendar, and it takes nothing but our own suggestions.

pub mod status;
mod look;
pub mod poll;
pub mod diff;
pub mod gesture;
pub mod reconcile;
pub mod apply;
