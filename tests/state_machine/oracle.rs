//! What must hold, after every turn and once calm has returned.

use super::learned::learned_from;
use super::person::{Kind, Someone, Thing, Truth};
use super::words::field;
use crate::support::fake_server::{Hand, Server, Stored, Verb, Write};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chronotype::cycle::Mode;
use chronotype::event::mark::{mark_of, unmarked};
use chronotype::event::{Event, EventId, Href, Settlement, ical};
use chronotype::schedule::suggestion::{State, Suggestion};
use chronotype::store::Person;
use std::collections::{BTreeMap, BTreeSet};

const ZONE: chrono_tz::Tz = chrono_tz::Europe::Berlin;
/// As the settings say.
const FREEZE: TimeDelta = TimeDelta::minutes(60);

/// One settled placement: UID, start, ordinal, settled at.
pub type Key = (String, DateTime<Utc>, u16, DateTime<Utc>);

#[derive(Default)]
pub struct Oracle {
    /// With what was learned, and of which occurrence.
    settled: BTreeMap<Key, (Option<f32>, EventId)>,
    /// Placements in the order in which they settled.
    order: Vec<Key>,
    pub counts: BTreeMap<&'static str, u64>,
}

fn keys(person: &Person) -> Vec<(Key, &Event, &Settlement)> {
    let all = person.events.values().flat_map(|e| e.settled.iter().map(move |s| (e, s)));
    all.map(|(e, s)| {
        let key = (e.id.uid.to_string(), s.span.start_instant(ZONE), s.ordinal, s.at);
        (key, e, s)
    })
    .collect()
}

impl Oracle {
    /// Writes, outcomes and gestures of one turn, whether it ended or crashed.
    pub fn after_turn(
        &mut self,
        before: &Person,
        after: &Person,
        writes: &[Write],
        mode: Mode,
        server: &mut Server,
        someone: &mut Someone,
    ) -> Result<(), String> {
        if mode != Mode::Suggest && !writes.is_empty() {
            return Err(format!("{mode:?} wrote"));
        }
        for write in writes {
            harmless(write, before, server, someone)?;
        }
        self.outcomes(after, server, someone)?;
        gestures(after, server, someone)?;
        let held = after.status.collections.values().filter_map(|c| c.held.as_ref());
        let held: usize = held.map(|h| h.uids.len()).sum();
        if held > 0 {
            *self.counts.entry("turns with deletions held").or_default() += 1;
        }
        Ok(())
    }

    fn outcomes(
        &mut self,
        after: &Person,
        server: &Server,
        someone: &Someone,
    ) -> Result<(), String> {
        let now = keys(after);
        let said = |e: &Event, s: &Settlement| (s.signal.map(|signal| signal.value), e.id.clone());
        let all: BTreeMap<Key, (Option<f32>, EventId)> =
            now.iter().map(|(k, e, s)| (k.clone(), said(e, s))).collect();
        if let Some(lost) = self.settled.keys().find(|k| !all.contains_key(*k)) {
            return Err(format!("a settled outcome is gone: {lost:?}"));
        }
        let mut places: BTreeMap<(&EventId, u16), usize> = BTreeMap::new();
        for (_, event, settlement) in &now {
            *places.entry((&event.id, settlement.ordinal)).or_default() += 1;
        }
        if let Some((twice, _)) = places.iter().find(|(_, n)| **n > 1) {
            return Err(format!("a placement settled twice: {twice:?}"));
        }
        let mut new: Vec<_> =
            now.iter().filter(|(k, _, _)| !self.settled.contains_key(k)).collect();
        new.sort_by(|(_, a, s), (_, b, t)| {
            let start = |s: &Settlement| s.span.start_instant(ZONE);
            (start(s), &a.id).cmp(&(start(t), &b.id))
        });
        for (key, event, settlement) in &new {
            // Two of one UID met at that hour, and one of them left it or says nothing.
            let met = |first: &(Option<f32>, EventId)| {
                let other = said(event, settlement);
                let speaks = |signal: Option<f32>| signal.is_some() && !is_move(signal);
                first.1 != other.1 && !(speaks(first.0) && speaks(other.0))
            };
            let again = |((uid, start, ordinal, _), first): &(&Key, &(Option<f32>, EventId))| {
                (uid, start, ordinal) == (&key.0, &key.1, &key.2) && !met(first)
            };
            if let Some(first) = self.settled.iter().find(again) {
                let story = format!("{first:?} and {key:?}: {settlement:?} of {event:?}");
                return Err(format!("an outcome was learned twice: {story}"));
            }
            *self.counts.entry("placements settled").or_default() += 1;
            truthful(event, settlement, after, server, someone)?;
        }
        let taught = |s: &Settlement| s.hour.is_some() && s.signal.is_some();
        let learned = new.iter().filter(|(_, e, s)| e.task_type.is_some() && taught(s)).count();
        *self.counts.entry("outcomes learned").or_default() += learned as u64;
        self.order.extend(new.iter().map(|(key, _, _)| key.clone()));
        learned_from(&self.order, &now, after)?;
        self.settled = all;
        Ok(())
    }

