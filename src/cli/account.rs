//! From the config to what a turn takes: accounts to sign in to, and the person's settings.

use crate::calendar::caldav::{self, CalDav};
use crate::calendar::google::{self, Credentials, Google, Pace, TokenFile, Words, Writing};
use crate::calendar::names::Names;
use crate::calendar::vdir::{self, Vdir};
use crate::calendar::{Calendar, Error, Http, Secret, Unreachable};
use crate::config::{Account, AccountKind, Config, PasswordSource, Travel};
use crate::cycle::{Brain, Chores, Mode, Settings};
use crate::event::{Stay, Whereabouts};
use crate::sync::diff::Deletions;
use crate::sync::poll::{Client, Discovery};
use crate::sync::status::Status;
use crate::text::assistant::Assistant;
use crate::text::embed::endpoint::Embeddings;
use crate::text::endpoint::ModelAccess;
use crate::text::mem0::{self, Mem0};
use chrono::TimeDelta;
use chrono_tz::Tz;

/// Where blocks go when no account says so: a collection of our own, made on the first write.
const OWN_COLLECTION: &str = "chronotype";
/// Series are expanded this far beyond the planning horizon, so that a week's plan sees the next.
const LOOK_AHEAD_DAYS: i64 = 14;

/// Prepares all accounts, in the order of the config; nothing is sent yet. One that can't be asked
/// is among them and says why: one bad account stops nothing.
pub fn clients(config: &Config) -> Vec<Client> {
    clients_over(config, None)
}

/// As [`clients`], over connections that others use, too.
pub fn clients_over(config: &Config, shared: Option<&Http>) -> Vec<Client> {
    let into = suggest_into(config);
    let mut http: Option<Result<Http, Error>> = shared.cloned().map(Ok);
    let mut clients = Vec::new();
    for account in &config.accounts {
        let made: Result<(Box<dyn Calendar>, Discovery), Error> = match &account.kind {
            AccountKind::Vdir { path } => {
                Ok((Box::new(Vdir::new(account.name.clone(), path.clone())), Discovery::EachTurn))
            }
            AccountKind::Caldav { url } => {
                let http = match account.tls.is_given() {
                    // Its certificate is offered to nobody else's server.
                    true => Http::with(&account.tls, &[], Names::system()),
                    false => http.get_or_insert_with(Http::new).clone(),
                };
                http.and_then(|http| caldav(account, url, http)).map(|c| (c, Discovery::Daily))
            }
            AccountKind::Google { api_root, .. } => {
                let http = http.get_or_insert_with(Http::new).clone();
                http.and_then(|http| served(config, account, api_root.clone(), http))
                    .map(|google| (google, Discovery::Daily))
            }
        };
        let (calendar, discovery) = made.unwrap_or_else(|reason| {
            let account = account.name.clone();
            (Box::new(Unreachable { account, reason }), Discovery::EachTurn)
        });
        let into = into.as_ref().filter(|(name, _)| *name == account.name);
        clients.push(Client {
            calendar,
            wanted: account.calendars.clone(),
            suggest_into: into.map(|(_, collection)| collection.clone()),
            discovery,
        });
    }
    clients
}

fn caldav(account: &Account, url: &str, http: Http) -> Result<Box<dyn Calendar>, Error> {
    let password = match &account.password {
        Some(_) => account.password().map_err(|e| Error::Unauthorized(e.to_string()))?,
        None => Secret::new(""),
    };
    let access = caldav::Access {
        account: account.name.clone(),
        url: url.to_owned(),
        username: account.username.clone().unwrap_or_default(),
        password,
        sign_in: account.sign_in,
        trusted_hosts: account.trusted_hosts.clone(),
    };
    Ok(Box::new(CalDav::new(http, access)?))
}

fn served(
    config: &Config,
    account: &Account,
    api_root: Option<String>,
    http: Http,
) -> Result<Box<dyn Calendar>, Error> {
    let other = || Error::Refused("this is no Google account".to_owned());
    let credentials = google(config, account).ok_or_else(other)?;
    let tokens = credentials.tokens(http.clone())?;
    let access = google::Access { account: account.name.clone(), api_root, pace: Pace::default() };
    let google = Google::new(http, tokens, access)?;
    Ok(Box::new(match suggest_into(config).filter(|(name, _)| *name == account.name) {
        Some((_, collection)) => google
            .with_blocks(&collection, credentials.writing)
            .with_colours(config.suggestions.colours),
        None => google,
    }))
}

/// How a Google account signs in; `None` for other kinds.
pub fn google(config: &Config, account: &Account) -> Option<Credentials> {
    let AccountKind::Google { client_secret_file, auth_uri, token_uri, api_root, subject } =
        &account.kind
    else {
        return None;
    };
    let into = suggest_into(config).filter(|(name, _)| *name == account.name);
    let writing = match (config.suggestions.mode, into) {
        (crate::config::Mode::Observe, _) | (_, None) => Writing::Nothing,
        (_, Some((_, collection))) if collection == OWN_COLLECTION => Writing::OwnCalendar,
        (_, Some(_)) => Writing::ChosenCalendar,
    };
    Some(Credentials {
        words: Words { account: account.name.clone(), zone: config.person.time_zone },
        // Checked when the config was read.
        client_secret_file: client_secret_file.clone().unwrap_or_default(),
        auth_uri: auth_uri.clone(),
        token_uri: token_uri.clone(),
        api_root: api_root.clone(),
        subject: subject.clone(),
        login_hint: account.username.clone(),
        writing,
        file: TokenFile::beside(&config.store, &config.person.id, &account.name),
    })
}

