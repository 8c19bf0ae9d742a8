//! Takes something out of the store for good, or just the air: all living records are copied into a
//! new store, which takes the old one's place.
//!
//! A removal alone leaves the value in sled's log until its segment is written over, which may be
//! never. So: the old folder is locked as sled locks it, copied, and read from that copy; what is
//! to stay goes into a new folder; when that is on the disk the two folders change places in one
//! step (`renameat2` with EXCHANGE; where the system has none, two renames, the second of which
//! [`finish`] makes up for). A crash leaves either the old or the new store, whole, and folders
//! beside it that the next opening removes. Backups that [`super::open`] set aside go the same way;
//! one that can't be read is removed, since it may hold what is to be gone.

use super::record::{self, Keys, Kind};
use super::{StoreError, changes, open, pending, trial};
use crate::event::PrincipalId;
use crate::memory::graph::Graph;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What holds the copy that is read from, while a store is written anew.
const READ: &str = "forgetting-read";
/// What is written, and what is left of the old store once they have changed places.
const WRITTEN: &str = "forgetting-written";
/// Files of this size are no trouble, whatever they hold.
const SMALL: u64 = 1 << 20;
/// Files are written anew where they take more than so many tenths of what they hold: twice as much
/// is what a new store takes, and three times as much is the most that it may (DESIGN, section 12).
const ROOMY: u64 = 25;
/// Records in one batch (measured with events alone: files of 2.7 times what they hold at 64, of
/// 3.7 times at 1,000).
const BATCH: usize = 64;

/// What is taken out.
#[derive(Clone, Copy)]
enum Out<'a> {
    /// Nothing: what was removed before is gone from the files, too.
    Nothing,
    /// Of this person's tier 3 what the edit takes out.
    Memory(&'a PrincipalId, &'a dyn Fn(&mut Graph)),
    /// Everything of this person.
    Person(&'a PrincipalId),
}

/// Edits one person's tier 3 in the store at this path, which this process must not have open, and
/// in its backups; what the edit takes out is in none of their files afterwards.
///
/// # Errors
/// [`StoreError::Locked`] when somebody has it open; [`StoreError::Io`], [`StoreError::Corrupt`].
/// The store is as it was then.
pub fn rewrite(
    path: &Path,
    principal: &PrincipalId,
    edit: &dyn Fn(&mut Graph),
) -> Result<(), StoreError> {
    everywhere(path, Out::Memory(principal, edit))
}

/// Takes everything of one person out of the store at this path and out of its backups, as
/// [`rewrite`] does it.
///
/// # Errors
/// As [`rewrite`].
pub fn remove_person(path: &Path, principal: &PrincipalId) -> Result<(), StoreError> {
    everywhere(path, Out::Person(principal))
}

/// What a look at the size of a store found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// Bytes of all keys and values.
    pub payload: u64,
    /// Bytes of its files before.
    pub before: u64,
    /// The same now; as before where it was left as it was.
    pub after: u64,
}

/// Writes the store at this path anew, which this process must not have open, where its files take
/// much more than what they hold: sled writes every change to its end and finds room before that
/// only where a whole segment has died, so that records which change seldom among others that
/// change daily hold on to many times their size (measured: eleven times after eighty days).
///
/// # Errors
/// As [`rewrite`].
pub fn pack(path: &Path) -> Result<Packed, StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    let store = super::Store::open(path)?;
    let mut payload = 0;
    for item in store.db.iter() {
        let (key, value) = item.map_err(|e| open::typed(e, path))?;
        payload += (key.len() + value.len()) as u64;
    }
    drop(store);
    let before = size(path).map_err(failed)?;
    if before <= SMALL || before * 10 <= payload * ROOMY {
        return Ok(Packed { payload, before, after: before });
    }
    replace(path, Out::Nothing)?;
    Ok(Packed { payload, before, after: size(path).map_err(failed)? })
}

/// Bytes of the files in a folder.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let found = entry?.metadata()?;
        bytes += if found.is_file() { found.len() } else { 0 };
    }
    Ok(bytes)
}

