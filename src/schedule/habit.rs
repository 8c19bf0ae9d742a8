//! Habits: kinds of work the person puts into their weeks themselves, in a rhythm: each week, or
//! every other one. The first door.

use super::request::{Door, EVENING, Reach, Request, RequestKey};
use crate::event::time::{local_date, local_midnight};
use crate::event::{Event, Events, Role, Span, Standing};
use crate::task::{Category, Exemplar, TypeId, Types};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Full weeks looked back on.
const WEEKS: i64 = 6;
/// Weeks of them in which it must have happened.
const LEAST_WEEKS: usize = 3;
/// Sessions in the evening, or at weekends, that show it belongs there, too.
const SOME: usize = 2;
/// Most sessions of one habit that are proposed for one week.
const MOST_SESSIONS: u16 = 5;
/// One event in so many makes a wording common.
const COMMON: u32 = 3;
/// Shortest and longest session proposed, minutes.
const SESSION: std::ops::RangeInclusive<u32> = 15..=120;

/// Requests for the habits of the weeks that start at `first_monday` (local), as many weeks as
/// given. What the person has planned already is subtracted.
pub fn habits(
    events: &Events,
    types: &Types,
    zone: Tz,
    now: DateTime<Utc>,
    weeks: u32,
) -> Vec<Request> {
    let today = local_date(now, zone);
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    let lived = count_by_week(events, zone, Whose::Lived);
    let own = count_by_week(events, zone, Whose::Own);
    let mut requests = Vec::new();
    for kind in types.by_id.values() {
        // What needs others can't be proposed to one.
        if kind.category == Category::Collaborative {
            continue;
        }
        let Some(rhythm) = rhythm(&lived, kind.id, monday) else { continue };
        let reach = reach(events, kind.id, zone, monday - TimeDelta::days(7 * WEEKS));
        let minutes = (kind.typical_duration / 15.0).round() as u32 * 15;
        let mut proposed = false;
        for week in 0..i64::from(weeks) {
            let start = monday + TimeDelta::days(7 * week);
            let planned = own.get(&(kind.id, start)).copied().unwrap_or(0);
            let missing = rhythm.sessions.saturating_sub(planned);
            let just_before =
                lived.contains_key(&(kind.id, start - TimeDelta::days(7))) || proposed;
            proposed = missing > 0 && !(rhythm.every_other && just_before);
            if !proposed {
                continue;
            }
            requests.push(Request {
                key: RequestKey(format!("habit:{}:{start}", kind.id)),
                title: title(&kind.name, &kind.exemplars),
                door: Door::Habit,
                task_type: Some(kind.id),
                minutes: Some(minutes.clamp(*SESSION.start(), *SESSION.end())),
                sessions: missing,
                weekly: rhythm.sessions,
                earliest: Some(local_midnight(start, zone)),
                deadline: Some(local_midnight(start + TimeDelta::days(7), zone)),
                weight: 1,
                related_to: None,
                after: Vec::new(),
                reach,
            });
        }
    }
    requests
}

/// Whether the person puts such work into evenings and weekends: seen since that day.
fn reach(events: &Events, kind: TypeId, zone: Tz, since: NaiveDate) -> Reach {
    let (mut weekend, mut evening) = (0, 0);
    let of_kind = events.values().filter(|event| event.task_type == Some(kind));
    for (start, end) in of_kind.filter_map(|event| session(event, Whose::Own)) {
        let (start, end) = (start.with_timezone(&zone), end.with_timezone(&zone));
        let day = start.date_naive();
        if day >= since {
            weekend += usize::from(day.weekday().num_days_from_monday() >= 5);
            let late = end.date_naive() > day || end.hour() * 60 + end.minute() > EVENING.into();
            evening += usize::from(late);
        }
    }
    Reach { weekend: weekend >= SOME, evening: evening >= SOME }
}

/// What a block for it is called: the longest beginning of the type's name that a good part of its
/// events have (`Code review` of `Code review: map tiles`). A habit is no single topic.
fn title(name: &str, exemplars: &[Exemplar]) -> String {
    let all: u32 = exemplars.iter().map(|e| e.count).sum();
    let mut ends: Vec<usize> = name.match_indices(' ').map(|(at, _)| at).collect();
    ends.push(name.len());
    for end in ends.into_iter().rev() {
        let start = &name[..end];
        let has = exemplars.iter().filter(|e| begins(&e.wording, start));
        if has.map(|e| e.count).sum::<u32>() * COMMON >= all {
            let words = start.trim_end_matches([' ', ':', '-', '–', ',', '/', '#']);
            return if words.is_empty() { name } else { words }.to_owned();
        }
    }
    name.to_owned()
}

/// It begins with these words.
fn begins(wording: &str, words: &str) -> bool {
    wording.strip_prefix(words).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Whose sessions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The person's own: what they planned themselves.
    Own,
    /// Those, and blocks of ours that they took part in: touched, or let pass while they were there
    /// to see them. A rhythm that they leave to us is one.
    Lived,
}

