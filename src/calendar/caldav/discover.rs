//! From an address to the calendars behind it (RFC 6764 section 6, RFC 5397, RFC 4791
//! section 6.2.1).
//!
//! The address may be a calendar, a home set, a principal, a context path or a bare host.

use super::href;
use super::multistatus::{Multistatus, Row};
use super::transport::{Answer, Line};
use crate::calendar::{Collection, Error};
use crate::event::CollectionId;
use libdav::dav::Propfind;
use libdav::names::{
    CALENDAR_HOME_SET, CALENDAR_USER_ADDRESS_SET, CURRENT_USER_PRINCIPAL, DAV, DISPLAY_NAME,
    RESOURCETYPE, SUPPORTED_CALENDAR_COMPONENT_SET,
};
use libdav::{Depth, PropertyName};
use reqwest::Url;

/// Redirects followed for one question: well-known, context path, missing slash, and two to spare.
const REDIRECTS: usize = 5;
/// Home sets followed: one is usual, some servers add one for shared calendars.
const HOMES: usize = 8;
const PRIVILEGES: PropertyName = PropertyName::new(DAV, "current-user-privilege-set");
const WELL_KNOWN: &str = "/.well-known/caldav";

/// What lies behind an account's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where to list calendars.
    pub place: Place,
    /// Where new calendars go; `None` when the server names no home set.
    pub home: Option<Url>,
    /// `mailto:` addresses of the principal, lower case.
    pub addresses: Vec<String>,
}

/// Where the calendars are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The address is a calendar: this one only.
    Calendar(Url),
    /// The calendars are members of these home sets.
    Homes(Vec<Url>),
}

/// Finds the calendars behind the account's address.
///
/// # Errors
/// [`Error::Refused`] when there is no CalDAV server, with what was found instead.
pub async fn discover(line: &Line<'_>) -> Result<Found, Error> {
    let base = line.base().clone();
    let mut found_instead = String::new();
    for path in [None, Some(WELL_KNOWN), Some("/")] {
        let mut url = base.clone();
        if let Some(path) = path {
            url.set_path(path);
            url.set_query(None);
        }
        match look(line, url).await? {
            Look::Found(found) => return Ok(found),
            Look::Nothing(instead) if found_instead.is_empty() => found_instead = instead,
            Look::Nothing(_) => {}
        }
    }
    Err(Error::Refused(format!(
        "no CalDAV server at {}: it answered {found_instead}; give the address that the provider \
         names for CalDAV",
        base.host_str().unwrap_or_default()
    )))
}

enum Look {
    Found(Found),
    Nothing(String),
}

/// Everything that tells what an address is.
async fn probe(line: &Line<'_>, url: Url, depth: Depth) -> Result<(Answer, Multistatus), Answered> {
    let mut url = url;
    for _ in 0..=REDIRECTS {
        let path = href::path(&url);
        let request = Propfind::new(&path).with_depth(depth).with_properties(&[
            &RESOURCETYPE,
            &DISPLAY_NAME,
            &SUPPORTED_CALENDAR_COMPONENT_SET,
            &PRIVILEGES,
            &CURRENT_USER_PRINCIPAL,
            &CALENDAR_HOME_SET,
            &CALENDAR_USER_ADDRESS_SET,
        ]);
        let answer = line.ask(&url, &request).await?;
        match answer.redirect() {
            Some(target) => url = target?,
            None if answer.status == 207 => {
                let rows = answer.multistatus()?;
                return Ok((answer, rows));
            }
            None => return Err(Answered::Otherwise(answer)),
        }
    }
    Err(Answered::Failed(Error::Refused("the server redirects in circles".to_owned())))
}

enum Answered {
    Failed(Error),
    Otherwise(Answer),
}

