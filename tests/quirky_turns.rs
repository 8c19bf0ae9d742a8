//! Whole turns on servers with the quirks of real ones: a block is made, moves out of the way, and
//! is taken back; nothing of the person's is touched, and a quiet turn writes nothing.

use crate::calendar_contract::event;
use crate::stories::todo;
use crate::support::person::Person;
use crate::support::quirky::profile::{Guards, Sync};
use crate::support::quirky::{ETags, Profile, Quirky};
use std::collections::{BTreeMap, BTreeSet};

const OURS: &str = "chronotype";

fn person_of(server: &Quirky) -> Person {
    Person::with_account(&format!(
        "kind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\npassword_file = \
         \"{{home}}/password\"\ncalendars = [\"work\"]\nsuggest_into = \"{OURS}\"",
        server.url()
    ))
}

/// A server whose calendar holds a task due on Friday the 6th, and an event of the person's.
fn with_task(profile: Profile) -> (Quirky, Person) {
    let server = Quirky::start(profile);
    server.put("t1.ics", &todo("t1", "DUE:20260306T160000Z"));
    server.put("theirs@home.ics", &event("theirs", "Not ours"));
    let person = person_of(&server);
    (server, person)
}

/// The one block there is.
#[track_caller]
fn block(server: &Quirky) -> (String, String) {
    let mut all = server.objects(OURS);
    assert_eq!(all.len(), 1, "{all:?}");
    all.pop_first().unwrap()
}

fn property<'a>(body: &'a str, name: &str) -> &'a str {
    body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap()
}

fn writes(server: &Quirky, from: usize) -> Vec<String> {
    let is_write = |line: &String| line.starts_with("PUT") || line.starts_with("DELETE");
    server.log().split_off(from).into_iter().filter(is_write).collect()
}

fn one_life(profile: Profile) {
    let (server, person) = with_task(profile);
    person.ok("02T05:00", &["sync"]);
    let (name, first) = block(&server);
    let theirs = server.objects("work");
    let before = server.log().len();
    for now in ["02T05:10", "02T05:20"] {
        server.tick();
        person.ok(now, &["sync"]);
    }
    // Another version of the same text.
    server.tick();
    server.save_again(OURS, &name);
    person.ok("02T05:30", &["sync"]);
    assert_eq!(writes(&server, before), [""; 0], "quiet");
    assert_eq!(block(&server), (name.clone(), first.clone()));

    // A meeting where the block stands: the block makes way.
    let [start, end] = ["DTSTART", "DTEND"].map(|name| property(&first, name).to_owned());
    let meeting = event("meeting", "Meeting");
    let meeting = meeting.replace("20260302T090000Z", &start).replace("20260302T100000Z", &end);
    server.tick();
    server.put("meeting.ics", &meeting);
    person.ok("02T05:40", &["sync"]);
    let (same, moved) = block(&server);
    assert_eq!(same, name);
    assert_ne!(property(&moved, "DTSTART"), start, "{moved}");
    server.tick();
    person.ok("02T05:50", &["sync"]);
    assert_eq!(block(&server).1, moved);

    // Done: the block goes.
    server.tick();
    let done = todo("t1", "DUE:20260306T160000Z\r\nSTATUS:COMPLETED");
    server.put("t1.ics", &done);
    person.ok("02T06:00", &["sync"]);
    assert_eq!(server.objects(OURS), BTreeMap::new());
    let now = server.objects("work");
    for (name, body) in theirs.iter().filter(|(name, _)| *name != "t1.ics") {
        assert_eq!(now.get(name), Some(body), "{name}");
    }
}

#[test]
fn a_block_lives_on_each_server() {
    let steady = |profile: Profile| Profile { drops: None, ..profile };
    for profile in [
        Profile::radicale(),
        Profile::xandikos(),
        Profile::cyrus(),
        Profile::davical(),
        Profile::icloud(),
        steady(Profile::sogo()),
        Profile { home: "/dav/alice/", ..steady(Profile::sogo()) },
        steady(Profile::hostile()),
    ] {
        one_life(profile);
    }
}

