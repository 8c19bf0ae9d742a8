//! Mirrors of what was last seen of the calendars. Objects are records of their own.

use super::keep::{mirror, mirror_words};
use crate::event::{CollectionId, ETag, Href, SyncToken, Uid};
use crate::sync::status::{AccountStatus, CollectionStatus, Held, Known, Lessons, Weakness};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mirror!(KnownRecord of Known {
    etag: Option<ETag>,
    uids: Vec<Uid>,
    digest: [u8; 16],
    events: bool,
    body: Option<String>,
});

mirror!(AccountRecord of AccountStatus {
    discovered_at: Option<DateTime<Utc>>,
    addresses: Vec<String>,
    trouble: Option<(String, DateTime<Utc>)>,
});

mirror_words!(WeaknessRecord of Weakness {
    NoGuardedCreate,
    NoGuardedUpdate,
    NoVersions,
    WeakVersions,
    NoChanges,
    UnknownTokenTellsAll,
    Rewrites,
    NoMultiget,
});

mirror!(LessonsRecord of Lessons {
    weaknesses: BTreeSet<Weakness>,
    not_before: Option<DateTime<Utc>>,
});

/// What an account taught.
#[derive(Debug)]
pub(in crate::store) struct LessonsEntry {
    pub(in crate::store) account: String,
    pub(in crate::store) lessons: Lessons,
}

mirror!(LessonsEntryRecord of LessonsEntry { account: String, lessons: Lessons });

/// When an account's conditions were tried out.
#[derive(Debug)]
pub(in crate::store) struct TrialEntry {
    pub(in crate::store) account: String,
    pub(in crate::store) at: DateTime<Utc>,
}

mirror!(TrialRecord of TrialEntry { account: String, at: DateTime<Utc> });

mirror!(HeldRecord of Held {
    uids: Vec<Uid>,
    since: DateTime<Utc>,
    after: Option<DateTime<Utc>>,
});

mirror!(CollectionRecord of CollectionStatus {
    name: String,
    account: String,
    href: Option<Href>,
    read_only: bool,
    ours: bool,
    token: Option<SyncToken>,
    known: Arc<BTreeMap<Href, Known>>,
    listed_at: Option<DateTime<Utc>>,
    held: Option<Held>,
    trouble: Option<(String, DateTime<Utc>)>,
    broken: BTreeMap<Href, String>,
});

/// A collection without its objects, which follow as [`ObjectEntry`]s.
#[derive(Debug)]
pub(in crate::store) struct CollectionEntry {
    pub(in crate::store) id: CollectionId,
    pub(in crate::store) status: CollectionStatus,
}

mirror!(CollectionEntryRecord of CollectionEntry { id: CollectionId, status: CollectionStatus });

impl CollectionEntry {
    pub(in crate::store) fn of(id: &CollectionId, status: &CollectionStatus) -> Self {
        let CollectionStatus { read_only, ours, listed_at, .. } = *status;
        let bare = CollectionStatus {
            name: status.name.clone(),
            account: status.account.clone(),
            href: status.href.clone(),
            token: status.token.clone(),
            held: status.held.clone(),
            trouble: status.trouble.clone(),
            broken: status.broken.clone(),
            known: Arc::default(),
            read_only,
            ours,
            listed_at,
        };
        Self { id: id.clone(), status: bare }
    }
}

/// An object as last seen.
#[derive(Debug)]
pub(in crate::store) struct ObjectEntry {
    pub(in crate::store) collection: CollectionId,
    pub(in crate::store) href: Href,
    pub(in crate::store) known: Known,
}

mirror!(ObjectEntryRecord of ObjectEntry { collection: CollectionId, href: Href, known: Known });
