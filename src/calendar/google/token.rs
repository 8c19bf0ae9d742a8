//! Access tokens: where they come from, and how those of a signed-in person stay fresh.
//!
//! Invariants: the file is the truth, read at each call, so that a sign-in by another process
//! counts at once; one refresh at a time, in all processes, whose outcome all who wait for it
//! share; a refresh runs to its end even when its caller gives up, because a rotated refresh token
//! must reach the file.
//! The clock here is the real one: a replay's `--now` means decisions, not tokens.

use super::grant::{Denied, Grant, TokenEndpoint};
use super::kept::{Kept, SignedIn, SignedOut};
use super::token_file::TokenFile;
use crate::calendar::{Error, Identity, Secret};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A token that ends sooner is refreshed: a long listing and a slow clock fit in.
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// Google ends the sign-ins of apps in testing after so long.
const TESTING: TimeDelta = TimeDelta::days(7);
/// Around that end.
const ABOUT: TimeDelta = TimeDelta::hours(2);
/// Refresh tokens tried in one call: each further one comes of a sign-in meanwhile.
const TRIES: usize = 3;

/// Where access tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good for a while yet. `Unauthorized` = signed out (the sentence says since
    /// when and the cure: `chronotype auth google ACCOUNT`), `Transient` = the network or Google's
    /// token endpoint fails.
    async fn token(&self) -> Result<Secret, Error>;
    /// Google refused this token (401): forget it, so that the next call refreshes.
    async fn refused(&self, token: &Secret);
    /// As whom the person is signed in, where a person is.
    fn identity(&self) -> Option<Identity> {
        None
    }
}

/// The tokens of a person who has signed in.
#[derive(Debug, Clone)]
pub struct StoredTokens {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoint: TokenEndpoint,
    file: TokenFile,
    words: Words,
    /// Refreshes begun so far.
    begun: AtomicU64,
    gate: Mutex<Gate>,
}

/// What one refresh leaves for those who waited for it.
#[derive(Debug, Default)]
struct Gate {
    /// Google refused it, whatever its time.
    refused: Option<Secret>,
    /// The number of the last refresh that failed, and why.
    failed: Option<(u64, Error)>,
}

impl StoredTokens {
    /// Reads and writes `file`; nothing is asked yet.
    pub fn new(endpoint: TokenEndpoint, file: TokenFile, words: Words) -> Self {
        let (begun, gate) = (AtomicU64::new(0), Mutex::default());
        Self { inner: Arc::new(Inner { endpoint, file, words, begun, gate }) }
    }
}

#[async_trait]
impl TokenSource for StoredTokens {
    async fn token(&self) -> Result<Secret, Error> {
        let inner = Arc::clone(&self.inner);
        let seen = inner.begun.load(Ordering::SeqCst);
        let asked = tokio::spawn(async move { inner.token(seen).await });
        asked.await.map_err(|_| broken_off())?
    }

    async fn refused(&self, token: &Secret) {
        self.inner.gate.lock().await.refused = Some(token.clone());
    }

    fn identity(&self) -> Option<Identity> {
        let kept = self.inner.signed_in().ok()?;
        Some(Identity { address: kept.address, since: kept.signed_in_at })
    }
}

