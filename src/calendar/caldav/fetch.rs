//! Objects by their hrefs: in chunks (RFC 4791 section 7.9), one by one where that fails.

use super::href;
use super::listing::object;
use super::multistatus::{Row, etag};
use super::transport::{Answer, Line};
use crate::calendar::{Error, Fetched, decode};
use crate::event::{ETag, Href};
use libdav::caldav::GetCalendarResources;
use libdav::dav::Propfind;
use libdav::names::GETETAG;
use reqwest::Url;
use reqwest::header::ETAG;
use std::collections::{BTreeMap, BTreeSet};

/// Objects asked for at once. One server reads its whole folder for each request, another refuses
/// answers of more than 10,000 components: at 250, answers stay below a megabyte, and the first
/// listing of 10,000 objects takes 41 requests.
const CHUNK: usize = 250;
/// Largest object kept, in bytes: the largest that any of five measured servers takes.
const OBJECT: usize = 25 * 1024 * 1024;

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

/// Fetches objects. One that can't be had becomes a problem and stops nothing.
///
/// # Errors
/// Only when no further request would do better: no network, signed out, server down.
pub async fn fetch(line: &Line<'_>, collection: &Url, hrefs: Vec<Href>) -> Result<Haul, Error> {
    let mut haul = Haul::default();
    let mut chunks: Vec<Vec<Href>> = hrefs.chunks(CHUNK).rev().map(<[Href]>::to_vec).collect();
    while let Some(mut chunk) = chunks.pop() {
        let single = match multiget(line, collection, &chunk).await? {
            Some(rows) => take(&mut haul, line, collection, &chunk, rows),
            None if chunk.len() > 1 => {
                let second = chunk.split_off(chunk.len() / 2);
                chunks.extend([second, chunk]);
                continue;
            }
            None => chunk,
        };
        for href in single {
            match get(line, &href).await {
                Ok(Some(fetched)) => keep(&mut haul, fetched),
                Ok(None) => drop(haul.gone.insert(href)),
                Err(Error::Refused(problem)) => haul.problems.push((href, problem)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(haul)
}

/// One object; `None` when nothing lies there.
///
/// # Errors
/// [`Error::Refused`] when this object can't be had, whatever the others do.
pub async fn get(line: &Line<'_>, href: &Href) -> Result<Option<Fetched>, Error> {
    let url = line.locate(href)?;
    let request = http::Request::builder().method(http::Method::GET).body(String::new());
    let request = request.map_err(|_| Error::Refused("no request".to_owned()))?;
    let answer = line.send(&url, request).await?;
    match answer.status {
        404 | 410 => return Ok(None),
        // A server that stumbles over one object stumbles every time.
        500 => return Err(Error::Refused("the server fails to read it (500)".to_owned())),
        _ if !answer.is_success() => return Err(answer.refusal("reading an object")),
        _ => {}
    }
    if answer.body.len() > OBJECT {
        return Err(Error::Refused(too_large()));
    }
    let version = match strong(&answer) {
        Some(version) => Some(version),
        None => version(line, &url).await?,
    };
    let body = decode(answer.body);
    Ok(Some(Fetched { href: href.clone(), etag: version, body }))
}

/// The ETag an answer carries, when it can be used for a condition.
pub fn strong(answer: &Answer) -> Option<ETag> {
    answer.header(ETAG).filter(|text| !text.starts_with("W/")).and_then(etag)
}

/// The version of one object; `None` when it is gone or has none.
///
/// # Errors
/// As requests fail.
pub async fn version(line: &Line<'_>, url: &Url) -> Result<Option<ETag>, Error> {
    let path = href::path(url);
    let answer = line.ask(url, &Propfind::new(&path).with_properties(&[&GETETAG])).await?;
    match answer.status {
        207 => Ok(answer.multistatus()?.rows.into_iter().find_map(|row| row.etag)),
        404 | 410 => Ok(None),
        _ => Err(answer.refusal("reading a version")),
    }
}

/// Rows for a chunk; `None` when the server refuses it or its answer can't be read.
async fn multiget(
    line: &Line<'_>,
    collection: &Url,
    chunk: &[Href],
) -> Result<Option<Vec<Row>>, Error> {
    let mut paths = Vec::with_capacity(chunk.len());
    for href in chunk {
        paths.push(line.locate(href)?.path().to_owned());
    }
    let path = href::path(collection);
    let request = GetCalendarResources::new(&path).with_hrefs(paths);
    let answer = match line.ask(collection, &request).await {
        // Too large an answer: half of it may do.
        Err(Error::Refused(_)) => return Ok(None),
        answer => answer?,
    };
    match answer.refusal("reading objects") {
        _ if answer.status == 207 => Ok(answer.multistatus().ok().map(|rows| rows.rows)),
        error @ Error::Transient(_) if answer.status != 500 => Err(error),
        _ => Ok(None),
    }
}

/// Takes what an answer holds; returns the hrefs it says nothing useful about.
fn take(
    haul: &mut Haul,
    line: &Line<'_>,
    collection: &Url,
    chunk: &[Href],
    rows: Vec<Row>,
) -> Vec<Href> {
    let named =
        rows.into_iter().filter_map(|row| Some((object(&row.href, collection, line)?, row)));
    let mut rows: BTreeMap<Href, Row> = named.collect();
    let mut rest = Vec::new();
    for href in chunk {
        match rows.remove(href) {
            Some(Row { data: Some(body), etag, .. }) => {
                keep(haul, Fetched { href: href.clone(), etag, body });
            }
            Some(Row { status: Some(404 | 410), .. }) => drop(haul.gone.insert(href.clone())),
            _ => rest.push(href.clone()),
        }
    }
    rest
}

fn keep(haul: &mut Haul, fetched: Fetched) {
    if fetched.body.len() > OBJECT {
        haul.problems.push((fetched.href, too_large()));
    } else {
        haul.fetched.push(fetched);
    }
}

fn too_large() -> String {
    format!("larger than {} MiB", OBJECT / (1024 * 1024))
}
