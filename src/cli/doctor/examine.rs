//! One account: asked as a turn would ask it, and what the answers mean.

use super::calendars;
use super::finding::{Checked, Finding, Level};
use super::weakness;
use crate::calendar::vdir::{Survey, survey};
use crate::calendar::{Collection, Contact, Error, Listing, Weakness};
use crate::cli::status::Clock;
use crate::config::{Account, AccountKind};
use crate::event::{CollectionId, ETag, Href};
use crate::sync::poll::{Client, recall_own};
use crate::sync::status::{CollectionStatus, Status};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Clocks that differ by more are said.
const CLOCKS: TimeDelta = TimeDelta::minutes(2);

/// What an account answered.
#[derive(Debug)]
pub struct Asked {
    /// Its collections, or why there are none to be had.
    pub collections: Result<Vec<Collection>, Error>,
    /// What each collection said that is read and was read before.
    pub listings: BTreeMap<CollectionId, Result<Listing, Error>>,
    contact: Contact,
    /// Addresses the server knows the person by.
    addresses: Vec<String>,
    weaknesses: BTreeSet<Weakness>,
}

/// Asks for the collections, and those that were read before for their changes: reading a calendar
/// for the first time is for a turn, which keeps what it read.
pub async fn ask(client: &Client, status: &Status, now: DateTime<Utc>) -> Asked {
    let lessons = status.lessons.get(client.calendar.account()).cloned().unwrap_or_default();
    client.calendar.recall(&lessons.weaknesses);
    recall_own(client, status);
    let mut listings = BTreeMap::new();
    let mut collections = match lessons.not_before.filter(|until| *until > now) {
        Some(until) => Err(Error::Later {
            message: "the server asked to be left alone for a while".to_owned(),
            after: (until - now).to_std().unwrap_or_default(),
        }),
        None => client.calendar.collections().await,
    };
    for collection in collections.iter().flatten() {
        let known = status.collections.get(&collection.id).filter(|k| k.listed_at.is_some());
        let Some(known) = known.filter(|_| calendars::is_read(client, collection)) else {
            continue;
        };
        let listing = list(client, collection, known).await;
        let is_final = listing.as_ref().is_err_and(Error::is_final);
        listings.insert(collection.id.clone(), listing);
        if is_final {
            break;
        }
    }
    let refused = |listing: &Result<Listing, Error>| match listing {
        Err(error @ (Error::Unauthorized(_) | Error::Later { .. })) => Some(error.clone()),
        _ => None,
    };
    if let Some(error) = listings.values().find_map(refused) {
        collections = Err(error);
    }
    let mut weaknesses = lessons.weaknesses;
    weaknesses.extend(client.calendar.weaknesses());
    let addresses = match &collections {
        Ok(_) => client.calendar.addresses().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    Asked { collections, listings, contact: client.calendar.contact(), addresses, weaknesses }
}

async fn list(
    client: &Client,
    collection: &Collection,
    known: &CollectionStatus,
) -> Result<Listing, Error> {
    let versions: BTreeMap<Href, ETag> = known
        .known
        .iter()
        .filter_map(|(href, known)| Some((href.clone(), known.etag.clone()?)))
        .collect();
    match client.calendar.changes(collection, known.token.as_ref(), &versions).await {
        Err(Error::Stale) => client.calendar.changes(collection, None, &versions).await,
        answer => answer,
    }
}

/// All that is to be said of an account.
pub fn account(
    account: &Account,
    client: &Client,
    asked: &Asked,
    status: &Status,
    clock: &Clock,
) -> Checked {
    let mut findings = Vec::new();
    match &account.kind {
        AccountKind::Vdir { path } => findings.extend(folder(path, asked)),
        AccountKind::Caldav { .. } | AccountKind::Google { .. } => {
            findings.extend(server(account, asked));
        }
    }
    if let Err(error) = &asked.collections {
        findings.insert(0, unusable(account, error, status, clock));
    }
    let all = calendars::calendars(&account.name, client, asked, status, clock);
    findings.extend(calendars::findings(account, client, asked, &all, status, clock));
    let changes = asked.weaknesses.contains(&Weakness::NoChanges);
    findings.extend(asked.weaknesses.iter().copied().map(weakness::finding));
    let tried = status.tried.contains_key(&client.trial());
    findings.extend(weakness::guarded(&asked.weaknesses, tried));
    if !changes && matches!(account.kind, AccountKind::Caldav { .. }) {
        findings.extend(tells_changes(asked));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level == Level::Broken));
    let place = match &account.kind {
        AccountKind::Vdir { path } => path.display().to_string(),
        AccountKind::Caldav { url } => host(url),
        AccountKind::Google { .. } => "calendar.google.com".to_owned(),
    };
    let (name, kind) = (account.name.clone(), account.kind.word());
    Checked { name, kind, place, calendars: all, findings }
}

/// The host of an address, without anything else it may hold.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

fn unusable(account: &Account, error: &Error, status: &Status, clock: &Clock) -> Finding {
    let mut finding = Finding::of("access", Level::Broken, error);
    let lessons = status.lessons.get(&account.name).and_then(|l| l.not_before);
    if let (Error::Later { .. }, Some(until)) = (error, lessons) {
        finding.says = format!("{}: it is not asked before {}", finding.says, clock.at(until));
        finding.level = Level::Weak;
        finding.cure = Some("nothing: the first sync after that asks it again".to_owned());
    }
    let trouble = status.accounts.get(&account.name).and_then(|a| a.trouble.as_ref());
    if let Some((_, since)) = trouble {
        finding.says = format!("{}, since {}", finding.says, clock.at(*since));
    }
    finding
}

