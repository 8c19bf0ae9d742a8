//! The state of the fake: shelves of objects with versions and a history, and a record of every
//! write with what it replaced.

use super::fake_faults::{Dice, Fault, Faults};
use super::google::passage::holds;
use chrono::{DateTime, Utc};
use chronotype::event::{ETag, Href, base32hex_name};
use chronotype::sync::status::Known;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// States of a shelf that a slow listing may still show.
const PAST: usize = 6;

/// Who wrote it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The person, in another client.
    Person,
    /// The program under test.
    Daemon,
}

/// An object as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Counts the changes of its shelf.
    pub version: u64,
    /// As it is read.
    pub body: String,
    /// As it was written.
    pub put: String,
    pub hand: Hand,
    /// Since when it lies there so.
    pub since: DateTime<Utc>,
}

impl Stored {
    /// The first UID in it.
    pub fn uid(&self) -> Option<String> {
        self.put.lines().find_map(|l| l.strip_prefix("UID:")).map(str::to_owned)
    }

    /// Its version in the form the server gives just now.
    pub fn etag(&self, faults: &Faults) -> ETag {
        let hash = || blake3::hash(self.body.as_bytes()).to_hex()[..16].to_owned();
        match () {
            () if faults.on.contains(&Fault::NoVersions) => ETag::new(format!("\"{}\"", hash())),
            () if faults.on.contains(&Fault::WeakVersions) => {
                ETag::new(format!("W/\"{}\"", self.version))
            }
            () => ETag::new(format!("\"{}\"", self.version)),
        }
    }
}

pub type Objects = BTreeMap<Href, Arc<Stored>>;

/// One collection.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    pub name: String,
    pub account: String,
    pub href: String,
    pub objects: Objects,
    /// Every change: its number, where, and whether something lies there since.
    pub log: Vec<(u64, Href, bool)>,
    /// Number of the last change.
    pub seq: u64,
    past: VecDeque<(u64, Objects)>,
    /// Full listings in a row that showed nothing although the shelf was not empty.
    pub lies: u32,
}

impl Shelf {
    pub fn new(account: &str, name: &str) -> Self {
        let href = format!("/{account}/{name}/");
        Self { name: name.into(), account: account.into(), href, ..Self::default() }
    }

    pub fn id(&self) -> String {
        format!("{}{}", self.account, self.href)
    }

    fn note(&mut self, href: &Href, there: bool) {
        if self.past.len() == PAST {
            self.past.pop_front();
        }
        self.past.push_back((self.seq, self.objects.clone()));
        self.seq += 1;
        self.log.push((self.seq, href.clone(), there));
    }

    pub fn put(&mut self, href: &Href, stored: Stored) -> u64 {
        self.note(href, true);
        let stored = Stored { version: self.seq, ..stored };
        self.objects.insert(href.clone(), Arc::new(stored));
        self.seq
    }

    pub fn remove(&mut self, href: &Href) -> Option<Arc<Stored>> {
        self.note(href, false);
        self.objects.remove(href)
    }

    /// The shelf as it is, or as it was a few changes ago: number of the last change, and objects.
    pub fn state(&self, ago: usize) -> (u64, &Objects) {
        match self.past.len().checked_sub(ago).filter(|_| ago > 0) {
            Some(at) => self.past.get(at).map_or((self.seq, &self.objects), |(n, o)| (*n, o)),
            None => (self.seq, &self.objects),
        }
    }

    /// Whether something lay there when this number was the last change.
    pub fn held(&self, number: u64, href: &Href) -> bool {
        let mut then = self.log.iter().rev().filter(|(n, at, _)| *n <= number && at == href);
        then.next().is_some_and(|(_, _, there)| *there)
    }

    /// Changes that can still be told.
    pub fn past(&self) -> usize {
        self.past.len()
    }
}

/// What a write of the program did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Update,
    Delete,
}

/// A write of the program that was carried out.
#[derive(Debug, Clone)]
pub struct Write {
    pub verb: Verb,
    pub href: Href,
    pub before: Option<Arc<Stored>>,
    pub after: Option<String>,
    /// The client was told how it ended.
    pub told: bool,
}

/// What happens in place of a pause between two requests.
pub type Meanwhile = Box<dyn FnMut(&mut Server) + Send>;

/// All accounts of one person.
pub struct Server {
    pub now: DateTime<Utc>,
    pub dice: Dice,
    pub faults: Faults,
    /// Troubles that concern one account or shelf concern this one.
    pub victim: usize,
    pub shelves: BTreeMap<String, Shelf>,
    pub writes: Vec<Write>,
    pub requests: u32,
    /// Points left until the process ends.
    pub countdown: Option<u32>,
    /// It ended.
    pub crashed: bool,
    pub meanwhile: Option<Meanwhile>,
    /// UIDs of objects that the server itself denied often enough for it to be believed.
    pub disowned: BTreeSet<String>,
    /// Where the client was told that something was removed.
    pub told_removed: BTreeSet<Href>,
    /// Every text the program wrote, by place.
    pub written: BTreeMap<Href, BTreeSet<String>>,
    /// Shelves that are calendars at Google: events only, each under an id of Google's.
    pub google: BTreeSet<String>,
    /// Versions as an undisturbed client reads them there, once they have been looked at.
    pub versions: BTreeMap<(String, Href), ETag>,
    /// What happened, in words.
    pub diary: Vec<String>,
    /// Objects whose text is cut off just now, as they were.
    cut: Vec<(String, Href, u64, Arc<Stored>)>,
}

