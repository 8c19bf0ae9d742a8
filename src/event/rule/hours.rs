//! Rules that repeat by hours, minutes or seconds, day by day.
//!
//! The days come from the rule's conditions on days; the times within a day are reckoned here. The
//! `rrule` crate looks at every hour or second of every year, which takes minutes where few are
//! meant.

use super::expand::{Budget, Expansion, Stretch, Walk};
use super::skip::Skip;
use super::{Frequency, Rule};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use std::collections::BTreeSet;

/// Seconds of a day on a wall clock.
const DAY: i64 = 86_400;
/// Times looked at for one step: an hour that is not meant costs little.
const LOOKS_A_STEP: i64 = 16;
/// Conditions on days; the others are on times.
const ON_DAYS: [&str; 5] = ["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY"];

/// Some of the numbers 0 to 59, one a bit.
#[derive(Clone, Copy)]
struct Few(u64);

impl Few {
    fn of(numbers: impl Iterator<Item = i64>) -> Self {
        Self(numbers.filter(|n| (0..60).contains(n)).fold(0, |set, n| set | 1 << n))
    }

    fn has(self, number: i64) -> bool {
        self.0 >> number & 1 == 1
    }

    fn count(self) -> i64 {
        self.0.count_ones().into()
    }

    fn all(self) -> impl Iterator<Item = i64> + Clone {
        (0..60).filter(move |n| self.has(*n))
    }
}

/// What a period of the rule holds and which periods count, in seconds of a day.
struct Times {
    /// Start of the first period, in seconds since 1970 on the wall clock.
    origin: i64,
    /// Seconds of one period.
    unit: i64,
    /// From one period to the next, in seconds.
    stride: i64,
    hours: Few,
    minutes: Few,
    seconds: Few,
    /// Periods of a day that the conditions leave, where these are fewer than the strides.
    named: Option<Vec<i64>>,
    positions: Option<Vec<i32>>,
}

impl Rule {
    /// The days that its conditions leave, midnights.
    fn days(
        &self,
        first: NaiveDateTime,
        stretch: Stretch,
        budget: &mut Budget,
    ) -> Result<Expansion, &'static str> {
        let by: Vec<(String, String)> =
            self.by.iter().filter(|(name, _)| ON_DAYS.contains(&name.as_str())).cloned().collect();
        // A DAILY rule knows no BYYEARDAY (RFC 5545 section 3.3.10); a YEARLY one has it say all.
        let yearly = by.iter().any(|(name, _)| name == "BYYEARDAY");
        let frequency = if yearly { Frequency::Yearly } else { Frequency::Daily };
        let midnight = first.date().into();
        let from = stretch.from.date().into();
        let (interval, count, until, skip) = (1, None, None, Skip::Omit);
        let days =
            Self { frequency, interval, week_start: self.week_start, count, until, skip, by };
        days.expand(midnight, None, Stretch { from, to: stretch.to }, budget)
    }

    /// Its starts, for a frequency below DAILY.
    pub(super) fn within_days(
        &self,
        first: NaiveDateTime,
        stretch: Stretch,
        mut walk: Walk,
        budget: &mut Budget,
    ) -> Result<Expansion, &'static str> {
        // What a COUNT counts begins at the first start.
        let from = if self.count.is_some() { first } else { stretch.from.max(first) };
        let days = self.days(first, Stretch { from, to: stretch.to }, budget)?;
        let times = Times::of(self, first);
        for day in &days.starts {
            let (starts, looks) = times.of_day(day.date());
            let cost = usize::try_from(looks / LOOKS_A_STEP).unwrap_or(0);
            if walk.cannot_pay(cost, budget) {
                return Ok(walk.cut());
            }
            for at in starts.into_iter().filter(|at| *at >= from) {
                if walk.cannot_pay(1, budget) {
                    return Ok(walk.cut());
                }
                if walk.takes(at) {
                    return Ok(walk.expansion);
                }
            }
        }
        if days.cut { Ok(walk.cut()) } else { Ok(walk.expansion) }
    }
}

