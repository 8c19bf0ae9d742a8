//! Who is served: one config file a person, as they come, change and go.
//!
//! A file that is off is said once, with its line, and whoever it concerned goes on as before; so
//! does everybody else. Of two files with one id the one that bears the id as its name is taken,
//! else the first by name; the other is refused, both named.

use super::super::House;
use crate::event::PrincipalId;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// People that one process serves.
const MOST: usize = 20_000;
/// Rights of others to change a file, which names programs to be run.
const CHANGED_BY_OTHERS: u32 = 0o022;

/// Reads one person's file.
pub type Furnish = Box<dyn Fn(&Path) -> Result<House, String> + Send + Sync>;

/// A file, by what changes when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    changed: (i64, i64),
    mode: u32,
    owner: u32,
}

impl Mark {
    fn of(found: &Metadata) -> Self {
        Self {
            inode: found.ino(),
            length: found.len(),
            changed: (found.ctime(), found.ctime_nsec()),
            mode: found.mode(),
            owner: found.uid(),
        }
    }
}

struct Entry {
    mark: Mark,
    /// As it was last valid.
    house: Option<Arc<House>>,
    /// As it stands it is not.
    off: bool,
}

/// The files of the folder, as they were last read.
pub(super) struct Roster {
    folder: PathBuf,
    furnish: Furnish,
    files: BTreeMap<PathBuf, Entry>,
    served: BTreeMap<PrincipalId, PathBuf>,
}

/// What a look at the folder found.
#[derive(Default)]
pub(super) struct Found {
    /// New, or of a new config.
    pub(super) come: Vec<Arc<House>>,
    /// No longer served.
    pub(super) gone: Vec<PrincipalId>,
}

impl Roster {
    pub(super) fn new(folder: PathBuf, furnish: Furnish) -> Self {
        Self { folder, furnish, files: BTreeMap::new(), served: BTreeMap::new() }
    }

    /// Files that are not in force as they stand.
    pub(super) fn refused(&self) -> usize {
        let off = self.files.values().filter(|entry| entry.off).count();
        let valid = self.files.values().filter(|entry| entry.house.is_some()).count();
        off + valid.saturating_sub(self.served.len())
    }

    /// Looks at the folder.
    ///
    /// # Errors
    /// It can't be read: everybody goes on as before.
    pub(super) fn look(&mut self) -> io::Result<Found> {
        // Whoever can change the folder can put any file into the place of one that was looked at.
        allowed(&Mark::of(&fs::metadata(&self.folder)?)).map_err(io::Error::other)?;
        let there = listing(&self.folder)?;
        let before = self.files.len();
        self.files.retain(|path, _| there.contains_key(path));
        let mut changed = self.files.len() != before;
        let mut fresh = Vec::new();
        for (path, mark) in there {
            if self.files.get(&path).is_some_and(|entry| entry.mark == mark) {
                continue;
            }
            changed = true;
            let read = allowed(&mark).and_then(|()| (self.furnish)(&path));
            let off = read.is_err();
            let house = match read {
                Ok(house) => {
                    fresh.push(path.clone());
                    Some(Arc::new(house))
                }
                Err(why) => {
                    let file = path.display();
                    tracing::warn!(%file, %why, "the config is off; what was valid stays in force");
                    self.files.remove(&path).and_then(|entry| entry.house)
                }
            };
            self.files.insert(path, Entry { mark, house, off });
        }
        Ok(if changed { self.settle(&fresh) } else { Found::default() })
    }

    /// One file an id.
    fn settle(&mut self, fresh: &[PathBuf]) -> Found {
        let mut served: BTreeMap<PrincipalId, PathBuf> = BTreeMap::new();
        for (path, entry) in &self.files {
            let Some(house) = &entry.house else { continue };
            let id = &house.principal;
            let Some(other) = served.get(id) else {
                served.insert(id.clone(), path.clone());
                continue;
            };
            let named = path.file_stem() == Some(OsStr::new(id.as_str()));
            let (taken, left) = if named { (path, other) } else { (other, path) };
            let (taken, left) = (taken.clone(), left.clone());
            tracing::warn!(
                "{} and {} both say that they are {}: the second is not served",
                taken.display(),
                left.display(),
                id.as_str(),
            );
            served.insert(id.clone(), taken);
        }
        let gone = self.served.keys().filter(|id| !served.contains_key(id)).cloned().collect();
        let is_new = |(id, path): &(&PrincipalId, &PathBuf)| {
            fresh.contains(path) || self.served.get(id) != Some(path)
        };
        let new = served.iter().filter(is_new);
        let come = new.filter_map(|(_, path)| self.files.get(path)?.house.clone()).collect();
        self.served = served;
        Found { come, gone }
    }
}

fn listing(folder: &Path) -> io::Result<BTreeMap<PathBuf, Mark>> {
    let mut there = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if hidden || path.extension() != Some(OsStr::new("toml")) {
            continue;
        }
        // One that has just gone is gone at the next look, too.
        let Ok(found) = fs::metadata(&path) else { continue };
        if there.len() == MOST {
            tracing::warn!("more than {MOST} files: the rest is not served");
            break;
        }
        if found.is_file() {
            there.insert(path, Mark::of(&found));
        }
    }
    Ok(there)
}

/// A config names programs that are run with the rights of the service: it must be of root's
/// making, or of the service's own user.
fn allowed(mark: &Mark) -> Result<(), String> {
    let me = rustix::process::geteuid().as_raw();
    if mark.owner != 0 && mark.owner != me {
        return Err(format!("it belongs to user {}: make it root's", mark.owner));
    }
    if mark.mode & CHANGED_BY_OTHERS != 0 {
        return Err("others can change it: chmod go-w".to_owned());
    }
    Ok(())
}
