//! What others on the same computer can see and do while a person's commands and service run:
//! nothing of theirs is laid open, removed or believed.

use crate::support::binary::{Binary, Running, binary};
use crate::support::neighbours::until;
use crate::support::person::Person;
use crate::support::supervisor::Supervisor;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Somebody else on this computer.
const STRANGER: u32 = 70_002;

fn command(person: &Person, args: &[&str]) -> Binary {
    let binary = binary().home(&person.path("")).arg("--config").arg(person.path("config.toml"));
    binary.env("TMPDIR", person.path("tmp")).args(args)
}

fn said(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
}

#[track_caller]
fn ok(person: &Person, args: &[&str]) -> String {
    let output = command(person, args).output();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    said(&output)
}

fn jane(more: &str) -> Person {
    let person = Person::with_folder();
    fs::create_dir(person.path("tmp")).unwrap();
    let config = fs::read_to_string(person.path("config.toml")).unwrap();
    let more = more.replace("{home}", &person.path("").display().to_string());
    fs::write(person.path("config.toml"), format!("{config}\n{more}")).unwrap();
    person
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Everything below a folder that holds these bytes.
fn holders(folder: &Path, bytes: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holders(&entry.path(), bytes));
        } else if kind.is_file() {
            let there = match fs::read(entry.path()) {
                // What has gone meanwhile holds nothing.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                there => there.unwrap(),
            };
            if there.windows(bytes.len()).any(|window| window == bytes.as_bytes()) {
                found.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn a_dry_run_that_is_killed_leaves_nothing_of_what_was_kept() {
    let person = jane("");
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1@x\r\n\
         DTSTAMP:20251101T000000Z\r\nSUMMARY:Quaggaokapi\r\nDTSTART:20260105T090000Z\r\n\
         DURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    fs::write(person.path("cal/work/1.ics"), event).unwrap();
    ok(&person, &["sync"]);
    let before = holders(&person.path(""), "Quaggaokapi");
    let late = person.path("late").display().to_string();
    let config = fs::read_to_string(person.path("config.toml")).unwrap();
    let slow = format!(
        "[[account]]\nname = \"slow\"\nkind = \"caldav\"\nurl = \"http://127.0.0.1:9/\"\n\
         username = \"jane\"\npassword_command = \"touch {late}.begun; exec sleep 20\"\n"
    );
    fs::write(person.path("config.toml"), format!("{config}\n{slow}")).unwrap();
    let mut dry = command(&person, &["sync", "--dry-run"]).piped().spawn();
    until("it works on its copy", || person.path("late.begun").exists());
    for copy in holders(&person.path(""), "Quaggaokapi") {
        if !before.contains(&copy) {
            let closed = |folder: &Path| folder != person.path("") && mode(folder) == 0o700;
            assert!(copy.ancestors().skip(1).any(closed), "{copy:?} is open to all");
        }
    }
    dry.kill().unwrap();
    dry.wait().unwrap();
    fs::write(person.path("config.toml"), config).unwrap();
    ok(&person, &["status"]);
    assert_eq!(holders(&person.path(""), "Quaggaokapi"), before);
    assert_eq!(fs::read_dir(person.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_store_and_an_index_that_stand_open_are_closed() {
    let person = jane("");
    ok(&person, &["sync"]);
    ok(&person, &["agenda", "--search", "nothing"]);
    let both = ["store", "store.index"].map(|name| person.path(name));
    for folder in &both {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    ok(&person, &["agenda", "--search", "nothing"]);
    assert_eq!(both.map(|folder| mode(&folder)), [0o700, 0o700]);
}

#[test]
fn a_trace_is_its_owners_alone_and_goes_into_nothing_else() {
    let person = jane("");
    let (trace, link) = (person.path("trace.log"), person.path("link.log"));
    fs::write(&trace, "").unwrap();
    fs::set_permissions(&trace, fs::Permissions::from_mode(0o644)).unwrap();
    let traced = |to: &Path| command(&person, &["status"]).env("CHRONOTYPE_TRACE", to).output();
    assert!(traced(&trace).status.success());
    assert_eq!(mode(&trace), 0o600);
    fs::write(person.path("thesis"), "thesis").unwrap();
    std::os::unix::fs::symlink("thesis", &link).unwrap();
    let refused = traced(&link);
    assert!(refused.status.success(), "the command itself goes on: {}", said(&refused));
    assert!(said(&refused).contains("CHRONOTYPE_TRACE"), "{}", said(&refused));
    assert_eq!(fs::read_to_string(person.path("thesis")).unwrap(), "thesis");
}

#[test]
fn a_config_that_others_can_change_runs_nothing() {
    let person = jane("");
    let config = person.path("config.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o646)).unwrap();
    let refused = command(&person, &["status"]).output();
    assert_eq!(refused.status.code(), Some(78), "{}", said(&refused));
    assert!(said(&refused).contains("chmod go-w"), "{}", said(&refused));
    // Many systems give each person a group of their own.
    fs::set_permissions(&config, fs::Permissions::from_mode(0o664)).unwrap();
    ok(&person, &["status"]);
}

#[test]
fn what_lies_in_the_sockets_place_is_not_removed() {
    let person = jane("[daemon]\nsocket = \"{home}/important.txt\"\n");
    fs::write(person.path("important.txt"), "thesis").unwrap();
    let refused = command(&person, &["run"]).output();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("something else lies there"), "{}", said(&refused));
    assert_eq!(fs::read_to_string(person.path("important.txt")).unwrap(), "thesis");
    // Nor is a link followed or replaced.
    fs::rename(person.path("important.txt"), person.path("thesis")).unwrap();
    std::os::unix::fs::symlink("thesis", person.path("important.txt")).unwrap();
    assert_eq!(command(&person, &["run"]).output().status.code(), Some(1));
    assert!(person.path("important.txt").is_symlink() && person.path("thesis").is_file());
}

/// A service, and what it tells its supervisor.
fn serve(person: &Person) -> (Running, Supervisor) {
    let supervisor = Supervisor::new(&person.path(""));
    let service = command(person, &["run"]).env("NOTIFY_SOCKET", supervisor.path());
    let running = service.piped().spawn();
    supervisor.hears("READY=1");
    (running, supervisor)
}

#[test]
fn a_service_that_is_reached_there_keeps_its_socket() {
    let first = jane("[daemon]\nsocket = \"{home}/socket\"\n");
    let (service, _supervisor) = serve(&first);
    let socket = first.path("socket").display().to_string();
    let second = jane(&format!("[daemon]\nsocket = \"{socket}\"\n"));
    let refused = command(&second, &["run"]).output();
    let words = format!("taken by process {}", service.id());
    assert!(said(&refused).contains(&words), "{}", said(&refused));
    assert!(ok(&first, &["status"]).contains("the service runs (process"));
    // What came into its place meanwhile is somebody else's.
    fs::rename(first.path("socket"), first.path("moved")).unwrap();
    let other = UnixListener::bind(first.path("socket")).unwrap();
    service.stop();
    assert!(first.path("socket").exists(), "it was not the one it had made");
    drop(other);
    // Nobody's: a service takes its place.
    let (service, _supervisor) = serve(&first);
    service.stop();
    assert!(!first.path("socket").exists());
}

/// Another user's program at the person's socket, which claims to be their service.
fn impostor(person: &Person) -> Option<Child> {
    const SCRIPT: &str = "import socket, sys\n\
        s = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint('here')\n\
        sys.stdout.flush()\nwhile True:\n    c, _ = s.accept()\n    try:\n        \
        c.recv(100)\n        c.sendall(('4711 one ' + sys.argv[2] + '\\n').encode())\n    \
        except OSError:\n        pass\n    c.close()\n";
    let open = person.path("open");
    fs::create_dir(&open).unwrap();
    for (folder, mode) in [(open.clone(), 0o777), (person.path(""), 0o711)] {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT]).arg(open.join("socket")).arg(person.path("store"));
    // Only who may become another user can try it.
    let mut child = command.uid(STRANGER).stdout(Stdio::piped()).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "here\n");
    let mode = fs::Permissions::from_mode(0o666);
    fs::set_permissions(open.join("socket"), mode).unwrap();
    Some(child)
}

#[test]
fn another_users_program_is_not_taken_for_the_service() {
    let person = jane("[daemon]\nsocket = \"{home}/open/socket\"\n");
    ok(&person, &["sync"]);
    let Some(mut impostor) = impostor(&person) else { return };
    let status = ok(&person, &["status"]);
    assert!(!status.contains("4711"), "{status}");
    let dry = command(&person, &["--now", "2090-01-01T00:00:00Z", "status"]).output();
    assert!(dry.status.success(), "it says nothing of a service: {}", said(&dry));
    let refused = command(&person, &["run"]).output();
    assert!(said(&refused).contains("another user's socket lies there"), "{}", said(&refused));
    impostor.kill().unwrap();
    impostor.wait().unwrap();
}
