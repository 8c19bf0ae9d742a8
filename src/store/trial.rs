//! Folders for records that nobody is to keep: the copy of a dry run, and what a service lends.
//!
//! Invariants: nobody else can look into one (mode 0700, beside the store where that is possible);
//! one that a process left behind when it was killed is removed by the next that opens the store.
//! Who uses a folder holds a lock on it, which ends with the process; who removes one has that
//! lock.

use super::rewrite;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a folder's name says besides the store's.
const TRIAL: &str = ".trial-";
/// Begins its name where it can't lie beside the store.
const ELSEWHERE: &str = "chronotype";
/// Tries to make one that nobody removes before it is locked.
const TRIES: usize = 8;

/// A folder that goes with this value.
#[derive(Debug)]
pub(super) struct Trial {
    folder: TempDir,
    /// Where the system has locks on folders.
    _held: Option<File>,
}

impl Trial {
    /// Beside this store; where nothing can be made there, among the temporary files.
    pub(super) fn beside(store: &Path) -> io::Result<Trial> {
        match made(parent(store), &prefix(store)) {
            Err(error) if is_no_place(&error) => Self::elsewhere(),
            other => other,
        }
    }

    /// Among the temporary files.
    pub(super) fn elsewhere() -> io::Result<Trial> {
        made(&std::env::temp_dir(), &prefix(Path::new(ELSEWHERE)))
    }

    /// Where the records lie in it.
    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}

fn is_no_place(error: &io::Error) -> bool {
    use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), NotFound | PermissionDenied | ReadOnlyFilesystem)
}

fn parent(store: &Path) -> &Path {
    store.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn prefix(store: &Path) -> OsString {
    let mut prefix = store.file_name().unwrap_or_default().to_owned();
    prefix.push(TRIAL);
    prefix
}

fn made(place: &Path, prefix: &OsStr) -> io::Result<Trial> {
    use std::os::unix::fs::PermissionsExt;
    for _ in 0..TRIES {
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(place)?;
        let Ok(handle) = File::open(folder.path()) else { continue };
        let held = handle.lock().is_ok().then_some(handle);
        // Somebody may have swept it away before it was locked.
        if folder.path().is_dir() {
            return Ok(Trial { folder, _held: held });
        }
    }
    Err(io::Error::other(format!("no folder for a copy stays in {}", place.display())))
}

/// Removes what processes that were killed left behind. Nothing depends on it, so nothing fails.
pub(super) fn sweep(store: &Path) {
    sweep_in(parent(store), &prefix(store));
    sweep_in(&std::env::temp_dir(), &prefix(Path::new(ELSEWHERE)));
}

fn sweep_in(place: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes())
            && let Err(error) = remove_idle(&entry.path())
        {
            let folder = entry.path();
            tracing::warn!(%error, folder = %folder.display(), "a copy that was left stays");
        }
    }
}

/// Removes a folder of ours that nobody uses.
fn remove_idle(folder: &Path) -> io::Result<()> {
    use rustix::fs::OFlags;
    let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits().cast_signed();
    let Ok(handle) = File::options().read(true).custom_flags(flags).open(folder) else {
        return Ok(());
    };
    let ours = handle.metadata()?.uid() == rustix::process::geteuid().as_raw();
    if !ours || handle.try_lock().is_err() {
        return Ok(());
    }
    rewrite::remove(folder)
}
