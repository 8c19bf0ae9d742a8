//! What events and series mean: occurrences, answers, kinds, marks.

use super::{WORK, account, list, march, put_series};
use crate::calendar_contract::{Kept, changed, work};
use crate::support::google::{Fake, PERSON};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use chronotype::calendar::{Calendar, Listing};
use chronotype::event::ical::{self, EventComponent, PartStat, Status, Transparency};
use chronotype::event::{Window, recurrence};
use serde_json::{Value, json};

fn window() -> Window {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    Window { from: at("2026-01-01T00:00:00Z"), to: at("2027-01-01T00:00:00Z") }
}

/// Starts of all occurrences in a text, and their places in the series.
fn starts(body: &str) -> Vec<String> {
    let parsed = ical::parse(body);
    assert_eq!(parsed.problems, []);
    let [object] = parsed.objects.as_slice() else { panic!("{body}") };
    let (found, problems) = recurrence::occurrences(object, window(), Tz::Europe__Berlin);
    assert_eq!(problems, []);
    let text = |o: &recurrence::Occurrence<'_>| {
        let start = o.span.start_instant(Tz::Europe__Berlin).format("%m-%dT%H:%M");
        format!("{} {start}", o.recurrence_id.as_deref().unwrap_or("-"))
    };
    found.iter().map(text).collect()
}

/// The text under an href, of a listing.
#[track_caller]
fn body<'a>(listing: &'a Listing, id: &str) -> &'a str {
    let found = listing.changed.iter().find(|one| one.href.as_str() == id);
    &found.unwrap_or_else(|| panic!("{id} in {:?}", changed(listing))).body
}

#[track_caller]
fn component(listing: &Listing, id: &str) -> EventComponent {
    let parsed = ical::parse(body(listing, id));
    assert_eq!(parsed.problems, [], "{id}");
    parsed.objects[0].events[0].clone()
}

#[tokio::test]
async fn a_series_is_one_object_with_its_exceptions() {
    let fake = Fake::start();
    // Google shows times in the calendar's zone, whatever the series recurs in.
    fake.set_zone(WORK, "America/New_York");
    put_series(&fake, "series");
    fake.except(WORK, "series", march(9, 9), json!({"start": march(10, 14), "end": march(10, 15)}));
    fake.cancel_day(WORK, "series", march(16, 9));
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    let listing = kept.ask(&google, &work).await;
    let caldav = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:series@google.com\r\n\
        DTSTART;TZID=Europe/Berlin:20260302T090000\r\nDTEND;TZID=Europe/Berlin:20260302T100000\r\n\
        RRULE:FREQ=WEEKLY;COUNT=8\r\nEXDATE;TZID=Europe/Berlin:20260316T090000\r\n\
        SUMMARY:Weekly\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:series@google.com\r\n\
        RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000\r\nSUMMARY:Weekly\r\n\
        DTSTART;TZID=Europe/Berlin:20260310T140000\r\nDTEND;TZID=Europe/Berlin:20260310T150000\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";
    let (ours, theirs) = (starts(body(&listing, "series")), starts(caldav));
    assert_eq!(ours, theirs);
    // Seven days, one of them moved; from the end of March on an hour earlier in UTC.
    assert_eq!(ours.len(), 7);
    assert!(ours[1].ends_with("03-10T13:00") && ours[3].ends_with("03-30T07:00"), "{ours:?}");
    let same = ical::parse(body(&listing, "series")).objects;
    let other = ical::parse(caldav).objects;
    for (ours, theirs) in same[0].events.iter().zip(&other[0].events) {
        assert_eq!((&ours.start, &ours.end), (&theirs.start, &theirs.end));
        assert_eq!(ours.recurrence_id, theirs.recurrence_id);
        assert_eq!((&ours.rules, &ours.exdates), (&theirs.rules, &theirs.exdates));
    }
    assert_eq!((same[0].uid.clone(), same[0].events.len()), (other[0].uid.clone(), 2));
}

