//! `chronotype export`: everything kept of the person, as JSON lines.

use super::{CommandError, Global, context, output};
use crate::store::StoreError;
use std::io::Write;

/// Print everything kept of you, one JSON object a line.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As [`context::open`], and when stdout refuses.
pub fn run(_args: &Args, global: &Global) -> Result<(), CommandError> {
    let config = context::config(global)?;
    if !context::is_kept(&config) {
        output::say(global, context::NOTHING_YET);
        return Ok(());
    }
    // Not through `open`: an export must also work where a record can't be read.
    let (store, _) = context::unlock(&config, global, context::Use::Work)??;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match store.export(&config.person.id, &mut out) {
        Err(StoreError::Io { source, .. }) => output::written(Err(source)),
        Err(error) => Err(error.into()),
        Ok(()) => output::written(out.flush()),
    }
}
