//! Text: the local embedder, and the assistant for those who want one (and later the index).

pub mod assistant;
pub mod embed;
