//! When to ask again: after the pause a server asks for, else with back-off and full jitter, so
//! that many who failed together don't come back together.

use super::gate::host;
use super::transport::Answer;
use crate::calendar::Error;
use crate::calendar::http::random;
use crate::calendar::pause::{in_words, retry_after};
use std::time::Duration;

/// Longest waits before asking again after a connection broke or a busy answer. Some servers close
/// each connection, now and then a moment too early.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// A turn waits so long for a server that says how long; the next turn does the rest.
const WAITS: Duration = Duration::from_secs(10);
/// Added to a wait the server names.
const SPREAD: Duration = Duration::from_millis(250);

/// Waits left for one request.
pub struct Patience {
    waits: std::slice::Iter<'static, Duration>,
    is_repeatable: bool,
}

/// What to do about an answer.
pub enum Next {
    /// Ask again after this.
    Wait(Duration),
    /// It stands.
    Take,
}

impl Patience {
    /// A repeated PUT could meet its own first half: after a lost answer the next turn repairs it.
    pub fn with(method: &http::Method) -> Self {
        Self { waits: BACK_OFF.iter(), is_repeatable: *method != http::Method::PUT }
    }

    /// How long to wait after a connection broke without an answer; `None` = no more.
    pub fn after_break(&mut self) -> Option<Duration> {
        self.waits.next().filter(|_| self.is_repeatable).map(|most| jitter(*most, random()))
    }

    /// What to do about an answer.
    ///
    /// # Errors
    /// [`Error::Later`] when the server wants to be left alone for long.
    pub fn after(&mut self, answer: &Answer) -> Result<Next, Error> {
        if !matches!(answer.status, 429 | 503) {
            return Ok(Next::Take);
        }
        let asked = retry_after(&answer.headers);
        let next = self.waits.next();
        match (asked, next) {
            // It is an answer: nothing was done, whatever the request.
            (Some(wait), Some(_)) if wait <= WAITS => {
                Ok(Next::Wait(wait + jitter(SPREAD, random())))
            }
            (Some(after), _) if after > WAITS => {
                let (host, words) = (host(&answer.url), in_words(after));
                let message = format!("{host} asks to be left alone for {words}");
                Err(Error::Later { message, after })
            }
            (None, Some(most)) if self.is_repeatable => Ok(Next::Wait(jitter(*most, random()))),
            (Some(_) | None, _) => Ok(Next::Take),
        }
    }
}

/// Some part of `most`.
fn jitter(most: Duration, random: u64) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % most.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_bounded_and_differs() {
        let most = Duration::from_millis(500);
        assert_eq!([0, 500, 501, 250].map(|n| jitter(most, n).as_millis()), [0, 500, 0, 250]);
        assert_eq!(jitter(Duration::ZERO, 7), Duration::ZERO);
        let several: std::collections::BTreeSet<u64> = (0..8).map(|_| random()).collect();
        assert!(several.len() > 4, "{several:?}");
    }
}
