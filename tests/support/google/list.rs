//! Lists: the calendar list, and `events.list` with its pages and sync tokens.

use super::answer::{Answer, Refusal};
use super::book::{Book, Shelf, Stored};
use super::fields;
use super::http::Request;
use serde_json::{Value, json};

/// Not with a sync token.
const NOT_WITH_TOKEN: [&str; 8] = [
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];
/// What else may be asked.
const KNOWN: [&str; 9] = [
    "fields",
    "maxAttendees",
    "maxResults",
    "pageToken",
    "prettyPrint",
    "showDeleted",
    "singleEvents",
    "syncToken",
    "timeZone",
];

/// A place within a list: pages before it, entries before it, and the change it was begun at.
struct Place {
    page: usize,
    offset: usize,
    change: u64,
}

impl Place {
    fn of(request: &Request, change: u64) -> Result<Self, Refusal> {
        let Some(token) = request.parameter("pageToken") else {
            return Ok(Self { page: 0, offset: 0, change });
        };
        let numbers: Vec<u64> = token.split('.').filter_map(|n| n.parse().ok()).collect();
        match numbers.as_slice() {
            [page, offset, change] => {
                Ok(Self { page: *page as usize, offset: *offset as usize, change: *change })
            }
            _ => Err(Refusal::parameter("invalid", "pageToken")),
        }
    }
}

/// One page of `all`, and the token of the next.
fn page(book: &Book, all: Vec<Value>, place: &Place, most: usize) -> (Vec<Value>, Option<String>) {
    let size = match book.pages.as_slice() {
        [] => most,
        sizes => sizes[place.page % sizes.len()].min(most),
    };
    let end = (place.offset + size).min(all.len());
    let next = (end < all.len()).then(|| format!("{}.{end}.{}", place.page + 1, place.change));
    (all[place.offset.min(end)..end].to_vec(), next)
}

fn most(request: &Request, default: usize, limit: usize) -> Result<usize, Refusal> {
    match request.parameter("maxResults").map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(count)) if count > 0 => Ok(count.min(limit)),
        Some(_) => Err(Refusal::parameter("invalid", "maxResults")),
    }
}

/// `calendarList.list`.
pub fn calendars(book: &Book, request: &Request) -> Result<Answer, Refusal> {
    let place = Place::of(request, 0)?;
    let hidden = |entry: &Value| entry["hidden"] == true || entry["deleted"] == true;
    let all = book.entries().into_iter().filter(|entry| !hidden(entry)).collect();
    let (items, next) = page(book, all, &place, most(request, 100, 250)?);
    let mut value = json!({ "kind": "calendar#calendarList", "items": items });
    if let Some(next) = next {
        value["nextPageToken"] = next.into();
    }
    let fields = request.parameter("fields");
    Ok(Answer::json(&fields::select(value, fields, &fields::calendar_list())?))
}

/// `calendarList.get`.
pub fn calendar(book: &mut Book, id: &str, request: &Request) -> Result<Answer, Refusal> {
    let id = book.find(id)?.id.clone();
    let entry = book.entries().into_iter().find(|entry| entry["id"] == id.as_str());
    let entry = entry.ok_or_else(|| Refusal::new(404, "notFound"))?;
    let fields = request.parameter("fields");
    Ok(Answer::json(&fields::select(entry, fields, &fields::calendar_list()["items"])?))
}

/// `events.list`.
pub fn events(book: &mut Book, calendar: &str, request: &Request) -> Result<Answer, Refusal> {
    let (now, forgetful) = (book.now(), book.forgetful);
    let shelf = book.find(calendar)?.clone();
    let since = parameters(&shelf, request)?;
    let place = Place::of(request, now)?;
    let deleted = request.parameter("showDeleted") == Some("true");
    let uid = request.parameter("iCalUID");
    let is_listed = |(_, stored): &(&String, &Stored)| {
        let wanted = uid.is_none_or(|uid| stored.text("iCalUID") == Some(uid));
        let cancelled = stored.is_cancelled();
        wanted
            && match since {
                Some(since) => stored.change > since && stored.change <= place.change,
                None if forgetful && uid.is_some() => !cancelled,
                None => deleted || !cancelled || is_cancelled_day(&shelf, stored),
            }
    };
    let mut all: Vec<(&String, &Stored)> = shelf.events.iter().filter(is_listed).collect();
    match since {
        Some(_) => all.sort_by_key(|(_, stored)| stored.change),
        // Exceptions before their master.
        None => all.reverse(),
    }
    let zone = request.parameter("timeZone");
    let all = all.into_iter().map(|(id, _)| shelf.shown(id, zone)).collect();
    let (items, next) = page(book, all, &place, most(request, 250, 2_500)?);
    let mut value = json!({
        "kind": "calendar#events", "summary": shelf.summary, "timeZone": shelf.zone,
        "accessRole": shelf.role, "updated": "2026-03-01T00:00:00Z", "items": items,
    });
    match next {
        Some(next) => value["nextPageToken"] = next.into(),
        None if uid.is_some() => {}
        None => value["nextSyncToken"] = token(&shelf, place.change).into(),
    }
    let fields = request.parameter("fields");
    Ok(Answer::json(&fields::select(value, fields, &fields::events())?))
}

/// A day taken out of a series that goes on.
fn is_cancelled_day(shelf: &Shelf, stored: &Stored) -> bool {
    let master = stored.text("recurringEventId").and_then(|id| shelf.events.get(id));
    master.is_some_and(|master| !master.is_cancelled())
}

fn token(shelf: &Shelf, change: u64) -> String {
    format!("CAL{}={change}", shelf.id)
}

/// Checks what may be asked together; the change that the sync token stands for.
fn parameters(shelf: &Shelf, request: &Request) -> Result<Option<u64>, Refusal> {
    let strange = |name: &&String| {
        !KNOWN.contains(&name.as_str()) && !NOT_WITH_TOKEN.contains(&name.as_str())
    };
    if let Some(name) = request.query.keys().find(strange) {
        return Err(Refusal::parameter("unknownParameter", name));
    }
    if request.parameter("singleEvents") == Some("true") {
        return Err(Refusal::parameter("notServedByTheFake", "singleEvents"));
    }
    let Some(text) = request.parameter("syncToken") else { return Ok(None) };
    if let Some(name) = NOT_WITH_TOKEN.iter().find(|name| request.query.contains_key(**name)) {
        return Err(Refusal::parameter("invalid", name));
    }
    if request.parameter("showDeleted") == Some("false") {
        return Err(Refusal::parameter("invalid", "showDeleted"));
    }
    let change = text.rsplit_once('=').and_then(|(_, number)| number.parse::<u64>().ok());
    match change.filter(|change| text == token(shelf, *change)) {
        None => Err(Refusal::parameter("invalid", "syncToken")),
        Some(change) if change < shelf.forgotten => Err(Refusal::new(410, "fullSyncRequired")),
        Some(change) => Ok(Some(change)),
    }
}
