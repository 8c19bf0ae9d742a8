//! The store: what is committed is what is loaded, whatever happens in between.

mod old;
mod trial;
mod arbitrary;
mod said;
mod crash;
mod damage;
mod backup;
mod forget;
mod packing;
pub mod year;

use arbitrary::{embedding, person};
use chronotype::event::PrincipalId;
use chronotype::schedule::request::Ask;
use chronotype::store::{Part, Person, Store, StoreError};
use chronotype::task::{Embedding, Exemplar};
use proptest::prelude::*;

pub fn principal(name: &str) -> PrincipalId {
    PrincipalId::new(name).unwrap()
}

/// A person who differs from every other `turns`.
pub fn turned(turns: u64) -> Person {
    let now = chrono::DateTime::from_timestamp(1_772_000_000 + turns as i64 * 60, 0).unwrap();
    let ask = |number| Ask {
        number,
        title: format!("ask {number} of turn {turns}"),
        minutes: Some(turns as u32),
        deadline: now,
        asked_at: now,
    };
    Person {
        turns,
        last_turn: Some(now),
        asks: (0..20 + (turns % 30) as u32).map(ask).collect(),
        next_ask: turns as u32,
        ..Person::default()
    }
}

/// Equal but for the rounding of embeddings, which keep their direction.
fn assert_same(mut loaded: Person, mut meant: Person) {
    let (read, written) = (take_embeddings(&mut loaded), take_embeddings(&mut meant));
    assert_eq!(loaded, meant);
    for (read, written) in read.iter().zip(&written) {
        let own = written.cosine(written);
        assert!((read.cosine(written) - own).abs() < 1e-2, "{read:?} {written:?}");
        assert!((read.cosine(read) - own).abs() < 1e-2, "{read:?} {written:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_committed_is_loaded(states in prop::collection::vec(person(), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s")).unwrap();
        let (me, other) = (principal("me"), principal("me2"));
        store.commit(&other, &Person::default(), &turned(7)).unwrap();
        let mut before = Person::default();
        for after in states {
            store.commit(&me, &before, &after).unwrap();
            let loaded = store.load(&me).unwrap();
            assert_same(loaded.clone(), after);
            // What was read is written as the same bytes.
            let again = store.commit(&me, &Person::default(), &loaded).unwrap();
            store.commit(&me, &loaded, &loaded).unwrap();
            prop_assert_eq!(store.load(&me).unwrap(), loaded.clone());
            let shares = store.shares(&me).unwrap();
            prop_assert_eq!(shares.iter().map(|s| s.bytes).sum::<usize>() >= again.bytes, true);
            before = loaded;
        }
        store.commit(&me, &before, &Person::default()).unwrap();
        prop_assert_eq!(store.load(&me).unwrap(), Person::default());
        prop_assert_eq!(store.load(&other).unwrap(), turned(7));
    }

    #[test]
    fn embeddings_keep_their_angles(a in embedding(), b in embedding()) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s")).unwrap();
        let with = |e: &Embedding| Exemplar {
            title: String::new(), wording: String::new(), embedding: e.clone(), count: 1,
        };
        let mut person = year::person(0, 1);
        let first = person.types.by_id.values_mut().next().unwrap();
        first.exemplars = vec![with(&a), with(&b)];
        let me = principal("me");
        store.commit(&me, &Person::default(), &person).unwrap();
        let mut loaded = store.load(&me).unwrap();
        prop_assert_eq!(store.commit(&me, &loaded, &loaded.clone()).unwrap().written, 0);
        let read = take_embeddings(&mut loaded);
        prop_assert!((read[0].cosine(&read[1]) - a.cosine(&b)).abs() < 1e-2);
    }
}

#[test]
fn a_commit_writes_only_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s")).unwrap();
    let me = principal("me");
    let mut after = turned(3);
    store.commit(&me, &Person::default(), &after).unwrap();
    let before = store.load(&me).unwrap();
    assert_eq!(store.commit(&me, &before, &after).unwrap().written, 0);
    after.asks[2].title.push('!');
    let report = store.commit(&me, &before, &after).unwrap();
    assert_eq!((report.written, report.removed), (1, 0));
    let before = after.clone();
    after.asks.pop();
    let report = store.commit(&me, &before, &after).unwrap();
    assert_eq!((report.written, report.removed), (0, 1));
    assert_eq!(store.load(&me).unwrap(), after);
}

