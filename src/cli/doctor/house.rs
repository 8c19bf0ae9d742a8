//! What belongs to no account: the config, the store, the time zone.

use super::finding::{Finding, Level};
use crate::cli::status::Clock;
use crate::config::{Config, Mode, Origin};
use crate::store::Person;
use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use std::path::Path;

/// A last turn older than that is said.
const STALE: TimeDelta = TimeDelta::hours(24);
/// Files looked at to measure the store.
const FILES: usize = 100_000;

/// What the config says, and what is odd about it.
pub fn config(config: &Config, origin: &Origin) -> Vec<Finding> {
    let file = origin.file.display();
    let mut findings = vec![Finding::new("config", Level::Good, format!("config {file}"))];
    if config.accounts.is_empty() {
        findings.push(
            Finding::new("config", Level::Weak, "it names no account: nothing will be read")
                .cure("add an [[account]]; `chronotype config show --defaults` has examples"),
        );
    }
    for note in &config.notes {
        let line = note.line.map(|n| format!("line {n}: ")).unwrap_or_default();
        let says = format!("{line}{}: {}", note.key, note.message);
        let finding = Finding::new("config", Level::Weak, says);
        findings.push(Finding { cure: note.hint.clone(), ..finding });
    }
    if config.suggestions.mode == Mode::Observe {
        let says = "mode is \"observe\": it looks and learns, and writes no blocks";
        findings.push(Finding::new("config", Level::Note, says));
    }
    findings
}

/// Where the store is and how large.
pub fn store(path: &Path) -> Finding {
    let bytes = size(path);
    let size = match bytes / 1024 {
        0..=9_999 => format!("{} KiB", bytes.div_ceil(1024)),
        kib => format!("{} MiB", kib / 1024),
    };
    Finding::new("store", Level::Good, format!("store {}, {size}", path.display()))
}

fn size(path: &Path) -> u64 {
    let mut folders = vec![path.to_owned()];
    let mut bytes = 0;
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            files += 1;
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() && files < FILES => folders.push(entry.path()),
                Ok(metadata) => bytes += metadata.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// When the last turn was.
pub fn state(config: &Config, person: Option<&Person>, clock: &Clock) -> Option<Finding> {
    let person = person?;
    let sync = "run `chronotype sync`";
    let Some(last) = person.last_turn else {
        return Some(Finding::new("turn", Level::Note, "no turn yet").cure(sync));
    };
    let pending = person.suggestions.values().filter(|s| s.intent.is_some()).count();
    let waiting = match (pending, config.suggestions.mode) {
        (0, _) | (_, Mode::Observe) => String::new(),
        (n, Mode::Suggest) => format!("; {n} writes wait for the next one"),
    };
    let says = format!("last turn {}{waiting}", clock.ago(last));
    Some(match clock.now - last > STALE {
        true => Finding::new("turn", Level::Weak, says).cure(sync),
        false => Finding::new("turn", Level::Good, says),
    })
}

/// The person's zone beside the computer's.
pub fn zone(config: &Config, origin: &Origin, now: DateTime<Utc>) -> Finding {
    let theirs = config.person.time_zone;
    let offset = |zone: chrono_tz::Tz| zone.offset_from_utc_datetime(&now.naive_utc()).fix();
    match origin.time_zone {
        Some(here) if offset(here) != offset(theirs) => Finding::new(
            "zone",
            Level::Note,
            format!("you are in {theirs}, this computer in {here}: right for a server"),
        )
        .cure("if it is not: time_zone in [person], or a [[person.travel]] for a stay"),
        Some(_) => {
            Finding::new("zone", Level::Good, format!("time zone {theirs}, as this computer's"))
        }
        None => Finding::new("zone", Level::Good, format!("time zone {theirs}")),
    }
}
