//! Opens the folder, and recovers it where a snapshot file was cut short.
//!
//! sled refuses to open beside a truncated `snap.*` or a leftover `snap.*.generating`, though
//! these only speed up opening and its log holds everything: a backup of the folder is set aside,
//! the snapshots are removed, and the log is read from its start.

use super::StoreError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What had to be done to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The folder was damaged; this copy of it was set aside before it was repaired.
    pub recovered: Option<PathBuf>,
}

/// Pages kept in memory. A person's state is read once a turn and then held as values, so a larger
/// cache only costs; sled's own default is 1 GB.
const CACHE_BYTES: u64 = 16 << 20;

/// Size of the log's segments. sled's 512 KiB leaves a store of one person mostly air.
const SEGMENT_BYTES: usize = 128 << 10;

/// Rights of the group and of others.
const OTHERS: u32 = 0o077;

/// Backups beside a store: beyond this the disk, not a snapshot, is the trouble.
const MOST_BACKUPS: u32 = 100;

pub(super) fn open(path: &Path) -> Result<(sled::Db, OpenReport), StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    private_folder(path).map_err(io)?;
    backups(path).and_then(|all| all.iter().try_for_each(|one| closed(one))).map_err(io)?;
    match sled_at(path) {
        Err(error) if is_damage(&error) => {
            let backup = without_snapshots(path).map_err(io)?;
            // No snapshot to blame: the log itself is damaged, and a copy would help nobody.
            let Some(backup) = backup else { return Err(typed(error, path)) };
            let db = sled_at(path).map_err(|error| typed(error, path))?;
            Ok((db, OpenReport { recovered: Some(backup) }))
        }
        Err(error) => Err(typed(error, path)),
        Ok(db) => Ok((db, OpenReport::default())),
    }
}

/// How long a held lock is waited for: sled's own threads let go of it a moment after a failed
/// open or a drop, and a short command may just be finishing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

fn sled_at(path: &Path) -> sled::Result<sled::Db> {
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        match once(path) {
            Err(error) if is_lock(&error) => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    once(path)
}

fn once(path: &Path) -> sled::Result<sled::Db> {
    sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_BYTES)
        .segment_size(SEGMENT_BYTES)
        // Every commit flushes before it returns; nothing is left for a timer.
        .flush_every_ms(None)
        .open()
}

/// Says what the caller can do about an error of sled.
pub(super) fn typed(error: sled::Error, path: &Path) -> StoreError {
    let path = path.to_owned();
    match error {
        error if is_lock(&error) => StoreError::Locked(path),
        sled::Error::Io(source) => StoreError::Io { path, source },
        sled::Error::Corruption { .. } => {
            StoreError::Corrupt { what: format!("the log in {} is damaged", path.display()) }
        }
        other => StoreError::Corrupt { what: format!("{}: {other}", path.display()) },
    }
}

/// Another has it open. The only sign of that in sled 0.34 is this wording.
fn is_lock(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(e) if e.to_string().contains("could not acquire lock"))
}

/// Damage that removing snapshots may heal.
fn is_damage(error: &sled::Error) -> bool {
    match error {
        sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) => true,
        // A snapshot that ends early.
        sled::Error::Io(e) => e.kind() == io::ErrorKind::UnexpectedEof,
        _ => false,
    }
}

/// Copies a store that nobody has open into a folder to be made; nothing where there is none.
pub(super) fn copy_into(path: &Path, target: &Path) -> Result<(), StoreError> {
    let log = match lock(path) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(());
        }
        other => other?,
    };
    let copied = private_folder_new(target).and_then(|()| copy_folder(path, target));
    drop(log);
    copied.map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Locks the store that nobody has open as sled would, for as long as the file is held.
pub(super) fn lock(path: &Path) -> Result<fs::File, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    // The file that sled locks.
    let log = fs::File::open(path.join("db")).map_err(io)?;
    let mut left = PATIENCE.as_millis() / PAUSE.as_millis();
    while let Err(error) = log.try_lock_shared() {
        match error {
            fs::TryLockError::WouldBlock if left > 0 => std::thread::sleep(PAUSE),
            fs::TryLockError::WouldBlock => return Err(StoreError::Locked(path.to_owned())),
            fs::TryLockError::Error(error) => return Err(io(error)),
        }
        left -= 1;
    }
    Ok(log)
}

/// The backups that lie beside a store.
pub(super) fn backups(path: &Path) -> io::Result<Vec<PathBuf>> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let all = (1..=MOST_BACKUPS).map(|n| path.with_file_name(format!("{name}.backup-{n}")));
    Ok(all.filter(|backup| backup.is_dir()).collect())
}

fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    for n in 1..=MOST_BACKUPS {
        let backup = path.with_file_name(format!("{name}.backup-{n}"));
        match private_folder_new(&backup) {
            Ok(()) => return copy_folder(path, &backup).map(|()| backup),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other(format!("{MOST_BACKUPS} backups lie beside it: clear some away")))
}

/// sled keeps one level of folders (`blobs`).
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            copy_file(&entry, &target)?;
            continue;
        }
        fs::create_dir(&target)?;
        for inner in fs::read_dir(entry.path())? {
            let inner = inner?;
            copy_file(&inner, &target.join(inner.file_name()))?;
        }
    }
    Ok(())
}

/// No store has links in it: whatever one leads to is not the store's.
fn copy_file(entry: &fs::DirEntry, target: &Path) -> io::Result<()> {
    match entry.file_type()?.is_file() {
        true => fs::copy(entry.path(), target).map(drop),
        false => {
            let path = entry.path();
            Err(io::Error::other(format!("{} is no file: move it away", path.display())))
        }
    }
}

/// Removes the snapshots after a copy of all was set aside; `None` when there is none.
fn without_snapshots(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut snapshots = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            snapshots.push(entry.path());
        }
    }
    if snapshots.is_empty() {
        return Ok(None);
    }
    let backup = set_aside(path)?;
    for snapshot in snapshots {
        fs::remove_file(snapshot)?;
    }
    Ok(Some(backup))
}

fn private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return closed(path);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match private_folder_new(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Closes a folder of ours that stands open: one that was restored or copied, for instance. One of
/// another owner's is for them to close.
fn closed(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = fs::metadata(folder)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if ours && found.mode() & OTHERS != 0 {
        tracing::warn!(folder = %folder.display(), "others could look into it: it is closed");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Titles and bodies lie in it: nobody but its owner may look.
pub(super) fn private_folder_new(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}
