//! `chronotype schedule`: stores an ask, which the next turn places.

use super::table::plain;
use super::{CommandError, Global, context, day, output};
use crate::schedule::request::{Ask, Detail};
use crate::schedule::wish::Wish;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

/// Ask for a block; the next sync places it
///
/// A length and a day at the end of the text are understood: `Board deck 90m tomorrow`,
/// `Piano 3x45m by friday`. Without a day it is due within a week.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// What to do
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// How long: 90m, 1h30m, 2h [default: as long as such tasks take you]
    #[arg(long, value_name = "D", value_parser = day::minutes)]
    duration: Option<u32>,
    /// Done by the end of: fri, tomorrow, 2026-03-06 [default: within a week]
    #[arg(long, value_name = "DAY")]
    by: Option<String>,
}

/// The end of the long help.
const EXAMPLES: &str = "\
Examples:
  chronotype schedule Board deck 90m by fri
  chronotype schedule \"Call the bank\" --duration 15m --by tomorrow
  chronotype schedule Piano 3x45m               # three sessions within a week
  chronotype schedule Taxes 2h from monday";

/// Longest title of an ask, in characters: a calendar shows a line.
const TITLE_MAX: usize = 200;
/// Most asks that wait at once: more is a script gone wrong.
const ASKS_MAX: usize = 500;

/// Runs the command.
///
/// # Errors
/// A usage error for a day or text that makes no sense; as [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let text = plain(&args.text.join(" ")).trim().to_owned();
    if text.is_empty() || text.chars().count() > TITLE_MAX {
        let message = format!("say in 1 to {TITLE_MAX} characters what to do");
        return Err(CommandError::usage(message));
    }
    let opened = context::open(global)?;
    let (now, zone) = (global.moment(), opened.zone);
    opened.not_before_the_last_turn(global)?;
    let today = now.with_timezone(&zone).date_naive();
    let wish = Wish::read(&text, today);
    let stated = args.by.as_deref().map(|by| day::day(by, today).map_err(CommandError::usage));
    let (stated, minutes) = (stated.transpose()?, args.duration.or(wish.minutes));
    let day = stated.unwrap_or_else(|| wish.last_day(today));
    let sessions = wish.sessions;
    let needed = TimeDelta::minutes(i64::from(minutes.unwrap_or(1)) * i64::from(sessions));
    let mut deadline = end_of(day, &opened);
    let by = args.by.as_deref().unwrap_or_default();
    if deadline - now < needed && by.parse::<chrono::Weekday>().is_ok() {
        // `--by fri` on a Friday evening means the next one.
        deadline =
            day.checked_add_days(chrono::Days::new(7)).map_or(deadline, |d| end_of(d, &opened));
    }
    let earliest = wish.from.filter(|from| *from > today).map(|from| day::begin(from, zone));
    if deadline - earliest.unwrap_or(now) < needed {
        let shown = deadline.with_timezone(&zone).format("%a %-d %b %H:%M");
        return Err(CommandError::usage(format!("there is no time left until {shown}")));
    }
    let title = wish.title;
    let mut after = opened.person.clone();
    if after.asks.len() >= ASKS_MAX {
        return Err(CommandError::failure(format!("{ASKS_MAX} asks are waiting already")));
    }
    let number = after.next_ask;
    after.next_ask = number.saturating_add(1);
    after.asks.push(Ask { number, title: title.clone(), minutes, deadline, asked_at: now });
    if sessions > 1 || earliest.is_some() {
        after.ask_details.insert(number, Detail { sessions, earliest });
    }
    opened.store.commit(&opened.principal, &opened.person, &after)?;

    let local =
        |t: DateTime<Utc>| t.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true);
    if global.json {
        return output::json(&json!({
            "number": number,
            "title": title,
            "minutes": minutes,
            "sessions": sessions,
            "earliest": earliest.map(local),
            "deadline": local(deadline),
        }));
    }
    let length = minutes.map(|m| output::count(m as usize, "minute"));
    let length = match (length, sessions) {
        (None, 1) => String::new(),
        (None, n) => format!(", {n} times"),
        (Some(length), 1) => format!(", {length}"),
        (Some(length), n) => format!(", {n} times {length}"),
    };
    let at = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string();
    let from = earliest.map(|from| format!(" from {}", at(from))).unwrap_or_default();
    output::data(&format!("Asked: {title}{length},{from} by {}\n", at(deadline)))?;
    output::say(global, "The next `chronotype sync` places it.");
    Ok(())
}

/// The end of the day's working hours where the config states them, else of the day.
fn end_of(day: NaiveDate, opened: &context::Opened) -> DateTime<Utc> {
    /// The last minute of a day.
    const LAST: NaiveTime = match NaiveTime::from_hms_opt(23, 59, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    };
    let weekday = day.weekday().num_days_from_monday() as usize;
    let end = opened.config.planning.working.as_ref().and_then(|hours| hours.end_of(weekday));
    // 24:00 is 23:59 here.
    let time = end.and_then(|m| NaiveTime::from_hms_opt(u32::from(m) / 60, u32::from(m) % 60, 0));
    let time = time.unwrap_or(LAST);
    day::moment(day.and_time(time), opened.zone)
}
