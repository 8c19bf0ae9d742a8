//! The one who holds the store: starts turns when they are due, lends the store to commands, takes
//! over a new config.

use super::pace::{self, LastLook};
use super::{DaemonError, Event, Furnish, House, lease, supervise};
use crate::cycle::{self, Report, Turn, TurnError, Warning};
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// A turn that was asked to end is waited for so long.
const GRACE: Duration = Duration::from_millis(1_500);
/// A turn that takes longer than this is not fed to the watchdog any more.
const LONGEST_TURN: TimeDelta = TimeDelta::minutes(30);
/// Local hour at which the store is closed and opened once, which shrinks it (measured).
const NIGHT: u32 = 3;

/// What a turn leaves behind.
pub(super) struct Turned {
    report: Report,
    now: DateTime<Utc>,
}

/// Who has the store.
enum Hands {
    /// We do.
    Ours(Store),
    /// A turn works on it.
    Turn { task: JoinHandle<()>, since: DateTime<Utc> },
    /// A command does.
    Lent,
    /// Nobody: it could not be opened, and is tried again.
    Nobody,
}

/// The state of the loop.
pub(super) struct Keeper {
    house: Arc<House>,
    furnish: Furnish,
    events: Sender<Event>,
    hands: Hands,
    waiting: VecDeque<lease::Request>,
    started: DateTime<Utc>,
    last: Option<LastLook>,
    due: DateTime<Utc>,
    reload: bool,
    tidied: Option<chrono::NaiveDate>,
}

impl Keeper {
    /// Opens the store.
    ///
    /// # Errors
    /// [`DaemonError::Store`], with who holds it.
    pub(super) fn open(
        house: House,
        furnish: Furnish,
        events: Sender<Event>,
    ) -> Result<Self, DaemonError> {
        let store = Store::open(&house.store)?;
        let now = Utc::now();
        Ok(Self {
            house: Arc::new(house),
            furnish,
            events,
            hands: Hands::Ours(store),
            waiting: VecDeque::new(),
            started: now,
            last: None,
            due: now,
            reload: false,
            tidied: None,
        })
    }

    pub(super) fn house(&self) -> &House {
        &self.house
    }

    /// A minute has passed.
    pub(super) fn minute(&mut self, now: DateTime<Utc>) {
        let stuck = matches!(&self.hands, Hands::Turn { since, .. } if now - *since > LONGEST_TURN);
        if !stuck {
            supervise::alive();
        }
        // The clock went back: what was due in the future of then is due in the future of now.
        if self.due - now > self.house.poll * 4 {
            self.due = now;
        }
        self.shrink(now);
    }

    /// Once a night, when nobody needs it, the store is opened anew.
    fn shrink(&mut self, now: DateTime<Utc>) {
        let local = now.with_timezone(&(self.house.zone)(now));
        let tonight = local.date_naive();
        let ours = matches!(self.hands, Hands::Ours(_));
        if ours && local.hour() == NIGHT && self.tidied != Some(tonight) {
            self.hands = Hands::Nobody;
            self.tidied = Some(tonight);
        }
    }

    /// Something changed in a folder: look now.
    pub(super) fn changed(&mut self, now: DateTime<Utc>) {
        self.due = self.due.min(now);
    }

    /// The config is to be read again, once the turn that runs has ended.
    pub(super) fn reload(&mut self) {
        self.reload = true;
    }

    /// A command wants the store.
    pub(super) fn lend(&mut self, request: lease::Request) {
        self.waiting.push_back(request);
    }

    /// A command gave it back. What it did may want a turn soon.
    pub(super) fn returned(&mut self) {
        if matches!(self.hands, Hands::Lent) {
            self.hands = Hands::Nobody;
        }
    }

