//! Status, suggestions and insights over a store that has something to say.

use super::{CONFIG, Home, check};
use chrono::{DateTime, Utc};
use chronotype::event::{CollectionId, EventId, Href, Uid};
use chronotype::memory::graph::{Insight, Kind, Node};
use chronotype::schedule::request::{Door, RequestKey};
use chronotype::schedule::suggestion::{Intent, State, Suggestion};
use chronotype::store::Person;
use chronotype::sync::status::{AccountStatus, CollectionStatus, Held, Known};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn block(n: u16, start: &str, end: &str, state: State, intent: Option<Intent>) -> Suggestion {
    Suggestion {
        uid: Uid::new(format!("chronotype-{n}")),
        request: RequestKey(format!("ask:{n}")),
        door: Door::Ask,
        session: 0,
        attempt: 0,
        title: format!("Board\u{1b}[2J deck {n}"),
        task_type: 0,
        start: at(start),
        end: at(end),
        reasons: vec!["Mornings work best for this.".to_owned(), "Not at 9: a call.".to_owned()],
        score: 0.5,
        related_to: None,
        state,
        since: at("2026-03-01T08:00:00Z"),
        created_at: at("2026-03-01T08:00:00Z"),
        sequence: 0,
        intent,
        published: None,
    }
}

fn person() -> Person {
    let mut person = Person { turns: 3, ..crate::store::year::person(2, 1) };
    person.last_turn = Some(at("2026-03-02T07:55:00Z"));
    let blocks = [
        block(0, "2026-03-03T09:00:00Z", "2026-03-03T10:30:00Z", State::Proposed, None),
        block(
            1,
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
            State::Accepted,
            Some(Intent::Update),
        ),
        block(2, "2026-03-04T09:00:00Z", "2026-03-04T10:00:00Z", State::Refused, None),
        block(3, "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", State::Proposed, None),
    ];
    person.suggestions = blocks.into_iter().map(|b| (b.uid.clone(), b)).collect();
    let known = Known::new(None, Vec::new(), "", &[]);
    let held = Held {
        uids: vec![Uid::new("a"), Uid::new("b")],
        since: at("2026-03-02T07:00:00Z"),
        after: None,
    };
    let team = CollectionStatus {
        name: "Team".to_owned(),
        account: "work".to_owned(),
        listed_at: Some(at("2026-03-02T07:55:00Z")),
        known: std::sync::Arc::new([(Href::new("/c"), known)].into()),
        held: Some(held),
        broken: [(Href::new("/c.ics"), "no DTSTART".to_owned())].into(),
        ..CollectionStatus::default()
    };
    let ours = CollectionStatus {
        name: "chronotype".to_owned(),
        account: "work".to_owned(),
        listed_at: Some(at("2026-02-27T07:55:00Z")),
        ours: true,
        ..CollectionStatus::default()
    };
    let collections = &mut person.status.collections;
    collections.insert(CollectionId::new("work//chronotype/"), ours);
    collections.insert(CollectionId::new("work//team/"), team);
    let trouble = ("the password is refused.".to_owned(), at("2026-02-28T07:00:00Z"));
    let account = AccountStatus { trouble: Some(trouble), ..AccountStatus::default() };
    person.status.accounts.insert("home".to_owned(), account);
    let insight = Insight {
        id: 4,
        version: 1,
        kind: Kind::WeakWeekday,
        about: vec![Node::Weekday(5)],
        sentence: "Fridays rarely work out.".to_owned(),
        evidence: vec![EventId { uid: Uid::new("x"), recurrence_id: None }.hash()],
        counts: (9, 12),
        confidence: 0.82,
        valid_from: at("2026-02-01T00:00:00Z"),
        valid_until: None,
        recorded_at: at("2026-02-16T06:00:00Z"),
        invalidated_at: None,
        superseded_by: None,
    };
    let old =
        Insight { id: 3, invalidated_at: Some(at("2026-02-01T00:00:00Z")), ..insight.clone() };
    person.memory.insights = [((3, 1), old), ((4, 1), insight)].into();
    person
}

fn home() -> Home {
    let home = Home::new(Some(CONFIG));
    home.keep(&person());
    home
}

