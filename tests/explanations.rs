//! What `explain` says of each thing a list prints, and what is said of deadlines at risk: over the
//! sample calendar in a folder, as a person would ask.

use crate::support::person::{Person, sample_objects};
use serde_json::Value;

/// The Monday after the sample's last week.
const MONDAY: &str = "02T06:00";
const LATER: &str = "02T06:05";

fn todo(person: &Person, uid: &str, title: &str, due: &str, minutes: u32) {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//chronotype tests//EN\r\nBEGIN:VTODO\r\n\
         UID:{uid}\r\nDTSTAMP:20260301T000000Z\r\nSUMMARY:{title}\r\nDUE:202603{due}Z\r\n\
         ESTIMATED-DURATION:PT{minutes}M\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path(&format!("cal/work/{uid}.ics")), text).unwrap();
}

fn meeting(person: &Person, uid: &str, lines: &str) {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//chronotype tests//EN\r\nBEGIN:VEVENT\r\n\
         UID:{uid}\r\nDTSTAMP:20260301T000000Z\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    std::fs::write(person.path(&format!("cal/work/{uid}.ics")), text).unwrap();
}

fn sample() -> Person {
    let person = Person::with_folder();
    for (name, text) in sample_objects().into_iter().filter(|(_, text)| !text.contains("VTODO")) {
        std::fs::write(person.path("cal/work").join(name), text).unwrap();
    }
    person
}

fn explained(person: &Person, id: &str) -> (String, Value) {
    let text = person.ok(LATER, &["explain", id]).out;
    let json = person.ok(LATER, &["explain", id, "--json"]).out;
    (text, serde_json::from_str(&json).unwrap())
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{part}' is not in\n{text}");
    }
}

#[test]
fn a_block_is_explained_by_its_terms_and_what_it_did_not_take() {
    let person = sample();
    todo(&person, "deck", "Deep work", "06T170000", 60);
    person.ok(MONDAY, &["sync"]);
    let blocks = person.list(LATER, &["suggestions"]);
    let block = blocks.iter().find(|b| b["related_to"] == "deck").unwrap();
    let id = block["id"].as_str().unwrap();
    let (text, json) = explained(&person, &id[..6]);
    holds(&text, &["Why it was put there", "usual for such work", "Not taken", id]);
    let reason = block["reasons"][0].as_str().unwrap();
    holds(&text.replace("\n  ", " "), &[reason, "Outcomes of such work around"]);
    let terms = json["terms"].as_object().unwrap();
    let sum: f64 = terms.values().map(|t| t["here"].as_f64().unwrap()).sum();
    let score = json["score"].as_f64().unwrap();
    assert!((sum - score).abs() < 1e-9, "{sum} {score}");
    let shown = block["score"].as_f64().unwrap() * json["most"].as_f64().unwrap();
    assert!((shown - score).abs() < 1e-5, "what it was placed for: {shown} {score}");
    assert_eq!(json["kind"], "block");
    let others = json["not_taken"].as_array().unwrap();
    assert!(!others.is_empty());
    for other in others.iter().filter(|o| o["why"] == "its score is lower") {
        assert!(other["score"].as_f64().unwrap() <= score + 0.01, "{other}");
    }
    let latest = json["basis"]["latest"][0]["id"].as_str().unwrap();
    holds(&explained(&person, latest).0, &["What became of it", "Deep work"]);
}

