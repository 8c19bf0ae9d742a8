//! What most commands begin with: config, store, person.

use super::{CommandError, Global, output};
use crate::config::{Config, ConfigError, Origin};
use crate::daemon::{self, Door, Holder, LeaseError, Loan};
use crate::event::PrincipalId;
use crate::store::{OpenReport, Part, Person, Store, StoreError};
use chrono_tz::Tz;
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant};

/// How long another command is waited for.
const OTHERS: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Said where a command has nothing to show yet.
pub const NOTHING_YET: &str = "Nothing here yet: run `chronotype sync` first.";

/// Everything to read from.
#[derive(Debug)]
pub struct Looked {
    /// The config in force.
    pub config: Config,
    /// Whose data it is.
    pub principal: PrincipalId,
    /// The zone the person is in at the time of decisions, travel included.
    pub zone: Tz,
    /// Everything kept of them; the empty state when there is no store.
    pub person: Person,
    /// Where it is kept: held for as long as this, since a borrowed one goes with its holder.
    store: Option<Store>,
}

/// Everything to read from and write to.
#[derive(Debug)]
pub struct Opened {
    /// The config in force.
    pub config: Config,
    /// Whose data it is.
    pub principal: PrincipalId,
    /// The zone the person is in at the time of decisions, travel included.
    pub zone: Tz,
    /// Everything kept of them.
    pub person: Person,
    /// Where it is kept.
    pub store: Store,
}

/// Reads the config.
///
/// # Errors
/// A config error (exit 78).
pub fn config(global: &Global) -> Result<Config, CommandError> {
    Ok(placed(Config::load(&Origin::at(global.config.as_deref()))?, global))
}

/// The config where its store is named on the command line.
pub(super) fn placed(mut config: Config, global: &Global) -> Config {
    if let Some(store) = &global.store {
        config.daemon.socket = socket_of(store);
        config.store = store.clone();
    }
    config
}

/// Where the service of a store that is named on the command line hears commands.
pub fn socket_of(store: &Path) -> PathBuf {
    let name = store.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    store.with_file_name(format!("{name}.socket"))
}

/// As [`open_copy`] for a dry run, else as [`open`].
///
/// # Errors
/// As [`open`].
pub fn open_or_copy(global: &Global, dry_run: bool) -> Result<Opened, CommandError> {
    if dry_run { open_copy(global) } else { open(global) }
}

/// Opens the store, which is made when it is missing, and loads the person.
///
/// # Errors
/// A config error (exit 78); a failure (exit 1) when the store can't be opened or read.
pub fn open(global: &Global) -> Result<Opened, CommandError> {
    let config = config(global)?;
    let store = store(&config, global)?;
    let principal = config.person.id.clone();
    let person = store.load(&principal)?;
    let zone = zone(&config, global);
    Ok(Opened { config, principal, zone, person, store })
}

/// As [`open`], on a copy of the store: nothing that happens to it is kept.
///
/// # Errors
/// As [`open`].
pub fn open_copy(global: &Global) -> Result<Opened, CommandError> {
    let config = config(global)?;
    let (store, _) = unlock(&config, global, Use::Copy)??;
    let principal = config.person.id.clone();
    let person = store.load(&principal)?;
    let zone = zone(&config, global);
    Ok(Opened { config, principal, zone, person, store })
}

/// As [`open`], to read only: makes no store where there is none.
///
/// # Errors
/// As [`open`].
pub fn look(global: &Global) -> Result<Looked, CommandError> {
    let config = config(global)?;
    if !is_kept(&config) {
        let (principal, zone) = (config.person.id.clone(), zone(&config, global));
        return Ok(Looked { config, principal, zone, person: Person::default(), store: None });
    }
    let Opened { config, principal, zone, person, store } = open(global)?;
    Ok(Looked { config, principal, zone, person, store: Some(store) })
}

