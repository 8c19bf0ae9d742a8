//! Moments, days and spans: seconds and day numbers on disk, RFC 3339 in an export.

use super::{Keep, Unreadable};
use crate::event::Span;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A moment. On disk: seconds × 2, and where nanoseconds follow, + 1: five bytes in our century.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Moment(DateTime<Utc>);

impl Keep for DateTime<Utc> {
    type Record = Moment;
    fn keep(&self) -> Moment {
        Moment(*self)
    }
    fn back(record: Moment) -> Result<Self, Unreadable> {
        Ok(record.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            return out.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
        let nanoseconds = self.0.timestamp_subsec_nanos();
        let exact = nanoseconds == 0;
        let mut tuple = out.serialize_tuple(if exact { 1 } else { 2 })?;
        tuple.serialize_element(&(self.0.timestamp() * 2 + i64::from(!exact)))?;
        if !exact {
            tuple.serialize_element(&nanoseconds)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        if input.is_human_readable() {
            let text = String::deserialize(input)?;
            // RFC 3339 ends with the year 9999 and begins with 0; what an event says may not.
            return text.parse().map(Moment).map_err(D::Error::custom);
        }
        input.deserialize_tuple(2, MomentVisitor)
    }
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Moment, A::Error> {
        let missing = || A::Error::custom("a moment is cut short");
        let doubled: i64 = parts.next_element()?.ok_or_else(missing)?;
        let nanoseconds: u32 = match doubled & 1 {
            0 => 0,
            _ => parts.next_element()?.ok_or_else(missing)?,
        };
        DateTime::from_timestamp(doubled >> 1, nanoseconds)
            .map(Moment)
            .ok_or_else(|| A::Error::custom("a moment is out of range"))
    }
}

/// A day. On disk: days since 1970-01-01.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Day(NaiveDate);

/// 1970-01-01 counted from the common era.
const EPOCH_DAY: i32 = 719_163;

impl Keep for NaiveDate {
    type Record = Day;
    fn keep(&self) -> Day {
        Day(*self)
    }
    fn back(record: Day) -> Result<Self, Unreadable> {
        Ok(record.0)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            return out.serialize_str(&self.0.to_string());
        }
        out.serialize_i32(self.0.num_days_from_ce() - EPOCH_DAY)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        if input.is_human_readable() {
            return String::deserialize(input)?.parse().map(Day).map_err(D::Error::custom);
        }
        i32::deserialize(input)?
            .checked_add(EPOCH_DAY)
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .map(Day)
            .ok_or_else(|| D::Error::custom("a day is out of range"))
    }
}

super::keep::mirror_enum! {
    SpanRecord of Span {
        Timed { start: DateTime<Utc>, end: DateTime<Utc> },
        AllDay { start: NaiveDate, end: NaiveDate },
    }
}
