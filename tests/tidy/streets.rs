//! Who may name whom: the one-way table, the homes of foreign crates, the purity of the core.

use super::source::{Named, Source, text};

/// What each room may use, in the order of `src/lib.rs`.
pub type MayUse<'a> = &'a [(&'a str, &'a [&'a str])];

/// Where each foreign crate lives; a place is a module and everything below it, `*` is anywhere.
pub type Homes<'a> = &'a [(&'a str, &'a [&'a str])];

/// Place `event` covers `event` and `event/ical`.
fn covers(places: &[&str], place: &str) -> bool {
    places.iter().any(|p| {
        *p == "*" || place.strip_prefix(p).is_some_and(|r| r.is_empty() || r.starts_with('/'))
    })
}

/// `lib.rs` declares exactly the rooms of the table, in its order, and nothing else.
pub fn map(lib: &Source, table: MayUse) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut declared = Vec::new();
    let tokens = &lib.shipped;
    for (i, token) in tokens.iter().enumerate() {
        if token.text == "mod" {
            declared.push(text(tokens, i + 1));
        }
        if matches!(token.text.as_str(), "use" | "fn" | "struct" | "enum" | "trait" | "macro_rules")
        {
            let what = format!("`{}` in the map; put it into a room", token.text);
            breaches.push(lib.at(token.line, &what));
        }
    }
    let rooms: Vec<&str> = table.iter().map(|(room, _)| *room).collect();
    if declared != rooms {
        let what = format!("declares {declared:?}, MAY_USE says {rooms:?}; make them agree");
        breaches.push(lib.at(1, &what));
    }
    for (i, (room, uses)) in table.iter().enumerate() {
        for used in uses.iter().filter(|u| !rooms[..i].contains(u)) {
            breaches.push(format!("MAY_USE: {room} may use {used}, which is not above it"));
        }
    }
    breaches
}

/// Shipped code names only rooms that the table grants.
pub fn one_way(sources: &[Source], table: MayUse) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        let room = source.module.first().map_or("", String::as_str);
        for Named { segments, line } in source.named() {
            let [root, used, ..] = segments.as_slice() else { continue };
            if root != "crate" || used == room {
                continue;
            }
            let granted = match table.iter().find(|(r, _)| *r == room) {
                Some((_, uses)) => uses.contains(&used.as_str()),
                None => room == "main" && used == "cli",
            };
            if !granted {
                let what = format!(
                    "{room} names {}, but may not use {used}; move the value to a room above both",
                    segments.join("::")
                );
                breaches.push(source.at(line, &what));
            }
        }
    }
    breaches
}

/// Foreign crates are named only at home; every dependency has a home, a use, and no home is empty.
pub fn homes(
    sources: &[Source],
    dependencies: &[String],
    homes: Homes,
    not_yet: &[&str],
) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut used = std::collections::BTreeSet::new();
    for source in sources {
        for Named { segments, line } in source.named() {
            let Some(first) = segments.first() else { continue };
            let Some((name, places)) = homes.iter().find(|(n, _)| n.replace('-', "_") == *first)
            else {
                continue;
            };
            used.insert(*name);
            if !covers(places, &source.place()) {
                let what = format!("{name} lives in {places:?} only; ask that room for it");
                breaches.push(source.at(line, &what));
            }
        }
    }
    for name in dependencies.iter().map(String::as_str) {
        let (homed, waits) = (homes.iter().any(|(n, _)| *n == name), not_yet.contains(&name));
        let what = match (homed, used.contains(name), waits) {
            (false, ..) => "has no row in HOMES; say where it lives",
            (true, false, false) => "is used by no source file; remove it",
            (true, true, true) => "is used by now; take it off NOT_YET",
            _ => continue,
        };
        breaches.push(format!("Cargo.toml: {name} {what}"));
    }
    for name in homes.iter().map(|(n, _)| *n).chain(not_yet.iter().copied()) {
        if !dependencies.iter().any(|d| d == name) {
            breaches.push(format!("HOMES/NOT_YET: {name} is no dependency; remove its row"));
        }
    }
    breaches
}

/// Paths that bring the world into the core.
const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "io"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["std", "time", "*"],
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Utc", "now"],
    &["Local", "now"],
];
/// Crates that do.
const IMPURE_CRATES: &[&str] = &[
    "tokio",
    "reqwest",
    "serde",
    "serde_json",
    "tracing",
    "rand",
    "getrandom",
    "tempfile",
    "sled",
];
/// Words that do.
const IMPURE_WORDS: &[&str] = &["async", "await"];
/// Macros that do.
const IMPURE_MACROS: &[&str] = &["println", "eprintln", "print", "eprint"];

/// The core has no runtime, clock, file, network, environment, randomness or wire format.
pub fn pure(sources: &[Source], core: &[&str]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|s| covers(core, &s.place())) {
        let mut breach = |line: usize, what: &str| {
            let what = format!("{what} in the pure core; let the caller pass the value in");
            breaches.push(source.at(line, &what));
        };
        for named in source.named() {
            let first = named.segments.first().map_or("", String::as_str);
            if IMPURE.iter().any(|run| named.holds(run)) || IMPURE_CRATES.contains(&first) {
                breach(named.line, &named.segments.join("::"));
            }
        }
        for (i, token) in source.shipped.iter().enumerate() {
            let word = token.text.as_str();
            let called = text(&source.shipped, i + 1) == "!" && IMPURE_MACROS.contains(&word);
            if called || IMPURE_WORDS.contains(&word) {
                breach(token.line, word);
            }
        }
    }
    breaches
}

