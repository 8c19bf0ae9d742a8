//! Days and lengths of time as people type them.

use crate::schedule::wish::{MINUTES_MAX, day_of, minutes_of};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// What [`day`] understands, for people.
pub const DAY_HINT: &str = "write 2026-03-06, today, tomorrow or a weekday such as fri";

/// The day meant by `2026-03-06`, `6.3.`, `today`, `tomorrow`, `fri`, `friday`; a weekday is the
/// next one, today included.
///
/// # Errors
/// A sentence.
pub fn day(text: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    let wrong = || format!("'{text}' is no day: {DAY_HINT}");
    match text.trim().eq_ignore_ascii_case("yesterday") {
        true => today.pred_opt().ok_or_else(wrong),
        false => day_of(text, today).ok_or_else(wrong),
    }
}

/// The minutes meant by `90m`, `1h30m`, `1h30`, `2h`, `1.5h`, `90`.
///
/// # Errors
/// A sentence.
pub fn minutes(text: &str) -> Result<u32, String> {
    minutes_of(text).ok_or_else(|| match text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
        true => format!("'{text}' is out of range: 1 minute to {} hours", MINUTES_MAX / 60),
        false => format!("'{text}' is no length of time: write 90m, 1h30m or 2h"),
    })
}

/// The moment of a wall-clock time: the first of two where clocks go back, the end of the gap where
/// they go forward.
pub fn moment(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    /// Longest gap in the tz database's zones, in quarter hours: a day (Samoa 2011).
    const GAP: i64 = 24 * 4;
    let quarters = (0..=GAP).map(|n| local.checked_add_signed(TimeDelta::minutes(15 * n)));
    let found = quarters.flatten().find_map(|t| t.and_local_timezone(zone).earliest());
    found.map_or_else(|| local.and_utc(), |t| t.with_timezone(&Utc))
}

/// The first moment of a local day.
pub fn begin(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    moment(day.and_time(NaiveTime::MIN), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days() {
        // A Monday.
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(day(text, date("2026-03-02")).ok(), expected.map(date), "{text}");
        }
        check("2026-03-06", Some("2026-03-06"));
        check("today", Some("2026-03-02"));
        check("Tomorrow", Some("2026-03-03"));
        check("fri", Some("2026-03-06"));
        check("Friday", Some("2026-03-06"));
        check("mon", Some("2026-03-02"));
        check("sun", Some("2026-03-08"));
        check("2026-02-30", None);
        check("26-02-03", None);
        check("+262142-12-31", None);
        check("soon", None);
    }

    #[test]
    fn lengths() {
        fn check(text: &str, expected: Option<u32>) {
            assert_eq!(minutes(text).ok(), expected, "{text}");
        }
        check("90m", Some(90));
        check("90", Some(90));
        check("90min", Some(90));
        check("1h30m", Some(90));
        check("1h30", Some(90));
        check("2h", Some(120));
        check("1.5h", Some(90));
        for bad in ["", "h", "m", "-5m", "-2h", "nanh", "infh", "0m", "1d", "99999999999h", "1e9h"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn days_with_a_gap_at_midnight() {
        let zone = chrono_tz::America::Santiago;
        assert_eq!(begin(date("2024-09-08"), zone).to_rfc3339(), "2024-09-08T04:00:00+00:00");
    }
}
