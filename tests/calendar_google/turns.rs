//! Whole turns on a Google account beside a folder of tasks: blocks, gestures, every fault.

use super::{Tokens, WORK, account_with, march, pace, put_series};
use crate::stories::todo;
use crate::support::google::{Fake, Fault, PERSON, TOKEN};
use chrono::{DateTime, TimeDelta, Utc};
use chronotype::calendar::vdir::Vdir;
use chronotype::cycle::{self, Brain, Chores, Mode, Report, Settings, Step, Turn};
use chronotype::event::{PrincipalId, Whereabouts};
use chronotype::schedule::{
    defence::Defence, plan::Planning, request::Door, suggestion::State, working::WorkingHours,
};
use chronotype::store::{Person, Store};
use chronotype::sync::diff::Deletions;
use chronotype::sync::poll::{Client, Discovery};
use serde_json::{Value, json};
use std::sync::LazyLock;
use tempfile::TempDir;

static BRAIN: LazyLock<Brain> = LazyLock::new(|| Brain::local().unwrap());

/// A person with tasks in a folder and the rest at Google.
pub struct Story {
    pub fake: Fake,
    pub folder: TempDir,
    pub clients: Vec<Client>,
    settings: Settings,
}

impl Story {
    /// One task of an hour, due on Wednesday; the calendars leave Tuesday from 10 to 12.
    pub fn new() -> Self {
        let fake = Fake::start();
        fake.accept("second");
        for (calendar, id, from, to) in [
            (PERSON, "monday", march(2, 9), march(2, 18)),
            (WORK, "early", march(3, 9), march(3, 10)),
            (PERSON, "late0", march(3, 12), march(3, 18)),
        ] {
            let event = json!({"id": id, "summary": "Taken", "start": from, "end": to});
            fake.put(calendar, event);
        }
        put_series(&fake, "series");
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cal/tasks")).unwrap();
        let text = todo("t1", "DUE:20260304T070000Z");
        std::fs::write(folder.path().join("cal/tasks/t1.ics"), text).unwrap();
        let google = account_with(&fake, Tokens::of(&[TOKEN, "second"]), pace());
        let client = |calendar, suggest_into, discovery| Client {
            calendar,
            wanted: None,
            suggest_into,
            discovery,
        };
        let tasks = Vdir::new("tasks", folder.path().join("cal"));
        let clients = vec![
            client(Box::new(google), Some("chronotype".to_owned()), Discovery::Daily),
            client(Box::new(tasks), None, Discovery::EachTurn),
        ];
        let working = WorkingHours::parse(&["Mon-Fri 09:00-18:00"]).ok();
        let settings = Settings {
            zone: chrono_tz::Europe::Berlin,
            whereabouts: Whereabouts::new(chrono_tz::Europe::Berlin, Vec::new()),
            addresses: Vec::new(),
            history: TimeDelta::days(183),
            ahead: TimeDelta::days(28),
            mode: Mode::Suggest,
            doors: vec![Door::Todo],
            // The one place there is would be defended at once: another story.
            planning: Planning { working, defence: Defence::Never, ..Planning::default() },
            suggest_into: Some(("home".to_owned(), "chronotype".to_owned())),
            deletions: Deletions::Guarded,
            chores: Chores::Now,
            assistant: None,
        };
        Self { fake, folder, clients, settings }
    }

    pub fn store(&self) -> Store {
        Store::open(&self.folder.path().join("store")).unwrap()
    }

    /// One turn at a moment of March 2026, in UTC; dies at a step boundary if told to.
    pub fn turn(&self, now: &str, die_at: Option<usize>) -> Option<(Report, Person)> {
        let now = format!("2026-03-{now}:00Z").parse::<DateTime<Utc>>().unwrap();
        let principal = PrincipalId::new("jane").unwrap();
        let store = self.store();
        let before = store.load(&principal).unwrap();
        let passed = std::sync::atomic::AtomicUsize::new(0);
        let at = |_: Step| {
            let passed = passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            assert_ne!(die_at, Some(passed), "dies here");
        };
        let progress = |_: u64, _: u64| {};
        let settings = &self.settings;
        let turn = Turn { principal: &principal, settings, now, at: &at, progress: &progress };
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let turn = cycle::turn(&store, before, &self.clients, &BRAIN, &turn);
                runtime.unwrap().block_on(turn).unwrap()
            });
            run.join().ok()
        })
    }

    pub fn ok(&self, now: &str) -> (Report, Person) {
        self.turn(now, None).expect("a whole turn")
    }

    /// Blocks in the calendar of ours.
    pub fn blocks(&self) -> Vec<Value> {
        let id = "c2@group.calendar.google.com";
        if !self.fake.has_calendar(id) {
            return Vec::new();
        }
        let ids = self.fake.ids(id).into_iter();
        ids.filter_map(|event| self.fake.get(id, &event)).collect()
    }

    /// What is not ours, as it stands.
    fn theirs(&self) -> Vec<Option<Value>> {
        let all = [(PERSON, "monday"), (WORK, "early"), (PERSON, "late0"), (WORK, "series")];
        all.iter().map(|(calendar, id)| self.fake.get(calendar, id)).collect()
    }
}

