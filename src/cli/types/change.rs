//! `chronotype types rename | merge | split | set-category`: the person's own word, kept for ever.

use super::{brief, find};
use crate::cli::context::{self, Opened};
use crate::cli::table::plain;
use crate::cli::{CommandError, Global, output};
use crate::cycle::{self, Brain};
use crate::schedule::slot::Habits;
use crate::store::Person;
use crate::task::assign::MOST_NAME;
use crate::task::refile::{Moved, Part, Tiers};
use crate::task::word::{Target, Unfit};
use crate::task::{Category, TaskType, TypeId, title};
use serde_json::json;
use std::collections::BTreeSet;

/// What is done to types.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show one type, whatever it is called
    Show {
        /// Its name
        name: String,
    },
    /// Give a type a name of your own
    Rename {
        /// What it is called now
        old: String,
        /// What it is to be called
        new: String,
        #[command(flatten)]
        how: How,
    },
    /// Make several types one: the first takes in the others
    Merge {
        /// The type that stays
        into: String,
        /// Types that become part of it
        #[arg(required = true)]
        others: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Take what does not belong there out of a type
    Split {
        /// The type
        name: String,
        /// What leaves: titles, UIDs of series, or the name of a type that was merged into it
        #[arg(long, required = true, num_args = 1.., value_name = "TITLE")]
        out: Vec<String>,
        /// The type they go to [default: a new one, called as they are]
        #[arg(long, value_name = "NAME")]
        into: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Say what kind of work a type is
    SetCategory {
        /// The type
        name: String,
        /// focused, collaborative or administrative
        #[arg(value_parser = category)]
        category: Category,
        #[command(flatten)]
        how: How,
    },
}

/// Whether it is kept.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct How {
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Titles named in a hint.
const TITLES_SHOWN: usize = 5;

/// What the command says when all is done: a sentence, and the type it is about.
struct Said {
    sentence: String,
    about: TypeId,
    events: usize,
}

/// Runs the command.
///
/// # Errors
/// A failure when no type has that name, or the change makes no sense; as [`context::open`].
pub fn run(command: &Command, global: &Global) -> Result<(), CommandError> {
    let how = match command {
        Command::Show { .. } => return Ok(()),
        Command::Rename { how, .. }
        | Command::Merge { how, .. }
        | Command::Split { how, .. }
        | Command::SetCategory { how, .. } => how,
    };
    change(global, how.dry_run, |person, opened, brain| match command {
        Command::Show { .. } => Err(CommandError::usage("nothing to change")),
        Command::Rename { old, new, .. } => rename(person, old, new),
        Command::Merge { into, others, .. } => {
            let when = (global.moment(), opened.zone);
            cycle::refile(person, brain, when, |tiers| settled(merge(tiers, into, others)))
        }
        Command::Split { name, out, into, .. } => {
            let when = (global.moment(), opened.zone);
            let into = into.as_deref();
            cycle::refile(person, brain, when, |tiers| settled(split(tiers, name, out, into)))
        }
        Command::SetCategory { name, category, .. } => {
            let when = (global.moment(), opened.zone);
            cycle::refile(person, brain, when, |tiers| {
                (set_category(tiers, name, *category), Moved::default())
            })
        }
    })
}

/// Takes what moved out of what is said.
fn settled(done: Result<(Said, Moved), CommandError>) -> (Result<Said, CommandError>, Moved) {
    match done {
        Ok((said, moved)) => (Ok(said), moved),
        Err(error) => (Err(error), Moved::default()),
    }
}

/// Opens the store, lets `work` change the person, and keeps it in one commit.
fn change(
    global: &Global,
    dry_run: bool,
    work: impl FnOnce(&mut Person, &Opened, &Brain) -> Result<Said, CommandError>,
) -> Result<(), CommandError> {
    let opened = context::open_or_copy(global, dry_run)?;
    opened.not_before_the_last_turn(global)?;
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let mut after = opened.person.clone();
    let said = work(&mut after, &opened, &brain)?;
    if !dry_run {
        opened.store.commit(&opened.principal, &opened.person, &after)?;
    }
    let kind = after.types.by_id.get(&said.about);
    if global.json {
        let habits = Habits::of(&after.types);
        let task_type = kind.map(|kind| brief(kind, &habits));
        return output::json(&json!({
            "dry_run": dry_run,
            "done": said.sentence,
            "moved_events": said.events,
            "task_type": task_type,
        }));
    }
    let mark = if dry_run { "Dry run: " } else { "" };
    output::data(&format!("{mark}{}\n", plain(&said.sentence)))
}

fn rename(person: &mut Person, old: &str, new: &str) -> Result<Said, CommandError> {
    let types = &mut person.types;
    let (id, was) = found(find(types, old)?);
    let name = plain(new).trim().to_owned();
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(CommandError::usage(format!("a name has 1 to {MOST_NAME} characters")));
    }
    if let Some(other) = types.named(&name).filter(|other| other.id != id) {
        let message = format!("there is a task type called '{}' already", plain(&other.name));
        let hint = format!("`chronotype types merge '{}' '{was}'` makes them one", other.name);
        return Err(CommandError::failure(message).hint(hint));
    }
    types.give_name(id, &name);
    Ok(Said { sentence: format!("'{was}' is called '{name}' from now on."), about: id, events: 0 })
}

