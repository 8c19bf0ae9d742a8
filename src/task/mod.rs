//! TIER 2: task types and what is learned of them hour by hour.
//!
//! [`classify`] finds the type of an event, [`assign`] files it there, [`infer`] turns its trail
//! into an outcome, [`learn`] moves the arrays. Invariant: pure; embeddings come in as values,
//! nothing here embeds.

pub mod kind;
pub mod title;
pub mod traits;
pub mod prior;
pub mod category;
pub mod shape;
pub mod classify;
pub mod assign;
pub mod infer;
pub mod learn;
pub mod advice;

pub use kind::{Category, Embedding, Energy, Exemplar, Hours, TaskType, TypeId, Types};
