//! The map of `src/lib.rs` as a test: who may use whom, which foreign crate has its home where,
//! and how a file looks. A rule that is in the way is changed here, in one deliberate step.

mod house;
mod shape;
mod source;
mod streets;

use source::{Source, files, root, sources};
use streets::{Homes, MayUse};

/// What each room may use: rooms above it only, and of those the ones it needs.
const MAY_USE: MayUse = &[
    ("event", &[]),
    ("task", &["event"]),
    ("memory", &["event", "task"]),
    ("schedule", &["event", "task", "memory"]),
    ("calendar", &["event"]),
    ("sync", &["event", "task", "schedule", "calendar"]),
    ("text", &["event", "task", "calendar"]),
    ("store", &["event", "task", "memory", "schedule", "sync"]),
    ("cycle", &["event", "task", "memory", "schedule", "calendar", "sync", "text", "store"]),
    ("config", &["event", "task", "schedule", "calendar", "text"]),
    ("dashboard", &["cycle"]),
    ("daemon", &["event", "calendar", "sync", "store", "cycle", "dashboard"]),
    (
        "cli",
        &[
            "event",
            "task",
            "memory",
            "schedule",
            "calendar",
            "sync",
            "text",
            "store",
            "cycle",
            "config",
            "dashboard",
            "daemon",
        ],
    ),
];

/// The rooms of pure values and decisions.
const CORE: &[&str] =
    &["event", "task", "memory", "schedule", "sync/diff", "sync/gesture", "sync/reconcile"];

/// Where each crate of `[dependencies]` lives.
const HOMES: Homes = &[
    ("chrono", &["*"]),
    ("chrono-tz", &["*"]),
    ("thiserror", &["*"]),
    ("icalendar", &["event"]),
    ("rrule", &["event"]),
    (
        "blake3",
        &["event", "task", "memory", "schedule", "calendar", "sync", "text", "store", "config"],
    ),
    ("unicode-normalization", &["event", "task", "text"]),
    ("async-trait", &["calendar", "sync/poll", "sync/apply"]),
    ("tokio", &["calendar", "sync/poll", "sync/apply", "cycle", "cli", "dashboard", "daemon"]),
    ("prometheus-client", &["dashboard"]),
    ("hyper", &["dashboard"]),
    ("hyper-util", &["dashboard"]),
    ("http-body-util", &["dashboard"]),
    ("libdav", &["calendar"]),
    ("reqwest", &["calendar", "text/endpoint", "text/assistant"]),
    ("rustls", &["calendar"]),
    ("google-calendar3", &["calendar"]),
    ("yup-oauth2", &["calendar"]),
    ("ring", &["calendar"]),
    ("base64", &["calendar"]),
    ("http", &["calendar"]),
    ("zeroize", &["calendar", "config"]),
    ("bytes", &["calendar"]),
    ("form_urlencoded", &["calendar"]),
    ("http-auth", &["calendar"]),
    ("domain", &["calendar"]),
    ("roxmltree", &["calendar"]),
    ("psl", &["calendar"]),
    ("sled", &["store"]),
    ("tantivy", &["text/index"]),
    ("postcard", &["store"]),
    ("serde", &["calendar", "store", "config", "cli", "text"]),
    ("serde_json", &["calendar", "store", "cli", "text"]),
    ("toml", &["config"]),
    ("strsim", &["config", "cli"]),
    (
        "rustix",
        &[
            "calendar/vdir",
            "calendar/private",
            "store",
            "daemon",
            "cli/service",
            "cli/seal",
            "cli/log",
        ],
    ),
    ("notify", &["calendar/vdir", "daemon"]),
    ("tokio-cron-scheduler", &["daemon"]),
    ("sd-notify", &["daemon"]),
    ("tempfile", &["calendar", "store", "cli"]),
    (
        "tracing",
        &[
            "calendar",
            "sync/poll",
            "sync/apply",
            "text",
            "store",
            "cycle",
            "config",
            "cli",
            "daemon",
        ],
    ),
    ("tracing-subscriber", &["cli", "daemon"]),
    ("tracing-journald", &["cli/log"]),
    ("tracing-log", &["cli", "daemon"]),
    ("tikv-jemallocator", &["main"]),
    ("clap", &["cli"]),
    ("anstyle", &["cli"]),
    ("anstream", &["cli"]),
    ("terminal_size", &["cli"]),
    ("unicode-width", &["cli"]),
    ("webbrowser", &["cli"]),
    ("indicatif", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("dialoguer", &["cli"]),
];

/// Crates whose room is still empty. The list only shrinks: a crate that is used may not be on it.
const NOT_YET: &[&str] = &[];

/// Fails with one line a breach.
#[track_caller]
fn clean(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "{} breaches\n{}", breaches.len(), breaches.join("\n"));
}

/// All of our Rust, fixtures aside.
fn everything() -> Vec<Source> {
    let mut all = sources(&["src", "tests", "benches", "fuzz"]);
    all.retain(|s| !s.path.starts_with("tests/fixtures/"));
    assert!(all.len() > 20, "the rules look at {} files only", all.len());
    all
}

fn manifest() -> String {
    std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml")
}

/// Of the fuzz targets, a package of its own.
fn fuzz_manifest() -> String {
    std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("fuzz/Cargo.toml")
}

#[test]
fn lib_rs_is_the_map() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    clean(streets::map(&Source::new("src/lib.rs", &text), MAY_USE));
}

#[test]
fn a_room_names_only_rooms_it_may_use() {
    clean(streets::one_way(&sources(&["src"]), MAY_USE));
}

#[test]
fn foreign_crates_stay_at_home() {
    let shipped = house::dependencies(&manifest()).into_iter().filter(|d| d.shipped);
    let names: Vec<String> = shipped.map(|d| d.name).collect();
    clean(streets::homes(&sources(&["src"]), &names, HOMES, NOT_YET));
}

#[test]
fn the_core_is_pure() {
    clean(streets::pure(&sources(&["src"]), CORE));
}

#[test]
fn files_say_what_they_are() {
    clean(everything().iter().flat_map(shape::opening).collect());
}

#[test]
fn files_lines_and_functions_fit_a_head() {
    clean(everything().iter().flat_map(shape::size).collect());
}

#[test]
fn names_say_what_they_hold() {
    clean(everything().iter().flat_map(shape::names).collect());
}

#[test]
fn nothing_is_unfinished_or_silenced() {
    clean(everything().iter().flat_map(shape::words).collect());
}

#[test]
fn the_top_level_has_a_place_for_everything() {
    clean(house::top_level(&house::entries()));
}

#[test]
fn every_dependency_has_a_reason() {
    clean(house::reasons(&manifest()));
    clean(house::reasons(&fuzz_manifest()));
}

#[test]
fn no_file_leans_on_one_machine() {
    assert!(!files("src").is_empty(), "no sources found");
    clean(house::texts().iter().flat_map(|(path, text)| house::hosts(path, text)).collect());
}
