//! What can go wrong with the store, by what the caller can do about it.

use std::path::PathBuf;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open: talk to that one, or wait for its end.
    #[error("the store {} is in use by another chronotype", .0.display())]
    Locked(PathBuf),
    /// What lies on the disk can't be read: restore a backup or an export.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// What can't be read. Never holds a title.
        what: String,
    },
    /// A newer release wrote it: use that one.
    #[error("a newer chronotype wrote this store ({what}, version {version}): update this one")]
    Newer {
        /// The kind of record.
        what: &'static str,
        /// Its version.
        version: u8,
    },
    /// The disk refuses: full, read-only, no permission.
    #[error("the store {}: {source}", .path.display())]
    Io {
        /// The store's folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