    /// Faults are off and a few turns have passed.
    pub fn in_calm(
        &mut self,
        person: &Person,
        server: &Server,
        someone: &Someone,
    ) -> Result<(), String> {
        let _ = someone;
        *self.counts.entry("calm checks").or_default() += 1;
        for suggestion in person.suggestions.values() {
            if let Some(intent) = suggestion.intent {
                return Err(format!("a write is pending: {intent:?} of {}", suggestion.uid));
            }
        }
        same_on_both_sides(person, server)?;
        published(person, server)?;
        no_duplicates(person, server.now)
    }
}

/// What leaving an hour for another one says.
fn is_move(signal: Option<f32>) -> bool {
    signal.is_some_and(|value| [0.7, 0.3, 0.2].iter().any(|of| (value - of).abs() < 1e-3))
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|t| t.and_utc())
}

/// Whether a write touched only what it may.
fn harmless(
    write: &Write,
    before: &Person,
    server: &Server,
    someone: &Someone,
) -> Result<(), String> {
    let Write { verb, href, .. } = write;
    if let Some(stood) = &write.before {
        // Deleted and put back between two listings, or dragged to where it was: line by line what
        // we wrote.
        let lines = |text: &str| {
            let unfolded = text.replace("\r\n ", "");
            unfolded.lines().map(str::to_owned).collect::<BTreeSet<String>>()
        };
        let put = lines(&stood.put);
        let written = server.written.get(href);
        let untouched = written.is_some_and(|all| all.iter().any(|text| lines(text) == put));
        if stood.hand != Hand::Daemon && !untouched {
            return Err(format!("{verb:?} of {href}, which the person wrote:\n{}", stood.put));
        }
        let (from, to) = (field(&stood.put, "DTSTART"), field(&stood.put, "DTEND"));
        let (from, to) = (from.and_then(|t| at(&t)), to.and_then(|t| at(&t)));
        let after = write.after.as_ref().and_then(|b| field(b, "DTSTART")).and_then(|t| at(&t));
        let frozen =
            from.is_some_and(|t| t < server.now + FREEZE) && to.is_some_and(|t| t > server.now);
        if frozen && after != from {
            return Err(format!("{verb:?} of {href} inside its freeze window"));
        }
    }
    if *verb != Verb::Create {
        return Ok(());
    }
    let uid = write.after.as_ref().and_then(|b| field(b, "UID")).unwrap_or_default();
    if someone.deleted_blocks.contains_key(&uid) {
        let suggestion = before.suggestions.values().find(|s| s.uid.as_str() == uid);
        // The write's reply was lost, and no listing showed the block or its removal.
        let unknown =
            suggestion.is_none_or(|s| s.published.is_none()) && !server.told_removed.contains(href);
        if !unknown {
            return Err(format!("a block returns that the person deleted: {uid}"));
        }
    }
    Ok(())
}

