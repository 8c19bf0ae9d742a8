//! The calendar list: which calendars there are, what may be done there, whose they are.

use super::api::{Ask, Failed, Line, Repeats};
use super::listing::cut;
use crate::calendar::{Collection, Error};
use crate::event::{CollectionId, Href};
use google_calendar3::api::{Calendar, CalendarListEntry};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is asked of an entry.
const FIELDS: &str = "kind,nextPageToken,items(id,summary,summaryOverride,accessRole,primary,\
                      deleted,hidden,timeZone)";
/// What every page says it is.
const KIND: &str = "calendar#calendarList";
/// Pages of 250 entries; nobody has subscribed to so many.
const PAGES_MAX: usize = 100;
/// Longest address (RFC 5321 section 4.5.3.1).
const ADDRESS: usize = 320;

/// The calendars of an account.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// As Google lists them.
    entries: Vec<CalendarListEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    kind: Option<String>,
    #[serde(default)]
    items: Vec<Value>,
    next_page_token: Option<String>,
}

impl Directory {
    /// Asks for it; what can't be read of it is left out.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub async fn read(line: &Line<'_>) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut query = vec![("maxResults", "250"), ("fields", FIELDS)];
            query.extend(next.as_deref().map(|token| ("pageToken", token)));
            let url = line.url(&["users", "me", "calendarList"], &query);
            let page: Page = line.read(&Ask::get(url), "list the calendars").await?;
            if page.kind.as_deref() != Some(KIND) {
                return Err(cut());
            }
            let read = |item| serde_json::from_value::<CalendarListEntry>(item).ok();
            entries.extend(page.items.into_iter().filter_map(read));
            next = match page.next_page_token {
                Some(token) if next.as_ref() != Some(&token) => Some(token),
                _ => return Ok(Self { entries }),
            };
        }
        Ok(Self { entries })
    }

    /// Those the person has not taken off the list.
    pub fn collections(&self, account: &str) -> Vec<Collection> {
        let shown = |e: &&CalendarListEntry| e.deleted != Some(true) && e.hidden != Some(true);
        self.entries.iter().filter(shown).filter_map(|entry| collection(entry, account)).collect()
    }

    /// The person's address: the id of their first calendar.
    pub fn address(&self) -> Option<String> {
        let primary = self.entries.iter().find(|e| e.primary == Some(true))?;
        address(primary.id.as_deref()?)
    }

    /// Whether the person owns it.
    pub fn is_owned(&self, href: &Href) -> bool {
        let entry = self.entry(href);
        entry.is_some_and(|e| e.access_role.as_deref() == Some("owner"))
    }

    /// Whether it is on the list.
    pub fn lists(&self, href: &Href) -> bool {
        self.entry(href).is_some()
    }

    fn entry(&self, href: &Href) -> Option<&CalendarListEntry> {
        self.entries.iter().find(|e| e.id.as_deref() == Some(href.as_str()))
    }

    fn time_zone(&self) -> Option<&str> {
        self.entries.iter().find(|e| e.primary == Some(true))?.time_zone.as_deref()
    }
}

/// A calendar's id as an address, lower case; what is none is not shown to anybody.
fn address(id: &str) -> Option<String> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    let fits = id.contains('@') && id.len() <= ADDRESS && id.chars().all(plain);
    fits.then(|| id.to_lowercase())
}

/// Other people's calendars may be read only, or show no more than when they are busy.
fn collection(entry: &CalendarListEntry, account: &str) -> Option<Collection> {
    let id = entry.id.as_deref()?;
    let name = [&entry.summary_override, &entry.summary].into_iter().flatten();
    let name = name.map(|name| name.trim()).find(|name| !name.is_empty());
    let role = entry.access_role.as_deref();
    Some(Collection {
        id: CollectionId::new(format!("{account}/{id}")),
        href: Href::new(id),
        account: account.to_owned(),
        name: name.unwrap_or(id).to_owned(),
        read_only: !matches!(role, Some("owner" | "writer")),
    })
}

/// The person's address, when the list is not at hand: the id of their first calendar, out of the
/// list, because that is all of a calendar that the scopes of a reader open (`calendars.get` takes
/// others). Whoever may not even see the list has no address, and is not signed out for that.
///
/// # Errors
/// As [`Line::ask`].
pub async fn primary_address(line: &Line<'_>) -> Result<Option<String>, Error> {
    let url = line.url(&["users", "me", "calendarList", "primary"], &[("fields", "id")]);
    match line.ask(&Ask::get(url)).await {
        Ok(body) => {
            let entry: CalendarListEntry = line.json(&body)?;
            Ok(entry.id.as_deref().and_then(address))
        }
        Err(Failed::Refused(refusal)) if refusal.lacks_scope() => Ok(None),
        Err(failed) => Err(line.error(failed, "look up the first calendar")),
    }
}

/// A new calendar of this name, in the zone of the person's first one. Only after a list has shown
/// that there is none: a lost reply is no reason to make a second.
///
/// # Errors
/// As [`Line::ask`].
pub async fn make(line: &Line<'_>, list: &Directory, name: &str) -> Result<Collection, Error> {
    let mut body = json!({ "summary": name });
    if let (Some(zone), Some(fields)) = (list.time_zone(), body.as_object_mut()) {
        fields.insert("timeZone".to_owned(), zone.into());
    }
    let url = line.url(&["calendars"], &[("fields", "id,summary")]);
    let what = "make a calendar of its own";
    let made: Calendar = line.read(&Ask::post(url, body, Repeats::Twice), what).await?;
    let entry = CalendarListEntry {
        id: made.id,
        summary: made.summary.or_else(|| Some(name.to_owned())),
        access_role: Some("owner".to_owned()),
        ..CalendarListEntry::default()
    };
    collection(&entry, line.account())
        .ok_or_else(|| Error::Refused("Google made a calendar without an id".to_owned()))
}
