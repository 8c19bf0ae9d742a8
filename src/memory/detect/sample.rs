//! What the detectors look at: placements that settled with a signal, with their day, week and
//! company, in order of time.

use super::WINDOW;
use crate::event::{Event, EventHash, EventId, Events, Settlement, Span, Standing};
use crate::memory::evidence::Row;
use crate::task::{Category, TaskType, Types};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Signals from here on are success.
const GOOD: f32 = 0.5;
/// Signals that are less certain are left out.
const LEAST_WEIGHT: f32 = 0.2;
/// Seasons are looked for in so much of the past.
const YEARS: TimeDelta = TimeDelta::weeks(3 * 52 + 2);
/// Observations of one run, the latest: far more than anybody has in half a year.
const MOST: usize = 6_000;

/// One settled placement with a signal.
pub(super) struct Observation<'a> {
    pub(super) event: &'a Event,
    pub(super) settled: &'a Settlement,
    pub(super) kind: &'a TaskType,
    /// Local hour of its start.
    pub(super) hour: u8,
    /// Local day of its start.
    pub(super) day: NaiveDate,
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) good: bool,
    series: u64,
}

/// Tiers 1 and 2 as the detectors see them.
pub(super) struct Sample<'a> {
    /// Within [`WINDOW`], in order of time.
    pub(super) recent: Vec<Observation<'a>>,
    /// Longer ago, in order of time.
    pub(super) older: Vec<Observation<'a>>,
    /// Timed events within [`WINDOW`] that took place, in order of time.
    pub(super) held: Vec<&'a Event>,
    pub(super) types: &'a Types,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Sample<'a> {
    pub(super) fn new(events: &'a Events, types: &'a Types, now: DateTime<Utc>) -> Self {
        let mut all: Vec<Observation<'a>> = events
            .values()
            .filter_map(|event| {
                let kind = types.by_id.get(&event.task_type?)?;
                Some(event.settled.iter().filter_map(|s| Observation::of(event, s, kind)))
            })
            .flatten()
            .filter(|o| o.start > now - YEARS)
            .collect();
        all.sort_by(|a, b| (a.start, &a.event.id).cmp(&(b.start, &b.event.id)));
        let from = all.partition_point(|o| o.start <= now - WINDOW);
        let mut recent = all.split_off(from);
        recent.drain(..recent.len().saturating_sub(MOST));
        all.drain(..all.len().saturating_sub(MOST));
        let took_place = |e: &&Event| {
            e.busy && e.standing == Standing::Scheduled && {
                let Span::Timed { start, end } = e.span else { return false };
                start > now - WINDOW && end <= now
            }
        };
        let mut held: Vec<&Event> = events.values().filter(took_place).collect();
        held.sort_by(|a, b| (a.span, &a.id).cmp(&(b.span, &b.id)));
        Self { recent, older: all, held, types, now }
    }

    /// Different weeks with an observation.
    pub(super) fn weeks(&self) -> usize {
        self.recent.iter().map(|o| week_of(o.day)).collect::<BTreeSet<_>>().len()
    }
}

impl<'a> Observation<'a> {
    fn of(event: &'a Event, settled: &'a Settlement, kind: &'a TaskType) -> Option<Self> {
        let signal = settled.signal.filter(|s| s.weight >= LEAST_WEIGHT)?;
        let Span::Timed { start, end } = settled.span else { return None };
        let hour = settled.hour?;
        let name = match event.recurring {
            true => EventId { uid: event.id.uid.clone(), recurrence_id: None }.hash(),
            false => event.id.hash(),
        };
        let (series, day) = (u64::from_le_bytes(name.0), local_day(start, settled.weekday));
        let good = signal.value >= GOOD;
        Some(Self { event, settled, kind, hour, day, start, end, good, series })
    }

    /// As a row that is compared within its type and its week.
    pub(super) fn row(&self, inside: bool) -> Row {
        Row {
            outcome: f64::from(u8::from(self.good)),
            inside,
            group: self.kind.id.into(),
            week: week_of(self.day),
            day: self.day.num_days_from_ce().into(),
            series: self.series,
        }
    }

    pub(super) fn name(&self) -> EventHash {
        self.event.id.hash()
    }

    /// With others: a guest list, or a kind of work that is.
    pub(super) fn is_meeting(&self) -> bool {
        is_meeting(self.event, self.kind)
    }
}

pub(super) fn is_meeting(event: &Event, kind: &TaskType) -> bool {
    event.attendees > 0 || kind.category == Category::Collaborative
}

/// Weeks from Monday on, counted from the common era.
pub(super) fn week_of(day: NaiveDate) -> i64 {
    (i64::from(day.num_days_from_ce()) - 1).div_euclid(7)
}

/// The local day of a start: of the days around it in UTC the one with this ISO weekday, which was
/// kept when it settled, in the zone the person lived in then.
pub(super) fn local_day(start: DateTime<Utc>, weekday: u8) -> NaiveDate {
    let day = start.date_naive();
    let around = [Some(day), day.succ_opt(), day.pred_opt()];
    let fits = |d: &NaiveDate| d.weekday().number_from_monday() == u32::from(weekday);
    around.into_iter().flatten().find(fits).unwrap_or(day)
}
