//! What must hold at any moment (section 2 of the design), as far as it can be seen from outside.

use super::person::start;
use super::witness::Hand;
use super::world::World;
use crate::state_machine::words::field;
use crate::support::trace;
use chrono::{DateTime, TimeDelta, Utc};
use chronotype::event::PrincipalId;
use chronotype::store::Store;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// As the configs say: the default.
const FREEZE: TimeDelta = TimeDelta::minutes(60);
/// Bytes of the three tiers an event (section 12: a person-year of four hundred events in about
/// 100 KB): itself, what it taught, its share of the types. These people's years are twice as busy.
const AN_EVENT: usize = 300;
/// Bytes of the sled files, as a multiple of all that is kept.
const FILES: u64 = 3;
/// Kinds of records of the three tiers.
const TIERS: [&str; 16] = [
    "event",
    "learned",
    "salt",
    "guests",
    "task_type",
    "exemplar",
    "types",
    "series",
    "title",
    "shape",
    "correction",
    "former_type",
    "insight",
    "link",
    "looks",
    "forgotten",
];

/// What the people wrote lies there as they wrote it, and nothing that they did not write.
pub async fn untouched(world: &World) {
    let hands = world.witness.hands.lock().await;
    let lies: BTreeMap<String, Vec<u8>> =
        (0..world.people.len()).flat_map(|n| world.everything(n)).collect();
    for (path, hand) in hands.iter() {
        let fault = match (hand, lies.get(path)) {
            (Hand::Person(bytes), Some(found)) if bytes != found => "was changed",
            (Hand::Person(_), None) => "was deleted",
            (Hand::Gone(_), Some(_)) => "came back",
            _ => continue,
        };
        world.witness.breach_of(path, &format!("what the person did {fault}"));
    }
    for path in lies.keys().filter(|path| !hands.contains_key(*path)) {
        world.witness.breach(format!("{path} was written by nobody known"));
    }
}

/// From everything kept of somebody: it can be read, no turn moved what was frozen, nothing stands
/// twice.
pub fn kept_well(world: &World, n: usize) {
    let (now, name) = (world.clock.now(), &world.people[n].name);
    let breach = |what: String| world.witness.breach(format!("{name}: {what}"));
    let mut sessions = BTreeSet::new();
    for line in world.ok(n, &["export"]).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        match record["kind"].as_str() {
            Some("unreadable") => breach(line.to_owned()),
            Some("written") => frozen(world, &record, &breach),
            Some("suggestion") if stands(&record, now) => {
                let session = (record["request"].to_string(), record["session"].to_string());
                if !sessions.insert(session) {
                    breach(format!("two blocks for one session: {line}"));
                }
            }
            _ => {}
        }
    }
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.with_timezone(&Utc))
}

fn stands(block: &Value, now: DateTime<Utc>) -> bool {
    let gone = ["refused", "withdrawn", "past"];
    let ahead = moment(&block["end"]).is_some_and(|end| end > now);
    ahead && !gone.iter().any(|state| block["state"] == *state)
}

/// A block that starts soon, or has started, stays where it is.
fn frozen(world: &World, turn: &Value, breach: &dyn Fn(String)) {
    let at = moment(&turn["at"]).unwrap();
    for write in turn["writes"].as_array().unwrap() {
        let (from, to) = (&write["from"], &write["to"]);
        let (Some(start), Some(end)) = (moment(&from["start"]), moment(&from["end"])) else {
            continue;
        };
        let (is_frozen, to) = (start < at + FREEZE && end > at, moment(&to["start"]));
        // One whose answer was lost is noted by the turn that saw it there.
        let put = world.witness.put(write["uid"].as_str().unwrap(), to);
        let is_late = put.is_none_or(|put| put >= at);
        if is_frozen && write["by"] == "plan" && to != Some(start) && is_late {
            breach(format!("at {at} a frozen block moved: {write}"));
        }
    }
}

/// Once calm has returned, and nobody does anything: what the store says stands in the calendar
/// stands there, and nothing else of ours.
pub fn agreed(world: &World) {
    let (now, store) = (world.clock.now(), Store::open(&world.path("store")).unwrap());
    for (n, someone) in world.people.iter().enumerate() {
        let person = store.load(&PrincipalId::new(&someone.name).unwrap()).unwrap();
        let breach = |what: String| world.witness.breach(format!("{}: {what}", someone.name));
        let lies: Vec<(String, String)> = world.blocks(n);
        let uids: Vec<String> = lies.iter().filter_map(|(_, text)| field(text, "UID")).collect();
        let unique: BTreeSet<&String> = uids.iter().collect();
        if unique.len() < lies.len() {
            breach("one block lies there twice".to_owned());
        }
        for block in person.suggestions.values().filter(|b| b.stands() && b.end > now) {
            // Its turn was ended before that was written.
            if block.intent.is_some() {
                continue;
            }
            let there =
                lies.iter().find(|(_, t)| field(t, "UID").as_deref() == Some(block.uid.as_str()));
            match there.map(|(_, text)| start(text)) {
                None => breach(format!("{} is not there", block.uid)),
                Some(at) if at != Some(block.start) => {
                    breach(format!("{} stands at {at:?}, not {}", block.uid, block.start));
                }
                Some(_) => {}
            }
        }
        for (path, text) in lies.iter().filter(|(_, t)| start(t).is_some_and(|at| at > now)) {
            let uid = field(text, "UID").unwrap_or_default();
            let mut all = person.suggestions.values().filter(|b| b.uid.as_str() == uid);
            let known = all.any(|b| b.stands() || b.intent.is_some());
            if !known {
                breach(format!("{path} lies there and nothing is known of it"));
            }
        }
    }
}

/// Bytes of the three tiers an event, and how the files compare with all that is kept.
pub fn small(world: &World, days: i64) {
    let path = world.path("store");
    let store = Store::open(&path).unwrap();
    let (mut tiers, mut events, mut all) = (0, 0, 0);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for someone in &world.people {
        for share in store.shares(&PrincipalId::new(&someone.name).unwrap()).unwrap() {
            *kinds.entry(share.kind).or_default() += share.bytes;
            all += share.bytes as u64;
            tiers += if TIERS.contains(&share.kind) { share.bytes } else { 0 };
            events += if share.kind == "event" { share.records } else { 0 };
        }
    }
    drop(store);
    let files = crate::store::year::folder_size(&path);
    // The first look found six weeks that were on the calendars already.
    let year = 365.0 / (days + 42) as f64 / world.people.len() as f64;
    let [events_a_year, tiers_a_year] = [events, tiers].map(|n| (n as f64 * year) as usize);
    world.witness.say(&format!(
        "store: {all} B payload, {files} B of files; a person-year has {events_a_year} events, \
         {tiers_a_year} B in tiers 1-3; {kinds:?}"
    ));
    if tiers > AN_EVENT * events {
        world.witness.breach(format!("{tiers} B for {events} events"));
    }
    if files > FILES * all {
        world.witness.breach(format!("{files} B of files for {all} B"));
    }
}

/// No defect, no title.
pub fn quiet_log(world: &World) {
    let log = world.log();
    trace::check(&log);
    for line in log.lines().filter(|line| line.contains("defect") || line.contains("panicked")) {
        world.witness.breach(format!("log: {line}"));
    }
    // What it said, counted by its words.
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines().filter(|l| l.contains(" WARN ") || l.contains(" ERROR ")) {
        let words: String =
            line.chars().filter(|c| !c.is_ascii_digit()).skip(20).take(110).collect();
        *said.entry(words).or_default() += 1;
    }
    world.witness.say(&format!("log: {} B; {said:#?}", log.len()));
}