/// The extent of a session that the person had or has, alone and by itself.
fn session(event: &Event, whose: Whose) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let kept = || event.settled.last().and_then(|s| s.signal).is_some_and(|s| s.value > 0.5);
    let counts = match (event.id.uid.is_ours(), event.role) {
        (false, Role::Own) => true,
        (true, Role::Own) => whose == Whose::Lived,
        (true, Role::Suggested) => whose == Whose::Lived && kept(),
        _ => false,
    };
    let stands = event.standing == Standing::Scheduled;
    match event.span {
        Span::Timed { start, end }
            if counts && stands && event.attendees == 0 && !event.recurring =>
        {
            Some((start, end))
        }
        Span::Timed { .. } | Span::AllDay { .. } => None,
    }
}

/// Sessions by type and Monday of the week.
fn count_by_week(events: &Events, zone: Tz, whose: Whose) -> BTreeMap<(TypeId, NaiveDate), u16> {
    let mut counts = BTreeMap::new();
    for event in events.values() {
        let Some(kind) = event.task_type else { continue };
        if let Some((start, _)) = session(event, whose) {
            let day = local_date(start, zone);
            let monday = day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
            *counts.entry((kind, monday)).or_insert(0) += 1;
        }
    }
    counts
}

/// How often it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rhythm {
    /// Sessions in a week in which it is.
    sessions: u16,
    /// Not in the week after such a week.
    every_other: bool,
}

/// Seen in at least three of the last six weeks; the median of those weeks. In just three it is a
/// rhythm of every other week.
fn rhythm(
    counts: &BTreeMap<(TypeId, NaiveDate), u16>,
    kind: TypeId,
    monday: NaiveDate,
) -> Option<Rhythm> {
    let weeks = (1..=WEEKS).map(|back| monday - TimeDelta::days(7 * back));
    let mut weeks: Vec<u16> = weeks.filter_map(|w| counts.get(&(kind, w)).copied()).collect();
    weeks.sort_unstable();
    // Of two in the middle the lower: better one block too few.
    let median = weeks.get(weeks.len().saturating_sub(1) / 2).copied()?;
    (weeks.len() >= LEAST_WEEKS).then_some(Rhythm {
        sessions: median.min(MOST_SESSIONS),
        every_other: weeks.len() == LEAST_WEEKS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Embedding;

    #[track_caller]
    fn check(wordings: &[(&str, u32)], expected: &str) {
        let exemplar = |(wording, count): &(&str, u32)| Exemplar {
            title: wording.to_lowercase(),
            wording: (*wording).to_owned(),
            embedding: Embedding(Vec::new()),
            count: *count,
        };
        let exemplars: Vec<_> = wordings.iter().map(exemplar).collect();
        assert_eq!(title(wordings[0].0, &exemplars), expected);
    }

    /// Sessions of the last weeks, the latest first.
    #[track_caller]
    fn check_rhythm(weeks: &[u16], expected: Option<(u16, bool)>) {
        let monday = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let week = |back: usize| monday - TimeDelta::days(7 * (back as i64 + 1));
        let seen = weeks.iter().enumerate().filter(|(_, n)| **n > 0);
        let counts = seen.map(|(back, n)| ((1, week(back)), *n)).collect();
        let found = rhythm(&counts, 1, monday).map(|r| (r.sessions, r.every_other));
        assert_eq!(found, expected, "{weeks:?}");
    }

    #[test]
    fn a_rhythm_is_seen_in_three_of_six_weeks() {
        check_rhythm(&[1, 1, 1, 1, 1, 1], Some((1, false)));
        check_rhythm(&[3, 2, 3, 0, 3, 4], Some((3, false)));
        check_rhythm(&[1, 0, 1, 0, 1, 0], Some((1, true)));
        check_rhythm(&[0, 2, 0, 1, 0, 2], Some((2, true)));
        check_rhythm(&[1, 1, 0, 0, 0, 0], None);
        check_rhythm(&[0, 0, 0, 0, 0, 0, 5, 5, 5], None);
        check_rhythm(&[9, 9, 9, 9, 9, 9], Some((MOST_SESSIONS, false)));
    }

    #[test]
    fn a_habit_is_called_by_what_its_events_share() {
        check(&[("Deep work", 9)], "Deep work");
        check(
            &[("Code review: map tiles", 2), ("Code review: billing", 2), ("Read", 3)],
            "Code review",
        );
        check(&[("Expenses", 5), ("Inbox", 3), ("Time sheet", 2)], "Expenses");
        check(&[("Planning A", 1), ("B", 1), ("C", 1), ("D", 1)], "Planning A");
        check(&[("Plan week", 1), ("Planning", 2), ("Plan day", 1)], "Plan");
    }
}
