//! Meetings: what follows three of them in a row, and the weekday that calls gather on.

use super::candidate::{Candidate, Counts, confidence, fewer_successes, is_enough, latest};
use super::sample::{Observation, Sample, is_meeting, local_day, week_of};
use super::weekday::weekday_name;
use crate::event::{Event, Span, Uid};
use crate::memory::evidence::{Row, contrast, student_more};
use crate::memory::graph::{Draft, Kind, Node};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// So many meetings make a run (DESIGN section 6).
const RUN: usize = 3;
/// A shorter break than this is none.
const BREAK: TimeDelta = TimeDelta::minutes(20);
/// What starts so soon after a run follows it.
const SOON: TimeDelta = TimeDelta::hours(2);
/// Runs end at certain hours: own work is compared that starts at those, give or take so many, ...
const NEAR: u8 = 2;
/// ... each with its like in the same half of the day, which ends at this hour.
const NOON: u8 = 13;
/// On that day there are this many times as many calls as on others.
const GATHERED: f64 = 2.5;
/// An insight that holds ends only under this factor.
const GATHERED_UNTIL: f64 = 1.75;
/// Fewer calls on that day are an anecdote.
const LEAST_CALLS: u32 = 10;
/// Events as if spread evenly that are added to how the others lie.
const EVEN: f64 = 30.0;
/// Different weeks in which that day had one.
const LEAST_WEEKS: usize = 5;

/// Own work right after three meetings in a row, against own work at the same hours otherwise.
pub(super) fn after_meetings(sample: &Sample<'_>) -> Vec<Candidate> {
    let runs = runs(sample);
    let follows = |o: &Observation<'_>| {
        let before = runs.partition_point(|end| *end <= o.start);
        before.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|end| o.start - *end <= SOON)
    };
    let own: Vec<_> = sample.recent.iter().filter(|o| !o.is_meeting()).collect();
    let inside: Vec<_> = own.iter().copied().filter(|o| follows(o)).collect();
    let hours: BTreeSet<u8> = inside.iter().map(|o| o.hour).collect();
    let near = |o: &&&Observation<'_>| hours.iter().any(|h| h.abs_diff(o.hour) <= NEAR);
    let row = |o: &&Observation<'_>| {
        let row = o.row(follows(o));
        Row { group: 2 * row.group + u64::from(o.hour >= NOON), ..row }
    };
    let rows: Vec<_> = own.iter().filter(near).map(row).collect();
    let Some(found) = contrast(&rows).filter(is_enough) else { return Vec::new() };
    let words = |c: &Counts| {
        format!(
            "Right after three meetings in a row your own work suffers: {} of {} went as planned, \
             against {} of {} otherwise around the same hours.",
            c.good, c.all, c.others_good, c.others
        )
    };
    let about = vec![Node::AfterMeetings];
    vec![fewer_successes(Kind::AfterMeetings, about, 1.0, (&rows, &found), &inside, words)]
}

/// Ends of runs of meetings, in order.
fn runs(sample: &Sample<'_>) -> Vec<DateTime<Utc>> {
    let mut ends = Vec::new();
    let mut run = 0;
    let mut last: Option<DateTime<Utc>> = None;
    for event in &sample.held {
        let Span::Timed { start, end } = event.span else { continue };
        let kind = event.task_type.and_then(|id| sample.types.by_id.get(&id));
        if !kind.map_or(event.attendees > 0, |kind| is_meeting(event, kind)) {
            continue;
        }
        run = if last.is_some_and(|l| start - l < BREAK) { run + 1 } else { 1 };
        last = last.filter(|l| run > 1 && *l > end).or(Some(end));
        if run > RUN {
            ends.pop();
        }
        if run >= RUN {
            ends.extend(last);
        }
    }
    ends
}

/// Single calls whole, those of a series as parts of one: a weekly series has one weekday by its
/// nature, and says so once.
struct Calls<'a> {
    /// By local day.
    by_day: BTreeMap<NaiveDate, Vec<(&'a Event, f64)>>,
    /// Other events by weekday: a day may just be full.
    others: [f64; 7],
    weeks: BTreeSet<i64>,
}

