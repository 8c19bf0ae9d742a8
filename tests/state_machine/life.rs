//! One life: a person, a lying server, and the program with its store on disk, step by step.
//!
//! Invariant: what a step does follows from its own seed and the state before it, so that steps
//! can be left out and the rest still runs.

use super::disk::{copy, somewhere};
use super::google::{AtGoogle, RUNTIME};
use super::oracle::Oracle;
use super::person::Someone;
use crate::support::fake::{Fake, lock};
use crate::support::fake_faults::{Dice, Fault};
use crate::support::fake_server::Server;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chronotype::cycle::{Brain, Chores, Mode, Report, Settings, Step, Turn, turn};
use chronotype::event::{PrincipalId, Whereabouts};
use chronotype::schedule::plan::Planning;
use chronotype::schedule::request::{Ask, Door};
use chronotype::store::{Person, Store};
use chronotype::sync::diff::Deletions;
use chronotype::sync::poll::{Client, Discovery};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tempfile::TempDir;

static BRAIN: LazyLock<Brain> = LazyLock::new(|| Brain::local().unwrap());

/// A crash at the boundary of a step.
struct Crash;

/// How a turn is run.
#[derive(Debug, Clone, Copy)]
struct How {
    mode: Mode,
    deletions: Deletions,
    /// Ends at this point of it.
    dies_at: Option<u32>,
}

const PLAIN: How = How { mode: Mode::Suggest, deletions: Deletions::Guarded, dies_at: None };

pub struct Life {
    server: Arc<Mutex<Server>>,
    someone: Arc<Mutex<Someone>>,
    folder: TempDir,
    copies: u32,
    store: Option<Store>,
    person: Person,
    clients: Vec<Client>,
    oracle: Oracle,
    settings: Settings,
    principal: PrincipalId,
    google: Option<AtGoogle>,
    /// How often what was done.
    pub counts: BTreeMap<String, u64>,
}

fn settings() -> Settings {
    Settings {
        zone: chrono_tz::Europe::Berlin,
        whereabouts: Whereabouts::new(chrono_tz::Europe::Berlin, Vec::new()),
        addresses: Vec::new(),
        history: TimeDelta::days(60),
        ahead: TimeDelta::days(14),
        mode: Mode::Suggest,
        doors: vec![Door::Habit, Door::Todo, Door::Ask],
        planning: Planning { horizon_days: 5, ..Planning::default() },
        suggest_into: Some(("mine".into(), "chronotype".into())),
        deletions: Deletions::Guarded,
        chores: Chores::Now,
        assistant: None,
    }
}

