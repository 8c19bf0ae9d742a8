//! What the person did to a block of ours, judged by meaning: servers rewrite what they store
//! (pure).
//!
//! Keep = accept; drag = accept there; rename or edit = theirs; delete = no (DESIGN section 1).
//! What follows from it is [`crate::schedule::life`].

use super::status::CollectionStatus;
use crate::event::ical::{EventComponent, ObjectResource, Status, Transparency};
use crate::event::mark::{EDITED_MARK, mark_of, unmarked};
use crate::event::{CollectionId, ETag, Href, Stamp, harmless, html};
use crate::schedule::life::Happening;
use crate::schedule::suggestion::{Intent, Published, State, Suggestion};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A block of ours as a listing shows it.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Where.
    pub collection: &'a CollectionId,
    /// Its href.
    pub href: &'a Href,
    /// Its version.
    pub etag: Option<&'a ETag>,
    /// What it holds.
    pub object: &'a ObjectResource,
    /// Whether it is the only thing under that href.
    pub company: Company,
    /// Whose collection that is.
    pub among: Among,
}

/// Whose collection a block lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// The one our blocks go to.
    Ours,
    /// Another: the person carried it there.
    Theirs,
}

impl Among {
    /// Whose this collection is.
    pub fn of(status: &CollectionStatus) -> Self {
        if status.ours { Self::Ours } else { Self::Theirs }
    }
}

/// What lies under the href of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// The block alone, as we wrote it.
    Alone,
    /// Other objects, too: writing there would write over them.
    Others,
}

/// Our mark on every block: its own UID.
pub const BLOCK_MARK: &str = "X-CHRONOTYPE-BLOCK";

/// On a block that we wrote as busy.
pub const DEFENDED_MARK: &str = "X-CHRONOTYPE-DEFENDED";

/// Whether an object bears our mark. A copy under another UID or a stranger does not.
pub fn is_marked(object: &ObjectResource) -> bool {
    let mut marks = object.events.iter().filter_map(|e| e.marks.get(BLOCK_MARK));
    marks.any(|mark| mark == object.uid.as_str())
}

/// Takes a sighting over into the suggestion.
pub fn seen(suggestion: &mut Suggestion, sighting: &Sighting<'_>, zone: Tz, now: DateTime<Utc>) {
    let published = suggestion.published.as_ref();
    // They took it away and it is there again. One that we took back and that lies untouched where
    // our blocks go is no gesture: its write may have landed unseen, and it is taken away then.
    let is_back = match suggestion.state {
        State::Refused => true,
        State::Withdrawn => published.is_none() && sighting.among != Among::Ours,
        State::Proposed | State::Defended | State::Accepted | State::Taken | State::Past => false,
    };
    // A write that no reply confirmed went to where our blocks go.
    let elsewhere = match published {
        Some(p) => p.collection != *sighting.collection,
        None => sighting.among == Among::Theirs,
    };
    let master = sighting.object.events.iter().find(|e| e.recurrence_id.is_none());
    let extent = master.and_then(|component| extent(component, zone));
    let gesture = match (master, extent) {
        (Some(component), Some((start, end))) => judge(suggestion, sighting, component, start, end),
        // A whole day, or a series without its master: nothing we ever write.
        _ => Gesture::Edited,
    };
    let marked = master.is_some_and(|component| mark_of(&component.summary).is_some());
    let gesture = match gesture {
        Gesture::None | Gesture::Landed if is_back || elsewhere => Gesture::Moved,
        // Their mark on what we were about to take away.
        Gesture::None | Gesture::Landed if marked && suggestion.state == State::Withdrawn => {
            Gesture::Moved
        }
        other => other,
    };
    // A move that is still to come would write over their mark.
    if let (true, Gesture::None, Some((start, end))) = (marked, gesture, extent) {
        (suggestion.start, suggestion.end, suggestion.intent) = (start, end, None);
    }
    if gesture != Gesture::None || suggestion.intent == Some(Intent::Create) {
        suggestion.intent = None;
    }
    match gesture {
        Gesture::None | Gesture::Landed => {}
        Gesture::Kept => drop(suggestion.live(Happening::Keep, now)),
        Gesture::Moved if is_back => drop(suggestion.live(Happening::Restore, now)),
        Gesture::Moved => drop(suggestion.live(Happening::Move, now)),
        Gesture::Edited => drop(suggestion.live(Happening::Edit, now)),
        Gesture::Cancelled => drop(suggestion.live(Happening::Delete, now)),
    }
    let day = master.map(|component| component.start.instant(zone));
    // A whole day is context: it takes no time.
    let (start, end) =
        extent.or(day.map(|at| (at, at))).unwrap_or((suggestion.start, suggestion.end));
    if matches!(gesture, Gesture::Moved | Gesture::Edited) {
        (suggestion.start, suggestion.end) = (start, end);
    }
    let (title, description) = match master {
        Some(component) => (component.summary.clone(), component.description.clone()),
        None => (suggestion.title.clone(), suggestion.description()),
    };
    if gesture == Gesture::Edited {
        suggestion.title.clone_from(&title);
    }
    suggestion.published = Some(Published {
        collection: sighting.collection.clone(),
        href: sighting.href.clone(),
        etag: sighting.etag.cloned(),
        start,
        end,
        title,
        description,
    });
}

