//! Which version of a file this is, without reading it where possible.
//!
//! A file's stamp (times, size, inode) names its version, unless it was read so soon after a change
//! that a second change could leave the same stamp. Such a version carries a hash of the content as
//! well: at the next listing the file is read again, and, once its stamp has come of age, reported
//! once more under the stamp alone.
//!
//! Invariant: no change is ever missed; a file left alone is read at most twice.

use crate::calendar::Error;
use crate::event::ETag;
use std::fs::{File, Metadata};
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

/// Reads a file and names its version. One that changes meanwhile is read once more.
///
/// # Errors
/// As the system refuses; [`io::ErrorKind::FileTooLarge`] above the limit.
pub fn read(path: &Path) -> io::Result<Content> {
    let (first, bytes) = read_once(path)?;
    let after = Stamp::of(&std::fs::metadata(path)?);
    if after.text == first.text {
        return Ok(Content { etag: first.etag(&bytes), bytes });
    }
    let (second, bytes) = read_once(path)?;
    Ok(Content { etag: second.etag(&bytes), bytes })
}

fn read_once(path: &Path) -> io::Result<(Stamp, Vec<u8>)> {
    let file = File::open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok((stamp, bytes))
}

/// Whether the file still has this version.
///
/// # Errors
/// As the system refuses; [`io::ErrorKind::NotFound`] when it is gone.
pub fn is_still(path: &Path, etag: &ETag) -> io::Result<bool> {
    let (stamp, bytes) = read_once(path)?;
    Ok(stamp.proves(etag) || stamp.hashed(&bytes) == *etag)
}

/// What to tell the person about a file or folder that can't be used.
pub fn failure(error: &io::Error, path: &Path) -> Error {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound(format!("there is no {path}")),
        io::ErrorKind::AlreadyExists => Error::Changed,
        io::ErrorKind::PermissionDenied => Error::Refused(format!("no permission for {path}")),
        io::ErrorKind::FileTooLarge => {
            Error::Refused(format!("larger than {} MiB", FILE / (1024 * 1024)))
        }
        _ => Error::Transient(format!("can't use {path}: {error}")),
    }
}
