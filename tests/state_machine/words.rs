//! iCalendar text of the simulated person.

use super::person::{Kind, Thing};
use crate::support::fake_faults::Dice;
use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Few, so that kinds of work are met again.
pub const TITLES: [&str; 6] =
    ["Write report", "Gym", "Team meeting", "Invoices", "Call with Ben", "Study Spanish"];

pub fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Some time of a day that lies `from` to `to` days ahead.
pub fn day_and_hour(now: DateTime<Utc>, dice: &mut Dice, from: i64, to: i64) -> DateTime<Utc> {
    let days = from + dice.below((to - from) as usize) as i64;
    let midnight = now.with_hour(0).and_then(|t| t.with_minute(0)).and_then(|t| t.with_second(0));
    let quarter = TimeDelta::minutes(15 * (28 + dice.below(40) as i64));
    midnight.unwrap_or(now) + TimeDelta::days(days) + quarter
}

/// The value of a property; the first of that name.
pub fn field(body: &str, name: &str) -> Option<String> {
    let unfolded = body.replace("\r\n ", "");
    let value = |line: &str| {
        let (key, value) = line.split_once(':')?;
        (key.split(';').next() == Some(name)).then(|| value.to_owned())
    };
    unfolded.lines().find_map(value)
}

/// The text with these properties replaced; those it lacks are added. Empty = taken out.
pub fn with_fields(body: &str, fields: &[(&str, String)]) -> String {
    let unfolded = body.replace("\r\n ", "");
    let mut lines: Vec<String> = unfolded.lines().map(str::to_owned).collect();
    for (name, value) in fields {
        lines.retain(|l| l.split([':', ';']).next() != Some(*name));
        let end = lines.iter().position(|l| l.starts_with("END:V")).unwrap_or(0);
        lines.insert(end, format!("{name}:{value}"));
    }
    lines.join("\r\n") + "\r\n"
}

impl Thing {
    /// As their client writes it.
    pub fn text(&self, modified: DateTime<Utc>) -> String {
        let component = if self.kind == Kind::Todo { "VTODO" } else { "VEVENT" };
        let mark = if self.kind != Kind::Todo && self.status == "COMPLETED" { "✓ " } else { "" };
        let mut lines = vec![
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            format!("BEGIN:{component}"),
            format!("UID:{}", self.uid),
            format!("DTSTAMP:{}", stamp(modified)),
            format!("LAST-MODIFIED:{}", stamp(modified)),
            format!("SUMMARY:{mark}{}", self.title),
            format!("DESCRIPTION:note {}", self.note),
        ];
        match self.kind {
            Kind::Todo => {
                lines.push(format!("ESTIMATED-DURATION:PT{}M", self.minutes));
                lines.push(format!("DUE:{}", stamp(self.start)));
                if !self.status.is_empty() {
                    lines.push(format!("STATUS:{}", self.status));
                }
            }
            Kind::Event | Kind::Series => {
                lines.push(format!("DTSTART:{}", stamp(self.start)));
                lines.push(format!("DURATION:PT{}M", self.minutes));
                if !self.rule.is_empty() {
                    lines.push(format!("RRULE:{}", self.rule));
                }
                lines.extend(self.excluded.iter().map(|at| format!("EXDATE:{}", stamp(*at))));
                if self.status == "CANCELLED" {
                    lines.push("STATUS:CANCELLED".to_owned());
                }
            }
        }
        lines.push(format!("END:{component}"));
        lines.push("END:VCALENDAR".to_owned());
        lines.join("\r\n") + "\r\n"
    }
}
