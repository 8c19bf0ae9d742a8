//! Listing against status: what changed, as values (pure).
//!
//! Safety contract, point 3: a bad listing is not a deletion. Deletions that look like an accident
//! are held until a second full listing confirms them.

use super::status::{CollectionStatus, Held, Known};
use crate::calendar::{Fetched, Listing};
use crate::event::ical::{self, EventComponent, ObjectResource, Problem};
use crate::event::{ETag, Href, OUR_PREFIX, Seen, Uid};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Deletions are held when a collection had this many objects ...
const MANY: usize = 10;
/// ... and more than this share of them vanishes at once ...
const SHARE: f64 = 0.5;
/// ... or when a listing is empty where this many future objects were known.
const FUTURE: usize = 3;

/// Objects that can't be read, as far as they are remembered one by one.
pub const BROKEN: usize = 1_000;

/// What to believe about deletions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletions {
    /// Hold what looks like an accident.
    Guarded,
    /// The person said they are meant (`sync --accept-deletions`).
    Accepted,
}

/// What one listing changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The collection as it is to be remembered.
    pub status: CollectionStatus,
    /// Time of the last listing before this one.
    pub previous: Option<DateTime<Utc>>,
    /// New and changed objects, read, with the href each lies under.
    pub present: Vec<(Href, ObjectResource)>,
    /// UIDs that left the collection for good: after the last listing that held them, at the latest
    /// with the first that did not.
    pub vanished: Vec<(Uid, Seen)>,
    /// Hrefs told as removed that were never seen there: something came and went in between.
    pub unseen: Vec<Href>,
    /// Objects that can't be read, beyond those that the status remembers.
    pub beyond: usize,
}

/// Compares. `is_future` says whether a UID still has something ahead.
pub fn diff(
    before: &CollectionStatus,
    listing: &Listing,
    now: DateTime<Utc>,
    deletions: Deletions,
    is_future: &dyn Fn(&Uid) -> bool,
) -> Difference {
    let mut after = before.clone();
    after.token.clone_from(&listing.token);
    after.listed_at = Some(now);
    after.trouble = None;
    let mut present = Vec::new();
    for fetched in &listing.changed {
        let objects = take_over(&mut after, fetched);
        present.extend(objects.into_iter().map(|o| (fetched.href.clone(), o)));
    }
    for (href, problem) in &listing.problems {
        miss(&mut after, href, problem);
    }
    remove_absent(&mut after, listing);
    let vanished = believe(before, &mut after, listing, now, deletions, is_future);
    let unseen = listing.removed.iter().filter(|href| !before.known.contains_key(*href));
    let unseen = unseen.cloned().collect();
    let beyond = forget_broken(&mut after);
    Difference { status: after, previous: before.listed_at, present, vanished, unseen, beyond }
}

