//! Any bytes as calendar objects, expanded: the bounds hold, the order holds, and two halves of a
//! window show what the whole shows.
#![no_main]

use chrono::{TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use chronotype::event::ical::{self, ObjectResource};
use chronotype::event::recurrence::{OCCURRENCES_MAX, Occurrence, occurrences};
use chronotype::event::{Span, Window};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

/// Objects expanded of one input: the bound is one of each object.
const OBJECTS_MAX: usize = 2;
/// Longer series are bounded and in order; their halves are not looked at.
const ROWS_MAX: usize = 2_000;
/// The person's zone: one with gaps, overlaps and a skipped day.
const PERSON: Tz = Tz::Pacific__Apia;

fuzz_target!(|bytes: &[u8]| {
    let parsed = ical::parse(&ical::decode(bytes));
    for object in parsed.objects.iter().take(OBJECTS_MAX) {
        let Some(event) = object.events.first() else { continue };
        let first = event.start.instant(PERSON);
        // Around its start, and a window that daily work looks at.
        let near = first - TimeDelta::days(30);
        let now = Utc.with_ymd_and_hms(2026, 3, 1, 10, 0, 0).single().unwrap_or_default();
        for from in [near, now] {
            halves_make_a_whole(object, from);
        }
    }
});

type Row = (Option<String>, Span);

fn look(object: &ObjectResource, from: i64, to: i64) -> (BTreeSet<Row>, bool) {
    let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0);
    let (Some(from), Some(to)) = (at(from), at(to)) else { return (BTreeSet::new(), true) };
    let window = Window { from, to };
    let (found, problems) = occurrences(object, window, PERSON);
    assert!(found.len() <= OCCURRENCES_MAX, "{} occurrences", found.len());
    let start = |o: &Occurrence<'_>| o.span.start_instant(PERSON);
    assert!(found.is_sorted_by_key(start), "out of order");
    assert!(found.iter().all(|o| o.span.overlaps(window, PERSON)), "outside the window");
    let rows = found.iter().map(|o| (o.recurrence_id.clone(), o.span)).collect();
    (rows, !problems.is_empty())
}

fn halves_make_a_whole(object: &ObjectResource, from: chrono::DateTime<Utc>) {
    const DAY: i64 = 86_400;
    let from = from.timestamp();
    let (middle, to) = (from + 100 * DAY, from + 400 * DAY);
    let (whole, cut) = look(object, from, to);
    if whole.len() > ROWS_MAX {
        return;
    }
    let (mut both, first_cut) = look(object, from, middle);
    let (second, second_cut) = look(object, middle, to);
    both.extend(second);
    if !cut && !first_cut && !second_cut {
        assert_eq!(whole, both);
    }
}
