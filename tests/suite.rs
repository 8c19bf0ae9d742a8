//! The one test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deletions;
mod fixtures;
mod folding;
mod calendar_contract;
mod calendar_folder;
mod calendar_server;
mod support;
mod store;
mod calendar_objects;