#[tokio::test]
async fn a_changed_exception_brings_its_whole_series() {
    let fake = Fake::start();
    put_series(&fake, "series");
    fake.cancel_day(WORK, "series", march(16, 9));
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    let mut now = starts(body(&kept.ask(&google, &work).await, "series"));
    assert_eq!(now.len(), 7);
    let first = kept.known.clone();

    // One request for the delta, one for the series.
    fake.except(WORK, "series", march(9, 9), json!({"start": march(9, 14), "end": march(9, 15)}));
    let delta = kept.ask(&google, &work).await;
    assert_eq!((delta.requests, &delta.present), (2, &None));
    now[1] = "20260309T080000Z 03-09T13:00".to_owned();
    assert_eq!(starts(body(&delta, "series")), now);
    assert_ne!(kept.known, first, "the version of the object changed");

    // A day is taken out: hardly more than its id is told, so the master is asked for its UID.
    fake.cancel_day(WORK, "series", march(23, 9));
    let delta = kept.ask(&google, &work).await;
    assert_eq!(delta.requests, 3);
    assert!(now.remove(2).ends_with("03-23T08:00"));
    assert_eq!(starts(body(&delta, "series")), now);

    // The master changes: its exceptions stay.
    fake.edit(WORK, "series", json!({"summary": "Renamed"}));
    let delta = kept.ask(&google, &work).await;
    assert_eq!((delta.requests, starts(body(&delta, "series"))), (2, now.clone()));
    let same = Kept::default().ask(&google, &work).await;
    assert_eq!(same.changed, delta.changed, "a full listing says the same, version included");

    fake.delete(WORK, "series");
    let delta = kept.ask(&google, &work).await;
    assert_eq!((delta.requests, changed(&delta).len()), (1, 0));
    assert_eq!(delta.removed.len(), 1);
}

#[tokio::test]
async fn where_asking_for_each_series_does_not_pay_all_is_listed() {
    let fake = Fake::start();
    for i in 0..25 {
        put_series(&fake, &format!("series{i:02}"));
        fake.cancel_day(WORK, &format!("series{i:02}"), march(9, 9));
    }
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    kept.ask(&google, &work).await;
    (0..25).for_each(|i| fake.cancel_day(WORK, &format!("series{i:02}"), march(16, 9)));
    let listing = kept.ask(&google, &work).await;
    assert_eq!((listing.requests, changed(&listing).len()), (2, 25));
    assert_eq!(listing.present.map(|all| all.len()), Some(25));
    // A server whose lists by UID leave out what the delta has just told.
    fake.set_forgetful();
    fake.cancel_day(WORK, "series00", march(23, 9));
    let listing = kept.ask(&google, &work).await;
    assert_eq!((changed(&listing), listing.requests), (vec!["series00"], 4));
    assert_eq!(starts(body(&listing, "series00")).len(), 5);
    // The last token is a good one.
    assert_eq!(kept.ask(&google, &work).await.requests, 1);
}

#[tokio::test]
async fn invited_to_a_single_day_of_a_series() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    kept.ask(&google, &work).await;
    let day = |day: u8| {
        json!({
            "id": format!("foreign_202603{day:02}T080000Z"), "recurringEventId": "foreign",
            "originalStartTime": march(day, 9), "start": march(day, 9), "end": march(day, 10),
            "summary": "Guest", "iCalUID": "foreign@example.org",
            "organizer": {"email": "boss@example.org"},
        })
    };
    fake.put(WORK, day(9));
    fake.put(WORK, day(16));
    let delta = kept.ask(&google, &work).await;
    let expected = ["20260309T080000Z 03-09T08:00", "20260316T080000Z 03-16T08:00"];
    assert_eq!(starts(body(&delta, "foreign")), expected);
    assert!(body(&delta, "foreign").contains("UID:foreign@example.org\r\n"));
    // Of one no more than a stub is left, and no master to ask: everything is listed.
    fake.delete(WORK, "foreign_20260316T080000Z");
    let delta = kept.ask(&google, &work).await;
    assert_eq!(starts(body(&delta, "foreign")), expected[..1]);
    fake.delete(WORK, "foreign_20260309T080000Z");
    kept.ask(&google, &work).await;
    assert!(kept.known.is_empty(), "{:?}", kept.known);
}

