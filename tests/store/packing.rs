//! A store that much is written to stays as small as what it holds.

use super::{principal, turned, year};
use chronotype::store::{Person, Store, StoreError, pack};

/// People with crowded calendars, most of which were emptied: sled's files stay as long as they
/// were.
fn emptied(store: &Store, people: &[&str]) -> Vec<Person> {
    let live = |who: &&str| {
        let (me, full, rest) = (principal(who), year::crowded(2_000), year::crowded(400));
        store.commit(&me, &Person::default(), &full).unwrap();
        store.commit(&me, &full, &rest).unwrap();
        store.load(&me).unwrap()
    };
    people.iter().map(live).collect()
}

#[test]
fn much_air_goes_and_everybody_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = Store::open(&path).unwrap();
    let kept = emptied(&store, &["me", "you"]);
    assert!(matches!(pack(&path), Err(StoreError::Locked(_))), "somebody has it open");
    drop(store);
    let done = pack(&path).unwrap();
    assert!(done.before > 3 * done.payload, "there is no air to begin with: {done:?}");
    assert!(done.after <= 3 * done.payload, "{done:?}");
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is left beside it: {beside:?}");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.load(&principal("me")).unwrap(), kept[0]);
    assert_eq!(store.load(&principal("you")).unwrap(), kept[1]);
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
