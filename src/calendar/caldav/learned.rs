//! What dealing with one account's server has taught since the start. It saves requests and keeps
//! writes on the safe side; nothing is lost when it is forgotten.
//!
//! Invariant: a weakness once seen stays seen; the longer way is right on every server.

use super::discover::Found;
use super::fetch::CHUNK;
use crate::calendar::Weakness;
use crate::event::{CollectionId, Href, OUR_PREFIX};
use reqwest::Url;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Multigets that gave nothing, before an account is taken to have none.
const FRUITLESS: u32 = 2;

/// Shared by all requests of an account.
#[derive(Debug)]
pub struct Learned(Mutex<Session>);

/// What is known since the start.
#[derive(Debug)]
pub struct Session {
    /// What lies behind the account's address.
    pub found: Option<Found>,
    /// Collections that refuse sync-collection.
    pub without_sync: BTreeSet<CollectionId>,
    /// Writes of ours since a listing last told them: it will repeat them.
    pub written: BTreeSet<Href>,
    /// GET carries no ETag: the version is read before the text.
    pub version_first: bool,
    /// Objects asked for at once.
    pub chunk: usize,
    /// Every write is answered with 201, whether something lay there or not.
    pub always_created: bool,
    /// Texts were refused along with a listing.
    pub without_texts: bool,
    /// Texts of all objects were refused at once.
    pub without_query: bool,
    weaknesses: BTreeSet<Weakness>,
    writes_tried: bool,
    deletes_tried: bool,
    multiget: Multiget,
}

/// Whether multiget ever gave an object.
#[derive(Debug)]
enum Multiget {
    Works,
    /// This many objects were there and not given.
    Fruitless(u32),
}

impl Learned {
    /// Before anything was asked.
    pub fn new(base: &Url) -> Self {
        let learned = Self(Mutex::new(Session {
            found: None,
            without_sync: BTreeSet::new(),
            written: BTreeSet::new(),
            version_first: false,
            chunk: CHUNK,
            always_created: false,
            without_texts: false,
            without_query: false,
            weaknesses: BTreeSet::new(),
            writes_tried: false,
            deletes_tried: false,
            multiget: Multiget::Fruitless(0),
        }));
        learned.recognise(base);
        learned
    }

    /// Looks at it, or changes it.
    pub fn with<T>(&self, with: impl FnOnce(&mut Session) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a guarantee was seen not to be given.
    pub fn lacks(&self, weakness: Weakness) -> bool {
        self.with(|session| session.weaknesses.contains(&weakness))
    }

    /// Remembers that a guarantee is not given.
    pub fn note(&self, weakness: Weakness) {
        if self.with(|session| session.weaknesses.insert(weakness)) {
            tracing::info!(?weakness, "the server was seen not to guarantee this");
        }
    }

    /// All weaknesses seen.
    pub fn weaknesses(&self) -> BTreeSet<Weakness> {
        self.with(|session| session.weaknesses.clone())
    }

    /// Takes over what earlier runs saw.
    pub fn recall(&self, seen: &BTreeSet<Weakness>) {
        self.with(|session| session.weaknesses.extend(seen));
    }

    /// SOGo serves all calendars below its name, and ignores conditions (measured: 5.8.0).
    pub fn recognise(&self, url: &Url) {
        if url.path().starts_with("/SOGo/") {
            self.with(|session| {
                session.writes_tried = true;
                session.deletes_tried = true;
                let weak = [Weakness::NoGuardedCreate, Weakness::NoGuardedUpdate];
                session.weaknesses.extend(weak);
            });
        }
    }

    /// Whether it was tried out that PUT honours conditions.
    pub fn writes_tried(&self) -> bool {
        self.with(|session| session.writes_tried)
    }

    /// PUT was tried out.
    pub fn note_writes_tried(&self) {
        self.with(|session| session.writes_tried = true);
    }

    /// Whether it was tried out that DELETE honours conditions.
    pub fn deletes_tried(&self) -> bool {
        self.with(|session| session.deletes_tried)
    }

    /// DELETE was tried out.
    pub fn note_deletes_tried(&self) {
        self.with(|session| session.deletes_tried = true);
    }

    /// What one multiget came to: objects it gave, and objects it did not give although they are
    /// there.
    pub fn note_multiget(&self, given: usize, withheld: usize) {
        let useless = self.with(|session| {
            let withheld = u32::try_from(withheld).unwrap_or(u32::MAX);
            session.multiget = match session.multiget {
                Multiget::Works => Multiget::Works,
                Multiget::Fruitless(_) if given > 0 => Multiget::Works,
                Multiget::Fruitless(n) => Multiget::Fruitless(n.saturating_add(withheld)),
            };
            matches!(session.multiget, Multiget::Fruitless(n) if n >= FRUITLESS)
        });
        if useless {
            self.note(Weakness::NoMultiget);
        }
    }
}

/// Whether an object lies under a name that we give.
pub fn is_block(href: &Href) -> bool {
    href.as_str().rsplit('/').next().is_some_and(|name| name.starts_with(OUR_PREFIX))
}
