//! Step 2, continued: what is there and what is gone, told apart from our own blocks, and the
//! gestures on these.
//!
//! One UID is one event, wherever it lies: copies in other calendars wait until the one that is
//! known is gone.

use super::Turn;
use crate::event::change::{Origin, Remover};
use crate::event::ical::{self, ObjectResource};
use crate::event::{CollectionId, EventId, Href, Seen as Interval, Span, Uid, base32hex_name};
use crate::schedule::suggestion::{Intent, State, Suggestion};
use crate::store::Person;
use crate::sync::diff::Difference;
use crate::sync::gesture::{self, Among, Company, Sighting};
use crate::sync::status::{CollectionStatus, Status};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An object that is there, with what folding needs to know of it.
pub(super) struct Seen {
    pub(super) collection: CollectionId,
    pub(super) object: ObjectResource,
    pub(super) origin: Origin,
    pub(super) previous: Option<DateTime<Utc>>,
}

/// An object that is nowhere any more.
pub(super) struct Lost {
    pub(super) uid: Uid,
    pub(super) seen: Interval,
    pub(super) by: Remover,
}

/// Sorts what is present into foreign objects and our own blocks, and reads the gestures on these.
pub(super) fn gather(
    person: &mut Person,
    collection: &CollectionId,
    found: Difference,
    turn: &Turn<'_>,
    seen: &mut Vec<Seen>,
) {
    renew_versions(person, collection);
    let mut places: BTreeMap<&Uid, &Href> = BTreeMap::new();
    if !found.present.is_empty() {
        for (href, known) in found.status.known.iter() {
            for uid in &known.uids {
                places.entry(uid).or_insert(href);
            }
        }
    }
    refuse_unseen(person, &found.unseen, turn);
    let others = seen.iter().filter(|s| s.collection != *collection);
    let others: BTreeSet<Uid> = others.map(|s| s.object.uid.clone()).collect();
    for (href, object) in found.present {
        let place = Place { collection, href: &href };
        if person.suggestions.contains_key(&object.uid) && is_block(person, &place, &object) {
            let origin = sighted(person, &place, &object, turn);
            seen.push(Seen {
                collection: collection.clone(),
                object,
                origin,
                previous: found.previous,
            });
            continue;
        }
        let is_copy = places.get(&object.uid).is_some_and(|first| **first != href);
        if !is_copy && !is_elsewhere(person, collection, &object.uid, &others) {
            let origin = foreign(&found.status);
            seen.push(Seen {
                collection: collection.clone(),
                object,
                origin,
                previous: found.previous,
            });
        }
    }
}

/// The same text under a new version is no sighting, and yet the version that the next write names:
/// with the old one it would fail in every turn. What reads differently is sighted after this.
fn renew_versions(person: &mut Person, collection: &CollectionId) {
    let Some(status) = person.status.collections.get(collection) else { return };
    for suggestion in person.suggestions.values_mut() {
        let Some(published) = suggestion.published.as_mut() else { continue };
        // What can't be read may be their edit: the old version keeps us from it.
        if published.collection != *collection || status.broken.contains_key(&published.href) {
            continue;
        }
        match status.known.get(&published.href) {
            // Something else lies there now: without a version nothing is written to it.
            Some(known) if !known.uids.contains(&suggestion.uid) => published.etag = None,
            Some(known) if known.etag.is_some() => published.etag.clone_from(&known.etag),
            _ => {}
        }
    }
}

/// A block whose write was never confirmed, and which is told as removed, did lie there: the person
/// was quicker than our next look.
fn refuse_unseen(person: &mut Person, unseen: &[Href], turn: &Turn<'_>) {
    for href in unseen {
        let name = href.as_str().rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches(".ics");
        let pending = |s: &&mut Suggestion| {
            s.intent == Some(Intent::Create) && s.published.is_none() && is_named(&s.uid, name)
        };
        if let Some(suggestion) = person.suggestions.values_mut().find(pending) {
            gesture::gone(suggestion, turn.now);
        }
    }
}

/// Whether an account gives a block this name: its UID, or that in letters.
fn is_named(uid: &Uid, name: &str) -> bool {
    uid.as_str() == name || base32hex_name(uid.as_str()) == name
}

/// Whose the objects of a collection are that are not ours.
pub(super) fn foreign(status: &CollectionStatus) -> Origin {
    // One exported `.ics` is the person's own calendar although nothing can be written to it.
    let file = status.href.as_ref().is_some_and(|h: &Href| h.as_str().ends_with(".ics"));
    if status.read_only && !file { Origin::Subscribed } else { Origin::Foreign }
}

struct Place<'a> {
    collection: &'a CollectionId,
    href: &'a Href,
}

fn holds(status: &Status, collection: &CollectionId, uid: &Uid) -> bool {
    let there = status.collections.get(collection);
    there.is_some_and(|c| c.known.values().any(|k| k.uids.contains(uid)))
}

/// Whether this is the block itself: it lies where we last saw it, or it left that place. What has
/// its UID beside it is a copy; what never was seen must bear our mark.
fn is_block(person: &Person, place: &Place<'_>, object: &ObjectResource) -> bool {
    let Some(suggestion) = person.suggestions.get(&object.uid) else { return false };
    match &suggestion.published {
        Some(p) if p.collection == *place.collection && p.href == *place.href => true,
        Some(p) => {
            let known = person.status.collections.get(&p.collection);
            let at_home = known.and_then(|c| c.known.get(&p.href));
            !at_home.is_some_and(|k| k.uids.contains(&object.uid))
        }
        None => gesture::is_marked(object),
    }
}

