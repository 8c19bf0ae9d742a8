//! Which version of a file this is, without reading it where possible.
//!
//! A file's stamp (times, size, inode) names its version, unless it was read so soon after a change
//! that a second change could leave the same stamp. Such a version carries a hash of the content as
//! well: at the next listing the file is read again, and, once its stamp has come of age, reported
//! once more under the stamp alone.
//!
//! A file that is young and lacks its end is still being written: it is not taken before it is
//! whole, or has been left like that.
//!
//! Invariant: no change is ever missed; a file left alone is read at most twice.

use super::way;
use crate::calendar::Error;
use crate::event::ETag;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Age from which a stamp is trusted: FAT keeps times in steps of two seconds.
const OF_AGE: Duration = Duration::from_secs(2);
/// Largest file read, in bytes: a lifetime of events in one export is around 30 MB.
const FILE: u64 = 128 * 1024 * 1024;

/// Times, size and inode of a file. The change time is set by the system alone: a tool that keeps
/// the modification time (`cp -p`, `rsync -t`) still leaves a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    text: String,
    of_age: bool,
}

/// A file as read.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version.
    pub etag: ETag,
    /// Another program seems to be writing it.
    pub is_half: bool,
}

/// What a file holds, whatever its stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print([u8; 32]);

impl Print {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl Stamp {
    /// From what the system says of a file.
    pub fn of(metadata: &Metadata) -> Self {
        let (modified, changed) = (metadata.mtime_nsec(), metadata.ctime_nsec());
        let text = format!(
            "{}.{modified:09}-{}.{changed:09}-{}-{}",
            metadata.mtime(),
            metadata.ctime(),
            metadata.len(),
            metadata.ino()
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = |seconds: i64| {
            let then = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
            now.checked_sub(then).unwrap_or_default()
        };
        // Whole seconds are cut off above, so an age of two and a bit may be less than two.
        let trusted = OF_AGE + Duration::from_secs(1);
        Self { text, of_age: age(metadata.ctime()) > trusted && age(metadata.mtime()) > trusted }
    }

    /// The version of a file with this stamp and content.
    fn etag(&self, bytes: &[u8]) -> ETag {
        if self.of_age { self.plain() } else { self.hashed(bytes) }
    }

    fn plain(&self) -> ETag {
        ETag::new(format!("\"{}\"", self.text))
    }

    fn hashed(&self, bytes: &[u8]) -> ETag {
        ETag::new(format!("\"{}~{}\"", self.text, &blake3::hash(bytes).to_hex()[..32]))
    }

    /// Whether a file with this stamp surely has this version, without a look inside.
    pub fn proves(&self, etag: &ETag) -> bool {
        self.plain() == *etag
    }
}

impl Content {
    fn new(stamp: &Stamp, bytes: Vec<u8>) -> Self {
        let is_half = !stamp.of_age && !is_whole(&bytes);
        Self { etag: stamp.etag(&bytes), bytes, is_half }
    }
}

/// Nothing but space follows the end of the last calendar.
fn is_whole(bytes: &[u8]) -> bool {
    const END: &[u8; 13] = b"END:VCALENDAR";
    let last = bytes.trim_ascii_end().last_chunk::<{ END.len() }>();
    last.is_some_and(|last| last.eq_ignore_ascii_case(END))
}

/// Reads a file and names its version. One that changes meanwhile is read once more.
///
/// # Errors
/// As the system refuses; [`io::ErrorKind::FileTooLarge`] above the limit.
pub fn read(path: &Path) -> io::Result<Content> {
    let (first, bytes) = read_once(path)?;
    let after = Stamp::of(&way::metadata(path)?);
    if after.text == first.text {
        return Ok(Content::new(&first, bytes));
    }
    let (second, bytes) = read_once(path)?;
    Ok(Content::new(&second, bytes))
}

fn read_once(path: &Path) -> io::Result<(Stamp, Vec<u8>)> {
    let file = way::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let stamp = Stamp::of(&metadata);
    let mut bytes = Vec::new();
    file.take(FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok((stamp, bytes))
}

/// What the file holds, if it still has this version.
///
/// # Errors
/// As the system refuses; [`io::ErrorKind::NotFound`] when it is gone.
pub fn still(path: &Path, etag: &ETag) -> io::Result<Option<Print>> {
    let (stamp, bytes) = read_once(path)?;
    let same = stamp.proves(etag) || stamp.hashed(&bytes) == *etag;
    Ok(same.then(|| Print::of(&bytes)))
}

/// What the file holds.
///
/// # Errors
/// As the system refuses.
pub fn print(path: &Path) -> io::Result<Print> {
    read_once(path).map(|(_, bytes)| Print::of(&bytes))
}

/// What to tell the person about a file or folder that can't be used.
pub fn failure(error: &io::Error, path: &Path) -> Error {
    let path = way::shown(path);
    let path = path.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied if error.get_ref().is_some() => {
            Error::Refused(format!("{path}: {error}"))
        }
        io::ErrorKind::NotFound => Error::NotFound(format!("there is no {path}")),
        io::ErrorKind::AlreadyExists => Error::Changed,
        io::ErrorKind::PermissionDenied => Error::Refused(format!("no permission for {path}")),
        io::ErrorKind::ReadOnlyFilesystem => {
            Error::Refused(format!("{path} lies on a read-only file system"))
        }
        io::ErrorKind::StorageFull => {
            Error::Transient(format!("no space is left on the disk of {path}: make some room"))
        }
        io::ErrorKind::QuotaExceeded => {
            Error::Transient(format!("the quota on the disk of {path} is used up: make some room"))
        }
        io::ErrorKind::FileTooLarge => {
            Error::Refused(format!("larger than {} MiB", FILE / (1024 * 1024)))
        }
        _ => Error::Transient(format!("can't use {path}: {error}")),
    }
}
