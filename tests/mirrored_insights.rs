//! Insights mirrored to a Mem0 server: sent once, taken back when they end or are forgotten, and
//! nothing waits for a server that fails.

use crate::insights_command::person;
use crate::support::chat_endpoint::Model;
use crate::support::mem0::{sentences, start};
use crate::support::person::{Person, private};
use crate::support::trace;
use chronotype::config::{Config, ConfigError, Origin};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const KEY: &str = "m0-canary-of-the-mirror-key";

/// From now on their insights are mirrored there.
fn mirror_to(person: &Person, model: &Model) {
    trace::secret(KEY);
    private(&person.path("key"), format!("{KEY}\n"));
    let (path, key) = (person.path("config.toml"), person.path("key").display().to_string());
    let config = std::fs::read_to_string(&path).unwrap();
    let url = model.url();
    let memory = format!(
        "{config}\n[memory]\nmirror_url = \"{url}\"\nmirror_user = \"jane there\"\n\
         mirror_key_file = \"{key}\"\n"
    );
    std::fs::write(path, memory).unwrap();
}

fn status(person: &Person, now: &str) -> Value {
    let status = person.ok(now, &["status", "--json"]).out;
    serde_json::from_str::<Value>(&status).unwrap()["mirror"].clone()
}

#[test]
fn insights_are_sent_once_and_taken_back_when_they_are_forgotten() {
    let (model, shelf) = start(|_| None);
    let jane = person();
    jane.ok("02T06:10", &["remember", "No reports on Fridays"]);
    assert_eq!((status(&jane, "02T06:11"), model.asked().len()), (Value::Null, 0), "off");
    mirror_to(&jane, &model);
    assert_eq!(status(&jane, "02T06:12")["waiting"], 2);
    jane.ok("02T06:15", &["sync", "--dry-run"]);
    assert_eq!(model.asked().len(), 0, "a dry run sends nothing");
    jane.ok("02T06:15", &["sync", "--observe"]);
    let there = sentences(&shelf);
    assert!(there[0].starts_with("Things go wrong more often on Fridays"), "{there:?}");
    assert_eq!(there[1..], ["No reports on Fridays"]);
    for asked in model.asked() {
        assert!(asked.head.to_lowercase().contains(&format!("x-api-key: {KEY}")), "{}", asked.head);
        assert_eq!(asked.body["user_id"], "jane there");
        assert_eq!(asked.body["infer"], false);
    }
    jane.ok("02T06:20", &["sync", "--observe"]);
    assert_eq!(model.asked().len(), 2, "once each");
    let words = jane.ok("02T06:21", &["status"]).out;
    assert!(words.contains("mirror: 2 insights at the Mem0 server; 0 to send"), "{words}");

    let gave = jane.ok("02T06:22", &["forget", "i0"]);
    assert_eq!((gave.err.as_str(), sentences(&shelf).len()), ("", 1), "at once");
    jane.ok("02T06:25", &["sync", "--observe"]);
    assert_eq!(sentences(&shelf), ["No reports on Fridays"]);
}

#[test]
fn a_server_that_fails_holds_nothing_up_and_gets_it_later() {
    let fails = Arc::new(AtomicBool::new(true));
    let (model, shelf) = start({
        let fails = Arc::clone(&fails);
        move |_| fails.load(Ordering::Relaxed).then(|| (500, String::new(), "x".to_owned()))
    });
    let jane = person();
    mirror_to(&jane, &model);
    jane.ok("02T06:10", &["sync"]);
    let said = status(&jane, "02T06:11");
    assert_eq!((model.asked().len(), &said["sent"], &said["waiting"]), (1, &0.into(), &1.into()));
    assert!(said["trouble"].as_str().unwrap().contains("answered 500"), "{said}");
    jane.ok("02T06:14", &["sync"]);
    assert_eq!(model.asked().len(), 1, "it has a pause");
    fails.store(false, Ordering::Relaxed);
    jane.ok("02T06:15", &["sync"]);
    assert_eq!(sentences(&shelf).len(), 1);
    assert_eq!(status(&jane, "02T06:16")["trouble"], Value::Null);

    fails.store(true, Ordering::Relaxed);
    let gave = jane.ok("02T06:17", &["forget", "i0"]);
    assert!(gave.err.contains("could not be taken back there: 127.0.0.1 answered 500"), "{gave:?}");
    assert_eq!(status(&jane, "02T06:18")["waiting"], 1);
    fails.store(false, Ordering::Relaxed);
    jane.ok("02T06:20", &["sync"]);
    assert!(sentences(&shelf).is_empty());
    drop(model);
    jane.ok("02T06:25", &["remember", "Nobody hears this"]);
    jane.ok("02T06:30", &["sync"]);
    let said = status(&jane, "02T06:31");
    assert!(said["trouble"].as_str().unwrap().starts_with("can't reach"), "{said}");
}

#[test]
fn what_the_server_never_named_is_said_to_stay_there() {
    let (model, _) = start(|asked| {
        let queued = (200, String::new(), "{\"message\": \"queued\"}".to_owned());
        asked.head.starts_with("POST").then_some(queued)
    });
    let jane = person();
    mirror_to(&jane, &model);
    jane.ok("02T06:10", &["sync"]);
    let gave = jane.ok("02T06:17", &["forget", "i0"]);
    assert!(gave.err.contains("never said under which name"), "{gave:?}");
    assert_eq!(status(&jane, "02T06:18")["stuck"], 1);
    assert!(jane.ok("02T06:18", &["status"]).out.contains("can't be taken back"));
}

#[test]
fn a_mirror_needs_an_address_that_keeps_insights_private() {
    let text = "[memory]\nmirror_url = \"http://mem0.example.org\"\nmirror_key = \"k\"\n";
    let Err(ConfigError::Bad { problems, .. }) = Config::parse(text, &Origin::default()) else {
        panic!("not bad")
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
    let config = Config::parse("", &Origin::default()).unwrap();
    assert_eq!(config.mirror, None, "off by default");
}
