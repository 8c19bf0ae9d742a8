//! `chronotype undo`: takes back what the last turn wrote.

use super::context::Opened;
use super::diff::{self, Change, Depth};
use super::status::Clock;
use super::table::plain;
use super::turn::{self, How};
use super::{CommandError, Global, context, output};
use crate::event::Uid;
use crate::schedule::undo::{self, Undone, Why};
use crate::schedule::written::{self, Write};
use crate::store::Person;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Take back what the last turn wrote: new blocks go, moved ones go back, removed ones return
///
/// The last turn that wrote something is meant; called again, it goes one further back. What you
/// touched since is yours and stays. What is taken back is your word: the next turn does not do it
/// again. A removed block comes back as a new one, in its old place.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would be taken back; write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// A failure when there is nothing to take back, or when some of it can't be; as
/// [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let mut opened = context::open_or_copy(global, args.dry_run)?;
    opened.not_before_the_last_turn(global)?;
    let Some((at, writes)) = written::last(&opened.person.written) else {
        return Err(CommandError::failure("no turn wrote anything that could be taken back")
            .hint("`chronotype withdraw` takes away blocks of older turns"));
    };
    let writes: Vec<Write> = writes.into_iter().cloned().collect();
    let undone = order(&mut opened, at, &writes, global.moment(), args.dry_run)?;
    let mut waiting = Vec::new();
    let mut refused: Vec<(Uid, Why)> = Vec::new();
    for one in &undone {
        refused.extend(one.outcome.as_ref().err().map(|why| (one.uid.clone(), *why)));
    }
    if !args.dry_run && refused.len() < undone.len() {
        let done = turn::take(&opened, How::OBEY, global)?;
        done.warn();
        opened.person = done.person;
        for Undone { uid, outcome } in &undone {
            let Ok(ordered) = outcome else { continue };
            if came_true(&opened.person, ordered, uid, &writes) {
                continue;
            }
            match opened.person.orders.contains_key(ordered) {
                true => waiting.push(uid.clone()),
                false => refused.push((uid.clone(), Why::Theirs)),
            }
        }
    }
    let left = |uid: &Uid| waiting.contains(uid) || refused.iter().any(|(other, _)| other == uid);
    let back = writes.iter().filter(|write| !left(&write.uid));
    let back: Vec<Change> = back.map(|write| Change::made(write).back()).collect();
    tell(&Outcome { at, back, refused, waiting }, &opened, global)
}

/// Sets the orders and marks the writes, on disk before anything is asked of a server.
fn order(
    opened: &mut Opened,
    at: DateTime<Utc>,
    writes: &[Write],
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Vec<Undone>, CommandError> {
    let mut after = opened.person.clone();
    let principal = &opened.principal;
    let Person { suggestions, orders, written, .. } = &mut after;
    let undone = undo::undo(writes, suggestions, orders, principal, now);
    for write in written.get_mut(&at).into_iter().flatten() {
        write.undone |= writes.iter().any(|other| other.uid == write.uid);
    }
    if !dry_run {
        opened.store.commit(principal, &opened.person, &after)?;
        opened.person = after;
    }
    Ok(undone)
}

/// Whether the block stands as the write is taken back.
fn came_true(person: &Person, ordered: &Uid, uid: &Uid, writes: &[Write]) -> bool {
    let Some(write) = writes.iter().find(|write| write.uid == *uid) else { return false };
    let stands = person.suggestions.get(ordered).and_then(|block| block.published.as_ref());
    match &write.from {
        None => stands.is_none(),
        Some(from) => stands.is_some_and(|p| (p.start, p.end) == (from.start, from.end)),
    }
}

struct Outcome {
    at: DateTime<Utc>,
    back: Vec<Change>,
    refused: Vec<(Uid, Why)>,
    waiting: Vec<Uid>,
}

fn tell(outcome: &Outcome, opened: &Opened, global: &Global) -> Result<(), CommandError> {
    let person = &opened.person;
    let title = |uid: &Uid| {
        plain(person.suggestions.get(uid).map_or("a block", |block| block.title.as_str()))
    };
    let Outcome { at, back, refused, waiting } = outcome;
    if global.json {
        let refused: Vec<Value> = refused
            .iter()
            .map(|(uid, why)| json!({ "uid": uid.as_str(), "why": why.words() }))
            .collect();
        output::json(&json!({
            "turn": super::status::utc(*at),
            "taken_back": back.iter().map(|c| c.fields(person)).collect::<Vec<_>>(),
            "left": refused,
            "pending": waiting.iter().map(Uid::as_str).collect::<Vec<_>>(),
        }))?;
    } else {
        let clock = Clock { now: global.moment(), zone: opened.zone };
        output::say(global, &format!("The last turn that wrote something: {}", clock.ago(*at)));
        output::data(&diff::lines(back, person, opened.zone, Depth::Lines))?;
        for (uid, why) in refused {
            output::warn(&format!("{} stays: {}", title(uid), why.words()));
        }
    }
    if !waiting.is_empty() {
        let n = output::count(waiting.len(), "write");
        return Err(CommandError::failure(format!("{n} could not be taken back yet"))
            .hint("the next `chronotype sync` tries again"));
    }
    match back.is_empty() {
        true => Err(CommandError::failure("nothing of that turn could be taken back")
            .hint("`chronotype undo` again goes one turn further back")),
        false => Ok(()),
    }
}
