//! Records: what lies on the disk. Core types are mirrored field by field, so that storage can
//! change without touching the core, and the core without touching old stores.
//!
//! A record is a version byte and its mirror in postcard. The same mirrors print as JSON in an
//! export; moments are then RFC 3339 text.

mod keep;
mod time;
mod event;
mod guest;
mod task;
mod correct;
mod advice;
mod memory;
mod status;
mod suggestion;
mod risk;
mod restraint;
mod written;
mod mirror;
mod vectors;
mod meta;

pub(super) use advice::AdviceEntry;
pub(super) use correct::{CorrectionEntry, FormerEntry, TurnEntry};
pub(super) use guest::{GuestsEntry, SaltEntry};
pub(super) use keep::{Keep, Unreadable};
pub(super) use memory::{FirstInsight, LinkEntry};
pub(super) use meta::{Meta, SeriesEntry, TitleEntry, TypesMeta};
pub(super) use mirror::SentEntry;
pub(super) use status::{CollectionEntry, LessonsEntry, ObjectEntry, TrialEntry};
pub(super) use suggestion::DetailEntry;
pub(super) use task::{ExemplarEntry, ShapeEntry, TypeEntry};
pub(super) use vectors::VectorEntry;
pub(super) use written::{OrderEntry, WrittenEntry};

use super::error::StoreError;
use crate::event::{Event, EventId, PrincipalId, Span};
use crate::memory::forgotten::Forgotten;
use crate::memory::graph::{Insight, Looks};
use crate::memory::mirror::Server;
use crate::schedule::plan::Risk;
use crate::schedule::request::Ask;
use crate::schedule::restraint::Pause;
use crate::schedule::suggestion::Suggestion;
use crate::task::advice::Ledger;
use crate::task::consolidate::Tidied;
use crate::task::vectors::Source;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version every record is written with; a record of a higher one comes from a newer release.
pub(super) const VERSION: u8 = 1;

/// Ends the principal's part of a key: no [`PrincipalId`] holds this byte, so that no principal's
/// keys lie among another's.
const END: u8 = 0;

/// Bytes of a hash in a key: 2^64 names before two are likely to meet.
const HASH_LEN: usize = 16;

/// Kinds of records: one byte of the key. A number is never used for another kind again.
macro_rules! kinds {
    ($($kind:ident = $byte:literal, $word:literal, $core:ty;)*) => {
        /// A kind of record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind { $($kind = $byte),* }

        impl Kind {
            pub(super) fn of(byte: u8) -> Option<Kind> {
                match byte { $($byte => Some(Kind::$kind),)* _ => None }
            }

            pub(super) fn word(self) -> &'static str {
                match self { $(Kind::$kind => $word),* }
            }

            /// The kind of this word.
            pub(super) fn named(word: &str) -> Option<Kind> {
                match word { $($word => Some(Kind::$kind),)* _ => None }
            }
        }

        /// A record, read.
        #[derive(Debug)]
        #[expect(clippy::large_enum_variant, reason = "moved into its place at once, never kept")]
        pub(super) enum Record { $($kind($core)),* }

        impl Record {
            /// Reads the value of a key of this kind.
            pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<Record, StoreError> {
                match kind { $(Kind::$kind => decode::<$core>(kind, bytes).map(Record::$kind)),* }
            }

            /// The value of a key of this kind as JSON, all fields by name.
            pub(super) fn json(kind: Kind, bytes: &[u8]) -> Result<serde_json::Value, StoreError> {
                match kind {
                    $(Kind::$kind => {
                        let record = mirror::<<$core as Keep>::Record>(kind, bytes)?;
                        serde_json::to_value(record).map_err(|_| unreadable(kind))
                    })*
                }
            }

            /// Reads what [`Record::json`] made.
            pub(super) fn of_json(
                kind: Kind,
                fields: serde_json::Value,
            ) -> Result<Record, StoreError> {
                match kind {
                    $(Kind::$kind => {
                        let record = serde_json::from_value(fields).map_err(|_| unreadable(kind))?;
                        let core = <$core as Keep>::back(record);
                        core.map(Record::$kind).map_err(|Unreadable| unreadable(kind))
                    })*
                }
            }
        }
    };
}

kinds! {
    Meta = 1, "meta", Meta;
    Collection = 2, "collection", CollectionEntry;
    Object = 3, "object", ObjectEntry;
    Event = 4, "event", Event;
    TaskType = 5, "task_type", TypeEntry;
    Exemplar = 6, "exemplar", ExemplarEntry;
    Series = 7, "series", SeriesEntry;
    Title = 8, "title", TitleEntry;
    TypesMeta = 9, "types", TypesMeta;
    FirstInsight = 10, "first_insight", FirstInsight;
    Suggestion = 11, "suggestion", Suggestion;
    Ask = 12, "ask", Ask;
    Lessons = 13, "lessons", LessonsEntry;
    Trial = 14, "trial", TrialEntry;
    Shape = 15, "shape", ShapeEntry;
    Learned = 16, "learned", TurnEntry;
    Correction = 17, "correction", CorrectionEntry;
    Former = 18, "former_type", FormerEntry;
    Salt = 19, "salt", SaltEntry;
    Guests = 20, "guests", GuestsEntry;
    Risk = 25, "risk", Risk;
    Insight = 28, "insight", Insight;
    Link = 29, "link", LinkEntry;
    Looks = 30, "looks", Looks;
    Forgotten = 31, "forgotten", Forgotten;
    Mirror = 33, "mirror", Server;
    Mirrored = 34, "mirrored", SentEntry;
    Advice = 35, "advice", AdviceEntry;
    Assistant = 36, "assistant", Ledger;
    Order = 45, "order", OrderEntry;
    Written = 46, "written", WrittenEntry;
    Tidied = 47, "tidied", Tidied;
    Embedder = 37, "embedder", Source;
    Vector = 38, "vector", VectorEntry;
    Pause = 40, "pause", Pause;
    AskDetail = 41, "ask_detail", DetailEntry;
}

