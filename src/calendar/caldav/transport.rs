//! One request: past the gate, signed, bounded, asked again when the line breaks.

use super::gate::{Gate, host};
use super::href;
use super::multistatus::{self, Multistatus};
use crate::calendar::http::{Http, REPORT, failure, is_dropped};
use crate::calendar::{Contact, Error, Secret};
use crate::event::Href;
use chrono::{DateTime, TimeDelta, Utc};
use libdav::requests::DavRequest;
use reqwest::Url;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Largest answer: 100,000 objects in one listing, or a chunk of very large ones.
const ANSWER: usize = 256 * 1024 * 1024;
/// Waits before asking again when a connection broke without an answer: some servers close each
/// connection, now and then a moment too early.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// How to sign in.
pub struct Transport {
    http: Http,
    gate: Gate,
    account: String,
    username: String,
    password: Secret,
    sent: AtomicU64,
    clock: Mutex<Option<TimeDelta>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Where it came from.
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// Decompressed body.
    pub body: Vec<u8>,
}

/// The requests of one call, counted.
pub struct Line<'a> {
    transport: &'a Transport,
    sent: AtomicU32,
}

impl Transport {
    /// Signs requests as this person.
    pub fn new(
        http: Http,
        gate: Gate,
        account: String,
        username: String,
        password: Secret,
    ) -> Self {
        Self {
            http,
            gate,
            account,
            username,
            password,
            sent: AtomicU64::new(0),
            clock: Mutex::default(),
        }
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How the server was reached so far.
    pub fn contact(&self) -> Contact {
        Contact {
            sign_in: (!self.username.is_empty()).then_some("Basic"),
            encrypted: Some(self.gate.base().scheme() == "https"),
            clock: *self.clock.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Compares clocks; an answer without a date says nothing.
    fn look_at_clock(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(Ok(date)) = date.map(DateTime::parse_from_rfc2822) {
            let ahead = date.signed_duration_since(Utc::now());
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
    }

    /// Starts a count.
    pub fn line(&self) -> Line<'_> {
        Line { transport: self, sent: AtomicU32::new(0) }
    }
}

impl Line<'_> {
    /// Requests sent on this line.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.transport.account
    }

    /// The address the person gave.
    pub fn base(&self) -> &Url {
        self.transport.gate.base()
    }

    /// The address an href stands for.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is none.
    pub fn locate(&self, href: &Href) -> Result<Url, Error> {
        href::url(href, self.base())
    }

    /// Sends a request of `libdav`'s to `url` and returns what came back, whatever its status.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for 401, [`Error::Transient`] when no answer came.
    pub async fn ask<R: DavRequest>(&self, url: &Url, request: &R) -> Result<Answer, Error> {
        self.send(url, prepare(url, request)?).await
    }

    /// Sends a request to `url`: only method, headers and body of `request` count.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for 401, [`Error::Transient`] when no answer came.
    pub async fn send(&self, url: &Url, request: http::Request<String>) -> Result<Answer, Error> {
        self.transport.gate.check(url)?;
        // A repeated PUT could meet its own first half; the next turn repairs it instead.
        let waits: &[Duration] =
            if request.method() == http::Method::PUT { &[] } else { &BACK_OFF };
        let mut waits = waits.iter();
        loop {
            match self.once(url, &request).await {
                Ok(answer) if answer.status == 401 => return Err(self.unauthorized(url)),
                Ok(answer) => return Ok(answer),
                Err(Broken::Line(error)) => match waits.next().filter(|_| is_dropped(&error)) {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => return Err(failure(&error, &host(url))),
                },
                Err(Broken::TooLarge) => {
                    let size = ANSWER / (1024 * 1024);
                    let host = host(url);
                    return Err(Error::Refused(format!("{host} answers with over {size} MiB")));
                }
            }
        }
    }

    async fn once(&self, url: &Url, request: &http::Request<String>) -> Result<Answer, Broken> {
        let transport = self.transport;
        transport.sent.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(1, Ordering::Relaxed);
        let mut headers = request.headers().clone();
        if [http::Method::GET, http::Method::PUT].contains(request.method()) {
            // Compressed objects come with another ETag from some servers.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let client = transport.http.client(url);
        let mut builder = client.request(request.method().clone(), url.clone()).headers(headers);
        if request.method().as_str() == "REPORT" {
            builder = builder.timeout(REPORT);
        }
        if !transport.username.is_empty() {
            builder = builder.basic_auth(&transport.username, Some(transport.password.expose()));
        }
        if !request.body().is_empty() {
            builder = builder.body(request.body().clone());
        }
        let mut response = builder.send().await.map_err(Broken::Line)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        transport.look_at_clock(&headers);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Broken::Line)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { url: url.clone(), status, headers, body })
    }

    fn unauthorized(&self, url: &Url) -> Error {
        let host = host(url);
        Error::Unauthorized(if self.transport.username.is_empty() {
            format!("{host} asks for a user name and a password")
        } else {
            format!("{host} refused the user name or password")
        })
    }
}

enum Broken {
    Line(reqwest::Error),
    TooLarge,
}

/// The request as it would be sent: method, headers, body.
///
/// # Errors
/// [`Error::Refused`] when the address is none.
pub fn prepare<R: DavRequest>(url: &Url, request: &R) -> Result<http::Request<String>, Error> {
    let nonsense = |_| Error::Refused("the server named an address that is none".to_owned());
    let origin = url.origin().ascii_serialization();
    let origin = http::Uri::try_from(origin).map_err(|e| nonsense(e.into()))?;
    request.prepare_request(origin).map_err(nonsense)
}

impl Answer {
    /// Status 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text.
    pub fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Where it sends the asker.
    pub fn redirect(&self) -> Option<Result<Url, Error>> {
        let moved = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        let location = self.header(LOCATION).filter(|_| moved)?;
        Some(href::resolve(location, &self.url))
    }

    /// Its rows.
    ///
    /// # Errors
    /// [`Error::Refused`] when it has none.
    pub fn multistatus(&self) -> Result<Multistatus, Error> {
        multistatus::parse(&self.body).map_err(|found| {
            Error::Refused(format!("{} gave {found}: is it a CalDAV server?", host(&self.url)))
        })
    }

    /// Whether its body names this precondition.
    pub fn names(&self, precondition: &str) -> bool {
        multistatus::names_precondition(&self.body, precondition)
    }

    /// What came back, for a person: `404`, or `200 text/html`.
    pub fn brief(&self) -> String {
        let kind = self.header(CONTENT_TYPE).and_then(|kind| kind.split(';').next());
        match kind {
            Some(kind) if self.is_success() => format!("{} {kind}", self.status),
            _ => self.status.to_string(),
        }
    }

    /// The error this status means to someone who wanted to `what`.
    pub fn refusal(&self, what: &str) -> Error {
        let host = host(&self.url);
        match self.status {
            404 | 410 => Error::NotFound(format!("{host} has no such calendar or object ({what})")),
            412 => Error::Changed,
            408 | 425 | 429 | 500 | 502..=504 => {
                Error::Transient(format!("{host} answered {} to {what}", self.status))
            }
            _ => Error::Refused(format!("{host} answered {} to {what}", self.brief())),
        }
    }
}
