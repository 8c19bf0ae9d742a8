//! What changed in a collection (RFC 6578), or everything in it.
//!
//! Invariant: a full listing is complete or an error; a part of one would look like deletions.

use super::fetch::{CHUNK, Given, Haul, fetch, fetch_all};
use super::href;
use super::learned::{Learned, is_block};
use super::multistatus::Row;
use super::reports::{self, Texts};
use super::transport::{Answer, Line};
use super::version::{is_counter, is_made};
use crate::calendar::{Error, Fetched, Listing, Weakness};
use crate::event::{ETag, Href, SyncToken};
use libdav::Depth;
use libdav::dav::Propfind;
use libdav::names::{GETETAG, RESOURCETYPE};
use reqwest::Url;
use std::collections::{BTreeMap, BTreeSet};

/// Parts of one truncated answer. Servers cut at a hundred rows or more, so this is a lot.
const PARTS: usize = 1_000;

/// Whether a server can tell changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// As far as we know.
    Works,
    /// It refused: list ETags instead.
    Refused,
}

/// A member as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    There(Option<ETag>),
    Gone,
}

#[derive(Debug, Default)]
struct Members {
    all: BTreeMap<Href, Member>,
    token: Option<SyncToken>,
    /// Texts that were given along.
    given: BTreeMap<Href, Given>,
    /// Some ETag was a weak one.
    weak: bool,
}

/// What changed since `token`.
///
/// # Errors
/// [`Error::Stale`] when the server can't tell.
pub async fn since(
    line: &Line<'_>,
    learned: &Learned,
    collection: &Url,
    token: &SyncToken,
    known: &BTreeMap<Href, ETag>,
) -> Result<Listing, Error> {
    let members = match sync(line, collection, Some(token), Texts::Not).await? {
        Asked::Members(members) => members,
        Asked::Refused(_) => return Err(Error::Stale),
    };
    let told = Told::new(learned, &members, token, known);
    if told.looks_full() {
        // What is missing in such an answer may be gone: only a listing meant to be full can say.
        let mut sure = known.clone();
        sure.retain(|href, _| !told.doubtful.contains(href));
        let (listing, _) = full(line, learned, collection, &sure, Sync::Works).await?;
        let present: BTreeSet<&Href> = listing.present.iter().flatten().collect();
        let passed_over =
            known.keys().any(|href| !members.all.contains_key(href) && !present.contains(href));
        if passed_over && present.iter().all(|href| members.all.contains_key(href)) {
            learned.note(Weakness::UnknownTokenTellsAll);
        }
        return Ok(listing);
    }
    let gone = |(href, member): (&Href, &Member)| (*member == Member::Gone).then(|| href.clone());
    let mut removed: Vec<Href> = members.all.iter().filter_map(gone).collect();
    let mut wanted = wanted(learned, &members, known);
    wanted.extend(told.doubtful);
    let haul = fetch(line, learned, collection, wanted).await?;
    removed.extend(haul.gone);
    Ok(Listing {
        present: None,
        changed: anew(haul.fetched, known),
        removed,
        token: members.token,
        problems: haul.problems,
        requests: line.sent(),
    })
}

/// What a list of changes repeats although we know it already. Some servers tell the last second's
/// changes again and again, most repeat what we wrote ourselves, and two of five measured ones
/// answer a token they don't know with everything there is.
struct Told {
    /// Told again unchanged, our own last writes aside.
    repeated: usize,
    known: usize,
    /// Some of it is not ours.
    of_others: bool,
    /// Something known is not told.
    passes_over: bool,
    /// Repeated under a version that proves little.
    doubtful: BTreeSet<Href>,
}

impl Told {
    fn new(
        learned: &Learned,
        members: &Members,
        token: &SyncToken,
        known: &BTreeMap<Href, ETag>,
    ) -> Self {
        let mut told = Self {
            repeated: 0,
            known: known.len(),
            of_others: false,
            passes_over: known.keys().any(|href| !members.all.contains_key(href)),
            doubtful: BTreeSet::new(),
        };
        // The token has not moved: the server knows it, and nothing happened since.
        if members.token.as_ref() == Some(token) {
            return told;
        }
        for (href, member) in &members.all {
            let same = match (member, known.get(href)) {
                (Member::There(Some(now)), Some(before)) => now == before,
                // Without versions, it may be the same.
                (Member::There(None), Some(before)) => is_made(before),
                _ => false,
            };
            if same && !learned.with(|session| session.written.contains(href)) {
                told.repeated += 1;
                told.of_others |= !is_block(href);
                if known.get(href).is_some_and(is_counter) && told.doubtful.len() < CHUNK {
                    told.doubtful.insert(href.clone());
                }
            }
        }
        told
    }

