//! Where the store of a life lies, and what a killed process leaves there.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Bytes that the stores of all lives may take at once.
const ROOM: u64 = 1 << 30;

/// Memory, where there is such a folder and enough of it: a turn flushes to disk twice.
pub fn somewhere() -> TempDir {
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    match room >= ROOM {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// Copies a folder.
pub fn copy(from: &PathBuf, to: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}
