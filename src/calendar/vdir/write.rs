//! Writes: a new file beside the old, then one rename.
//!
//! Invariant: a reader sees the old file or the new one, never a part; nothing that somebody else
//! put there is replaced (`rename.rs` says what the system can't rule out).

use super::folder::{Place, Root, is_writable};
use super::name::{COLOR, DISPLAYNAME, aside, href_of, is_segment};
use super::rename::{Outcome, put_back, remove, replace};
use super::version::{Print, failure, read, still};
use super::way::{Ground, shown};
use crate::calendar::{Collection, Error};
use crate::event::{ETag, Href};
use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Longest folder name made, in bytes: file systems take 255.
const FOLDER: usize = 120;
/// Colour of a calendar of ours, for the programs that show one.
const OUR_COLOR: &str = "#5B8DEF";

impl Root {
    /// Creates an object unless a file lies there. `None` = somebody has changed it since.
    pub fn create(
        &self,
        collection: &Href,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let (path, _ground) = self.writable(collection, href)?;
        let new = beside(&path, body).map_err(|e| failure(&e, &path))?;
        new.persist_noclobber(&path).map_err(|e| failure(&e.error, &path))?;
        settled(&path, body)
    }

    /// Replaces an object that still has this version. `None` = somebody has changed it since.
    pub fn update(
        &self,
        collection: &Href,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let (path, _ground) = self.writable(collection, href)?;
        let new = beside(&path, body).map_err(|e| failure(&e, &path))?;
        let expected = match still(&path, etag) {
            Ok(print) => print.ok_or(Error::Changed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Changed),
            Err(error) => return Err(failure(&error, &path)),
        };
        let ours = Print::of(body.as_bytes());
        match replace(new, &path, expected, ours).map_err(|e| failure(&e, &path))? {
            Outcome::Done => settled(&path, body),
            Outcome::Changed => Err(Error::Changed),
        }
    }

    /// Deletes an object that still has this version; gone already is success.
    pub fn delete(&self, collection: &Href, href: &Href, etag: &ETag) -> Result<(), Error> {
        let (path, _ground) = self.writable(collection, href)?;
        let done = match still(&path, etag) {
            Ok(None) => return Err(Error::Changed),
            Ok(Some(expected)) => remove(&path, &beside_as_gone(&path), expected),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(&error, &path)),
            Ok(Outcome::Changed) => Err(Error::Changed),
            Ok(Outcome::Done) | Err(_) => {
                sync_folder(&path);
                Ok(())
            }
        }
    }

    /// Makes a folder for our blocks, or finds the one of that name.
    pub fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        let ground = self.ground()?;
        if !ground.metadata().is_dir() {
            let path = self.path.display();
            return Err(Error::Refused(format!("{path} is one file: no calendar can be added")));
        }
        if let Some(there) =
            self.collections()?.into_iter().find(|one| one.name == name && !one.read_only)
        {
            return Ok(there);
        }
        let folder = folder_name(name);
        let path = ground.path().join(&folder);
        let is_new = match std::fs::create_dir(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failure(&error, &path)),
        };
        let made = ground.below(OsStr::new(&folder)).map_err(|e| failure(&e, &path))?;
        if !is_writable(made.path(), made.metadata()) {
            return Err(read_only(&path));
        }
        if is_new || folder != name {
            describe(made.path(), DISPLAYNAME, name)?;
        }
        if is_new {
            describe(made.path(), COLOR, OUR_COLOR)?;
        }
        sync_folder(&path);
        let folder = OsStr::new(&folder);
        Ok(self.collection(&href_of(folder), folder, &made))
    }

    /// The file of an object that may be written, and the folder that the path leads through.
    fn writable(&self, collection: &Href, href: &Href) -> Result<(PathBuf, Ground), Error> {
        let (path, folder) = match self.file(collection, href)? {
            (path, Place::Folder(folder)) => (path, folder),
            (path, Place::Export(_)) => {
                let path = path.display();
                let why = format!("{path} is an export, which is never written to");
                return Err(Error::Refused(why));
            }
        };
        if !is_writable(folder.path(), folder.metadata()) {
            return Err(read_only(folder.path()));
        }
        if path.is_symlink() {
            let path = shown(&path);
            let path = path.display();
            return Err(Error::Refused(format!("{path} is a link, which is never written to")));
        }
        // A deletion that was broken off: first back to what was.
        match put_back(&beside_as_gone(&path), &path) {
            Err(error) if !is_nothing(&error) => Err(failure(&error, &path)),
            _ => Ok((path, folder)),
        }
    }
}

/// Nothing was set aside, or the name is too long for it.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename)
}

fn read_only(folder: &Path) -> Error {
    let folder = shown(folder);
    Error::Refused(format!("{} is read-only: nothing can be written there", folder.display()))
}

/// Where a deletion sets this file aside.
fn beside_as_gone(path: &Path) -> PathBuf {
    path.with_file_name(aside(path.file_name().unwrap_or_default()))
}

/// Writes a file that describes a collection, where there is none.
fn describe(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    let path = folder.join(name);
    let new = beside(&path, text).map_err(|e| failure(&e, &path))?;
    match new.persist_noclobber(&path).map_err(|e| e.error) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failure(&error, &path)),
        _ => Ok(()),
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

/// The version just written, once its name is on disk, too; `None` when that is not what lies there
/// any more.
fn settled(path: &Path, body: &str) -> Result<Option<ETag>, Error> {
    sync_folder(path);
    match read(path) {
        Ok(content) => Ok((content.bytes == body.as_bytes()).then_some(content.etag)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(&error, path)),
    }
}

/// Not every file system can; then the next turn finds out what is there.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// A folder name for a calendar's name: the name itself where it can be one.
fn folder_name(name: &str) -> String {
    let plain = !name.contains(|c: char| c.is_control() || c == '\\');
    let fits = is_segment(OsStr::new(name)) && name.len() <= FOLDER && plain;
    if fits { name.to_owned() } else { blake3::hash(name.as_bytes()).to_hex()[..16].to_owned() }
}
