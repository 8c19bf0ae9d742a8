//! What an insight rests on.

use super::{evidence, evidence_fields, heading, local, section};
use crate::cli::context::Looked;
use crate::cli::insights::evidence as known;
use crate::cli::table::plain;
use crate::cli::{CommandError, Global, name, output};
use crate::memory::graph::Insight;
use serde_json::json;

pub(super) fn explain(
    looked: &Looked,
    insight: &Insight,
    global: &Global,
) -> Result<(), CommandError> {
    let zone = looked.zone;
    let person = &looked.person;
    let mut events = known(insight, person);
    events.reverse();
    let (seen, all) = insight.counts;
    if global.json {
        return output::json(&json!({
            "kind": "insight",
            "id": name::insight(insight.id),
            "sentence": insight.sentence,
            "confidence": insight.confidence,
            "seen": seen,
            "of": all,
            "valid_from": local(insight.valid_from, zone),
            "invalidated_at": insight.invalidated_at.map(|t| local(t, zone)),
            "superseded_by": insight.superseded_by.map(name::insight),
            "evidence": evidence_fields(&events, zone),
        }));
    }
    let day = |t: chrono::DateTime<chrono::Utc>| t.with_timezone(&zone).format("%-d %b %Y");
    let mut text = heading(&plain(&insight.sentence), "", &name::insight(insight.id));
    let until = match (insight.invalidated_at, insight.superseded_by) {
        (None, _) => "holds".to_owned(),
        (Some(at), None) => format!("no longer holds since {}", day(at)),
        (Some(at), Some(by)) => {
            format!("no longer holds since {}: {} took its place", day(at), name::insight(by))
        }
    };
    text.push_str(&format!(
        "  since {}, {until}; confidence {:.0} %, seen {seen} of {all} times\n",
        day(insight.valid_from),
        insight.confidence * 100.0,
    ));
    text.push_str(&section("Rests on"));
    match events.is_empty() {
        true => text.push_str("  what was learned hour by hour (`types`), no single events\n"),
        false => text.push_str(&evidence(&events, zone)),
    }
    output::data(&text)
}