impl Life {
    pub fn new(seed: u64) -> Self {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 6, 0, 0).unwrap();
        let mut server = Server::new(now, seed);
        for (account, name) in [("mine", "work"), ("mine", "tasks"), ("club", "side")] {
            server.add(account, name);
        }
        let someone = Arc::new(Mutex::new(Someone::default()));
        let actor = Arc::clone(&someone);
        server.meanwhile = Some(Box::new(move |server: &mut Server| {
            let mut dice = Dice::new(server.dice.next());
            let mut actor = actor.lock().unwrap_or_else(PoisonError::into_inner);
            actor.act(server, &mut dice);
        }));
        let server = Arc::new(Mutex::new(server));
        let client = |account: &str, into: Option<&str>, discovery| Client {
            calendar: Box::new(Fake::new(account, &server)),
            wanted: None,
            suggest_into: into.map(str::to_owned),
            discovery,
        };
        let clients = vec![
            client("mine", Some("chronotype"), Discovery::Daily),
            client("club", None, Discovery::EachTurn),
        ];
        let folder = somewhere();
        let store = Store::open(&folder.path().join("store-0")).unwrap();
        Self {
            server,
            someone,
            folder,
            copies: 0,
            store: Some(store),
            person: Person::default(),
            clients,
            oracle: Oracle::default(),
            settings: settings(),
            principal: PrincipalId::new("me").unwrap(),
            google: None,
            counts: BTreeMap::new(),
        }
    }

    /// The same, with the account `mine` at Google but for its tasks.
    pub fn at_google(seed: u64) -> Self {
        let mut life = Self::new(seed);
        let google = AtGoogle::new(&life.server);
        life.clients[0].calendar = google.calendar(&life.server);
        life.google = Some(google);
        life
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
        let mut server = lock(&self.server);
        let now = server.now.format("%m-%dT%H:%M");
        let line = format!("{now} {what}");
        server.diary.push(line);
    }

    /// One step.
    ///
    /// # Errors
    /// What was violated.
    pub fn step(&mut self, seed: u64) -> Result<(), String> {
        let mut dice = Dice::new(seed);
        lock(&self.server).dice = Dice::new(dice.next());
        match dice.below(100) {
            0..44 => {
                let mut server = lock(&self.server);
                let mut someone = self.someone.lock().unwrap_or_else(PoisonError::into_inner);
                someone.act(&mut server, &mut dice);
                Ok(())
            }
            44..58 => {
                self.pass(&mut dice);
                Ok(())
            }
            58..88 => self.some_turn(&mut dice),
            88..94 => {
                self.toggle(&mut dice);
                Ok(())
            }
            94..96 => self.ask(&mut dice),
            96..98 => {
                lock(&self.server).cut_off(&mut dice);
                Ok(())
            }
            _ => self.calm(),
        }
    }

    fn pass(&mut self, dice: &mut Dice) {
        let minutes = match dice.below(20) {
            0..9 => 1 + dice.below(30),
            9..16 => 30 + dice.below(600),
            16..19 => 60 * (12 + dice.below(60)),
            _ => 60 * 24 * (3 + dice.below(18)),
        };
        lock(&self.server).now += TimeDelta::minutes(minutes as i64);
        self.count(match minutes {
            0..60 => "pass minutes",
            60..1440 => "pass hours",
            1440..10_080 => "pass days",
            _ => "pass weeks",
        });
    }

    fn toggle(&mut self, dice: &mut Dice) {
        let mut server = lock(&self.server);
        server.victim = dice.below(3);
        match dice.below(10) {
            0..4 => server.faults.on.clear(),
            _ => {
                for _ in 0..=dice.below(3) {
                    let fault = Fault::ALL[dice.below(Fault::ALL.len())];
                    server.faults.on.insert(fault);
                }
            }
        }
        if !server.faults.on.contains(&Fault::CutOff) {
            server.mend();
        }
        let on = format!("faults {:?} at {}", server.faults.on, server.victim);
        server.diary.push(on);
        drop(server);
        *self.counts.entry("switch faults".into()).or_default() += 1;
    }

    fn ask(&mut self, dice: &mut Dice) -> Result<(), String> {
        let mut after = self.person.clone();
        let now = lock(&self.server).now;
        after.asks.push(Ask {
            number: after.next_ask,
            title: super::words::TITLES[dice.below(6)].into(),
            minutes: Some(60 + 30 * dice.below(4) as u32),
            deadline: now + TimeDelta::days(1 + dice.below(6) as i64),
            asked_at: now,
        });
        after.next_ask += 1;
        let store = self.store.as_ref().ok_or("no store")?;
        store.commit(&self.principal, &self.person, &after).map_err(|e| e.to_string())?;
        self.person = after;
        self.count("ask");
        Ok(())
    }

    fn some_turn(&mut self, dice: &mut Dice) -> Result<(), String> {
        let dies_at = dice.percent(18).then(|| dice.below(36) as u32);
        let how = match dice.below(20) {
            0 => How { mode: Mode::Observe, ..PLAIN },
            1 => How { mode: Mode::DryRun, ..PLAIN },
            2..14 if self.is_meant() => How { deletions: Deletions::Accepted, ..PLAIN },
            _ => PLAIN,
        };
        self.turn(How { dies_at, ..how }).map(drop)
    }

    /// The person says that held deletions are meant, when they are.
    fn is_meant(&self) -> bool {
        let server = lock(&self.server);
        let held = self.person.status.collections.values().filter_map(|c| c.held.as_ref());
        let mut uids = held.flat_map(|h| &h.uids).peekable();
        let truly = uids.peek().is_some() && uids.all(|uid| server.find(uid.as_str()).is_empty());
        truly && !server.faults.on.contains(&Fault::AllGone)
    }

    /// One turn; `None` when the process ended in it.
    fn turn(&mut self, how: How) -> Result<Option<Report>, String> {
        self.count(match (how.mode, how.deletions) {
            (Mode::Observe, _) => "turn: observe",
            (Mode::DryRun, _) => "turn: dry run",
            (_, Deletions::Accepted) => "turn: accept deletions",
            _ => "turn",
        });
        let before = self.person.clone();
        let now = {
            let mut server = lock(&self.server);
            (server.countdown, server.crashed) = (how.dies_at, false);
            server.writes.clear();
            server.now
        };
        let ran = self.run(how, now);
        let crashed = lock(&self.server).crashed;
        lock(&self.server).countdown = None;
        let report = match ran {
            Ok(Some(Ok((report, after)))) if !crashed => {
                if how.mode != Mode::DryRun {
                    self.person = after;
                }
                Some(report)
            }
            Ok(Some(Err(error))) => return Err(format!("the turn stopped: {error}")),
            Ok(_) => None,
            Err(payload) if payload.is::<Crash>() => None,
            Err(payload) => {
                let text = payload.downcast_ref::<String>().cloned();
                let text = text.or_else(|| payload.downcast_ref::<&str>().map(|t| (*t).into()));
                return Err(format!("panic: {}", text.unwrap_or_default()));
            }
        };
        if report.is_none() {
            self.count("crash");
            self.restart()?;
        }
        let mut server = lock(&self.server);
        let mut someone = self.someone.lock().unwrap_or_else(PoisonError::into_inner);
        let writes = std::mem::take(&mut server.writes);
        for write in &writes {
            *self.counts.entry(format!("write: {:?}", write.verb)).or_default() += 1;
            server.diary.push(format!("  {:?} {} told {}", write.verb, write.href, write.told));
        }
        let mode = how.mode;
        self.oracle.after_turn(&before, &self.person, &writes, mode, &mut server, &mut someone)?;
        Ok(report)
    }

    #[expect(clippy::type_complexity, reason = "what catching a panic gives")]
    fn run(
        &self,
        how: How,
        now: DateTime<Utc>,
    ) -> Result<
        Option<Result<(Report, Person), chronotype::cycle::TurnError>>,
        Box<dyn std::any::Any + Send>,
    > {
        let settings =
            Settings { mode: how.mode, deletions: how.deletions, ..self.settings.clone() };
        let at = |_: Step| {
            if lock(&self.server).is_the_end(Fault::CrashAtStep) {
                resume_unwind(Box::new(Crash));
            }
        };
        let progress = |_, _| {};
        let moment = Turn {
            principal: &self.principal,
            settings: &settings,
            now,
            at: &at,
            progress: &progress,
        };
        let _entered = self.google.as_ref().map(|_| RUNTIME.enter());
        catch_unwind(AssertUnwindSafe(|| {
            let store = self.store.as_ref()?;
            let before = self.person.clone();
            let mut future = pin!(turn(store, before, &self.clients, &BRAIN, &moment));
            let mut context = Context::from_waker(Waker::noop());
            loop {
                match future.as_mut().poll(&mut context) {
                    Poll::Ready(ended) => return Some(ended),
                    Poll::Pending if lock(&self.server).crashed => return None,
                    // Only those at Google wait for somebody else.
                    Poll::Pending => std::thread::yield_now(),
                }
            }
        }))
    }

    /// What a killed process leaves on the disk is what the next one finds.
    fn restart(&mut self) -> Result<(), String> {
        let path = |n: u32| self.folder.path().join(format!("store-{n}"));
        let (from, to) = (path(self.copies), path(self.copies + 1));
        copy(&from, &to).map_err(|e| e.to_string())?;
        self.copies += 1;
        drop(self.store.take());
        std::fs::remove_dir_all(&from).map_err(|e| e.to_string())?;
        let store = Store::open(&to).map_err(|e| e.to_string())?;
        self.person = store.load(&self.principal).map_err(|e| e.to_string())?;
        self.store = Some(store);
        Ok(())
    }

    /// Faults off, a day and a few turns: then everything must be right.
    pub fn calm(&mut self) -> Result<(), String> {
        {
            let mut server = lock(&self.server);
            server.faults.on.clear();
            server.mend();
            server.now += TimeDelta::hours(25);
        }
        self.count("calm");
        // Twice: what was read anew is asked for with one turn and told with the next.
        let mut quiet = 0;
        for _ in 0..10 {
            let report = self.turn(PLAIN)?.ok_or("nothing ends a calm turn")?;
            let held = self.person.status.collections.values().any(|c| c.held.is_some());
            let still = report.writes == Default::default() && report.changed == 0 && !held;
            quiet = if still { quiet + 1 } else { 0 };
            if quiet == 2 {
                break;
            }
            lock(&self.server).now += TimeDelta::minutes(1);
        }
        let stored = self.store.as_ref().ok_or("no store")?;
        let stored = stored.load(&self.principal).map_err(|e| e.to_string())?;
        if stored.events != self.person.events || stored.suggestions != self.person.suggestions {
            return Err("the store holds something else than the turn gave".into());
        }
        self.google.iter().for_each(|google| google.look(&self.server));
        let server = lock(&self.server);
        let someone = self.someone.lock().unwrap_or_else(PoisonError::into_inner);
        self.oracle.in_calm(&self.person, &server, &someone)
    }

    /// Everything counted, by name.
    pub fn coverage(&self) -> BTreeMap<String, u64> {
        let mut all = self.counts.clone();
        let someone = self.someone.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(someone.acts.iter().map(|(k, n)| (format!("person: {k}"), *n)));
        let server = lock(&self.server);
        all.extend(server.faults.hits.iter().map(|(k, n)| (format!("fault: {k:?}"), *n)));
        all.extend(self.oracle.counts.iter().map(|(k, n)| (format!("seen: {k}"), *n)));
        all
    }

    /// What happened, in order.
    pub fn story(&self) -> Vec<String> {
        lock(&self.server).diary.clone()
    }
}
