//! Habits: kinds of work the person puts into nearly every week themselves. The first door.

use super::request::{Door, Request, RequestKey};
use crate::event::time::{local_date, local_midnight};
use crate::event::{Events, Role, Span, Standing};
use crate::task::{Category, Exemplar, TypeId, Types};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Full weeks looked back on.
const WEEKS: i64 = 8;
/// Weeks of them in which it must have happened.
const LEAST_WEEKS: usize = 5;
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
    let counts = count_by_week(events, zone);
    let mut requests = Vec::new();
    for kind in types.by_id.values() {
        // What needs others can't be proposed to one.
        if kind.category == Category::Collaborative {
            continue;
        }
        let Some(usual) = usual_sessions(&counts, kind.id, monday) else { continue };
        for week in 0..i64::from(weeks) {
            let start = monday + TimeDelta::days(7 * week);
            let planned = counts.get(&(kind.id, start)).copied().unwrap_or(0);
            let missing = usual.saturating_sub(planned);
            if missing == 0 {
                continue;
            }
            let minutes = (kind.typical_duration / 15.0).round() as u32 * 15;
            requests.push(Request {
                key: RequestKey(format!("habit:{}:{start}", kind.id)),
                title: title(&kind.name, &kind.exemplars),
                door: Door::Habit,
                task_type: Some(kind.id),
                minutes: Some(minutes.clamp(*SESSION.start(), *SESSION.end())),
                sessions: missing,
                weekly: usual,
                earliest: Some(local_midnight(start, zone)),
                deadline: Some(local_midnight(start + TimeDelta::days(7), zone)),
                weight: 1,
                related_to: None,
            });
        }
    }
    requests
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

/// Sessions the person placed alone, by type and Monday of the week.
fn count_by_week(events: &Events, zone: Tz) -> BTreeMap<(TypeId, NaiveDate), u16> {
    let mut counts = BTreeMap::new();
    for event in events.values() {
        let alone = event.role == Role::Own && event.attendees == 0 && !event.recurring;
        let stands = event.standing == Standing::Scheduled;
        let (Some(kind), Span::Timed { start, .. }) = (event.task_type, event.span) else {
            continue;
        };
        if alone && stands && !event.id.uid.is_ours() {
            let day = local_date(start, zone);
            let monday = day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
            *counts.entry((kind, monday)).or_insert(0) += 1;
        }
    }
    counts
}

/// Median sessions a week, when it happened in enough of the last weeks.
fn usual_sessions(
    counts: &BTreeMap<(TypeId, NaiveDate), u16>,
    kind: TypeId,
    monday: NaiveDate,
) -> Option<u16> {
    let mut weeks: Vec<u16> = (1..=WEEKS)
        .map(|back| monday - TimeDelta::days(7 * back))
        .map(|week| counts.get(&(kind, week)).copied().unwrap_or(0))
        .collect();
    if weeks.iter().filter(|n| **n > 0).count() < LEAST_WEEKS {
        return None;
    }
    weeks.sort_unstable();
    // Of two in the middle the lower: better one block too few.
    let median = weeks.get((weeks.len() - 1) / 2).copied().unwrap_or(0);
    (median > 0).then_some(median.min(MOST_SESSIONS))
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
