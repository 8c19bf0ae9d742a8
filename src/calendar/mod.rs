//! The collections (RFC 4791): one trait, one file a kind of server.
//!
//! Invariant: nothing here decides. A calendar lists, fetches, and performs conditional writes;
//! what to write is `sync`'s to say. Bodies are passed through unread; only what was written is
//! compared, by meaning, with what stands.

mod secret;
pub mod private;
mod tls;
pub mod names;
pub mod http;
pub mod pause;
pub mod caldav;
pub mod google;
pub mod vdir;
mod meaning;
mod room;
mod unreachable;

pub use http::{Http, install_tls_provider};
pub use meaning::{Reading, compare};
pub use room::Room;
pub use secret::Secret;
pub use tls::Tls;
pub use unreachable::Unreachable;

use crate::event::{CollectionId, ETag, Href, SyncToken};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use reqwest::header::{DATE, HeaderMap};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The text of an object. RFC 5545 section 3.1.4 says UTF-8; old exports are Latin-1, in which
/// every byte is a character, so nothing is unreadable.
fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().iter().map(|byte| char::from(*byte)).collect())
}

/// Why a request to a calendar failed, by what the caller can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Credentials refused: the person has to sign in again.
    #[error("{0}")]
    Unauthorized(String),
    /// The sync token is no longer known: list everything.
    #[error("the server no longer knows our sync token")]
    Stale,
    /// A precondition failed: the object changed, exists already, or is gone.
    #[error("the object changed on the server")]
    Changed,
    /// No such collection or object.
    #[error("{0}")]
    NotFound(String),
    /// Try again later: network, time-out, 5xx, 429.
    #[error("{0}")]
    Transient(String),
    /// The server wants to be left alone for a while (429 or 503 with `Retry-After`).
    #[error("{message}")]
    Later {
        /// One sentence.
        message: String,
        /// For how long.
        after: Duration,
    },
    /// The server or file refuses for good, or answers nonsense.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// The account's trouble, not one collection's: asking on could lock the account, or annoys a
    /// server that wants to be left alone.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Unauthorized(_) | Self::Later { .. })
    }
}

/// A guarantee that an account was seen not to give. Everything goes on without it, by the longer
/// way that its comment names; `doctor` tells the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// `If-None-Match: *` is ignored: a create looks first, and reads back.
    NoGuardedCreate,
    /// `If-Match` is ignored: an update or delete compares first, and reads back.
    NoGuardedUpdate,
    /// Objects have no ETag: their text is compared instead.
    NoVersions,
    /// ETags are weak: they say "means the same", which is enough to list and not to write.
    WeakVersions,
    /// No sync-collection (RFC 6578): all versions are listed each time.
    NoChanges,
    /// An unknown token is answered with everything instead of an error.
    UnknownTokenTellsAll,
    /// What is stored differs from what was written.
    Rewrites,
    /// Multiget is refused or leaves objects out: they are read one by one.
    NoMultiget,
}

/// How an account was reached, as far as it has been asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contact {
    /// How it signs in, in a word; `None` = it does not.
    pub sign_in: Option<&'static str>,
    /// What goes over the line can't be read on the way; `None` = there is no line.
    pub encrypted: Option<bool>,
    /// The server's clock (RFC 9110 section 6.6.1) less this computer's.
    pub clock: Option<TimeDelta>,
}

impl Contact {
    /// Takes note of a line and the clock at its end; an answer without a date says nothing.
    fn note(&mut self, url: &Url, headers: &HeaderMap) {
        self.encrypted = Some(url.scheme() == "https");
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(Ok(date)) = date.map(DateTime::parse_from_rfc2822) {
            self.clock = Some(date.signed_duration_since(Utc::now()));
        }
    }
}

/// As whom the person is signed in, where that is an act of theirs (Google) and no line of the
/// config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The address, lower case; `None` = it was not told.
    pub address: Option<String>,
    /// When they signed in, by the real clock.
    pub since: DateTime<Utc>,
}

impl Weakness {
    /// For a person: what is missing, what is done instead, and what can still go wrong.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoGuardedCreate => {
                "the server overwrites what it was asked not to: chronotype looks before it \
                 creates and reads back afterwards; only what another app saves under the same \
                 name in that very moment could be lost"
            }
            Self::NoGuardedUpdate => {
                "the server changes or deletes an event even if it was changed meanwhile: \
                 chronotype compares before and reads back afterwards; an edit to a suggested \
                 block in that very moment could be lost"
            }
            Self::NoVersions => {
                "the server gives events no version: chronotype reads the calendar's texts to see \
                 what changed, and an edit to a suggested block in the moment of its update could \
                 be lost"
            }
            Self::WeakVersions => {
                "the server's versions are weak ones, which can't guard a write: chronotype \
                 compares before and reads back afterwards; an edit to a suggested block in that \
                 very moment could be lost"
            }
            Self::NoChanges => {
                "the server can't tell what changed: chronotype lists the whole calendar each time"
            }
            Self::UnknownTokenTellsAll => {
                "the server answers with everything where it has forgotten what it told before: \
                 chronotype lists the calendar once more to be sure what is gone"
            }
            Self::Rewrites => "the server rewrites what it stores: chronotype compares by meaning",
            Self::NoMultiget => {
                "the server does not give many events at once: chronotype reads them one by one, \
                 so the first look takes longer"
            }
        }
    }
}

