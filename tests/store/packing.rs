//! A store that much is written to stays as small as what it holds.

use super::{principal, turned, year};
use chronotype::store::{Person, Store, StoreError, pack};
use std::sync::Arc;

/// Days of turns over a calendar: each touches a few events, and what was seen of the calendar.
fn lived_in(store: &Store, people: &[&str], turns: usize) -> Vec<Person> {
    let live = |who: &&str| {
        let me = principal(who);
        let mut before = Person::default();
        let mut after = year::person(400, 6);
        for turn in 0..turns {
            let events = Arc::make_mut(&mut after.events);
            events.values_mut().skip(turn * 7 % 400).take(3).for_each(|e| e.sequence += 1);
            after.turns += 1;
            store.commit(&me, &before, &after).unwrap();
            before = after.clone();
        }
        store.load(&me).unwrap()
    };
    people.iter().map(live).collect()
}

#[test]
fn much_air_goes_and_everybody_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = Store::open(&path).unwrap();
    let lived = lived_in(&store, &["me", "you"], 600);
    assert!(matches!(pack(&path), Err(StoreError::Locked(_))), "somebody has it open");
    drop(store);
    let done = pack(&path).unwrap();
    assert!(done.before > 3 * done.payload, "there is no air to begin with: {done:?}");
    assert!(done.after <= 3 * done.payload, "{done:?}");
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is left beside it: {beside:?}");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.load(&principal("me")).unwrap(), lived[0]);
    assert_eq!(store.load(&principal("you")).unwrap(), lived[1]);
    drop(store);
    let again = pack(&path).unwrap();
    assert_eq!(again.after, again.before, "it is left as it is: {again:?}");
}

#[test]
fn a_small_store_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = Store::open(&path).unwrap();
    store.commit(&principal("me"), &Person::default(), &turned(7)).unwrap();
    drop(store);
    let done = pack(&path).unwrap();
    assert_eq!(done.after, done.before, "{done:?}");
    assert_eq!(Store::open(&path).unwrap().load(&principal("me")).unwrap(), turned(7));
}
