//! What a service logs, in which form, and how much: what a person wants to read in the journal.

use crate::support::binary::{Binary, binary, binary_by};
use crate::support::neighbours::{Neighbours, until};
use crate::support::person::{Person, files};
use crate::support::supervisor::Supervisor;
use chrono::{TimeDelta, Utc};
use serde_json::Value;
use std::path::Path;

/// Somebody with something to do, and what `[daemon]` says of the log.
fn jane(log: &str) -> Person {
    let person = Person::with_folder();
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let socket = person.path("socket").display().to_string();
    let daemon = format!("{config}\n[daemon]\nsocket = \"{socket}\"\npoll_minutes = 60\n{log}\n");
    std::fs::write(&path, daemon).unwrap();
    let due = (Utc::now() + TimeDelta::days(3)).format("%Y%m%dT%H%M%SZ");
    let todo = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:deck\r\n\
         DTSTAMP:20260101T000000Z\r\nDUE:{due}\r\nSUMMARY:Board deck\r\n\
         ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path("cal/work/deck.ics"), todo).unwrap();
    person
}

/// Runs her service until its first turn is over; what it logged.
fn log(person: &Person, binary: Binary, args: &[&str]) -> String {
    let supervisor = Supervisor::new(&person.path(""));
    let binary = binary.home(&person.path("")).arg("--config").arg(person.path("config.toml"));
    let running = binary.args(args).env("NOTIFY_SOCKET", supervisor.path()).piped().spawn();
    supervisor.hears("STATUS=1 calendars read");
    let blocks = || files(&person.path("cal/chronotype")).len();
    until("a block", || person.path("cal/chronotype").is_dir() && blocks() == 1);
    running.stop()
}

#[test]
fn at_info_it_says_who_is_served_and_what_changed() {
    let person = jane("");
    let log = log(&person, binary(), &["run"]);
    let (socket, store) = (person.path("socket"), person.path("store"));
    for words in [
        "chronotype runs",
        concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""),
        "person=\"jane\"",
        "accounts=1",
        "poll_minutes=60",
        "morning=06:00",
        &format!("store={}", store.display()),
        &format!("socket={}", socket.display()),
        "turn decided",
        "create=1",
        "blocks written written=1",
        "stopped",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("DEBUG") && !log.contains("deck"), "{log}");
}

#[test]
fn the_config_says_how_much_and_the_command_line_may_ask_for_more() {
    let quiet = log(&jane("log = \"warn\""), binary(), &["run"]);
    assert_eq!(quiet, "");
    let more = log(&jane("log = \"warn\""), binary(), &["-v", "run"]);
    assert!(more.contains("INFO") && !more.contains("DEBUG"), "{more}");
    let each = log(&jane("log = \"debug\""), binary(), &["run"]);
    assert!(each.contains("DEBUG") && !each.contains("TRACE") && !each.contains("hyper"), "{each}");
}

/// Every line is one object, whatever a path or an id holds.
fn objects(log: &str) -> Vec<Value> {
    assert!(!log.is_empty());
    log.lines()
        .map(|line| match serde_json::from_str(line) {
            Ok(value @ Value::Object(_)) => value,
            other => panic!("{other:?}: {line}"),
        })
        .collect()
}

#[test]
fn as_json_it_is_one_object_a_line_with_all_fields() {
    let person = jane("log_format = \"json\"");
    let store = person.path("we\nird \"store\" \u{1b}[31m\u{2028}").display().to_string();
    let lines = objects(&log(&person, binary(), &["--store", &store, "run"]));
    let said = |words: &str| lines.iter().find(|line| line["message"] == words).unwrap();
    let hello = said("chronotype runs");
    assert_eq!((&hello["level"], &hello["person"]), (&"INFO".into(), &"jane".into()));
    assert_eq!((&hello["store"], &hello["accounts"]), (&store.into(), &1.into()));
    assert!(hello["timestamp"].as_str().unwrap().parse::<chrono::DateTime<Utc>>().is_ok());
    let turn = said("turn decided");
    assert_eq!((&turn["create"], &turn["span"]["person"]), (&1.into(), &"jane".into()));
}

#[test]
fn of_many_each_line_says_whose_it_is_and_trouble_is_told_once() {
    let all = Neighbours::new(&["ann", "bob"]);
    std::fs::remove_dir_all(all.path("cal/bob")).unwrap();
    let service = all.serve_with(&["--log-format", "json"]);
    let status =
        |who| -> Value { serde_json::from_str(&all.ok(who, &["status", "--json"])).unwrap() };
    until("a turn of each", || ["ann", "bob"].iter().all(|who| status(who)["turns"] == 1));
    service.says("STATUS=2 people served, 1 in trouble");
    let lines = objects(&service.end());
    let troubles: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!((&troubles[0]["person"], &troubles[0]["unread"]), (&"bob".into(), &1.into()));
    assert_eq!(troubles[0]["causes"], "missing");
}

/// Where stderr is the journal's, `auto` speaks to the journal itself.
#[test]
fn the_journal_is_spoken_to_where_stderr_is_the_journal() {
    let script = "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$0\" \"$@\"";
    let said = log(&jane(""), binary_by(script), &["run"]);
    match Path::new("/run/systemd/journal/socket").exists() {
        true => assert_eq!(said, "", "all of it goes to the journal"),
        false => assert!(said.contains("the journal can't be reached"), "{said}"),
    }
    let elsewhere = "JOURNAL_STREAM=1:2 exec \"$0\" \"$@\"";
    let said = log(&jane(""), binary_by(elsewhere), &["run"]);
    assert!(said.contains("chronotype runs") && !said.contains("journal"), "{said}");
}
