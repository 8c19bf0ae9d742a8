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
mod hostile_text;
mod strangers;
mod restraint;
mod right_time;
mod log_at_trace;
mod insights_command;
mod main_job;
mod memory;
mod google_main_job;
mod google_beside_caldav;
mod google_faults;
mod state_machine;
mod stories;
mod calendar_contract;
mod calendar_folder;
mod calendar_google;
mod folder_names;
mod folder_owners;
mod folder_race;
mod folder_watch;
mod half_written;
mod read_only_folder;
mod calendar_sign_in;
mod calendar_discovery;
mod calendar_redirects;
mod calendar_patience;
mod calendar_guards;
mod calendar_listings;
mod calendar_quirks;
mod calendar_server;
mod mirrored_insights;
mod missed_objects;
mod quirky_turns;
mod google_config;
mod google_sign_in;
mod google_signed_out;
mod google_tokens;
mod google_whose;
mod secrets;
mod support;
mod cli;
mod config;
mod embeddings;
mod errors;
mod explanations;
mod doctor;
mod store;
mod plan_problem;
mod quiet_turn;
mod shares;
mod calendar_objects;
mod corpus_sync;
mod occurrences_command;
mod tidy;
mod classification;
mod assistant;
mod assistant_faults;
mod background;
mod same_machine;
mod backup;
mod people;
mod service_files;
mod soak;
mod service_log;
mod service_numbers;
mod onboarding;
mod screens;