    /// More than half of what is known, unchanged. Where all of it is ours and nothing is passed
    /// over, it is what we wrote before the last start.
    fn looks_full(&self) -> bool {
        self.repeated * 2 > self.known && (self.of_others || self.passes_over)
    }
}

/// Everything in the collection; objects whose ETag is `known` are not fetched.
///
/// # Errors
/// As requests fail, and when the server shows only a part.
pub async fn full(
    line: &Line<'_>,
    learned: &Learned,
    collection: &Url,
    known: &BTreeMap<Href, ETag>,
    works: Sync,
) -> Result<(Listing, Sync), Error> {
    let (members, works) = match works {
        Sync::Refused => (list(line, collection).await?, Sync::Refused),
        Sync::Works => match first(line, learned, collection, known).await {
            Ok(Asked::Members(members)) => (members, Sync::Works),
            Ok(Asked::Refused(answer)) if answer.status == 404 => {
                return Err(answer.refusal("listing the calendar"));
            }
            Ok(Asked::Refused(_)) => (list(line, collection).await?, Sync::Refused),
            Err(Error::Stale) => {
                return Err(Error::Transient("the calendar changed while it was listed".into()));
            }
            Err(error) => return Err(error),
        },
    };
    if works == Sync::Refused {
        learned.note(Weakness::NoChanges);
    }
    let wanted = wanted(learned, &members, known);
    let Haul { fetched, gone, problems } = match known.is_empty() {
        true => fetch_all(line, learned, collection, wanted, members.given).await?,
        false => fetch(line, learned, collection, wanted).await?,
    };
    let there = members.all.into_iter().filter(|(_, member)| *member != Member::Gone);
    let present = there.map(|(href, _)| href).filter(|href| !gone.contains(href)).collect();
    let listing = Listing {
        present: Some(present),
        changed: anew(fetched, known),
        removed: Vec::new(),
        token: members.token,
        problems,
        requests: line.sent(),
    };
    Ok((listing, works))
}

/// What we know already is not fetched again.
fn wanted(learned: &Learned, members: &Members, known: &BTreeMap<Href, ETag>) -> Vec<Href> {
    let is_new = |(href, member): (&Href, &Member)| match member {
        Member::There(Some(etag)) if known.get(href) == Some(etag) => None,
        Member::There(_) => Some(href.clone()),
        Member::Gone => None,
    };
    if members.weak {
        learned.note(Weakness::WeakVersions);
    }
    members.all.iter().filter_map(is_new).collect()
}

/// Without ETags everything listed is fetched: what reads as before is no news.
fn anew(mut fetched: Vec<Fetched>, known: &BTreeMap<Href, ETag>) -> Vec<Fetched> {
    let same = |one: &Fetched| {
        one.etag.as_ref().is_some_and(|etag| is_made(etag) && known.get(&one.href) == Some(etag))
    };
    fetched.retain(|one| !same(one));
    fetched
}

enum Asked {
    Members(Members),
    Refused(Answer),
}

/// Everything, from the beginning. Where nothing is known, the texts are asked for along with it:
/// of measured servers, three in five give them, and one that does not says so quickly. A calendar
/// that is too much for one answer is listed without.
async fn first(
    line: &Line<'_>,
    learned: &Learned,
    collection: &Url,
    known: &BTreeMap<Href, ETag>,
) -> Result<Asked, Error> {
    if known.is_empty() && !learned.with(|session| session.without_texts) {
        match sync(line, collection, None, Texts::Asked).await {
            Ok(Asked::Refused(answer)) if answer.status == 404 => {
                return Ok(Asked::Refused(answer));
            }
            Err(error) if error.is_final() => return Err(error),
            Ok(members @ Asked::Members(_)) => return Ok(members),
            Ok(Asked::Refused(_)) | Err(_) => {
                line.has_room()?;
                learned.with(|session| session.without_texts = true);
            }
        }
    }
    sync(line, collection, None, Texts::Not).await
}

