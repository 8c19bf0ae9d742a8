//! Text: the local embedder and the index of what can be searched (and later the assistant).

pub mod embed;
pub mod index;
