//! Tells which collections of a folder changed, well within a second.
//!
//! Folders are watched, never files: a watch on a file ends with the first atomic rename. Beside
//! the account's folder and its collections the folder above is watched (or, where that is missing,
//! the nearest one there is), so that a folder that is removed and made again is seen. Only objects
//! and the files that describe a collection count; what we write before its rename does not.
//!
//! Invariant: better told once too often than not at all. What was missed (a full queue, new
//! folders) is told as "look at everything". Not seen: changes on a network share by another
//! machine, and in the target of a link; the next poll finds those.

use super::name::{COLOR, DISPLAYNAME, HERE, href_of, is_object, is_segment};
use crate::calendar::Error;
use crate::event::CollectionId;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout_at};

/// Told when nothing has happened for so long ...
const QUIET: Duration = Duration::from_millis(200);
/// ... or this long after the first change.
const AT_MOST: Duration = Duration::from_secs(1);
/// Changes waiting to be taken in; what is beyond is told as "everything".
const WAITING: usize = 1_024;
/// Most collections watched: a person has a dozen.
const FOLDERS: usize = 1_024;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In this account.
    pub account: String,
    /// In these collections; `None` = look at all of them, and at which there are.
    pub collections: Option<BTreeSet<CollectionId>>,
}

/// Watches the folder of one account, from its start on: start it, then look.
pub struct Watcher {
    ears: RecommendedWatcher,
    hints: Receiver<Hint>,
    lost: Arc<AtomicBool>,
    place: Place,
    watched: BTreeMap<PathBuf, Inode>,
    /// Two names lead to one folder, and the system names only one of them.
    twins: bool,
    blind: Option<Error>,
    gathered: Option<Gathered>,
}

/// Device and inode of a folder.
type Inode = (u64, u64);

/// Where an account lies.
#[derive(Debug, Clone)]
struct Place {
    account: String,
    root: PathBuf,
}

/// One event of the system, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hint {
    /// Something in this collection.
    Object(CollectionId),
    /// Perhaps a folder that came, went, or is another one now.
    Folder(PathBuf),
    /// Events were lost: the flag says so.
    Lost,
}

/// Changes not told yet.
#[derive(Debug)]
struct Gathered {
    first: Instant,
    last: Instant,
    collections: Option<BTreeSet<CollectionId>>,
}

impl Watcher {
    /// Watches an account's folder or file; it need not be there yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when the system has no watches left.
    pub fn new(account: impl Into<String>, path: impl AsRef<Path>) -> Result<Self, Error> {
        let root = std::path::absolute(path.as_ref())
            .map_err(|e| super::version::failure(&e, path.as_ref()))?;
        let place = Place { account: account.into(), root };
        let (sender, hints) = channel(WAITING);
        let lost = Arc::new(AtomicBool::new(false));
        let (at, missed) = (place.clone(), Arc::clone(&lost));
        let ears = notify::recommended_watcher(move |event| {
            hear(&at, &sender, &missed, event);
        });
        let mut watcher = Self {
            ears: ears.map_err(|e| refused(&e))?,
            hints,
            lost,
            place,
            watched: BTreeMap::new(),
            twins: false,
            blind: None,
            gathered: None,
        };
        watcher.arm();
        match watcher.blind.take() {
            Some(error) => Err(error),
            None => Ok(watcher),
        }
    }

    /// Waits for the next change. Nothing is lost when the wait is broken off.
    pub async fn changed(&mut self) -> Change {
        loop {
            let due = self.gathered.as_ref().map(|g| (g.last + QUIET).min(g.first + AT_MOST));
            let hint = match due {
                None => self.hints.recv().await,
                Some(due) if due <= Instant::now() => return self.tell(),
                Some(due) => match timeout_at(due, self.hints.recv()).await {
                    Ok(hint) => hint,
                    Err(_) => return self.tell(),
                },
            };
            match hint {
                Some(hint) => self.take_in(&hint),
                // The other end lives in `ears`.
                None => std::future::pending().await,
            }
        }
    }

    /// Why some folders can't be watched any more: polling alone finds their changes.
    pub fn blind(&self) -> Option<&Error> {
        self.blind.as_ref()
    }

