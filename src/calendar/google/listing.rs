//! What changed in a calendar: `events.list` in pages, masters and exceptions (never expanded
//! instances), by sync token.
//!
//! - Google binds a sync token to the parameters it was given for, and tells what changed since:
//!   what we have begun to ask or to write differently would stay unseen. Our tokens carry the
//!   version of both; with one of another version everything is told anew, unchanged or not.
//! - A delta shows single members of a series, and a cancelled exception hardly more than its id.
//!   The whole series is then asked for by `iCalUID`, which its members share: one request, two
//!   where the delta does not tell the UID. (`events.instances` would list every occurrence of an
//!   endless series; that filter may not be joined with a sync token.) Where so many series
//!   changed that listing everything is cheaper, where the UID can't be had, or where the filter
//!   leaves out what the delta has just told, everything is listed.
//! - A page that does not say what it is, or how the list goes on, is no page: what lies between us
//!   and Google may have cut it to `{}`, and taken for a list that would be the end of every event.
//! - Any 400 or 410 to a token, on whatever page, means: list anew. State is dropped by nobody
//!   before that listing is complete.

use super::api::{Ask, Failed, Line};
use super::series::{FIELDS, Member, Series};
use super::text::{Place, Role};
use crate::calendar::{Error, Listing};
use crate::event::{ETag, Href, SyncToken};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the text that events are written as; counted up when that changes.
const TEXT: u32 = 2;
/// Largest page that Google gives.
const PAGE: &str = "2500";
/// Most pages of one listing; short ones are legal.
const PAGES_MAX: usize = 5_000;
/// Most events of one listing.
const EVENTS_MAX: usize = 1_000_000;
/// Series asked for one by one; of more, a full listing is cheaper.
const SERIES_MAX: usize = 20;
/// What every page says it is.
const KIND: &str = "calendar#events";
/// What a person was to get.
const WHAT: &str = "list the events";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    kind: Option<String>,
    #[serde(default)]
    items: Vec<Value>,
    access_role: Option<String>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
}

/// Version of what is asked, and of what is made of it.
fn version() -> String {
    let fields = blake3::hash(FIELDS.as_bytes()).to_hex();
    format!("{TEXT}-{}:", &fields[..8])
}

/// What is listed.
enum Which<'a> {
    Everything,
    Since(&'a str),
    Uid(&'a str),
}

/// The events of one listing, all pages.
struct Pages<'a> {
    line: &'a Line<'a>,
    calendar: &'a str,
    which: Which<'a>,
    next: Option<String>,
    count: usize,
    seen: usize,
    role: Role,
    token: Option<SyncToken>,
    done: bool,
}

impl<'a> Pages<'a> {
    fn of(line: &'a Line<'a>, calendar: &'a str, which: Which<'a>) -> Self {
        let (next, token, role) = (None, None, Role::Owner);
        Self { line, calendar, which, next, count: 0, seen: 0, role, token, done: false }
    }

    /// The next page; `None` behind the last.
    async fn next(&mut self) -> Result<Option<Vec<Value>>, Failed> {
        if self.done {
            return Ok(None);
        }
        let fields = format!("kind,nextPageToken,nextSyncToken,accessRole,items({FIELDS})");
        let mut query = vec![("singleEvents", "false"), ("maxResults", PAGE)];
        query.push(("fields", fields.as_str()));
        match self.which {
            Which::Everything => {}
            Which::Since(token) => query.push(("syncToken", token)),
            Which::Uid(uid) => query.extend([("iCalUID", uid), ("showDeleted", "true")]),
        }
        query.extend(self.next.as_deref().map(|token| ("pageToken", token)));
        let url = self.line.url(&["calendars", self.calendar, "events"], &query);
        let body = self.line.ask(&Ask::get(url)).await?;
        self.line.room().take(body.len())?;
        let page: Page = self.line.json(&body)?;
        // By UID, Google need not give a sync token.
        let goes_on = page.next_page_token.is_some() || page.next_sync_token.is_some();
        let is_whole = goes_on || matches!(self.which, Which::Uid(_));
        if !is_whole || page.kind.as_deref() != Some(KIND) {
            return Err(cut().into());
        }
        self.role = Role::of(page.access_role.as_deref());
        self.count += 1;
        self.seen += page.items.len();
        match page.next_page_token {
            Some(token) => {
                let around = self.next.as_ref() == Some(&token);
                if around || self.count >= PAGES_MAX || self.seen > EVENTS_MAX {
                    let message = "Google's list of events does not come to an end";
                    return Err(Error::Transient(message.to_owned()).into());
                }
                self.next = Some(token);
            }
            None => {
                let token = page.next_sync_token;
                self.token = token.map(|token| SyncToken::new(format!("{}{token}", version())));
                self.done = true;
            }
        }
        Ok(Some(page.items))
    }
}

