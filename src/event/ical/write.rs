//! Our blocks to text. The `icalendar` crate reads; what it writes is folded at 76 octets where
//! letters are long, in time that grows with the square of a line.

use super::properties::MARK;
use super::{BlockText, Transparency};
use crate::event::time::Span;
use chrono::{DateTime, Utc};

/// Who wrote it (RFC 5545 section 3.7.3).
const PRODUCT: &str = "-//chronotype//chronotype//EN";
/// Longest physical line, in octets (RFC 5545 section 3.1).
const FOLD: usize = 75;

/// Writes one VCALENDAR that holds the blocks: CRLF line ends, folded at 75 octets. The same blocks
/// give the same bytes. Control characters in texts become line breaks or vanish.
pub fn write(blocks: &[BlockText]) -> String {
    let mut out = String::new();
    for line in
        ["BEGIN:VCALENDAR", "VERSION:2.0", &format!("PRODID:{PRODUCT}"), "CALSCALE:GREGORIAN"]
    {
        fold(line, &mut out);
    }
    for block in blocks {
        event(block, &mut out);
    }
    fold("END:VCALENDAR", &mut out);
    out
}

/// One VEVENT, its properties in order of name.
fn event(block: &BlockText, out: &mut String) {
    let stamp = moment(block.stamp);
    let (start, end) = extent(block.span);
    let mut lines = vec![
        format!("UID:{}", text(block.uid.as_str())),
        format!("DTSTAMP:{stamp}"),
        format!("LAST-MODIFIED:{stamp}"),
        format!("DTSTART{start}"),
        format!("DTEND{end}"),
        format!("SUMMARY:{}", text(&block.summary)),
        format!("SEQUENCE:{}", block.sequence),
        "STATUS:TENTATIVE".to_owned(),
        match block.transparency {
            Transparency::Opaque => "TRANSP:OPAQUE".to_owned(),
            Transparency::Transparent => "TRANSP:TRANSPARENT".to_owned(),
        },
    ];
    if !block.description.is_empty() {
        lines.push(format!("DESCRIPTION:{}", text(&block.description)));
    }
    if let Some(uid) = &block.related_to {
        lines.push(format!("RELATED-TO:{}", text(uid.as_str())));
    }
    if let Some((category, colour)) = &block.painted {
        lines.push(format!("CATEGORIES:{}", text(category)));
        lines.push(format!("COLOR:{}", text(colour)));
    }
    for (name, value) in &block.marks {
        let legal = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if legal && name.starts_with(MARK) {
            lines.push(format!("{name}:{}", text(value)));
        }
    }
    let name =
        |line: &String| line.find([':', ';']).and_then(|end| line.get(..end)).map(str::to_owned);
    lines.sort_by_cached_key(name);
    fold("BEGIN:VEVENT", out);
    lines.iter().for_each(|line| fold(line, out));
    fold("END:VEVENT", out);
}

/// A content line in physical ones, no letter cut.
fn fold(line: &str, out: &mut String) {
    let mut width = 0;
    for letter in line.chars() {
        if width + letter.len_utf8() > FOLD {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(letter);
        width += letter.len_utf8();
    }
    out.push_str("\r\n");
}

/// A TEXT value (RFC 5545 section 3.3.11).
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for letter in clean(plain).chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// What stands behind the names DTSTART and DTEND.
fn extent(span: Span) -> (String, String) {
    match span {
        Span::Timed { start, end } => (format!(":{}", moment(start)), format!(":{}", moment(end))),
        Span::AllDay { start, end } => {
            let day = |date: chrono::NaiveDate| format!(";VALUE=DATE:{}", date.format("%Y%m%d"));
            (day(start), day(end))
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
    use super::super::{Status, parse};
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
            painted: None,
            transparency: Transparency::Transparent,
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

    /// Found by fuzzing: one octet too many behind long letters.
    #[test]
    fn long_letters_are_folded_too() {
        let text = write(&[block(&"réservation à ".repeat(40), "x", "", 0, 1)]);
        assert!(text.split("\r\n").all(|line| line.len() <= FOLD), "{text}");
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
