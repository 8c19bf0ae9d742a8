//! The config file (TOML): one file is one person.
//!
//! [`Config::parse`] is pure: text and surroundings in, values or problems out, each problem with
//! its line and what would be right. Only [`Config::load`] and [`Origin::at`] touch the world.

mod file;
mod check;
mod planning;
mod account;
mod assistant;
mod starter;
mod embedder;
mod memory;
mod daemon;
mod endpoint;
mod problem;
mod program;
mod password;
pub mod keyring;
mod source;
mod show;
mod compose;

pub use compose::{Draft, DraftAccount, DraftPassword, Place};
pub use daemon::{LogFormat, LogLevel, metrics_at};
pub use password::{PasswordError, PasswordSource};
pub use problem::{ConfigError, Problem};

use crate::calendar::Tls;
use crate::calendar::caldav::SignIn;
use crate::calendar::private::{PrivateFile, Unusable};
use crate::event::PrincipalId;
use crate::schedule::plan::Planning;
use crate::schedule::request::Door;
use crate::schedule::words::Language;
use crate::task::advice::Terms;
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The commented config file with every key at its default.
pub const TEMPLATE: &str = include_str!("../../config/chronotype.toml");

/// Largest config file that is read: a hundred times a long one.
const FILE_MAX: usize = 1 << 20;

/// Where a config comes from, and what its defaults hang on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file: named in problems; relative paths start at its folder.
    pub file: PathBuf,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`, where set.
    pub data_home: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR`, where set.
    pub runtime: Option<PathBuf>,
    /// `$CREDENTIALS_DIRECTORY`, where systemd gave some.
    pub credentials: Option<PathBuf>,
    /// The file is nobody else's to read or change: only then may secrets stand in it.
    pub is_private: bool,
    /// The computer's own zone, where known.
    pub time_zone: Option<Tz>,
    /// The language of the computer, where blocks speak it.
    pub language: Option<Language>,
}

/// The person's own word on everything; what is absent is at its default.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Who it is.
    pub person: Person,
    /// Calendars to read, in the order of the file.
    pub accounts: Vec<Account>,
    /// How far learning looks.
    pub learning: Learning,
    /// Where blocks may stand: `[planning]`, and the cap of `[suggestions]`.
    pub planning: Planning,
    /// What is proposed.
    pub suggestions: Suggestions,
    /// A language model to ask about new types; `None` = none.
    pub assistant: Option<Assistant>,
    /// Who turns titles into vectors; `None` = the embedder inside the program.
    pub embedder: Option<Embedder>,
    /// Where insights are mirrored; `None` = nowhere.
    pub mirror: Option<Mirror>,
    /// `[secrets] in_this_file`: the person insists.
    pub secrets_allowed: bool,
    /// The folder of the store.
    pub store: PathBuf,
    /// The background service.
    pub daemon: Daemon,
    /// What was read but does nothing yet, or is risky: to be said, not to stop at.
    pub notes: Vec<Problem>,
}

/// `[person]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Names them in the store.
    pub id: PrincipalId,
    /// Their zone when not travelling.
    pub time_zone: Tz,
    /// What they do.
    pub role: Option<String>,
    /// Mail addresses, lower case, without `mailto:`.
    pub addresses: Vec<String>,
    /// Time in other zones, in order of `from`, without overlap.
    pub travel: Vec<Travel>,
}

/// `[[person.travel]]`: days in another zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Travel {
    /// First day.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// The zone there.
    pub time_zone: Tz,
}

/// `[[account]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Unique; part of every collection's id, so without `/`.
    pub name: String,
    /// Kind of server and how it is reached.
    pub kind: AccountKind,
    /// Sign-in name.
    pub username: Option<String>,
    /// Where the password or token comes from.
    pub password: Option<PasswordSource>,
    /// How to sign in.
    pub sign_in: SignIn,
    /// Certificates of its own.
    pub tls: Tls,
    /// Names of collections to read; `None` = all.
    pub calendars: Option<Vec<String>>,
    /// Name of the collection that blocks go to; `None` = none of this account.
    pub suggest_into: Option<String>,
    /// Hosts that may see the credentials beside the account's own.
    pub trusted_hosts: Vec<String>,
}

/// Kinds of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountKind {
    /// A CalDAV server.
    Caldav {
        /// An address, a host or a URL.
        url: String,
    },
    /// Google Calendar.
    Google {
        /// The OAuth client's file, as Google's console gives it out.
        client_secret_file: Option<PathBuf>,
        /// Root of the API, for gateways and tests.
        api_root: Option<String>,
        /// Where people sign in.
        auth_uri: Option<String>,
        /// Where tokens are fetched.
        token_uri: Option<String>,
        /// Whom a service account acts for.
        subject: Option<String>,
    },
    /// A folder of `.ics` files, or one `.ics` file.
    Vdir {
        /// Absolute, or as the file's own path was given.
        path: PathBuf,
    },
}

impl AccountKind {
    /// The word in the config.
    pub fn word(&self) -> &'static str {
        match self {
            AccountKind::Caldav { .. } => "caldav",
            AccountKind::Google { .. } => "google",
            AccountKind::Vdir { .. } => "vdir",
        }
    }
}

