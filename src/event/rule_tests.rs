//! Rules: RFC 5545 examples, libical's vectors, hostile rules.

use super::*;
use chrono::TimeDelta;
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
    let stretch = Stretch { from: time(from), to: time(to) };
    rule.expand(time(first), until, stretch, &mut Budget::object())
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

/// What the `rrule` crate alone gets wrong, or takes minutes for. Expected: python-dateutil, and by
/// hand where it takes the two kinds of BYDAY for one condition as the crate does.
#[test]
fn rules_that_other_engines_stumble_over() {
    let check = |rule: &str, first: &str, expected: &str| {
        let expected: Vec<&str> = expected.split(' ').collect();
        let hours = if expected[0].contains('T') { "" } else { &first[8..] };
        let expected: Vec<String> = expected.iter().map(|e| format!("{e}{hours}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(rule, first, first, expected[expected.len() - 1], &expected);
    };
    let march = "20260302T090000";
    // Numbered and whole weekdays in one list: any of them.
    check(
        "FREQ=MONTHLY;BYDAY=1TU,SU",
        march,
        "20260303 20260308 20260315 20260322 20260329 20260405",
    );
    check(
        "FREQ=YEARLY;BYMONTH=8;BYDAY=1TH,MO",
        march,
        "20260803 20260806 20260810 20260817 20260824",
    );
    check(
        "FREQ=YEARLY;BYMONTH=4;BYDAY=-5MO,TH",
        march,
        "20260402 20260409 20260416 20260423 20260430",
    );
    check("FREQ=MONTHLY;BYDAY=-5MO", march, "20260302 20260601 20260803");
    check("FREQ=MONTHLY;BYDAY=-1FR,WE;BYSETPOS=1", march, "20260304 20260401 20260506");
    check("FREQ=YEARLY;BYDAY=-1SU,MO;BYSETPOS=-1", march, "20261228 20271227 20281231");
    check("FREQ=YEARLY;BYDAY=53FR,1MO", march, "20270104 20271231 20280103");
    // Weeks of a year, and days that many years lack.
    check("FREQ=YEARLY;BYWEEKNO=53", "19991231T090000", "20041231 20100101 20160101");
    check("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", march, "20270104 20280103 20290101");
    check("FREQ=YEARLY;BYWEEKNO=-1;WKST=SU;BYDAY=SU", march, "20261227 20271226 20281224");
    check("FREQ=YEARLY;BYMONTHDAY=31", march, "20260331 20260531 20260731 20260831");
    check("FREQ=YEARLY;BYYEARDAY=366", march, "20281231 20321231");
    check("FREQ=YEARLY", "20240229T090000", "20240229 20280229 20320229");
    check("FREQ=YEARLY;INTERVAL=3", "20240229T090000", "20240229 20360229");
    // The set of a week is the whole week's, also where the series begins within it.
    let within = "20260304T090000";
    check("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=-1", within, "20260306 20260320");
    check("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=1", within, "20260316 20260330");
    // Hours and less.
    check(
        "FREQ=HOURLY;INTERVAL=5",
        "20260302T213000",
        "20260302T213000 20260303T023000 20260303T073000",
    );
    check(
        "FREQ=HOURLY;INTERVAL=7;BYHOUR=9,16",
        march,
        "20260302T090000 20260302T160000 20260309T090000",
    );
    check(
        "FREQ=MINUTELY;INTERVAL=50;BYHOUR=9",
        march,
        "20260302T090000 20260302T095000 20260303T091000",
    );
    let five = "20260302T090500";
    check(
        "FREQ=SECONDLY;INTERVAL=7;BYHOUR=9;BYMINUTE=5;BYSECOND=0",
        five,
        "20260302 20260309 20260316",
    );
    check(
        "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1,1",
        "20260302T093000",
        "20260302T094000 20260302T100000 20260302T104000 20260302T110000",
    );
    check("FREQ=HOURLY;BYYEARDAY=1,-1;BYHOUR=9", march, "20261231 20270101 20271231");
    check(
        "FREQ=MINUTELY;INTERVAL=1441;BYDAY=MO,TU;COUNT=3",
        march,
        "20260302T090000 20260303T090100 20260309T090700",
    );
}

/// The examples of RFC 7529 section 4.1, and a leap day.
#[test]
fn missing_days_go_where_skip_says() {
    let check = |skip: &str, rule: &str, first: &str, expected: &[&str]| {
        let rule = format!("RSCALE=GREGORIAN;{rule};SKIP={skip}");
        check(&rule, first, first, expected[expected.len() - 1], expected);
    };
    let monthly = "FREQ=MONTHLY;COUNT=4";
    check("OMIT", monthly, "20140131", &["20140131", "20140331", "20140531", "20140731"]);
    check("BACKWARD", monthly, "20140131", &["20140131", "20140228", "20140331", "20140430"]);
    check("FORWARD", monthly, "20140131", &["20140131", "20140301", "20140331", "20140501"]);
    check("forward", "FREQ=YEARLY", "20160229", &["20160229", "20170301", "20180301"]);
    check("BACKWARD", "FREQ=YEARLY", "20160229", &["20160229", "20170228", "20180228"]);
    // Where two days go to the same one it is one start.
    let both = "FREQ=MONTHLY;BYMONTHDAY=30,31;BYMONTH=2,3;COUNT=4";
    check("BACKWARD", both, "20260101", &["20260228", "20260330", "20260331", "20270228"]);
    let both = "FREQ=MONTHLY;BYMONTHDAY=1,31;COUNT=4";
    check("FORWARD", both, "20260201", &["20260201", "20260301", "20260331", "20260401"]);
    check("BACKWARD", "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=6", "20260101", &["20260630", "20270630"]);
    check("FORWARD", "FREQ=MONTHLY;BYMONTHDAY=-31", "20260401", &["20260401", "20260501"]);
    // Where nothing can be missing SKIP changes nothing.
    check("FORWARD", "FREQ=MONTHLY;BYDAY=5MO", "20260302", &["20260330", "20260629"]);
    check("BACKWARD", "FREQ=WEEKLY", "20260302", &["20260302", "20260309"]);
}

#[test]
fn broken_rules_say_why() {
    let cases = [
        ("", "has no FREQ"),
        ("FREQ=FORTNIGHTLY", "has an unknown FREQ"),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L", "is on a calendar (RSCALE) that is not supported"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=SIDEWAYS", "has an unknown SKIP"),
        (
            "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD;BYYEARDAY=366",
            "uses SKIP in a way that is not supported",
        ),
        (
            "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31,3;BYSETPOS=1",
            "uses SKIP in a way that is not supported",
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
            && let Ok(got) = rule.expand(first, None, stretch, &mut Budget::object())
        {
            proptest::prop_assert!(got.starts.is_sorted(), "{}", text);
            proptest::prop_assert!(got.starts.iter().all(|s| (from..=to).contains(s)));
        }
        if clock.elapsed().as_millis() > 700 {
            println!("SLOW {} ms {text} {first}", clock.elapsed().as_millis());
        }
    }
}
