//! Events to object resources: an event of its own, or a series: the master with its exceptions
//! (RFC 4791 section 4.1). The href is the master's id.
//!
//! The person may be invited to single days of a series whose master they never get: then the
//! exceptions alone are the object. They don't stand for each other, so that one that can't be read
//! hides no other: it is written as a VEVENT without a start, which tells that something is there,
//! and leaves what was read of it before as it was. (No request finds such a series by its href, so
//! that asking for it by itself would tell that it is gone.) A master with an override that can't
//! be read is another matter: without that it would stand where the person took it away.

use super::text::{self, Place, is_cancelled};
use crate::calendar::Fetched;
use crate::calendar::room::PLACE;
use crate::event::{ETag, Href};
use google_calendar3::api::Event;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is asked of an event: what [`text`] writes.
pub const FIELDS: &str = "id,etag,status,created,updated,summary,description,location,\
    organizer(email,self),start,end,recurrence,recurringEventId,originalStartTime,transparency,\
    visibility,iCalUID,sequence,attendees(email,self,resource,responseStatus),\
    extendedProperties/private,eventType,colorId,reminders,attachments/fileUrl,\
    conferenceData/conferenceId";

/// Begins the version of a series. Such a version names no single event: nothing is written under
/// it.
const SERIES: &str = "series:";

/// One event of an answer.
#[derive(Debug, Clone)]
pub enum Member {
    /// As Google describes it.
    Read(Box<Event>),
    /// It can't be read, save perhaps for its `iCalUID`.
    Unreadable(Option<String>),
}

impl Member {
    /// Bytes that one takes beside its texts.
    pub const SIZE: usize = size_of::<Event>() + PLACE;

    /// Reads it: the object it belongs to, its own id, and what it says. `None` = it has no id.
    pub fn of(item: Value) -> Option<(String, String, Self)> {
        let text = |name: &str| item.get(name)?.as_str().map(str::to_owned);
        let id = text("id").filter(|id| !id.is_empty())?;
        let series = text("recurringEventId").unwrap_or_else(|| id.clone());
        let uid = text("iCalUID");
        let member = match serde_json::from_value::<Event>(item) {
            Ok(event) => Self::Read(Box::new(event)),
            Err(_) => Self::Unreadable(uid),
        };
        Some((series, id, member))
    }

    /// An event of its own: no series, and no part of one.
    pub fn is_single(&self) -> bool {
        match self {
            Self::Read(event) => event.recurrence.is_none() && event.recurring_event_id.is_none(),
            Self::Unreadable(_) => false,
        }
    }

    /// Deleted, as a whole or out of its series.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Read(event) if is_cancelled(event))
    }

    /// `iCalUID`, which all members of a series share.
    pub fn uid(&self) -> Option<&str> {
        let uid = match self {
            Self::Read(event) => event.i_cal_uid.as_deref(),
            Self::Unreadable(uid) => uid.as_deref(),
        };
        uid.filter(|uid| !uid.is_empty())
    }
}

/// The members of one object, by id.
#[derive(Debug, Clone, Default)]
pub struct Series(pub BTreeMap<String, Member>);

impl Series {
    /// With one member.
    pub fn alone(id: String, member: Member) -> Self {
        Self([(id, member)].into())
    }

    /// Something of it is left on the calendar: the master, else an exception without one.
    pub fn stands(&self) -> bool {
        self.0.values().any(|member| !member.is_cancelled())
    }

    /// The version: the event's own, or one that changes with any member.
    pub fn etag(&self) -> Option<ETag> {
        let read = |member: &Member| match member {
            Member::Read(event) => event.etag.clone(),
            Member::Unreadable(_) => None,
        };
        if let Some(member) = self.0.values().next().filter(|m| self.0.len() == 1 && m.is_single())
        {
            return read(member).map(ETag::new);
        }
        let mut hasher = blake3::Hasher::new();
        for (id, member) in &self.0 {
            // Of a cancelled one nothing but its id is sure to be told each time.
            let version = match member {
                _ if member.is_cancelled() => "cancelled".to_owned(),
                Member::Unreadable(_) => "unreadable".to_owned(),
                member => read(member)?,
            };
            for part in [id, &version] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        Some(ETag::new(format!("{SERIES}{}", &hasher.finalize().to_hex()[..32])))
    }

    /// The object under this href.
    ///
    /// # Errors
    /// One sentence when a member can't be read.
    pub fn object(&self, place: Place<'_>, href: &str) -> Result<Fetched, String> {
        let (mut master, mut exceptions, mut unreadable) = (None, Vec::new(), 0);
        for (id, member) in &self.0 {
            match member {
                Member::Unreadable(_) => unreadable += 1,
                Member::Read(event) if id != href => exceptions.push(event.as_ref()),
                Member::Read(event) if !is_cancelled(event) => master = Some(event.as_ref()),
                Member::Read(_) => {}
            }
        }
        if unreadable > 0 && self.0.contains_key(href) {
            return Err("Google describes this event in a way that can't be read".to_owned());
        }
        let body = match master {
            Some(master) => text::write(place, master, &exceptions)?,
            None => {
                let uid = self.0.values().find_map(Member::uid).unwrap_or(href);
                text::write_days(place, uid, &exceptions, unreadable)
            }
        };
        Ok(Fetched { href: Href::new(href), etag: self.etag(), body })
    }
}

/// Whether a version is that of a single event, so that it can guard a write.
pub fn guards(version: &ETag) -> bool {
    !version.as_str().starts_with(SERIES)
}