/// `[learning]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learning {
    /// How far back the first look goes.
    pub history_days: u32,
}

impl Default for Learning {
    /// Half a year: the first suggestions are personal already.
    fn default() -> Self {
        Self { history_days: 183 }
    }
}

/// `[suggestions]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestions {
    /// Write, or only look.
    pub mode: Mode,
    /// Where tasks come from.
    pub doors: Vec<Door>,
    /// Blocks get a colour by category, where the calendar has colours.
    pub colours: bool,
}

/// `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Looks and learns, proposes nothing.
    Observe,
    /// Writes blocks.
    Suggest,
}

impl Mode {
    /// The word in the config.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Observe => "observe",
            Mode::Suggest => "suggest",
        }
    }
}

/// `[assistant]`, switched on.
#[derive(Debug, Clone, PartialEq)]
pub struct Assistant {
    /// The chat endpoint, up to and without `/chat/completions`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// Where its key comes from; `None` = it wants none.
    pub key: Option<PasswordSource>,
    /// For one answer.
    pub timeout: Duration,
    /// What may be sent, how often, and how far it is believed.
    pub terms: Terms,
    /// Money for a million tokens read and written, where given.
    pub prices: [Option<f64>; 2],
}

/// `[embedder]` that is not inside the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedder {
    /// The endpoint, up to and without `/embeddings`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// Where its key comes from; `None` = it wants none.
    pub key: Option<PasswordSource>,
    /// For one batch of titles.
    pub timeout: Duration,
}

/// `[memory]` with a mirror.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// The Mem0 server, up to and without `/memories`.
    pub url: String,
    /// Whose memories they are there.
    pub user: String,
    /// Where its key comes from; `None` = it wants none.
    pub key: Option<PasswordSource>,
}

/// `[daemon]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Minutes between two looks.
    pub poll_minutes: u32,
    /// When a look is taken before the working day, by the person's own clock.
    pub morning: NaiveTime,
    /// When it tidies up, likewise.
    pub night: NaiveTime,
    /// Where commands reach it.
    pub socket: PathBuf,
    /// How much is logged.
    pub log: LogLevel,
    /// In what form.
    pub log_format: LogFormat,
    /// Where its numbers are shown, on the loopback; `None` = nowhere.
    pub metrics: Option<SocketAddr>,
}

impl Origin {
    /// The surroundings of this process for a config at `file`, absent: at its usual place.
    pub fn at(file: Option<&Path>) -> Self {
        let folder = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let home = folder("HOME");
        let usual = || {
            let root = folder("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
            root.unwrap_or_default().join("chronotype").join("config.toml")
        };
        Self {
            file: file.map_or_else(usual, Path::to_owned),
            data_home: folder("XDG_DATA_HOME"),
            runtime: folder("XDG_RUNTIME_DIR"),
            credentials: folder("CREDENTIALS_DIRECTORY"),
            is_private: false,
            time_zone: own_zone(),
            language: own_language(),
            home,
        }
    }
}

/// The language of the locale, by the first of the variables that decide it (POSIX).
fn own_language() -> Option<Language> {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set)?;
    Language::of_locale(&locale)
}

/// The computer's zone: `$TZ`, else where `/etc/localtime` points (systemd, macOS).
fn own_zone() -> Option<Tz> {
    let named = std::env::var("TZ").ok();
    if let Some(zone) = named.and_then(|name| name.trim_start_matches(':').parse().ok()) {
        return Some(zone);
    }
    let target = std::fs::read_link("/etc/localtime").ok()?;
    target.to_str()?.split_once("zoneinfo/")?.1.parse().ok()
}

impl Config {
    /// Reads a config. All problems are collected, not only the first.
    ///
    /// # Errors
    /// [`ConfigError::Bad`].
    pub fn parse(text: &str, origin: &Origin) -> Result<Config, ConfigError> {
        let bad = |problems| ConfigError::Bad { file: origin.file.clone(), problems };
        let file = file::read(text).map_err(|problem| bad(vec![problem]))?;
        check::check(&file, text, origin).map_err(bad)
    }

    /// Reads the config at `origin.file`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`], [`ConfigError::Io`], [`ConfigError::Bad`].
    pub fn load(origin: &Origin) -> Result<Config, ConfigError> {
        let file = &origin.file;
        let io = |error: Unusable| match error {
            Unusable::Missing => ConfigError::Missing(file.clone()),
            Unusable::Io(source) => ConfigError::Io { file: file.clone(), source },
            other => ConfigError::Io { file: file.clone(), source: std::io::Error::other(other) },
        };
        let open = PrivateFile::open(file).map_err(io)?;
        // It names programs that are run.
        if open.is_changed_by_others() {
            let why = format!("others can change it: `chmod go-w {}`", file.display());
            return Err(io(Unusable::Io(std::io::Error::other(why))));
        }
        let text = open.text(FILE_MAX + 1).map_err(io)?;
        if text.len() > FILE_MAX {
            let source = std::io::Error::other("larger than a config can be");
            return Err(io(Unusable::Io(source)));
        }
        let is_private = open.check().is_ok();
        Config::parse(&text, &Origin { is_private, ..origin.clone() })
    }
}