fn json(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn status_says_what_is_stale_and_what_to_do() {
    check(
        home().run(&["status"]),
        0,
        "last turn 5 minutes ago, 2 events, 1 task type\n\
         pending writes: 1 (the next sync does them)\n\
         2 blocks ahead, 1 of them yours\n\
         home: the password is refused since Sat 28 Feb 08:00; check username and password in \
         the config, then run `chronotype sync`\n\
         account  calendar    objects  last listed\n\
         work     chronotype        0  Fri 27 Feb 08:55  blocks go here\n\
         work     Team              1  5 minutes ago     needs attention\n\
         work/Team\n\
         \x20 2 objects vanished at once on Mon 2 Mar 08:00: nothing is believed yet. If you \
         removed them, run `chronotype sync --accept-deletions`; else the next full listing \
         settles it\n\
         \x20 can't be read: /c.ics: no DTSTART\n",
        "",
    );
    let gave = home().run(&["status", "--json"]);
    let value = &json(&gave.out)[0];
    assert_eq!(value["pending_writes"], 1);
    assert_eq!(value["accounts_in_trouble"][0]["account"], "home");
    assert_eq!(value["collections"][1]["held_deletions"]["objects"], 2);
    assert_eq!(value["collections"][1]["broken"][0]["href"], "/c.ics");
}

#[test]
fn signed_out_is_said_with_its_own_since_and_cure() {
    let sentence = "signed out of Google since Sat 28 Feb 08:00 (Google signs apps in testing out \
                    after 7 days): run `chronotype auth google home`";
    let mut person = person();
    let trouble = Some((sentence.to_owned(), at("2026-02-28T07:30:00Z")));
    person.status.accounts.get_mut("home").unwrap().trouble = trouble;
    let home = Home::new(Some(CONFIG));
    home.keep(&person);
    let gave = home.run(&["status"]);
    assert!(gave.out.contains(&format!("\nhome: {sentence}\n")), "{}", gave.out);
    let value = &json(&home.run(&["status", "--json"]).out)[0]["accounts_in_trouble"][0];
    assert_eq!(value["cause"], sentence);
    assert!(value["cure"].as_str().unwrap().starts_with("sign in with"), "{value}");
}

#[test]
fn suggestions_come_in_order_with_their_reasons() {
    let gave = home().run(&["suggestions"]);
    let ids: Vec<_> = json(&home().run(&["suggestions", "--json"]).out)
        .iter()
        .map(|s| s["id"].as_str().unwrap().to_owned())
        .collect();
    check(
        gave,
        0,
        &format!(
            "Mon 2 Mar  10:00-11:00  Board [2J deck 1  Planning 0  accepted, not yet written  \
             {}\n\
             \x20   Mornings work best for this.\n\
             \x20   Not at 9: a call.\n\
             Tue 3 Mar  10:00-11:30  Board [2J deck 0  Planning 0                             {}\n\
             \x20   Mornings work best for this.\n\
             \x20   Not at 9: a call.\n",
            ids[0], ids[1]
        ),
        "",
    );
}

#[test]
fn a_turn_is_told_in_one_calm_line() {
    let home = Home::new(Some(CONFIG));
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/working-person.ics");
    let folder = home.config().with_file_name("cal");
    std::fs::create_dir_all(folder.join("work")).unwrap();
    std::fs::copy(sample, folder.join("work/all.ics")).unwrap();
    let first = home.run(&["sync", "--quiet"]);
    let begin = "1 calendar read: 240 changes; learned from ";
    assert!(first.out.starts_with(begin) && first.out.lines().count() == 1, "{first:?}");
    let parts: Vec<&str> = first.out.trim_end().split("; ").collect();
    let told = parts[1].ends_with(" events") || parts[0].ends_with(" events");
    assert!(told && parts[parts.len() - 1].starts_with("blocks: "), "{first:?}");
    assert!(first.out.ends_with(" new\n"), "{first:?}");
    let second = home.run(&["sync"]);
    assert_eq!(second.out, "2 calendars read: nothing new\n");
    let dry = home.run(&["sync", "--dry-run"]);
    let begin = "2 calendars read: nothing new\nwould write no block\n";
    assert!(dry.out.starts_with(begin), "{dry:?}");
}

#[test]
fn what_is_kept_nowhere_has_no_id() {
    let home = Home::new(None);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/working-person.ics");
    let tried = home.run(&["try", sample]);
    assert_eq!(tried.code, 0);
    for line in tried.out.lines().filter(|line| line.contains("Reisekosten Februar")) {
        let last = line.rsplit(' ').next().unwrap();
        let id = last.strip_prefix('e').is_some_and(|id| id.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(!id, "{line}");
    }
    assert!(tried.out.contains("Reisekosten Februar"), "{tried:?}");
    assert!(!tried.out.contains("not yet written") && !tried.out.contains("  i0"), "{tried:?}");
}

#[test]
fn only_insights_that_hold_are_listed() {
    check(
        home().run(&["insights"]),
        0,
        "Fridays rarely work out.\n\
         \x20 i4  confidence 82 %, seen 9 of 12 times, since 1 Feb 2026\n",
        "",
    );
    assert_eq!(json(&home().run(&["insights", "--json"]).out).len(), 1);
}

#[test]
fn an_export_holds_every_record() {
    let lines = json(&home().run(&["export"]).out);
    assert_eq!(lines[0]["principal"], "jane");
    let count = |kind: &str| lines.iter().filter(|l| l["kind"] == kind).count();
    let counts = ["event", "suggestion", "collection", "object", "insight"].map(count);
    assert_eq!(counts, [2, 4, 2, 1, 2]);
}

#[test]
fn going_back_before_the_last_turn_is_refused() {
    let home = home();
    let gave = home.run(&["schedule", "x", "--by", "fri"]);
    assert_eq!(gave.code, 0, "{}", gave.err);
    let mut late = home.person();
    late.last_turn = Some(at("2026-03-02T08:00:01Z"));
    let home = Home::new(Some(CONFIG));
    home.keep(&late);
    check(
        home.run(&["schedule", "x", "--by", "fri"]),
        1,
        "",
        "error: --now lies before the last turn\n",
    );
}
