//! The default table of DESIGN section 6, row by row.

use super::*;
use crate::event::{CollectionId, Standing, Uid};
use chrono::TimeZone;

pub(super) const ZONE: Tz = Tz::UTC;

pub(super) fn at(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, 0, 0).single().expect("a real moment")
}

pub(super) fn span(day: u32, from: u32, to: u32) -> Span {
    Span::Timed { start: at(day, from), end: at(day, to) }
}

/// An own event on 4 March, 9 to 11, known since the 1st.
pub(super) fn event() -> Event {
    Event {
        id: EventId { uid: Uid::new("a"), recurrence_id: None },
        collection: CollectionId::new("home/work"),
        title: "Report".into(),
        span: span(4, 9, 11),
        time_zone: None,
        busy: true,
        role: Role::Own,
        standing: Standing::Scheduled,
        recurring: false,
        attendees: 0,
        answered: false,
        created_at: at(1, 8),
        first_seen: at(1, 8),
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
    }
}

fn seen(after: DateTime<Utc>, by: DateTime<Utc>) -> Seen {
    Seen { after: Some(after), by }
}

pub(super) fn moved(event: &mut Event, to: Span, by: DateTime<Utc>) {
    let from = event.span;
    event.trail.push((seen(at(1, 8), by), Observation::Moved { from, to }));
    event.span = to;
}

/// Settles at `now`, at home.
pub(super) fn settled_at(events: &mut Events, now: DateTime<Utc>) -> Vec<Outcome> {
    let home = Whereabouts::new(ZONE, Vec::new());
    settle(events, &Types::default(), &Context { now, zone: ZONE }, &home, &|_| true)
}

/// Settles at `now`, alone in the calendar; signals of the new settlements, `None` = unknown.
#[track_caller]
fn check(event: &Event, now: DateTime<Utc>, expected: &[Option<(f32, f32)>]) -> Event {
    let others: Vec<Event> = Vec::new();
    check_among(event, &others, now, expected)
}

#[track_caller]
fn check_among(
    event: &Event,
    others: &[Event],
    now: DateTime<Utc>,
    expected: &[Option<(f32, f32)>],
) -> Event {
    let all = others.iter().chain([event]);
    let mut events: Events = all.map(|e| (e.id.clone(), e.clone())).collect();
    let outcomes = settled_at(&mut events, now);
    let mine: Vec<Option<(f32, f32)>> = outcomes
        .iter()
        .filter(|o| o.event == event.id)
        .map(|o| o.settlement.signal.map(|s| (s.value, s.weight)))
        .collect();
    assert_eq!(mine, expected);
    let again = settled_at(&mut events, now);
    assert!(again.is_empty(), "nothing settles twice");
    events[&event.id].clone()
}

#[test]
fn kept_settles_a_day_after_its_end() {
    check(&event(), at(5, 10), &[]);
    let settled = check(&event(), at(5, 11), &[Some((0.9, 1.0))]);
    assert!(settled.closed);
    assert_eq!(settled.settled[0].hour, Some(9));
    assert_eq!(settled.settled[0].weekday, 3, "a Wednesday");
}

#[test]
fn weak_evidence_weighs_half() {
    let history = Event { first_seen: at(20, 8), ..event() };
    check(&history, at(20, 8), &[Some((0.9, 0.5))]);
    let series = Event { recurring: true, role: Role::Invited, ..event() };
    check(&series, at(6, 0), &[Some((0.9, 0.5))]);
    let answered = Event { answered: true, ..series };
    check(&answered, at(6, 0), &[Some((0.9, 1.0))]);
}

#[test]
fn an_untouched_proposal_counts_only_while_the_person_is_there() {
    let proposal = Event { role: Role::Suggested, ..event() };
    check(&proposal, at(6, 0), &[None]);
    let mut sign_of_life = event();
    sign_of_life.id.uid = Uid::new("b");
    sign_of_life.span = span(20, 9, 10);
    check_among(&proposal, &[sign_of_life], at(6, 0), &[Some((0.9, 0.5))]);
}

