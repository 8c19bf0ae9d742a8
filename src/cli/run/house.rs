//! What the service needs of a person's config.

use crate::calendar::Http;
use crate::cli::{Global, account, context, search};
use crate::config::{AccountKind, Config, Mode as Wish, Origin};
use crate::cycle::{Brain, Mode};
use crate::daemon::{House, Means, Ready};
use crate::sync::diff::Deletions;
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;
use std::sync::Arc;

/// The id that nobody gave themselves.
const UNNAMED: &str = "me";

/// What everybody whom a process serves shares: tables and connections, nothing of theirs.
#[derive(Clone)]
pub struct Shared {
    brain: Arc<Brain>,
    http: Option<Http>,
}

impl Shared {
    /// # Errors
    /// This build is broken.
    pub fn new() -> Result<Self, String> {
        let brain = Brain::local().map_err(|e| e.to_string())?;
        // Without TLS each account says so itself.
        Ok(Self { brain: Arc::new(brain), http: Http::new().ok() })
    }
}

/// One of many: by their own file alone.
///
/// # Errors
/// What is wrong with the file.
pub fn tenant(
    file: &Path,
    store: &Path,
    global: &Global,
    shared: &Shared,
) -> Result<House, String> {
    let global = Global { config: Some(file.to_owned()), ..global.clone() };
    let config = Config::load(&Origin::at(Some(file))).map_err(|error| error.to_string())?;
    // The store of all, where sign-ins lie beside; `[store]` in the file means nothing.
    let config = Config { store: store.to_owned(), ..config };
    if config.person.id.as_str() == UNNAMED {
        return Err("among many, everybody needs an id in [person]".to_owned());
    }
    house(&config, &global, shared)
}

/// # Errors
/// There is nothing to look at.
pub fn house(config: &Config, global: &Global, shared: &Shared) -> Result<House, String> {
    if config.accounts.is_empty() {
        return Err("the config names no account".to_owned());
    }
    let folder = |account: &crate::config::Account| match &account.kind {
        AccountKind::Vdir { path } => Some((account.name.clone(), path.clone())),
        AccountKind::Caldav { .. } | AccountKind::Google { .. } => None,
    };
    let (own, zoned, asked) = (config.clone(), config.clone(), config.clone());
    let (ours, shared) = (global.clone(), shared.clone());
    let mode = match config.suggestions.mode {
        Wish::Observe => Mode::Observe,
        Wish::Suggest => Mode::Suggest,
    };
    let zone = move |config: &Config, now: DateTime<Utc>| {
        context::zone(config, &Global { now: Some(now), ..ours.clone() })
    };
    let here = zone.clone();
    let (store, who) = (config.store.clone(), config.person.id.clone());
    Ok(House {
        principal: config.person.id.clone(),
        store: config.store.clone(),
        socket: config.daemon.socket.clone(),
        poll: TimeDelta::minutes(config.daemon.poll_minutes.into()),
        morning: config.daemon.morning,
        night: config.daemon.night,
        means: Means::new(Box::new(move || ready(&asked, &shared))),
        metrics: config.daemon.metrics,
        accounts: config.accounts.len(),
        folders: config.accounts.iter().filter_map(folder).collect(),
        hosts: hosts(config),
        settings: Box::new(move |now| {
            account::settings(&own, zone(&own, now), mode, Deletions::Guarded)
        }),
        zone: Box::new(move |now| here(&zoned, now)),
        learned: Box::new(move |report, person| search::refresh(&store, &who, report, person)),
    })
}

/// Fetches passwords, which may take a while.
fn ready(config: &Config, shared: &Shared) -> Ready {
    let person = config.person.id.as_str();
    let say = |words: &str| tracing::warn!(person, "{words}");
    let http = shared.http.as_ref();
    Ready {
        clients: account::clients_over(config, http),
        brain: account::equip(shared.brain.sharing(), config, (true, http), &say),
    }
}

/// The servers of the accounts, as the config names them.
fn hosts(config: &Config) -> Vec<String> {
    let host = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
    };
    let mut hosts: Vec<String> = config
        .accounts
        .iter()
        .filter_map(|account| match &account.kind {
            AccountKind::Caldav { url } => Some(host(url)),
            AccountKind::Google { api_root, .. } => {
                Some(api_root.as_deref().map_or_else(|| "google".to_owned(), host))
            }
            AccountKind::Vdir { .. } => None,
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
