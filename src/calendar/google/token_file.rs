//! Where a sign-in is kept: one file an account, in a folder beside the store.
//!
//! Beside it, not in it: a running service locks the store, and signing in again must work all the
//! same. Invariants: only its owner can read it (mode 0600 in a folder of 0700), and a file that
//! others can read is not used; it appears whole or not at all; a refresh never overwrites a
//! sign-in that has come meanwhile.

use super::kept::{Kept, Written};
use crate::calendar::{Error, Secret, is_open};
use crate::event::PrincipalId;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Largest file that is read: real ones have about 1 KiB.
const LONGEST: u64 = 64 << 10;
/// Letters of an account's name in its file's name; the hash tells names apart.
const NAME: usize = 24;
/// Rights of the group and of others.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// One account's file.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// For this account of this person, beside the store at `store`:
    /// `STORE.sign-in/google-ACCOUNT-HASH.json`.
    pub fn beside(store: &Path, person: &PrincipalId, account: &str) -> Self {
        let mut folder = OsString::from(store);
        folder.push(".sign-in");
        let letters = account.chars().filter(char::is_ascii_alphanumeric).take(NAME);
        let name: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let whose = format!("{}/{account}", person.as_str());
        let hash = blake3::hash(whose.as_bytes()).to_hex();
        let hash = hash.get(..16).unwrap_or_default();
        Self { path: PathBuf::from(folder).join(format!("google-{name}-{hash}.json")) }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; `None` = the person has never signed in.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when it can't be used: what is wrong with it.
    pub fn read(&self) -> Result<Option<Kept>, Error> {
        let shown = self.path.display();
        let bad = |what: String| Error::Unauthorized(format!("the sign-in {shown} {what}"));
        let mut text = String::new();
        let read =
            File::open(&self.path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(bad(format!("can't be read: {error}"))),
            Ok(_) if is_open(&self.path) => {
                return Err(bad("can be read by others (`chmod 600` closes it)".to_owned()));
            }
            Ok(_) => {}
        }
        match serde_json::from_str(&text).ok().and_then(Written::into_kept) {
            Some(kept) => Ok(Some(kept)),
            None => Err(bad("is damaged".to_owned())),
        }
    }

    /// The address that the account is signed in as, or was until Google ended it.
    pub fn address(&self) -> Option<String> {
        match self.read().ok()?? {
            Kept::SignedIn(kept) => kept.address,
            Kept::SignedOut(out) => out.address,
        }
    }

    /// Keeps this, whatever was there.
    ///
    /// # Errors
    /// [`Error::Refused`] when the disk refuses.
    pub fn write(&self, kept: &Kept) -> Result<(), Error> {
        self.locked(|| self.put(kept))
    }

    /// Keeps this in the place of a sign-in with the refresh token `used`; says whether it was
    /// still that one.
    ///
    /// # Errors
    /// As [`Self::write`] and [`Self::read`].
    pub fn replace(&self, used: &Secret, kept: &Kept) -> Result<bool, Error> {
        self.locked(|| match self.read()? {
            Some(Kept::SignedIn(there)) if there.refresh == *used => self.put(kept).map(|()| true),
            _ => Ok(false),
        })
    }

    /// Waits until no other process refreshes this account's tokens; the next one waits until the
    /// value is dropped. Blocks.
    ///
    /// # Errors
    /// [`Error::Refused`] when the disk refuses.
    pub fn refreshing(&self) -> Result<File, Error> {
        let lock = || {
            private_folder(self.folder())?;
            let file = File::create(self.path.with_extension("lock"))?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error| self.cannot(&error))
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// One writer at a time, of all processes. The lock ends with its file handle.
    fn locked<T>(&self, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let lock = || {
            private_folder(self.folder())?;
            let folder = File::open(self.folder())?;
            folder.lock()?;
            Ok(folder)
        };
        let _held = lock().map_err(|error| self.cannot(&error))?;
        act()
    }

    fn put(&self, kept: &Kept) -> Result<(), Error> {
        let put = || {
            // A temporary file is readable by its owner alone.
            let mut file = tempfile::NamedTempFile::new_in(self.folder())?;
            serde_json::to_writer_pretty(&mut file, &Written::from_kept(kept))?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        put().map_err(|error| self.cannot(&error))
    }

    fn cannot(&self, error: &io::Error) -> Error {
        let folder = self.folder().display();
        Error::Refused(format!("can't keep the sign-in in {folder}: {error}"))
    }
}

/// Makes the folder, for its owner alone; closes one that stands open: its name is ours.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700);
        if fs::metadata(folder).is_ok_and(|m| m.permissions().mode() & OTHERS != 0) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::super::kept::{SignedIn, SignedOut};
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn signed_in(refresh: &str) -> Kept {
        let now = DateTime::UNIX_EPOCH;
        Kept::SignedIn(Box::new(SignedIn {
            client_id: "me".to_owned(),
            refresh: Secret::new(refresh),
            refresh_expires_at: None,
            access: Secret::new("access"),
            expires_at: now + TimeDelta::hours(1),
            scopes: vec!["a".to_owned()],
            signed_in_at: now,
            refreshed_at: now,
            address: Some("jane@example.com".to_owned()),
        }))
    }

    fn signed_out(testing: bool) -> Kept {
        let address = Some("jane@example.com".to_owned());
        Kept::SignedOut(SignedOut { at: DateTime::UNIX_EPOCH, testing, address })
    }

    fn file(folder: &tempfile::TempDir, account: &str) -> TokenFile {
        let jane = PrincipalId::new("jane").unwrap();
        TokenFile::beside(&folder.path().join("data/store"), &jane, account)
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "work");
        assert_eq!(file.read().unwrap(), None);
        let out = signed_out(true);
        for kept in [signed_in("refresh"), out, signed_in("other")] {
            file.write(&kept).unwrap();
            assert_eq!(file.read().unwrap(), Some(kept));
            assert_eq!(file.address().as_deref(), Some("jane@example.com"));
        }
        let beside = fs::read_dir(file.folder()).unwrap().count();
        assert_eq!(beside, 1, "nothing temporary is left");
    }

    #[test]
    fn accounts_and_people_have_files_of_their_own() {
        let store = Path::new("data/store");
        let path = |person: &str, account: &str| {
            TokenFile::beside(store, &PrincipalId::new(person).unwrap(), account).path
        };
        let all = [path("jane", "work"), path("jane", "Work"), path("joe", "work")];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2], "{all:?}");
        assert!(all[0].starts_with("data/store.sign-in"), "{all:?}");
        let long = path("jane", &"..\u{e4}\\".repeat(500));
        assert!(long.file_name().unwrap().len() < 60, "{long:?}");
    }

    #[test]
    fn a_later_sign_in_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "work");
        file.write(&signed_in("later")).unwrap();
        let out = signed_out(false);
        assert!(!file.replace(&Secret::new("earlier"), &out).unwrap());
        assert_eq!(file.read().unwrap(), Some(signed_in("later")));
        assert!(file.replace(&Secret::new("later"), &out).unwrap());
        assert_eq!(file.read().unwrap(), Some(out));
    }

    #[test]
    fn a_damaged_file_is_a_sign_in_to_repeat() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "work");
        file.write(&signed_in("hunter2")).unwrap();
        let whole = fs::read_to_string(file.path()).unwrap();
        let newer = whole.replace("\"version\": 1", "\"version\": 2");
        assert!(newer != whole);
        for text in [&newer, &whole[..whole.len() / 2], "", "[]"] {
            fs::write(file.path(), text).unwrap();
            let error = file.read().unwrap_err();
            assert!(matches!(&error, Error::Unauthorized(_)), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "work");
        private_folder(file.folder()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let chmod = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        chmod(file.folder(), 0o755);
        file.write(&signed_in("refresh")).unwrap();
        assert_eq!((mode(file.folder()), mode(file.path())), (0o700, 0o600));
        for open in [0o640, 0o604, 0o644] {
            chmod(file.path(), open);
            let error = file.read().unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
        chmod(file.path(), 0o400);
        assert!(file.read().is_ok());
        file.write(&signed_in("other")).unwrap();
        assert_eq!(mode(file.path()), 0o600);
    }
}
