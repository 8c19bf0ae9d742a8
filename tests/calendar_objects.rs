//! Calendar files as they come: broken ones, and the shared corpus where it lies beside this
//! folder.
#![expect(clippy::print_stdout, reason = "a skipped corpus and measured figures are said")]

use chrono_tz::Tz;
use chronotype::event::ical::{self, ObjectResource, Parsed, PartStat, Status, TodoStatus};
use chronotype::event::recurrence::occurrences;
use chronotype::event::time::{Span, Stamp, Window, Zone, local_midnight};
use chronotype::event::zone;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

/// Files of the corpus whose occurrences are exact: measured, all of them.
const EXACT: usize = 286;

fn corpus(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "shared", "corpus", name].iter().collect()
}

fn cases(name: &str) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(corpus(name)) else {
        println!("SKIPPED: no {name} in ../shared/corpus beside this folder");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What `chronotype occurrences --json` prints of a file of the corpus, sorted.
fn expand(case: &Value) -> Vec<String> {
    let bytes = std::fs::read(corpus(case["file"].as_str().unwrap())).unwrap();
    let zone: Tz = case["time_zone_for_floating"].as_str().unwrap_or("UTC").parse().unwrap();
    let day = |at: usize, otherwise: &str| {
        let text = case["window"][at].as_str().unwrap_or(otherwise);
        local_midnight(text.parse().unwrap(), zone)
    };
    let window = Window { from: day(0, "2020-01-01"), to: day(1, "2022-01-01") };
    let parsed = ical::parse(&ical::decode(&bytes));
    let mut rows = Vec::new();
    for object in &parsed.objects {
        for occurrence in occurrences(object, window, zone).0 {
            let digits = |text: &str| text.replace(['-', ':'], "");
            let (start, end, all_day) = match occurrence.span {
                Span::Timed { start, end } => {
                    let text = |at: chrono::DateTime<chrono::Utc>| at.format("%Y%m%dT%H%M%SZ");
                    (text(start).to_string(), text(end).to_string(), false)
                }
                Span::AllDay { start, end } => {
                    (digits(&start.to_string()), digits(&end.to_string()), true)
                }
            };
            let (uid, title) = (object.uid.as_str(), &occurrence.component.summary);
            rows.push(
                json!([uid, occurrence.recurrence_id, title, start, end, all_day]).to_string(),
            );
        }
    }
    rows.sort();
    rows
}

fn expected(case: &Value) -> Vec<String> {
    let digits = |value: &Value| match value.as_str() {
        Some(text) => json!(text.replace(['-', ':'], "")),
        None => Value::Null,
    };
    let row = |o: &Value| {
        let times = [digits(&o["recurrence_id"]), digits(&o["start"]), digits(&o["end"])];
        json!([o["uid"], times[0], o["summary"], times[1], times[2], o["all_day"]]).to_string()
    };
    let mut rows: Vec<String> = case["occurrences"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn files_with_agreed_occurrences_are_expanded_exactly() {
    let cases = cases("occurrences.jsonl");
    let wrong: Vec<&Value> =
        cases.iter().filter(|c| expand(c) != expected(c)).map(|c| &c["file"]).collect();
    println!("{} of {} files exact, not: {wrong:?}", cases.len() - wrong.len(), cases.len());
    assert!(cases.is_empty() || cases.len() - wrong.len() >= EXACT, "{wrong:?}");
}

#[test]
fn disputed_files_are_survived() {
    for case in cases("disputed.jsonl") {
        let clock = Instant::now();
        let rows = expand(&case).len();
        println!("{:>4} ms {rows:>4} {}", clock.elapsed().as_millis(), case["file"]);
    }
}

/// Variants of each file of the corpus that are damaged at a few places.
const DAMAGED: u64 = 2;

#[test]
fn damaged_files_are_survived() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let splinters: [&[u8]; 8] =
        [b"\r\n", b"BEGIN:VEVENT\n", b";", b"\xFF", "\u{20ac}".as_bytes(), b"-9", b",", b"\""];
    for case in cases("occurrences.jsonl") {
        let whole = std::fs::read(corpus(case["file"].as_str().unwrap())).unwrap();
        for _ in 0..DAMAGED {
            let mut bytes = whole.clone();
            for _ in 0..8 {
                let at = next(bytes.len());
                let end = (at + next(6)).min(bytes.len());
                bytes.splice(at..end, splinters[next(splinters.len())].iter().copied());
            }
            let zone = Tz::Europe__Berlin;
            let day = |at: usize| {
                local_midnight(case["window"][at].as_str().unwrap().parse().unwrap(), zone)
            };
            for object in &ical::parse(&ical::decode(&bytes)).objects {
                let _ = occurrences(object, Window { from: day(0), to: day(1) }, zone);
            }
        }
    }
}

const GOOD: &str = "BEGIN:VEVENT\r\nUID:good\r\nDTSTART:20260302T090000Z\r\nEND:VEVENT\r\n";

fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let Parsed { objects, problems, .. } = ical::parse(text);
    let uids = objects.iter().map(|o| o.uid.as_str().to_owned()).collect();
    let told = problems
        .into_iter()
        .map(|p| {
            let (line, property) = (p.line.unwrap_or(0), p.property.unwrap_or_default());
            format!("{line} {property}: {}", p.message)
        })
        .collect();
    (uids, told)
}

#[test]
fn one_broken_component_costs_only_itself() {
    let cases = [
        ("UID:x\r\n", "2 DTSTART: this VEVENT has no readable DTSTART and was skipped"),
        (
            "UID:x\r\nDTSTART:2026-13-45\r\n",
            "4 DTSTART: this DTSTART can't be read and was left out",
        ),
        (
            "UID:x\r\nDTSTART:20260302\r\nRECURRENCE-ID:never\r\n",
            "5 RECURRENCE-ID: this RECURRENCE-ID can't be read and was left out",
        ),
        (
            "BEGIN:VALARM\r\nUID:x\r\nDTSTART:20260302\r\n",
            "2 DTSTART: this VEVENT has no readable DTSTART and was skipped",
        ),
    ];
    for (lines, told) in cases {
        let text = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{lines}END:VEVENT\r\n{GOOD}");
        let (uids, problems) = read(&text);
        assert_eq!(uids, ["good"], "{text}");
        assert!(problems.iter().any(|p| p == told), "{text}{problems:?}");
    }
}

#[test]
fn boundaries_are_found_in_damaged_streams() {
    let whole = |uids: &[&str], problems: usize, text: String| {
        let (got, told) = read(&text);
        assert_eq!(
            (got, told.len()),
            (uids.iter().map(|u| (*u).to_owned()).collect(), problems),
            "{text}{told:?}"
        );
    };
    let other = GOOD.replace("good", "other");
    whole(&["good"], 0, format!("\u{FEFF}BEGIN:VCALENDAR\r\n{GOOD}END:VCALENDAR\r\n"));
    whole(&["good"], 0, GOOD.replace("\r\n", "\n"));
    whole(&["good"], 0, GOOD.replace("\r\n", "\r"));
    whole(&["good"], 0, GOOD.replace("\r\n", "\r\n\r\n"));
    whole(&["good"], 0, GOOD.replace("UID:", "uid\r\n :").replace("DTSTART", "dtstart"));
    whole(&["good"], 1, format!("{GOOD}BEGIN:VEVENT\r\nUID:cut\r\nDTSTART:2026"));
    whole(&["good"], 1, format!("BEGIN:VEVENT\r\nUID:open\r\nDTSTART:20260302\r\n{GOOD}"));
    whole(
        &["good"],
        1,
        format!("BEGIN:VEVENT\r\nUID:x\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\n{GOOD}"),
    );
    whole(&["good", "other"], 1, format!("<html>\r\n{GOOD}END:VEVENT\r\n{other}"));
    whole(&[], 1, "BEGIN:VEVENT".to_owned());
    whole(&[], 0, String::new());
    let deep = "BEGIN:X\r\n".repeat(100_000);
    whole(&["other"], 1, format!("BEGIN:VEVENT\r\n{deep}{other}"));
}

fn only(text: &str) -> ObjectResource {
    let parsed = ical::parse(text);
    assert_eq!(parsed.problems, [], "{text}");
    parsed.objects.into_iter().next().unwrap()
}

#[test]
fn the_properties_of_an_event_are_read() {
    let object = only(
        "BEGIN:VEVENT\nUID:1\n\
         DTSTART;TZID=\"/freeassociation.sourceforge.net/Europe/Berlin\":2026\n 0302T090000\n\
         DTEND;TZID=W. Europe Standard Time:20260302T100000\n\
         SUMMARY;LANGUAGE=de:Caf\u{e9}\\, \\;\\n 1\n\
         LOCATION:here\nDESCRIPTION:a \nbroken line\nSTATUS:cancelled\nTRANSP:TRANSPARENT\n\
         X-MICROSOFT-CDO-BUSYSTATUS:OOF\nORGANIZER;CN=\"A: B\":MAILTO:Boss@Example.ORG\n\
         ATTENDEE;PARTSTAT=accepted;CN=\"X, Y\":mailto:a@example.org\n\
         ATTENDEE;CUTYPE=ROOM;EMAIL=Room@example.org:/principals/7/\nSEQUENCE:4\n\
         CREATED:20260101T000000Z\nRELATED-TO:todo\nx-chronotype-request:r\\,1\nEND:VEVENT\n",
    );
    let event = &object.events[0];
    assert_eq!((event.summary.as_str(), event.location.as_str()), ("Caf\u{e9}, ;\n 1", "here"));
    assert_eq!(event.description, "a broken line");
    assert_eq!(event.status, Status::Cancelled);
    assert!(event.out_of_office);
    assert_eq!(event.organizer.as_deref(), Some("boss@example.org"));
    let people: Vec<_> =
        event.attendees.iter().map(|a| (a.address.as_str(), a.partstat, a.resource)).collect();
    let room = ("room@example.org", PartStat::NeedsAction, true);
    assert_eq!(people, [("a@example.org", PartStat::Accepted, false), room]);
    assert!(matches!(&event.start, Stamp::Zoned(_, Zone::Iana(Tz::Europe__Berlin))));
    assert_eq!(
        event.end.as_ref().unwrap().instant(Tz::UTC).to_rfc3339(),
        "2026-03-02T09:00:00+00:00"
    );
    assert_eq!(event.marks["X-CHRONOTYPE-REQUEST"], "r,1");
    assert_eq!(event.related_to.as_ref().unwrap().as_str(), "todo");
    assert_eq!(event.sequence, 4);
}

#[test]
fn the_properties_of_a_todo_are_read() {
    let todo =
        |lines: &str| only(&format!("BEGIN:VTODO\nUID:1\n{lines}\nEND:VTODO\n")).todos[0].clone();
    let plain = todo(
        "SUMMARY:tax\nDUE;VALUE=DATE:20260302\nPRIORITY:12\nDURATION:PT2H\nESTIMATED-DURATION:PT1H",
    );
    assert_eq!(plain.duration.unwrap().num_minutes(), 60);
    assert_eq!((plain.priority, plain.status, plain.recurring), (9, TodoStatus::Open, false));
    assert!(plain.due.unwrap().is_date());
    assert_eq!(todo("COMPLETED:20260302T090000Z").status, TodoStatus::Completed);
    assert_eq!(todo("PERCENT-COMPLETE:100").status, TodoStatus::Completed);
    assert_eq!(todo("STATUS:CANCELLED").status, TodoStatus::Cancelled);
    assert!(todo("RRULE:FREQ=DAILY").recurring);
}

#[test]
fn a_zone_of_ones_own_is_the_zone_it_describes() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
        TZOFFSETFROM:+0200\n\
        TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
        DTSTART:19810329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let event = |tz: &str| {
        format!(
            "BEGIN:VEVENT\nUID:{tz}\nDTSTART;TZID={tz}:20260101T023000\n\
             RRULE:FREQ=DAILY;COUNT=400\nEND:VEVENT\n"
        )
    };
    let parsed = ical::parse(&format!("{zone}{}{}", event("Ours"), event("Europe/Berlin")));
    assert_eq!(parsed.problems, []);
    let at = |day: &str| local_midnight(day.parse().unwrap(), Tz::UTC);
    let window = Window { from: at("2026-01-01"), to: at("2028-01-01") };
    let starts: Vec<Vec<Span>> = parsed
        .objects
        .iter()
        .map(|o| occurrences(o, window, Tz::UTC).0.into_iter().map(|o| o.span).collect())
        .collect();
    assert_eq!(starts[0].len(), 400);
    assert_eq!(starts[0], starts[1]);
    // Unknown and not described: floating, said once.
    let parsed =
        ical::parse(&format!("{}{}", event("Mars"), event("Mars").replace("UID:", "UID:2")));
    assert_eq!(parsed.problems.len(), 1);
    assert!(matches!(parsed.objects[0].events[0].start, Stamp::Floating(_)));
    assert_eq!(zone::named("Mars"), None);
}

