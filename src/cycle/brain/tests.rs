//! What a turn makes of titles, whatever their order and whoever embedded them before.

use super::*;
use crate::event::{CollectionId, Guest, Role, Standing, Uid};
use crate::task::classify::Calibration;
use crate::task::{Category, Embedding};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::sync::LazyLock;

static BRAIN: LazyLock<Brain> = LazyLock::new(|| Brain::local().unwrap());

const TITLES: [&str; 8] = [
    "Standup",
    "Daily stand-up",
    "busy",
    "Zahnarzt",
    "Dentist",
    "Write design doc: Atlas",
    "Design doc for Borealis",
    "Team lunch",
];

/// A meeting, another one, and something like the first.
const MEETS: [&str; 3] = ["Budget planning", "Guitar lesson", "Forecast"];

fn event(number: usize, title: usize, hour: i64) -> Event {
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hour);
    Event {
        id: EventId { uid: Uid::new(format!("e{number:03}")), recurrence_id: None },
        collection: CollectionId::new("home/work"),
        title: TITLES[title].to_owned(),
        span: Span::Timed { start, end: start + TimeDelta::minutes(30) },
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
    }
}

fn sorted(events: &[Event], ids: &[EventId]) -> Person {
    let events = events.iter().map(|e| (e.id.clone(), e.clone())).collect();
    let mut person = Person { events: Arc::new(events), ..Person::default() };
    BRAIN.classify(&mut person, ids, Tz::UTC, &mut Report::default());
    person
}

/// Letters counted: nothing like the vectors of the binary.
struct Letters;

impl Embedder for Letters {
    fn embed(&self, titles: &[&str]) -> Vec<Embedding> {
        let count = |title: &&str| {
            let mut sums = vec![0.0f32; 26];
            for byte in title.bytes().filter(u8::is_ascii_lowercase) {
                sums[usize::from(byte - b'a')] += 1.0;
            }
            let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt();
            Embedding(sums.into_iter().map(|x| x / length.max(1.0)).collect())
        };
        titles.iter().map(count).collect()
    }

    fn calibration(&self) -> Calibration {
        Calibration { reuse_at: 0.9, slope: 9.0 }
    }
}

#[test]
fn another_embedder_embeds_anew_and_keeps_everything() {
    let events: Vec<Event> = (0..8).map(|n| event(n, n, n as i64)).collect();
    let ids: Vec<EventId> = events.iter().map(|e| e.id.clone()).collect();
    let before = sorted(&events, &ids);
    assert!(before.types.by_id.len() >= 3, "{:?}", before.types.by_title);
    let other = Brain { embedder: Box::new(Letters), is_local: false, ..BRAIN.with_vectors(None) };
    let mut after = before.clone();
    other.classify(&mut after, &[], Tz::UTC, &mut Report::default());
    let mut exemplars = after.types.by_id.values().flat_map(|kind| &kind.exemplars);
    assert!(exemplars.all(|e| e.embedding == other.embed(&e.title)));
    // And back: nothing but the vectors ever differed.
    assert_ne!(after, before);
    BRAIN.classify(&mut after, &[], Tz::UTC, &mut Report::default());
    assert_eq!(after, before);
}

#[test]
fn what_is_related_to_a_series_is_of_its_type() {
    let series = Event { recurring: true, ..event(0, 0, 9) };
    let uid = series.id.uid.clone();
    let related = Event { related_to: Some(uid), ..event(1, 7, 12) };
    let ids = [series.id.clone(), related.id.clone()];
    let person = sorted(&[series, related], &ids);
    let types: Vec<_> = person.events.values().map(|e| e.task_type).collect();
    assert_eq!(types, [Some(0), Some(0)]);
}

