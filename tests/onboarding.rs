//! `chronotype init` without a terminal: every question has an option, nothing is written but a
//! config, and never over one.

use crate::support::binary::binary;
use crate::support::person::sample_objects;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// A Monday of the sample calendar with weeks behind it and events ahead.
pub const NOW: &str = "2026-02-16T06:00:00Z";

/// A home with the sample calendar in `calendars/work`, and no config.
pub struct Home(pub TempDir);

struct Gave {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Home {
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let folder = home.path("calendars/work");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, body) in sample_objects() {
            std::fs::write(folder.join(name), body).unwrap();
        }
        home
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn config(&self) -> PathBuf {
        self.path(".config/chronotype/config.toml")
    }

    fn run(&self, args: &[&str]) -> Gave {
        let binary = binary().home(self.0.path()).env("TZ", "Europe/Berlin");
        let output = binary.args(["--now", NOW]).args(args).output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Gave { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Every file below the home, by its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                match entry.is_dir() {
                    true => folders.push(entry),
                    false => drop(found.insert(entry.clone(), std::fs::read(&entry).unwrap())),
                }
            }
        }
        found
    }
}

#[test]
fn one_call_makes_a_config_and_touches_nothing_else() {
    let home = Home::new();
    let before = home.files();
    let gave = home.run(&["init", "--yes", "--role", "engineer", "--calendar", "~/calendars"]);
    assert_eq!(gave.code, Some(0), "{}", gave.err);
    assert!(gave.out.contains("What it makes of your history"), "{}", gave.out);
    assert!(gave.out.contains("Nothing has been written yet."), "{}", gave.out);
    assert!(gave.err.contains("Next: `chronotype sync`"), "{}", gave.err);
    let mut after = home.files();
    let config = String::from_utf8(after.remove(&home.config()).unwrap()).unwrap();
    assert!(after == before, "a config, and nothing else");
    assert_eq!(std::fs::metadata(home.config()).unwrap().permissions().mode() & 0o777, 0o600);
    for line in chronotype::config::TEMPLATE.lines() {
        assert!(config.contains(line), "the comment is missing: {line}");
    }
    let shown = home.run(&["config", "show", "--json"]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["person"]["role"], "engineer");
    let starters = shown["starter"].as_array().unwrap();
    assert_eq!((starters.len(), &starters[0]["title"]), (3, &"Focused coding".into()));
    assert_eq!(shown["account"][0]["kind"], "vdir");

    let dry = home.run(&["sync", "--dry-run", "--json"]);
    let dry: Value = serde_json::from_str(&dry.out).unwrap();
    assert!(dry["events"].as_u64().unwrap() > 100, "{dry}");
}

#[test]
fn a_config_that_is_there_is_kept() {
    let home = Home::new();
    std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    std::fs::write(home.config(), "# mine\n").unwrap();
    let call = ["init", "--yes", "--calendar", "~/calendars"];
    let gave = home.run(&call);
    assert_eq!(gave.code, Some(1));
    assert!(gave.err.contains("there is a config already") && gave.err.contains("--force"));
    assert_eq!(std::fs::read_to_string(home.config()).unwrap(), "# mine\n");
    let gave = home.run(&[&call[..], &["--force", "--json"]].concat());
    assert_eq!(gave.code, Some(0), "{}", gave.err);
    let said: Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!(said["looked"]["calendars"], serde_json::json!(["work"]));
    assert!(!said["looked"]["would_suggest"].is_null() && said["role"].is_null());
    let config = std::fs::read_to_string(home.config()).unwrap();
    assert!(config.contains("path = \"~/calendars\"") && !config.contains("\n[[starter]]"));
}

#[test]
fn what_can_not_be_makes_no_config() {
    let home = Home::new();
    for (args, code, said) in [
        (&["--calendar", "~/calendars"][..], 2, "there is no terminal"),
        (&["--yes"], 2, "--yes needs to know where your calendar is"),
        (&["--yes", "--calendar", "~/nowhere"], 1, "there is nothing at ~/nowhere"),
        (&["--yes", "--calendar", "what"], 2, "is no address, no URL and no folder"),
        (&["--yes", "--calendar", "google"], 2, "google needs the file of your OAuth client"),
        (&["--yes", "--calendar", "http://127.0.0.1:1/"], 1, ""),
        (&["--yes", "--calendar", "~/calendars", "--time-zone", "Mars"], 2, "Mars"),
    ] {
        let gave = home.run(&[&["init"], args].concat());
        assert_eq!(gave.code, Some(code), "{args:?}: {}", gave.err);
        assert!(gave.err.contains(said), "{args:?}: {}", gave.err);
        assert!(!home.config().exists(), "{args:?}");
    }
    let call = ["init", "--yes", "--no-look", "--calendar", "http://127.0.0.1:1/", "--observe"];
    let gave = home.run(&[&call[..], &["--username", "me", "--password-command", "x y"]].concat());
    assert_eq!(gave.code, Some(0), "{}", gave.err);
    let config = std::fs::read_to_string(home.config()).unwrap();
    assert!(config.contains("\nmode = \"observe\"") && config.contains("command = \"x y\""));
}

/// Names of calendars and titles come from anybody.
#[test]
fn hostile_names_move_no_cursor() {
    let home = Home::new();
    std::fs::rename(home.path("calendars/work"), home.path("calendars/\u{1b}[2Jwork")).unwrap();
    let gave = home.run(&["init", "--yes", "--calendar", "~/calendars"]);
    assert_eq!(gave.code, Some(0), "{}", gave.err);
    assert!(!gave.out.contains("\u{1b}[2J") && !gave.err.contains("\u{1b}[2J"), "{}", gave.out);
}

#[test]
fn every_shell_gets_completions_and_every_command_a_page() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let gave = home.run(&["completions", shell]);
        assert!(gave.code == Some(0) && gave.out.contains("withdraw"), "{shell}");
    }
    let gave = home.run(&["man", "--dir", home.path("man1").to_str().unwrap()]);
    assert_eq!(gave.code, Some(0), "{}", gave.err);
    for page in ["chronotype.1", "chronotype-sync.1", "chronotype-types-merge.1"] {
        let text = std::fs::read_to_string(home.path("man1").join(page)).unwrap();
        assert!(text.contains(".TH chronotype"), "{page}");
    }
    let page = std::fs::read_to_string(home.path("man1/chronotype-undo.1")).unwrap();
    assert!(page.contains("chronotype undo \\-\\-dry\\-run"), "its examples: {page}");
}
