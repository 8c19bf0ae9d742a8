//! The names of sign-ins beside a store, and all of one person's: also those whose accounts no
//! config names any more.

use super::token_file::TokenFile;
use crate::calendar::Error;
use crate::event::PrincipalId;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Begins the names of files that are not complete yet, in this release and in earlier ones.
const UNFINISHED: [&str; 2] = [".google-", ".tmp"];

/// Letters of an account's name in its file's name; the hash tells names apart.
const NAME: usize = 24;

/// Where the sign-ins beside a store lie.
pub(super) fn folder_beside(store: &Path) -> PathBuf {
    let mut folder = OsString::from(store);
    folder.push(".sign-in");
    PathBuf::from(folder)
}

/// The part of a file's name that says whose it is.
pub(super) fn marked(person: &PrincipalId) -> String {
    let hash = blake3::hash(person.as_str().as_bytes()).to_hex();
    hash.get(..16).unwrap_or_default().to_owned()
}

/// What people see of an account in its file's name.
pub(super) fn letters(account: &str) -> String {
    let letters = account.chars().filter(char::is_ascii_alphanumeric).take(NAME);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Tells accounts apart, and people.
pub(super) fn hash(person: &PrincipalId, account: &str) -> String {
    let hash = blake3::hash(format!("{}/{account}", person.as_str()).as_bytes()).to_hex();
    hash.get(..16).unwrap_or_default().to_owned()
}

/// Removes every sign-in of this person; the number of them. Releases before this one left the
/// person out of a file's name: of theirs the ones of these accounts are found.
///
/// # Errors
/// [`Error::Refused`] when the disk refuses, [`Error::Transient`] when a process that writes there
/// has stopped.
pub fn remove_sign_ins(
    store: &Path,
    person: &PrincipalId,
    accounts: &[&str],
) -> Result<usize, Error> {
    let folder = folder_beside(store);
    if !folder.exists() {
        return Ok(0);
    }
    let mark = marked(person);
    let named: Vec<_> = accounts
        .iter()
        .flat_map(|account| TokenFile::earlier(store, person, account))
        .filter_map(|path| path.file_name().map(|name| name.to_owned()))
        .collect();
    let remove = || -> io::Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&folder)? {
            let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
            let text = name.to_string_lossy();
            // Whoever writes holds the lock that is held here: these are what a crash left.
            let unfinished = UNFINISHED.iter().any(|begin| text.starts_with(begin));
            let theirs =
                matches!(*text.split('-').collect::<Vec<_>>(), [_, _, whose, _] if whose == mark);
            if unfinished || theirs || named.contains(&name) {
                removed += usize::from(text.ends_with(".json"));
                fs::remove_file(&path)?;
            }
        }
        Ok(removed)
    };
    let any = TokenFile::beside(store, person, "");
    any.locked(|| {
        remove().map_err(|error| {
            Error::Refused(format!("can't remove sign-ins in {}: {error}", folder.display()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::kept::{Kept, SignedOut};
    use super::*;

    fn signed_out() -> Kept {
        Kept::SignedOut(SignedOut {
            at: chrono::DateTime::UNIX_EPOCH,
            testing: false,
            address: None,
        })
    }

    fn who(name: &str) -> PrincipalId {
        PrincipalId::new(name).unwrap()
    }

    #[test]
    fn all_of_hers_go_and_none_of_his() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        assert_eq!(remove_sign_ins(&store, &who("ann"), &["work"]).unwrap(), 0);
        for (person, account) in [("ann", "work"), ("ann", "forgotten"), ("bob", "work")] {
            let file = TokenFile::beside(&store, &who(person), account);
            file.write(&signed_out()).unwrap();
            drop(file.refreshing().unwrap());
        }
        // As releases before this one named it.
        for (person, account) in [("ann", "old"), ("bob", "old")] {
            let [sign_in, lock] = TokenFile::earlier(&store, &who(person), account);
            fs::write(sign_in, "{}").unwrap();
            fs::write(lock, "").unwrap();
        }
        for left in [".tmpA1b2C3", ".google-x-0000-1111.json-a1b2"] {
            fs::write(folder_beside(&store).join(left), "token").unwrap();
        }
        let count = || fs::read_dir(folder_beside(&store)).unwrap().count();
        assert_eq!(count(), 12);
        assert_eq!(remove_sign_ins(&store, &who("ann"), &["work", "old"]).unwrap(), 3);
        assert_eq!(count(), 4);
        let his = TokenFile::beside(&store, &who("bob"), "work");
        assert_eq!(his.read().unwrap(), Some(signed_out()));
        let old = TokenFile::beside(&store, &who("bob"), "old");
        assert!(old.path().is_file(), "the earlier name is still used: {:?}", old.path());
    }
}
