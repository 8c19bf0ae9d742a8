//! `chronotype classify --teach`: titles whose types the person says, on stdin.

use super::input::Lines;
use crate::cli::table::plain;
use crate::cli::types::category;
use crate::cli::{CommandError, Global, context, output};
use crate::cycle::{self, Brain};
use crate::task::assign::MOST_NAME;
use crate::task::category::Context;
use crate::task::refile::Moved;
use crate::task::title;
use crate::task::word::{Lesson, Taught};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::BufRead;

/// More at once is no person's word.
const MOST_LESSONS: usize = 10_000;

/// A JSON line. Other fields are ignored.
#[derive(Deserialize)]
struct Line {
    title: Option<String>,
    task_type: Option<String>,
    category: Option<String>,
}

/// Reads the corrections and keeps them in the person's store, in one commit.
///
/// # Errors
/// A line that makes no sense, by its number: nothing is kept then; as [`context::open`].
pub(super) fn run(global: &Global, dry_run: bool) -> Result<(), CommandError> {
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let lessons = read(std::io::stdin().lock(), &brain)?;
    let opened = context::open_or_copy(global, dry_run)?;
    opened.not_before_the_last_turn(global)?;
    let mut after = opened.person.clone();
    let when = (global.moment(), opened.zone);
    let taught = cycle::refile(&mut after, &brain, when, |tiers| match tiers.teach(&lessons) {
        Ok(taught) => {
            let moved = taught.moved.clone();
            (Ok(taught), moved)
        }
        Err(why) => (Err(CommandError::failure(why.to_string())), Moved::default()),
    })?;
    if !dry_run {
        opened.store.commit(&opened.principal, &opened.person, &after)?;
    }
    if global.json {
        let of = |lesson: &Lesson| -> Value {
            let kind = after.types.named(&lesson.name);
            json!({
                "title": lesson.title,
                "task_type": kind.map(|kind| kind.name.as_str()),
                "category": kind.map(|kind| kind.category.word()),
                "new": kind.is_some_and(|kind| taught.made.contains(&kind.id)),
            })
        };
        return output::json_lines(&lessons.iter().map(of).collect::<Vec<_>>());
    }
    output::data(&sentence(&lessons, &taught, dry_run))
}

fn sentence(lessons: &[Lesson], taught: &Taught, dry_run: bool) -> String {
    let Taught { made, moved } = taught;
    let titles: BTreeSet<String> = lessons.iter().map(|l| title::normalise(&l.title)).collect();
    let mut facts = vec![format!("{} moved", output::count(moved.own_events(), "event"))];
    if !made.is_empty() {
        facts.push(format!("{} made", output::count(made.len(), "task type")));
    }
    let mark = if dry_run { "Dry run: " } else { "" };
    let facts = facts.join(", ");
    format!("{mark}{} taught: {facts}.\n", output::count(titles.len(), "title"))
}

fn read(input: impl BufRead, brain: &Brain) -> Result<Vec<Lesson>, CommandError> {
    let mut lines = Lines::new(input);
    let mut lessons = Vec::new();
    while let Some(text) = lines.read()? {
        let Line { title, task_type, category: word } = match text.starts_with('{') {
            true => lines.json(&text)?,
            false => by_tabs(&text),
        };
        let title = plain(&title.unwrap_or_default()).trim().to_owned();
        let name = plain(&task_type.unwrap_or_default()).trim().to_owned();
        if title.is_empty() || name.is_empty() {
            let what = "does not say which title is of which type";
            return Err(lines.complaint(what).hint(FORM));
        }
        if name.chars().count() > MOST_NAME {
            return Err(lines.complaint(&format!("has a type of over {MOST_NAME} characters")));
        }
        let category = word.as_deref().map(category).transpose();
        let category = category.map_err(|why| lines.complaint("fits no category").hint(why))?;
        let look = brain.look_at(&title, Context::default());
        lessons.push(Lesson { title, look, name, category });
        if lessons.len() > MOST_LESSONS {
            return Err(lines.complaint(&format!("is one too many: {MOST_LESSONS} at once")));
        }
    }
    if lessons.is_empty() {
        return Err(CommandError::failure("the input holds no line").hint(FORM));
    }
    Ok(lessons)
}

/// What a line looks like.
const FORM: &str = "write TITLE<tab>TYPE or TITLE<tab>TYPE<tab>CATEGORY a line, or JSON lines \
                    {title, task_type, category}";

fn by_tabs(text: &str) -> Line {
    let mut columns = text.split('\t').map(|column| column.trim().to_owned());
    let (title, task_type) = (columns.next(), columns.next());
    Line { title, task_type, category: columns.next().filter(|word| !word.is_empty()) }
}
