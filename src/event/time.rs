//! The one place that does zone arithmetic: stamps as calendars write them, instants as we compare
//! them, local hours as people live them.

use chrono::offset::LocalResult;
use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike,
    Utc,
};
use chrono_tz::Tz;
use std::sync::Arc;

/// Step back from a skipped local time to find the offset before the gap.
const GAP_STEP_MINUTES: i64 = 15;
/// Gaps are at most a day long (Samoa skipped 2011-12-30): two days of steps reach before any.
const GAP_STEPS: i64 = 2 * 24 * 60 / GAP_STEP_MINUTES;
/// No zone is further than this from UTC, with room for odd VTIMEZONEs.
const OFFSET_BOUND_SECONDS: i64 = 2 * 86_400;

/// The clock a local time is on.
#[derive(Debug, Clone, PartialEq)]
pub enum Zone {
    /// A zone of the tz database.
    Iana(Tz),
    /// A zone that only its own VTIMEZONE describes (RFC 5545 section 3.6.5).
    Custom(Arc<CustomZone>),
}

/// Offsets from UTC as a VTIMEZONE without a tz database name states them.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomZone {
    /// The TZID as written.
    pub id: String,
    /// Changes in time order: from this moment (seconds since 1970 in UTC) on, this offset in
    /// seconds east of UTC. Never empty; the first one also holds for all time before.
    pub changes: Vec<(i64, i32)>,
}

/// A moment as a calendar property states it (RFC 5545 section 3.3.4, 3.3.5).
#[derive(Debug, Clone, PartialEq)]
pub enum Stamp {
    /// A whole day.
    Date(NaiveDate),
    /// A wall-clock time wherever the person is.
    Floating(NaiveDateTime),
    /// A wall-clock time in a named zone.
    Zoned(NaiveDateTime, Zone),
    /// A moment.
    Utc(DateTime<Utc>),
}

/// A DURATION (RFC 5545 section 3.3.6): a day is as long as the calendar makes it, 23 hours or 25
/// where clocks change; hours, minutes and seconds are time that passes. `P1D` is not `PT24H`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Duration {
    /// Whole days, weeks included.
    pub days: u32,
    /// Time on top, never negative.
    pub time: TimeDelta,
}

impl Duration {
    /// Time that passes; nothing where negative.
    pub fn exact(time: TimeDelta) -> Self {
        Self { days: 0, time: time.max(TimeDelta::zero()) }
    }

    /// So long with days of 24 hours.
    pub fn even(self) -> TimeDelta {
        let days = TimeDelta::try_days(self.days.into()).unwrap_or_default();
        days.checked_add(&self.time).unwrap_or(days)
    }
}

/// The extent of an occurrence: `end` is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// From a moment to a moment.
    Timed {
        /// First moment.
        start: DateTime<Utc>,
        /// First moment after it.
        end: DateTime<Utc>,
    },
    /// Whole days in the person's zone.
    AllDay {
        /// First day.
        start: NaiveDate,
        /// First day after it.
        end: NaiveDate,
    },
}

/// A stretch of time to look at: `from` included, `to` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First moment.
    pub from: DateTime<Utc>,
    /// First moment after it.
    pub to: DateTime<Utc>,
}

impl Zone {
    /// The TZID: the tz database name, or the id of the VTIMEZONE.
    pub fn name(&self) -> &str {
        match self {
            Self::Iana(tz) => tz.name(),
            Self::Custom(zone) => &zone.id,
        }
    }

    /// The moment a wall clock shows `local` (RFC 5545 section 3.3.5): the first of two, and a
    /// skipped time read with the offset before the gap.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self {
            Self::Iana(tz) => iana_instant(*tz, local),
            Self::Custom(zone) => zone.instant(local),
        }
    }

    /// What a wall clock shows at a moment.
    pub fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        match self {
            Self::Iana(tz) => wall(*tz, at),
            Self::Custom(zone) => shifted(at.naive_utc(), i64::from(zone.offset_at(at))),
        }
    }
}

impl CustomZone {
    fn offset_at(&self, at: DateTime<Utc>) -> i32 {
        let after = self.changes.partition_point(|(from, _)| *from <= at.timestamp());
        self.changes.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let clock = local.and_utc().timestamp();
        let place = |bound: i64| self.changes.partition_point(|(from, _)| *from <= bound);
        let first = place(clock - OFFSET_BOUND_SECONDS).saturating_sub(1);
        let last = place(clock + OFFSET_BOUND_SECONDS).max(1);
        let mut offset = 0;
        for index in first..last {
            let Some((from, here)) = self.changes.get(index) else { break };
            let moment = clock - i64::from(*here);
            if index > first && moment < *from {
                break;
            }
            offset = i64::from(*here);
            if self.changes.get(index + 1).is_none_or(|(next, _)| moment < *next) {
                break;
            }
        }
        shifted(local, -offset).and_utc()
    }
}

