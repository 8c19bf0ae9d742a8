//! What a listing says of one object, as folding takes it.

use super::ical::ObjectResource;
use super::id::{CollectionId, Uid};
use super::time::Window;
use super::trail::Seen;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Whose object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On a calendar of the person's own.
    Foreign,
    /// On a calendar the person only reads: its whole days never block time.
    Subscribed,
    /// A block of ours that the person has not touched.
    Proposal,
    /// A block of ours that the person moved or took over.
    Touched,
}

/// What a listing says of one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<'a> {
    /// It is there, new, changed or as it was.
    Present {
        /// Where.
        collection: &'a CollectionId,
        /// What it holds.
        object: &'a ObjectResource,
        /// Whose it is.
        origin: Origin,
        /// Time of the last listing of that collection before this one.
        previous: Option<DateTime<Utc>>,
    },
    /// It is no longer anywhere.
    Vanished {
        /// Its UID.
        uid: &'a Uid,
        /// After the last listing that still held it, at the latest with the first that did not.
        seen: Seen,
        /// Who took it away.
        by: Remover,
    },
}

/// Who took an object away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    /// The person (or somebody else).
    Person,
    /// We withdrew our own block: that says nothing about the person.
    Ourselves,
}

/// The person and the moment.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Time of this listing.
    pub now: DateTime<Utc>,
    /// The person's zone.
    pub zone: Tz,
    /// Occurrences are kept within it.
    pub window: Window,
    /// The person's calendar addresses, lower case.
    pub addresses: &'a [String],
}
