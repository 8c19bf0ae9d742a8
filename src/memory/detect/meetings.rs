//! Meetings: what follows three of them in a row, and the weekday that calls gather on.

use super::candidate::{Candidate, Counts, confidence, fewer_successes, is_enough, latest};
use super::sample::{Observation, Sample, is_meeting, local_day, week_of};
use super::weekday::weekday_name;
use crate::event::{Event, Span, Uid};
use crate::memory::evidence::{Contrast, Row, binomial_more, contrast};
use crate::memory::graph::{Draft, Kind, Node};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// So many meetings make a run (DESIGN section 6).
const RUN: usize = 3;
/// A shorter break than this is none.
const BREAK: TimeDelta = TimeDelta::minutes(20);
/// What starts so soon after a run follows it.
const SOON: TimeDelta = TimeDelta::hours(2);
/// On that day there are this many times as many calls as on others.
const GATHERED: f64 = 2.5;
/// An insight that holds ends only under this factor.
const GATHERED_UNTIL: f64 = 1.75;
/// Fewer calls on that day are an anecdote.
const LEAST_CALLS: u32 = 10;
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
    // Runs end at certain hours: only the same hours are compared.
    let hours: BTreeSet<u8> = inside.iter().map(|o| o.hour).collect();
    let same_hours = |o: &&&Observation<'_>| hours.contains(&o.hour);
    let rows: Vec<_> = own.iter().filter(same_hours).map(|o| o.row(follows(o))).collect();
    let Some(found) = contrast(&rows).filter(is_enough) else { return Vec::new() };
    let words = |c: &Counts| {
        format!(
            "Right after three meetings in a row your own work suffers: {} of {} went as planned, \
             against {} of {} at the same hours otherwise.",
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

/// Single calls, and each series once: a weekly series has one weekday by its nature.
struct Calls<'a> {
    /// By local day.
    by_day: BTreeMap<NaiveDate, Vec<&'a Event>>,
    /// Other events by weekday: a day may just be full.
    others: [u32; 7],
    weeks: BTreeSet<i64>,
}

impl<'a> Calls<'a> {
    fn of(sample: &Sample<'a>) -> Self {
        let mut calls = Self { by_day: BTreeMap::new(), others: [0; 7], weeks: BTreeSet::new() };
        let mut known: BTreeSet<&Uid> = BTreeSet::new();
        for event in &sample.held {
            let kind = event.task_type.and_then(|id| sample.types.by_id.get(&id));
            let (Some(kind), Some(settled)) = (kind, event.settled.last()) else { continue };
            let Span::Timed { start, .. } = event.span else { continue };
            let day = local_day(start, settled.weekday);
            calls.weeks.insert(week_of(day));
            if event.recurring && !known.insert(&event.id.uid) {
                continue;
            }
            if is_meeting(event, kind) {
                calls.by_day.entry(day).or_default().push(event);
            } else if let Some(n) =
                calls.others.get_mut(usize::from(settled.weekday.saturating_sub(1)))
            {
                *n += 1;
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
                let calls = day.and_then(|d| self.by_day.get(&d)).map_or(0, Vec::len);
                rows.push(Row {
                    outcome: calls as f64,
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

/// As if calls that come in blocks were one: counts are shrunk by how much more the calls of a day
/// vary than calls that come alone would (Pearson's dispersion).
fn shrunk_binomial(rows: &[Row], found: &Contrast, usual: f64) -> f64 {
    let excess = |row: &Row| {
        let mean = if row.inside { found.mean_inside() } else { found.mean_outside() };
        (row.outcome - mean).powi(2) / mean.max(0.1)
    };
    let freedom = rows.len().saturating_sub(2).max(1) as f64;
    let dispersion = (rows.iter().map(excess).sum::<f64>() / freedom).max(1.0);
    let whole = |x: f64| (x / dispersion).round() as u32;
    binomial_more(whole(found.inside.1), whole(found.inside.1 + found.outside.1), usual)
}

/// Calls gather on one working day: many more than on the others, in many different weeks, and more
/// than other events do.
pub(super) fn call_days(sample: &Sample<'_>) -> Vec<Candidate> {
    let calls = Calls::of(sample);
    let others = calls.others.iter().take(5).sum::<u32>();
    (1..=5u8)
        .filter_map(|weekday| {
            let rows = calls.rows(weekday);
            let found = contrast(&rows)?;
            let on: Vec<(&NaiveDate, &Vec<&Event>)> = calls
                .by_day
                .iter()
                .filter(|(d, _)| d.weekday().number_from_monday() == u32::from(weekday))
                .collect();
            let (hits, rest) = (found.inside.1 as u32, found.outside.1 as u32);
            if hits + rest < 2 * LEAST_CALLS || calls.weeks.len() < LEAST_WEEKS {
                return None;
            }
            let own = calls.others.get(usize::from(weekday) - 1).copied().unwrap_or(0);
            let usual = f64::from(own + 1) / f64::from(others + 5);
            let p = shrunk_binomial(&rows, &found, usual.max(0.2)).max(found.higher);
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
                    evidence: latest(events.map(|e| e.id.hash()).collect()),
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
