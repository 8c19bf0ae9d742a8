//! The page of numbers of a running service: what it tells, whom it answers, what it never says.

mod open_metrics;

use crate::support::binary::{Running, binary};
use crate::support::neighbours::{Neighbours, until};
use crate::support::person::Person;
use open_metrics::Page;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};

/// An address of the loopback that nobody else has.
fn address() -> SocketAddr {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, high.max(1), low, TAKEN.fetch_add(1, Ordering::Relaxed)], 9469))
}

/// What is answered to these bytes; nothing where nobody listens.
fn ask(at: SocketAddr, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(at) else { return String::new() };
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that refuses may not read all that was sent.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn get(at: SocketAddr) -> Option<(String, Page)> {
    let answer = ask(at, &format!("GET /metrics HTTP/1.1\r\nHost: {at}\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    Some((answer.clone(), Page::read(body)))
}

#[track_caller]
fn page(at: SocketAddr) -> Page {
    get(at).expect("the page is there").1
}

fn jane(daemon: &str) -> Person {
    let person = Person::with_folder();
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let socket = person.path("socket").display().to_string();
    let daemon = format!("[daemon]\nsocket = \"{socket}\"\npoll_minutes = 60\n{daemon}\n");
    std::fs::write(&path, format!("{config}\n{daemon}")).unwrap();
    person
}

fn start(person: &Person, args: &[&str]) -> Running {
    let binary = binary().home(&person.path("")).arg("--config").arg(person.path("config.toml"));
    binary.arg("run").args(args).piped().spawn()
}

fn todo(person: &Person) {
    let due = (chrono::Utc::now() + chrono::TimeDelta::days(3)).format("%Y%m%dT%H%M%SZ");
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:deck\r\n\
         DTSTAMP:20260101T000000Z\r\nDUE:{due}\r\nSUMMARY:Board deck\r\n\
         ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path("cal/work/deck.ics"), text).unwrap();
}

#[test]
fn the_numbers_move_as_turns_are_taken() {
    let at = address();
    let person = jane(&format!("metrics = \"{at}\""));
    let running = start(&person, &[]);
    until("a first turn", || get(at).is_some_and(|(_, p)| p.sum("chronotype_turns_total") >= 1.0));
    let first = page(at);
    assert_eq!(first.value("chronotype_people"), 1.0);
    assert_eq!(first.value("chronotype_writes_total"), 0.0);
    assert_eq!(first.value("chronotype_stale_accounts"), 0.0);
    assert!(first.value("chronotype_store_bytes") > 0.0);
    assert!(first.value("chronotype_resident_bytes") > 1e6);
    assert!(first.value("chronotype_open_files") > 3.0);
    let build = format!("chronotype_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(first.value(&build), 1.0);

    todo(&person);
    until("a block is written", || page(at).value("chronotype_writes_total") == 1.0);
    let second = page(at);
    assert!(second.value("chronotype_turns_total{outcome=\"changed\"}") >= 1.0);
    assert_eq!(second.value("chronotype_decisions_total{kind=\"placed\"}"), 1.0);
    assert_eq!(second.sum("chronotype_failures_total"), 0.0);
    assert_eq!(second.value("chronotype_assistant_share"), 0.0);

    std::fs::rename(person.path("cal"), person.path("elsewhere")).unwrap();
    until("trouble", || page(at).value("chronotype_stale_accounts") == 1.0);
    let third = page(at);
    assert!(third.value("chronotype_turns_total{outcome=\"partial\"}") >= 1.0);
    assert!(third.value("chronotype_failures_total{cause=\"missing\"}") >= 1.0);
    assert!(third.value("chronotype_staleness_seconds") < 600.0);
    let log = running.stop();
    assert!(log.contains(&format!("address=http://{at}/metrics")), "{log}");
}

#[test]
fn it_answers_this_computer_alone_and_can_only_be_read() {
    let at = address();
    let person = jane("");
    let running = start(&person, &["--metrics", &at.to_string()]);
    until("a page", || get(at).is_some());
    let host = format!("Host: {at}\r\n");
    let check = |request: &str, expected: &str| {
        let answer = ask(at, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{request}: {answer}");
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(!head.contains("access-control") && !head.contains("set-cookie"), "{head}");
        assert!(head.contains("nosniff") && head.contains("no-store"), "{head}");
        answer
    };
    for other in ["Host: evil.example\r\n", "Host: localhost.evil.example:9469\r\n", ""] {
        let answer = check(&format!("GET /metrics HTTP/1.1\r\n{other}\r\n"), "403");
        assert!(!answer.contains("chronotype_"), "{answer}");
    }
    check(&format!("GET /metrics HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n"), "403");
    check(&format!("GET http://evil.example/metrics HTTP/1.1\r\n{host}\r\n"), "403");
    let origin = "Origin: https://evil.example\r\n";
    check(&format!("GET /metrics HTTP/1.1\r\nHost: localhost:9469\r\n{origin}\r\n"), "200");
    check(&format!("GET /metrics?x=1 HTTP/1.1\r\n{host}\r\n"), "200");
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = format!("{method} /metrics HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n");
        assert!(check(&request, "405").to_lowercase().contains("allow: get, head"));
    }
    check(&format!("GET /status HTTP/1.1\r\n{host}\r\n"), "404");
    let head = check(&format!("HEAD /metrics HTTP/1.1\r\n{host}\r\n"), "200");
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    // Noise, and some who say nothing, keep nobody else out.
    let long = format!("GET /metrics HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(100_000));
    assert!(!ask(at, &long).contains("chronotype_"));
    assert!(!ask(at, "\u{16}\u{3}\u{1} no request\r\n\r\n").contains("200 OK"));
    let silent: Vec<TcpStream> = (0..7).map(|_| TcpStream::connect(at).unwrap()).collect();
    page(at);
    drop(silent);
    running.stop();
}

#[test]
fn of_many_it_counts_and_names_nobody() {
    let all = Neighbours::new(&["ann", "bob"]);
    all.config("broken", "[person\n");
    std::fs::remove_dir_all(all.path("cal/bob")).unwrap();
    let at = address();
    let service = all.serve_with(&["--metrics", &at.to_string()]);
    let done = |p: &Page| p.sum("chronotype_turns_total") >= 2.0;
    until("a turn of each", || get(at).is_some_and(|(_, p)| done(&p)));
    until("they are counted", || page(at).value("chronotype_stale_accounts") == 1.0);
    let (text, page) = get(at).unwrap();
    assert_eq!(page.value("chronotype_people"), 2.0);
    assert_eq!(page.value("chronotype_refused_files"), 1.0);
    assert_eq!(page.value("chronotype_turns_total{outcome=\"partial\"}"), 1.0);
    assert_eq!(page.value("chronotype_turns_running"), 0.0);
    for name in ["ann", "bob", "home", "broken", "cal/", "work"] {
        let told = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name);
        assert!(!told, "{name}: {text}");
    }
    service.end();
}

#[test]
fn an_address_that_is_taken_stops_nothing_and_one_for_others_is_refused() {
    let at = address();
    let _taken = std::net::TcpListener::bind(at).unwrap();
    let all = Neighbours::new(&["ann"]);
    all.todo("ann", "Annual report");
    let service = all.serve_with(&["--metrics", &at.to_string()]);
    until("a block of hers", || all.blocks("ann").len() == 1);
    let log = service.end();
    assert!(log.contains("the page of numbers can't be opened; all else goes on"), "{log}");

    let open = start(&jane(""), &["--metrics", "0.0.0.0:9469"]).output();
    assert_eq!(open.status.code(), Some(2));
    let said = String::from_utf8_lossy(&open.stderr).into_owned();
    assert!(said.contains("'0.0.0.0:9469' can be reached from outside"), "{said}");
}