impl Inner {
    /// `seen`: refreshes begun before this call.
    async fn token(&self, seen: u64) -> Result<Secret, Error> {
        let mut gate = self.gate.lock().await;
        let mut kept = self.signed_in()?;
        let good = |kept: &SignedIn, gate: &Gate| {
            is_good(kept, Utc::now()) && gate.refused.as_ref() != Some(&kept.access)
        };
        if good(&kept, &gate) {
            return Ok(kept.access);
        }
        if let Some((_, error)) = gate.failed.as_ref().filter(|(number, _)| *number > seen) {
            return Err(error.clone());
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let file = self.file.clone();
        let alone = tokio::task::spawn_blocking(move || file.refreshing());
        let _alone = alone.await.map_err(|_| broken_off())??;
        for _ in 0..TRIES {
            kept = self.signed_in()?;
            if good(&kept, &gate) {
                return Ok(kept.access);
            }
            let error = match self.fetch(&kept).await {
                Ok(access) => return Ok(access),
                Err(error) => error,
            };
            // A person who has signed in meanwhile knows better.
            match self.signed_in() {
                Ok(there) if there.refresh != kept.refresh => continue,
                _ => {
                    gate.failed = Some((number, error.clone()));
                    return Err(error);
                }
            }
        }
        Err(Error::Transient("somebody else keeps signing in to this account".to_owned()))
    }

    /// The sign-in that is kept.
    fn signed_in(&self) -> Result<SignedIn, Error> {
        match self.file.read().map_err(|error| self.words.unusable(&error))? {
            Some(Kept::SignedIn(kept)) if kept.client_id == self.endpoint.client_id() => Ok(*kept),
            Some(Kept::SignedIn(_)) => Err(self.words.other_client()),
            Some(Kept::SignedOut(out)) => Err(self.words.signed_out(&out)),
            None => Err(self.words.never()),
        }
    }

    /// Writes down what became of a refresh token; the wait for another process is a thread's.
    async fn replace(&self, used: &Secret, kept: Kept) -> Result<(), Error> {
        let (file, used) = (self.file.clone(), used.clone());
        let written = tokio::task::spawn_blocking(move || file.replace(&used, &kept));
        written.await.map_err(|_| broken_off())?.map(drop)
    }

    async fn fetch(&self, kept: &SignedIn) -> Result<Secret, Error> {
        tracing::debug!("refreshing an access token");
        match self.endpoint.refresh(&kept.refresh).await {
            Ok(grant) => {
                let fresh = refreshed(kept, grant, Utc::now());
                let access = fresh.access.clone();
                self.replace(&kept.refresh, Kept::SignedIn(Box::new(fresh))).await?;
                Ok(access)
            }
            Err(Denied::Grant) => {
                let out = ended(kept, Utc::now());
                tracing::warn!(testing = out.testing, "signed out of Google");
                self.replace(&kept.refresh, Kept::SignedOut(out.clone())).await?;
                Err(self.words.signed_out(&out))
            }
            Err(Denied::Other(error)) => Err(error),
        }
    }
}

fn broken_off() -> Error {
    Error::Transient("the refresh of a token broke off".to_owned())
}

/// Far enough from its end; a token with a short life is used for half of it.
fn is_good(kept: &SignedIn, now: DateTime<Utc>) -> bool {
    let margin = MARGIN.min((kept.expires_at - kept.refreshed_at) / 2);
    kept.expires_at - now > margin
}

fn refreshed(kept: &SignedIn, grant: Grant, now: DateTime<Utc>) -> SignedIn {
    SignedIn {
        client_id: kept.client_id.clone(),
        refresh: grant.refresh.unwrap_or_else(|| kept.refresh.clone()),
        refresh_expires_at: grant.refresh_expires_at.or(kept.refresh_expires_at),
        access: grant.access,
        expires_at: grant.expires_at,
        scopes: grant.scopes.unwrap_or_else(|| kept.scopes.clone()),
        signed_in_at: kept.signed_in_at,
        refreshed_at: now,
        address: kept.address.clone(),
    }
}

/// The end of a sign-in, noticed `now`. An app in testing lives a week: what worked longer was
/// none, and what ended sooner was ended by the person.
fn ended(kept: &SignedIn, now: DateTime<Utc>) -> SignedOut {
    let told = kept.refresh_expires_at.is_some_and(|end| end <= now + ABOUT);
    let old_enough = now - kept.signed_in_at >= TESTING - ABOUT;
    let worked_longer = kept.refreshed_at - kept.signed_in_at > TESTING + ABOUT;
    let testing = told || (old_enough && !worked_longer);
    SignedOut { at: now, testing, address: kept.address.clone() }
}

/// `chronotype auth google work`, to be pasted into a shell.
pub fn cure(account: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    match account.chars().all(plain) && !account.starts_with('-') {
        true => format!("chronotype auth google {account}"),
        false => format!("chronotype auth google -- '{}'", account.replace('\'', r"'\''")),
    }
}

/// What the person is told about an account.
#[derive(Debug, Clone)]
pub struct Words {
    /// Its name in the config.
    pub account: String,
    /// The zone they read times in.
    pub zone: Tz,
}

impl Words {
    /// `chronotype auth google work`, to be pasted into a shell.
    pub fn cure(&self) -> String {
        cure(&self.account)
    }

