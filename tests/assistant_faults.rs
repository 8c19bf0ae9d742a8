//! An assistant that is slow, busy, beside itself or away: no turn waits for it longer than once,
//! nothing of it counts, and it is left alone when it asks for that.

use crate::assistant::{TITLES, history, jane, observe, put, task_type};
use crate::support::chat_endpoint::{Model, completion, sensible};
use crate::support::neighbours::until;
use crate::support::person::Person;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// How a turn stands afterwards, and what `status` says of the assistant.
fn status(person: &Person, now: &str) -> Value {
    let status = person.ok(now, &["status", "--json"]).out;
    serde_json::from_str::<Value>(&status).unwrap()["assistant"].clone()
}

/// Never answers within a test's patience: the connection is held until the test is over. One
/// time-out is waited for, then the turn ends as if there were no assistant; what was not sent is
/// asked another time, and three such turns in a row give it a pause.
#[test]
fn a_slow_endpoint_is_waited_for_once_a_turn_and_left_alone_after_three() {
    let held = Arc::new((Mutex::new(false), Condvar::new()));
    let model = Model::start({
        let held = Arc::clone(&held);
        move |_| {
            let (over, bell) = &*held;
            drop(bell.wait_while(over.lock().unwrap(), |over| !*over).unwrap());
            None
        }
    });
    let plain = Person::with_folder();
    let person = jane(&model, "timeout_seconds = 1");
    for one in [&plain, &person] {
        history(one, &TITLES);
        observe(one, "02T06:00");
    }
    until("it was asked", || !model.asked().is_empty());
    assert_eq!(model.asked().len(), 1, "two were due; the turn waited for one");
    let said = status(&person, "02T06:01");
    assert!(said["trouble"].as_str().unwrap().contains("did not answer in time"), "{said}");
    assert_eq!((&said["weeks"][0]["calls"], &said["weeks"][0]["failed"]), (&1.into(), &1.into()));
    assert_eq!(person.records("02T06:01", "advice").len(), 1);
    observe(&person, "02T06:05");
    assert_eq!(model.asked().len(), 2, "the other one");
    put(&person, "n1", "Piano", "20260302T090000Z");
    put(&person, "n2", "Piano", "20260303T090000Z");
    (0..6).for_each(|n| put(&person, &format!("m{n}"), "Board deck", "20260303T100000Z"));
    observe(&person, "02T06:10");
    assert_eq!(model.asked().len(), 3);
    let said = status(&person, "02T06:11");
    assert_eq!(said["not_before"], "2026-03-02T07:10:00Z", "{said}");
    for id in ["Zahnarzt", "Yoga with Kim"] {
        let same = |one: &Person| task_type(one, "02T06:12", id);
        assert_eq!(same(&person), same(&plain), "nothing hangs on it");
    }
    let (over, bell) = &*held;
    *over.lock().unwrap() = true;
    bell.notify_all();
}

/// 429 with Retry-After: nothing more is sent before that moment, in this turn or a later one.
#[test]
fn an_endpoint_that_asks_for_a_pause_gets_it() {
    let busy = Arc::new(AtomicBool::new(true));
    let model = Model::with_headers({
        let busy = Arc::clone(&busy);
        move |asked| match busy.load(Ordering::Relaxed) {
            true => Some((429, "Retry-After: 7200\r\n".to_owned(), "{}".to_owned())),
            false => completion(&sensible(asked).to_string())
                .map(|(status, body)| (status, String::new(), body)),
        }
    });
    let person = jane(&model, "");
    history(&person, &TITLES);
    observe(&person, "02T06:00");
    assert_eq!(model.asked().len(), 1);
    let said = status(&person, "02T06:01");
    assert_eq!(said["not_before"], "2026-03-02T08:00:00Z", "{said}");
    busy.store(false, Ordering::Relaxed);
    observe(&person, "02T07:59");
    assert_eq!(model.asked().len(), 1, "it is still to be left alone");
    observe(&person, "02T08:00");
    assert_eq!(model.asked().len(), 2, "what was not sent is asked then");
    assert_eq!(status(&person, "02T08:01")["trouble"], Value::Null);
}

/// Whatever numbers it makes up: one that is out of range and nothing of the answer counts.
#[test]
fn out_of_range_nothing_counts() {
    for (key, value) in [
        ("cognitive_load", serde_json::json!(7)),
        ("recovery_hours", serde_json::json!(-1)),
        ("duration_minutes", serde_json::json!(100_000)),
        ("hourly_scores", serde_json::json!(vec![1.5; 24])),
        ("hourly_scores", serde_json::json!(vec![0.5; 23])),
    ] {
        let model = Model::start({
            let value = value.clone();
            move |asked| {
                let mut answer = sensible(asked);
                answer[key] = value.clone();
                completion(&answer.to_string())
            }
        });
        let (person, plain) = (jane(&model, ""), Person::with_folder());
        for one in [&person, &plain] {
            history(one, &TITLES);
            observe(one, "02T06:00");
            observe(one, "02T06:05");
        }
        assert_eq!(model.asked().len(), 2, "{key}");
        let types = |one: &Person| one.records("02T06:05", "task_type");
        assert_eq!(types(&person), types(&plain), "{key} = {value}");
    }
}

#[test]
fn an_endpoint_that_is_down_stops_nothing() {
    let model = Model::start(|_| None);
    let person = jane(&model, "");
    drop(model);
    history(&person, &TITLES);
    observe(&person, "02T06:00");
    let said = status(&person, "02T06:01");
    assert!(said["trouble"].as_str().unwrap().starts_with("can't reach 127.0.0.1"), "{said}");
    assert_eq!(person.records("02T06:01", "task_type").len(), 4);
}
