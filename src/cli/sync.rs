//! `chronotype sync`: one turn now.

use super::diff::{self, Change, Depth};
use super::output::{GOOD, styled};
use super::table::wrap;
use super::turn::{self, Done, How};
use super::{CommandError, Global, context, output, risks, suggestions};
use crate::cycle::{Left, Mode, Report};
use crate::schedule::plan::Risk;
use crate::store::Person;
use crate::sync::diff::Deletions;
use serde_json::{Value, json};

/// Look at the calendars, learn from what changed, and write suggested blocks back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would be done; keep nothing and write nothing
    #[arg(long, conflicts_with = "observe")]
    dry_run: bool,
    /// Look and learn only: propose nothing, write nothing
    #[arg(long)]
    observe: bool,
    /// Believe deletions that look like an accident
    #[arg(long)]
    accept_deletions: bool,
    /// Die at the n-th step boundary, for tests of recovery
    #[arg(long, hide = true)]
    die_at: Option<usize>,
}

/// Runs the command.
///
/// # Errors
/// A failure when no account could be reached or the store fails; config errors.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let opened = context::open_or_copy(global, args.dry_run)?;
    let watch = opened.config.suggestions.mode == crate::config::Mode::Observe;
    let mode = match (args.dry_run, args.observe || watch) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Observe,
        (false, false) => Mode::Suggest,
    };
    let deletions = match args.accept_deletions {
        true => Deletions::Accepted,
        false => Deletions::Guarded,
    };
    let done = turn::take(&opened, How { mode, deletions, die_at: args.die_at }, global)?;
    tell(&done, &opened.person.risks, global)?;
    done.failure().map_or(Ok(()), Err)
}

/// `known`: deadlines at risk as they stood before; what was said of them is not said again.
fn tell(done: &Done, known: &[Risk], global: &Global) -> Result<(), CommandError> {
    let Done { report, person, now, zone, mode } = done;
    let read = done.failure().is_none();
    done.warn();
    if global.json {
        return output::json(&document(done));
    }
    if !read {
        return Ok(());
    }
    let dry = *mode == Mode::DryRun;
    let mut text = summary(report, dry);
    let told = |left: &&Left| risks::is_told(&person.risks, &left.request, left.why);
    for left in report.unplaced.iter().filter(|left| !told(left)) {
        let title = super::table::plain(&left.title);
        text.push_str(&format!("Not placed: {title}. {}\n", left.why.sentence()));
    }
    text.push_str(&risks::news(&person.risks, known, *now, *zone));
    for (uid, note) in &report.left_alone {
        let Some(block) = person.suggestions.get(uid) else { continue };
        let when = block.start.with_timezone(zone).format("%a %H:%M");
        let title = super::table::plain(&block.title);
        text.push_str(&format!("Left alone: {title}, {when}. {}\n", note.sentence()));
    }
    if dry {
        text.push_str(&diff::lines(&changes(report, person), person, *zone, Depth::Reasons));
    }
    output::data(&text)
}

/// What the turn did, in one line; what would be done, in a second.
fn summary(report: &Report, dry: bool) -> String {
    let mut facts = Vec::new();
    if report.changed > 0 {
        facts.push(output::count(report.changed, "change"));
    }
    if report.vanished > 0 {
        facts.push(format!("{} gone", output::count(report.vanished, "object")));
    }
    if report.learned > 0 {
        facts.push(format!("learned from {}", output::count(report.learned, "event")));
    }
    if report.merged_types > 0 {
        facts.push(format!(
            "{} now part of others",
            output::count(report.merged_types, "task type")
        ));
    }
    if report.split_types > 0 {
        facts.push(format!("{} split off", output::count(report.split_types, "task type")));
    }
    let writes = report.writes;
    let parts = [(writes.create, "new"), (writes.update, "moved"), (writes.delete, "taken back")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let blocks = format!("blocks: {}", parts.join(", "));
    if !parts.is_empty() && !dry {
        let wanted = writes.create + writes.update + writes.delete;
        facts.push(match report.written {
            0 => "no block written".to_owned(),
            all if all == wanted => styled(GOOD, &blocks),
            some => format!("{blocks}; {some} of them written"),
        });
    }
    let facts = if facts.is_empty() { "nothing new".to_owned() } else { facts.join("; ") };
    let line = format!("{} read: {facts}", output::count(report.collections, "calendar"));
    let mut text = wrap(&line, 0, output::columns());
    if dry {
        let blocks = if parts.is_empty() { "no block" } else { blocks.as_str() };
        text.push_str(&format!("{}\n", styled(GOOD, &format!("would write {blocks}"))));
    }
    text
}

/// The writes that are decided.
fn changes(report: &Report, person: &Person) -> Vec<Change> {
    let decided = report.planned.iter().filter_map(|uid| person.suggestions.get(uid));
    decided.filter_map(Change::intended).collect()
}

fn document(done: &Done) -> Value {
    let Done { report, person, now, zone, mode } = done;
    let (now, zone) = (*now, *zone);
    let ahead = suggestions::ahead(person, now);
    let unplaced: Vec<Value> = report
        .unplaced
        .iter()
        .map(|l| json!({ "request": l.request.0, "title": l.title, "why": l.why.sentence() }))
        .collect();
    json!({
        "dry_run": *mode == Mode::DryRun,
        "requests": report.requests,
        "collections": report.collections,
        "changed": report.changed,
        "vanished": report.vanished,
        "events": report.events,
        "classified": report.classified,
        "new_types": report.new_types,
        "merged_types": report.merged_types,
        "split_types": report.split_types,
        "settled": report.settled,
        "learned": report.learned,
        "task_types": report.types,
        "insights": report.insights,
        "writes": {
            "create": report.writes.create,
            "update": report.writes.update,
            "delete": report.writes.delete,
        },
        "written": report.written,
        "unplaced": unplaced,
        "at_risk": risks::fields(&person.risks, now, zone),
        "left_alone": report
            .left_alone
            .iter()
            .map(|(uid, note)| json!({ "uid": uid.as_str(), "why": note.sentence() }))
            .collect::<Vec<_>>(),
        "changes": changes(report, person).iter().map(|c| c.fields(person)).collect::<Vec<_>>(),
        "warnings": turn::sentences(&report.warnings),
        "suggestions":
            ahead.iter().map(|s| suggestions::fields(s, person, zone)).collect::<Vec<_>>(),
    })
}
