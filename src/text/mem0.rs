//! A Mem0 server's REST interface, as its open source server has it: `POST /memories`,
//! `DELETE /memories/{id}`. Off by default.
//!
//! Invariants: sent are an insight's sentence, which detector found it and its number, nothing
//! else; the server is told to keep the sentence as it is (`infer: false`); of what it says only
//! the names of its memories are read.

use super::endpoint::{self, AddressError, Endpoint, Failure, Method, Scheme};
use crate::calendar::{Http, Secret};
use serde_json::{Value, json};
use std::time::Duration;

/// For one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest reply that is read.
const LONGEST_REPLY: usize = 256 << 10;
/// Names taken from one reply: a sentence makes one memory, seldom two.
const MOST_NAMES: usize = 16;
/// Longest name taken: they are UUIDs.
const LONGEST_NAME: usize = 200;
const PATH: &str = "memories";

/// How to reach a Mem0 server.
#[derive(Debug, Clone)]
pub struct Access {
    /// Its address, up to and without `/memories`.
    pub url: String,
    /// Whose memories they are there.
    pub user: String,
    /// Sent as `X-API-Key`.
    pub key: Option<Secret>,
}

/// A Mem0 server.
#[derive(Debug, Clone)]
pub struct Mem0 {
    endpoint: Endpoint,
    user: String,
    id: [u8; 16],
}

impl Mem0 {
    /// Prepares it; nothing is sent yet.
    ///
    /// # Errors
    /// [`AddressError`]: plain `http` is for this computer only.
    pub fn new(http: Http, access: Access) -> Result<Self, AddressError> {
        let Access { url, user, key } = access;
        let id = endpoint::id_of(&url, &user);
        let access = endpoint::Access {
            url,
            key,
            scheme: Scheme::ApiKey,
            timeout: TIMEOUT,
            longest: LONGEST_REPLY,
        };
        Ok(Self { endpoint: Endpoint::new(http, access)?, user, id })
    }

    /// Tells this server and user from others.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Stores a sentence; under which names it lies there.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn store(
        &self,
        sentence: &str,
        detector: &str,
        insight: &str,
    ) -> Result<Vec<String>, Failure> {
        let body = json!({
            "messages": [{ "role": "user", "content": sentence }],
            "user_id": self.user,
            "infer": false,
            "metadata": { "source": "chronotype", "detector": detector, "insight": insight },
        });
        let reply = self.endpoint.send(Method::POST, &[PATH], Some(body.to_string())).await?;
        Ok(names(&reply))
    }

    /// Takes a memory back; one that is gone is as good.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn take_back(&self, name: &str) -> Result<(), Failure> {
        match self.endpoint.send(Method::DELETE, &[PATH, name], None).await {
            Err(Failure { status: Some(404), .. }) | Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// The names in a reply: `{"results": [{"id": …}]}`, or the list alone as older servers give it.
fn names(reply: &[u8]) -> Vec<String> {
    let Ok(reply) = serde_json::from_slice::<Value>(reply) else { return Vec::new() };
    let Some(rows) = reply["results"].as_array().or(reply.as_array()) else { return Vec::new() };
    let fits = |name: &&str| !name.is_empty() && name.len() <= LONGEST_NAME;
    let names = rows.iter().filter_map(|row| row["id"].as_str()).filter(fits);
    names.take(MOST_NAMES).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_read_from_what_servers_say() {
        #[track_caller]
        fn check(reply: &str, expected: &[&str]) {
            assert_eq!(names(reply.as_bytes()), expected, "{reply}");
        }
        check("{\"results\":[{\"id\":\"a\",\"memory\":\"x\",\"event\":\"ADD\"}]}", &["a"]);
        check("[{\"id\":\"a\"},{\"id\":\"b\"}]", &["a", "b"]);
        check("{\"results\":[{\"id\":7},{\"id\":\"\"}]}", &[]);
        check("{\"message\":\"queued\"}", &[]);
        check("<html>", &[]);
    }
}