/// Remembers a fetched object and reads it. The same text under a new ETag is no change. What can't
/// be read any more stays as it was last read: a broken object is no deletion.
fn take_over(after: &mut CollectionStatus, fetched: &Fetched) -> Vec<ObjectResource> {
    let known = Arc::make_mut(&mut after.known);
    if let Some(known) = known.get_mut(&fetched.href).filter(|k| k.is_text(&fetched.body)) {
        known.etag.clone_from(&fetched.etag);
        // Broken for a while, and back to what it was.
        if after.broken.contains_key(&fetched.href)
            && ical::parse(&fetched.body).problems.is_empty()
        {
            after.broken.remove(&fetched.href);
        }
        return Vec::new();
    }
    let mut parsed = ical::parse(&fetched.body);
    if parsed.objects.is_empty() && parsed.problems.is_empty() && !is_whole(&fetched.body) {
        let message = "the text ends early".to_owned();
        parsed.problems.push(Problem { line: None, property: None, message });
    }
    let mut uids: Vec<Uid> = parsed.objects.iter().map(|o| o.uid.clone()).collect();
    let mut kept = None;
    match parsed.problems.first() {
        Some(problem) => {
            let line = problem.line.map(|n| format!("line {n}: ")).unwrap_or_default();
            let more = match parsed.problems.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            let sentence = format!("{line}{}{more}", problem.message);
            after.broken.insert(fetched.href.clone(), sentence);
            if let Some(before) = known.get(&fetched.href) {
                let text = before.body.as_deref().unwrap_or_default();
                let whole = ical::parse(text).objects;
                let lost = |o: &ObjectResource| whole.iter().any(|w| lost_a_part(w, o));
                // One without a UID is another as soon as it changes.
                let mut named = before.uids.iter().filter(|uid| !uid.is_of_content());
                let some_lost =
                    parsed.objects.iter().any(lost) || named.any(|uid| !uids.contains(uid));
                parsed.objects.retain(|o| !lost(o));
                if some_lost {
                    kept.clone_from(&before.body);
                }
                let mut seen: BTreeSet<Uid> = uids.iter().cloned().collect();
                let named = before.uids.iter().filter(|uid| !uid.is_of_content());
                uids.extend(named.filter(|u| seen.insert((*u).clone())).cloned());
            }
        }
        None => {
            after.broken.remove(&fetched.href);
        }
    }
    let mut read = Known::new(fetched.etag.clone(), uids, &fetched.body, &parsed.objects);
    read.body = kept.or(read.body);
    known.insert(fetched.href.clone(), read);
    parsed.objects
}

/// An object that could not be fetched stays as it was last read; without a version, it is asked
/// for again although the token moves on.
fn miss(after: &mut CollectionStatus, href: &Href, problem: &str) {
    after.broken.insert(href.clone(), problem.to_owned());
    if after.known.get(href).is_some_and(|known| known.etag.is_some())
        && let Some(known) = Arc::make_mut(&mut after.known).get_mut(href)
    {
        known.etag = None;
    }
}

/// Keeps [`BROKEN`] of them, our own blocks first: what can't be read of these may be the person's
/// edit. Of what was never fetched only a full listing tells once it is forgotten here. Returns how
/// many are not kept.
fn forget_broken(after: &mut CollectionStatus) -> usize {
    if after.broken.len() <= BROKEN {
        return 0;
    }
    let is_foreign = |(href, _): &(Href, String)| {
        let name = href.as_str().rsplit('/').next().unwrap_or_default();
        let known = after.known.get(href);
        !name.starts_with(OUR_PREFIX)
            && !known.is_some_and(|known| known.uids.iter().any(Uid::is_ours))
    };
    let mut all: Vec<(Href, String)> = std::mem::take(&mut after.broken).into_iter().collect();
    all.sort_by_key(is_foreign);
    let beyond = all.split_off(BROKEN);
    let is_unread = |href: &Href| after.known.get(href).is_none_or(|known| known.etag.is_none());
    if beyond.iter().any(|(href, _)| is_unread(href)) {
        after.token = None;
    }
    after.broken = all.into_iter().collect();
    beyond.len()
}

/// A file that is being written, or was cut off, lacks its end.
fn is_whole(body: &str) -> bool {
    let mut lines = body.lines().rev();
    lines.any(|line| line.trim().eq_ignore_ascii_case("END:VCALENDAR"))
}

/// A component of the whole object is not in what can be read of it now.
fn lost_a_part(whole: &ObjectResource, read: &ObjectResource) -> bool {
    let has = |e: &EventComponent| read.events.iter().any(|r| r.recurrence_id == e.recurrence_id);
    whole.uid == read.uid && (!whole.events.iter().all(has) || read.todos.len() < whole.todos.len())
}

fn remove_absent(after: &mut CollectionStatus, listing: &Listing) {
    match &listing.present {
        Some(present) => {
            let here: HashSet<&Href> = present.iter().collect();
            if after.known.keys().any(|href| !here.contains(href)) {
                Arc::make_mut(&mut after.known).retain(|href, _| here.contains(href));
            }
            after.broken.retain(|href, _| here.contains(href));
        }
        None => {
            for href in &listing.removed {
                if after.known.contains_key(href) {
                    Arc::make_mut(&mut after.known).remove(href);
                }
                after.broken.remove(href);
            }
        }
    }
}

