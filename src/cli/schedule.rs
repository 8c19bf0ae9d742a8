//! `chronotype schedule`: stores an ask, which the next turn places.

use super::table::plain;
use super::{CommandError, Global, context, day, output};
use crate::schedule::request::Ask;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

/// Ask for a block; the next sync places it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// How long: 90m, 1h30m, 2h [default: as long as such tasks take you]
    #[arg(long, value_name = "D", value_parser = day::minutes)]
    duration: Option<u32>,
    /// Done by the end of: fri, tomorrow, 2026-03-06
    #[arg(long, value_name = "DAY")]
    by: String,
}

/// Longest title of an ask, in characters: a calendar shows a line.
const TITLE_MAX: usize = 200;
/// Most asks that wait at once: more is a script gone wrong.
const ASKS_MAX: usize = 500;

/// Runs the command.
///
/// # Errors
/// A usage error for a day or text that makes no sense; as [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let title = plain(&args.text.join(" ")).trim().to_owned();
    if title.is_empty() || title.chars().count() > TITLE_MAX {
        let message = format!("say in 1 to {TITLE_MAX} characters what to do");
        return Err(CommandError::usage(message));
    }
    let opened = context::open(global)?;
    let (now, zone) = (global.moment(), opened.zone);
    opened.not_before_the_last_turn(global)?;
    let today = now.with_timezone(&zone).date_naive();
    let day = day::day(&args.by, today).map_err(CommandError::usage)?;
    let needed = TimeDelta::minutes(args.duration.unwrap_or(1).into());
    let mut deadline = end_of(day, &opened);
    if deadline - now < needed && args.by.parse::<chrono::Weekday>().is_ok() {
        // `--by fri` on a Friday evening means the next one.
        deadline =
            day.checked_add_days(chrono::Days::new(7)).map_or(deadline, |d| end_of(d, &opened));
    }
    if deadline - now < needed {
        let shown = deadline.with_timezone(&zone).format("%a %-d %b %H:%M");
        return Err(CommandError::usage(format!("there is no time left until {shown}")));
    }
    let mut after = opened.person.clone();
    if after.asks.len() >= ASKS_MAX {
        return Err(CommandError::failure(format!("{ASKS_MAX} asks are waiting already")));
    }
    let number = after.next_ask;
    after.next_ask = number.saturating_add(1);
    after.asks.push(Ask {
        number,
        title: title.clone(),
        minutes: args.duration,
        deadline,
        asked_at: now,
    });
    opened.store.commit(&opened.principal, &opened.person, &after)?;

    let local = deadline.with_timezone(&zone);
    if global.json {
        return output::json(&json!({
            "number": number,
            "title": title,
            "minutes": args.duration,
            "deadline": local.to_rfc3339_opts(SecondsFormat::Secs, true),
        }));
    }
    let length = args
        .duration
        .map(|m| format!(", {}", output::count(m as usize, "minute")))
        .unwrap_or_default();
    output::data(&format!("Asked: {title}{length}, by {}\n", local.format("%a %-d %b %H:%M")))?;
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
