//! Why an event is of its type, and what became of it.

use super::{heading, local, section, when};
use crate::cli::context::Looked;
use crate::cli::table::plain;
use crate::cli::{CommandError, Global, output};
use crate::cycle::{Brain, Filed, FiledBy};
use crate::event::Event;
use crate::task::TaskType;
use crate::task::infer::{self, Evidence, Explanation};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(super) fn explain(
    looked: &Looked,
    event: &Event,
    now: DateTime<Utc>,
    global: &Global,
) -> Result<(), CommandError> {
    let zone = looked.zone;
    let person = &looked.person;
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let filed = brain.why(person, event, zone);
    let kind = event.task_type.and_then(|id| person.types.by_id.get(&id));
    let context = infer::Context { now, zone };
    let outcomes = infer::explain(&person.events, &event.id, &context);
    if global.json {
        return output::json(&json!({
            "kind": "event",
            "id": event.id.short(),
            "title": event.title,
            "when": when(&event.span, zone),
            "task_type": kind.map(|k| k.name.as_str()),
            "filed": filed.as_ref().map(filed_fields),
            "placements": outcomes.iter().map(|o| outcome_fields(looked, o)).collect::<Vec<_>>(),
        }));
    }
    let mut text = heading(&event.title, &when(&event.span, zone), &event.id.short());
    text.push_str(&section("Its kind of work"));
    text.push_str(&match (kind, &filed) {
        (Some(kind), Some(filed)) => why_type(kind, filed),
        _ => "  none: whole days, and titles such as `busy`, are no kind of work\n".to_owned(),
    });
    text.push_str(&section("What became of it"));
    for outcome in &outcomes {
        text.push_str(&became(looked, outcome));
    }
    output::data(&text)
}

fn why_type(kind: &TaskType, filed: &Filed) -> String {
    let near = filed.nearest.as_ref().map(|wording| format!("'{}'", plain(wording)));
    let near = near.unwrap_or_else(|| "no other".to_owned());
    let why = match filed.by {
        FiledBy::Correction => "you said so".to_owned(),
        FiledBy::Series => "its series is filed there".to_owned(),
        FiledBy::Title => format!(
            "{} bear this title, which is nearest to {near} there",
            output::count(filed.same_title as usize, "event")
        ),
        FiledBy::Meaning => format!(
            "it means nearly the same as {near}: similarity {:.2}, from 0.80 on it is the same \
             kind",
            filed.similarity
        ),
        FiledBy::First => format!(
            "it opened this kind: nothing was near enough (similarity {:.2}, 0.80 is needed)",
            filed.similarity
        ),
        FiledBy::Elsewhere => format!(
            "filed there earlier; by what is known today it would not be (similarity {:.2} to \
             {near})",
            filed.similarity
        ),
    };
    format!("  {} ({}): {why}\n", plain(&kind.name), kind.category.word())
}

fn became(looked: &Looked, outcome: &Explanation) -> String {
    let zone = looked.zone;
    let words: Vec<String> = outcome.reason.evidence.iter().map(|e| said(looked, e)).collect();
    let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) };
    let signal = outcome.settled.as_ref().and_then(|s| s.signal);
    let taught = match (&outcome.settled, signal) {
        (None, _) => "nothing taught yet".to_owned(),
        (Some(_), None) => "taught nothing".to_owned(),
        (Some(_), Some(s)) => {
            format!("taught success {:.2} with weight {:.2}", s.value, s.weight)
        }
    };
    let energy = outcome.settled.as_ref().and_then(|s| s.energy);
    let energy = energy.map(|e| format!("; energy after it about {e:.2}")).unwrap_or_default();
    format!(
        "  {}: {}{words}; {taught}{energy}\n",
        when(&outcome.span, zone),
        outcome.reason.row.words()
    )
}

/// The evidence in words, with what was booked over it.
fn said(looked: &Looked, evidence: &Evidence) -> String {
    let Evidence::LaterBooking(id) = evidence else { return evidence.words().to_owned() };
    match looked.person.events.get(id) {
        Some(event) => format!("{}: {} {}", evidence.words(), plain(&event.title), id.short()),
        None => evidence.words().to_owned(),
    }
}

fn filed_fields(filed: &Filed) -> Value {
    let by = match filed.by {
        FiledBy::Correction => "correction",
        FiledBy::Series => "series",
        FiledBy::Title => "title",
        FiledBy::Meaning => "meaning",
        FiledBy::First => "first",
        FiledBy::Elsewhere => "earlier",
    };
    json!({
        "by": by,
        "similarity": filed.similarity,
        "same_title": filed.same_title,
        "nearest": filed.nearest,
    })
}

fn outcome_fields(looked: &Looked, outcome: &Explanation) -> Value {
    let zone = looked.zone;
    let settled = outcome.settled.as_ref();
    let signal = settled.and_then(|s| s.signal);
    let evidence: Vec<String> = outcome.reason.evidence.iter().map(|e| said(looked, e)).collect();
    json!({
        "when": when(&outcome.span, zone),
        "row": outcome.reason.row.words(),
        "evidence": evidence,
        "settled_at": settled.map(|s| local(s.at, zone)),
        "signal": signal.map(|s| s.value),
        "weight": signal.map(|s| s.weight),
        "energy": settled.and_then(|s| s.energy),
    })
}