fn uids(status: &CollectionStatus) -> BTreeSet<&Uid> {
    status.known.values().flat_map(|k| &k.uids).collect()
}

/// What `before` held and `after` does not. Nothing vanished while the objects are the same ones.
fn gone(before: &CollectionStatus, after: &CollectionStatus) -> Vec<Uid> {
    if Arc::ptr_eq(&before.known, &after.known) {
        return Vec::new();
    }
    let here: HashSet<&Uid> = after.known.values().flat_map(|k| &k.uids).collect();
    uids(before).into_iter().filter(|uid| !here.contains(uid)).cloned().collect()
}

fn believe(
    before: &CollectionStatus,
    after: &mut CollectionStatus,
    listing: &Listing,
    now: DateTime<Utc>,
    deletions: Deletions,
    is_future: &dyn Fn(&Uid) -> bool,
) -> Vec<(Uid, Seen)> {
    let held = before.held.clone();
    let mut waiting: Vec<Uid> = held.iter().flat_map(|h| h.uids.clone()).collect();
    if !waiting.is_empty() {
        let here = uids(after);
        waiting.retain(|uid| !here.contains(uid));
    }
    let gone = gone(before, after);
    let full = listing.present.is_some();
    let accepted = deletions == Deletions::Accepted;
    let mut believed = Vec::new();
    let mut doubted = Vec::new();
    let accident = !accepted && looks_like_an_accident(before, after, (&gone, &waiting), is_future);
    let confirmed = full || accepted;
    match &held {
        Some(h) if confirmed => {
            let seen = Seen { after: h.after, by: h.since };
            believed.extend(waiting.into_iter().map(|uid| (uid, seen)));
        }
        _ => doubted.extend(waiting),
    }
    let still_held = !doubted.is_empty();
    let (ours, foreign): (Vec<Uid>, Vec<Uid>) = gone.into_iter().partition(Uid::is_ours);
    let seen = Seen { after: before.listed_at, by: now };
    believed.extend(ours.into_iter().map(|uid| (uid, seen)));
    match accident {
        true => doubted.extend(foreign),
        false => believed.extend(foreign.into_iter().map(|uid| (uid, seen))),
    }
    after.held = None;
    if !doubted.is_empty() {
        let first = held.as_ref().filter(|_| still_held);
        after.held = Some(Held {
            uids: doubted,
            since: first.map_or(now, |h| h.since),
            after: first.map_or(before.listed_at, |h| h.after),
        });
        // Only a full listing can confirm: ask for one next time.
        after.token = None;
    }
    believed
}

fn looks_like_an_accident(
    before: &CollectionStatus,
    after: &CollectionStatus,
    (gone, held): (&[Uid], &[Uid]),
    is_future: &dyn Fn(&Uid) -> bool,
) -> bool {
    // A block of ours that vanished is believed at once: what counts is what else lies there.
    let foreign = |uid: &&Uid| !uid.is_ours();
    let gone = gone.iter().filter(foreign).count();
    if gone == 0 || !before.known.values().any(|k| k.events) {
        return false;
    }
    // What is held counts as still there, and as missing: a listing that shows another part of the
    // collection than the last one did is no better than that.
    let known: BTreeSet<&Uid> = uids(before).into_iter().chain(held).filter(foreign).collect();
    let missing = gone + held.len();
    let many = known.len() >= MANY && missing as f64 > SHARE * known.len() as f64;
    let empty = !uids(after).iter().any(foreign);
    many || (empty && known.iter().filter(|uid| is_future(uid)).count() >= FUTURE)
}

/// Remembers what a write of ours left on the server, so that it does not come back as a change.
pub fn remember_write(
    status: &mut CollectionStatus,
    href: &Href,
    uid: &Uid,
    etag: Option<&ETag>,
    body: &str,
) {
    // A block neither recurs nor is a VTODO.
    let known = Known::new(etag.cloned(), vec![uid.clone()], body, &[]);
    Arc::make_mut(&mut status.known).insert(href.clone(), known);
}
