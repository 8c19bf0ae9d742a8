//! Snapshot files cut short or left over: opened again, with the damaged folder set aside.

use super::{principal, turned};
use chronotype::store::{Person, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

fn snapshots(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
    entries.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect()
}

fn check(damage: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let me = principal("me");
    let store = Store::open(&path).unwrap();
    store.commit(&me, &Person::default(), &turned(1)).unwrap();
    drop(store);
    // Opening an existing log writes a snapshot.
    drop(Store::open(&path).unwrap());
    assert!(!snapshots(&path).is_empty(), "no snapshot to damage");
    damage(&path);

    let (store, report) = Store::open_reporting(&path).unwrap();
    assert_eq!(store.load(&me).unwrap(), turned(1));
    let backup = report.recovered.expect("nothing was reported");
    assert_eq!(backup, folder.path().join("s.backup-1"));
    assert!(backup.join("db").exists());
    store.commit(&me, &turned(1), &turned(2)).unwrap();
    drop(store);
    let (store, report) = Store::open_reporting(&path).unwrap();
    assert_eq!(report.recovered, None);
    assert_eq!(store.load(&me).unwrap(), turned(2));
}

#[test]
fn a_truncated_snapshot() {
    for keep in [0, 7, 20] {
        check(|path| {
            for snapshot in snapshots(path) {
                let bytes = fs::read(&snapshot).unwrap();
                fs::write(&snapshot, &bytes[..keep.min(bytes.len())]).unwrap();
            }
        });
    }
}

#[test]
fn a_snapshot_with_flipped_bits() {
    check(|path| {
        for snapshot in snapshots(path) {
            let mut bytes = fs::read(&snapshot).unwrap();
            bytes.iter_mut().for_each(|b| *b ^= 0x55);
            fs::write(&snapshot, bytes).unwrap();
        }
    });
}

#[test]
fn a_leftover_of_a_snapshot_in_the_making() {
    check(|path| {
        for snapshot in snapshots(path) {
            let mut name = snapshot.clone().into_os_string();
            name.push(".generating");
            fs::write(name, b"half").unwrap();
        }
    });
}

#[test]
fn a_damaged_log_is_said_and_not_copied_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let me = principal("me");
    Store::open(&path).unwrap().commit(&me, &Person::default(), &turned(1)).unwrap();
    fs::write(path.join("conf"), b"no conf of sled").unwrap();
    for _ in 0..3 {
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    }
    let backups = fs::read_dir(folder.path()).unwrap().count() - 1;
    assert!(backups <= 1, "{backups} backups");
}
