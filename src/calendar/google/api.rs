//! One request: within the budget, with a token, bounded, asked again when Google wants it slower.
//!
//! Invariant: the token goes to `api_root` and nowhere else: addresses are built here from names,
//! never taken from an answer, and redirects are not followed.

use super::grant::endpoint;
use super::pace::{Budget, Pace};
use super::refusal::{Manner, Refusal};
use super::token::TokenSource;
use crate::calendar::http::{Http, failure, is_dropped};
use crate::calendar::pause::in_words;
use crate::calendar::room::Room;
use crate::calendar::{Contact, Error, Identity, Secret};
use crate::event::ETag;
use reqwest::header::{AUTHORIZATION, HeaderMap, IF_MATCH, USER_AGENT};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Largest answer: 2,500 events with long descriptions.
const ANSWER: usize = 64 * 1024 * 1024;
/// How long an account is left alone that wanted it slower to the last try.
const PAUSE: Duration = Duration::from_secs(60);
/// Google compresses only for those who say `gzip` here, too.
const AGENT: &str = concat!("chronotype/", env!("CARGO_PKG_VERSION"), " (gzip)");

/// Where an account's requests go.
pub struct Api {
    http: Http,
    root: Url,
    account: String,
    tokens: Arc<dyn TokenSource>,
    pace: Pace,
    budget: Mutex<Budget>,
    sent: AtomicU64,
    contact: Mutex<Contact>,
}

/// The requests of one call, counted, and the room for what they bring.
pub struct Line<'a> {
    api: &'a Api,
    sent: AtomicU32,
    room: Room,
}

/// What a repetition would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing: it reads.
    Harmless,
    /// Nothing either, since it names its id or version; but a lost reply is left to the next turn.
    Guarded,
    /// The same once more.
    Twice,
}

/// One request.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    url: Url,
    if_match: Option<ETag>,
    body: Option<Value>,
    repeats: Repeats,
}

impl Ask {
    /// Reads.
    pub fn get(url: Url) -> Self {
        let repeats = Repeats::Harmless;
        Self { method: Method::GET, url, if_match: None, body: None, repeats }
    }

    /// Makes something.
    pub fn post(url: Url, body: Value, repeats: Repeats) -> Self {
        Self { method: Method::POST, url, if_match: None, body: Some(body), repeats }
    }

    /// Changes what is named if it has this version; `null` clears a field.
    pub fn patch(url: Url, version: &ETag, body: Value) -> Self {
        let (if_match, body) = (Some(version.clone()), Some(body));
        Self { method: Method::PATCH, url, if_match, body, repeats: Repeats::Guarded }
    }

    /// Deletes if it has this version.
    pub fn delete(url: Url, version: &ETag) -> Self {
        let if_match = Some(version.clone());
        let repeats = Repeats::Guarded;
        Self { method: Method::DELETE, url, if_match, body: None, repeats }
    }
}

/// Why there is no answer to read.
#[derive(Debug, Clone)]
pub enum Failed {
    /// Google said no.
    Refused(Refusal),
    /// Everything else, in the trait's terms.
    Error(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Failed {
    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Error(_) => None,
        }
    }
}

/// An answer without its meaning.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

enum Broken {
    Line(reqwest::Error),
    TooLarge,
}

impl Api {
    /// Prepares an account; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Refused`] when the root is no address, or would carry the token unencrypted.
    pub fn new(
        http: Http,
        root: &str,
        account: String,
        tokens: Arc<dyn TokenSource>,
        pace: Pace,
    ) -> Result<Self, Error> {
        let root = address(root)?;
        let budget = Mutex::new(Budget::new(&pace, Instant::now()));
        let (sent, contact) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { http, root, account, tokens, pace, budget, sent, contact })
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How Google was reached so far.
    pub fn contact(&self) -> Contact {
        *self.noted()
    }

    fn noted(&self) -> MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As whom the person is signed in.
    pub fn identity(&self) -> Option<Identity> {
        self.tokens.identity()
    }

    /// Starts a count.
    pub fn line(&self) -> Line<'_> {
        Line { api: self, sent: AtomicU32::new(0), room: Room::default() }
    }

    fn host(&self) -> &str {
        self.root.host_str().unwrap_or_default()
    }
}