/// As [`look`], at one part of the person alone.
///
/// # Errors
/// As [`open`].
pub fn glance(global: &Global, part: Part) -> Result<Looked, CommandError> {
    let config = config(global)?;
    let (principal, zone) = (config.person.id.clone(), zone(&config, global));
    let store = is_kept(&config).then(|| store(&config, global)).transpose()?;
    let person = store.as_ref().map(|store| store.glance(&principal, part)).transpose()?;
    let person = person.unwrap_or_default();
    Ok(Looked { config, principal, zone, person, store })
}

/// Opens the store; says so where it had to be repaired.
fn store(config: &Config, global: &Global) -> Result<Store, CommandError> {
    let (store, report) = unlock(config, global, Use::Work)??;
    if let Some(backup) = report.recovered {
        let backup = backup.display();
        output::warn(&format!("the store was damaged and is repaired; a copy is in {backup}"));
    }
    Ok(store)
}

impl Opened {
    /// Time can't go back for a store that is written to.
    ///
    /// # Errors
    /// A failure when `--now` lies before the last turn.
    pub fn not_before_the_last_turn(&self, global: &Global) -> Result<(), CommandError> {
        match self.person.last_turn.is_some_and(|last| last > global.moment()) {
            true => Err(CommandError::failure("--now lies before the last turn")),
            false => Ok(()),
        }
    }
}

/// The store of the running service, until this process ends.
static LOAN: OnceLock<Loan> = OnceLock::new();

/// What a command does with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Reads and writes it.
    Work,
    /// Tries something on a copy.
    Copy,
}

/// Opens the store. Where a service has it, it is borrowed; another command that is quicker is
/// waited for.
///
/// # Errors
/// A usage error for `--now` beside a running service; a failure when it does not let go.
pub(super) fn unlock(
    config: &Config,
    global: &Global,
    how: Use,
) -> Result<Result<(Store, OpenReport), StoreError>, CommandError> {
    not_replayed(config, global)?;
    let path = &config.store;
    let other = Store::foreign(path);
    if other.is_some() || !path.exists() {
        if let Some(lent) = borrow_records(config, how)? {
            return Ok(Ok(lent));
        }
        if let Some(user) = other {
            let message = format!("the store {} belongs to user {user}", path.display());
            return Err(CommandError::failure(message)
                .hint("start its service, which lends it, or run this as that user"));
        }
    }
    let open = || match how {
        Use::Work => Store::open_reporting(path),
        Use::Copy => Store::open_copy(path).map(|store| (store, OpenReport::default())),
    };
    let deadline = Instant::now() + OTHERS;
    loop {
        let is_late = Instant::now() >= deadline;
        // A service is asked first: whoever takes what it lets go of for a moment holds it up.
        match borrow(config, how) {
            Ok(Some(lent)) => return Ok(Ok(lent)),
            // It ends, or starts.
            Err(LeaseError::Broken) if !is_late => {}
            Err(error) => return Err(error.into()),
            Ok(None) => {}
        }
        match open() {
            Err(StoreError::Locked(_)) if !is_late => std::thread::sleep(PAUSE),
            opened => return Ok(opened),
        }
    }
}

/// Something may be kept: there is a store, or a service that has one.
pub(super) fn is_kept(config: &Config) -> bool {
    config.store.exists() || holder(config).is_some()
}

/// Where the service of this store would be.
pub(super) fn door(config: &Config) -> Door<'_> {
    Door { socket: &config.daemon.socket, store: &config.store }
}

/// The service that has this store.
fn holder(config: &Config) -> Option<Holder> {
    let holder = match daemon::holder(door(config)) {
        Ok(holder) => holder,
        Err(error @ LeaseError::Stranger { .. }) => {
            static ONCE: Once = Once::new();
            ONCE.call_once(|| output::warn(&error.to_string()));
            return None;
        }
        Err(_) => return None,
    };
    holder.has(&config.store).then_some(holder)
}

