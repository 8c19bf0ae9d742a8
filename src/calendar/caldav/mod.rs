//! CalDAV (RFC 4791, RFC 6578): requests prepared by `libdav`, sent by `reqwest`.
//!
//! One account is one [`CalDav`]. Answers are read here and not by `libdav`, whose readers give up
//! a whole answer for one odd row; the quirks of five servers are in the comments where they bite.

mod discover;
mod fetch;
mod gate;
mod href;
mod listing;
mod multistatus;
mod transport;
mod write;

use super::http::Http;
use super::{Calendar, Collection, Contact, Error, Fetched, Listing, Secret};
use crate::event::{CollectionId, ETag, Href, SyncToken};
use async_trait::async_trait;
use discover::Found;
use gate::Gate;
use listing::Sync;
use reqwest::Url;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use transport::{Line, Transport};
use write::Conditions;

/// How to reach an account, as the config says it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The account's name in the config.
    pub account: String,
    /// A calendar, a home set, a principal, a server, a bare host, or a mail address at one.
    pub url: String,
    /// Empty = no sign-in.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// Hosts the person confirmed beyond the account's own site.
    pub trusted_hosts: Vec<String>,
}

/// One account on a CalDAV server.
pub struct CalDav {
    account: String,
    transport: Transport,
    learned: Mutex<Learned>,
}

/// What the server taught us since the start: saves requests, is never needed.
#[derive(Debug)]
struct Learned {
    found: Option<Found>,
    without_sync: BTreeSet<CollectionId>,
    conditions: Conditions,
}

impl CalDav {
    /// Prepares an account; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when the address is none, or would carry the password unencrypted.
    pub fn new(http: Http, access: Access) -> Result<Self, Error> {
        let Access { account, url, username, password, trusted_hosts } = access;
        let base = address(&url)?;
        let conditions = Conditions::of(&base);
        let gate = Gate::new(base, account.clone(), trusted_hosts, !username.is_empty())?;
        let transport = Transport::new(http, gate, account.clone(), username, password);
        let learned = Learned { found: None, without_sync: BTreeSet::new(), conditions };
        Ok(Self { account, transport, learned: Mutex::new(learned) })
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    fn learned<T>(&self, with: impl FnOnce(&mut Learned) -> T) -> T {
        with(&mut self.learned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn conditions(&self) -> Conditions {
        self.learned(|learned| learned.conditions)
    }

    async fn found(&self, line: &Line<'_>) -> Result<Found, Error> {
        if let Some(found) = self.learned(|learned| learned.found.clone()) {
            return Ok(found);
        }
        let found = discover::discover(line).await?;
        self.learned(|learned| learned.found = Some(found.clone()));
        Ok(found)
    }
}

/// Whether an account may have this address; nothing is sent.
///
/// # Errors
/// [`Error::Refused`] when it is none, or would carry the password unencrypted.
pub fn check_address(text: &str, signs_in: bool) -> Result<(), Error> {
    Gate::new(address(text)?, String::new(), Vec::new(), signs_in).map(|_| ())
}

/// Reads the account's address; one without a scheme is a host, or a mail address at one.
fn address(text: &str) -> Result<Url, Error> {
    let text = text.trim();
    // What stands before the '@' may be a password: it is neither repeated nor dropped in silence.
    let holds_secret = || {
        Error::Refused(
            "the address must not hold a password: give username and \
                        password_command"
                .to_owned(),
        )
    };
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
        if user.contains(':') {
            return Err(holds_secret());
        }
        // One slash too few.
        let slip = host.contains(":/");
        format!("https://{}", if slip { "" } else { host })
    };
    let url = Url::parse(&full).ok().filter(Url::has_host);
    let no_address = || match text.contains('@') {
        true => Error::Refused("this is not a web address".to_owned()),
        false => Error::Refused(format!("'{text}' is not a web address")),
    };
    let mut url = url.ok_or_else(no_address)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(holds_secret());
    }
    url.set_fragment(None);
    url.set_query(None);
    Ok(url)
}

#[async_trait]
impl Calendar for CalDav {
    fn account(&self) -> &str {
        &self.account
    }

    fn contact(&self) -> Contact {
        self.transport.contact()
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        let line = self.transport.line();
        let found = self.found(&line).await?;
        let listed = discover::list(&line, &found).await;
        if matches!(listed, Err(Error::NotFound(_) | Error::Refused(_))) {
            // The home may have moved: look for it anew the next time.
            self.learned(|learned| learned.found = None);
        }
        listed
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        Ok(self.found(&self.transport.line()).await?.addresses)
    }

    async fn changes(
        &self,
        collection: &Collection,
        token: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let line = self.transport.line();
        let url = href::as_collection(line.locate(&collection.href)?);
        if let Some(token) = token {
            return listing::since(&line, &url, token, known).await;
        }
        let refused = self.learned(|learned| learned.without_sync.contains(&collection.id));
        let works = if refused { Sync::Refused } else { Sync::Works };
        let (listing, works) = listing::full(&line, &url, known, works).await?;
        if works == Sync::Refused {
            self.learned(|learned| learned.without_sync.insert(collection.id.clone()));
        }
        Ok(listing)
    }

    async fn read(&self, _: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        fetch::get(&self.transport.line(), href).await
    }

    fn href_for(&self, collection: &Collection, uid: &str) -> Href {
        let folder = collection.href.as_str().trim_end_matches('/');
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
        let name: String = uid.chars().map(plain).collect();
        Href::new(format!("{folder}/{name}.ics"))
    }

    async fn create(&self, _: &Collection, href: &Href, body: &str) -> Result<Option<ETag>, Error> {
        let line = self.transport.line();
        let created = write::create(&line, href, body, self.conditions()).await?;
        self.learned(|learned| learned.conditions = created.conditions);
        Ok(created.etag)
    }

    async fn update(
        &self,
        _: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        write::update(&self.transport.line(), href, etag, body, self.conditions()).await
    }

    async fn delete(&self, _: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        write::delete(&self.transport.line(), href, etag, self.conditions()).await
    }

    async fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        let line = self.transport.line();
        let found = self.found(&line).await?;
        let home = found.home.clone().ok_or_else(|| {
            Error::Refused(format!(
                "the server does not say where new calendars go: make '{name}' by hand"
            ))
        })?;
        let there = discover::Found { place: discover::Place::Homes(vec![home.clone()]), ..found };
        let mut all = discover::list(&line, &there).await?.into_iter();
        if let Some(one) = all.find(|one| one.name == name && !one.read_only) {
            return Ok(one);
        }
        let url = write::make_calendar(&line, &home, name).await?;
        discover::describe(&line, &url).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_type() {
        for (text, expected) in [
            ("https://dav.example.com/alice/", Some("https://dav.example.com/alice/")),
            ("dav.example.com", Some("https://dav.example.com/")),
            ("alice@example.com", Some("https://example.com/")),
            ("https://alice:secret@example.com/", None),
            ("not an address", None),
            ("", None),
        ] {
            assert_eq!(address(text).ok().as_ref().map(Url::as_str), expected, "{text}");
        }
    }
}
