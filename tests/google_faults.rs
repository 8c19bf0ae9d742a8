//! What goes wrong between us and Google in the middle of a turn of the built binary: after calm
//! returns, the blocks and all that was learned are those of a run that nothing disturbed.

use crate::support::google::Fault;
use crate::support::google_person::{GooglePerson, WORK, busy_morning, march, mark};
use crate::support::person::Gave;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where blocks go: the first calendar that the fake makes.
const OURS: &str = "c2@group.calendar.google.com";
/// A burst that is over before patience is.
const BURST: usize = 2;

/// What must be the same in the end: blocks as they stand, and what was learned and decided, each
/// by its name.
type Outcome = BTreeMap<String, Value>;

/// The disturbed turn, the turns after it, and a week later.
const DISTURBED: &str = "02T05:20";
const CALM: [&str; 3] = ["02T05:30", "02T06:40", "11T05:00"];

fn outcome(jane: &GooglePerson) -> Outcome {
    let part = |of: &Value, names: &[&str]| -> Value {
        names.iter().map(|name| ((*name).to_owned(), of[*name].clone())).collect()
    };
    let mut all = Outcome::new();
    for (id, block) in jane.blocks(Some(OURS)) {
        let shown = ["summary", "description", "start", "end", "status", "transparency"];
        let mut block = part(&block, &shown);
        // Its reasons say what was known when it was written; what can be done with it stays.
        let says = block["description"].as_str().unwrap_or_default();
        block["description"] = says.rsplit("\n\n").next().into();
        all.insert(format!("block {id}"), block);
    }
    let mut records = jane.person.list("11T05:00", &["export"]);
    let types: BTreeMap<u64, Value> = records
        .iter()
        .filter(|record| record["kind"] == "task_type")
        .map(|record| (record["id"].as_u64().unwrap(), record["name"].clone()))
        .collect();
    for record in &mut records {
        // Types are told by their names: numbers follow the order in which they were met.
        if let Some(name) = record["task_type"].as_u64().and_then(|id| types.get(&id)) {
            record["task_type"] = name.clone();
        }
        // When a gesture was seen is not when it was made.
        for settled in record["settled"].as_array_mut().into_iter().flatten() {
            settled.as_object_mut().unwrap().remove("at");
        }
        let kind = record["kind"].as_str().unwrap();
        let (name, what) = match kind {
            "suggestion" => {
                let what = ["state", "start", "end", "title", "intent", "task_type"];
                (&record["uid"], part(record, &what))
            }
            "event" => {
                let what = ["title", "span", "standing", "settled", "task_type", "completed"];
                (&record["id"], part(record, &what))
            }
            "task_type" => {
                let what = ["category", "events", "hours", "depletion_curve", "typical_duration"];
                (&record["name"], part(record, &what))
            }
            "types" => (&Value::Null, record["energy"].clone()),
            "insight" => (&record["id"], record.clone()),
            _ => continue,
        };
        assert_eq!(all.insert(format!("{kind} {name}"), what), None, "one {kind} {name}");
    }
    all
}

/// A busy morning, and the run that nothing disturbs.
struct Walk {
    morning: GooglePerson,
    undisturbed: Outcome,
}

impl Walk {
    fn new() -> Self {
        let morning = busy_morning();
        let jane = morning.twin();
        jane.sync(DISTURBED);
        let asked = jane.api.log();
        for method in ["POST", "PATCH", "DELETE"] {
            assert!(asked.iter().any(|line| line.starts_with(method)), "{method}: {asked:#?}");
        }
        CALM.iter().for_each(|now| drop(jane.sync(now)));
        Self { undisturbed: outcome(&jane), morning }
    }

    /// Disturbs the turn; what it said, with its exit code.
    #[track_caller]
    fn disturb(&self, name: &str, how: &dyn Fn(&GooglePerson)) -> (GooglePerson, Gave) {
        let jane = self.morning.twin();
        how(&jane);
        let gave = jane.person.run(DISTURBED, &["-vv", "sync"]);
        assert_eq!(jane.api.faults_left(), 0, "{name} came up: {gave:?}");
        (jane, gave)
    }

    /// Calm returns, and all is as if nothing had been, but for the hours of our own blocks.
    #[track_caller]
    fn recovered(&self, name: &str, jane: &GooglePerson, turns: &[&str]) {
        let theirs = jane.theirs();
        turns.iter().for_each(|now| drop(jane.sync(now)));
        let unplaced = |outcome: &Outcome| -> Outcome {
            let ours = |what: &str| what.starts_with("block") || what.contains("chronotype");
            let mut outcome = outcome.clone();
            for (_, of) in outcome.iter_mut().filter(|(what, _)| ours(what)) {
                for hour in ["start", "end", "span", "settled"] {
                    of.as_object_mut().unwrap().remove(hour);
                }
            }
            outcome.retain(|what, _| !what.starts_with("task_type"));
            outcome
        };
        assert_eq!(unplaced(&outcome(jane)), unplaced(&self.undisturbed), "{name}");
        assert_eq!(jane.theirs(), theirs, "{name}");
        assert_eq!((jane.api.mails(), jane.auth.complaints()), (0, Vec::new()), "{name}");
    }

