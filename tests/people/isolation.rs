//! Yours alone (contract 5): whatever two people do in one process and one store, nothing of one is
//! reachable by the other: by no command, in no block, index or log. And by type: no call of the
//! store reaches records without saying whose.

use super::{Neighbours, until};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs;
use std::path::Path;

/// Two people and the word that all they write holds.
const PEOPLE: [(&str, &str); 2] = [("ann", "aardvark"), ("bob", "bumblebee")];
/// Runs of the test.
const CASES: u32 = 2;

/// Something one of them does. The number makes words differ.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Task(u8),
    Ask(u8),
    Note(u8),
    Sync,
    DropBlock,
    Look(usize),
}

/// What only shows.
const LOOKS: [&[&str]; 10] = [
    &["suggestions", "--json"],
    &["types"],
    &["insights"],
    &["insights", "search", "aardvark bumblebee"],
    &["agenda", "--search", "aardvark bumblebee"],
    &["status", "--json"],
    &["export"],
    &["insights", "export"],
    &["sync", "--dry-run"],
    &["doctor"],
];

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let deed = prop_oneof![
        2 => any::<u8>().prop_map(Deed::Task),
        2 => any::<u8>().prop_map(Deed::Ask),
        1 => any::<u8>().prop_map(Deed::Note),
        2 => Just(Deed::Sync),
        1 => Just(Deed::DropBlock),
        4 => (0..LOOKS.len()).prop_map(Deed::Look),
    ];
    proptest::collection::vec((0..PEOPLE.len(), deed), 12..18)
}

/// What the command said to them.
fn said(all: &Neighbours, who: &str, args: &[&str]) -> String {
    let output = all.command(who, args).output();
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn perform(all: &Neighbours, (who, word): (&str, &str), deed: Deed) -> String {
    match deed {
        Deed::Task(n) => {
            all.todo(who, &format!("Write {word} {}", n % 5));
            String::new()
        }
        Deed::Ask(n) => {
            let words = format!("Call {word} {n}");
            said(all, who, &["schedule", &words, "--duration", "30m"])
        }
        Deed::Note(n) => said(all, who, &["remember", &format!("No {word} before {n}")]),
        Deed::Sync => said(all, who, &["sync"]),
        Deed::DropBlock => {
            let folder = all.path(&format!("cal/{who}/chronotype"));
            let first = fs::read_dir(folder).ok().and_then(|mut all| all.next());
            first.into_iter().for_each(|file| fs::remove_file(file.unwrap().path()).unwrap());
            String::new()
        }
        Deed::Look(which) => said(all, who, LOOKS[which]),
    }
}

fn holds(folder: &Path, word: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.map(Result::unwrap).any(|entry| match entry.file_type().unwrap().is_dir() {
        true => holds(&entry.path(), word),
        false => {
            let bytes = fs::read(entry.path()).unwrap_or_default();
            bytes.to_ascii_lowercase().windows(word.len()).any(|w| w == word.as_bytes())
        }
    })
}

/// What she asked a search for is her own word, even where it is the other's.
fn without_question(said: &str) -> String {
    said.to_lowercase().replace("aardvark bumblebee", "")
}

fn check(deeds: &[(usize, Deed)]) {
    let all = Neighbours::new(&PEOPLE.map(|(who, _)| who));
    let service = all.serve();
    let turned = |who: &str| said(&all, who, &["status"]).contains("last turn");
    PEOPLE.iter().for_each(|(who, _)| until("a first turn", || turned(who)));
    let mut own_words = 0;
    for (who, deed) in deeds {
        let (me, other) = (PEOPLE[*who], PEOPLE[1 - who]);
        let answer = without_question(&perform(&all, me, *deed));
        own_words += usize::from(answer.contains(me.1));
        assert!(!answer.contains(other.1), "{} is told of {}: {deed:?}: {answer}", me.0, other.0);
        for block in all.blocks(me.0) {
            assert!(!block.to_lowercase().contains(other.1), "{block}");
        }
    }
    for (at, me) in PEOPLE.iter().enumerate() {
        let other = PEOPLE[1 - at];
        for look in LOOKS {
            let answer = without_question(&said(&all, me.0, look));
            assert!(!answer.contains(other.1), "{look:?} tells {} of {}: {answer}", me.0, other.0);
            own_words += usize::from(answer.contains(me.1));
        }
        let index = all.path("store.index").join(me.0);
        assert!(!holds(&index, other.1), "the index of {}", me.0);
    }
    assert!(own_words > 0, "the test sees nothing");
    let log = service.end().to_lowercase();
    for (_, word) in PEOPLE {
        assert!(!log.contains(word), "{log}");
    }
}

#[test]
fn nothing_of_one_reaches_the_other() {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let result = runner.run(&deeds(), |deeds| {
        check(&deeds);
        Ok(())
    });
    result.unwrap();
}

/// Calls of an open store that name nobody: who is kept, where, and whether it is a loan.
const OF_NOBODY: [&str; 3] = ["principals", "path", "is_borrowed"];

#[test]
fn no_call_of_the_store_is_without_a_person() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut calls = 0;
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if !entry.file_type().unwrap().is_file() {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        for rest in text.split("    pub fn ").skip(1) {
            let head = rest.split(" {\n").next().unwrap();
            let name = head.split(['(', '<']).next().unwrap();
            if !head.contains("&self") {
                continue;
            }
            calls += 1;
            let named = head.contains("&PrincipalId") || OF_NOBODY.contains(&name);
            assert!(named, "{}: {name} does not say whose", entry.path().display());
        }
    }
    assert!(calls >= 8, "the test sees {calls} calls");
}
