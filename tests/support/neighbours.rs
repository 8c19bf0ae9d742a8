//! Many people on one machine, served by one process.

use super::binary::{Binary, Running, binary};
use super::person::files;
use super::supervisor::Supervisor;
use chrono::{TimeDelta, Utc};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No test waits longer for what must happen; most of it takes a second.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of configs, calendars for each, one store.
pub struct Neighbours(TempDir);

/// The service of all, and what it tells its supervisor.
pub struct Served {
    pub running: Running,
    supervisor: Supervisor,
}

impl Neighbours {
    pub fn new(names: &[&str]) -> Self {
        let all = Self(tempfile::tempdir().unwrap());
        let people = all.path("people");
        std::fs::create_dir(&people).unwrap();
        std::fs::set_permissions(people, std::fs::Permissions::from_mode(0o755)).unwrap();
        names.iter().for_each(|name| all.moves_in(name, name));
        all
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// A config in the file of this name, and a folder of calendars.
    pub fn moves_in(&self, file: &str, id: &str) {
        std::fs::create_dir_all(self.path(&format!("cal/{id}/work"))).unwrap();
        let calendars = self.path(&format!("cal/{id}")).display().to_string();
        self.config(
            file,
            &format!(
                "[person]\nid = \"{id}\"\ntime_zone = \"Europe/Berlin\"\n[[account]]\n\
                 name = \"home\"\nkind = \"vdir\"\npath = \"{calendars}\"\n\
                 suggest_into = \"chronotype\"\n[planning]\nworking_hours = \
                 [\"Mon-Sun 08:00-20:00\"]\n[daemon]\npoll_minutes = 60\n[store]\n\
                 path = \"/nonexistent/of/{id}\"\n"
            ),
        );
    }

    /// The config in the file of this name, replaced as editors do it.
    pub fn config(&self, file: &str, text: &str) {
        let fresh = self.path(&format!("{file}.fresh"));
        std::fs::write(&fresh, text).unwrap();
        // Others may not change it, whatever the umask says.
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::rename(fresh, self.path(&format!("people/{file}.toml"))).unwrap();
    }

    pub fn leaves(&self, file: &str) {
        std::fs::remove_file(self.path(&format!("people/{file}.toml"))).unwrap();
    }

    /// Something to do within three days.
    pub fn todo(&self, id: &str, words: &str) {
        let due = (Utc::now() + TimeDelta::days(3)).format("%Y%m%dT%H%M%SZ");
        let uid = words.replace(' ', "-");
        let body = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:{uid}\r\n\
             DTSTAMP:20260101T000000Z\r\nDUE:{due}\r\nSUMMARY:{words}\r\n\
             ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
        );
        std::fs::write(self.path(&format!("cal/{id}/work/{uid}.ics")), body).unwrap();
    }

    /// Texts of the blocks in somebody's calendars.
    pub fn blocks(&self, id: &str) -> Vec<String> {
        files(&self.path(&format!("cal/{id}/chronotype"))).into_values().collect()
    }

    /// A command of one of them.
    pub fn command(&self, file: &str, args: &[&str]) -> Binary {
        let config = self.path(&format!("people/{file}.toml"));
        let binary = binary().home(self.0.path()).arg("--config").arg(config);
        binary.arg("--store").arg(self.path("store")).args(args)
    }

    /// The same, which must go well; its stdout.
    #[track_caller]
    pub fn ok(&self, file: &str, args: &[&str]) -> String {
        let output = self.command(file, args).output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(output.stderr));
        text(output.stdout)
    }

    pub fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// The same, with options of `run` besides.
    pub fn serve_with(&self, options: &[&str]) -> Served {
        let supervisor = Supervisor::new(self.0.path());
        let binary = binary().home(self.0.path()).arg("--store").arg(self.path("store"));
        let binary = binary.args(["run", "--users"]).arg(self.path("people")).args(options);
        let running = binary.env("NOTIFY_SOCKET", supervisor.path()).piped().spawn();
        let served = Served { running, supervisor };
        served.says("READY=1");
        served
    }
}

impl Served {
    /// As [`Supervisor::hears`].
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        self.supervisor.hears(words)
    }

    /// Ends it as a supervisor does; its log.
    #[track_caller]
    pub fn end(self) -> String {
        self.running.stop()
    }

    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }
}

#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
