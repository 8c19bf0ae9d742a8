//! What a log may not hold, at any level, of any crate: titles, guests, passwords, tokens.
//!
//! The tests' own titles, guests and secrets hold the word `canary`, or are named here. All that
//! is said in this process is looked at, too: where a line holds a secret, the process ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, Once, PoisonError};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Titles of many tests.
const TITLES: [&str; 6] = [
    "write report",
    "board deck",
    "customer call",
    "team meeting",
    "call with ben",
    "study spanish",
];
/// Crates that tell what they carry: nobody hears them at these levels (`src/cli/log.rs`).
const TALKATIVE: [&str; 2] = ["sled", "yup_oauth2"];
/// Shortest secret that is looked for: a shorter one is a part of many words.
const SHORTEST: usize = 16;

/// Secrets that can't hold the word.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// No log may hold this, from now on.
pub fn secret(text: &str) {
    if text.len() >= SHORTEST {
        SECRETS.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
    }
}

/// Fails when a log holds what it may not.
#[track_caller]
pub fn check(log: &str) {
    for line in log.lines() {
        let found = leak(line);
        assert_eq!(found, None, "a log holds a secret: {line}");
    }
}

/// What a line holds and may not.
pub fn leak(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let word = ["canary"].iter().chain(&TITLES).find(|word| lower.contains(**word));
    if let Some(word) = word {
        return Some((*word).to_owned());
    }
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    secrets.iter().find(|secret| line.contains(secret.as_str())).cloned().or_else(|| password(line))
}

/// The password or token of an `Authorization`, whatever it is.
fn password(line: &str) -> Option<String> {
    let after = |scheme: &str| {
        let at = line.find(scheme)? + scheme.len();
        line.get(at..)?.split(|c: char| !c.is_ascii_graphic() || "\"',;".contains(c)).next()
    };
    let basic = after("Basic ").filter(|word| {
        STANDARD.decode(word).is_ok_and(|bytes| bytes.contains(&b':') && bytes.is_ascii())
    });
    basic.or_else(|| after("Bearer ").filter(|word| word.len() >= 8)).map(str::to_owned)
}

/// Looks at all that is said in this process from now on.
pub fn watch() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let targets = Targets::new().with_default(LevelFilter::TRACE);
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Listener).with_ansi(false);
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(targets));
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let others = tracing_log::LogTracer::builder();
        others.ignore_all(TALKATIVE.iter().copied()).init().unwrap();
    });
}

/// Takes one line a write.
struct Listener;

impl Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        if let Some(leak) = leak(&line) {
            // A panic would end one thread of a runtime, and be overlooked.
            let _ = writeln!(std::io::stderr(), "a log holds a secret ({leak}): {line}");
            std::process::abort();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
