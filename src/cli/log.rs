//! The log: spans and counts of a turn, never contents; on stderr or in systemd's journal.
//!
//! `CHRONOTYPE_TRACE` names a file that takes everything besides, of all crates at trace level: for
//! a bug report. It holds no token, title or guest either, as far as the tests go; who sends it to
//! somebody has a look at it first.

mod spoken;

use super::{Global, output};
use crate::config::{LogFormat, LogLevel};
use spoken::Spoken;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

/// Names the file for everything.
const TRACE: &str = "CHRONOTYPE_TRACE";
/// Crates that tell at debug or trace what they carry: records of the store, tokens.
const TALKATIVE: [&str; 2] = ["sled", "yup_oauth2"];
/// Set by systemd: device and inode of the journal's stream.
const JOURNAL: &str = "JOURNAL_STREAM";

/// Starts the log of a command: warnings always, `-v` what a turn changed, `-vv` each step.
pub fn start(global: &Global) {
    spoken::set(level(global, LogLevel::Warn));
    begin(LogFormat::Human);
}

/// Starts the log of the service.
pub fn serve(global: &Global, said: LogLevel, format: LogFormat) {
    set_level(global, said);
    begin(match format {
        LogFormat::Auto if stderr_is_journal() => LogFormat::Journald,
        LogFormat::Auto => LogFormat::Human,
        given => given,
    });
}

/// As much as the config says from now on, or as the command line says where that is more.
pub fn set_level(global: &Global, said: LogLevel) {
    spoken::set(level(global, said));
}

fn level(global: &Global, usual: LogLevel) -> LevelFilter {
    let usual = match usual {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => usual,
        (false, 1) => usual.max(LevelFilter::INFO),
        (false, _) => usual.max(LevelFilter::DEBUG),
    }
}

fn begin(format: LogFormat) {
    let everything = trace_file().map(|file| {
        let talkative = TALKATIVE.iter().map(|name| (*name, LevelFilter::INFO));
        let targets = Targets::new().with_default(LevelFilter::TRACE).with_targets(talkative);
        let layer = tracing_subscriber::fmt::layer().with_writer(Mutex::new(file));
        layer.with_ansi(false).with_filter(targets)
    });
    let traces = everything.is_some();
    let subscriber =
        tracing_subscriber::registry().with(told(format).with_filter(Spoken)).with(everything);
    // A second start in one process (tests) keeps the first.
    if tracing::subscriber::set_global_default(subscriber).is_ok() && traces {
        let others = tracing_log::LogTracer::builder();
        let _ = others.ignore_all(TALKATIVE.iter().copied()).init();
    }
}

/// Where it goes, and in what form.
fn told(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Auto | LogFormat::Human => {
            stderr.with_ansi(output::stderr_is_terminal()).with_target(false).boxed()
        }
        LogFormat::Json => {
            stderr.with_ansi(false).json().flatten_event(true).with_span_list(false).boxed()
        }
        LogFormat::Journald => match tracing_journald::layer() {
            Ok(journal) => journal.with_field_prefix(None).boxed(),
            Err(error) => {
                output::warn(&format!("the journal can't be reached: {error}; logging to stderr"));
                told(LogFormat::Human)
            }
        },
    }
}

/// What is written to stderr ends in the journal.
fn stderr_is_journal() -> bool {
    let Ok(named) = std::env::var(JOURNAL) else { return false };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|stderr| named == format!("{}:{}", stderr.st_dev, stderr.st_ino))
}

/// The file for everything, where one is named.
fn trace_file() -> Option<File> {
    let path = std::env::var_os(TRACE).filter(|path| !path.is_empty())?;
    match private(Path::new(&path)) {
        Ok(file) => Some(file),
        Err(error) => {
            output::warn(&format!("{TRACE}: {}: {error}", Path::new(&path).display()));
            None
        }
    }
}

/// Opens a file to write to, for this user alone: no link, and nobody else's file.
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = File::options();
    let file = options.create(true).append(true).mode(0o600).custom_flags(no_link).open(path)?;
    let found = file.metadata()?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user, and is not written to"));
    }
    if found.is_file() {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
