//! Insights out of the store and notes into it, as JSON.

use super::fields;
use crate::cli::{CommandError, Global, context, output};
use crate::memory::graph::Insight;
use crate::memory::note::{MOST, remember};
use crate::store::Part;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

/// Largest file that is read.
const LARGEST: u64 = 64 << 20;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Every version of every insight, one object a line
    Chronotype,
    /// One document, as the `get_all` of Mem0 gives: insights that hold
    Mem0,
}

/// Prints all insights.
pub(super) fn export(format: Format, global: &Global) -> Result<(), CommandError> {
    let looked = context::glance(global, Part::Memory)?;
    let memory = &looked.person.memory;
    match format {
        Format::Chronotype => {
            let lines: Vec<Value> = memory.insights.values().map(fields).collect();
            output::json_lines(&lines)
        }
        Format::Mem0 => {
            let results: Vec<Value> =
                memory.active().map(|i| mem0(i, looked.principal.as_str())).collect();
            output::json(&json!({ "results": results }))
        }
    }
}

fn mem0(insight: &Insight, user: &str) -> Value {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": format!("chronotype-{}", insight.id),
        "memory": insight.sentence,
        "user_id": user,
        "created_at": moment(insight.valid_from),
        "updated_at": moment(insight.recorded_at),
        "metadata": { "detector": insight.kind.word(), "confidence": insight.confidence },
    })
}

/// Takes up the notes of a file.
pub(super) fn import(file: &Path, global: &Global) -> Result<(), CommandError> {
    let shown = file.display();
    let unread = |why: String| CommandError::failure(format!("can't read {shown}: {why}"));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|e| unread(e.to_string()))?;
    opened.take(LARGEST).read_to_string(&mut text).map_err(|e| unread(e.to_string()))?;
    let notes = notes(&text).ok_or_else(|| {
        unread("neither an export of insights nor the JSON of Mem0's get_all".to_owned())
    })?;
    let opened = context::open(global)?;
    let (now, mut after) = (global.moment(), opened.person.clone());
    let before = after.memory.active().count();
    let mut refused = 0;
    for (text, said) in notes.iter().take(MOST) {
        let said = said.filter(|at| *at <= now).unwrap_or(now);
        refused +=
            usize::from(remember(&mut after.memory, &after.types, text, (said, now)).is_err());
    }
    opened.store.commit(&opened.principal, &opened.person, &after)?;
    let taken = after.memory.active().count() - before;
    if global.json {
        return output::json(&json!({ "found": notes.len(), "taken": taken, "refused": refused }));
    }
    if refused > 0 {
        output::warn(&format!("{} too long or empty", output::count(refused, "note")));
    }
    let known = notes.len() - taken - refused;
    output::data(&format!("Took up {}; {known} known already\n", output::count(taken, "note")))
}

/// Sentences that the person may keep as their own, with when they were said. Of our exports only
/// what was remembered: the rest is found again in the calendar, or was true of another one.
fn notes(text: &str) -> Option<Vec<(String, Option<DateTime<Utc>>)>> {
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && let Some(rows) = document.as_array().or_else(|| document["results"].as_array())
    {
        return Some(rows.iter().filter_map(|row| note(row, "memory", "created_at")).collect());
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let rows: Option<Vec<Value>> = lines.map(|line| serde_json::from_str(line).ok()).collect();
    let own = |row: &&Value| row["detector"] == "remembered" && row["invalidated_at"].is_null();
    let rows = rows?;
    Some(rows.iter().filter(own).filter_map(|row| note(row, "sentence", "valid_from")).collect())
}

fn note(row: &Value, words: &str, since: &str) -> Option<(String, Option<DateTime<Utc>>)> {
    let said = row[since].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    Some((row[words].as_str()?.to_owned(), said.map(|at| at.with_timezone(&Utc))))
}