/// The value of a record.
pub(super) fn encode<T: Keep>(core: &T) -> Vec<u8> {
    // Mirrors hold nothing that postcard refuses (no unsized sequence, no untagged enum), so the
    // empty value that would be read as corrupt is never written.
    postcard::to_extend(&core.keep(), vec![VERSION]).unwrap_or_default()
}

fn mirror<R: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<R, StoreError> {
    let (version, body) = bytes.split_first().ok_or_else(|| unreadable(kind))?;
    match *version {
        VERSION => postcard::from_bytes(body).map_err(|_| unreadable(kind)),
        0 => Err(unreadable(kind)),
        newer => Err(StoreError::Newer { what: kind.word(), version: newer }),
    }
}

fn decode<T: Keep>(kind: Kind, bytes: &[u8]) -> Result<T, StoreError> {
    T::back(mirror(kind, bytes)?).map_err(|Unreadable| unreadable(kind))
}

fn unreadable(kind: Kind) -> StoreError {
    StoreError::Corrupt { what: format!("a record of kind '{}' can't be read", kind.word()) }
}

/// What all keys of a principal start with.
pub(super) fn prefix(principal: &PrincipalId) -> Vec<u8> {
    let mut key = principal.as_str().as_bytes().to_vec();
    key.push(END);
    key
}

/// Splits a key into the principal's name, the kind byte and the rest.
pub(super) fn split(key: &[u8]) -> Option<(&str, u8, &[u8])> {
    let end = key.iter().position(|b| *b == END)?;
    let (kind, rest) = key.get(end + 1..)?.split_first()?;
    Some((std::str::from_utf8(&key[..end]).ok()?, *kind, rest))
}

/// Key parts under a principal.
pub(super) struct Keys(Vec<u8>);

impl Keys {
    pub(super) fn of(principal: &PrincipalId) -> Self {
        Self(prefix(principal))
    }

    fn key(&self, kind: Kind, rest: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.0.len() + 1 + rest.len());
        key.extend_from_slice(&self.0);
        key.push(kind as u8);
        key.extend_from_slice(rest);
        key
    }

    /// Of a record that exists once.
    pub(super) fn only(&self, kind: Kind) -> Vec<u8> {
        self.key(kind, &[])
    }

    /// Of a record named by a number.
    pub(super) fn number(&self, kind: Kind, number: u32) -> Vec<u8> {
        self.key(kind, &number.to_be_bytes())
    }

    /// Of a record named by a moment, so that they lie in order of time.
    pub(super) fn moment(&self, kind: Kind, at: DateTime<Utc>) -> Vec<u8> {
        let mut rest = sortable(at.timestamp()).to_vec();
        rest.extend_from_slice(&at.timestamp_subsec_nanos().to_be_bytes());
        self.key(kind, &rest)
    }

    /// Of the `index`-th exemplar of a type.
    pub(super) fn exemplar(&self, task_type: u32, index: u32) -> Vec<u8> {
        let mut rest = task_type.to_be_bytes().to_vec();
        rest.extend_from_slice(&index.to_be_bytes());
        self.key(Kind::Exemplar, &rest)
    }

    /// Of one version of an insight.
    pub(super) fn version(&self, id: u32, version: u32) -> Vec<u8> {
        let mut rest = id.to_be_bytes().to_vec();
        rest.extend_from_slice(&version.to_be_bytes());
        self.key(Kind::Insight, &rest)
    }

    /// Of a record named by eight bytes.
    pub(super) fn short(&self, kind: Kind, name: [u8; 8]) -> Vec<u8> {
        self.key(kind, &name)
    }

    /// Of a record named by text of any length.
    pub(super) fn named(&self, kind: Kind, parts: &[&str]) -> Vec<u8> {
        self.key(kind, &hash(parts))
    }

    /// Of an event: by start, so that a stretch of time lies together. All-day events lie at
    /// midnight UTC.
    pub(super) fn event(&self, id: &EventId, span: Span) -> Vec<u8> {
        let mut rest = sortable(start_seconds(span)).to_vec();
        let recurrence = id.recurrence_id.as_deref();
        let known = if recurrence.is_some() { "r" } else { "" };
        let named = hash(&[id.uid.as_str(), known, recurrence.unwrap_or("")]);
        // Half a hash tells the few events apart that start in the same second.
        rest.extend_from_slice(&named[..HASH_LEN / 2]);
        self.key(Kind::Event, &rest)
    }
}

fn start_seconds(span: Span) -> i64 {
    match span {
        Span::Timed { start, .. } => start.timestamp(),
        Span::AllDay { start, .. } => start.and_time(chrono::NaiveTime::MIN).and_utc().timestamp(),
    }
}

/// Big-endian with the sign flipped: bytes sort as the numbers do.
fn sortable(seconds: i64) -> [u8; 8] {
    ((seconds as u64) ^ (1 << 63)).to_be_bytes()
}

fn hash(parts: &[&str]) -> [u8; HASH_LEN] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut short = [0; HASH_LEN];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..HASH_LEN]);
    short
}

/// A mirror prints as JSON and is stored as postcard.
pub(super) trait Stored: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> Stored for T {}