    /// Calm returns, and all is as if nothing had been.
    #[track_caller]
    fn mended(&self, name: &str, jane: &GooglePerson, turns: &[&str]) {
        let theirs = jane.theirs();
        turns.iter().for_each(|now| drop(jane.sync(now)));
        let found = outcome(jane);
        for (what, expected) in &self.undisturbed {
            assert_eq!(found.get(what), Some(expected), "{name}: {what}");
        }
        let more: Vec<_> =
            found.keys().filter(|what| !self.undisturbed.contains_key(*what)).collect();
        assert!(more.is_empty(), "{name}: {more:?}");
        assert_eq!(jane.theirs(), theirs, "{name}");
        assert_eq!((jane.api.mails(), jane.auth.complaints()), (0, Vec::new()), "{name}");
        let status = jane.ok("11T05:00", &["status"]).out;
        assert!(!status.contains("since") && !status.contains("attention"), "{name}: {status}");
    }

    /// A trouble that is got over within the turn.
    #[track_caller]
    fn unnoticed(&self, name: &str, how: &dyn Fn(&GooglePerson)) {
        let (jane, gave) = self.disturb(name, how);
        let calm = gave.err.contains("warnings=0") && !gave.err.contains("could not");
        assert!(gave.code == Some(0) && calm, "{name}: {gave:?}");
        self.mended(name, &jane, &CALM);
    }
}

#[test]
fn a_token_that_ends_in_the_middle() {
    let walk = Walk::new();
    for words in ["GET events", "POST events", "PATCH", "DELETE"] {
        walk.unnoticed(&format!("expired before {words}"), &|jane| {
            let google = jane.auth.handle();
            jane.api.before(words, move || google.expire());
        });
    }
    for words in ["GET work", "DELETE", "POST events"] {
        let name = format!("revoked before {words}");
        let (jane, gave) = walk.disturb(&name, &|jane| {
            let google = jane.auth.handle();
            jane.api.before(words, move || google.revoke());
        });
        assert_eq!(gave.code, Some(0), "{name}: {gave:?}");
        assert!(gave.err.contains("signed out of Google since"), "{name}: {gave:?}");
        let asked = jane.api.log().len();
        let gave = jane.person.run("02T05:25", &["sync"]);
        assert!(gave.code == Some(1) && gave.err.contains("signed out"), "{gave:?}");
        assert_eq!(jane.api.log().len(), asked, "{name}: nobody is asked in vain");
        let status = jane.ok("02T05:25", &["status"]).out;
        assert!(status.contains("run `chronotype auth google google`"), "{name}: {status}");
        jane.sign_in();
        walk.mended(&name, &jane, &CALM);
    }
}

#[test]
fn clocks_that_are_off() {
    let walk = Walk::new();
    for hours in [-9, 9] {
        // Google's clock, which dates the answers and what it asks for.
        walk.unnoticed(&format!("their clock, {hours} h"), &|jane| {
            let their = DateTime::UNIX_EPOCH + TimeDelta::days(20_514) + TimeDelta::hours(hours);
            let shown = |at: DateTime<Utc>| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            jane.api.set_clock(&shown(their));
            let soon = shown(their + TimeDelta::seconds(1));
            jane.api.fail("GET events", Fault::Refuse(429, "rateLimitExceeded", soon.leak()));
        });
        // Ours: the token was kept when it was off, and its end is written wrongly.
        walk.unnoticed(&format!("our clock, {hours} h"), &|jane| {
            shift_sign_in(jane, TimeDelta::hours(hours));
            jane.auth.expire();
        });
    }
}

/// The sign-in as it would have been kept by a clock that was off.
fn shift_sign_in(jane: &GooglePerson, by: TimeDelta) {
    let folder = std::fs::read_dir(jane.person.path("store.sign-in")).unwrap();
    let mut files = folder.map(|entry| entry.unwrap().path());
    let path = files.find(|path| path.extension().is_some_and(|e| e == "json")).unwrap();
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for name in ["expires_at", "signed_in_at", "refreshed_at"] {
        let at: DateTime<Utc> = kept[name].as_str().unwrap().parse().unwrap();
        kept[name] = (at + by).to_rfc3339().into();
    }
    std::fs::write(&path, kept.to_string()).unwrap();
}

#[test]
fn a_sync_token_that_is_forgotten_between_two_pages() {
    let walk = Walk::new();
    for calendar in [OURS, WORK] {
        walk.unnoticed(&format!("410 of {calendar}"), &|jane| {
            // Two changes on two pages, of which the second is never told.
            let ids = jane.api.ids(WORK);
            jane.api.edit(WORK, &ids[0], json!({"location": "canary of a place"}));
            jane.api.set_pages(&[1]);
            let google = jane.api.handle();
            let words = format!("{calendar} pageToken syncToken");
            jane.api.before(&words, move || {
                google.forget_tokens(calendar);
                google.set_pages(&[7, 0, 3]);
            });
        });
    }
}