pub fn states(person: &Person) -> Vec<State> {
    person.suggestions.values().map(|s| s.state).collect()
}

pub const OURS: &str = "c2@group.calendar.google.com";

#[test]
fn another_person_at_the_same_account_is_not_taken_for_this_one() {
    let story = Story::new();
    let (_, before) = story.ok("02T05:00");
    let blocks = story.blocks();
    let mut other = before.clone();
    let account = other.status.accounts.get_mut("home").unwrap();
    account.addresses = vec!["somebody.else@example.org".to_owned()];
    account.discovered_at = None;
    let jane = PrincipalId::new("jane").unwrap();
    story.store().commit(&jane, &before, &other).unwrap();
    let (asked, theirs) = (story.fake.log().len(), story.theirs());
    let (report, person) = story.ok("02T05:10");
    let said = format!("{:?}", report.warnings);
    assert!(said.contains("and before it was that of somebody.else@example.org"), "{said}");
    let log = story.fake.log()[asked..].to_vec();
    assert!(log.iter().all(|line| line.contains("calendarList")), "no more is asked: {log:#?}");
    assert_eq!((story.blocks(), story.theirs()), (blocks, theirs));
    assert_eq!((states(&person), report.changed), (vec![State::Proposed], 0));
    // And it stays so until the sign-in, or the config, changes.
    let (report, _) = story.ok("02T05:20");
    assert!(format!("{:?}", report.warnings).contains("somebody.else"));
}

#[test]
fn the_main_job_on_google_beside_a_folder() {
    let story = Story::new();
    let theirs = story.theirs();
    let (report, person) = story.ok("02T05:00");
    assert_eq!((report.written, states(&person)), (1, vec![State::Proposed]));
    let blocks = story.blocks();
    let [block] = blocks.as_slice() else { panic!("{blocks:?}") };
    let start = block["start"]["dateTime"].as_str().unwrap();
    assert!(start.starts_with("2026-03-03T10:") || start.starts_with("2026-03-03T11:"), "{start}");
    assert_eq!(block["status"], "tentative");
    assert!(block["description"].as_str().unwrap().len() > 40);

    let asked = story.fake.log().len();
    let (_, person) = story.ok("02T05:10");
    let log = story.fake.log()[asked..].to_vec();
    assert_eq!(log.len(), 3, "one request a calendar: {log:#?}");
    assert_eq!((story.blocks(), states(&person)), (blocks.clone(), vec![State::Proposed]));

    // The person drags it to Wednesday morning: it stays there, and counts as accepted.
    let id = block["id"].as_str().unwrap();
    story.fake.edit(OURS, id, json!({"start": march(4, 9), "end": march(4, 10)}));
    let dragged = story.blocks();
    for now in ["02T05:20", "02T12:00", "03T12:00"] {
        let (_, person) = story.ok(now);
        assert_eq!((story.blocks(), states(&person)), (dragged.clone(), vec![State::Accepted]));
    }
    // And takes it away in the end.
    story.fake.delete(OURS, id);
    let (_, person) = story.ok("03T12:10");
    assert_eq!(person.suggestions.values().next().unwrap().state, State::Refused);
    assert_eq!(story.blocks(), [Value::Null; 0]);
    assert_eq!(story.theirs(), theirs, "nobody else's event changed");
    assert_eq!(story.fake.mails(), 0);
}

#[test]
fn a_block_marked_busy_is_kept() {
    let story = Story::new();
    story.ok("02T05:00");
    let id = story.blocks()[0]["id"].as_str().unwrap().to_owned();
    story.fake.edit(OURS, &id, json!({"transparency": "opaque"}));
    let (_, person) = story.ok("02T05:10");
    assert_eq!(states(&person), [State::Accepted]);
}

