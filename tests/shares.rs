//! An account takes its share of a turn, and the others go on.

use chrono::{DateTime, Utc};
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Error, Http, Secret};
use chronotype::event::{CollectionId, Href};
use chronotype::sync::poll::{Client, Discovery, Limits, poll_within};
use chronotype::sync::status::{AccountStatus, CollectionStatus, Status};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

fn client(calendar: impl Calendar + 'static, discovery: Discovery) -> Client {
    Client { calendar: Box::new(calendar), wanted: None, suggest_into: None, discovery }
}

fn write(folder: &Path, calendar: &str, length: usize) {
    std::fs::create_dir_all(folder.join(calendar)).unwrap();
    let text = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{calendar}\r\nDTSTART:20260304T090000Z\r\n\
         SUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "x".repeat(length)
    );
    std::fs::write(folder.join(calendar).join("1.ics"), text).unwrap();
}

fn now() -> DateTime<Utc> {
    "2026-03-02T06:00:00Z".parse().unwrap()
}

/// What was read a moment ago, in this account.
fn read_before(status: &mut Status, account: &str, calendars: &[&str]) {
    let found = AccountStatus { discovered_at: Some(now()), ..AccountStatus::default() };
    status.accounts.insert(account.to_owned(), found);
    for name in calendars {
        let known = CollectionStatus {
            name: (*name).to_owned(),
            account: account.to_owned(),
            href: Some(Href::new(format!("/{name}/"))),
            listed_at: Some(now()),
            ..CollectionStatus::default()
        };
        status.collections.insert(CollectionId::new(format!("{account}//{name}/")), known);
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_stops_no_other_account() {
    // It is connected to, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let access = Access {
        account: "slow".to_owned(),
        url: format!("http://{}/", silent.local_addr().unwrap()),
        username: String::new(),
        password: Secret::new(""),
        sign_in: SignIn::Basic,
        trusted_hosts: Vec::new(),
    };
    let slow = CalDav::new(Http::new().unwrap(), access).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "work", 1);
    let clients = [
        client(slow, Discovery::Daily),
        client(Vdir::new("home", folder.path()), Discovery::EachTurn),
    ];
    let mut status = Status::default();
    read_before(&mut status, "slow", &["a", "b", "c"]);
    let limits = Limits { account: Duration::from_millis(200), ..Limits::default() };
    let answers = poll_within(limits, &clients, &status, now(), &|_, _| {}).await;

    let names: Vec<&str> = answers.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["slow", "home"], "in the order of the config");
    let late = |answer: &Result<_, Error>| {
        let said = answer.as_ref().err().map(ToString::to_string);
        said.is_some_and(|said| said.contains("took too long"))
    };
    assert!(answers[0].listings.iter().all(|(_, answer)| late(answer)), "{answers:?}");
    assert_eq!(answers[0].listings.len(), 3, "each is said to be stale");
    let read = answers[1].listings[0].1.as_ref().unwrap();
    assert_eq!(read.changed.len(), 1);
}

#[tokio::test]
async fn what_an_account_tells_in_one_turn_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for calendar in ["a", "b", "c"] {
        write(folder.path(), calendar, 10_000);
    }
    let other = tempfile::tempdir().unwrap();
    write(other.path(), "d", 10_000);
    let clients = [
        client(Vdir::new("large", folder.path()), Discovery::EachTurn),
        client(Vdir::new("other", other.path()), Discovery::EachTurn),
    ];
    let mut status = Status::default();
    let limits = Limits { memory: 25_000, ..Limits::default() };
    let answers = poll_within(limits, &clients, &status, now(), &|_, _| {}).await;
    let read = |answers: &[chronotype::sync::poll::Account], account: usize| -> Vec<String> {
        let listings = answers[account].listings.iter();
        listings.filter(|(_, l)| l.is_ok()).map(|(c, _)| c.name.clone()).collect()
    };
    assert_eq!(
        (read(&answers, 0), read(&answers, 1)),
        (vec!["a".into(), "b".into()], vec!["d".into()])
    );
    let (_, refused) = &answers[0].listings[2];
    assert!(matches!(refused, Err(Error::Transient(said)) if said.contains("the next one")));

    // Those in trouble don't stand before the others again.
    let (first, _) = &answers[0].listings[0];
    let known = status.collections.entry(first.id.clone()).or_default();
    known.trouble = Some(("too slow".to_owned(), now()));
    let answers = poll_within(limits, &clients, &status, now(), &|_, _| {}).await;
    assert_eq!(read(&answers, 0), ["b", "c"]);
}
