//! Days that some months lack: SKIP of RFC 7529, on the Gregorian calendar.
//!
//! `BYMONTHDAY=31` in April is left out (OMIT, as RFC 5545 has it), April 30 (BACKWARD) or May 1
//! (FORWARD). Such rules are walked here, month by month; the crate knows nothing of them.

use super::expand::Budget;
use super::{Frequency, Rule};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use std::collections::BTreeSet;

/// Where a day goes that a month lacks (RFC 7529 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    /// Nowhere.
    Omit,
    /// To the last day before.
    Backward,
    /// To the first day after.
    Forward,
}

impl Skip {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let all = [("OMIT", Self::Omit), ("BACKWARD", Self::Backward), ("FORWARD", Self::Forward)];
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, skip)| skip)
    }

    pub(super) fn omits(self) -> bool {
        self == Self::Omit
    }

    /// The day `number` of a month, from its end where negative.
    fn day(self, year: i32, month: u32, number: i32) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let next = first.checked_add_months(chrono::Months::new(1))?;
        let length = i32::try_from((next - first).num_days()).ok()?;
        let place = if number < 0 { length + 1 + number } else { number };
        match self {
            _ if (1..=length).contains(&place) => first.with_day(u32::try_from(place).ok()?),
            Self::Omit => None,
            Self::Backward if place < 1 => first.pred_opt(),
            Self::Backward => next.pred_opt(),
            Self::Forward if place < 1 => Some(first),
            Self::Forward => Some(next),
        }
    }
}

impl Rule {
    /// Its SKIP matters: it names days of months, and nothing else that could be missing.
    pub(super) fn skips(&self, first: NaiveDateTime) -> Result<bool, &'static str> {
        if self.skip.omits() || self.frequency < Frequency::Monthly {
            return Ok(false);
        }
        let others = ["BYDAY", "BYWEEKNO", "BYYEARDAY"].iter().any(|name| self.by(name).is_some());
        let days = self.numbers("BYMONTHDAY");
        let rare = |days: &[i32]| days.iter().any(|d| d.abs() > 28);
        let last_day = self.numbers("BYYEARDAY").is_some_and(|d| d.iter().any(|d| d.abs() > 365));
        if others {
            let lacking = last_day || days.is_some_and(|days| rare(&days));
            return if lacking {
                Err("uses SKIP in a way that is not supported")
            } else {
                Ok(false)
            };
        }
        let day = i32::try_from(first.day()).unwrap_or(1);
        let lacking = rare(&days.unwrap_or_else(|| vec![day]));
        match self.by("BYSETPOS") {
            Some(_) if lacking => Err("uses SKIP in a way that is not supported"),
            _ => Ok(lacking),
        }
    }

    /// Its starts up to `last`, in order, as far as the budget goes.
    pub(super) fn starts_with_skip(
        &self,
        first: NaiveDateTime,
        last: NaiveDateTime,
        budget: &mut Budget,
    ) -> Vec<NaiveDateTime> {
        let mut starts: Vec<NaiveDateTime> = Vec::new();
        let times = self.times(first);
        let own = || vec![i32::try_from(first.day()).unwrap_or(1)];
        let numbers = self.numbers("BYMONTHDAY").unwrap_or_else(own);
        let named: Vec<u32> = (1..=12).filter(|month| self.names_month(*month, first)).collect();
        let interval = i32::from(self.interval);
        let (mut year, mut month) = (first.year(), first.month());
        // One month at a time; of a yearly rule all of the year, then over to the next.
        loop {
            let here = |m: &&u32| self.frequency == Frequency::Yearly || **m == month;
            for month in named.iter().filter(here) {
                let on = |number: &i32| self.skip.day(year, *month, *number);
                let mut days: Vec<NaiveDate> = numbers.iter().filter_map(on).collect();
                days.sort_unstable();
                for at in days.iter().flat_map(|day| times.iter().map(|time| day.and_time(*time))) {
                    // Two days may have gone to the same one.
                    if starts.last().is_none_or(|before| at > *before) {
                        starts.push(at);
                    }
                    if budget.take(1) == 0 {
                        return starts;
                    }
                }
            }
            let next = match self.frequency {
                Frequency::Monthly => year * 12 + i32::try_from(month).unwrap_or(1) - 1 + interval,
                _ => (year + interval) * 12,
            };
            (year, month) = (next / 12, u32::try_from(next % 12).unwrap_or(0) + 1);
            if year > last.year() || budget.take(1) == 0 {
                return starts;
            }
        }
    }

    fn names_month(&self, month: u32, first: NaiveDateTime) -> bool {
        let month = i32::try_from(month).unwrap_or(0);
        match (self.numbers("BYMONTH"), self.by("BYMONTHDAY")) {
            (Some(months), _) => months.contains(&month),
            (None, None) if self.frequency == Frequency::Yearly => {
                i32::try_from(first.month()) == Ok(month)
            }
            (None, _) => true,
        }
    }

    /// Times of day, in order.
    fn times(&self, first: NaiveDateTime) -> Vec<NaiveTime> {
        let part = |name: &str, own: u32| -> BTreeSet<u32> {
            let Some(numbers) = self.numbers(name) else { return BTreeSet::from([own]) };
            numbers.into_iter().filter_map(|n| u32::try_from(n).ok()).collect()
        };
        let (hours, minutes) = (part("BYHOUR", first.hour()), part("BYMINUTE", first.minute()));
        let seconds = part("BYSECOND", first.second());
        let mut times: Vec<NaiveTime> = Vec::new();
        // In order, as the parts are.
        for (hour, minute) in hours.iter().flat_map(|h| minutes.iter().map(move |m| (h, m))) {
            let of = |second: &u32| NaiveTime::from_hms_opt(*hour, *minute, *second);
            times.extend(seconds.iter().filter_map(of));
        }
        times
    }
}
