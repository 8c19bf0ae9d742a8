//! Where events come from: the clock, the folders, the config's folder, signals, the socket.

use super::door::Socket;
use super::lease::{self, Holder};
use super::{DaemonError, Event};
use crate::calendar::vdir::Watcher;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;
use tokio_cron_scheduler::{Job, JobScheduler};

/// Events that wait to be taken; a tick that finds no room is left out, the next one comes.
pub(super) const WAITING: usize = 64;
/// Every minute, UTC: what is due is decided by the loop.
const EVERY_MINUTE: &str = "0 * * * * *";

/// What is listened to.
pub(super) struct Ears<'a> {
    /// Where commands come.
    pub(super) socket: &'a Path,
    /// What is said of the service there.
    pub(super) about: Holder,
    /// Calendars, by the name of their account.
    pub(super) folders: &'a [(String, PathBuf)],
    /// Where the config is.
    pub(super) config: Place<'a>,
}

/// Where the config is.
pub(super) enum Place<'a> {
    /// A file.
    File(&'a Path),
    /// A folder with one file a person.
    Folder(&'a Path),
}

/// All that feeds the loop; it ends with this value.
pub(super) struct Sources {
    _socket: Socket,
    _config: Option<RecommendedWatcher>,
    clock: JobScheduler,
    tasks: Vec<AbortHandle>,
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        let mut clock = self.clock.clone();
        tokio::spawn(async move { clock.shutdown().await });
    }
}

/// Starts them all.
///
/// # Errors
/// [`DaemonError`] for what the service can't do without; folders that can't be watched are polled.
pub(super) async fn start(ears: &Ears<'_>, events: &Sender<Event>) -> Result<Sources, DaemonError> {
    let hear = |kind| signal(kind).map_err(DaemonError::Signals);
    let (end, interrupt) = (hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?);
    let mut tasks = vec![
        forward(end, events.clone(), || Event::Stop),
        forward(interrupt, events.clone(), || Event::Stop),
        forward(hear(SignalKind::hangup())?, events.clone(), || Event::Reload),
    ];
    tasks.extend(folders(ears.folders, events));
    Ok(Sources {
        _socket: lease::listen(ears.socket, ears.about.clone(), events.clone())?,
        _config: watch_config(&ears.config, events.clone()),
        clock: clock(events.clone()).await.map_err(|e| DaemonError::Clock(e.to_string()))?,
        tasks,
    })
}

fn forward(mut signal: Signal, events: Sender<Event>, event: fn() -> Event) -> AbortHandle {
    let task = tokio::spawn(async move {
        while signal.recv().await.is_some() {
            if events.send(event()).await.is_err() {
                return;
            }
        }
    });
    task.abort_handle()
}

async fn clock(
    events: Sender<Event>,
) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let clock = JobScheduler::new().await?;
    let tick = Job::new(EVERY_MINUTE, move |_, _| {
        // No room: the loop is busy and looks at the clock when it comes to it.
        let _ = events.try_send(Event::Minute);
    })?;
    clock.add(tick).await?;
    clock.start().await?;
    Ok(clock)
}

/// One watcher a folder.
pub(super) fn folders(
    folders: &[(String, std::path::PathBuf)],
    events: &Sender<Event>,
) -> Vec<AbortHandle> {
    let mut tasks = Vec::new();
    for (account, path) in folders {
        let mut watcher = match Watcher::new(account.clone(), path) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!(%error, "a folder can't be watched: it is polled only");
                continue;
            }
        };
        let events = events.clone();
        let task = tokio::spawn(async move {
            loop {
                watcher.changed().await;
                if events.send(Event::Changed).await.is_err() {
                    return;
                }
            }
        });
        tasks.push(task.abort_handle());
    }
    tasks
}

/// The folder is watched, not the file: an editor puts a new file in its place.
fn watch_config(config: &Place<'_>, events: Sender<Event>) -> Option<RecommendedWatcher> {
    let (folder, name) = match config {
        Place::File(file) => (file.parent()?.to_owned(), Some(file.file_name()?.to_owned())),
        Place::Folder(folder) => ((*folder).to_owned(), None),
    };
    let folder = if folder.as_os_str().is_empty() { ".".into() } else { folder };
    let heard = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let named = |path: &PathBuf| name.as_deref().is_none_or(|n| path.file_name() == Some(n));
        let ours = event.paths.iter().any(named);
        if ours && !event.kind.is_access() {
            let _ = events.try_send(Event::Reload);
        }
    };
    let watching = notify::recommended_watcher(heard).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    match watching {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!(%error, "the config can't be watched: send SIGHUP after a change");
            None
        }
    }
}