/// Reads `api_root`.
///
/// # Errors
/// [`Error::Refused`] when it is no address, or would carry the token unencrypted.
pub fn address(root: &str) -> Result<Url, Error> {
    let mut url = endpoint(root).map_err(|e| Error::Refused(format!("api_root: {e}")))?;
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

impl Line<'_> {
    /// Requests sent on this line.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Room for what is kept of the answers.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.api.account
    }

    /// `calendar/v3/` and these segments, whatever they hold, below the root.
    pub fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.api.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["calendar", "v3"]).extend(segments);
        }
        url.query_pairs_mut().append_pair("prettyPrint", "false").extend_pairs(query);
        url
    }

    /// Asks, and reads the answer; `what` says to the person what was wanted.
    ///
    /// # Errors
    /// As [`Line::ask`]; refusals as [`Refusal::error`] says.
    pub async fn read<T: DeserializeOwned>(&self, ask: &Ask, what: &str) -> Result<T, Error> {
        let body = self.ask(ask).await.map_err(|failed| self.error(failed, what))?;
        self.json(&body)
    }

    /// The error of a failure to someone who wanted to `what`.
    pub fn error(&self, failed: Failed, what: &str) -> Error {
        match failed {
            Failed::Refused(refusal) => refusal.error(&self.api.account, what),
            Failed::Error(error) => error,
        }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is not what was asked for.
    pub fn json<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        // The reader's own words may hold a part of the answer.
        serde_json::from_slice(body).map_err(|_| {
            Error::Refused(format!("{} gave an answer that can't be read", self.api.host()))
        })
    }

    /// Asks until there is an answer or patience ends.
    ///
    /// # Errors
    /// [`Failed::Refused`] where the caller may know what it means; [`Error::Unauthorized`] when
    /// signed out, [`Error::Later`] when Google or the budget wants a pause, [`Error::Transient`]
    /// when no answer came.
    pub async fn ask(&self, ask: &Ask) -> Result<Vec<u8>, Failed> {
        let (mut failed, mut renewed) = (0, false);
        loop {
            self.keep_pace().await?;
            let token = self.api.tokens.token().await?;
            let (wait, error) = match self.once(ask, &token).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer.body),
                Ok(Answer { status, headers, body }) => {
                    let refusal = Refusal::read(status, &headers, &body);
                    if status == 401 {
                        self.api.tokens.refused(&token).await;
                        if !renewed {
                            renewed = true;
                            continue;
                        }
                    }
                    match refusal.manner() {
                        Manner::Later(after) => return Err(later(after).into()),
                        Manner::Slower => (refusal.retry_after, Failed::Refused(refusal)),
                        Manner::Trouble if ask.repeats != Repeats::Twice => {
                            (refusal.retry_after, Failed::Refused(refusal))
                        }
                        Manner::Trouble | Manner::Final => return Err(Failed::Refused(refusal)),
                    }
                }
                Err(Broken::Line(error)) => {
                    let told = failure(&error, self.api.host());
                    if ask.repeats != Repeats::Harmless || !is_dropped(&error) {
                        return Err(told.into());
                    }
                    (None, Failed::Error(told))
                }
                Err(Broken::TooLarge) => return Err(self.too_large().into()),
            };
            failed += 1;
            let pace = &self.api.pace;
            let wait = wait.unwrap_or_default().max(pace.wait(failed));
            if failed >= pace.tries || wait > pace.longest_wait {
                return Err(out_of_patience(error));
            }
            tracing::debug!(failed, "google: asked to come back");
            tokio::time::sleep(wait).await;
        }
    }

    async fn keep_pace(&self) -> Result<(), Error> {
        let api = self.api;
        let taken = {
            let mut budget = api.budget.lock().unwrap_or_else(PoisonError::into_inner);
            budget.take(&api.pace, Instant::now())
        };
        match taken {
            Ok(wait) => tokio::time::sleep(wait).await,
            Err(after) => return Err(later(after)),
        }
        Ok(())
    }

    async fn once(&self, ask: &Ask, token: &Secret) -> Result<Answer, Broken> {
        let api = self.api;
        api.sent.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(1, Ordering::Relaxed);
        let client = api.http.client(&ask.url);
        let mut request = client
            .request(ask.method.clone(), ask.url.clone())
            .timeout(api.pace.timeout)
            .header(USER_AGENT, AGENT);
        // What no header can hold is no token: Google says so.
        if let Some(value) = token.bearer() {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(version) = &ask.if_match {
            request = request.header(IF_MATCH, version.as_str());
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(Broken::Line)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        {
            let mut contact = api.noted();
            contact.note(&ask.url, &headers);
            if status != 401 {
                contact.sign_in = Some("Google");
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Broken::Line)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    fn too_large(&self) -> Error {
        let size = ANSWER / (1024 * 1024);
        Error::Refused(format!("{} answers with over {size} MiB", self.api.host()))
    }
}

fn later(after: Duration) -> Error {
    let message = format!("Google asks to be left alone for {}", in_words(after));
    Error::Later { message, after }
}

fn out_of_patience(error: Failed) -> Failed {
    match error {
        Failed::Refused(refusal) => match (refusal.manner(), refusal.retry_after) {
            (Manner::Trouble, None) => Failed::Refused(refusal),
            (_, after) => later(after.unwrap_or(PAUSE)).into(),
        },
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_travel_encrypted() {
        for (root, expected) in [
            ("https://www.googleapis.com", Some("https://www.googleapis.com/")),
            ("https://gate.example.org/google?x#y", Some("https://gate.example.org/google/")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080/")),
            ("http://localhost:1", Some("http://localhost:1/")),
            ("http://www.googleapis.com/", None),
            ("http://localhost.example.com/", None),
            ("https://a:b@www.googleapis.com/", None),
            ("ftp://127.0.0.1/", None),
            ("somewhere", None),
            ("", None),
        ] {
            assert_eq!(address(root).ok().as_ref().map(Url::as_str), expected, "{root}");
        }
    }
}
