//! When to ask again: `Retry-After` (RFC 9110 section 10.2.3), and back-off with full jitter, so
//! that many who failed together don't come back together.

use super::gate::host;
use super::transport::Answer;
use crate::calendar::Error;
use crate::calendar::http::random;
use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderName, RETRY_AFTER};
use std::time::Duration;

/// Longest waits before asking again after a connection broke or a busy answer. Some servers close
/// each connection, now and then a moment too early.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// A turn waits so long for a server that says how long; the next turn does the rest.
const WAITS: Duration = Duration::from_secs(10);
/// Nobody is left alone for longer, whatever they say.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Added to a wait the server names.
const SPREAD: Duration = Duration::from_millis(250);
/// The three forms of a date in HTTP (RFC 9110 section 5.6.7).
const DATES: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

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
        let text = |name: HeaderName| answer.header(name);
        // By the server's own clock, where it tells it.
        let now = text(DATE).and_then(date).unwrap_or_else(Utc::now);
        let asked = text(RETRY_AFTER).and_then(|text| retry_after(text, now));
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

/// Seconds, or a date; `None` when it is neither. At most a day.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        // More seconds than fit is for ever.
        true => Duration::from_secs(text.parse().unwrap_or(u64::MAX)),
        false => (date(text)? - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let read = |form: &&str| NaiveDateTime::parse_from_str(text.trim(), form).ok();
    DATES.iter().find_map(read).map(|date| date.and_utc())
}

/// Some part of `most`.
fn jitter(most: Duration, random: u64) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % most.saturating_add(1))
}

fn in_words(wait: Duration) -> String {
    let count = |n: u64, unit: &str| match n {
        1 => format!("a{} {unit}", if unit == "hour" { "n" } else { "" }),
        n => format!("{n} {unit}s"),
    };
    match wait.as_secs() {
        s if s < 120 => count(s, "second"),
        s if s < 2 * 60 * 60 => count(s.div_ceil(60), "minute"),
        s => count(s.div_ceil(60 * 60), "hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_servers_name() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Fri, 06 Nov 2099 08:50:37 GMT", Some(86_400)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now).map(|wait| wait.as_secs()), expected, "{text}");
        }
    }

    #[test]
    fn jitter_is_bounded_and_differs() {
        let most = Duration::from_millis(500);
        assert_eq!([0, 500, 501, 250].map(|n| jitter(most, n).as_millis()), [0, 500, 0, 250]);
        assert_eq!(jitter(Duration::ZERO, 7), Duration::ZERO);
        let several: std::collections::BTreeSet<u64> = (0..8).map(|_| random()).collect();
        assert!(several.len() > 4, "{several:?}");
    }

    #[test]
    fn waits_are_said() {
        for (seconds, expected) in
            [(20, "20 seconds"), (900, "15 minutes"), (3601, "61 minutes"), (86_400, "24 hours")]
        {
            assert_eq!(in_words(Duration::from_secs(seconds)), expected);
        }
    }
}