fn everywhere(path: &Path, out: Out<'_>) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    trial::sweep(path);
    // Backups first: while the store still has it, the person can say it again.
    for backup in open::backups(path).map_err(failed)? {
        if replace(&backup, out).is_err() {
            fs::remove_dir_all(&backup).map_err(failed)?;
        }
    }
    replace(path, out)
}

fn replace(path: &Path, out: Out<'_>) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    let lock = open::lock(path)?;
    let (read, written) = (beside(path, READ), beside(path, WRITTEN));
    for folder in [&read, &written] {
        remove(folder).map_err(failed)?;
        open::private_folder_new(folder).map_err(failed)?;
    }
    open::copy_folder(path, &read).map_err(failed)?;
    copy(&read, &written, out)?;
    remove(&read).map_err(failed)?;
    sync_all(&written).map_err(failed)?;
    exchange(path, &written).map_err(failed)?;
    remove(&written).map_err(failed)?;
    drop(lock);
    Ok(())
}

/// Copies every record but what is to be out; tier 3 is written as edited.
fn copy(from: &Path, to: &Path, out: Out<'_>) -> Result<(), StoreError> {
    let (old, _) = open::open(from)?;
    let (new, _) = open::open(to)?;
    let store = super::Store::at(from, old.clone());
    for one in store.principals()? {
        pending::finish(from, &old, &one)?;
    }
    let mut edited = changes::Changes::new();
    if let Out::Memory(principal, edit) = out {
        let mut memory = store.load(principal)?.memory;
        edit(&mut memory);
        edited = changes::of_memory(&Keys::of(principal), &memory);
    }
    let typed = |error| open::typed(error, to);
    let mut batch = sled::Batch::default();
    let mut held = 0;
    for item in old.iter() {
        let (key, value) = item.map_err(typed)?;
        let gone = match out {
            Out::Nothing => false,
            Out::Memory(principal, _) => is_memory_of(&key, principal),
            Out::Person(principal) => key.starts_with(&record::prefix(principal)),
        };
        if gone {
            continue;
        }
        batch.insert(key, value);
        held += 1;
        if held == BATCH {
            new.apply_batch(std::mem::take(&mut batch)).map_err(typed)?;
            held = 0;
        }
    }
    for (key, value) in edited {
        if let Some(value) = value {
            batch.insert(key, value);
        }
    }
    new.apply_batch(batch).map_err(typed)?;
    new.flush().map_err(typed)?;
    Ok(())
}

fn is_memory_of(key: &[u8], principal: &PrincipalId) -> bool {
    let kind = record::split(key).filter(|(name, _, _)| *name == principal.as_str());
    let kind = kind.and_then(|(_, kind, _)| Kind::of(kind));
    matches!(
        kind,
        Some(Kind::FirstInsight | Kind::Insight | Kind::Link | Kind::Looks | Kind::Forgotten)
    )
}

/// Removes what a crash left beside a store, or puts it in its place where that was all that was
/// missing. Called with the store locked, or where there is none.
pub(super) fn finish(path: &Path) -> io::Result<()> {
    let (read, written) = (beside(path, READ), beside(path, WRITTEN));
    remove(&read)?;
    if !path.exists() && is_ours(&written)? {
        return fs::rename(&written, path);
    }
    remove(&written)
}

/// A folder that we left there. One that somebody else has put there, where many may, would become
/// the store.
fn is_ours(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    match found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() {
        true => Ok(true),
        false => {
            let folder = folder.display();
            Err(io::Error::other(format!("{folder} is not of our making: move it away")))
        }
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{name}.{what}"))
}

pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Everything in the folder, and its own entries, are on the disk when this returns.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync_all(&entry.path())?,
            false => File::open(entry.path())?.sync_all()?,
        }
    }
    File::open(folder)?.sync_all()
}

/// The two change places.
fn exchange(path: &Path, written: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, written, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => return sync_parent(path),
            // A file system without it.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let old = beside(path, READ);
    fs::rename(path, &old)?;
    fs::rename(written, path)?;
    sync_parent(path)?;
    fs::remove_dir_all(old)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
