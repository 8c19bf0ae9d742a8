//! Forgetting for good: no file holds it, whatever happens in between.

use super::{principal, turned};
use chronotype::event::PrincipalId;
use chronotype::memory::forgotten::Forgotten;
use chronotype::memory::graph::{Draft, Graph, Kind, Node};
use chronotype::store::{Person, Store, StoreError, rewrite};
use std::fs;
use std::path::{Path, PathBuf};

/// Words that nothing else in a store holds.
const CANARY: &str = "quagga-okapi-zebu";

/// A person with an insight that was revised, so that an older text lies in the log.
fn keep(path: &Path, me: &PrincipalId) -> Person {
    let store = Store::open(path).unwrap();
    let mut before = Person::default();
    let mut after = turned(3);
    let draft = |text: &str| Draft {
        kind: Kind::WeakWeekday,
        about: vec![Node::Project(format!("{CANARY} project"))],
        sentence: format!("{CANARY} {text}"),
        evidence: Vec::new(),
        counts: (7, 9),
        confidence: 0.9,
        valid_from: chrono::DateTime::UNIX_EPOCH,
    };
    let now = after.last_turn.unwrap();
    for text in ["one", "two", "three"] {
        match after.memory.get(0) {
            None => drop(after.memory.add(draft(text), now)),
            Some(_) => after.memory.update(0, draft(text), now),
        }
        store.commit(me, &before, &after).unwrap();
        before = after.clone();
    }
    after.memory.add(Draft { sentence: "stays".into(), ..draft("x") }, now);
    after.memory.insights.get_mut(&(1, 1)).unwrap().about.clear();
    store.commit(me, &before, &after).unwrap();
    after
}

fn forget(graph: &mut Graph) {
    let gone = graph.erase(0);
    graph.forgotten.extend(Forgotten::of(&gone, [7; 16]));
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

/// Files that hold the canary. sled keeps values as they are (its compression is not built in), so
/// a file that holds one shows it.
fn holders(folder: &Path) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    };
    files(folder).into_iter().filter(holds).collect()
}

#[test]
fn what_is_forgotten_is_in_no_file_and_everything_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let (me, other) = (principal("me"), principal("me2"));
    Store::open(&path).unwrap().commit(&other, &Person::default(), &turned(5)).unwrap();
    let mut expected = keep(&path, &me);
    // A backup that an earlier repair set aside.
    fs::create_dir(folder.path().join("s.backup-1")).unwrap();
    for file in files(&path) {
        fs::copy(&file, folder.path().join("s.backup-1").join(file.file_name().unwrap())).unwrap();
    }
    assert!(holders(folder.path()).len() >= 2, "the test sees nothing to forget");
    rewrite(&path, &me, &forget).unwrap();
    assert_eq!(holders(folder.path()), Vec::<PathBuf>::new());
    forget(&mut expected.memory);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.load(&me).unwrap(), expected);
    assert_eq!(store.load(&other).unwrap(), turned(5));
    assert_eq!(expected.memory.get(1).unwrap().sentence, "stays");
    let backup = Store::open(&folder.path().join("s.backup-1")).unwrap();
    assert_eq!(backup.load(&me).unwrap().memory, expected.memory);
}

#[test]
fn a_store_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let me = principal("me");
    let kept = keep(&path, &me);
    let store = Store::open(&path).unwrap();
    let error = rewrite(&path, &me, &forget).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    assert_eq!(store.load(&me).unwrap(), kept);
}

/// Every state of the folders that a crash can leave.
#[test]
fn a_crash_in_between_leaves_the_old_or_the_new_store_whole() {
    let check = |crash: &dyn Fn(&Path, &Path)| {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("s"), folder.path().join("new"));
        let me = principal("me");
        let kept = keep(&path, &me);
        let mut edited = kept.clone();
        forget(&mut edited.memory);
        Store::open(&new).unwrap().commit(&me, &Person::default(), &edited).unwrap();
        crash(&path, &new);
        let found = Store::open(&path).unwrap().load(&me).unwrap();
        assert!(found == kept || found == edited, "{found:?}");
        let beside = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name());
        let beside: Vec<_> = beside.filter(|name| name != "s" && name != "new").collect();
        assert!(beside.is_empty(), "left beside it: {beside:?}");
        if found == edited {
            assert!(holders(&path).is_empty());
        }
    };
    let written = |path: &Path| path.with_file_name("s.forgetting-written");
    let read = |path: &Path| path.with_file_name("s.forgetting-read");
    // While it is written, half of it.
    check(&|path, _| {
        fs::create_dir(read(path)).unwrap();
        fs::write(read(path).join("db"), CANARY).unwrap();
        fs::create_dir(written(path)).unwrap();
        fs::write(written(path).join("db"), "half").unwrap();
    });
    // Written, not yet in its place.
    check(&|path, new| fs::rename(new, written(path)).unwrap());
    // In its place, the old one not yet removed.
    check(&|path, new| {
        fs::rename(path, written(path)).unwrap();
        fs::rename(new, path).unwrap();
    });
    // Between the two renames of a system that can't exchange.
    check(&|path, new| {
        fs::rename(new, written(path)).unwrap();
        fs::rename(path, read(path)).unwrap();
    });
}
