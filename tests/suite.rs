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
mod main_job;
mod state_machine;
mod stories;
mod calendar_contract;
mod calendar_folder;
mod calendar_server;
mod support;
mod cli;
mod config;
mod errors;
mod store;
mod plan_problem;
mod quiet_turn;
mod calendar_objects;
mod occurrences_command;
mod tidy;
mod classification;
