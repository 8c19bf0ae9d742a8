//! Where a password comes from. It is never in the config, never in a log, never in `Debug`.

use super::Account;
use crate::calendar::{Secret, is_open};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a password command may take: time enough to unlock a keyring by hand.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks at a running command.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest output or file that is read: passwords and tokens are far shorter.
const LONGEST: u64 = 64 << 10;

/// Where a password comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line a shell command prints.
    Command(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line of a credential that systemd gives the service (systemd.exec(5)).
    Credential {
        /// As `LoadCredential=` of the unit names it.
        name: String,
        /// `$CREDENTIALS_DIRECTORY`; `None` = this process was not started by such a unit.
        folder: Option<PathBuf>,
    },
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
        }
    }
}

/// Why there is no password: what happened, without the password or the command.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The account names no source.
    #[error("none of password_command, password_file and password_credential is given")]
    Missing,
    /// The command can't be run, failed, or printed nothing.
    #[error("the password command {0}")]
    Command(String),
    /// The file can't be read or is empty.
    #[error("the password file {0}")]
    File(String),
    /// The credential is not there, can't be read or is empty.
    #[error("the credential {0}")]
    Credential(String),
}

impl PasswordSource {
    /// Fetches the secret. Blocks until the command has ended, 30 seconds at most.
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
                let read = folder.and_then(|folder| first_line_of(&folder.join(name)));
                read.map_err(PasswordError::Credential)
            }
        }
    }

    /// Others may read the file.
    pub fn is_open(&self) -> bool {
        matches!(self, PasswordSource::File(path) if is_open(path))
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

    /// Others may read the password file.
    pub fn password_file_is_open(&self) -> bool {
        self.password.as_ref().is_some_and(PasswordSource::is_open)
    }
}

fn first_line_of(path: &Path) -> Result<Secret, String> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{} is not there", path.display()),
        _ => format!("can't be read: {e}"),
    });
    text.and_then(|text| first_line(&text).ok_or_else(|| "is empty".to_owned()))
}

fn first_line(text: &str) -> Option<Secret> {
    let line = text.lines().next().unwrap_or_default().trim_end_matches('\r');
    (!line.is_empty()).then(|| Secret::new(line))
}

fn run(command: &str) -> Result<Secret, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("can't be run: {e}"))?;
    // A grandchild may keep the pipe open after the limit: so the reader is left behind then, not
    // waited for.
    let (send, receive) = mpsc::channel();
    let output = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(output) = output {
            let _ = output.take(LONGEST).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    let deadline = Instant::now() + COMMAND_LIMIT;
    if !ended(&mut child, deadline)? {
        return Err(format!("took longer than {} seconds", COMMAND_LIMIT.as_secs()));
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receive.recv_timeout(left).map_err(|_| "never closed its output".to_owned())?;
    first_line(&String::from_utf8_lossy(&bytes)).ok_or_else(|| "printed nothing".to_owned())
}

/// Waits for the child; `false` when it had to be stopped.
fn ended(child: &mut Child, deadline: Instant) -> Result<bool, String> {
    while Instant::now() < deadline {
        match child.try_wait().map_err(|e| format!("got lost: {e}"))? {
            Some(status) if status.success() => return Ok(true),
            Some(status) => return Err(format!("failed ({status})")),
            None => std::thread::sleep(PAUSE),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Tls;
    use crate::calendar::caldav::SignIn;
    use crate::config::AccountKind;

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
        assert_eq!(account.password().unwrap().expose(), "hunter2");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for (mode, open) in [(0o644, true), (0o600, false)] {
                std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
                assert_eq!(account.password_file_is_open(), open);
            }
        }
    }
}
