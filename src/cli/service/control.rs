//! Talks to systemd or launchd, where they are there.

use super::unit::{Kind, LABEL};
use std::path::Path;
use std::process::{Command, Stdio};

/// One call of the supervisor's own command.
type Call = Vec<String>;

fn call(words: &[&str]) -> Call {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The calls that take the file up, in order.
pub fn start(kind: &Kind, file: &Path) -> Vec<Call> {
    let unit = kind.unit();
    match kind {
        Kind::Personal => ["daemon-reload", "enable", "restart"]
            .map(|verb| with(&["systemctl", "--user", verb], verb, &unit))
            .to_vec(),
        Kind::Person(_) | Kind::Users => ["daemon-reload", "enable", "restart"]
            .map(|verb| with(&["systemctl", verb], verb, &unit))
            .to_vec(),
        Kind::Launchd => {
            let file = file.display().to_string();
            vec![call(&["launchctl", "bootstrap", &domain(), &file])]
        }
    }
}

/// The calls before the file goes.
pub fn stop(kind: &Kind) -> Vec<Call> {
    let unit = kind.unit();
    match kind {
        Kind::Personal => vec![call(&["systemctl", "--user", "disable", "--now", &unit])],
        Kind::Person(_) | Kind::Users => vec![call(&["systemctl", "disable", "--now", &unit])],
        Kind::Launchd => {
            vec![call(&["launchctl", "bootout", &format!("{}/{LABEL}", domain())])]
        }
    }
}

/// How it stands, in the supervisor's words.
pub fn state(kind: &Kind) -> Option<String> {
    let unit = kind.unit();
    let asked = match kind {
        Kind::Personal => call(&["systemctl", "--user", "is-active", &unit]),
        Kind::Person(_) | Kind::Users => call(&["systemctl", "is-active", &unit]),
        Kind::Launchd => {
            return run(&call(&["launchctl", "list", LABEL])).ok().map(|_| "loaded".into());
        }
    };
    let (program, arguments) = asked.split_first()?;
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    // It answers on stdout whether or not it is active; without a bus it has nothing to say.
    let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!answer.is_empty()).then_some(answer)
}

fn with(words: &[&str], verb: &str, unit: &str) -> Call {
    let mut all = call(words);
    if verb != "daemon-reload" {
        all.push(unit.to_owned());
    }
    all
}

fn domain() -> String {
    format!("gui/{}", rustix::process::getuid().as_raw())
}

/// Runs one call.
///
/// # Errors
/// The first line of what it says, or that it is not there.
pub fn run(call: &[String]) -> Result<(), String> {
    let Some((program, arguments)) = call.split_first() else { return Ok(()) };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| format!("there is no {program} here"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("it failed").trim().to_owned();
    Err(format!("`{}`: {line}", call.join(" ")))
}
