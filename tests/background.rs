//! The background service as a real process: it looks, writes, lends its store to commands, takes a
//! new config over, tells its supervisor, and ends when it is asked to.

use crate::support::binary::{Binary, Running, binary};
use crate::support::person::{Person, files};
use crate::support::supervisor::Supervisor;
use chrono::{DateTime, TimeDelta, Utc};
use rustix::process::Signal;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::process::Output;
use std::time::{Duration, Instant};

/// No test waits longer for what must happen; most of it takes a second.
const PATIENCE: Duration = Duration::from_secs(60);

fn jane() -> Person {
    let person = Person::with_folder();
    change(&person, |config| {
        let socket = person.path("socket").display().to_string();
        format!("{config}\n[daemon]\nsocket = \"{socket}\"\npoll_minutes = 60\n")
    });
    person
}

fn change(person: &Person, how: impl Fn(String) -> String) {
    let path = person.path("config.toml");
    let config = how(std::fs::read_to_string(&path).unwrap());
    // As an editor does it: a new file takes the old one's place.
    let fresh = person.path("config.toml.new");
    std::fs::write(&fresh, config).unwrap();
    std::fs::rename(fresh, path).unwrap();
}

/// A command of hers, at this moment.
fn command(person: &Person, args: &[&str]) -> Binary {
    let binary = binary().home(&person.path("")).arg("--config").arg(person.path("config.toml"));
    binary.args(args)
}

#[track_caller]
fn ok(person: &Person, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(person, args).output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert!(status.success(), "{args:?}: {}", text(stderr));
    text(stdout)
}

/// The service, and what it tells its supervisor.
struct Service {
    running: Running,
    supervisor: Supervisor,
}

fn start(person: &Person) -> Service {
    let supervisor = Supervisor::new(&person.path(""));
    let service = command(person, &["run"]).env("NOTIFY_SOCKET", supervisor.path());
    let running = service.piped().spawn();
    Service { running, supervisor }
}

impl Service {
    #[track_caller]
    fn says(&self, words: &str) -> String {
        self.supervisor.hears(words)
    }

    /// Ends it as a supervisor does.
    #[track_caller]
    fn end(self) -> String {
        let asked = Instant::now();
        let log = self.running.stop();
        assert!(asked.elapsed() < PATIENCE, "it ends");
        log
    }
}

/// Something to do within three days.
fn todo(person: &Person, name: &str) {
    let due = (Utc::now() + TimeDelta::days(3)).format("%Y%m%dT%H%M%SZ");
    let body = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:{name}\r\n\
         DTSTAMP:20260101T000000Z\r\nDUE:{due}\r\nSUMMARY:Board deck\r\n\
         ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path(&format!("cal/work/{name}.ics")), body).unwrap();
}

fn blocks(person: &Person) -> usize {
    let folder = person.path("cal/chronotype");
    if folder.is_dir() { files(&folder).len() } else { 0 }
}

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_looks_when_something_changes_and_commands_work_beside_it() {
    let person = jane();
    let service = start(&person);
    service.says("READY=1");
    service.says("STATUS=1 calendars read");
    let mode = std::fs::metadata(person.path("socket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
    todo(&person, "deck");
    until("a block for it", || blocks(&person) == 1);
    assert!(service.says("STATUS=").contains("; next look at "));

    let status: serde_json::Value =
        serde_json::from_str(&ok(&person, &["status", "--json"])).unwrap();
    let moment =
        |value: &serde_json::Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!(moment(&status["doing"]["next_turn"]) > moment(&status["last_turn"]), "{status}");
    assert_eq!(status["doing"]["service"], service.running.id());
    assert_eq!(status["store"], person.path("store").display().to_string());
    assert!(
        status["staleness"]["seconds"].as_u64().is_some_and(|seconds| seconds < 600),
        "{status}"
    );
    assert_eq!(status["staleness"]["causes"], serde_json::json!([]));
    for args in [
        &["suggestions"][..],
        &["types"],
        &["agenda"],
        &["sync", "--dry-run"],
        &["export"],
        &["doctor"],
    ] {
        ok(&person, args);
    }
    let asks = ["schedule", "Call the bank", "--duration", "30m"];
    ok(&person, &asks);
    ok(&person, &["sync"]);
    until("a block for the ask", || blocks(&person) == 2);

    ok(&person, &["pause", "1d"]);
    let status = ok(&person, &["status"]);
    assert!(status.contains("the service runs (process") && status.contains("; next look "));
    assert!(status.contains("quiet until"), "{status}");
    ok(&person, &["pause", "off"]);
    ok(&person, &["withdraw", "--all"]);
    assert_eq!(blocks(&person), 0, "her word is done at once");
    ok(&person, &["undo"]);
    assert_eq!(blocks(&person), 2, "and taken back");

    let refused = command(&person, &["--now", "2026-03-02T06:00:00Z", "status"]).output();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("while the service runs"));
    let second = command(&person, &["run"]).output();
    let id = service.running.id().to_string();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains(&format!("process {id} serves")), "{said}");
    let log = service.end();
    assert!(!log.to_lowercase().contains("error"), "{log}");
    assert!(!person.path("socket").exists(), "the socket goes with it");
    ok(&person, &["status"]);
}

