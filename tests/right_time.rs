//! Time that is right: one small calendar for each way in which calendars write it.

use chrono_tz::Tz;
use chronotype::event::ical;
use chronotype::event::recurrence::occurrences;
use chronotype::event::time::local_midnight;
use chronotype::event::{Span, Window};

/// Rows of the events in `lines` (split by `--`) from `from` to `to`, both days in `person`:
/// start and length in minutes, or days.
fn rows(person: Tz, from: &str, to: &str, zones: &str, lines: &str) -> Vec<String> {
    let events: String = lines
        .split("--")
        .map(|c| {
            let lines: Vec<&str> = c.split_whitespace().collect();
            format!("BEGIN:VEVENT\r\nUID:u\r\n{}\r\nEND:VEVENT\r\n", lines.join("\r\n"))
        })
        .collect();
    let parsed = ical::parse(&format!("BEGIN:VCALENDAR\r\n{zones}{events}END:VCALENDAR\r\n"));
    assert_eq!(parsed.problems, [], "{lines}");
    let day = |text: &str| local_midnight(text.parse().unwrap(), person);
    let window = Window { from: day(from), to: day(to) };
    let (found, problems) = occurrences(&parsed.objects[0], window, person);
    assert_eq!(problems, [], "{lines}");
    found
        .iter()
        .map(|o| match o.span {
            Span::Timed { start, end } => {
                format!("{}+{}", start.format("%m-%dT%H:%M"), (end - start).num_minutes())
            }
            Span::AllDay { start, end } => {
                format!("{}+{}d", start.format("%m-%d"), (end - start).num_days())
            }
        })
        .collect()
}

const BERLIN: Tz = Tz::Europe__Berlin;
const HOUR: &str = "DURATION:PT1H";

#[track_caller]
fn check(from: &str, to: &str, lines: &str, expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(rows(BERLIN, from, to, "", lines), expected, "{lines}");
}