    /// The same with an option, such as `--replace`.
    pub fn cure_with(&self, option: &str) -> String {
        self.cure().replacen("auth google", &format!("auth google {option}"), 1)
    }

    /// Google ended the sign-in.
    pub fn signed_out(&self, out: &SignedOut) -> Error {
        let since = out.at.with_timezone(&self.zone).format("%a %-d %b %H:%M");
        let why = match out.testing {
            true => " (Google signs apps in testing out after 7 days)",
            false => "",
        };
        self.say(format!("signed out of Google since {since}{why}"))
    }

    /// There is no sign-in.
    pub fn never(&self) -> Error {
        self.say("not signed in to Google".to_owned())
    }

    /// There is one, which can't be used.
    pub fn unusable(&self, error: &Error) -> Error {
        self.say(error.to_string())
    }

    /// There is one, for another client.
    pub fn other_client(&self) -> Error {
        self.say("signed in to Google with another client_secret_file".to_owned())
    }

    /// There is one, which does not allow everything that is needed by now.
    pub fn not_allowed(&self, missing: &str) -> Error {
        self.say(format!("the sign-in to Google does not allow to {missing}"))
    }

    fn say(&self, what: String) -> Error {
        Error::Unauthorized(format!("{what}: run `{}`", self.cure()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    /// Signed in at 0, last refreshed at this hour.
    fn kept(refreshed: i64) -> SignedIn {
        SignedIn {
            client_id: "me".to_owned(),
            refresh: Secret::new("refresh"),
            refresh_expires_at: None,
            access: Secret::new("access"),
            expires_at: at(refreshed + 1),
            scopes: Vec::new(),
            signed_in_at: at(0),
            refreshed_at: at(refreshed),
            address: None,
        }
    }

    #[test]
    fn refreshed_ahead_of_its_end() {
        let minutes = |n| at(0) + TimeDelta::minutes(n);
        let check = |life, now, expected| {
            let kept = SignedIn { expires_at: minutes(life), ..kept(0) };
            assert_eq!(is_good(&kept, minutes(now)), expected, "{life} {now}");
        };
        check(60, 0, true);
        check(60, 54, true);
        check(60, 55, false);
        check(60, 61, false);
        // A short life: not refreshed at every call.
        check(4, 1, true);
        check(4, 3, false);
        // The clock was set back.
        check(60, -600, true);
    }

    #[test]
    fn apps_in_testing() {
        let day = 24;
        let check = |refreshed, now, told: Option<i64>, expected| {
            let kept = SignedIn { refresh_expires_at: told.map(at), ..kept(refreshed) };
            let found = ended(&kept, at(now)).testing;
            assert_eq!(found, expected, "{refreshed} {now} {told:?}");
        };
        check(7 * day - 1, 7 * day, None, true);
        check(3 * day, 12 * day, None, true);
        check(day, 2 * day, None, false);
        check(day, 2 * day, Some(7 * day), false);
        check(day, 8 * day, Some(7 * day), true);
        check(90 * day, 91 * day, None, false);
    }

    #[test]
    fn words() {
        let zone = chrono_tz::Europe::Berlin;
        let words = |account: &str| Words { account: account.to_owned(), zone };
        let at = "2026-03-03T13:05:00Z".parse().unwrap();
        let out = SignedOut { at, testing: true, address: None };
        assert_eq!(
            words("work").signed_out(&out).to_string(),
            "signed out of Google since Tue 3 Mar 14:05 (Google signs apps in testing out after \
             7 days): run `chronotype auth google work`"
        );
        assert_eq!(words("my work").cure(), "chronotype auth google -- 'my work'");
        assert_eq!(
            words("my work").cure_with("--replace"),
            "chronotype auth google --replace -- 'my work'"
        );
        assert_eq!(words("o'neil; rm").cure(), r"chronotype auth google -- 'o'\''neil; rm'");
    }
}
