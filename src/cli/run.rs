//! `chronotype run`: the background service, of one person or of many.

mod house;

use super::{CommandError, Global, context, log};
use crate::config::{LogFormat, LogLevel, Origin, metrics_at};
use crate::daemon::{self, DaemonError, Door, Furnish, Holder, House, LeaseError, People};
use crate::store::StoreError;
use house::{Shared, house, tenant};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Run in the background: look at the calendars, learn, and keep the blocks right.
///
/// Other commands work as ever while it runs: they borrow its store for a moment. SIGHUP reads the
/// config again, as any change to it does; SIGTERM ends it. It logs what changes, to the journal
/// where systemd started it; `[daemon]` in the config, or -v and -q, say how much.
///
/// With `--users` it serves everybody who has a NAME.toml in that folder, each apart from all
/// others; files come, change and go while it runs. A command of one of them says which:
/// `chronotype --config DIR/NAME.toml --store PATH status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Serve every NAME.toml in this folder; needs --store, for all of them
    #[arg(long, value_name = "DIR")]
    users: Option<PathBuf>,
    /// Where commands reach it [default: the store's path with `.socket` behind it]
    #[arg(long, value_name = "FILE", requires = "users")]
    socket: Option<PathBuf>,
    /// How it logs: auto, human, json or journald [default: what the config says, else auto]
    #[arg(long, value_name = "FORMAT", value_parser = log_format)]
    log_format: Option<LogFormat>,
    /// Show numbers for Prometheus at http://ADDRESS/metrics, for example 127.0.0.1:9469
    #[arg(long, value_name = "ADDRESS", value_parser = metrics)]
    metrics: Option<SocketAddr>,
}

fn metrics(text: &str) -> Result<SocketAddr, String> {
    let at = metrics_at(text).map_err(|(message, hint)| format!("{message}: {hint}"))?;
    at.ok_or_else(|| "leave it out instead".to_owned())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    let found = LogFormat::ALL.into_iter().find(|format| format.word() == text);
    found.ok_or_else(|| "one of auto, human, json, journald".to_owned())
}

/// Threads that look after sockets and servers; turns have threads of their own.
const THREADS: usize = 2;
/// Turns and what they wait for, at most.
const BLOCKING: usize = 128;

/// Runs the command.
///
/// # Errors
/// Config errors; a failure when another process has the store.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    if global.now.is_some() {
        let hint = "`chronotype sync --now ...` replays a moment";
        return Err(CommandError::usage("--now means nothing to a service").hint(hint));
    }
    keep_panics_quiet();
    match &args.users {
        Some(folder) => many(folder, args, global),
        None => one(args, global),
    }
}

fn one(args: &Args, global: &Global) -> Result<(), CommandError> {
    let config = context::config(global)?;
    log::serve(global, config.daemon.log, args.log_format.unwrap_or(config.daemon.log_format));
    let (file, socket) = (Origin::at(global.config.as_deref()).file, config.daemon.socket.clone());
    let shared = Shared::new().map_err(CommandError::failure)?;
    // What the command line says of the numbers stands above the config, also after a change.
    let asked = args.metrics;
    let shown = move |house: House| House { metrics: asked.or(house.metrics), ..house };
    let house = house(&config, global, &shared).map(shown).map_err(CommandError::failure)?;
    let again = global.clone();
    let furnish: Furnish = Box::new(move || {
        let config = context::config(&again).map_err(|error| error.message)?;
        log::set_level(&again, config.daemon.log);
        self::house(&config, &again, &shared).map(shown)
    });
    let store = house.store.clone();
    serve(daemon::run(house, furnish, file), Door { socket: &socket, store: &store })
}

fn many(folder: &Path, args: &Args, global: &Global) -> Result<(), CommandError> {
    log::serve(global, LogLevel::Info, args.log_format.unwrap_or(LogFormat::Auto));
    let Some(store) = global.store.clone() else {
        return Err(CommandError::usage("--users needs --store PATH: one store for all of them"));
    };
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        return Err(CommandError::config(message).hint("make it, with one NAME.toml a person"));
    }
    let socket = args.socket.clone().unwrap_or_else(|| context::socket_of(&store));
    let (shared, ours) = (Shared::new().map_err(CommandError::failure)?, global.clone());
    let theirs = store.clone();
    let people = People {
        folder: folder.to_owned(),
        store: store.clone(),
        socket: socket.clone(),
        metrics: args.metrics,
        furnish: Box::new(move |file| tenant(file, &theirs, &ours, &shared)),
    };
    serve(daemon::run_people(people), Door { socket: &socket, store: &store })
}

fn serve(
    service: impl Future<Output = Result<(), DaemonError>>,
    door: Door<'_>,
) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let ended = runtime.block_on(service);
    // A computation that can't be dropped is left behind: the store is whole at any moment.
    runtime.shutdown_background();
    ended.map_err(|error| match error {
        DaemonError::Store(StoreError::Locked(path)) => match daemon::holder(door) {
            Ok(holder) => served(&holder),
            Err(_) => StoreError::Locked(path).into(),
        },
        DaemonError::Socket(LeaseError::Taken { holder: Some(holder), .. })
            if holder.has(door.store) =>
        {
            served(&holder)
        }
        DaemonError::Store(error) => error.into(),
        error => CommandError::failure(error.to_string()),
    })
}

fn served(by: &Holder) -> CommandError {
    CommandError::failure(format!("process {} serves {}", by.process, by.store.display()))
        .hint("one service a store is enough; `kill` ends it")
}

/// The words of a panic may quote what it stumbled over, a title for instance: only its place goes
/// to the log.
fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a defect of chronotype");
    }));
}
