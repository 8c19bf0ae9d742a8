//! Pauses that servers ask for: `Retry-After` (RFC 9110 section 10.2.3) read, and in words.

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Nobody is left alone for longer, whatever they say.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The three forms of a date in HTTP (RFC 9110 section 5.6.7).
const DATES: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The pause an answer asks for, by the server's own clock where it tells it.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let now = text(DATE).and_then(date).unwrap_or_else(Utc::now);
    wait(text(RETRY_AFTER)?, now)
}

/// Seconds, or a date; `None` when it is neither. At most a day.
fn wait(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        // More seconds than fit is for ever.
        true => Duration::from_secs(text.parse().unwrap_or(u64::MAX)),
        false => (date(text)? - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let read = |form: &&str| NaiveDateTime::parse_from_str(text.trim(), form).ok();
    DATES.iter().find_map(read).map(|date| date.and_utc())
}

/// For a person.
pub fn in_words(wait: Duration) -> String {
    let count = |n: u64, unit: &str| match n {
        1 => format!("a{} {unit}", if unit == "hour" { "n" } else { "" }),
        n => format!("{n} {unit}s"),
    };
    match wait.as_secs() {
        s if s < 120 => count(s, "second"),
        s if s < 2 * 60 * 60 => count(s.div_ceil(60), "minute"),
        s => count(s.div_ceil(60 * 60), "hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_servers_name() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Fri, 06 Nov 2099 08:50:37 GMT", Some(86_400)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(wait(text, now).map(|wait| wait.as_secs()), expected, "{text}");
        }
    }

    #[test]
    fn waits_are_said() {
        for (seconds, expected) in
            [(20, "20 seconds"), (900, "15 minutes"), (3601, "61 minutes"), (86_400, "24 hours")]
        {
            assert_eq!(in_words(Duration::from_secs(seconds)), expected);
        }
    }
}
