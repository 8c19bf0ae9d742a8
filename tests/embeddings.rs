//! An embeddings endpoint from outside: the built binary beside a stand-in. Each title is sent
//! once, the same are the same whatever the width, nothing is lost there and back, and an endpoint
//! that fails in whatever way holds nothing up.

use crate::support::chat_endpoint::Model;
use crate::support::embeddings_endpoint::{reply, sent};
use crate::support::neighbours::until;
use crate::support::person::{Person, private, sample_objects};
use crate::support::trace;
use chronotype::config::{Config, ConfigError, Origin};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

const KEY: &str = "sk-canary-of-the-embeddings-key";

/// A person with the sample calendar.
fn jane() -> Person {
    let person = Person::with_folder();
    for (name, text) in sample_objects() {
        std::fs::write(person.path("cal/work").join(name), text).unwrap();
    }
    person
}

/// From now on their titles are compared by this endpoint; `more` = further keys of `[embedder]`.
fn move_to(person: &Person, model: &Model, more: &str) {
    trace::secret(KEY);
    private(&person.path("key"), format!("{KEY}\n"));
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let key = person.path("key").display().to_string();
    let embedder = format!(
        "{config}\n[embedder]\nkind = \"endpoint\"\nurl = \"{}\"\nmodel = \"m\"\nkey_file = \
         \"{key}\"\n{more}\n",
        model.url()
    );
    std::fs::write(path, embedder).unwrap();
}

/// Back to the embedder inside the program.
fn move_back(person: &Person) {
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, config.split("[embedder]").next().unwrap()).unwrap();
}

fn put(person: &Person, name: &str, title: &str) {
    let body = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{name}\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:20260304T140000Z\r\nDURATION:PT1H\r\n\
         SUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path(&format!("cal/work/{name}.ics")), body).unwrap();
}

fn embedder(person: &Person, now: &str) -> Value {
    let status = person.ok(now, &["status", "--json"]).out;
    serde_json::from_str::<Value>(&status).unwrap()["embedder"].clone()
}

/// What tier 2 holds: types with their arrays, titles and corrections.
fn tier2(person: &Person, now: &str) -> Vec<Value> {
    let kinds = ["task_type", "title", "series", "shape", "correction", "learned"];
    kinds.iter().flat_map(|kind| person.records(now, kind)).collect()
}

fn width(person: &Person, now: &str) -> BTreeSet<usize> {
    let all = person.records(now, "exemplar");
    let values = |e: &Value| e["exemplar"]["embedding"]["values"].as_array().unwrap().len();
    all.iter().map(values).collect()
}

