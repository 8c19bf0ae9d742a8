//! The background service: one loop that takes one [`Event`] after the other.
//!
//! Invariants: one turn of a person at a time, and nobody else has what is theirs while one runs
//! (one who is served alone lends the whole store between two turns, many lend their own records);
//! every decision about time is made from the wall clock at each tick, so that a suspend, a clock
//! that jumps and a change of summer time need nothing of their own. Only the loop reads the clock,
//! all else is told the moment. Stopping drops the turn where it stands: that is a crash to it,
//! which the next turn repairs (contract 2).

mod keeper;
mod door;
mod lease;
mod lent;
mod means;
mod pace;
mod packing;
mod daily;
mod sources;
mod supervise;
mod tally;
mod turn;
mod people;
#[cfg(test)]
mod clock_tests;

pub use door::Door;
pub use lease::{Holder, LeaseError, Loan, borrow_store, holder, is_served, next_turn};
pub use lent::borrow_records;
pub use means::{Means, Ready};
pub use people::{People, run_people};

use crate::cycle::{Report, Settings};
use crate::event::PrincipalId;
use crate::store::{Person, StoreError};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::net::SocketAddr;
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
    /// When a look is taken in the morning, by the person's own clock.
    pub morning: NaiveTime,
    /// When it tidies up at night, likewise.
    pub night: NaiveTime,
    /// The accounts, and what makes sense of them.
    pub means: Means,
    /// How many accounts there are.
    pub accounts: usize,
    /// Where its numbers are shown; `None` = nowhere.
    pub metrics: Option<SocketAddr>,
    /// Accounts that are folders, by name: they are watched.
    pub folders: Vec<(String, PathBuf)>,
    /// Servers that a turn asks.
    pub hosts: Vec<String>,
    /// How turns go at a moment: the person may be travelling.
    pub settings: Box<dyn Fn(DateTime<Utc>) -> Settings + Send + Sync>,
    /// The zone at a moment: nights and mornings are local.
    pub zone: Box<dyn Fn(DateTime<Utc>) -> Tz + Send + Sync>,
    /// Told of each turn and of the person after it: what is searched is brought up then.
    pub learned: Learned,
}

impl House {
    /// The first line of the log.
    fn say_hello(&self) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            person = self.principal.as_str(),
            accounts = self.accounts,
            store = %self.store.display(),
            socket = %self.socket.display(),
            poll_minutes = self.poll.num_minutes(),
            morning = %self.morning.format("%H:%M"),
            night = %self.night.format("%H:%M"),
            "chronotype runs"
        );
    }
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
    Returned(lease::Want),
    /// A turn of this person has ended.
    Turned(PrincipalId, turn::Ended),
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
    let ears = sources::Ears {
        socket: &house.socket,
        about: Holder::own(false, &house.store),
        folders: &house.folders,
        config: sources::Place::File(&config),
    };
    // The socket comes first: who serves this store may have lent it at this moment.
    let _sources = sources::start(&ears, &sender).await?;
    let mut keeper = keeper::Keeper::open(house, furnish, sender, Utc::now())?;
    supervise::ready();
    keeper.house().say_hello();
    keeper.open_page();
    keeper.step(Utc::now());
    while let Some(event) = events.recv().await {
        let now = Utc::now();
        match event {
            Event::Minute => keeper.minute(now),
            Event::Changed => keeper.changed(now),
            Event::Reload => keeper.reload(),
            Event::Wanted(request) => keeper.lend(request, now),
            Event::Returned(_) => keeper.returned(),
            Event::Turned(_, ended) => keeper.turned(now, ended),
            Event::Stop => break,
        }
        keeper.step(now);
    }
    supervise::stopping();
    keeper.stop().await;
    tracing::info!("stopped");
    Ok(())
}
