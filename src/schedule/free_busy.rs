//! Which minutes of the horizon are taken (RFC 4791 section 7.10 calls it free-busy).
//!
//! The plan counts wall-clock minutes from local midnight of day 0, so every day has 1440 of them.
//! On the two days a year that have 23 or 25 hours the translation is conservative: a taken hour
//! that occurs twice is taken both times, and a start whose minutes don't all exist is refused.

use super::problem::DAY;
use super::suggestion::{State, Suggestion};
use crate::event::{Event, Events, Role, Span, Standing};
use chrono::{
    DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

/// Longest horizon in days: tables grow with it.
pub const MAX_DAYS: u16 = 92;

/// The days a plan looks at, in the person's zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    zone: Tz,
    first: NaiveDate,
    days: u16,
}

impl Horizon {
    /// From the local day of `now` on, that day included; at most [`MAX_DAYS`].
    pub fn new(now: DateTime<Utc>, zone: Tz, days: u16) -> Self {
        let first = now.with_timezone(&zone).date_naive();
        Self { zone, first, days: days.clamp(1, MAX_DAYS) }
    }

    /// How many days.
    pub fn days(&self) -> usize {
        usize::from(self.days)
    }

    /// Wall-clock minutes from local midnight of day 0; before it negative. Seconds are dropped.
    pub fn minute(&self, moment: DateTime<Utc>) -> i32 {
        let local = moment.with_timezone(&self.zone);
        let days = (local.date_naive() - self.first).num_days();
        let days = days.clamp(-i64::from(MAX_DAYS), 2 * i64::from(MAX_DAYS)) as i32;
        days * DAY + (local.hour() * 60 + local.minute()) as i32
    }

    /// The same, rounded up where the moment has seconds.
    fn minute_up(&self, moment: DateTime<Utc>) -> i32 {
        let part = moment.second() > 0 || moment.nanosecond() > 0;
        self.minute(moment) + i32::from(part)
    }

    /// Minutes `[start, end)` of a stretch of time. A stretch in which clocks go back is as long as
    /// it lasts, so that no minute it takes is missed.
    pub fn stretch(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> (i32, i32) {
        let from = self.minute(start);
        let offset = |t: DateTime<Utc>| {
            i64::from(t.with_timezone(&self.zone).offset().fix().local_minus_utc())
        };
        let back = ((offset(start) - offset(end)).max(0) / 60).min(i64::from(DAY)) as i32;
        (from, self.minute_up(end).saturating_add(back).max(from))
    }

    /// The moment of a minute of the horizon; the earlier one where clocks go back, `None` where
    /// they skip it.
    pub fn moment(&self, minute: i32) -> Option<DateTime<Utc>> {
        let day = self.first.checked_add_signed(TimeDelta::days(minute.div_euclid(DAY).into()))?;
        let of_day = minute.rem_euclid(DAY) as u32;
        let local = day.and_time(NaiveTime::from_hms_opt(of_day / 60, of_day % 60, 0)?);
        Some(self.zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc))
    }

    /// The extent of a block; `None` where the clock change makes it shorter or longer than it
    /// says.
    pub fn block(&self, minute: i32, length: i32) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let start = self.moment(minute)?;
        let end = start + TimeDelta::minutes(length.into());
        (self.minute(end) == minute + length).then_some((start, end))
    }

    /// The wall-clock minutes that a day lacks where clocks go forward.
    pub fn skipped(&self, day: usize) -> Option<(i32, i32)> {
        let midnight = i32::try_from(day).ok()?.checked_mul(DAY)?;
        let offset = |minute| {
            Some(self.moment(minute)?.with_timezone(&self.zone).offset().fix().local_minus_utc())
        };
        // Most days lack none, and each look into the zone costs; a midnight may be lacking.
        if let (Some(before), Some(after)) = (offset(midnight), offset(midnight + DAY))
            && after <= before
        {
            return None;
        }
        let mut lacking = (midnight..midnight + DAY).filter(|m| self.moment(*m).is_none());
        let first = lacking.next()?;
        Some((first, lacking.next_back().unwrap_or(first) + 1))
    }

    /// Weekday of a day of the horizon, 0 = Monday.
    pub fn weekday(&self, day: usize) -> usize {
        (self.first.weekday().num_days_from_monday() as usize + day) % 7
    }

    fn all_day(&self, start: NaiveDate, end: NaiveDate) -> (i32, i32) {
        let far = i64::from(MAX_DAYS) * 2;
        let minute = |d: NaiveDate| (d - self.first).num_days().clamp(-far, far) as i32 * DAY;
        (minute(start), minute(end))
    }

    fn meets(&self, stretch: (i32, i32)) -> bool {
        stretch.1 > 0 && stretch.0 < i32::from(self.days) * DAY
    }
}

