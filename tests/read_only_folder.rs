//! Folders that can't be written to: known before, never chosen for blocks, and said clearly.

use crate::calendar_contract::event;
use crate::support::binary::{self, Binary};
use crate::support::person::{Gave, Person, sample_objects};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Error};
use chronotype::event::Href;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A mode without write bits is the person's word: even root, whom the system lets, keeps to it.
#[tokio::test]
async fn a_folder_without_write_bits_is_read_only_even_for_root() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["work", "chronotype"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("a.ics"), event("a", "x")).unwrap();
    }
    set_mode(&folder.path().join("chronotype"), 0o555);
    let account = Vdir::new("home", folder.path());
    let all = account.collections().await.unwrap();
    assert_eq!(all.iter().map(|one| one.read_only).collect::<Vec<_>>(), [true, false]);
    let made = account.make_collection("chronotype").await;
    assert!(matches!(&made, Err(Error::Refused(why)) if why.contains("read-only")), "{made:?}");
    let href = Href::new("b.ics");
    let written = account.create(&all[0], &href, &event("b", "x")).await;
    assert!(matches!(&written, Err(Error::Refused(w)) if w.contains("read-only")), "{written:?}");
    account.create(&all[1], &href, &event("b", "x")).await.unwrap();
    let read = account.read(&all[0], &Href::new("a.ics")).await.unwrap();
    let etag = read.unwrap().etag.unwrap();
    let deleted = account.delete(&all[0], &Href::new("a.ics"), &etag).await;
    assert!(matches!(deleted, Err(Error::Refused(_))), "{deleted:?}");
    set_mode(&folder.path().join("chronotype"), 0o755);
}

/// Runs the binary with `cal` mounted read-only, in a mount namespace of its own; `None` where the
/// system allows no such namespace.
fn on_a_read_only_mount(person: &Person, now: &str, args: &[&str]) -> Option<Gave> {
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" \
         && echo mounted >&2 \
         && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(person.path("cal"))
        .arg(binary::PATH)
        .arg("--config")
        .arg(person.path("config.toml"))
        .args(["--now", &format!("2026-03-{now}:00Z")])
        .args(args);
    let output = Binary::started_by(command).try_output()?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    let err = err.strip_prefix("mounted\n")?.to_owned();
    Some(Gave { code: output.status.code(), out, err })
}

/// Without a namespace the folder has no write bits instead, which is less: then only the mode is
/// tried, and not the mount. That is said.
#[expect(clippy::print_stderr, reason = "what is not tried is said")]
fn read_only(person: &Person, now: &str, args: &[&str]) -> Gave {
    on_a_read_only_mount(person, now, args).unwrap_or_else(|| {
        eprintln!("no mount namespace here: a folder without write bits stands for the mount");
        set_mode(&person.path("cal/work"), 0o555);
        set_mode(&person.path("cal"), 0o555);
        let gave = person.run(now, args);
        set_mode(&person.path("cal"), 0o755);
        set_mode(&person.path("cal/work"), 0o755);
        gave
    })
}

fn fill(person: &Person) {
    for (name, text) in sample_objects() {
        std::fs::write(person.path("cal/work").join(name), text).unwrap();
    }
}

#[test]
fn a_read_only_mount_is_read_and_gets_no_blocks() {
    let keys = "kind = \"vdir\"\npath = \"{home}/cal\"";
    let person = Person::with_account(keys);
    std::fs::create_dir_all(person.path("cal/work")).unwrap();
    fill(&person);
    let gave = read_only(&person, "02T06:00", &["sync"]);
    assert_eq!(gave.code, Some(0), "{}{}", gave.out, gave.err);
    assert!(gave.out.starts_with("1 calendar read"), "{}", gave.out);
    assert!(!gave.err.contains("could not be written"), "never tried: {}", gave.err);
    let status = person.ok("02T06:00", &["status"]);
    assert!(status.out.contains("read-only"), "{}", status.out);
    assert!(!person.path("cal/chronotype").exists());
}

/// The person named it for blocks all the same: each turn says why none gets there.
#[test]
fn blocks_that_have_nowhere_to_go_say_why() {
    let person = Person::with_folder();
    fill(&person);
    let gave = read_only(&person, "02T06:00", &["sync"]);
    assert_eq!(gave.code, Some(0), "{}{}", gave.out, gave.err);
    assert!(gave.err.contains("a block could not be written: "), "{}", gave.err);
    let whys = ["read-only", "no permission"];
    assert!(whys.iter().any(|why| gave.err.contains(why)), "{}", gave.err);
    // Mended: the blocks go out.
    person.ok("02T06:30", &["sync"]);
    assert!(person.path("cal/chronotype/displayname").exists());
}
