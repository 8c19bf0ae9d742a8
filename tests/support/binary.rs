//! The built binary, as every test starts it: in an environment that is emptied.

use std::path::Path;
use std::process::{Command, Stdio};

/// The binary with this home, and nothing else of this environment but the search path.
pub fn binary(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chronotype"));
    command.env_clear().env("HOME", home).stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}