impl Times {
    fn of(rule: &Rule, first: NaiveDateTime) -> Self {
        let unit = match rule.frequency {
            Frequency::Hourly => 3_600,
            Frequency::Minutely => 60,
            _ => 1,
        };
        let list = |name: &str, all: i64, own: u32, free: bool| match rule.numbers(name) {
            Some(numbers) => Few::of(numbers.into_iter().map(i64::from).filter(|n| *n < all)),
            None if free => Few::of(0..all),
            None => Few::of(std::iter::once(own.into())),
        };
        let hours = list("BYHOUR", 24, first.hour(), true);
        let minutes = list("BYMINUTE", 60, first.minute(), unit <= 60);
        let seconds = list("BYSECOND", 60, first.second(), unit == 1);
        let stride = unit * i64::from(rule.interval);
        let clock = first.and_utc().timestamp();
        let origin = clock - clock.rem_euclid(unit);
        // Those parts that tell periods apart; the others are in each.
        let zero = Few::of(std::iter::once(0));
        let by_minute = if unit <= 60 { minutes } else { zero };
        let by_second = if unit == 1 { seconds } else { zero };
        let periods = hours.count() * by_minute.count() * by_second.count();
        let positions = rule.numbers("BYSETPOS");
        let mut times =
            Self { origin, unit, stride, hours, minutes, seconds, named: None, positions };
        if periods < DAY / stride {
            let mut named = Vec::new();
            for (hour, minute) in hours.all().flat_map(|h| by_minute.all().map(move |m| (h, m))) {
                named.extend(by_second.all().map(|second| hour * 3_600 + minute * 60 + second));
            }
            times.named = Some(named);
        }
        times
    }

    /// The starts of a day in order, and how many times were looked at.
    fn of_day(&self, day: NaiveDate) -> (Vec<NaiveDateTime>, i64) {
        let midnight = NaiveDateTime::from(day).and_utc().timestamp();
        let mut starts = Vec::new();
        let mut looks = 0;
        let mut period = |second: i64| {
            looks += 1;
            self.of_period(second, |s| {
                let at = TimeDelta::try_seconds(s)
                    .and_then(|s| NaiveDateTime::from(day).checked_add_signed(s));
                starts.extend(at);
            });
        };
        match &self.named {
            Some(named) => {
                let hit = |s: &&i64| (midnight + **s - self.origin).rem_euclid(self.stride) == 0;
                named.iter().filter(hit).for_each(|s| period(*s));
            }
            None => {
                let mut second = (self.origin - midnight).rem_euclid(self.stride);
                while second < DAY {
                    period(second);
                    second += self.stride;
                }
            }
        }
        (starts, looks.max(self.named.as_ref().map_or(0, |n| i64::try_from(n.len()).unwrap_or(0))))
    }

    /// The starts of the period that begins at this second of the day.
    fn of_period(&self, second: i64, mut take: impl FnMut(i64)) {
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let meant = self.hours.has(hour)
            && (self.unit > 60 || self.minutes.has(minute))
            && (self.unit > 1 || self.seconds.has(second % 60));
        if !meant {
            return;
        }
        let here = Few::of(std::iter::once(0));
        let (minutes, seconds) = match self.unit {
            3_600 => (self.minutes, self.seconds),
            60 => (here, self.seconds),
            _ => (here, here),
        };
        let all = minutes.all().flat_map(|m| seconds.all().map(move |s| second + m * 60 + s));
        let Some(positions) = &self.positions else { return all.for_each(take) };
        let all: Vec<i64> = all.collect();
        let length = i32::try_from(all.len()).unwrap_or(0);
        let places = positions.iter().map(|p| if *p < 0 { length + p } else { p - 1 });
        let places: BTreeSet<i32> = places.collect();
        let chosen = places.into_iter().filter_map(|p| all.get(usize::try_from(p).ok()?));
        chosen.for_each(|s| take(*s));
    }
}