impl<'a> Calls<'a> {
    fn of(sample: &Sample<'a>) -> Self {
        let mut calls = Self { by_day: BTreeMap::new(), others: [0.0; 7], weeks: BTreeSet::new() };
        let mut series: BTreeMap<&Uid, f64> = BTreeMap::new();
        for event in sample.held.iter().filter(|e| e.recurring) {
            *series.entry(&event.id.uid).or_default() += 1.0;
        }
        for event in &sample.held {
            let kind = event.task_type.and_then(|id| sample.types.by_id.get(&id));
            let (Some(kind), Some(settled)) = (kind, event.settled.last()) else { continue };
            let Span::Timed { start, .. } = event.span else { continue };
            let day = local_day(start, settled.weekday);
            calls.weeks.insert(week_of(day));
            let part = match event.recurring {
                true => 1.0 / series.get(&event.id.uid).copied().unwrap_or(1.0),
                false => 1.0,
            };
            if is_meeting(event, kind) {
                calls.by_day.entry(day).or_default().push((event, part));
            } else if let Some(n) =
                calls.others.get_mut(usize::from(settled.weekday.saturating_sub(1)))
            {
                *n += part;
            }
        }
        calls
    }

    /// One row a working day: how many calls it had.
    fn rows(&self, weekday: u8) -> Vec<Row> {
        let mut rows = Vec::new();
        for week in &self.weeks {
            for place in 0..5u8 {
                let number = week * 7 + i64::from(place) + 1;
                let day = NaiveDate::from_num_days_from_ce_opt(number as i32);
                let calls = day
                    .and_then(|d| self.by_day.get(&d))
                    .map_or(0.0, |calls| calls.iter().map(|(_, part)| part).sum());
                rows.push(Row {
                    outcome: calls,
                    inside: place + 1 == weekday,
                    group: 0,
                    week: *week,
                    day: number,
                    series: number as u64,
                });
            }
        }
        rows
    }
}

/// Chance of so many calls on one weekday if each week's days had been shuffled, weighed by how the
/// other events lie: calls that come in blocks move together, a full day draws its share.
fn shuffled(rows: &[Row], (own, others): (f64, f64)) -> f64 {
    let share = (own + EVEN / 5.0) / (others + EVEN);
    let (mut above, mut variance, mut all) = (0.0, 0.0, 0.0);
    for week in rows.chunk_by(|a, b| a.week == b.week) {
        let (n, sum) = (week.len() as f64, week.iter().map(|r| r.outcome).sum::<f64>());
        all += sum;
        variance += week.iter().map(|r| (r.outcome - sum / n).powi(2)).sum::<f64>() / n;
        above += week.iter().filter(|r| r.inside).map(|r| r.outcome - sum * share).sum::<f64>();
    }
    // How the others lie is known only so well.
    variance += all * all * share * (1.0 - share) / (others + EVEN);
    let weeks = rows.chunk_by(|a, b| a.week == b.week).count() as f64;
    student_more(above / variance.max(1e-9).sqrt(), 4.0 * weeks)
}

/// Calls gather on one working day: many more than on the others, in many different weeks, and more
/// than other events do.
pub(super) fn call_days(sample: &Sample<'_>) -> Vec<Candidate> {
    let calls = Calls::of(sample);
    let others = calls.others.iter().take(5).sum::<f64>();
    (1..=5u8)
        .filter_map(|weekday| {
            let rows = calls.rows(weekday);
            let found = contrast(&rows)?;
            let on: Vec<(&NaiveDate, &Vec<(&Event, f64)>)> = calls
                .by_day
                .iter()
                .filter(|(d, _)| d.weekday().number_from_monday() == u32::from(weekday))
                .collect();
            let (hits, rest) = (found.inside.1.round() as u32, found.outside.1.round() as u32);
            if hits + rest < 2 * LEAST_CALLS || calls.weeks.len() < LEAST_WEEKS {
                return None;
            }
            let own = calls.others.get(usize::from(weekday) - 1).copied().unwrap_or(0.0);
            let p = shuffled(&rows, (own, others));
            let ratio = found.mean_inside() / found.mean_outside().max(0.01);
            let many = hits >= LEAST_CALLS && on.len() >= LEAST_WEEKS;
            let events = on.iter().flat_map(|(_, events)| events.iter());
            Some(Candidate {
                draft: Draft {
                    kind: Kind::CallDay,
                    about: vec![Node::Category("collaborative".to_owned()), Node::Weekday(weekday)],
                    sentence: format!(
                        "Calls gather on {}s: {hits} of {} lie there, each series counted once.",
                        weekday_name(weekday),
                        hits + rest
                    ),
                    evidence: latest(events.map(|(e, _)| e.id.hash()).collect()),
                    counts: (hits, hits + rest),
                    confidence: confidence(found.effect, found.error),
                    valid_from: on.first().map_or(DateTime::UNIX_EPOCH, |(day, _)| {
                        day.and_time(chrono::NaiveTime::MIN).and_utc()
                    }),
                },
                p,
                weight: 1.0,
                matters: many && ratio >= GATHERED,
                lasts: ratio >= GATHERED_UNTIL,
            })
        })
        .collect()
}
