//! `chronotype agenda --week`: what stands on seven days, our blocks among it, and the time that is
//! free.

use super::grid;
use crate::cli::context::Looked;
use crate::cli::output::{FAINT, GOOD, HEADING, columns, styled};
use crate::cli::table::{cut, plain};
use crate::cli::{CommandError, Global, name, output};
use crate::event::{Event, Role, Span, Standing};
use crate::schedule::free_busy::takes_time;
use crate::schedule::suggestion::Suggestion;
use crate::schedule::working::{OwnTime, WorkingHours};
use anstyle::Style;
use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Minutes of a day.
const DAY: i32 = 24 * 60;
/// Columns before a title in the list of days: its hours, and room around them.
const BEFORE_WHAT: usize = 15;
/// Free time shorter than this is a gap, no room for anything.
const SHORTEST_FREE: i32 = 30;

/// What takes a place in the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It takes the person's time.
    Busy,
    /// It stands there and takes none.
    Free,
    /// A block of ours.
    Block,
}

/// Something on one day, from minute to minute of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) from: i32,
    pub(super) to: i32,
    pub(super) title: String,
    pub(super) kind: Kind,
    id: String,
}

/// One day of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Titles of what lasts all day.
    pub(super) whole: Vec<String>,
    /// In order of time.
    pub(super) items: Vec<Item>,
    /// Working hours.
    pub(super) work: Vec<(i32, i32)>,
    /// What is left of them.
    pub(super) free: Vec<(i32, i32)>,
}

impl Day {
    /// Minutes of work hours that are free.
    pub(super) fn free_minutes(&self) -> i32 {
        self.free.iter().map(|(from, to)| to - from).sum()
    }
}

/// Shows the week that holds the day, Monday first.
pub(super) fn run(looked: &Looked, day: NaiveDate, global: &Global) -> Result<(), CommandError> {
    let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
    let week = week(looked, monday, global.moment());
    if global.json {
        let days: Vec<Value> = week.iter().map(fields).collect();
        return output::json_lines(&days);
    }
    let now = global.moment().with_timezone(&looked.zone);
    let width = columns().filter(|width| grid::fits(*width));
    output::data(&match width {
        Some(width) => grid::draw(&week, now.date_naive(), width),
        None => list(&week),
    })
}

fn week(looked: &Looked, monday: NaiveDate, now: DateTime<Utc>) -> Vec<Day> {
    let zone = looked.zone;
    let configured = looked.config.planning.working.clone();
    let hours = configured
        .unwrap_or_else(|| WorkingHours::learned(&OwnTime::of(&looked.person.events, zone)));
    let mut days: Vec<Day> = (0..7)
        .map(|n| {
            let work = hours.of(n, None);
            Day { date: monday + Days::new(n as u64), work, ..Day::default() }
        })
        .collect();
    let person = &looked.person;
    let is_ours = |event: &Event| {
        let block = person.suggestions.get(&event.id.uid);
        event.role == Role::Suggested || block.is_some_and(Suggestion::stands)
    };
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for event in person.events.values().filter(|e| e.standing == Standing::Scheduled) {
        let kind = match (is_ours(event), takes_time(event)) {
            (true, _) => Kind::Block,
            (false, true) => Kind::Busy,
            (false, false) => Kind::Free,
        };
        shown.insert(event.id.uid.as_str());
        // A block goes by the name that `withdraw` takes, an event by that of `rate`.
        let id = match kind {
            Kind::Block => name::block(&event.id.uid),
            Kind::Busy | Kind::Free => event.id.short(),
        };
        let title = plain(&event.title);
        match event.span {
            Span::AllDay { start, end } => {
                let end = end.max(start + Days::new(1));
                let covers = |d: &&mut Day| (start..end).contains(&d.date);
                days.iter_mut().filter(covers).for_each(|d| d.whole.push(title.clone()));
            }
            Span::Timed { start, end } => place(&mut days, (start, end), zone, (title, id), kind),
        }
    }
    // Decided and not yet seen on a calendar.
    let pending = person.suggestions.values().filter(|b| b.stands() && b.end > now);
    for block in pending.filter(|b| !shown.contains(b.uid.as_str())) {
        let words = (plain(&block.title), name::block(&block.uid));
        place(&mut days, (block.start, block.end), zone, words, Kind::Block);
    }
    for day in &mut days {
        day.items.sort_by(|a, b| (a.from, -a.to, &a.title).cmp(&(b.from, -b.to, &b.title)));
        day.free = free(day);
    }
    days
}

/// Puts it on each day that it touches.
fn place(
    days: &mut [Day],
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    zone: Tz,
    (title, id): (String, String),
    kind: Kind,
) {
    let (first, last) = (start.with_timezone(&zone), end.max(start).with_timezone(&zone));
    for day in days {
        let minute = |at: DateTime<Tz>| match at.date_naive().cmp(&day.date) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => (at.hour() * 60 + at.minute()) as i32,
            std::cmp::Ordering::Greater => DAY,
        };
        let (from, to) = (minute(first), minute(last));
        // One that begins and ends at the same minute stands there all the same.
        let touches = from < to || (first == last && first.date_naive() == day.date);
        if touches {
            let (title, id) = (title.clone(), id.clone());
            day.items.push(Item { from, to: to.max(from), title, kind, id });
        }
    }
}

