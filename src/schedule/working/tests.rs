//! Rules as people write them, and hours as events show them.

use super::*;
use crate::event::{CollectionId, EventId, Settlement, Uid};
use chrono::{DateTime, TimeDelta, Utc};

fn event(n: usize, start: DateTime<Utc>, minutes: i64) -> (EventId, Event) {
    let id = EventId { uid: Uid::new(format!("e{n}")), recurrence_id: None };
    let event = Event {
        id: id.clone(),
        collection: CollectionId::new("home/work"),
        title: String::new(),
        span: Span::Timed { start, end: start + TimeDelta::minutes(minutes) },
        time_zone: None,
        busy: true,
        role: Role::Own,
        standing: Standing::Scheduled,
        recurring: false,
        attendees: 0,
        answered: false,
        created_at: start,
        first_seen: start,
        last_modified: None,
        sequence: 0,
        related_to: None,
        trail: Vec::new(),
        settled: Vec::new(),
        closed: false,
        task_type: None,
        completed: None,
        success_rating: None,
        energy_after: None,
    };
    (id, event)
}

/// Four weeks; on each of these weekdays (0 = Monday) events at (start minute, length).
fn weeks(weekdays: &[i64], daily: &[(i64, i64)]) -> Events {
    let monday: DateTime<Utc> = "2026-02-02T00:00:00Z".parse().unwrap();
    let mut events = Events::new();
    for week in 0..4 {
        for &weekday in weekdays {
            for &(minute, length) in daily {
                let start = monday + TimeDelta::days(7 * week + weekday);
                events.extend([event(events.len(), start + TimeDelta::minutes(minute), length)]);
            }
        }
    }
    events
}

#[test]
fn rules_are_read() {
    let day = |hours: &WorkingHours, d: usize| hours.by_weekday[d].clone();
    let rules = ["Mon-Fri 09:00-18:00", "sat 10:00-12:00", "Monday,WED 22:00-24:00"];
    let hours = WorkingHours::parse(&rules).unwrap();
    assert_eq!(day(&hours, 0), [(540, 1080), (1320, 1440)]);
    assert_eq!(day(&hours, 1), [(540, 1080)]);
    assert_eq!(day(&hours, 5), [(600, 720)]);
    assert_eq!(day(&hours, 6), []);
    let round = WorkingHours::parse(&["Sat-Mon 9:00-10:00", "Sat 09:30-11:00"]).unwrap();
    assert_eq!(day(&round, 5), [(540, 660)]);
    assert_eq!(day(&round, 0), [(540, 600)]);
    assert_eq!(day(&round, 1), []);
}

#[test]
fn rules_are_spelled_as_they_are_read() {
    let check = |rules: &[&str], expected: &[&str]| {
        let hours = WorkingHours::parse(rules).unwrap();
        assert_eq!(hours.rules(), expected, "{rules:?}");
        assert_eq!(WorkingHours::parse(&hours.rules()), Ok(hours), "{rules:?}");
    };
    check(&["mon-friday 9:00-18:00"], &["Mon-Fri 09:00-18:00"]);
    check(&["Fri-Mon 09:00-18:00"], &["Mon,Fri-Sun 09:00-18:00"]);
    check(
        &["Mon,Wed 22:00-24:00", "Mon-Tue 08:00-12:00"],
        &["Mon-Tue 08:00-12:00", "Mon,Wed 22:00-24:00"],
    );
    check(&[], &[]);
    for lunch in ["off", "learned", "12:30-13:15"] {
        assert_eq!(Lunch::parse(lunch).map(|l| l.to_string()).as_deref(), Ok(lunch));
    }
}

#[test]
fn a_day_ends_with_its_last_hours() {
    let hours = WorkingHours::parse(&["Mon 09:00-12:00", "Mon 14:00-24:00"]).unwrap();
    assert_eq!((hours.end_of(0), hours.end_of(1)), (Some(1440), None));
}