/// The address of a Google account: as whom the person is signed in, else as whom they were when
/// it was last asked.
pub fn address(config: &Config, account: &Account, status: &Status) -> Option<String> {
    let before = || status.accounts.get(&account.name)?.addresses.first().cloned();
    google(config, account)?.file.address().or_else(before)
}

/// Account and collection for our blocks: the one the config names, else one of our own in the
/// first account that can be written.
fn suggest_into(config: &Config) -> Option<(String, String)> {
    let named =
        config.accounts.iter().find_map(|a| Some((a.name.clone(), a.suggest_into.clone()?)));
    named.or_else(|| {
        let writable = |a: &&Account| match &a.kind {
            AccountKind::Caldav { .. } => true,
            AccountKind::Vdir { path } => vdir::takes(path, OWN_COLLECTION),
            AccountKind::Google { .. } => true,
        };
        let account = config.accounts.iter().find(writable)?;
        Some((account.name.clone(), OWN_COLLECTION.to_owned()))
    })
}

/// The brain with whom the person lets it turn to: an embeddings endpoint and, in a turn that
/// `speaks`, a model to ask about new types and a server that mirrors insights. What can't be had
/// is told to `say`, and done without.
pub fn equip(
    brain: Brain,
    config: &Config,
    (speaks, http): (bool, Option<&Http>),
    say: &dyn Fn(&str),
) -> Brain {
    fn had<T>(found: Result<Option<T>, String>, lacking: &str, say: &dyn Fn(&str)) -> Option<T> {
        found.unwrap_or_else(|why| {
            say(&format!("{lacking}: {why}"));
            None
        })
    }
    let assistant = speaks.then(|| had(assistant(config, http), "the assistant is not asked", say));
    let mem0 = speaks.then(|| had(mem0(config, http), "insights are not mirrored", say));
    let vectors = had(embeddings(config, http), "the embeddings endpoint is not asked", say);
    let brain = brain.with_assistant(assistant.flatten()).with_mem0(mem0.flatten());
    brain.with_embeddings(vectors)
}

fn assistant(config: &Config, http: Option<&Http>) -> Result<Option<Assistant>, String> {
    let Some(wanted) = &config.assistant else { return Ok(None) };
    let access = ModelAccess {
        url: wanted.url.clone(),
        model: wanted.model.clone(),
        key: key_of(wanted.key.as_ref())?,
        timeout: wanted.timeout,
    };
    Assistant::new(over(http)?, access).map(Some).map_err(|e| e.to_string())
}

fn embeddings(config: &Config, http: Option<&Http>) -> Result<Option<Embeddings>, String> {
    let Some(wanted) = &config.embedder else { return Ok(None) };
    let access = ModelAccess {
        url: wanted.url.clone(),
        model: wanted.model.clone(),
        key: key_of(wanted.key.as_ref())?,
        timeout: wanted.timeout,
    };
    Embeddings::new(over(http)?, access).map(Some).map_err(|e| e.to_string())
}

/// The server that insights are mirrored to, where the person names one.
///
/// # Errors
/// In one sentence, why it can't be asked.
pub fn mem0(config: &Config, http: Option<&Http>) -> Result<Option<Mem0>, String> {
    let Some(wanted) = &config.mirror else { return Ok(None) };
    let key = key_of(wanted.key.as_ref())?;
    let access = mem0::Access { url: wanted.url.clone(), user: wanted.user.clone(), key };
    Mem0::new(over(http)?, access).map(Some).map_err(|e| e.to_string())
}

fn key_of(source: Option<&PasswordSource>) -> Result<Option<Secret>, String> {
    let key = source.map(PasswordSource::read).transpose();
    key.map_err(|e| format!("its key can't be had: {}", e.of_key()))
}

/// Over connections that others use, too, where there are any.
fn over(http: Option<&Http>) -> Result<Http, String> {
    http.map_or_else(|| Http::new().map_err(|e| e.to_string()), |http| Ok(http.clone()))
}

/// Their home and the stays they told.
fn whereabouts(config: &Config) -> Whereabouts {
    let stay = |t: &Travel| Stay { from: t.from, to: t.to, zone: t.time_zone };
    Whereabouts::new(config.person.time_zone, config.person.travel.iter().map(stay).collect())
}

/// The person's settings for a turn.
pub fn settings(config: &Config, zone: Tz, mode: Mode, deletions: Deletions) -> Settings {
    let horizon = i64::from(config.planning.horizon_days);
    Settings {
        zone,
        whereabouts: whereabouts(config),
        addresses: config.person.addresses.clone(),
        history: TimeDelta::days(i64::from(config.learning.history_days)),
        ahead: TimeDelta::days(horizon + LOOK_AHEAD_DAYS),
        mode,
        doors: config.suggestions.doors.clone(),
        planning: config.planning.clone(),
        suggest_into: suggest_into(config),
        deletions,
        chores: Chores::Now,
        assistant: config.assistant.as_ref().map(|assistant| assistant.terms),
    }
}
