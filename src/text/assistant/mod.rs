//! The assistant: any OpenAI-compatible chat endpoint, hosted or on this computer. Off by default.
//!
//! Invariants: nothing is sent but what [`request`] shows; one request a question, no
//! redirect followed, bounded in time and size; the key goes to that address alone and into no
//! message; what comes back is read by a strict schema ([`answer`]) or not at all.

mod answer;
mod request;

pub use request::request;

use crate::calendar::{Http, Secret};
use crate::task::advice::{Answer, Question, Usage};
use reqwest::{StatusCode, Url, header};
use std::time::Duration;

/// Longest reply that is read: an answer takes about 1 KB.
const LONGEST_REPLY: usize = 256 << 10;
/// Longest piece of an endpoint's own words that is passed on.
const LONGEST_WORDS: usize = 160;

/// How to reach a model.
#[derive(Debug, Clone)]
pub struct Access {
    /// The endpoint as configured, up to and without `/chat/completions`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token.
    pub key: Option<Secret>,
    /// For one whole request.
    pub timeout: Duration,
}

/// A chat endpoint that can be asked.
#[derive(Debug, Clone)]
pub struct Assistant {
    http: Http,
    url: Url,
    access: Access,
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer, or in one sentence why there is none. Never holds the key or a title.
    pub answer: Result<Answer, String>,
    /// What it cost.
    pub usage: Usage,
}

/// Why an endpoint can't be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address.
    #[error("'{0}' is no http or https address")]
    NoUrl(String),
    /// Would send titles or a key in the clear.
    #[error("{0} is neither this computer nor reached by https: titles would be sent in the clear")]
    Clear(String),
}

/// The address that requests go to.
///
/// # Errors
/// [`AddressError`]: plain `http` is for this computer only.
pub fn address(url: &str) -> Result<Url, AddressError> {
    let bad = || AddressError::NoUrl(url.to_owned());
    let mut read: Url = url.trim().parse().map_err(|_| bad())?;
    let has_password = !read.username().is_empty() || read.password().is_some();
    if !matches!(read.scheme(), "http" | "https") || read.host_str().is_none() || has_password {
        return Err(bad());
    }
    if read.scheme() == "http" && !crate::calendar::http::is_loopback(&read) {
        return Err(AddressError::Clear(read.host_str().unwrap_or_default().to_owned()));
    }
    let path = format!("{}/chat/completions", read.path().trim_end_matches('/'));
    read.set_path(&path);
    Ok(read)
}

impl Assistant {
    /// Prepares it; nothing is sent yet.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(http: Http, access: Access) -> Result<Self, AddressError> {
        Ok(Self { http, url: address(&access.url)?, access })
    }

    /// Asks, once.
    pub async fn ask(&self, question: &Question) -> Reply {
        match self.send(question).await {
            Ok(text) => answer::read(&text),
            Err(why) => Reply { answer: Err(why), usage: Usage::default() },
        }
    }

    async fn send(&self, question: &Question) -> Result<Vec<u8>, String> {
        let host = self.url.host_str().unwrap_or_default();
        let failed =
            |error: &reqwest::Error| crate::calendar::http::failure(error, host).to_string();
        let mut request = self
            .http
            .client(&self.url)
            .post(self.url.clone())
            .timeout(self.access.timeout)
            .header(header::CONTENT_TYPE, "application/json")
            .body(request(&self.access.model, question).to_string());
        if let Some(key) = &self.access.key {
            request = request.bearer_auth(key.expose());
        }
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        let mut text = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(&error))? {
            if text.len() + piece.len() > LONGEST_REPLY {
                return Err(format!("{host} sent more than {} KB", LONGEST_REPLY >> 10));
            }
            text.extend_from_slice(&piece);
        }
        if status.is_success() { Ok(text) } else { Err(refusal(host, status)) }
    }
}

/// What a status means. The endpoint's own words may quote the request, and with it a title: they
/// are not passed on.
fn refusal(host: &str, status: StatusCode) -> String {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!("{host} refused the key"),
        StatusCode::NOT_FOUND => format!("{host} has no such endpoint or model"),
        StatusCode::TOO_MANY_REQUESTS => format!("{host} has had too many requests"),
        status if status.is_redirection() => format!("{host} points elsewhere: give that address"),
        status => format!("{host} answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        fn check(url: &str, expected: Result<&str, &str>) {
            let found = address(url).map(|u| u.to_string()).map_err(|e| e.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{url}");
        }
        check("https://llm.example.org/v1", Ok("https://llm.example.org/v1/chat/completions"));
        check("http://127.0.0.1:11434/v1/", Ok("http://127.0.0.1:11434/v1/chat/completions"));
        check("http://[::1]:1", Ok("http://[::1]:1/chat/completions"));
        let clear = "llm.example.org is neither this computer nor reached by https: titles would \
                     be sent in the clear";
        check("http://llm.example.org/v1", Err(clear));
        check("ftp://x/", Err("'ftp://x/' is no http or https address"));
        check("https://me:pw@x/", Err("'https://me:pw@x/' is no http or https address"));
    }
}
