//! A calendar in memory that keeps the contract, and can lie in every way that [`Fault`] names.
//!
//! Invariants: one seed, one behaviour. With no fault switched on it is an honest server. What it
//! answers is what a client behind the [`Calendar`] trait could really be told: conditions are
//! never dropped silently, since the CalDAV client compares where a server does not.

use super::fake_faults::Fault;
use super::fake_server::{Hand, Objects, Server, Shelf, Stored, Verb, Write};
use async_trait::async_trait;
use chronotype::calendar::{Calendar, Collection, Error, Fetched, Listing};
use chronotype::event::{CollectionId, ETag, Href, SyncToken};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// One account of the fake.
pub struct Fake {
    account: String,
    server: Arc<Mutex<Server>>,
}

/// Locks it, also after a crash that was caught.
pub fn lock(server: &Mutex<Server>) -> MutexGuard<'_, Server> {
    server.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Fake {
    pub fn new(account: &str, server: &Arc<Mutex<Server>>) -> Self {
        Self { account: account.to_owned(), server: Arc::clone(server) }
    }

    /// Between two things that a client does: the process may end here, the person may act.
    async fn pause(&self) {
        if lock(&self.server).is_the_end(Fault::CrashAtRequest) {
            std::future::pending::<()>().await;
        }
        let mut server = lock(&self.server);
        if server.meanwhile.is_some() && server.strike(Fault::PersonMeanwhile) {
            let mut act = server.meanwhile.take();
            if let Some(act) = &mut act {
                act(&mut server);
            }
            server.meanwhile = act;
        }
    }

    /// Troubles that come before any answer.
    fn refusal(&self, server: &mut Server, shelf: Option<&str>) -> Result<(), Error> {
        server.requests += 1;
        if shelf.is_some_and(|id| !server.is_victim(id)) {
            return Ok(());
        }
        if server.strike(Fault::Unauthorized) {
            return Err(Error::Unauthorized("signed out".into()));
        }
        if server.strike(Fault::RetryAfter) {
            let after = Duration::from_secs(60 * (1 + server.dice.below(600) as u64));
            return Err(Error::Later { message: "busy".into(), after });
        }
        if server.strike(Fault::ServerErrors) {
            return Err(Error::Transient("503".into()));
        }
        if shelf.is_some() && server.faults.on.contains(&Fault::CollectionAway) {
            disown(server, shelf.unwrap_or_default(), None);
        }
        match shelf {
            Some(id)
                if server.strike(Fault::CollectionAway) || !server.shelves.contains_key(id) =>
            {
                Err(Error::NotFound("no such collection".into()))
            }
            _ => Ok(()),
        }
    }

    fn collection(&self, server: &Server, shelf: &Shelf) -> Collection {
        Collection {
            id: CollectionId::new(shelf.id()),
            href: Href::new(&shelf.href),
            account: self.account.clone(),
            name: shelf.name.clone(),
            read_only: server.faults.on.contains(&Fault::ReadOnly) && server.is_victim(&shelf.id()),
        }
    }

    /// What stands between a write and its effect.
    fn may_write(&self, server: &mut Server, shelf: &str) -> Result<(), Error> {
        self.refusal(server, Some(shelf))?;
        if server.strike(Fault::LostRequest) {
            return Err(Error::Transient("connection reset".into()));
        }
        if server.is_victim(shelf) && server.strike(Fault::ReadOnly) {
            return Err(Error::Refused("403".into()));
        }
        Ok(())
    }

    /// Carries a write out if `fits` says of what lies there that it may be.
    async fn write(
        &self,
        collection: &Collection,
        href: &Href,
        verb: Verb,
        body: Option<&str>,
        fits: impl Fn(Option<&Arc<Stored>>, &Server) -> Result<bool, Error> + Send,
    ) -> Result<Option<ETag>, Error> {
        self.pause().await;
        let id = collection.id.as_str();
        let outcome = {
            let mut server = lock(&self.server);
            self.may_write(&mut server, id)?;
            if server.faults.on.contains(&Fault::UnguardedWrites) {
                server.faults.hit(Fault::UnguardedWrites);
                server.requests += 2;
            }
            let shelf = server.shelves.get(id).expect("refused before");
            let before = shelf.objects.get(href).cloned();
            if !fits(before.as_ref(), &server)? {
                return Ok(None);
            }
            match body {
                Some(body) => drop(server.put(id, href, body, Hand::Daemon)),
                None => drop(server.shelves.get_mut(id).and_then(|s| s.remove(href))),
            }
            let told = !server.strike(Fault::LostReply);
            let after = body.map(str::to_owned);
            let href = href.clone();
            server.writes.push(Write { verb, href, before, after, told: false });
            told.then(|| server.writes.len() - 1)
        };
        self.pause().await;
        let Some(place) = outcome else { return Err(Error::Transient("connection reset".into())) };
        let mut server = lock(&self.server);
        if let Some(write) = server.writes.get_mut(place) {
            write.told = true;
        }
        if server.strike(Fault::NoVersionOnWrite) {
            return Ok(None);
        }
        let now = server.shelves.get(id).and_then(|s| s.objects.get(href));
        // What was rewritten has no strong version yet (RFC 4791 section 5.3.4).
        let plain = now.filter(|s| s.body == s.put && Some(s.put.as_str()) == body);
        Ok(plain.map(|s| s.etag(&server.faults)))
    }
}

