//! The calendars of an account: what each is to us, and what is wrong with it.

use super::examine::Asked;
use super::finding::{Calendar, Finding, Level, Role};
use crate::calendar::Collection;
use crate::cli::cure::Cure;
use crate::cli::output::count;
use crate::cli::status::{Clock, utc};
use crate::config::Account;
use crate::sync::poll::Client;
use crate::sync::status::{CollectionStatus, Status};
use chrono::TimeDelta;

/// A calendar not read for so long is stale.
const STALE: TimeDelta = TimeDelta::hours(24);
/// Broken objects named a calendar.
const NAMED: usize = 3;

/// Whether the config wants it read.
pub fn is_read(client: &Client, collection: &Collection) -> bool {
    let Some(wanted) = &client.wanted else { return true };
    wanted.iter().chain(&client.suggest_into).any(|name| collection.is_called(name))
}

fn is_for_blocks(client: &Client, collection: &Collection) -> bool {
    client.suggest_into.as_ref().is_some_and(|name| collection.is_called(name))
}

/// What there is; of an account that did not answer, what was known.
pub fn calendars(
    account: &str,
    client: &Client,
    asked: &Asked,
    status: &Status,
    clock: &Clock,
) -> Vec<Calendar> {
    let remembered = || {
        let known = status.collections.iter().filter_map(|(id, c)| c.as_collection(id));
        known.filter(|c| c.account == account).collect()
    };
    let mut all: Vec<Collection> = match &asked.collections {
        Ok(all) => all.clone(),
        Err(_) => remembered(),
    };
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let calendar = |collection: Collection| {
        let known = status.collections.get(&collection.id).filter(|k| k.listed_at.is_some());
        let role = match (is_for_blocks(client, &collection), is_read(client, &collection)) {
            (true, _) => Role::Blocks,
            (false, true) => Role::Read,
            (false, false) => Role::LeftOut,
        };
        let listed = known.and_then(|k| k.listed_at).map(|at| (clock.ago(at), utc(at)));
        Calendar {
            name: collection.name,
            role,
            read_only: collection.read_only,
            objects: known.map(|k| k.known.len()),
            listed,
        }
    };
    all.into_iter().map(calendar).collect()
}

/// What is wrong with them.
pub fn findings(
    account: &Account,
    client: &Client,
    asked: &Asked,
    all: &[Calendar],
    status: &Status,
    clock: &Clock,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(there) = &asked.collections {
        findings.extend(found(account, there, all));
        findings.extend(blocks(client, there));
        findings.extend(failed(there, asked));
    }
    let of_account = |c: &&CollectionStatus| c.account == account.name;
    let known: Vec<&CollectionStatus> = status.collections.values().filter(of_account).collect();
    if asked.collections.is_ok() {
        let oldest = known.iter().filter_map(|c| c.listed_at).min();
        findings.extend(oldest.filter(|at| clock.now - *at > STALE).map(|at| {
            Finding::new("stale", Level::Weak, format!("last read {}", clock.ago(at)))
                .cure("run `chronotype sync`, or leave it to a timer that does")
        }));
    }
    for collection in known {
        findings.extend(held(collection, clock));
        findings.extend(broken(collection));
    }
    findings
}

/// How many there are, and which of those the config names are not.
fn found(account: &Account, there: &[Collection], all: &[Calendar]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let read = all.iter().filter(|c| c.role != Role::LeftOut).count();
    let total = count(there.len(), "calendar");
    findings.push(match (there.len(), read) {
        (0, _) => Finding::new("calendars", Level::Weak, "there is no calendar in this account")
            .cure("check url, path and username in the config, or make one in your calendar app"),
        (_, 0) => Finding::new("calendars", Level::Broken, format!("{total}, and none is read"))
            .cure("name the ones to read in `calendars`, or leave that out to read all"),
        (n, read) if read < n => {
            Finding::new("calendars", Level::Good, format!("{total}, {read} of them read"))
        }
        (1, _) => Finding::new("calendars", Level::Good, "1 calendar, which is read"),
        _ => Finding::new("calendars", Level::Good, format!("{total}, all read")),
    });
    let absent = |name: &&String| !there.iter().any(|c| c.is_called(name));
    let absent: Vec<&str> =
        account.calendars.iter().flatten().filter(absent).map(String::as_str).collect();
    if !absent.is_empty() {
        let names: Vec<&str> = there.iter().map(|c| c.name.as_str()).collect();
        let says = format!("no calendar is called {}", absent.join(", "));
        let finding = Finding::new("calendars", Level::Weak, says);
        findings.push(match names.is_empty() {
            true => finding,
            false => finding.cure(format!("in `calendars`, use: {}", names.join(", "))),
        });
    }
    findings
}

/// Where blocks go in this account.
fn blocks(client: &Client, there: &[Collection]) -> Option<Finding> {
    let name = client.suggest_into.as_ref()?;
    let goal = there.iter().filter(|c| c.is_called(name)).min_by_key(|c| c.read_only);
    Some(match goal {
        Some(goal) if goal.read_only => {
            let says = format!("blocks should go into '{name}', which can only be read");
            Finding::new("blocks", Level::Weak, says)
                .cure("name a calendar you may write to in suggest_into")
        }
        Some(goal) => {
            Finding::new("blocks", Level::Good, format!("blocks go into '{}'", goal.name))
        }
        None => {
            let says = format!("blocks go into '{name}', which the first one makes");
            Finding::new("blocks", Level::Note, says)
        }
    })
}

/// Calendars that could not be listed just now.
fn failed(there: &[Collection], asked: &Asked) -> Vec<Finding> {
    let failed: Vec<_> = there
        .iter()
        .filter_map(|c| Some((c, asked.listings.get(&c.id)?.as_ref().err()?)))
        .collect();
    let none = failed.len() == asked.listings.len();
    let level = if none { Level::Broken } else { Level::Weak };
    let finding = |(collection, error): (&Collection, &crate::calendar::Error)| {
        let says = format!("'{}' can't be read: {error}", collection.name);
        Finding::new("calendars", level, says).cure(Cure::of(error).sentence())
    };
    failed.into_iter().map(finding).collect()
}

fn held(collection: &CollectionStatus, clock: &Clock) -> Option<Finding> {
    let held = collection.held.as_ref()?;
    let says = format!(
        "{} of '{}' vanished at once on {}: nothing is believed yet",
        count(held.uids.len(), "object"),
        collection.name,
        clock.at(held.since)
    );
    Some(Finding::new("held", Level::Weak, says).cure(
        "if you removed them: `chronotype sync --accept-deletions`; else the next full listing \
         settles it",
    ))
}

fn broken(collection: &CollectionStatus) -> Option<Finding> {
    let total = collection.broken.len();
    let mut named: Vec<String> = collection
        .broken
        .iter()
        .take(NAMED)
        .map(|(href, why)| format!("{href} ({})", why.trim_end_matches('.')))
        .collect();
    if named.is_empty() {
        return None;
    }
    if total > NAMED {
        named.push(format!("and {} more", total - NAMED));
    }
    let says = format!(
        "{} of '{}' can't be read: {}",
        count(total, "object"),
        collection.name,
        named.join(", ")
    );
    Some(
        Finding::new("broken", Level::Weak, says)
            .cure("mend or remove it in the app that made it; `chronotype status` names them all"),
    )
}
