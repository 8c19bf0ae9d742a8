//! Renames that find out what they replaced.
//!
//! Between "it is still as it was" and "now it is ours" another program may write. Where the system
//! can exchange two files in one step (Linux and macOS, on most local file systems), what came out
//! is looked at, and goes back if it is not what was expected. What remains: a program that keeps
//! the old file open and writes into it *after* that look; one that deletes the file in the moment
//! in which it is set aside finds nothing, and it comes back when it was not ours to delete; a file
//! system that can't exchange (NFS,
//! FAT), where the look comes right before the rename; and a crash of this program between exchange
//! and look, after which the other's version lies beside, as `.chronotype-*.tmp`.

use super::version::{Print, print};
use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// Rounds of giving back to programs that write all the time.
const ROUNDS: usize = 64;

/// How a conditional rename ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was as expected, and is done.
    Done,
    /// It was not; what another program wrote stands.
    Changed,
}

/// Puts `new` at `path` if `expected` lies there. `ours` is what `new` holds.
///
/// # Errors
/// As the system refuses; nothing has happened then.
pub fn replace(
    new: NamedTempFile,
    path: &Path,
    expected: Print,
    ours: Print,
) -> io::Result<Outcome> {
    match exchange(new.path(), path) {
        Ok(()) => give_back(new, path, expected, ours),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Outcome::Changed),
        Err(error) if is_unsupported(&error) => {
            if !is_there(path, expected)? {
                return Ok(Outcome::Changed);
            }
            new.persist(path).map(|_| Outcome::Done).map_err(|e| e.error)
        }
        Err(error) => Err(error),
    }
}

/// What came out at `out` is what was expected, or it goes back: and so does whatever came in
/// between, until what comes out is what went in.
fn give_back(out: NamedTempFile, path: &Path, expected: Print, ours: Print) -> io::Result<Outcome> {
    let mut went_in = Some(ours);
    let mut came_out = print(out.path()).ok();
    if came_out == Some(expected) {
        return Ok(Outcome::Done);
    }
    for _ in 0..ROUNDS {
        // Deleted by now: that was the last word.
        if exchange(out.path(), path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
            return Ok(Outcome::Changed);
        }
        let next = print(out.path()).ok();
        if next.is_some() && next == went_in {
            return Ok(Outcome::Changed);
        }
        went_in = std::mem::replace(&mut came_out, next);
    }
    // Whoever writes that often has the last word; nothing is thrown away.
    out.keep().map_err(|e| e.error)?;
    Ok(Outcome::Changed)
}

/// Deletes `path` if `expected` lies there: sets it aside, looks, then removes it or puts it back.
///
/// # Errors
/// As the system refuses; nothing has happened then.
pub fn remove(path: &Path, aside: &Path, expected: Print) -> io::Result<Outcome> {
    match no_replace(path, aside) {
        Err(error) if is_unsupported(&error) => std::fs::rename(path, aside)?,
        // A name too long to be set aside.
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
            if !is_there(path, expected)? {
                return Ok(Outcome::Changed);
            }
            return std::fs::remove_file(path).map(|()| Outcome::Done);
        }
        other => other?,
    }
    if is_there(aside, expected).is_ok_and(|same| same) {
        return std::fs::remove_file(aside).map(|()| Outcome::Done);
    }
    put_back(aside, path)?;
    Ok(Outcome::Changed)
}

/// Puts back what was set aside; when something newer lies there, that stands.
///
/// # Errors
/// As the system refuses; [`io::ErrorKind::NotFound`] when nothing was set aside.
pub fn put_back(aside: &Path, path: &Path) -> io::Result<()> {
    let put = match no_replace(aside, path) {
        Err(error) if is_unsupported(&error) => {
            std::fs::hard_link(aside, path).and_then(|()| std::fs::remove_file(aside))
        }
        other => other,
    };
    match put {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => std::fs::remove_file(aside),
        other => other,
    }
}

fn is_there(path: &Path, expected: Print) -> io::Result<bool> {
    match print(path) {
        Ok(found) => Ok(found == expected),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    rename_with(one, other, Rule::Exchange)
}

fn no_replace(from: &Path, to: &Path) -> io::Result<()> {
    rename_with(from, to, Rule::NoReplace)
}

/// How a rename treats what lies at its goal.
#[derive(Debug, Clone, Copy)]
enum Rule {
    Exchange,
    NoReplace,
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_with(from: &Path, to: &Path, rule: Rule) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let flags = match rule {
        Rule::Exchange => RenameFlags::EXCHANGE,
        Rule::NoReplace => RenameFlags::NOREPLACE,
    };
    renameat_with(CWD, from, CWD, to, flags).map_err(io::Error::from)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_with(_: &Path, _: &Path, _: Rule) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
