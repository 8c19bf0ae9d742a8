//! Service accounts: an organisation's own account, which may act for its people (`subject`).
//!
//! yup-oauth2 makes and signs the assertion (RFC 7523) and fetches the token. Around it: one fetch
//! at a time, a limit, our errors. It speaks over a client of its own, which knows no proxy: behind
//! one that is the only way out, `token_uri` has to be a gateway that is reached without. All else
//! (signing in, refreshing, the calendars themselves) goes over the proxies of the environment.

use super::grant::{endpoint, word};
use super::scope::{Writing, scopes};
use crate::calendar::{Error, Secret, install_tls_provider};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use yup_oauth2::authenticator::DefaultAuthenticator;
use yup_oauth2::error::AuthErrorCode;
use yup_oauth2::{ServiceAccountAuthenticator, ServiceAccountKey};
use zeroize::Zeroize;

/// For a whole fetch.
const WHOLE: Duration = Duration::from_secs(60);
/// A token that ends sooner is fetched anew.
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// Said where nothing was reached.
const PAST: &str = " (for a service account it is asked directly, past any proxy)";
/// Life of a token whose answer does not tell.
const USUAL_LIFE: TimeDelta = TimeDelta::hours(1);

/// Tokens of a service account. They are kept in memory alone: the key fetches others.
pub struct ServiceTokens {
    key: ServiceAccountKey,
    subject: Option<String>,
    writing: Writing,
    made: OnceCell<DefaultAuthenticator>,
    held: Mutex<Option<Held>>,
}

struct Held {
    token: Secret,
    /// No longer good from then on.
    until: DateTime<Utc>,
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens").finish_non_exhaustive()
    }
}

impl Drop for ServiceTokens {
    /// yup-oauth2 wipes no copy of its own.
    fn drop(&mut self) {
        self.key.private_key.zeroize();
    }
}

impl ServiceTokens {
    /// For this key, acting for `subject`; nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when assertions may not go to the key's endpoint.
    pub fn new(
        key: ServiceAccountKey,
        subject: Option<String>,
        writing: Writing,
    ) -> Result<Self, Error> {
        let at = |error: Error| Error::Refused(format!("token_uri: {error}"));
        // As the URL reads it: yup-oauth2 takes nothing else.
        let token_uri = endpoint(&key.token_uri).map_err(at)?.to_string();
        let key = ServiceAccountKey { token_uri, ..key };
        let (made, held) = (OnceCell::new(), Mutex::default());
        Ok(Self { key, subject, writing, made, held })
    }

    async fn authenticator(&self) -> Result<&DefaultAuthenticator, Error> {
        let make = || async {
            install_tls_provider();
            let mut builder = ServiceAccountAuthenticator::builder(self.key.clone());
            if let Some(subject) = &self.subject {
                builder = builder.subject(subject);
            }
            builder.build().await.map_err(|error| {
                Error::Refused(format!("the private_key of client_secret_file is no key: {error}"))
            })
        };
        self.made.get_or_try_init(make).await
    }

    async fn fetch(&self) -> Result<Held, Error> {
        let scopes: Vec<&str> = scopes(self.writing).iter().map(|scope| scope.uri).collect();
        let made = self.authenticator().await?;
        let late =
            |_| Error::Transient(format!("Google's token endpoint did not answer in time{PAST}"));
        let fetched = tokio::time::timeout(WHOLE, made.force_refreshed_token(&scopes)).await;
        let fetched = fetched.map_err(late)?.map_err(|error| self.refusal(&error))?;
        let nothing = || Error::Transient("Google's token endpoint gave no token".to_owned());
        let token = fetched.token().filter(|token| !token.is_empty()).ok_or_else(nothing)?;
        let now = Utc::now();
        let end = fetched.expiration_time();
        let end = end.and_then(|end| DateTime::from_timestamp(end.unix_timestamp(), 0));
        let life = end.map_or(USUAL_LIFE, |end| end - now);
        Ok(Held { token: Secret::new(token), until: now + life - MARGIN.min(life / 2) })
    }

    fn refusal(&self, error: &yup_oauth2::Error) -> Error {
        let yup_oauth2::Error::AuthError(refused) = error else {
            // Its words may hold what was sent.
            tracing::debug!("no token for a service account: no answer that could be read");
            return Error::Transient(format!(
                "can't get a token from Google's token endpoint{PAST}"
            ));
        };
        let code = word(refused.error.as_str());
        let whom = match &self.subject {
            Some(_) => "for subject: is the address right, and may the account act for it",
            None => {
                "to the service account: is its key still valid, and is this computer's clock \
                     right"
            }
        };
        match refused.error {
            AuthErrorCode::Other(_) => {
                Error::Transient(format!("Google can't give a token just now ({code})"))
            }
            _ => Error::Unauthorized(format!("Google gives no token {whom}? ({code})")),
        }
    }
}

#[async_trait]
impl super::TokenSource for ServiceTokens {
    async fn token(&self) -> Result<Secret, Error> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| Utc::now() < held.until) {
            return Ok(held.token.clone());
        }
        let fetched = self.fetch().await?;
        let token = fetched.token.clone();
        *held = Some(fetched);
        Ok(token)
    }

    async fn refused(&self, token: &Secret) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == *token) {
            *held = None;
        }
    }
}
