//! Text as broken programs and hostile people write it: what is whole in it is read, what is not
//! is told with its line and property, and nothing costs more than its size.

use chronotype::event::ical::{self, PROBLEMS_MAX, Parsed, Transparency};
use chronotype::event::{Span, Uid};

const HEAD: &str = "BEGIN:VEVENT\nUID:x\nDTSTART:20260302T090000Z\n";
const GOOD: &str = "BEGIN:VEVENT\nUID:good\nDTSTART:20260302T090000Z\nEND:VEVENT\n";

fn parse(text: impl AsRef<[u8]>) -> Parsed {
    ical::parse(&ical::decode(text.as_ref()))
}

/// The neighbour is unharmed, and these UIDs are there.
#[track_caller]
fn survives(text: impl AsRef<[u8]>, uids: &[&str]) -> Vec<String> {
    let parsed = parse(text);
    let got: Vec<&str> = parsed.objects.iter().map(|o| o.uid.as_str()).collect();
    assert_eq!(got, uids);
    assert_eq!(parsed.begins.len(), got.len());
    assert!(parsed.problems.len() <= PROBLEMS_MAX);
    let row = |p: ical::Problem| {
        format!("{} {}: {}", p.line.unwrap_or(0), p.property.unwrap_or_default(), p.message)
    };
    parsed.problems.into_iter().map(row).collect()
}

#[track_caller]
fn title(bytes: &[u8], expected: &str) {
    let parsed = parse(bytes);
    assert_eq!(parsed.objects[0].events[0].summary, expected, "{}", bytes.escape_ascii());
}

#[test]
fn bytes_of_any_encoding_and_line_end() {
    let text = format!("{HEAD}SUMMARY:Bär – größe\nEND:VEVENT\n");
    let expected = "Bär – größe";
    title(text.as_bytes(), expected);
    title(format!("\u{FEFF}{text}").as_bytes(), expected);
    for ends in ["\r\n", "\r", "\r\r\n", "\n\r\n"] {
        title(text.replace('\n', ends).as_bytes(), expected);
    }
    // Two line ends in one file, and a CR that ends a line of a file of LFs.
    title(text.replacen('\n', "\r\n", 2).as_bytes(), expected);
    title(text.replacen('\n', "\r", 2).as_bytes(), expected);
    let units =
        |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    title(&units(u16::to_le_bytes), expected);
    title(&[&[0xFE, 0xFF], units(u16::to_be_bytes).as_slice()].concat(), expected);
    // Windows-1252, folded between any two octets of UTF-8, tabs, and no space at all.
    let old: Vec<u8> = text
        .chars()
        .map(|c| if c == '–' { 0x96 } else { u8::try_from(u32::from(c)).unwrap() })
        .collect();
    title(&old, expected);
    let at = text.find("SUMMARY:").unwrap() + 8;
    for place in at..at + "Bär – größe".len() {
        for fold in [&b"\r\n "[..], b"\n\t"] {
            let (before, after) = text.as_bytes().split_at(place);
            title(&[before, fold, after].concat(), expected);
        }
    }
    title(format!("{HEAD}SUMMARY:one \ntwo\nEND:VEVENT\n").as_bytes(), "one two");
    title(format!("{HEAD}SUMMARY:a\0b\nEND:VEVENT\n").as_bytes(), "a\0b");
    title(
        format!("{HEAD}summary;language=de:x\nend:vevent\n").replace("BEGIN", "begin").as_bytes(),
        "x",
    );
    title(&[HEAD.as_bytes(), b"SUMMARY:\xC3\xA4\xFF\nEND:VEVENT\n"].concat(), "ä\u{FFFD}");
}

