//! Our blocks to Google's fields, and the conditional writes.
//!
//! No attendees, no notifications, no reminders of the calendar's own making. An insert names its
//! id and an update or delete its version: nothing is ever forced. An update is a patch, which
//! leaves alone what we never wrote (a colour, a reminder); what our text does not hold is cleared
//! with an explicit `null`.

use super::api::{Ask, Line, Repeats};
use super::listing::cut;
use super::marks;
use super::series::guards;
use crate::calendar::Error;
use crate::event::ical::{self, EventComponent, Status, Transparency};
use crate::event::{ETag, Stamp};
use chrono_tz::Tz;
use google_calendar3::api::{Event, EventDateTime, EventExtendedProperties, EventReminders};
use serde_json::{Map, Value};

/// What an update clears when our text does not hold it.
const CLEARED: [&str; 4] = ["summary", "description", "location", "recurrence"];
/// Nobody is told by mail.
const QUIET: [(&str, &str); 2] = [("sendUpdates", "none"), ("fields", "id,etag,status")];

/// A block as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// iCalendar text.
    pub body: &'a str,
    /// Its colour.
    pub paint: Paint,
}

/// Colours of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// The calendar's own.
    None,
    /// One a category.
    ByCategory,
}

/// Creates the event under this id.
///
/// # Errors
/// [`Error::Changed`] when the id is taken, be it by a deleted event; else as [`Line::ask`].
pub async fn insert(
    line: &Line<'_>,
    calendar: &str,
    id: &str,
    block: Block<'_>,
) -> Result<Option<ETag>, Error> {
    let component = component(block.body)?;
    let mut event = event(&component, block.paint);
    event.id = Some(id.to_owned());
    event.reminders =
        Some(EventReminders { use_default: Some(false), overrides: Some(Vec::new()) });
    let fields = without_nulls(fields(&event)?);
    let url = line.url(&["calendars", calendar, "events"], &QUIET);
    let ask = Ask::post(url, Value::Object(fields), Repeats::Guarded);
    let made: Event = line.read(&ask, "add a block").await?;
    version_of(made, id)
}

/// Replaces the event if it still has this version.
///
/// # Errors
/// [`Error::Changed`] when it has another, or is gone; else as [`Line::ask`].
pub async fn update(
    line: &Line<'_>,
    calendar: &str,
    id: &str,
    version: &ETag,
    block: Block<'_>,
) -> Result<Option<ETag>, Error> {
    if !guards(version) {
        return Err(Error::Changed);
    }
    let fields = patch(&component(block.body)?, block.paint)?;
    let url = line.url(&["calendars", calendar, "events", id], &QUIET);
    let ask = Ask::patch(url, version, Value::Object(fields));
    match line.ask(&ask).await {
        Ok(body) => version_of(line.json(&body)?, id),
        Err(failed) if matches!(failed.status(), Some(404 | 410 | 412)) => Err(Error::Changed),
        Err(failed) => Err(line.error(failed, "change a block")),
    }
}

/// The version a write gave this event. An answer that does not name it confirms nothing.
fn version_of(written: Event, id: &str) -> Result<Option<ETag>, Error> {
    match written.id.as_deref() == Some(id) {
        true => Ok(written.etag.map(ETag::new)),
        false => Err(cut()),
    }
}

/// Deletes the event if it still has this version; gone already is success.
///
/// # Errors
/// [`Error::Changed`] when it has another; else as [`Line::ask`].
pub async fn delete(
    line: &Line<'_>,
    calendar: &str,
    id: &str,
    version: &ETag,
) -> Result<(), Error> {
    if !guards(version) {
        return Err(Error::Changed);
    }
    let url = line.url(&["calendars", calendar, "events", id], &[("sendUpdates", "none")]);
    match line.ask(&Ask::delete(url, version)).await {
        Ok(_) => Ok(()),
        Err(failed) => match failed.status() {
            Some(404 | 410) => Ok(()),
            // Deleting gives an event another version, too.
            Some(412) => match get(line, calendar, id).await? {
                None => Ok(()),
                Some(_) => Err(Error::Changed),
            },
            _ => Err(line.error(failed, "take a block back")),
        },
    }
}

/// The event as it stands; `None` when it was never there, or is deleted.
///
/// # Errors
/// [`Error::Refused`] when the answer is about something else; else as [`Line::ask`].
pub async fn get(line: &Line<'_>, calendar: &str, id: &str) -> Result<Option<Value>, Error> {
    let query = [("fields", super::series::FIELDS)];
    let url = line.url(&["calendars", calendar, "events", id], &query);
    match line.ask(&Ask::get(url)).await {
        Ok(body) => {
            let item: Value = line.json(&body)?;
            if item.get("id").and_then(Value::as_str) != Some(id) {
                return Err(not_it());
            }
            let gone = item.get("status").and_then(Value::as_str) == Some("cancelled");
            Ok((!gone).then_some(item))
        }
        Err(failed) if matches!(failed.status(), Some(404 | 410)) => Ok(None),
        Err(failed) => Err(line.error(failed, "read a block")),
    }
}

/// Nothing that was asked for: no word on whether the event is there.
pub fn not_it() -> Error {
    Error::Refused("Google answered with something else than the event".to_owned())
}

