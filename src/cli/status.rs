//! `chronotype status`: how each calendar stands; stale is said with its cause, never green.

pub(super) mod doing;

use super::context::Looked;
use super::cure::{Cure, SIGN_IN};
use super::output::{BAD, FAINT, HEADING, WARN, styled};
use super::table::{Align, Cell, Table, plain, wrap};
use super::{CommandError, Global, account, assistant, context, embedder, mirror, output, risks};
use crate::config::Config;
use crate::event::Href;
use crate::store::Person;
use crate::sync::diff::BROKEN;
use crate::sync::status::{AccountStatus, CollectionStatus};
use anstyle::Style;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use doing::Doing;
use serde_json::{Value, json};

/// Show how the calendars stand: last look, trouble, held deletions, pending writes.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Broken objects named a collection; the rest is counted.
const BROKEN_SHOWN: usize = 10;

/// Runs the command.
///
/// # Errors
/// As [`context::look`].
pub fn run(_args: &Args, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    if global.json {
        return output::json(&document(&looked, global));
    }
    if looked.is_new(global) {
        return Ok(());
    }
    let clock = Clock { now: global.moment(), zone: looked.zone };
    let mut text = summary(&looked.person, &clock);
    text.push_str(&Doing::of(&looked, global).lines(&clock));
    for (account, address) in addresses(&looked) {
        let line = format!("{} is the account of {}", plain(account), plain(&address));
        text.push_str(&styled(FAINT, &wrap(&line, 0, output::columns())));
    }
    for (account, status) in &looked.person.status.accounts {
        let rest = resting(&looked.person, account).filter(|until| *until > clock.now);
        let Some(line) = clock.account(status, rest) else { continue };
        let line = format!("{}: {line}", plain(account));
        text.push_str(&styled(BAD, &wrap(&line, 0, output::columns())));
    }
    text.push_str(&risks::list(&looked.person.risks, clock.now, clock.zone));
    text.push_str(&assistant::summary(&looked.person.assistant, prices(&looked.config), &clock));
    text.push_str(&embedder::summary(&looked.person.vectors, &looked.config, &clock));
    let Looked { person, config, .. } = &looked;
    text.push_str(&mirror::summary(&person.mirror, &person.memory, config, &clock));
    text.push_str(&collections(person, &clock));
    output::data(&text)
}

fn prices(config: &Config) -> [Option<f64>; 2] {
    config.assistant.as_ref().map(|assistant| assistant.prices).unwrap_or_default()
}

/// Whose the Google accounts are, as far as that is known.
fn addresses(looked: &Looked) -> Vec<(&str, String)> {
    let Looked { config, person, .. } = looked;
    let known = |account| account::address(config, account, &person.status);
    config.accounts.iter().filter_map(|a| Some((a.name.as_str(), known(a)?))).collect()
}

/// Says moments as the person counts them.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now.
    pub now: DateTime<Utc>,
    /// Where the person is.
    pub zone: Tz,
}

impl Clock {
    /// `3 minutes ago`, `Mon 2 Mar 06:00`.
    pub fn ago(&self, moment: DateTime<Utc>) -> String {
        let passed = self.now - moment;
        let count =
            |n: i64, unit| format!("{} ago", output::count(usize::try_from(n).unwrap_or(0), unit));
        match passed {
            p if p < TimeDelta::zero() => self.at(moment),
            p if p < TimeDelta::minutes(1) => "just now".to_owned(),
            p if p < TimeDelta::hours(1) => count(p.num_minutes(), "minute"),
            p if p < TimeDelta::hours(24) => count(p.num_hours(), "hour"),
            _ => self.at(moment),
        }
    }

    /// `within a minute`, `in 3 minutes`, `Mon 2 Mar 06:00`.
    pub fn soon(&self, moment: DateTime<Utc>) -> String {
        let minutes = (moment - self.now).num_minutes();
        match usize::try_from(minutes).unwrap_or(0) {
            0 => "within a minute".to_owned(),
            minutes @ 1..60 => format!("in {}", output::count(minutes, "minute")),
            _ => self.at(moment),
        }
    }