#[test]
fn times_alone_wait_for_the_disk_and_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let me = principal("me");
    let mut before = year::crowded(3);
    before.last_turn = Some(chrono::DateTime::UNIX_EPOCH);
    let mut later = before.clone();
    later.turns += 1;
    later.last_turn = Some(chrono::DateTime::from_timestamp(600, 0).unwrap());
    later.status.collections.values_mut().for_each(|c| c.listed_at = later.last_turn);
    let mut told = later.clone();
    told.status.collections.values_mut().for_each(|c| c.name.push('!'));

    let store = Store::open(&path).unwrap();
    assert!(store.commit(&me, &Person::default(), &before).unwrap().flushed);
    let report = store.commit(&me, &before, &later).unwrap();
    assert_eq!((report.written, report.flushed), (2, false), "the person and one collection");
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_same(store.load(&me).unwrap(), later.clone());
    assert!(store.commit(&me, &later, &told).unwrap().flushed, "a name is no time");
}

#[test]
fn a_glance_shows_one_part_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s")).unwrap();
    let me = principal("me");
    store.commit(&principal("me2"), &Person::default(), &year::person(3, 9)).unwrap();
    // More records than one piece holds, so that the way over a file is taken.
    store.commit(&me, &Person::default(), &year::person(2_500, 2)).unwrap();
    let whole = store.load(&me).unwrap();
    assert_eq!((whole.events.len(), whole.types.by_id.len()), (2_500, 2));
    let types = store.glance(&me, Part::Types).unwrap();
    assert_eq!((types.events.len(), types.types), (0, whole.types));
    assert_eq!(store.glance(&me, Part::Memory).unwrap().memory, whole.memory);
}

#[test]
fn nobody_sees_anothers_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s")).unwrap();
    let names = ["a", "ab", "a.b", "a-", "A", "a@b", "b"];
    for (turns, name) in (1..).zip(names) {
        store.commit(&principal(name), &Person::default(), &turned(turns)).unwrap();
    }
    for (turns, name) in (1..).zip(names) {
        assert_eq!(store.load(&principal(name)).unwrap(), turned(turns), "{name}");
        let mut text = Vec::new();
        store.export(&principal(name), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in text.lines().filter(|l| l.contains("\"ask\"")) {
            assert!(line.contains(&format!("of turn {turns}\"")), "{name}: {line}");
        }
    }
    let mut listed: Vec<_> = names.map(principal).to_vec();
    listed.sort();
    assert_eq!(store.principals().unwrap(), listed);
    assert!(PrincipalId::new("a\0").is_err() && PrincipalId::new("a\0b").is_err());

    store.forget(&principal("a")).unwrap();
    assert_eq!(store.load(&principal("a")).unwrap(), Person::default());
    assert_eq!(store.load(&principal("ab")).unwrap(), turned(2));
    assert_eq!(store.principals().unwrap().len(), names.len() - 1);
}

#[test]
fn a_second_opener_is_told_who_is_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let first = Store::open(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::Locked(p) if *p == path), "{error:?}");
    drop(first);
    Store::open(&path).unwrap();
}

#[test]
fn an_export_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s")).unwrap();
    let me = principal("me");
    let person = Person { turns: 1, ..year::person(5, 2) };
    store.commit(&me, &Person::default(), &person).unwrap();
    let mut text = Vec::new();
    store.export(&me, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["kind"], "chronotype-export");
    assert_eq!(lines[0]["format"], 2);
    let event = lines.iter().find(|l| l["kind"] == "event").unwrap();
    assert_eq!(event["span"]["timed"]["start"], "2026-01-05T09:00:00Z");
    assert_eq!(event["title"], "Planning session 0");
    for kind in ["meta", "types", "task_type", "exemplar", "event"] {
        assert!(lines.iter().any(|l| l["kind"] == kind), "{kind}");
    }
    assert!(!lines.iter().any(|l| l["kind"] == "unreadable"));
}

/// The embeddings of a person, in order, taken out of it.
fn take_embeddings(person: &mut Person) -> Vec<Embedding> {
    let exemplars = person.types.by_id.values_mut().flat_map(|t| &mut t.exemplars);
    let fetched = std::sync::Arc::make_mut(&mut person.vectors.by_title).values_mut();
    let all = exemplars.map(|e| &mut e.embedding).chain(fetched);
    all.map(|e| std::mem::replace(e, Embedding(Vec::new()))).collect()
}