#[test]
fn what_is_wrong_with_a_rule_is_said() {
    for (rule, said) in [
        ("", "write weekdays"),
        ("Mon-Fri", "write weekdays"),
        ("Mon 09:00 - 18:00", "write weekdays"),
        ("Mo 09:00-18:00", "'Mo' is no weekday"),
        ("Mon- 09:00-18:00", "'' is no weekday"),
        ("Mon 9-18", "look like"),
        ("Mon 09:00-25:00", "look like"),
        ("Mon 09:60-18:00", "look like"),
        ("Mon 22:00-06:00", "over midnight"),
        ("Mon 09:00-09:00", "before it starts"),
        ("Mon +9:00-18:00", "look like"),
    ] {
        let error = WorkingHours::parse(&[rule]).unwrap_err();
        assert!(error.contains(said) && error.contains(rule), "{rule}: {error}");
    }
}

#[test]
fn lunch_is_read_and_cut_out() {
    assert_eq!(Lunch::parse("OFF"), Ok(Lunch::Off));
    assert_eq!(Lunch::parse("learned"), Ok(Lunch::Learned));
    assert_eq!(Lunch::parse("12:30-13:15"), Ok(Lunch::Fixed(750, 795)));
    assert!(Lunch::parse("noon").unwrap_err().contains("'noon'"));
    let hours = WorkingHours::parse(&["Mon 09:00-17:00", "Tue 12:10-12:50"]).unwrap();
    assert_eq!(hours.of(0, Some((720, 780))), [(540, 720), (780, 1020)]);
    assert_eq!(hours.of(1, Some((720, 780))), []);
    assert_eq!(hours.of(0, None), [(540, 1020)]);
}

#[test]
fn hours_are_learned_from_own_events() {
    let hours = WorkingHours::learned(&OwnTime::of(&Events::new(), Tz::UTC));
    assert_eq!(hours, WorkingHours::parse(&["Mon-Fri 09:00-17:00"]).unwrap());
    let busy = weeks(&[0, 1, 2, 3], &[(7 * 60 + 10, 60), (600, 60), (900, 40)]);
    let hours = WorkingHours::learned(&OwnTime::of(&busy, Tz::UTC));
    assert_eq!(hours, WorkingHours::parse(&["Mon-Thu 07:00-16:00"]).unwrap());
    let nights = weeks(&[5], &[(600, 60), (660, 60), (720, 60)]);
    let hours = WorkingHours::learned(&OwnTime::of(&nights, Tz::UTC));
    assert_eq!(hours.by_weekday[5], [(600, 780)], "somebody who works on Saturdays");
}

#[test]
fn events_of_others_say_nothing_of_working_hours() {
    let mut events = weeks(&[0, 1, 2, 3], &[(0, 60), (600, 60), (900, 40)]);
    events.values_mut().for_each(|e| e.role = Role::Invited);
    let hours = WorkingHours::learned(&OwnTime::of(&events, Tz::UTC));
    assert_eq!(hours.by_weekday[0], [USUAL]);
}

#[test]
fn lunch_is_the_usual_gap() {
    let lunch = |daily: &[(i64, i64)]| {
        let own = OwnTime::of(&weeks(&[0, 1, 2, 3, 4], daily), Tz::UTC);
        Lunch::Learned.minutes(|| &own).unwrap()
    };
    assert_eq!(lunch(&[]), NOON);
    assert_eq!(lunch(&[(540, 60)]), NOON);
    assert_eq!(lunch(&[(720, 30), (540, 60)]), (750, 810), "after a standing call at noon");
    assert_eq!(lunch(&[(690, 150)]), NOON, "no gap at all");
}

#[test]
fn hours_are_local_to_where_the_person_was() {
    let mut events = weeks(&[0, 1, 2, 3, 4], &[(540, 60), (1020, 60)]);
    let home = WorkingHours::learned(&OwnTime::of(&events, Tz::UTC));
    // The last week was lived in Tokyo: the same hours there, nine hours earlier here.
    let tokyo = "2026-02-23T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    for event in events.values_mut() {
        let Span::Timed { start, end } = &mut event.span else { continue };
        if *start >= tokyo {
            let hour = Some(start.hour() as u8);
            (*start, *end) = (*start - TimeDelta::hours(9), *end - TimeDelta::hours(9));
            let at = *end;
            let span = event.span;
            event.settled.push(Settlement {
                span,
                ordinal: 0,
                at,
                hour,
                weekday: 1,
                signal: None,
                energy: None,
            });
        }
    }
    assert_eq!(WorkingHours::learned(&OwnTime::of(&events, Tz::UTC)), home);
}