#[test]
fn a_move_settles_the_old_hour_at_once_and_the_new_one_later() {
    let table = [
        (span(4, 8, 10), 0.7),
        (span(3, 15, 17), 0.7),
        (span(4, 14, 16), 0.3),
        (span(5, 9, 11), 0.2),
    ];
    for (to, signal) in table {
        let mut event = event();
        moved(&mut event, to, at(2, 12));
        let now = check(&event, at(2, 12), &[Some((signal, 1.0))]);
        assert!(!now.closed);
        check(&now, at(8, 0), &[Some((0.9, 1.0))]);
    }
}

#[test]
fn several_moves_before_the_first_start_are_one() {
    let mut event = event();
    moved(&mut event, span(4, 14, 16), at(2, 12));
    let mut event = check(&event, at(2, 12), &[Some((0.3, 1.0))]);
    moved(&mut event, span(5, 9, 11), at(3, 12));
    let mut event = check(&event, at(3, 12), &[None]);
    moved(&mut event, span(6, 9, 11), at(5, 8));
    let event = check(&event, at(5, 8), &[Some((0.2, 1.0))]);
    check(&event, at(8, 0), &[Some((0.9, 1.0))]);
}

#[test]
fn an_organisers_move_and_cancellation_say_nothing() {
    let mut invited = Event { role: Role::Invited, ..event() };
    moved(&mut invited, span(5, 9, 11), at(2, 12));
    check(&invited, at(2, 12), &[None]);
    let cancelled = Event { standing: Standing::CancelledByOrganizer, ..event() };
    check(&cancelled, at(8, 0), &[None]);
}

#[test]
fn length_and_overlap() {
    let mut shorter = event();
    let from = shorter.span;
    let to = span(4, 9, 10);
    shorter.trail.push((seen(at(4, 9), at(4, 10)), Observation::Resized { from, to }));
    shorter.span = to;
    check(&shorter, at(6, 0), &[Some((0.55, 1.0))]);
    let mut urgent = other("urgent", Event { first_seen: at(4, 9), ..event() });
    check_among(&event(), &[urgent.clone()], at(6, 0), &[Some((0.35, 1.0))]);
    urgent.first_seen = at(1, 7);
    urgent.created_at = at(1, 7);
    check_among(&event(), &[urgent], at(6, 0), &[Some((0.9, 1.0))]);
}

fn deleted(after: Option<DateTime<Utc>>, by: DateTime<Utc>) -> Event {
    let mut event = Event { standing: Standing::Withdrawn, ..event() };
    event.trail.push((Seen { after, by }, Observation::Deleted));
    event
}

#[test]
fn deletion_counts_by_its_interval() {
    check(&deleted(Some(at(3, 8)), at(3, 9)), at(6, 0), &[Some((0.1, 1.0))]);
    check(&deleted(Some(at(4, 8)), at(5, 10)), at(6, 0), &[Some((0.1, 1.0))]);
    check(&deleted(Some(at(4, 8)), at(9, 0)), at(9, 0), &[Some((0.1, 0.5))]);
    check(&deleted(Some(at(4, 12)), at(5, 8)), at(6, 0), &[None]);
    let cancelled_in_history =
        |modified| Event { first_seen: at(20, 8), ..deleted(None, modified) };
    check(&cancelled_in_history(at(3, 8)), at(20, 8), &[Some((0.1, 1.0))]);
    check(&cancelled_in_history(at(6, 8)), at(20, 8), &[None]);
}

#[test]
fn the_persons_own_word_overrides_all() {
    let declined = Event { standing: Standing::Declined, ..event() };
    check(&declined, at(6, 0), &[Some((0.2, 1.0))]);
    check(&Event { completed: Some(true), ..declined.clone() }, at(6, 0), &[Some((0.9, 1.0))]);
    check(&Event { completed: Some(false), ..event() }, at(6, 0), &[Some((0.1, 1.0))]);
    let rated = Event { success_rating: Some(0.65), completed: Some(false), ..event() };
    check(&rated, at(6, 0), &[Some((0.65, 1.0))]);
}

#[test]
fn where_people_put_their_own_events() {
    let mut event = event();
    moved(&mut event, span(4, 14, 16), at(4, 10));
    let mut events: Events = [(event.id.clone(), event)].into();
    let context = Context { now: at(4, 10), zone: ZONE };
    let outcomes = settled_at(&mut events, context.now);
    assert_eq!(outcomes[0].placed, [(9, 1.0), (14, 1.0), (9, -0.5)]);
}

