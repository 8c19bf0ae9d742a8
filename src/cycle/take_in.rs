//! Steps 2 and 3: listings become changes, our own blocks come back marked as ours, and all of it
//! is folded into tier 1.

use super::done::mark_blocks;
use super::forget::{forget, is_said};
use super::gather::{Lost, Seen, foreign, gather, is_elsewhere, lose, origin_of};
use super::{Cause, Report, Turn, Warning};
use crate::calendar::{Collection, Error, Listing};
use crate::event::change::{Change, Context};
use crate::event::fold::{MOST_EVENTS, fold};
use crate::event::ical::{self, ObjectResource};
use crate::event::time::{local_date, local_midnight};
use crate::event::{Event, EventId, Guests, Href, Observation, Uid, Window};
use crate::store::Person;
use crate::sync::diff::{Difference, diff};
use crate::sync::poll::Account;
use crate::sync::status::{CollectionStatus, Status};
use crate::task::infer;
use chrono::{DateTime, TimeDelta};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Takes the answers in; returns the events that want a task type.
pub(super) fn take_in(
    person: &mut Person,
    answers: &[Account],
    turn: &Turn<'_>,
    report: &mut Report,
) -> Vec<EventId> {
    let mut found = Vec::new();
    for account in answers {
        note_discovery(person, account, turn, report);
        note_lessons(person, account, turn);
        for (collection, answer) in &account.listings {
            match answer {
                Ok(listing) => {
                    let difference = compare(person, collection, listing, turn, report);
                    found.push((collection.id.clone(), difference));
                }
                Err(error) => trouble(person, collection, error, turn, report),
            }
        }
    }
    let mut seen = Vec::new();
    let mut vanished = Vec::new();
    for (collection, difference) in found {
        vanished.extend(difference.vanished.iter().cloned());
        gather(person, &collection, difference, turn, &mut seen);
    }
    vanished.extend(forget(person, answers, turn, report));
    let lost = lose(person, vanished, turn, &mut seen);
    report.changed = seen.len();
    report.vanished = lost.len();
    let window = window(person, turn);
    expand_series(person, window, turn, &mut seen);
    let unclassified = fold_in(person, &seen, &lost, window, turn, report);
    mark_blocks(person, &seen, turn);
    unclassified
}

fn fold_in(
    person: &mut Person,
    seen: &[Seen],
    lost: &[Lost],
    window: Window,
    turn: &Turn<'_>,
    report: &mut Report,
) -> Vec<EventId> {
    let addresses = turn.settings.addresses_of(&person.status);
    let context =
        Context { now: turn.now, zone: turn.settings.zone, window, addresses: &addresses };
    let present = seen.iter().map(|s| Change::Present {
        collection: &s.collection,
        object: &s.object,
        origin: s.origin,
        previous: s.previous,
    });
    let gone = lost.iter().map(|l| Change::Vanished { uid: &l.uid, seen: l.seen, by: l.by });
    let changes: Vec<Change<'_>> = present.chain(gone).collect();
    person.expanded_until = Some(window.to);
    if changes.is_empty() {
        return Vec::new();
    }
    note_guests(person, seen, &addresses, turn);
    let folded = fold(Arc::make_mut(&mut person.events), &changes, &context);
    let problems = folded.problems.len();
    if folded.full {
        report.notes.push(format!("{MOST_EVENTS} events are known: no more are taken in"));
    }
    if problems > 0 {
        report.notes.push(format!("{problems} recurrence rules could not be read to their end"));
    }
    folded.unclassified
}

/// Whom the person is with, as salted hashes. The salt is drawn from who they are and when somebody
/// was first seen: no two people's hashes are alike.
fn note_guests(person: &mut Person, seen: &[Seen], own: &[String], turn: &Turn<'_>) {
    let has_others = |s: &&Seen| s.object.events.iter().any(|e| !e.attendees.is_empty());
    let is_known = |s: &&Seen| !person.guests.of(&s.object.uid).is_empty();
    let concerned: Vec<&Seen> = seen.iter().filter(|s| has_others(s) || is_known(s)).collect();
    if concerned.is_empty() {
        return;
    }
    let mut guests = Guests::clone(&person.guests);
    let salt = Guests::draw_salt(turn.principal, turn.now);
    for seen in concerned {
        guests.note(&seen.object, own, salt);
    }
    if guests != *person.guests {
        person.guests = Arc::new(guests);
    }
}

