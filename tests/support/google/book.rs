//! What the fake remembers: calendars, their events, and the order of all changes.

use super::answer::{Answer, Refusal};
use super::http::Request;
use super::{fields, object, times};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The fields of an event as stored.
pub type Fields = Map<String, Value>;

/// One event: a single one, a master or an exception; deleted ones stay.
#[derive(Debug, Clone)]
pub struct Stored {
    pub fields: Fields,
    /// Number of its last change.
    pub change: u64,
}

/// One calendar.
#[derive(Debug, Clone)]
pub struct Shelf {
    pub id: String,
    pub summary: String,
    pub role: String,
    pub zone: String,
    /// This client has made it.
    pub made: bool,
    /// More of its entry in the list.
    pub entry: Fields,
    pub events: BTreeMap<String, Stored>,
    /// Sync tokens from before this change are no longer known.
    pub forgotten: u64,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Whose calendars these are: the id of their first one.
    pub person: String,
    pub calendars: Vec<Shelf>,
    /// What the time is, where a test says so.
    pub clock: Option<DateTime<Utc>>,
    changes: u64,
    /// Sizes of pages, in turn; empty = as asked for.
    pub pages: Vec<usize>,
    /// Lists by UID leave out cancelled exceptions.
    pub forgetful: bool,
    /// Mails sent to guests.
    pub mails: usize,
}

impl Stored {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    pub fn is_cancelled(&self) -> bool {
        self.text("status") == Some("cancelled")
    }

    pub fn etag(&self) -> String {
        format!("\"{}\"", 3_100_000_000_000_000 + self.change * 2_000)
    }
}

impl Shelf {
    pub fn may_write(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "writer")
    }

    /// An event as it is shown: a deleted one only by its name and place.
    pub fn shown(&self, id: &str, zone: Option<&str>) -> Value {
        let stored = &self.events[id];
        let mut shown = stored.fields.clone();
        if stored.is_cancelled() {
            let sure = ["id", "status", "recurringEventId", "originalStartTime"];
            shown.retain(|name, _| sure.contains(&name.as_str()));
        }
        if self.role == "freeBusyReader" || self.is_hidden(stored) {
            let open = ["id", "status", "start", "end", "recurrence", "visibility", "iCalUID"];
            let part = ["recurringEventId", "originalStartTime"];
            shown.retain(|name, _| open.contains(&name.as_str()) || part.contains(&name.as_str()));
        }
        for name in ["start", "end", "originalStartTime"] {
            if let Some(time) = shown.get_mut(name) {
                *time = times::shown(time, &self.zone, zone);
            }
        }
        shown.insert("kind".to_owned(), "calendar#event".into());
        shown.insert("etag".to_owned(), stored.etag().into());
        Value::Object(shown)
    }

    /// Private events of others show no more than their times.
    fn is_hidden(&self, stored: &Stored) -> bool {
        self.role == "reader" && stored.text("visibility") == Some("private")
    }
}

impl Book {
    pub fn find(&mut self, id: &str) -> Result<&mut Shelf, Refusal> {
        let id = if id == "primary" { self.person.clone() } else { id.to_owned() };
        let found = self.calendars.iter_mut().find(|shelf| shelf.id == id);
        found.ok_or_else(|| Refusal::new(404, "notFound"))
    }

    /// Number of the last change.
    pub fn now(&self) -> u64 {
        self.changes
    }

    /// All sync tokens of a calendar given so far are no longer known.
    pub fn forget(&mut self, calendar: &str) -> Result<(), Refusal> {
        self.changes += 1;
        let now = self.changes;
        self.find(calendar)?.forgotten = now;
        Ok(())
    }

    /// Stores an event under its id.
    pub fn store(&mut self, calendar: &str, id: &str, fields: Fields) -> Result<(), Refusal> {
        self.changes += 1;
        let change = self.changes;
        let clock = self.clock;
        let shelf = self.find(calendar)?;
        let mut fields = fields;
        fields.retain(|_, value| !value.is_null());
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_513) + TimeDelta::seconds(change as i64);
        let at = clock.unwrap_or(at);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        fields.insert("id".to_owned(), id.into());
        fields.insert("updated".to_owned(), at.clone().into());
        let this = json!({ "email": shelf.id, "self": true });
        for (name, value) in [
            ("created", at.into()),
            ("status", "confirmed".into()),
            ("eventType", "default".into()),
            ("sequence", 0.into()),
            ("iCalUID", format!("{id}@google.com").into()),
            ("organizer", this.clone()),
            ("creator", this),
            ("htmlLink", format!("https://www.google.com/calendar/event?eid={id}").into()),
        ] {
            fields.entry(name).or_insert(value);
        }
        shelf.events.insert(id.to_owned(), Stored { fields, change });
        Ok(())
    }

    pub fn add(&mut self, id: &str, summary: &str, role: &str) {
        self.calendars.push(Shelf {
            id: id.to_owned(),
            summary: summary.to_owned(),
            role: role.to_owned(),
            zone: "Europe/Berlin".to_owned(),
            made: false,
            entry: Fields::new(),
            events: BTreeMap::new(),
            forgotten: 0,
        });
    }

    /// `calendars.insert`: the new calendar is on the list at once.
    pub fn make(&mut self, body: &Value, request: &Request) -> Result<Answer, Refusal> {
        let summary = body.get("summary").and_then(Value::as_str).unwrap_or_default();
        if summary.is_empty() {
            return Err(Refusal::new(400, "required"));
        }
        let id = format!("c{}@group.calendar.google.com", self.calendars.len());
        self.add(&id, summary, "owner");
        self.find(&id)?.made = true;
        if let Some(zone) = body.get("timeZone").and_then(Value::as_str) {
            self.find(&id)?.zone = zone.to_owned();
        }
        self.describe(&id, request)
    }

    /// `calendars.get`.
    pub fn describe(&mut self, id: &str, request: &Request) -> Result<Answer, Refusal> {
        let shelf = self.find(id)?;
        let value = json!({
            "kind": "calendar#calendar", "id": shelf.id, "summary": shelf.summary,
            "timeZone": shelf.zone,
        });
        let fields = request.parameter("fields");
        Ok(Answer::json(&fields::select(value, fields, &fields::calendar())?))
    }

    /// Entries of the calendar list.
    pub fn entries(&self) -> Vec<Value> {
        let entry = |shelf: &Shelf| {
            let mut entry = object(&json!({
                "kind": "calendar#calendarListEntry", "id": shelf.id, "summary": shelf.summary,
                "accessRole": shelf.role, "timeZone": shelf.zone, "backgroundColor": "#0088aa",
            }));
            if shelf.id == self.person {
                entry.insert("primary".to_owned(), true.into());
            }
            entry.extend(shelf.entry.clone());
            Value::Object(entry)
        };
        self.calendars.iter().map(entry).collect()
    }
}
