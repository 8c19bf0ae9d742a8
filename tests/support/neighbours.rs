//! Many people on one machine, served by one process.

use super::binary::{Binary, Running, binary};
use super::person::files;
use chrono::{TimeDelta, Utc};
use std::os::unix::net::UnixDatagram;
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
    supervisor: UnixDatagram,
}

impl Neighbours {
    pub fn new(names: &[&str]) -> Self {
        let all = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(all.path("people")).unwrap();
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
        let path = self.path("supervisor");
        let _ = std::fs::remove_file(&path);
        let supervisor = UnixDatagram::bind(&path).unwrap();
        supervisor.set_read_timeout(Some(PATIENCE)).unwrap();
        let binary = binary().home(self.0.path()).arg("--store").arg(self.path("store"));
        let binary = binary.args(["run", "--users"]).arg(self.path("people")).args(options);
        let running = binary.env("NOTIFY_SOCKET", &path).piped().spawn();
        let served = Served { running, supervisor };
        served.says("READY=1");
        served
    }
}

impl Served {
    /// As [`hears`].
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        hears(&self.supervisor, words)
    }

    /// Ends it as a supervisor does; its log.
    #[track_caller]
    pub fn end(mut self) -> String {
        self.signal("TERM");
        assert!(self.running.wait().unwrap().success());
        String::from_utf8_lossy(&self.running.output().stderr).into_owned()
    }

    pub fn signal(&self, name: &str) {
        let id = self.running.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
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

/// Waits until a supervisor hears a line that starts so; all that was said with it.
#[track_caller]
pub fn hears(supervisor: &UnixDatagram, words: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 4096];
    while Instant::now() < deadline {
        let length = supervisor.recv(&mut buffer).expect("the service says something");
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if said.lines().any(|line| line.starts_with(words)) {
            return said;
        }
    }
    panic!("the service never said {words}");
}
