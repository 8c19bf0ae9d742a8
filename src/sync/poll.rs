//! Asks every collection what changed. What fails is reported and skipped; the rest goes on.
//!
//! Invariant: an account takes no more than its share of time and memory, whatever its server does.

pub(super) mod limits;

pub use limits::Limits;

use super::look::Look;
use super::status::{AccountStatus, CollectionStatus, Status};
use crate::calendar::{Calendar, Collection, Error, Listing, Room, Weakness};
use crate::event::{CollectionId, ETag, Href};
use chrono::{DateTime, TimeDelta, Utc};
use limits::Deadline;
use std::collections::{BTreeMap, BTreeSet};

/// Collections come and go rarely: asking once a day keeps a quiet turn at one request each.
const REDISCOVER: TimeDelta = TimeDelta::hours(24);
/// How long it counts that a server was tried out: software changes under an address.
pub(crate) const TRIAL: TimeDelta = TimeDelta::days(30);
/// Questions in a row that got no answer, before an account is not asked for the rest of a turn.
const SILENT: usize = 2;

/// How often an account's collections are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// Every turn: it costs nothing (a folder).
    EachTurn,
    /// Once a day, or when something is missing.
    Daily,
}

/// One account, and what the person wants of it.
pub struct Client {
    /// Its calendars.
    pub calendar: Box<dyn Calendar>,
    /// Names of the collections to read; `None` = all.
    pub wanted: Option<Vec<String>>,
    /// Name of the collection for our blocks, where this account has it.
    pub suggest_into: Option<String>,
    /// How often to look for new collections.
    pub discovery: Discovery,
}

impl Client {
    /// What a trial of the account's server goes by ([`Status::tried`]): an account that moves to
    /// another server is tried out there.
    pub fn trial(&self) -> String {
        let account = self.calendar.account();
        self.calendar.server().map_or(account.to_owned(), |server| format!("{account} {server}"))
    }
}

/// What a server says of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Its collections.
    pub collections: Vec<Collection>,
    /// Addresses it knows the person by, lower case.
    pub addresses: Vec<String>,
}

/// Collections the config names that are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Named, and not there.
    pub names: Vec<String>,
    /// What there is.
    pub there: Vec<String>,
}

/// What one account answered.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Collections and addresses, when they were asked for.
    pub discovered: Option<Result<Discovered, Error>>,
    /// Names the config wants read that no collection bears, and the names there are.
    pub missing: Option<Missing>,
    /// Guarantees it was seen not to give.
    pub weaknesses: BTreeSet<Weakness>,
    /// What each collection answered.
    pub listings: Vec<(Collection, Result<Listing, Error>)>,
}

