//! Checks `[embedder]`: what compares titles.

use super::Embedder;
use super::check::Check;
use super::file;
use super::source::Sources;
use std::time::Duration;
use toml::Spanned;

/// Seconds for one batch of titles.
const SECONDS: u64 = 20;
const HINT: &str = "url = \"http://127.0.0.1:11434/v1\", or a hosted one by https";

impl Check<'_> {
    /// `None` = the one inside the program.
    pub(super) fn embedder(&mut self, given: &file::Embedder) -> Option<Embedder> {
        let kinds = [("local", false), ("endpoint", true)];
        let is_endpoint = self.word(&given.kind, "embedder.kind", &kinds).unwrap_or(false);
        let on = given.kind.as_ref().filter(|_| is_endpoint).map(Spanned::span);
        let missing = ("embedder.url", "an endpoint needs a url", HINT);
        let url = self.service_url(&given.url, on.clone(), missing);
        if let (Some(on), None) = (&on, &given.model) {
            let hint = "the name the endpoint knows it by: model = \"nomic-embed-text\"";
            self.bad(Some(on.clone()), "embedder.model", "an endpoint needs a model", hint);
        }
        let key = self.source(&Sources {
            table: "embedder",
            word: "key",
            plain: &given.key,
            command: &given.key_command,
            file: &given.key_file,
            credential: &given.key_credential,
            keyring: &given.key_keyring,
        });
        let seconds = self.number(&given.timeout_seconds, "embedder.timeout_seconds", 1..=120);
        on?;
        Some(Embedder {
            url: url?,
            model: given.model.as_ref()?.get_ref().clone(),
            key,
            timeout: Duration::from_secs(seconds.unwrap_or(SECONDS)),
        })
    }
}
