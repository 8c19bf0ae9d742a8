//! A year of one person, for sizes.

use super::principal;
use chronotype::event::*;
use chronotype::store::{Person, Store};
use chronotype::task::journal::{Entry, Journal, key};
use chronotype::task::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Width of the local embedder's vectors.
const WIDTH: usize = 256;

fn event(n: usize) -> Event {
    let monday = chrono::DateTime::from_timestamp(1_767_603_600, 0).unwrap();
    let start = monday + chrono::TimeDelta::hours(n as i64 * 5);
    let end = start + chrono::TimeDelta::minutes(60);
    let span = Span::Timed { start, end };
    let series = !n.is_multiple_of(3);
    Event {
        id: EventId {
            uid: Uid::new(format!("{:026x}@calendar.example", if series { n % 7 } else { n })),
            recurrence_id: series.then(|| start.format("%Y%m%dT%H%M%SZ").to_string()),
        },
        collection: CollectionId::new("work//dav/calendars/jane/work/"),
        title: format!("Planning session {n}"),
        span,
        time_zone: Some("Europe/Berlin".to_owned()),
        busy: true,
        role: Role::Own,
        standing: Standing::Scheduled,
        recurring: series,
        attendees: 3,
        answered: false,
        created_at: start - chrono::TimeDelta::days(7),
        first_seen: start - chrono::TimeDelta::days(6),
        last_modified: Some(start - chrono::TimeDelta::days(7)),
        sequence: 0,
        related_to: None,
        trail: Vec::new(),
        settled: vec![Settlement {
            span,
            ordinal: 0,
            at: end + chrono::TimeDelta::days(1),
            hour: Some(9),
            weekday: 1,
            signal: Some(Signal { value: 0.9, weight: 0.5 }),
            energy: Some(0.6),
        }],
        closed: true,
        task_type: Some(3),
        completed: None,
        success_rating: None,
        energy_after: None,
    }
}

fn task_type(id: u32) -> TaskType {
    let exemplar = |n: u32| Exemplar {
        title: format!("planning session {id} {n}"),
        wording: format!("Planning session {id} {n}"),
        embedding: Embedding((0..WIDTH as u32).map(|i| (i * n) as f32 / 9e3).collect()),
        count: 3,
    };
    TaskType {
        id,
        name: format!("Planning {id}"),
        category: Category::Focused,
        category_votes: [1.0, 0.0, 0.0],
        hours: Hours {
            prior: [0.4; 24],
            score: [0.4; 24],
            confidence: [0.1; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        },
        cognitive_load: 0.5,
        recovery_hours: 1.0,
        depletion_curve: [1.0, 0.8, 0.6, 0.4, 0.2],
        typical_duration: 60.0,
        duration_count: 3,
        exemplars: (0..6).map(exemplar).collect(),
        events: 30,
    }
}

/// What was learned of the events, three a turn, each put there by the person.
fn turns(events: &Events) -> BTreeMap<chrono::DateTime<chrono::Utc>, Vec<Entry>> {
    let entry = |event: &&Event| Entry {
        placement: key(&event.id, &event.settled[0]),
        placed: vec![(9, 0.2)],
        rated: None,
        energy_rated: false,
        position: 1,
        rest_hours: Some(0.5),
        last: true,
        proposal: false,
    };
    let all: Vec<&Event> = events.values().collect();
    all.chunks(3).map(|turn| (turn[0].settled[0].at, turn.iter().map(entry).collect())).collect()
}

/// Three others take part in everything.
fn guests(events: &Events) -> Guests {
    let salt = Some([7; 16]);
    let first = |id: &EventId| EventId { recurrence_id: None, ..id.clone() }.hash();
    let three = (1..4).map(|n| Guest(n * 0x5123_4567)).collect::<Vec<_>>();
    Guests { salt, by_object: events.keys().map(|id| (first(id), three.clone())).collect() }
}

/// A person with this many events and task types.
pub fn person(events: usize, types: u32) -> Person {
    let mut person = Person {
        events: Arc::new((0..events).map(event).map(|e| (e.id.clone(), e)).collect()),
        ..Person::default()
    };
    person.journal = Arc::new(Journal { turns: turns(&person.events) });
    person.types.by_id = (0..types).map(|id| (id, task_type(id))).collect();
    person.types.next = types;
    person.guests = Arc::new(guests(&person.events));
    person
}

/// Bytes of the files below a folder.
pub fn folder_size(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let size = |e: std::fs::DirEntry| match e.file_type().unwrap().is_dir() {
        true => folder_size(&e.path()),
        false => match e.metadata() {
            // What has gone meanwhile takes nothing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            found => found.unwrap().len(),
        },
    };
    entries.map(size).sum()
}

#[test]
fn an_event_takes_two_hundred_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = Store::open(&path).unwrap();
    let me = principal("jane");
    store.commit(&me, &Person::default(), &person(400, 16)).unwrap();
    let shares = store.shares(&me).unwrap();
    let payload: usize = shares.iter().map(|s| s.bytes).sum();
    drop(store);
    let disk = folder_size(&path);
    println!("{shares:#?}\npayload {payload} B, on disk {disk} B");
    let learned = shares.iter().find(|s| s.kind == "learned").unwrap();
    assert!(learned.bytes / 400 <= 36, "{} B an outcome", learned.bytes as f32 / 400.0);
    let guests = shares.iter().find(|s| s.kind == "guests").unwrap();
    assert!(guests.bytes / guests.records <= 40, "{} B", guests.bytes / guests.records);
    let events = shares.iter().find(|s| s.kind == "event").unwrap();
    assert!(events.bytes / events.records <= 230, "{} B", events.bytes / events.records);
}