/// How the server was reached.
fn server(account: &Account, asked: &Asked) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_google = matches!(account.kind, AccountKind::Google { .. });
    let contact = asked.contact;
    if asked.collections.is_ok() {
        let how = match (contact.sign_in, account.tls.client_certificate.is_some()) {
            (Some(how), _) => Some(how),
            (None, true) => Some("a client certificate"),
            (None, false) => None,
        };
        // Google's people choose in a browser whom they sign in as.
        let known = asked.addresses.first().filter(|_| is_google);
        let says = match (how, known.or(account.username.as_ref())) {
            (Some(how), Some(name)) => format!("signed in as {name} ({how})"),
            (Some(how), None) => format!("signed in ({how})"),
            (None, _) => "reached, without signing in".to_owned(),
        };
        findings.push(Finding::new("access", Level::Good, says));
        findings.extend(match contact.encrypted {
            Some(true) => Some(Finding::new("encryption", Level::Good, "the line is encrypted")),
            Some(false) => Some(Finding::new(
                "encryption",
                Level::Note,
                "the line is not encrypted (http): fine as long as it stays on this computer",
            )),
            None => None,
        });
    }
    findings.extend(contact.clock.filter(|ahead| ahead.abs() > CLOCKS).map(differing));
    findings
}

fn differing(ahead: TimeDelta) -> Finding {
    let side = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
    let (hours, minutes) = (ahead.abs().num_hours(), ahead.abs().num_minutes());
    let by = match hours {
        0..=2 => format!("{minutes} minutes"),
        _ => format!("{hours} hours"),
    };
    let says = format!(
        "the server's clock is {by} {side} this computer's: what you changed shortly before or \
         after an event may be taken for the other"
    );
    Finding::new("clock", Level::Weak, says)
        .cure("let this computer set its clock by the network (`timedatectl` shows it)")
}

/// Whether a turn without changes is one question and a short answer.
fn tells_changes(asked: &Asked) -> Option<Finding> {
    let answers: Vec<&Listing> = asked.listings.values().flatten().collect();
    if answers.is_empty() {
        return None;
    }
    match answers.iter().all(|listing| listing.token.is_some()) {
        true => {
            let says = "tells what changed (sync-collection): a quiet turn is one request each";
            Some(Finding::new("changes", Level::Good, says))
        }
        false => Some(weakness::finding(Weakness::NoChanges)),
    }
}

/// How a folder can be used.
fn folder(path: &Path, asked: &Asked) -> Vec<Finding> {
    let seen = match survey(path) {
        Ok(seen) => seen,
        // Said once, with since when, for the answer of the account.
        Err(_) if asked.collections.is_err() => return Vec::new(),
        Err(error) => return vec![Finding::of("access", Level::Broken, &error)],
    };
    if asked.collections.is_err() {
        return Vec::new();
    }
    let on = seen.file_system.map(|f| format!(", on {}", f.name)).unwrap_or_default();
    let mut findings = vec![match (seen.is_export, seen.is_writable) {
        (true, _) => {
            let says = format!("one exported file, which is read and never written to{on}");
            Finding::new("access", Level::Note, says)
        }
        (false, true) => {
            Finding::new("access", Level::Good, format!("can be read and written{on}"))
        }
        (false, false) => {
            Finding::new("access", Level::Note, format!("can be read, not written{on}"))
        }
    }];
    findings.extend(watching(&seen));
    findings
}

fn watching(seen: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    let remote = seen.file_system.filter(|f| f.is_remote);
    match (&seen.blind, remote) {
        (Some(error), _) => findings.push(
            Finding::new("watch", Level::Weak, format!("{error}; changes wait for the next poll"))
                .cure("the limit is set in /etc/sysctl.d; until then nothing is lost"),
        ),
        (None, Some(system)) => {
            let says = format!(
                "it lies on {}: what other computers change there waits for the next poll",
                system.name
            );
            findings.push(Finding::new("watch", Level::Note, says));
        }
        (None, None) => {
            findings.push(Finding::new("watch", Level::Good, "changes can be seen as they happen"));
        }
    }
    let plain = seen.file_system.filter(|f| f.is_plain && seen.is_writable && !seen.is_export);
    findings.extend(plain.map(|system| {
        let says = format!(
            "{} can't exchange two files in one step: another program that writes to the same \
             block in the same instant could lose its edit",
            system.name
        );
        Finding::new("exchange", Level::Note, says)
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_anything_else() {
        for (url, expected) in [
            ("https://dav.example.org:8443/alice/?x#y", "dav.example.org:8443"),
            ("alice@example.org", "example.org"),
            ("https://alice:secret@example.org/", "example.org"),
            ("dav.example.org", "dav.example.org"),
        ] {
            assert_eq!(host(url), expected);
        }
    }

    #[test]
    fn clocks_are_said_in_words() {
        let says = |minutes| differing(TimeDelta::minutes(minutes)).says;
        assert!(says(5).starts_with("the server's clock is 5 minutes ahead of this computer's"));
        assert!(says(-600).starts_with("the server's clock is 10 hours behind this computer's"));
    }
}