#[test]
fn a_block_that_the_person_furnished_is_theirs() {
    for furniture in [
        json!({"colorId": "7"}),
        json!({"visibility": "private"}),
        json!({"reminders": {"useDefault": true}}),
        json!({"reminders": {"useDefault": false,
            "overrides": [{"method": "popup", "minutes": 10}]}}),
        json!({"attachments": [{"fileUrl": "https://drive.google.com/open?id=1"}]}),
        json!({"conferenceData": {"conferenceId": "abc-defg-hij"}}),
    ] {
        let story = Story::new();
        story.ok("02T05:00");
        story.ok("02T05:05");
        let id = story.blocks()[0]["id"].as_str().unwrap().to_owned();
        story.fake.edit(OURS, &id, furniture.clone());
        let theirs = story.blocks();
        let (_, person) = story.ok("02T05:10");
        assert_eq!(states(&person), [State::Taken], "{furniture}");
        assert_eq!(story.blocks(), theirs, "{furniture}");
    }
}

/// The reply to the insert was lost, and the person deleted the block before we looked again.
#[test]
fn a_block_deleted_before_it_was_ever_seen_is_refused() {
    let story = Story::new();
    story.ok("02T05:00");
    story.ok("02T05:10");
    let first = story.blocks();
    let text = todo("t2", "DUE:20260305T160000Z");
    std::fs::write(story.folder.path().join("cal/tasks/t2.ics"), text).unwrap();
    story.fake.fail("POST events", Fault::LoseAnswer);
    story.ok("02T05:20");
    let blocks = story.blocks();
    let second = blocks.iter().find(|block| !first.contains(block)).unwrap();
    story.fake.delete(OURS, second["id"].as_str().unwrap());
    let (_, person) = story.ok("02T05:30");
    let mut found = states(&person);
    found.sort_by_key(|state| *state == State::Refused);
    assert_eq!(found, [State::Proposed, State::Refused]);
    assert_eq!(story.blocks(), first);
}

#[test]
fn a_taken_id_leads_to_another_one() {
    let story = Story::new();
    story.ok("02T05:00");
    let block = story.blocks().remove(0);
    // The memory is lost, and the block was deleted meanwhile: its id stays taken.
    story.fake.delete(OURS, block["id"].as_str().unwrap());
    std::fs::remove_dir_all(story.folder.path().join("store")).unwrap();
    for now in ["02T05:10", "02T05:20", "02T05:30"] {
        story.ok(now);
    }
    let blocks = story.blocks();
    assert_eq!(blocks.len(), 1, "{blocks:?}");
    assert_ne!(blocks[0]["id"], block["id"]);
}

#[test]
fn dying_at_any_step_makes_no_second_block() {
    for boundary in 0..5 {
        let story = Story::new();
        assert!(story.turn("02T05:00", Some(boundary)).is_none(), "{boundary}");
        for now in ["02T05:10", "02T05:20"] {
            story.ok(now);
        }
        let (_, person) = story.ok("02T05:30");
        assert_eq!(states(&person), [State::Proposed], "{boundary}");
        assert_eq!(story.blocks().len(), 1, "{boundary}");
    }
}

#[test]
fn every_fault_at_every_request_is_repaired_by_the_turns_after() {
    let clean = Story::new();
    clean.ok("02T05:00");
    let requests = clean.fake.log().len();
    let theirs = clean.theirs();
    for fault in [
        Fault::LoseAnswer,
        Fault::Garbled,
        Fault::Refuse(401, "authError", ""),
        Fault::Refuse(403, "quotaExceeded", ""),
        Fault::Refuse(410, "fullSyncRequired", ""),
        Fault::Refuse(412, "conditionNotMet", ""),
    ] {
        for place in 0..requests {
            let story = Story::new();
            (0..place).for_each(|_| story.fake.fail("calendar", Fault::None));
            story.fake.fail("calendar", fault.clone());
            for now in ["02T05:00", "02T06:10", "02T07:20"] {
                story.ok(now);
            }
            let (_, person) = story.ok("02T08:30");
            let at = format!("{fault:?} at {place}: {:#?}", story.fake.log());
            assert_eq!(
                (states(&person), story.fake.faults_left()),
                (vec![State::Proposed], 0),
                "{at}"
            );
            assert_eq!(story.blocks().len(), 1, "{at}");
            assert_eq!(story.theirs(), theirs, "{at}");
        }
    }
}

