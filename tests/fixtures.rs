//! The calendars in `tests/fixtures/` are what they claim to be.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Weekday};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn working_person() -> String {
    std::fs::read_to_string(fixture("working-person.ics")).expect("the sample calendar")
}

/// Properties of a component: name with parameters, value.
type Properties = [(String, String)];

/// The properties of each VEVENT, unfolded.
fn events(text: &str) -> Vec<Vec<(String, String)>> {
    let unfolded = text.replace("\r\n ", "");
    let blocks = unfolded.split("BEGIN:VEVENT\r\n").skip(1);
    blocks
        .map(|block| {
            let own = block.split("END:VEVENT").next().expect("an end");
            own.lines()
                .filter_map(|l| l.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
        .collect()
}

fn value<'a>(event: &'a Properties, name: &str) -> Option<&'a str> {
    let is = |n: &str| n.split(';').next() == Some(name);
    event.iter().find(|(n, _)| is(n)).map(|(_, v)| v.as_str())
}

/// A local date-time; `None` for dates, moments in UTC and nonsense.
fn moment(event: &Properties, name: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(value(event, name)?, "%Y%m%dT%H%M%S").ok()
}

#[test]
fn the_sample_is_what_its_script_writes() {
    let made = Command::new("python3")
        .arg(fixture("make_working_person.py"))
        .output()
        .expect("python3 is needed to write the sample again; .ci/run installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let kept = std::fs::read(fixture("working-person.ics")).expect("the sample calendar");
    assert!(
        made.stdout == kept,
        "working-person.ics is not what make_working_person.py writes; run it again"
    );
}

#[test]
fn the_sample_is_written_as_servers_write() {
    let text = working_person();
    assert!(text.len() < 400_000, "{} bytes", text.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.strip_suffix("\r\n").expect("CRLF line ends");
        assert!(content.len() <= 75, "line {}: {} octets", number + 1, content.len());
    }
    for address in text.replace("\r\n ", "").split("mailto:").skip(1) {
        let host = address.lines().next().expect("an address");
        assert!(host.ends_with("example.org"), "{host} may be somebody's");
    }
}

#[test]
fn the_sample_holds_what_a_calendar_holds() {
    let text = working_person();
    let events = events(&text);
    let count = |is: &dyn Fn(&Properties) -> bool| events.iter().filter(|e| is(e)).count();
    let has = |name: &str, part: &str| {
        count(&|e| e.iter().any(|(n, v)| n.starts_with(name) && format!("{n}:{v}").contains(part)))
    };
    assert!((250..500).contains(&events.len()), "{} VEVENTs", events.len());
    assert!(has("RRULE", "") >= 10 && has("EXDATE", "") >= 5 && has("RECURRENCE-ID", "") >= 50);
    assert!(has("STATUS", "CANCELLED") >= 40 && has("ATTENDEE", "PARTSTAT=DECLINED") >= 10);
    assert!(has("X-MICROSOFT-CDO-BUSYSTATUS", "OOF") == 3 && has("DTSTART", "VALUE=DATE") >= 10);
    let cancelled_late = count(&|e| {
        let start = value(e, "RECURRENCE-ID").or(value(e, "DTSTART")).unwrap_or_default();
        let at = value(e, "LAST-MODIFIED").unwrap_or_default();
        // Berlin's clock is ahead of UTC, so text order is safe for changes an hour or more before.
        value(e, "STATUS") == Some("CANCELLED") && at.trim_end_matches('Z') >= start
    });
    assert_eq!(cancelled_late, 0, "cancelled after its start is tidying up");
    let broken = events.iter().filter(|e| {
        let start = value(e, "DTSTART").unwrap_or_default();
        chrono::NaiveDate::parse_from_str(start.get(..8).unwrap_or_default(), "%Y%m%d").is_err()
    });
    assert_eq!(broken.count(), 2, "one without DTSTART, one with a date that does not exist");
    let todos = text.matches("BEGIN:VTODO").count();
    let due = ["20260303", "20260304", "20260306"].map(|d| text.matches(&format!(":{d}")).count());
    assert_eq!((todos, due), (5, [1, 1, 1]));
}

/// Blocks of focused work by the weekday they were first meant for: lost ones, and all.
fn focused_by_weekday(text: &str) -> BTreeMap<u8, (usize, usize)> {
    let focused = ["Deep work", "Write ", "Implement ", "Prototype "];
    let events: Vec<_> = events(text)
        .into_iter()
        .filter(|e| focused.iter().any(|f| value(e, "SUMMARY").unwrap_or_default().starts_with(f)))
        .collect();
    let mut blocks = Vec::new();
    let changed: BTreeSet<NaiveDateTime> =
        events.iter().filter_map(|e| moment(e, "RECURRENCE-ID")).collect();
    for event in &events {
        let start = moment(event, "DTSTART").expect("focused work is on Berlin's clock");
        let meant = moment(event, "RECURRENCE-ID").unwrap_or(start);
        let lost = value(event, "STATUS") == Some("CANCELLED") || meant != start;
        let Some(rule) = value(event, "RRULE") else {
            blocks.push((meant.weekday(), lost));
            continue;
        };
        let excluded: Vec<&str> = event
            .iter()
            .filter(|(n, _)| n.starts_with("EXDATE"))
            .map(|(_, v)| v.as_str())
            .collect();
        let days = rule.split("BYDAY=").nth(1).and_then(|r| r.split(';').next()).expect("BYDAY");
        for n in 0..182 {
            let at = start + TimeDelta::days(n);
            let code = at.weekday().to_string()[..2].to_uppercase();
            let out = excluded.contains(&at.format("%Y%m%dT%H%M%S").to_string().as_str());
            if days.contains(&code) && !out && !changed.contains(&at) {
                blocks.push((at.weekday(), false));
            }
        }
    }
    let mut found = BTreeMap::new();
    for (weekday, lost) in blocks {
        let (bad, all) = found.entry(weekday.number_from_monday() as u8).or_insert((0, 0));
        *bad += usize::from(lost);
        *all += 1;
    }
    found
}

#[test]
fn fridays_of_the_sample_are_weak_for_focused_work() {
    let found = focused_by_weekday(&working_person());
    let friday = Weekday::Fri.number_from_monday() as u8;
    for (weekday, (lost, all)) in found {
        let share = lost as f64 / all as f64;
        assert!(all >= 20, "weekday {weekday}: {all} blocks");
        match weekday == friday {
            true => assert!((0.65..0.8).contains(&share), "Fridays: {lost} of {all} lost"),
            false => assert!(share < 0.25, "weekday {weekday}: {lost} of {all} lost"),
        }
    }
}

#[test]
fn broken_fixtures_are_broken() {
    let read = |name: &str| std::fs::read_to_string(fixture(name)).expect(name);
    assert!(!read("broken-truncated.ics").contains("END:VCALENDAR"));
    assert_eq!(read("broken-truncated.ics").matches("END:VEVENT").count(), 1);
    let dates = read("broken-dates.ics");
    assert!(dates.ends_with("END:VCALENDAR\r\n") && dates.matches("BEGIN:VEVENT").count() == 14);
    assert!(!read("not-a-calendar.ics").contains("BEGIN:"));
}
