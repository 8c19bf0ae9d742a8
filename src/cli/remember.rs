//! `chronotype remember`: the person's own word, kept beside what was found out.

use super::table::plain;
use super::{CommandError, Global, context, name, output};
use crate::memory::note;
use serde_json::json;

/// Keep something you know about how you work
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to remember
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A usage error for a text that is empty or too long; as [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let text = plain(&args.text.join(" "));
    let opened = context::open(global)?;
    let (now, mut after) = (global.moment(), opened.person.clone());
    let id = note::remember(&mut after.memory, &after.types, &text, (now, now))
        .map_err(|error| CommandError::usage(error.to_string()))?;
    opened.store.commit(&opened.principal, &opened.person, &after)?;
    let id = name::insight(id);
    if global.json {
        return output::json(&json!({ "id": id, "sentence": text.trim() }));
    }
    output::data(&format!("Remembered as {id}: {}\n", text.trim()))
}
