//! CalDAV (RFC 4791, RFC 6578): requests prepared by `libdav`, sent by `reqwest`.
//!
//! One account is one [`CalDav`]. A request passes the gate (where credentials may go), is signed
//! (who we say we are), sent, and followed where it is sent on; patience says when to ask again.
//! Discovery turns what the person wrote into the addresses of calendars. Answers are read here
//! and not by `libdav`, whose readers give up a whole answer for one odd row; the quirks of five
//! servers are in the comments where they bite.

mod address;
mod body;
mod discover;
mod effort;
mod fetch;
mod gate;
mod href;
mod learned;
mod listing;
mod make;
mod multistatus;
mod patience;
mod pieces;
mod reports;
mod sign;
mod transport;
mod version;
mod write;

pub use address::check_address;
pub use sign::SignIn;

use super::http::Http;
use super::{Calendar, Collection, Contact, Error, Fetched, Listing, Secret, Weakness, read_only};
use crate::event::{ETag, Href, SyncToken};
use address::Address;
use async_trait::async_trait;
use discover::Found;
use gate::Gate;
use learned::Learned;
use listing::Sync;
use reqwest::Url;
use sign::Signer;
use std::collections::{BTreeMap, BTreeSet};
use transport::{Line, Transport};
use write::Writer;

/// How to reach an account, as the config says it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The account's name in the config.
    pub account: String,
    /// A calendar, a home set, a principal, a server, a bare host, or a mail address at one.
    pub url: String,
    /// Empty = no sign-in by name, unless `url` is a mail address.
    pub username: String,
    /// The password or token.
    pub password: Secret,
    /// How to sign in.
    pub sign_in: SignIn,
    /// Hosts the person confirmed beyond the account's own site.
    pub trusted_hosts: Vec<String>,
}

/// One account on a CalDAV server.
pub struct CalDav {
    account: String,
    domain: Option<String>,
    transport: Transport,
    learned: Learned,
}

impl CalDav {
    /// Prepares an account; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when the address is none, or would carry the password unencrypted.
    pub fn new(http: Http, access: Access) -> Result<Self, Error> {
        let Access { account, url, username, password, sign_in, trusted_hosts } = access;
        let address = Address::read(&url)?;
        let names = match username.is_empty() {
            false => vec![username],
            true if password.expose().is_empty() => Vec::new(),
            true => address.names(),
        };
        let base = address.url;
        let learned = Learned::new(&base);
        let signs_in = !names.is_empty() || sign_in == SignIn::Bearer;
        let gate = Gate::new(base, account.clone(), trusted_hosts, signs_in)?;
        let signer = Signer::new(sign_in, names, password);
        if address.domain.is_some() {
            signer.be_wary();
        }
        let transport = Transport::new(http, gate, account.clone(), signer);
        Ok(Self { account, domain: address.domain, transport, learned })
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    async fn found(&self, line: &Line<'_>) -> Result<Found, Error> {
        if let Some(found) = self.learned.with(|session| session.found.clone()) {
            return Ok(found);
        }
        let found = discover::discover(line, self.domain.as_deref()).await?;
        self.learned.with(|session| session.found = Some(found.clone()));
        Ok(found)
    }

    async fn everything(
        &self,
        line: &Line<'_>,
        collection: &Collection,
        url: &Url,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let refused = self.learned.with(|session| session.without_sync.contains(&collection.id));
        let works = if refused { Sync::Refused } else { Sync::Works };
        let (listing, works) = listing::full(line, &self.learned, url, known, works).await?;
        if works == Sync::Refused {
            self.learned.with(|session| session.without_sync.insert(collection.id.clone()));
        }
        Ok(listing)
    }

    fn writer(&self, href: &Href) -> Writer<'_> {
        self.learned.with(|session| session.written.insert(href.clone()));
        Writer { line: self.transport.line(), learned: &self.learned }
    }
}

#[async_trait]
impl Calendar for CalDav {
    fn account(&self) -> &str {
        &self.account
    }

    fn contact(&self) -> Contact {
        self.transport.contact()
    }

    fn weaknesses(&self) -> BTreeSet<Weakness> {
        self.learned.weaknesses()
    }

    fn recall(&self, seen: &BTreeSet<Weakness>) {
        self.learned.recall(seen);
    }

    fn server(&self) -> Option<String> {
        Some(self.transport.line().base().origin().ascii_serialization())
    }

    fn is_tried(&self) -> bool {
        self.learned.writes_tried()
    }

    fn recall_trial(&self) {
        self.learned.note_writes_tried();
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        let line = self.transport.line();
        let found = self.found(&line).await?;
        let listed = discover::list(&line, &found).await;
        if matches!(listed, Err(Error::NotFound(_) | Error::Refused(_))) {
            // The home may have moved: look for it anew the next time.
            self.learned.with(|session| session.found = None);
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
        let listing = match token {
            Some(token) => listing::since(&line, &self.learned, &url, token, known).await?,
            None => self.everything(&line, collection, &url, known).await?,
        };
        let elsewhere = |href: &Href| !href.as_str().starts_with(collection.href.as_str());
        self.learned.with(|session| session.written.retain(elsewhere));
        Ok(listing)
    }

    async fn read(&self, _: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        fetch::get(&self.transport.line(), &self.learned, href).await
    }

    fn href_for(&self, collection: &Collection, uid: &str) -> Href {
        let folder = collection.href.as_str().trim_end_matches('/');
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
        let name: String = uid.chars().map(plain).collect();
        Href::new(format!("{folder}/{name}.ics"))
    }

    async fn create(&self, _: &Collection, href: &Href, body: &str) -> Result<Option<ETag>, Error> {
        self.writer(href).create(href, body).await
    }

    async fn update(
        &self,
        _: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        self.writer(href).update(href, etag, body).await
    }

    async fn delete(&self, _: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        self.writer(href).delete(href, etag).await
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
        let all = discover::list(&line, &there).await?;
        let mut named: Vec<Collection> = all.into_iter().filter(|one| one.name == name).collect();
        named.sort_by_key(|one| one.read_only);
        let made = match named.into_iter().next() {
            Some(one) => one,
            None => {
                let url = make::make_calendar(&line, &home, name).await?;
                discover::describe(&line, &url).await?
            }
        };
        if made.read_only { Err(read_only(&made)) } else { Ok(made) }
    }
}
