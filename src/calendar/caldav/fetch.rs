//! The texts of objects: as the listing gave them, all at once (RFC 4791 section 7.8), in chunks by
//! their hrefs (section 7.9), one by one where that fails.
//!
//! Invariant: what is there is for the listing to say. An answer that leaves an object out, or does
//! not come at all, only means that the object is asked for in the next way.

use super::href;
use super::learned::Learned;
use super::listing::object;
use super::multistatus::Row;
use super::reports;
use super::transport::{Answer, Line};
use super::version::{self, Version, strong, version};
use crate::calendar::room::{OBJECT, too_large};
use crate::calendar::{Error, Fetched, Weakness, decode};
use crate::event::{ETag, Href};
use libdav::caldav::GetCalendarResources;
use reqwest::Url;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Objects asked for at once. One server reads its whole folder for each request, another refuses
/// answers of more than 10,000 components: at 250, answers stay below a megabyte, and the first
/// listing of 10,000 objects takes 41 requests.
pub const CHUNK: usize = 250;

/// Objects from which on one query for all of them is better than that many by their hrefs: of
/// 10,000, one measured server gives four times as fast.
const MANY: usize = 2 * CHUNK;

/// An object's text and version in a row of an answer.
#[derive(Debug)]
pub struct Given {
    /// `None` = too large to be kept.
    body: Option<String>,
    etag: Option<ETag>,
    weak: bool,
}

impl Given {
    /// `None` when the row has no text.
    pub fn of(row: Row) -> Option<Self> {
        let Row { data, etag, weak, .. } = row;
        data.map(|body| Self { body: Some(body).filter(|b| b.len() <= OBJECT), etag, weak })
    }
}

/// What came of fetching.
#[derive(Debug, Default)]
pub struct Haul {
    /// Fetched objects.
    pub fetched: Vec<Fetched>,
    /// Hrefs where nothing lies any more.
    pub gone: BTreeSet<Href>,
    /// Hrefs that could not be read, with a sentence.
    pub problems: Vec<(Href, String)>,
}

/// Fetches everything that a first listing names and did not give along.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_all(
    line: &Line<'_>,
    learned: &Learned,
    collection: &Url,
    hrefs: Vec<Href>,
    given: BTreeMap<Href, Given>,
) -> Result<Haul, Error> {
    let mut haul = Haul::default();
    let mut rest = take(&mut haul, learned, hrefs, given);
    if rest.len() >= MANY && !learned.with(|session| session.without_query) {
        match query(line, collection).await {
            Ok(Some(given)) => rest = take(&mut haul, learned, rest, given),
            Err(error) if error.is_final() => return Err(error),
            Ok(None) | Err(_) => {
                line.has_room()?;
                learned.with(|session| session.without_query = true);
            }
        }
    }
    let more = fetch(line, learned, collection, rest).await?;
    haul.fetched.extend(more.fetched);
    haul.problems.extend(more.problems);
    haul.gone = more.gone;
    Ok(haul)
}

/// All texts there are; `None` when the server does not give them so.
async fn query(line: &Line<'_>, collection: &Url) -> Result<Option<BTreeMap<Href, Given>>, Error> {
    let mut answer = line.send(collection, reports::query()?).await?;
    let rows = if answer.status == 207 { answer.multistatus().ok() } else { None };
    Ok(rows.map(|rows| given(line, collection, rows.rows)))
}

/// Texts by href. Later rows win.
fn given(line: &Line<'_>, collection: &Url, rows: Vec<Row>) -> BTreeMap<Href, Given> {
    let mut all = BTreeMap::new();
    for row in rows {
        let Some(href) = object(&row.href, collection, line) else { continue };
        match Given::of(row) {
            Some(given) => drop(all.insert(href, given)),
            None => drop(all.remove(&href)),
        }
    }
    all
}

/// Fetches objects. One that can't be had becomes a problem and stops nothing.
///
/// A chunk that is refused is halved, and what was found to pass is kept for the session. One that
/// is refused alone says nothing of the others: they are asked for in full chunks again.
///
/// # Errors
/// Only when no further request would do better: no network, signed out, server down, no room.
pub async fn fetch(
    line: &Line<'_>,
    learned: &Learned,
    collection: &Url,
    hrefs: Vec<Href>,
) -> Result<Haul, Error> {
    let mut haul = Haul::default();
    let mut queue = VecDeque::from(hrefs);
    let mut size = learned.with(|session| session.chunk);
    while !queue.is_empty() {
        line.has_room()?;
        let chunk: Vec<Href> = queue.drain(..size.min(queue.len())).collect();
        if learned.lacks(Weakness::NoMultiget) {
            singly(line, learned, &mut haul, chunk).await?;
            continue;
        }
        let before = haul.fetched.len();
        let rest = match multiget(line, collection, &chunk).await? {
            Some(given) => take(&mut haul, learned, chunk, given),
            None if chunk.len() > 1 => {
                size = chunk.len() / 2;
                chunk.into_iter().rev().for_each(|href| queue.push_front(href));
                continue;
            }
            None => {
                size = CHUNK;
                chunk
            }
        };
        let given = haul.fetched.len() - before;
        singly(line, learned, &mut haul, rest).await?;
        learned.note_multiget(given, haul.fetched.len() - before - given);
    }
    learned.with(|session| session.chunk = size);
    Ok(haul)
}

