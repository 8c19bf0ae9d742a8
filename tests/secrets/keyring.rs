//! The desktop's keyring: a real one (gnome-keyring on a session bus of its own), and what is said
//! when there is none, or it is in trouble.

use super::{MARKED, account};
use crate::support::binary::binary;
use crate::support::person::Person;
use crate::support::server::{Reply, Server, calendar, rows};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// No test waits longer for the keyring to come up; it takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session of a desktop, as far as keyrings go.
struct Desktop {
    folder: tempfile::TempDir,
    address: String,
    /// The keyring, then the bus.
    running: Vec<Child>,
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Desktop {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = folder.path().join("bus").display().to_string();
        let at = format!("--address=unix:path={bus}");
        let mut command = Command::new("dbus-daemon");
        command.args(["--session", "--nofork", "--print-address", &at]);
        let mut bus = spawned(&mut command, &folder, "");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        let mut keyring = spawned(&mut command, &folder, &address);
        keyring.stdin.take().unwrap().write_all(b"login").unwrap();
        let desktop = Self { folder, address, running: vec![keyring, bus] };
        let begun = Instant::now();
        while !desktop.has_keyring() {
            assert!(begun.elapsed() < PATIENCE, "the keyring does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        desktop
    }

    fn has_keyring(&self) -> bool {
        let bus = "org.freedesktop.DBus";
        let mut command = Command::new("dbus-send");
        command.args(["--session", "--print-reply", &format!("--dest={bus}"), "/"]);
        command.args([&format!("{bus}.NameHasOwner"), "string:org.freedesktop.secrets"]);
        let asked = command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).output().unwrap();
        String::from_utf8_lossy(&asked.stdout).contains("boolean true")
    }

    fn run(&self, person: &Person, args: &[&str], input: &str) -> Output {
        let binary =
            binary().home(&person.path("")).arg("--config").arg(person.path("config.toml"));
        let binary = binary.args(["--now", "2026-03-02T06:00:00Z"]).args(args);
        let binary = binary.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        let mut running = binary.env("XDG_RUNTIME_DIR", self.folder.path()).piped().spawn();
        let _ = running.stdin.take().unwrap().write_all(input.as_bytes());
        running.output()
    }
}

#[track_caller]
fn spawned(command: &mut Command, folder: &tempfile::TempDir, address: &str) -> Child {
    let name = command.get_program().to_str().unwrap().to_owned();
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    command.env("XDG_DATA_HOME", folder.path()).env("DBUS_SESSION_BUS_ADDRESS", address);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; tests/run installs it"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server that wants the password, and an account whose password is in the keyring.
fn wanting() -> (Server, Person) {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some(bearer) if bearer == format!("Bearer {MARKED}") => match asked.method.as_str() {
            "REPORT" => rows(&[]),
            "PUT" => Reply::new(201, "").with("ETag", "\"2\""),
            _ => calendar(asked),
        },
        _ => Reply::new(401, "").with("WWW-Authenticate", "Bearer"),
    });
    let keys = "password_keyring = \"work@home\"\nsign_in = \"bearer\"";
    let person = account(&server.url("127.0.0.1"), keys);
    (server, person)
}

#[test]
fn a_password_goes_into_the_keyring_and_comes_from_it() {
    let desktop = Desktop::start();
    let (_server, person) = wanting();
    let absent = desktop.run(&person, &["sync"], "");
    let said = text(&absent.stderr);
    let expected = "error: account home: the keyring has no entry work@home: `chronotype auth \
                    keyring work@home` makes it\nhint: unlock the keyring";
    assert!(said.starts_with(expected), "{said}");

    let kept = desktop.run(&person, &["auth", "keyring", "work@home"], MARKED);
    let said = text(&kept.stderr);
    assert!(kept.status.success() && said.contains("password_keyring = \"work@home\""), "{said}");
    assert!(kept.stdout.is_empty(), "{kept:?}");
    let synced = desktop.run(&person, &["sync"], "");
    assert!(synced.status.success(), "{}", text(&synced.stderr));
    let shown = desktop.run(&person, &["config", "show"], "");
    assert!(text(&shown.stdout).contains("password_keyring = \"work@home\"\n"));

    // Again, with another one; then with nothing.
    let other = desktop.run(&person, &["auth", "keyring", "work@home", "--json"], "another");
    assert_eq!(text(&other.stdout).trim(), "{\"kept\":true,\"name\":\"work@home\"}");
    let said = text(&desktop.run(&person, &["sync"], "").stderr);
    assert!(said.contains("refused the token"), "{said}");
    let nothing = desktop.run(&person, &["auth", "keyring", "none"], "");
    assert_eq!(nothing.status.code(), Some(1), "{}", text(&nothing.stderr));
}

/// The tool as a script: what it is called with, and what is said of its troubles.
#[test]
fn a_keyring_in_trouble_says_so() {
    let (_server, person) = wanting();
    let tools = person.path("tools");
    std::fs::create_dir(&tools).unwrap();
    let sync = |path: &str| {
        let gave = person.command("02T06:00", &["sync"]).env("PATH", path).output();
        text(&gave.stderr)
    };
    let said = sync(tools.to_str().unwrap());
    let none = "the keyring can't be asked, there is no secret-tool: install libsecret-tools";
    assert!(said.contains(none), "{said}");

    let path = format!("{}:/usr/bin:/bin", tools.display());
    let tool = tools.join("secret-tool");
    let script = |body: &str| {
        std::fs::write(&tool, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
    };
    let called = person.path("called");
    script(&format!("echo \"$@\" > {}; printf '%s' '{MARKED}'", called.display()));
    let gave = sync(&path);
    assert!(!gave.contains("keyring"), "{gave}");
    let arguments = std::fs::read_to_string(&called).unwrap();
    assert_eq!(arguments, "lookup service chronotype account work@home\n");

    script("echo 'secret-tool: Cannot autolaunch D-Bus' >&2; exit 1");
    let said = sync(&path);
    assert!(said.contains("the keyring can't be asked: Cannot autolaunch D-Bus\n"), "{said}");
    script("exit 7");
    let said = sync(&path);
    assert!(said.contains("secret-tool failed (exit status: 7)"), "{said}");
    script("exit 0");
    assert!(sync(&path).contains("has no entry work@home"));
}

#[test]
fn a_name_is_a_plain_word() {
    let person = Person::with_folder();
    let gave = person.run("02T06:00", &["auth", "keyring", "my $(pass)"]);
    assert_eq!(gave.code, Some(2), "{gave:?}");
    assert!(gave.err.contains("can't be the name of an entry"), "{gave:?}");
}