/// The sync-collection report, continued for as long as the server cuts it (section 3.6).
async fn sync(
    line: &Line<'_>,
    collection: &Url,
    token: Option<&SyncToken>,
    texts: Texts,
) -> Result<Asked, Error> {
    let mut members = Members { token: token.cloned(), ..Members::default() };
    for _ in 0..PARTS {
        let request = reports::sync(members.token.as_ref(), texts)?;
        let mut answer = line.send(collection, request).await?;
        if answer.status != 207 {
            return refused(answer, members.token.is_some());
        }
        let rows = answer.multistatus()?;
        let cut = rows.rows.iter().any(|row| row.status == Some(507));
        add(&mut members, line, collection, rows.rows)?;
        let next = rows.token.map(SyncToken::new);
        let moved = next.is_some() && next != members.token;
        members.token = next;
        if !cut {
            return Ok(Asked::Members(members));
        }
        if !moved {
            break;
        }
    }
    Err(Error::Refused("the server never comes to the end of its listing".to_owned()))
}

/// Unknown tokens are refused in four ways by five servers.
fn refused(answer: Answer, had_token: bool) -> Result<Asked, Error> {
    let stale = matches!(answer.status, 410 | 412) || answer.names("valid-sync-token");
    if had_token && stale {
        return Err(Error::Stale);
    }
    match answer.refusal("listing changes") {
        error @ (Error::Transient(_) | Error::Later { .. }) if answer.status != 500 => Err(error),
        error @ Error::NotFound(_) if had_token => Err(error),
        _ => Ok(Asked::Refused(answer)),
    }
}

/// The ETags of all members, where sync-collection is not to be had.
async fn list(line: &Line<'_>, collection: &Url) -> Result<Members, Error> {
    let path = href::path(collection);
    let request =
        Propfind::new(&path).with_depth(Depth::One).with_properties(&[&GETETAG, &RESOURCETYPE]);
    let mut answer = line.ask(collection, &request).await?;
    if answer.status != 207 {
        return Err(answer.refusal("listing the calendar"));
    }
    let rows = answer.multistatus()?.rows;
    if rows.iter().any(|row| row.status == Some(507)) {
        return Err(Error::Refused("the server lists only a part of the calendar".to_owned()));
    }
    let mut members = Members::default();
    add(&mut members, line, collection, rows)?;
    members.all.retain(|_, member| *member != Member::Gone);
    Ok(members)
}

/// Later rows win: an object may change and vanish while a long listing is told.
fn add(
    members: &mut Members,
    line: &Line<'_>,
    collection: &Url,
    rows: Vec<Row>,
) -> Result<(), Error> {
    for row in rows {
        let Some(href) = object(&row.href, collection, line) else {
            if row.status == Some(404) && is_same(&row.href, collection) {
                return Err(Error::NotFound(format!("no calendar at {}", href::path(collection))));
            }
            continue;
        };
        if row.is_collection {
            continue;
        }
        let member = match row.status {
            Some(404 | 410) => Member::Gone,
            _ => {
                members.weak |= row.weak && row.etag.is_some();
                Member::There(row.etag.clone())
            }
        };
        match Given::of(row) {
            Some(given) => drop(members.given.insert(href.clone(), given)),
            None => drop(members.given.remove(&href)),
        }
        members.all.insert(href, member);
    }
    Ok(())
}

fn is_same(raw: &str, collection: &Url) -> bool {
    let url = href::resolve(raw, collection).map(href::as_collection);
    url.is_ok_and(|url| href::path(&url) == href::path(collection))
}

/// The href of an object a server names in an answer about `collection`; `None` for collections.
/// Only the path counts: no listing can send us to another host.
pub fn object(raw: &str, collection: &Url, line: &Line<'_>) -> Option<Href> {
    let named = href::resolve(raw, collection).ok()?;
    if named.path().ends_with('/') || is_same(raw, collection) {
        return None;
    }
    let mut url = collection.clone();
    url.set_path(named.path());
    Some(href::of(&url, line.base()))
}
