//! One contract for every kind of calendar, run on real servers, on folders, and on servers with
//! the quirks of those that can't be run here.

use crate::calendar_google::{self, WORK};
use crate::support::fake::{Fake, lock};
use crate::support::fake_server::{Hand, Server};
use crate::support::google;
use crate::support::peers::{PASSWORD, Peer};
use crate::support::quirky::Quirky;
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Collection, Error, Fetched, Listing};
use chronotype::event::{ETag, Href, SyncToken};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The person's other client.
pub enum Other<'a> {
    Server(&'a Peer),
    Quirky(&'a Quirky),
    Folder(PathBuf),
    Google(&'a google::Fake),
    Fake(Arc<Mutex<Server>>),
}

/// The calendar `work` of the fake.
const FAKE: &str = "mine/mine/work/";

fn in_fake(name: &str) -> Href {
    Href::new(format!("/mine/work/{name}"))
}

impl Other<'_> {
    /// How the last segment of the href reads under which this name lies.
    fn named(&self, name: &str) -> String {
        match self {
            Self::Google(_) => calendar_google::id_of(name),
            _ => name.to_owned(),
        }
    }

    async fn put(&self, name: &str, body: &str) {
        match self {
            Self::Server(peer) => peer.put(&peer.object(name), body).await,
            Self::Quirky(server) => server.put(name, body),
            Self::Folder(folder) => {
                std::fs::write(folder.join(name), body).unwrap();
                stay_young(&folder.join(name));
            }
            Self::Google(fake) => calendar_google::put_text(fake, &self.named(name), body),
            Self::Fake(server) => {
                lock(server).put(FAKE, &in_fake(name), body, Hand::Person);
            }
        }
    }

    async fn delete(&self, name: &str) {
        match self {
            Self::Server(peer) => peer.delete(&peer.object(name)).await,
            Self::Quirky(server) => server.delete(name),
            Self::Folder(folder) => std::fs::remove_file(folder.join(name)).unwrap(),
            Self::Google(fake) => fake.delete(WORK, &self.named(name)),
            Self::Fake(server) => {
                lock(server).shelves.get_mut(FAKE).unwrap().remove(&in_fake(name));
            }
        }
    }

    async fn get(&self, name: &str) -> Option<String> {
        match self {
            Self::Server(peer) => peer.get(&peer.object(name)).await,
            Self::Quirky(server) => server.get(name),
            Self::Folder(folder) => std::fs::read_to_string(folder.join(name)).ok(),
            Self::Google(fake) => fake.get(WORK, &self.named(name)).map(|e| e.to_string()),
            Self::Fake(server) => {
                let server = lock(server);
                server.shelves[FAKE].objects.get(&in_fake(name)).map(|s| s.body.clone())
            }
        }
    }

    /// Requests so far; a folder has none.
    fn requests(&self) -> usize {
        match self {
            Self::Server(peer) => peer.requests().len(),
            Self::Quirky(server) => server.log().len(),
            Self::Folder(_) => 0,
            Self::Google(fake) => fake.log().len(),
            Self::Fake(server) => lock(server).requests as usize,
        }
    }

    /// Requests that it takes to list so many known objects; `None` = it depends.
    fn listing(&self, objects: usize) -> Option<usize> {
        match self {
            Self::Server(_) | Self::Fake(_) | Self::Google(_) => Some(1),
            Self::Quirky(server) => server.listing(objects),
            Self::Folder(_) => None,
        }
    }

    fn tells_changes(&self) -> bool {
        match self {
            Self::Server(_) | Self::Fake(_) | Self::Google(_) => true,
            Self::Quirky(server) => server.tells_changes(),
            Self::Folder(_) => false,
        }
    }
}

/// An object with one event.
pub fn event(uid: &str, summary: &str) -> String {
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//chronotype tests//EN",
        "BEGIN:VEVENT",
        &format!("UID:{uid}"),
        "DTSTAMP:20260301T080000Z",
        "DTSTART:20260302T090000Z",
        "DTEND:20260302T100000Z",
        &format!("SUMMARY:{summary}"),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    lines.join("\r\n")
}

/// What a caller keeps of a collection between two listings.
#[derive(Debug, Default)]
pub struct Kept {
    /// Token of the last listing.
    pub token: Option<SyncToken>,
    /// Versions by href.
    pub known: BTreeMap<Href, ETag>,
}

impl Kept {
    /// Lists, and keeps what the listing says.
    pub async fn ask(&mut self, calendar: &dyn Calendar, collection: &Collection) -> Listing {
        let token = self.token.as_ref();
        let listing = calendar.changes(collection, token, &self.known).await.unwrap();
        self.token = listing.token.clone();
        if let Some(present) = &listing.present {
            self.known.retain(|href, _| present.contains(href));
        }
        listing.removed.iter().for_each(|href| drop(self.known.remove(href)));
        for Fetched { href, etag, .. } in &listing.changed {
            self.known.insert(href.clone(), etag.clone().expect("a version"));
        }
        assert_eq!(listing.problems, []);
        listing
    }
}

/// File names of what a listing fetched.
pub fn changed(listing: &Listing) -> Vec<&str> {
    listing.changed.iter().map(|one| last(&one.href)).collect()
}

/// Last segment of an href.
pub fn last(href: &Href) -> &str {
    href.as_str().rsplit('/').next().unwrap()
}

/// The calendar `work`.
pub async fn work(calendar: &dyn Calendar) -> Collection {
    let all = calendar.collections().await.unwrap();
    let found = all.into_iter().find(|one| one.is_called("work"));
    found.expect("a calendar called work")
}

/// Its times lie ahead: it does not come of age in this test, when it would be told once more.
pub fn stay_young(file: &Path) {
    let ahead = std::time::SystemTime::now() + Duration::from_secs(3_600);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(ahead).unwrap();
}

/// What every calendar keeps.
pub async fn contract(calendar: &dyn Calendar, other: Other<'_>) {
    let work = work(calendar).await;
    assert!(!work.read_only);
    let theirs = event("theirs", "Not ours to touch");
    other.put("theirs.ics", &theirs).await;
    let before = other.get("theirs.ics").await;

    let mut kept = Kept::default();
    let first = kept.ask(calendar, &work).await;
    assert_eq!(first.present.as_ref().map(Vec::len), Some(1), "a full listing");
    assert_eq!(changed(&first), [other.named("theirs.ics")]);
    assert!(first.changed[0].body.contains("Not ours to touch"));
    quiet(calendar, &work, &mut kept, &other).await;

    let uid = "chronotype-0123456789abcdef";
    let href = calendar.href_for(&work, uid);
    let none = calendar.read(&work, &href).await.unwrap();
    assert_eq!(none, None);
    let v1 = calendar.create(&work, &href, &event(uid, "One")).await.unwrap().expect("a version");
    let again = calendar.create(&work, &href, &event(uid, "Two")).await;
    assert!(matches!(again, Err(Error::Changed)), "{again:?}");
    let read = calendar.read(&work, &href).await.unwrap().expect("it is there");
    assert_eq!(read.etag.as_ref(), Some(&v1));
    assert!(read.body.contains("SUMMARY:One"));

    let v2 = calendar.update(&work, &href, &v1, &event(uid, "Three")).await.unwrap();
    let v2 = v2.expect("a version");
    assert_ne!(v1, v2);
    let stale = calendar.update(&work, &href, &v1, &event(uid, "Four")).await;
    assert!(matches!(stale, Err(Error::Changed)), "{stale:?}");
    assert_eq!(changed(&kept.ask(calendar, &work).await), [last(&href)]);
    quiet(calendar, &work, &mut kept, &other).await;

    // The person's other client edits our block: we must not undo that.
    other.put(last(&href), &event(uid, "Mine now")).await;
    let stale = calendar.update(&work, &href, &v2, &event(uid, "Five")).await;
    assert!(matches!(stale, Err(Error::Changed)), "{stale:?}");
    let stale = calendar.delete(&work, &href, &v2).await;
    assert!(matches!(stale, Err(Error::Changed)), "{stale:?}");
    let delta = kept.ask(calendar, &work).await;
    assert_eq!(changed(&delta), [last(&href)]);
    assert!(delta.changed[0].body.contains("Mine now"));
    let v3 = kept.known[&href].clone();

    calendar.delete(&work, &href, &v3).await.unwrap();
    calendar.delete(&work, &href, &v3).await.unwrap();
    assert_eq!(calendar.read(&work, &href).await.unwrap(), None);
    let gone = calendar.update(&work, &href, &v3, &event(uid, "Six")).await;
    assert!(matches!(gone, Err(Error::Changed)), "{gone:?}");
    kept.ask(calendar, &work).await;
    assert_eq!(kept.known.keys().map(last).collect::<Vec<_>>(), [other.named("theirs.ics")]);
    assert_eq!(other.get("theirs.ics").await, before, "what is not ours stays as it is");

    full_listings(calendar, &work, &kept, &other).await;
    collections(calendar).await;
}

/// Nothing changed: nothing is told, with one request.
async fn quiet(
    calendar: &dyn Calendar,
    collection: &Collection,
    kept: &mut Kept,
    other: &Other<'_>,
) {
    let (before, known) = (other.requests(), kept.known.clone());
    let listing = kept.ask(calendar, collection).await;
    match other {
        // A slow machine may meet a file whose stamp has come of age: told once more.
        Other::Folder(_) => assert!(known.keys().eq(kept.known.keys())),
        Other::Server(_) | Other::Quirky(_) | Other::Fake(_) | Other::Google(_) => {
            assert_eq!(changed(&listing), [""; 0]);
        }
    }
    if let Some(requests) = other.listing(1) {
        let counted = usize::try_from(listing.requests).unwrap();
        assert_eq!((counted, other.requests() - before), (requests, requests));
    }
    if other.tells_changes() {
        assert_eq!(listing.present, None);
    }
    assert_eq!(listing.removed, []);
}

/// Without a token everything is listed, and only what is new is fetched.
async fn full_listings(calendar: &dyn Calendar, work: &Collection, kept: &Kept, other: &Other<'_>) {
    let mut count = kept.known.len();
    for i in 0..120 {
        other.put(&format!("many {i} ä@%.ics"), &event(&format!("many-{i}"), "Many")).await;
        count += 1;
    }
    let mut full = Kept { token: None, known: kept.known.clone() };
    let listing = full.ask(calendar, work).await;
    assert_eq!(listing.present.map(|all| all.len()), Some(count));
    assert_eq!(listing.changed.len(), 120, "known objects are not fetched again");
    let before = other.requests();
    full.token = None;
    let listing = full.ask(calendar, work).await;
    assert_eq!(listing.present.map(|all| all.len()), Some(count));
    if !matches!(other, Other::Folder(_)) {
        assert_eq!(listing.changed.len(), 0);
    }
    if let Some(requests) = other.listing(count) {
        assert_eq!(other.requests() - before, requests);
    }
    other.delete("theirs.ics").await;
    let delta = full.ask(calendar, work).await;
    assert_eq!(full.known.len(), 120, "{delta:?}");
    // A token from nowhere: the server says so, or lists everything.
    let garbage = SyncToken::new("http://example.com/ns/sync/garbage");
    match calendar.changes(work, Some(&garbage), &full.known).await {
        Err(Error::Stale) => {}
        Ok(listing) => assert_eq!(listing.present.map(|all| all.len()), Some(120)),
        Err(error) => panic!("{error:?}"),
    }
}

async fn collections(calendar: &dyn Calendar) {
    let made = calendar.make_collection("Suggested blocks").await.unwrap();
    assert!(!made.read_only);
    assert_eq!(calendar.make_collection("Suggested blocks").await.unwrap().id, made.id);
    let all = calendar.collections().await.unwrap();
    assert_eq!(all.iter().filter(|one| one.id == made.id).count(), 1, "{all:?}");
    assert_eq!(all.iter().find(|one| one.id == made.id), Some(&made));
    let mut kept = Kept::default();
    assert_eq!(kept.ask(calendar, &made).await.present, Some(vec![]));
    let href = calendar.href_for(&made, "chronotype-1");
    calendar.create(&made, &href, &event("chronotype-1", "Here")).await.unwrap();
    assert_eq!(changed(&kept.ask(calendar, &made).await), [last(&href)]);
}

#[tokio::test]
async fn radicale_keeps_the_contract() {
    let peer = Peer::radicale().await;
    contract(&peer.account(&peer.base_url(), PASSWORD), Other::Server(&peer)).await;
}

#[tokio::test]
async fn xandikos_keeps_the_contract() {
    let peer = Peer::xandikos().await;
    contract(&peer.account(&peer.base_url(), PASSWORD), Other::Server(&peer)).await;
}

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    contract(&Vdir::new("home", folder.path()), Other::Folder(work)).await;
}

#[tokio::test]
async fn google_keeps_the_contract() {
    let fake = google::Fake::start();
    contract(&calendar_google::account(&fake), Other::Google(&fake)).await;
    assert_eq!((fake.faults_left(), fake.mails()), (0, 0));
}

#[tokio::test]
async fn the_fake_keeps_the_contract_while_it_does_not_lie() {
    let server = Arc::new(Mutex::new(Server::new(chrono::DateTime::UNIX_EPOCH, 1)));
    lock(&server).add("mine", "work");
    contract(&Fake::new("mine", &server), Other::Fake(server)).await;
}
