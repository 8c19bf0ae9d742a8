//! `chronotype withdraw`: blocks of ours go, wherever they lie.

use super::context::Opened;
use super::diff::{self, Change, Depth};
use super::name::{self, Found};
use super::table::plain;
use super::turn::{self, Done, How};
use super::{CommandError, Global, context, output};
use crate::event::Uid;
use crate::schedule::order::Order;
use crate::schedule::suggestion::{State, Suggestion};
use crate::store::Person;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Take blocks away from the calendars: those named, or all that are still chronotype's
///
/// A block is taken away only as it was last seen: what you moved or edited is yours and stays, and
/// so does what is over. It counts as your no: the same block is not proposed again. Nothing is
/// learned from it about the hour; delete a block in your calendar to say that, too.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true)
)]
pub struct Args {
    /// Blocks, by their ids as `suggestions` prints them
    #[arg(value_name = "ID", group = "which")]
    ids: Vec<String>,
    /// Every block of chronotype's on every calendar, but past ones and those that became yours
    #[arg(long, group = "which")]
    all: bool,
    /// Show what would go; write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// A failure when an id names no block that can go, or when some could not be taken away; as
/// [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let mut opened = context::open_or_copy(global, args.dry_run)?;
    opened.not_before_the_last_turn(global)?;
    let now = global.moment();
    let chosen: Vec<Uid> = match args.all {
        true => opened.person.suggestions.values().filter(|b| can_go(b, now)).collect(),
        false => named(&opened.person, &args.ids, now)?,
    }
    .into_iter()
    .map(|block| block.uid.clone())
    .collect();
    let changes = changes(&opened.person, &chosen);
    if args.dry_run {
        return tell(&Outcome { gone: &changes, ..Outcome::default() }, &opened, global);
    }
    if chosen.is_empty() {
        return tell(&Outcome::default(), &opened, global);
    }
    order(&mut opened, &chosen)?;
    let done = turn::take(&opened, How::OBEY, global)?;
    done.warn();
    let (waiting, settled): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| is_waiting(&done.person, change.uid()));
    let (gone, theirs): (Vec<_>, Vec<_>) =
        settled.into_iter().partition(|change| is_gone(&done, change.uid()));
    opened.person = done.person;
    tell(&Outcome { gone: &gone, theirs: &theirs, waiting: &waiting }, &opened, global)?;
    match waiting.len() {
        0 => Ok(()),
        n => Err(CommandError::failure(format!(
            "{} could not be taken away yet",
            output::count(n, "block")
        ))
        .hint("the next `chronotype sync` tries again; `chronotype status` says what is wrong")),
    }
}

/// The order is not carried out yet.
fn is_waiting(person: &Person, uid: &Uid) -> bool {
    person.orders.get(uid).is_some_and(|order| order.removes())
}

/// Ours still, and not over.
pub(super) fn can_go(block: &Suggestion, now: DateTime<Utc>) -> bool {
    let pending = block.published.is_some() || block.intent.is_some();
    match block.state {
        State::Proposed | State::Defended => block.end > now,
        State::Withdrawn => pending && block.end > now,
        State::Accepted | State::Taken | State::Refused | State::Past => false,
    }
}

fn named<'a>(
    person: &'a Person,
    ids: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<&'a Suggestion>, CommandError> {
    let found = |id: &str| {
        let found = name::find(person, id)?;
        // The event that a block became is that block.
        let block = match found {
            Found::Event(event) => person.suggestions.get(&event.id.uid),
            Found::Block(_) | Found::Insight(_) => None,
        };
        Ok::<_, CommandError>(block.map_or(found, Found::Block))
    };
    let one = |id: &String| match found(id.trim())? {
        Found::Block(block) if can_go(block, now) => Ok(block),
        Found::Block(block) => {
            let title = plain(&block.title);
            Err(match block.state {
                State::Accepted | State::Taken => {
                    CommandError::failure(format!("'{title}' is yours since you changed it"))
                        .hint("delete it in your calendar")
                }
                State::Refused | State::Withdrawn => {
                    CommandError::failure(format!("'{title}' is gone already"))
                }
                State::Proposed | State::Defended | State::Past => {
                    CommandError::failure(format!("'{title}' is over"))
                        .hint("past blocks stay as they are")
                }
            })
        }
        Found::Event(_) | Found::Insight(_) => {
            Err(CommandError::failure(format!("'{}' is no block", plain(id)))
                .hint("`chronotype suggestions` lists the blocks; nothing else is ever removed"))
        }
    };
    ids.iter().map(one).collect()
}

fn changes(person: &Person, chosen: &[Uid]) -> Vec<Change> {
    chosen.iter().filter_map(|uid| person.suggestions.get(uid)).map(Change::removal).collect()
}

/// The orders are on disk before anything is asked of a server.
pub(super) fn order(opened: &mut Opened, chosen: &[Uid]) -> Result<(), CommandError> {
    let mut after = opened.person.clone();
    after.orders.extend(chosen.iter().map(|uid| (uid.clone(), Order::Withdraw)));
    opened.store.commit(&opened.principal, &opened.person, &after)?;
    opened.person = after;
    Ok(())
}

fn is_gone(done: &Done, uid: &Uid) -> bool {
    let block = done.person.suggestions.get(uid);
    block.is_none_or(|b| b.published.is_none() && !b.stands())
}

#[derive(Default)]
struct Outcome<'a> {
    gone: &'a [Change],
    theirs: &'a [Change],
    waiting: &'a [Change],
}

fn tell(outcome: &Outcome<'_>, opened: &Opened, global: &Global) -> Result<(), CommandError> {
    let person = &opened.person;
    let Outcome { gone, theirs, waiting } = outcome;
    if global.json {
        let fields = |all: &[Change]| all.iter().map(|c| c.fields(person)).collect::<Vec<_>>();
        return output::json(&json!({
            "withdrawn": fields(gone),
            "became_yours": fields(theirs),
            "pending": fields(waiting),
        }));
    }
    if gone.is_empty() && theirs.is_empty() && waiting.is_empty() {
        output::say(global, "No block of chronotype's stands ahead: nothing to take away.");
        return Ok(());
    }
    output::data(&diff::lines(gone, person, opened.zone, Depth::Lines))?;
    if !theirs.is_empty() {
        let n = output::count(theirs.len(), "block");
        output::say(global, &format!("{n} became yours meanwhile and stays as it is."));
    }
    Ok(())
}