/// Whether the block stands where we last wanted it without having seen it there: a move of ours
/// that was never confirmed brought it there, whatever the person did to it since; they may have
/// deleted it and put it back before we looked.
pub fn has_landed(suggestion: &Suggestion, object: &ObjectResource, zone: Tz) -> bool {
    let master = object.events.iter().find(|e| e.recurrence_id.is_none());
    let there = master.and_then(|component| extent(component, zone));
    let unseen = suggestion.intent == Some(Intent::Update) || suggestion.published.is_none();
    unseen && there == Some((suggestion.start, suggestion.end))
}

/// A block that is no longer listed.
pub fn gone(suggestion: &mut Suggestion, now: DateTime<Utc>) {
    let by_us = suggestion.intent == Some(Intent::Delete) || !suggestion.stands();
    suggestion.intent = None;
    suggestion.published = None;
    if by_us {
        return;
    }
    // After its end it is tidying up; before, it is a no.
    let over = suggestion.end <= now;
    suggestion.live(if over { Happening::End } else { Happening::Delete }, now);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gesture {
    None,
    /// Our own pending change is on the server already.
    Landed,
    /// Confirmed where it is.
    Kept,
    Moved,
    Edited,
    Cancelled,
}

fn judge(
    suggestion: &Suggestion,
    sighting: &Sighting<'_>,
    component: &EventComponent,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Gesture {
    let ours = Written {
        start: suggestion.start,
        end: suggestion.end,
        title: &suggestion.title,
        description: suggestion.description(),
    };
    let before = suggestion.published.as_ref().map(|p| Written {
        start: p.start,
        end: p.end,
        title: &p.title,
        description: p.description.clone(),
    });
    if component.status == Status::Cancelled {
        return Gesture::Cancelled;
    }
    let reads = |w: &Written<'_>| w.reads_as(component);
    let unread = !reads(&ours) && !before.as_ref().is_some_and(reads);
    let plain = component.rules.is_empty()
        && component.rdates.is_empty()
        && component.attendees.is_empty()
        && component.location.is_empty()
        && !component.marks.contains_key(EDITED_MARK)
        && sighting.object.events.len() == 1
        && sighting.company == Company::Alone
        && is_marked(sighting.object);
    if unread || !plain {
        return Gesture::Edited;
    }
    let at = |w: &Written<'_>| w.start == start && w.end == end;
    // Nothing but its being busy was to change, and did.
    let pending = suggestion.intent == Some(Intent::Update) && at(&ours) && reads(&ours);
    if pending && is_written_busy(component) == (suggestion.state == State::Defended) {
        return match confirmed(component) {
            Gesture::None => Gesture::Landed,
            other => other,
        };
    }
    if before.as_ref().is_some_and(at) {
        return confirmed(component);
    }
    if at(&ours) {
        return match confirmed(component) {
            Gesture::None => Gesture::Landed,
            other => other,
        };
    }
    Gesture::Moved
}

/// Made busy or free in place, other than we wrote it: kept on purpose. Many apps have no switch
/// for STATUS, and some leave it out, which alone is no word: but of a block that is busy already a
/// person has no other way to say yes, and in doubt it is theirs.
fn confirmed(component: &EventComponent) -> Gesture {
    let busy = component.transparency == Transparency::Opaque;
    match (is_written_busy(component), busy, component.status) {
        (false, false, _) | (true, true, Status::Tentative) => Gesture::None,
        (false, true, _) | (true, false, _) | (true, true, _) => Gesture::Kept,
    }
}

/// Whether we wrote it as busy. It says so itself, since a write may land that no reply confirms.
fn is_written_busy(component: &EventComponent) -> bool {
    component.marks.contains_key(DEFENDED_MARK)
}

struct Written<'a> {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    title: &'a str,
    description: String,
}

impl Written<'_> {
    /// The same words, white space, HTML and marks (`✓`) aside.
    fn reads_as(&self, component: &EventComponent) -> bool {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = |text: &str| words(&harmless::plain(unmarked(text)));
        title(self.title) == title(&component.summary)
            && words(&html::plain(&self.description)) == words(&html::plain(&component.description))
    }
}

/// Start and end, in UTC; `None` for whole days and for times that can't be read.
fn extent(component: &EventComponent, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if matches!(component.start, Stamp::Date(_)) {
        return None;
    }
    let start = component.start.instant(zone);
    let end = match (&component.end, component.duration) {
        (Some(end), _) => end.instant(zone),
        (None, Some(length)) => start.checked_add_signed(length.even())?,
        (None, None) => start,
    };
    (end >= start).then_some((start, end))
}
