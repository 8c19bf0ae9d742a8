//! Away from home or from work: hours are local to where the person was, and absence is no failure.

use super::tests::{ZONE, at, event, other, settled_at, span};
use super::*;
use crate::event::{Stay, Uid};
use chrono::NaiveDate;

const TOKYO: Tz = Tz::Asia__Tokyo;

/// An own event at 1 h UTC, 10 h in Tokyo.
fn in_tokyo(day: u32) -> Event {
    let time_zone = Some(TOKYO.name().to_owned());
    other(&format!("on {day}"), Event { span: span(day, 1, 2), time_zone, ..event() })
}

fn hours(events: &[Event], whereabouts: &Whereabouts) -> Vec<(Option<u8>, u8, Vec<u8>)> {
    let mut all: Events = events.iter().map(|e| (e.id.clone(), e.clone())).collect();
    let context = Context { now: at(20, 8), zone: ZONE };
    let outcomes = settle(&mut all, &Types::default(), &context, whereabouts, &|_| true);
    let placed = |o: &Outcome| o.placed.iter().map(|(hour, _)| *hour).collect();
    outcomes.iter().map(|o| (o.settlement.hour, o.settlement.weekday, placed(o))).collect()
}

#[test]
fn hours_are_local_to_where_the_person_was() {
    let home = Whereabouts::new(ZONE, Vec::new());
    // Two days in another zone alone: there. One: a call with somebody there.
    let seen = [(Some(10), 3, vec![10]), (Some(10), 4, vec![10])];
    assert_eq!(hours(&[in_tokyo(4), in_tokyo(5)], &home), seen);
    assert_eq!(hours(&[in_tokyo(4)], &home), [(Some(1), 3, vec![1])]);
    let day = |n| NaiveDate::from_ymd_opt(2026, 3, n).expect("a day");
    let told = Whereabouts::new(ZONE, vec![Stay { from: day(4), to: day(6), zone: TOKYO }]);
    assert_eq!(hours(&[in_tokyo(4)], &told), [(Some(10), 3, vec![10])]);
    // 23 h UTC of the 5th is 8 h of the 6th there.
    let late = Event { span: span(5, 22, 23), ..event() };
    assert_eq!(hours(&[late], &told), [(Some(7), 5, vec![7])]);
}

#[test]
fn a_week_of_holiday_is_no_failure() {
    let signals = |absence: &[Event]| {
        let mut kept = other("kept", Event { span: span(4, 12, 13), ..event() });
        let mut cleared = other("cleared", event());
        cleared.standing = crate::event::Standing::Withdrawn;
        let seen = Seen { after: Some(at(2, 8)), by: at(2, 9) };
        cleared.trail.push((seen, Observation::Deleted));
        let done = Event { completed: Some(true), span: span(4, 15, 16), ..event() };
        kept.answered = true;
        let all = [kept, cleared, other("done", done)];
        let all = all.iter().chain(absence).map(|e| (e.id.clone(), e.clone()));
        let mut events: Events = all.collect();
        let outcomes = settled_at(&mut events, at(20, 8));
        let timed = outcomes.into_iter().filter(|o| o.settlement.hour.is_some());
        timed.map(|o| o.settlement.signal.map(|s| s.value)).collect::<Vec<_>>()
    };
    let day = |n| NaiveDate::from_ymd_opt(2026, 3, n).expect("a day");
    let whole = |busy| Event {
        span: Span::AllDay { start: day(2), end: day(9) },
        busy,
        id: EventId { uid: Uid::new("holiday"), recurrence_id: None },
        ..event()
    };
    assert_eq!(signals(&[]), [Some(0.1), Some(0.9), Some(0.9)]);
    assert_eq!(signals(&[whole(true)]), [None, None, Some(0.9)]);
    // A birthday is no holiday.
    assert_eq!(signals(&[whole(false)]), [Some(0.1), Some(0.9), Some(0.9)]);
}
