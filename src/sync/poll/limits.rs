//! What an account may take of a turn: a server that trickles, or tells without end, harms its own
//! account and no other.
//!
//! Real time, whatever moment the turn is told: a time-out is no decision.

use crate::calendar::{Error, Room};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Most that parts of a turn may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Polling all accounts: the service gives a turn up after half an hour, with all it learned.
    pub all: Duration,
    /// Polling an account that was read before. One with a calendar that never was may take its
    /// whole share of `all`: some servers are read object by object.
    pub account: Duration,
    /// The writes to one account.
    pub writes: Duration,
    /// What the calendars of one account tell, in bytes.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self { all: minutes(20), account: minutes(5), writes: minutes(3), memory: Room::LOOK }
    }
}

const LATE: &str = "the server took too long for one turn: the next one asks it after the others";

/// Until when something may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// That of the next of so many who share what is left, but no later than `most` from now.
    pub fn share(self, among: usize, most: Duration) -> Self {
        let left = self.0.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(among).unwrap_or(u32::MAX).max(1);
        Self::after(share.min(most))
    }

    /// Waits for it as long as there is time.
    ///
    /// # Errors
    /// As it fails; [`Error::Transient`] when there is no time left. It is broken off then.
    pub async fn hold<T>(self, what: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = || Error::Transient(LATE.to_owned());
        if Instant::now() >= self.0 {
            return Err(late());
        }
        timeout_at(self.0, what).await.unwrap_or_else(|_| Err(late()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_no_time_left_is_not_asked() {
        let asked = std::cell::Cell::new(0);
        let ask = || async {
            asked.set(asked.get() + 1);
            Ok(())
        };
        assert!(Deadline::after(Duration::from_secs(600)).hold(ask()).await.is_ok());
        let late = Deadline::after(Duration::ZERO).hold(ask()).await;
        assert!(matches!(late, Err(Error::Transient(said)) if said == LATE));
        assert_eq!(asked.get(), 1);
        let never =
            Deadline::after(Duration::from_millis(1)).hold(std::future::pending::<Result<(), _>>());
        assert!(never.await.is_err());
    }

    #[test]
    fn a_share_leaves_something_for_the_others() {
        let (hour, minute) = (Duration::from_secs(3_600), Duration::from_secs(60));
        let end = Deadline::after(hour);
        let share = |among, most| end.share(among, most).0;
        assert!(share(4, hour) <= Deadline::after(hour / 4).0);
        assert!(share(1, minute) <= Deadline::after(minute).0);
        assert!(share(2, hour) > Deadline::after(minute).0);
    }
}
