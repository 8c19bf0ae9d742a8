//! What lies in the folder: collections, and the files in each.

use super::name::{DISPLAYNAME, HERE, href_of, is_object, is_segment, name_of, set_aside};
use super::version::{Content, Stamp, failure, read};
use super::way::{self, Ground};
use crate::calendar::room::{OBJECT, PLACE, Room, too_large};
use crate::calendar::{Collection, Error, Fetched, Listing, decode};
use crate::event::{CollectionId, ETag, Href};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Most entries of a folder: beyond this it is no calendar.
const ENTRIES: usize = 500_000;
/// Longest name in a `displayname` file, in bytes.
const NAME: u64 = 1_024;

/// An account's folder or file.
#[derive(Debug, Clone)]
pub struct Root {
    /// The account's name in the config.
    pub account: String,
    /// A folder, or one `.ics` file.
    pub path: PathBuf,
}

/// What a collection's href stands for.
#[derive(Debug)]
pub enum Place {
    /// A folder of objects.
    Folder(Ground),
    /// One file that holds all objects.
    Export(PathBuf),
}

impl Root {
    /// The account's own folder or file.
    ///
    /// # Errors
    /// As the system refuses; a link on the way that is not followed.
    pub fn ground(&self) -> Result<Ground, Error> {
        Ground::find(&self.path).map_err(|e| failure(&e, &self.path))
    }

    /// The collections, in the order of their names on disk. One behind a link that is not followed
    /// is among them: whoever looks into it hears why not.
    pub fn collections(&self) -> Result<Vec<Collection>, Error> {
        let ground = self.ground()?;
        if !ground.metadata().is_dir() {
            return Ok(vec![self.export()]);
        }
        let mut all = Vec::new();
        let mut holds_objects = false;
        for (name, seen) in entries(ground.path())? {
            // What is no folder for sure, but bears the name of an object, is a broken object.
            let is_file = seen.as_ref().map_or_else(|_| is_object(&name), Metadata::is_file);
            if is_segment(&name) && !is_file {
                all.extend(self.described(&ground, &name));
            }
            holds_objects |= is_file && is_object(&name);
        }
        if holds_objects || all.is_empty() {
            all.insert(0, self.collection(&Href::new(HERE), OsStr::new(""), &ground));
        }
        Ok(all)
    }

    /// The collection in a folder of this name, where there is one.
    fn described(&self, ground: &Ground, name: &OsStr) -> Option<Collection> {
        let href = href_of(name);
        match ground.below(name) {
            Ok(folder) => folder.metadata().is_dir().then(|| self.collection(&href, name, &folder)),
            Err(error) if is_bent(&error) => {
                Some(self.named(href, name.to_string_lossy().into_owned(), true))
            }
            Err(_) => None,
        }
    }

    /// Describes a folder as a collection; `name` is its own in the account's folder.
    pub fn collection(&self, href: &Href, name: &OsStr, folder: &Ground) -> Collection {
        let own = if name.is_empty() { self.path.file_name() } else { Some(name) };
        let own = own.map(|name| name.to_string_lossy().into_owned());
        let name = display_name(folder.path()).or(own).unwrap_or_else(|| href.to_string());
        self.named(href.clone(), name, !is_writable(folder.path(), folder.metadata()))
    }

    fn export(&self) -> Collection {
        let href = href_of(self.path.file_name().unwrap_or_default());
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.named(href, name, true)
    }

    fn named(&self, href: Href, name: String, read_only: bool) -> Collection {
        let id = CollectionId::new(format!("{}/{href}", self.account));
        Collection { id, href, account: self.account.clone(), name, read_only }
    }

    /// Where a collection lies.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone, [`Error::Refused`] when its href leads elsewhere.
    pub fn place(&self, collection: &Href) -> Result<Place, Error> {
        let ground = self.ground()?;
        let name = collection.as_str();
        if !ground.metadata().is_dir() {
            let is_it = self.path.file_name().is_some_and(|file| href_of(file) == *collection);
            return if is_it { Ok(Place::Export(self.path.clone())) } else { Err(astray(name)) };
        }
        if name == HERE {
            return Ok(Place::Folder(ground));
        }
        let segment = name_of(name).ok_or_else(|| astray(name))?;
        let folder =
            ground.below(&segment).map_err(|e| failure(&e, &ground.path().join(&segment)))?;
        if folder.metadata().is_dir() { Ok(Place::Folder(folder)) } else { Err(astray(name)) }
    }

    /// The file behind an object's href, and where it lies: the path leads through that.
    ///
    /// # Errors
    /// [`Error::Refused`] when the href leads out of the collection or to no `.ics` file.
    pub fn file(&self, collection: &Href, href: &Href) -> Result<(PathBuf, Place), Error> {
        let name = name_of(href.as_str()).filter(|name| is_object(name));
        let place = self.place(collection)?;
        let path = match (&place, name) {
            (Place::Export(path), _) if href == collection => path.clone(),
            (Place::Folder(folder), Some(name)) => folder.path().join(name),
            _ => return Err(astray(href.as_str())),
        };
        Ok((path, place))
    }

