//! vdir: a folder of `.ics` files, one object a file; or one exported `.ics`, read-only.
//!
//! The folder's subfolders are the collections; a folder that holds `.ics` files itself, or has no
//! subfolder, is one too. Links are followed as far as their makers' own things go (`way.rs`). A
//! file `displayname` in a collection names it, as vdirsyncer and khal have it. Work on files
//! happens on the runtime's blocking threads.

mod name;
mod way;
mod version;
mod folder;
mod rename;
mod write;
mod watch;
mod survey;

pub use survey::{FileSystem, Survey, survey};
pub use watch::{Change, Watcher};

use super::{Calendar, Collection, Error, Fetched, Listing};
use crate::event::{ETag, Href, SyncToken};
use async_trait::async_trait;
use folder::Root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Whether blocks can go into the collection of this name in the account at this path: it can be
/// written to, or be made.
pub fn takes(path: &Path, collection: &str) -> bool {
    let writable = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|m| m.is_dir() && folder::is_writable(path, &m))
    };
    writable(path) || writable(&path.join(collection))
}

/// One account in a folder or a file.
#[derive(Debug, Clone)]
pub struct Vdir {
    root: Root,
}

impl Vdir {
    /// An account at this path; nothing is read yet.
    pub fn new(account: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { root: Root { account: account.into(), path: path.into() } }
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let root = self.root.clone();
        let done = tokio::task::spawn_blocking(move || work(&root)).await;
        done.unwrap_or_else(|_| Err(Error::Transient("reading files was broken off".to_owned())))
    }
}

#[async_trait]
impl Calendar for Vdir {
    fn account(&self) -> &str {
        &self.root.account
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        self.blocking(Root::collections).await
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// Always a full listing: folders know no tokens.
    async fn changes(
        &self,
        collection: &Collection,
        _: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        let (collection, known) = (collection.href.clone(), known.clone());
        self.blocking(move |root| root.listing(&collection, &known)).await
    }

    async fn read(&self, collection: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        let (collection, href) = (collection.href.clone(), href.clone());
        self.blocking(move |root| root.read(&collection, &href)).await
    }

    fn href_for(&self, _: &Collection, uid: &str) -> Href {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_@".contains(c) { c } else { '_' };
        Href::new(format!("{}.ics", uid.chars().map(plain).collect::<String>()))
    }

    async fn create(
        &self,
        collection: &Collection,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let (collection, href) = (collection.href.clone(), href.clone());
        let body = body.to_owned();
        self.blocking(move |root| root.create(&collection, &href, &body)).await
    }

    async fn update(
        &self,
        collection: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let (collection, href) = (collection.href.clone(), href.clone());
        let (etag, body) = (etag.clone(), body.to_owned());
        self.blocking(move |root| root.update(&collection, &href, &etag, &body)).await
    }

    async fn delete(&self, collection: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        let (collection, href, etag) = (collection.href.clone(), href.clone(), etag.clone());
        self.blocking(move |root| root.delete(&collection, &href, &etag)).await
    }

    async fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        let name = name.to_owned();
        self.blocking(move |root| root.make_collection(&name)).await
    }
}
