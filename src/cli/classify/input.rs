//! What `classify` reads: titles, or JSON lines. The first line that is not blank decides which.

use crate::cli::CommandError;
use crate::event::{Guest, Uid};
use crate::task::category::Context;
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{BufRead, Read};

/// Longest line that is read, in bytes: far above any event.
const LONGEST_LINE: u64 = 1 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// As given; the line's number where there is none.
    pub id: Value,
    /// Whose it is; empty for plain titles.
    pub user: String,
    /// As given.
    pub title: String,
    /// UID of its series.
    pub series: Option<Uid>,
    /// What else is known.
    pub context: Context,
    /// The calendar it lies in.
    pub calendar: Option<String>,
    /// Who else takes part.
    pub guests: Vec<Guest>,
}

/// A JSON line. Other fields are ignored.
#[derive(Deserialize)]
struct Line {
    id: Option<Value>,
    user: Option<Value>,
    title: Option<String>,
    start: Option<String>,
    weekday: Option<u8>,
    hour: Option<u8>,
    duration_min: Option<f32>,
    attendees: Option<u32>,
    recurring: Option<bool>,
    series_id: Option<Value>,
    calendar: Option<String>,
    guests: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Unknown,
    Titles,
    Json,
}

/// The lines of a stream that are not blank, by number.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads from there.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// What can't be read, by its number.
    pub(super) fn read(&mut self) -> Result<Option<String>, CommandError> {
        loop {
            let mut bytes = Vec::new();
            self.number += 1;
            let mut limited = (&mut self.reader).take(LONGEST_LINE);
            let read = limited.read_until(b'\n', &mut bytes);
            let count = read.map_err(|e| self.complaint(&format!("can't be read: {e}")))?;
            if count == 0 {
                return Ok(None);
            }
            if count as u64 == LONGEST_LINE {
                return Err(self.complaint("is longer than a mebibyte"));
            }
            let Ok(text) = std::str::from_utf8(&bytes) else {
                return Err(self.complaint("is not UTF-8"));
            };
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                return Ok(Some(text.to_owned()));
            }
        }
    }

    /// Reads a JSON line.
    ///
    /// # Errors
    /// What serde found, without the places inside the line that mean little to a person.
    pub(super) fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T, CommandError> {
        serde_json::from_str(text).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => {
                    let text = error.to_string();
                    let end = text.rfind(" at line ").unwrap_or(text.len());
                    format!("does not fit: {}", &text[..end])
                }
                _ => format!("is not a JSON object (column {})", error.column()),
            };
            self.complaint(&what)
        })
    }

    /// Says what is wrong with the line read last.
    pub(super) fn complaint(&self, what: &str) -> CommandError {
        CommandError::failure(format!("line {} of the input {what}", self.number))
    }
}

/// The events of a stream, in order; an error ends it.
pub struct Items<R> {
    lines: Lines<R>,
    form: Form,
    over: bool,
}

impl<R: BufRead> Items<R> {
    /// Reads from there.
    pub fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader), form: Form::Unknown, over: false }
    }

    fn read(&mut self) -> Result<Option<Item>, CommandError> {
        let Some(text) = self.lines.read()? else { return Ok(None) };
        if self.form == Form::Unknown {
            self.form = if text.starts_with('{') { Form::Json } else { Form::Titles };
        }
        match self.form {
            Form::Json => self.json(&text).map(Some),
            Form::Titles | Form::Unknown => Ok(Some(self.title(&text))),
        }
    }

    fn title(&self, text: &str) -> Item {
        Item {
            id: self.lines.number.into(),
            user: String::new(),
            title: text.to_owned(),
            series: None,
            context: Context::default(),
            calendar: None,
            guests: Vec::new(),
        }
    }

    fn json(&self, text: &str) -> Result<Item, CommandError> {
        let line: Line = self.lines.json(text)?;
        let Some(title) = line.title else { return Err(self.lines.complaint("has no title")) };
        let (mut weekday, mut local_hour) = (line.weekday, line.hour);
        if let Some(start) = &line.start {
            let Some(start) = local(start) else {
                return Err(self.lines.complaint("has a start that is no RFC 3339 moment"));
            };
            weekday = u8::try_from(start.weekday().num_days_from_monday()).ok();
            local_hour = u8::try_from(start.hour()).ok();
        }
        if weekday.is_some_and(|day| day > 6) || local_hour.is_some_and(|hour| hour > 23) {
            return Err(self.lines.complaint("has a weekday outside 0-6 or an hour outside 0-23"));
        }
        let series = line.series_id.as_ref().map(word).filter(|id| !id.is_empty());
        Ok(Item {
            id: line.id.unwrap_or_else(|| self.lines.number.into()),
            user: line.user.as_ref().map(word).unwrap_or_default(),
            title,
            series: series.map(Uid::new),
            context: Context {
                duration_min: line.duration_min,
                attendees: line.attendees,
                recurring: line.recurring,
                local_hour,
                weekday,
            },
            calendar: line.calendar.filter(|name| !name.is_empty()),
            guests: Guest::list(&[0; 16], line.guests.iter().flatten()),
        })
    }
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = Result<Item, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.read().transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}

/// The local time as written: the offset says where the person was.
fn local(start: &str) -> Option<NaiveDateTime> {
    let zoned = DateTime::parse_from_rfc3339(start).map(|moment| moment.naive_local());
    let floating = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    zoned.ok().or_else(|| {
        floating.iter().find_map(|form| NaiveDateTime::parse_from_str(start, form).ok())
    })
}

/// A string as it is, anything else as JSON; null is nothing.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Result<Vec<Item>, String> {
        Items::new(text.as_bytes()).collect::<Result<_, _>>().map_err(|e| e.message)
    }

    #[track_caller]
    fn check_refused(text: &str, message: &str) {
        assert_eq!(items(text), Err(message.to_owned()), "{text:?}");
    }

    #[test]
    fn a_title_a_line() {
        let found = items("\u{feff}Standup\r\n\n{curly}\n").unwrap();
        let titles: Vec<&str> = found.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles, ["Standup", "{curly}"]);
        assert_eq!(found[1].id, Value::from(3));
    }

    #[test]
    fn json_lines_with_what_is_known() {
        let text = r#"{"id":7,"user":"u","title":"A","start":"2026-03-02T14:30:00+01:00",
            "duration_min":30,"attendees":0,"recurring":true,"series_id":"s","more":[]}"#
            .replace('\n', "");
        let found = items(&text).unwrap();
        let context = Context {
            duration_min: Some(30.0),
            attendees: Some(0),
            recurring: Some(true),
            local_hour: Some(14),
            weekday: Some(0),
        };
        assert_eq!(found[0].context, context);
        assert_eq!(found[0].series, Some(Uid::new("s")));
        assert_eq!((&found[0].id, found[0].user.as_str()), (&Value::from(7), "u"));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        let good = "{\"title\":\"A\"}\n";
        check_refused(&format!("{good}{{"), "line 2 of the input is not a JSON object (column 1)");
        check_refused(&format!("{good}\nA"), "line 3 of the input is not a JSON object (column 1)");
        check_refused("{}", "line 1 of the input has no title");
        check_refused(
            "{\"title\":\"A\",\"hour\":24}",
            "line 1 of the input has a weekday outside 0-6 or an hour outside 0-23",
        );
        check_refused(
            "{\"title\":\"A\",\"start\":\"noon\"}",
            "line 1 of the input has a start that is no RFC 3339 moment",
        );
        check_refused(
            "{\"title\":\"A\",\"attendees\":\"many\"}",
            "line 1 of the input does not fit: invalid type: string \"many\", expected u32",
        );
    }
}
