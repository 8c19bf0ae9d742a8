//! An account that can't be asked before the person has mended something: it answers everything
//! with the reason, so that a turn reports it and goes on, as for any other account in trouble.

use super::{Calendar, Collection, Error, Fetched, Listing};
use crate::event::{ETag, Href, SyncToken};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// An account without a password, or of a kind that is not served.
#[derive(Debug, Clone)]
pub struct Unreachable {
    /// The account's name in the config.
    pub account: String,
    /// Why.
    pub reason: Error,
}

impl Unreachable {
    fn refuse<T>(&self) -> Result<T, Error> {
        Err(self.reason.clone())
    }
}

#[async_trait]
impl Calendar for Unreachable {
    fn account(&self) -> &str {
        &self.account
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        self.refuse()
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        self.refuse()
    }

    async fn changes(
        &self,
        _: &Collection,
        _: Option<&SyncToken>,
        _: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        self.refuse()
    }

    async fn read(&self, _: &Collection, _: &Href) -> Result<Option<Fetched>, Error> {
        self.refuse()
    }

    fn href_for(&self, _: &Collection, uid: &str) -> Href {
        Href::new(uid)
    }

    async fn create(&self, _: &Collection, _: &Href, _: &str) -> Result<Option<ETag>, Error> {
        self.refuse()
    }

    async fn update(
        &self,
        _: &Collection,
        _: &Href,
        _: &ETag,
        _: &str,
    ) -> Result<Option<ETag>, Error> {
        self.refuse()
    }

    async fn delete(&self, _: &Collection, _: &Href, _: &ETag) -> Result<(), Error> {
        self.refuse()
    }

    async fn make_collection(&self, _: &str) -> Result<Collection, Error> {
        self.refuse()
    }
}