impl Server {
    pub fn new(now: DateTime<Utc>, seed: u64) -> Self {
        super::trace::watch();
        Self {
            now,
            dice: Dice::new(seed),
            faults: Faults::default(),
            victim: 0,
            shelves: BTreeMap::new(),
            writes: Vec::new(),
            requests: 0,
            countdown: None,
            crashed: false,
            meanwhile: None,
            disowned: BTreeSet::new(),
            told_removed: BTreeSet::new(),
            written: BTreeMap::new(),
            google: BTreeSet::new(),
            versions: BTreeMap::new(),
            diary: Vec::new(),
            cut: Vec::new(),
        }
    }

    pub fn add(&mut self, account: &str, name: &str) -> String {
        let shelf = Shelf::new(account, name);
        let id = shelf.id();
        self.shelves.insert(id.clone(), shelf);
        id
    }

    pub fn strike(&mut self, fault: Fault) -> bool {
        self.faults.strike(&mut self.dice, fault)
    }

    /// One point where the process may end; true when it does, here.
    pub fn is_the_end(&mut self, fault: Fault) -> bool {
        match &mut self.countdown {
            Some(0) => {
                self.countdown = None;
                self.crashed = true;
                self.faults.hit(fault);
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    /// Whether troubles strike this shelf.
    pub fn is_victim(&self, id: &str) -> bool {
        let place = self.shelves.keys().position(|k| k == id);
        place.is_none_or(|p| p % 3 == self.victim % 3)
    }

    /// Where an object of this UID goes.
    pub fn place(&self, shelf: &str, uid: &str) -> Href {
        match self.google.contains(shelf) {
            true if uid.starts_with("chronotype-") => Href::new(base32hex_name(uid)),
            true => Href::new(uid),
            false => {
                let folder = self.shelves.get(shelf).map(|s| s.href.as_str());
                Href::new(format!("{}{uid}.ics", folder.unwrap_or_default()))
            }
        }
    }

    /// Whether this is what lies there, as the client knows it.
    pub fn is_known(&self, shelf: &str, href: &Href, stored: &Stored, known: &Known) -> bool {
        match self.google.contains(shelf) {
            true => known.etag == self.versions.get(&(shelf.to_owned(), href.clone())).cloned(),
            false => known.is_text(&stored.body),
        }
    }

    /// Puts an object there in somebody's name. Cancelled is deleted at Google.
    pub fn put(&mut self, shelf: &str, href: &Href, body: &str, hand: Hand) -> u64 {
        let google = self.google.contains(shelf);
        if google && !holds(body) {
            return self
                .shelves
                .get_mut(shelf)
                .map_or(0, |s| s.remove(href).map_or(0, |s| s.version));
        }
        if hand == Hand::Daemon {
            self.written.entry(href.clone()).or_default().insert(body.to_owned());
        }
        let stored = Stored {
            version: 0,
            body: match hand {
                Hand::Daemon if !google && self.strike(Fault::Rewrites) => rewritten(body),
                _ => body.to_owned(),
            },
            put: body.to_owned(),
            hand,
            since: self.now,
        };
        self.shelves.get_mut(shelf).expect("a shelf").put(href, stored)
    }

    /// Cuts the text of some object off.
    pub fn cut_off(&mut self, dice: &mut Dice) {
        if !self.faults.on.contains(&Fault::CutOff) {
            return;
        }
        let ids: Vec<String> = self.shelves.keys().cloned().collect();
        let Some(id) = dice.pick(&ids) else { return };
        let Some(shelf) = self.shelves.get_mut(id) else { return };
        let all: Vec<_> = shelf.objects.iter().map(|(h, s)| (h.clone(), Arc::clone(s))).collect();
        let Some((href, whole)) = dice.pick(&all).cloned() else { return };
        if self.cut.iter().any(|(_, _, version, _)| *version == whole.version) {
            return;
        }
        let half = whole.body.char_indices().nth(whole.body.chars().count() / 2);
        let body = whole.body[..half.map_or(0, |(at, _)| at)].to_owned();
        let version = shelf.put(&href, Stored { body, ..(*whole).clone() });
        self.faults.hit(Fault::CutOff);
        self.diary.push(format!("cut off {href}"));
        self.cut.push((id.clone(), href, version, whole));
    }

    /// What was cut off is whole again, where nobody wrote it anew.
    pub fn mend(&mut self) {
        for (id, href, version, whole) in std::mem::take(&mut self.cut).into_iter().rev() {
            let Some(shelf) = self.shelves.get_mut(&id) else { continue };
            if shelf.objects.get(&href).is_some_and(|s| s.version == version) {
                shelf.put(&href, (*whole).clone());
            }
        }
    }

    /// The texts that lie there under this UID: shelf and href.
    pub fn find(&self, uid: &str) -> Vec<(String, Href, Arc<Stored>)> {
        let line = format!("\r\nUID:{uid}\r\n");
        let mut found = Vec::new();
        for (id, shelf) in &self.shelves {
            for (href, stored) in &shelf.objects {
                if stored.put.contains(&line) {
                    found.push((id.clone(), href.clone(), Arc::clone(stored)));
                }
            }
        }
        found
    }
}

/// The same, as another program would write it.
pub fn rewritten(body: &str) -> String {
    let unfolded = body.replace("\r\n ", "");
    let mut lines: Vec<&str> = unfolded.lines().collect();
    let from = lines.iter().position(|l| *l == "BEGIN:VEVENT").map_or(0, |at| at + 1);
    let to = lines.iter().position(|l| *l == "END:VEVENT").unwrap_or(from);
    lines[from..to].reverse();
    lines.insert(to, "X-SERVER-SAYS:hello");
    let fold = |line: &str| match line.char_indices().nth(50) {
        Some((at, _)) => format!("{}\r\n {}\r\n", &line[..at], &line[at..]),
        None => format!("{line}\r\n"),
    };
    lines.into_iter().map(fold).collect()
}
