//! The same lives on Google: the account that blocks are written to is one, through its API, with
//! its troubles.
//!
//! A failure prints its seed, and is played again by `CHRONOTYPE_SEED=<seed> cargo test --test
//! suite state_machine::google -- --nocapture`; `CHRONOTYPE_STEPS` is how long it goes on.

use super::life::Life;
use super::{Counts, LIFE, lived, number, print};
use crate::calendar_google::pace;
use crate::support::fake::{Fake, lock};
use crate::support::fake_faults::Dice;
use crate::support::fake_server::Server;
use crate::support::google::gate::Gate;
use async_trait::async_trait;
use chronotype::calendar::google::{Access, Google, Pace, TokenSource, Writing};
use chronotype::calendar::{Calendar, Collection, Error, Fetched, Http, Listing, Secret};
use chronotype::event::{CollectionId, ETag, Href, SyncToken};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

/// Steps in the ordinary suite.
const ORDINARY: usize = 2_500;
/// Their seed.
const SEED: u64 = 20_260_303;

/// Where requests run.
pub static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
});

/// Google in front of the simulated server, and a client that nothing disturbs.
pub struct AtGoogle {
    gate: Gate,
}

/// A sign-in that lasts.
struct SignedIn;

#[async_trait]
impl TokenSource for SignedIn {
    async fn token(&self) -> Result<Secret, Error> {
        Ok(Secret::new("canary-token-of-a-life"))
    }

    async fn refused(&self, _: &Secret) {}
}

impl AtGoogle {
    /// Opens in front of this server.
    pub fn new(server: &Arc<Mutex<Server>>) -> Self {
        lock(server).google.insert("mine/mine/work/".to_owned());
        Self { gate: Gate::start(server) }
    }

    fn client(&self) -> Google {
        let access = Access {
            account: "mine".to_owned(),
            api_root: Some(self.gate.root()),
            pace: Pace { tries: 2, ..pace() },
        };
        let _entered = RUNTIME.enter();
        let google = Google::new(Http::new().unwrap(), Arc::new(SignedIn), access).unwrap();
        google.with_blocks("chronotype", Writing::OwnCalendar)
    }

    /// The account: events at Google, tasks where they were.
    pub fn calendar(&self, server: &Arc<Mutex<Server>>) -> Box<dyn Calendar> {
        let (google, tasks) = (self.client(), Fake::new("mine", server));
        Box::new(Both { google, tasks, server: Arc::clone(server) })
    }

    /// Notes the versions that lie there.
    pub fn look(&self, server: &Arc<Mutex<Server>>) {
        let google = self.client();
        let all = RUNTIME.block_on(google.collections()).unwrap();
        let mut versions = BTreeMap::new();
        for one in all {
            let listing = RUNTIME.block_on(google.changes(&one, None, &BTreeMap::new())).unwrap();
            for found in listing.changed {
                let place = (one.id.as_str().to_owned(), found.href);
                versions.extend(found.etag.map(|etag| (place, etag)));
            }
        }
        lock(server).versions = versions;
    }
}

/// One account of two kinds.
struct Both {
    google: Google,
    tasks: Fake,
    server: Arc<Mutex<Server>>,
}

impl Both {
    fn is_google(&self, collection: &CollectionId) -> bool {
        lock(&self.server).google.contains(collection.as_str())
    }

    fn of(&self, collection: &Collection) -> &dyn Calendar {
        match self.is_google(&collection.id) {
            true => &self.google,
            false => &self.tasks,
        }
    }
}

#[async_trait]
impl Calendar for Both {
    fn account(&self) -> &str {
        "mine"
    }

    fn recall_own(&self, hrefs: &[Href]) {
        self.google.recall_own(hrefs);
    }

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        let mut all = self.google.collections().await?;
        let tasks = self.tasks.collections().await?;
        all.extend(tasks.into_iter().filter(|one| !self.is_google(&one.id)));
        Ok(all)
    }

    async fn addresses(&self) -> Result<Vec<String>, Error> {
        self.tasks.addresses().await
    }

    async fn changes(
        &self,
        collection: &Collection,
        token: Option<&SyncToken>,
        known: &BTreeMap<Href, ETag>,
    ) -> Result<Listing, Error> {
        self.of(collection).changes(collection, token, known).await
    }

    async fn read(&self, collection: &Collection, href: &Href) -> Result<Option<Fetched>, Error> {
        self.of(collection).read(collection, href).await
    }

    fn href_for(&self, collection: &Collection, uid: &str) -> Href {
        self.of(collection).href_for(collection, uid)
    }

    async fn create(
        &self,
        collection: &Collection,
        href: &Href,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        self.of(collection).create(collection, href, body).await
    }

    async fn update(
        &self,
        collection: &Collection,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        self.of(collection).update(collection, href, etag, body).await
    }

    async fn delete(&self, collection: &Collection, href: &Href, etag: &ETag) -> Result<(), Error> {
        self.of(collection).delete(collection, href, etag).await
    }

    async fn make_collection(&self, name: &str) -> Result<Collection, Error> {
        self.google.make_collection(name).await
    }
}

#[test]
fn a_few_lives() {
    let first = number("CHRONOTYPE_SEED").unwrap_or(SEED);
    let steps = number("CHRONOTYPE_STEPS").map_or(ORDINARY, |steps| steps as usize);
    let mut seeds = Dice::new(first);
    let mut all = Counts::new();
    for life in 0..steps.div_ceil(LIFE) {
        let seed = if life == 0 { first } else { seeds.next() };
        match lived(Life::at_google(seed), seed, &[]) {
            Ok(counts) => counts.into_iter().for_each(|(k, n)| *all.entry(k).or_default() += n),
            Err((place, what, story)) => {
                panic!("CHRONOTYPE_SEED={seed} step {place}: {what}\n{}", story.join("\n"));
            }
        }
    }
    print(&all);
}