/// An answer that lacks what Google never leaves out.
pub fn cut() -> Error {
    Error::Transient("Google's answer was cut".to_owned())
}

/// Everything there is; objects whose version is in `known` are not told again.
///
/// # Errors
/// As [`Line::ask`].
pub async fn full(
    line: &Line<'_>,
    calendar: &str,
    known: &BTreeMap<Href, ETag>,
) -> Result<Listing, Error> {
    let mut pages = Pages::of(line, calendar, Which::Everything);
    let mut told = Told::new(calendar, known);
    let mut series: BTreeMap<String, Series> = BTreeMap::new();
    while let Some(items) = pages.next().await.map_err(|failed| line.error(failed, WHAT))? {
        for (of, id, member) in items.into_iter().filter_map(Member::of) {
            // Series are scattered over the pages, exceptions before their master among them.
            if member.is_single() {
                told.stands(pages.role, &id.clone(), &Series::alone(id, member));
            } else {
                line.room().take(Member::SIZE)?;
                series.entry(of).or_default().0.insert(id, member);
            }
        }
    }
    for (href, one) in series {
        told.stands(pages.role, &href, &one);
    }
    let Told { listing, present, .. } = told;
    Ok(Listing {
        present: Some(present.into_iter().collect()),
        // What is not there counts as absent without a word.
        removed: Vec::new(),
        token: pages.token,
        requests: line.sent(),
        ..listing
    })
}

/// What changed since the token.
///
/// # Errors
/// [`Error::Stale`] when everything must be listed anew; else as [`Line::ask`].
pub async fn since(
    line: &Line<'_>,
    calendar: &str,
    token: &SyncToken,
    known: &BTreeMap<Href, ETag>,
) -> Result<Listing, Error> {
    let Some(token) = token.as_str().strip_prefix(&version()) else {
        // Nor does the version of an event tell that we would read it differently.
        return full(line, calendar, &BTreeMap::new()).await;
    };
    let mut pages = Pages::of(line, calendar, Which::Since(token));
    let mut delta: BTreeMap<String, Series> = BTreeMap::new();
    loop {
        match pages.next().await {
            Ok(None) => break,
            Ok(Some(items)) => {
                for (of, id, member) in items.into_iter().filter_map(Member::of) {
                    line.room().take(Member::SIZE)?;
                    delta.entry(of).or_default().0.insert(id, member);
                }
            }
            Err(failed) if matches!(failed.status(), Some(400 | 410)) => return Err(Error::Stale),
            Err(failed) => return Err(line.error(failed, WHAT)),
        }
    }
    let (role, token) = (pages.role, pages.token);
    // A version in `known` says what was taken in; a delta is told even so, as a sighting.
    let nothing = BTreeMap::new();
    let mut told = Told::new(calendar, &nothing);
    let is_part = |href: &String, one: &Series| one.0.len() > 1 || !is_whole(href, one);
    if delta.iter().filter(|(href, one)| is_part(href, one)).count() > SERIES_MAX {
        return full(line, calendar, known).await;
    }
    for (href, one) in delta {
        if !is_part(&href, &one) {
            told.stands(role, &href, &one);
            continue;
        }
        match whole(line, calendar, &href, one).await? {
            Some(one) => told.stands(role, &href, &one),
            None => return full(line, calendar, known).await,
        }
    }
    Ok(Listing { token, requests: line.sent(), ..told.listing })
}