#[test]
fn answers_that_are_lost_or_no_answers() {
    let walk = Walk::new();
    for (fault, requests) in [
        (Fault::LoseAnswer, &["GET events", "POST events", "PATCH", "DELETE"][..]),
        (Fault::Drop, &["POST events", "DELETE"]),
        (Fault::CutOff, &["GET work", "POST events", "PATCH"]),
        (Fault::Garbled, &["GET events", "POST events", "PATCH"]),
        (Fault::Empty, &["GET jane", "POST events", "PATCH"]),
    ] {
        for words in requests {
            let name = format!("{fault:?} of {words}");
            let (jane, gave) = walk.disturb(&name, &|jane| jane.api.fail(words, fault.clone()));
            assert_eq!(gave.code, Some(0), "{name}: {gave:?}");
            // What was planned without a calendar's news stands where it stood: it moves for a
            // conflict or a clear gain alone.
            match fault {
                Fault::Garbled if words.starts_with("GET") => walk.recovered(&name, &jane, &CALM),
                _ => walk.mended(&name, &jane, &CALM),
            }
        }
    }
    walk.unnoticed("a slow server", &|jane| {
        ["GET events", "POST events"].iter().for_each(|words| jane.api.fail(words, Fault::Slow));
    });
}

#[test]
fn bursts_are_sat_out() {
    let walk = Walk::new();
    for (words, fault) in [
        ("GET events", Fault::Refuse(403, "rateLimitExceeded", "")),
        ("GET events", Fault::Refuse(429, "rateLimitExceeded", "1")),
        ("POST events", Fault::Refuse(403, "userRateLimitExceeded", "")),
        ("POST events", Fault::Refuse(503, "backendError", "")),
        ("PATCH", Fault::Refuse(429, "rateLimitExceeded", "")),
        ("DELETE", Fault::Refuse(429, "inOtherWords", "0")),
    ] {
        walk.unnoticed(&format!("a burst of {fault:?} to {words}"), &|jane| {
            [(); BURST].iter().for_each(|()| jane.api.fail(words, fault.clone()));
        });
    }
}

#[test]
fn who_asks_to_be_left_alone_is_left_alone() {
    let walk = Walk::new();
    let longer = Fault::Refuse(429, "userRateLimitExceeded", "300");
    let quota = Fault::Refuse(403, "quotaExceeded", "");
    for (words, fault) in [
        ("GET events", &longer),
        ("POST events", &longer),
        ("GET work", &quota),
        ("PATCH", &quota),
        ("DELETE", &quota),
    ] {
        let name = format!("{fault:?} to {words}");
        let (jane, gave) = walk.disturb(&name, &|jane| jane.api.fail(words, fault.clone()));
        assert!(gave.err.contains("Google asks to be left alone for"), "{name}: {gave:?}");
        let asked = jane.api.log().len();
        let gave = jane.person.run("02T05:24", &["sync"]);
        assert!(gave.code == Some(1) && gave.err.contains("to be left alone"), "{name}: {gave:?}");
        assert_eq!(jane.api.log().len(), asked, "{name}: it is left alone");
        let status = jane.ok("02T05:24", &["status"]).out;
        assert!(status.contains("it is not asked before Mon 2 Mar"), "{name}: {status}");
        walk.mended(&name, &jane, &CALM[1..]);
    }
}

#[test]
fn a_version_that_changed_before_the_write() {
    let walk = Walk::new();
    for method in ["PATCH", "DELETE"] {
        // Saved again, as it was.
        walk.unnoticed(&format!("saved before {method}"), &|jane| {
            let google = jane.api.handle();
            jane.api.before(method, move || {
                google.ids(OURS).iter().for_each(|id| google.edit(OURS, id, json!({})));
            });
        });
    }
    // Dragged to Monday evening just before we move it or take it back: the person's word counts.
    for method in ["PATCH", "DELETE"] {
        let jane = walk.morning.twin();
        let google = jane.api.handle();
        let ids: BTreeSet<String> = google.ids(OURS).into_iter().collect();
        jane.api.before(method, move || {
            for id in &ids {
                let evening = json!({"start": march(2, 19), "end": march(2, 20)});
                google.edit(OURS, id, evening);
            }
        });
        jane.sync(DISTURBED);
        let line = jane.api.log().into_iter().find(|line| line.starts_with(method)).unwrap();
        let id = line.split(['/', '?']).find(|word| jane.api.get(OURS, word).is_some()).unwrap();
        let dragged = jane.api.get(OURS, id);
        CALM[..2].iter().for_each(|now| drop(jane.sync(now)));
        assert_eq!(jane.api.get(OURS, id), dragged, "{method}");
        let block = dragged.unwrap();
        assert_eq!(jane.person.state("02T06:40", mark(&block).unwrap()), "accepted", "{method}");
    }
}
