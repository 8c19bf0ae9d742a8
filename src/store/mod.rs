//! What is kept, a principal at a time: sled today, Postgres later.
//!
//! Invariants: no call without a [`PrincipalId`]; a turn is one atomic batch; records carry a
//! version. `sled` is named nowhere else. All keys lie in one tree, since a batch is atomic within
//! one tree only: principal, a zero byte, the kind, the record's own key.

pub mod person;
mod backup;
mod error;
mod open;
mod record;
mod changes;
mod place;
mod pending;
mod rewrite;
mod trial;
mod lent;

pub use backup::{Backup, EXPORT_FORMAT, Over};
pub use error::{ImportError, StoreError};
pub use lent::Forward;
pub use open::OpenReport;
pub use person::Person;
pub use rewrite::{Packed, pack, remove_person, rewrite};

use crate::event::PrincipalId;
use record::{Kind, Record};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trial::Trial;

/// An open store. One process at a time has it open; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    /// Where its files lie: at `path`, or in the copy that it works on.
    files: PathBuf,
    db: sled::Db,
    /// That copy, removed with the last clone.
    _copy: Option<Arc<Trial>>,
    /// Whose records these are a copy of, where commits go first.
    lender: Option<lent::Lender>,
}

/// When a commit is to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// When the call returns.
    Now,
    /// With the next one that is.
    Later,
}

/// What a commit wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitReport {
    /// Records written.
    pub written: usize,
    /// Records removed.
    pub removed: usize,
    /// Bytes of the keys and values written.
    pub bytes: usize,
    /// The disk was made to keep it; false where nothing but times was written, or nothing.
    pub flushed: bool,
}

/// How much a principal keeps of one kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The kind, as an export names it.
    pub kind: &'static str,
    /// Records.
    pub records: usize,
    /// Bytes of keys and values.
    pub bytes: usize,
}

/// A part of a person that can be read alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Tier 2, without the identities of series and titles.
    Types,
    /// Tier 3.
    Memory,
}

