//! Google Calendar (API v3): events as iCalendar objects, so that the rest of the program can't
//! tell them from CalDAV's.
//!
//! Requests and answers are `google-calendar3`'s types, sent over the HTTP of every other account.
//! The package's own hub is not used, because it is not sound for either: it reads an answer of any
//! size into memory, gives up a whole page for one event it can't read, loses the status and
//! Retry-After of a refusal, puts whole answers (titles among them) into its errors, asks for no
//! compression, sends no `If-Match`, and can't clear a field.

mod client_secret;
mod grant;
mod scope;
mod kept;
mod token_file;
mod sign_ins;
mod token;
mod whose;
mod redirect;
mod sign_in;
mod service_account;
mod credentials;
mod pace;
mod refusal;
mod api;
mod directory;
mod own;
mod marks;
mod lines;
mod text;
mod series;
mod listing;
mod write;

pub use credentials::Credentials;
pub use grant::endpoint;
pub use kept::SignedIn;
pub use pace::Pace;
pub use scope::{Scope, Writing, scopes};
pub use sign_in::{Notice, SignIn, WAIT};
pub use sign_ins::remove_sign_ins;
pub use token::{TokenSource, Words};
pub use token_file::TokenFile;
pub use whose::Successor;

use super::http::Http;
use super::{Calendar, Collection, Contact, Error, Fetched, Identity, Listing};
use crate::event::{ETag, Href, SyncToken, base32hex_name};
use api::Api;
use async_trait::async_trait;
use directory::Directory;
use own::Own;
use series::{Member, Series};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use text::{Place, Role};
use write::{Block, Paint};

/// Where Google Calendar is, unless the config says otherwise.
pub const API_ROOT: &str = "https://www.googleapis.com/";

/// How to reach an account, as the config says it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The account's name in the config.
    pub account: String,
    /// Below it lies `calendar/v3/`; `None` = [`API_ROOT`].
    pub api_root: Option<String>,
    /// How fast to ask.
    pub pace: Pace,
}

/// One Google account.
pub struct Google {
    account: String,
    api: Api,
    /// The person's address, once known: saves a request, is never needed.
    address: Mutex<Option<String>>,
    own: Own,
    paint: Paint,
}

impl Google {
    /// Prepares an account; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when `api_root` is no address, or would carry tokens unencrypted.
    pub fn new(http: Http, tokens: Arc<dyn TokenSource>, access: Access) -> Result<Self, Error> {
        let Access { account, api_root, pace } = access;
        let root = api_root.as_deref().unwrap_or(API_ROOT);
        let api = Api::new(http, root, account.clone(), tokens, pace)?;
        let own = Own::new("", Writing::Nothing);
        Ok(Self { account, api, address: Mutex::new(None), own, paint: Paint::None })
    }

    /// Our blocks go into the calendar of this name.
    pub fn with_blocks(self, name: &str, writing: Writing) -> Self {
        Self { own: Own::new(name, writing), ..self }
    }

    /// Blocks get a colour by category, if so.
    pub fn with_colours(self, wanted: bool) -> Self {
        Self { paint: if wanted { Paint::ByCategory } else { Paint::None }, ..self }
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.api.requests()
    }

    fn remember(&self, address: Option<String>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

#[async_trait]
impl Calendar for Google {
    fn account(&self) -> &str {
        &self.account
    }

    fn contact(&self) -> Contact {
        self.api.contact()
    }

    fn identity(&self) -> Option<Identity> {
        self.api.identity()
    }

    fn recall_own(&self, hrefs: &[Href]) {
        self.own.recall(hrefs);
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        let line = self.api.line();
        let list = Directory::read(&line).await?;
        self.remember(list.address());
        let mut all = list.collections(&self.account);
        self.own.set_apart(&line, &list, &mut all).await?;
        Ok(all)
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        let known = self.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(address) = known {
            return Ok(vec![address]);
        }
        let address = directory::primary_address(&self.api.line()).await?;
        self.remember(address.clone());
        Ok(address.into_iter().collect())
    }

    async fn changes(
        &self,
        collection: &Collection,
        token: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let line = self.api.line();
        match token {
            Some(token) => listing::since(&line, collection.href.as_str(), token, known).await,
            None => listing::full(&line, collection.href.as_str(), known).await,
        }
    }

    async fn read(&self, collection: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        let line = self.api.line();
        let calendar = collection.href.as_str();
        let Some(item) = write::get(&line, calendar, href.as_str()).await? else { return Ok(None) };
        let (_, id, member) = Member::of(item).ok_or_else(write::not_it)?;
        let series = match member.uid().filter(|_| !member.is_single()) {
            Some(uid) => listing::members(&line, calendar, uid, href.as_str()).await?,
            None => Series::alone(id, member),
        };
        let role = if collection.read_only { Role::Guest } else { Role::Owner };
        let object = series.object(Place { calendar, role }, href.as_str());
        object.map(Some).map_err(Error::Refused)
    }

    fn href_for(&self, _: &Collection, uid: &str) -> Href {
        Href::new(base32hex_name(uid))
    }

    async fn create(
        &self,
        collection: &Collection,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let calendar = collection.href.as_str();
        let block = Block { body, paint: self.paint };
        write::insert(&self.api.line(), calendar, href.as_str(), block).await
    }

    async fn update(
        &self,
        collection: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let calendar = collection.href.as_str();
        let block = Block { body, paint: self.paint };
        write::update(&self.api.line(), calendar, href.as_str(), etag, block).await
    }

    async fn delete(&self, collection: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        let calendar = collection.href.as_str();
        write::delete(&self.api.line(), calendar, href.as_str(), etag).await
    }

    async fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        let line = self.api.line();
        let list = Directory::read(&line).await?;
        if let Some(there) = self.own.find(&line, &list, name).await? {
            return Ok(there);
        }
        let made = directory::make(&line, &list, name).await?;
        self.own.note(&made);
        Ok(made)
    }
}
