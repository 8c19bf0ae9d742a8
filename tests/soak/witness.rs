//! Stands between the service and its server: makes the weather, and looks at every write that
//! gets through. The person's own client passes beside it and says what it did.
//!
//! Invariant: writes to the server, the service's and the people's, go one at a time, so that it is
//! known at any moment who wrote what lies there.

use super::person::start;
use crate::state_machine::words::field;
use crate::support::fake_faults::Dice;
use crate::support::fast_clock::FastClock;
use crate::support::proxy::{Asked, Fault, Weather};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A block that is deleted so soon after it was made may never have been seen by the service.
const UNSEEN: TimeDelta = TimeDelta::days(1);
/// Longest that an answer is held back.
const LATEST: u64 = 300;

/// Who wrote what lies at a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Hand {
    /// The person, these bytes.
    Person(Vec<u8>),
    /// The service: at this moment first, this text last.
    Service(DateTime<Utc>, String),
    /// Nobody any more: the person took it away; `true` = the service had seen it there.
    Gone(bool),
}

/// All that was ever written, by path.
pub type Hands = BTreeMap<String, Hand>;

/// A block's file, and the start that it was given there.
type Put = (String, Option<DateTime<Utc>>);

#[derive(Debug)]
pub struct Witness {
    clock: FastClock,
    /// Says what happens, while it does.
    aloud: bool,
    /// One request in so many goes wrong; 0: none, 1: all.
    odds: AtomicUsize,
    dice: Mutex<Dice>,
    pub hands: tokio::sync::Mutex<Hands>,
    /// Collections that the service made.
    made: Mutex<BTreeSet<String>>,
    breaches: Mutex<Vec<String>>,
    /// What happened to each object, in order.
    stories: Mutex<BTreeMap<String, Vec<String>>>,
    /// When a block was last put at a start, or taken away.
    put: Mutex<BTreeMap<Put, DateTime<Utc>>>,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

impl Witness {
    pub fn new(clock: FastClock, seed: u64, aloud: bool) -> Self {
        Self {
            clock,
            aloud,
            odds: AtomicUsize::new(0),
            dice: Mutex::new(Dice::new(seed)),
            hands: tokio::sync::Mutex::default(),
            made: Mutex::default(),
            breaches: Mutex::default(),
            stories: Mutex::default(),
            put: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// From now on one request in so many goes wrong; 0: none, 1: all.
    pub fn weather(&self, odds: usize) {
        self.odds.store(odds, Ordering::Relaxed);
    }

    /// For who waits.
    pub fn say(&self, line: &str) {
        if self.aloud {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// What may never happen happened.
    pub fn breach(&self, what: String) {
        let at = self.clock.now();
        self.breaches.lock().unwrap().push(format!("{at}: {what}"));
    }

    /// The same, to the object at this path.
    pub fn breach_of(&self, path: &str, what: &str) {
        let stories = self.stories.lock().unwrap();
        let story = stories.get(path).map_or_else(String::new, |story| story.join("\n  "));
        self.breach(format!("{path}: {what}:\n  {story}"));
    }

    /// Something was done to an object.
    pub fn note(&self, path: &str, what: &str, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let of = |name| field(&text, name).unwrap_or_default();
        let (at, title, start) = (self.clock.now(), of("SUMMARY"), of("DTSTART"));
        let line = format!("{at} {what} {title:?} {start} {}", of("SEQUENCE"));
        self.stories.lock().unwrap().entry(path.to_owned()).or_default().push(line);
    }

    /// When the service last put this block at that start, or took it away.
    pub fn put(&self, uid: &str, start: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.put.lock().unwrap().get(&(format!("{uid}.ics"), start)).copied()
    }

    pub fn breaches(&self) -> Vec<String> {
        self.breaches.lock().unwrap().clone()
    }

    pub fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.counts.lock().unwrap().clone()
    }

    /// The service made the collection at this path.
    pub fn made(&self, collection: &str) -> bool {
        self.made.lock().unwrap().contains(collection)
    }

    fn look(&self, hands: &mut Hands, asked: &Asked) {
        let (method, path) = (asked.method.as_str(), asked.path.as_str());
        let collection = path.rsplit_once('/').map_or("", |(collection, _)| collection);
        if !self.made(collection) {
            return self.breach(format!("{method} {path}: not in a calendar of its own"));
        }
        let stood = hands.get(path).cloned();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let to = start(&String::from_utf8_lossy(&asked.body));
        self.put.lock().unwrap().insert((name, to), self.clock.now());
        match (method, stood) {
            (_, Some(Hand::Person(_))) => self.breach_of(path, "it was the person's"),
            ("PUT", Some(Hand::Gone(true))) => self.breach_of(path, "it returns"),
            ("PUT", stood) => {
                let since = match stood {
                    Some(Hand::Service(since, _)) => since,
                    _ => self.clock.now(),
                };
                self.count(if asked.creates() { "blocks made" } else { "blocks rewritten" });
                let body = String::from_utf8_lossy(&asked.body).into_owned();
                if !field(&body, "UID").unwrap_or_default().starts_with("chronotype-") {
                    self.breach(format!("{path} has no mark of ours"));
                }
                hands.insert(path.to_owned(), Hand::Service(since, body));
            }
            (_, Some(Hand::Service(..))) => {
                self.count("blocks taken back");
                hands.remove(path);
            }
            (_, None | Some(Hand::Gone(_))) => self.breach_of(path, "it was not there"),
        }
    }

    /// What is to be noted when the person takes a block away.
    pub fn taken_away(&self, stood: Option<&Hand>) -> Hand {
        let seen = match stood {
            Some(Hand::Service(since, _)) => self.clock.now() - *since > UNSEEN,
            Some(Hand::Person(_)) | Some(Hand::Gone(_)) | None => false,
        };
        Hand::Gone(seen)
    }
}

impl Asked {
    fn says(&self, header: &str) -> bool {
        self.headers.iter().any(|line| line.to_ascii_lowercase().starts_with(header))
    }

    fn creates(&self) -> bool {
        self.says("if-none-match:")
    }
}

impl Weather for Witness {
    fn fault(&self, asked: &Asked) -> Option<Fault> {
        if matches!(asked.method.as_str(), "PUT" | "DELETE")
            && !asked.creates()
            && !asked.says("if-match:")
        {
            self.breach(format!("{} {} without a condition", asked.method, asked.path));
        }
        self.count("requests");
        let mut dice = self.dice.lock().unwrap();
        let odds = self.odds.load(Ordering::Relaxed);
        if odds == 0 || dice.below(odds) > 0 {
            return None;
        }
        self.count("requests that went wrong");
        let status = |status| Some(Fault::Answer(status, String::new()));
        let fault = match (odds, dice.below(7)) {
            (1, _) | (_, 0) => Some(Fault::Drop),
            (_, 1) => Some(Fault::LoseAnswer),
            (_, 2) => status(503),
            (_, 3) => status(500),
            (_, 4) => status(401),
            _ => Some(Fault::Late(Duration::from_millis(dice.next() % LATEST))),
        };
        if matches!(asked.method.as_str(), "PUT" | "DELETE") {
            self.note(&asked.path, &format!("{} meets {fault:?}", asked.method), &[]);
        }
        fault
    }

    fn pass(&self, asked: &Asked, send: &mut dyn FnMut() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let status = |reply: &[u8]| {
            let head = String::from_utf8_lossy(reply.get(..13).unwrap_or_default()).into_owned();
            head.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        let is_done = |reply: &[u8]| status(reply).starts_with('2');
        match asked.method.as_str() {
            "PUT" | "DELETE" => {
                let mut hands = self.hands.blocking_lock();
                let reply = send()?;
                let what = format!("service: {} {}", asked.method, status(&reply));
                self.note(&asked.path, &what, &asked.body);
                if is_done(&reply) {
                    self.look(&mut hands, asked);
                }
                Some(reply)
            }
            "MKCALENDAR" | "MKCOL" => {
                let reply = send()?;
                if is_done(&reply) {
                    let path = asked.path.trim_end_matches('/').to_owned();
                    self.made.lock().unwrap().insert(path);
                }
                Some(reply)
            }
            _ => send(),
        }
    }
}