fn merge(
    tiers: &mut Tiers<'_>,
    into: &str,
    others: &[String],
) -> Result<(Said, Moved), CommandError> {
    let (id, name) = found(find(tiers.types, into)?);
    let mut gone = BTreeSet::new();
    let mut names = Vec::new();
    for other in others {
        let (other, called) = found(find(tiers.types, other)?);
        if other == id {
            return Err(CommandError::usage(format!("'{name}' can't become part of itself")));
        }
        if gone.insert(other) {
            names.push(format!("'{called}'"));
        }
    }
    let moved = tiers.unite(id, &gone).map_err(|why| unfit(why, &name))?;
    let is = if names.len() == 1 { "is" } else { "are" };
    let sentence = format!(
        "{} {is} part of '{name}' now; {} moved.",
        names.join(" and "),
        output::count(moved.own_events(), "event"),
    );
    Ok((Said { sentence, about: id, events: moved.own_events() }, moved))
}

fn split(
    tiers: &mut Tiers<'_>,
    name: &str,
    out: &[String],
    into: Option<&str>,
) -> Result<(Said, Moved), CommandError> {
    let (id, name) = found(find(tiers.types, name)?);
    let mut part = Part::default();
    for text in out {
        add(&mut part, tiers, id, text).ok_or_else(|| unknown(tiers, id, &name, text))?;
    }
    let into = into.map(|into| plain(into).trim().to_owned()).filter(|into| !into.is_empty());
    let target = match &into {
        Some(into) => match tiers.types.named(into) {
            Some(same) if same.id == id => {
                return Err(CommandError::usage(format!("'{name}' is where they are")));
            }
            Some(known) => Target::Known(known.id),
            None if into.chars().count() > MOST_NAME => {
                return Err(CommandError::usage(format!("a name has 1 to {MOST_NAME} characters")));
            }
            None => Target::Named(into),
        },
        None => Target::Own,
    };
    let (new, moved) = tiers.split(id, &part, target).map_err(|why| unfit(why, &name))?;
    let to = tiers.types.by_id.get(&new).map(|kind| plain(&kind.name)).unwrap_or_default();
    let events = moved.own_events();
    let sentence = format!("{} of '{name}' went to '{to}'.", output::count(events, "event"));
    Ok((Said { sentence, about: new, events }, moved))
}

/// Adds what a person calls so to what leaves the type: what was another type before, a title, or a
/// series. `None` when it is none of them.
fn add(part: &mut Part, tiers: &Tiers<'_>, id: TypeId, text: &str) -> Option<()> {
    let wanted = text.trim().to_lowercase();
    let mut former = tiers.types.former.values().filter(|former| former.into == id);
    if let Some(former) = former.find(|former| former.name.to_lowercase() == wanted) {
        part.titles.extend(former.titles.iter().cloned());
        part.series.extend(former.series.iter().cloned());
        return Some(());
    }
    let normalised = title::normalise(text);
    let kind = tiers.types.by_id.get(&id)?;
    let mut own = tiers.events.values().filter(|event| event.task_type == Some(id));
    let is_title = kind.exemplars.iter().any(|e| e.title == normalised)
        || tiers.types.by_title.get(&normalised) == Some(&id)
        || own.clone().any(|event| title::normalise(&event.title) == normalised);
    if is_title {
        part.titles.insert(normalised);
        return Some(());
    }
    let series = own.find(|event| event.recurring && event.id.uid.as_str() == text)?;
    part.series.insert(series.id.uid.clone());
    Some(())
}

fn unknown(tiers: &Tiers<'_>, id: TypeId, name: &str, text: &str) -> CommandError {
    let error = CommandError::failure(format!("nothing in '{name}' is called '{}'", plain(text)));
    let Some(kind) = tiers.types.by_id.get(&id) else { return error };
    let wanted = text.to_lowercase();
    let mut wordings: Vec<&str> = kind.exemplars.iter().map(|e| e.wording.as_str()).collect();
    let like = |wording: &str| strsim::jaro_winkler(&wording.to_lowercase(), &wanted);
    wordings.sort_by(|a, b| like(b).total_cmp(&like(a)));
    wordings.truncate(TITLES_SHOWN);
    match wordings.is_empty() {
        true => error,
        false => error.hint(format!("there is: {}", plain(&wordings.join(" · ")))),
    }
}

fn set_category(
    tiers: &mut Tiers<'_>,
    name: &str,
    category: Category,
) -> Result<Said, CommandError> {
    let (id, name) = found(find(tiers.types, name)?);
    tiers.set_category(id, category);
    let sentence = format!("'{name}' is {} work from now on.", category.word());
    Ok(Said { sentence, about: id, events: 0 })
}

fn found(kind: &TaskType) -> (TypeId, String) {
    (kind.id, plain(&kind.name))
}

/// What a person is told of a change that can't be made to this type.
fn unfit(why: Unfit, name: &str) -> CommandError {
    match why {
        Unfit::Nothing => CommandError::failure(format!("nothing in '{name}' is called so")),
        Unfit::Everything => {
            CommandError::failure(format!("that is all of '{name}': nothing would be left of it"))
                .hint("`chronotype types rename` gives it another name")
        }
        Unfit::TooManyTypes | Unfit::TooManyCorrections => CommandError::failure(why.to_string()),
    }
}

/// The category of that word.
///
/// # Errors
/// What the words are.
pub(in crate::cli) fn category(word: &str) -> Result<Category, String> {
    let same = |category: &Category| category.word().eq_ignore_ascii_case(word.trim());
    let found = Category::ALL.into_iter().find(same);
    found.ok_or_else(|| "a category is focused, collaborative or administrative".to_owned())
}
