//! Any bytes as an iCalendar stream: they are survived, what is told of them is bounded, and the
//! texts in them come back unharmed from what we write.
#![no_main]

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use chronotype::event::ical::{self, BlockText, EventComponent, PROBLEMS_MAX};
use chronotype::event::{Span, Stamp, Uid};
use libfuzzer_sys::fuzz_target;

/// Blocks written of one input.
const BLOCKS_MAX: usize = 50;

fuzz_target!(|bytes: &[u8]| {
    let text = ical::decode(bytes);
    let parsed = ical::parse(&text);
    assert!(parsed.problems.len() <= PROBLEMS_MAX, "{} problems", parsed.problems.len());
    let lines = text.split(['\r', '\n']).count();
    for line in parsed.problems.iter().filter_map(|p| p.line) {
        assert!((1..=lines).contains(&line), "line {line} of {lines}");
    }
    for object in &parsed.objects {
        let masters = object.events.iter().filter(|e| e.recurrence_id.is_none()).count();
        assert!(masters <= 1, "{masters} masters");
        object.events.iter().for_each(clocks_hold);
    }
    let events = parsed.objects.iter().flat_map(|o| o.events.iter().map(|e| (&o.uid, e)));
    let blocks: Vec<BlockText> =
        events.take(BLOCKS_MAX).enumerate().map(|(n, (uid, e))| block(n, uid, e)).collect();
    written_comes_back(&blocks);
});

/// A zone shows a time for the moment it gives, at most a gap away.
fn clocks_hold(event: &EventComponent) {
    let Stamp::Zoned(local, zone) = &event.start else { return };
    let shown = zone.wall(zone.instant(*local));
    assert!((shown - *local).abs() <= TimeDelta::days(4), "{local} is shown as {shown}");
}

fn block(number: usize, uid: &Uid, event: &EventComponent) -> BlockText {
    // What we write lies near the present.
    let at = event.start.instant(Tz::UTC).timestamp().rem_euclid(4_000_000_000);
    let start = DateTime::from_timestamp(at, 0).unwrap_or_default();
    BlockText {
        uid: Uid::new(format!("chronotype-{number}")),
        summary: event.summary.clone(),
        description: event.description.clone(),
        span: Span::Timed { start, end: start + TimeDelta::minutes(45) },
        related_to: Some(uid.clone()),
        marks: event.marks.clone(),
        painted: None,
        transparency: Transparency::Transparent,
        sequence: event.sequence,
        stamp: start,
    }
}

/// What was written is read without a complaint, and writing that again gives the same bytes.
fn written_comes_back(blocks: &[BlockText]) {
    let text = ical::write(blocks);
    for line in text.split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    let parsed = ical::parse(&text);
    assert_eq!(parsed.problems, [], "{text}");
    assert_eq!(parsed.objects.len(), blocks.len(), "{text}");
    let again: Vec<BlockText> = parsed
        .objects
        .iter()
        .zip(blocks)
        .filter_map(|(object, block)| {
            let event = object.events.first()?;
            let related_to = event.related_to.clone();
            let uid = object.uid.clone();
            let (summary, description) = (event.summary.clone(), event.description.clone());
            let (marks, sequence) = (event.marks.clone(), event.sequence);
            let (span, stamp) = (block.span, block.stamp);
            assert_eq!(event.start.instant(Tz::UTC), span.start_instant(Tz::UTC), "{text}");
            Some(BlockText {
                uid,
                summary,
                description,
                span,
                related_to,
                marks,
                painted: None,
        transparency: Transparency::Transparent,
                sequence,
                stamp,
            })
        })
        .collect();
    assert_eq!(ical::write(&again), text);
}