#[test]
fn ten_thousand_objects_are_read() {
    let mut text = String::from("BEGIN:VCALENDAR\r\n");
    for n in 0..10_000 {
        let (day, hour) = (n % 28 + 1, n % 9 + 8);
        let rule =
            ["", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n", "RRULE:FREQ=DAILY;COUNT=30\r\n"][n % 3];
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:object-{n}\r\n\
             DTSTAMP:20260101T000000Z\r\nSUMMARY:Planning\\, part {n}\r\n\
             DTSTART;TZID=Europe/Berlin:202601{day:02}T{hour:02}0000\r\nDURATION:PT45M\r\n\
             ORGANIZER:mailto:a@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.org\r\n\
             DESCRIPTION:{}\r\n{rule}BEGIN:VALARM\r\n\
             TRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n",
            "words ".repeat(60)
        ));
    }
    let clock = Instant::now();
    let parsed = ical::parse(&text);
    let read = clock.elapsed();
    let at = |day: &str| local_midnight(day.parse().unwrap(), Tz::UTC);
    let window = Window { from: at("2026-01-01"), to: at("2027-01-01") };
    let count: usize = parsed.objects.iter().map(|o| occurrences(o, window, Tz::UTC).0.len()).sum();
    println!(
        "10,000 objects, {} KiB: read in {} ms, {count} occurrences in {} ms",
        text.len() / 1024,
        read.as_millis(),
        (clock.elapsed() - read).as_millis()
    );
    assert_eq!((parsed.objects.len(), parsed.problems.len()), (10_000, 0));
}

