//! Text: the local embedder, the index of what can be searched, and the assistant for those who
//! want one.

pub mod endpoint;
pub mod assistant;
pub mod mem0;
pub mod embed;
pub mod index;