impl From<Error> for Answered {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

async fn look(line: &Line<'_>, url: Url) -> Result<Look, Error> {
    let (answer, rows) = match probe(line, url, Depth::Zero).await {
        Ok(probed) => probed,
        Err(Answered::Otherwise(answer)) if answer.status == 429 || answer.status >= 500 => {
            return match answer.refusal("finding calendars") {
                error @ Error::Transient(_) => Err(error),
                _ => Ok(Look::Nothing(answer.brief())),
            };
        }
        Err(Answered::Otherwise(answer)) => return Ok(Look::Nothing(answer.brief())),
        Err(Answered::Failed(error)) => return Err(error),
    };
    let Some(here) = rows.rows.into_iter().find(|row| row.status.is_none_or(|s| s < 400)) else {
        return Ok(Look::Nothing("404".to_owned()));
    };
    let principal =
        here.principal.first().map(|raw| href::resolve(raw, &answer.url)).transpose()?;
    let mut homes = urls(&here.homes, &answer.url)?;
    let mut addresses = mail_addresses(&here.addresses);
    if let Some(principal) = principal.as_ref().filter(|_| homes.is_empty()) {
        match probe(line, principal.clone(), Depth::Zero).await {
            Ok((at, rows)) => {
                let row = rows.rows.into_iter().next().unwrap_or_default();
                homes = urls(&row.homes, &at.url)?;
                addresses = mail_addresses(&row.addresses);
            }
            Err(Answered::Failed(error)) => return Err(error),
            Err(Answered::Otherwise(_)) => {}
        }
    }
    let home = homes.first().cloned().map(href::as_collection);
    if here.is_calendar {
        let place = Place::Calendar(href::as_collection(answer.url));
        return Ok(Look::Found(Found { place, home, addresses }));
    }
    let known = principal.iter().chain(&homes).any(|url| url.path().starts_with(answer.url.path()));
    if here.is_collection && !known && !calendars(line, &answer.url).await?.is_empty() {
        let here = href::as_collection(answer.url);
        let place = Place::Homes(vec![here.clone()]);
        return Ok(Look::Found(Found { place, home: Some(here), addresses }));
    }
    if homes.is_empty() {
        let what = if principal.is_some() { "a person without calendars" } else { "no calendar" };
        return Ok(Look::Nothing(what.to_owned()));
    }
    Ok(Look::Found(Found { place: Place::Homes(homes), home, addresses }))
}

fn urls(raw: &[String], base: &Url) -> Result<Vec<Url>, Error> {
    raw.iter().take(HOMES).map(|raw| href::resolve(raw, base)).collect()
}

fn mail_addresses(raw: &[String]) -> Vec<String> {
    let lower = raw.iter().map(|raw| raw.trim().to_lowercase());
    let mails = lower.filter_map(|raw| raw.strip_prefix("mailto:").map(href::decode));
    let mut all: Vec<String> = mails.filter(|mail| mail.contains('@')).collect();
    all.sort();
    all.dedup();
    all
}

/// The calendars an account's address leads to.
///
/// # Errors
/// As requests fail; [`Error::NotFound`] when a home set is gone.
pub async fn list(line: &Line<'_>, found: &Found) -> Result<Vec<Collection>, Error> {
    match &found.place {
        Place::Calendar(url) => Ok(vec![describe(line, url).await?]),
        Place::Homes(homes) => {
            let mut all: Vec<Collection> = Vec::new();
            for home in homes {
                for one in calendars(line, home).await? {
                    if all.iter().all(|other| other.id != one.id) {
                        all.push(one);
                    }
                }
            }
            Ok(all)
        }
    }
}

/// One calendar by its address.
///
/// # Errors
/// [`Error::NotFound`] when none is there.
pub async fn describe(line: &Line<'_>, url: &Url) -> Result<Collection, Error> {
    let (answer, rows) = probe(line, url.clone(), Depth::Zero).await.map_err(plain)?;
    let row = rows.rows.into_iter().find(|row| row.status.is_none_or(|status| status < 400));
    row.and_then(|row| collection(line, &row, &answer.url))
        .ok_or_else(|| Error::NotFound(format!("no calendar at {}", href::of(url, line.base()))))
}

async fn calendars(line: &Line<'_>, home: &Url) -> Result<Vec<Collection>, Error> {
    let (answer, rows) = probe(line, home.clone(), Depth::One).await.map_err(plain)?;
    Ok(rows.rows.iter().filter_map(|row| collection(line, row, &answer.url)).collect())
}

fn plain(answered: Answered) -> Error {
    match answered {
        Answered::Failed(error) => error,
        Answered::Otherwise(answer) => answer.refusal("listing calendars"),
    }
}

/// A calendar that holds events or tasks; anything else is `None`.
fn collection(line: &Line<'_>, row: &Row, asked: &Url) -> Option<Collection> {
    let ours = |name: &String| name == "VEVENT" || name == "VTODO";
    let holds = row.components.as_ref().is_none_or(|all| all.iter().any(ours));
    if !row.is_calendar || !holds {
        return None;
    }
    let url = href::as_collection(href::resolve(&row.href, asked).ok()?);
    let href = href::of(&url, line.base());
    let last = href.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = row.name.clone().unwrap_or_else(|| last.to_owned());
    Some(Collection {
        id: CollectionId::new(format!("{}/{href}", line.account())),
        account: line.account().to_owned(),
        name,
        read_only: row.privileges.as_ref().is_some_and(|all| !may_write(all)),
        href,
    })
}

/// Whether blocks may be created, changed and deleted (RFC 3744 section 3). Leaves, and what they
/// are gathered under (`write`, `all`), may stand side by side or inside one another.
fn may_write(privileges: &[String]) -> bool {
    let has = |name: &str| privileges.iter().any(|one| one == name);
    let leaves = ["bind", "unbind", "write-content"];
    privileges.is_empty() || has("all") || has("write") || leaves.into_iter().all(has)
}
