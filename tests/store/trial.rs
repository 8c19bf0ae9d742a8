//! Copies to try things on: nobody else looks into them, none outlives who made it, and the store
//! itself stays as it was.

use super::{principal, turned};
use chronotype::store::{Person, Store};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What lies beside a store.
fn beside(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(store.parent().unwrap()).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path != store).collect()
}

#[test]
fn a_copy_is_its_owners_alone_and_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, me) = (folder.path().join("s"), principal("me"));
    Store::open(&path).unwrap().commit(&me, &Person::default(), &turned(3)).unwrap();
    let copy = Store::open_copy(&path).unwrap();
    assert_eq!(copy.load(&me).unwrap(), turned(3));
    let [trial] = beside(&path).try_into().unwrap();
    assert!(trial.display().to_string().contains("/s.trial-"), "{trial:?}");
    assert_eq!(mode(&trial), 0o700);
    // Others that open the store leave it, for it is in use.
    drop(Store::open(&path).unwrap());
    assert!(trial.exists());
    drop(copy);
    assert_eq!(beside(&path), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_process_left_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    drop(Store::open(&path).unwrap());
    for left in ["s.trial-abcdef", "s.trial-empty"] {
        fs::create_dir(folder.path().join(left)).unwrap();
    }
    fs::write(folder.path().join("s.trial-abcdef/db"), "quagga").unwrap();
    // Not ours by its name, or by its making.
    fs::create_dir(folder.path().join("s.trials")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("kept"), "x").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("s.trial-link")).unwrap();
    drop(Store::open(&path).unwrap());
    let mut left: Vec<_> =
        beside(&path).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
    left.sort();
    assert_eq!(left, ["s.trial-link", "s.trials"]);
    assert!(elsewhere.path().join("kept").exists());
}

/// A commit that a crash broke off is taken over by the store, not by a copy of it.
#[test]
fn a_dry_run_takes_no_commit_away() {
    let folder = tempfile::tempdir().unwrap();
    let (path, me) = (folder.path().join("s"), principal("me"));
    Store::open(&path).unwrap().commit(&me, &Person::default(), &turned(3)).unwrap();
    // Its version; a key of three bytes, to be removed.
    let pending = [&[1, 3, 0, 0, 0][..], b"abc", &[0xFF; 4]].concat();
    fs::write(path.join("pending-me"), pending).unwrap();
    let copy = Store::open_copy(&path).unwrap();
    assert_eq!(copy.load(&me).unwrap(), turned(3));
    drop(copy);
    assert!(path.join("pending-me").exists(), "still to be taken over");
    assert_eq!(Store::open(&path).unwrap().load(&me).unwrap(), turned(3));
    assert!(!path.join("pending-me").exists());
}

#[test]
fn a_store_that_stands_open_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    drop(Store::open(&path).unwrap());
    let backup = folder.path().join("s.backup-1");
    fs::create_dir(&backup).unwrap();
    for one in [&path, &backup] {
        fs::set_permissions(one, fs::Permissions::from_mode(0o755)).unwrap();
    }
    drop(Store::open(&path).unwrap());
    assert_eq!((mode(&path), mode(&backup)), (0o700, 0o700));
}

/// In a folder where many may make things, what bears our names need not be ours.
#[test]
fn what_others_put_beside_or_into_a_store_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, theirs) = (folder.path().join("s"), folder.path().join("theirs"));
    drop(Store::open(&theirs).unwrap());
    let written = folder.path().join("s.forgetting-written");
    std::os::unix::fs::symlink(&theirs, &written).unwrap();
    let refused = Store::open(&path).unwrap_err().to_string();
    assert!(refused.contains("is not of our making"), "{refused}");
    fs::remove_file(&written).unwrap();
    fs::rename(&theirs, &written).unwrap();
    if std::os::unix::fs::chown(&written, Some(70_001), None).is_ok() {
        assert!(Store::open(&path).is_err());
        std::os::unix::fs::chown(&written, Some(rustix::process::geteuid().as_raw()), None)
            .unwrap();
    }
    drop(Store::open(&path).unwrap());
    assert!(path.exists() && !written.exists(), "our own takes its place");
    fs::write(folder.path().join("secret"), "x").unwrap();
    std::os::unix::fs::symlink("../secret", path.join("snap.link")).unwrap();
    let refused = Store::open_copy(&path).unwrap_err().to_string();
    assert!(refused.contains("is no file"), "{refused}");
}
