//! Series: overrides, exceptions, clocks, bounds.

use super::*;
use crate::event::ical::parse;
use crate::event::time::local_midnight;

fn object(components: &[&str]) -> ObjectResource {
    let text: String =
        components.iter().map(|c| format!("BEGIN:VEVENT\nUID:u\n{c}\nEND:VEVENT\n")).collect();
    let parsed = parse(&text);
    assert_eq!(parsed.problems, [], "{text}");
    parsed.objects.into_iter().next().unwrap()
}

fn run(components: &[&str], from: &str, to: &str) -> (Vec<String>, Vec<Problem>) {
    let zone = Tz::Europe__Berlin;
    let day = |text: &str| local_midnight(text.parse().unwrap(), zone);
    let object = object(components);
    let (found, problems) = occurrences(&object, Window { from: day(from), to: day(to) }, zone);
    let rows = found
        .iter()
        .map(|o| {
            let id = o.recurrence_id.as_deref().unwrap_or("-");
            match o.span {
                Span::Timed { start, end } => {
                    format!("{id} {}+{}", start.format("%m-%dT%H:%M"), (end - start).num_minutes())
                }
                Span::AllDay { start, end } => format!("{id} {start}..{end}"),
            }
        })
        .collect();
    (rows, problems)
}

fn check(components: &[&str], expected: &[&str]) {
    let (rows, problems) = run(components, "2026-03-01", "2026-04-01");
    assert_eq!(rows, expected, "{components:?}");
    assert_eq!(problems, [], "{components:?}");
}

const WEEKLY: &str = "DTSTART;TZID=Europe/Berlin:20260318T090000\nDTEND;TZID=Europe/Berlin:\
    20260318T100000\nRRULE:FREQ=WEEKLY;COUNT=3";

#[test]
fn local_time_stays_over_a_change_of_clocks() {
    check(&[WEEKLY], &["20260318T080000Z 03-18T08:00+60", "20260325T080000Z 03-25T08:00+60"]);
    let (rows, _) = run(&[WEEKLY], "2026-04-01", "2026-05-01");
    assert_eq!(rows, ["20260401T070000Z 04-01T07:00+60"]);
}

#[test]
fn exceptions_are_found_on_any_clock() {
    let rest = ["20260318T080000Z 03-18T08:00+60"];
    for exdate in [
        "EXDATE;TZID=Europe/Berlin:20260325T090000",
        "EXDATE:20260325T080000Z",
        "EXDATE:20260325T090000",
        "EXDATE;VALUE=DATE:20260325",
        "EXDATE;TZID=America/New_York:20260325T040000",
        "EXRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;UNTIL=20260326\n\
            RDATE;TZID=Europe/Berlin:20260318T090000",
    ] {
        let event = format!("{WEEKLY}\n{exdate}");
        if exdate.starts_with("EXRULE") {
            check(&[&event], &["20260325T080000Z 03-25T08:00+60"]);
        } else {
            check(&[&event], &rest);
        }
    }
}

#[test]
fn overrides_are_found_on_any_clock() {
    for id in [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260325T090000",
        "RECURRENCE-ID:20260325T080000Z",
        "RECURRENCE-ID;VALUE=DATE:20260325",
        "RECURRENCE-ID:20260325T090000",
    ] {
        let moved = format!("{id}\nDTSTART:20260326T120000Z\nDURATION:PT30M");
        check(
            &[WEEKLY, &moved],
            &["20260318T080000Z 03-18T08:00+60", "20260325T080000Z 03-26T12:00+30"],
        );
    }
}

#[test]
fn overrides_move_into_and_out_of_the_window() {
    let moved_in = "RECURRENCE-ID:20260401T070000Z\nDTSTART:20260330T070000Z\nDURATION:PT1H";
    let moved_out = "RECURRENCE-ID:20260325T080000Z\nDTSTART:20260425T080000Z\nDURATION:PT1H";
    check(
        &[WEEKLY, moved_in, moved_out],
        &["20260318T080000Z 03-18T08:00+60", "20260401T070000Z 03-30T07:00+60"],
    );
    // Without its master an override stands for itself.
    check(&[moved_in], &["20260401T070000Z 03-30T07:00+60"]);
    // An EXDATE takes an override with it; of two overrides the higher SEQUENCE counts.
    let gone = format!("{WEEKLY}\nEXDATE:20260401T070000Z");
    let rest = ["20260318T080000Z 03-18T08:00+60", "20260325T080000Z 03-25T08:00+60"];
    check(&[&gone, moved_in], &rest);
    let newer = "RECURRENCE-ID:20260401T070000Z\nSEQUENCE:2\nDTSTART:20260331T070000Z";
    let all = [rest[0], rest[1], "20260401T070000Z 03-31T07:00+0"];
    check(&[WEEKLY, newer, moved_in], &all);
}