#[test]
fn from_the_embedder_inside_to_1536_dimensions_and_back_nothing_is_lost() {
    let model = Model::start(|asked| reply(asked, 1_536));
    let (person, plain) = (jane(), jane());
    for one in [&person, &plain] {
        one.ok("02T06:00", &["sync", "--observe"]);
        one.ok("02T06:01", &["types", "rename", "Deep work", "My deep work"]);
    }
    let before = tier2(&person, "02T06:02");
    assert_eq!(width(&person, "02T06:02"), BTreeSet::from([256]));

    move_to(&person, &model, "");
    person.ok("02T06:05", &["sync", "--observe"]);
    let said = embedder(&person, "02T06:06");
    assert_eq!((&said["in_use"], &said["trouble"]), (&true.into(), &Value::Null), "{said}");
    assert_eq!(width(&person, "02T06:06"), BTreeSet::from([1_536]));
    assert_eq!(tier2(&person, "02T06:06"), before, "only the vectors are others");
    for asked in model.asked() {
        assert!(asked.head.starts_with("POST /v1/embeddings "), "{}", asked.head);
        assert!(asked.head.to_lowercase().contains(&format!("authorization: bearer {KEY}")));
        assert_eq!(asked.body["model"], "m");
    }
    let all = sent(&model);
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "each title once");
    let words = person.ok("02T06:06", &["status"]).out;
    assert!(words.contains("embedder m: ") && words.contains("known; in use"), "{words}");

    // What is new is judged as the embedder inside would: .8 stays the threshold.
    for one in [&person, &plain] {
        put(one, "new1", "Prototype the exporter again");
        put(one, "new2", "Zahnreinigung beim Zahnarzt");
        put(one, "new3", "Inbox zero, finally");
        one.ok("02T06:10", &["sync", "--observe"]);
    }
    let only_new = sent(&model).split_off(all.len());
    assert_eq!(only_new.len(), 3, "{only_new:?}");
    let types = |one: &Person| -> BTreeSet<String> {
        let all = one.records("02T06:11", "task_type").into_iter();
        all.map(|t| format!("{} {}", t["name"], t["events"])).collect()
    };
    assert_eq!(types(&person), types(&plain));
    assert!(width(&person, "02T06:11") == BTreeSet::from([1_536]));
    person.ok("02T06:12", &["sync", "--observe"]);
    assert_eq!(sent(&model).len(), all.len() + 3, "a quiet turn sends nothing");

    let there = tier2(&person, "02T06:12");
    move_back(&person);
    person.ok("02T06:15", &["sync", "--observe"]);
    assert_eq!(width(&person, "02T06:16"), BTreeSet::from([256]));
    assert_eq!(tier2(&person, "02T06:16"), there);
    assert_eq!(embedder(&person, "02T06:16"), Value::Null);
    move_to(&person, &model, "");
    person.ok("02T06:20", &["sync", "--observe"]);
    assert_eq!(width(&person, "02T06:21"), BTreeSet::from([1_536]));
    assert_eq!(sent(&model).len(), all.len() + 3, "it was all known");
}

/// Whatever is wrong with what it says: the embedder inside stands in, with the same types as if
/// nobody had been asked, and it is asked again after a pause.
#[test]
fn an_endpoint_that_talks_nonsense_is_not_believed() {
    type Wrong = fn(&str) -> Option<(u16, String)>;
    let nonsense: [(&str, Wrong); 7] = [
        ("among those of 2", |good| {
            let mut wrong: Value = serde_json::from_str(good).unwrap();
            wrong["data"][0]["embedding"] = serde_json::json!([1, 2]);
            Some((200, wrong.to_string()))
        }),
        ("sent no list of vectors", |good| Some((200, good.replacen("0.0", "NaN", 1)))),
        ("vectors for", |good| {
            let mut wrong: Value = serde_json::from_str(good).unwrap();
            wrong["data"].as_array_mut().unwrap().pop();
            Some((200, wrong.to_string()))
        }),
        ("sent no list of vectors", |_| Some((200, "<html>".to_owned()))),
        ("refused the key", |_| Some((401, "canary".to_owned()))),
        ("answered 500", |_| Some((500, String::new()))),
        ("broke off", |_| None),
    ];
    let plain = jane();
    plain.ok("02T06:00", &["sync", "--observe"]);
    let expected = tier2(&plain, "02T06:00");
    for (words, wrong) in nonsense {
        let model = Model::start(move |asked| wrong(&reply(asked, 64 + 256).unwrap().1));
        let person = jane();
        move_to(&person, &model, "");
        person.ok("02T06:00", &["sync", "--observe"]);
        assert_eq!(model.asked().len(), 1, "{words}: the first failure ends it");
        assert_eq!(tier2(&person, "02T06:00"), expected, "{words}");
        let said = embedder(&person, "02T06:01");
        assert!(said["trouble"].as_str().unwrap().contains(words), "{words}: {said}");
        assert_eq!((&said["in_use"], &said["titles"]), (&false.into(), &0.into()), "{said}");
        person.ok("02T06:04", &["sync", "--observe"]);
        assert_eq!(model.asked().len(), 1, "it has a pause");
        person.ok("02T06:05", &["sync", "--observe"]);
        assert_eq!(model.asked().len(), 2, "{words}");
    }
}

