//! The store written anew, once a night, where much of its files is air: on a thread of its own,
//! so that whoever waits for the store waits as for a command that has borrowed it.

use super::Event;
use super::lease::Want;
use crate::store;
use std::path::PathBuf;
use tokio::sync::mpsc::Sender;

/// Starts it on a store that nobody has open; its end is an event, that of a loan of the folder.
pub(super) fn start(path: PathBuf, events: Sender<Event>) {
    tokio::spawn(async move {
        match tokio::task::spawn_blocking(move || store::pack(&path)).await {
            Ok(Ok(done)) if done.after < done.before => {
                tracing::info!(before = done.before, after = done.after, "the store was packed");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the store can't be packed: it stays as it is")
            }
            Err(_) => tracing::error!("packing the store broke off by a defect"),
        }
        let _ = events.send(Event::Returned(Want::Folder)).await;
    });
}
