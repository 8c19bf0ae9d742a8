//! Our blocks to text, through the `icalendar` crate's builders.

use super::BlockText;
use super::properties::MARK;
use crate::event::time::Span;
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, Property};

/// Who wrote it (RFC 5545 section 3.7.3).
const PRODUCT: &str = "-//chronotype//chronotype//EN";

/// Writes one VCALENDAR that holds the blocks: CRLF line ends, folded at 75 octets. The same blocks
/// give the same bytes. Control characters in texts become line breaks or vanish.
pub fn write(blocks: &[BlockText]) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", PRODUCT));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    for block in blocks {
        calendar.push(event(block));
    }
    calendar.to_string()
}

fn event(block: &BlockText) -> Event {
    let mut event = Event::new();
    let stamp = moment(block.stamp);
    let (start, end) = extent(block.span);
    event
        .append_property(Property::new("UID", clean(block.uid.as_str())))
        .append_property(Property::new("DTSTAMP", stamp.clone()))
        .append_property(Property::new("LAST-MODIFIED", stamp))
        .append_property(start)
        .append_property(end)
        .append_property(Property::new("SUMMARY", clean(&block.summary)))
        .append_property(Property::new("SEQUENCE", block.sequence.to_string()))
        .append_property(Property::new("STATUS", "TENTATIVE"))
        .append_property(Property::new("TRANSP", "TRANSPARENT"));
    if !block.description.is_empty() {
        event.append_property(Property::new("DESCRIPTION", clean(&block.description)));
    }
    if let Some(uid) = &block.related_to {
        event.append_property(Property::new("RELATED-TO", clean(uid.as_str())));
    }
    for (name, value) in &block.marks {
        let legal = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if legal && name.starts_with(MARK) {
            event.append_property(Property::new(name.as_str(), clean(value)));
        }
    }
    event.done()
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn extent(span: Span) -> (Property, Property) {
    match span {
        Span::Timed { start, end } => {
            (Property::new("DTSTART", moment(start)), Property::new("DTEND", moment(end)))
        }
        Span::AllDay { start, end } => {
            let day = |name: &str, date: chrono::NaiveDate| {
                let text = date.format("%Y%m%d").to_string();
                Property::new(name, text).add_parameter("VALUE", "DATE").done()
            };
            (day("DTSTART", start), day("DTEND", end))
        }
    }
}

/// TEXT knows no control characters but the line break and the tab (RFC 5545 section 3.3.11).
fn clean(text: &str) -> String {
    let breaks = text.replace("\r\n", "\n").replace('\r', "\n");
    breaks.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Status, Transparency, parse};
    use super::*;
    use crate::event::id::Uid;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn block(summary: &str, description: &str, mark: &str, start: i64, minutes: i64) -> BlockText {
        let start = DateTime::from_timestamp(start, 0).unwrap();
        BlockText {
            uid: Uid::new("chronotype-1"),
            summary: summary.to_owned(),
            description: description.to_owned(),
            span: Span::Timed { start, end: start + TimeDelta::minutes(minutes) },
            related_to: Some(Uid::new("todo, 1;2\\3")),
            marks: [("X-CHRONOTYPE-REQUEST".to_owned(), mark.to_owned())].into(),
            sequence: 3,
            stamp: start,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            summary in any::<String>(), description in any::<String>(), mark in "\\PC*",
            start in 0_i64..4_000_000_000, minutes in 0_i64..600,
        ) {
            let given = block(&clean(&summary), &clean(&description), &mark, start, minutes);
            let text = write(std::slice::from_ref(&given));
            prop_assert_eq!(&text, &write(std::slice::from_ref(&given)));
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{}", line);
            }
            let parsed = parse(&text);
            prop_assert_eq!(&parsed.problems, &[]);
            let read = &parsed.objects[0].events[0];
            prop_assert_eq!(&parsed.objects[0].uid, &given.uid);
            prop_assert_eq!(&read.summary, &given.summary);
            prop_assert_eq!(&read.description, &given.description);
            prop_assert_eq!(&read.related_to, &given.related_to);
            prop_assert_eq!(&read.marks, &given.marks);
            prop_assert_eq!(read.sequence, 3);
            prop_assert_eq!(read.last_modified, Some(given.stamp));
            prop_assert_eq!(read.status, Status::Tentative);
            prop_assert_eq!(read.transparency, Transparency::Transparent);
            let zone = chrono_tz::Tz::UTC;
            prop_assert_eq!(read.start.instant(zone), given.span.start_instant(zone));
            prop_assert_eq!(
                read.end.as_ref().map(|e| e.instant(zone)), Some(given.span.end_instant(zone))
            );
            prop_assert!(read.attendees.is_empty() && read.organizer.is_none());
        }
    }

    #[test]
    fn a_block_looks_like_this() {
        let text =
            write(&[block("Write, then; rest\\", "a\r\nb\rc\u{7}", "r1", 1_772_442_000, 90)]);
        let expected = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//chronotype//chronotype//EN\n\
            CALSCALE:GREGORIAN\nBEGIN:VEVENT\nDESCRIPTION:a\\nb\\nc\nDTEND:20260302T103000Z\n\
            DTSTAMP:20260302T090000Z\nDTSTART:20260302T090000Z\nLAST-MODIFIED:20260302T090000Z\n\
            RELATED-TO:todo\\, 1\\;2\\\\3\nSEQUENCE:3\nSTATUS:TENTATIVE\n\
            SUMMARY:Write\\, then\\; rest\\\\\nTRANSP:TRANSPARENT\nUID:chronotype-1\n\
            X-CHRONOTYPE-REQUEST:r1\nEND:VEVENT\nEND:VCALENDAR\n";
        assert_eq!(text.replace("\r\n", "\n"), expected);
    }
}
