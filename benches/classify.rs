//! The budget of a title: at most 0.1 ms to its vector, and what sorting it costs on top.

#![expect(clippy::expect_used, reason = "what can't be set up can't be measured")]

use chronotype::task::assign::assign;
use chronotype::task::category::{CategoryGuess, CategoryHead, Context};
use chronotype::task::classify::{Query, classify};
use chronotype::task::prior::no_leaning;
use chronotype::task::{Types, title, topic};
use chronotype::text::embed::{Embedder, StaticEmbedder, category_head};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Titles of the long list: half a person's life.
const TITLES: usize = 10_000;

fn main() {
    divan::main();
}

const KINDS: [&str; 12] = [
    "Code review",
    "Implement",
    "Call Ines",
    "Write design doc",
    "Standup",
    "Zahnarzt",
    "Budget planning",
    "1:1 with",
    "Interview",
    "設計レビュー",
    "Déjeuner avec",
    "Expenses and admin",
];
const TOPICS: [&str; 12] = [
    "CSV parser",
    "tenant limits",
    "map tiles",
    "Kestrel",
    "login",
    "Rechnungen",
    "export",
    "search",
    "onboarding",
    "data pipeline",
    "検索",
    "checkout",
];

/// Different titles: a kind, a topic and a number that the normaliser takes for a word.
fn titles(count: usize) -> Vec<String> {
    let pick = |of: &[&'static str], n: usize| of[n % of.len()];
    let title = |n: usize| {
        let (kind, topic) = (pick(&KINDS, n), pick(&TOPICS, n / KINDS.len()));
        format!("{kind}: {topic} v{}x", n / (KINDS.len() * TOPICS.len()))
    };
    (0..count).map(title).collect()
}

/// What a title goes through in a turn.
struct Sorter {
    embedder: StaticEmbedder,
    head: CategoryHead,
    types: Types,
}

impl Sorter {
    fn new(known: &[String]) -> Self {
        let embedder = StaticEmbedder::new().expect("the table is whole");
        let head = category_head().expect("the head is whole");
        let mut sorter = Self { embedder, head, types: Types::default() };
        for title in known {
            sorter.sort(title, true);
        }
        sorter
    }

    fn sort(&mut self, title: &str, keep: bool) -> CategoryGuess {
        let normalised = title::normalise(title);
        let embedding = self.embedder.embed_one(&normalised);
        let weighed = topic::weights(&self.types, &normalised)
            .map(|weights| self.embedder.embed_weighed(&normalised, &weights));
        let context = Context {
            duration_min: Some(30.0),
            attendees: Some(2),
            recurring: Some(false),
            local_hour: Some(10),
            weekday: Some(1),
        };
        let guess = self.head.guess(&embedding, &context);
        let query = Query {
            title,
            normalised: &normalised,
            embedding: &embedding,
            weighed: weighed.as_ref(),
            company: None,
            series: None,
            context,
            guess,
        };
        let verdict = classify(&self.types, &query, self.embedder.calibration());
        if keep {
            assign(&mut self.types, &query, &verdict, &guess, &no_leaning);
        }
        guess
    }
}

/// The vector of a normalised title.
#[divan::bench]
fn embed_a_title(bencher: Bencher) {
    let embedder = StaticEmbedder::new().expect("the table is whole");
    let titles: Vec<String> = titles(1_000).iter().map(|t| title::normalise(t)).collect();
    let mut next = titles.iter().cycle();
    bencher.bench_local(|| embedder.embed_one(next.next().expect("they go round")));
}

/// Everything about a new title of a person with a thousand others behind them.
#[divan::bench]
fn sort_a_title(bencher: Bencher) {
    let all = titles(2_000);
    let (known, new) = all.split_at(1_000);
    let mut sorter = Sorter::new(known);
    let mut next = new.iter().cycle();
    bencher.bench_local(|| sorter.sort(next.next().expect("they go round"), false));
}

/// Ten thousand different titles, each filed.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn sort_ten_thousand_titles(bencher: Bencher) {
    let titles = titles(TITLES);
    bencher.counter(ItemsCount::new(TITLES)).bench_local(|| Sorter::new(&titles).types.by_id.len());
}