/// Somebody's time is taken by it: busy, on the calendar, and no untouched block of ours.
pub fn takes_time(event: &Event) -> bool {
    event.busy && event.standing == Standing::Scheduled && event.role != Role::Suggested
}

/// Taken stretches of the horizon, sorted by start: busy events, and blocks of ours that the person
/// accepted or took over. They may overlap and reach over its edges.
pub fn busy<'a>(
    horizon: &Horizon,
    events: &Events,
    blocks: impl Iterator<Item = &'a Suggestion>,
) -> Vec<(i32, i32)> {
    let mut found: Vec<(i32, i32)> = events
        .values()
        .filter(|e| takes_time(e))
        .map(|event| match event.span {
            Span::Timed { start, end } => horizon.stretch(start, end),
            Span::AllDay { start, end } => horizon.all_day(start, end),
        })
        .chain(
            blocks
                .filter(|b| matches!(b.state, State::Accepted | State::Taken))
                .map(|b| horizon.stretch(b.start, b.end)),
        )
        .filter(|&stretch| horizon.meets(stretch) && stretch.0 < stretch.1)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn berlin(now: &str) -> Horizon {
        Horizon::new(utc(now), chrono_tz::Europe::Berlin, 7)
    }

    #[test]
    fn minutes_are_wall_clock_minutes() {
        let march = berlin("2026-03-28T23:30:00Z"); // Sunday 29th, clocks go 2 -> 3
        assert_eq!(march.weekday(0), 6);
        assert_eq!(march.minute(utc("2026-03-29T07:00:00Z")), 9 * 60);
        assert_eq!(march.minute(utc("2026-03-30T07:00:00Z")), DAY + 9 * 60);
        assert_eq!(march.moment(9 * 60), Some(utc("2026-03-29T07:00:00Z")));
        assert_eq!(march.moment(150), None, "02:30 does not exist");
        let october = berlin("2026-10-24T22:30:00Z"); // Sunday 25th, 3 -> 2
        assert_eq!(october.moment(150), Some(utc("2026-10-25T00:30:00Z")), "the first 02:30");
        assert_eq!(october.minute(utc("2026-10-26T08:00:00Z")), DAY + 9 * 60);
    }

    #[test]
    fn blocks_over_a_clock_change_are_refused() {
        let march = berlin("2026-03-28T23:30:00Z");
        assert_eq!(march.block(90, 60), None);
        let three = (utc("2026-03-29T01:00:00Z"), utc("2026-03-29T02:00:00Z"));
        assert_eq!(march.block(180, 60), Some(three));
        let october = berlin("2026-10-24T22:30:00Z");
        assert_eq!(october.block(150, 60), None);
        assert!(october.block(60, 60).is_some(), "it ends at the first 02:00");
    }

    #[test]
    fn a_repeated_hour_is_taken_both_times() {
        let october = berlin("2026-10-24T22:30:00Z");
        let (from, to) = october.stretch(utc("2026-10-24T23:30:00Z"), utc("2026-10-25T01:30:00Z"));
        assert_eq!(from, 90);
        assert!(to >= 180, "the first 02:00 to 03:00 lies within: {to}");
    }
}