/// Weak or strong, it names the same version.
fn is_version(stored: &Stored, etag: &ETag, server: &Server) -> bool {
    let bare = |e: &ETag| e.as_str().trim_start_matches("W/").to_owned();
    bare(&stored.etag(&server.faults)) == bare(etag)
}

#[async_trait]
impl Calendar for Fake {
    fn account(&self) -> &str {
        &self.account
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        self.pause().await;
        let mut server = lock(&self.server);
        self.refusal(&mut server, None)?;
        let away = server.faults.on.contains(&Fault::CollectionAway);
        let all: Vec<String> = server.shelves.keys().cloned().collect();
        // One that is not named is denied with all that lies in it.
        for id in all.iter().filter(|_| away) {
            if server.is_victim(id) {
                disown(&mut server, id, None);
            }
        }
        let shelves = server.shelves.values().filter(|s| s.account == self.account);
        let there = shelves.filter(|s| !(away && server.is_victim(&s.id())));
        Ok(there.map(|s| self.collection(&server, s)).collect())
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        self.pause().await;
        self.refusal(&mut lock(&self.server), None)?;
        Ok(vec!["me@example.org".into()])
    }

    async fn changes(
        &self,
        collection: &Collection,
        token: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        self.pause().await;
        let listing = {
            let mut server = lock(&self.server);
            self.refusal(&mut server, Some(collection.id.as_str()))?;
            list(&mut server, collection.id.as_str(), token, known)?
        };
        self.pause().await;
        Ok(listing)
    }

    async fn read(&self, collection: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        self.pause().await;
        let mut server = lock(&self.server);
        let id = collection.id.as_str();
        self.refusal(&mut server, Some(id))?;
        if server.faults.on.contains(&Fault::AllGone) && server.is_victim(id) {
            return Ok(None);
        }
        let found = server.shelves.get(id).and_then(|s| s.objects.get(href)).cloned();
        Ok(found.map(|s| fetched(&server, href, &s)))
    }

    fn href_for(&self, collection: &Collection, uid: &str) -> Href {
        Href::new(format!("{}{uid}.ics", collection.href.as_str()))
    }

    async fn create(
        &self,
        collection: &Collection,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let free = |there: Option<&Arc<Stored>>, _: &Server| match there {
            None => Ok(true),
            Some(_) => Err(Error::Changed),
        };
        self.write(collection, href, Verb::Create, Some(body), free).await
    }

    async fn update(
        &self,
        collection: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let same = |there: Option<&Arc<Stored>>, server: &Server| match there {
            Some(stored) if is_version(stored, etag, server) => Ok(true),
            _ => Err(Error::Changed),
        };
        self.write(collection, href, Verb::Update, Some(body), same).await
    }

    async fn delete(&self, collection: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        let same = |there: Option<&Arc<Stored>>, server: &Server| match there {
            Some(stored) if is_version(stored, etag, server) => Ok(true),
            Some(_) => Err(Error::Changed),
            None => Ok(false),
        };
        self.write(collection, href, Verb::Delete, None, same).await.map(drop)
    }

    async fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        self.pause().await;
        let mut server = lock(&self.server);
        self.refusal(&mut server, None)?;
        let id = Shelf::new(&self.account, name).id();
        if !server.shelves.contains_key(&id) {
            server.add(&self.account, name);
        }
        let shelf = server.shelves.get(&id).expect("just made");
        Ok(self.collection(&server, shelf))
    }
}

fn fetched(server: &Server, href: &Href, stored: &Stored) -> Fetched {
    let etag = Some(stored.etag(&server.faults));
    Fetched { href: href.clone(), etag, body: stored.body.clone() }
}