#[test]
fn an_event_is_explained_by_its_type_and_its_outcome() {
    let person = sample();
    person.ok(MONDAY, &["sync", "--observe"]);
    let days = ["agenda", "--from", "2026-02-02", "--to", "2026-02-27"];
    let agenda = person.list(LATER, &days);
    let of = |title: &str| {
        let event = agenda.iter().find(|e| e["title"] == title && !e["signal"].is_null()).unwrap();
        explained(&person, event["id"].as_str().unwrap())
    };
    let (text, json) = of("Daily stand-up");
    holds(&text, &["its series is filed there", "a series you never answered"]);
    assert_eq!(
        (&json["filed"]["by"], &json["filed"]["similarity"]),
        (&"series".into(), &1.0.into())
    );
    let (text, json) = of("Inbox zero");
    holds(&text, &["events bear this title", "it was over when it was first seen"]);
    assert_eq!(json["placements"][0]["weight"], 0.5);
    let by = |e: &&Value| {
        let id = e["id"].as_str().unwrap();
        explained(&person, id).1["filed"]["by"] == "meaning"
    };
    let mut alike = agenda.iter().filter(|e| e["title"].as_str().unwrap().starts_with("Prototype"));
    let (text, json) = explained(&person, alike.find(by).unwrap()["id"].as_str().unwrap());
    holds(&text, &["it means nearly the same as '"]);
    assert!(json["filed"]["similarity"].as_f64().unwrap() >= 0.8, "{json}");
}

#[test]
fn an_insight_is_explained_by_its_events() {
    let person = sample();
    person.ok(MONDAY, &["sync", "--observe"]);
    let insights = person.list(LATER, &["insights"]);
    let id = insights[0]["id"].as_str().unwrap();
    let (text, json) = explained(&person, id);
    holds(&text, &[insights[0]["sentence"].as_str().unwrap(), "Rests on", "Deep work", "holds"]);
    let shown = json["evidence"].as_array().unwrap().len() as u64;
    assert_eq!(Some(shown), json["seen"].as_u64(), "every event behind it is named");
    assert_eq!(json["sentence"], insights[0]["sentence"]);
}

#[test]
fn ids_that_name_nothing_or_too_much_say_so() {
    let person = sample();
    person.ok(MONDAY, &["sync", "--observe"]);
    for (id, said) in [("zz", "nothing has the id 'zz'"), ("e1", "things begin with 'e1'")] {
        let gave = person.run(LATER, &["explain", id]);
        assert_eq!((gave.code, gave.out.as_str()), (Some(1), ""), "{id}");
        holds(&gave.err, &[said, "hint: "]);
    }
}

#[test]
fn a_deadline_that_does_not_fit_is_said_everywhere_and_dropping_one_thing_helps() {
    let person = Person::with_folder();
    let own = |from: &str, to: &str| {
        format!("SUMMARY:Own work {from}\r\nDTSTART:20260302T{from}Z\r\nDTEND:20260302T{to}Z\r\n")
    };
    // 08:00 to 17:00 UTC is the working day in Berlin.
    meeting(&person, "am", &own("080000", "110000"));
    meeting(&person, "pm", &own("120000", "170000"));
    todo(&person, "deck", "Board deck", "02T170000", 90);
    let said = "Overcommitted: Board deck: 90 minutes don't fit before Mon 2 Mar 18:00. They \
                fit only without Own work 080000 (Mon 2 Mar 09:00) or Own work 120000 (Mon 2 Mar \
                13:00)";
    holds(&person.ok(MONDAY, &["sync"]).out, &[said]);
    // A turn says it once.
    let gave = person.ok("02T06:05", &["sync"]);
    assert!(!gave.out.contains("Overcommitted"), "{}", gave.out);
    holds(&gave.out, &["1 deadline still at risk: `chronotype suggestions` names them"]);
    holds(&person.ok(LATER, &["status"]).out, &[said]);
    holds(&person.ok(LATER, &["suggestions"]).out, &[said]);
    let status: Value = serde_json::from_str(&person.ok(LATER, &["status", "--json"]).out).unwrap();
    let risk = &status["at_risk"][0];
    assert_eq!((&risk["danger"], &risk["minutes"]), (&"no room".into(), &90.into()));
    let drop = risk["drop_one_of"][0]["id"].as_str().unwrap();
    holds(&explained(&person, drop).0, &["Own work 080000"]);
    std::fs::remove_file(person.path("cal/work/am.ics")).unwrap();
    let gave = person.ok("02T06:10", &["sync"]);
    assert!(!gave.out.contains("Overcommitted"), "{}", gave.out);
    assert_eq!(person.list("02T06:15", &["suggestions"])[0]["related_to"], "deck");
}
