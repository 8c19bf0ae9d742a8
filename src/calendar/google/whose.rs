//! Whose account a sign-in is: the id of the first calendar, which is the person's address.
//!
//! Blocks, history and what was learned belong to one address. A browser that knows two people
//! signs in as the wrong one without a word, so that a sign-in of another address takes the place
//! of nothing unless the person says so.

use super::api::Api;
use super::directory::primary_address;
use super::pace::Pace;
use super::token::TokenSource;
use super::{API_ROOT, Words};
use crate::calendar::{Error, Http, Secret};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// Whose sign-in may take the place of the one that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// The same address alone.
    Same,
    /// Any: the person said so.
    Anybody,
}

/// Where to ask.
#[derive(Debug)]
pub struct Whose {
    /// How to ask.
    pub http: Http,
    /// Below it lies `calendar/v3/`; `None` = [`API_ROOT`].
    pub api_root: Option<String>,
    /// Who may follow.
    pub successor: Successor,
}

/// A token that has just been granted, and no other.
struct Granted(Secret);

#[async_trait]
impl TokenSource for Granted {
    async fn token(&self) -> Result<Secret, Error> {
        Ok(self.0.clone())
    }

    async fn refused(&self, _: &Secret) {}
}

/// A person waits for the answer.
fn pace() -> Pace {
    let (longest_wait, timeout) = (Duration::from_secs(3), Duration::from_secs(20));
    Pace { tries: 3, longest_wait, timeout, ..Pace::default() }
}

impl Whose {
    /// The address that this token is for; `None` = it may not be known, or can't be had now.
    pub async fn ask(&self, account: &str, token: &Secret) -> Option<String> {
        let root = self.api_root.as_deref().unwrap_or(API_ROOT);
        let tokens = Arc::new(Granted(token.clone()));
        let api = Api::new(self.http.clone(), root, account.to_owned(), tokens, pace()).ok()?;
        let answer = primary_address(&api.line()).await;
        if answer.is_err() {
            tracing::debug!("google: no word on whose account this is");
        }
        answer.ok()?
    }

    /// Whether this sign-in may take the place of one for the address `before`.
    ///
    /// # Errors
    /// [`Error::Refused`]: why not, and what to do.
    pub fn may_follow(
        &self,
        before: Option<&str>,
        now: Option<&str>,
        words: &Words,
    ) -> Result<(), Error> {
        let (account, cure) = (&words.account, words.cure());
        let before = match (before, self.successor) {
            (None, _) | (_, Successor::Anybody) => return Ok(()),
            (before, Successor::Same) if before == now => return Ok(()),
            (Some(before), Successor::Same) => before,
        };
        Err(Error::Refused(match now {
            Some(now) => format!(
                "this is {now}, and the account {account} is that of {before}: nothing was \
                 changed. Run `{cure}` again and choose {before}; give {now} an account of its \
                 own in the config; or, if it shall take over this one, run `{}`",
                words.cure_with("--replace")
            ),
            None => format!(
                "Google does not say whose account this is, and the account {account} is that of \
                 {before}: nothing was changed. Run `{cure}` again in a while"
            ),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_follows_only_when_told_so() {
        #[track_caller]
        fn check(before: Option<&str>, now: Option<&str>, successor: Successor, expected: &str) {
            let http = Http::new().unwrap();
            let whose = Whose { http, api_root: None, successor };
            let words = Words { account: "work".to_owned(), zone: chrono_tz::UTC };
            let found = whose.may_follow(before, now, &words);
            let found = found.map_or_else(|error| error.to_string(), |()| "may".to_owned());
            assert!(found.contains(expected), "{before:?} {now:?}: {found}");
        }
        let (jane, joe) = (Some("jane@example.com"), Some("joe@example.com"));
        check(None, jane, Successor::Same, "may");
        check(None, None, Successor::Same, "may");
        check(jane, jane, Successor::Same, "may");
        check(jane, joe, Successor::Anybody, "may");
        check(jane, joe, Successor::Same, "this is joe@example.com, and the account work is that");
        check(jane, joe, Successor::Same, "`chronotype auth google --replace work`");
        check(jane, None, Successor::Same, "does not say whose account this is");
    }
}
