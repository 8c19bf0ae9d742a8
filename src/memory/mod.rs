//! TIER 3: qualitative insights, with their evidence. Numbers belong to tier 2, instances to
//! tier 1.
//!
//! [`graph`] holds what is believed and what was (less what was [`forgotten`]), [`detect`] looks
//! for effects that survive a test ([`evidence`]), [`record`] writes, revises and retires what it
//! finds, [`note`] takes down what the person says, [`recall`] says what follows for a slot;
//! insights [`follow`] types that are merged.
//! Invariant: pure.

pub mod forgotten;
pub mod graph;
pub mod evidence;
pub mod detect;
pub mod record;
pub mod note;
pub mod recall;
pub mod follow;
pub mod mirror;

pub use graph::{Graph, Insight, Kind, Node};
pub use record::reflect;
