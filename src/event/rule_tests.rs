//! Rules: RFC 5545 examples, libical's vectors, hostile rules.

use super::*;
use std::time::Instant;

fn time(text: &str) -> NaiveDateTime {
    let text = text.trim_end_matches('Z');
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S")
        .or_else(|_| {
            NaiveDate::parse_from_str(text, "%Y%m%d").map(|d| d.and_hms_opt(0, 0, 0).unwrap())
        })
        .unwrap()
}

fn expand(rule: &str, first: &str, from: &str, to: &str) -> Result<Expansion, &'static str> {
    let rule = Rule::parse(rule)?;
    let until = rule.until().map(|u| u.on_clock(|at| at.naive_utc()));
    rule.expand(time(first), until, Stretch { from: time(from), to: time(to) })
}

fn check(rule: &str, first: &str, from: &str, to: &str, expected: &[&str]) {
    let got = expand(rule, first, from, to).unwrap();
    let expected: Vec<NaiveDateTime> = expected.iter().map(|e| time(e)).collect();
    assert_eq!(got.starts, expected, "{rule} from {first}");
}

#[test]
fn far_windows_give_what_a_walk_from_the_start_gives() {
    let cases = [
        ("FREQ=DAILY;INTERVAL=3", "19900101T090000"),
        ("FREQ=DAILY;INTERVAL=7;BYHOUR=8,20", "19900101T090000"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", "19900103T090000"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO", "19900103T090000"),
        ("FREQ=MONTHLY;INTERVAL=5", "19900131T090000"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "19900131T090000"),
        ("FREQ=YEARLY;INTERVAL=3", "19920229T090000"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "19900325T020000"),
        ("FREQ=HOURLY;INTERVAL=7", "20240101T093015"),
        ("FREQ=MINUTELY;INTERVAL=1441", "20240101T093015"),
    ];
    for (rule, first) in cases {
        let near = expand(rule, first, "20260101T000000", "20280401T000000").unwrap();
        // A COUNT forbids skipping ahead: the long walk.
        let walked =
            expand(&format!("{rule};COUNT=100000"), first, "20260101T000000", "20280401T000000");
        assert_eq!(near.starts, walked.unwrap().starts, "{rule}");
        assert!(!near.starts.is_empty(), "{rule}");
    }
}

#[test]
fn ends_are_kept() {
    let first = "20260302T090000";
    check("FREQ=DAILY;COUNT=2", first, "20260101", "20270101", &[first, "20260303T090000"]);
    check("FREQ=DAILY;COUNT=2", first, "20260303", "20270101", &["20260303T090000"]);
    check("FREQ=DAILY;UNTIL=20260304", first, "20260303", "20270101", &["20260303T090000"]);
    check("FREQ=DAILY;UNTIL=20260303", "20260302", "20260303", "20270101", &["20260303"]);
    check("FREQ=DAILY;UNTIL=20260303T085959Z", first, "20260303", "20270101", &[]);
    check("FREQ=DAILY;UNTIL=20250303", first, "20260101", "20270101", &[]);
    check("FREQ=DAILY;COUNT=0", first, "20260101", "20270101", &[]);
    check("FREQ=MONTHLY;COUNT=2", "20260131", "20260101", "20270101", &["20260131", "20260331"]);
}

#[test]
fn broken_rules_say_why() {
    let cases = [
        ("", "has no FREQ"),
        ("FREQ=FORTNIGHTLY", "has an unknown FREQ"),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L", "is on a calendar (RSCALE) that is not supported"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "uses SKIP, which is not supported"),
        (
            "FREQ=SECONDLY;INTERVAL=7;BYMINUTE=5",
            "counts seconds under conditions, which is not supported",
        ),
        ("FREQ=DAILY;UNTIL=soon", "has an unreadable UNTIL"),
        ("FREQ=DAILY;COUNT=-1", "has an unreadable COUNT"),
        ("FREQ=DAILY;INTERVAL=1000000", "has an INTERVAL out of range"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;BYMONTH=13", "can't be read"),
        ("FREQ=DAILY;BYWEEKNO=3", "contradicts itself"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "never happens"),
        ("FREQ=DAILY;BYHOUR=nine", "can't be read"),
        ("FREQ=WEEKLY;BYDAY=M\u{300}", "can't be read"),
        ("FREQ=WEEKLY;BYDAY=\u{20ac}", "can't be read"),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "can't be read"),
        ("FREQ=MONTHLY;BYMONTHDAY=-", "can't be read"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "can't be read"),
    ];
    for (rule, expected) in cases {
        let got = expand(rule, "20260302T090000", "20260101", "20270101");
        assert_eq!(got, Err(expected), "{rule}");
    }
}

