//! What a supervisor is told: systemd's notification protocol. Without one, nothing happens.
//!
//! Invariant: a supervisor that does not listen is not waited for; what it is told comes in order.

use sd_notify::NotifyState;
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Words that wait for it; more are left out, the next ones say how it stands then.
const WAITING: usize = 32;
/// The last word is waited for so long: it goes out before the process ends.
const LAST: Duration = Duration::from_millis(200);

/// Words, and who waits until they are out.
type Words = (String, Option<SyncSender<()>>);

/// Started: the store is open and commands can reach it.
pub(super) fn ready() {
    tell(NotifyState::Ready.to_string(), None);
}

/// The config is read again; [`ready`] says that it has been.
pub(super) fn reloading() {
    // systemd tells by it which request for a reload is meant (sd_notify(3)).
    let now = NotifyState::monotonic_usec_now().map_or_else(|_| String::new(), |s| s.to_string());
    tell(format!("{}\n{now}", NotifyState::Reloading), None);
}

/// Ending.
pub(super) fn stopping() {
    let (said, out) = sync_channel(1);
    tell(NotifyState::Stopping.to_string(), Some(said));
    let _ = out.recv_timeout(LAST);
}

/// One line for `systemctl status`: counts, never contents.
pub(super) fn status(words: &str) {
    tell(NotifyState::Status(words).to_string(), None);
}

/// Feeds the watchdog: called by progress alone.
pub(super) fn alive() {
    tell(NotifyState::Watchdog.to_string(), None);
}

fn tell(words: String, said: Option<SyncSender<()>>) {
    static TELLER: LazyLock<SyncSender<Words>> = LazyLock::new(teller);
    if std::env::var_os("NOTIFY_SOCKET").is_some() {
        let _ = TELLER.try_send((words, said));
    }
}

/// A thread that says it: a socket whose other end is full holds up whoever writes to it.
fn teller() -> SyncSender<Words> {
    let (sender, waiting) = sync_channel::<Words>(WAITING);
    let says = move || {
        for (words, said) in waiting {
            if let Err(error) = sd_notify::notify(&[NotifyState::Custom(&words)]) {
                tracing::warn!(%error, "the supervisor can't be told");
            }
            drop(said);
        }
    };
    // Without one, nothing is said.
    let _ = std::thread::Builder::new().name("supervisor".to_owned()).spawn(says);
    sender
}
