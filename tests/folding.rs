//! Stories of one calendar object over several listings, and what they teach.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use chronotype::event::change::{Change, Context, Origin, Remover};
use chronotype::event::fold::fold;
use chronotype::event::{CollectionId, Events, Seen, Standing, Uid, Whereabouts, Window, ical};
use chronotype::task::{Types, infer};

const ZONE: Tz = Tz::Europe__Berlin;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2026-{text}:00Z")).unwrap().to_utc()
}

/// One person's tier 1 and the listings it has seen.
struct Story {
    events: Events,
    previous: Option<DateTime<Utc>>,
    taught: Vec<(String, f32)>,
}

impl Story {
    fn new() -> Self {
        Self { events: Events::new(), previous: None, taught: Vec::new() }
    }

    /// A listing at `now` shows these properties in the one VEVENT with UID `x` (further VEVENTs
    /// after a line `--`), or nothing at all when empty.
    fn listing(&mut self, now: &str, properties: &str) -> &mut Self {
        let now = at(now);
        let components: String = properties
            .split("--")
            .map(|c| {
                let lines: Vec<&str> = c.split_whitespace().collect();
                format!("BEGIN:VEVENT\r\nUID:x\r\n{}\r\nEND:VEVENT\r\n", lines.join("\r\n"))
            })
            .collect();
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{components}END:VCALENDAR\r\n");
        let parsed = ical::parse(&text);
        let collection = CollectionId::new("home/work");
        let uid = Uid::new("x");
        let change = match parsed.objects.first() {
            Some(object) if !properties.trim().is_empty() => {
                assert_eq!(parsed.problems, [], "the story itself must be sound");
                let (origin, previous) = (Origin::Foreign, self.previous);
                Change::Present { collection: &collection, object, origin, previous }
            }
            _ => Change::Vanished {
                uid: &uid,
                seen: Seen { after: self.previous, by: now },
                by: Remover::Person,
            },
        };
        let window = Window { from: at("01-01T00:00"), to: at("05-01T00:00") };
        let context = Context { now, zone: ZONE, window, addresses: &["me@example.org".into()] };
        let twice = [change.clone(), change];
        fold(&mut self.events, &twice, &context);
        let moment = infer::Context { now, zone: ZONE };
        let home = Whereabouts::new(ZONE, Vec::new());
        for outcome in infer::settle(&mut self.events, &Types::default(), &moment, &home, &|_| true)
        {
            if let Some(signal) = outcome.settlement.signal {
                self.taught.push((outcome.start.format("%m-%dT%H:%M").to_string(), signal.value));
            }
        }
        self.previous = Some(now);
        self
    }

    #[track_caller]
    fn taught(&self, expected: &[(&str, f32)]) -> &Self {
        let taught: Vec<(&str, f32)> = self.taught.iter().map(|(s, v)| (s.as_str(), *v)).collect();
        assert_eq!(taught, expected);
        self
    }
}

const PLAIN: &str = "SUMMARY:Report DTSTART:20260304T090000Z DTEND:20260304T110000Z";
const WEEKLY: &str =
    "SUMMARY:Gym DTSTART:20260302T170000Z DTEND:20260302T180000Z RRULE:FREQ=WEEKLY;COUNT=6";

#[test]
fn kept_and_nothing_more() {
    Story::new()
        .listing("03-01T08:00", PLAIN)
        .listing("03-05T12:00", PLAIN)
        .listing("03-06T12:00", PLAIN)
        .taught(&[("03-04T09:00", 0.9)]);
}

#[test]
fn a_single_event_is_kept_however_far_ahead_and_moving_it_there_is_no_deletion() {
    let far = PLAIN.replace("202603", "202609");
    let mut story = Story::new();
    story.listing("03-01T08:00", &far);
    assert_eq!(story.events.len(), 1, "beyond the window, and read only once");
    let mut story = Story::new();
    story.listing("03-01T08:00", PLAIN).listing("03-03T08:00", &far);
    story.taught(&[("03-04T09:00", 0.2)]);
}

