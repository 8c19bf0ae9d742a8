//! Where a password comes from. It is never in a log and never in `Debug`, and in the config only
//! where the person insists.

use super::program::{self, Ended};
use super::{Account, keyring};
use crate::calendar::{Secret, private};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longest file that is read: passwords and tokens are far shorter.
const LONGEST: usize = 64 << 10;

/// Where a password comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line a shell command prints.
    Command(String),
    /// The first line of a file that is nobody else's.
    File(PathBuf),
    /// The first line of a credential that systemd gives the service (systemd.exec(5)).
    Credential {
        /// As `LoadCredential=` of the unit names it.
        name: String,
        /// `$CREDENTIALS_DIRECTORY`; `None` = this process was not started by such a unit.
        folder: Option<PathBuf>,
    },
    /// The first line of what the desktop's keyring holds under this name.
    Keyring(String),
    /// The config itself.
    Written(Secret),
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // People write secrets into commands, too.
            PasswordSource::Command(_) => f.write_str("Command(..)"),
            PasswordSource::File(path) => f.debug_tuple("File").field(path).finish(),
            PasswordSource::Credential { name, .. } => {
                f.debug_tuple("Credential").field(name).finish()
            }
            PasswordSource::Keyring(name) => f.debug_tuple("Keyring").field(name).finish(),
            PasswordSource::Written(_) => f.write_str("Written(..)"),
        }
    }
}

/// Why there is no password: what happened, without the password or the command.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The account names no source.
    #[error("the config does not say where the password comes from")]
    Missing,
    /// The command can't be run, failed, or printed nothing.
    #[error("the password command {0}")]
    Command(String),
    /// The file can't be read, is empty, or others have a right to it.
    #[error("the password file {0}")]
    File(String),
    /// The credential is not there, can't be read or is empty.
    #[error("the credential {0}")]
    Credential(String),
    /// The keyring can't be asked, is locked, or holds nothing of that name.
    #[error("the keyring {0}")]
    Keyring(String),
}

impl PasswordError {
    /// The same, told of a service's key.
    pub fn of_key(&self) -> String {
        let said = self.to_string();
        match said.strip_prefix("the password ") {
            Some(rest) => format!("the {rest}"),
            None => said,
        }
    }
}

impl PasswordSource {
    /// Fetches the secret. Blocks until a command has ended, 30 seconds at most.
    ///
    /// # Errors
    /// [`PasswordError`], which never holds the secret or the command.
    pub fn read(&self) -> Result<Secret, PasswordError> {
        match self {
            PasswordSource::Command(command) => run(command).map_err(PasswordError::Command),
            PasswordSource::File(path) => first_line_of(path).map_err(PasswordError::File),
            PasswordSource::Credential { name, folder } => {
                let none = || "is given to the service alone, by systemd".to_owned();
                let folder = folder.as_deref().ok_or_else(none);
                let read = folder.and_then(|folder| given(&folder.join(name)));
                read.map_err(PasswordError::Credential)
            }
            PasswordSource::Keyring(name) => keyring::look_up(name).map_err(PasswordError::Keyring),
            PasswordSource::Written(secret) => Ok(secret.clone()),
        }
    }

    /// Whether a file will do, as far as can be told without reading it.
    ///
    /// # Errors
    /// [`PasswordError::File`].
    pub fn check(&self) -> Result<(), PasswordError> {
        let PasswordSource::File(path) = self else { return Ok(()) };
        let checked = private::PrivateFile::open(path).and_then(|file| file.check());
        checked.map_err(|error| PasswordError::File(said(path, &error)))
    }
}

impl Account {
    /// Fetches the password, as [`PasswordSource::read`].
    ///
    /// # Errors
    /// [`PasswordError`], which never holds the password or the command.
    pub fn password(&self) -> Result<Secret, PasswordError> {
        self.password.as_ref().ok_or(PasswordError::Missing)?.read()
    }
}

fn first_line_of(path: &Path) -> Result<Secret, String> {
    let text = private::read(path, LONGEST).map_err(|error| said(path, &error))?;
    first_line(text.as_bytes()).map_err(|error| error.to_string())
}

/// What systemd gives is closed to others by its folder.
fn given(path: &Path) -> Result<Secret, String> {
    let text = private::PrivateFile::open(path).and_then(|file| file.text(LONGEST));
    let text = text.map_err(|error| said(path, &error))?;
    first_line(text.as_bytes()).map_err(|error| error.to_string())
}

