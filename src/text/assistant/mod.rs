//! The assistant: any OpenAI-compatible chat endpoint, hosted or on this computer. Off by default.
//!
//! Invariants: nothing is sent but what [`request`] shows; one request a question, as
//! [`Endpoint`] sends it; what comes back is read by a strict schema ([`answer`]) or not at all.

mod answer;
mod request;

pub use request::request;

use super::endpoint::{self, AddressError, Again, Endpoint, Failure, Method, ModelAccess, below};
use crate::calendar::Http;
use crate::task::advice::{Answer, Question, Usage};
use reqwest::Url;

/// Longest reply that is read: an answer takes about 1 KB.
const LONGEST_REPLY: usize = 256 << 10;
/// Longest piece of an endpoint's own words that is passed on.
const LONGEST_WORDS: usize = 160;
/// Behind the address as configured.
const PATH: [&str; 2] = ["chat", "completions"];

/// A chat endpoint that can be asked.
#[derive(Debug, Clone)]
pub struct Assistant {
    endpoint: Endpoint,
    model: String,
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer, or why there is none. Never holds the key or a title.
    pub answer: Result<Answer, Failure>,
    /// What it cost.
    pub usage: Usage,
}

/// The address that requests go to.
///
/// # Errors
/// [`AddressError`]: plain `http` is for this computer only.
pub fn address(url: &str) -> Result<Url, AddressError> {
    endpoint::address(url).map(|base| below(&base, &PATH))
}

impl Assistant {
    /// Prepares it; nothing is sent yet.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(http: Http, access: ModelAccess) -> Result<Self, AddressError> {
        let model = access.model.clone();
        Ok(Self { endpoint: Endpoint::of_model(http, access, LONGEST_REPLY)?, model })
    }

    /// Asks, once.
    pub async fn ask(&self, question: &Question) -> Reply {
        let body = request(&self.model, question).to_string();
        match self.endpoint.send(Method::POST, &PATH, Some(body)).await {
            Err(failure) => Reply { answer: Err(failure), usage: Usage::default() },
            Ok(text) => {
                let (answer, usage) = answer::read(&text);
                let unusable = |why| Failure { why, again: Again::AnyTime, status: None };
                Reply { answer: answer.map_err(unusable), usage }
            }
        }
    }
}