/// Whether one member says all there is to say: an event of its own, or the end of an object.
fn is_whole(href: &str, one: &Series) -> bool {
    let is_unreadable = |m: &Member| matches!(m, Member::Unreadable(_));
    one.0.get(href).is_some_and(|m| m.is_single() || m.is_cancelled() || is_unreadable(m))
}

/// A series as it stands, of which a delta showed these members; `None` = everything has to be
/// listed to know.
async fn whole(
    line: &Line<'_>,
    calendar: &str,
    href: &str,
    told: Series,
) -> Result<Option<Series>, Error> {
    if !told.stands() && told.0.contains_key(href) {
        return Ok(Some(told));
    }
    let uid = match told.0.values().find_map(Member::uid) {
        Some(uid) => Some(uid.to_owned()),
        None => uid_of(line, calendar, href).await?,
    };
    let Some(uid) = uid else { return Ok(None) };
    let series = members(line, calendar, &uid, href).await?;
    let all = told.0.keys().all(|id| series.0.contains_key(id));
    Ok(all.then_some(series))
}

/// `iCalUID` of a master; `None` when it is not there.
async fn uid_of(line: &Line<'_>, calendar: &str, id: &str) -> Result<Option<String>, Error> {
    let url = line.url(&["calendars", calendar, "events", id], &[("fields", "id,iCalUID")]);
    match line.ask(&Ask::get(url)).await {
        Ok(body) => {
            let item: Value = line.json(&body)?;
            Ok(item.get("iCalUID").and_then(Value::as_str).map(str::to_owned))
        }
        Err(failed) if matches!(failed.status(), Some(404 | 410)) => Ok(None),
        Err(failed) => Err(line.error(failed, WHAT)),
    }
}

/// The master and exceptions of a series, deleted ones too.
///
/// # Errors
/// As [`Line::ask`].
pub async fn members(
    line: &Line<'_>,
    calendar: &str,
    uid: &str,
    href: &str,
) -> Result<Series, Error> {
    let mut pages = Pages::of(line, calendar, Which::Uid(uid));
    let mut series = Series::default();
    while let Some(items) = pages.next().await.map_err(|failed| line.error(failed, WHAT))? {
        let read = items.into_iter().filter_map(Member::of);
        series.0.extend(read.filter(|(of, ..)| of == href).map(|(_, id, member)| (id, member)));
    }
    Ok(series)
}

/// A listing in the making.
struct Told<'a> {
    calendar: &'a str,
    known: &'a BTreeMap<Href, ETag>,
    listing: Listing,
    present: BTreeSet<Href>,
}

impl<'a> Told<'a> {
    fn new(calendar: &'a str, known: &'a BTreeMap<Href, ETag>) -> Self {
        Self { calendar, known, listing: Listing::default(), present: BTreeSet::new() }
    }

    fn stands(&mut self, role: Role, id: &str, series: &Series) {
        let href = Href::new(id);
        if !series.stands() {
            self.listing.removed.push(href);
            return;
        }
        if !self.present.insert(href.clone()) {
            // It moved between two pages while they were read: the later one counts.
            self.listing.changed.retain(|told| told.href != href);
        }
        let version = series.etag();
        if version.is_some() && self.known.get(&href) == version.as_ref() {
            return;
        }
        match series.object(Place { calendar: self.calendar, role }, id) {
            Ok(object) => self.listing.changed.push(object),
            Err(why) => self.listing.problems.push((href, why)),
        }
    }
}