async fn singly(
    line: &Line<'_>,
    learned: &Learned,
    haul: &mut Haul,
    hrefs: Vec<Href>,
) -> Result<(), Error> {
    for href in hrefs {
        line.has_room()?;
        match get(line, learned, &href).await {
            Ok(Some(fetched)) => haul.fetched.push(fetched),
            Ok(None) => drop(haul.gone.insert(href)),
            Err(Error::Refused(problem)) => haul.problems.push((href, problem)),
            Err(Error::Changed) => {
                haul.problems.push((href, "the server does not give it (412)".to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One object; `None` when nothing lies there.
///
/// Where the answer bears no usable ETag, the version is read *before* the text: the other way
/// round, it could belong to a later text, which would then never be fetched.
///
/// # Errors
/// [`Error::Refused`] when this object can't be had, whatever the others do.
pub async fn get(
    line: &Line<'_>,
    learned: &Learned,
    href: &Href,
) -> Result<Option<Fetched>, Error> {
    let url = line.locate(href)?;
    let none = learned.lacks(Weakness::NoVersions);
    let mut read = match learned.with(|session| session.version_first) {
        true if !none => Some(version(line, learned, &url).await?),
        _ => None,
    };
    let answer = match (text(line, &url).await?, none || read.is_some()) {
        (Some(answer), false) if strong(&answer).is_none() => {
            learned.with(|session| session.version_first = true);
            read = Some(version(line, learned, &url).await?);
            text(line, &url).await?
        }
        (answer, _) => answer,
    };
    let Some(answer) = answer else { return Ok(None) };
    let named = match (strong(&answer), read) {
        (Some(etag), _) | (None, Some(Version::There(Some(etag)))) => Some(etag),
        (None, _) => version::weak(&answer, learned),
    };
    let body = decode(answer.body);
    let etag = named.unwrap_or_else(|| {
        learned.note(Weakness::NoVersions);
        version::made(&body)
    });
    Ok(Some(Fetched { href: href.clone(), etag: Some(etag), body }))
}

/// The answer to GET; `None` when nothing lies there.
async fn text(line: &Line<'_>, url: &Url) -> Result<Option<Answer>, Error> {
    let request = http::Request::builder().method(http::Method::GET).body(String::new());
    let request = request.map_err(|_| Error::Refused("no request".to_owned()))?;
    let answer = line.send(url, request).await?;
    match answer.status {
        404 | 410 => Ok(None),
        // A server that stumbles over one object stumbles every time.
        500 => Err(Error::Refused("the server fails to read it (500)".to_owned())),
        _ if !answer.is_success() => Err(answer.refusal("reading an object")),
        _ => Ok(Some(answer)),
    }
}

/// Texts for a chunk; `None` when the server refuses it or its answer can't be read.
async fn multiget(
    line: &Line<'_>,
    collection: &Url,
    chunk: &[Href],
) -> Result<Option<BTreeMap<Href, Given>>, Error> {
    let mut paths = Vec::with_capacity(chunk.len());
    for href in chunk {
        paths.push(line.locate(href)?.path().to_owned());
    }
    let path = href::path(collection);
    let request = GetCalendarResources::new(&path).with_hrefs(paths);
    let mut answer = match line.ask(collection, &request).await {
        // Too large an answer: half of it may do.
        Err(Error::Refused(_)) => return Ok(None),
        answer => answer?,
    };
    match answer.refusal("reading objects") {
        _ if answer.status == 207 => {
            Ok(answer.multistatus().ok().map(|rows| given(line, collection, rows.rows)))
        }
        error @ (Error::Transient(_) | Error::Later { .. }) if answer.status != 500 => Err(error),
        _ => Ok(None),
    }
}

/// Takes what an answer holds, in whatever order; returns the hrefs to ask for singly. Some servers
/// leave out the rows of missing objects; a 404 row for what was listed a moment ago may be about
/// the spelling of its href. Either way, only a 404 to its own GET says that it is gone.
fn take(
    haul: &mut Haul,
    learned: &Learned,
    hrefs: Vec<Href>,
    mut given: BTreeMap<Href, Given>,
) -> Vec<Href> {
    let mut rest = Vec::new();
    for href in hrefs {
        match given.remove(&href) {
            Some(Given { body: None, .. }) => haul.problems.push((href, too_large())),
            Some(Given { body: Some(body), etag, weak }) => {
                let etag = version::named(etag, weak, learned).unwrap_or_else(|| {
                    learned.note(Weakness::NoVersions);
                    version::made(&body)
                });
                haul.fetched.push(Fetched { href, etag: Some(etag), body });
            }
            None => rest.push(href),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_large_is_not_kept_until_the_end_of_the_listing() {
        let given = |length| {
            let data = Some("x".repeat(length));
            Given::of(Row { data, ..Row::default() }).unwrap().body.map(|body| body.len())
        };
        assert_eq!((given(OBJECT), given(OBJECT + 1)), (Some(OBJECT), None));
    }
}