/// Why a collection that may only be read gets no blocks.
pub fn read_only(collection: &Collection) -> Error {
    let name = &collection.name;
    Error::Refused(format!(
        "the calendar '{name}' can only be read: name another one in suggest_into, or ask its \
         owner for the right to write"
    ))
}

/// A collection as its server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// `account/href`.
    pub id: CollectionId,
    /// Its href, as requests need it.
    pub href: Href,
    /// The account it belongs to.
    pub account: String,
    /// What people call it: displayname, else the last segment of the href.
    pub name: String,
    /// Nothing may be written to it.
    pub read_only: bool,
}

impl Collection {
    /// A collection goes by its display name or by the last segment of its href.
    pub fn is_called(&self, name: &str) -> bool {
        let href = self.href.as_str().trim_end_matches('/');
        self.name == name || href.rsplit('/').next() == Some(name)
    }
}

/// An object resource as fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it lies.
    pub href: Href,
    /// Its version; where the server names none, one made from the text, which compares like any
    /// other. `None` = not known now.
    pub etag: Option<ETag>,
    /// iCalendar text.
    pub body: String,
}

/// What a collection answers to "what has changed?".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// `Some` = a full listing: every href that is there, whether fetched anew or not. `None` =
    /// only the changes since the token.
    pub present: Option<Vec<Href>>,
    /// New and changed objects, fetched.
    pub changed: Vec<Fetched>,
    /// Hrefs reported as removed (delta listings only).
    pub removed: Vec<Href>,
    /// Token for the next time; `None` when the server has none.
    pub token: Option<SyncToken>,
    /// Objects that could not be fetched: href and one sentence. They count as present.
    pub problems: Vec<(Href, String)>,
    /// Requests it took.
    pub requests: u32,
}

/// One account's calendars.
#[async_trait]
pub trait Calendar: Send + Sync {
    /// The account's name in the config.
    fn account(&self) -> &str;

    /// Guarantees it was seen not to give since the start.
    fn weaknesses(&self) -> BTreeSet<Weakness> {
        BTreeSet::new()
    }

    /// Tells it what earlier runs saw ([`Calendar::weaknesses`]); called before anything is asked.
    fn recall(&self, _seen: &BTreeSet<Weakness>) {}

    /// How it was reached so far.
    fn contact(&self) -> Contact {
        Contact::default()
    }

    /// Where its server is: scheme, host and port; `None` = there is none.
    fn server(&self) -> Option<String> {
        None
    }

    /// As whom the person is signed in; asks nobody.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// Whether it was tried out which conditions of writes the server honours. Once for an account:
    /// the trial writes to a block of ours.
    fn is_tried(&self) -> bool {
        false
    }

    /// Tells it that an earlier run has tried that out.
    fn recall_trial(&self) {}

    /// Tells it which collections earlier runs took for the one of our blocks.
    fn recall_own(&self, _hrefs: &[Href]) {}

    /// All collections that hold VEVENTs or VTODOs.
    async fn collections(&self) -> Result<Vec<Collection>, Error>;

    /// Addresses the server knows the person by, lower case (calendar-user-address-set).
    async fn addresses(&self) -> Result<Vec<String>, Error>;

    /// What changed since `token`; with no token, a full listing in which objects whose ETag equals
    /// the one in `known` are not fetched again.
    async fn changes(
        &self,
        collection: &Collection,
        token: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error>;

    /// One object; `None` when it is not there.
    async fn read(&self, collection: &Collection, href: &Href) -> Result<Option<Fetched>, Error>;

    /// Where a new object with this UID would lie.
    fn href_for(&self, collection: &Collection, uid: &str) -> Href;

    /// Creates it unless something lies there already ([`Error::Changed`]).
    async fn create(
        &self,
        collection: &Collection,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error>;

    /// Replaces it if it still has this version ([`Error::Changed`] otherwise).
    async fn update(
        &self,
        collection: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error>;

    /// Deletes it if it still has this version. Gone already is success.
    async fn delete(&self, collection: &Collection, href: &Href, etag: &ETag) -> Result<(), Error>;

    /// Makes a collection for our blocks.
    async fn make_collection(&self, name: &str) -> Result<Collection, Error>;
}
