//! Recurrence rules (RFC 5545 section 3.3.10) on one wall clock, through the `rrule` crate.
//!
//! A rule is made explicit before the crate sees it: what DTSTART implies is written out, the
//! start is moved to the first day of a period near the window, and COUNT and UNTIL are kept here.
//! So a partial first week, an UNTIL on another clock and thirty years of past cost nothing. The
//! crate never sees a zone: wall-clock times go in and come out.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use rrule::{RRule, Tz, Unvalidated};
use std::fmt::Write;

/// Steps one rule may take in one expansion: more than a century of days, and under 0.1 s.
const STEPS_MAX: usize = 50_000;
/// Longest rule text: RFC examples stay below 200 bytes; a BYYEARDAY of all days fits.
const TEXT_MAX: usize = 4_096;
/// The crate stops at this year.
const YEAR_MAX: i32 = 9_999;
/// The Gregorian calendar repeats itself after this many years, weekdays included.
const CYCLE_YEARS: i32 = 400;
/// Days of such a cycle.
const CYCLE_DAYS: i64 = 146_097;
/// Most days a month has, January first.
const MONTH_DAYS: [i32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The last moment of a rule, before it is on the clock of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// That day; on a clock of times its first moment, as other programs read it.
    Date(NaiveDate),
    /// A wall-clock time.
    Local(NaiveDateTime),
    /// A moment, in UTC.
    Utc(NaiveDateTime),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A rule as written, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    frequency: Frequency,
    interval: u16,
    week_start: Weekday,
    count: Option<u32>,
    until: Option<Until>,
    /// BYxxx parts, names upper case.
    by: Vec<(String, String)>,
}

/// Starts of a rule within a stretch of wall-clock time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// In order of time.
    pub starts: Vec<NaiveDateTime>,
    /// The rule is not over within its step bound: later starts may be missing.
    pub cut: bool,
}

/// A stretch of wall-clock time, both ends included.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// First time.
    pub from: NaiveDateTime,
    /// Last time.
    pub to: NaiveDateTime,
}

