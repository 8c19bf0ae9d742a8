//! `chronotype types`: tier 2, as a list or one type hour by hour, and the person's word on it.

mod change;
mod portrait;

pub(super) use change::category;

use super::output::FAINT;
use super::table::{Align, Cell, Table, plain};
use super::{CommandError, Global, context, output};
use crate::schedule::slot::{Curve, Habits};
use crate::store::Part;
use crate::task::heat::heat_map;
use crate::task::{TaskType, Types};
use serde_json::{Value, json};

/// Show your task types, or one of them hour by hour; put them right
///
/// Types come from your calendars on their own. What you say about them wins for ever, and what was
/// learned goes with the events.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Args {
    /// A type's name; absent: all of them
    name: Option<String>,
    #[command(subcommand)]
    command: Option<change::Command>,
}

/// Hours in the window that is called a type's best.
const BEST_HOURS: usize = 3;
/// Hours that people are up at: the formula knows nothing of sleep.
const DAY: std::ops::Range<usize> = 6..23;
/// What confidence starts at, and what one certain observation adds.
const CONFIDENCE: (f32, f32) = (0.1, 0.05);
/// Runs the command.
///
/// # Errors
/// A failure when no type has that name; as [`context::glance`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let name = match &args.command {
        Some(change::Command::Show { name }) => Some(name),
        Some(command) => return change::run(command, global),
        None => args.name.as_ref(),
    };
    // One type is shown with what its events taught; the list needs none of them.
    let looked = match name {
        Some(_) => context::look(global)?,
        None => context::glance(global, Part::Types)?,
    };
    if looked.is_new(global) {
        return Ok(());
    }
    let types = &looked.person.types;
    let habits = Habits::of(types);
    if let Some(name) = name {
        let task_type = find(types, name)?;
        let heat = heat_map(&looked.person.events, task_type.id);
        return match global.json {
            true => output::json(&portrait::fields(task_type, &habits, &heat)),
            false => output::data(&portrait::draw(task_type, &habits, &heat)),
        };
    }
    let all = by_events(types);
    if global.json {
        let lines: Vec<Value> = all.iter().map(|t| brief(t, &habits)).collect();
        return output::json_lines(&lines);
    }
    if all.is_empty() {
        output::say(global, "No task types yet.");
        return Ok(());
    }
    output::data(&overview(&all, &habits))
}

/// The types as a table.
pub(super) fn overview(all: &[&TaskType], habits: &Habits) -> String {
    let mut table = Table::new(&[
        ("type", Align::Cut),
        ("category", Align::Left),
        ("events", Align::Right),
        ("best hours", Align::Left),
        ("confidence", Align::Right),
    ]);
    for task_type in all {
        let (from, confidence) = best(task_type, habits);
        table.row([
            task_type.name.as_str().into(),
            Cell::styled(FAINT, task_type.category.word()),
            task_type.events.to_string().into(),
            window(from).into(),
            percent(confidence).into(),
        ]);
    }
    table.render(output::columns())
}

/// All types, those with most events first.
pub(super) fn by_events(types: &Types) -> Vec<&TaskType> {
    let mut all: Vec<&TaskType> = types.by_id.values().collect();
    all.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
    all
}

/// The type of that name, whatever the case of its letters.
///
/// # Errors
/// A failure that names the nearest.
pub fn find<'a>(types: &'a Types, name: &str) -> Result<&'a TaskType, CommandError> {
    if let Some(found) = types.named(name) {
        return Ok(found);
    }
    let wanted = name.trim().to_lowercase();
    let like = |t: &TaskType| strsim::jaro_winkler(&t.name.to_lowercase(), &wanted);
    let near = types.by_id.values().max_by(|a, b| like(a).total_cmp(&like(b)));
    let error = CommandError::failure(format!("no task type is called '{name}'"));
    Err(match near {
        Some(near) => error.hint(format!("the nearest is '{}'", plain(&near.name))),
        None => error,
    })
}

/// First hour of the window that blocks would go to first, and how sure its scores are on average.
/// Only windows that hold an observation compete, if there are any: start values are no knowledge.
fn best(task_type: &TaskType, habits: &Habits) -> (usize, f32) {
    let hours = &task_type.hours;
    let mean = |values: &[f32; 24], from: usize| {
        values[from..from + BEST_HOURS].iter().sum::<f32>() / BEST_HOURS as f32
    };
    let curve = Curve::of(task_type, habits);
    let score = |from: usize| (from..from + BEST_HOURS).map(|h| curve.at(h)).sum::<f64>();
    let starts = DAY.start..=DAY.end - BEST_HOURS;
    let seen = |from: &usize| mean(&hours.confidence, *from) > CONFIDENCE.0 + f32::EPSILON;
    let known: Vec<usize> = starts.clone().filter(seen).collect();
    let candidates = if known.is_empty() { starts.collect() } else { known };
    // The earliest of equals.
    let from = candidates.into_iter().rev().max_by(|a, b| score(*a).total_cmp(&score(*b)));
    let from = from.unwrap_or(DAY.start);
    (from, mean(&hours.confidence, from))
}

fn window(from: usize) -> String {
    format!("{from:02}-{:02} h", from + BEST_HOURS)
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn observations(task_type: &TaskType) -> f32 {
    task_type.hours.confidence.iter().map(|c| ((c - CONFIDENCE.0) / CONFIDENCE.1).max(0.0)).sum()
}

pub(super) fn brief(task_type: &TaskType, habits: &Habits) -> Value {
    let (from, confidence) = best(task_type, habits);
    json!({
        "id": task_type.id,
        "name": task_type.name,
        "category": task_type.category.word(),
        "events": task_type.events,
        "best_hours": [from, from + BEST_HOURS],
        "confidence": confidence,
        "observations": observations(task_type),
    })
}