/// A zone in parts: kind, DTSTART, offsets from and to, and how it repeats.
fn zone(id: &str, more: &str, parts: &[(&str, &str, &str, &str, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(kind, start, from, to, repeats)| {
            format!(
                "BEGIN:{kind}\r\nDTSTART:{start}\r\nTZOFFSETFROM:{from}\r\nTZOFFSETTO:{to}\r\n\
                 {repeats}END:{kind}\r\n"
            )
        })
        .collect();
    format!("BEGIN:VTIMEZONE\r\nTZID:{id}\r\n{more}{parts}END:VTIMEZONE\r\n")
}

const OCTOBER: &str = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n";
const MARCH: &str = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n";

#[test]
fn a_zone_is_the_one_its_parts_describe() {
    // Onsets one after the other: a rule that ended, dates of single years, and a change for good.
    let own = zone(
        "Customized Time Zone",
        "",
        &[
            ("STANDARD", "16010101T000000", "+0000", "+0100", ""),
            (
                "DAYLIGHT",
                "20200329T020000",
                "+0100",
                "+0200",
                "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20250330T010000Z\r\n",
            ),
            (
                "STANDARD",
                "20201025T030000",
                "+0200",
                "+0100",
                "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20251026T010000Z\r\n",
            ),
            ("DAYLIGHT", "20260401T000000", "+0100", "+0200", "RDATE:20270501T000000\r\n"),
            (
                "STANDARD",
                "20260901T000000",
                "+0200",
                "+0100",
                "RDATE:20271001T000000,20281001T000000\r\n",
            ),
            ("STANDARD", "20300101T000000", "+0100", "+0330", ""),
        ],
    );
    for (day, expected) in [
        ("20190701", "07-01T08:00+60"),
        ("20250701", "07-01T07:00+60"),
        ("20260331", "03-31T08:00+60"),
        ("20260402", "04-02T07:00+60"),
        ("20260902", "09-02T08:00+60"),
        ("20270430", "04-30T08:00+60"),
        ("20270502", "05-02T07:00+60"),
        ("20271002", "10-02T08:00+60"),
        ("20300102", "01-02T05:30+60"),
    ] {
        let event = format!("DTSTART;TZID=X:{day}T090000 {HOUR}").replace("=X", "=ZONE");
        let zones = own.replace("Customized Time Zone", "ZONE");
        assert_eq!(rows(BERLIN, "2019-01-01", "2031-01-01", &zones, &event), [expected], "{day}");
    }
}

#[test]
fn a_zone_is_found_by_whatever_names_it() {
    let berlin = [
        ("STANDARD", "16010101T030000", "+0200", "+0100", OCTOBER),
        ("DAYLIGHT", "16010101T020000", "+0100", "+0200", MARCH),
    ];
    // On another clock than the person's: a zone that is not found would show.
    let expected = ["03-27T08:00+60", "03-30T07:00+60"];
    let rows = |zones: &str, id: &str| {
        // `%` stands for the spaces of a TZID.
        let event =
            format!("DTSTART;TZID={id}:20260327T090000 {HOUR} RRULE:FREQ=DAILY;INTERVAL=3;COUNT=2");
        let text = format!(
            "{zones}BEGIN:VEVENT\nUID:u\n{}\nEND:VEVENT\n",
            event.replace(' ', "\n").replace('%', " ")
        );
        let parsed = ical::parse(&text);
        assert_eq!(parsed.problems, [], "{text}");
        let day = |text: &str| local_midnight(text.parse().unwrap(), Tz::Asia__Tokyo);
        let window = Window { from: day("2026-03-01"), to: day("2026-05-01") };
        let (found, _) = occurrences(&parsed.objects[0], window, Tz::Asia__Tokyo);
        let spans = found.iter().map(|o| o.span.start_instant(Tz::UTC).format("%m-%dT%H:%M+60"));
        spans.map(|s| s.to_string()).collect::<Vec<_>>()
    };
    for id in [
        "Europe/Berlin",
        "/freeassociation.sourceforge.net/Europe/Berlin",
        "W.%Europe%Standard%Time",
        "\"(UTC+01:00)%Amsterdam,%Berlin,%Bern\"",
    ] {
        assert_eq!(rows("", id), expected, "{id}");
    }
    for id in ["Customized%Time%Zone", "tzone://Microsoft/Custom", "UTC+01", "Ours"] {
        let own = zone(&id.replace('%', " "), "", &berlin);
        assert_eq!(rows(&own, &format!("\"{id}\"")), expected, "{id}");
    }
    // X-LIC-LOCATION names it where its parts are too poor to.
    let poor = [("STANDARD", "19700101T000000", "+0100", "+0100", "")];
    let own = zone("Home", "X-LIC-LOCATION:Europe/Berlin\r\n", &poor);
    assert_eq!(rows(&own, "Home"), expected);
}

#[test]
fn until_ends_a_series_in_every_form() {
    let until = |start: &str, until: &str, expected: &str| {
        let lines = format!("DTSTART{start} RRULE:FREQ=DAILY;UNTIL={until}");
        check("2026-03-01", "2026-04-01", &lines, expected);
    };
    let zoned = ";TZID=America/New_York:20260302T200000";
    // 20:00 in New York is 01:00 of the next day in UTC.
    until(zoned, "20260304T010000Z", "03-03T01:00+0 03-04T01:00+0");
    until(zoned, "20260304T005959Z", "03-03T01:00+0");
    until(zoned, "20260303T200000", "03-03T01:00+0 03-04T01:00+0");
    until(zoned, "20260303T195959", "03-03T01:00+0");
    // A date is its first moment on the clock of the series.
    until(zoned, "20260304", "03-03T01:00+0 03-04T01:00+0");
    until(":20260302T090000Z", "20260303T090000Z", "03-02T09:00+0 03-03T09:00+0");
    until(":20260302T090000Z", "20260303", "03-02T09:00+0");
    until(":20260302T090000", "20260303T080000Z", "03-02T08:00+0 03-03T08:00+0");
    until(";VALUE=DATE:20260302", "20260303", "03-02+1d 03-03+1d");
    until(";VALUE=DATE:20260302", "20260303T000000Z", "03-02+1d 03-03+1d");
    until(";VALUE=DATE:20260302", "2026-03-03", "03-02+1d 03-03+1d");
}

#[test]
fn days_of_23_and_25_hours() {
    let (from, to) = ("2026-03-27", "2026-04-01");
    // In the gap: the offset before it. Every other day stays where it is.
    let daily = "DTSTART;TZID=Europe/Berlin:20260328T023000 RRULE:FREQ=DAILY;COUNT=3";
    check(from, to, daily, "03-28T01:30+0 03-29T01:30+0 03-30T00:30+0");
    let (from, to) = ("2026-10-24", "2026-10-28");
    // Twice that day: the first.
    let daily = daily.replace("20260328", "20261024");
    check(from, to, &daily, "10-24T00:30+0 10-25T00:30+0 10-26T01:30+0");
    check(from, to, "DTSTART;VALUE=DATE:20261025", "10-25+1d");
    // P1D is a day, PT24H are 24 hours, P1DT1H is a day and then an hour (section 3.3.6).
    let event = |length: &str| format!("DTSTART;TZID=Europe/Berlin:20261024T120000 {length}");
    check(from, to, &event("DURATION:P1D"), "10-24T10:00+1500");
    check(from, to, &event("DURATION:PT24H"), "10-24T10:00+1440");
    check(from, to, &event("DURATION:P1DT1H"), "10-24T10:00+1560");
    check(from, to, &event("DURATION:P1W"), "10-24T10:00+10140");
    check(from, to, &event("DTEND:20261025T120000"), "10-24T10:00+1500");
    // An RDATE's period likewise; the rest of a series keeps DTEND's exact length (3.8.5.3).
    let periods = "DTSTART;TZID=Europe/Berlin:20261020T100000 \
        RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20261024T120000/P1D,20261025T120000/PT24H";
    check(from, to, periods, "10-24T10:00+1500 10-25T11:00+1440");
    let night = "DTSTART;TZID=Europe/Berlin:20261023T220000 DTEND;TZID=Europe/Berlin:\
        20261024T060000 RRULE:FREQ=DAILY;COUNT=3";
    check(from, to, night, "10-23T20:00+480 10-24T20:00+480 10-25T21:00+480");
}

#[test]
fn zones_that_skip_a_day() {
    for (person, from, to, start, expected) in [
        // 2011-12-30 never was in Samoa; its 9:00 is read with the offset before.
        (
            Tz::Pacific__Apia,
            "2011-12-28",
            "2012-01-02",
            "20111229T090000",
            ["12-29T19:00+0", "12-30T19:00+0", "12-30T19:00+0"],
        ),
        (
            Tz::Pacific__Kwajalein,
            "1993-08-19",
            "1993-08-24",
            "19930820T090000",
            ["08-20T21:00+0", "08-21T21:00+0", "08-21T21:00+0"],
        ),
    ] {
        let lines = format!("DTSTART:{start} RRULE:FREQ=DAILY;COUNT=3");
        let mut expected: Vec<&str> = expected.to_vec();
        // The skipped day and the one after it are one moment: one occurrence.
        expected.dedup();
        assert_eq!(rows(person, from, to, "", &lines), expected, "{person}");
    }
    let days = rows(
        Tz::Pacific__Apia,
        "2011-12-29",
        "2012-01-01",
        "",
        "DTSTART;VALUE=DATE:20111229 RRULE:FREQ=DAILY",
    );
    // A day that never was stands where it is written, and takes no time.
    assert_eq!(days, ["12-29+1d", "12-30+1d", "12-31+1d"]);
}

#[test]
fn lengths_and_nights() {
    check("2026-03-02", "2026-03-03", "DTSTART:20260301T200000Z DURATION:PT10H", "03-01T20:00+600");
    check("2026-03-02", "2026-03-03", "DTSTART:20260301T200000Z DURATION:PT3H", "");
    check("2026-03-02", "2026-03-03", "DTSTART;VALUE=DATE:20260227 DURATION:P1W", "02-27+7d");
    // Hours on a day: its whole days count, and one is the least.
    check("2026-03-01", "2026-04-01", "DTSTART;VALUE=DATE:20260302 DURATION:PT90M", "03-02+1d");
    check("2026-03-01", "2026-04-01", "DTSTART;VALUE=DATE:20260302 DURATION:PT48H", "03-02+2d");
    check(
        "2026-03-01",
        "2026-04-01",
        "DTSTART:20260302T080000Z DTEND;VALUE=DATE:20260303",
        "03-02T08:00+960",
    );
    // Without end, thirty years on.
    check(
        "2056-02-28",
        "2056-03-02",
        "DTSTART:20260301T080000Z RRULE:FREQ=WEEKLY;BYDAY=TU",
        "02-29T08:00+0",
    );
    check("2028-01-01", "2029-01-01", "DTSTART;VALUE=DATE:20240229 RRULE:FREQ=YEARLY", "02-29+1d");
}

#[test]
fn dates_that_are_added_moved_and_taken_out() {
    let (from, to) = ("2026-03-09", "2026-03-16");
    let weekly =
        format!("DTSTART;TZID=Europe/Berlin:20260302T090000 {HOUR} RRULE:FREQ=WEEKLY;COUNT=4");
    check(from, to, &weekly, "03-09T08:00+60");
    // Twice the same date is one occurrence, on whatever clock it is written.
    let twice = format!(
        "{weekly} RDATE:20260310T080000Z,20260310T080000Z \
         RDATE;TZID=Europe/Berlin:20260310T090000,20260309T090000"
    );
    check(from, to, &twice, "03-09T08:00+60 03-10T08:00+60");
    // An override where the rule has no start is an occurrence of its own.
    let more =
        format!("{weekly} -- RECURRENCE-ID:20260311T080000Z DTSTART:20260311T120000Z {HOUR}");
    check(from, to, &more, "03-09T08:00+60 03-11T12:00+60");
    let moved_in =
        format!("{weekly} -- RECURRENCE-ID:20260323T080000Z DTSTART:20260312T080000Z {HOUR}");
    check(from, to, &moved_in, "03-09T08:00+60 03-12T08:00+60");
    let moved_out =
        format!("{weekly} -- RECURRENCE-ID:20260309T080000Z DTSTART:20260412T080000Z {HOUR}");
    check(from, to, &moved_out, "");
    let future = format!(
        "{weekly} -- RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z \
         DTSTART:20260310T100000Z DURATION:PT2H"
    );
    check(
        "2026-03-01",
        "2026-04-01",
        &future,
        "03-02T08:00+60 03-10T10:00+120 03-17T10:00+120 03-24T10:00+120",
    );
    // A month's last days where SKIP says so (RFC 7529).
    let skip =
        "DTSTART;VALUE=DATE:20260131 RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=3";
    check("2026-01-01", "2026-06-01", skip, "01-31+1d 03-01+1d 03-31+1d");
}

#[test]
fn floating_times_are_on_the_persons_clock() {
    let lines = format!("DTSTART:20260302T090000 {HOUR}");
    // Also where a feed says what clock it is shown on: X-WR-TIMEZONE is no part of RFC 5545.
    let feed = "X-WR-TIMEZONE:America/New_York\r\n";
    for (person, expected) in [(BERLIN, "03-02T08:00+60"), (Tz::Asia__Tokyo, "03-02T00:00+60")] {
        assert_eq!(rows(person, "2026-03-01", "2026-03-09", feed, &lines), [expected]);
    }
}