    /// `Mon 2 Mar 06:00`.
    pub fn at(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.zone).format("%a %-d %b %H:%M").to_string()
    }

    fn trouble(&self, sentence: &str, since: DateTime<Utc>) -> String {
        // A sentence about signing in says itself since when, and what to run.
        if sentence.contains(SIGN_IN) {
            return plain(&output::calm(sentence));
        }
        let (since, sentence) = (self.at(since), plain(&output::calm(sentence)));
        format!(
            "{} since {since}; {}",
            sentence.trim_end_matches('.'),
            Cure::guess(&sentence).sentence()
        )
    }

    /// What is wrong with an account; `rest` = it wants to be left alone until then.
    fn account(&self, status: &AccountStatus, rest: Option<DateTime<Utc>>) -> Option<String> {
        match (&status.trouble, rest) {
            (_, Some(until)) => {
                let until = self.at(until);
                Some(format!("the server asked to be left alone; it is not asked before {until}"))
            }
            (Some((sentence, since)), None) => Some(self.trouble(sentence, *since)),
            (None, None) => None,
        }
    }
}

fn resting(person: &Person, account: &str) -> Option<DateTime<Utc>> {
    person.status.lessons.get(account)?.not_before
}

fn pending(person: &Person) -> usize {
    person.suggestions.values().filter(|s| s.intent.is_some()).count()
}

fn summary(person: &Person, clock: &Clock) -> String {
    let mut facts = vec![match person.last_turn {
        Some(last) => format!("last turn {}", clock.ago(last)),
        None => "no turn yet".to_owned(),
    }];
    facts.push(output::count(person.events.len(), "event"));
    facts.push(output::count(person.types.by_id.len(), "task type"));
    let waiting = person.asks.iter().filter(|ask| ask.deadline > clock.now).count();
    if waiting > 0 {
        facts.push(output::count(waiting, "ask"));
    }
    let mut text = format!("{}\n", facts.join(", "));
    if pending(person) > 0 {
        let line = format!("pending writes: {} (the next sync does them)", pending(person));
        text.push_str(&format!("{}\n", styled(WARN, &line)));
    }
    text
}

fn collections(person: &Person, clock: &Clock) -> String {
    let mut table = Table::new(&[
        ("account", Align::Left),
        ("calendar", Align::Cut),
        ("objects", Align::Right),
        ("last listed", Align::Left),
        ("", Align::Left),
    ]);
    let mut remarks = String::new();
    for status in person.status.collections.values() {
        table.row([
            status.account.as_str().into(),
            status.name.as_str().into(),
            status.known.len().to_string().into(),
            match status.listed_at {
                Some(at) => clock.ago(at).into(),
                // Ours has just been made: its first listing is the next turn's.
                None if status.ours && status.trouble.is_none() => Cell::styled(FAINT, "not yet"),
                None => Cell::styled(BAD, "never"),
            },
            kind(status),
        ]);
        remarks.push_str(&remarks_on(status, clock));
    }
    match person.status.collections.is_empty() {
        true => String::new(),
        false => format!("{}{remarks}", table.render(output::columns())),
    }
}

fn kind(status: &CollectionStatus) -> Cell {
    match (status.trouble.is_some() || status.held.is_some(), status.ours, status.read_only) {
        (true, ..) => Cell::styled(BAD, "needs attention"),
        (false, true, _) => Cell::styled(FAINT, "blocks go here"),
        (false, false, true) => Cell::styled(FAINT, "read-only"),
        (false, false, false) => Cell::from(""),
    }
}