/// What the last of these weekly events adds to `placement`.
#[track_caller]
fn check_placed(change: impl Fn(u32, &mut Event), expected: &[(u8, f32)]) {
    let mut events = Events::new();
    for week in 0..3 {
        let mut event = event();
        event.id.uid = Uid::new(format!("w{week}"));
        event.span = span(4 + 7 * week, 9, 11);
        change(week, &mut event);
        events.insert(event.id.clone(), event);
    }
    let context = Context { now: at(28, 0), zone: ZONE };
    let outcomes = settled_at(&mut events, context.now);
    let placed = &outcomes.last().expect("three").placed;
    assert_eq!(placed.len(), expected.len(), "{placed:?}");
    for ((hour, share), (expected_hour, expected)) in placed.iter().zip(expected) {
        assert_eq!(hour, expected_hour);
        assert!((share - expected).abs() < 1e-6, "{share} is not {expected}");
    }
}

#[test]
fn a_standing_appointment_is_hardly_a_choice() {
    // Three returned untouched: (0 + 2 · 0.6) / 5, of which a fifth.
    check_placed(|_, _| {}, &[(9, 0.2 * 0.24)]);
    check_placed(|week, e| e.title = format!("Report {week}"), &[(9, 0.6)]);
    check_placed(|week, e| e.span = span(4 + 7 * week, 9 + week, 12), &[(11, 0.6)]);
    check_placed(|week, e| e.span = span(4 + 6 * week, 9, 11), &[(9, 0.6)]);
    check_placed(|_, e| e.recurring = true, &[(9, 0.2)]);
    check_placed(|_, e| e.attendees = 2, &[]);
}

#[test]
fn what_the_person_changes_is_theirs_to_place() {
    check_placed(|_, e| e.sequence = 1, &[(9, 1.0)]);
    // Two that were changed speak for the third.
    let changed = |week, e: &mut Event| {
        e.sequence = u32::from(week < 2);
        e.span = span(4 + 6 * week, 9, 11);
    };
    check_placed(changed, &[(9, (2.0 + 2.0 * 0.6) / 4.0)]);
    // One of three returns and was changed: it is not one of those that stand.
    check_placed(|week, e| e.sequence = u32::from(week == 2), &[(9, 1.0)]);
}

/// What the event's last placement is explained with, before it settles and after.
#[track_caller]
fn check_reason(event: &Event, others: &[Event], now: DateTime<Utc>, expected: &Reason) {
    let all = others.iter().chain([event]);
    let mut events: Events = all.map(|e| (e.id.clone(), e.clone())).collect();
    let context = Context { now, zone: ZONE };
    let last = |events: &Events| explain(events, &event.id, &context).pop().expect("a placement");
    let open = last(&events);
    assert_eq!(open.settled, None);
    let said = if expected.row.is_own_word() { expected } else { &Reason::unknown(Evidence::Open) };
    assert_eq!(open.reason, *said);
    let outcomes = settled_at(&mut events, context.now);
    let mine = outcomes.iter().rfind(|o| o.event == event.id).expect("it settled");
    assert_eq!((&mine.reason, mine.settlement.signal), (expected, expected.signal()));
    assert_eq!(last(&events).reason, *expected);
}

#[test]
fn every_outcome_says_why() {
    let check = |event: &Event, row, evidence: &[Evidence]| {
        let expected = Reason::new(row, evidence.to_vec());
        check_reason(event, &[], at(20, 8), &expected);
    };
    let history = Event { first_seen: at(20, 8), ..event() };
    check(&event(), Row::Kept, &[]);
    check(&history, Row::Kept, &[Evidence::History]);
    let invited = Event { role: Role::Invited, recurring: true, ..event() };
    check(&invited, Row::Kept, &[Evidence::NeverAnswered]);
    check(&Event { answered: true, ..invited }, Row::Kept, &[Evidence::Answered]);
    check(&deleted(Some(at(4, 8)), at(9, 0)), Row::Deleted, &[Evidence::PerhapsOver]);
    check(&deleted(Some(at(4, 12)), at(5, 8)), Row::Unknown, &[Evidence::TidiedUp]);
    check(&Event { completed: Some(true), ..event() }, Row::Done, &[]);
    check(&Event { success_rating: Some(0.65), ..event() }, Row::Rated(0.65), &[]);
    let proposal = Event { role: Role::Suggested, ..event() };
    check(&proposal, Row::Unknown, &[Evidence::NobodyThere]);
    let urgent = other("urgent", Event { first_seen: at(4, 9), ..event() });
    let overlapped = [Evidence::LaterBooking(urgent.id.clone())];
    let expected = Reason::new(Row::Overlapped, overlapped);
    check_reason(&event(), &[urgent], at(20, 8), &expected);
}

