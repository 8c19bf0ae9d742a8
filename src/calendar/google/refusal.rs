//! What Google says instead of yes, by what can be done about it.
//!
//! Status and `reason` decide; the words of a message change, and may hold what is private.

use crate::calendar::Error;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use std::time::Duration;

/// For how long an account is left alone whose quota of the day is used up.
const QUOTA: Duration = Duration::from_secs(60 * 60);
/// Longest pause believed.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `error.errors[0].reason`, empty when there is none.
    pub reason: String,
    /// How long to wait, when it says so.
    pub retry_after: Option<Duration>,
}

/// What to do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Ask again after a while.
    Slower,
    /// Leave the account alone for so long.
    Later(Duration),
    /// The server has trouble; ask again unless that could do something twice.
    Trouble,
    /// It will say the same again.
    Final,
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    errors: Vec<One>,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    reason: String,
}

impl Refusal {
    /// Reads it; a body that is none of Google's leaves the status.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let inner = serde_json::from_slice::<Body>(body).ok().map(|body| body.error);
        let reason = inner.map(|inner| match inner.errors.into_iter().next() {
            Some(one) => one.reason,
            None => inner.status,
        });
        Self { status, reason: reason.unwrap_or_default(), retry_after: retry_after(headers) }
    }

    /// What to do about it.
    pub fn manner(&self) -> Manner {
        match (self.status, self.reason.as_str()) {
            (403, "quotaExceeded" | "dailyLimitExceeded" | "dailyLimitExceededUnreg") => {
                Manner::Later(self.retry_after.unwrap_or(QUOTA))
            }
            (403, "rateLimitExceeded" | "userRateLimitExceeded" | "RESOURCE_EXHAUSTED") => {
                Manner::Slower
            }
            (429, _) => Manner::Slower,
            (408 | 500..=599, _) => Manner::Trouble,
            _ => Manner::Final,
        }
    }

    /// The error it means to someone who wanted to `what`.
    pub fn error(&self, account: &str, what: &str) -> Error {
        let again = format!("run: chronotype auth google {account}");
        match (self.status, self.reason.as_str()) {
            (401, _) => Error::Unauthorized(format!(
                "Google no longer accepts the sign-in of the account {account}: {again}"
            )),
            (403, "insufficientPermissions" | "insufficientPermission" | "PERMISSION_DENIED") => {
                Error::Unauthorized(format!(
                    "the sign-in of the account {account} does not allow chronotype to {what}: \
                     {again}, and leave all boxes ticked"
                ))
            }
            (403, "accessNotConfigured") => Error::Refused(
                "the Google Calendar API is not switched on in the project that the client file \
                 belongs to: switch it on there, then wait a few minutes"
                    .to_owned(),
            ),
            (404 | 410, _) => Error::NotFound(format!(
                "Google has no such calendar or event, or does not show it to {account} ({what})"
            )),
            (409 | 412, _) => Error::Changed,
            (status, _) if self.manner() == Manner::Trouble => {
                Error::Transient(format!("Google answered {status} to {what}"))
            }
            (status, "") => Error::Refused(format!("Google answered {status} to {what}")),
            (status, reason) => {
                Error::Refused(format!("Google answered {status} {} to {what}", word(reason)))
            }
        }
    }
}

/// A reason is one word; anything else is not repeated.
fn word(reason: &str) -> &str {
    let plain =
        reason.len() <= 64 && reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { reason } else { "for a reason of its own" }
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is read against the server's
/// own clock where it tells it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = headers.get(DATE).and_then(|now| date(now.to_str().ok()?));
            let now = now.map_or_else(chrono::Utc::now, |now| now.to_utc());
            (date(text)?.to_utc() - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&'static str, &str)], reason: &str) -> Refusal {
        let pairs = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()));
        let body = format!(
            r#"{{"error":{{"errors":[{{"domain":"d","reason":"{reason}","message":"m"}}],
                "code":{status},"message":"m"}}}}"#
        );
        Refusal::read(status, &pairs.collect(), body.as_bytes())
    }

    #[test]
    fn manners_follow_status_and_reason() {
        let check = |status: u16, reason: &str, manner: Manner| {
            assert_eq!(read(status, &[], reason).manner(), manner, "{status} {reason}");
        };
        check(403, "rateLimitExceeded", Manner::Slower);
        check(403, "userRateLimitExceeded", Manner::Slower);
        check(429, "anything", Manner::Slower);
        check(403, "quotaExceeded", Manner::Later(QUOTA));
        check(403, "forbiddenForNonOrganizer", Manner::Final);
        check(500, "backendError", Manner::Trouble);
        check(503, "", Manner::Trouble);
        check(400, "invalid", Manner::Final);
        let strange = Refusal::read(502, &HeaderMap::new(), b"<html>");
        assert_eq!((strange.reason.as_str(), strange.manner()), ("", Manner::Trouble));
    }

    #[test]
    fn pauses_are_read_on_the_servers_clock() {
        let check = |headers: &[(&'static str, &str)], seconds: Option<u64>| {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(read(429, headers, "x").retry_after, expected, "{headers:?}");
        };
        check(&[("retry-after", "7")], Some(7));
        check(&[("retry-after", "99999999999")], Some(86_400));
        let date = ("date", "Tue, 01 Jan 2008 10:00:00 GMT");
        check(&[date, ("retry-after", "Tue, 01 Jan 2008 10:02:00 GMT")], Some(120));
        check(&[date, ("retry-after", "Tue, 01 Jan 2008 09:00:00 GMT")], Some(0));
        check(&[("retry-after", "soon")], None);
        check(&[], None);
    }

    #[test]
    fn words_of_the_server_are_not_repeated() {
        let error = read(400, &[], "Dentist with Jane").error("work", "list the events");
        assert!(!error.to_string().contains("Jane"), "{error}");
    }
}