fn remarks_on(status: &CollectionStatus, clock: &Clock) -> String {
    let mut lines = Vec::new();
    if let Some((sentence, since)) = &status.trouble {
        lines.push((BAD, clock.trouble(sentence, *since)));
    }
    if let Some(held) = &status.held {
        let line = format!(
            "{} vanished at once on {}: nothing is believed yet. If you removed them, run \
             `chronotype sync --accept-deletions`; else the next full listing settles it",
            output::count(held.uids.len(), "object"),
            clock.at(held.since),
        );
        lines.push((WARN, line));
    }
    let broken = |(href, sentence): (&Href, &String)| {
        let line = format!("can't be read: {}: {}", plain(href.as_str()), plain(sentence));
        (Style::new(), line)
    };
    lines.extend(status.broken.iter().take(BROKEN_SHOWN).map(broken));
    if status.broken.len() > BROKEN_SHOWN {
        // More than that are not remembered.
        let at_least = if status.broken.len() < BROKEN { "" } else { "at least " };
        let more = status.broken.len() - BROKEN_SHOWN;
        let line = format!("and {at_least}{more} more that can't be read");
        lines.push((Style::new(), line));
    }
    if lines.is_empty() {
        return String::new();
    }
    let heading = styled(HEADING, &plain(&format!("{}/{}", status.account, status.name)));
    let lines = lines.iter().map(|(style, line)| styled(*style, &wrap(line, 2, output::columns())));
    format!("{heading}\n{}", lines.collect::<String>())
}

/// RFC 3339, to the second.
pub fn utc(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn trouble((sentence, since): &(String, DateTime<Utc>)) -> Value {
    json!({ "cause": sentence, "since": utc(*since), "cure": Cure::guess(sentence).sentence() })
}

/// Since when what is known may be out of date, and why: the collection that was listed longest
/// ago, or the account that has been in trouble for longest.
fn staleness(person: &Person, now: DateTime<Utc>) -> Value {
    let status = &person.status;
    let listed = status.collections.values().filter_map(|collection| collection.listed_at);
    let troubles = status.accounts.values().filter_map(|account| account.trouble.as_ref());
    let of_collections = status.collections.values().filter_map(|c| c.trouble.as_ref());
    let since = listed.chain(troubles.clone().map(|(_, since)| *since)).min();
    let mut causes: Vec<&str> =
        troubles.chain(of_collections).map(|(sentence, _)| sentence.as_str()).collect();
    causes.sort_unstable();
    causes.dedup();
    json!({
        "since": since.map(utc),
        "seconds": since.map(|since| (now - since).num_seconds().max(0)),
        "causes": causes,
    })
}

fn document(looked: &Looked, global: &Global) -> Value {
    let (person, now) = (&looked.person, global.moment());
    let whose = addresses(looked).into_iter();
    let collections = person.status.collections.iter().map(|(id, status)| {
        let held = status
            .held
            .as_ref()
            .map(|held| json!({ "objects": held.uids.len(), "since": utc(held.since) }));
        let broken =
            status.broken.iter().map(|(href, why)| json!({ "href": href.as_str(), "why": why }));
        json!({
            "id": id.as_str(),
            "account": status.account,
            "name": status.name,
            "objects": status.known.len(),
            "listed_at": status.listed_at.map(utc),
            "ours": status.ours,
            "read_only": status.read_only,
            "held_deletions": held,
            "trouble": status.trouble.as_ref().map(trouble),
            "broken": broken.collect::<Vec<_>>(),
        })
    });
    let accounts = person.status.accounts.iter().filter_map(|(name, status)| {
        let mut value = trouble(status.trouble.as_ref()?);
        value["account"] = name.as_str().into();
        value["not_before"] = resting(person, name).map(utc).into();
        Some(value)
    });
    json!({
        "last_turn": person.last_turn.map(utc),
        "staleness": staleness(person, now),
        "store": looked.config.store,
        "turns": person.turns,
        "events": person.events.len(),
        "task_types": person.types.by_id.len(),
        "asks": person.asks.len(),
        "pending_writes": pending(person),
        "doing": Doing::of(looked, global).fields(),
        "at_risk": risks::fields(&person.risks, now, looked.zone),
        "accounts": whose
            .map(|(account, address)| json!({ "account": account, "address": address }))
            .collect::<Vec<_>>(),
        "accounts_in_trouble": accounts.collect::<Vec<_>>(),
        "collections": collections.collect::<Vec<_>>(),
        "assistant": assistant::document(&person.assistant, prices(&looked.config)),
        "embedder": embedder::document(&person.vectors, &looked.config),
        "mirror": mirror::document(&person.mirror, &person.memory, &looked.config),
    })
}