const ROOMS: MayUse = &[("event", &[]), ("task", &["event"]), ("cli", &["event", "task"])];

#[test]
fn the_map_can_fail() {
    let check = |text: &str, count: usize| {
        let found = map(&Source::new("src/lib.rs", text), ROOMS);
        assert_eq!(found.len(), count, "{text}: {found:#?}");
    };
    check("pub mod event; pub mod task; pub mod cli;", 0);
    check("pub mod task; pub mod event; pub mod cli;", 1);
    check("pub mod event; pub mod task;", 1);
    check("pub mod event; pub mod task; pub mod cli; pub use event::Uid;", 1);
    let lib = Source::new("src/lib.rs", "mod a; mod b;");
    assert_eq!(map(&lib, &[("a", &["b"]), ("b", &[])]).len(), 1, "a row may not look down");
}

#[test]
fn the_one_way_table_can_fail() {
    let check = |path: &str, text: &str, count: usize| {
        let found = one_way(&[Source::new(path, text)], ROOMS);
        assert_eq!(found.len(), count, "{path}: {text}: {found:#?}");
    };
    check("src/event/ical.rs", "use super::id::Uid; use crate::event::time;", 0);
    check("src/task/learn.rs", "use crate::event::Uid;", 0);
    check("src/event/ical.rs", "use crate::task::Types;", 1);
    check("src/event/ical.rs", "use super::super::task::Types;", 1);
    check("src/event/ical.rs", "fn f() { assert!(crate::task::x()) }", 1);
    check("src/event/mod.rs", "use crate::{event::Uid, task, cli::main};", 2);
    check("src/event/ical.rs", "#[cfg(test)] mod tests { use crate::task::Types; }", 0);
    check("src/main.rs", "fn main() { chronotype::cli::main() }", 0);
    check("src/main.rs", "fn main() { chronotype::event::x() }", 1);
    check("src/stray.rs", "use crate::event::Uid;", 1);
}

#[test]
fn the_homes_can_fail() {
    const AT: Homes = &[("sled", &["store"]), ("tower-service", &["calendar", "sync/poll"])];
    let check = |path: &str, text: &str, not_yet: &[&str], count: usize| {
        let names = ["sled".to_owned(), "tower-service".to_owned()];
        let found = homes(&[Source::new(path, text)], &names, AT, not_yet);
        assert_eq!(found.len(), count, "{path}: {text}: {found:#?}");
    };
    check("src/store/db.rs", "use sled::Db;", &["tower-service"], 0);
    check("src/sync/poll.rs", "fn f<T: tower_service::Service>() {}", &["sled"], 0);
    check("src/sync/polls.rs", "fn f<T: tower_service::Service>() {}", &["sled"], 1);
    check("src/event/id.rs", "use sled::Db;", &["tower-service"], 1);
    check("src/store/db.rs", "use sled::Db;", &[], 1);
    check("src/store/db.rs", "use sled::Db;", &["tower-service", "sled"], 1);
    check("src/store/db.rs", "use sled::Db;", &["tower-service", "gone"], 1);
    assert_eq!(homes(&[], &["new".to_owned()], &[], &[]).len(), 1, "no row");
    assert_eq!(homes(&[], &[], &[("gone", &["*"])], &[]).len(), 1, "no crate");
}

#[test]
fn purity_can_fail() {
    let check = |path: &str, text: &str, count: usize| {
        let found = pure(&[Source::new(path, text)], &["event", "sync/diff"]);
        assert_eq!(found.len(), count, "{path}: {text}: {found:#?}");
    };
    check("src/event/a.rs", "fn f() { std::fs::read(p) }", 1);
    check("src/event/a.rs", "use std::{collections::BTreeMap, env};", 1);
    check("src/event/a.rs", "fn f(t: Option<T>) { t.unwrap_or_else(chrono::Utc::now) }", 1);
    check("src/event/a.rs", "use std::time::{Duration, Instant};", 1);
    check("src/event/a.rs", "async fn f() {}", 1);
    check("src/event/a.rs", "#[derive(serde::Serialize)] struct A;", 1);
    check("src/event/a.rs", "fn f() { println!(\"tokio::x\") }", 1);
    check("src/sync/diff.rs", "fn f() { tracing::info!(\"x\") }", 1);
    check("src/sync/apply.rs", "async fn f() { tokio::x() }", 0);
    check("src/event/a.rs", "/// std::fs::read\n#[cfg(test)] mod tests { use std::fs; }", 0);
}