/// The answer to one listing, in full or since a token, with all that can be wrong with it.
fn list(
    server: &mut Server,
    id: &str,
    token: Option<&SyncToken>,
    known: &BTreeMap<Href, ETag>,
) -> Result<Listing, Error> {
    let since = match token.map(|t| t.as_str().parse::<u64>()) {
        None => None,
        Some(Ok(number)) if !server.strike(Fault::StaleToken) => Some(number),
        Some(_) => return Err(Error::Stale),
    };
    let _ = (server.strike(Fault::WeakVersions), server.strike(Fault::NoVersions));
    let victim = server.is_victim(id);
    let slow = victim && server.strike(Fault::SlowListing);
    let past = server.shelves.get(id).map_or(0, Shelf::past);
    let ago = if slow { server.dice.below(past + 1) } else { 0 };
    let gone = victim && server.strike(Fault::AllGone);
    let shelf = server.shelves.get(id).expect("refused before");
    let (seq, objects) = shelf.state(ago);
    let mut objects = objects.clone();
    let hidden = |href: &Href| !objects.contains_key(href) && !known.contains_key(href);
    let all = shelf.objects.iter().filter(|(href, _)| hidden(href)).filter_map(|(_, s)| s.uid());
    server.disowned.extend(all.collect::<Vec<_>>());
    if gone {
        objects.clear();
    }
    // A replica that lags behind does not know a token from the future.
    if since.is_some_and(|number| number > seq) {
        return Err(Error::Stale);
    }
    let mut listing = match since.filter(|_| !gone && !server.strike(Fault::TokenTellsAll)) {
        None => full(server, &objects, known, victim && !gone),
        Some(number) => delta(server, id, number..seq, &objects, known),
    };
    match gone {
        true => disown(server, id, Some(known)),
        false => server.shelves.get_mut(id).into_iter().for_each(|s| s.lies = 0),
    }
    server.told_removed.extend(listing.removed.iter().cloned());
    // What was left out and is new to the client would never be told after a token.
    let left = |href: &Href| listing.present.as_ref().is_some_and(|p| !p.contains(href));
    let unknown = |(href, s): (&Href, &Arc<Stored>)| {
        left(href) && known.get(href) != Some(&s.etag(&server.faults))
    };
    let is_whole = !gone && !objects.iter().any(unknown);
    let tokens = !server.strike(Fault::NoTokens);
    listing.token = (is_whole && tokens).then(|| SyncToken::new(seq.to_string()));
    listing.requests = 1;
    Ok(listing)
}

/// The server denies what lies there. By the contract that is believed of our blocks and of few
/// objects at once, of many (as the client knows them) from the second full listing on.
pub fn disown(server: &mut Server, id: &str, known: Option<&BTreeMap<Href, ETag>>) {
    let Some(shelf) = server.shelves.get_mut(id) else { return };
    shelf.lies += 1;
    let lines = shelf.objects.values().flat_map(|s| s.put.lines().map(str::to_owned));
    let mut uids: Vec<String> =
        lines.filter_map(|l| l.strip_prefix("UID:").map(str::to_owned)).collect();
    let is_ours = |uid: &String| uid.starts_with("chronotype-");
    let foreign = match known {
        Some(known) => known.keys().filter(|href| !href.as_str().contains("/chronotype-")).count(),
        None => uids.iter().filter(|uid| !is_ours(uid)).count(),
    };
    if shelf.lies < 2 && foreign >= 10 {
        uids.retain(is_ours);
    }
    server.disowned.extend(uids);
}

fn full(
    server: &mut Server,
    objects: &Objects,
    known: &BTreeMap<Href, ETag>,
    lies: bool,
) -> Listing {
    let empty = lies && server.strike(Fault::EmptyListing);
    let partial = lies && server.strike(Fault::PartialListing);
    let mut listing = Listing { present: Some(Vec::new()), ..Listing::default() };
    for (href, stored) in objects {
        if empty || partial && server.dice.percent(40) {
            // Nobody can look twice at what they were never told of.
            if !known.contains_key(href) {
                server.disowned.extend(stored.uid());
            }
            continue;
        }
        listing.present.get_or_insert_default().push(href.clone());
        if known.get(href) != Some(&stored.etag(&server.faults)) {
            show(server, &mut listing, href, stored);
        }
    }
    listing
}

/// What changed between two states. A replica that lags behind knows of nothing later, so that it
/// tells nothing of it as removed either.
fn delta(
    server: &mut Server,
    id: &str,
    Range { start: number, end: seq }: Range<u64>,
    objects: &Objects,
    known: &BTreeMap<Href, ETag>,
) -> Listing {
    let again = server.strike(Fault::ToldAgain);
    let from = if again { number.saturating_sub(1 + server.dice.below(50) as u64) } else { number };
    let log = server.shelves.get(id).map(|s| s.log.clone()).unwrap_or_default();
    let rows = log.into_iter().filter(|(n, ..)| *n > from && *n <= seq);
    let rows: BTreeSet<Href> = rows.map(|(_, h, _)| h).collect();
    let mut listing = Listing::default();
    for href in rows {
        match objects.get(&href) {
            Some(stored) if again || known.get(&href) != Some(&stored.etag(&server.faults)) => {
                show(server, &mut listing, &href, stored);
            }
            Some(_) => {}
            None if !server.shelves.get(id).is_some_and(|s| s.held(number, &href))
                && server.strike(Fault::ForgetsTheRemoved) => {}
            None => listing.removed.push(href),
        }
    }
    listing
}

fn show(server: &mut Server, listing: &mut Listing, href: &Href, stored: &Stored) {
    if server.strike(Fault::Unreadable) {
        listing.problems.push((href.clone(), "403".into()));
    } else {
        listing.changed.push(fetched(server, href, stored));
    }
}
