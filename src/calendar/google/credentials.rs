//! From what the config says of an account to its tokens, or to a sign-in.

use super::client_secret::{self, ClientFile};
use super::grant::{TokenEndpoint, endpoint};
use super::kept::Kept;
use super::scope::{self, Writing, in_words};
use super::service_account::ServiceTokens;
use super::sign_in::{Request, SignIn};
use super::token::{StoredTokens, TokenSource, Words};
use super::token_file::TokenFile;
use super::whose::{Successor, Whose};
use crate::calendar::{Error, Http};
use std::path::PathBuf;
use std::sync::Arc;

/// How an account signs in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What it is called, and in which zone the person reads times.
    pub words: Words,
    /// The file that Google's console gave out.
    pub client_secret_file: PathBuf,
    /// Where people sign in, in the place of what the file says.
    pub auth_uri: Option<String>,
    /// Where tokens are fetched, likewise.
    pub token_uri: Option<String>,
    /// Where the calendars are, likewise; asked after a sign-in whose they are.
    pub api_root: Option<String>,
    /// Whom a service account acts for.
    pub subject: Option<String>,
    /// The address the person signs in with, where it is known.
    pub login_hint: Option<String>,
    /// What may be written.
    pub writing: Writing,
    /// Where the sign-in is kept.
    pub file: TokenFile,
}

impl Credentials {
    /// Where access tokens come from; nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when the client file or an endpoint can't be used.
    pub fn tokens(&self, http: Http) -> Result<Arc<dyn TokenSource>, Error> {
        Ok(match client_secret::read(&self.client_secret_file)? {
            ClientFile::Installed(client) => {
                let address = self.token_uri.as_ref().unwrap_or(&client.token_uri).clone();
                let endpoint = TokenEndpoint::new(http, &address, client).map_err(at_token)?;
                Arc::new(StoredTokens::new(endpoint, self.file.clone(), self.words.clone()))
            }
            ClientFile::Service(mut key) => {
                key.token_uri = self.token_uri.clone().unwrap_or(key.token_uri);
                Arc::new(ServiceTokens::new(*key, self.subject.clone(), self.writing)?)
            }
        })
    }

    /// Starts a sign-in; `None` = a service account, which needs none.
    ///
    /// # Errors
    /// As [`Self::tokens`], and [`SignIn::begin`].
    pub async fn sign_in(&self, http: Http, successor: Successor) -> Result<Option<SignIn>, Error> {
        let client = match client_secret::read(&self.client_secret_file)? {
            ClientFile::Installed(client) => client,
            ClientFile::Service(_) => return Ok(None),
        };
        let auth = endpoint(self.auth_uri.as_ref().unwrap_or(&client.auth_uri))
            .map_err(|error| Error::Refused(format!("auth_uri: {error}")))?;
        let address = self.token_uri.as_ref().unwrap_or(&client.token_uri).clone();
        // Google then offers that address first.
        let known = || self.file.address().filter(|_| successor == Successor::Same);
        let whose = Whose { http: http.clone(), api_root: self.api_root.clone(), successor };
        let request = Request {
            auth,
            endpoint: TokenEndpoint::new(http, &address, client).map_err(at_token)?,
            file: self.file.clone(),
            writing: self.writing,
            login_hint: self.login_hint.clone().or_else(known),
            whose,
            words: self.words.clone(),
        };
        SignIn::begin(request).await.map(Some)
    }

    /// What would keep this account from working, as far as can be told without asking anybody.
    pub fn problem(&self) -> Option<Error> {
        let client = match client_secret::read(&self.client_secret_file) {
            Ok(client) => client,
            Err(error) => return Some(error),
        };
        let ClientFile::Installed(client) = client else { return None };
        if self.subject.is_some() {
            let what = "subject means nothing without a service account's file";
            return Some(Error::Refused(what.to_owned()));
        }
        match self.file.read() {
            Err(error) => Some(self.words.unusable(&error)),
            Ok(None) => Some(self.words.never()),
            Ok(Some(Kept::SignedOut(out))) => Some(self.words.signed_out(&out)),
            Ok(Some(Kept::SignedIn(kept))) if kept.client_id != client.id => {
                Some(self.words.other_client())
            }
            Ok(Some(Kept::SignedIn(kept))) => {
                let missing = scope::missing(self.writing, &kept.scopes);
                (!missing.is_empty()).then(|| self.words.not_allowed(&in_words(&missing)))
            }
        }
    }
}

fn at_token(error: Error) -> Error {
    Error::Refused(format!("token_uri: {error}"))
}
