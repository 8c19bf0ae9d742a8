//! The main job on Google from outside: the built binary, its sign-in through a browser, weeks of
//! history, and one whole turn after another.

use crate::support::google_person::{GooglePerson, history, march, mark, of_title, titled};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Blocks = BTreeMap<String, Value>;

fn uid(block: &Value) -> &str {
    mark(block).unwrap()
}

fn start(block: &Value) -> &str {
    block["start"]["dateTime"].as_str().unwrap()
}

/// Scopes that the address of the sign-in asks for.
fn scopes(address: &str) -> String {
    let address = reqwest::Url::parse(address.trim_end()).unwrap();
    let asked = address.query_pairs().find(|(key, _)| key == "scope").unwrap().1.into_owned();
    asked.replace("https://www.googleapis.com/auth/calendar.", "")
}

/// Each block as we write it, and none for the same session twice.
fn check_blocks(blocks: &Blocks) {
    for block in blocks.values() {
        assert_eq!(
            (&block["status"], &block["transparency"]),
            (&"tentative".into(), &"transparent".into())
        );
        assert!(block["description"].as_str().unwrap().len() > 40, "reasons: {block}");
        assert!(block.get("attendees").is_none(), "{block}");
        assert_eq!(block["reminders"], json!({"useDefault": false, "overrides": []}));
    }
    let places: BTreeSet<&str> = blocks.values().map(start).collect();
    assert_eq!(places.len(), blocks.len(), "no two in one place: {places:?}");
}

/// From the first sign-in to what was learned a week later; `into` as the config says it.
fn a_week(into: &str, calendars: usize, scope: &str) {
    let jane = GooglePerson::new(&format!("suggest_into = \"{into}\""));
    history(&jane.api);
    let before = jane.theirs();
    let gave = jane.person.run("02T05:00", &["sync"]);
    let cure = "not signed in to Google: run `chronotype auth google google`";
    assert!(gave.code == Some(1) && gave.err.contains(cure), "{gave:?}");
    assert_eq!(jane.api.log(), [""; 0], "nobody is asked without a sign-in");

    let signed_in = jane.sign_in();
    assert_eq!(scopes(&signed_in.out), format!("calendarlist.readonly events.readonly {scope}"));
    let ask = ["schedule", &titled("Board deck"), "--duration", "90m", "--by", "thu"];
    jane.ok("02T05:00", &ask);
    let gave = jane.sync("02T05:00");
    let ours = jane.api.called(into);
    let blocks = jane.blocks(ours.as_deref());
    assert_eq!(blocks.len(), 9, "two reports, a bill and a gym a week, and the deck: {gave:?}");
    check_blocks(&blocks);
    let asked = jane.api.log().len();
    jane.sync("02T05:10");
    let requests = jane.asked(asked);
    let events = |line: &String| line.split("/events?").next().unwrap().to_owned();
    let listed: BTreeSet<String> = requests.iter().map(events).collect();
    assert_eq!((requests.len(), listed.len()), (calendars, calendars), "{requests:#?}");
    assert!(
        requests.iter().all(|r| r.starts_with("GET") && r.contains("/events?")),
        "{requests:#?}"
    );
    assert_eq!(jane.blocks(ours.as_deref()), blocks, "quiet");

    gestures(&jane, &ours.unwrap(), &blocks);
    assert_eq!(jane.theirs(), before, "nobody else's event changed");
    assert_eq!((jane.api.mails(), jane.auth.complaints()), (0, Vec::new()));
}

/// The person drags one block, deletes one, and makes one theirs.
fn gestures(jane: &GooglePerson, ours: &str, blocks: &Blocks) {
    let reports = of_title(blocks, "Write report");
    let [deleted, _, taken, _] = reports[..] else { panic!("{reports:?}") };
    let dragged = of_title(blocks, &titled("Board deck"))[0];
    jane.api.edit(ours, dragged.0, json!({"start": march(5, 16), "end": march(5, 17)}));
    jane.api.delete(ours, deleted.0);
    let edit = json!({"summary": titled("Mine now"), "status": "confirmed"});
    jane.api.edit(ours, taken.0, edit);
    let theirs = jane.blocks(Some(ours));
    for now in ["02T05:20", "02T05:30", "02T12:00", "03T12:00"] {
        let gave = jane.sync(now);
        let there = jane.blocks(Some(ours));
        for id in [dragged.0, taken.0] {
            assert_eq!(there[id], theirs[id], "at {now} it is as the person left it: {gave:?}");
        }
        assert!(!there.contains_key(deleted.0), "a deleted block does not come back");
    }
    let state = |block: &Value| jane.person.state("03T12:00", uid(block));
    assert_eq!([dragged, deleted, taken].map(|(_, b)| state(b)), ["accepted", "refused", "taken"]);
    let shown = jane.person.list("03T12:00", &["suggestions"]);
    let shown =
        |block: &Value| shown.iter().find(|s| s["uid"] == uid(block)).map(|s| s["state"].clone());
    assert_eq!(shown(dragged.1), Some("accepted".into()));
    assert_eq!((shown(deleted.1), shown(taken.1)), (None, Some("taken".into())));

    // A week later they have settled: the deck was moved to another day and done there.
    let observed = |now: &str| {
        let types = jane.person.list(now, &["types"]);
        let reports = types.iter().find(|t| t["name"] == "Write report");
        reports.unwrap()["observations"].as_f64().unwrap()
    };
    let before = observed("03T12:00");
    let gave = jane.sync("11T05:00");
    assert!(gave.out.contains("learned from"), "{gave:?}");
    assert!(observed("11T05:00") > before + 1.0, "{before}: {gave:?}");
    let settled = |(_, block): (&String, &Value)| {
        let all = jane.person.settled("11T05:00", uid(block)).into_iter();
        all.map(|(at, signal)| format!("{at} {:.1}", signal.unwrap())).collect::<Vec<_>>()
    };
    let utc = |(_, block): (&String, &Value)| {
        let at: DateTime<Utc> = start(block).parse().unwrap();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let deck = [format!("{} 0.2", utc(dragged)), "2026-03-05T15:00:00Z 0.9".to_owned()];
    assert_eq!(settled(dragged), deck);
    assert_eq!(settled(deleted), [format!("{} 0.1", utc(deleted))]);
    assert_eq!(settled(taken), [format!("{} 0.9", utc(taken))]);
    let status = jane.ok("11T05:00", &["status"]).out;
    assert!(status.contains("blocks go here") && !status.contains("pending"), "{status}");
}

#[test]
fn into_a_calendar_of_our_own() {
    a_week("chronotype", 3, "app.created");
}

#[test]
fn into_a_calendar_that_the_person_chose() {
    a_week("work", 2, "app.created events.owned");
}