#[test]
fn a_turn_brings_what_is_searched_up_to_it() {
    let person = jane();
    let start_of = chrono::Utc::now() + chrono::TimeDelta::hours(3);
    let event = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\n\
         DTSTAMP:20251101T000000Z\r\nSUMMARY:Dentist\r\nDTSTART:{}\r\nDURATION:PT1H\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        start_of.format("%Y%m%dT%H%M%SZ")
    );
    std::fs::write(person.path("cal/work/1.ics"), event).unwrap();
    let service = start(&person);
    service.says("READY=1");
    until("an index", || person.path("store.index/jane/chronotype.known").exists());
    service.end();
}

#[test]
fn a_new_config_applies_and_a_bad_one_does_not() {
    let person = jane();
    todo(&person, "deck");
    let service = start(&person);
    until("a block", || blocks(&person) == 1);
    service.says("STATUS=");
    change(&person, |config| format!("{config}\nnonsense = 1\n"));
    change(&person, |config| {
        let second = person.path("second").display().to_string();
        let table = format!(
            "[[account]]\nname = \"second\"\nkind = \"vdir\"\npath = \"{second}\"\n\n[planning]"
        );
        config.replace("\nnonsense = 1\n", "").replace("[planning]", &table)
    });
    std::fs::create_dir_all(person.path("second/own")).unwrap();
    service.running.signal(Signal::HUP);
    let told = service.says("RELOADING=1");
    assert!(told.contains("MONOTONIC_USEC="), "{told}");
    service.says("READY=1");
    service.says("STATUS=3 calendars read");
    service.end();
}

/// The service dies in any moment: the next command and the next service find all in order.
#[test]
fn killed_it_leaves_a_socket_that_harms_nobody() {
    let person = jane();
    todo(&person, "deck");
    let mut service = start(&person);
    service.says("READY=1");
    service.running.signal(Signal::KILL);
    let _ = service.running.wait();
    assert!(person.path("socket").exists());
    ok(&person, &["sync"]);
    until("one block", || blocks(&person) == 1);
    let again = start(&person);
    again.says("STATUS=");
    ok(&person, &["status"]);
    assert_eq!(blocks(&person), 1, "none twice");
    again.end();
}

/// The clock was years ahead once: the turns go on, and it is said.
#[test]
fn a_clock_that_was_ahead_stops_nothing() {
    let person = jane();
    ok(&person, &["--now", "2090-03-02T06:00:00Z", "sync"]);
    todo(&person, "deck");
    let service = start(&person);
    until("a block", || blocks(&person) == 1);
    let log = service.end();
    assert!(log.contains("the clock was ahead") && log.contains("2090-03-02"), "{log}");
    ok(&person, &["--now", "2090-03-02T06:00:00Z", "sync"]);
    let said = command(&person, &["sync"]).output();
    assert!(String::from_utf8_lossy(&said.stderr).contains("clock was ahead in the last turn"));
}

/// It ends while a turn waits for a command that takes its time.
#[test]
fn it_ends_in_the_middle_of_a_turn_that_waits() {
    let person = jane();
    let late = person.path("late").display().to_string();
    change(&person, |config| {
        let account = format!(
            "[[account]]\nname = \"slow\"\nkind = \"caldav\"\nurl = \"http://127.0.0.1:9/\"\n\
             username = \"jane\"\npassword_command = \"touch {late}.begun; read word < {late}.way; \
             touch {late}\"\n\n[planning]"
        );
        config.replace("[planning]", &account)
    });
    let way = person.path("late.way");
    rustix::fs::mkfifoat(rustix::fs::CWD, &way, 0o600.into()).unwrap();
    let mut service = start(&person);
    until("the command has begun", || person.path("late.begun").exists());
    // Not by `end`: the command has the service's stderr, and closes it when it ends itself.
    service.running.signal(Signal::TERM);
    assert!(service.running.wait().unwrap().success());
    assert!(!person.path("late").exists(), "it waited for the command");
    // Where the command still waits, it goes on now.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let _ = std::fs::File::options().write(true).custom_flags(nonblocking).open(way);
}

/// A command dies while it holds the store, others are many at once: the service goes on.
#[test]
fn commands_that_die_or_crowd_give_the_store_back() {
    let person = jane();
    let service = start(&person);
    service.says("STATUS=");
    let held = std::os::unix::net::UnixStream::connect(person.path("socket")).unwrap();
    borrow(&held);
    // A second service finds the store free at this moment, and the first one at the door.
    let second = command(&person, &["run"]).output();
    let id = service.running.id().to_string();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains(&format!("process {id} serves")), "{said}");
    drop(held);
    let crowd: Vec<Running> =
        (0..6).map(|_| command(&person, &["status"]).piped().spawn()).collect();
    for one in crowd {
        let output = one.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    todo(&person, "deck");
    until("a block", || blocks(&person) == 1);
    service.end();
}

fn borrow(mut stream: &std::os::unix::net::UnixStream) {
    use std::io::{Read, Write};
    stream.write_all(b"store, please\n").unwrap();
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"yours\n");
}

/// What does not speak the language of the socket, or not at all, is turned away.
#[test]
fn noise_on_the_socket_stops_nothing() {
    use std::io::Write;
    let person = jane();
    let service = start(&person);
    service.says("STATUS=");
    let silent = std::os::unix::net::UnixStream::connect(person.path("socket")).unwrap();
    let mut loud = std::os::unix::net::UnixStream::connect(person.path("socket")).unwrap();
    let _ = loud.write_all(&[b'x'; 100_000]);
    ok(&person, &["status"]);
    drop((silent, loud));
    service.end();
}