#[test]
fn moved_to_another_day_then_kept_there() {
    let moved = PLAIN.replace("20260304", "20260305");
    Story::new()
        .listing("03-01T08:00", PLAIN)
        .listing("03-03T08:00", &moved)
        .listing("03-09T08:00", &moved)
        .taught(&[("03-04T09:00", 0.2), ("03-05T09:00", 0.9)]);
}

#[test]
fn deleted_before_its_start_and_deleted_after_its_end() {
    Story::new()
        .listing("03-01T08:00", PLAIN)
        .listing("03-03T08:00", "")
        .taught(&[])
        .to_owned_end("03-06T08:00")
        .taught(&[("03-04T09:00", 0.1)]);
    Story::new()
        .listing("03-01T08:00", PLAIN)
        .listing("03-04T12:00", PLAIN)
        .listing("03-05T08:00", "")
        .to_owned_end("03-06T08:00")
        .taught(&[]);
}

impl Story {
    /// Time passes until `now` with the object gone.
    fn to_owned_end(&self, now: &str) -> Story {
        let mut later = Story {
            events: self.events.clone(),
            previous: self.previous,
            taught: self.taught.clone(),
        };
        later.listing(now, "");
        later
    }
}

#[test]
fn restored_before_it_settled() {
    Story::new()
        .listing("03-01T08:00", PLAIN)
        .listing("03-02T08:00", "")
        .listing("03-03T08:00", PLAIN)
        .listing("03-06T08:00", PLAIN)
        .taught(&[("03-04T09:00", 0.9)]);
}

#[test]
fn a_series_learns_each_occurrence_and_an_excluded_one_is_a_deletion() {
    let excluded = format!("{WEEKLY} EXDATE:20260309T170000Z");
    Story::new()
        .listing("03-01T08:00", WEEKLY)
        .listing("03-04T08:00", WEEKLY)
        .listing("03-08T08:00", &excluded)
        .listing("03-18T08:00", &excluded)
        .taught(&[("03-02T17:00", 0.9), ("03-09T17:00", 0.1), ("03-16T17:00", 0.9)]);
}

#[test]
fn one_occurrence_moved_by_an_override() {
    let moved = format!(
        "{WEEKLY} -- SUMMARY:Gym RECURRENCE-ID:20260309T170000Z DTSTART:20260309T190000Z \
         DTEND:20260309T200000Z"
    );
    Story::new()
        .listing("03-01T08:00", WEEKLY)
        .listing("03-05T08:00", &moved)
        .listing("03-12T08:00", &moved)
        .taught(&[("03-02T17:00", 0.9), ("03-09T17:00", 0.3), ("03-09T19:00", 0.9)]);
}

#[test]
fn the_shift_of_a_whole_series_is_one_signal() {
    let shifted = WEEKLY.replace("T17", "T19").replace("T18", "T20");
    let mut story = Story::new();
    story
        .listing("03-01T08:00", WEEKLY)
        .listing("03-04T08:00", WEEKLY)
        .listing("03-05T08:00", &shifted)
        .listing("03-12T08:00", &shifted);
    story.taught(&[("03-02T17:00", 0.9), ("03-09T17:00", 0.3), ("03-09T19:00", 0.9)]);
    let past = story.events.values().filter(|e| e.span.start_instant(ZONE) < at("03-05T08:00"));
    assert_eq!(past.count(), 1, "the past of an edited series is not rewritten");
}

/// Also when one occurrence alone is left ahead, or none.
#[test]
fn an_edit_of_a_series_says_nothing_about_what_lies_behind() {
    let twice = WEEKLY.replace("COUNT=6", "COUNT=2");
    let shifted = twice.replace("T17", "T19").replace("T18", "T20");
    Story::new()
        .listing("03-01T08:00", &twice)
        .listing("03-02T19:30", &twice)
        .listing("03-02T20:00", &shifted)
        .listing("03-20T08:00", &shifted)
        .taught(&[("03-09T17:00", 0.3), ("03-09T19:00", 0.9)]);
    let once = WEEKLY.replace("COUNT=6", "COUNT=1");
    let next = once.replace("20260302", "20260309");
    Story::new()
        .listing("03-01T08:00", &once)
        .listing("03-02T20:00", &next)
        .listing("03-20T08:00", &next)
        .taught(&[("03-09T17:00", 0.9)]);
}

