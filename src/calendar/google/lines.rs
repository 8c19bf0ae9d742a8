//! Content lines (RFC 5545 section 3.1): escaped, without control characters, folded.

use chrono::{DateTime, NaiveDate, Utc};

/// Longest line in octets, without its break.
const FOLD: usize = 75;

/// iCalendar text, line by line.
#[derive(Debug, Default)]
pub struct Lines(String);

impl Lines {
    /// A value that needs no escaping, or has been; control characters vanish, so that no value
    /// opens a line of its own.
    pub fn raw(&mut self, name: &str, value: &str) {
        let whole: String =
            format!("{name}:{value}").chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let mut room = FOLD;
        for c in whole.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = FOLD - 1;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A TEXT value (RFC 5545 section 3.3.11); nothing when it is empty.
    pub fn text(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let mut escaped = String::with_capacity(value.len());
        for c in value.replace("\r\n", "\n").chars() {
            match c {
                '\\' => escaped.push_str("\\\\"),
                ';' => escaped.push_str("\\;"),
                ',' => escaped.push_str("\\,"),
                '\n' | '\r' => escaped.push_str("\\n"),
                c => escaped.push(c),
            }
        }
        self.raw(name, &escaped);
    }

    /// A moment in UTC.
    pub fn moment(&mut self, name: &str, at: DateTime<Utc>) {
        self.raw(name, &at.format("%Y%m%dT%H%M%SZ").to_string());
    }

    /// A whole day.
    pub fn day(&mut self, name: &str, date: NaiveDate) {
        self.raw(&format!("{name};VALUE=DATE"), &date.format("%Y%m%d").to_string());
    }

    /// Further lines behind these.
    pub fn append(&mut self, other: Self) {
        self.0.push_str(&other.0);
    }

    /// All lines.
    pub fn done(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_on_their_line() {
        let mut lines = Lines::default();
        lines.text("SUMMARY", "a,b;c\\d\r\ne\u{7}\nATTENDEE:x");
        lines.text("LOCATION", "");
        lines.raw("RRULE", "FREQ=DAILY\r\nATTENDEE:x");
        lines.text("DESCRIPTION", &"ä".repeat(60));
        let text = lines.done();
        assert!(text.starts_with("SUMMARY:a\\,b\\;c\\\\d\\ne\\nATTENDEE:x\r\nRRULE:FREQ=DAILYATT"));
        assert!(!text.contains("LOCATION"));
        assert!(text.split("\r\n").all(|line| line.len() <= FOLD), "{text}");
        assert_eq!(text.replace("\r\n ", "").matches("\r\n").count(), 3);
        assert!(text.replace("\r\n ", "").contains(&"ä".repeat(60)));
    }
}
