//! TIER 2: task types and what is learned of them hour by hour.
//!
//! [`classify`] finds the type of an event, [`assign`] files it there, [`infer`] turns its trail
//! into an outcome, [`learn`] moves the arrays. What was filed can be filed anew: [`correct`] holds
//! the person's own word, [`consolidate`] finds what should be merged or split, [`refile`] does it,
//! and [`replay`] learns anew from the [`journal`]. Invariant: pure; embeddings come in as values,
//! nothing here embeds.

pub mod kind;
pub mod title;
pub mod traits;
pub mod prior;
pub mod category;
pub mod shape;
pub mod company;
pub mod correct;
pub mod topic;
pub mod classify;
pub mod assign;
pub mod infer;
pub mod learn;
pub mod journal;
pub mod replay;
pub mod refile;
pub mod word;
pub mod consolidate;
pub mod advice;
pub mod vectors;

pub use kind::{Category, Embedding, Energy, Exemplar, Hours, TaskType, TypeId, Types};
