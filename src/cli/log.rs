//! The log: spans and counts of a turn on stderr, never contents.

use super::Global;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Starts the log: warnings always, `-v` what each turn did, `-vv` each step. Other crates stay at
/// warnings: some of them log requests, and with them what must not be logged.
pub fn start(global: &Global) {
    let ours = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let targets = Targets::new().with_default(LevelFilter::WARN).with_target("chronotype", ours);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(super::output::stderr_is_terminal())
        .with_target(false);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}
