//! What a turn tells: counts and sentences, never titles in a log.

use crate::calendar::Error;
use crate::event::{CollectionId, Href, Uid};
use crate::schedule::plan::{Note, Unplaced};
use crate::schedule::request::RequestKey;
use crate::store::Person;
use crate::sync::reconcile::{Action, Operation};

/// Why something could not be read or written, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The person has to sign in, or their password is refused.
    SignIn,
    /// No answer, or one that may be better later: network, time-out, 5xx.
    Unreachable,
    /// The server wants to be left alone for a while.
    Busy,
    /// What the config or an earlier answer names is not there.
    Missing,
    /// Refused for good, or an answer that makes no sense.
    Refused,
    /// Somebody else changed it meanwhile.
    Changed,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::SignIn, Self::Unreachable, Self::Busy, Self::Missing, Self::Refused, Self::Changed];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Changed => "changed",
        }
    }
}

impl From<&Error> for Cause {
    fn from(error: &Error) -> Self {
        match error {
            Error::Unauthorized(_) => Self::SignIn,
            Error::Transient(_) => Self::Unreachable,
            Error::Later { .. } => Self::Busy,
            Error::NotFound(_) => Self::Missing,
            Error::Refused(_) => Self::Refused,
            Error::Stale | Error::Changed => Self::Changed,
        }
    }
}

/// Something the person should know; the turn went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// An account could not be reached or refused us.
    Account {
        /// Its name.
        account: String,
        /// Why.
        cause: Cause,
        /// One sentence.
        message: String,
    },
    /// A collection could not be listed.
    Collection {
        /// Which.
        collection: CollectionId,
        /// What people call it.
        name: String,
        /// Why.
        cause: Cause,
        /// One sentence.
        message: String,
    },
    /// An object could not be read.
    Broken {
        /// What people call its collection.
        name: String,
        /// Its href.
        href: Href,
        /// One sentence, with the line.
        message: String,
    },
    /// Beyond those that are told one by one, so many objects could not be read.
    MoreBroken {
        /// What people call their collection.
        name: String,
        /// How many.
        objects: usize,
    },
    /// Deletions that look like an accident are held.
    Held {
        /// What people call the collection.
        name: String,
        /// How many objects.
        objects: usize,
    },
    /// A write failed; it is tried again.
    Write {
        /// Why.
        cause: Cause,
        /// One sentence.
        message: String,
    },
}

/// Something that got no block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Which request.
    pub request: RequestKey,
    /// Its words.
    pub title: String,
    /// Why.
    pub why: Unplaced,
}

/// Writes by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writes {
    /// Blocks to create.
    pub create: usize,
    /// Blocks to move.
    pub update: usize,
    /// Blocks to take back.
    pub delete: usize,
}

/// What one turn did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Requests that polling took.
    pub requests: u32,
    /// Collections listed.
    pub collections: usize,
    /// Objects new or changed.
    pub changed: usize,
    /// Objects that vanished.
    pub vanished: usize,
    /// Occurrences known.
    pub events: usize,
    /// Occurrences classified this turn.
    pub classified: usize,
    /// Types opened this turn.
    pub new_types: usize,
    /// Placements settled, and how many of them taught something.
    pub settled: usize,
    /// See `settled`.
    pub learned: usize,
    /// Task types that were merged into others, and new ones that were split off.
    pub merged_types: usize,
    /// See `merged_types`.
    pub split_types: usize,
    /// Task types known.
    pub types: usize,
    /// Insights that hold.
    pub insights: usize,
    /// Writes decided.
    pub writes: Writes,
    /// The blocks that they are on.
    pub planned: Vec<Uid>,
    /// Writes confirmed.
    pub written: usize,
    /// Questions that the assistant was asked.
    pub asked: usize,
    /// What could not be placed, and why.
    pub unplaced: Vec<Left>,
    /// Blocks left alone although something speaks against them.
    pub left_alone: Vec<(Uid, Note)>,
    /// What else is worth a sentence.
    pub notes: Vec<String>,
    /// What went wrong and was passed over.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// Counts into the log; never contents. A turn that changed nothing is a step as any other.
    pub(super) fn log(&self) {
        let Writes { create, update, delete } = self.writes;
        let news = [self.changed, self.vanished, self.settled, self.merged_types, self.split_types];
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    requests = self.requests,
                    collections = self.collections,
                    changed = self.changed,
                    vanished = self.vanished,
                    events = self.events,
                    classified = self.classified,
                    settled = self.settled,
                    create,
                    update,
                    delete,
                    warnings = self.warnings.len(),
                    "turn decided"
                )
            };
        }
        match news.iter().sum::<usize>() + create + update + delete {
            0 => tell!(debug),
            _ => tell!(info),
        }
    }

    pub(super) fn count(&mut self, after: &Person, operations: &[Operation]) {
        self.events = after.events.len();
        self.types = after.types.by_id.len();
        self.insights = after.memory.active().count();
        for operation in operations {
            self.planned.push(operation.block.uid().clone());
            match operation.action {
                Action::Create { .. } => self.writes.create += 1,
                Action::Update(_) => self.writes.update += 1,
                Action::Delete(_) => self.writes.delete += 1,
            }
        }
    }
}
