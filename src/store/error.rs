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

/// Why an export can't be taken up; nothing of it is then. Never holds what a record says.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file does not begin as an export does.
    #[error("it is no export of chronotype: the first line is not the header of one")]
    NotAnExport,
    /// A later release wrote it.
    #[error("it has format {0}, which only a later release can read")]
    Newer(u64),
    /// It is somebody else's: this person's.
    #[error("it is an export of {0}")]
    Foreign(String),
    /// One line is off.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is off about it.
        what: String,
    },
    /// The last line, which counts the others, is missing or counts others.
    #[error("it is not complete: the line that ends an export is missing or counts more lines")]
    CutOff,
    /// Something is kept of the person already.
    #[error("something is kept of you already")]
    Kept,
    /// It can't be read.
    #[error("it can't be read: {0}")]
    Io(#[from] std::io::Error),
    /// The store can't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
