//! What the starts of a series are read on, and how long its occurrences last.

use super::ical::EventComponent;
use super::time::{Span, Stamp, Zone};
use chrono::{Days, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

/// Identifies a start: the moment in UTC, or the midnight of a whole day.
pub(super) type Key = NaiveDateTime;

/// What the times of a series are read on.
pub(super) enum Clock {
    /// Whole days.
    Days,
    /// A wall clock.
    Wall(Zone),
}

/// How long an occurrence is.
#[derive(Clone, Copy)]
pub(super) enum Length {
    /// Whole days on the calendar, whatever hours they have.
    Nominal(u64),
    /// Time that passes.
    Exact(TimeDelta),
}

impl Clock {
    pub(super) fn of(stamp: &Stamp, person: Tz) -> Self {
        match stamp {
            Stamp::Date(_) => Self::Days,
            Stamp::Floating(_) => Self::Wall(Zone::Iana(person)),
            Stamp::Zoned(_, zone) => Self::Wall(zone.clone()),
            Stamp::Utc(_) => Self::Wall(Zone::Iana(Tz::UTC)),
        }
    }

    /// What this clock shows at `stamp`. Floating times are taken as they are; a DATE means the
    /// time of day of `first`, the start of the series.
    pub(super) fn wall(&self, stamp: &Stamp, first: NaiveDateTime) -> NaiveDateTime {
        match (self, stamp) {
            (Self::Days, _) => stamp.date().into(),
            (Self::Wall(_), Stamp::Date(date)) => date.and_time(first.time()),
            (Self::Wall(_), Stamp::Floating(local)) => *local,
            (Self::Wall(zone), Stamp::Zoned(local, other)) if zone == other => *local,
            (Self::Wall(zone), Stamp::Zoned(local, other)) => zone.wall(other.instant(*local)),
            (Self::Wall(zone), Stamp::Utc(at)) => zone.wall(*at),
        }
    }

    pub(super) fn key(&self, wall: NaiveDateTime) -> Key {
        match self {
            Self::Days => wall,
            Self::Wall(zone) => zone.instant(wall).naive_utc(),
        }
    }

    /// RECURRENCE-ID in canonical form.
    pub(super) fn id(&self, key: Key) -> String {
        match self {
            Self::Days => key.format("%Y%m%d").to_string(),
            Self::Wall(_) => key.format("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// The extent from `wall` on; `None` beyond the end of the calendar.
    pub(super) fn span(&self, wall: NaiveDateTime, length: Length) -> Option<Span> {
        match (self, length) {
            (Self::Days, _) => {
                let days = match length {
                    Length::Nominal(days) => days,
                    Length::Exact(time) => u64::try_from(time.num_days()).unwrap_or(0),
                };
                let start = wall.date();
                Some(Span::AllDay { start, end: start.checked_add_days(Days::new(days.max(1)))? })
            }
            (Self::Wall(zone), Length::Exact(time)) => {
                let start = zone.instant(wall);
                Some(Span::Timed { start, end: start.checked_add_signed(time)? })
            }
            (Self::Wall(zone), Length::Nominal(days)) => {
                let start = zone.instant(wall);
                let end = zone.instant(wall.checked_add_days(Days::new(days))?);
                Some(Span::Timed { start, end })
            }
        }
    }
}

impl Length {
    /// Of a component: DTEND is exact, a DURATION of whole days nominal (section 3.8.5.3).
    pub(super) fn of(component: &EventComponent, clock: &Clock, person: Tz) -> Self {
        let (start, end) = (&component.start, component.end.as_ref());
        match (clock, end) {
            (Clock::Days, Some(end)) => Self::nominal(end.date() - start.date()),
            (Clock::Wall(zone), Some(Stamp::Date(date))) => {
                let end = zone.instant(NaiveDateTime::from(*date));
                Self::exact(end - start.instant(person))
            }
            (Clock::Wall(_), Some(end)) => Self::exact(end.instant(person) - start.instant(person)),
            (_, None) => Self::stated(component.duration.unwrap_or_default()),
        }
    }

    fn nominal(time: TimeDelta) -> Self {
        Self::Nominal(u64::try_from(time.num_days()).unwrap_or(0))
    }

    fn exact(time: TimeDelta) -> Self {
        Self::Exact(time.max(TimeDelta::zero()))
    }

    fn stated(time: TimeDelta) -> Self {
        let whole = time == TimeDelta::days(time.num_days());
        if whole { Self::nominal(time) } else { Self::exact(time) }
    }

    /// An upper bound.
    pub(super) fn most(self) -> TimeDelta {
        match self {
            Self::Nominal(days) => {
                TimeDelta::try_days(i64::try_from(days).unwrap_or(0) + 1).unwrap_or_default()
            }
            Self::Exact(time) => time,
        }
    }
}
