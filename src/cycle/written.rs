//! The write journal: what this turn did to blocks of ours, read from how they stood before it.

use crate::event::Uid;
use crate::schedule::order::{Order, Orders};
use crate::schedule::suggestion::{Published, State, Suggestion};
use crate::schedule::written::{By, Place, TURNS_MAX, Write};
use crate::store::Person;
use chrono::{DateTime, Utc};

/// Notes every write of ours between the two states, confirmed by a reply or by a listing;
/// `first`: the person as the turn found them, whose blocks still say why they stood there.
pub(super) fn note(first: &Person, before: &Person, after: &mut Person, now: DateTime<Utc>) {
    let mut found: Vec<Write> = Vec::new();
    for (uid, block) in &after.suggestions {
        let old = before.suggestions.get(uid);
        let Some(mut write) = write(uid, old, block, &before.orders) else { continue };
        if let (Some(from), Some(first)) = (&mut write.from, first.suggestions.get(uid)) {
            from.reasons.clone_from(&first.reasons);
        }
        found.push(write);
    }
    if found.is_empty() {
        return;
    }
    after.written.entry(now).or_default().append(&mut found);
    while after.written.len() > TURNS_MAX {
        after.written.pop_first();
    }
}

/// What we did to a block, as far as it is ours; what the person did is no write.
fn write(uid: &Uid, old: Option<&Suggestion>, new: &Suggestion, orders: &Orders) -> Option<Write> {
    let was = old.and_then(|old| old.published.as_ref());
    let is = new.published.as_ref();
    let same = |a: &Published, b: &Published| (a.start, a.end) == (b.start, b.end);
    if was.zip(is).is_some_and(|(was, is)| same(was, is)) || was.is_none() && is.is_none() {
        return None;
    }
    let order = orders.get(uid).copied();
    let ours = match (new.state, is) {
        (State::Proposed | State::Defended, Some(_)) | (State::Withdrawn, None) => true,
        (State::Refused, None) => order.is_some_and(Order::removes),
        _ => false,
    };
    let place = |at: &Published, block: &Suggestion| Place {
        start: at.start,
        end: at.end,
        reasons: block.reasons.clone(),
    };
    ours.then(|| Write {
        uid: uid.clone(),
        by: By::of(order),
        from: was.zip(old).map(|(was, old)| place(was, old)),
        to: is.map(|is| place(is, new)),
        undone: false,
    })
}