/// `local` moved by seconds; stays where it is at the ends of the calendar.
fn shifted(local: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    TimeDelta::try_seconds(seconds).and_then(|by| local.checked_add_signed(by)).unwrap_or(local)
}

/// What the clocks of a zone show. chrono's own way there panics within a day of the ends of its
/// calendar.
fn wall(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    shifted(at.naive_utc(), i64::from(offset))
}

fn iana_instant(tz: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match tz.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        LocalResult::None => {
            let before = (1..=GAP_STEPS).find_map(|step| {
                let earlier = shifted(local, -step * GAP_STEP_MINUTES * 60);
                tz.from_local_datetime(&earlier).latest()
            });
            let offset = before.map_or(0, |at| at.offset().fix().local_minus_utc());
            shifted(local, -i64::from(offset)).and_utc()
        }
    }
}

impl Stamp {
    /// The moment it means; floating times and whole days (their first moment) are on the clock of
    /// `person`.
    pub fn instant(&self, person: Tz) -> DateTime<Utc> {
        match self {
            Self::Date(date) => local_midnight(*date, person),
            Self::Floating(local) => iana_instant(person, *local),
            Self::Zoned(local, zone) => zone.instant(*local),
            Self::Utc(at) => *at,
        }
    }

    /// The wall-clock time as written; midnight of a whole day.
    pub fn wall(&self) -> NaiveDateTime {
        match self {
            Self::Date(date) => date.and_time(NaiveTime::MIN),
            Self::Floating(local) | Self::Zoned(local, _) => *local,
            Self::Utc(at) => at.naive_utc(),
        }
    }

    /// The day as written, on the stamp's own clock.
    pub fn date(&self) -> NaiveDate {
        self.wall().date()
    }

    /// A whole day rather than a time.
    pub fn is_date(&self) -> bool {
        matches!(self, Self::Date(_))
    }
}

/// Local hour of a moment, 0..=23.
pub fn local_hour(at: DateTime<Utc>, zone: Tz) -> u8 {
    u8::try_from(wall(zone, at).hour()).unwrap_or(0)
}

/// Local date of a moment.
pub fn local_date(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    wall(zone, at).date()
}

/// ISO weekday of a day, 1 = Monday .. 7 = Sunday.
pub fn weekday(date: NaiveDate) -> u8 {
    u8::try_from(date.weekday().number_from_monday()).unwrap_or(1)
}

/// First moment of a local day. Where the zone skips midnight it is the first moment after the
/// gap; of a day that was skipped wholly, the first moment of the next one.
pub fn local_midnight(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    if let LocalResult::Single(at) | LocalResult::Ambiguous(at, _) =
        zone.from_local_datetime(&midnight)
    {
        return at.with_timezone(&Utc);
    }
    // In the gap: bisect for the moment the clock passes `midnight`. Clocks run forward there.
    let guess = iana_instant(zone, midnight).timestamp();
    let (mut before, mut from) = (guess - OFFSET_BOUND_SECONDS, guess);
    while from - before > 1 {
        let middle = before + (from - before) / 2;
        let passed =
            DateTime::from_timestamp(middle, 0).is_none_or(|at| wall(zone, at) >= midnight);
        *(if passed { &mut from } else { &mut before }) = middle;
    }
    DateTime::from_timestamp(from, 0).unwrap_or_else(|| midnight.and_utc())
}

impl Span {
    /// First moment; whole days begin at the first moment of the day in the zone of `person`.
    pub fn start_instant(&self, person: Tz) -> DateTime<Utc> {
        match *self {
            Self::Timed { start, .. } => start,
            Self::AllDay { start, .. } => local_midnight(start, person),
        }
    }

    /// First moment after it, in the zone of `person` for whole days.
    pub fn end_instant(&self, person: Tz) -> DateTime<Utc> {
        match *self {
            Self::Timed { end, .. } => end,
            Self::AllDay { end, .. } => local_midnight(end, person),
        }
    }

    /// Length in minutes, never negative; a whole day counts 1440.
    pub fn minutes(&self) -> i64 {
        match *self {
            Self::Timed { start, end } => (end - start).num_minutes().max(0),
            Self::AllDay { start, end } => (end - start).num_minutes().max(0),
        }
    }

    /// Starts before the window's end and ends after its start; without length: starts inside.
    pub fn overlaps(&self, window: Window, person: Tz) -> bool {
        let (start, end) = (self.start_instant(person), self.end_instant(person));
        start < window.to && (end > window.from || (end <= start && start >= window.from))
    }
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
