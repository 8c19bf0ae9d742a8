//! Folders and exports: what they hide, guard and never miss.

use crate::calendar_contract::{Kept, changed, event};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::Href;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn an_export_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.ics");
    let latin = b"BEGIN:VCALENDAR\r\nX-NAME:caf\xe9\r\nEND:VCALENDAR\r\n";
    std::fs::write(&file, latin).unwrap();
    let account = Vdir::new("export", &file);
    let all = account.collections().await.unwrap();
    let [old] = all.as_slice() else { panic!("{all:?}") };
    assert!(old.read_only && old.name == "old");
    let listing = account.changes(old, None, &BTreeMap::new()).await.unwrap();
    assert_eq!(changed(&listing), ["old.ics"]);
    assert!(listing.changed[0].body.contains("café"));
    let href = account.href_for(old, "chronotype-1");
    let refused = account.create(old, &href, "").await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert!(matches!(account.make_collection("x").await, Err(Error::Refused(_))));
    assert_eq!(std::fs::read(&file).unwrap(), latin);
}

#[tokio::test]
async fn folders_hide_and_guard() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cal");
    let missing = Vdir::new("home", &root).collections().await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    std::fs::create_dir_all(root.join(".git")).unwrap();
    std::fs::create_dir(root.join("work")).unwrap();
    std::fs::write(root.join("work/displayname"), "Arbeit\n").unwrap();
    for name in ["a.ics", ".hidden.ics", "b.tmp", "c.ics.tmp", "B.ICS"] {
        std::fs::write(root.join("work").join(name), event(name, "x")).unwrap();
    }
    std::fs::create_dir(root.join("work/folder.ics")).unwrap();
    std::fs::write(folder.path().join("secret.ics"), "secret").unwrap();
    let account = Vdir::new("home", &root);
    let all = account.collections().await.unwrap();
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Arbeit"]);
    let listing = account.changes(&all[0], None, &BTreeMap::new()).await.unwrap();
    assert_eq!(changed(&listing), ["B.ICS", "a.ics"]);
    for href in ["../secret.ics", "../../secret.ics", "/etc/passwd.ics", "..", "", "a.ics/x.ics"] {
        let read = account.read(&all[0], &Href::new(href)).await;
        assert!(matches!(read, Err(Error::Refused(_))), "{href}: {read:?}");
        let written = account.create(&all[0], &Href::new(href), "x").await;
        assert!(matches!(written, Err(Error::Refused(_))), "{href}: {written:?}");
    }
    let outside = Collection { href: Href::new(".."), ..all[0].clone() };
    assert!(account.changes(&outside, None, &BTreeMap::new()).await.is_err());
    let made = account.make_collection("../up/and away").await.unwrap();
    assert_eq!(made.name, "../up/and away");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing outside");
}

/// A second edit that leaves size and times as they were is still seen.
#[tokio::test]
async fn no_edit_hides_behind_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ics");
    std::fs::write(&file, event("a", "One")).unwrap();
    let account = Vdir::new("home", folder.path());
    let here = account.collections().await.unwrap().remove(0);
    let mut kept = Kept::default();
    assert_eq!(kept.ask(&account, &here).await.changed.len(), 1);
    let times = std::fs::metadata(&file).unwrap().modified().unwrap();
    edit(&file, "Two", times);
    assert_eq!(changed(&kept.ask(&account, &here).await), ["a.ics"]);
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    assert_eq!(kept.ask(&account, &here).await.changed.len(), 1, "told once more, of age");
    assert_eq!(kept.ask(&account, &here).await.changed.len(), 0, "and then no more");
    edit(&file, "Six", times);
    assert_eq!(changed(&kept.ask(&account, &here).await), ["a.ics"]);
}

fn edit(file: &Path, summary: &str, times: std::time::SystemTime) {
    std::fs::write(file, event("a", summary)).unwrap();
    std::fs::File::options().write(true).open(file).unwrap().set_modified(times).unwrap();
}
