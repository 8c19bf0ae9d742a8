//! What Google says instead of yes, by what can be done about it.
//!
//! Status and `reason` decide; the words of a message change, and may hold what is private.

use super::token::cure;
use crate::calendar::Error;
use crate::calendar::pause::retry_after;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use std::time::Duration;

/// For how long an account is left alone whose quota of the day is used up.
const QUOTA: Duration = Duration::from_secs(60 * 60);

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

    /// Whether the sign-in was not allowed to ask that.
    pub fn lacks_scope(&self) -> bool {
        let reasons = ["insufficientPermissions", "insufficientPermission", "PERMISSION_DENIED"];
        self.status == 403 && reasons.contains(&self.reason.as_str())
    }

    /// The error it means to someone who wanted to `what`.
    pub fn error(&self, account: &str, what: &str) -> Error {
        let again = format!("run `{}`", cure(account));
        match (self.status, self.reason.as_str()) {
            (401, _) => Error::Unauthorized(format!(
                "Google no longer accepts the sign-in of the account {account}: {again}"
            )),
            _ if self.lacks_scope() => Error::Unauthorized(format!(
                "the sign-in of the account {account} does not allow chronotype to {what}: \
                 {again}, and leave all boxes ticked"
            )),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, reason: &str) -> Refusal {
        let body = format!(
            r#"{{"error":{{"errors":[{{"domain":"d","reason":"{reason}","message":"m"}}],
                "code":{status},"message":"m"}}}}"#
        );
        Refusal::read(status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn manners_follow_status_and_reason() {
        let check = |status: u16, reason: &str, manner: Manner| {
            assert_eq!(read(status, reason).manner(), manner, "{status} {reason}");
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
    fn a_sign_in_that_does_not_do_says_its_cure() {
        let said = read(401, "authError").error("my work", "list the events").to_string();
        assert_eq!(
            said,
            "Google no longer accepts the sign-in of the account my work: run `chronotype auth \
             google -- 'my work'`"
        );
        let said = read(403, "insufficientPermissions").error("work", "add a block").to_string();
        assert_eq!(
            said,
            "the sign-in of the account work does not allow chronotype to add a block: run \
             `chronotype auth google work`, and leave all boxes ticked"
        );
    }

    #[test]
    fn words_of_the_server_are_not_repeated() {
        let error = read(400, "Dentist with Jane").error("work", "list the events");
        assert!(!error.to_string().contains("Jane"), "{error}");
    }
}