    /// All objects; those whose version is known are not read.
    pub fn listing(
        &self,
        collection: &Href,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let mut listing = Listing { present: Some(Vec::new()), ..Listing::default() };
        let room = Room::default();
        match self.place(collection)? {
            Place::Export(path) => {
                let metadata = way::metadata(&path).map_err(|e| failure(&e, &path))?;
                look(&mut listing, collection.clone(), &path, &metadata, known);
            }
            Place::Folder(ground) => {
                let folder = ground.path();
                for (name, (file, metadata)) in objects(folder)? {
                    let href = href_of(&name);
                    room.take(PLACE)?;
                    match metadata {
                        Ok(metadata) if metadata.len() > OBJECT as u64 => {
                            listing.problems.push((href.clone(), too_large()));
                            listing.present.get_or_insert_default().push(href);
                        }
                        Ok(metadata) => {
                            let before = listing.changed.len();
                            look(&mut listing, href, &folder.join(file), &metadata, known);
                            let read = listing.changed.iter().skip(before).map(|f| f.body.len());
                            room.take(read.sum::<usize>())?;
                        }
                        Err(error) => {
                            let problem = failure(&error, &folder.join(file)).to_string();
                            listing.problems.push((href.clone(), problem));
                            listing.present.get_or_insert_default().push(href);
                        }
                    }
                }
            }
        }
        Ok(listing)
    }

    /// One object; `None` when nothing lies there.
    pub fn read(&self, collection: &Href, href: &Href) -> Result<Option<Fetched>, Error> {
        let (path, _ground) = self.file(collection, href)?;
        match read(&path) {
            Ok(content) => Ok(Some(fetched(href.clone(), content))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&error, &path)),
        }
    }
}

/// Adds one file to a listing.
fn look(
    listing: &mut Listing,
    href: Href,
    path: &Path,
    metadata: &Metadata,
    known: &BTreeMap<Href, ETag>,
) {
    let last = known.get(&href);
    if !last.is_some_and(|etag| Stamp::of(metadata).proves(etag)) {
        match read(path) {
            Ok(content) if Some(&content.etag) == last => {}
            Ok(content) if content.is_half => {
                let problem = "it lacks its end: another program may still be writing it";
                listing.problems.push((href.clone(), problem.to_owned()));
            }
            Ok(content) => listing.changed.push(fetched(href.clone(), content)),
            // Gone since the folder was read: not present.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                listing.problems.push((href.clone(), failure(&error, path).to_string()));
            }
        }
    }
    if let Some(present) = &mut listing.present {
        present.push(href);
    }
}

fn fetched(href: Href, content: Content) -> Fetched {
    Fetched { href, etag: Some(content.etag), body: decode(content.bytes) }
}

/// What the system says of a file, or why it does not.
type Seen = io::Result<Metadata>;

/// The entries of a folder by name. Links are followed; one that leads nowhere is an error of its
/// own: what it stood for is not deleted.
fn entries(folder: &Path) -> Result<BTreeMap<OsString, Seen>, Error> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|e| failure(&e, folder))? {
        let entry = entry.map_err(|e| failure(&e, folder))?;
        if all.len() >= ENTRIES {
            let folder = way::shown(folder);
            let folder = folder.display();
            return Err(Error::Refused(format!("{folder} holds more than {ENTRIES} files")));
        }
        match entry.metadata() {
            // Gone since the folder was read.
            Err(error) if is_absence(&error) => {}
            Ok(link) if link.is_symlink() => {
                all.insert(entry.file_name(), way::metadata(&entry.path()));
            }
            seen => drop(all.insert(entry.file_name(), seen)),
        }
    }
    Ok(all)
}

fn is_absence(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// A link that is not followed.
fn is_bent(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<way::Bent>())
}

/// The objects of a folder: name, and the file it lies in. That is its own, or the one beside in
/// which a deletion of ours left it when it was broken off.
fn objects(folder: &Path) -> Result<BTreeMap<OsString, (OsString, Seen)>, Error> {
    let mut all = BTreeMap::new();
    for (name, seen) in entries(folder)? {
        if !seen.as_ref().map_or(true, Metadata::is_file) {
            continue;
        }
        if is_object(&name) {
            all.insert(name.clone(), (name, seen));
        } else if let Some(object) = set_aside(&name) {
            let object = object.to_owned();
            all.entry(object).or_insert((name, seen));
        }
    }
    Ok(all)
}

/// What the file `displayname` says.
fn display_name(folder: &Path) -> Option<String> {
    let path = folder.join(DISPLAYNAME);
    way::metadata(&path).ok().filter(|file| file.len() <= NAME)?;
    let name = decode(read(&path).ok()?.bytes).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Whether files can be made in this folder. Its mode alone does not tell: the file system may be
/// read-only, or a list say more. A mode without any write bit is the person's word, even for root.
pub fn is_writable(path: &Path, metadata: &Metadata) -> bool {
    let access = Access::WRITE_OK | Access::EXEC_OK;
    !metadata.permissions().readonly() && accessat(CWD, path, access, AtFlags::EACCESS).is_ok()
}

fn astray(name: &str) -> Error {
    Error::Refused(format!("'{name}' is no calendar or .ics file of this folder"))
}
