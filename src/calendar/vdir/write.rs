//! Writes: a new file beside the old, then one rename.
//!
//! Invariant: a reader sees the old file or the new one, never a part; nothing that somebody else
//! put there is replaced.

use super::folder::{Place, Root, is_segment};
use super::version::{failure, is_still, read};
use crate::calendar::{Collection, Error};
use crate::event::{ETag, Href};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Longest folder name made, in bytes: file systems take 255.
const FOLDER: usize = 120;

impl Root {
    /// Creates an object unless a file lies there.
    pub fn create(&self, collection: &Href, href: &Href, body: &str) -> Result<ETag, Error> {
        let path = self.writable(collection, href)?;
        let new = beside(&path, body).map_err(|e| failure(&e, &path))?;
        new.persist_noclobber(&path).map_err(|e| failure(&e.error, &path))?;
        settled(&path)
    }

    /// Replaces an object that still has this version.
    pub fn update(
        &self,
        collection: &Href,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<ETag, Error> {
        let path = self.writable(collection, href)?;
        let new = beside(&path, body).map_err(|e| failure(&e, &path))?;
        match is_still(&path, etag) {
            Ok(true) => {}
            Ok(false) => return Err(Error::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Changed),
            Err(error) => return Err(failure(&error, &path)),
        }
        new.persist(&path).map_err(|e| failure(&e.error, &path))?;
        settled(&path)
    }

    /// Deletes an object that still has this version; gone already is success.
    pub fn delete(&self, collection: &Href, href: &Href, etag: &ETag) -> Result<(), Error> {
        let path = self.writable(collection, href)?;
        let done = match is_still(&path, etag) {
            Ok(false) => return Err(Error::Changed),
            Ok(true) => std::fs::remove_file(&path),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(&error, &path)),
            _ => {
                sync_folder(&path);
                Ok(())
            }
        }
    }

    /// Makes a folder for our blocks, or finds the one of that name.
    pub fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        let metadata = std::fs::metadata(&self.path).map_err(|e| failure(&e, &self.path))?;
        if !metadata.is_dir() {
            let path = self.path.display();
            return Err(Error::Refused(format!("{path} is one file: no calendar can be added")));
        }
        if let Some(there) =
            self.collections()?.into_iter().find(|one| one.name == name && !one.read_only)
        {
            return Ok(there);
        }
        let folder = folder_name(name);
        let path = self.path.join(&folder);
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failure(&error, &path));
            }
            _ => {}
        }
        let said = path.join("displayname");
        if folder != name && !said.exists() {
            let file = beside(&said, name).map_err(|e| failure(&e, &said))?;
            file.persist(&said).map_err(|e| failure(&e.error, &said))?;
        }
        sync_folder(&path);
        let metadata = std::fs::metadata(&path).map_err(|e| failure(&e, &path))?;
        Ok(self.collection(&folder, &path, &metadata))
    }

    fn writable(&self, collection: &Href, href: &Href) -> Result<PathBuf, Error> {
        match self.place(collection)? {
            Place::Folder(_) => self.file(collection, href),
            Place::Export(path) => {
                let path = path.display();
                Err(Error::Refused(format!("{path} is an export, which is never written to")))
            }
        }
    }
}

/// A new file in the same folder, complete and on disk; hidden, so that no program reads it.
fn beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".chronotype-")
        .suffix(".tmp")
        // What the person's other programs create, less their umask: they read it, too.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The version just written, once its name is on disk, too.
fn settled(path: &Path) -> Result<ETag, Error> {
    sync_folder(path);
    read(path).map(|content| content.etag).map_err(|e| failure(&e, path))
}

/// Not every file system can; then the next turn finds out what is there.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// A folder name for a calendar's name: the name itself where it can be one.
fn folder_name(name: &str) -> String {
    let fits = is_segment(name) && name.len() <= FOLDER && !name.chars().any(char::is_control);
    if fits { name.to_owned() } else { blake3::hash(name.as_bytes()).to_hex()[..16].to_owned() }
}
