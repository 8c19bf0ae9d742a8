//! A person on this machine: a home, a config, and the built binary, run as they would.

use super::binary::{Binary, binary};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A home of its own; the environment is emptied.
pub struct Person {
    folder: TempDir,
}

/// What a call gave.
#[derive(Debug, Clone)]
pub struct Gave {
    /// Exit code; `None` = ended by a signal.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Person {
    /// With one account, given as the keys of its `[[account]]`; `{home}` stands for the home.
    pub fn with_account(keys: &str) -> Self {
        Self::with_accounts(&format!("[[account]]\nname = \"home\"\n{keys}\n"))
    }

    /// With these `[[account]]` tables; `{home}` stands for the home.
    pub fn with_accounts(tables: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        private(&folder.path().join("password"), "secret\n");
        let config = format!(
            "[person]\nid = \"jane\"\ntime_zone = \"Europe/Berlin\"\naddresses = \
             [\"mira@example.org\"]\n\n{tables}\n[planning]\n\
             working_hours = [\"Mon-Fri 09:00-18:00\"]\n\n[store]\npath = \"{{home}}/store\"\n"
        );
        std::fs::write(folder.path().join("config.toml"), config.replace("{home}", &home)).unwrap();
        Self { folder }
    }

    /// With a folder of calendars, `{home}/cal`.
    pub fn with_folder() -> Self {
        let keys = "kind = \"vdir\"\npath = \"{home}/cal\"\nsuggest_into = \"chronotype\"";
        let person = Self::with_account(keys);
        std::fs::create_dir_all(person.path("cal/work")).unwrap();
        person
    }

    /// The same person as they stand, on another machine; in their config the words are replaced.
    pub fn twin(&self, words: &[(&str, &str)]) -> Self {
        let twin = Self { folder: tempfile::tempdir().unwrap() };
        copy(self.folder.path(), twin.folder.path());
        let [here, there] = [self, &twin].map(|person| person.folder.path().display().to_string());
        let mut config = std::fs::read_to_string(self.path("config.toml")).unwrap();
        for (from, to) in words.iter().chain(&[(here.as_str(), there.as_str())]) {
            config = config.replace(from, to);
        }
        std::fs::write(twin.path("config.toml"), config).unwrap();
        twin
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Runs the binary at a moment of March 2026 (`02T06:00`, UTC), or at any (`2026-04-01T06:00`).
    pub fn run(&self, now: &str, args: &[&str]) -> Gave {
        let Output { status, stdout, stderr } = self.command(now, args).output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Gave { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// The same, not yet started.
    pub fn command(&self, now: &str, args: &[&str]) -> Binary {
        let now = if now.len() > 8 { format!("{now}:00Z") } else { format!("2026-03-{now}:00Z") };
        let binary = binary().home(self.folder.path());
        binary.arg("--config").arg(self.path("config.toml")).args(["--now", &now]).args(args)
    }

    /// Runs it and wants exit code 0.
    #[track_caller]
    pub fn ok(&self, now: &str, args: &[&str]) -> Gave {
        let gave = self.run(now, args);
        assert_eq!(gave.code, Some(0), "{args:?}: {}{}", gave.out, gave.err);
        gave
    }

    /// The lines of a `--json` list.
    #[track_caller]
    pub fn list(&self, now: &str, args: &[&str]) -> Vec<Value> {
        let gave = self.ok(now, &[args, &["--json"]].concat());
        gave.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The records of one kind.
    #[track_caller]
    pub fn records(&self, now: &str, kind: &str) -> Vec<Value> {
        let all = self.list(now, &["export"]);
        all.into_iter().filter(|r| r["kind"] == kind).collect()
    }

    /// The state of a block.
    #[track_caller]
    pub fn state(&self, now: &str, uid: &str) -> String {
        let all = self.records(now, "suggestion");
        let one = all.iter().find(|s| s["uid"] == uid).expect("the block is remembered");
        one["state"].as_str().unwrap().to_owned()
    }

    /// Settled placements of a UID: start, signal.
    pub fn settled(&self, now: &str, uid: &str) -> Vec<(String, Option<f64>)> {
        let events = self.records(now, "event").into_iter().filter(|e| e["id"]["uid"] == uid);
        let mut all: Vec<_> = events
            .flat_map(|e| e["settled"].as_array().unwrap().clone())
            .map(|s| {
                let timed = &s["span"]["timed"]["start"];
                let start = if timed.is_null() { &s["span"]["all_day"]["start"] } else { timed };
                (start.as_str().unwrap().to_owned(), s["signal"]["value"].as_f64())
            })
            .collect();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        all
    }
}

/// Writes a file that holds a secret, for its owner alone.
pub fn private(path: &Path, text: impl AsRef<[u8]>) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

/// Copies what lies in a folder, rights included.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            std::fs::set_permissions(&target, entry.metadata().unwrap().permissions()).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The `.ics` files of a folder by name; empty when it is not there.
pub fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ics"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The sample calendar as object resources: name and text. VTODOs but the first two are left out.
pub fn sample_objects() -> Vec<(String, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/working-person.ics");
    let text = std::fs::read_to_string(file).unwrap();
    let mut zones = String::new();
    let mut todos = 0;
    let mut objects: BTreeMap<String, String> = BTreeMap::new();
    let mut component: Vec<&str> = Vec::new();
    for line in text.lines() {
        if component.is_empty() && !line.starts_with("BEGIN:V") || line == "BEGIN:VCALENDAR" {
            continue;
        }
        component.push(line);
        let kind = component[0].trim_start_matches("BEGIN:");
        if line != format!("END:{kind}") {
            continue;
        }
        let block = component.join("\r\n") + "\r\n";
        let uid = component.iter().find_map(|l| l.strip_prefix("UID:"));
        // Two masters under one UID: a server refuses them, and so does this.
        let again =
            uid.is_some_and(|u| objects.contains_key(u)) && !block.contains("RECURRENCE-ID");
        let sound = !again && block.contains("\r\nDTSTART") && !block.contains("DTSTART:202513");
        todos += usize::from(kind == "VTODO");
        match (kind, uid) {
            ("VTIMEZONE", _) => zones.push_str(&block),
            ("VEVENT", Some(uid)) if sound => {
                objects.entry(uid.to_owned()).or_default().push_str(&block);
            }
            ("VTODO", Some(uid)) if todos <= 2 => {
                objects.entry(uid.to_owned()).or_default().push_str(&block);
            }
            _ => {}
        }
        component.clear();
    }
    let whole = |(uid, blocks): (String, String)| {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//chronotype tests//EN\r\n{zones}{blocks}\
             END:VCALENDAR\r\n"
        );
        (format!("{}.ics", uid.replace('@', "-at-")), text)
    };
    objects.into_iter().map(whole).collect()
}
