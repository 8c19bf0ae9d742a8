//! `chronotype man`: the manual pages, from the same source as the help.

use super::{CommandError, Global, command, output};
use serde_json::json;
use std::path::PathBuf;

/// Print the manual page, or write all of them into a folder
///
/// Each command has a page of its own: chronotype-sync(1) and so on.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write a page a command into this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// A failure when the folder can't be written.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        output::written(clap_mangen::Man::new(command()).render(&mut page))?;
        let page = String::from_utf8_lossy(&page);
        return match global.json {
            true => output::json(&json!({ "page": page })),
            false => output::data(&page),
        };
    };
    let shown = dir.display();
    let failed = |error| CommandError::failure(format!("can't write into {shown}: {error}"));
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(command(), dir).map_err(failed)?;
    if global.json {
        return output::json(&json!({ "dir": dir }));
    }
    output::say(global, &format!("The pages are in {shown}: try `man chronotype`."));
    Ok(())
}
