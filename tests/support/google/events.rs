//! Single events: get, insert, change, delete.

use super::answer::{Answer, Refusal};
use super::book::{Book, Fields, Shelf, Stored};
use super::http::Request;
use super::{fields, object, times};
use serde_json::Value;

/// What a change does to fields it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Nothing; `null` clears.
    Patch,
    /// Clears them.
    Replace,
}

/// Fields that only the server sets.
const SERVERS: [&str; 11] = [
    "created",
    "creator",
    "etag",
    "eventType",
    "htmlLink",
    "iCalUID",
    "id",
    "kind",
    "organizer",
    "originalStartTime",
    "recurringEventId",
];

fn shown(book: &mut Book, calendar: &str, id: &str, request: &Request) -> Result<Answer, Refusal> {
    let value = book.find(calendar)?.shown(id, request.parameter("timeZone"));
    let fields = request.parameter("fields");
    Ok(Answer::json(&fields::select(value, fields, &fields::event())?))
}

/// `events.get`: deleted ones, too.
pub fn get(
    book: &mut Book,
    calendar: &str,
    id: &str,
    request: &Request,
) -> Result<Answer, Refusal> {
    stored(book.find(calendar)?, id)?;
    shown(book, calendar, id, request)
}

fn stored<'a>(shelf: &'a Shelf, id: &str) -> Result<&'a Stored, Refusal> {
    shelf.events.get(id).ok_or_else(|| Refusal::new(404, "notFound"))
}

fn may_write(shelf: &Shelf) -> Result<(), Refusal> {
    if shelf.may_write() { Ok(()) } else { Err(Refusal::new(403, "requiredAccessLevel")) }
}

/// Start and end, in this order, with an offset or a zone.
fn check_times(fields: &Fields, zone: &str) -> Result<(), Refusal> {
    let time = |name: &str| {
        let time = fields.get(name).ok_or_else(|| Refusal::new(400, "required"))?;
        let both = time["date"].is_string() && time["dateTime"].is_string();
        times::moment(time, zone)
            .filter(|_| !both)
            .ok_or_else(|| Refusal::parameter("invalid", name))
    };
    if time("start")? > time("end")? {
        return Err(Refusal::new(400, "timeRangeEmpty"));
    }
    Ok(())
}

fn mail(book: &mut Book, fields: &Fields, request: &Request) {
    let told = matches!(request.parameter("sendUpdates"), Some("all" | "externalOnly"));
    if told && fields.get("attendees").and_then(Value::as_array).is_some_and(|a| !a.is_empty()) {
        book.mails += 1;
    }
}

/// `events.insert`.
pub fn insert(book: &mut Book, calendar: &str, request: &Request) -> Result<Answer, Refusal> {
    let shelf = book.find(calendar)?;
    may_write(shelf)?;
    let fields = object(&request.body);
    let id = fields.get("id").and_then(Value::as_str).unwrap_or("madebygoogle0").to_owned();
    let letter = |b: u8| b.is_ascii_digit() || (b'a'..=b'v').contains(&b);
    if !(5..=1024).contains(&id.len()) || !id.bytes().all(letter) {
        return Err(Refusal::parameter("invalid", "id"));
    }
    if shelf.events.contains_key(&id) {
        return Err(Refusal::new(409, "duplicate"));
    }
    check_times(&fields, &shelf.zone.clone())?;
    mail(book, &fields, request);
    book.store(calendar, &id, fields)?;
    shown(book, calendar, &id, request)
}

fn check_version(stored: &Stored, request: &Request) -> Result<(), Refusal> {
    match request.headers.get("if-match") {
        Some(version) if *version != stored.etag() && version != "*" => {
            Err(Refusal::new(412, "conditionNotMet"))
        }
        _ => Ok(()),
    }
}

/// `events.patch` and `events.update`.
pub fn change(
    book: &mut Book,
    calendar: &str,
    id: &str,
    request: &Request,
    merge: Merge,
) -> Result<Answer, Refusal> {
    let shelf = book.find(calendar)?;
    may_write(shelf)?;
    let (before, zone) = (stored(shelf, id)?.clone(), shelf.zone.clone());
    check_version(&before, request)?;
    let asked = object(&request.body);
    let organizer = before.fields.get("organizer").is_some_and(|o| o["self"] == true);
    let shared = ["summary", "description", "location", "start", "end", "recurrence"];
    if !organizer && shared.iter().any(|name| asked.contains_key(*name)) {
        return Err(Refusal::new(403, "forbiddenForNonOrganizer"));
    }
    let mut fields = match merge {
        Merge::Patch => before.fields.clone(),
        Merge::Replace => {
            let kept = before.fields.iter().filter(|(n, _)| SERVERS.contains(&n.as_str()));
            kept.map(|(n, v)| (n.clone(), v.clone())).collect()
        }
    };
    for (name, value) in asked.iter().filter(|(name, _)| !SERVERS.contains(&name.as_str())) {
        merge_into(fields.entry(name.clone()).or_insert(Value::Null), value);
    }
    fields.retain(|_, value| !value.is_null());
    check_times(&fields, &zone)?;
    mail(book, &fields, request);
    book.store(calendar, id, fields)?;
    shown(book, calendar, id, request)
}

/// JSON merge patch (RFC 7396), which Google's is.
fn merge_into(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let mut merged = object(target);
    for (name, value) in patch {
        match value {
            Value::Null => drop(merged.remove(name)),
            value => merge_into(merged.entry(name.clone()).or_insert(Value::Null), value),
        }
    }
    *target = Value::Object(merged);
}

/// `events.delete`: of a series all its exceptions, too.
pub fn delete(
    book: &mut Book,
    calendar: &str,
    id: &str,
    request: &Request,
) -> Result<Answer, Refusal> {
    let shelf = book.find(calendar)?;
    may_write(shelf)?;
    let before = stored(shelf, id)?.clone();
    if before.is_cancelled() {
        return Err(Refusal::new(410, "deleted"));
    }
    check_version(&before, request)?;
    mail(book, &before.fields, request);
    cancel(book, calendar, id)?;
    Ok(Answer::text(204, ""))
}

/// Deletes an event and what belongs to it.
pub fn cancel(book: &mut Book, calendar: &str, id: &str) -> Result<(), Refusal> {
    let shelf = book.find(calendar)?;
    let is_of = |(key, stored): &(&String, &Stored)| {
        key.as_str() == id || stored.text("recurringEventId") == Some(id)
    };
    let all: Vec<(String, Fields)> =
        shelf.events.iter().filter(is_of).map(|(k, s)| (k.clone(), s.fields.clone())).collect();
    for (key, mut fields) in all {
        fields.insert("status".to_owned(), "cancelled".into());
        book.store(calendar, &key, fields)?;
    }
    Ok(())
}
