//! Checks `[daemon]`: the background service.

use super::Daemon;
use super::check::Check;
use super::file::{self, File, Text};
use chrono::NaiveTime;
use toml::Spanned;

/// Minutes between two looks where the person says nothing.
const POLL_MINUTES: u32 = 5;
/// Before most people's working day.
const MORNING: NaiveTime = hour(6);
/// While they sleep, and after the changes of the clock.
const NIGHT: NaiveTime = hour(3);

const fn hour(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl Check<'_> {
    pub(super) fn daemon(&mut self, d: &file::Daemon) -> Daemon {
        let logs = ["error", "warn", "info", "debug"].map(|word| (word, word));
        let served = self.served().map(|(_, run)| run.join("socket"));
        let runtime = self.origin.runtime.as_ref().map(|r| r.join("chronotype.sock"));
        let socket = self.optional_path(&d.socket, "daemon.socket").or(served).or(runtime);
        Daemon {
            poll_minutes: self
                .number(&d.poll_minutes, "daemon.poll_minutes", 1..=1440)
                .unwrap_or(POLL_MINUTES),
            morning: self.time(&d.morning, "daemon.morning").unwrap_or(MORNING),
            night: self.time(&d.night, "daemon.night").unwrap_or(NIGHT),
            socket: socket.unwrap_or_else(|| self.data().join("socket")),
            log: self.word(&d.log, "daemon.log", &logs).unwrap_or("info").to_owned(),
        }
    }

    fn time(&mut self, value: &Text, key: &str) -> Option<NaiveTime> {
        let value = value.as_ref()?;
        let time = NaiveTime::parse_from_str(value.get_ref(), "%H:%M").ok();
        if time.is_none() {
            let message = format!("'{}' is no time of day", value.get_ref());
            self.bad(Some(value.span()), key, message, "write for example \"06:00\"");
        }
        time
    }

    /// What can be written and does nothing yet.
    pub(super) fn later(&mut self, file: &File) {
        let dashboard = file.daemon.dashboard.as_ref().filter(|at| at.get_ref() != "off");
        let asked = [(dashboard.map(Spanned::span), "daemon.dashboard", "\"off\"")];
        for (at, key, only) in asked {
            if at.is_some() {
                let message = "not available in this release yet".to_owned();
                let mut note = self.problem(at, key, message);
                note.hint = Some(format!("works as {only}"));
                self.notes.push(note);
            }
        }
    }
}
