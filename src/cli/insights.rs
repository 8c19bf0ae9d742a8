//! `chronotype insights`: tier 3, what holds now.

use super::output::{FAINT, styled};
use super::suggestions::Kept;
use super::table::{plain, wrap};
use super::{CommandError, Global, context, name, output};
use crate::memory::graph::Insight;
use crate::store::Part;
use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Show what was found out about how you work.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As [`context::glance`].
pub fn run(_args: &Args, global: &Global) -> Result<(), CommandError> {
    let looked = context::glance(global, Part::Memory)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let mut active: Vec<&Insight> = looked.person.memory.active().collect();
    active.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.id.cmp(&b.id)));
    if global.json {
        let lines: Vec<Value> = active.iter().map(|insight| fields(insight)).collect();
        return output::json_lines(&lines);
    }
    if active.is_empty() {
        output::say(global, "No insights yet: they need evidence first.");
    }
    let text = active.iter().map(|insight| line(insight, looked.zone, Kept::Stored));
    output::data(&text.collect::<String>())
}

/// An insight as people read it, with how sure it is.
pub(super) fn line(insight: &Insight, zone: Tz, kept: Kept) -> String {
    let (seen, all) = insight.counts;
    let id = match kept {
        Kept::Stored => format!("{}  ", name::insight(insight.id)),
        Kept::Nowhere => String::new(),
    };
    let remark = format!(
        "{id}confidence {:.0} %, seen {seen} of {all} times, since {}",
        insight.confidence * 100.0,
        insight.valid_from.with_timezone(&zone).format("%-d %b %Y"),
    );
    let sentence = wrap(&plain(&insight.sentence), 0, output::columns());
    format!("{sentence}  {}\n", styled(FAINT, &remark))
}

pub(super) fn fields(insight: &Insight) -> Value {
    let evidence: Vec<String> = insight.evidence.iter().map(|id| id.short()).collect();
    json!({
        "id": name::insight(insight.id),
        "sentence": insight.sentence,
        "confidence": insight.confidence,
        "seen": insight.counts.0,
        "of": insight.counts.1,
        "valid_from": insight.valid_from.to_rfc3339_opts(SecondsFormat::Secs, true),
        "evidence": evidence,
    })
}
