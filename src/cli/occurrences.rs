//! `chronotype occurrences`.

use super::{CommandError, Global, output};
use crate::event::ical::{self, Problem};
use crate::event::recurrence::{Occurrence, occurrences_within};
use crate::event::rule::Budget;
use crate::event::time::{Span, Window, local_midnight};
use crate::event::zone;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most occurrences shown of one file: thirty years of a busy calendar are a tenth of it.
const FOUND_MAX: usize = 1_000_000;
/// Lines written in one go.
const LINES_AT_ONCE: usize = 1_000;

/// Expand .ics files into occurrences, without a store
#[derive(Debug, clap::Args)]
pub struct Args {
    /// iCalendar files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// First day (YYYY-MM-DD), from midnight
    #[arg(long, value_name = "D", value_parser = parse_day)]
    from: NaiveDate,
    /// First day after the last, to midnight
    #[arg(long, value_name = "D", value_parser = parse_day)]
    to: NaiveDate,
    /// Zone of those days and of floating times, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    tz: Tz,
}

fn parse_day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "not a day such as 2026-03-02".to_owned())
}

fn parse_zone(text: &str) -> Result<Tz, String> {
    zone::named(text).ok_or_else(|| "no time zone of that name; try Europe/Berlin".to_owned())
}

/// One line of `--json`: times in UTC (RFC 3339), or dates for whole days.
#[derive(Debug, Serialize)]
struct Line<'a> {
    uid: &'a str,
    recurrence_id: Option<String>,
    summary: &'a str,
    start: String,
    end: String,
    all_day: bool,
}

/// Runs it.
///
/// # Errors
/// A file that can't be read at all; unreadable entries are told and skipped.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    if args.to <= args.from {
        return Err(CommandError::usage("--to must lie after --from"));
    }
    let window =
        Window { from: local_midnight(args.from, args.tz), to: local_midnight(args.to, args.tz) };
    let mut failed = None;
    for file in &args.files {
        match read(file) {
            Ok(bytes) => expand(file, &bytes, window, args.tz, global)?,
            Err(error) if args.files.len() == 1 => return Err(error),
            Err(error) => {
                output::warn(&error.message);
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), |_| Err(CommandError::failure("some files could not be read")))
}

/// A file of at most [`ical::TEXT_MAX`] bytes; of a longer one no more than that is read.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let name = path.display();
    let fail = |error: std::io::Error| CommandError::failure(format!("can't read {name}: {error}"));
    let file = File::open(path).map_err(fail)?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(CommandError::failure(format!("{name} is a folder, not an .ics file")));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(ical::TEXT_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}

fn expand(
    file: &Path,
    bytes: &[u8],
    window: Window,
    zone: Tz,
    global: &Global,
) -> Result<(), CommandError> {
    let text = ical::decode(bytes);
    let parsed = ical::parse(&text);
    if parsed.objects.is_empty() && !bytes.is_empty() {
        return Err(CommandError::failure(format!("{} holds no calendar object", file.display()))
            .hint("give an exported .ics file"));
    }
    let mut problems = parsed.problems;
    let mut found: Vec<(&str, Occurrence<'_>)> = Vec::new();
    let mut budget = Budget::stream();
    for (object, begin) in parsed.objects.iter().zip(&parsed.begins) {
        let (occurrences, more) = occurrences_within(object, window, zone, &mut budget);
        if problems.len() < ical::PROBLEMS_MAX {
            problems.extend(more.into_iter().map(|p| Problem { line: Some(*begin), ..p }));
        }
        let room = FOUND_MAX.saturating_sub(found.len());
        if occurrences.len() > room {
            let message = "the file has too many occurrences: the rest is left out".to_owned();
            problems.push(Problem { line: Some(*begin), property: None, message });
        }
        found.extend(occurrences.into_iter().take(room).map(|o| (object.uid.as_str(), o)));
        if room == 0 {
            break;
        }
    }
    found.sort_by_key(|(_, o)| o.span.start_instant(zone));
    let off = |error: serde_json::Error| CommandError::failure(error.to_string());
    for some in found.chunks(LINES_AT_ONCE) {
        let mut lines = String::new();
        for (uid, occurrence) in some {
            match global.json {
                true => {
                    let line = serde_json::to_string(&line(uid, occurrence)).map_err(off)?;
                    lines.push_str(&output::escaped(&line));
                }
                false => lines.push_str(&row(occurrence, zone)),
            }
            lines.push('\n');
        }
        output::data(&lines)?;
    }
    for problem in &problems {
        let at = problem.line.map_or(String::new(), |n| format!("line {n}: "));
        let property = problem.property.as_ref().map_or(String::new(), |p| format!(" ({p})"));
        output::say(global, &format!("{}: {at}{}{property}", file.display(), problem.message));
    }
    Ok(())
}

fn line<'a>(uid: &'a str, occurrence: &'a Occurrence<'_>) -> Line<'a> {
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (start, end, all_day) = match occurrence.span {
        Span::Timed { start, end } => (moment(start), moment(end), false),
        Span::AllDay { start, end } => (start.to_string(), end.to_string(), true),
    };
    Line {
        uid,
        recurrence_id: occurrence.recurrence_id.as_deref().map(spell_out),
        summary: &occurrence.component.summary,
        start,
        end,
        all_day,
    }
}

/// `20260301T090000Z` as `2026-03-01T09:00:00Z`, `20260301` as `2026-03-01`.
fn spell_out(id: &str) -> String {
    let time = chrono::NaiveDateTime::parse_from_str(id, "%Y%m%dT%H%M%SZ");
    let date = NaiveDate::parse_from_str(id, "%Y%m%d");
    match (time, date) {
        (Ok(time), _) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        (_, Ok(date)) => date.to_string(),
        _ => id.to_owned(),
    }
}

/// One aligned row; control characters in titles don't reach the terminal.
fn row(occurrence: &Occurrence<'_>, zone: Tz) -> String {
    let when = match occurrence.span {
        Span::Timed { start, end } => {
            let (start, end) = (start.with_timezone(&zone), end.with_timezone(&zone));
            let same = start.date_naive() == end.date_naive();
            let until = end.format(if same { "%H:%M" } else { "%Y-%m-%d %H:%M" });
            format!("{} - {until}", start.format("%a %Y-%m-%d %H:%M"))
        }
        Span::AllDay { start, end } => match end.pred_opt() {
            Some(last) if last > start => format!("{} - {last}", start.format("%a %Y-%m-%d")),
            _ => start.format("%a %Y-%m-%d").to_string(),
        },
    };
    let title: String = occurrence
        .component
        .summary
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("{when:<39}  {}", title.trim()).trim_end().to_owned()
}