/// Takes over what a server says of an account, or why it said nothing.
fn note_discovery(person: &mut Person, account: &Account, turn: &Turn<'_>, report: &mut Report) {
    let status = person.status.accounts.entry(account.name.clone()).or_default();
    match &account.discovered {
        Some(Ok(found)) => {
            status.discovered_at = Some(turn.now);
            status.addresses.clone_from(&found.addresses);
            status.trouble = None;
            for collection in &found.collections {
                describe(
                    person.status.collections.entry(collection.id.clone()).or_default(),
                    collection,
                );
            }
        }
        Some(Err(error)) => {
            let message = error.to_string();
            let since = status.trouble.as_ref().map_or(turn.now, |(_, since)| *since);
            status.trouble = Some((message.clone(), since));
            let (account, cause) = (account.name.clone(), error.into());
            report.warnings.push(Warning::Account { account, cause, message });
        }
        None => {}
    }
    let failed = matches!(account.discovered, Some(Err(_)));
    if let Some(missing) = account.missing.as_ref().filter(|_| !failed) {
        let message = format!(
            "has no calendar called {}; there are: {}",
            missing.names.join(", "),
            missing.there.join(", ")
        );
        let (account, cause) = (account.name.clone(), Cause::Missing);
        report.warnings.push(Warning::Account { account, cause, message });
    }
}

/// What the account does not guarantee, and until when it wants to be left alone.
fn note_lessons(person: &mut Person, account: &Account, turn: &Turn<'_>) {
    let answers = account.listings.iter().filter_map(|(_, answer)| answer.as_ref().err());
    let errors = answers.chain(account.discovered.iter().filter_map(|found| found.as_ref().err()));
    let wait = errors.filter_map(|error| match error {
        Error::Later { after, .. } => TimeDelta::from_std(*after).ok(),
        _ => None,
    });
    let not_before = wait.max().and_then(|wait| turn.now.checked_add_signed(wait));
    let known = person.status.lessons.get(&account.name);
    if known.is_none() && not_before.is_none() && account.weaknesses.is_empty() {
        return;
    }
    let lessons = person.status.lessons.entry(account.name.clone()).or_default();
    lessons.not_before = not_before;
    lessons.weaknesses.extend(&account.weaknesses);
}

fn describe(status: &mut CollectionStatus, collection: &Collection) {
    status.name.clone_from(&collection.name);
    status.account.clone_from(&collection.account);
    status.href = Some(collection.href.clone());
    status.read_only = collection.read_only;
}

fn trouble(
    person: &mut Person,
    collection: &Collection,
    error: &Error,
    turn: &Turn<'_>,
    report: &mut Report,
) {
    let message = error.to_string();
    let status = person.status.collections.entry(collection.id.clone()).or_default();
    describe(status, collection);
    let since = status.trouble.as_ref().map_or(turn.now, |(_, since)| *since);
    let is_gone = status.trouble.as_ref().is_some_and(|(what, _)| is_said(what));
    if !is_gone {
        status.trouble = Some((message.clone(), since));
    }
    report.warnings.push(Warning::Collection {
        collection: collection.id.clone(),
        name: collection.name.clone(),
        cause: error.into(),
        message,
    });
}

