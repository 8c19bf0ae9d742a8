//! `chronotype config`: what the config says, and what is wrong with it.

use super::{CommandError, Global, account, output};
use crate::config::{Account, Config, ConfigError, Origin, Problem, TEMPLATE};
use crate::schedule::working::WorkingHours;
use serde_json::{Value, json};

/// Check the config file, or show what is in force.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say what the config means, or everything that is wrong with it
    Check,
    /// Print what is in force, as a config: every key with its value, secrets left out
    Show {
        /// Print the commented config file with every key at its default: something to start with
        #[arg(long)]
        defaults: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// A config error (exit 78) with all problems.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    match args.what {
        What::Check => check(global),
        What::Show { defaults: true } if !global.json => output::data(TEMPLATE),
        What::Show { defaults } => show(defaults, global),
    }
}

fn show(defaults: bool, global: &Global) -> Result<(), CommandError> {
    let origin = Origin::at(global.config.as_deref());
    let config = if defaults { Config::parse("", &origin)? } else { Config::load(&origin)? };
    if global.json {
        let value = serde_json::to_value(config.to_table());
        return output::json(&value.map_err(|e| CommandError::failure(e.to_string()))?);
    }
    output::data(&config.to_toml())
}

fn check(global: &Global) -> Result<(), CommandError> {
    let origin = Origin::at(global.config.as_deref());
    let config = match Config::load(&origin) {
        Ok(config) => config,
        Err(error) => {
            if let (true, ConfigError::Bad { problems, .. }) = (global.json, &error) {
                let problems: Vec<Value> = problems.iter().map(problem).collect();
                output::json(&json!({ "ok": false, "problems": problems }))?;
            }
            return Err(error.into());
        }
    };
    let mut notes = config.notes.clone();
    notes.extend(secrets(&config));
    notes.extend(config.accounts.iter().filter_map(certificates));
    notes.extend(config.accounts.iter().filter_map(|a| not_signed_in(&config, a)));
    if config.accounts.is_empty() {
        notes.push(Problem {
            line: None,
            key: "account".to_owned(),
            message: "there is none: nothing will be read".to_owned(),
            hint: Some("add an [[account]]".to_owned()),
        });
    }
    if global.json {
        let notes: Vec<Value> = notes.iter().map(problem).collect();
        return output::json(&json!({ "ok": true, "notes": notes, "config": summary(&config) }));
    }
    output::data(&format!("OK {}\n{}", origin.file.display(), text(&config)))?;
    for note in notes {
        output::warn(&note.to_string());
    }
    Ok(())
}

/// Files of secrets that can't be used.
fn secrets(config: &Config) -> Vec<Problem> {
    let note = |key: &str, message: String| Problem {
        line: None,
        key: key.to_owned(),
        message,
        hint: None,
    };
    let of_account = |account: &Account| {
        let error = account.password.as_ref()?.check().err()?;
        Some(note("account.password_file", format!("'{}': {error}", account.name)))
    };
    let keys = [
        ("assistant.key_file", config.assistant.as_ref().and_then(|a| a.key.as_ref())),
        ("embedder.key_file", config.embedder.as_ref().and_then(|e| e.key.as_ref())),
        ("memory.mirror_key_file", config.mirror.as_ref().and_then(|m| m.key.as_ref())),
    ];
    let of_services = keys
        .into_iter()
        .filter_map(|(key, source)| Some(note(key, source?.check().err()?.of_key())));
    config.accounts.iter().filter_map(of_account).chain(of_services).collect()
}

/// What is wrong with the files of an account's own certificates.
fn certificates(account: &Account) -> Option<Problem> {
    let note = |key: &str, message: String, hint: &str| Problem {
        line: None,
        key: format!("account.{key}"),
        message,
        hint: Some(hint.to_owned()),
    };
    let tls = &account.tls;
    let (name, hint) = (&account.name, "the account can't be read before");
    if let Err(error) = tls.check() {
        let at_fault = match error.to_string() {
            said if said.starts_with("the ca_file") => "ca_file",
            said if said.starts_with("the client key") => "client_key",
            _ => "client_certificate",
        };
        return Some(note(at_fault, format!("'{name}': {error}"), hint));
    }
    None
}

/// A Google account that can't be asked yet. A config may be sound all the same.
fn not_signed_in(config: &Config, account: &Account) -> Option<Problem> {
    let problem = account::google(config, account)?.problem()?;
    let message = format!("account {}: {problem}", account.name);
    Some(Problem { line: None, key: String::new(), message, hint: None })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
        "hint": problem.hint,
    })
}

fn summary(config: &Config) -> Value {
    let accounts = config.accounts.iter().map(|account| {
        json!({
            "name": account.name,
            "kind": account.kind.word(),
            "calendars": account.calendars,
            "suggest_into": account.suggest_into,
        })
    });
    json!({
        "person": config.person.id.as_str(),
        "time_zone": config.person.time_zone.name(),
        "accounts": accounts.collect::<Vec<_>>(),
        "working_hours": hours(config),
        "mode": config.suggestions.mode.word(),
        "assistant": config.assistant.as_ref().map(|assistant| &assistant.url),
        "embedder": config.embedder.as_ref().map(|embedder| &embedder.url),
        "store": config.store,
    })
}

/// As rules; `None` = learned.
fn hours(config: &Config) -> Option<Vec<String>> {
    config.planning.working.as_ref().map(WorkingHours::rules)
}

fn text(config: &Config) -> String {
    let mut lines =
        vec![("person", format!("{}, {}", config.person.id.as_str(), config.person.time_zone))];
    for account in &config.accounts {
        let calendars = match &account.calendars {
            Some(names) => format!("reads {}", names.join(", ")),
            None => "reads all calendars".to_owned(),
        };
        let blocks = match &account.suggest_into {
            Some(name) => format!("; blocks go into '{name}'"),
            None => String::new(),
        };
        let kind = account.kind.word();
        lines.push(("account", format!("{} ({kind}): {calendars}{blocks}", account.name)));
    }
    let hours = match hours(config) {
        Some(rules) => rules.join("; "),
        None => "learned".to_owned(),
    };
    lines.push(("hours", hours));
    lines.push(("mode", config.suggestions.mode.word().to_owned()));
    if let Some(assistant) = &config.assistant {
        let titles = if assistant.terms.titles { "told titles" } else { "told no titles" };
        let words = format!("{} at {}, {titles}", assistant.model, assistant.url);
        lines.push(("model", words));
    }
    if let Some(embedder) = &config.embedder {
        lines.push(("titles", format!("compared by {} at {}", embedder.model, embedder.url)));
    }
    lines.push(("store", config.store.display().to_string()));
    let line = |(name, value): (&str, String)| format!("  {name:<8} {value}\n");
    lines.into_iter().map(line).collect()
}
