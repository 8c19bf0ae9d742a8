//! Collections that are no longer there. One that an account no longer names says nothing about
//! its events: nothing is learned from them, and after a while they take no time.

use super::{Cause, Report, Turn, Warning};
use crate::calendar::Error;
use crate::event::{CollectionId, Seen, Uid};
use crate::store::Person;
use crate::sync::poll::Account;
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is said meanwhile of one that its account does not name any more.
const GONE: &str = "is no longer there; if it stays away, its events no longer count";
/// And of one that the config no longer wants read.
const UNREAD: &str = "is no longer read; in a day its events no longer count";
/// A calendar of the person's that vanished from its account is waited for: shares lapse and come
/// back, folders are synchronised.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// Forgets what its account did not name for long enough. Returns the blocks that went with it.
pub(super) fn forget(
    person: &mut Person,
    answers: &[Account],
    turn: &Turn<'_>,
    report: &mut Report,
) -> Vec<(Uid, Seen)> {
    let mut vanished = Vec::new();
    for (id, what) in missing(person, answers) {
        let Some(status) = person.status.collections.get_mut(&id) else { continue };
        let said = status.trouble.as_ref().filter(|(what, _)| is_said(what));
        let since = said.map(|(_, at)| *at);
        let patience = if status.ours { TimeDelta::zero() } else { PATIENCE };
        match since {
            Some(at) if turn.now - at >= patience => {
                vanished.extend(put_aside(person, &id, turn));
            }
            _ => {
                status.trouble = Some((what.to_owned(), since.unwrap_or(turn.now)));
                let name = status.name.clone();
                let message = what.to_owned();
                report.warnings.retain(
                    |w| !matches!(w, Warning::Collection { collection, .. } if *collection == id),
                );
                let cause = Cause::Missing;
                report.warnings.push(Warning::Collection { collection: id, name, cause, message });
            }
        }
    }
    vanished
}

/// Whether a collection's trouble is that it is missing, since the time that stands beside it.
pub(super) fn is_said(what: &str) -> bool {
    what == GONE || what == UNREAD
}

/// Collections that an account which was asked did not name and that could not be listed either, or
/// that it named and nobody wanted listed, or whose account is no longer in the config; and what to
/// say of each.
fn missing(person: &Person, answers: &[Account]) -> Vec<(CollectionId, &'static str)> {
    let mut found = Vec::new();
    let asked = |name: &String| answers.iter().any(|account| account.name == *name);
    let all = person.status.collections.iter();
    let left = all.filter(|(_, c)| c.listed_at.is_some() && !asked(&c.account));
    found.extend(left.map(|(id, _)| (id.clone(), UNREAD)));
    for account in answers {
        let Some(Ok(named)) = &account.discovered else { continue };
        let named: BTreeSet<&CollectionId> = named.collections.iter().map(|c| &c.id).collect();
        let all = person.status.collections.iter().filter(|(_, c)| c.account == account.name);
        for (id, status) in all {
            let answer = account.listings.iter().find(|(c, _)| c.id == *id).map(|(_, a)| a);
            match answer {
                Some(Err(Error::NotFound(_))) | None if !named.contains(id) => {
                    found.push((id.clone(), GONE));
                }
                None if status.listed_at.is_some() => found.push((id.clone(), UNREAD)),
                // Any other answer says that something is there.
                _ => {}
            }
        }
    }
    found
}

/// Drops the collection and what is open of its events; what is settled stays.
fn put_aside(person: &mut Person, id: &CollectionId, turn: &Turn<'_>) -> Vec<(Uid, Seen)> {
    let Some(status) = person.status.collections.remove(id) else { return Vec::new() };
    let held = status.held.iter().flat_map(|h| h.uids.iter());
    let uids: BTreeSet<Uid> =
        status.known.values().flat_map(|k| &k.uids).chain(held).cloned().collect();
    let moved: BTreeSet<Uid> =
        uids.iter().filter(|uid| person.status.holds(uid)).cloned().collect();
    let is_block = |uid: &Uid| person.suggestions.contains_key(uid);
    let zone = turn.settings.zone;
    Arc::make_mut(&mut person.events).retain(|event_id, event| {
        // What counted elsewhere, and was still here when it went from there, goes with this.
        let here = event.collection == *id || uids.contains(&event_id.uid);
        let open = !event.closed && here;
        if !open || moved.contains(&event_id.uid) || is_block(&event_id.uid) {
            return true;
        }
        event.closed = true;
        !event.settled.is_empty() || event.span.start_instant(zone) < turn.now
    });
    // Blocks of ours in it are gone by the person's hand; what lies elsewhere, too, is taken up.
    let gone = uids.into_iter().filter(|uid| is_block(uid) || moved.contains(uid));
    let seen = Seen { after: status.listed_at, by: turn.now };
    gone.map(|uid| (uid, seen)).collect()
}
