//! One request: past the gate, signed, bounded, asked again when the line breaks or the server is
//! busy, and sent on where the server has moved to.
//!
//! Invariant: each hop of a redirect passes the gate and is signed anew, with method, conditions
//! and body kept.

use super::body::{self, Broken};
use super::gate::{Gate, host};
use super::href;
use super::multistatus::{self, Multistatus};
use super::patience::{Next, Patience};
use super::sign::{Signed, Signer};
use crate::calendar::http::{Http, REPORT, failure, is_dropped};
use crate::calendar::names::Names;
use crate::calendar::room::Room;
use crate::calendar::{Contact, Error};
use crate::event::Href;
use libdav::requests::DavRequest;
use reqwest::Url;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Redirects followed for one request: well-known, context path, missing slash, and two to spare.
const REDIRECTS: usize = 5;
/// Challenges answered for one request: the first, a stale nonce, another name, and one to spare.
const CHALLENGES: usize = 4;

/// The way to one account's server.
pub struct Transport {
    http: Http,
    gate: Gate,
    account: String,
    signer: Signer,
    sent: AtomicU64,
    contact: Mutex<Contact>,
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
    /// Decompressed body; empty where rows were read from it, and of a page or an error no more
    /// than its beginning.
    pub body: Vec<u8>,
    /// What a 207 held.
    rows: Option<Result<Multistatus, String>>,
}

/// The requests of one call, counted, and the room for what they bring.
pub struct Line<'a> {
    transport: &'a Transport,
    sent: AtomicU32,
    room: Room,
}

impl Transport {
    /// Nothing is sent yet.
    pub fn new(http: Http, gate: Gate, account: String, signer: Signer) -> Self {
        let (sent, contact) = (AtomicU64::new(0), Mutex::default());
        Self { http, gate, account, signer, sent, contact }
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How the server was reached so far.
    pub fn contact(&self) -> Contact {
        *self.noted()
    }

    fn noted(&self) -> MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a line and the clock at its end; an answer without a date says nothing.
    fn note_line(&self, url: &Url, headers: &HeaderMap) {
        self.noted().note(url, headers);
    }

    /// A request signed so was let in.
    fn note_sign_in(&self, signed: &Signed) {
        self.signer.let_in(signed);
        let word = match signed {
            Signed::Not => return,
            Signed::Basic => "Basic",
            Signed::Digest { .. } => "Digest",
            Signed::Bearer => "a token",
        };
        self.noted().sign_in = Some(word);
    }

    /// Starts a count.
    pub fn line(&self) -> Line<'_> {
        self.line_within(Room::default())
    }

    /// Same, with so much room.
    pub fn line_within(&self, room: Room) -> Line<'_> {
        Line { transport: self, sent: AtomicU32::new(0), room }
    }
}

impl Line<'_> {
    /// Requests sent on this line.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether there is room for more.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none: no other way to ask would do better.
    pub fn has_room(&self) -> Result<(), Error> {
        self.room.check()
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

    /// Who looks up the services of a domain.
    pub fn names(&self) -> &Names {
        self.transport.http.names()
    }

    /// Whether a request to this address may pass.
    ///
    /// # Errors
    /// [`Error::Refused`] when it belongs to somebody else.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        self.transport.gate.check(url)
    }

    /// Sends a request to `url` and on to where it has moved: only method, headers and body of
    /// `request` count.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for 401, [`Error::Transient`] when no answer came,
    /// [`Error::Later`] when the server wants to be left alone, [`Error::Refused`] for a redirect
    /// to another site or in circles.
    pub async fn send(&self, url: &Url, request: http::Request<String>) -> Result<Answer, Error> {
        let mut passed = vec![url.clone()];
        for _ in 0..=REDIRECTS {
            let Some(at) = passed.last() else { break };
            let answer = self.answer(at, &request).await?;
            match answer.redirect(request.method()) {
                None => return Ok(answer),
                Some(target) => {
                    let target = target?;
                    if is_write(request.method()) && name(&target) != name(url) {
                        return Err(Error::Refused(format!(
                            "{} sends a write on to another object, so nothing was written: tell \
                             whoever runs it",
                            host(at)
                        )));
                    }
                    if passed.contains(&target) {
                        break;
                    }
                    passed.push(target);
                }
            }
        }
        Err(Error::Refused("the server redirects in circles".to_owned()))
    }

    /// What one address answers, signed as it wants it.
    async fn answer(&self, url: &Url, request: &http::Request<String>) -> Result<Answer, Error> {
        let signer = &self.transport.signer;
        self.check(url)?;
        let mut patience = Patience::with(request.method());
        let mut challenges = 0;
        loop {
            match self.once(url, request).await {
                Ok((answer, signed)) if answer.status == 401 && challenges < CHALLENGES => {
                    challenges += 1;
                    signer.challenged(url, &signed, &answer.headers)?;
                }
                Ok((answer, _)) if answer.status == 401 => {
                    let host = host(url);
                    return Err(Error::Unauthorized(format!(
                        "{host} takes none of its own nonces"
                    )));
                }
                Ok((answer, signed)) => {
                    if answer.is_success() {
                        self.transport.note_sign_in(&signed);
                    }
                    match patience.after(&answer)? {
                        Next::Take => return Ok(answer),
                        Next::Wait(wait) => tokio::time::sleep(wait).await,
                    }
                }
                Err(Broken::Line(error)) => {
                    let wait = patience.after_break().filter(|_| is_dropped(&error));
                    let Some(wait) = wait else { return Err(failure(&error, &host(url))) };
                    tokio::time::sleep(wait).await;
                }
                Err(Broken::TooLong(bytes)) => {
                    let (host, size) = (host(url), bytes / (1024 * 1024));
                    return Err(Error::Refused(format!("{host} answers with over {size} MiB")));
                }
                Err(Broken::Full(error)) => return Err(error),
            }
        }
    }

    async fn once(
        &self,
        url: &Url,
        request: &http::Request<String>,
    ) -> Result<(Answer, Signed), Broken> {
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
        let (mut builder, signed) = transport.signer.sign(builder, url, request);
        if !request.body().is_empty() {
            builder = builder.body(request.body().clone());
        }
        let mut response = builder.send().await.map_err(Broken::Line)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        transport.note_line(url, &headers);
        let body::Body { bytes, rows } = body::read(response, request.method(), &self.room).await?;
        Ok((Answer { url: url.clone(), status, headers, body: bytes, rows }, signed))
    }
}

/// What changes an object. Where it has moved to, it keeps its name: a server that answers a write
/// with its start page, or with another object, must not be written to.
fn is_write(method: &http::Method) -> bool {
    ["PUT", "DELETE"].contains(&method.as_str())
}

/// The last segment of an address, decoded.
fn name(url: &Url) -> String {
    let path = href::path(url);
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
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

    /// Where it sends someone who asked with this method. 303 means "look there", which says
    /// nothing to someone who writes.
    fn redirect(&self, method: &http::Method) -> Option<Result<Url, Error>> {
        let reads = ["GET", "PROPFIND", "REPORT"].contains(&method.as_str());
        let moved = matches!(self.status, 301 | 302 | 307 | 308) || self.status == 303 && reads;
        let location = self.header(LOCATION).filter(|_| moved)?;
        Some(href::resolve(location, &self.url))
    }

    /// Its rows, taken out of it.
    ///
    /// # Errors
    /// [`Error::Refused`] when it has none.
    pub fn multistatus(&mut self) -> Result<Multistatus, Error> {
        let rows = self.rows.take().unwrap_or_else(|| multistatus::parse(&self.body));
        rows.map_err(|found| {
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