    fn tell(&mut self) -> Change {
        let gathered = self.gathered.take().and_then(|g| g.collections);
        let lost = self.lost.swap(false, Ordering::SeqCst);
        if lost {
            let root = PathBuf::from("/");
            self.forget(&root);
            self.arm();
        }
        let collections = gathered.filter(|_| !lost && !self.twins);
        Change { account: self.place.account.clone(), collections }
    }

    fn take_in(&mut self, hint: &Hint) {
        let now = Instant::now();
        let touched = match hint {
            Hint::Object(id) => Some(id.clone()),
            Hint::Lost => None,
            Hint::Folder(path) => {
                if path.is_dir() || self.watched.contains_key(path) {
                    self.forget(path);
                    self.arm();
                } else if *path != self.place.root {
                    return;
                }
                None
            }
        };
        let gathered = self.gathered.get_or_insert_with(|| Gathered {
            first: now,
            last: now,
            collections: Some(BTreeSet::new()),
        });
        gathered.last = now;
        match (touched, &mut gathered.collections) {
            (Some(id), Some(all)) => drop(all.insert(id)),
            (Some(_), None) => {}
            (None, all) => *all = None,
        }
    }

    /// Watches what there is, from the top down: what appears below meanwhile is heard above.
    fn arm(&mut self) {
        self.twins = false;
        self.blind = None;
        let root = self.place.root.clone();
        let mut wanted: BTreeSet<PathBuf> = BTreeSet::new();
        while let Some(above) = root.ancestors().skip(1).find(|folder| folder.is_dir()) {
            self.watch(above);
            if !wanted.insert(above.to_owned()) {
                break;
            }
        }
        if root.is_dir() {
            self.watch(&root);
            wanted.extend(folders(&root));
            wanted.insert(root);
        }
        for folder in &wanted {
            self.watch(folder);
        }
        let gone: Vec<PathBuf> =
            self.watched.keys().filter(|folder| !wanted.contains(*folder)).cloned().collect();
        gone.iter().for_each(|folder| self.unwatch(folder));
    }

    /// Stops watching a folder and those below it.
    fn forget(&mut self, folder: &Path) {
        let below = self.watched.keys().filter(|watched| watched.starts_with(folder));
        for watched in below.cloned().collect::<Vec<_>>() {
            self.unwatch(&watched);
        }
    }

    fn unwatch(&mut self, folder: &Path) {
        self.watched.remove(folder);
        // It may have ended with its folder.
        let _ = self.ears.unwatch(folder);
    }

    fn watch(&mut self, folder: &Path) {
        let Ok(metadata) = std::fs::metadata(folder) else { return };
        let inode = (metadata.dev(), metadata.ino());
        if self.watched.get(folder) == Some(&inode) {
            return;
        }
        if self.watched.values().any(|other| *other == inode) {
            self.twins = true;
            return;
        }
        let _ = self.ears.unwatch(folder);
        match self.ears.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => drop(self.watched.insert(folder.to_owned(), inode)),
            Err(error) if is_absence(&error) => {}
            Err(error) => {
                tracing::warn!("a folder can't be watched: {:?}", error.kind);
                self.blind = Some(refused(&error));
            }
        }
    }
}

/// The folders that may be collections.
fn folders(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let folder = |entry: std::fs::DirEntry| {
        (is_segment(&entry.file_name()) && entry.path().is_dir()).then(|| entry.path())
    };
    entries.filter_map(Result::ok).filter_map(folder).take(FOLDERS).collect()
}

/// Sorts an event of the system; runs on its thread and never waits.
fn hear(
    place: &Place,
    hints: &Sender<Hint>,
    lost: &AtomicBool,
    event: notify::Result<notify::Event>,
) {
    let found = match event {
        Ok(event) if event.need_rescan() => vec![Hint::Lost],
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
        Ok(event) => event.paths.iter().filter_map(|path| place.hint(path)).collect(),
        Err(_) => vec![Hint::Lost],
    };
    for hint in found {
        if hint == Hint::Lost {
            lost.store(true, Ordering::SeqCst);
        }
        // Full: whoever takes in what waits will see the flag, and look at everything.
        if hints.try_send(hint).is_err() {
            lost.store(true, Ordering::SeqCst);
        }
    }
}

