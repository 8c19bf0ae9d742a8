//! Stores that earlier releases wrote are opened by this one. A fixture is never written anew: a
//! release that changes a record reads the old one too, and adds a fixture of its own.

use chronotype::event::{PrincipalId, Standing};
use chronotype::schedule::suggestion::State;
use chronotype::store::{Person, Store, StoreError};
use chronotype::task::{journal::Journal, replay};
use std::collections::BTreeSet;

/// A copy to open: sled writes to what it opens.
fn copy_of(name: &str) -> tempfile::TempDir {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture.join(name)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

/// It kept one record an insight and wrote over it.
#[test]
fn an_insight_of_the_first_release_is_the_first_version_of_a_belief() {
    let folder = copy_of("store-0.1.0-insight");
    let store = Store::open(folder.path()).unwrap();
    let jane = PrincipalId::new("jane").unwrap();
    let mut person = store.load(&jane).unwrap();
    let before = person.clone();
    let old = person.memory.get(0).unwrap().clone();
    assert!(old.sentence.starts_with("Focused work goes badly on Fridays: 0 of 26"), "{old:?}");
    assert_eq!((old.version, old.counts, old.is_active()), (1, (26, 26), true));
    let known = |hash| person.events.keys().any(|id| id.hash() == hash);
    assert!(!old.evidence.is_empty() && old.evidence.iter().all(|e| known(*e)));
    let now = person.last_turn.unwrap() + chrono::TimeDelta::days(7);
    person.memory.delete(0, now);
    store.commit(&jane, &before, &person).unwrap();
    assert_eq!(store.load(&jane).unwrap(), person);
    let mut lines = Vec::new();
    store.export(&jane, &mut lines).unwrap();
    let kinds = String::from_utf8(lines).unwrap();
    assert!(!kinds.contains("first_insight"), "the old record gave way to the new one");
}

#[test]
fn a_store_of_the_first_release() {
    let folder = copy_of("store-0.1.0");
    let store = Store::open(folder.path()).unwrap();
    let jane = PrincipalId::new("jane").unwrap();
    assert_eq!(store.principals().unwrap(), std::slice::from_ref(&jane));
    let person = store.load(&jane).unwrap();
    assert_eq!((person.events.len(), person.types.by_id.len(), person.turns), (10, 4, 1));
    let settled = person.events.values().flat_map(|e| &e.settled);
    assert_eq!(settled.filter(|s| s.signal.is_some()).count(), 4);
    let gone = person.events.values().find(|e| e.id.uid.as_str() == "gone").unwrap();
    assert_eq!(gone.standing, Standing::Withdrawn);
    let block = person.suggestions.values().next().unwrap();
    assert_eq!((block.title.as_str(), block.state), ("Board deck", State::Proposed));
    assert!(block.published.is_some() && block.intent.is_none());
    assert_eq!(person.asks[0].title, "Call the bank");
    assert_eq!(person.risks, [], "kept by later releases only");
    let mut lines = Vec::new();
    store.export(&jane, &mut lines).unwrap();
    assert!(lines.iter().filter(|b| **b == b'\n').count() > 20);
    check_what_it_learned(&person);
}

/// It kept no journal: what its events taught can be learned anew all the same.
#[track_caller]
fn check_what_it_learned(person: &Person) {
    assert_eq!(*person.journal, Journal::default());
    let mut again = person.types.clone();
    let all: BTreeSet<u32> = again.by_id.keys().copied().collect();
    let zone = chrono_tz::UTC;
    replay::rebuild(&mut again, &all, &person.events, &person.journal, zone);
    for (id, kind) in &person.types.by_id {
        let (old, new) = (&kind.hours, &again.by_id[id].hours);
        assert_eq!((old.score, old.confidence), (new.score, new.confidence));
        // Where the person put things is read again by today's rules, which count some for less.
        let placed = |placement: &[f32; 24]| placement.map(|at| at > 0.0);
        assert_eq!(placed(&old.placement), placed(&new.placement));
    }
}

/// Every kind of record that there was when the first release was complete; beside it what each
/// said, as it was exported then.
#[test]
fn every_kind_of_record_says_what_it_said() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let said = std::fs::read_to_string(fixtures.join("store-0.1.0-kinds.jsonl")).unwrap();
    let folder = copy_of("store-0.1.0-kinds");
    let store = Store::open(folder.path()).unwrap();
    let mut says = Vec::new();
    for one in store.principals().unwrap() {
        store.load(&one).unwrap();
        store.export(&one, &mut says).unwrap();
    }
    let records = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let about = ["chronotype-export", "end"];
        lines.filter(|l: &serde_json::Value| !about.iter().any(|kind| l["kind"] == *kind)).collect()
    };
    let said = records(&said);
    assert_eq!(records(&String::from_utf8(says).unwrap()), said);
    let kinds: BTreeSet<&str> = said.iter().filter_map(|record| record["kind"].as_str()).collect();
    assert!(kinds.len() >= 32, "{kinds:?}");
}

/// Of a release that is yet to come: it is not touched, and what helps is said.
#[test]
fn a_newer_store_is_refused_and_left_as_it_is() {
    let me = PrincipalId::new("jane").unwrap();
    let check = |what: &str, change: &dyn Fn(&sled::Db)| {
        let folder = copy_of("store-0.1.0");
        let records = |db: &sled::Db| db.iter().map(Result::unwrap).collect::<Vec<_>>();
        let db = sled::Config::new().path(folder.path()).segment_size(128 << 10).open().unwrap();
        change(&db);
        let before = records(&db);
        drop(db);
        let store = Store::open(folder.path()).unwrap();
        let error = store.load(&me).unwrap_err();
        assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
        let said = error.to_string();
        assert!(
            said.contains("a newer chronotype wrote this store") && said.contains(what),
            "{said}"
        );
        drop(store);
        let db = sled::Config::new().path(folder.path()).segment_size(128 << 10).open().unwrap();
        assert_eq!(records(&db), before);
    };
    check("version 2", &|db| {
        let (key, mut value) = db.iter().map(Result::unwrap).next().unwrap();
        value[0] = 2;
        db.insert(key, value).unwrap();
    });
    check("an unknown kind of record", &|db| {
        db.insert(b"jane\0\xf0", &[1]).unwrap();
    });
}
