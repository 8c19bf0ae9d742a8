//! What a turn tells: counts and sentences, never titles in a log.

use crate::event::{CollectionId, Href, Uid};
use crate::schedule::plan::{Note, Unplaced};
use crate::schedule::request::RequestKey;
use crate::store::Person;
use crate::sync::reconcile::{Action, Operation};

/// Something the person should know; the turn went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// An account could not be reached or refused us.
    Account {
        /// Its name.
        account: String,
        /// One sentence.
        message: String,
    },
    /// A collection could not be listed.
    Collection {
        /// Which.
        collection: CollectionId,
        /// What people call it.
        name: String,
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
    /// Counts into the log; never contents.
    pub(super) fn log(&self) {
        tracing::info!(
            requests = self.requests,
            collections = self.collections,
            changed = self.changed,
            vanished = self.vanished,
            events = self.events,
            classified = self.classified,
            settled = self.settled,
            create = self.writes.create,
            update = self.writes.update,
            delete = self.writes.delete,
            warnings = self.warnings.len(),
            "turn decided"
        );
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
