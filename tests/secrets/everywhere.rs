//! Real turns against a server that is well, then fails in every way that could make a secret
//! show: nothing that is printed, traced or kept holds it.

use super::{MARKED, account, files_are_free_of_it, is_free_of_it};
use crate::support::digest::Guard;
use crate::support::person::{Person, private};
use crate::support::server::{Asked, Reply, Server, calendar, rows};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ways to go wrong; 0 is none.
const WAYS: usize = 7;

/// A calendar with one event, for who signs in.
fn well(asked: &Asked) -> Reply {
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\n\
                 DTSTAMP:20260301T000000Z\r\nDTSTART:20260303T090000Z\r\nDTEND:20260303T100000Z\r\n\
                 SUMMARY:Reading\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    match asked.method.as_str() {
        "PUT" => Reply::new(201, "").with("ETag", "\"2\""),
        "REPORT" => {
            let data = format!("<c:calendar-data>{event}</c:calendar-data>");
            rows(&[("/a.ics", &format!("<d:getetag>\"1\"</d:getetag>{data}"))])
        }
        _ => calendar(asked),
    }
}

/// The secret comes back in body, headers and challenge, as it was sent and as it is.
fn wrong(way: usize, asked: &Asked, sent: &str) -> Reply {
    let echo = format!("<error>{sent} {MARKED} {}</error>", String::from_utf8_lossy(&asked.body));
    let reply = |status| Reply::new(status, echo.clone()).with("X-Echo", sent);
    match way {
        1 => reply(401).with("WWW-Authenticate", format!("Basic realm=\"{MARKED}\"")),
        2 => reply(500),
        3 => reply(403),
        4 => Reply::moved(302, &format!("http://127.0.0.2:1/{MARKED}?{sent}")),
        5 => Reply::moved(302, &format!("/{MARKED}/?{sent}")),
        6 => reply(207).with("Content-Type", "application/xml"),
        _ => reply(503).with("Retry-After", "1"),
    }
}

fn serve(way: Arc<AtomicUsize>) -> Server {
    let guard = Guard::new("SHA-256", Some("auth"));
    Server::start(move |asked| {
        let sent = asked.header("authorization").unwrap_or_default().to_owned();
        match way.load(Ordering::SeqCst) {
            0 if sent.starts_with("Digest") => guard.check(asked, MARKED).err(),
            0 if sent.is_empty() => guard.check(asked, MARKED).err(),
            0 => None,
            // Who answers to challenges is asked first.
            _ if sent.is_empty() => guard.check(asked, MARKED).err(),
            way => Some(wrong(way, asked, &sent)),
        }
        .unwrap_or_else(|| well(asked))
    })
}

/// Runs a command and looks at all it says.
fn look(person: &Person, now: &str, args: &[&str]) -> Option<i32> {
    let (output, trace) = person.command(now, args).traced();
    is_free_of_it(&format!("stdout of {args:?}"), &output.stdout);
    is_free_of_it(&format!("stderr of {args:?}"), &output.stderr);
    is_free_of_it(&format!("trace of {args:?}"), trace.as_bytes());
    output.status.code()
}

fn everything(person: &Person, way: &AtomicUsize, but: &[&str]) {
    assert_eq!(look(person, "02T06:00", &["-vv", "sync"]), Some(0), "it is well");
    for bad in 1..=WAYS {
        way.store(bad, Ordering::SeqCst);
        let now = format!("02T06:{}", bad * 5 + 10);
        assert_eq!(look(person, &now, &["-vv", "sync"]), Some(1), "way {bad}");
        for args in [["status"].as_slice(), &["status", "--json"], &["doctor"]] {
            look(person, &now, args);
        }
        assert!(files_are_free_of_it(&person.path(""), but) > 1, "the store is looked at");
    }
    for args in [
        ["doctor", "--json"].as_slice(),
        &["export"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "check"],
    ] {
        look(person, "02T07:00", args);
    }
}

/// An account whose secret lies in a file.
#[track_caller]
fn check(keys: &str) {
    let way = Arc::new(AtomicUsize::new(0));
    let server = serve(Arc::clone(&way));
    let person = account(&server.url("127.0.0.1"), keys);
    private(&person.path("secret"), format!("{MARKED}\n"));
    everything(&person, &way, &["secret"]);
    let signed = server.log().iter().filter(|a| a.header("authorization").is_some()).count();
    assert!(signed > WAYS, "it was used: {keys}");
}

#[test]
fn a_password_is_nowhere_but_where_it_belongs() {
    check("password_file = \"{home}/secret\"");
}

#[test]
fn an_answer_to_a_challenge_is_nowhere() {
    check("password_command = \"cat {home}/secret\"\nsign_in = \"digest\"");
}

#[test]
fn a_token_is_nowhere_but_where_it_belongs() {
    check("password_file = \"{home}/secret\"\nsign_in = \"bearer\"");
}

#[test]
fn one_that_stands_in_the_config_is_nowhere_else() {
    let way = Arc::new(AtomicUsize::new(0));
    let server = serve(Arc::clone(&way));
    let person = account(&server.url("127.0.0.1"), &format!("password = \"{MARKED}\""));
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &config).unwrap();
    assert_eq!(look(&person, "02T06:00", &["sync"]), Some(78), "nobody insists");
    let insists = format!("{config}\n[secrets]\nin_this_file = true\n");
    std::fs::write(&path, &insists).unwrap();
    let gave = person.run("02T06:00", &["sync"]);
    assert!(gave.err.contains("others can read this file"), "{gave:?}");
    private(&path, &insists);
    everything(&person, &way, &["config.toml"]);
}