/// Two that are taken out are two decisions, and the rest of the series stands.
#[test]
fn excluded_occurrences_are_deletions_each() {
    let excluded = format!("{WEEKLY} EXDATE:20260309T170000Z EXDATE:20260316T170000Z");
    Story::new()
        .listing("03-01T08:00", WEEKLY)
        .listing("03-04T08:00", WEEKLY)
        .listing("03-08T08:00", &excluded)
        .listing("03-25T08:00", &excluded)
        .taught(&[
            ("03-02T17:00", 0.9),
            ("03-09T17:00", 0.1),
            ("03-16T17:00", 0.1),
            ("03-23T17:00", 0.9),
        ]);
}

#[test]
fn the_end_of_a_series_is_one_signal() {
    Story::new()
        .listing("03-01T08:00", WEEKLY)
        .listing("03-05T08:00", "")
        .listing("04-20T08:00", "")
        .taught(&[("03-09T17:00", 0.1)]);
    Story::new()
        .listing("03-01T08:00", WEEKLY)
        .listing("03-04T08:00", WEEKLY)
        .listing("03-05T08:00", "")
        .listing("04-20T08:00", "")
        .taught(&[("03-02T17:00", 0.9), ("03-09T17:00", 0.1)]);
}

#[test]
fn an_event_that_becomes_a_series_keeps_its_trail() {
    let series = format!("{PLAIN} RRULE:FREQ=WEEKLY;COUNT=2");
    let mut story = Story::new();
    story.listing("03-01T08:00", PLAIN).listing("03-02T08:00", &series);
    assert_eq!(story.events.len(), 2);
    assert!(story.events.values().all(|e| e.standing == Standing::Scheduled));
    story.listing("03-06T08:00", &series).taught(&[("03-04T09:00", 0.9)]);
}

#[test]
fn invitations_are_declined_and_cancelled() {
    let invited =
        format!("{PLAIN} ORGANIZER:mailto:boss@example.org ATTENDEE:mailto:ME@example.org");
    let declined = invited.replace("ATTENDEE:", "ATTENDEE;PARTSTAT=DECLINED:");
    Story::new()
        .listing("03-01T08:00", &invited)
        .listing("03-02T08:00", &declined)
        .listing("03-06T08:00", &declined)
        .taught(&[("03-04T09:00", 0.2)]);
    let cancelled = format!("{invited} STATUS:CANCELLED");
    Story::new()
        .listing("03-01T08:00", &invited)
        .listing("03-02T08:00", &cancelled)
        .listing("03-06T08:00", &cancelled)
        .taught(&[]);
}

#[test]
fn marks_that_come_after_settling_are_kept_but_not_relearned() {
    let marked = PLAIN.replace("Report", "✗Report");
    let mut story = Story::new();
    story
        .listing("03-01T08:00", PLAIN)
        .listing("03-06T08:00", PLAIN)
        .listing("03-07T08:00", &marked);
    story.taught(&[("03-04T09:00", 0.9)]);
    assert_eq!(story.events.values().next().unwrap().completed, Some(false));
}

#[test]
fn cancelled_in_a_history_without_a_trail_is_timed_by_last_modified() {
    let before = format!("{PLAIN} STATUS:CANCELLED LAST-MODIFIED:20260303T080000Z");
    Story::new().listing("03-20T08:00", &before).taught(&[("03-04T09:00", 0.1)]);
    let after = format!("{PLAIN} STATUS:CANCELLED LAST-MODIFIED:20260306T080000Z");
    Story::new().listing("03-20T08:00", &after).taught(&[]);
    let history = PLAIN;
    let mut story = Story::new();
    story.listing("03-20T08:00", history).taught(&[("03-04T09:00", 0.9)]);
    let weight = story.events.values().next().unwrap().settled[0].signal.unwrap().weight;
    assert!((weight - 0.5).abs() < f32::EPSILON, "history is weak evidence");
}

