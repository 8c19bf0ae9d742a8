//! Changes in folders are told by themselves. The tests wait for them and measure nothing.

use crate::calendar_contract::event;
use chronotype::calendar::vdir::{Change, Watcher};
use std::path::Path;
use std::time::Duration;

/// Far longer than it ever takes.
const LIMIT: Duration = Duration::from_secs(60);

async fn told(watcher: &mut Watcher) -> Change {
    tokio::time::timeout(LIMIT, watcher.changed()).await.expect("a change is told")
}

/// The collections told; `None` = all of them.
async fn names(watcher: &mut Watcher) -> Option<Vec<String>> {
    let change = told(watcher).await;
    assert_eq!(change.account, "home");
    change.collections.map(|all| all.iter().map(|id| id.as_str().to_owned()).collect())
}

/// Waits for a change that names all of these, or everything; a slow machine may tell in parts.
async fn told_of(watcher: &mut Watcher, wanted: &[&str]) {
    let mut missing: Vec<&str> = wanted.to_vec();
    while !missing.is_empty() {
        match names(watcher).await {
            None => return,
            Some(all) => missing.retain(|name| !all.iter().any(|one| one == name)),
        }
    }
}

async fn told_of_everything(watcher: &mut Watcher) {
    while names(watcher).await.is_some() {}
}

fn put(folder: &Path, name: &str) {
    let beside = folder.join(format!(".{name}.tmp"));
    std::fs::write(&beside, event(name, "x")).unwrap();
    std::fs::rename(&beside, folder.join(name)).unwrap();
}

#[tokio::test]
async fn what_other_programs_write_is_told_by_collection() {
    let folder = tempfile::tempdir().unwrap();
    let (work, home) = (folder.path().join("work"), folder.path().join("home"));
    std::fs::create_dir(&work).unwrap();
    std::fs::create_dir(&home).unwrap();
    std::fs::write(work.join("old.ics"), event("old", "x")).unwrap();
    let mut watcher = Watcher::new("home", folder.path()).unwrap();
    put(&work, "a.ics");
    assert_eq!(names(&mut watcher).await.unwrap(), ["home/work"]);
    // Ten renames over the same name: a watch on the file would be gone by now.
    for _ in 0..10 {
        put(&work, "a.ics");
    }
    std::fs::remove_file(work.join("old.ics")).unwrap();
    std::fs::write(home.join("displayname"), "Home").unwrap();
    told_of(&mut watcher, &["home/work", "home/home"]).await;
    std::fs::write(folder.path().join("x.ics"), event("x", "x")).unwrap();
    told_of(&mut watcher, &["home/."]).await;
    assert!(watcher.blind().is_none());
}

#[tokio::test]
async fn reading_and_writes_under_way_are_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir_all(work.join("nested")).unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    put(&work, "a.ics");
    let mut watcher = Watcher::new("home", folder.path()).unwrap();
    for _ in 0..50 {
        std::fs::read(work.join("a.ics")).unwrap();
        std::fs::read_dir(&work).unwrap().count();
    }
    for quiet in [".chronotype-1.tmp", "b.ics.tmp", "README", ".hidden.ics", "nested/c.ics"] {
        std::fs::write(work.join(quiet), "x").unwrap();
    }
    std::fs::write(folder.path().join(".git/HEAD"), "x").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    // The first thing told is what comes last, and nothing but that.
    std::fs::create_dir(folder.path().join("second")).unwrap();
    told_of_everything(&mut watcher).await;
    put(&folder.path().join("second"), "d.ics");
    assert_eq!(names(&mut watcher).await.unwrap(), ["home/second"]);
}

#[tokio::test]
async fn folders_may_come_go_and_come_again() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().join("not/yet/calendars");
    let mut watcher = Watcher::new("home", &root).unwrap();
    std::fs::create_dir_all(root.join("work")).unwrap();
    told_of_everything(&mut watcher).await;
    put(&root.join("work"), "a.ics");
    told_of(&mut watcher, &["home/work"]).await;
    for _ in 0..3 {
        // The same name, perhaps even the same inode: another folder.
        std::fs::remove_dir_all(root.join("work")).unwrap();
        std::fs::create_dir(root.join("work")).unwrap();
        told_of_everything(&mut watcher).await;
        put(&root.join("work"), "a.ics");
        told_of(&mut watcher, &["home/work"]).await;
    }
    std::fs::rename(root.join("work"), root.join("later")).unwrap();
    std::fs::create_dir(root.join("work")).unwrap();
    told_of_everything(&mut watcher).await;
    put(&root.join("later"), "b.ics");
    told_of(&mut watcher, &["home/later"]).await;
    put(&root.join("work"), "b.ics");
    told_of(&mut watcher, &["home/work"]).await;
    // All of it, with the folders above, and once more.
    std::fs::remove_dir_all(above.path().join("not")).unwrap();
    told_of_everything(&mut watcher).await;
    std::fs::create_dir_all(root.join("work")).unwrap();
    told_of_everything(&mut watcher).await;
    put(&root.join("work"), "c.ics");
    told_of(&mut watcher, &["home/work"]).await;
}

#[tokio::test]
async fn more_than_fits_is_told_as_everything() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let mut watcher = Watcher::new("home", folder.path()).unwrap();
    for number in 0..2_000 {
        put(&work, &format!("{number}.ics"));
    }
    told_of_everything(&mut watcher).await;
    put(&work, "after.ics");
    told_of(&mut watcher, &["home/work"]).await;
}

/// An export is replaced by the program that exports.
#[tokio::test]
async fn an_export_is_watched_through_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "export.ics");
    let mut watcher = Watcher::new("home", folder.path().join("export.ics")).unwrap();
    for _ in 0..3 {
        put(folder.path(), "other.ics");
        put(folder.path(), "export.ics");
        told_of_everything(&mut watcher).await;
    }
}

/// Two names for one folder: the system tells one of them only.
#[tokio::test]
async fn a_calendar_with_two_names_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("work")).unwrap();
    std::os::unix::fs::symlink("work", folder.path().join("alias")).unwrap();
    let mut watcher = Watcher::new("home", folder.path()).unwrap();
    put(&folder.path().join("work"), "a.ics");
    told_of(&mut watcher, &["home/work", "home/alias"]).await;
}
