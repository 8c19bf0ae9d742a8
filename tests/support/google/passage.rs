//! Events of the simulated server as Google stores them, and back.

use super::book::Fields;
use super::{object, times};
use crate::support::fake_server::Stored;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use chronotype::event::Stamp;
use chronotype::event::ical::{self, EventComponent, Status, Transparency};
use serde_json::{Value, json};

/// Begins our marks in iCalendar, and at Google.
const MARKS: (&str, &str) = ("X-CHRONOTYPE-", "chronotype");

fn master(text: &str) -> Option<(String, EventComponent)> {
    let object = ical::parse(text).objects.into_iter().next()?;
    let uid = object.uid.as_str().to_owned();
    let event = object.events.into_iter().find(|e| e.recurrence_id.is_none())?;
    Some((uid, event))
}

/// Whether Google can hold it: an event that is not cancelled.
pub fn holds(text: &str) -> bool {
    master(text).is_some_and(|(_, event)| event.status != Status::Cancelled)
}

/// As it is stored; what is cut off there can't be read here.
pub fn fields(stored: &Stored) -> Fields {
    let found = master(&stored.put).filter(|_| stored.body == stored.put);
    let Some((uid, event)) = found else { return object(&json!({"start": 7})) };
    let at = |stamp: &Stamp| json!({"dateTime": stamp.instant(Tz::UTC), "timeZone": "UTC"});
    let end = event.end.clone().unwrap_or_else(|| {
        let length = event.duration.map(|d| d.even()).unwrap_or_default();
        Stamp::Utc(event.start.instant(Tz::UTC) + length)
    });
    let lines = stored.put.lines();
    let rules = |line: &&str| line.starts_with("RRULE:") || line.starts_with("EXDATE:");
    let recurrence: Vec<&str> = lines.filter(rules).collect();
    let marks = event.marks.iter().filter_map(|(name, value)| Some((key(name)?, value.clone())));
    let related = event.related_to.map(|uid| ("chronotypeRelatedTo".to_owned(), uid.to_string()));
    let marks: std::collections::BTreeMap<String, String> = marks.chain(related).collect();
    let mut fields = object(&json!({
        "summary": event.summary,
        "description": event.description,
        "start": at(&event.start),
        "end": at(&end),
        "status": if event.status == Status::Tentative { "tentative" } else { "confirmed" },
        "transparency": match event.transparency {
            Transparency::Transparent => "transparent",
            Transparency::Opaque => "opaque",
        },
        "reminders": {"useDefault": false},
        "extendedProperties": {"private": marks},
    }));
    if !uid.starts_with("chronotype-") {
        fields.insert("iCalUID".to_owned(), uid.into());
    }
    if !recurrence.is_empty() {
        fields.insert("recurrence".to_owned(), recurrence.into());
    }
    fields
}

fn key(name: &str) -> Option<String> {
    let words = name.strip_prefix(MARKS.0)?.split('-');
    let word = |word: &str| format!("{}{}", &word[..1], word[1..].to_lowercase());
    Some(format!("{}{}", MARKS.1, words.map(word).collect::<String>()))
}

fn name(key: &str) -> Option<String> {
    let rest = key.strip_prefix(MARKS.1).filter(|rest| *rest != "RelatedTo")?;
    let mut name = MARKS.0.to_owned();
    for (at, c) in rest.char_indices() {
        if c.is_uppercase() && at > 0 {
            name.push('-');
        }
        name.push(c.to_ascii_uppercase());
    }
    Some(name)
}

fn stamp(time: &Value) -> String {
    let at: Option<DateTime<Utc>> = times::moment(time, "UTC");
    at.map(|at| at.format("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace('\n', "\\n")
}

/// As another client of the same calendar would write it.
pub fn text(event: &Value) -> String {
    let word = |name: &str| event[name].as_str().unwrap_or_default();
    let private = object(&event["extendedProperties"]["private"]);
    let said = |name: &str| private.get(name).and_then(Value::as_str);
    let uid = said("chronotypeBlock").unwrap_or(word("iCalUID"));
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{uid}"),
        format!("DTSTART:{}", stamp(&event["start"])),
        format!("DTEND:{}", stamp(&event["end"])),
        format!("SUMMARY:{}", escaped(word("summary"))),
        format!("DESCRIPTION:{}", escaped(word("description"))),
        format!("STATUS:{}", word("status").to_uppercase()),
        format!(
            "TRANSP:{}",
            if word("transparency") == "transparent" { "TRANSPARENT" } else { "OPAQUE" }
        ),
    ];
    lines.extend(said("chronotypeRelatedTo").map(|uid| format!("RELATED-TO:{uid}")));
    let marks = private.iter().filter_map(|(k, v)| Some((name(k)?, v.as_str()?)));
    lines.extend(marks.map(|(name, value)| format!("{name}:{value}")));
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.join("\r\n") + "\r\n"
}