/// Titles that mean half of the same: who takes part and where they lie brings them together.
#[test]
fn whom_they_meet_and_in_which_calendar_counts() {
    let other = CollectionId::new("home/private");
    let mut person = Person::default();
    let meet = |person: &mut Person, number: usize, title: &str, calendar: &CollectionId, who| {
        let event = Event {
            title: title.to_owned(),
            collection: calendar.clone(),
            attendees: 1,
            ..event(number, 0, number as i64 * 24 + 10)
        };
        let id = event.id.clone();
        let guests = &mut Arc::make_mut(&mut person.guests).by_object;
        guests.insert(id.hash(), vec![who]);
        Arc::make_mut(&mut person.events).insert(id.clone(), event);
        BRAIN.classify(person, std::slice::from_ref(&id), Tz::UTC, &mut Report::default());
        person.events[&id].task_type.unwrap()
    };
    let (work, ines, jo) = (CollectionId::new("home/work"), Guest(1), Guest(2));
    for number in 0..12 {
        match number % 2 {
            0 => meet(&mut person, number, MEETS[0], &work, ines),
            _ => meet(&mut person, number, MEETS[1], &other, jo),
        };
    }
    let mut apart = person.clone();
    let kind = person.events.values().next().unwrap().task_type.unwrap();
    assert_eq!(meet(&mut person, 20, MEETS[2], &work, ines), kind);
    assert_ne!(meet(&mut apart, 20, MEETS[2], &other, jo), kind);
}

#[test]
fn a_title_that_says_nothing_opens_no_type() {
    let busy = event(0, 2, 9);
    let ids = [busy.id.clone()];
    let person = sorted(&[busy], &ids);
    assert!(person.types.by_id.is_empty());
    assert!(person.events.values().all(|e| e.task_type.is_none()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_order_of_a_listing_does_not_matter(
        drawn in proptest::collection::vec((0..TITLES.len(), 0i64..6), 1..16),
        seed: u64,
    ) {
        let numbered = drawn.iter().enumerate();
        let events: Vec<Event> = numbered.map(|(n, (t, h))| event(n, *t, *h)).collect();
        let ids: Vec<EventId> = events.iter().map(|e| e.id.clone()).collect();
        let mut other = ids.clone();
        let len = other.len() as u64;
        other.rotate_left((seed % len) as usize);
        if seed & 1 == 0 {
            other.reverse();
        }
        prop_assert_eq!(sorted(&events, &ids), sorted(&events, &other));
    }
}

/// The insight that demanding work fails in the afternoon.
fn afternoons(confidence: f32) -> crate::memory::graph::Draft {
    use crate::memory::graph::{Draft, Kind, Node};
    Draft {
        kind: Kind::AfternoonFailures,
        about: vec![Node::DayPart { from: 13, to: 18 }, Node::Category("focused".into())],
        sentence: "Demanding work fails more often in the afternoon.".into(),
        evidence: Vec::new(),
        counts: (20, 30),
        confidence,
        valid_from: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_new_demanding_type_starts_lower_where_such_work_was_found_to_fail() {
    let prior = |person: &mut Person, title: &str| {
        let id = BRAIN.type_of(person, title);
        (person.types.by_id[&id].category, person.types.by_id[&id].hours.prior)
    };
    let (mut plain, mut warned) = (Person::default(), Person::default());
    warned.memory.add(afternoons(0.8), DateTime::UNIX_EPOCH);
    for (title, demanding) in [("Write the thesis", true), ("Steuerbescheid ablegen", false)] {
        let (category, expected) = prior(&mut plain, title);
        let (_, found) = prior(&mut warned, title);
        assert_eq!(category == Category::Focused, demanding, "{title}: {category:?}");
        for hour in 0..24 {
            let lower = if demanding && (13..18).contains(&hour) { 0.12 } else { 0.0 };
            let off = expected[hour] - lower - found[hour];
            assert!(off.abs() < 1e-6, "{title} at {hour}: {off}");
        }
    }
    // What it started from stays its own: learned anew it is the same, whatever is believed then.
    let before = warned.types.clone();
    warned.memory.erase(0);
    let kinds = warned.types.by_id.keys().copied().collect();
    let Person { types, events, journal, .. } = &mut warned;
    crate::task::replay::rebuild(types, &kinds, events, journal, Tz::UTC);
    assert_eq!(*types, before);
}
