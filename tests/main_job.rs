//! The main job from outside: the built binary on real calendars, one whole turn after another.

use crate::support::peers::Peer;
use crate::support::person::{Person, files, sample_objects};
use chronotype::calendar::{Calendar, Fetched};
use std::collections::BTreeMap;

/// Blocks of ours on a server, by href.
pub async fn blocks(peer: &Peer) -> BTreeMap<String, Fetched> {
    let account = peer.account(&peer.base_url(), "secret");
    let all = account.collections().await.unwrap();
    let Some(ours) = all.iter().find(|c| c.name == "chronotype") else { return BTreeMap::new() };
    let listing = account.changes(ours, None, &BTreeMap::new()).await.unwrap();
    listing.changed.into_iter().map(|f| (f.href.as_str().to_owned(), f)).collect()
}

/// Everything in the person's own calendar: bodies and versions.
pub async fn foreign(peer: &Peer) -> BTreeMap<String, Fetched> {
    let account = peer.account(&peer.calendar_url("alice"), "secret");
    let all = account.collections().await.unwrap();
    let work = all.iter().find(|c| c.href.as_str().ends_with("work/")).unwrap();
    let listing = account.changes(work, None, &BTreeMap::new()).await.unwrap();
    listing.changed.into_iter().map(|f| (f.href.as_str().to_owned(), f)).collect()
}

fn property<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

pub fn person_of(peer: &Peer) -> Person {
    let keys = format!(
        "kind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\npassword_file = \
         \"{{home}}/password\"\ncalendars = [\"work\"]\nsuggest_into = \"chronotype\"",
        peer.base_url()
    );
    Person::with_account(&keys)
}

async fn one_whole_turn(peer: Peer) {
    for (name, body) in sample_objects() {
        peer.put(&peer.object(&name), &body).await;
    }
    let before = foreign(&peer).await;
    let person = person_of(&peer);

    let gave = person.ok("02T05:00", &["sync"]);
    let written = blocks(&peer).await;
    assert!(written.len() >= 2, "blocks for both VTODOs at least: {gave:?}");
    for block in written.values() {
        let body = block.body.replace("\r\n ", "");
        assert_eq!(property(&body, "STATUS"), Some("TENTATIVE"));
        assert_eq!(property(&body, "TRANSP"), Some("TRANSPARENT"));
        assert!(property(&body, "DESCRIPTION").unwrap().len() > 40, "reasons: {body}");
        assert!(!body.contains("ATTENDEE") && !body.contains("VALARM"), "{body}");
    }
    let served: Vec<&str> =
        written.values().filter_map(|b| property(&b.body, "RELATED-TO")).collect();
    assert_eq!(served.len(), written.values().filter(|b| b.body.contains("DOOR:todo")).count());

    let asked = peer.requests().len();
    person.ok("02T05:10", &["sync"]);
    let requests = peer.requests()[asked..].to_vec();
    assert_eq!(requests.len(), 2, "one request a collection: {requests:?}");
    assert!(requests.iter().all(|r| r.starts_with("REPORT")), "{requests:?}");

    gestures(&peer, &person, &written).await;
    assert_eq!(foreign(&peer).await, before, "nobody else's object changed a byte");
}

/// The person drags one block to Thursday evening and deletes another.
async fn gestures(peer: &Peer, person: &Person, written: &BTreeMap<String, Fetched>) {
    let mut todo = written.iter().filter(|(_, b)| b.body.contains("DOOR:todo"));
    let (moved, block) = todo.next().unwrap();
    let (deleted, _) = todo.next_back().unwrap();
    let dragged: String = block
        .body
        .lines()
        .map(|line| match line.split(':').next() {
            Some("DTSTART") => "DTSTART:20260305T183000Z\r\n".to_owned(),
            Some("DTEND") => "DTEND:20260305T193000Z\r\n".to_owned(),
            _ => format!("{line}\r\n"),
        })
        .collect();
    peer.put(moved, &dragged).await;
    peer.delete(deleted).await;
    for now in ["02T05:20", "02T12:00", "03T12:00", "04T05:00"] {
        person.ok(now, &["sync"]);
        let now_there = blocks(peer).await;
        let body = &now_there[moved].body;
        assert_eq!(property(body, "DTSTART"), Some("20260305T183000Z"), "it stays: {body}");
        assert!(!now_there.contains_key(deleted), "a deleted block does not come back");
    }
    let uid = property(&block.body, "UID").unwrap();
    let export = person.list("04T05:00", &["export"]);
    let event = export
        .iter()
        .find(|r| r["kind"] == "event" && r["event"]["id"]["uid"] == uid || has_uid(r, uid))
        .unwrap();
    assert!(event.to_string().contains("signal"), "learned from: {event}");
}

fn has_uid(record: &serde_json::Value, uid: &str) -> bool {
    let text = record.to_string();
    record["kind"] == "event" && text.contains(uid)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_radicale() {
    one_whole_turn(Peer::radicale().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_xandikos() {
    one_whole_turn(Peer::xandikos().await).await;
}

/// What a crashed and repaired run must share with an undisturbed one: everything learned and every
/// block, but for the versions a folder gives its files.
fn learned(person: &Person, now: &str) -> Vec<serde_json::Value> {
    let kept = ["event", "task_type", "suggestion", "types", "insight"];
    let mut records = person.list(now, &["export"]);
    records.retain(|r| kept.iter().any(|k| r["kind"] == *k));
    for record in &mut records {
        if let Some(etag) = record.pointer_mut("/published/etag") {
            *etag = serde_json::Value::Null;
        }
    }
    records
}

#[track_caller]
fn same(one: &[serde_json::Value], other: &[serde_json::Value], boundary: usize) {
    for (a, b) in one.iter().zip(other) {
        assert!(a == b, "boundary {boundary}: {a}\n{b}");
    }
    assert_eq!(one.len(), other.len(), "boundary {boundary}");
}

fn fresh_folder() -> Person {
    let person = Person::with_folder();
    for (name, body) in sample_objects() {
        std::fs::write(person.path("cal/work").join(name), body).unwrap();
    }
    person
}

#[test]
fn killed_at_any_step_boundary_the_next_turn_repairs_it() {
    let calm = fresh_folder();
    calm.ok("02T05:00", &["sync"]);
    calm.ok("02T05:00", &["sync"]);
    let expected: Vec<String> = files(&calm.path("cal/chronotype")).into_keys().collect();
    assert!(expected.len() >= 2);
    let work = files(&calm.path("cal/work"));
    let mut deaths = 0;
    loop {
        let person = fresh_folder();
        let gave = person.run("02T05:00", &["sync", "--die-at", &deaths.to_string()]);
        person.ok("02T05:00", &["sync"]);
        person.ok("02T05:00", &["sync"]);
        let there: Vec<String> = files(&person.path("cal/chronotype")).into_keys().collect();
        assert_eq!(there, expected, "blocks after dying at boundary {deaths}");
        assert_eq!(files(&person.path("cal/work")), work);
        same(&learned(&person, "02T05:00"), &learned(&calm, "02T05:00"), deaths);
        if gave.code == Some(0) {
            break;
        }
        assert_eq!(gave.code, None, "it must have died: {gave:?}");
        deaths += 1;
    }
    assert!(deaths >= 4 + expected.len(), "every boundary was walked: {deaths}");
}