/// Working hours without what takes time, our blocks among it; gaps are left out.
fn free(day: &Day) -> Vec<(i32, i32)> {
    let mut left = day.work.clone();
    for taken in day.items.iter().filter(|item| item.kind != Kind::Free) {
        let without = |(from, to): (i32, i32)| {
            [(from, to.min(taken.from)), (from.max(taken.to), to)].into_iter()
        };
        let meets = |(from, to): &(i32, i32)| *from < taken.to && taken.from < *to;
        left = left
            .into_iter()
            .flat_map(|s| if meets(&s) { without(s).collect() } else { vec![s] })
            .filter(|(from, to)| from < to)
            .collect();
    }
    left.retain(|(from, to)| to - from >= SHORTEST_FREE);
    left
}

/// `09:00-10:30`.
pub(super) fn hours((from, to): (i32, i32)) -> String {
    format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
}

/// `3 h`, `2.5 h`, `45 min`.
pub(super) fn length(minutes: i32) -> String {
    match minutes {
        m if m < 60 => format!("{m} min"),
        m => format!("{} h", (f64::from(m) / 6.0).round() / 10.0),
    }
}

/// Day by day, for pipes and narrow terminals.
fn list(week: &[Day]) -> String {
    let width = columns();
    let mut text = String::new();
    for day in week {
        if !text.is_empty() {
            text.push('\n');
        }
        let heading = styled(HEADING, &day.date.format("%A %-d %B %Y").to_string());
        let free = match day.free_minutes() {
            0 => String::new(),
            minutes => styled(FAINT, &format!("  {} free", length(minutes))),
        };
        text.push_str(&format!("{heading}{free}\n"));
        for title in &day.whole {
            text.push_str(&line("all day", (title, None), "", width));
        }
        let free = day.free.iter().map(|stretch| (stretch.0, None, *stretch));
        let items = day.items.iter().map(|item| (item.from, Some(item), (item.from, item.to)));
        let mut all: Vec<_> = free.chain(items).collect();
        all.sort_by_key(|(from, item, stretch)| (*from, item.is_some(), stretch.1));
        for (_, item, stretch) in all {
            text.push_str(&match item {
                Some(item) if item.kind == Kind::Block => {
                    line(&hours(stretch), (&item.title, Some(GOOD)), &item.id, width)
                }
                Some(item) => line(&hours(stretch), (&item.title, None), "", width),
                None => line(&hours(stretch), ("free", Some(FAINT)), "", width),
            });
        }
    }
    text
}

/// `width`: columns there are; `None` = nothing is cut.
fn line(
    when: &str,
    (what, style): (&str, Option<Style>),
    id: &str,
    width: Option<usize>,
) -> String {
    let behind = if id.is_empty() { 0 } else { id.len() + 2 };
    let what = width.map_or_else(
        || what.to_owned(),
        |width| cut(what, width.saturating_sub(BEFORE_WHAT + behind)),
    );
    let what = style.map_or_else(|| what.clone(), |style| styled(style, &what));
    let id = if id.is_empty() { String::new() } else { format!("  {}", styled(FAINT, id)) };
    format!("  {when:<11}  {what}{id}\n")
}

fn fields(day: &Day) -> Value {
    let clock = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let stretch = |(from, to): &(i32, i32)| json!({ "from": clock(*from), "to": clock(*to) });
    let items = day.items.iter().map(|item| {
        json!({
            "id": item.id,
            "from": clock(item.from),
            "to": clock(item.to),
            "title": item.title,
            "kind": match item.kind {
                Kind::Busy => "busy",
                Kind::Free => "free",
                Kind::Block => "block",
            },
        })
    });
    json!({
        "date": day.date.to_string(),
        "all_day": day.whole,
        "items": items.collect::<Vec<_>>(),
        "working_hours": day.work.iter().map(stretch).collect::<Vec<_>>(),
        "free": day.free.iter().map(stretch).collect::<Vec<_>>(),
        "free_minutes": day.free_minutes(),
    })
}

/// Seven days of nothing but hours of work, for tests.
#[cfg(test)]
pub(super) fn empty_week(monday: NaiveDate, work: (i32, i32)) -> Vec<Day> {
    let day = |n| Day {
        date: monday + Days::new(n),
        work: if n < 5 { vec![work] } else { Vec::new() },
        ..Day::default()
    };
    let mut week: Vec<Day> = (0..7).map(day).collect();
    week.iter_mut().for_each(|day| day.free = free(day));
    week
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(from: i32, to: i32, kind: Kind) -> Item {
        Item { from, to, title: String::new(), kind, id: String::new() }
    }

    #[test]
    fn what_is_left_of_a_day() {
        #[track_caller]
        fn check(items: &[Item], expected: &[(i32, i32)]) {
            let mut day = empty_week(NaiveDate::MIN, (540, 1020)).swap_remove(0);
            day.items = items.to_vec();
            assert_eq!(free(&day), expected);
        }
        check(&[], &[(540, 1020)]);
        check(&[item(600, 660, Kind::Busy)], &[(540, 600), (660, 1020)]);
        check(&[item(600, 660, Kind::Block)], &[(540, 600), (660, 1020)]);
        check(&[item(600, 660, Kind::Free)], &[(540, 1020)]);
        check(&[item(0, 1440, Kind::Busy)], &[]);
        check(&[item(560, 1000, Kind::Busy)], &[]);
        check(&[item(480, 600, Kind::Busy), item(570, 700, Kind::Busy)], &[(700, 1020)]);
        check(&[item(600, 600, Kind::Busy)], &[(540, 600), (600, 1020)]);
    }

    #[test]
    fn lengths() {
        let all = [15, 60, 90, 100, 480].map(length);
        assert_eq!(all, ["15 min", "1 h", "1.5 h", "1.7 h", "8 h"]);
    }
}
