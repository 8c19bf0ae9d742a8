//! A turn in which nothing happened shares all that is large with the state before it: that is
//! what keeps it cheap, however full the calendars are.

use chrono::{TimeDelta, TimeZone, Utc};
use chronotype::calendar::{Collection, Fetched, Listing};
use chronotype::cycle::{Brain, Chores, Mode, Settings, Turn, decide};
use chronotype::event::{CollectionId, ETag, Href, PrincipalId, Whereabouts};
use chronotype::schedule::plan::Planning;
use chronotype::schedule::request::Door;
use chronotype::store::Person;
use chronotype::sync::diff::Deletions;
use chronotype::sync::poll::Account;
use std::collections::BTreeSet;
use std::sync::Arc;

fn answers(changed: Vec<Fetched>) -> Vec<Account> {
    let collection = Collection {
        id: CollectionId::new("home/work"),
        href: Href::new("/dav/work/"),
        account: "home".into(),
        name: "work".into(),
        read_only: false,
    };
    let listing = Listing { present: Some(vec![Href::new("a")]), changed, ..Listing::default() };
    let listings = vec![(collection, Ok(listing))];
    let (name, weaknesses) = ("home".to_owned(), BTreeSet::new());
    vec![Account { name, discovered: None, missing: None, weaknesses, listings }]
}

#[test]
fn shares_events_and_objects_with_the_state_before() {
    let settings = Settings {
        zone: chrono_tz::Europe::Berlin,
        whereabouts: Whereabouts::new(chrono_tz::Europe::Berlin, Vec::new()),
        addresses: Vec::new(),
        history: TimeDelta::days(183),
        ahead: TimeDelta::days(28),
        mode: Mode::Suggest,
        doors: vec![Door::Habit, Door::Todo, Door::Ask],
        planning: Planning::default(),
        suggest_into: None,
        deletions: Deletions::Guarded,
        chores: Chores::Now,
        assistant: None,
    };
    let (principal, brain) = (PrincipalId::new("mira").unwrap(), Brain::local().unwrap());
    let turn = |before: &Person, answers: &[Account], minute: u32| {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 6, minute, 0).unwrap();
        let (at, progress) = (&|_| {}, &|_, _| {});
        let turn = Turn { principal: &principal, settings: &settings, now, at, progress };
        decide(before, answers, &brain, &turn).person
    };
    let body = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260304T090000Z\r\n\
                DURATION:PT1H\r\nSUMMARY:Report\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let version = |n: &str| Some(ETag::new(n));
    let object = |n| Fetched { href: Href::new("a"), etag: version(n), body: body.into() };
    let first = turn(&Person::default(), &answers(vec![object("1")]), 0);
    let known =
        |p: &Person| Arc::clone(&p.status.collections[&CollectionId::new("home/work")].known);
    assert_eq!((first.events.len(), known(&first).len()), (1, 1));

    let quiet = turn(&first, &answers(Vec::new()), 5);
    assert!(Arc::ptr_eq(&quiet.events, &first.events));
    assert!(Arc::ptr_eq(&known(&quiet), &known(&first)));

    let same_text = turn(&quiet, &answers(vec![object("2")]), 10);
    assert!(Arc::ptr_eq(&same_text.events, &first.events), "the same text is no change");
    assert_eq!(known(&same_text)[&Href::new("a")].etag, version("2"));
    assert_eq!(known(&quiet)[&Href::new("a")].etag, version("1"), "the state before stays");
}
