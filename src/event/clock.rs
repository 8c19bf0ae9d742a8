//! What the starts of a series are read on, and how long its occurrences last.

use super::ical::EventComponent;
use super::time::{Duration, Span, Stamp, Zone};
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

/// How long an occurrence is: whole days on the calendar, whatever hours they have, and then time
/// that passes (RFC 5545 section 3.3.6).
pub(super) type Length = Duration;

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
        match self {
            Self::Days => {
                // A day is the least; of a time on top only its whole days count.
                let more = length.time.num_days().clamp(0, i64::from(u32::MAX));
                let days = u64::from(length.days) + more.unsigned_abs();
                let start = wall.date();
                Some(Span::AllDay { start, end: start.checked_add_days(Days::new(days.max(1)))? })
            }
            Self::Wall(zone) => {
                let start = zone.instant(wall);
                let on = match length.days {
                    0 => start,
                    days => zone.instant(wall.checked_add_days(Days::new(days.into()))?),
                };
                // Of two days a zone may skip the one between them.
                Some(Span::Timed { start, end: on.max(start).checked_add_signed(length.time)? })
            }
        }
    }
}

/// Of a component: DTEND is exact, a DURATION as it says (RFC 5545 section 3.8.5.3).
pub(super) fn length_of(component: &EventComponent, clock: &Clock, person: Tz) -> Length {
    let (start, end) = (&component.start, component.end.as_ref());
    match (clock, end) {
        (Clock::Days, Some(end)) => {
            let days = (end.date() - start.date()).num_days();
            Length { days: u32::try_from(days).unwrap_or(0), time: TimeDelta::zero() }
        }
        (Clock::Wall(zone), Some(Stamp::Date(date))) => {
            let end = zone.instant(NaiveDateTime::from(*date));
            Length::exact(end - start.instant(person))
        }
        (Clock::Wall(_), Some(end)) => Length::exact(end.instant(person) - start.instant(person)),
        (_, None) => component.duration.unwrap_or_default(),
    }
}

/// An upper bound: no day is longer than two.
pub(super) fn most(length: Length) -> TimeDelta {
    length.even().checked_add(&TimeDelta::days(1)).unwrap_or(TimeDelta::MAX)
}