    /// A turn has ended.
    pub(super) fn turned(&mut self, now: DateTime<Utc>, turned: Result<Turned, TurnError>) {
        self.hands = Hands::Nobody;
        let before = self.last.and_then(|last| last.changed);
        let changed = match turned {
            Ok(Turned { report, now: at }) => {
                let moved = report.changed + report.vanished + report.written > 0;
                supervise::status(&summary(&report));
                if moved { Some(at) } else { before }
            }
            Err(error) => {
                tracing::error!(%error, "the turn failed; the next one tries again");
                supervise::status("the last turn failed; see the log");
                before
            }
        };
        let last = LastLook { at: now, changed };
        self.last = Some(last);
        self.due = pace::next(last, self.house.poll, self.started, chance(now));
        supervise::alive();
    }

    /// What is to be done now, in order: the store goes to those who wait for it, a new config
    /// applies, a turn that is due starts.
    pub(super) fn step(&mut self, now: DateTime<Utc>) {
        if matches!(self.hands, Hands::Turn { .. } | Hands::Lent) {
            return;
        }
        if let Some(request) = self.waiting.pop_front() {
            // Dropped before the command hears of it.
            self.hands = Hands::Lent;
            request.grant(self.events.clone());
            return;
        }
        if std::mem::take(&mut self.reload) {
            self.furnish_anew();
        }
        if matches!(self.hands, Hands::Nobody) {
            match Store::open(&self.house.store) {
                Ok(store) => self.hands = Hands::Ours(store),
                Err(error) => {
                    tracing::warn!(%error, "the store can't be opened yet");
                    return;
                }
            }
        }
        if now >= self.due {
            self.start(now);
        }
    }

    fn start(&mut self, now: DateTime<Utc>) {
        let Hands::Ours(store) = std::mem::replace(&mut self.hands, Hands::Nobody) else { return };
        let (house, events) = (Arc::clone(&self.house), self.events.clone());
        let task = tokio::spawn(async move {
            let turned = one_turn(&house, &store, now).await;
            drop(store);
            let _ = events.send(Event::Turned(Box::new(turned))).await;
        });
        self.hands = Hands::Turn { task, since: now };
    }

    /// A valid config applies; with another one the old stays in force.
    fn furnish_anew(&mut self) {
        match (self.furnish)() {
            Ok(house) if house.store == self.house.store && house.socket == self.house.socket => {
                tracing::info!("the config was read again");
                self.house = Arc::new(house);
                self.due = Utc::now();
            }
            Ok(_) => tracing::warn!("another store or socket takes a restart; nothing is changed"),
            Err(why) => tracing::warn!(%why, "the config is off; the old one stays in force"),
        }
    }

    /// Ends a turn that runs, and lets go of the store.
    pub(super) async fn stop(self) {
        if let Hands::Turn { task, .. } = self.hands {
            task.abort();
            let _ = tokio::time::timeout(GRACE, task).await;
        }
    }
}

async fn one_turn(house: &House, store: &Store, now: DateTime<Utc>) -> Result<Turned, TurnError> {
    let before = store.load(&house.principal)?;
    let settings = (house.settings)(now);
    let turn = Turn {
        principal: &house.principal,
        settings: &settings,
        now,
        at: &|_| {},
        progress: &|_, _| {},
    };
    let (report, person) = cycle::turn(store, before, &house.clients, &house.brain, &turn).await?;
    (house.learned)(&report, &person);
    Ok(Turned { report, now })
}

/// Counts for the supervisor.
fn summary(report: &Report) -> String {
    let stale = |w: &&Warning| matches!(w, Warning::Account { .. } | Warning::Collection { .. });
    let troubled = report.warnings.iter().filter(stale).count();
    let trouble = match troubled {
        0 => String::new(),
        n => format!(", {n} in trouble: see `chronotype status`"),
    };
    let (calendars, events) = (report.collections, report.events);
    format!("{calendars} calendars read{trouble}, {events} events, {} types", report.types)
}

/// A number in 0..1 that differs between services.
fn chance(now: DateTime<Utc>) -> f64 {
    let nanos =
        u64::from(now.nanosecond()) ^ u64::from(std::process::id()).wrapping_mul(0x9e37_79b9);
    (nanos % 1_000_003) as f64 / 1_000_003.0
}
