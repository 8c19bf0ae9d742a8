//! Checks `[daemon]`: the background service.

use super::Daemon;
use super::check::Check;
use super::file::{self, File, Text};
use chrono::NaiveTime;
use std::net::SocketAddr;
use std::path::Path;
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

/// How much a service logs; each level holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What needs attention.
    Warn,
    /// What changed: who is served, turns that did something.
    Info,
    /// Each step.
    Debug,
}

impl LogLevel {
    /// All of them, the most silent first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The word in the config.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// In what form a service logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// To the journal where stderr goes there, else for people.
    Auto,
    /// Lines for people, on stderr.
    Human,
    /// One JSON object a line, on stderr.
    Json,
    /// To systemd's journal, with all fields.
    Journald,
}

impl LogFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Human, Self::Json, Self::Journald];

    /// The word in the config.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
            Self::Journald => "journald",
        }
    }
}

/// Where the numbers are shown: an address of the loopback with a port; "off" = nowhere.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn metrics_at(text: &str) -> Result<Option<SocketAddr>, (String, String)> {
    let example = || "write for example \"127.0.0.1:9469\", or \"off\"".to_owned();
    if text == "off" {
        return Ok(None);
    }
    let Ok(at) = text.parse::<SocketAddr>() else {
        return Err((format!("'{text}' is no address with a port"), example()));
    };
    match (at.ip().is_loopback(), at.port()) {
        (false, _) => Err((format!("'{text}' can be reached from outside"), example())),
        (true, 0) => Err(("nobody would know which port 0 becomes".to_owned(), example())),
        (true, _) => Ok(Some(at)),
    }
}

/// The socket of the usual store, or one that no other store's service takes.
fn socket_name(store: &Path, data: &Path) -> String {
    if store == data.join("store") {
        return "chronotype.sock".to_owned();
    }
    let store = std::path::absolute(store).unwrap_or_else(|_| store.to_owned());
    let hash = blake3::hash(store.as_os_str().as_encoded_bytes()).to_hex();
    format!("chronotype-{}.sock", &hash[..12])
}

impl Check<'_> {
    pub(super) fn daemon(&mut self, d: &file::Daemon, store: &Path) -> Daemon {
        let levels = LogLevel::ALL.map(|level| (level.word(), level));
        let formats = LogFormat::ALL.map(|format| (format.word(), format));
        let served = self.served().map(|(_, run)| run.join("socket"));
        let name = socket_name(store, &self.data());
        let runtime = self.origin.runtime.as_ref().map(|r| r.join(name));
        let socket = self.optional_path(&d.socket, "daemon.socket").or(served).or(runtime);
        Daemon {
            poll_minutes: self
                .number(&d.poll_minutes, "daemon.poll_minutes", 1..=1440)
                .unwrap_or(POLL_MINUTES),
            morning: self.time(&d.morning, "daemon.morning").unwrap_or(MORNING),
            night: self.time(&d.night, "daemon.night").unwrap_or(NIGHT),
            socket: socket.unwrap_or_else(|| self.data().join("socket")),
            log: self.word(&d.log, "daemon.log", &levels).unwrap_or(LogLevel::Info),
            log_format: self
                .word(&d.log_format, "daemon.log_format", &formats)
                .unwrap_or(LogFormat::Auto),
            metrics: self.metrics(&d.metrics),
        }
    }

    fn metrics(&mut self, value: &Text) -> Option<SocketAddr> {
        let value = value.as_ref()?;
        match metrics_at(value.get_ref()) {
            Ok(at) => at,
            Err((message, hint)) => {
                self.bad(Some(value.span()), "daemon.metrics", message, &hint);
                None
            }
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
