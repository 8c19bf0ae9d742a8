//! Step 12: what the writes left behind is recorded, so that our own blocks never come back as the
//! person's changes.

use super::gather::read_again;
use super::{Report, Turn, Warning, orders};
use crate::calendar::{Collection, Error};
use crate::event::change::{Change, Context, Origin, Remover};
use crate::event::fold::fold;
use crate::event::{CollectionId, Seen, Uid, Window, ical};
use crate::schedule::life::Happening;
use crate::schedule::suggestion::Published;
use crate::store::Person;
use crate::sync::apply::{Applied, Written};
use crate::sync::diff::remember_write;
use crate::sync::poll::{Client, TRIAL};
use crate::sync::reconcile::{Action, Operation, Target};
use crate::sync::status::{CollectionStatus, Status};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All collections as requests need them.
pub(super) fn collections(person: &Person) -> BTreeMap<CollectionId, Collection> {
    let known = person.status.collections.iter();
    known.filter_map(|(id, c)| Some((id.clone(), c.as_collection(id)?))).collect()
}

/// Whether the place of a write could be listed this turn. Where it could not, the person may have
/// done anything to the block; the intent waits.
pub(super) fn is_in_sight(status: &Status, operation: &Operation) -> bool {
    let account_answers =
        |name: &String| status.accounts.get(name).is_none_or(|account| account.trouble.is_none());
    let place = match &operation.action {
        Action::Create { into: Target::Known(collection) } => &collection.id,
        Action::Create { into: Target::ToBeMade { account, .. } } => {
            return account_answers(account);
        }
        Action::Update(standing) | Action::Delete(standing) => &standing.collection,
    };
    let found = status.collections.get(place);
    found.is_none_or(|c| c.trouble.is_none() && account_answers(&c.account))
}

/// The person after the writes.
pub(super) fn record(
    decided: &Person,
    applied: &[Applied],
    turn: &Turn<'_>,
    report: &mut Report,
) -> Person {
    let mut person = decided.clone();
    for one in applied {
        match &one.result {
            Ok(written) => {
                report.written += 1;
                confirm(&mut person, &one.uid, written, turn);
                orders::confirmed(&mut person, &one.uid, turn.now);
            }
            Err(Error::Changed) => match &one.created_in {
                Some(collection) => step_aside(&mut person, &one.uid, collection, turn),
                None => list_anew(&mut person, &one.uid),
            },
            Err(error) => {
                if let (Some(account), Error::Later { after, .. }) = (&one.account, error) {
                    let until = TimeDelta::from_std(*after).ok();
                    let lessons = person.status.lessons.entry(account.clone()).or_default();
                    lessons.not_before = until.and_then(|wait| turn.now.checked_add_signed(wait));
                }
                // An account's trouble is told once, a block's trouble with the block.
                let message = match error.is_final() {
                    true => error.to_string(),
                    false => format!("b{}: {error}", one.uid.short()),
                };
                let warning = Warning::Write { cause: error.into(), message };
                if !report.warnings.contains(&warning) {
                    report.warnings.push(warning);
                }
            }
        }
    }
    person
}

/// What writing taught about the accounts.
pub(super) fn note_weaknesses(person: &mut Person, clients: &[Client], now: DateTime<Utc>) {
    for client in clients {
        let account = client.calendar.account().to_owned();
        if client.calendar.is_tried() {
            let tried = person.status.tried.entry(client.trial()).or_insert(now);
            if now - *tried >= TRIAL {
                *tried = now;
            }
        }
        let seen = client.calendar.weaknesses();
        if !seen.is_empty() {
            person.status.lessons.entry(account).or_default().weaknesses.extend(seen);
        }
    }
}

/// The person was quicker, or the server counts its versions anew, which no change would tell: the
/// next listing is a full one and shows which.
fn list_anew(person: &mut Person, uid: &Uid) {
    let place = person.suggestions.get(uid).and_then(|s| s.published.as_ref());
    if let Some(status) = place.and_then(|p| person.status.collections.get_mut(&p.collection)) {
        status.token = None;
    }
}