#[test]
fn what_settled_under_another_view_says_so() {
    let context = Context { now: at(20, 8), zone: ZONE };
    let mut events: Events = [(event().id, event())].into();
    settled_at(&mut events, context.now);
    let late = other("late", Event { first_seen: at(20, 9), ..event() });
    events.insert(late.id.clone(), late);
    let explained = explain(&events, &event().id, &context);
    assert_eq!(explained[0].reason, Reason::new(Row::Kept, [Evidence::KnownThen]));
    assert!(
        explain(&events, &EventId { uid: Uid::new("?"), recurrence_id: None }, &context).is_empty()
    );
}

/// Another event, by UID and title.
pub(super) fn other(name: &str, event: Event) -> Event {
    let id = EventId { uid: Uid::new(name), recurrence_id: None };
    Event { id, title: name.into(), ..event }
}

#[test]
fn of_two_at_one_time_the_later_or_the_one_with_others_happened() {
    let check = |event: &Event, beside: &Event, row, evidence: &[Evidence]| {
        let expected = Reason::new(row, evidence.to_vec());
        check_reason(event, std::slice::from_ref(beside), at(20, 8), &expected);
    };
    let twin = other("twin", event());
    let named = || twin.id.clone();
    check(&event(), &twin, Row::Kept, &[Evidence::DoubleBooked(named())]);
    let meeting = Event { attendees: 3, ..twin.clone() };
    check(&event(), &meeting, Row::Unknown, &[Evidence::WithOthersInstead(named())]);
    check(&meeting, &event(), Row::Kept, &[]);
    let later = Event { created_at: at(3, 8), ..twin.clone() };
    check(&event(), &later, Row::Overlapped, &[Evidence::LaterBooking(named())]);
    check(&later, &event(), Row::Kept, &[]);
    let unanswered = Event { role: Role::Invited, ..later };
    check(&event(), &unanswered, Row::Overlapped, &[Evidence::UnansweredOver(named())]);
    // The same event in a second calendar, and what only touches.
    check(&event(), &Event { title: event().title, ..twin.clone() }, Row::Kept, &[]);
    let end = at(4, 9) + TimeDelta::minutes(10);
    let touching = Event { span: Span::Timed { start: at(4, 8), end }, ..twin };
    check(&event(), &touching, Row::Kept, &[]);
}

#[test]
fn history_says_what_its_last_change_says() {
    let history = Event { first_seen: at(20, 8), task_type: Some(1), ..event() };
    let usual =
        |day| other(&format!("on {day}"), Event { span: span(day, 9, 11), ..history.clone() });
    let usual: Vec<Event> = (5..9).map(usual).collect();
    let check = |to: u32, changed: DateTime<Utc>, row| {
        let (last_modified, span) = (Some(changed), span(4, 9, to));
        let event = Event { sequence: 1, last_modified, span, ..history.clone() };
        check_reason(&event, &usual, at(20, 8), &Reason::new(row, [Evidence::History]));
    };
    check(10, at(4, 10), Row::Shortened);
    check(12, at(4, 12), Row::Extended);
    check(11, at(4, 10), Row::Kept);
    check(10, at(3, 10), Row::Kept);
}

#[test]
fn a_series_nobody_ever_changed_is_weak_evidence() {
    let occurrence = |day: u32| {
        let mut event = Event { recurring: true, span: span(day, 9, 11), ..event() };
        event.id.recurrence_id = Some(format!("202603{day:02}T090000Z"));
        event
    };
    let mut rest: Vec<Event> = (5..9).map(occurrence).collect();
    let untouched = Reason::new(Row::Kept, [Evidence::NeverTouched]);
    check_reason(&occurrence(4), &rest, at(20, 8), &untouched);
    rest[0].completed = Some(true);
    check_reason(&occurrence(4), &rest, at(20, 8), &Reason::new(Row::Kept, []));
    check_reason(&occurrence(4), &rest[..2], at(20, 8), &Reason::new(Row::Kept, []));
}
