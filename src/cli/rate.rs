//! `chronotype rate`: the person's own word on how an event went.

use super::name::{self, Found};
use super::table::plain;
use super::{CommandError, Global, context, explain, output};
use crate::event::{Event, EventId, Span};
use crate::store::Person;
use crate::task::infer::SETTLING;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::sync::Arc;

/// Say how an event went and how you felt after it: your own word overrides what was inferred
///
/// Said before the event settles, a day after its end, it is what is learned from it. Said later it
/// is kept beside what was learned and counted in no score: what is settled stays settled.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("word").required(true).multiple(true)
)]
pub struct Args {
    /// The event or block: its id, as `agenda` and `suggestions` print it
    #[arg(value_name = "EVENT")]
    id: String,
    /// How well it went: 0 = not at all, 1 = as planned
    #[arg(long, value_name = "0..1", group = "word", value_parser = share)]
    success: Option<f32>,
    /// How much energy was left after it: 0 = none, 1 = plenty
    #[arg(long, value_name = "0..1", group = "word", value_parser = share)]
    energy: Option<f32>,
}

fn share(text: &str) -> Result<f32, String> {
    let number: Option<f32> = text.parse().ok();
    number
        .filter(|n| (0.0..=1.0).contains(n))
        .ok_or_else(|| "a number from 0 to 1, such as 0.8".to_owned())
}

/// Runs the command.
///
/// # Errors
/// A failure when nothing has that id, or when it can't be rated; as [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let opened = context::open(global)?;
    opened.not_before_the_last_turn(global)?;
    let id = wanted(&opened.person, args.id.trim())?;
    let mut after = opened.person.clone();
    let event = Arc::make_mut(&mut after.events).get_mut(&id).ok_or_else(nothing_there)?;
    check(event, global.moment(), opened.zone)?;
    event.success_rating = args.success.or(event.success_rating);
    event.energy_after = args.energy.or(event.energy_after);
    let rated = event.clone();
    opened.store.commit(&opened.principal, &opened.person, &after)?;

    let is_late = rated.closed;
    if global.json {
        return output::json(&json!({
            "id": rated.id.short(),
            "title": rated.title,
            "success": rated.success_rating,
            "energy": rated.energy_after,
            "settled": is_late,
        }));
    }
    let mut words = Vec::new();
    words.extend(rated.success_rating.map(|n| format!("success {n:.2}")));
    words.extend(rated.energy_after.map(|n| format!("energy {n:.2}")));
    let when = explain::when(&rated.span, opened.zone);
    output::data(&format!("Rated: {}, {when}: {}\n", plain(&rated.title), words.join(", ")))?;
    let settles = rated.span.end_instant(opened.zone) + SETTLING;
    let settles = settles.with_timezone(&opened.zone).format("%a %-d %b %H:%M");
    output::say(
        global,
        &match is_late {
            true => {
                "It has settled already: your word is kept, and nothing is learned anew.".into()
            }
            false => format!("It is learned when the event settles: from {settles} on."),
        },
    );
    Ok(())
}

/// The event that is meant: its own id, or that of the block it came from.
fn wanted(person: &Person, id: &str) -> Result<EventId, CommandError> {
    match name::find(person, id)? {
        Found::Event(event) => Ok(event.id.clone()),
        Found::Block(block) => {
            let id = EventId { uid: block.uid.clone(), recurrence_id: None };
            person.events.contains_key(&id).then_some(id).ok_or_else(nothing_there)
        }
        Found::Insight(_) => Err(CommandError::usage("an insight can't be rated")
            .hint("`chronotype forget` takes one out that is wrong")),
    }
}

fn nothing_there() -> CommandError {
    CommandError::failure("this block never stood on a calendar")
        .hint("`chronotype agenda` lists what did")
}

/// Only what has begun, and took its time, can have gone well.
fn check(event: &Event, now: DateTime<Utc>, zone: chrono_tz::Tz) -> Result<(), CommandError> {
    if matches!(event.span, Span::AllDay { .. }) {
        return Err(CommandError::failure("a whole day can't be rated: it is no piece of work")
            .hint("rate an event of that day: `chronotype agenda` lists them"));
    }
    let start = event.span.start_instant(zone);
    if start > now {
        let at = start.with_timezone(&zone).format("%a %-d %b %H:%M");
        return Err(CommandError::failure(format!("it only begins on {at}"))
            .hint("rate it once it has begun"));
    }
    Ok(())
}
