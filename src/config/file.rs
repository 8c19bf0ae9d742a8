//! The shape of the file: names and types of keys, nothing of their meaning.

use super::problem::{Problem, line_of, nearest, section_of};
use crate::calendar::Secret;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

pub(super) type Text = Option<Spanned<String>>;
pub(super) type Plain = Option<Spanned<Secret>>;
pub(super) type Number = Option<Spanned<i64>>;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name { $(pub(super) $key: $type),* }
    };
}

table!(File {
    person: Person,
    account: Vec<Spanned<Account>>,
    starter: Vec<Spanned<Starter>>,
    learning: Learning,
    planning: Planning,
    suggestions: Suggestions,
    assistant: Assistant,
    embedder: Embedder,
    memory: Memory,
    secrets: Secrets,
    store: Store,
    daemon: Daemon,
});

table!(Person {
    id: Text,
    time_zone: Text,
    role: Option<String>,
    language: Text,
    addresses: Vec<String>,
    travel: Vec<Spanned<Travel>>,
});

table!(Travel {
    from: Option<Spanned<Datetime>>,
    to: Option<Spanned<Datetime>>,
    time_zone: Text,
});

table!(Account {
    name: Text,
    kind: Text,
    url: Text,
    path: Text,
    username: Option<String>,
    password: Plain,
    password_command: Text,
    password_file: Text,
    password_credential: Text,
    password_keyring: Text,
    sign_in: Text,
    client_certificate: Text,
    client_key: Text,
    ca_file: Text,
    calendars: Option<Vec<String>>,
    suggest_into: Text,
    client_secret_file: Text,
    api_root: Text,
    auth_uri: Text,
    token_uri: Text,
    subject: Text,
    trusted_hosts: Vec<String>,
});

table!(Starter { title: Text, minutes: Number, per_week: Number });

table!(Learning { history_days: Number });

table!(Planning {
    working_hours: Option<Spanned<Vec<Spanned<String>>>>,
    buffer_minutes: Number,
    lunch: Text,
    focus_cap_minutes: Number,
    freeze_minutes: Number,
    horizon_days: Number,
    longest_session_minutes: Number,
    shortest_session_minutes: Number,
    white_space: Option<Spanned<f64>>,
});

table!(Suggestions {
    mode: Text,
    doors: Option<Vec<Spanned<String>>>,
    daily_cap: Number,
    weekly_cap: Number,
    defence: Text,
    prefix: Text,
    preparation_minutes: Number,
    recovery_minutes: Number,
    colours: Option<Spanned<bool>>,
});

table!(Assistant {
    enabled: Option<Spanned<bool>>,
    url: Text,
    model: Text,
    key: Plain,
    key_command: Text,
    key_file: Text,
    key_credential: Text,
    key_keyring: Text,
    titles: Option<Spanned<bool>>,
    trust: Option<Spanned<f64>>,
    daily_calls: Number,
    monthly_calls: Number,
    timeout_seconds: Number,
    price_in: Option<Spanned<f64>>,
    price_out: Option<Spanned<f64>>,
});

table!(Embedder {
    kind: Text,
    url: Text,
    model: Text,
    key: Plain,
    key_command: Text,
    key_file: Text,
    key_credential: Text,
    key_keyring: Text,
    timeout_seconds: Number,
});

table!(Memory {
    mirror_url: Text,
    mirror_user: Text,
    mirror_key: Plain,
    mirror_key_command: Text,
    mirror_key_file: Text,
    mirror_key_credential: Text,
    mirror_key_keyring: Text,
});

table!(Secrets { in_this_file: Option<Spanned<bool>> });

table!(Store { path: Text });

table!(Daemon {
    poll_minutes: Number,
    morning: Text,
    night: Text,
    socket: Text,
    dashboard: Text,
    log: Text,
    log_format: Text,
    metrics: Text,
});

/// Reads the file's shape.
pub(super) fn read(text: &str) -> Result<File, Problem> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, &span));
        let section = line.map(|line| section_of(text, line)).unwrap_or_default();
        explain(error.message(), line, section, text)
    })
}

/// Our words for what the parser says.
fn explain(message: &str, line: Option<usize>, section: &str, text: &str) -> Problem {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let key = quoted.next().unwrap_or_default().to_owned();
        let known: Vec<&str> = quoted.collect();
        let at_top = known.contains(&"person");
        let hint = match nearest(&key, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let key = if at_top || section.is_empty() { key } else { format!("{section}.{key}") };
        let message = "there is no such key".to_owned();
        return Problem { line, key, message, hint: Some(hint) };
    }
    let assigned = line.and_then(|line| text.lines().nth(line - 1)?.split_once('='));
    // What is no key of ours may be a secret on a line of its own: `c2VjcmV0=`.
    let like_ours = |key: &&str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let key = match assigned.map(|(key, _)| key.trim()).filter(like_ours) {
        Some(key) if section.is_empty() => key.to_owned(),
        Some(key) => format!("{section}.{key}"),
        None => section.to_owned(),
    };
    let message = message.lines().collect::<Vec<_>>().join(", ");
    let message = message.replace("expected i64", "expected a whole number");
    let message = message.replace("expected f64", "expected a number");
    Problem { line, key, message, hint: None }
}
