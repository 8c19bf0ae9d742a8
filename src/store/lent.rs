//! One person's records on their way to another process, and what it changes on its way back.
//!
//! A service of many people can't let go of the store whenever one of them runs a command, and that
//! command is not to see the others. So it gets their records alone, keeps them in a store of its
//! own for as long as it runs, and every commit is sent to the service, which has it on the disk
//! before the command hears of it. Invariant: what comes back is taken only under the keys of the
//! person it was lent to.

use super::changes::Changes;
use super::pending::{self, Chunk};
use super::trial::{self, Trial};
use super::{Store, StoreError, open, record};
use crate::event::PrincipalId;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Sends changes to who has the store, and waits until they are on the disk there.
pub type Forward = dyn Fn(&[u8]) -> io::Result<()> + Send + Sync;

/// Who lent the records.
#[derive(Clone)]
pub(super) struct Lender(Arc<Forward>);

impl fmt::Debug for Lender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lender")
    }
}

impl Store {
    /// All records of a person, for [`Store::borrowed`] elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Corrupt`].
    pub fn lend(&self, principal: &PrincipalId) -> Result<Vec<u8>, StoreError> {
        pending::finish(&self.path, &self.db, principal)?;
        let mut out = Vec::new();
        for item in self.db.scan_prefix(record::prefix(principal)) {
            let (key, value) = item.map_err(|e| open::typed(e, &self.path))?;
            let both = pending::chunk(&mut out, &key);
            both.and_then(|()| pending::chunk(&mut out, &value)).map_err(|e| self.io(e))?;
        }
        Ok(out)
    }

    /// Takes over what a borrower of this person's records changed; on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is not theirs or can't be read: nothing of it is taken.
    pub fn take_back(&self, principal: &PrincipalId, changes: &[u8]) -> Result<(), StoreError> {
        let prefix = record::prefix(principal);
        let changes = read(changes).filter(|all| all.keys().all(|key| key.starts_with(&prefix)));
        let Some(changes) = changes else {
            return Err(StoreError::Corrupt { what: "changes that are not this person's".into() });
        };
        pending::finish(&self.path, &self.db, principal)?;
        self.write(principal, changes, super::Flush::Now).map(drop)
    }

    /// A store of these records of one person, gone with its last clone. `send` gets the changes of
    /// each commit before it is made here; `None` = they are kept nowhere.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the records can't be read; [`StoreError::Io`].
    pub fn borrowed(records: &[u8], send: Option<Arc<Forward>>) -> Result<Store, StoreError> {
        let folder = Trial::elsewhere()
            .map_err(|source| StoreError::Io { path: std::env::temp_dir(), source })?;
        let path = folder.store();
        trial::sweep(&path);
        let (db, _) = open::open(&path)?;
        let lender = send.map(Lender);
        let store = Store { _copy: Some(Arc::new(folder)), lender, ..Store::at(&path, db) };
        let unreadable = || StoreError::Corrupt { what: "records as they were lent".to_owned() };
        store.apply(read(records).ok_or_else(unreadable)?)?;
        Ok(store)
    }

    /// The changes go to the lender first.
    pub(super) fn tell_lender(&self, changes: &Changes) -> Result<(), StoreError> {
        let Some(Lender(send)) = &self.lender else { return Ok(()) };
        let mut out = Vec::new();
        for (key, value) in changes {
            pending::change(&mut out, key, value.as_deref()).map_err(|e| self.io(e))?;
        }
        send(&out).map_err(|e| self.io(e))
    }

    fn io(&self, source: io::Error) -> StoreError {
        StoreError::Io { path: self.path.clone(), source }
    }

    /// The user whose folder a store is, where that is another one than ours: even where we may
    /// open it, as root may, its owner could not any more afterwards.
    pub fn foreign(path: &Path) -> Option<u32> {
        use std::os::unix::fs::MetadataExt;
        let owner = std::fs::metadata(path).ok()?.uid();
        (owner != rustix::process::geteuid().as_raw()).then_some(owner)
    }

    /// These are borrowed records: there is no folder of theirs to be written anew.
    pub fn is_borrowed(&self) -> bool {
        self.lender.is_some()
    }

    /// Where this store lies; a borrowed one is not where the config says.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn read(mut bytes: &[u8]) -> Option<Changes> {
    let mut changes = Changes::new();
    loop {
        let key = match pending::next(&mut bytes).ok()? {
            Chunk::Bytes(key) => key,
            Chunk::End => return Some(changes),
            Chunk::Removed => return None,
        };
        let value = match pending::next(&mut bytes).ok()? {
            Chunk::Bytes(value) => Some(value),
            Chunk::Removed => None,
            Chunk::End => return None,
        };
        changes.insert(key, value);
    }
}