#[test]
fn signed_out_stops_nothing_else() {
    let story = Story::new();
    story.ok("02T05:00");
    let before = story.blocks();
    for token in [TOKEN, "second"] {
        story.fake.revoke(token);
    }
    let text = todo("t2", "DUE:20260305T160000Z");
    std::fs::write(story.folder.path().join("cal/tasks/t2.ics"), text).unwrap();
    let (_, person) = story.ok("02T05:10");
    assert_eq!(story.blocks(), before);
    let trouble = |name: &str| person.status.accounts.get(name).and_then(|a| a.trouble.clone());
    assert!(
        trouble("home").is_some() && trouble("tasks").is_none(),
        "{:?}",
        person.status.accounts
    );
    assert_eq!(person.events.values().filter(|e| e.title == "Taken").count(), 3, "still known");
}

/// Of the series itself nothing can be asked.
#[test]
fn a_day_that_can_not_be_read_ends_no_other_day_of_its_series() {
    let day = |id: &str, day: u8, at: Value| {
        json!({
            "id": id, "summary": "Their series", "recurringEventId": "hidden0",
            "iCalUID": "hidden0@google.com", "originalStartTime": march(day, 15),
            "start": at, "end": march(day, 16), "organizer": {"email": "boss@example.com"},
        })
    };
    let garbled = || json!({"date": "soon"});
    let days = |person: &Person| -> Vec<String> {
        let events = person.events.values().filter(|e| e.title == "Their series");
        let shown = events.map(|e| (e.span.start_instant(chrono_tz::UTC), e.trail.len()));
        shown.map(|(at, seen)| format!("{} {seen}", at.format("%d %H"))).collect()
    };
    let story = Story::new();
    for (id, on) in [("hidden0_20260305", 5), ("hidden0_20260312", 12)] {
        story.fake.put(WORK, day(id, on, march(on, 15)));
    }
    // Unknown yet: the other two are read.
    story.fake.put(WORK, day("hidden0_20260319", 19, garbled()));
    let (_, person) = story.ok("02T05:00");
    let both = days(&person);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[0].starts_with("05 14") && both[1].starts_with("12 14"), "{both:?}");
    // Known, and no longer to be read: nothing of it ends, and nothing is learned from that.
    story.fake.put(WORK, day("hidden0_20260312", 12, garbled()));
    for now in ["02T05:10", "02T05:20", "02T12:00"] {
        let (_, person) = story.ok(now);
        assert_eq!(days(&person), both, "{now}");
        let broken = person.status.collections.values().flat_map(|c| c.broken.keys());
        assert_eq!(broken.map(|href| href.as_str()).collect::<Vec<_>>(), ["hidden0"], "{now}");
    }
    // All of them.
    story.fake.put(WORK, day("hidden0_20260305", 5, garbled()));
    for now in ["02T12:10", "02T12:20"] {
        let (_, person) = story.ok(now);
        assert_eq!(days(&person), both, "{now}");
    }
    for on in [5, 12, 19] {
        story.fake.put(WORK, day(&format!("hidden0_202603{on:02}"), on, march(on, 15)));
    }
    let (_, person) = story.ok("02T12:30");
    assert_eq!(days(&person).len(), 3);
    assert!(person.status.collections.values().all(|c| c.broken.is_empty()));
}

/// As Google's own page leaves it, once somebody has opened the event.
#[test]
fn reasons_that_became_html_are_the_same_reasons() {
    let story = Story::new();
    story.ok("02T05:00");
    story.ok("02T05:05");
    let block = story.blocks().remove(0);
    let (id, reasons) = (block["id"].as_str().unwrap(), block["description"].as_str().unwrap());
    assert!(reasons.contains('\n') || reasons.contains(' '), "{reasons}");
    let html = reasons.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
    let html = format!("<html-blob><p>{}</p></html-blob>", html.replacen(' ', "&nbsp;", 1));
    story.fake.edit(OURS, id, json!({"description": html}));
    for now in ["02T05:10", "02T05:20"] {
        let (_, person) = story.ok(now);
        assert_eq!(states(&person), [State::Proposed], "{now}");
    }
    story.fake.edit(OURS, id, json!({"description": html.replace("</p>", "my note</p>")}));
    let (_, person) = story.ok("02T05:30");
    assert_eq!(states(&person), [State::Taken]);
}
