//! `chronotype insights`: tier 3, what holds now, how it came about, and what was believed before.

mod exchange;
mod find;
mod show;

pub(super) use show::evidence;

use super::output::{FAINT, styled};
use super::suggestions::Kept;
use super::table::{plain, wrap};
use super::{CommandError, Global, context, name, output};
use crate::memory::graph::{Insight, Kind, Node};
use crate::store::Part;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Show what was found out about how you work.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Search insights, kinds of work and events by words and by what they mean
    Search {
        /// What to look for
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Show one insight, what it is about, and the events it rests on
    Show {
        /// As the list names it: i4
        id: String,
    },
    /// Show how a belief changed, or all beliefs there ever were
    History {
        /// As the list names it: i4
        id: Option<String>,
    },
    /// Print insights as JSON, to keep or to take elsewhere
    Export {
        /// In what form
        #[arg(long, value_enum, default_value = "chronotype")]
        format: exchange::Format,
    },
    /// Take up notes from an export, or from the JSON that the `get_all` of Mem0 gives
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// A usage error for a name that makes no sense, a failure where nothing bears it; as
/// [`context::glance`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    match &args.what {
        None => list(global),
        Some(What::Search { words }) => find::run(&words.join(" "), global),
        Some(What::Show { id }) => show::one(name::insight_number(id)?, global),
        Some(What::History { id }) => {
            let id = id.as_deref().map(name::insight_number).transpose()?;
            show::history(id, global)
        }
        Some(What::Export { format }) => exchange::export(*format, global),
        Some(What::Import { file }) => exchange::import(file, global),
    }
}

fn list(global: &Global) -> Result<(), CommandError> {
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
    let id = match kept {
        Kept::Stored => format!("{}  ", name::insight(insight.id)),
        Kept::Nowhere => String::new(),
    };
    let remark = format!("{id}{}", remark(insight, zone));
    let sentence = wrap(&plain(&insight.sentence), 0, output::columns());
    format!("{sentence}  {}\n", styled(FAINT, &remark))
}

/// How sure it is, and since when.
fn remark(insight: &Insight, zone: Tz) -> String {
    let since = day(insight.valid_from, zone);
    let (seen, all) = insight.counts;
    match insight.kind {
        Kind::Remembered => format!("your own word, {since}"),
        _ => format!(
            "confidence {:.0} %, seen {seen} of {all} times, since {since}",
            insight.confidence * 100.0,
        ),
    }
}

fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y").to_string()
}

pub(super) fn fields(insight: &Insight) -> Value {
    let evidence: Vec<String> = insight.evidence.iter().map(|id| id.short()).collect();
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": name::insight(insight.id),
        "version": insight.version,
        "detector": insight.kind.word(),
        "sentence": insight.sentence,
        "about": insight.about.iter().map(Node::key).collect::<Vec<_>>(),
        "confidence": insight.confidence,
        "seen": insight.counts.0,
        "of": insight.counts.1,
        "valid_from": moment(insight.valid_from),
        "valid_until": insight.valid_until.map(moment),
        "recorded_at": moment(insight.recorded_at),
        "invalidated_at": insight.invalidated_at.map(moment),
        "superseded_by": insight.superseded_by.map(name::insight),
        "evidence": evidence,
    })
}
