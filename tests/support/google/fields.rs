//! Partial responses: `fields=a,b(c,d),e/f`. A name that the resource does not have is refused.

use super::answer::Refusal;
use google_calendar3::api;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is wanted of a resource; no parts = all of it.
#[derive(Debug, Default, PartialEq)]
struct Selection(BTreeMap<String, Selection>);

/// The answer as asked for.
pub fn select(value: Value, fields: Option<&str>, shape: &Value) -> Result<Value, Refusal> {
    let Some(fields) = fields else { return Ok(value) };
    let mut rest = fields;
    let selection = read(&mut rest).filter(|_| rest.is_empty());
    let selection = selection.ok_or_else(|| Refusal::parameter("invalidParameter", "fields"))?;
    check(&selection, shape)?;
    Ok(reduce(&value, &selection))
}

/// Names of an event list, down to what an event holds.
pub fn events() -> Value {
    let mut shape = json!(api::Events::default());
    shape["items"] = event();
    shape
}

/// Names of an event.
pub fn event() -> Value {
    let mut shape = json!(api::Event::default());
    shape["organizer"] = json!(api::EventOrganizer::default());
    shape["attendees"] = json!(api::EventAttendee::default());
    shape["attachments"] = json!(api::EventAttachment::default());
    shape["conferenceData"] = json!(api::ConferenceData::default());
    shape["extendedProperties"] = json!(api::EventExtendedProperties::default());
    shape
}

/// Names of a calendar list.
pub fn calendar_list() -> Value {
    let mut shape = json!(api::CalendarList::default());
    shape["items"] = json!(api::CalendarListEntry::default());
    shape
}

/// Names of a calendar.
pub fn calendar() -> Value {
    json!(api::Calendar::default())
}

fn read(rest: &mut &str) -> Option<Selection> {
    let mut all = BTreeMap::new();
    loop {
        let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        *rest = tail;
        let mut inner = Selection::default();
        if let Some(tail) = rest.strip_prefix('/') {
            *rest = tail;
            let end = rest.find([',', ')']).unwrap_or(rest.len());
            inner.0.insert(rest[..end].to_owned(), Selection::default());
            *rest = &rest[end..];
        } else if let Some(tail) = rest.strip_prefix('(') {
            *rest = tail;
            inner = read(rest)?;
            *rest = rest.strip_prefix(')')?;
        }
        all.insert(name.to_owned(), inner);
        match rest.strip_prefix(',') {
            Some(tail) => *rest = tail,
            None => return Some(Selection(all)),
        }
    }
}

fn check(selection: &Selection, shape: &Value) -> Result<(), Refusal> {
    for (name, inner) in &selection.0 {
        match shape.get(name) {
            Some(shape) if inner.0.is_empty() || shape.is_object() => check(inner, shape)?,
            _ => return Err(Refusal::parameter("invalidParameter", "fields")),
        }
    }
    Ok(())
}

fn reduce(value: &Value, selection: &Selection) -> Value {
    match value {
        _ if selection.0.is_empty() => value.clone(),
        Value::Array(items) => items.iter().map(|item| reduce(item, selection)).collect(),
        Value::Object(all) => {
            let kept = selection.0.iter();
            let kept = kept.filter_map(|(n, s)| Some((n.clone(), reduce(all.get(n)?, s))));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
