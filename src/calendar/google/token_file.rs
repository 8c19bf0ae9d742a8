//! Where a sign-in is kept: one file an account, in a folder beside the store.
//!
//! Beside it, not in it: a running service locks the store, and signing in again must work all the
//! same. Invariants: only its owner can read it (mode 0600 in a folder of 0700), and a file that
//! others can read or write, or that is somebody else's, is not used, as ssh has it with keys; it
//! appears whole or not at all; a refresh never overwrites a sign-in that has come meanwhile; no
//! wait for another process is without an end.

use super::kept::{Kept, Written};
use super::sign_ins::{folder_beside, hash, letters, marked};
use crate::calendar::private::{self, PrivateFile, Unusable};
use crate::calendar::{Error, Secret};
use crate::event::PrincipalId;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Largest file that is read: real ones have about 1 KiB.
const LONGEST: usize = 64 << 10;
/// Rights of the group and of others.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
/// For another process to refresh a token and write it down: a request and a try again fit in. A
/// process that ends gives up its locks, so that who holds one for longer has stopped.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks at a lock.
const LOOK: Duration = Duration::from_millis(20);

/// One account's file.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    patience: Duration,
}

impl TokenFile {
    /// For this account of this person, beside the store at `store`:
    /// `STORE.sign-in/google-ACCOUNT-PERSON-HASH.json`, or the file that an earlier release made.
    pub fn beside(store: &Path, person: &PrincipalId, account: &str) -> Self {
        let [earlier, _] = Self::earlier(store, person, account);
        if earlier.exists() {
            return Self { path: earlier, patience: PATIENCE };
        }
        let (name, hash) = (letters(account), hash(person, account));
        let file = format!("google-{name}-{whose}-{hash}.json", whose = marked(person));
        Self { path: folder_beside(store).join(file), patience: PATIENCE }
    }

    /// The file that an earlier release made, and its lock: the name did not tell whose it is.
    pub(super) fn earlier(store: &Path, person: &PrincipalId, account: &str) -> [PathBuf; 2] {
        let name = format!("google-{}-{}", letters(account), hash(person, account));
        ["json", "lock"].map(|end| folder_beside(store).join(format!("{name}.{end}")))
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
        let text = match private::read(&self.path, LONGEST) {
            Err(Unusable::Missing) => return Ok(None),
            Err(Unusable::NoText) => return Err(bad("is damaged".to_owned())),
            Err(open @ Unusable::Open(_)) => {
                return Err(bad(format!("{open}; if somebody may have read it, sign in anew")));
            }
            text => text.map_err(|error| bad(error.to_string()))?,
        };
        match parse(&text) {
            Some(kept) => Ok(Some(kept)),
            None => Err(bad("is damaged".to_owned())),
        }
    }

    /// The address that the account is signed in as, or was until Google ended it.
    pub fn address(&self) -> Option<String> {
        // Even one that stands open says whose it was.
        match parse(&PrivateFile::open(&self.path).ok()?.text(LONGEST).ok()?)? {
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
    /// [`Error::Refused`] when the disk refuses, [`Error::Transient`] when that one has stopped.
    pub fn refreshing(&self) -> Result<File, Error> {
        private_folder(self.folder()).map_err(|error| self.cannot(&error))?;
        let path = self.path.with_extension("lock");
        let file = File::create(&path).map_err(|error| self.cannot(&error))?;
        self.wait_for(file, &path)
    }

    /// Waits for the lock of a file, with an end.
    fn wait_for(&self, file: File, path: &Path) -> Result<File, Error> {
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(self.cannot(&error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < self.patience => {
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    let (path, seconds) = (path.display(), self.patience.as_secs());
                    return Err(Error::Transient(format!(
                        "another process has held {path} for {seconds} seconds: if a chronotype \
                         hangs (`fuser {path}` shows its number), end it; the next sync tries again"
                    )));
                }
            }
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// One writer at a time, of all processes. The lock ends with its file handle.
    pub(super) fn locked<T>(&self, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        private_folder(self.folder()).map_err(|error| self.cannot(&error))?;
        let folder = File::open(self.folder()).map_err(|error| self.cannot(&error))?;
        let _held = self.wait_for(folder, self.folder())?;
        act()
    }

    fn put(&self, kept: &Kept) -> Result<(), Error> {
        let put = || {
            // A temporary file is readable by its owner alone.
            // Named after what it becomes: what a crash leaves goes with the person.
            let mut name = OsString::from(".");
            name.push(self.path.file_name().unwrap_or_default());
            let mut file = tempfile::Builder::new().prefix(&name).tempfile_in(self.folder())?;
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

fn parse(text: &str) -> Option<Kept> {
    serde_json::from_str(text).ok().and_then(Written::into_kept)
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
        assert!(long.file_name().unwrap().len() < 80, "{long:?}");
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
        for open in [0o640, 0o604, 0o644, 0o620, 0o602, 0o610] {
            chmod(file.path(), open);
            let error = file.read().unwrap_err().to_string();
            let cure = format!("`chmod 600 {}` closes it", file.path().display());
            assert!(error.contains(&cure), "{open:o}: {error}");
            assert_eq!(file.address().as_deref(), Some("jane@example.com"));
        }
        chmod(file.path(), 0o400);
        assert!(file.read().is_ok());
        file.write(&signed_in("other")).unwrap();
        assert_eq!(mode(file.path()), 0o600);
    }

    /// Only who may give files away can try it out: elsewhere the rule is the mode's alone.
    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_not_used() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "work");
        file.write(&signed_in("refresh")).unwrap();
        let me = fs::metadata(file.path()).unwrap().uid();
        match std::os::unix::fs::chown(file.path(), Some(me + 1), None) {
            Ok(()) => {
                let error = file.read().unwrap_err().to_string();
                assert!(error.contains("belongs to another user"), "{error}");
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        }
    }

    #[test]
    fn a_lock_that_is_never_given_up_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let patient = file(&folder, "work");
        let hasty = TokenFile { patience: Duration::ZERO, ..patient.clone() };
        let held = patient.refreshing().unwrap();
        let error = hasty.refreshing().unwrap_err();
        assert!(matches!(error, Error::Transient(_)), "{error:?}");
        let path = patient.path().with_extension("lock").display().to_string();
        assert!(error.to_string().contains(&format!("`fuser {path}` shows")), "{error}");
        drop(held);
        hasty.refreshing().unwrap();

        let held = File::open(patient.folder()).unwrap();
        held.lock().unwrap();
        assert!(matches!(hasty.write(&signed_in("a")), Err(Error::Transient(_))));
        drop(held);
        hasty.write(&signed_in("a")).unwrap();
    }
}
