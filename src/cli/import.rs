//! `chronotype import`: an export, back into a store.

use super::{CommandError, Global, context, output};
use crate::store::{Backup, ImportError, Over};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// Take up what `export` printed: everything that was kept of you
///
/// All of it or, where a line is off, nothing. The next turn goes on from there: it knows the
/// blocks in your calendars as its own, and learns nothing twice.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; - for stdin
    file: PathBuf,
    /// Even where something is kept of you already: that is gone then
    #[arg(long)]
    replace: bool,
}

/// Runs the command.
///
/// # Errors
/// A failure that names the line where the file is off, or where something is kept already; as
/// [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let config = context::config(global)?;
    let who = &config.person.id;
    let shown = args.file.display();
    let refused = |error| refusal(error, &format!("can't take up {shown}"));
    let backup = match args.file == Path::new("-") {
        true => Backup::read(who, io::stdin().lock()),
        false => File::open(&args.file)
            .map_err(ImportError::from)
            .and_then(|file| Backup::read(who, BufReader::new(file))),
    };
    let backup = backup.map_err(refused)?;
    // Not through `open`: what is replaced need not be readable.
    let (store, _) = context::unlock(&config, global, context::Use::Work)??;
    let over = if args.replace { Over::Everything } else { Over::Nothing };
    store.restore(who, &backup, over).map_err(refused)?;
    if backup.unreadable > 0 {
        let lost = output::count(backup.unreadable, "record");
        output::warn(&format!("{lost} could not be read when it was exported: they are missing"));
    }
    if !backup.is_counted {
        output::warn("an earlier release wrote it: whether its end is there can't be told");
    }
    said(&backup, global)
}

fn said(backup: &Backup, global: &Global) -> Result<(), CommandError> {
    let person = &backup.person;
    let (events, types) = (person.events.len(), person.types.by_id.len());
    let (insights, blocks) = (person.memory.active().count(), person.suggestions.len());
    if global.json {
        return output::json(&json!({
            "records": backup.records,
            "unreadable": backup.unreadable,
            "events": events,
            "task_types": types,
            "insights": insights,
            "blocks": blocks,
        }));
    }
    let [events, types, insights, blocks] =
        [(events, "event"), (types, "task type"), (insights, "insight"), (blocks, "block")]
            .map(|(number, what)| output::count(number, what));
    output::data(&format!("Took up {events}, {types}, {insights}, {blocks}.\n"))
}

fn refusal(error: ImportError, what: &str) -> CommandError {
    let hint = match &error {
        ImportError::Store(_) => None,
        ImportError::Kept => Some(
            "`chronotype export` prints it; with --replace it is gone, and the import stands in \
             its place",
        ),
        ImportError::Foreign(_) => Some("person.id in the config says whose store this is"),
        ImportError::Newer(_) => Some("install the release that wrote it, or a later one"),
        ImportError::NotAnExport => Some("`chronotype export > FILE` writes one"),
        ImportError::Line { .. } => Some("nothing was taken up; mend or remove the line"),
        ImportError::CutOff => Some("nothing was taken up; is there another copy of it?"),
        ImportError::Io(_) => Some("name a file that `chronotype export` wrote, or - for stdin"),
    };
    match (error, hint) {
        (ImportError::Store(error), _) => error.into(),
        (error, None) => CommandError::failure(format!("{what}: {error}")),
        (error, Some(hint)) => CommandError::failure(format!("{what}: {error}")).hint(hint),
    }
}