#[test]
fn this_and_future_moves_what_follows() {
    let later = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260318T080000Z\n\
        DTSTART;TZID=Europe/Berlin:20260317T140000\nDURATION:PT2H";
    check(
        &[WEEKLY, later],
        &[
            "20260318T080000Z 03-17T13:00+120",
            "20260325T080000Z 03-24T13:00+120",
            "20260401T070000Z 03-31T12:00+120",
        ],
    );
}

#[test]
fn masters_and_lengths() {
    // The highest SEQUENCE is the master.
    let old = "DTSTART:20260302T080000Z\nSEQUENCE:1";
    let new = "DTSTART:20260303T080000Z\nSEQUENCE:2\nDURATION:P1D";
    check(&[new, old], &["- 03-03T08:00+1440"]);
    // A nominal day has 23 hours when the clocks change.
    check(&["DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D"], &["- 03-28T11:00+1380"]);
    check(&["DTSTART;VALUE=DATE:20260302"], &["- 2026-03-02..2026-03-03"]);
    check(
        &["DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260302"],
        &["- 2026-03-02..2026-03-03"],
    );
    check(
        &["DTSTART;VALUE=DATE:20260228\nDURATION:P2D\nRRULE:FREQ=MONTHLY\nEXDATE:20260328T000000Z"],
        &["20260228 2026-02-28..2026-03-02"],
    );
    check(
        &["DTSTART:20260302T080000Z\nRDATE;VALUE=PERIOD:20260303T080000Z/PT5M,\
            20260304T080000Z/20260304T081000Z"],
        &[
            "20260302T080000Z 03-02T08:00+0",
            "20260303T080000Z 03-03T08:00+5",
            "20260304T080000Z 03-04T08:00+10",
        ],
    );
    // Floating times are on the person's clock, in a gap with the offset before it.
    check(
        &["DTSTART:20260328T023000\nRRULE:FREQ=DAILY;COUNT=2"],
        &["20260328T013000Z 03-28T01:30+0", "20260329T013000Z 03-29T01:30+0"],
    );
}

#[test]
fn a_bad_rule_costs_only_itself() {
    let (rows, problems) = run(
        &["DTSTART:20260302T080000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n\
            RRULE:FREQ=WEEKLY;COUNT=2"],
        "2026-03-01",
        "2026-04-01",
    );
    assert_eq!(rows.len(), 2);
    assert_eq!(problems, [problem("RRULE", "this rule never happens")]);
    let (rows, problems) =
        run(&["DTSTART:20260302T080000Z\nRRULE:FREQ=SECONDLY"], "2026-03-01", "2027-03-01");
    assert!((40_000..=OCCURRENCES_MAX).contains(&rows.len()), "{}", rows.len());
    assert_eq!(problems.len(), 1);
}

#[test]
fn many_bombs_share_one_budget() {
    // Nothing of it is in the window: all steps go into the way there.
    let bomb = object(&["DTSTART:20260302T080000Z\nRRULE:FREQ=SECONDLY;COUNT=4000000000"]);
    let day = |text: &str| local_midnight(text.parse().unwrap(), Tz::UTC);
    let window = Window { from: day("2027-03-01"), to: day("2028-03-01") };
    let mut budget = Budget::of(100_000);
    let mut told = 0;
    for _ in 0..1_000 {
        told += occurrences_within(&bomb, window, Tz::UTC, &mut budget).1.len();
    }
    assert!(budget.is_spent());
    assert_eq!(told, 1_000, "each of them is told");
}

#[test]
fn bombs_leave_each_object_its_share() {
    let bomb = object(&["DTSTART:20260302T080000Z\nRRULE:FREQ=SECONDLY;COUNT=4000000000"]);
    let daily = object(&["DTSTART:20260302T080000Z\nRRULE:FREQ=DAILY"]);
    let day = |text: &str| local_midnight(text.parse().unwrap(), Tz::UTC);
    let window = Window { from: day("2027-03-01"), to: day("2028-03-01") };
    let mut budget = Budget::of(100_000);
    for _ in 0..100 {
        budget.lend(|lent| occurrences_within(&bomb, window, Tz::UTC, lent));
    }
    assert!(budget.is_spent());
    let (found, problems) = budget.lend(|lent| occurrences_within(&daily, window, Tz::UTC, lent));
    assert_eq!((found.len(), problems), (366, Vec::new()));
    // What fits into its share costs the others nothing.
    let mut budget = Budget::of(1);
    budget.lend(|lent| occurrences_within(&daily, window, Tz::UTC, lent));
    assert!(!budget.is_spent());
}