/// Asks the service for its store, or of a store of many for what is the person's; without one,
/// another command has it.
fn borrow(config: &Config, how: Use) -> Result<Option<(Store, OpenReport)>, LeaseError> {
    // A second loan in one process is the first one.
    if LOAN.get().is_some() {
        return Ok(None);
    }
    match holder(config) {
        Some(holder) if holder.many => return borrow_records(config, how),
        Some(_) => {}
        None => return Ok(None),
    }
    match daemon::borrow_store(door(config)) {
        Ok(loan) => drop(LOAN.set(loan)),
        Err(LeaseError::Nobody(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(None)
}

/// The folder of a store, from the service that has it, for as long as the loan lives; `None` = no
/// service has it.
///
/// # Errors
/// A failure when it does not let go.
pub(super) fn whole_store(door: Door<'_>) -> Result<Option<Loan>, CommandError> {
    match daemon::borrow_store(door) {
        Ok(loan) => Ok(Some(loan)),
        Err(LeaseError::Nobody(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What is written anew has to be by the user whose store it is.
///
/// # Errors
/// A failure where it belongs to another one.
pub(super) fn own_store(store: &Path) -> Result<(), CommandError> {
    let Some(user) = Store::foreign(store) else { return Ok(()) };
    let message = format!("the store {} belongs to user {user}", store.display());
    Err(CommandError::failure(message)
        .hint("run this as that user: written anew by another, it could be opened no more"))
}

/// The person's own records, from the service that has the store.
fn borrow_records(config: &Config, how: Use) -> Result<Option<(Store, OpenReport)>, LeaseError> {
    let who = &config.person.id;
    if holder(config).is_none() {
        return Ok(None);
    }
    match daemon::borrow_records(door(config), who, how == Use::Work) {
        Ok(store) => Ok(Some((store, OpenReport::default()))),
        Err(LeaseError::Nobody(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// No moment is replayed beside a service, also in the instant in which it has let go of the store.
fn not_replayed(config: &Config, global: &Global) -> Result<(), CommandError> {
    let Some(holder) = global.now.and_then(|_| holder(config)) else { return Ok(()) };
    let process = holder.process;
    let message = format!("--now can't be used while the service runs (process {process})");
    Err(CommandError::usage(message).hint("stop it first: time can't go back for it"))
}

impl Looked {
    /// What the search index lies beside: of borrowed records it goes with them.
    pub fn index_beside(&self) -> &Path {
        self.store.as_ref().map_or(&self.config.store, Store::path)
    }

    /// No turn has run: says so and what to do.
    pub fn is_new(&self, global: &Global) -> bool {
        let Person { last_turn, events, types, memory, .. } = &self.person;
        let nothing = types.by_id.is_empty() && memory.insights.is_empty();
        let new = last_turn.is_none() && events.is_empty() && nothing;
        if new {
            output::say(global, NOTHING_YET);
        }
        new
    }
}

/// The zone of a stay that holds the day, else the person's own.
pub fn zone(config: &Config, global: &Global) -> Tz {
    let person = &config.person;
    let away = person.travel.iter().find(|stay| {
        let today = global.moment().with_timezone(&stay.time_zone).date_naive();
        (stay.from..=stay.to).contains(&today)
    });
    away.map_or(person.time_zone, |stay| stay.time_zone)
}

impl From<LeaseError> for CommandError {
    fn from(error: LeaseError) -> Self {
        CommandError::failure(error.to_string())
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Missing(file) => {
                let shown = file.display();
                CommandError::config(format!("there is no config at {shown}")).hint(
                    "`chronotype init` makes one in half a minute; `chronotype try FILE.ics` needs \
                     none",
                )
            }
            ConfigError::Bad { file, problems } => {
                let lines: String = problems.iter().map(|p| format!("\n  {p}")).collect();
                CommandError::config(format!("the config {} is off:{lines}", file.display()))
            }
            ConfigError::Io { .. } => CommandError::config(error.to_string()),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Locked(_) => Some("wait until it has finished, or stop the service"),
            StoreError::Corrupt { .. } => {
                Some("move the folder away and run `chronotype sync`: calendars are read anew")
            }
            StoreError::Newer { .. } => Some("install the release that wrote it, or a later one"),
            StoreError::Io { .. } => None,
        };
        let failure = CommandError::failure(error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
