//! What people and their programs keep in a folder of calendars: names, links, descriptions.

use crate::calendar_contract::{Kept, changed, event};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::Href;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;

fn odd(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

async fn only(account: &Vdir) -> Collection {
    let all = account.collections().await.unwrap();
    let [one] = all.as_slice() else { panic!("{all:?}") };
    one.clone()
}

#[tokio::test]
async fn every_name_a_person_gives_is_read_under_its_own_href() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let names = ["Zahnarzt.ics", "ZAHNARZT.ICS", "Dr. Ägir %41.Ics", "a\\b.ics", "会議.ics"];
    let mut all: Vec<OsString> = names.iter().map(OsString::from).collect();
    all.extend([odd(b"caf\xe9.ics"), odd(b"caf\xe8.ics")]);
    for (number, name) in all.iter().enumerate() {
        // The UID is not the file's name.
        let uid = format!("{number}@elsewhere");
        std::fs::write(work.join(name), event(&uid, "x")).unwrap();
    }
    for hidden in [".a.ics", ".#b.ics", "c.ics.tmp", "d.tmp", "e.ics~", "f.vcf", "README"] {
        std::fs::write(work.join(hidden), "BEGIN:VCALENDAR").unwrap();
    }
    std::fs::create_dir_all(work.join("nested/deeper.ics")).unwrap();
    std::fs::write(work.join("nested/g.ics"), event("g", "x")).unwrap();
    let account = Vdir::new("home", folder.path());
    let here = only(&account).await;
    let listing = Kept::default().ask(&account, &here).await;
    assert_eq!(listing.changed.len(), all.len());
    assert_eq!(listing.present.map(|all| all.len()), Some(all.len()));
    for fetched in &listing.changed {
        let read = account.read(&here, &fetched.href).await.unwrap();
        assert_eq!(read.as_ref(), Some(fetched), "{}", fetched.href);
    }
    let hrefs: Vec<&str> = listing.changed.iter().map(|one| one.href.as_str()).collect();
    assert!(hrefs.contains(&"/caf%E9.ics") && hrefs.contains(&"/caf%E8.ics"), "{hrefs:?}");
    // Another spelling of the same name is no second way in.
    for alias in ["/caf%e9.ics", "/Zahnarzt.ics", "/%5A.ics", "/%2Fcaf%E9.ics"] {
        let read = account.read(&here, &Href::new(alias)).await;
        assert!(matches!(read, Err(Error::Refused(_))), "{alias}: {read:?}");
    }
}

#[tokio::test]
async fn a_calendar_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in [odd(b"caf\xe9"), odd(b"caf\xe8"), "x".into()] {
        std::fs::create_dir(folder.path().join(&name)).unwrap();
        std::fs::write(folder.path().join(&name).join("a.ics"), event("a", "x")).unwrap();
    }
    std::fs::write(folder.path().join("x/displayname"), "  Büro \n").unwrap();
    let account = Vdir::new("home", folder.path());
    let all = account.collections().await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["caf\u{FFFD}", "caf\u{FFFD}", "Büro"]);
    assert_ne!(all[0].id, all[1].id);
    for one in &all {
        let listing = account.changes(one, None, &BTreeMap::new()).await.unwrap();
        assert_eq!(changed(&listing), ["a.ics"], "{}", one.id);
    }
}

#[tokio::test]
async fn links_are_followed_to_read_and_never_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let (cal, store) = (folder.path().join("cal"), folder.path().join("store"));
    std::fs::create_dir_all(cal.join("work")).unwrap();
    std::fs::create_dir_all(&store).unwrap();
    std::fs::write(store.join("kept"), event("kept", "x")).unwrap();
    symlink(&store, cal.join("linked")).unwrap();
    symlink("../../store/kept", cal.join("work/kept.ics")).unwrap();
    let account = Vdir::new("home", &cal);
    let all = account.collections().await.unwrap();
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["linked", "work"]);
    let mut kept = Kept::default();
    assert_eq!(changed(&kept.ask(&account, &all[1]).await), ["kept.ics"]);
    let href = Href::new("kept.ics");
    let etag = kept.known[&href].clone();
    let written = account.update(&all[1], &href, &etag, "x").await;
    assert!(matches!(written, Err(Error::Refused(_))), "{written:?}");
    let deleted = account.delete(&all[1], &href, &etag).await;
    assert!(matches!(deleted, Err(Error::Refused(_))), "{deleted:?}");
    assert!(cal.join("work/kept.ics").is_symlink());
    // What the link stands for is out of reach (a disk not mounted): that is no deletion.
    std::fs::rename(&store, folder.path().join("away")).unwrap();
    let listing = account.changes(&all[1], None, &kept.known).await.unwrap();
    assert_eq!(listing.present, Some(vec![href.clone()]));
    assert_eq!(listing.problems.first().map(|(href, _)| href), Some(&href));
    // The link itself removed: that is one.
    std::fs::remove_file(cal.join("work/kept.ics")).unwrap();
    let listing = account.changes(&all[1], None, &kept.known).await.unwrap();
    assert_eq!((listing.present, listing.problems), (Some(vec![]), vec![]));
}

/// A pipe is not waited for.
#[tokio::test]
async fn what_is_no_file_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.ics"), event("a", "x")).unwrap();
    for pipe in ["pipe.ics", "displayname"] {
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(pipe)).status();
        assert!(made.unwrap().success());
    }
    let account = Vdir::new("home", folder.path());
    let here = only(&account).await;
    assert_eq!(here.name, folder.path().file_name().unwrap().to_str().unwrap());
    assert_eq!(changed(&Kept::default().ask(&account, &here).await), ["a.ics"]);
    let read = account.read(&here, &Href::new("pipe.ics")).await;
    assert!(read.is_err(), "{read:?}");
}

#[tokio::test]
async fn a_calendar_of_ours_has_a_name_and_a_colour_and_theirs_keep_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let account = Vdir::new("home", root);
    let made = account.make_collection("chronotype").await.unwrap();
    assert_eq!((made.name.as_str(), made.href.as_str()), ("chronotype", "chronotype"));
    let text = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    assert_eq!(text("chronotype/displayname"), "chronotype");
    let colour = text("chronotype/color");
    let hex = colour.strip_prefix('#').unwrap();
    assert!(hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{colour}");
    // Renamed and painted by the person: it stays theirs, and is found by its folder.
    std::fs::write(root.join("chronotype/displayname"), "Vorschläge\n").unwrap();
    std::fs::write(root.join("chronotype/color"), "#000000\n").unwrap();
    let again = account.make_collection("chronotype").await.unwrap();
    assert_eq!((again.id, again.name.as_str()), (made.id, "Vorschläge"));
    assert_eq!(text("chronotype/displayname"), "Vorschläge\n");
    assert_eq!(text("chronotype/color"), "#000000\n");
    // A folder the person made is left as it is.
    std::fs::create_dir(root.join("mine")).unwrap();
    account.make_collection("mine").await.unwrap();
    assert_eq!(std::fs::read_dir(root.join("mine")).unwrap().count(), 0);
    assert_eq!(left_over(root), 0);
}

/// Files of ours that are no calendar's.
fn left_over(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count()
}
