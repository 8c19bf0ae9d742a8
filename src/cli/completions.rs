//! `chronotype completions`: what a shell completes, from the same source as the help.

use super::{CommandError, Global, command, output};
use clap_complete::Shell;
use serde_json::json;

/// Print completions for a shell
///
/// Bash and fish find the file where the examples put it; zsh wants its folder in fpath before
/// compinit runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// When stdout refuses.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "chronotype", &mut script);
    let script = String::from_utf8_lossy(&script);
    match global.json {
        true => output::json(&json!({ "shell": args.shell.to_string(), "script": script })),
        false => output::data(&script),
    }
}
