//! Random edits by a person, time, faults and crashes, against the real turn and the real store:
//! after calm returns everything must be right.
//!
//! A failure prints its seed and the fewest steps that show it. It is played again by
//! `CHRONOTYPE_SEED=<seed> cargo test --test suite state_machine::replay -- --nocapture`, and a
//! long run is `CHRONOTYPE_STEPS=1000000 CHRONOTYPE_SEED=<seed> cargo test --release --test suite
//! state_machine::long -- --ignored --nocapture`; with `CHRONOTYPE_GO_ON=1` it goes on behind a
//! violation and lists all lives that failed.

mod blocks;
mod disk;
mod google;
mod learned;
mod life;
mod oracle;
mod person;
pub mod words;

use crate::support::fake_faults::Dice;
use life::Life;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Steps of one life: from an empty store to its last calm.
const LIFE: usize = 250;
/// Steps in the ordinary suite.
const ORDINARY: usize = 10_000;
/// Its seed.
const SEED: u64 = 20_260_302;

type Counts = BTreeMap<String, u64>;
/// At which step, what was violated, and the story of it.
type Failure = (usize, String, Vec<String>);

/// Lives the life of this seed without the steps left out.
fn live(seed: u64, without: &[bool]) -> Result<Counts, Failure> {
    lived(Life::new(seed), seed, without)
}

fn lived(mut life: Life, seed: u64, without: &[bool]) -> Result<Counts, Failure> {
    let mut seeds = Dice::new(seed);
    for place in 0..LIFE {
        let seed = seeds.next();
        if without.get(place) == Some(&true) {
            continue;
        }
        if let Err(what) = life.step(seed) {
            return Err((place, what, life.story()));
        }
    }
    match life.calm() {
        Ok(()) => Ok(life.coverage()),
        Err(what) => Err((LIFE, what, life.story())),
    }
}

/// The kind of a violation: its words without names and numbers.
fn kind(what: &str) -> String {
    what.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(24).collect()
}

/// Leaves out all steps that the violation does not need.
fn shrink(seed: u64, first: usize, what: &str) -> (Vec<bool>, String, Vec<String>) {
    let mut without: Vec<bool> = (0..LIFE).map(|place| place > first).collect();
    let mut shown = (what.to_owned(), Vec::new());
    let mut chunk = LIFE / 4;
    while chunk > 0 {
        for from in (0..LIFE).step_by(chunk) {
            let mut less = without.clone();
            less[from..(from + chunk).min(LIFE)].fill(true);
            if less == without {
                continue;
            }
            if let Err((_, found, story)) = live(seed, &less)
                && kind(&found) == kind(what)
            {
                without = less;
                shown = (found, story);
            }
        }
        chunk /= 2;
    }
    (without, shown.0, shown.1)
}

#[track_caller]
fn fails(seed: u64, (place, what, _): Failure) -> ! {
    let (without, shown, story) = shrink(seed, place, &what);
    let steps: Vec<usize> = (0..LIFE).filter(|n| !without[*n]).collect();
    panic!(
        "CHRONOTYPE_SEED={seed}: {what}\nat step {place}; shrunk to steps {steps:?}: {shown}\n{}",
        story.join("\n")
    );
}

/// Lives one life after another, on all cores; the coverage of all.
fn run(seed: u64, steps: usize) -> Counts {
    let mut seeds = Dice::new(seed);
    let seeds: Vec<u64> = (0..steps.div_ceil(LIFE)).map(|_| seeds.next()).collect();
    let goes_on = number("CHRONOTYPE_GO_ON").is_some();
    let next = AtomicUsize::new(0);
    let all = Mutex::new((Counts::new(), Vec::new()));
    let work = || {
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let lived = live(*seed, &[]);
            let mut all = all.lock().unwrap();
            match lived {
                Ok(counts) => {
                    for (what, n) in counts {
                        *all.0.entry(what).or_default() += n;
                    }
                }
                Err(failure) => {
                    all.1.push((*seed, failure));
                    if !goes_on {
                        next.store(seeds.len(), Ordering::Relaxed);
                    }
                }
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let (counts, mut failed) = all.into_inner().unwrap();
    let line =
        |(seed, (place, what, _)): &(u64, Failure)| format!("{seed} at step {place}: {what}");
    let told: Vec<String> = failed.iter().map(line).collect();
    match failed.pop() {
        Some((seed, failure)) if !goes_on => fails(seed, failure),
        Some(_) => panic!("{} lives failed:\n{}", told.len(), told.join("\n")),
        None => counts,
    }
}

#[expect(clippy::print_stdout, reason = "the coverage is for whoever runs it")]
fn print(counts: &Counts) {
    for (what, n) in counts {
        println!("{n:>10}  {what}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn ten_thousand_steps() {
    print(&run(SEED, ORDINARY));
}

/// One life again: `CHRONOTYPE_SEED`.
#[test]
fn replay() {
    let seed = number("CHRONOTYPE_SEED").unwrap_or(SEED);
    if let Err(failure) = live(seed, &[]) {
        fails(seed, failure);
    }
}

/// `CHRONOTYPE_SEED`, `CHRONOTYPE_STEPS`.
#[test]
#[ignore = "minutes to hours: run by hand, in release"]
fn long() {
    let seed = number("CHRONOTYPE_SEED").unwrap_or(SEED);
    let steps = number("CHRONOTYPE_STEPS").unwrap_or(1_000_000) as usize;
    let began = std::time::Instant::now();
    let counts = run(seed, steps);
    print(&counts);
    let seconds = Counts::from([("seconds".to_owned(), began.elapsed().as_secs())]);
    print(&seconds);
}