fn compare(
    person: &mut Person,
    collection: &Collection,
    listing: &Listing,
    turn: &Turn<'_>,
    report: &mut Report,
) -> Difference {
    let mut before = person.status.collections.get(&collection.id).cloned().unwrap_or_default();
    describe(&mut before, collection);
    let into = turn.settings.suggest_into.as_ref();
    before.ours = into.is_some_and(|(a, n)| *a == collection.account && collection.is_called(n));
    let events = &person.events;
    let is_future = |uid: &Uid| {
        let first = EventId { uid: uid.clone(), recurrence_id: None };
        let mut same = events.range(first..).take_while(|(id, _)| id.uid == *uid);
        same.any(|(_, e)| e.span.end_instant(turn.settings.zone) > turn.now)
    };
    let found = diff(&before, listing, turn.now, turn.settings.deletions, &is_future);
    report.requests += listing.requests;
    report.collections += 1;
    for (href, message) in &found.status.broken {
        report.warnings.push(Warning::Broken {
            name: collection.name.clone(),
            href: href.clone(),
            message: message.clone(),
        });
    }
    if found.beyond > 0 {
        let (name, objects) = (collection.name.clone(), found.beyond);
        report.warnings.push(Warning::MoreBroken { name, objects });
    }
    if let Some(held) = &found.status.held {
        let objects = held.uids.len();
        report.warnings.push(Warning::Held { name: collection.name.clone(), objects });
    }
    person.status.collections.insert(collection.id.clone(), found.status.clone());
    found
}

/// From the history's start to the end of the last day ahead: its end moves once a day.
fn window(person: &Person, turn: &Turn<'_>) -> Window {
    let zone = turn.settings.zone;
    let last = local_date(turn.now + turn.settings.ahead, zone) + TimeDelta::days(1);
    let to = local_midnight(last, zone).max(person.expanded_until.unwrap_or(DateTime::UNIX_EPOCH));
    Window { from: turn.now - turn.settings.history, to }
}

/// When the window has moved on, series are folded anew: their next occurrences come into view.
fn expand_series(person: &Person, window: Window, turn: &Turn<'_>, seen: &mut Vec<Seen>) {
    if person.expanded_until.is_some_and(|until| window.to <= until) {
        return;
    }
    let mut fresh: BTreeSet<Uid> = seen.iter().map(|s| s.object.uid.clone()).collect();
    for (id, status) in &person.status.collections {
        let origin = foreign(status);
        for body in status.known.values().filter_map(|k| k.body.as_ref()) {
            for object in ical::parse(body).objects.into_iter().filter(ObjectResource::recurs) {
                let block = person.suggestions.get(&object.uid);
                let origin = block.map_or(origin, origin_of);
                if !is_elsewhere(person, id, &object.uid, &BTreeSet::new())
                    && fresh.insert(object.uid.clone())
                {
                    let previous = person.last_turn.or(Some(turn.now));
                    seen.push(Seen { collection: id.clone(), object, origin, previous });
                }
            }
        }
    }
}

/// How long something that vanished may turn up in a collection that can't be listed.
const MOVING: TimeDelta = TimeDelta::days(14);

/// A listing after its end showed what became of it, and nothing of that is held. What vanished may
/// have gone to a collection that could not be listed since.
pub(super) fn is_witnessed(status: &Status, event: &Event, moment: &infer::Context) -> bool {
    let gone_since = match event.trail.last() {
        Some((seen, Observation::Deleted)) if !status.holds(&event.id.uid) => Some(seen.by),
        _ => None,
    };
    let mut hidden = status.collections.values().filter(|c| status.is_out_of_sight(c));
    // One that is told and could never be read may be it.
    let nameless = |c: &CollectionStatus, href: &Href| {
        c.known.get(href).is_none_or(|known| known.uids.is_empty())
    };
    let unread = |c: &CollectionStatus| c.broken.keys().any(|href| nameless(c, href));
    if let Some(since) = gone_since
        && moment.now < since + MOVING
        && (hidden.any(|c| c.listed_at.is_none_or(|listed| listed <= since))
            || status.collections.values().any(unread))
    {
        return false;
    }
    let Some(collection) = status.collections.get(&event.collection) else { return true };
    let held = collection.held.as_ref().is_some_and(|h| h.uids.contains(&event.id.uid));
    let end = event.span.end_instant(moment.zone);
    !held && collection.listed_at.is_some_and(|listed| listed >= end)
}