#[test]
fn what_is_missing_is_made_up_for_or_told() {
    let anonymous = |start: &str, title: &str| {
        format!("BEGIN:VEVENT\nDTSTART:{start}\nSUMMARY:{title}\nEND:VEVENT\n")
    };
    let one = parse(anonymous("20260302", "a"));
    assert_eq!(
        one.problems[0].message,
        "this VEVENT has no UID: it is known by its start and title"
    );
    assert_eq!((one.problems[0].line, one.problems[0].property.as_deref()), (Some(1), Some("UID")));
    let uid = |text: String| parse(text).objects[0].uid.clone();
    let first: Uid = uid(anonymous("20260302", "a"));
    assert!(first.is_of_content());
    assert_eq!(
        first,
        uid(format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", anonymous("20260302", "a")))
    );
    assert_ne!(first, uid(anonymous("20260303", "a")));
    assert_ne!(first, uid(anonymous("20260302", "b")));
    let told = |lines: &str, expected: &[&str]| {
        let text = format!("BEGIN:VEVENT\nUID:x\n{lines}END:VEVENT\n{GOOD}");
        let got = survives(
            text.replace("UID:x\n", ""),
            if lines.contains("UID:y") { &["y", "good"] } else { &["good"] },
        );
        assert_eq!(got, expected, "{lines}");
    };
    // No DTSTAMP, no DTEND: nothing is lost.
    told("UID:y\nDTSTART:20260302\n", &[]);
    told(
        "UID:y\nDTSTART:20260302T090000Z\nDTEND:20260302T080000Z\n",
        &["4 DTEND: this DTEND lies before its DTSTART: left out"],
    );
    told(
        "UID:y\nDTSTART:20260302T090000Z\nDURATION:-PT5M\n",
        &["4 DURATION: this DURATION is negative: left out"],
    );
    told(
        "UID:y\nDTSTART:20260302\nRRULE:FREQ=NEVER\n",
        &["4 RRULE: this rule has an unknown FREQ: it was left out"],
    );
    told(
        "UID:y\nDTSTART:20260302\nRRULE:RSCALE=HEBREW;FREQ=YEARLY\n",
        &["4 RRULE: this rule is on a calendar (RSCALE) that is not supported: it was left out"],
    );
    told(
        "UID:y\nDTSTART:20260302\nEXDATE:20260303,soon\n",
        &["4 EXDATE: this EXDATE can't be read and was left out"],
    );
    told(
        "UID:y\nDTSTART:20260302\nRDATE:x/y\n",
        &["4 RDATE: this RDATE can't be read and was left out"],
    );
    told(
        "SUMMARY:a\n",
        &[
            "1 UID: this VEVENT has no UID: it is known by its start and title",
            "1 DTSTART: this VEVENT has no readable DTSTART and was skipped",
        ],
    );
}

#[test]
fn wrong_structure_costs_only_itself() {
    let wrap = |inner: &str| format!("BEGIN:VCALENDAR\nMETHOD:PUBLISH\n{inner}END:VCALENDAR\n");
    assert_eq!(
        survives(format!("{}{}", wrap(HEAD), wrap(GOOD)), &["good"]),
        ["3 : this VEVENT has no END and was skipped"]
    );
    let two = format!("{}{}", wrap(&format!("{HEAD}END:VEVENT\n")), wrap(GOOD));
    assert_eq!(survives(two, &["x", "good"]), [""; 0]);
    // A quoted parameter over several lines, and carets in one (RFC 6868).
    let broken = format!("{HEAD}ATTENDEE;CN=\"a\nb\":mailto:a@example.org\nEND:VEVENT\n{GOOD}");
    let told = survives(broken, &["x", "good"]);
    assert_eq!(told, ["5 : this line is no property and was left out"]);
    let carets = format!("{HEAD}ATTENDEE;EMAIL=\"b^'c^n@example.org\":/p/1\nEND:VEVENT\n");
    assert_eq!(parse(carets).objects[0].events[0].attendees[0].address, "b\"c\n@example.org");
}

#[test]
fn sizes_are_bounded() {
    let hostile =
        |inner: &str| survives(format!("{HEAD}{inner}END:VEVENT\n{GOOD}"), &["x", "good"]);
    let deep = 10_000;
    assert_eq!(
        hostile(&format!("{}{}", "BEGIN:X\n".repeat(deep), "END:X\n".repeat(deep))),
        [""; 0]
    );
    let nested = format!("{}{GOOD}", HEAD.repeat(deep));
    assert_eq!(survives(nested, &["good"]).len(), PROBLEMS_MAX);
    // A line of 10 MB: its beginning counts, and where nobody looks at it nothing is lost.
    let long = format!("SUMMARY:{}\n", "ä".repeat(5 << 20));
    assert_eq!(hostile(&long), ["4 SUMMARY: this line is too long and was cut"]);
    assert_eq!(hostile(&long.replace("SUMMARY", "ATTACH")), [""; 0]);
    let folded = format!("SUMMARY:a{}\n", "\n bcdefghi".repeat(300_000));
    assert_eq!(hostile(&folded), ["4 SUMMARY: this line is too long and was cut"]);
    assert_eq!(hostile(&"X-A:b\n".repeat(1_000_000)), [""; 0]);
    let attendees = "ATTENDEE:mailto:a@example.org\n".repeat(100_000);
    assert_eq!(hostile(&attendees), ["20002 ATTENDEE: too many properties: the rest was not read"]);
    assert_eq!(hostile(&format!("{}\n", "\0".repeat(5 << 20))).len(), 1);
    assert_eq!(hostile(&"a b\n".repeat(1_000_000)).len(), PROBLEMS_MAX);
}

/// Each zone may change twice a second for all time; together they cost no more than one file may.
#[test]
fn hostile_zones_share_one_budget() {
    let rules =
        "RRULE:FREQ=SECONDLY;BYHOUR=1\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29\n".repeat(40);
    let zones: String = (0..300)
        .map(|n| {
            format!(
                "BEGIN:VTIMEZONE\nTZID:Z{n}\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
                 TZOFFSETFROM:+0000\nTZOFFSETTO:+0100\n{rules}END:STANDARD\nEND:VTIMEZONE\n"
            )
        })
        .collect();
    let told = survives(format!("{zones}{GOOD}"), &["good"]);
    assert!(told[0].starts_with("7 RRULE: this rule changes too often: cut"), "{}", told[0]);
    assert_eq!(told.len(), PROBLEMS_MAX);
}

/// What fuzzing found, as small as it gets.
#[test]
fn findings_stay_fixed() {
    // Written lines of 76 octets where letters are long.
    let title = "ication ou à  l'annulation de votre réservation sous http://example.org/é\n";
    let block = ical::BlockText {
        uid: Uid::new("chronotype-1"),
        summary: title.repeat(3),
        description: String::new(),
        span: Span::Timed {
            start: chrono::DateTime::UNIX_EPOCH,
            end: chrono::DateTime::UNIX_EPOCH,
        },
        related_to: None,
        marks: std::collections::BTreeMap::new(),
        painted: None,
        transparency: Transparency::Transparent,
        sequence: 0,
        stamp: chrono::DateTime::UNIX_EPOCH,
    };
    let text = ical::write(&[block]);
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert_eq!(parse(&text).objects[0].events[0].summary, title.repeat(3));
}