impl Place {
    /// What an event at this path may mean.
    fn hint(&self, path: &Path) -> Option<Hint> {
        let Ok(below) = path.strip_prefix(&self.root) else {
            return self.root.starts_with(path).then(|| Hint::Folder(path.to_owned()));
        };
        let mut parts = below.iter();
        match (parts.next(), parts.next(), parts.next()) {
            // The account's own folder or file.
            (None, ..) => Some(Hint::Folder(path.to_owned())),
            (Some(name), None, _) if counts(name) => Some(Hint::Object(self.id(OsStr::new(HERE)))),
            (Some(name), None, _) if is_segment(name) => Some(Hint::Folder(path.to_owned())),
            (Some(folder), Some(name), None) if is_segment(folder) && counts(name) => {
                Some(Hint::Object(self.id(folder)))
            }
            _ => None,
        }
    }

    fn id(&self, folder: &OsStr) -> CollectionId {
        CollectionId::new(format!("{}/{}", self.account, href_of(folder)))
    }
}

fn counts(name: &OsStr) -> bool {
    is_object(name) || name == DISPLAYNAME || name == COLOR
}

fn is_absence(error: &notify::Error) -> bool {
    use std::io::ErrorKind::NotFound;
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == NotFound,
        _ => false,
    }
}

fn refused(error: &notify::Error) -> Error {
    Error::Refused(match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "no more folders can be watched here: raise fs.inotify.max_user_watches".to_owned()
        }
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(TOO_MANY) => {
            "no more watchers can be started here: raise fs.inotify.max_user_instances".to_owned()
        }
        _ => format!("folders can't be watched here: {error}"),
    })
}

/// EMFILE, which `inotify_init` gives at its limit.
const TOO_MANY: i32 = rustix::io::Errno::MFILE.raw_os_error();

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder came while nobody had room to hear of it.
    #[tokio::test]
    async fn what_was_lost_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("late");
        let mut watcher = Watcher::new("home", folder.path()).unwrap();
        std::fs::create_dir(&late).unwrap();
        assert_eq!(watcher.hints.recv().await, Some(Hint::Folder(late.clone())));
        watcher.lost.store(true, Ordering::SeqCst);
        assert_eq!(watcher.tell().collections, None);
        std::fs::write(late.join("a.ics"), "x").unwrap();
        let told = Hint::Object(CollectionId::new("home/late"));
        let heard = tokio::time::timeout(Duration::from_secs(60), watcher.hints.recv()).await;
        assert_eq!(heard, Ok(Some(told)));
    }

    #[test]
    fn limits_of_the_system_are_said_with_their_name() {
        let instances = notify::Error::io(std::io::Error::from_raw_os_error(TOO_MANY));
        assert!(refused(&instances).to_string().contains("fs.inotify.max_user_instances"));
        let watches = notify::Error::new(notify::ErrorKind::MaxFilesWatch);
        assert!(refused(&watches).to_string().contains("fs.inotify.max_user_watches"));
    }

    #[test]
    fn an_event_that_asks_to_look_again_loses_nothing() {
        let place = Place { account: "home".to_owned(), root: PathBuf::from("/cal") };
        let (sender, mut hints) = channel(1);
        let lost = AtomicBool::new(false);
        let again = notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        hear(&place, &sender, &lost, Ok(again));
        assert!(lost.swap(false, Ordering::SeqCst) && hints.try_recv() == Ok(Hint::Lost));
        let one = |name: &str| {
            let created = EventKind::Create(notify::event::CreateKind::File);
            notify::Event::new(created).add_path(Path::new("/cal").join(name))
        };
        hear(&place, &sender, &lost, Ok(one("work/.a.ics")));
        hear(&place, &sender, &lost, Ok(one("work/a.ics")));
        assert!(!lost.load(Ordering::SeqCst));
        hear(&place, &sender, &lost, Ok(one("work/b.ics")));
        assert!(lost.load(Ordering::SeqCst), "no room: said, not waited for");
    }
}
