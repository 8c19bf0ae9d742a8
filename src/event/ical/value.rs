//! Property values: dates, times, durations (RFC 5545 section 3.3).

use crate::event::time::{Stamp, Zone};
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

/// A DURATION such as `PT1H30M`, `-P1D` or `P2W` (section 3.3.6).
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim().to_ascii_uppercase();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let mut number = String::new();
    let (mut seconds, mut timed, mut any) = (0_i64, false, false);
    for c in rest.strip_prefix('P')?.chars() {
        let unit = match c {
            '0'..='9' if number.len() < 12 => {
                number.push(c);
                continue;
            }
            'T' if number.is_empty() => {
                timed = true;
                continue;
            }
            'W' => 7 * 86_400,
            'D' => 86_400,
            'H' => 3_600,
            'M' if timed => 60,
            'S' => 1,
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        (number, any) = (String::new(), true);
    }
    if !any || !number.is_empty() || seconds > DURATION_MAX_DAYS * 86_400 {
        return None;
    }
    TimeDelta::try_seconds(if negative { -seconds } else { seconds })
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
            ("PT1H30M", Some(5_400)),
            ("P1DT12H", Some(129_600)),
            ("P2W", Some(1_209_600)),
            ("-PT15M", Some(-900)),
            ("+pt5s", Some(5)),
            ("PT0S", Some(0)),
            ("P", None),
            ("P1M", None),
            ("1H", None),
            ("P99999999999W", None),
            ("PT1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text).map(|d| d.num_seconds()), expected, "{text}");
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
