//! What we last saw of each collection: the measure of every change.

pub use crate::calendar::Weakness;

use crate::calendar::Collection;
use crate::event::ical::ObjectResource;
use crate::event::{CollectionId, ETag, Href, SyncToken, Uid};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When an account's collections were last asked for, and whom the server takes the person for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountStatus {
    /// Time of the last discovery of its collections.
    pub discovered_at: Option<DateTime<Utc>>,
    /// Addresses the server knows the person by, lower case.
    pub addresses: Vec<String>,
    /// What is wrong with it: a sentence and since when.
    pub trouble: Option<(String, DateTime<Utc>)>,
}

/// What dealing with an account has taught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lessons {
    /// Guarantees it does not give.
    pub weaknesses: BTreeSet<Weakness>,
    /// It asked to be left alone until then.
    pub not_before: Option<DateTime<Utc>>,
}

/// An object resource as last seen. Most texts are read once and not kept: of ten thousand they
/// would be most of what a turn loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its version; `None` when the server gave none.
    pub etag: Option<ETag>,
    /// Its UIDs (one, by RFC 4791; exported files hold many).
    pub uids: Vec<Uid>,
    /// BLAKE3 of its text, cut to 128 bits: the same text under a new version is no change.
    pub digest: [u8; 16],
    /// It holds VEVENTs.
    pub events: bool,
    /// iCalendar text as fetched, where later turns read it again: VTODOs, which are planned anew
    /// each turn, series, whose next occurrences come into view, and blocks of ours.
    pub body: Option<String>,
}

impl Known {
    /// An object with this text, which reads as `objects`.
    pub fn new(etag: Option<ETag>, uids: Vec<Uid>, body: &str, objects: &[ObjectResource]) -> Self {
        let read_again = objects.iter().any(|o| o.recurs() || !o.todos.is_empty())
            || uids.iter().any(Uid::is_ours);
        Self {
            etag,
            uids,
            digest: digest(body),
            events: body.contains("BEGIN:VEVENT"),
            body: read_again.then(|| body.to_owned()),
        }
    }

    /// Whether this was its text.
    pub fn is_text(&self, body: &str) -> bool {
        self.digest == digest(body)
    }
}

fn digest(body: &str) -> [u8; 16] {
    let mut cut = [0; 16];
    cut.copy_from_slice(&blake3::hash(body.as_bytes()).as_bytes()[..16]);
    cut
}

/// Objects that vanished in a way that looks like an accident (safety contract, point 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What vanished.
    pub uids: Vec<Uid>,
    /// When that was first seen.
    pub since: DateTime<Utc>,
    /// Time of the last listing that still held them.
    pub after: Option<DateTime<Utc>>,
}

/// A collection as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionStatus {
    /// What people call it.
    pub name: String,
    /// The account it belongs to.
    pub account: String,
    /// Its href.
    pub href: Option<Href>,
    /// Nothing may be written to it.
    pub read_only: bool,
    /// Our blocks go here.
    pub ours: bool,
    /// Token for the next listing.
    pub token: Option<SyncToken>,
    /// Objects by href; shared by the states of a turn until one changes them.
    pub known: Arc<BTreeMap<Href, Known>>,
    /// When it was last listed without error.
    pub listed_at: Option<DateTime<Utc>>,
    /// Deletions held back.
    pub held: Option<Held>,
    /// What is wrong with it: a sentence and since when.
    pub trouble: Option<(String, DateTime<Utc>)>,
    /// Objects that could not be read: href and a sentence.
    pub broken: BTreeMap<Href, String>,
}

impl CollectionStatus {
    /// The collection as requests need it; `None` before its href is known.
    pub fn as_collection(&self, id: &CollectionId) -> Option<Collection> {
        Some(Collection {
            id: id.clone(),
            href: self.href.clone()?,
            account: self.account.clone(),
            name: self.name.clone(),
            read_only: self.read_only,
        })
    }
}

/// Everything last seen of one person's calendars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// By collection.
    pub collections: BTreeMap<CollectionId, CollectionStatus>,
    /// By account name.
    pub accounts: BTreeMap<String, AccountStatus>,
    /// By account name.
    pub lessons: BTreeMap<String, Lessons>,
    /// By account name and server ([`super::poll::Client::trial`]): when it was tried out which
    /// conditions of writes it honours.
    pub tried: BTreeMap<String, DateTime<Utc>>,
}

impl Status {
    /// Whether any collection still holds this UID.
    pub fn holds(&self, uid: &Uid) -> bool {
        self.collections.values().any(|c| c.known.values().any(|k| k.uids.contains(uid)))
    }

    /// Whether a collection can't be listed just now, itself or with its account.
    pub fn is_out_of_sight(&self, collection: &CollectionStatus) -> bool {
        let account = self.accounts.get(&collection.account);
        collection.trouble.is_some() || account.is_some_and(|a| a.trouble.is_some())
    }

    /// All addresses the servers know the person by.
    pub fn addresses(&self) -> Vec<String> {
        self.accounts.values().flat_map(|a| a.addresses.iter().cloned()).collect()
    }
}