/// Whether the person did what was learned.
fn truthful(
    event: &Event,
    settlement: &Settlement,
    after: &Person,
    server: &Server,
    someone: &Someone,
) -> Result<(), String> {
    let uid = event.id.uid.as_str();
    let nothing = Truth::default();
    let truth = someone.truth.get(uid).unwrap_or(&nothing);
    let Some(signal) = settlement.signal else { return Ok(()) };
    let is = |value: f32| (signal.value - value).abs() < 1e-3;
    let told = |what: &str| {
        Err(format!("{what} was learned of {uid} at {}, untrue: {event:?}", settlement.at))
    };
    if is(0.1) && event.completed != Some(false) {
        // A series that moved on its way to another calendar reads as one that ended and another.
        let elsewhere = |t: &Thing| t.uid == uid && t.home != event.collection.as_str();
        let carried =
            event.recurring && !truth.moved.is_empty() && someone.things.iter().any(elsewhere);
        let given_up = carried || was_given_up(event, settlement, after, server);
        if truth.deleted.is_empty() && !server.disowned.contains(uid) && !given_up {
            return told("a deletion");
        }
        let single = event.id.recurrence_id.is_none();
        let mut there = server.find(uid).into_iter();
        let stands = there.find(|(id, href, stored)| {
            let known = after.status.collections.iter().find(|(c, _)| c.as_str() == id);
            let known = known.and_then(|(_, c)| c.known.get(href));
            known.is_some_and(|k| k.is_text(&stored.body))
                // What is cut off tells nothing.
                && stored.body.trim_end().ends_with("END:VCALENDAR")
                && field(&stored.body, "STATUS").as_deref() != Some("CANCELLED")
                && field(&stored.body, "RRULE").is_none()
                // Put back once its time had come, it was gone when it mattered.
                && stored.since < settlement.at.min(settlement.span.start_instant(ZONE))
        });
        // Of two under one UID, each in its calendar, one was taken away or cancelled.
        if single && stands.is_some() && !someone.doubled.contains(uid) {
            return told("a deletion of what stands");
        }
    }
    // A series that ends while another of its name begins reads as one that was split; a block of
    // ours that was made recurring is a series, too.
    let heir = |t: &Thing| t.kind == Kind::Series && t.uid != uid && event.title.contains(&t.title);
    let recurs = |s: &Stored| {
        let title = field(&s.put, "SUMMARY").unwrap_or_default();
        field(&s.put, "RRULE").is_some()
            && field(&s.put, "UID").as_deref() != Some(uid)
            && unmarked(&event.title) == unmarked(&title)
    };
    let mut stored = server.shelves.values().flat_map(|s| s.objects.values());
    let split = event.recurring && (someone.things.iter().any(heir) || stored.any(|s| recurs(s)));
    let moved = is_move(Some(signal.value)) || is(0.55);
    if moved && truth.moved.is_empty() && !split {
        return told("a move");
    }
    let thing = someone.things.iter().find(|t: &&Thing| t.uid == uid);
    if is(0.9)
        && event.completed.is_none()
        && thing.is_some_and(|t| t.place.is_none())
        && server.find(uid).is_empty()
        && truth.deleted.last().is_some_and(|at| *at < settlement.span.start_instant(ZONE))
        && !after.status.holds(&event.id.uid)
    {
        return told("that it was kept");
    }
    Ok(())
}

/// Whether it went to where nothing could be read for as long as is waited for it: two weeks.
fn was_given_up(event: &Event, settlement: &Settlement, after: &Person, server: &Server) -> bool {
    let gone = event.trail.last().map(|(seen, _)| seen.by);
    let uid = event.id.uid.as_str();
    let is_known = |(id, href, _): &(String, Href, _)| {
        let known = after.status.collections.iter().find(|(c, _)| c.as_str() == id);
        known.is_some_and(|(_, c)| c.known.contains_key(href))
    };
    gone.is_some_and(|at| settlement.at >= at + TimeDelta::days(14))
        && server.find(uid).iter().any(|found| !is_known(found))
}