#[test]
fn a_slow_a_busy_and_an_absent_endpoint_hold_nothing_up() {
    let over = Arc::new((Mutex::new(false), Condvar::new()));
    let slow = Model::start({
        let over = Arc::clone(&over);
        move |_| {
            let (over, bell) = &*over;
            drop(bell.wait_while(over.lock().unwrap(), |over| !*over).unwrap());
            None
        }
    });
    let person = jane();
    move_to(&person, &slow, "timeout_seconds = 1");
    person.ok("02T06:00", &["sync"]);
    until("it was asked", || !slow.asked().is_empty());
    assert_eq!(slow.asked().len(), 1);
    let said = embedder(&person, "02T06:01");
    assert!(said["trouble"].as_str().unwrap().contains("did not answer in time"), "{said}");
    assert!(!person.list("02T06:01", &["suggestions"]).is_empty(), "it was a whole turn");
    *over.0.lock().unwrap() = true;
    over.1.notify_all();
    move_back(&person);

    let is_busy = Arc::new(AtomicBool::new(true));
    let busy = Model::with_headers({
        let is_busy = Arc::clone(&is_busy);
        move |asked| match is_busy.load(Ordering::Relaxed) {
            true => Some((429, "Retry-After: 3600\r\n".to_owned(), String::new())),
            false => reply(asked, 300).map(|(status, body)| (status, String::new(), body)),
        }
    });
    move_to(&person, &busy, "");
    person.ok("02T06:10", &["sync", "--observe"]);
    is_busy.store(false, Ordering::Relaxed);
    person.ok("02T07:09", &["sync", "--observe"]);
    assert_eq!(busy.asked().len(), 1);
    assert_eq!(embedder(&person, "02T07:09")["not_before"], "2026-03-02T07:10:00Z");
    person.ok("02T07:10", &["sync", "--observe"]);
    assert_eq!(embedder(&person, "02T07:11")["in_use"], true);

    // What is known goes on being compared by it; with something new, the one inside stands in.
    drop(busy);
    person.ok("02T08:00", &["sync", "--observe"]);
    assert_eq!(embedder(&person, "02T08:01")["in_use"], true);
    put(&person, "new", "Something never heard of");
    person.ok("02T08:05", &["sync", "--observe"]);
    let said = embedder(&person, "02T08:06");
    assert_eq!(said["in_use"], false, "{said}");
    assert!(said["trouble"].as_str().unwrap().contains("can't reach"), "{said}");
    assert_eq!(width(&person, "02T08:06"), BTreeSet::from([256]));
    let names = person.records("02T08:06", "task_type");
    assert!(names.iter().any(|t| t["name"] == "Something never heard of"), "{names:?}");
}

#[test]
fn a_dry_run_sends_nothing() {
    let model = Model::start(|asked| reply(asked, 300));
    let person = jane();
    move_to(&person, &model, "");
    person.ok("02T06:00", &["sync", "--dry-run"]);
    assert_eq!(model.asked().len(), 0);
}

#[test]
fn an_endpoint_needs_an_address_that_keeps_titles_private() {
    let problems = |text: &str| match Config::parse(text, &Origin::default()) {
        Err(ConfigError::Bad { problems, .. }) => {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let found = problems(
        "[embedder]\nkind = \"endpoint\"\nurl = \"http://llm.example.org/v1\"\nkey = \"sk\"\n",
    );
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().any(|p| p.contains("titles would be sent in the clear")), "{found:?}");
    assert!(found.iter().any(|p| p.contains("secrets don't belong into this file")), "{found:?}");
    assert!(found.iter().any(|p| p.contains("an endpoint needs a model")), "{found:?}");
    let local = "[embedder]\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n";
    assert_eq!(Config::parse(local, &Origin::default()).unwrap().embedder, None);
}
