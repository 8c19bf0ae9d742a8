//! `chronotype pause`: quiet for a while.

use super::status::{Clock, utc};
use super::{CommandError, Global, context, day, output};
use crate::schedule::restraint::Pause;
use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;

/// Be quiet for a while: propose nothing but what you ask for by name
///
/// Blocks that were proposed unasked within that time are taken back by the next turn; what you
/// asked for and what you touched stays. Looking and learning go on. Without a word it says whether
/// it is quiet, and until when.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 3d, 12h, 2w, `until fri`, `until 2026-03-09`, or off
    #[arg(value_name = "HOW LONG")]
    words: Vec<String>,
}

/// Longest pause: longer ones are `mode = \"observe\"`.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// What is understood.
const HINT: &str = "write 3d, 12h, 2w, until fri, until 2026-03-09, or off";

/// Runs the command.
///
/// # Errors
/// A usage error for words that make no sense; as [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    if args.words.is_empty() {
        let looked = context::look(global)?;
        return tell(looked.person.pause, looked.zone, global);
    }
    let opened = context::open(global)?;
    opened.not_before_the_last_turn(global)?;
    let pause = wanted(&args.words, global.moment(), opened.zone)?;
    let mut after = opened.person.clone();
    after.pause = pause;
    opened.store.commit(&opened.principal, &opened.person, &after)?;
    tell(pause, opened.zone, global)?;
    if pause.is_some() && !global.json {
        output::say(global, "The next turn takes back what nobody asked for until then.");
    }
    Ok(())
}

fn wanted(words: &[String], now: DateTime<Utc>, zone: Tz) -> Result<Option<Pause>, CommandError> {
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let until = match words.as_slice() {
        ["off"] => return Ok(None),
        ["until", text] => begin_of(text, now, zone)?,
        [text] => {
            length(text).and_then(|length| now.checked_add_signed(length)).ok_or_else(|| {
                CommandError::usage(format!("'{text}' is no length of time")).hint(HINT)
            })?
        }
        _ => return Err(CommandError::usage("how long is it to be quiet?").hint(HINT)),
    };
    if until > now + LONGEST {
        return Err(CommandError::usage("a pause lasts a year at most")
            .hint("mode = \"observe\" in the config proposes nothing at all"));
    }
    Ok(Some(Pause { until }))
}

/// The day's first moment; a weekday is one that has not begun.
fn begin_of(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, CommandError> {
    let wrong = |message: String| CommandError::usage(message).hint(HINT);
    let today = now.with_timezone(&zone).date_naive();
    let mut day = day::day(text, today).map_err(wrong)?;
    if day == today && text.parse::<chrono::Weekday>().is_ok() {
        day = day.checked_add_days(Days::new(7)).unwrap_or(day);
    }
    let begin = day::begin(day, zone);
    match begin > now {
        true => Ok(begin),
        false => Err(wrong(format!("'{text}' has begun already"))),
    }
}

/// `3d`, `12h`, `2w`.
fn length(text: &str) -> Option<TimeDelta> {
    let text = text.to_lowercase();
    let (number, hours) =
        [('h', 1), ('d', 24), ('w', 7 * 24)].iter().find_map(|(unit, hours)| {
            text.strip_suffix(*unit).map(|number| (number.to_owned(), *hours))
        })?;
    let number: u32 = number.parse().ok().filter(|n| *n > 0)?;
    TimeDelta::try_hours(i64::from(number) * hours)
}

fn tell(pause: Option<Pause>, zone: Tz, global: &Global) -> Result<(), CommandError> {
    let clock = Clock { now: global.moment(), zone };
    let pause = pause.filter(|pause| pause.until > clock.now);
    if global.json {
        return output::json(&json!({ "paused_until": pause.map(|p| utc(p.until)) }));
    }
    output::data(&match pause {
        Some(pause) => format!("Quiet until {}.\n", clock.at(pause.until)),
        None => "Not paused.\n".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], expected: Option<&str>) {
        // A Monday, 09:00 in Berlin.
        let now: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().unwrap();
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let got = wanted(&words, now, chrono_tz::Europe::Berlin).ok().flatten();
        assert_eq!(got.map(|pause| utc(pause.until)).as_deref(), expected, "{words:?}");
    }

    #[test]
    fn lengths_and_days() {
        check(&["3d"], Some("2026-03-05T08:00:00Z"));
        check(&["12H"], Some("2026-03-02T20:00:00Z"));
        check(&["2w"], Some("2026-03-16T08:00:00Z"));
        check(&["until", "fri"], Some("2026-03-05T23:00:00Z"));
        check(&["until fri"], Some("2026-03-05T23:00:00Z"));
        check(&["until", "mon"], Some("2026-03-08T23:00:00Z"));
        check(&["until", "2026-03-29"], Some("2026-03-28T23:00:00Z"));
        check(&["until", "tomorrow"], Some("2026-03-02T23:00:00Z"));
        for bad in [&["0d"][..], &["-1d"], &["d"], &["3"], &["until"], &["until", "today"], &["é"]]
        {
            check(bad, None);
        }
        check(&["9999w"], None);
        check(&["99999999999w"], None);
    }
}