impl Rule {
    /// Takes the value of an RRULE or EXRULE apart.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > TEXT_MAX {
            return Err("is too long");
        }
        let mut frequency = None;
        let mut rule = Self {
            frequency: Frequency::Yearly,
            interval: 1,
            week_start: Weekday::Mon,
            count: None,
            until: None,
            by: Vec::new(),
        };
        for part in text.trim().trim_start_matches("RRULE:").split(';') {
            let Some((name, value)) = part.split_once('=') else { continue };
            let (name, value) = (name.trim().to_ascii_uppercase(), value.trim());
            match name.as_str() {
                "FREQ" => frequency = Some(parse_frequency(value)?),
                "INTERVAL" => {
                    rule.interval = value.parse().map_err(|_| "has an INTERVAL out of range")?;
                }
                "COUNT" => rule.count = Some(value.parse().map_err(|_| "has an unreadable COUNT")?),
                "UNTIL" => {
                    rule.until = Some(parse_until(value).ok_or("has an unreadable UNTIL")?);
                }
                // RFC 7529: other calendars and other ways over a missing day.
                "RSCALE" if !value.eq_ignore_ascii_case("GREGORIAN") => {
                    return Err("is on a calendar (RSCALE) that is not supported");
                }
                "SKIP" if !value.eq_ignore_ascii_case("OMIT") => {
                    return Err("uses SKIP, which is not supported");
                }
                "WKST" => rule.week_start = parse_weekday(value).ok_or("has an unknown WKST")?,
                _ if name.starts_with("BY") && !value.is_empty() && name != "BYEASTER" => {
                    let list = value.to_ascii_uppercase().replace([' ', '+'], "");
                    let list = list.trim_matches(',');
                    if !list.split(',').all(|item| is_item(&name, item)) {
                        return Err("can't be read");
                    }
                    rule.by.push((name, list.to_owned()));
                }
                _ => {}
            }
        }
        rule.frequency = frequency.ok_or("has no FREQ")?;
        let sparse = rule.interval > 1 && !rule.by.is_empty() || rule.by("BYSETPOS").is_some();
        if rule.frequency == Frequency::Secondly && sparse {
            // The crate searches second by second, for up to half a minute; nobody needs it.
            return Err("counts seconds under conditions, which is not supported");
        }
        rule.interval = rule.interval.max(1);
        Ok(rule)
    }

    /// Its UNTIL as written.
    pub fn until(&self) -> Option<Until> {
        self.until
    }

    /// Starts within `stretch` of a series that begins at `first`. `until` is the rule's last time
    /// on the clock of the series. `first` itself is in only where the rule hits it.
    ///
    /// # Errors
    /// What is wrong with the rule, as the end of a sentence.
    pub fn expand(
        &self,
        first: NaiveDateTime,
        until: Option<NaiveDateTime>,
        stretch: Stretch,
    ) -> Result<Expansion, &'static str> {
        if self.never() {
            return Err("never happens");
        }
        let last = until.map_or(stretch.to, |u| u.min(stretch.to));
        let mut expansion = Expansion::default();
        if last < first || self.count == Some(0) || first.year() > YEAR_MAX {
            return Ok(expansion);
        }
        let Some(begin) = self.begin(first, stretch.from) else { return Ok(expansion) };
        let rule: RRule<Unvalidated> = self.explicit(first).parse().map_err(|_| "can't be read")?;
        let late = late(last);
        let Some(begin) = begin.checked_add_signed(late) else { return Ok(expansion) };
        let set = rule.build(begin.and_utc().with_timezone(&Tz::UTC));
        let set = set.map_err(|_| "contradicts itself")?.limit();
        let mut left = self.count.unwrap_or(u32::MAX);
        let mut found = false;
        for (step, at) in set.into_iter().enumerate() {
            let at = at.naive_utc() - late;
            if at < first {
                continue;
            }
            if at > last || left == 0 {
                return Ok(expansion);
            }
            if step >= STEPS_MAX {
                expansion.cut = true;
                return Ok(expansion);
            }
            found = true;
            left -= 1;
            if at >= stretch.from {
                expansion.starts.push(at);
            }
        }
        // The crate gives up after 100,000 periods without a start, or in its last year.
        if !found {
            return Err("never happens");
        }
        expansion.cut = left > 0 && self.frequency < Frequency::Daily;
        Ok(expansion)
    }

    fn by(&self, name: &str) -> Option<&str> {
        self.by.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// BYMONTH and BYMONTHDAY name days that no month has: the crate would search for ages.
    fn never(&self) -> bool {
        let numbers =
            |text: &str| -> Vec<i32> { text.split(',').filter_map(|n| n.parse().ok()).collect() };
        let Some(days) = self.by("BYMONTHDAY").map(numbers) else { return false };
        let months = self.by("BYMONTH").map_or_else(|| (1..=12).collect(), numbers);
        let longest = months
            .iter()
            .filter_map(|m| MONTH_DAYS.get(usize::try_from(m - 1).ok()?))
            .max()
            .copied()
            .unwrap_or(0);
        days.iter().all(|d| d.abs() > longest)
    }

    /// The first moment of a period of the rule that lies before `first` and, where nothing has
    /// to be counted, close before `from`.
    fn begin(&self, first: NaiveDateTime, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let step = i64::from(self.interval);
        let skip = |unit_seconds: i64| {
            let gap = (from - first).num_seconds() / (unit_seconds * step) - 1;
            if self.count.is_some() { 0 } else { gap.max(0) * step }
        };
        let day = first.date();
        let on = |date: NaiveDate| date.and_hms_opt(0, 0, 0);
        match self.frequency {
            Frequency::Secondly => first.checked_add_signed(TimeDelta::try_seconds(skip(1))?),
            Frequency::Minutely => {
                first.with_second(0)?.checked_add_signed(TimeDelta::try_minutes(skip(60))?)
            }
            Frequency::Hourly => first
                .with_second(0)?
                .with_minute(0)?
                .checked_add_signed(TimeDelta::try_hours(skip(3_600))?),
            Frequency::Daily => on(day.checked_add_days(days(skip(86_400)))?),
            Frequency::Weekly => {
                let into = day.weekday().days_since(self.week_start);
                let week = day.checked_sub_days(Days::new(u64::from(into)))?;
                on(week.checked_add_days(days(skip(7 * 86_400) * 7))?)
            }
            Frequency::Monthly => {
                let months = skip(31 * 86_400) + i64::from(day.month0());
                let year = day.year() + i32::try_from(months / 12).ok()?;
                on(NaiveDate::from_ymd_opt(year, u32::try_from(months % 12).ok()? + 1, 1)?)
            }
            Frequency::Yearly => {
                let year = day.year() + i32::try_from(skip(366 * 86_400)).ok()?;
                on(NaiveDate::from_ymd_opt(year, 1, 1)?)
            }
        }
        .filter(|begin| begin.year() <= YEAR_MAX)
    }

    /// The rule with everything that a DTSTART at `first` implies written out, without its end.
    fn explicit(&self, first: NaiveDateTime) -> String {
        let mut text = format!(
            "FREQ={};INTERVAL={};WKST={}",
            self.frequency.name(),
            self.interval,
            day_name(self.week_start)
        );
        for (name, value) in &self.by {
            let _ = write!(text, ";{name}={value}");
        }
        let mut imply = |name: &str, value: &dyn std::fmt::Display| {
            if self.by(name).is_none() {
                let _ = write!(text, ";{name}={value}");
            }
        };
        let frequency = self.frequency;
        let free = |names: &[&str]| names.iter().all(|name| self.by(name).is_none());
        let weekday = day_name(first.weekday());
        match frequency {
            Frequency::Weekly => imply("BYDAY", &weekday),
            Frequency::Monthly if free(&["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"]) => {
                imply("BYMONTHDAY", &first.day());
            }
            Frequency::Yearly
                if self.by("BYWEEKNO").is_some() && free(&["BYMONTHDAY", "BYYEARDAY"]) =>
            {
                imply("BYDAY", &weekday);
            }
            Frequency::Yearly if self.by("BYWEEKNO").is_some() => {}
            Frequency::Yearly if free(&["BYDAY", "BYYEARDAY"]) => {
                match self.by("BYMONTHDAY") {
                    Some(_) => imply("BYMONTH", &"1,2,3,4,5,6,7,8,9,10,11,12"),
                    None => imply("BYMONTH", &first.month()),
                }
                imply("BYMONTHDAY", &first.day());
            }
            _ => {}
        }
        if frequency >= Frequency::Daily {
            imply("BYHOUR", &first.hour());
        }
        if frequency >= Frequency::Hourly {
            imply("BYMINUTE", &first.minute());
        }
        if frequency >= Frequency::Minutely {
            imply("BYSECOND", &first.second());
        }
        text
    }
}

