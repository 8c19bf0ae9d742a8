//! `chronotype run`: the background service.

use super::{CommandError, Global, account, context, search};
use crate::config::{AccountKind, Config, Mode as Wish, Origin};
use crate::cycle::{Brain, Mode};
use crate::daemon::{self, DaemonError, Furnish, House};
use crate::store::StoreError;
use crate::sync::diff::Deletions;
use chrono::{DateTime, TimeDelta, Utc};

/// Run in the background: look at the calendars, learn, and keep the blocks right.
///
/// Other commands work as ever while it runs: they borrow its store for a moment. SIGHUP reads the
/// config again, as any change to it does; SIGTERM ends it.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Config errors; a failure when another process has the store.
pub fn run(_args: &Args, global: &Global) -> Result<(), CommandError> {
    if global.now.is_some() {
        let hint = "`chronotype sync --now ...` replays a moment";
        return Err(CommandError::usage("--now means nothing to a service").hint(hint));
    }
    let config = context::config(global)?;
    let (file, socket) = (Origin::at(global.config.as_deref()).file, config.daemon.socket.clone());
    let house = house(&config, global).map_err(CommandError::failure)?;
    let again = global.clone();
    let furnish: Furnish = Box::new(move || {
        let config = context::config(&again).map_err(|error| error.message)?;
        self::house(&config, &again)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let ended = runtime.block_on(daemon::run(house, furnish, file));
    // A computation that can't be dropped is left behind: the store is whole at any moment.
    runtime.shutdown_background();
    ended.map_err(|error| match error {
        DaemonError::Store(StoreError::Locked(path)) => match daemon::holder(&socket) {
            Ok(id) => CommandError::failure(format!("process {id} serves {}", path.display()))
                .hint("one service a store is enough; `kill` ends it"),
            Err(_) => StoreError::Locked(path).into(),
        },
        DaemonError::Store(error) => error.into(),
        error => CommandError::failure(error.to_string()),
    })
}

/// What the service needs of the config.
fn house(config: &Config, global: &Global) -> Result<House, String> {
    if config.accounts.is_empty() {
        return Err("the config names no account".to_owned());
    }
    let assistant = account::assistant(config).unwrap_or_else(|why| {
        tracing::warn!(%why, "the assistant is not asked");
        None
    });
    let asked = assistant.is_some();
    let embeddings = account::embeddings(config).unwrap_or_else(|why| {
        tracing::warn!(%why, "the embeddings endpoint is not asked");
        None
    });
    let brain = Brain::local().map_err(|e| e.to_string())?;
    let mem0 = account::mem0(config).unwrap_or_else(|why| {
        tracing::warn!(%why, "insights are not mirrored");
        None
    });
    let brain = brain.with_assistant(assistant).with_embeddings(embeddings).with_mem0(mem0);
    let folder = |account: &crate::config::Account| match &account.kind {
        AccountKind::Vdir { path } => Some((account.name.clone(), path.clone())),
        AccountKind::Caldav { .. } | AccountKind::Google { .. } => None,
    };
    let (own, zoned, ours) = (config.clone(), config.clone(), global.clone());
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
        clients: account::clients(config),
        folders: config.accounts.iter().filter_map(folder).collect(),
        brain,
        settings: Box::new(move |now| {
            let mut settings = account::settings(&own, zone(&own, now), mode, Deletions::Guarded);
            settings.assistant = settings.assistant.filter(|_| asked);
            settings
        }),
        zone: Box::new(move |now| here(&zoned, now)),
        learned: Box::new(move |report, person| search::refresh(&store, &who, report, person)),
    })
}
