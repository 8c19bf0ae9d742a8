//! `chronotype agenda`: tier 1, by local day.

mod grid;
mod week;

use super::output::{BAD, FAINT, GOOD, HEADING, WARN, styled};
use super::table::{Align, Cell, Table};
use super::{CommandError, Global, context, day, output, search};
use crate::event::{Event, Role, Span, Standing};
use crate::store::Person;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Show events by day, with their type and what became of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// First day: 2026-03-02, today, tomorrow, fri [default: today]
    #[arg(long, value_name = "D")]
    from: Option<String>,
    /// Last day, shown too [default: six days later]
    #[arg(long, value_name = "D")]
    to: Option<String>,
    /// Only events that suit these words, by what they say or mean; of all days unless some are
    /// named
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// A whole week at a glance: events, blocks and free time; --from names a day of it
    #[arg(long, conflicts_with_all = ["to", "search"])]
    week: bool,
}

/// Days shown when `--to` is absent, beside the first.
const DAYS_AFTER: Days = Days::new(6);
/// Most days a call shows: four years.
const DAYS_MAX: i64 = 1_462;

/// Runs the command.
///
/// # Errors
/// A usage error for days that make no sense; as [`context::look`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    let zone = looked.zone;
    let (from, to) = days(args, global.moment().with_timezone(&zone).date_naive())?;
    if looked.is_new(global) {
        return Ok(());
    }
    if args.week {
        return week::run(&looked, from, global);
    }
    let mut by_day = by_day(&looked.person, from, to, zone);
    if let Some(words) = &args.search {
        let hits = search::find(looked.index_beside(), &looked.principal, &looked.person, words)?;
        let keys: BTreeSet<String> = hits.into_iter().map(|hit| hit.key).collect();
        by_day.values_mut().for_each(|events| events.retain(|e| keys.contains(&e.id.short())));
        by_day.retain(|_, events| !events.is_empty());
    }
    if global.json {
        let events: Vec<Value> =
            by_day.values().flatten().map(|e| fields(e, &looked.person, zone)).collect();
        return output::json_lines(&events);
    }
    if by_day.is_empty() {
        output::say(
            global,
            &match args.search {
                Some(_) => "No event suits these words.".to_owned(),
                None => format!("No events from {from} to {to}."),
            },
        );
    }
    output::data(&text(&by_day, &looked.person, zone))
}

fn days(args: &Args, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), CommandError> {
    let read = |text: &Option<String>, absent: NaiveDate| match text {
        Some(text) => day::day(text, today).map_err(CommandError::usage),
        None => Ok(absent),
    };
    if args.search.is_some() && args.from.is_none() && args.to.is_none() {
        return Ok((NaiveDate::MIN, NaiveDate::MAX));
    }
    let from = read(&args.from, today)?;
    let to = read(&args.to, from.checked_add_days(DAYS_AFTER).unwrap_or(from))?;
    if to < from {
        return Err(CommandError::usage(format!("--to {to} lies before --from {from}")));
    }
    if (to - from).num_days() > DAYS_MAX {
        return Err(CommandError::usage(format!("at most {DAYS_MAX} days at once")));
    }
    Ok((from, to))
}

/// Events that touch a day of `from..=to`, under the first such day, all-day ones first.
fn by_day(
    person: &Person,
    from: NaiveDate,
    to: NaiveDate,
    zone: Tz,
) -> BTreeMap<NaiveDate, Vec<&Event>> {
    let mut by_day: BTreeMap<NaiveDate, Vec<&Event>> = BTreeMap::new();
    for event in person.events.values() {
        let (first, last) = match event.span {
            Span::AllDay { start, end } => (start, end.pred_opt().unwrap_or(end).max(start)),
            Span::Timed { start, end } => {
                let last = (end - chrono::TimeDelta::nanoseconds(1)).max(start);
                let local = |t: DateTime<Utc>| t.with_timezone(&zone).date_naive();
                (local(start), local(last))
            }
        };
        if first <= to && last >= from {
            by_day.entry(first.max(from)).or_default().push(event);
        }
    }
    for events in by_day.values_mut() {
        events.sort_by_key(|e| (matches!(e.span, Span::Timed { .. }), e.span, &e.id));
    }
    by_day
}

