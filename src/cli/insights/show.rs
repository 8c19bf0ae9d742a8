//! One insight with the events it rests on, and how beliefs changed.

use super::{day, fields, remark};
use crate::cli::output::{FAINT, HEADING, styled};
use crate::cli::table::{Align, Cell, Table, plain, wrap};
use crate::cli::{CommandError, Global, context, name, output};
use crate::event::{Event, EventHash};
use crate::memory::detect::weekday_name;
use crate::memory::graph::{Insight, Node};
use crate::store::{Part, Person};
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prints one insight: from the sentence to the events.
pub(super) fn one(id: u32, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let (person, zone) = (&looked.person, looked.zone);
    let insight = person.memory.get(id).ok_or_else(|| unknown(id))?;
    let events = evidence(insight, person);
    let near = person.memory.neighbours(id);
    if global.json {
        let mut document = fields(insight);
        let events: Vec<Value> = events.iter().map(|e| event_fields(e, zone)).collect();
        document["events"] = events.into();
        document["related"] = near.iter().map(|i| name::insight(i.id)).collect();
        return output::json(&document);
    }
    let mut text = wrap(&plain(&insight.sentence), 0, output::columns());
    let mut facts = vec![format!("{}, {}", name::insight(id), remark(insight, zone))];
    facts.extend(ended(insight, zone));
    let about: Vec<String> = insight.about.iter().map(|n| words(n, person)).collect();
    if !about.is_empty() {
        facts.push(format!("about {}", about.join(", ")));
    }
    for fact in facts {
        text.push_str(&format!("  {}\n", styled(FAINT, &fact)));
    }
    if !events.is_empty() {
        let shown = output::count(events.len(), "event");
        text.push_str(&format!("\n{}\n", styled(HEADING, &format!("It rests on {shown}"))));
        text.push_str(&table(&events, zone));
    }
    if !near.is_empty() {
        text.push_str(&format!("\n{}\n", styled(HEADING, "Beside it")));
        for other in near {
            let line = format!("{}  {}", name::insight(other.id), plain(&other.sentence));
            text.push_str(&wrap(&line, 2, output::columns()));
        }
    }
    output::data(&text)
}

/// Prints the versions of one belief, or of all.
pub(super) fn history(id: Option<u32>, global: &Global) -> Result<(), CommandError> {
    let looked = context::glance(global, Part::Memory)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let memory = &looked.person.memory;
    let versions: Vec<&Insight> = match id {
        Some(id) if memory.get(id).is_none() => return Err(unknown(id)),
        Some(id) => memory.history(id).collect(),
        None => memory.insights.values().collect(),
    };
    if global.json {
        let lines: Vec<Value> = versions.iter().map(|insight| fields(insight)).collect();
        return output::json_lines(&lines);
    }
    if versions.is_empty() {
        output::say(global, "No insights yet: they need evidence first.");
    }
    let mut text = String::new();
    let mut last = None;
    for version in versions {
        if last != Some(version.id) {
            text.push_str(&format!("{}\n", styled(HEADING, &name::insight(version.id))));
            last = Some(version.id);
        }
        let written = day(version.recorded_at, looked.zone);
        let line = format!("{written}  {}", plain(&version.sentence));
        text.push_str(&wrap(&line, 2, output::columns()));
        if let Some(end) = ended(version, looked.zone) {
            text.push_str(&format!("    {}\n", styled(FAINT, &end)));
        }
    }
    output::data(&text)
}

fn unknown(id: u32) -> CommandError {
    CommandError::failure(format!("there is no insight {}", name::insight(id)))
        .hint("`chronotype insights history` lists all there ever were")
}

/// Why and when a version is no longer believed.
fn ended(insight: &Insight, zone: Tz) -> Option<String> {
    let at = day(insight.invalidated_at?, zone);
    Some(match (insight.superseded_by, insight.valid_until) {
        (Some(other), _) => format!("gave way to {} on {at}", name::insight(other)),
        (None, Some(_)) => format!("no longer holds since {at}"),
        (None, None) => format!("revised on {at}"),
    })
}

/// The events that are still known, in order of time.
pub(in crate::cli) fn evidence<'a>(insight: &Insight, person: &'a Person) -> Vec<&'a Event> {
    let by_hash: BTreeMap<EventHash, &Event> =
        person.events.values().map(|e| (e.id.hash(), e)).collect();
    let mut events: Vec<&Event> =
        insight.evidence.iter().filter_map(|id| by_hash.get(id).copied()).collect();
    events.sort_by_key(|e| (e.span, &e.id));
    events
}

/// Events with their times and what became of them.
pub(super) fn table(events: &[&Event], zone: Tz) -> String {
    let columns = [("", Align::Left), ("", Align::Left), ("", Align::Cut), ("", Align::Left)];
    let mut table = Table::new(&columns).indented(2);
    for event in events {
        let start = event.span.start_instant(zone).with_timezone(&zone);
        table.row([
            start.format("%a %-d %b %Y %H:%M").to_string().into(),
            outcome(event).into(),
            Cell::from(event.title.as_str()),
            Cell::styled(FAINT, event.id.short()),
        ]);
    }
    table.render(output::columns())
}

/// As `agenda` marks it: `+` went as planned, `-` did not, `?` nobody can tell.
fn outcome(event: &Event) -> &'static str {
    match event.settled.last().and_then(|s| s.signal) {
        Some(signal) if signal.value >= 0.5 => "+",
        Some(_) => "-",
        None => "?",
    }
}

fn event_fields(event: &Event, zone: Tz) -> Value {
    json!({
        "id": event.id.short(),
        "start": event.span.start_instant(zone).with_timezone(&zone).to_rfc3339(),
        "title": event.title,
        "signal": event.settled.last().and_then(|s| s.signal).map(|s| s.value),
    })
}

fn words(node: &Node, person: &Person) -> String {
    match node {
        Node::Person => "you".to_owned(),
        Node::TaskType(id) => match person.types.by_id.get(id) {
            Some(kind) => format!("\u{201c}{}\u{201d}", plain(&kind.name)),
            None => "a kind of work that is no more".to_owned(),
        },
        Node::Category(word) => format!("{word} work"),
        Node::Project(word) => format!("\u{201c}{}\u{201d}", plain(word)),
        Node::Weekday(weekday) => format!("{}s", weekday_name(*weekday)),
        Node::DayPart { from, to } => format!("{from}\u{2013}{to} h"),
        Node::Someone(_) => "somebody".to_owned(),
        Node::Months { from, to } => format!("months {from} to {to}"),
        Node::AfterMeetings => "what follows meetings in a row".to_owned(),
    }
}
