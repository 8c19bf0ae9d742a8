//! A commit too large for one batch of the database: written whole into a file beside it, then
//! taken over in pieces.
//!
//! sled keeps every page that a batch replaces in memory until the batch ends: a first turn of ten
//! thousand objects took 100 MB for it. The file is what makes the pieces one commit: it is whole
//! or not there (renamed into place), and it is taken over before anything else is read or
//! written. Taking over twice does no harm.

use super::changes::Changes;
use super::{StoreError, open, record};
use crate::event::PrincipalId;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Changes from which a commit goes this way, and the most that one piece holds.
pub(super) const PIECE: usize = 2_000;
/// Begins a file's name; the principal follows.
const PREFIX: &str = "pending-";
/// Begins the name of a file that is not complete yet.
const UNFINISHED: &str = "unfinished-";
/// Longest key or value read back: an exported calendar of a lifetime is one value.
const LONGEST: u32 = 512 << 20;
/// In place of a value's length: the record is removed.
const REMOVED: u32 = u32::MAX;

fn place(store: &Path, principal: &PrincipalId) -> PathBuf {
    store.join(format!("{PREFIX}{}", principal.file_name()))
}

/// Writes the changes beside the database; they are on the disk when this returns.
pub(super) fn write(store: &Path, principal: &PrincipalId, changes: &Changes) -> io::Result<()> {
    // One name, so that what a crash leaves is written over.
    let unfinished = store.join(format!("{UNFINISHED}{}", principal.file_name()));
    let mut out = BufWriter::new(File::create(&unfinished)?);
    out.write_all(&[record::VERSION])?;
    for (key, value) in changes {
        change(&mut out, key, value.as_deref())?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&unfinished, place(store, principal))?;
    sync_folder(store)
}

/// One record to write, or to remove (`None`).
pub(super) fn change(out: &mut impl Write, key: &[u8], value: Option<&[u8]>) -> io::Result<()> {
    chunk(out, key)?;
    match value {
        Some(value) => chunk(out, value),
        None => out.write_all(&REMOVED.to_le_bytes()),
    }
}

/// A key or a value.
pub(super) fn chunk(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|n| *n <= LONGEST);
    let length = length.ok_or(io::ErrorKind::FileTooLarge)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// Takes over what a commit of this person left, if there is anything.
pub(super) fn finish(
    store: &Path,
    db: &sled::Db,
    principal: &PrincipalId,
) -> Result<(), StoreError> {
    let path = place(store, principal);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|source| failed(store, source))?,
    };
    let mut file = BufReader::new(file);
    let mut version = [0];
    file.read_exact(&mut version).map_err(|source| failed(store, source))?;
    if version[0] > record::VERSION {
        return Err(StoreError::Newer { what: "a pending commit", version: version[0] });
    }
    loop {
        let mut batch = sled::Batch::default();
        let mut held = 0;
        while held < PIECE
            && let Chunk::Bytes(key) = next(&mut file).map_err(|source| failed(store, source))?
        {
            match next(&mut file).map_err(|source| failed(store, source))? {
                Chunk::Bytes(value) => batch.insert(key, value),
                Chunk::Removed => batch.remove(key),
                // A key alone: the file was damaged. It must not pass for a removal.
                Chunk::End => return Err(failed(store, io::ErrorKind::InvalidData.into())),
            }
            held += 1;
        }
        if held == 0 {
            break;
        }
        db.apply_batch(batch).map_err(|e| open::typed(e, store))?;
    }
    db.flush().map_err(|e| open::typed(e, store))?;
    // Gone for good before another commit is made: it must never be taken over after that one.
    fs::remove_file(&path).and_then(|()| sync_folder(store)).map_err(|e| failed(store, e))
}

/// What comes next in the file.
pub(super) enum Chunk {
    /// A key or a value.
    Bytes(Vec<u8>),
    /// In place of a value: the record is removed.
    Removed,
    /// Nothing more.
    End,
}

/// Reads the next one.
pub(super) fn next(file: &mut impl Read) -> io::Result<Chunk> {
    let mut length = [0; 4];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Chunk::End),
        other => other?,
    }
    let length = u32::from_le_bytes(length);
    if length == REMOVED {
        return Ok(Chunk::Removed);
    }
    let mut bytes = Vec::new();
    let read = file.take(length.min(LONGEST).into()).read_to_end(&mut bytes)?;
    if read as u64 != u64::from(length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Chunk::Bytes(bytes))
}

fn failed(store: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: store.to_owned(), source }
}

/// A new or removed name is on the disk only when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
