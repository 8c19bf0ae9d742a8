//! Recurrence rules (RFC 5545 section 3.3.10) on one wall clock, through the `rrule` crate.
//!
//! A rule is made explicit before the crate sees it: what DTSTART implies is written out, the
//! start is moved to the first day of a period near the window, and COUNT and UNTIL are kept here.
//! So a partial first week, an UNTIL on another clock and thirty years of past cost nothing. The
//! crate never sees a zone: wall-clock times go in and come out. What it gets wrong it never sees:
//! whole weekdays beside numbered ones in a BYDAY ([`expand`]), rules of hours and less ([`hours`])
//! and missing days (RFC 7529, [`skip`]).

mod expand;
mod hours;
mod skip;

pub use expand::{Budget, Expansion, Stretch};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Weekday};
use skip::Skip;

/// Longest rule text: RFC examples stay below 200 bytes; a BYYEARDAY of all days fits.
const TEXT_MAX: usize = 4_096;

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
    skip: Skip,
    /// BYxxx parts, names upper case.
    by: Vec<(String, String)>,
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
            skip: Skip::Omit,
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
                "SKIP" => rule.skip = Skip::parse(value).ok_or("has an unknown SKIP")?,
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
        rule.interval = rule.interval.max(1);
        Ok(rule)
    }

    /// Its UNTIL as written.
    pub fn until(&self) -> Option<Until> {
        self.until
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
