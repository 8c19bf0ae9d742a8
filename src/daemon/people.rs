//! Many people in one process: one config file each, one store, one socket, turns in fair order.
//!
//! Invariants: a person's turn sees their own records and accounts alone; at most one turn of each
//! runs, and none while a command of theirs has their records; whatever goes wrong with one of
//! them, defects of ours included, is theirs: it is logged by their id and tried again later, ever
//! more rarely. Folders of calendars are polled here, not watched: the system's watches are few.

mod person;
mod roster;
mod rota;

pub use roster::Furnish as FurnishPerson;

use super::daily::Daily;
use super::lease::{self, Holder, Want};
use super::sources::{self, Ears, Place};
use super::turn::{self, Ended};
use super::{DaemonError, Event, lent, packing, supervise, tally};
use crate::dashboard::{Numbers, Standing};
use crate::event::PrincipalId;
use crate::store::Store;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use person::{Person, RAREST};
use roster::Roster;
use rota::Rota;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

/// Turns that were asked to end are waited for so long.
const GRACE: Duration = Duration::from_millis(500);
/// When the store is packed (UTC: people live in many zones).
const NIGHT: NaiveTime = match NaiveTime::from_hms_opt(3, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};
/// Turns wait at most so long for a quiet moment in which the store is closed and opened.
const HOLD: TimeDelta = TimeDelta::minutes(2);

/// What serves many people.
pub struct People {
    /// The folder of their configs.
    pub folder: PathBuf,
    /// The folder of the store.
    pub store: PathBuf,
    /// Where commands come.
    pub socket: PathBuf,
    /// Where the numbers of all are shown; `None` = nowhere.
    pub metrics: Option<SocketAddr>,
    /// Reads a person's file.
    pub furnish: FurnishPerson,
}

pub(super) struct Crowd {
    path: PathBuf,
    /// `None` = a command has it, or it could not be opened.
    store: Option<Store>,
    people: BTreeMap<PrincipalId, Person>,
    rota: Rota,
    roster: Roster,
    events: Sender<Event>,
    end: watch::Sender<bool>,
    /// Whose records a command has.
    lent: BTreeSet<PrincipalId>,
    waiting: VecDeque<lease::Request>,
    /// Who has the whole store.
    borrower: Option<lease::Borrower>,
    /// Nobody has the store: it is being packed.
    is_packing: bool,
    /// The store is packed once a day.
    packing: Daily,
    /// Since when that waits for a quiet moment.
    to_pack: Option<DateTime<Utc>>,
    numbers: Arc<Numbers>,
}

/// Serves everybody in the folder until it is asked to stop.
///
/// # Errors
/// [`DaemonError`]: nothing was started then.
pub async fn run_people(people: People) -> Result<(), DaemonError> {
    let (sender, mut events) = tokio::sync::mpsc::channel(sources::WAITING);
    let (socket, metrics) = (people.socket.clone(), people.metrics);
    let ears = Ears {
        socket: &socket,
        about: Holder::own(true, &people.store),
        folders: &[],
        config: Place::Folder(&people.folder),
    };
    // The socket comes first: who serves this store may have lent it at this moment.
    let _sources = sources::start(&ears, &sender).await?;
    let mut crowd = Crowd::open(people, sender, Utc::now())?;
    crowd.look_at_roster(Utc::now());
    supervise::ready();
    crowd.say_hello(&socket);
    let _page = tally::open(metrics, &crowd.numbers);
    crowd.step(Utc::now());
    while let Some(event) = events.recv().await {
        let now = Utc::now();
        match event {
            Event::Minute => crowd.minute(now),
            Event::Changed => {}
            Event::Reload => {
                supervise::reloading();
                crowd.look_at_roster(now);
                supervise::ready();
            }
            Event::Wanted(request) => crowd.wanted(request, now),
            Event::Returned(want) => crowd.returned(&want),
            Event::Turned(who, ended) => crowd.turned(&who, ended, now),
            Event::Stop => break,
        }
        crowd.step(now);
    }
    supervise::stopping();
    crowd.stop(events).await;
    tracing::info!("stopped");
    Ok(())
}