/// Something lies where a block was to go. The next listing shows whether it is that block; when
/// it has been listed already, it is not, and another try takes another name.
fn step_aside(person: &mut Person, uid: &Uid, collection: &Collection, turn: &Turn<'_>) {
    let status = person.status.collections.entry(collection.id.clone()).or_default();
    let listed = status.listed_at == Some(turn.now);
    if status.href.is_none() {
        name(status, collection);
    }
    if let Some(suggestion) = person.suggestions.get_mut(uid).filter(|_| listed) {
        suggestion.intent = None;
        suggestion.live(Happening::TakeBack, turn.now);
    }
}

fn name(status: &mut CollectionStatus, collection: &Collection) {
    status.name.clone_from(&collection.name);
    status.account.clone_from(&collection.account);
    status.href = Some(collection.href.clone());
    status.ours = true;
}

fn confirm(person: &mut Person, uid: &Uid, written: &Written, turn: &Turn<'_>) {
    let Some(suggestion) = person.suggestions.get_mut(uid) else { return };
    suggestion.intent = None;
    match written {
        Written::Gone => {
            if let Some(published) = suggestion.published.take()
                && let Some(status) = person.status.collections.get_mut(&published.collection)
            {
                Arc::make_mut(&mut status.known).remove(&published.href);
            }
            look_elsewhere(person, uid);
            let seen = Seen { after: person.last_turn, by: turn.now };
            let change = Change::Vanished { uid, seen, by: Remover::Ourselves };
            fold_one(person, &change, turn);
        }
        Written::Stands { collection, href, etag, body } => {
            let is_new = suggestion.published.is_none();
            suggestion.published = Some(Published {
                collection: collection.id.clone(),
                href: href.clone(),
                etag: etag.clone(),
                start: suggestion.start,
                end: suggestion.end,
                title: suggestion.title.clone(),
                description: suggestion.description(),
            });
            let kind = suggestion.task_type;
            let status = person.status.collections.entry(collection.id.clone()).or_default();
            if status.href.is_none() {
                name(status, collection);
            }
            remember_write(status, href, uid, etag.as_ref(), body);
            // What is created and removed between two listings is told by neither (RFC 6578
            // section 3.5.1): the next one is a full one.
            if is_new {
                status.token = None;
            }
            for object in &ical::parse(body).objects {
                let change = Change::Present {
                    collection: &collection.id,
                    object,
                    origin: Origin::Proposal,
                    previous: person.last_turn,
                };
                fold_one(person, &change, turn);
            }
            let events = Arc::make_mut(&mut person.events).values_mut();
            for event in events.filter(|e| e.id.uid == *uid) {
                event.task_type = Some(kind);
            }
        }
    }
}

/// A block that we took away, and that the person carried to another calendar before that: it was
/// listed there as a copy, and the next listing shows what it is now.
fn look_elsewhere(person: &mut Person, uid: &Uid) {
    let holds = |(id, c): (&CollectionId, &CollectionStatus)| {
        let mut known = c.known.iter();
        let (href, _) = known.find(|(_, k)| k.uids.contains(uid))?;
        Some((id.clone(), href.clone()))
    };
    if let Some((collection, href)) = person.status.collections.iter().find_map(holds) {
        read_again(person, &collection, &href);
    }
}

fn fold_one(person: &mut Person, change: &Change<'_>, turn: &Turn<'_>) {
    let window = Window {
        from: turn.now - turn.settings.history,
        to: person.expanded_until.unwrap_or(turn.now + turn.settings.ahead),
    };
    let addresses = turn.settings.addresses_of(&person.status);
    let context =
        Context { now: turn.now, zone: turn.settings.zone, window, addresses: &addresses };
    fold(Arc::make_mut(&mut person.events), std::slice::from_ref(change), &context);
}