#[test]
fn hostile_rules_return() {
    let cases = [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=4000000000",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=65535;BYHOUR=3;BYMINUTE=1;BYSECOND=1;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MINUTELY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=2,4",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
        "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=WEEKLY;BYDAY=MO;BYMONTH=2;BYSETPOS=7",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;INTERVAL=65535",
        "FREQ=DAILY;INTERVAL=65535",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=2",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
    ];
    for rule in cases {
        let clock = Instant::now();
        let got = expand(rule, "20260302T090000", "20260101", "20280101");
        let got = got.map(|e| (e.starts.len(), e.cut));
        println!("{:>6} ms  {rule}: {got:?}", clock.elapsed().as_millis());
    }
}

#[test]
fn the_vectors_of_libical_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/rrule-vectors.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: no shared corpus beside this folder");
        return;
    };
    let (mut right, mut all) = (0, 0);
    for line in text.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let (rule, first) =
            (vector["rrule"].as_str().unwrap(), vector["dtstart"].as_str().unwrap());
        let expected: Vec<NaiveDateTime> = vector["expected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| time(v.as_str().unwrap()))
            .collect();
        let last = expected.last().unwrap().format("%Y%m%dT%H%M%S").to_string();
        let mut got = expand(rule, first, first, &last).map(|e| e.starts).unwrap_or_default();
        got.truncate(expected.len());
        all += 1;
        right += usize::from(got == expected);
        if got != expected {
            let name = &vector["name"];
            let at = got.iter().zip(&expected).position(|(a, b)| a != b);
            println!("{name}: {rule} from {first}: differs at {at:?}");
            println!("  {} of {}, {got:?}", got.len(), expected.len());
        }
    }
    println!("{right} of {all} vectors");
    assert!(right >= VECTORS_RIGHT, "{right} of {all}");
}

/// Measured.
const VECTORS_RIGHT: usize = 62;

proptest::proptest! {
    /// Rules of any text are survived.
    #[test]
    fn any_text_is_survived(
        name in "(BYDAY|BYMONTH|BYMONTHDAY|BYSETPOS|WKST|COUNT|INTERVAL|UNTIL|\\PC{0,5})",
        value in "(\\PC{0,5}|[0-9MOTUWE,+-]{0,8})",
    ) {
        for frequency in ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] {
            let text = format!("FREQ={frequency};{name}={value}");
            let _ = expand(&text, "20260302T090000", "20260302", "20270101");
        }
    }

    /// Whatever a rule says: no panic, no start out of bounds, and in order.
    #[test]
    fn any_rule_returns(
        frequency in "(SECOND|MINUTE|HOUR|DAI|WEEK|MONTH|YEAR)LY",
        interval in proptest::prop_oneof![0_u32..4, 0_u32..70_000],
        by in "(;BY(SECOND|MINUTE|HOUR|MONTHDAY|YEARDAY|WEEKNO|MONTH|SETPOS)=\
            -?[0-9]{1,3}(,-?[0-9]{1,2})?){0,3}",
        day in "(;BYDAY=[+-]?[0-9]{0,2}(MO|TU|SU))?",
        end in "(;(COUNT=[0-9]{1,4}|UNTIL=20[0-9]{2}0[1-9]1[0-9](T000000Z)?))?",
        start in 0_i64..4_000_000_000,
    ) {
        let text = format!("FREQ={frequency};INTERVAL={interval}{by}{day}{end}");
        let first = DateTime::from_timestamp(start, 0).unwrap().naive_utc();
        let (from, to) = (first + TimeDelta::days(300), first + TimeDelta::days(700));
        let stretch = Stretch { from, to };
        let clock = Instant::now();
        if let Ok(rule) = Rule::parse(&text)
            && let Ok(got) = rule.expand(first, None, stretch)
        {
            proptest::prop_assert!(got.starts.is_sorted(), "{}", text);
            proptest::prop_assert!(got.starts.iter().all(|s| (from..=to).contains(s)));
        }
        if clock.elapsed().as_millis() > 700 {
            println!("SLOW {} ms {text} {first}", clock.elapsed().as_millis());
        }
    }
}
