//! From an address to the calendars behind it (RFC 6764 section 6, RFC 5397, RFC 4791
//! section 6.2.1).
//!
//! The address may be a calendar, a home set, a principal, a context path, a host or a domain. A
//! domain's DNS may name other hosts: those the gate refuses are told to the person, not asked.

use super::href;
use super::multistatus::{Multistatus, Row};
use super::transport::{Answer, Line};
use crate::calendar::names::Service;
use crate::calendar::{Collection, Error};
use crate::event::CollectionId;
use libdav::dav::Propfind;
use libdav::names::{
    CALENDAR_HOME_SET, CALENDAR_USER_ADDRESS_SET, CURRENT_USER_PRINCIPAL, DAV, DISPLAY_NAME,
    RESOURCETYPE, SUPPORTED_CALENDAR_COMPONENT_SET,
};
use libdav::{Depth, PropertyName};
use reqwest::Url;

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

/// Finds the calendars behind the account's address; `domain` is set when that is all it is.
///
/// # Errors
/// [`Error::Refused`] when there is no CalDAV server, with what was found instead.
pub async fn discover(line: &Line<'_>, domain: Option<&str>) -> Result<Found, Error> {
    let base = line.base().clone();
    let mut instead: Option<Instead> = None;
    let mut hidden: Option<Error> = None;
    if let Some(domain) = domain {
        let service = line.names().caldav(domain).await;
        if service.declined {
            return Err(Error::Refused(format!(
                "no CalDAV server: {domain} says in its DNS that it has none; give the address \
                 that the provider names for CalDAV"
            )));
        }
        hidden = only_plain(domain, &service);
        let mut silent = Vec::new();
        for candidate in candidates(&service) {
            let origin = candidate.origin();
            if silent.contains(&origin) {
                continue;
            }
            match look_at(line, candidate, domain).await {
                Ok(Look::Found(found)) => return Ok(found),
                Ok(Look::Nothing(found)) => drop(instead.get_or_insert(found)),
                Err(error @ (Error::Unauthorized(_) | Error::Later { .. })) => return Err(error),
                // The next server may do.
                Err(error) => {
                    hidden.get_or_insert(error);
                    silent.push(origin);
                }
            }
        }
    }
    let given = (domain.is_none()).then(|| base.clone());
    for url in given.into_iter().chain([at(&base, WELL_KNOWN), at(&base, "/")]) {
        match look(line, url).await {
            Ok(Look::Found(found)) => return Ok(found),
            Ok(Look::Nothing(found)) => drop(instead.get_or_insert(found)),
            Err(error @ (Error::Unauthorized(_) | Error::Later { .. })) => return Err(error),
            Err(error) => return Err(hidden.unwrap_or(error)),
        }
    }
    Err(hidden.unwrap_or_else(|| nothing_there(&base, instead.unwrap_or_default())))
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

/// Addresses to try on the servers a domain names.
fn candidates(service: &Service) -> Vec<Url> {
    let servers = service.servers.iter();
    let servers = servers.filter_map(|(host, port)| {
        let mut url = Url::parse(&format!("https://{host}/")).ok()?;
        url.set_port(Some(*port)).ok()?;
        Some(url)
    });
    let path = service.path.as_deref().and_then(|path| path.split(['?', '#']).next());
    let paths: Vec<&str> = path.into_iter().chain([WELL_KNOWN, "/"]).collect();
    servers.flat_map(|url| paths.iter().map(|path| at(&url, path)).collect::<Vec<_>>()).collect()
}

/// What to say when nothing better turns up.
fn only_plain(domain: &str, service: &Service) -> Option<Error> {
    (service.plain && service.servers.is_empty()).then(|| {
        Error::Refused(format!(
            "no CalDAV server over https: {domain} names one for plain http only, which may not \
             see a password; ask the provider for an https address"
        ))
    })
}

async fn look_at(line: &Line<'_>, url: Url, domain: &str) -> Result<Look, Error> {
    if line.check(&url).is_err() {
        let host = url.host_str().unwrap_or_default();
        return Err(Error::Refused(format!(
            "the DNS of {domain} names the server {host}, which is another site: if it is yours, \
             add \"{host}\" to trusted_hosts of the account {}",
            line.account()
        )));
    }
    look(line, url).await
}

enum Look {
    Found(Found),
    Nothing(Instead),
}

/// What was found where no calendar is.
#[derive(Debug, Default)]
struct Instead {
    brief: String,
    /// A page of SOGo's, whose well-known address leads nowhere.
    is_sogo: bool,
}

impl From<&str> for Instead {
    fn from(brief: &str) -> Self {
        Self { brief: brief.to_owned(), is_sogo: false }
    }
}

impl From<&Answer> for Instead {
    fn from(answer: &Answer) -> Self {
        let brief = answer.brief();
        let is_page = answer.is_success() && brief.contains("html");
        let is_sogo = is_page && answer.body.windows(4).any(|word| word == b"SOGo");
        Self { brief, is_sogo }
    }
}

fn nothing_there(base: &Url, instead: Instead) -> Error {
    let host = base.host_str().unwrap_or_default();
    let brief = instead.brief;
    Error::Refused(match instead.is_sogo {
        true => format!(
            "no CalDAV server at {host}: it answered {brief}, a page of SOGo; give url = \"{}\"",
            at(base, "/SOGo/dav/")
        ),
        false => format!(
            "no CalDAV server at {host}: it answered {brief}; give the address that the provider \
             names for CalDAV"
        ),
    })
}

/// Everything that tells what an address is.
async fn probe(line: &Line<'_>, url: Url, depth: Depth) -> Result<(Answer, Multistatus), Answered> {
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
    let mut answer = line.ask(&url, &request).await?;
    if answer.status != 207 {
        return Err(Answered::Otherwise(Box::new(answer)));
    }
    let rows = answer.multistatus()?;
    Ok((answer, rows))
}

enum Answered {
    Failed(Error),
    Otherwise(Box<Answer>),
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
                _ => Ok(Look::Nothing(Instead::from(&*answer))),
            };
        }
        Err(Answered::Otherwise(answer)) => return Ok(Look::Nothing(Instead::from(&*answer))),
        Err(Answered::Failed(error)) => return Err(error),
    };
    let Some(here) = rows.rows.into_iter().find(|row| row.status.is_none_or(|s| s < 400)) else {
        return Ok(Look::Nothing(Instead::from("404")));
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
        return Ok(Look::Nothing(Instead::from(what)));
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
