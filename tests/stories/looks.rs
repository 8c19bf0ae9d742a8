//! What a block looks like: its words in the person's language, and text that other programs read
//! as we meant it.

use super::{Story, calendar, event, todo};
use crate::support::venv;
use icalendar::Component;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The config with further lines of `[person]` and `[suggestions]`.
fn configure(story: &Story, person: &str, suggestions: &str) {
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let (text, _) = text.split_once("\n[suggestions]").unwrap_or((&text, ""));
    let lines = text.lines().filter(|line| !line.starts_with("language"));
    let lines: Vec<String> = lines
        .map(|line| match line {
            "[person]" => format!("{line}\n{person}"),
            line => line.to_owned(),
        })
        .collect();
    let text = format!("{}\n[suggestions]\n{suggestions}\n", lines.join("\n"));
    std::fs::write(config, text).unwrap();
}

#[test]
fn another_language_rewrites_no_block_and_is_nobodys_edit() {
    let story = Story::with_block();
    let (name, english) = story.block();
    assert!(english.replace("\r\n ", "").contains("Due Friday 17:00."), "{english}");
    configure(&story, "language = \"de\"", "prefix = \"· \"");
    for now in ["02T05:10", "02T05:20"] {
        story.sync(now);
        assert_eq!(story.block().1, english, "{now}");
    }
    // What moves is written anew anyway.
    let start = english.lines().find_map(|l| l.strip_prefix("DTSTART:202603")).unwrap();
    story.put("work", "m", &event("m", "Meeting", &start[..5], ""));
    story.sync("02T05:30");
    let german = story.block().1;
    let text = german.replace("\r\n ", "");
    assert!(text.contains("SUMMARY:· Write report"), "{text}");
    assert!(text.contains("Hierher verschoben: Montag") && text.contains("lösch ihn"), "{text}");
    story.sync("02T05:40");
    assert_eq!(story.state("02T05:40", &name), "proposed", "nobody touched it");
    story.put("tasks", "t1", &todo("t1", "STATUS:COMPLETED"));
    story.sync("02T05:50");
    assert!(story.blocks().is_empty(), "still ours");
}

/// Reads a calendar with two programs that have nothing in common with this one.
const READERS: &str = "
import json, sys, icalendar, vobject
text = sys.stdin.buffer.read()
a = icalendar.Calendar.from_ical(text).walk('VEVENT')[0]
b = vobject.readOne(text.decode()).vevent
utc = '%Y-%m-%dT%H:%M:%SZ'
print(json.dumps([{
    'uid': str(a['UID']), 'summary': str(a['SUMMARY']), 'description': str(a['DESCRIPTION']),
    'start': a.decoded('DTSTART').strftime(utc), 'end': a.decoded('DTEND').strftime(utc),
    'status': str(a['STATUS']), 'transparency': str(a['TRANSP']), 'related': str(a['RELATED-TO']),
    'colour': str(a['COLOR']), 'categories': [str(c) for c in a['CATEGORIES'].cats],
}, {
    'uid': b.uid.value, 'summary': b.summary.value, 'description': b.description.value,
    'start': b.dtstart.value.strftime(utc), 'end': b.dtend.value.strftime(utc),
    'status': b.status.value, 'transparency': b.transp.value, 'related': b.related_to.value,
    'colour': b.color.value, 'categories': b.categories.value,
}]))
";

fn read_by_others(text: &str) -> Value {
    let python = venv::python("xandikos", include_str!("../support/requirements-xandikos.txt"));
    let mut child = Command::new(python)
        .args(["-c", READERS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// RFC 5545 sections 3.1, 3.6 and 3.6.1.
fn is_well_formed(text: &str) {
    assert!(text.ends_with("END:VCALENDAR\r\n") && !text.replace("\r\n", "").contains('\n'));
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
    }
    let unfolded = text.replace("\r\n ", "");
    let names: Vec<&str> = unfolded.lines().map(|l| l.split([':', ';']).next().unwrap()).collect();
    let once = [
        "VERSION",
        "PRODID",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "DESCRIPTION",
        "STATUS",
        "TRANSP",
        "SEQUENCE",
        "LAST-MODIFIED",
        "COLOR",
    ];
    for name in once {
        assert_eq!(names.iter().filter(|n| **n == name).count(), 1, "{name}: {text}");
    }
    for never in ["ORGANIZER", "ATTENDEE", "BEGIN:VALARM", "RRULE"] {
        assert!(!unfolded.contains(never), "{never}");
    }
}

#[test]
fn other_programs_read_a_block_as_it_was_meant() {
    for (language, prefix) in [("en", ""), ("de", "· "), ("fr", "💡 "), ("es", "\\\\,; ")] {
        let story = Story::new();
        let (person, prefix_line) = (
            format!("language = \"{language}\""),
            format!("colours = true\nprefix = \"{prefix}\""),
        );
        configure(&story, &person, &prefix_line);
        let title =
            "Prüfung der Übergabe\\, Teil 1\\; „außer“ Größen\\\\Maße naïve 漢字 ".repeat(3);
        let task =
            format!("UID:t1\nSUMMARY:{title}\nESTIMATED-DURATION:PT1H\nDUE:20260306T160000Z");
        story.put("tasks", "t1", &calendar("VTODO", &task));
        story.sync("02T05:00");
        let (uid, text) = story.block();
        is_well_formed(&text);
        let record = &story.records("02T05:00", "suggestion")[0];
        let lines: Vec<&str> =
            record["reasons"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        let category = text.lines().find_map(|l| l.strip_prefix("CATEGORIES:")).unwrap();
        let expected = json!({
            "uid": uid,
            "summary": record["title"],
            "description": lines.join("\n"),
            "start": record["start"],
            "end": record["end"],
            "status": "TENTATIVE",
            "transparency": "TRANSPARENT",
            "related": "t1",
            "colour": text.lines().find_map(|l| l.strip_prefix("COLOR:")).unwrap(),
            "categories": [category],
        });
        let read = read_by_others(&text);
        assert_eq!((&read[0], &read[1]), (&expected, &expected), "{language}: {text}");
        let parsed: icalendar::Calendar = text.parse().unwrap();
        let event = parsed.components[0].as_event().unwrap();
        assert_eq!(event.get_uid(), Some(uid.as_str()));
        assert_eq!(event.get_summary(), record["title"].as_str());
        // Painted by us, it is nobody's edit.
        for now in ["02T05:10", "02T05:20"] {
            story.sync(now);
            assert_eq!(story.state(now, &uid), "proposed", "{language}");
        }
    }
}