impl Store {
    /// Opens the store in this folder, which is made when it is missing, for its owner alone.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Corrupt`] where recovery failed too,
    /// [`StoreError::Io`].
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Self::open_reporting(path).map(|(store, _)| store)
    }

    /// As [`Store::open`]; says what had to be repaired.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_reporting(path: &Path) -> Result<(Store, OpenReport), StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if !path.exists() {
            rewrite::finish(path).map_err(io)?;
        }
        let (db, report) = open::open(path)?;
        rewrite::finish(path).map_err(io)?;
        trial::sweep(path);
        Ok((Store::at(path, db), report))
    }

    /// A copy of the store to try things on: opening sled writes to its folder, and a dry run
    /// leaves every byte there as it was. Where there is no store the copy is empty.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_copy(path: &Path) -> Result<Store, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        trial::sweep(path);
        let copy = Trial::beside(path).map_err(io)?;
        let files = copy.store();
        open::copy_into(path, &files)?;
        let (db, _) = open::open(&files)?;
        Ok(Store { files, _copy: Some(Arc::new(copy)), ..Store::at(path, db) })
    }

    fn at(path: &Path, db: sled::Db) -> Store {
        Store { path: path.to_owned(), files: path.to_owned(), db, _copy: None, lender: None }
    }

    /// Everything kept of a person; the empty state for one never seen.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Newer`] when a record can't be read: nothing is
    /// left out silently.
    pub fn load(&self, principal: &PrincipalId) -> Result<Person, StoreError> {
        let mut person = Person::default();
        for item in self.records(principal)? {
            let (kind, _, value) = item?;
            place::place(&mut person, Record::decode(kind, &value)?)?;
        }
        Ok(person)
    }

    /// One part of a person, and what they have once (counters, accounts): for a reader that needs
    /// no more, since events and objects are most of what there is. The rest is left empty, so
    /// never commit it.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn glance(&self, principal: &PrincipalId, part: Part) -> Result<Person, StoreError> {
        pending::finish(&self.files, &self.db, principal)?;
        let kinds: &[Kind] = match part {
            Part::Types => &[Kind::Meta, Kind::TaskType, Kind::Exemplar, Kind::TypesMeta],
            Part::Memory => &[
                Kind::Meta,
                Kind::FirstInsight,
                Kind::Insight,
                Kind::Link,
                Kind::Looks,
                Kind::Forgotten,
            ],
        };
        let mut person = Person::default();
        for kind in kinds {
            let mut prefix = record::prefix(principal);
            prefix.push(*kind as u8);
            for item in self.scan(&prefix) {
                let (kind, _, value) = item?;
                place::place(&mut person, Record::decode(kind, &value)?)?;
            }
        }
        Ok(person)
    }

    /// Writes the records in which `after` differs from `before`, which must be what lies in the
    /// store. All or nothing, and on the disk when this returns, unless nothing but the times of
    /// the last look moved: these wait for the next commit or the end of the process, so that a
    /// quiet turn does not make the disk work. Lost in a crash, they leave the older times: the
    /// next turn is then less sure of when something changed, never wrong. Embeddings are rounded
    /// (cosines keep within 0.01), everything else is kept exactly.
    ///
    /// # Errors
    /// [`StoreError::Io`] and [`StoreError::Corrupt`]; nothing is written then.
    pub fn commit(
        &self,
        principal: &PrincipalId,
        before: &Person,
        after: &Person,
    ) -> Result<CommitReport, StoreError> {
        pending::finish(&self.files, &self.db, principal)?;
        let changes = changes::between(principal, before, after);
        if changes.is_empty() {
            return Ok(CommitReport::default());
        }
        self.tell_lender(&changes)?;
        let flush = match changes::only_times(&changes, before, after) {
            true => Flush::Later,
            false => Flush::Now,
        };
        self.write(principal, changes, flush)
    }

    /// Writes them, all or nothing.
    fn write(
        &self,
        principal: &PrincipalId,
        changes: changes::Changes,
        flush: Flush,
    ) -> Result<CommitReport, StoreError> {
        if changes.len() > pending::PIECE {
            return self.commit_large(principal, changes);
        }
        let mut report = self.apply(changes)?;
        if flush == Flush::Now {
            self.db.flush().map_err(|e| open::typed(e, &self.path))?;
            report.flushed = true;
        }
        Ok(report)
    }

    /// One batch of the database.
    fn apply(&self, changes: changes::Changes) -> Result<CommitReport, StoreError> {
        let mut report = CommitReport::default();
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => {
                    report.written += 1;
                    report.bytes += key.len() + value.len();
                    batch.insert(key, value);
                }
                None => {
                    report.removed += 1;
                    batch.remove(key);
                }
            }
        }
        self.db.apply_batch(batch).map_err(|e| open::typed(e, &self.path))?;
        Ok(report)
    }

    fn commit_large(
        &self,
        principal: &PrincipalId,
        changes: changes::Changes,
    ) -> Result<CommitReport, StoreError> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        pending::write(&self.files, principal, &changes).map_err(io)?;
        let kept = || changes.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let report = CommitReport {
            written: kept().count(),
            removed: changes.values().filter(|value| value.is_none()).count(),
            bytes: kept().map(|(key, value)| key.len() + value.len()).sum(),
            flushed: true,
        };
        drop(changes);
        pending::finish(&self.files, &self.db, principal)?;
        Ok(report)
    }

    /// Everybody the store holds something of, in order of name.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Corrupt`].
    pub fn principals(&self) -> Result<Vec<PrincipalId>, StoreError> {
        let mut found = Vec::new();
        let mut from = Vec::new();
        while let Some(next) = self.db.range(from.clone()..).next() {
            let (key, _) = next.map_err(|e| open::typed(e, &self.path))?;
            let name = record::split(&key).map(|(name, _, _)| name);
            let Some(principal) = name.and_then(|name| PrincipalId::new(name).ok()) else {
                let what = "a key that belongs to nobody".to_owned();
                return Err(StoreError::Corrupt { what });
            };
            from = record::prefix(&principal);
            // The first key after all that start with this prefix, whose last byte is zero.
            if let Some(last) = from.last_mut() {
                *last += 1;
            }
            found.push(principal);
        }
        Ok(found)
    }

    /// How much a person keeps, by kind of record, largest first.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Corrupt`], [`StoreError::Newer`].
    pub fn shares(&self, principal: &PrincipalId) -> Result<Vec<Share>, StoreError> {
        let mut shares: Vec<Share> = Vec::new();
        for item in self.records(principal)? {
            let (kind, key, value) = item?;
            let share = match shares.iter_mut().find(|s| s.kind == kind.word()) {
                Some(share) => share,
                None => {
                    shares.push(Share { kind: kind.word(), records: 0, bytes: 0 });
                    let last = shares.len() - 1;
                    &mut shares[last]
                }
            };
            share.records += 1;
            share.bytes += key + value.len();
        }
        shares.sort_by_key(|share| std::cmp::Reverse(share.bytes));
        Ok(shares)
    }

    /// Removes all that is kept of a person, in one batch.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Corrupt`].
    pub fn forget(&self, principal: &PrincipalId) -> Result<usize, StoreError> {
        pending::finish(&self.files, &self.db, principal)?;
        let mut batch = sled::Batch::default();
        let mut removed = 0;
        for item in self.db.scan_prefix(record::prefix(principal)) {
            let (key, _) = item.map_err(|e| open::typed(e, &self.path))?;
            batch.remove(key);
            removed += 1;
        }
        self.db.apply_batch(batch).map_err(|e| open::typed(e, &self.path))?;
        self.db.flush().map_err(|e| open::typed(e, &self.path))?;
        Ok(removed)
    }

    /// Kind, length of the key, and value of every record of a person, in order of key.
    fn records(
        &self,
        principal: &PrincipalId,
    ) -> Result<impl Iterator<Item = Result<(Kind, usize, sled::IVec), StoreError>>, StoreError>
    {
        pending::finish(&self.files, &self.db, principal)?;
        Ok(self.scan(&record::prefix(principal)))
    }

    fn scan(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Kind, usize, sled::IVec), StoreError>> + use<'_> {
        self.db.scan_prefix(prefix).map(|item| {
            let (key, value) = item.map_err(|e| open::typed(e, &self.path))?;
            let Some((_, kind, _)) = record::split(&key) else {
                return Err(StoreError::Corrupt { what: "a key without a kind".to_owned() });
            };
            let newer = StoreError::Newer { what: "an unknown kind of record", version: kind };
            Ok((Kind::of(kind).ok_or(newer)?, key.len(), value))
        })
    }
}