/// Polls all accounts, in the order of the config. `progress` is told (done, known so far).
pub async fn poll(
    clients: &[Client],
    status: &Status,
    now: DateTime<Utc>,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Vec<Account> {
    poll_within(Limits::default(), clients, status, now, progress).await
}

/// Same, within other limits. Accounts that were in trouble are asked after the others: they get
/// the time that these leave.
pub async fn poll_within(
    limits: Limits,
    clients: &[Client],
    status: &Status,
    now: DateTime<Utc>,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Vec<Account> {
    let end = Deadline::after(limits.all);
    let mut order: Vec<(usize, &Client)> = clients.iter().enumerate().collect();
    order.sort_by_key(|(_, client)| is_in_trouble(status, client.calendar.account()));
    let mut answers = Vec::new();
    for (done, (place, client)) in order.into_iter().enumerate() {
        let most = if is_read(client, status) { limits.account } else { limits.all };
        let deadline = end.share(clients.len() - done, most);
        let share = Share { deadline, room: Room::of(limits.memory) };
        let answer = poll_account(client, status, now, share, progress).await;
        answers.push((place, answer));
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn is_in_trouble(status: &Status, account: &str) -> bool {
    let mut collections = status.collections.values().filter(|c| c.account == account);
    status.accounts.get(account).is_some_and(|a| a.trouble.is_some())
        || collections.any(|c| c.trouble.is_some())
}

/// All calendars of the account that are known were read at least once.
fn is_read(client: &Client, status: &Status) -> bool {
    let account = client.calendar.account();
    let mut known = status.collections.iter().filter(|(_, c)| c.account == account).peekable();
    let unread = |(id, c): (&CollectionId, &CollectionStatus)| {
        c.listed_at.is_none() && c.as_collection(id).is_some_and(|c| is_wanted(client, &c))
    };
    known.peek().is_some() && !known.any(unread)
}

async fn poll_account(
    client: &Client,
    status: &Status,
    now: DateTime<Utc>,
    share: Share,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Account {
    let name = client.calendar.account().to_owned();
    if status.tried.get(&client.trial()).is_some_and(|at| now - *at < TRIAL) {
        client.calendar.recall_trial();
    }
    if let Some(lessons) = status.lessons.get(&name) {
        client.calendar.recall(&lessons.weaknesses);
        if let Some(wait) = lessons.not_before.filter(|until| *until > now) {
            return Account { discovered: Some(Err(asked_to_wait(wait - now))), ..nobody(name) };
        }
    }
    recall_own(client, status);
    let mut collections = remembered(status, &name);
    let mut discovered = None;
    if is_discovery_due(client, status, &collections, now) {
        let mut found = share.deadline.hold(discover(client)).await;
        let stranger = found.as_ref().ok().and_then(|all| stranger(status, &name, all));
        if let Some(error) = stranger {
            collections.clear();
            found = Err(error);
        }
        if let Ok(all) = &found {
            let ours = |c: &Collection| status.collections.get(&c.id).is_some_and(|s| s.ours);
            let listed = |c: &Collection| all.collections.iter().any(|l| l.id == c.id);
            // An account that names one calendar does not list the collection we made beside it.
            collections.retain(|c| ours(c) && !listed(c));
            collections.splice(0..0, all.collections.iter().cloned());
        }
        if found.as_ref().is_err_and(Error::is_final) {
            collections.clear();
        }
        discovered = Some(found);
    }
    let missing = missing(client, &collections);
    collections.retain(|c| is_wanted(client, c));
    // Those whose turn did not come, or that took it all, don't stand before the others again.
    collections.sort_by_key(|c| {
        status.collections.get(&c.id).is_some_and(|known| known.trouble.is_some())
    });
    let ask = Asking { client, status, now, share };
    let listings = ask.all(&collections, &mut discovered, progress).await;
    let weaknesses = client.calendar.weaknesses();
    Account { name, discovered, missing, weaknesses, listings }
}

/// What an account may take in this turn.
struct Share {
    deadline: Deadline,
    /// For what all its collections tell.
    room: Room,
}

/// What listing an account's collections goes by.
struct Asking<'a> {
    client: &'a Client,
    status: &'a Status,
    now: DateTime<Utc>,
    share: Share,
}

impl Asking<'_> {
    /// What each answered; what ends the account is what was `discovered`.
    async fn all(
        &self,
        collections: &[Collection],
        discovered: &mut Option<Result<Discovered, Error>>,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Vec<(Collection, Result<Listing, Error>)> {
        let mut listings = Vec::new();
        let mut silent = usize::from(matches!(discovered, Some(Err(Error::Transient(_)))));
        let mut last = None;
        for (done, collection) in collections.iter().enumerate() {
            progress(done as u64, collections.len() as u64);
            // Each silence costs minutes, and the other accounts wait.
            let answer = match last.take().filter(|_| silent >= SILENT) {
                Some(error) => Err(error),
                None => self.share.deadline.hold(self.one(collection)).await,
            };
            match answer {
                Err(error) if error.is_final() => {
                    *discovered = Some(Err(error));
                    break;
                }
                answer => {
                    last =
                        answer.as_ref().err().filter(|e| matches!(e, Error::Transient(_))).cloned();
                    silent = if last.is_some() { silent + 1 } else { 0 };
                    listings.push((collection.clone(), answer));
                }
            }
        }
        progress(collections.len() as u64, collections.len() as u64);
        listings
    }

    async fn one(&self, collection: &Collection) -> Result<Listing, Error> {
        let listing = list(self.client, self.status, collection, self.now).await?;
        let full = |_| {
            let message =
                "its account has told as much as is read in one turn: the next one goes on";
            Error::Transient(message.to_owned())
        };
        self.share.room.take(listing.weight()).map_err(full)?;
        Ok(listing)
    }
}

/// Whoever signs in anew may sign in as somebody else, above all in a browser that knows two
/// people: nothing of theirs is taken for the person's, and nothing is written to them.
fn stranger(status: &Status, account: &str, found: &Discovered) -> Option<Error> {
    let before = &status.accounts.get(account)?.addresses;
    let told = !before.is_empty() && !found.addresses.is_empty();
    if !told || found.addresses.iter().any(|address| before.contains(address)) {
        return None;
    }
    let (now, before) = (found.addresses.join(", "), before.join(", "));
    Some(Error::Refused(format!(
        "this is the account of {now}, and before it was that of {before}: sign in as before, or \
         give it another name in the config"
    )))
}

/// An account that was not asked anything.
fn nobody(name: String) -> Account {
    let (discovered, missing) = (None, None);
    Account { name, discovered, missing, weaknesses: BTreeSet::new(), listings: Vec::new() }
}

fn asked_to_wait(wait: TimeDelta) -> Error {
    let after = wait.to_std().unwrap_or_default();
    let minutes = wait.num_minutes() + 1;
    let message = match minutes {
        ..=120 => format!("the server asked to be left alone: asked again in {minutes} min"),
        _ => format!("the server asked to be left alone: asked again in {} h", minutes / 60 + 1),
    };
    Error::Later { message, after }
}

fn missing(client: &Client, there: &[Collection]) -> Option<Missing> {
    let absent = |name: &&String| !there.iter().any(|c| c.is_called(name));
    let names: Vec<String> = client.wanted.iter().flatten().filter(absent).cloned().collect();
    let there = there.iter().map(|c| c.name.clone()).collect();
    (!names.is_empty()).then_some(Missing { names, there })
}

/// A name is not enough to know ours by: the person may have given it to one of theirs.
pub(crate) fn recall_own(client: &Client, status: &Status) {
    let account = client.calendar.account();
    let ours = status.collections.values().filter(|c| c.ours && c.account == account);
    let hrefs: Vec<Href> = ours.filter_map(|c| c.href.clone()).collect();
    client.calendar.recall_own(&hrefs);
}

fn remembered(status: &Status, account: &str) -> Vec<Collection> {
    let all = status.collections.iter().filter_map(|(id, c)| c.as_collection(id));
    all.filter(|c| c.account == account).collect()
}

fn is_discovery_due(
    client: &Client,
    status: &Status,
    known: &[Collection],
    now: DateTime<Utc>,
) -> bool {
    let account = status.accounts.get(client.calendar.account());
    let asked = account.filter(|a| a.trouble.is_none()).and_then(|a| a.discovered_at);
    let fresh = asked.is_some_and(|at| now - at < REDISCOVER) && !is_new_sign_in(client, account);
    let missing = |name: &String| !known.iter().any(|c| c.is_called(name));
    let lacks = client.wanted.iter().flatten().any(missing);
    let troubled =
        |c: &Collection| status.collections.get(&c.id).is_some_and(|s| s.trouble.is_some());
    client.discovery == Discovery::EachTurn
        || !fresh
        || known.is_empty()
        || lacks
        || known.iter().any(troubled)
}

/// Whether the person has signed in since the account was looked at, perhaps as somebody else. The
/// address tells; only where it is not known the moment does, which a replay can't set.
fn is_new_sign_in(client: &Client, before: Option<&AccountStatus>) -> bool {
    let (Some(now), Some(before)) = (client.calendar.identity(), before) else {
        return false;
    };
    match &now.address {
        Some(address) if !before.addresses.is_empty() => !before.addresses.contains(address),
        _ => before.discovered_at.is_none_or(|at| at < now.since),
    }
}

async fn discover(client: &Client) -> Result<Discovered, Error> {
    let collections = client.calendar.collections().await?;
    let addresses = match client.calendar.addresses().await {
        Ok(addresses) => addresses,
        Err(error) if error.is_final() => return Err(error),
        Err(_) => Vec::new(),
    };
    Ok(Discovered { collections, addresses })
}

/// Our own collection is always read: it shows what the person did with our blocks.
fn is_wanted(client: &Client, collection: &Collection) -> bool {
    let Some(wanted) = &client.wanted else {
        return true;
    };
    wanted.iter().chain(&client.suggest_into).any(|name| collection.is_called(name))
}

async fn list(
    client: &Client,
    status: &Status,
    collection: &Collection,
    now: DateTime<Utc>,
) -> Result<Listing, Error> {
    let known = status.collections.get(&collection.id);
    let token = known.and_then(|c| c.token.as_ref());
    let versions: BTreeMap<Href, ETag> = known
        .iter()
        .flat_map(|c| c.known.iter())
        .filter_map(|(href, k)| Some((href.clone(), k.etag.clone()?)))
        .collect();
    let mut listing = match client.calendar.changes(collection, token, &versions).await {
        // A stale token never drops state: everything is listed anew and compared.
        Err(Error::Stale) => client.calendar.changes(collection, None, &versions).await,
        other => other,
    }?;
    let Some(known) = known else {
        return Ok(listing);
    };
    let room = Room::default();
    room.take(listing.weight())?;
    let look = Look { calendar: client.calendar.as_ref(), collection, known, room };
    look.again(&mut listing, now).await?;
    Ok(listing)
}
