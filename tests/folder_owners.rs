//! Folders of several people, looked after by one process with more rights than each of them: what
//! one of them links to is followed where it is her own, or where root made the link.

use crate::calendar_contract::{Kept, changed, event};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::Href;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ANN: u32 = 70_001;
const BOB: u32 = 70_002;

/// Her folder of calendars beside his, with one event each; `None` where this process may not give
/// files away, and so could not look into either.
fn neighbours() -> Option<TempDir> {
    let all = tempfile::tempdir().unwrap();
    for (who, user) in [("ann", ANN), ("bob", BOB)] {
        let work = all.path().join(who).join("work");
        fs::create_dir_all(&work).unwrap();
        fs::write(work.join("own.ics"), event(who, who)).unwrap();
        for path in [all.path().join(who), work.clone(), work.join("own.ics")] {
            match chown(&path, Some(user), None) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
                given => given.unwrap(),
            }
        }
    }
    Some(all)
}

/// A link that this user made.
fn link(user: u32, to: &str, at: &Path) {
    symlink(to, at).unwrap();
    lchown(at, Some(user), None).unwrap();
}

fn hers(all: &TempDir) -> (PathBuf, Vdir) {
    let folder = all.path().join("ann");
    (folder.clone(), Vdir::new("home", folder))
}

async fn named(account: &Vdir, name: &str) -> Collection {
    let found = account.collections().await.unwrap().into_iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

#[track_caller]
fn is_bent<T: std::fmt::Debug>(gave: Result<T, Error>) {
    let Err(Error::Refused(why)) = &gave else { panic!("{gave:?}") };
    assert!(why.contains("link of user 70001") && why.contains("user 70002"), "{why}");
    assert!(!why.contains("/proc/"), "{why}");
}

#[tokio::test]
async fn no_link_of_hers_reads_his_calendars() {
    let Some(all) = neighbours() else { return };
    let (folder, account) = hers(&all);
    link(ANN, "../bob/work", &folder.join("stolen"));
    link(ANN, "../../bob/work/own.ics", &folder.join("work/his.ics"));
    // On two ways at once: over a link of hers in the middle.
    link(ANN, "../bob", &folder.join("way"));
    link(ANN, "../way/work/own.ics", &folder.join("work/far.ics"));
    for name in ["stolen", "way"] {
        let stolen = named(&account, name).await;
        assert!(stolen.read_only);
        is_bent(account.changes(&stolen, None, &BTreeMap::new()).await);
        is_bent(account.read(&stolen, &Href::new("own.ics")).await);
        is_bent(account.create(&stolen, &Href::new("new.ics"), "x").await);
    }
    let work = named(&account, "work").await;
    let listing = account.changes(&work, None, &BTreeMap::new()).await.unwrap();
    assert_eq!(changed(&listing), ["own.ics"]);
    let problems: Vec<_> = listing.problems.iter().map(|(href, _)| href.as_str()).collect();
    assert_eq!(problems, ["far.ics", "his.ics"], "told, and nothing else suffers");
    is_bent(account.read(&work, &Href::new("his.ics")).await);
    is_bent(account.read(&work, &Href::new("far.ics")).await);
}

#[tokio::test]
async fn no_link_of_hers_has_blocks_written_into_his() {
    let Some(all) = neighbours() else { return };
    let (folder, account) = hers(&all);
    link(ANN, "../bob", &folder.join("chronotype"));
    is_bent(account.make_collection("chronotype").await);
    link(ANN, "../bob/work/own.ics", &folder.join("displayname"));
    assert_eq!(named(&account, "work").await.account, "home", "the rest goes on");
    assert_eq!(fs::read_dir(all.path().join("bob")).unwrap().count(), 1, "nothing of ours");
}

/// The folder that the config names, and an export, lie in what is hers to change.
#[tokio::test]
async fn nor_does_a_link_in_the_place_of_the_account() {
    let Some(all) = neighbours() else { return };
    let (folder, _) = hers(&all);
    link(ANN, "../bob", &folder.join("cal"));
    is_bent(Vdir::new("home", folder.join("cal")).collections().await);
    is_bent(Vdir::new("home", folder.join("cal/work")).collections().await);
    link(ANN, "../bob/work/own.ics", &folder.join("old.ics"));
    is_bent(Vdir::new("home", folder.join("old.ics")).collections().await);
    is_bent(Vdir::new("home", folder.join("cal/work/own.ics")).collections().await);
}

#[tokio::test]
async fn links_to_ones_own_and_links_of_root_go_on() {
    let Some(all) = neighbours() else { return };
    let (folder, account) = hers(&all);
    fs::rename(folder.join("work"), all.path().join("hers")).unwrap();
    link(ANN, "../hers", &folder.join("work"));
    symlink("../bob/work", folder.join("shared")).unwrap();
    for name in ["work", "shared"] {
        let one = named(&account, name).await;
        let listing = Kept::default().ask(&account, &one).await;
        assert_eq!(changed(&listing), ["own.ics"], "{name}");
        assert_eq!(listing.problems, vec![]);
    }
    let href = Href::new("new.ics");
    let work = named(&account, "work").await;
    assert!(!work.read_only);
    account.create(&work, &href, &event("new", "x")).await.unwrap();
    assert!(all.path().join("hers/new.ics").is_file());
}
