//! What `status` says of an embeddings endpoint.

use super::output;
use super::output::{FAINT, WARN, styled};
use super::status::{self, Clock};
use super::table::{plain, wrap};
use crate::config::Config;
use crate::task::vectors::Vectors;
use serde_json::{Value, json};

/// A line while one is configured; a second one while it does not answer.
pub fn summary(vectors: &Vectors, config: &Config, clock: &Clock) -> String {
    let Some(wanted) = &config.embedder else { return String::new() };
    let source = &vectors.source;
    let known = output::count(vectors.by_title.len(), "title");
    let how = match source.in_use {
        true => "in use",
        false => "the embedder inside the program stands in until all titles are there",
    };
    let line = format!("embedder {}: {known} known; {how}", plain(&wanted.model));
    let mut text = styled(FAINT, &wrap(&line, 0, output::columns()));
    if let Some(trouble) = &source.trouble {
        let mut line = format!("embedder {}: {}", plain(&wanted.model), plain(trouble));
        if let Some(until) = source.not_before.filter(|until| *until > clock.now) {
            line.push_str(&format!("; it is not asked before {}", clock.at(until)));
        }
        text.push_str(&styled(WARN, &wrap(&line, 0, output::columns())));
    }
    text
}

/// The same as values; `null` while none is configured.
pub fn document(vectors: &Vectors, config: &Config) -> Value {
    let source = &vectors.source;
    let Some(wanted) = &config.embedder else { return Value::Null };
    json!({
        "model": wanted.model,
        "in_use": source.in_use,
        "titles": vectors.by_title.len(),
        "sent": source.sent,
        "trouble": source.trouble,
        "not_before": source.not_before.map(status::utc),
    })
}
