//! `chronotype doctor`: what works, what is weaker than it should be, and what to do.
//!
//! It asks every account as a turn would, and writes to none.

mod finding;
mod weakness;
mod examine;
mod calendars;
mod house;
mod text;

use super::progress;
use super::{CommandError, Global, account, context, output};
use crate::config::{Config, Origin};
use crate::store::{Person, StoreError};
use crate::sync::poll::Client;
use crate::sync::status::Status;
use finding::{Checked, Finding, Level, verdict};
use serde_json::{Value, json};

/// Say for each account what works, what is weaker than it should be, and what to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this account
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A failure (exit 1) when an account or the store can't be used; config errors (exit 78).
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let origin = Origin::at(global.config.as_deref());
    let mut config = context::config(global)?;
    let wanted = wanted(args, &config)?;
    let mut house = house::config(&config, &origin);
    let (person, store) = kept(&config, global)?;
    house.extend(store);
    let zone = context::zone(&config, global);
    let clock = super::status::Clock { now: global.moment(), zone };
    house.extend(house::state(&config, person.as_ref(), &clock));
    house.push(house::zone(&config, &origin, clock.now));
    let status = person.map(|person| person.status).unwrap_or_default();
    let clients = account::clients(&config);
    if let Some(only) = wanted {
        config.accounts.retain(|account| account.name == only);
    }
    let checked = ask(&config, clients, &status, &clock, global)?;
    match global.json {
        true => output::json(&document(&checked, &house))?,
        false => output::data(&text::render(&checked, &house))?,
    }
    failure(&checked, &house).map_or(Ok(()), Err)
}

/// The account the person asks about.
fn wanted(args: &Args, config: &Config) -> Result<Option<String>, CommandError> {
    let Some(name) = &args.account else { return Ok(None) };
    let names: Vec<&str> = config.accounts.iter().map(|a| a.name.as_str()).collect();
    if names.contains(&name.as_str()) {
        return Ok(Some(name.clone()));
    }
    let there = match names.is_empty() {
        true => "the config has none".to_owned(),
        false => format!("there are: {}", names.join(", ")),
    };
    Err(CommandError::usage(format!("no account is called '{name}'")).hint(there))
}

/// What is kept of the person, and how the store fares. A store that can't be opened is a finding.
fn kept(config: &Config, global: &Global) -> Result<(Option<Person>, Vec<Finding>), CommandError> {
    if !context::is_kept(config) {
        let path = config.store.display();
        let says = format!("nothing is kept yet; it will be in {path}");
        return Ok((None, vec![Finding::new("store", Level::Note, says)]));
    }
    let opened = context::unlock(config, global, context::Use::Work)?;
    let loaded = opened.and_then(|(store, report)| {
        let person = store.load(&config.person.id)?;
        Ok((person, report))
    });
    Ok(match loaded {
        Ok((person, report)) => {
            let mut findings = vec![house::store(&config.store)];
            if let Some(backup) = report.recovered {
                let says = format!("it was damaged and is repaired; a copy: {}", backup.display());
                findings.push(Finding::new("store", Level::Weak, says));
            }
            (Some(person), findings)
        }
        Err(error) => {
            let level = match error {
                StoreError::Locked(_) => Level::Weak,
                _ => Level::Broken,
            };
            let error = CommandError::from(error);
            let mut finding = Finding::new("store", level, error.message);
            finding.cure = error.hint;
            (None, vec![finding])
        }
    })
}

/// Asks the accounts of the config, in its order.
fn ask(
    config: &Config,
    clients: Vec<Client>,
    status: &Status,
    clock: &super::status::Clock,
    global: &Global,
) -> Result<Vec<Checked>, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let bar = progress::bar(global, "asking the accounts", config.accounts.len() as u64);
    let mut checked = Vec::new();
    for account in &config.accounts {
        let client = clients.iter().find(|c| c.calendar.account() == account.name);
        if let Some(client) = client {
            let asked = runtime.block_on(examine::ask(client, status, clock.now));
            checked.push(examine::account(account, client, &asked, status, clock));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(checked)
}

fn failure(checked: &[Checked], house: &[Finding]) -> Option<CommandError> {
    let broken: Vec<&str> =
        checked.iter().filter(|c| c.level() == Level::Broken).map(|c| c.name.as_str()).collect();
    match broken.as_slice() {
        [] if verdict(house) == Level::Broken => {
            Some(CommandError::failure("the store can't be used"))
        }
        [] => None,
        [one] => Some(CommandError::failure(format!("the account {one} can't be used"))),
        all => Some(CommandError::failure(format!("{} accounts can't be used", all.len()))),
    }
}

fn document(checked: &[Checked], house: &[Finding]) -> Value {
    let worst = checked.iter().map(Checked::level).chain([verdict(house)]).max();
    json!({
        "verdict": worst.unwrap_or(Level::Good).word(),
        "accounts": checked.iter().map(Checked::document).collect::<Vec<_>>(),
        "here": house.iter().map(Finding::document).collect::<Vec<_>>(),
    })
}
