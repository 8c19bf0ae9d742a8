//! Text: the local embedder (and later the index and the assistant).

pub mod embed;
