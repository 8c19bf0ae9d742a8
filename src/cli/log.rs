//! The log: spans and counts of a turn on stderr, never contents.
//!
//! `CHRONOTYPE_TRACE` names a file that takes everything besides, of all crates at trace level: for
//! a bug report. It holds no token, title or guest either, as far as the tests go; who sends it to
//! somebody has a look at it first.

use super::{Global, output};
use std::fs::File;
use std::sync::Mutex;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::prelude::*;

/// Names the file for everything.
const TRACE: &str = "CHRONOTYPE_TRACE";
/// Crates that tell at debug or trace what they carry: records of the store, tokens.
const TALKATIVE: [&str; 2] = ["sled", "yup_oauth2"];

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
        .with_ansi(output::stderr_is_terminal())
        .with_target(false)
        .with_filter(Spoken(targets));
    let everything = trace_file().map(|file| {
        let talkative = TALKATIVE.iter().map(|name| (*name, LevelFilter::INFO));
        let targets = Targets::new().with_default(LevelFilter::TRACE).with_targets(talkative);
        let layer = tracing_subscriber::fmt::layer().with_writer(Mutex::new(file));
        layer.with_ansi(false).with_filter(targets)
    });
    let traces = everything.is_some();
    let subscriber = tracing_subscriber::registry().with(lines).with(everything);
    // A second start in one process (tests) keeps the first.
    if tracing::subscriber::set_global_default(subscriber).is_ok() && traces {
        let others = tracing_log::LogTracer::builder();
        let _ = others.ignore_all(TALKATIVE.iter().copied()).init();
    }
}

/// What goes to stderr: what comes through `log` is for the trace alone, so that it changes nothing
/// that a person sees.
struct Spoken(Targets);

impl<S> Filter<S> for Spoken {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::<S>::enabled(&self.0, metadata, context)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        event.metadata().target() != "log"
    }
}

/// The file for everything, where one is named.
fn trace_file() -> Option<File> {
    let path = std::env::var_os(TRACE).filter(|path| !path.is_empty())?;
    match File::options().create(true).append(true).open(&path) {
        Ok(file) => Some(file),
        Err(error) => {
            output::warn(&format!("{TRACE}: {}: {error}", std::path::Path::new(&path).display()));
            None
        }
    }
}
