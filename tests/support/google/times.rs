//! Times as Google shows them: in the calendar's zone, whatever they were given in.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// The zone of a name; UTC for any other.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The moment of a time as a client gives it: with an offset, or on the clock of `timeZone`.
pub fn moment(time: &Value, calendar: &str) -> Option<DateTime<Utc>> {
    if let Some(date) = time.get("date").and_then(Value::as_str) {
        let date = date.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?;
        return Some(date.and_utc());
    }
    let text = time.get("dateTime")?.as_str()?;
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok()?;
    let name = time.get("timeZone").and_then(Value::as_str).unwrap_or(calendar);
    Some(zone(name).from_local_datetime(&local).earliest()?.to_utc())
}

/// The time as it is shown.
pub fn shown(time: &Value, calendar: &str, asked: Option<&str>) -> Value {
    let mut time = time.clone();
    if time.get("dateTime").is_some_and(Value::is_string)
        && let Some(at) = moment(&time, calendar)
    {
        let there = at.with_timezone(&zone(asked.unwrap_or(calendar)));
        time["dateTime"] = there.to_rfc3339_opts(SecondsFormat::Secs, true).into();
        if !time.get("timeZone").is_some_and(Value::is_string) {
            time["timeZone"] = calendar.into();
        }
    }
    time
}

/// The id of an instance: its master's, and its original start.
pub fn instance_id(master: &str, original: &Value, calendar: &str) -> String {
    match original.get("date").and_then(Value::as_str) {
        Some(date) => format!("{master}_{}", date.replace('-', "")),
        None => {
            let at = moment(original, calendar).unwrap();
            format!("{master}_{}", at.format("%Y%m%dT%H%M%SZ"))
        }
    }
}
