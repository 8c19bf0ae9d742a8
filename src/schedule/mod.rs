//! Where a block goes: free time, the score of a slot, the plan of many blocks, and the
//! suggestions that come of it.
//!
//! Invariant: pure and deterministic: the same values give the same plan. Nothing here knows of
//! collections, servers or the store.

pub mod words;
pub mod wish;
pub mod request;
pub mod habit;
pub mod starter;
pub mod around;
pub mod chain;
pub mod suggestion;
pub mod life;
pub mod restraint;
pub mod order;
pub mod written;
pub mod undo;
pub mod problem;
pub mod free_busy;
pub mod working;
pub mod slot;
pub mod solve;
pub mod plan;
pub mod defence;