/// Bytes of an object as calendars send it.
const BODY: usize = 1_400;

/// Objects and events as a first look at a full calendar finds them.
pub fn crowded(objects: usize) -> Person {
    use chronotype::sync::status::{CollectionStatus, Known};
    let mut person = person(objects, 16);
    let known = |n: usize| Known {
        etag: Some(ETag::new(format!("\"{n:x}\""))),
        uids: vec![Uid::new(format!("{n:026x}@calendar.example"))],
        digest: [0; 16],
        events: true,
        // As if each had to be read again: more than a calendar of any kind keeps.
        body: Some(format!("BEGIN:VCALENDAR\r\n{:0>1$}", n, BODY)),
    };
    let href = |n: usize| Href::new(format!("/c/{n:026x}.ics"));
    let collection = CollectionStatus {
        known: Arc::new((0..objects).map(|n| (href(n), known(n))).collect()),
        ..CollectionStatus::default()
    };
    person.status.collections.insert(CollectionId::new("work//work/"), collection);
    person
}

#[test]
#[ignore = "prints figures: cargo test --release --test suite figures -- --ignored --nocapture"]
fn figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let me = principal("jane");
    let after = crowded(10_000);
    let store = Store::open(&path).unwrap();
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        println!("{what}: {:?}", start.elapsed());
    };
    timed("first commit", &mut || {
        let report = store.commit(&me, &Person::default(), &after).unwrap();
        println!("{report:?}");
    });
    println!("disk {} B", folder_size(&path));
    timed("commit without a change", &mut || {
        let copy = after.clone();
        timed("  of it", &mut || {
            assert_eq!(store.commit(&me, &after, &copy).unwrap().written, 0);
        });
    });
    let mut later = after.clone();
    later.turns = 7;
    Arc::make_mut(&mut later.events).values_mut().take(5).for_each(|e| e.sequence += 1);
    timed("commit of six records", &mut || {
        assert_eq!(store.commit(&me, &after, &later).unwrap().written, 6);
    });
    timed("load", &mut || assert_eq!(store.load(&me).unwrap().events.len(), 10_000));
    timed("drop and open", &mut || drop(Store::open(&path)));
    drop(store);
    timed("open", &mut || drop(Store::open(&path).unwrap()));
    println!("disk {} B", folder_size(&path));
}
