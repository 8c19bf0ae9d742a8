//! What a supervisor is told: systemd's notification protocol. Without one, nothing happens.

use sd_notify::NotifyState;

/// Started: the store is open and commands can reach it.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Ending.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`: counts, never contents.
pub(super) fn status(words: &str) {
    tell(&[NotifyState::Status(words)]);
}

/// Feeds the watchdog: called by progress alone.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the supervisor can't be told");
    }
}