proptest! {
    /// Damage anywhere: no panic, and an untouched neighbour survives.
    #[test]
    fn damage_costs_no_neighbour(
        cut in 0_usize..400, length in 0_usize..40, junk in "[\\PC\r\n\t:;=,\"\\\\]{0,40}",
    ) {
        let victim = "BEGIN:VEVENT\r\nUID:victim\r\nDTSTART;TZID=Europe/Berlin:20260302T090000\r\n\
            RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\r\nEXDATE:20260309T080000Z\r\n\
            RDATE;VALUE=PERIOD:20260310T080000Z/PT1H\r\nATTENDEE;CN=\"A\":mailto:a@example.org\r\n\
            DURATION:PT1H\r\nSUMMARY:a\\, b\r\nEND:VEVENT\r\n";
        let (from, to) = (cut.min(victim.len()), (cut + length).min(victim.len()));
        let text = format!("{}{junk}{}\r\n{GOOD}", &victim[..from], &victim[to..]);
        let parsed = ical::parse(&text);
        prop_assert!(parsed.objects.iter().any(|o| o.uid.as_str() == "good"), "{}", text);
        let at = |day: &str| local_midnight(day.parse().unwrap(), Tz::UTC);
        let window = Window { from: at("2026-01-01"), to: at("2027-01-01") };
        for object in &parsed.objects {
            let _ = occurrences(object, window, Tz::Europe__Berlin);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ical::parse(&ical::decode(&bytes));
    }
}

#[test]
fn hostile_sizes_are_bounded() {
    let dates = "20260302T090000Z,".repeat(60_000);
    let futures: String = (1..3_000)
        .map(|n| {
            let at = format!("2026{:02}{:02}T{:02}0000Z", n / 28 % 12 + 1, n % 28 + 1, n % 24);
            format!(
                "BEGIN:VEVENT\nUID:x\nRECURRENCE-ID;RANGE=THISANDFUTURE:{at}\nDTSTART:{at}\n\
                 EXDATE:{at}\nEND:VEVENT\n"
            )
        })
        .collect();
    let cases = [
        format!("EXDATE:{dates}\nRDATE:{dates}\nRRULE:FREQ=MINUTELY"),
        "RRULE:FREQ=SECONDLY\n".repeat(100),
        "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6\n".repeat(100),
        format!("ATTENDEE:mailto:a@example.org\n{}", "X-A:b\n".repeat(50_000)),
        format!("RRULE:FREQ=HOURLY\nEND:VEVENT\n{futures}BEGIN:VEVENT\nUID:y\nDTSTART:20260302"),
        format!("SUMMARY:{}", "\n a".repeat(200_000)),
    ];
    for lines in cases {
        let clock = Instant::now();
        let text =
            format!("BEGIN:VEVENT\nUID:x\nDTSTART:20260302T090000Z\n{lines}\nEND:VEVENT\n{GOOD}");
        let parsed = ical::parse(&text);
        let at = |day: &str| local_midnight(day.parse().unwrap(), Tz::UTC);
        let window = Window { from: at("2026-01-01"), to: at("2029-01-01") };
        let count: usize =
            parsed.objects.iter().map(|o| occurrences(o, window, Tz::UTC).0.len()).sum();
        println!(
            "{:>5} ms {count:>6} {:.50}",
            clock.elapsed().as_millis(),
            lines.replace('\n', " ")
        );
        assert!(parsed.objects.iter().any(|o| o.uid.as_str() == "good"));
    }
}
