//! A service that is asked by one HTTP request at a time: the one home of calls to endpoints that
//! are OpenAI-compatible, and to others that speak JSON and take a key.
//!
//! Invariants: no redirect is followed, so that what is sent goes to the configured address alone;
//! a request is bounded in time, a reply in size; plain `http` is for this computer only; neither
//! the key nor the service's own words, which may quote what was sent, are in any message.

use crate::calendar::pause::retry_after;
use crate::calendar::{Http, Secret};
pub use reqwest::Method;
use reqwest::{StatusCode, Url, header};
use std::time::Duration;

/// A service as configured.
#[derive(Debug, Clone)]
pub struct Endpoint {
    http: Http,
    base: Url,
    access: Access,
}

/// How to reach it.
#[derive(Debug, Clone)]
pub struct Access {
    /// Its address as configured, up to and without what a request names behind it.
    pub url: String,
    /// Sent with every request; `None` = it wants none.
    pub key: Option<Secret>,
    /// How the key is sent.
    pub scheme: Scheme,
    /// For one whole request.
    pub timeout: Duration,
    /// Longest reply that is read, in bytes.
    pub longest: usize,
}

/// How to reach a model at an OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct ModelAccess {
    /// The endpoint as configured, up to and without what a request names behind it.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token.
    pub key: Option<Secret>,
    /// For one whole request.
    pub timeout: Duration,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Bearer`, as OpenAI and all that are compatible take it.
    Bearer,
    /// A header of its own, `X-API-Key`, as Mem0's server takes it.
    ApiKey,
}

/// Why an address can't be one of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address.
    #[error("'{0}' is no http or https address")]
    NoUrl(String),
    /// It holds what may be a password, and is not repeated.
    #[error("a user name or password has no place in an address")]
    Password,
    /// Would send titles or a key in the clear.
    #[error("{0} is neither this computer nor reached by https: titles would be sent in the clear")]
    Clear(String),
}

/// Why there is no reply, in one sentence, and when it makes sense to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What a person is told; never holds the key, or anything that was sent.
    pub why: String,
    /// When to ask again.
    pub again: Again,
    /// The status, where the service answered at all.
    pub status: Option<u16>,
}

impl Failure {
    /// The service refused this one request for what is in it.
    pub fn is_refusal(&self) -> bool {
        let elsewhere = [401, 403, 404, 408, 429];
        self.status.is_some_and(|code| (400..500).contains(&code) && !elsewhere.contains(&code))
    }
}

/// When a service that failed may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The next request may fare better.
    AnyTime,
    /// It did not answer in time: nothing more in this turn, which it would hold up.
    NotNow,
    /// It asked to be left alone for so long, at most a day.
    After(Duration),
}

/// The address as configured, checked.
///
/// # Errors
/// [`AddressError`]: plain `http` is for this computer only.
pub fn address(url: &str) -> Result<Url, AddressError> {
    let bad = || match url.contains('@') {
        true => AddressError::Password,
        false => AddressError::NoUrl(url.to_owned()),
    };
    let read: Url = url.trim().parse().map_err(|_| bad())?;
    if !read.username().is_empty() || read.password().is_some() {
        return Err(AddressError::Password);
    }
    if !matches!(read.scheme(), "http" | "https") || read.host_str().is_none() {
        return Err(bad());
    }
    if read.scheme() == "http" && !crate::calendar::http::is_loopback(&read) {
        return Err(AddressError::Clear(read.host_str().unwrap_or_default().to_owned()));
    }
    Ok(read)
}

/// Tells a service, and what is used of it, from others: a hash of its address and of that name.
pub fn id_of(url: &str, name: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in [url.trim().trim_end_matches('/'), name] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    id
}

/// The address with these segments behind it, each escaped as one.
pub fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

impl Endpoint {
    /// Prepares it; nothing is sent yet.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(http: Http, access: Access) -> Result<Self, AddressError> {
        Ok(Self { http, base: address(&access.url)?, access })
    }

    /// The same of a model, whose replies are at most so long.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn of_model(
        http: Http,
        ModelAccess { url, key, timeout, .. }: ModelAccess,
        longest: usize,
    ) -> Result<Self, AddressError> {
        Self::new(http, Access { url, key, scheme: Scheme::Bearer, timeout, longest })
    }

    /// Whom messages name.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Sends one request to what lies at these segments below its address; the body of the reply.
    ///
    /// # Errors
    /// [`Failure`]: no answer, one too long, or one whose status is no success.
    pub async fn send(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<String>,
    ) -> Result<Vec<u8>, Failure> {
        let url = below(&self.base, segments);
        let client = self.http.client(&url);
        let mut request = client.request(method, url).timeout(self.access.timeout);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(key) = &self.access.key {
            let (name, value) = match self.access.scheme {
                Scheme::Bearer => (header::AUTHORIZATION, key.bearer()),
                Scheme::ApiKey => (header::HeaderName::from_static("x-api-key"), key.header()),
            };
            let value = value.ok_or_else(|| self.failed("its key is no key"))?;
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        let pause = retry_after(response.headers());
        let mut text = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if text.len() + piece.len() > self.access.longest {
                let most = self.access.longest >> 10;
                return Err(self.failed(&format!("{} sent more than {most} KB", self.host())));
            }
            text.extend_from_slice(&piece);
        }
        match status.is_success() {
            true => Ok(text),
            false => Err(self.refused(status, pause)),
        }
    }

    fn failed(&self, why: &str) -> Failure {
        Failure { why: why.to_owned(), again: Again::AnyTime, status: None }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        let why = crate::calendar::http::failure(error, self.host()).to_string();
        let again = if error.is_timeout() { Again::NotNow } else { Again::AnyTime };
        Failure { why, again, status: None }
    }

    /// What a status means. The service's own words may quote the request, and with it a title:
    /// they are not passed on.
    fn refused(&self, status: StatusCode, pause: Option<Duration>) -> Failure {
        let host = self.host();
        let why = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!("{host} refused the key"),
            StatusCode::NOT_FOUND => format!("{host} has no such endpoint or model"),
            StatusCode::TOO_MANY_REQUESTS => format!("{host} has had too many requests"),
            status if status.is_redirection() => {
                format!("{host} points elsewhere: give that address")
            }
            status => format!("{host} answered {status}"),
        };
        let asked = matches!(status.as_u16(), 429 | 503).then_some(pause).flatten();
        let again = asked.map_or(Again::AnyTime, Again::After);
        Failure { why, again, status: Some(status.as_u16()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        fn check(url: &str, expected: Result<&str, &str>) {
            let found = address(url).map(|u| below(&u, &["chat", "completions"]).to_string());
            let found = found.map_err(|e| e.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{url}");
        }
        check("https://llm.example.org/v1", Ok("https://llm.example.org/v1/chat/completions"));
        check("http://127.0.0.1:11434/v1/", Ok("http://127.0.0.1:11434/v1/chat/completions"));
        check("http://[::1]:1", Ok("http://[::1]:1/chat/completions"));
        let clear = "llm.example.org is neither this computer nor reached by https: titles would \
                     be sent in the clear";
        check("http://llm.example.org/v1", Err(clear));
        check("ftp://x/", Err("'ftp://x/' is no http or https address"));
        let password = "a user name or password has no place in an address";
        for url in ["https://me:pw@x/", "https://pw@x/", "me:pw@x", "https:me:pw@[x"] {
            check(url, Err(password));
        }
    }

    #[test]
    fn what_is_named_stays_one_segment() {
        let base = address("https://x.example/api").unwrap();
        assert_eq!(below(&base, &["a/../b?c"]).as_str(), "https://x.example/api/a%2F..%2Fb%3Fc");
    }
}