/// Rules that never come to an end share what they may cost; what is honest is read all the same.
#[test]
fn many_hostile_series_cost_together_what_a_few_do() {
    let parse = |uid: &str, rule: &str| {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n{rule}\r\nEND:VEVENT\
             \r\nEND:VCALENDAR\r\n"
        );
        ical::parse(&text).objects.remove(0)
    };
    let bomb = |n| {
        let rule = "DTSTART:20250302T080000Z\r\nRRULE:FREQ=SECONDLY;COUNT=4000000000";
        parse(&format!("bomb{n}"), rule)
    };
    let mut objects: Vec<_> = (0..60).map(bomb).collect();
    // Two of its occurrences lie in the window, at the end of a long way.
    let costly = "DTSTART:20251231T183000Z\r\nRRULE:FREQ=SECONDLY;COUNT=19802";
    objects.push(parse("costly", costly));
    objects.push(parse("daily", "DTSTART:20200101T080000Z\r\nRRULE:FREQ=DAILY"));
    let fold_from = |first: usize| {
        let collection = CollectionId::new("home/work");
        let present = |object| {
            let (origin, previous) = (Origin::Foreign, None);
            Change::Present { collection: &collection, object, origin, previous }
        };
        let changes: Vec<Change<'_>> = objects[first..].iter().map(present).collect();
        let window = Window { from: at("01-01T00:00"), to: at("05-01T00:00") };
        let context = Context { now: at("03-01T00:00"), zone: ZONE, window, addresses: &[] };
        let mut events = Events::new();
        let folded = fold(&mut events, &changes, &context);
        let of = |uid: &str| events.keys().filter(|id| id.uid.as_str() == uid).count();
        (of("costly"), of("daily"), folded.problems.len())
    };
    assert_eq!(fold_from(60), (2, 120, 0), "among themselves");
    assert_eq!(fold_from(0), (0, 120, 61), "behind sixty bombs");
}

/// Of a meeting every minute those about now are kept, and it is said; what was taken out of it by
/// dates one by one is told from what left with its rule.
#[test]
fn a_series_that_fills_the_days_is_cut() {
    let mut story = Story::new();
    let collection = CollectionId::new("home/work");
    let mut look = |now: &str, lines: &str| {
        let text = format!("BEGIN:VEVENT\nUID:x\nSUMMARY:x\n{lines}\nEND:VEVENT\n");
        let object = ical::parse(&text).objects.remove(0);
        let (origin, previous) = (Origin::Foreign, story.previous);
        let change = Change::Present { collection: &collection, object: &object, origin, previous };
        let window = Window { from: at("01-01T00:00"), to: at("05-01T00:00") };
        let context = Context { now: at(now), zone: ZONE, window, addresses: &[] };
        let folded = fold(&mut story.events, &[change], &context);
        story.previous = Some(at(now));
        (story.events.len(), folded.problems.len())
    };
    let minutely = "DTSTART:20260101T000000Z\nDURATION:PT1M\nRRULE:FREQ=MINUTELY;COUNT=16000";
    assert_eq!(look("01-10T12:00", minutely), (1_000, 1));
    let (minute, day) = (chrono::TimeDelta::minutes(1), at("01-10T12:30"));
    let taken_out = (0..3_000).map(|n| (day + minute * n).format("%Y%m%dT%H%M%SZ").to_string());
    let exdates = format!("{minutely}\nEXDATE:{}", taken_out.collect::<Vec<_>>().join(","));
    look("01-10T12:05", &exdates);
    let gone = |e: &&chronotype::event::Event| e.standing == Standing::Withdrawn;
    assert_eq!(story.events.values().filter(gone).count(), 470, "those after half past");
}