#[tokio::test]
async fn what_an_event_says_of_itself() {
    let fake = Fake::start();
    let put = |id: &str, more: Value| {
        let mut event = json!({"id": id, "start": march(3, 9), "end": march(3, 10)});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fake.put(WORK, event);
    };
    put("plain", json!({"summary": "Plain, with; all\nsigns\\", "colorId": "5"}));
    put("focus", json!({"eventType": "focusTime", "transparency": "transparent"}));
    put("away0", json!({"eventType": "outOfOffice"}));
    put("where", json!({"eventType": "workingLocation"}));
    put("cake0", json!({"eventType": "birthday"}));
    put("quiet", json!({"visibility": "private"}));
    put("maybe", json!({"status": "tentative", "transparency": "transparent"}));
    let days = json!({"start": {"date": "2026-03-03"}, "end": {"date": "2026-03-05"}});
    put("days0", days);
    let guests = json!([
        {"email": "alias@example.com", "self": true, "responseStatus": "declined"},
        {"email": "Boss@Example.org", "organizer": true, "responseStatus": "accepted"},
        {"email": "room@example.org", "resource": true},
    ]);
    let boss = json!({"email": "Boss@Example.org"});
    put("asked", json!({"attendees": guests, "organizer": boss, "description": "<b>x</b>"}));
    let google = account(&fake);
    let work = work(&google).await;
    let listing = Kept::default().ask(&google, &work).await;
    let one = |id: &str| component(&listing, id);

    let plain = one("plain");
    assert_eq!(plain.summary, "Plain, with; all\nsigns\\");
    assert_eq!((plain.organizer, plain.status), (None, Status::Confirmed));
    assert_eq!(plain.transparency, Transparency::Opaque);
    assert_eq!(plain.start, plain_start());
    assert!(plain.created.is_some() && plain.last_modified.is_some());
    assert_eq!(one("focus").transparency, Transparency::Opaque);
    assert_eq!(
        (one("away0").transparency, one("away0").out_of_office),
        (Transparency::Opaque, true)
    );
    assert_eq!(one("where").transparency, Transparency::Transparent);
    assert_eq!(one("cake0").transparency, Transparency::Transparent);
    assert!(body(&listing, "where").contains("X-GOOGLE-EVENT-TYPE:workingLocation\r\n"));
    assert_eq!(one("quiet").summary, "busy");
    let maybe = one("maybe");
    assert_eq!((maybe.status, maybe.transparency), (Status::Tentative, Transparency::Transparent));
    assert!(one("days0").start.is_date() && one("days0").end.unwrap().is_date());
    let asked = one("asked");
    assert_eq!(asked.organizer.as_deref(), Some("boss@example.org"));
    let told: Vec<(&str, PartStat, bool)> =
        asked.attendees.iter().map(|a| (a.address.as_str(), a.partstat, a.resource)).collect();
    let expected = [
        (WORK, PartStat::Declined, false),
        ("boss@example.org", PartStat::Accepted, false),
        ("room@example.org", PartStat::NeedsAction, true),
    ];
    assert_eq!(told, expected);
}

fn plain_start() -> chronotype::event::Stamp {
    let local = "2026-03-03T09:00:00".parse().unwrap();
    chronotype::event::Stamp::Zoned(local, chronotype::event::Zone::Iana(Tz::Europe__Berlin))
}

#[tokio::test]
async fn the_persons_own_answer_and_other_peoples_calendars() {
    let fake = Fake::start();
    fake.add_calendar("friend@example.com", "Friend", "freeBusyReader");
    let guests = json!([{"email": PERSON, "self": true, "responseStatus": "needsAction"}]);
    let event = json!({
        "id": "party", "summary": "Party", "start": march(3, 9), "end": march(3, 10),
        "attendees": guests, "organizer": {"email": "friend@example.com"},
    });
    fake.put(PERSON, event);
    fake.put_timed(
        "friend@example.com",
        "hidden",
        "Dentist",
        "2026-03-03T09:00:00Z",
        "2026-03-03T10:00:00Z",
    );
    let google = account(&fake);
    let all = google.collections().await.unwrap();
    let mut kept = Kept::default();
    list(&google, &all[0], &mut kept).await;
    fake.respond(PERSON, "party", "declined");
    let listing = list(&google, &all[0], &mut kept).await;
    let party = component(&listing, "party");
    assert_eq!(party.attendees[0].partstat, PartStat::Declined);
    assert_eq!(google.addresses().await.unwrap(), [party.attendees[0].address.as_str()]);
    let friend = all.iter().find(|c| c.name == "Friend").unwrap();
    let listing = list(&google, friend, &mut Kept::default()).await;
    let busy = component(&listing, "hidden");
    assert_eq!((busy.summary.as_str(), busy.transparency), ("busy", Transparency::Opaque));
}

/// The hour that the clocks show twice is told so that it is not an hour off.
#[tokio::test]
async fn the_second_of_two_hours_is_not_the_first() {
    let fake = Fake::start();
    for (id, at) in
        [("first", "2026-10-25T02:30:00+02:00"), ("second", "2026-10-25T02:30:00+01:00")]
    {
        let time = json!({"dateTime": at, "timeZone": "Europe/Berlin"});
        fake.put(WORK, json!({"id": id, "start": time, "end": time}));
    }
    let google = account(&fake);
    let work = work(&google).await;
    let listing = Kept::default().ask(&google, &work).await;
    assert_eq!(starts(body(&listing, "first")), ["- 10-25T00:30"]);
    assert_eq!(starts(body(&listing, "second")), ["- 10-25T01:30"]);
}