/// No gesture is read that nobody made. Our own blocks are not guarded (contract 3): one that the
/// server denies counts as deleted, and as put back when it shows it again.
fn gestures(after: &Person, server: &Server, someone: &Someone) -> Result<(), String> {
    for suggestion in after.suggestions.values() {
        let theirs = matches!(suggestion.state, State::Accepted | State::Taken | State::Refused);
        let truth = someone.truth.get(suggestion.uid.as_str());
        let denied = server.disowned.contains(suggestion.uid.as_str());
        if theirs && !denied && !truth.is_some_and(|t| t.touched) {
            return Err(format!("{} is {:?}, by nobody", suggestion.uid, suggestion.state));
        }
    }
    Ok(())
}

/// What the program remembers of each collection is what lies there.
fn same_on_both_sides(person: &Person, server: &Server) -> Result<(), String> {
    for (id, shelf) in &server.shelves {
        let known = person.status.collections.iter().find(|(c, _)| c.as_str() == id);
        let Some((_, known)) = known else {
            return Err(format!("{id} is not known"));
        };
        for (href, stored) in &shelf.objects {
            match known.known.get(href) {
                Some(k) if server.is_known(id, href, stored, k) => {}
                Some(_) => return Err(format!("{href} is known as something else")),
                None => return Err(format!("{href} is not known")),
            }
        }
        if let Some(href) = known.known.keys().find(|h| !shelf.objects.contains_key(*h)) {
            return Err(format!("{href} is known and not there"));
        }
        if let Some((what, _)) = &known.trouble {
            return Err(format!("{id} is in trouble in calm: {what}"));
        }
    }
    Ok(())
}

/// What is believed published lies there with that meaning; what bears our mark is known.
fn published(person: &Person, server: &Server) -> Result<(), String> {
    for suggestion in person.suggestions.values() {
        let Some(published) = &suggestion.published else { continue };
        let uid = &suggestion.uid;
        let shelf = server.shelves.get(published.collection.as_str());
        let Some(stored) = shelf.and_then(|s| s.objects.get(&published.href)) else {
            return Err(format!("{uid} is believed published and is not there"));
        };
        let parsed = ical::parse(&stored.body).objects;
        let Some(object) = parsed.iter().find(|o| o.uid == *uid) else {
            return Err(format!("something else than {uid} lies in its place"));
        };
        let master = object.events.iter().find(|e| e.recurrence_id.is_none());
        let same = master.is_some_and(|e| {
            e.start.instant(ZONE) == published.start && e.summary == published.title
        });
        if !same {
            return Err(format!("{uid} lies there with another meaning: {}", stored.body));
        }
        let left = matches!(suggestion.state, State::Withdrawn | State::Refused);
        let cancelled = field(&stored.body, "STATUS").as_deref() == Some("CANCELLED");
        if left && !cancelled {
            return Err(format!("{uid} is {:?} and still there", suggestion.state));
        }
    }
    for stored in server.shelves.values().flat_map(|s| s.objects.values()) {
        let (Some(mark), Some(uid)) =
            (field(&stored.put, "X-CHRONOTYPE-BLOCK"), field(&stored.put, "UID"))
        else {
            continue;
        };
        let known = person.suggestions.values().find(|s| s.uid.as_str() == uid);
        if mark == uid && known.is_none_or(|s| s.published.is_none()) {
            return Err(format!("{uid} bears our mark and is not known as published"));
        }
    }
    Ok(())
}

/// One session has one block, beside what the person made theirs.
fn no_duplicates(person: &Person, now: DateTime<Utc>) -> Result<(), String> {
    let mut standing: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for s in person.suggestions.values().filter(|s| s.published.is_some()) {
        if s.stands() && s.end > now {
            standing.entry((&s.request, s.session)).or_default().push(s);
        }
    }
    for ((request, session), blocks) in standing {
        // A mark of theirs (`✓`) makes a block theirs as well: it is not written again.
        let marked =
            |s: &Suggestion| s.published.as_ref().is_some_and(|p| mark_of(&p.title).is_some());
        let ours = blocks
            .iter()
            .filter(|s| s.state == State::Proposed && s.start > now + FREEZE && !marked(s));
        if ours.count() > 0 && blocks.len() > 1 {
            return Err(format!("{request:?} session {session} has {} blocks", blocks.len()));
        }
    }
    Ok(())
}