#[test]
fn a_block_lives_with_each_weakness() {
    let base = Profile::xandikos;
    for etags in [ETags::Weak, ETags::WeakOnGet, ETags::Absent, ETags::Counter] {
        one_life(Profile { etags, ..base() });
        one_life(Profile { etags, etag_on_put: false, guards: Guards::NONE, ..base() });
        let sync = Sync { refused: Some(403), ..base().sync };
        one_life(Profile { etags, sync, ..base() });
    }
}

#[test]
fn a_calendar_that_can_only_be_read_is_named() {
    let (server, person) = with_task(Profile::xandikos());
    server.allow("work", "<privilege><read/></privilege>");
    let config = std::fs::read_to_string(person.path("config.toml")).unwrap();
    let config = config.replace("suggest_into = \"chronotype\"", "suggest_into = \"work\"");
    std::fs::write(person.path("config.toml"), config).unwrap();
    let gave = person.run("02T05:00", &["sync"]);
    let said = "the calendar 'work' can only be read: name another one in suggest_into";
    assert!(gave.err.contains(said), "{gave:?}");
    let log = server.log();
    assert!(!log.iter().any(|l| l.starts_with("PUT") || l.starts_with("MK")), "{log:?}");
}

#[test]
fn refused_writes_are_named_and_the_turn_goes_on() {
    let (server, person) = with_task(Profile::xandikos());
    server.put("t2.ics", &todo("t2", "DUE:20260306T160000Z"));
    server.refuse_writes(Some((507, "d:quota-not-exceeded")));
    let gave = person.run("02T05:00", &["sync"]);
    let named = gave.err.lines().filter(|line| line.contains("has no space left for creating"));
    let blocks: BTreeSet<&str> = named.filter_map(|line| line.split(": ").nth(2)).collect();
    assert_eq!(blocks.len(), 2, "both, each by its name: {gave:?}");
    assert!(gave.out.ends_with(" no block written\n"), "{gave:?}");
    server.refuse_writes(None);
    let gave = person.ok("02T05:10", &["sync"]);
    assert!(gave.out.ends_with(" blocks: 2 new\n"), "{gave:?}");
    assert_eq!(server.objects(OURS).len(), 2, "tried again");
}

/// What was found out is remembered: the second run neither tries the server out nor looks anew.
#[test]
fn a_server_is_tried_out_once_for_an_account() {
    let (server, person) = with_task(Profile { guards: Guards::NONE, ..Profile::xandikos() });
    let before = server.log().len();
    person.ok("02T05:00", &["sync"]);
    assert_eq!(writes(&server, before).len(), 3, "the block, and two trials on it");
    server.put("t2.ics", &todo("t2", "DUE:20260306T160000Z"));
    let before = server.log().len();
    person.ok("02T05:10", &["sync"]);
    let log = server.log().split_off(before);
    let methods: Vec<&str> = log.iter().filter_map(|line| line.split(' ').next()).collect();
    let expected = ["REPORT", "REPORT", "REPORT", "GET", "PUT", "GET"];
    assert_eq!(methods, expected, "looked, made, read back: {log:?}");
}

/// An edit that can't be read is an edit: its version is not taken for that of our text.
#[test]
fn a_block_that_was_edited_into_nonsense_is_left_alone() {
    let (server, person) = with_task(Profile::xandikos());
    person.ok("02T05:00", &["sync"]);
    let (name, first) = block(&server);
    let [start, end] = ["DTSTART", "DTEND"].map(|name| property(&first, name).to_owned());
    let nonsense = first.replace(&format!("DTSTART:{start}"), "DTSTART:next Monday");
    server.put_into(OURS, &name, &nonsense);
    let meeting = event("meeting", "Meeting");
    let meeting = meeting.replace("20260302T090000Z", &start).replace("20260302T100000Z", &end);
    server.put("meeting.ics", &meeting);
    for now in ["02T05:10", "02T05:20"] {
        person.ok(now, &["sync"]);
        assert_eq!(server.objects(OURS)[&name], nonsense);
    }
}