fn said(path: &Path, error: &private::Unusable) -> String {
    match error {
        private::Unusable::Missing => format!("{} {error}", path.display()),
        private::Unusable::Foreign { .. } => format!("{} {error}", path.display()),
        _ => error.to_string(),
    }
}

/// Why there is no secret in what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSecret {
    #[error("is empty")]
    Empty,
    #[error("is not text")]
    NoText,
    /// RFC 7617 section 2 forbids them, and no header could hold them.
    #[error("begins with a line that holds control characters")]
    Control,
}

/// The first line, which is the secret.
pub(super) fn first_line(bytes: &[u8]) -> Result<Secret, NoSecret> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| NoSecret::NoText)?;
    match line.trim_end_matches('\r') {
        "" => Err(NoSecret::Empty),
        line if line.chars().any(char::is_control) => Err(NoSecret::Control),
        line => Ok(Secret::new(line)),
    }
}

fn run(command: &str) -> Result<Secret, String> {
    let mut shell = Command::new("sh");
    // What it complains of, and what it asks, is between it and the person.
    shell.args(["-c", command]).stderr(Stdio::inherit());
    match program::run(shell).map_err(|error| error.to_string())? {
        Ended { status, .. } if !status.success() => Err(format!("failed ({status})")),
        Ended { out, .. } => first_line(&out).map_err(|error| match error {
            NoSecret::Empty => "printed nothing".to_owned(),
            NoSecret::NoText => "printed what is not text".to_owned(),
            NoSecret::Control => "printed control characters".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Tls;
    use crate::calendar::caldav::SignIn;
    use crate::config::AccountKind;
    use std::os::unix::fs::PermissionsExt;

    fn account(password: Option<PasswordSource>) -> Account {
        Account {
            name: "work".to_owned(),
            kind: AccountKind::Caldav { url: "cal.example.org".to_owned() },
            username: None,
            password,
            sign_in: SignIn::Auto,
            tls: Tls::default(),
            calendars: None,
            suggest_into: None,
            trusted_hosts: Vec::new(),
        }
    }

    #[test]
    fn commands() {
        fn check(command: &str, expected: Result<&str, &str>) {
            let account = account(Some(PasswordSource::Command(command.to_owned())));
            let found = account.password();
            let shown = format!("{account:?} {found:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            let found = found.map(|s| s.expose().to_owned()).map_err(|e| e.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{command}");
        }
        let begin = "the password command";
        check("printf 'hunter2\\nuser: jane\\n'", Ok("hunter2"));
        check("printf 'hunter2\\r\\n'", Ok("hunter2"));
        check("exit 3", Err(&format!("{begin} failed (exit status: 3)")));
        check("true", Err(&format!("{begin} printed nothing")));
        check("printf 'hunter2\\377\\n'", Err(&format!("{begin} printed what is not text")));
        check("printf 'hunter2\\033\\n'", Err(&format!("{begin} printed control characters")));
    }

    #[test]
    fn credentials() {
        let folder = tempfile::tempdir().unwrap();
        let named = |folder: Option<&Path>| {
            let folder = folder.map(Path::to_owned);
            account(Some(PasswordSource::Credential { name: "work".to_owned(), folder })).password()
        };
        assert!(matches!(named(Some(folder.path())), Err(PasswordError::Credential(_))));
        std::fs::write(folder.path().join("work"), "hunter2\n").unwrap();
        assert_eq!(named(Some(folder.path())).unwrap().expose(), "hunter2");
        let nowhere = named(None).unwrap_err().to_string();
        assert!(nowhere.contains("given to the service alone"), "{nowhere}");
    }

    #[test]
    fn files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let account = account(Some(PasswordSource::File(path.clone())));
        assert!(matches!(account.password(), Err(PasswordError::File(_))));
        std::fs::write(&path, "hunter2\n").unwrap();
        for (mode, is_open) in [(0o644, true), (0o640, true), (0o600, false)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let found = account.password().map(|secret| secret.expose().to_owned());
            match is_open {
                true => {
                    let said = found.unwrap_err().to_string();
                    assert!(said.contains("others on this computer") && !said.contains("hunter2"));
                    assert!(account.password.as_ref().unwrap().check().is_err());
                }
                false => assert_eq!(found.unwrap(), "hunter2"),
            }
        }
    }
}
