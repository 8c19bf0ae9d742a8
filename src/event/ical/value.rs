//! Property values: dates, times, durations (RFC 5545 section 3.3).

use crate::event::time::{Duration, Stamp, Zone};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

/// Longest duration believed: a hundred years.
const DURATION_MAX_DAYS: i64 = 36_525;

/// A DATE or DATE-TIME, with or without dashes and colons.
pub(super) fn stamp(text: &str, zone: Option<&Zone>) -> Option<Stamp> {
    let compact: String =
        text.trim().chars().filter(|c| !matches!(c, '-' | ':')).collect::<String>();
    let compact = compact.to_ascii_uppercase();
    let (day, time) = compact.split_once(['T', ' ']).unwrap_or((&compact, ""));
    let date = date(day)?;
    if time.is_empty() {
        return Some(Stamp::Date(date));
    }
    let (time, utc) = time.strip_suffix('Z').map_or((time, false), |t| (t, true));
    let local = time_of(date, time)?;
    Some(match zone {
        _ if utc => Stamp::Utc(local.and_utc()),
        Some(Zone::Iana(Tz::UTC)) => Stamp::Utc(local.and_utc()),
        Some(zone) => Stamp::Zoned(local, zone.clone()),
        None => Stamp::Floating(local),
    })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn date(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.is_ascii() {
        return None;
    }
    let year = i32::try_from(digits(text.get(..4)?)?).ok()?;
    NaiveDate::from_ymd_opt(year, digits(text.get(4..6)?)?, digits(text.get(6..)?)?)
}

/// `HHMMSS` or `HHMM`; a leap second is the second before it, 24:00 the next midnight.
fn time_of(date: NaiveDate, text: &str) -> Option<NaiveDateTime> {
    let whole = match text.len() {
        6.. if text.is_ascii() => text.get(..6)?.to_owned(),
        4 => format!("{text}00"),
        _ => return None,
    };
    let hour = digits(whole.get(..2)?)?;
    let (minute, second) = (digits(whole.get(2..4)?)?, digits(whole.get(4..)?)?.min(59));
    if (hour, minute, second) == (24, 0, 0) {
        return Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN));
    }
    Some(date.and_time(NaiveTime::from_hms_opt(hour, minute, second)?))
}

/// A DURATION such as `PT1H30M`, `-P1D` or `P2W` (section 3.3.6), and whether it is negative.
pub(super) fn duration(text: &str) -> Option<(Duration, bool)> {
    let text = text.trim().to_ascii_uppercase();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let mut number = String::new();
    let (mut days, mut seconds, mut timed, mut any) = (0_i64, 0_i64, false, false);
    for c in rest.strip_prefix('P')?.chars() {
        let (sum, unit) = match c {
            '0'..='9' if number.len() < 12 => {
                number.push(c);
                continue;
            }
            'T' if number.is_empty() => {
                timed = true;
                continue;
            }
            'W' => (&mut days, 7),
            'D' => (&mut days, 1),
            'H' => (&mut seconds, 3_600),
            'M' if timed => (&mut seconds, 60),
            'S' => (&mut seconds, 1),
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        *sum = sum.checked_add(count.checked_mul(unit)?)?;
        (number, any) = (String::new(), true);
    }
    let long = days > DURATION_MAX_DAYS || seconds > DURATION_MAX_DAYS * 86_400;
    if !any || !number.is_empty() || long {
        return None;
    }
    let length = Duration { days: u32::try_from(days).ok()?, time: TimeDelta::seconds(seconds) };
    Some((length, negative && length != Duration::default()))
}

/// `+0100`, `-053000` (section 3.3.14): seconds east of UTC.
pub(super) fn utc_offset(text: &str) -> Option<i32> {
    let text: String = text.trim().chars().filter(|c| *c != ':').collect();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    if !rest.is_ascii() || !matches!(rest.len(), 4 | 6) {
        return None;
    }
    let part = |at: usize| rest.get(at..at + 2).map_or(Some(0), digits);
    let seconds = part(0)? * 3_600 + part(2)? * 60 + part(4)?;
    (seconds < 86_400).then_some(sign * i32::try_from(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_in_use_are_read() {
        let berlin = Zone::Iana(Tz::Europe__Berlin);
        let cases = [
            ("20260301", "Date(2026-03-01)"),
            ("2026-03-01", "Date(2026-03-01)"),
            ("20260301T090000Z", "Utc(2026-03-01T09:00:00Z)"),
            ("2026-03-01T09:00:00z", "Utc(2026-03-01T09:00:00Z)"),
            ("20260301T090000", "Zoned(2026-03-01T09:00:00, Iana(Europe/Berlin))"),
            ("20260301T0900", "Zoned(2026-03-01T09:00:00, Iana(Europe/Berlin))"),
            ("20260301T240000", "Zoned(2026-03-02T00:00:00, Iana(Europe/Berlin))"),
            ("20260301T235960Z", "Utc(2026-03-01T23:59:59Z)"),
        ];
        for (text, expected) in cases {
            let got = format!("{:?}", stamp(text, Some(&berlin)).unwrap());
            assert_eq!(got, expected, "{text}");
        }
        assert!(matches!(stamp("20260301T090000", None), Some(Stamp::Floating(_))));
        for text in ["", "2026", "20260230", "20260301T25", "20260301T250000", "äöüß", "+2026030"]
        {
            assert_eq!(stamp(text, None), None, "{text}");
        }
    }

    #[test]
    fn durations_and_offsets_are_read() {
        let cases = [
            ("PT1H30M", Some((0, 5_400, false))),
            ("P1DT12H", Some((1, 43_200, false))),
            ("PT24H", Some((0, 86_400, false))),
            ("P2W", Some((14, 0, false))),
            ("P1W2DT3S", Some((9, 3, false))),
            ("-PT15M", Some((0, 900, true))),
            ("-P1W", Some((7, 0, true))),
            ("+pt5s", Some((0, 5, false))),
            ("PT0S", Some((0, 0, false))),
            ("-PT0S", Some((0, 0, false))),
            ("P", None),
            ("P1M", None),
            ("1H", None),
            ("P99999999999W", None),
            ("PT1", None),
        ];
        for (text, expected) in cases {
            let got = duration(text).map(|(d, less)| (d.days, d.time.num_seconds(), less));
            assert_eq!(got, expected, "{text}");
        }
        let cases = [
            ("+0100", Some(3_600)),
            ("-053015", Some(-19_815)),
            ("0000", Some(0)),
            ("+1", None),
            ("+9900", None),
        ];
        for (text, expected) in cases {
            assert_eq!(utc_offset(text), expected, "{text}");
        }
    }
}
