//! Tables of odd clocks.

use super::*;

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn check(zone: &Zone, at: &str, expected: &str) {
    let got = zone.instant(local(at)).format("%Y-%m-%d %H:%M").to_string();
    assert_eq!(got, expected, "{} {at}", zone.name());
}

#[test]
fn gaps_and_overlaps_follow_section_3_3_5() {
    let new_york = Zone::Iana(Tz::America__New_York);
    check(&new_york, "2007-03-11 02:30", "2007-03-11 07:30");
    check(&new_york, "2007-11-04 01:30", "2007-11-04 05:30");
    check(&Zone::Iana(Tz::Europe__Berlin), "2026-07-01 09:00", "2026-07-01 07:00");
    check(&Zone::Iana(Tz::Pacific__Apia), "2011-12-30 12:00", "2011-12-30 22:00");
    check(&Zone::Iana(Tz::Australia__Lord_Howe), "2026-10-04 02:15", "2026-10-03 15:45");
}

#[test]
fn a_custom_zone_agrees_with_the_same_zone_of_the_database() {
    // US rules of 2007: 2007-03-11T07:00Z and 2007-11-04T06:00Z.
    let changes = vec![(0, -18_000), (1_173_596_400, -14_400), (1_194_156_000, -18_000)];
    let custom = Zone::Custom(Arc::new(CustomZone { id: "Own".to_owned(), changes }));
    let known = Zone::Iana(Tz::America__New_York);
    let mut at = local("2007-01-01 00:00");
    while at < local("2008-01-01 00:00") {
        assert_eq!(custom.instant(at), known.instant(at), "{at}");
        assert_eq!(custom.wall(at.and_utc()), known.wall(at.and_utc()), "{at}");
        at += TimeDelta::minutes(30);
    }
}

#[test]
fn a_day_begins_at_its_first_moment() {
    let cases = [
        (Tz::Europe__Berlin, "2026-03-29", "2026-03-28 23:00"),
        (Tz::America__Sao_Paulo, "2018-11-04", "2018-11-04 03:00"),
        (Tz::Pacific__Apia, "2011-12-30", "2011-12-30 10:00"),
        (Tz::America__Toronto, "1919-03-31", "1919-03-31 04:30"),
        (Tz::Asia__Beirut, "2026-03-29", "2026-03-28 22:00"),
    ];
    for (zone, day, expected) in cases {
        let got = local_midnight(day.parse().unwrap(), zone);
        assert_eq!(got.format("%Y-%m-%d %H:%M").to_string(), expected, "{zone} {day}");
    }
}

#[test]
fn days_have_their_true_length() {
    let zone = Tz::Europe__Berlin;
    for (start, end, hours) in [("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25)]
    {
        let span = Span::AllDay { start: start.parse().unwrap(), end: end.parse().unwrap() };
        assert_eq!((span.end_instant(zone) - span.start_instant(zone)).num_hours(), hours);
        assert_eq!(span.minutes(), 1440);
    }
}

#[test]
fn a_window_holds_what_overlaps_it() {
    let zone = Tz::UTC;
    let at = |text: &str| local(text).and_utc();
    let window = Window { from: at("2026-03-02 00:00"), to: at("2026-03-03 00:00") };
    let cases = [
        ("2026-03-01 23:00", "2026-03-02 00:00", false),
        ("2026-03-01 23:00", "2026-03-02 00:01", true),
        ("2026-03-02 00:00", "2026-03-02 00:00", true),
        ("2026-03-03 00:00", "2026-03-03 00:00", false),
        ("2026-03-02 23:59", "2026-03-09 00:00", true),
    ];
    for (start, end, expected) in cases {
        let span = Span::Timed { start: at(start), end: at(end) };
        assert_eq!(span.overlaps(window, zone), expected, "{start} {end}");
    }
}

#[test]
fn hours_and_weekdays_are_local() {
    let at = local("2026-03-01 23:30").and_utc();
    assert_eq!(local_hour(at, Tz::Europe__Berlin), 0);
    assert_eq!(local_date(at, Tz::Europe__Berlin), "2026-03-02".parse().unwrap());
    assert_eq!(weekday("2026-03-02".parse().unwrap()), 1);
    assert_eq!(Stamp::Date("2026-03-02".parse().unwrap()).instant(Tz::Europe__Berlin), {
        local("2026-03-01 23:00").and_utc()
    });
}

#[test]
fn the_ends_of_the_calendar() {
    for zone in [chrono_tz::Pacific::Kiritimati, chrono_tz::Pacific::Pago_Pago] {
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert_eq!(Zone::Iana(zone).wall(at).year(), at.year());
            assert_eq!(local_date(at, zone).year(), at.year());
            assert!(local_hour(at, zone) < 24);
        }
    }
}
