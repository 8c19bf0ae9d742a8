//! The only function that writes to a calendar. It takes operations on our own blocks and nothing
//! else; creates are conditional on nothing being there, updates and deletes on the version last
//! seen (safety contract, points 1 and 2).

use super::poll::limits::Deadline;
use super::poll::{Client, Limits};
use super::reconcile::{Action, Operation, OwnBlock, Standing, Target};
use crate::calendar::{Calendar, Collection, Error, Reading, compare, read_only};
use crate::event::{CollectionId, ETag, Href, Uid};
use std::collections::BTreeMap;

/// What became of one operation.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Which block.
    pub uid: Uid,
    /// The account it concerns; `None` = its collection is not there.
    pub account: Option<String>,
    /// Where it was to be created; `None` for other writes, and when there is no such place.
    pub created_in: Option<Collection>,
    /// How it ended.
    pub result: Result<Written, Error>,
}

/// How a write ended.
#[derive(Debug, Clone)]
pub enum Written {
    /// It lies there now.
    Stands {
        /// In this collection.
        collection: Collection,
        /// Under this href.
        href: Href,
        /// With this version.
        etag: Option<ETag>,
        /// With this text.
        body: String,
    },
    /// It is gone.
    Gone,
}

/// Performs the operations in order; an account that is signed out, or wants to be left alone, is
/// not asked for the rest of them. `after_each` runs behind every write (tests stop there).
pub async fn apply(
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    operations: &[Operation],
    after_each: &(dyn Fn(usize) + Send + Sync),
) -> Vec<Applied> {
    apply_within(Limits::default(), clients, collections, operations, after_each).await
}

/// Same, within other limits. What is broken off was done or not: the next turn finds out, as
/// after a crash.
pub async fn apply_within(
    limits: Limits,
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    operations: &[Operation],
    after_each: &(dyn Fn(usize) + Send + Sync),
) -> Vec<Applied> {
    let mut deadlines: BTreeMap<Option<String>, Deadline> = BTreeMap::new();
    let mut made: Option<Result<Collection, Error>> = None;
    let mut shut: BTreeMap<String, Error> = BTreeMap::new();
    let mut results = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        let account = account_of(collections, operation);
        let created_in;
        let result;
        match account.as_ref().and_then(|name| shut.get(name)) {
            Some(error) => (created_in, result) = (None, Err(error.clone())),
            None => {
                let deadline = deadlines
                    .entry(account.clone())
                    .or_insert_with(|| Deadline::after(limits.writes));
                let done = async { Ok(perform(clients, collections, operation, &mut made).await) };
                let done = deadline.hold(done).await;
                (created_in, result) = done.unwrap_or_else(|late| (None, Err(late)));
            }
        }
        if let (Some(name), Err(error)) = (&account, &result)
            && error.is_final()
        {
            shut.insert(name.clone(), error.clone());
        }
        results.push(Applied { uid: operation.block.uid().clone(), account, created_in, result });
        after_each(place);
    }
    results
}

fn account_of(
    collections: &BTreeMap<CollectionId, Collection>,
    operation: &Operation,
) -> Option<String> {
    match &operation.action {
        Action::Create { into: Target::Known(collection) } => Some(collection.account.clone()),
        Action::Create { into: Target::ToBeMade { account, .. } } => Some(account.clone()),
        Action::Update(standing) | Action::Delete(standing) => {
            located(collections, standing).ok().map(|collection| collection.account.clone())
        }
    }
}

/// Where it was to be created, and how it ended.
async fn perform(
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    operation: &Operation,
    made: &mut Option<Result<Collection, Error>>,
) -> (Option<Collection>, Result<Written, Error>) {
    let block = &operation.block;
    match &operation.action {
        Action::Create { into: Target::Known(collection) } => {
            (Some(collection.clone()), create(clients, collection, block).await)
        }
        Action::Create { into: Target::ToBeMade { account, name } } => {
            let made = match made {
                Some(made) => made,
                None => made.insert(make(clients, collections, account, name).await),
            };
            match made {
                Ok(collection) => {
                    (Some(collection.clone()), create(clients, collection, block).await)
                }
                Err(error) => (None, Err(error.clone())),
            }
        }
        Action::Update(standing) => (None, replace(clients, collections, standing, block).await),
        Action::Delete(standing) => (None, remove(clients, collections, standing).await),
    }
}

fn of_account<'a>(clients: &'a [Client], account: &str) -> Result<&'a dyn Calendar, Error> {
    clients
        .iter()
        .map(|c| c.calendar.as_ref())
        .find(|c| c.account() == account)
        .ok_or_else(|| Error::NotFound(format!("no account {account} in the config")))
}

/// A second calendar under the name of one that can only be read would puzzle the person: they
/// are told instead.
async fn make(
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    account: &str,
    name: &str,
) -> Result<Collection, Error> {
    let mut named = collections.values().filter(|c| c.account == account && c.is_called(name));
    if let Some(there) = named.find(|c| c.read_only) {
        return Err(read_only(there));
    }
    of_account(clients, account)?.make_collection(name).await
}

async fn create(
    clients: &[Client],
    collection: &Collection,
    block: &OwnBlock,
) -> Result<Written, Error> {
    let calendar = of_account(clients, &collection.account)?;
    let href = calendar.href_for(collection, block.uid().as_str());
    let stands = |etag, body: &str| Written::Stands {
        collection: collection.clone(),
        href: href.clone(),
        etag,
        body: body.to_owned(),
    };
    match calendar.create(collection, &href, block.body()).await {
        Ok(etag) => Ok(stands(etag, block.body())),
        // A crash after an earlier write, or a repeated reply: it is our own block already. What
        // reads differently was changed since, or is not ours: the next listing shows it.
        Err(Error::Changed) => match calendar.read(collection, &href).await? {
            Some(found) if compare(&found.body, block.body()) == Reading::Same => {
                Ok(stands(found.etag, &found.body))
            }
            _ => Err(Error::Changed),
        },
        Err(error) => Err(error),
    }
}

fn located<'a>(
    collections: &'a BTreeMap<CollectionId, Collection>,
    standing: &Standing,
) -> Result<&'a Collection, Error> {
    collections
        .get(&standing.collection)
        .ok_or_else(|| Error::NotFound("the collection of a block is not there".to_owned()))
}

/// The version last seen. Without one nothing is written: the next listing brings it.
fn version(standing: &Standing) -> Result<&ETag, Error> {
    standing.etag.as_ref().ok_or(Error::Changed)
}

async fn replace(
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    standing: &Standing,
    block: &OwnBlock,
) -> Result<Written, Error> {
    let collection = located(collections, standing)?;
    let calendar = of_account(clients, &collection.account)?;
    let seen = version(standing)?;
    let etag = calendar.update(collection, &standing.href, seen, block.body()).await?;
    Ok(Written::Stands {
        collection: collection.clone(),
        href: standing.href.clone(),
        etag,
        body: block.body().to_owned(),
    })
}

async fn remove(
    clients: &[Client],
    collections: &BTreeMap<CollectionId, Collection>,
    standing: &Standing,
) -> Result<Written, Error> {
    let collection = located(collections, standing)?;
    let calendar = of_account(clients, &collection.account)?;
    calendar.delete(collection, &standing.href, version(standing)?).await?;
    Ok(Written::Gone)
}
