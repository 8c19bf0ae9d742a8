//! `chronotype suggestions`: blocks ahead, with their reasons.

use super::output::{FAINT, HEADING};
use super::status::doing::quiet_until;
use super::table::{Align, Cell, Table, plain, wrap};
use super::{CommandError, Global, context, name, output, risks};
use crate::schedule::suggestion::{Intent, State, Suggestion};
use crate::store::Person;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Show the blocks ahead and why they stand where they stand.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As [`context::look`].
pub fn run(_args: &Args, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let now = global.moment();
    let person = &looked.person;
    let ahead = ahead(person, now);
    if global.json {
        let lines: Vec<Value> = ahead.iter().map(|s| fields(s, person, looked.zone)).collect();
        return output::json_lines(&lines);
    }
    if ahead.is_empty() {
        output::say(global, "No blocks ahead.");
    }
    if let Some(until) = quiet_until(person, now) {
        let until = until.with_timezone(&looked.zone).format("%a %-d %b %H:%M");
        output::say(global, &format!("Quiet until {until}: `chronotype pause off` ends it."));
    }
    let mut text = list(&ahead, person, looked.zone, Kept::Stored);
    text.push_str(&risks::list(&person.risks, now, looked.zone));
    output::data(&text)
}

/// Blocks that stand and are not over, in order of time.
pub(super) fn ahead(person: &Person, now: DateTime<Utc>) -> Vec<&Suggestion> {
    let mut ahead: Vec<&Suggestion> =
        person.suggestions.values().filter(|s| s.stands() && s.end > now).collect();
    ahead.sort_by_key(|s| (s.start, &s.uid));
    ahead
}

/// Where the blocks of a list are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// In the store: `explain` knows their ids.
    Stored,
    /// Nowhere: they are only what would be.
    Nowhere,
}

/// Blocks as people read them: when, what, and why there.
pub(super) fn list(blocks: &[&Suggestion], person: &Person, zone: Tz, kept: Kept) -> String {
    let columns = [
        ("", Align::Left),
        ("", Align::Left),
        ("", Align::Cut),
        ("", Align::Cut),
        ("", Align::Left),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for block in blocks {
        let start = block.start.with_timezone(&zone);
        let end = block.end.with_timezone(&zone).format("%H:%M");
        let kind = type_name(block, person).filter(|name| *name != block.title);
        let id = Some(name::block(&block.uid)).filter(|_| kept == Kept::Stored);
        table.row([
            start.format("%a %-d %b").to_string().into(),
            format!("{}-{end}", start.format("%H:%M")).into(),
            Cell::styled(HEADING, block.title.as_str()),
            Cell::styled(FAINT, kind.unwrap_or_default()),
            Cell::styled(FAINT, remark(block, kept)),
            Cell::styled(FAINT, id.unwrap_or_default()),
        ]);
    }
    let mut text = String::new();
    for (line, block) in table.render(output::columns()).lines().zip(blocks) {
        text.push_str(&format!("{line}\n"));
        for reason in block.why() {
            text.push_str(&wrap(&plain(reason), 4, output::columns()));
        }
    }
    text
}

fn remark(block: &Suggestion, kept: Kept) -> String {
    let mut remarks = Vec::new();
    remarks.extend(match block.state {
        State::Accepted => Some("accepted"),
        State::Taken => Some("yours now"),
        State::Defended => Some("kept free for it"),
        State::Proposed | State::Refused | State::Withdrawn | State::Past => None,
    });
    remarks.extend(match (block.intent, kept) {
        (Some(Intent::Update), Kept::Nowhere) => Some("moved"),
        (None, _) | (_, Kept::Nowhere) => None,
        (Some(Intent::Create | Intent::Update), Kept::Stored) => Some("not yet written"),
        (Some(Intent::Delete), Kept::Stored) => Some("not yet taken away"),
    });
    remarks.join(", ")
}

pub(super) fn type_name<'a>(suggestion: &Suggestion, person: &'a Person) -> Option<&'a str> {
    person.types.by_id.get(&suggestion.task_type).map(|t| t.name.as_str())
}

pub(super) fn fields(suggestion: &Suggestion, person: &Person, zone: Tz) -> Value {
    let local =
        |t: DateTime<Utc>| t.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true);
    let state = match suggestion.state {
        State::Proposed => "proposed",
        State::Defended => "defended",
        State::Accepted => "accepted",
        State::Taken => "taken",
        State::Refused => "refused",
        State::Withdrawn => "withdrawn",
        State::Past => "past",
    };
    let intent = suggestion.intent.map(|intent| match intent {
        Intent::Create => "create",
        Intent::Update => "update",
        Intent::Delete => "delete",
    });
    json!({
        "id": name::block(&suggestion.uid),
        "uid": suggestion.uid.as_str(),
        "start": local(suggestion.start),
        "end": local(suggestion.end),
        "title": suggestion.title,
        "task_type": type_name(suggestion, person),
        "door": suggestion.door.word(),
        "state": state,
        "pending": intent,
        "published": suggestion.published.is_some(),
        "score": suggestion.score,
        "reasons": suggestion.why().collect::<Vec<_>>(),
        "related_to": suggestion.related_to.as_ref().map(|uid| uid.as_str()),
    })
}
