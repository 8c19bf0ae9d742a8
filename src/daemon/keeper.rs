//! The one who holds the store: starts turns when they are due, lends the store to commands, takes
//! over a new config.

use super::daily::{self, Daily};
use super::lease::Want;
use super::pace::{self, LastLook};
use super::turn::{self, Ended};
use super::{DaemonError, Event, Furnish, House, lease, lent, packing, supervise, tally};
use crate::cycle::{Chores, Report};
use crate::dashboard::{Numbers, Page, Standing};
use crate::store::Store;
use chrono::{DateTime, Utc};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A turn that was asked to end is waited for so long: at an await it ends at once; one that
/// computes, or waits for a password command, is left behind, which is a crash to it.
const GRACE: Duration = Duration::from_millis(500);
/// A turn that takes longer than this is not fed to the watchdog any more.
const LONGEST_TURN: Duration = Duration::from_secs(30 * 60);

/// Who has the store.
enum Hands {
    /// We do.
    Ours(Store),
    /// A turn works on it.
    Turn { task: JoinHandle<()>, since: Instant },
    /// A command does, or it is being packed.
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
    end: watch::Sender<bool>,
    waiting: VecDeque<lease::Request>,
    /// Who has the store, where a command does.
    borrower: Option<lease::Borrower>,
    started: DateTime<Utc>,
    last: Option<LastLook>,
    due: DateTime<Utc>,
    reload: bool,
    /// A folder changed since the last turn began, which may have read it before that.
    has_changed: bool,
    /// Something could not be read in the last turn.
    troubled: bool,
    morning: Daily,
    night: Daily,
    /// The store is to be packed, once the turn of this night has ended.
    to_pack: bool,
    numbers: Arc<Numbers>,
    page: Option<Page>,
    /// The last look that read everything.
    good_look: DateTime<Utc>,
    stale_accounts: usize,
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
        now: DateTime<Utc>,
    ) -> Result<Self, DaemonError> {
        let store = Store::open(&house.store)?;
        let late = daily::late(&house.principal);
        let numbers = Arc::new(Numbers::new(&house.store, now));
        Ok(Self {
            house: Arc::new(house),
            furnish,
            events,
            hands: Hands::Ours(store),
            end: watch::Sender::new(false),
            waiting: VecDeque::new(),
            borrower: None,
            started: now,
            last: None,
            due: now,
            reload: false,
            has_changed: false,
            troubled: false,
            morning: Daily::never(late),
            night: Daily::never(late),
            to_pack: false,
            numbers,
            page: None,
            good_look: now,
            stale_accounts: 0,
        })
    }

    pub(super) fn house(&self) -> &House {
        &self.house
    }

    /// Opens the page of numbers where the config wants one.
    pub(super) fn open_page(&mut self) {
        // The old one goes in any case.
        self.page = None;
        self.page = tally::open(self.house.metrics, &self.numbers);
    }

    /// A turn runs, or the store is being packed.
    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.hands, Hands::Turn { .. } | Hands::Lent)
    }

    /// A minute has passed.
    pub(super) fn minute(&mut self, now: DateTime<Utc>) {
        self.borrower.iter_mut().for_each(lease::Borrower::minute);
        let hands = &self.hands;
        if !matches!(hands, Hands::Turn { since, .. } if since.elapsed() > LONGEST_TURN) {
            supervise::alive();
        }
        // The clock went back: what was due in the future of then is due in the future of now.
        if self.due - now > self.house.poll * 4 {
            self.due = now;
        }
    }

    /// Something changed in a folder: look now.
    pub(super) fn changed(&mut self, now: DateTime<Utc>) {
        self.due = self.due.min(now);
        self.has_changed = true;
    }

    /// The config is to be read again, once the turn that runs has ended.
    pub(super) fn reload(&mut self) {
        self.reload = true;
    }

    /// A command wants the store.
    pub(super) fn lend(&mut self, request: lease::Request, now: DateTime<Utc>) {
        match &request.want {
            Want::Served(who) => {
                let ours = *who == self.house.principal;
                request.answer(ours);
            }
            Want::Next(who) => {
                let ours = *who == self.house.principal;
                request.answer_when(ours.then(|| self.next(now)));
            }
            Want::Folder | Want::Records(_) => self.waiting.push_back(request),
        }
    }

    /// A command gave it back. What it did may want a turn soon.
    pub(super) fn returned(&mut self) {
        self.borrower = None;
        if matches!(self.hands, Hands::Lent) {
            self.hands = Hands::Nobody;
        }
    }

    /// A turn has ended.
    pub(super) fn turned(&mut self, now: DateTime<Utc>, ended: Ended) {
        self.hands = Hands::Nobody;
        self.note(&ended, now);
        let mut moved = false;
        let was_troubled = std::mem::replace(&mut self.troubled, ended.is_trouble());
        let summary;
        match ended {
            Ended::Well(report) => {
                turn::tell(&self.house.principal, was_troubled, &report);
                summary = words(&report);
                moved = turn::moved(&report);
            }
            Ended::Failed(error) => {
                tracing::error!(%error, "the turn failed; the next one tries again");
                summary = "the last turn failed; see the log".to_owned();
            }
            Ended::Panicked => {
                tracing::error!("the turn broke off by a defect; the next one tries again");
                summary = "the last turn broke off; see the log".to_owned();
            }
            Ended::TooLong => {
                tracing::warn!("the turn took too long; the next one tries again");
                summary = "the last turn took too long".to_owned();
            }
            Ended::Stopped => summary = "stopping".to_owned(),
        }
        let last = LastLook::then(self.last, now, moved);
        self.last = Some(last);
        self.due = pace::next(last, self.house.poll, self.started, turn::chance(now));
        if self.has_changed {
            self.due = now;
        }
        let next = self.next(now);
        let local = next.with_timezone(&(self.house.zone)(next)).format("%H:%M");
        supervise::status(&format!("{summary}; next look at {local}"));
        supervise::alive();
    }

    /// When the next turn is due; not in the past.
    fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let House { morning, night, zone, .. } = &*self.house;
        let daily = [self.morning.next(*morning, now, zone), self.night.next(*night, now, zone)];
        daily.into_iter().flatten().fold(self.due, DateTime::min).max(now)
    }

    /// For the page of numbers.
    fn note(&mut self, ended: &Ended, now: DateTime<Utc>) {
        tally::count(&self.numbers, ended);
        self.stale_accounts = tally::stale_accounts(ended, self.house.accounts);
        if ended.is_good_look() {
            self.good_look = now;
        }
    }

    fn show(&self, now: DateTime<Utc>) {
        let running = matches!(self.hands, Hands::Turn { .. });
        self.numbers.stand(Standing {
            people: 1,
            refused: 0,
            stale_accounts: self.stale_accounts,
            good_look: Some(self.good_look),
            due: usize::from(!running && now >= self.due),
            running: usize::from(running),
            waiting: self.waiting.len(),
        });
    }

    /// What is to be done now, in order: the store goes to those who wait for it, a new config
    /// applies, a turn that is due starts.
    pub(super) fn step(&mut self, now: DateTime<Utc>) {
        self.act(now);
        self.show(now);
    }

    fn act(&mut self, now: DateTime<Utc>) {
        if matches!(self.hands, Hands::Turn { .. } | Hands::Lent) {
            return;
        }
        self.waiting.retain(|request| !request.is_over());
        if std::mem::take(&mut self.to_pack) {
            self.hands = Hands::Lent;
            packing::start(self.house.store.clone(), self.events.clone());
            return;
        }
        let wants_folder = self.waiting.front().is_some_and(|r| r.want == Want::Folder);
        if !wants_folder && !self.takes_hold() {
            return;
        }
        if let Some(request) = self.waiting.pop_front() {
            self.hand_over(request);
            return;
        }
        if std::mem::take(&mut self.reload) {
            self.furnish_anew(now);
            if !self.takes_hold() {
                return;
            }
        }
        let zone = &self.house.zone;
        let chores = match self.night.is_due(self.house.night, now, zone) {
            true => Chores::Now,
            false => Chores::AtNight,
        };
        let morning = self.morning.is_due(self.house.morning, now, zone);
        if now >= self.due || morning || chores == Chores::Now {
            self.start(now, chores);
        }
    }

    /// Opens the store where nobody has it; whether it is ours now.
    fn takes_hold(&mut self) -> bool {
        if matches!(self.hands, Hands::Nobody) {
            match Store::open(&self.house.store) {
                Ok(store) => self.hands = Hands::Ours(store),
                Err(error) => tracing::warn!(%error, "the store can't be opened yet"),
            }
        }
        matches!(self.hands, Hands::Ours(_))
    }

    fn hand_over(&mut self, request: lease::Request) {
        let had = std::mem::replace(&mut self.hands, Hands::Lent);
        self.borrower = Some(lease::Borrower::of(&request));
        match (request.want.clone(), had) {
            (Want::Records(principal), Hands::Ours(store)) => {
                lent::start(request, store, principal, self.events.clone());
            }
            // Dropped before the command hears of it.
            (_, had) => {
                drop(had);
                request.grant(self.events.clone());
            }
        }
    }

    fn start(&mut self, now: DateTime<Utc>, chores: Chores) {
        let Hands::Ours(store) = std::mem::replace(&mut self.hands, Hands::Nobody) else { return };
        let (house, events) = (Arc::clone(&self.house), self.events.clone());
        self.morning.done(now);
        self.has_changed = false;
        if chores == Chores::Now {
            self.night.done(now);
            self.to_pack = true;
        }
        let task = turn::start(house, store, (now, chores), self.end.subscribe(), events);
        self.hands = Hands::Turn { task, since: Instant::now() };
    }

    /// A valid config applies; with another one the old stays in force.
    fn furnish_anew(&mut self, now: DateTime<Utc>) {
        supervise::reloading();
        match (self.furnish)() {
            Ok(house) if house.store == self.house.store && house.socket == self.house.socket => {
                tracing::info!("the config was read again");
                let page = house.metrics != self.house.metrics;
                self.house = Arc::new(house);
                self.due = now;
                if page {
                    self.open_page();
                }
            }
            Ok(_) => tracing::warn!("another store or socket takes a restart; nothing is changed"),
            Err(why) => tracing::warn!(%why, "the config is off; the old one stays in force"),
        }
        supervise::ready();
    }

    /// Ends a turn that runs, and lets go of the store.
    pub(super) async fn stop(self) {
        if let Hands::Turn { task, .. } = self.hands {
            self.end.send_replace(true);
            let _ = tokio::time::timeout(GRACE, task).await;
        }
    }
}

/// Counts for the supervisor.
fn words(report: &Report) -> String {
    let trouble = match turn::troubled(report) {
        0 => String::new(),
        n => format!(", {n} in trouble ({})", turn::words_of_causes(report)),
    };
    let (calendars, events) = (report.collections, report.events);
    format!("{calendars} calendars read{trouble}, {events} events, {} types", report.types)
}
