//! What lies in the folder: collections, and the files in each.

use super::version::{Content, Stamp, failure, read};
use crate::calendar::{Collection, Error, Fetched, Listing, decode};
use crate::event::{CollectionId, ETag, Href};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// Most entries of a folder: beyond this it is no calendar.
const ENTRIES: usize = 500_000;
/// Longest name in a `displayname` file, in bytes.
const NAME: usize = 1_024;
/// The href of the collection that the account's own folder is.
const HERE: &str = ".";

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
    Folder(PathBuf),
    /// One file that holds all objects.
    Export(PathBuf),
}

impl Root {
    /// The collections, in the order of their names on disk.
    pub fn collections(&self) -> Result<Vec<Collection>, Error> {
        let metadata = std::fs::metadata(&self.path).map_err(|e| failure(&e, &self.path))?;
        if !metadata.is_dir() {
            return Ok(vec![self.export()]);
        }
        let mut all = Vec::new();
        let mut holds_objects = false;
        for (name, metadata) in entries(&self.path)? {
            let Some(name) = name.to_str() else { continue };
            if metadata.is_dir() && !name.starts_with('.') {
                all.push(self.collection(name, &self.path.join(name), &metadata));
            }
            holds_objects |= metadata.is_file() && is_object(name);
        }
        if holds_objects || all.is_empty() {
            all.insert(0, self.collection(HERE, &self.path, &metadata));
        }
        Ok(all)
    }

    /// Describes a folder as a collection.
    pub fn collection(&self, href: &str, path: &Path, metadata: &Metadata) -> Collection {
        let said = read(&path.join("displayname")).ok().filter(|file| file.bytes.len() <= NAME);
        let said = said.map(|file| decode(file.bytes).trim().to_owned());
        let folder = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Collection {
            id: CollectionId::new(format!("{}/{href}", self.account)),
            href: Href::new(href),
            account: self.account.clone(),
            name: said.filter(|name| !name.is_empty()).or(folder).unwrap_or_else(|| href.into()),
            read_only: metadata.permissions().readonly(),
        }
    }

    fn export(&self) -> Collection {
        let name = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let href = name(self.path.file_name());
        Collection {
            id: CollectionId::new(format!("{}/{href}", self.account)),
            href: Href::new(href),
            account: self.account.clone(),
            name: name(self.path.file_stem()),
            read_only: true,
        }
    }

    /// Where a collection lies.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone, [`Error::Refused`] when its href leads elsewhere.
    pub fn place(&self, collection: &Href) -> Result<Place, Error> {
        let metadata = std::fs::metadata(&self.path).map_err(|e| failure(&e, &self.path))?;
        let name = collection.as_str();
        if !metadata.is_dir() {
            let is_it = self.path.file_name().is_some_and(|file| file.to_string_lossy() == name);
            return if is_it { Ok(Place::Export(self.path.clone())) } else { Err(astray(name)) };
        }
        let path = match name {
            HERE => return Ok(Place::Folder(self.path.clone())),
            name if is_segment(name) => self.path.join(name),
            name => return Err(astray(name)),
        };
        let metadata = std::fs::metadata(&path).map_err(|e| failure(&e, &path))?;
        if metadata.is_dir() { Ok(Place::Folder(path)) } else { Err(astray(name)) }
    }

    /// The file behind an object's href.
    ///
    /// # Errors
    /// [`Error::Refused`] when the href leads out of the collection or to no `.ics` file.
    pub fn file(&self, collection: &Href, href: &Href) -> Result<PathBuf, Error> {
        match self.place(collection)? {
            Place::Export(path) if href == collection => Ok(path),
            Place::Folder(path) if is_object(href.as_str()) => Ok(path.join(href.as_str())),
            Place::Export(_) | Place::Folder(_) => Err(astray(href.as_str())),
        }
    }

    /// All objects; those whose version is known are not read.
    pub fn listing(
        &self,
        collection: &Href,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let mut listing = Listing { present: Some(Vec::new()), ..Listing::default() };
        match self.place(collection)? {
            Place::Export(path) => {
                let metadata = std::fs::metadata(&path).map_err(|e| failure(&e, &path))?;
                look(&mut listing, collection.clone(), &path, &metadata, known);
            }
            Place::Folder(folder) => {
                for (name, metadata) in entries(&folder)? {
                    let shown = name.to_string_lossy();
                    if metadata.is_dir() || !is_object(&shown) {
                        continue;
                    }
                    let href = Href::new(shown.into_owned());
                    look(&mut listing, href, &folder.join(&name), &metadata, known);
                }
            }
        }
        Ok(listing)
    }

    /// One object; `None` when nothing lies there.
    pub fn read(&self, collection: &Href, href: &Href) -> Result<Option<Fetched>, Error> {
        let path = self.file(collection, href)?;
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

/// The entries of a folder by name. Links are followed; one that leads nowhere is left out.
fn entries(folder: &Path) -> Result<BTreeMap<std::ffi::OsString, Metadata>, Error> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|e| failure(&e, folder))? {
        let entry = entry.map_err(|e| failure(&e, folder))?;
        if all.len() >= ENTRIES {
            let folder = folder.display();
            return Err(Error::Refused(format!("{folder} holds more than {ENTRIES} files")));
        }
        if let Ok(metadata) = std::fs::metadata(entry.path()) {
            all.insert(entry.file_name(), metadata);
        }
    }
    Ok(all)
}

/// A name that stays in its folder and is not hidden.
pub fn is_segment(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// A file that holds an object. Hidden and `.tmp` files are writes under way.
fn is_object(name: &str) -> bool {
    let extension = Path::new(name).extension();
    is_segment(name) && extension.is_some_and(|end| end.eq_ignore_ascii_case("ics"))
}

fn astray(name: &str) -> Error {
    Error::Refused(format!("'{name}' is no calendar or .ics file of this folder"))
}