impl Crowd {
    pub(super) fn open(
        people: People,
        events: Sender<Event>,
        now: DateTime<Utc>,
    ) -> Result<Self, DaemonError> {
        let store = Store::open(&people.store)?;
        let numbers = Arc::new(Numbers::new(&people.store, now));
        let mut packing = Daily::never(TimeDelta::zero());
        packing.done(now);
        Ok(Self {
            path: people.store,
            store: Some(store),
            people: BTreeMap::new(),
            rota: Rota::default(),
            roster: Roster::new(people.folder, people.furnish),
            events,
            end: watch::Sender::new(false),
            lent: BTreeSet::new(),
            waiting: VecDeque::new(),
            borrower: None,
            is_packing: false,
            packing,
            to_pack: None,
            numbers,
        })
    }

    /// The first line of the log after those of the people.
    fn say_hello(&self, socket: &Path) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            people = self.people.len(),
            refused = self.roster.refused(),
            store = %self.path.display(),
            socket = %socket.display(),
            "chronotype runs"
        );
    }

    fn look_at_roster(&mut self, now: DateTime<Utc>) {
        let found = match self.roster.look() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the folder of people can't be read; all stays as it is");
                return;
            }
        };
        for who in found.gone {
            tracing::info!(person = who.as_str(), "no longer served; what is kept of them stays");
            self.people.remove(&who);
            self.rota.take_out(&who);
        }
        let at_start = self.people.is_empty();
        for house in found.come {
            let who = house.principal.clone();
            match at_start {
                true => tracing::debug!(person = who.as_str(), "served"),
                false => tracing::info!(person = who.as_str(), "served from now on"),
            }
            self.people.insert(who.clone(), Person::new(house, now));
            self.rota.plan(&who, now);
        }
        self.tell();
    }

    /// A minute has passed.
    pub(super) fn minute(&mut self, now: DateTime<Utc>) {
        self.borrower.iter_mut().for_each(lease::Borrower::minute);
        for who in self.rota.give_up(Instant::now()) {
            let words = "a turn computes without end: it is given up, and the others go on";
            tracing::error!(person = who.as_str(), "{words}");
        }
        if !self.rota.is_stuck() {
            supervise::alive();
        }
        // Where the folder can't be watched, this is how changes are seen.
        self.look_at_roster(now);
        let longest = self.people.values().map(|person| person.house.poll).max();
        self.rota.not_after(now + longest.unwrap_or_default().max(RAREST) * 4, now);
        for (who, person) in &mut self.people {
            if person.is_due(now) && self.rota.planned(who).is_none_or(|at| at > now) {
                self.rota.plan(who, now);
            }
        }
        if self.packing.is_due(NIGHT, now, |_| Tz::UTC) {
            self.packing.done(now);
            self.to_pack = Some(now);
        }
        self.show(now);
    }

    /// For the page of numbers.
    fn show(&self, now: DateTime<Utc>) {
        self.numbers.stand(Standing {
            people: self.people.len(),
            refused: self.roster.refused(),
            stale_accounts: self.people.values().map(Person::stale_accounts).sum(),
            good_look: self.people.values().map(Person::good_look).min(),
            due: self.rota.due(now),
            running: self.rota.running(),
            waiting: self.waiting.len(),
        });
    }

    /// Has the store packed where nobody needs it; whether turns are to wait until nobody does.
    fn pack(&mut self, now: DateTime<Utc>) -> bool {
        let Some(since) = self.to_pack else { return false };
        if self.rota.running() > 0 || !self.lent.is_empty() || self.is_away() {
            return (TimeDelta::zero()..HOLD).contains(&(now - since));
        }
        self.to_pack = None;
        self.store = None;
        self.is_packing = true;
        packing::start(self.path.clone(), self.events.clone());
        false
    }

    /// Somebody else has the whole store.
    pub(super) fn is_away(&self) -> bool {
        self.is_packing || self.borrower.is_some()
    }

    /// Turns that run.
    #[cfg(test)]
    pub(super) fn turns(&self) -> usize {
        self.rota.running()
    }

    fn tell(&self) {
        let troubled = self.people.values().filter(|p| p.is_in_trouble()).count();
        let refused = match self.roster.refused() {
            0 => String::new(),
            n => format!(", files refused: {n} (see the log)"),
        };
        let people = self.people.len();
        supervise::status(&format!("{people} people served, {troubled} in trouble{refused}"));
    }

    fn wanted(&mut self, request: lease::Request, now: DateTime<Utc>) {
        match &request.want {
            Want::Served(who) => {
                // A turn that still runs ends before the folder is lent.
                let served = self.people.contains_key(who);
                request.answer(served);
            }
            Want::Next(who) => {
                let planned = self.rota.planned(who);
                let daily = self.people.get(who).and_then(|person| person.next(now));
                request.answer_when(planned.into_iter().chain(daily).min().map(|at| at.max(now)));
            }
            Want::Folder | Want::Records(_) => self.waiting.push_back(request),
        }
    }

    pub(super) fn returned(&mut self, want: &Want) {
        match want {
            Want::Served(_) | Want::Next(_) => {}
            Want::Folder => (self.borrower, self.is_packing) = (None, false),
            Want::Records(who) => drop(self.lent.remove(who)),
        }
    }

    pub(super) fn turned(&mut self, who: &PrincipalId, ended: Ended, now: DateTime<Utc>) {
        let was_given_up = self.rota.ended(who, ended.is_trouble());
        // Done at last, and to be done more rarely.
        let ended = if was_given_up { Ended::TooLong } else { ended };
        tally::count(&self.numbers, &ended);
        // Removed meanwhile.
        let Some(person) = self.people.get_mut(who) else { return };
        let next = person.turned(ended, now);
        // A config that came while the turn ran has planned one already.
        if self.rota.planned(who).is_none() {
            self.rota.plan(who, next);
        }
        supervise::alive();
        if self.rota.running() == 0 {
            self.tell();
            self.show(now);
        }
    }

    /// What is to be done now: commands first, then turns.
    pub(super) fn step(&mut self, now: DateTime<Utc>) {
        let hold = self.pack(now);
        if self.is_away() {
            return;
        }
        if self.store.is_none() {
            match Store::open(&self.path) {
                Ok(store) => self.store = Some(store),
                Err(error) => {
                    tracing::warn!(%error, "the store can't be opened yet");
                    return;
                }
            }
        }
        self.serve_commands();
        let folder_wanted = self.waiting.iter().any(|r| r.want == Want::Folder);
        while !hold && !folder_wanted && !self.is_away() && !self.rota.is_full() {
            let people = &self.people;
            let hosts = |who: &PrincipalId| {
                people.get(who).map_or(&[][..], |person| person.house.hosts.as_slice())
            };
            let lent = &self.lent;
            let Some(who) = self.rota.next(now, hosts, |who| lent.contains(who)) else { return };
            self.start(&who, now);
        }
    }

    fn start(&mut self, who: &PrincipalId, now: DateTime<Utc>) {
        let (Some(person), Some(store)) = (self.people.get_mut(who), &self.store) else { return };
        let when = (now, person.begin(now));
        let (house, end) = (Arc::clone(&person.house), self.end.subscribe());
        let task = turn::start(house, store.clone(), when, end, self.events.clone());
        drop(task);
    }

    /// Those whose records are free get them; the folder goes out when nobody needs the store.
    fn serve_commands(&mut self) {
        let mut still = VecDeque::new();
        // Who has gone or given up keeps nobody from their turn.
        self.waiting.retain(|request| !request.is_over());
        for request in std::mem::take(&mut self.waiting) {
            if self.is_away() {
                still.push_back(request);
                continue;
            }
            match request.want.clone() {
                Want::Records(who) if !self.rota.is_busy(&who) && !self.lent.contains(&who) => {
                    self.lend(request, who);
                }
                Want::Folder if self.rota.running() == 0 && self.lent.is_empty() => {
                    self.borrower = Some(lease::Borrower::of(&request));
                    self.store = None;
                    request.grant(self.events.clone());
                }
                Want::Records(_) | Want::Folder | Want::Served(_) | Want::Next(_) => {
                    still.push_back(request);
                }
            }
        }
        self.waiting = still;
    }

    fn lend(&mut self, request: lease::Request, who: PrincipalId) {
        let Some(store) = self.store.clone() else { return };
        self.lent.insert(who.clone());
        lent::start(request, store, who, self.events.clone());
    }

    /// Ends all turns and lets go of the store.
    async fn stop(mut self, mut events: tokio::sync::mpsc::Receiver<Event>) {
        self.end.send_replace(true);
        self.store = None;
        let ended = async {
            while self.rota.running() > 0
                && let Some(event) = events.recv().await
            {
                if let Event::Turned(who, _) = event {
                    self.rota.ended(&who, false);
                }
            }
        };
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}
