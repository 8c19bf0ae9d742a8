//! Files that hold a secret: passwords, keys, tokens, what Google's console gives out.
//!
//! Invariants: such a file is used only when it is its owner's alone, and the owner is who runs
//! this, or root: as ssh has it with keys. It is the open file that is looked at, so that none can
//! be put in its place. What is read is wiped from memory after use.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// Rights of the group and of others.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
/// Where systemd puts what `LoadCredential=` names: closed to others by the folder, whose files
/// may well have mode 0440 (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Why a file can't be used: the end of a sentence that begins with its name.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is none.
    #[error("is not there")]
    Missing,
    /// Others have a right to it.
    #[error(
        "can be read or changed by others on this computer, and is not used: `chmod 600 {}` \
         closes it", .0.display()
    )]
    Open(PathBuf),
    /// Whoever it belongs to can change it.
    #[error(
        "belongs to another user of this computer (number {owner}, and this is number {me}), and \
         is not used: run chronotype as that user, or make the file anew"
    )]
    Foreign {
        /// Its owner.
        owner: u32,
        /// Who runs this.
        me: u32,
    },
    /// Not UTF-8.
    #[error("is not text (UTF-8)")]
    NoText,
    /// The system does not give it.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
}

/// A file that is open, and perhaps others' too.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    file: File,
}

impl PrivateFile {
    /// Opens it.
    ///
    /// # Errors
    /// [`Unusable::Missing`], [`Unusable::Io`].
    pub fn open(path: &Path) -> Result<Self, Unusable> {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unusable::Missing,
            _ => Unusable::Io(error),
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Whether it is nobody else's. Pipes and the like pass: they are whoever's that made them.
    ///
    /// # Errors
    /// [`Unusable::Open`], [`Unusable::Foreign`], [`Unusable::Io`].
    pub fn check(&self) -> Result<(), Unusable> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let found = self.file.metadata()?;
            if !found.is_file() || self.is_given() {
                return Ok(());
            }
            let (owner, me) = (found.uid(), rustix::process::geteuid().as_raw());
            if owner != me && owner != 0 {
                return Err(Unusable::Foreign { owner, me });
            }
            if found.mode() & OTHERS != 0 {
                return Err(Unusable::Open(self.path.clone()));
            }
        }
        Ok(())
    }

    /// Whether somebody else can change it. People's own groups, which many systems give each of
    /// them, are nobody else.
    pub fn is_changed_by_others(&self) -> bool {
        #[cfg(unix)]
        if let Ok(found) = self.file.metadata() {
            use std::os::unix::fs::MetadataExt;
            let (all, group) = (found.mode() & 0o002 != 0, found.mode() & 0o020 != 0);
            let own = found.gid() == rustix::process::getegid().as_raw();
            return found.is_file() && (all || (group && !own));
        }
        false
    }

    /// By systemd.
    fn is_given(&self) -> bool {
        let folder = std::env::var_os(CREDENTIALS).map(PathBuf::from);
        folder.is_some_and(|folder| self.path.parent() == Some(&folder))
    }

    /// What it holds, up to `longest` bytes.
    ///
    /// # Errors
    /// [`Unusable::Io`], [`Unusable::NoText`].
    pub fn text(&self, longest: usize) -> Result<Zeroizing<String>, Unusable> {
        let length = self.file.metadata().map_or(0, |found| found.len());
        let room = match usize::try_from(length) {
            // A pipe, or a file that is made while it is read.
            Ok(0) | Err(_) => longest,
            Ok(length) => length.min(longest),
        };
        let mut bytes = bytes(&self.file, room)?;
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(Unusable::NoText)
            }
        }
    }
}

/// What a file holds that is nobody else's, up to `longest` bytes.
///
/// # Errors
/// [`Unusable`].
pub fn read(path: &Path, longest: usize) -> Result<Zeroizing<String>, Unusable> {
    let file = PrivateFile::open(path)?;
    file.check()?;
    file.text(longest)
}

/// All that comes, up to `longest` bytes, into memory that does not move and is wiped after use.
///
/// # Errors
/// The reader's.
pub fn bytes(reader: impl Read, longest: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(longest));
    let limit = u64::try_from(longest).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_does_not_move_while_it_is_filled() {
        for length in [0, 1, 31, 32, 33, 100, 101, 5000] {
            let bytes = bytes(io::repeat(7).take(length), 100).unwrap();
            assert_eq!(bytes.len() as u64, length.min(100));
            assert_eq!(bytes.capacity(), 100, "{length}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_have_a_right_to_is_refused() {
        use std::fs::Permissions;
        use std::os::unix::fs::{PermissionsExt, chown};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert_eq!(read(&path, 9).unwrap_err().to_string(), "is not there");
        std::fs::write(&path, "hunter2").unwrap();
        let set = |mode| std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        for mode in [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o666, 0o777] {
            set(mode);
            let said = read(&path, 9).unwrap_err().to_string();
            assert!(said.ends_with(&format!("`chmod 600 {}` closes it", path.display())), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        for mode in [0o600, 0o400, 0o700] {
            set(mode);
            assert_eq!(read(&path, 9).unwrap().as_str(), "hunter2");
        }
        // Only who may give files away can try it out: elsewhere the rule is the mode's alone.
        let me = rustix::process::geteuid().as_raw();
        if chown(&path, Some(me + 1), None).is_ok() {
            let said = read(&path, 9).unwrap_err().to_string();
            assert!(said.contains("belongs to another user"), "{said}");
        }
    }
}