fn text(by_day: &BTreeMap<NaiveDate, Vec<&Event>>, person: &Person, zone: Tz) -> String {
    let columns = [
        ("", Align::Left),
        ("", Align::Left),
        ("", Align::Cut),
        ("", Align::Cut),
        ("", Align::Left),
        ("", Align::Left),
    ];
    let mut text = String::new();
    // One table for all days, cut into days, so that columns align over all of them.
    let mut table = Table::new(&columns).indented(2);
    for event in by_day.values().flatten() {
        let title = match event.standing {
            Standing::Scheduled => Cell::from(event.title.as_str()),
            _ => Cell::styled(FAINT, event.title.as_str()),
        };
        // A type that is called like the event needs no repeating.
        let other = |name: &&str| *name != event.title;
        table.row([
            when(event, zone).into(),
            outcome(event),
            title,
            Cell::styled(FAINT, type_name(event, person).filter(other).unwrap_or("")),
            standing(event),
            Cell::styled(FAINT, event.id.short()),
        ]);
    }
    let rendered = table.render(output::columns());
    let mut lines = rendered.lines();
    for (day, events) in by_day {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&styled(HEADING, &day.format("%A %-d %B %Y").to_string()));
        text.push('\n');
        for line in lines.by_ref().take(events.len()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn when(event: &Event, zone: Tz) -> String {
    match event.span {
        Span::AllDay { .. } => "all day".to_owned(),
        Span::Timed { start, end } => {
            let local = |t: DateTime<Utc>| t.with_timezone(&zone).format("%H:%M");
            format!("{}-{}", local(start), local(end))
        }
    }
}

fn type_name<'a>(event: &Event, person: &'a Person) -> Option<&'a str> {
    person.types.by_id.get(&event.task_type?).map(|t| t.name.as_str())
}

/// `✓` and `✗` are the person's word, `+` and `-` are inferred from changes, `?` = over and nobody
/// can tell.
fn outcome(event: &Event) -> Cell {
    let inferred = event.settled.last().map(|settled| settled.signal);
    let rated = event.success_rating.map(|share| share >= 0.5);
    match (rated.or(event.completed), inferred) {
        (Some(true), _) => Cell::styled(GOOD, "✓"),
        (Some(false), _) => Cell::styled(BAD, "✗"),
        (None, Some(Some(signal))) if signal.value >= 0.5 => Cell::styled(GOOD, "+"),
        (None, Some(Some(_))) => Cell::styled(BAD, "-"),
        (None, Some(None)) => Cell::styled(FAINT, "?"),
        (None, None) => Cell::from(""),
    }
}

fn standing(event: &Event) -> Cell {
    match (event.standing, event.role) {
        (Standing::Scheduled, Role::Own) => Cell::from(""),
        (Standing::Scheduled, Role::Invited) => Cell::styled(FAINT, "invited"),
        (Standing::Scheduled, Role::Suggested) => Cell::styled(GOOD, "suggested"),
        (other, _) => Cell::styled(WARN, standing_word(other)),
    }
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Scheduled => "scheduled",
        Standing::Withdrawn => "deleted",
        Standing::CancelledByOrganizer => "cancelled",
        Standing::Declined => "declined",
    }
}

fn fields(event: &Event, person: &Person, zone: Tz) -> Value {
    let local =
        |t: DateTime<Utc>| t.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true);
    let (start, end, all_day) = match event.span {
        Span::Timed { start, end } => (local(start), local(end), false),
        Span::AllDay { start, end } => (start.to_string(), end.to_string(), true),
    };
    let role = match event.role {
        Role::Own => "own",
        Role::Invited => "invited",
        Role::Suggested => "suggested",
    };
    let signal = event.settled.last().and_then(|settled| settled.signal);
    json!({
        "id": event.id.short(),
        "start": start,
        "end": end,
        "all_day": all_day,
        "title": event.title,
        "task_type": type_name(event, person),
        "busy": event.busy,
        "role": role,
        "standing": standing_word(event.standing),
        "settled": event.closed,
        "completed": event.completed,
        "rated_success": event.success_rating,
        "rated_energy": event.energy_after,
        "signal": signal.map(|s| s.value),
        "weight": signal.map(|s| s.weight),
        "energy_estimate": event.settled.last().and_then(|settled| settled.energy),
    })
}
