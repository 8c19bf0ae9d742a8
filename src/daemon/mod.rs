//! The background service: one loop that takes one [`Event`] after the other.
//!
//! Invariants: one turn at a time; nobody else has the store while one runs; a command that wants
//! the store gets it between two turns and the next turn waits for it; every decision about time is
//! made from the wall clock at each tick, so that a suspend, a clock that jumps and a change of
//! summer time need nothing of their own. Stopping drops the turn where it stands: that is a crash
//! to it, which the next turn repairs (contract 2).

mod keeper;
mod lease;
mod pace;
mod sources;
mod supervise;

pub use lease::{LeaseError, Loan, borrow_store, holder};

use crate::cycle::{Brain, Report, Settings, TurnError};
use crate::event::PrincipalId;
use crate::store::{Person, StoreError};
use crate::sync::poll::Client;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::path::PathBuf;

/// All that one person's service needs, as the config says it.
pub struct House {
    /// Whose it is.
    pub principal: PrincipalId,
    /// The folder of the store.
    pub store: PathBuf,
    /// Where commands reach the service.
    pub socket: PathBuf,
    /// Between two looks at the calendars.
    pub poll: TimeDelta,
    /// The accounts.
    pub clients: Vec<Client>,
    /// Accounts that are folders, by name: they are watched.
    pub folders: Vec<(String, PathBuf)>,
    /// The embedder, and the assistant where there is one.
    pub brain: Brain,
    /// How turns go at a moment: the person may be travelling.
    pub settings: Box<dyn Fn(DateTime<Utc>) -> Settings + Send + Sync>,
    /// The zone at a moment: nights and mornings are local.
    pub zone: Box<dyn Fn(DateTime<Utc>) -> Tz + Send + Sync>,
    /// Told of each turn and of the person after it: what is searched is brought up then.
    pub learned: Learned,
}

/// Hears of a turn and of the person after it.
pub type Learned = Box<dyn Fn(&Report, &Person) + Send + Sync>;

/// Reads the config anew.
pub type Furnish = Box<dyn Fn() -> Result<House, String> + Send + Sync>;

/// What can happen.
enum Event {
    /// A minute has passed, or the computer woke up.
    Minute,
    /// Something changed in the folder of an account.
    Changed,
    /// The config changed, or somebody asks to read it again.
    Reload,
    /// A command wants the store.
    Wanted(lease::Request),
    /// A command gave the store back.
    Returned,
    /// The turn has ended.
    Turned(Box<Result<keeper::Turned, TurnError>>),
    /// The service is asked to end.
    Stop,
}

/// Why the service can't run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The socket can't be made.
    #[error(transparent)]
    Socket(#[from] LeaseError),
    /// The clock can't be started.
    #[error("the service has no clock: {0}")]
    Clock(String),
    /// The process can't hear signals.
    #[error("the service can't hear signals: {0}")]
    Signals(std::io::Error),
}

/// Runs until it is asked to stop. `config` is the file whose changes are heard.
///
/// # Errors
/// [`DaemonError`]: nothing was started then.
pub async fn run(house: House, furnish: Furnish, config: PathBuf) -> Result<(), DaemonError> {
    let (sender, mut events) = tokio::sync::mpsc::channel(sources::WAITING);
    let mut keeper = keeper::Keeper::open(house, furnish, sender.clone())?;
    let _sources = sources::start(&keeper, &config, &sender).await?;
    supervise::ready();
    keeper.step(Utc::now());
    while let Some(event) = events.recv().await {
        let now = Utc::now();
        match event {
            Event::Minute => keeper.minute(now),
            Event::Changed => keeper.changed(now),
            Event::Reload => keeper.reload(),
            Event::Wanted(request) => keeper.lend(request),
            Event::Returned => keeper.returned(),
            Event::Turned(turned) => keeper.turned(now, *turned),
            Event::Stop => break,
        }
        keeper.step(Utc::now());
    }
    supervise::stopping();
    keeper.stop().await;
    Ok(())
}
