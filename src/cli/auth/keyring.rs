//! `chronotype auth keyring`: a password or key goes into the desktop's keyring. It is between the
//! person and the platform's tool: nothing here sees it before it is looked up again.

use crate::cli::{CommandError, Global, output};
use crate::config::keyring;
use serde_json::json;
use std::io::ErrorKind;
use std::process::Stdio;

/// Keeps what the person types, or what stdin holds, under this name.
///
/// # Errors
/// A usage error for what is no name; a failure when the keyring does not keep it.
pub fn run(name: &str, global: &Global) -> Result<(), CommandError> {
    if !keyring::is_name(name) {
        return Err(CommandError::usage(format!("'{name}' can't be the name of an entry"))
            .hint("letters, digits and . _ @ -, such as: chronotype auth keyring work"));
    }
    output::say(global, &format!("The password or key to keep as {name}; it is not shown:"));
    let failed = |why: String| CommandError::failure(format!("the keyring {why}"));
    let kept = keyring::keep(name).stdout(Stdio::null()).status();
    let kept = kept.map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed(keyring::no_tool()),
        _ => failed(format!("can't be asked: {error}")),
    })?;
    // What was wrong, the tool has said.
    if !kept.success() {
        return Err(failed(format!("did not keep it ({kept})")).hint("is it unlocked?"));
    }
    keyring::look_up(name).map_err(failed)?;
    if global.json {
        return output::json(&json!({ "name": name, "kept": true }));
    }
    output::say(global, &format!("Kept. In the config: password_keyring = \"{name}\""));
    Ok(())
}
