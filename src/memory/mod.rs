//! TIER 3: qualitative insights, with their evidence. Numbers belong to tier 2, instances to
//! tier 1.
//!
//! [`detect`] looks for effects that survive a test, [`record`] writes, revises and retires what it
//! finds, [`recall`] says what follows for a slot; insights [`follow`] types that are merged.
//! Invariant: pure.

pub mod graph;
pub mod evidence;
pub mod detect;
pub mod record;
pub mod recall;
pub mod follow;

pub use graph::{Graph, Insight, Kind, Node};
