//! The budget of recall (DESIGN section 12): a search among five years of a busy person's calendar,
//! 12,000 events under 4,000 titles, 400 kinds of work and 100 insights, made up here.

#![expect(clippy::expect_used, reason = "what can't be set up can't be measured")]

use chronotype::text::embed::StaticEmbedder;
use chronotype::text::index::{Entry, Index};
use divan::Bencher;
use std::sync::LazyLock;

const EVENTS: usize = 12_000;
const TITLES: usize = 4_000;
const OTHERS: usize = 500;

fn main() {
    divan::main();
}

const WORDS: [&str; 24] = [
    "planning", "review", "customer", "roadmap", "invoice", "standup", "retro", "hiring", "lunch",
    "design", "budget", "release", "incident", "travel", "dentist", "school", "concert", "offsite",
    "draft", "prepare", "call", "report", "contract", "workshop",
];

fn text(number: usize) -> String {
    let places = [number % 24, number / 24 % 24, number / 576 % 24];
    places.map(|at| WORDS[at]).join(" ")
}

struct World {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    entries: Vec<Entry>,
    embedder: StaticEmbedder,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mira");
    let events =
        (0..EVENTS).map(|n| Entry { key: format!("e{n:09x}"), text: text(n % TITLES * 3) });
    let others = (0..OTHERS).map(|n| Entry { key: format!("t{n}"), text: text(n * 7 + 1) });
    let embedder = StaticEmbedder::new().expect("artefacts");
    let world = World { _folder: folder, path, entries: events.chain(others).collect(), embedder };
    Index::bring_up(&world.path, &world.entries, &world.embedder).expect("an index");
    world
});

/// The index is open.
#[divan::bench(sample_count = 50)]
fn search_five_years(bencher: Bencher<'_, '_>) {
    let index = Index::bring_up(&WORLD.path, &WORLD.entries, &WORLD.embedder).expect("an index");
    let found = index.search("customer roadmap", &WORLD.embedder, 20).expect("an answer");
    assert_eq!(found.len(), 20);
    bencher.bench(|| index.search(divan::black_box("customer roadmap"), &WORLD.embedder, 20));
}

/// Budget: 5 ms. All of a search by a command: opens the index, which is up to date, and asks.
#[divan::bench(sample_count = 50)]
fn open_and_search_five_years(bencher: Bencher<'_, '_>) {
    let world = &*WORLD;
    bencher.bench(|| {
        let index = Index::bring_up(&world.path, &world.entries, &world.embedder).ok()?;
        index.search(divan::black_box("customer roadmap"), &world.embedder, 20).ok()
    });
}

/// What a command does before it can ask: is the index up to date?
#[divan::bench(sample_count = 20)]
fn open_an_index_that_is_up_to_date(bencher: Bencher<'_, '_>) {
    let world = &*WORLD;
    bencher.bench(|| Index::bring_up(&world.path, &world.entries, &world.embedder).is_ok());
}

/// Built anew.
#[divan::bench(sample_count = 2, sample_size = 1)]
fn build_an_index(bencher: Bencher<'_, '_>) {
    let world = &*WORLD;
    let folder = || tempfile::tempdir().expect("a folder");
    bencher.with_inputs(folder).bench_values(|folder| {
        let built = Index::bring_up(&folder.path().join("x"), &world.entries, &world.embedder);
        (built.is_ok(), folder)
    });
}
