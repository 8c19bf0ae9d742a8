//! An export, back into a store: the same person, or nothing.

use super::arbitrary::person;
use super::{principal, turned, year};
use chronotype::store::{Backup, ImportError, Over, Person, Store, StoreError};
use proptest::prelude::*;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s")).unwrap();
    (folder, store)
}

fn exported(store: &Store, who: &str) -> String {
    let mut text = Vec::new();
    store.export(&principal(who), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn read(text: &str) -> Result<Backup, ImportError> {
    Backup::read(&principal("me"), text.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_exported_is_taken_up(all in person()) {
        let ((_one, first), (_two, second)) = (store(), store());
        first.commit(&principal("me"), &Person::default(), &all).unwrap();
        let text = exported(&first, "me");
        let backup = read(&text).unwrap();
        prop_assert_eq!(&backup.person, &first.load(&principal("me")).unwrap());
        second.restore(&principal("me"), &backup, Over::Nothing).unwrap();
        prop_assert_eq!(exported(&second, "me"), text);
    }

    /// Whatever happens to a file, it is taken up whole or not at all.
    #[test]
    fn a_file_that_was_cut_off_is_refused(all in person(), at in 0.0..1.0) {
        let (_folder, store) = store();
        store.commit(&principal("me"), &Person::default(), &all).unwrap();
        let text = exported(&store, "me");
        let mut at = ((text.len() - 1) as f64 * at) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        // All but the end of the last line is all.
        prop_assert!(read(&text[..at]).is_err(), "{}", &text[..at]);
        let lines: Vec<&str> = text.lines().collect();
        let lost = 1 + at % (lines.len() - 1);
        let rest: Vec<&str> = [&lines[..lost], &lines[lost + 1..]].concat();
        prop_assert!(read(&rest.join("\n")).is_err(), "without line {lost}");
    }
}

#[test]
fn each_refusal_says_which_line_and_why() {
    let (_folder, store) = store();
    store.commit(&principal("me"), &Person::default(), &year::person(4, 2)).unwrap();
    let text = exported(&store, "me");
    let check = |from: &str, to: &str, said: &str| {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from}");
        assert_eq!(read(&broken).unwrap_err().to_string(), said);
    };
    check("\"chronotype-export\"", "\"else\"", &ImportError::NotAnExport.to_string());
    check("\"format\":2", "\"format\":3", &ImportError::Newer(3).to_string());
    check("\"principal\":\"me\"", "\"principal\":\"you\"", "it is an export of you");
    let line = 1 + text.lines().position(|l| l.contains("\"kind\":\"event\"")).unwrap();
    let at = |what: &str| format!("line {line}: {what}");
    check(
        "\"kind\":\"event\"",
        "\"kind\":\"dream\"",
        &at("a record of a kind that only a later release knows"),
    );
    check("\"kind\":\"event\"", "\"sort\":\"event\"", &at("it does not say of what kind it is"));
    let damaged = "the store is damaged: a record of kind 'event' can't be read";
    check("\"busy\":true", "\"busy\":\"Planning\"", &at(damaged));
    check("\"busy\":true", "\"busy\":true}", &at("it is no JSON, or only the beginning of it"));
    let twice = format!("{text}{text}");
    assert!(read(&twice).unwrap_err().to_string().contains("behind the end"));
    assert_eq!(read("").unwrap_err().to_string(), ImportError::NotAnExport.to_string());
}

#[test]
fn exports_of_the_first_format_have_no_end_and_are_taken_up() {
    let (_folder, store) = store();
    store.commit(&principal("me"), &Person::default(), &year::person(4, 2)).unwrap();
    let text = exported(&store, "me").replace("\"format\":2", "\"format\":1");
    let mut lines: Vec<&str> = text.lines().collect();
    assert!(lines.pop().unwrap().contains("\"end\""));
    lines.push("{\"kind\":\"unreadable\",\"why\":\"it was broken\"}");
    let backup = read(&lines.join("\n")).unwrap();
    assert_eq!((backup.unreadable, backup.is_counted), (1, false));
    assert_eq!(backup.person, store.load(&principal("me")).unwrap());
}

#[test]
fn nothing_is_written_over_without_a_word_and_nobody_else_is_touched() {
    let (_folder, store) = store();
    for who in ["me", "me2"] {
        store.commit(&principal(who), &Person::default(), &turned(7)).unwrap();
    }
    let backup = Backup { person: year::person(4, 2), records: 0, unreadable: 0, is_counted: true };
    let refused = store.restore(&principal("me"), &backup, Over::Nothing);
    assert!(matches!(refused, Err(ImportError::Kept)), "{refused:?}");
    assert_eq!(store.load(&principal("me")).unwrap(), turned(7));
    store.restore(&principal("me"), &backup, Over::Everything).unwrap();
    assert_eq!(store.load(&principal("me")).unwrap().events.len(), 4);
    assert_eq!(store.load(&principal("me")).unwrap().asks, [], "what was kept is gone");
    assert_eq!(store.load(&principal("me2")).unwrap(), turned(7));
}

/// Who borrowed the records hands the import on, or nothing is taken up.
#[test]
fn a_borrower_restores_where_the_records_lie() {
    let (_folder, store) = store();
    let me = principal("me");
    let (owner, whose) = (store.clone(), me.clone());
    let send =
        move |changes: &[u8]| owner.take_back(&whose, changes).map_err(std::io::Error::other);
    let records = store.lend(&me).unwrap();
    let borrowed = Store::borrowed(&records, Some(std::sync::Arc::new(send))).unwrap();
    let person = year::person(4, 2);
    let backup = Backup { person, records: 0, unreadable: 0, is_counted: true };
    borrowed.restore(&me, &backup, Over::Nothing).unwrap();
    assert_eq!(exported(&borrowed, "me"), exported(&store, "me"));
    assert_eq!(store.load(&me).unwrap().events.len(), 4);
    let refuses = |_: &[u8]| Err(std::io::Error::other("no"));
    let borrowed = Store::borrowed(&[], Some(std::sync::Arc::new(refuses))).unwrap();
    let refused = borrowed.restore(&me, &backup, Over::Nothing);
    assert!(matches!(refused, Err(ImportError::Store(StoreError::Io { .. }))), "{refused:?}");
}