impl Frequency {
    fn name(self) -> &'static str {
        match self {
            Self::Secondly => "SECONDLY",
            Self::Minutely => "MINUTELY",
            Self::Hourly => "HOURLY",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// How much later the crate is told to look, so that it soon meets the last year it knows and
/// never searches thousands of years for a start that does not exist.
fn late(last: NaiveDateTime) -> TimeDelta {
    let cycles = (YEAR_MAX - 1 - last.year()).max(0) / CYCLE_YEARS;
    TimeDelta::try_days(i64::from(cycles) * CYCLE_DAYS).unwrap_or_default()
}

fn days(count: i64) -> Days {
    Days::new(u64::try_from(count).unwrap_or(0))
}

/// A value of a BYxxx list: the crate panics on some that are none.
fn is_item(name: &str, item: &str) -> bool {
    let number = match (name, item.len()) {
        ("BYDAY", 2..) if item.is_ascii() => {
            let (number, day) = item.split_at(item.len() - 2);
            if parse_weekday(day).is_some() { number } else { return false }
        }
        ("BYDAY", _) | (_, 0) => return false,
        _ if item == "-" => return false,
        _ => item,
    };
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn parse_frequency(text: &str) -> Result<Frequency, &'static str> {
    let all = [
        Frequency::Secondly,
        Frequency::Minutely,
        Frequency::Hourly,
        Frequency::Daily,
        Frequency::Weekly,
        Frequency::Monthly,
        Frequency::Yearly,
    ];
    all.into_iter().find(|f| f.name().eq_ignore_ascii_case(text)).ok_or("has an unknown FREQ")
}

fn parse_weekday(text: &str) -> Option<Weekday> {
    (0..7)
        .filter_map(|n| Weekday::try_from(n).ok())
        .find(|d| day_name(*d).eq_ignore_ascii_case(text))
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

fn parse_until(text: &str) -> Option<Until> {
    let compact = text.replace(['-', ':'], "").to_ascii_uppercase();
    if let Ok(date) = NaiveDate::parse_from_str(&compact, "%Y%m%d") {
        return Some(Until::Date(date));
    }
    if let Some(moment) = compact.strip_suffix('Z') {
        return NaiveDateTime::parse_from_str(moment, "%Y%m%dT%H%M%S").ok().map(Until::Utc);
    }
    NaiveDateTime::parse_from_str(&compact, "%Y%m%dT%H%M%S").ok().map(Until::Local)
}

impl Until {
    /// The last time on the clock of a series; `wall` shows a moment on that clock.
    pub fn on_clock(self, wall: impl Fn(DateTime<chrono::Utc>) -> NaiveDateTime) -> NaiveDateTime {
        match self {
            Self::Date(date) => date.into(),
            Self::Local(local) => local,
            Self::Utc(moment) => wall(moment.and_utc()),
        }
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
