//! What the system says of an account's folder; looks and changes nothing.

use super::folder::is_writable;
use super::version::failure;
use super::watch::Watcher;
use crate::calendar::Error;
use std::path::Path;

/// A file system, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSystem {
    /// What people call it.
    pub name: &'static str,
    /// Others may change it without this system's knowledge.
    pub is_remote: bool,
    /// It can't exchange two files in one step: a conditional write compares before, not after.
    pub is_plain: bool,
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Survey {
    /// It is one exported file, which is never written to.
    pub is_export: bool,
    /// Files can be made in it.
    pub is_writable: bool,
    /// What it lies on; `None` = not known.
    pub file_system: Option<FileSystem>,
    /// Why changes in it can't be watched.
    pub blind: Option<Error>,
}

/// Looks at the folder or file at `path`.
///
/// # Errors
/// As the system refuses to say anything of it.
pub fn survey(path: &Path) -> Result<Survey, Error> {
    let metadata = std::fs::metadata(path).map_err(|e| failure(&e, path))?;
    Ok(Survey {
        is_export: !metadata.is_dir(),
        is_writable: metadata.is_dir() && is_writable(path, &metadata),
        file_system: file_system(path),
        blind: Watcher::new("", path).err(),
    })
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn file_system(path: &Path) -> Option<FileSystem> {
    /// By the number Linux gives each (`statfs(2)`): name, remote, plain.
    const KNOWN: &[(u32, &str, bool, bool)] = &[
        (0xEF53, "ext4", false, false),
        (0x5846_5342, "XFS", false, false),
        (0x9123_683E, "Btrfs", false, false),
        (0xF2F5_2010, "F2FS", false, false),
        (0x0102_1994, "memory (tmpfs)", false, false),
        (0x794C_7630, "overlay", false, false),
        (0x2FC1_2FC1, "ZFS", false, true),
        (0x4D44, "FAT", false, true),
        (0x2011_BAB0, "exFAT", false, true),
        (0x6969, "NFS", true, true),
        (0x517B, "SMB", true, true),
        (0xFE53_4D42, "SMB", true, true),
        (0xFF53_4D42, "SMB", true, true),
        (0x0102_1997, "9p", true, true),
        (0x00C3_6400, "Ceph", true, true),
        (0x6573_5546, "FUSE", true, true),
    ];
    let number = rustix::fs::statfs(path).ok()?.f_type;
    let known = KNOWN.iter().find(|(known, ..)| i128::from(*known) == i128::from(number))?;
    let (_, name, is_remote, is_plain) = *known;
    Some(FileSystem { name, is_remote, is_plain })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn file_system(_: &Path) -> Option<FileSystem> {
    None
}