/// Takes a sighting of a block over.
fn sighted(
    person: &mut Person,
    place: &Place<'_>,
    object: &ObjectResource,
    turn: &Turn<'_>,
) -> Origin {
    let status = person.status.collections.get(place.collection);
    let known = status.and_then(|c| c.known.get(place.href));
    let Some(suggestion) = person.suggestions.get_mut(&object.uid) else { return Origin::Foreign };
    if let (Some(status), Some(known)) = (status, known) {
        let alone = known.uids.iter().all(|uid| *uid == object.uid);
        let sighting = Sighting {
            collection: place.collection,
            href: place.href,
            etag: known.etag.as_ref(),
            object,
            company: if alone { Company::Alone } else { Company::Others },
            among: Among::of(status),
        };
        if gesture::has_landed(suggestion, object, turn.settings.zone) {
            let id = EventId { uid: object.uid.clone(), recurrence_id: None };
            let (start, end) = (suggestion.start, suggestion.end);
            if let Some(event) = Arc::make_mut(&mut person.events).get_mut(&id)
                && !event.closed
            {
                event.span = Span::Timed { start, end };
            }
        }
        gesture::seen(suggestion, &sighting, turn.settings.zone, turn.now);
    }
    origin_of(suggestion)
}

/// Untouched, or the person's by a gesture.
pub(super) fn origin_of(suggestion: &Suggestion) -> Origin {
    match suggestion.state {
        State::Proposed | State::Defended | State::Withdrawn | State::Past => Origin::Proposal,
        State::Accepted | State::Taken | State::Refused => Origin::Touched,
    }
}

/// The event of that UID is kept by another calendar; `others`: UIDs that others showed this turn.
pub(super) fn is_elsewhere(
    person: &Person,
    here: &CollectionId,
    uid: &Uid,
    others: &BTreeSet<Uid>,
) -> bool {
    let first = EventId { uid: uid.clone(), recurrence_id: None };
    let known = person.events.range(first..).next().filter(|(id, _)| id.uid == *uid);
    match known.map(|(_, event)| &event.collection) {
        Some(collection) if collection == here => false,
        Some(collection) => holds(&person.status, collection, uid),
        None => others.contains(uid),
    }
}

/// Objects that are in no collection any more. What is still in another one is not lost: that is
/// what counts from now on.
pub(super) fn lose(
    person: &mut Person,
    vanished: Vec<(Uid, Interval)>,
    turn: &Turn<'_>,
    seen: &mut Vec<Seen>,
) -> Vec<Lost> {
    let wanted: BTreeSet<&Uid> = vanished.iter().map(|(uid, _)| uid).collect();
    let mut left: BTreeMap<Uid, (CollectionId, Href)> = BTreeMap::new();
    if !wanted.is_empty() {
        for (id, status) in &person.status.collections {
            for (href, known) in status.known.iter() {
                for uid in known.uids.iter().filter(|uid| wanted.contains(uid)) {
                    left.entry(uid.clone()).or_insert_with(|| (id.clone(), href.clone()));
                }
            }
        }
    }
    let mut lost = Vec::new();
    // Of those that are still somewhere, as many as a whole calendar that was carried over.
    let mut shown: BTreeSet<Uid> = seen.iter().map(|s| s.object.uid.clone()).collect();
    for (uid, interval) in vanished {
        if let Some((collection, href)) = left.get(&uid) {
            if !shown.contains(&uid) {
                match at(person, collection, href, &uid, interval.after, turn) {
                    Some(there) => {
                        seen.push(there);
                        shown.insert(uid);
                    }
                    None => read_again(person, collection, href),
                }
            }
            continue;
        }
        let mut by = Remover::Person;
        if let Some(suggestion) = person.suggestions.get_mut(&uid) {
            if suggestion.state == State::Withdrawn {
                by = Remover::Ourselves;
            }
            gesture::gone(suggestion, turn.now);
        }
        lost.push(Lost { uid, seen: interval, by });
    }
    lost
}

/// Its text is not kept: the next listing brings it anew.
pub(super) fn read_again(person: &mut Person, collection: &CollectionId, href: &Href) {
    let Some(status) = person.status.collections.get_mut(collection) else { return };
    status.token = None;
    if let Some(known) = Arc::make_mut(&mut status.known).get_mut(href) {
        known.etag = None;
        known.digest = [0; 16];
    }
}

/// An object as it lies in another calendar, unchanged since it was last read there.
fn at(
    person: &mut Person,
    collection: &CollectionId,
    href: &Href,
    uid: &Uid,
    previous: Option<DateTime<Utc>>,
    turn: &Turn<'_>,
) -> Option<Seen> {
    let status = person.status.collections.get(collection)?;
    let mut origin = foreign(status);
    let body = status.known.get(href)?.body.as_ref()?;
    let object = ical::parse(body).objects.into_iter().find(|o| o.uid == *uid)?;
    let place = Place { collection, href };
    if person.suggestions.contains_key(uid) && is_block(person, &place, &object) {
        origin = sighted(person, &place, &object, turn);
    }
    Some(Seen { collection: collection.clone(), object, origin, previous })
}