fn component(body: &str) -> Result<EventComponent, Error> {
    let objects = ical::parse(body).objects.into_iter();
    let mut masters = objects.flat_map(|o| o.events).filter(|e| e.recurrence_id.is_none());
    masters.next().ok_or_else(|| Error::Refused("this block has no event in it".to_owned()))
}

fn event(component: &EventComponent, paint: Paint) -> Event {
    let end = component.end.clone().or_else(|| {
        // Blocks are in UTC, whose days have 24 hours.
        let length = component.duration?;
        Some(Stamp::Utc(component.start.instant(Tz::UTC).checked_add_signed(length.even())?))
    });
    let said = |text: &String| (!text.is_empty()).then(|| text.clone());
    let related_to = component.related_to.as_ref().map(|uid| uid.as_str());
    let mut private = marks::properties(&component.marks, related_to);
    let colour = marks::colour(&component.marks).filter(|_| paint == Paint::ByCategory);
    private.extend(colour.map(|id| (marks::COLOUR.to_owned(), id.to_owned())));
    Event {
        color_id: colour.map(str::to_owned),
        summary: said(&component.summary),
        description: said(&component.description),
        location: said(&component.location),
        start: Some(time(&component.start)),
        end: Some(time(&end.unwrap_or_else(|| component.start.clone()))),
        status: Some(
            match component.status {
                Status::Tentative => "tentative",
                Status::Confirmed => "confirmed",
                Status::Cancelled => "cancelled",
            }
            .to_owned(),
        ),
        transparency: Some(
            match component.transparency {
                Transparency::Transparent => "transparent",
                Transparency::Opaque => "opaque",
            }
            .to_owned(),
        ),
        extended_properties: Some(EventExtendedProperties { private: Some(private), shared: None }),
        ..Event::default()
    }
}

/// A moment is a moment in every zone: none is named, so that calendars show their own.
fn time(stamp: &Stamp) -> EventDateTime {
    match stamp {
        Stamp::Date(date) => EventDateTime { date: Some(*date), ..EventDateTime::default() },
        other => {
            EventDateTime { date_time: Some(other.instant(Tz::UTC)), ..EventDateTime::default() }
        }
    }
}

fn fields(event: &Event) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Error::Refused("this block can't be written as Google wants it".to_owned())),
    }
}

fn without_nulls(fields: Map<String, Value>) -> Map<String, Value> {
    let cleaned = fields.into_iter().filter(|(_, value)| !value.is_null());
    cleaned
        .map(|(name, value)| match value {
            Value::Object(inner) => (name, Value::Object(without_nulls(inner))),
            value => (name, value),
        })
        .collect()
}

/// What changes, and explicit nulls for what is cleared: also for a day where there was a time, and
/// the other way round.
fn patch(component: &EventComponent, paint: Paint) -> Result<Map<String, Value>, Error> {
    let all = fields(&event(component, paint))?;
    let mut patch = without_nulls(all.clone());
    for name in CLEARED {
        if !patch.contains_key(name) {
            patch.insert(name.to_owned(), Value::Null);
        }
    }
    for name in ["start", "end"] {
        if let Some(time) = all.get(name) {
            patch.insert(name.to_owned(), time.clone());
        }
    }
    let private = patch.get_mut("extendedProperties").and_then(|all| all.get_mut("private"));
    if let Some(private) = private.and_then(Value::as_object_mut) {
        private.entry(marks::RELATED).or_insert(Value::Null);
    }
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn block(more: &str) -> EventComponent {
        component(&format!(
            "BEGIN:VEVENT\r\nUID:chronotype-1\r\nDTSTART:20260302T090000Z\r\n\
             DTEND:20260302T103000Z\r\nSTATUS:TENTATIVE\r\nTRANSP:TRANSPARENT\r\n{more}\
             END:VEVENT\r\n"
        ))
        .unwrap()
    }

    #[test]
    fn an_insert_holds_what_is_said_and_no_nulls() {
        let block = block("SUMMARY:Write\r\nX-CHRONOTYPE-BLOCK:chronotype-1\r\nRELATED-TO:t\r\n");
        let fields = without_nulls(fields(&event(&block, Paint::None)).unwrap());
        let expected = json!({
            "summary": "Write", "status": "tentative", "transparency": "transparent",
            "start": {"dateTime": "2026-03-02T09:00:00Z"},
            "end": {"dateTime": "2026-03-02T10:30:00Z"},
            "extendedProperties": {"private": {
                "chronotypeBlock": "chronotype-1", "chronotypeRelatedTo": "t",
            }},
        });
        assert_eq!(Value::Object(fields), expected);
    }

    #[test]
    fn a_patch_clears_with_nulls() {
        let expected = json!({
            "summary": null, "description": null, "location": null, "recurrence": null,
            "status": "tentative", "transparency": "transparent",
            "start": {"date": null, "dateTime": "2026-03-02T09:00:00Z", "timeZone": null},
            "end": {"date": null, "dateTime": "2026-03-02T10:30:00Z", "timeZone": null},
            "extendedProperties": {"private": {"chronotypeRelatedTo": null}},
        });
        assert_eq!(Value::Object(patch(&block(""), Paint::None).unwrap()), expected);
    }

    #[test]
    fn a_series_has_no_version_to_write_under() {
        assert!(guards(&ETag::new("\"123\"")));
        assert!(!guards(&ETag::new("series:abc")));
    }
}
