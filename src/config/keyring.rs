//! The desktop's keyring, through the platform's own tool: `secret-tool` (libsecret; GNOME Keyring,
//! KWallet, KeePassXC) on Linux, `security` on macOS. Called as it is, without a shell; the secret
//! is never among its arguments.
//!
//! A crate instead was measured: 50 more of them and the D-Bus in every process, to ask once what
//! the tool, which comes with libsecret, prints.

use super::password::{NoSecret, first_line};
use super::program::{self, Ended, Failed};
use crate::calendar::Secret;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// What entries of ours are filed under, beside their name.
const SERVICE: &str = "chronotype";
/// Longest complaint of the tool that is repeated.
const WORDS: usize = 200;

/// How this platform's keyring is reached.
struct Tool {
    program: &'static str,
    /// How to get it.
    get: &'static str,
    /// What it ends with when there is no such entry, and says nothing else of importance.
    nothing: i32,
}

#[cfg(not(target_os = "macos"))]
const TOOL: Tool = Tool {
    program: "secret-tool",
    get: "install libsecret-tools (Debian, Ubuntu) or libsecret (Fedora, Arch)",
    nothing: 1,
};

#[cfg(target_os = "macos")]
const TOOL: Tool = Tool { program: "security", get: "it is a part of macOS", nothing: 44 };

/// Whether a name can be one of an entry: it is repeated in commands to copy.
pub fn is_name(name: &str) -> bool {
    /// Far longer than anybody's.
    const LONGEST: usize = 100;
    let fits = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && name.len() <= LONGEST && name.chars().all(fits)
}

/// The program that puts a secret under this name: it asks for it on its own terminal, without
/// showing it, or on Linux reads all of its stdin; it never passes through this process.
pub fn keep(name: &str) -> Command {
    let mut command = Command::new(TOOL.program);
    if cfg!(target_os = "macos") {
        command.args(["add-generic-password", "-U", "-s", SERVICE, "-a", name, "-w"]);
    } else {
        let label = format!("--label=chronotype: {name}");
        command.args(["store", &label, "service", SERVICE, "account", name]);
    }
    command
}

/// That there is no such tool, and how to get it.
pub fn no_tool() -> String {
    format!("can't be asked, there is no {}: {}", TOOL.program, TOOL.get)
}

/// What lies under this name.
///
/// # Errors
/// The end of a sentence that begins with "the keyring".
pub fn look_up(name: &str) -> Result<Secret, String> {
    let mut command = Command::new(TOOL.program);
    if cfg!(target_os = "macos") {
        command.args(["find-generic-password", "-s", SERVICE, "-a", name, "-w"]);
    } else {
        command.args(["lookup", "service", SERVICE, "account", name]);
    }
    command.stderr(Stdio::piped());
    match program::run(command) {
        Ok(ended) => read(name, &ended),
        Err(Failed::Start(error)) if error.kind() == ErrorKind::NotFound => Err(no_tool()),
        Err(Failed::Late) => Err("gives no answer: is it locked?".to_owned()),
        Err(error) => Err(format!("can't be asked: {} {error}", TOOL.program)),
    }
}

fn read(name: &str, ended: &Ended) -> Result<Secret, String> {
    let said = words(&ended.err);
    if ended.status.success() {
        return first_line(&ended.out).map_err(|error| match error {
            NoSecret::Empty => nothing(name),
            error => format!("has an entry {name} that {error}"),
        });
    }
    let is_absent = ended.status.code() == Some(TOOL.nothing);
    Err(match said.is_empty() || cfg!(target_os = "macos") {
        true if is_absent => nothing(name),
        true => format!("can't be asked: {} failed ({})", TOOL.program, ended.status),
        false => format!("can't be asked: {said}"),
    })
}

fn nothing(name: &str) -> String {
    format!("has no entry {name}: `chronotype auth keyring {name}` makes it")
}

/// The first line of what the tool complained of, as plain words.
fn words(err: &[u8]) -> String {
    let text = String::from_utf8_lossy(err);
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix(TOOL.program).unwrap_or(line).trim_start_matches([':', ' ']);
    line.chars().filter(|c| !c.is_control()).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for name in ["work", "jane@example.org", "a-b_c.d", "7"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-w", ".x", "a b", "a'b", "$(x)", "a/b", "k\u{e4}se", &"a".repeat(101)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn complaints_are_plain_words() {
        let said = words(b"secret-tool: Cannot autolaunch\x1b[31m D-Bus\nmore\n");
        assert_eq!(said, "Cannot autolaunch[31m D-Bus");
        assert_eq!(words(&[b'x'; 1000]).len(), WORDS);
    }
}
