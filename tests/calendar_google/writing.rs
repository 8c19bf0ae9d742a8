//! Our blocks at Google: what is written, what is read back, what is never forced.

use super::{WORK, account, march};
use crate::calendar_contract::{Kept, work};
use crate::support::google::Fake;
use chrono::{DateTime, TimeDelta};
use chronotype::calendar::google::Google;
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::ical::{self, BlockText, EventComponent, Transparency};
use chronotype::event::{ETag, Href, Span, Uid};
use serde_json::{Value, json};

/// A block as the program writes it.
pub fn block(uid: &str, summary: &str, description: &str) -> String {
    let start = DateTime::from_timestamp(1_772_528_400, 0).unwrap();
    let marks = [("X-CHRONOTYPE-BLOCK", uid), ("X-CHRONOTYPE-DOOR", "todo")];
    ical::write(&[BlockText {
        uid: Uid::new(uid),
        summary: summary.to_owned(),
        description: description.to_owned(),
        span: Span::Timed { start, end: start + TimeDelta::minutes(90) },
        related_to: Some(Uid::new("todo-1")),
        marks: marks.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        painted: None,
        transparency: Transparency::Transparent,
        sequence: 3,
        stamp: start,
    }])
}

pub const UID: &str = "chronotype-00112233445566778899aabbccddeeff";

/// What counts of a text: what servers set as they like is left out.
pub fn meaning(body: &str) -> (Uid, Vec<EventComponent>) {
    let object = ical::parse(body).objects.remove(0);
    let mut events = object.events;
    for event in &mut events {
        (event.sequence, event.created, event.last_modified) = (0, None, None);
    }
    (object.uid, events)
}

pub async fn created(google: &Google, work: &Collection) -> (Href, ETag) {
    let href = google.href_for(work, UID);
    let body = block(UID, "Write", "Because.\n\nSuggested.");
    let etag = google.create(work, &href, &body).await.unwrap().unwrap();
    (href, etag)
}

#[tokio::test]
async fn a_block_reads_back_as_it_was_written() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, etag) = created(&google, &work).await;
    let body = block(UID, "Write", "Because.\n\nSuggested.");
    let read = google.read(&work, &href).await.unwrap().unwrap();
    assert_eq!((read.etag, meaning(&read.body)), (Some(etag), meaning(&body)));
    let listing = Kept::default().ask(&google, &work).await;
    assert_eq!(meaning(&listing.changed[0].body), meaning(&body), "listed as read");

    let stored = fake.get(WORK, href.as_str()).unwrap();
    assert_eq!(stored["reminders"], json!({"useDefault": false, "overrides": []}));
    assert_eq!(
        (&stored["attendees"], &stored["transparency"]),
        (&Value::Null, &json!("transparent"))
    );
    assert_eq!((&stored["status"], &stored["summary"]), (&json!("tentative"), &json!("Write")));
    let writes = fake.log().into_iter().filter(|line| line.starts_with("POST"));
    assert!(writes.clone().all(|line| line.contains("sendUpdates=none")), "{writes:?}");
}

#[tokio::test]
async fn an_update_clears_what_it_does_not_hold_and_leaves_the_rest() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, _) = created(&google, &work).await;
    fake.edit(WORK, href.as_str(), json!({"colorId": "7", "location": "Room 1"}));
    let etag = google.read(&work, &href).await.unwrap().unwrap().etag.unwrap();
    let plain = block(UID, "Write on", "").replace("RELATED-TO:todo-1\r\n", "");
    let second = google.update(&work, &href, &etag, &plain).await.unwrap().unwrap();
    let stored = fake.get(WORK, href.as_str()).unwrap();
    assert_eq!(stored["etag"], second.as_str());
    assert_eq!((&stored["description"], &stored["location"]), (&Value::Null, &Value::Null));
    assert_eq!(stored["colorId"], "7", "what we never wrote is not ours to clear");
    assert_eq!(stored["extendedProperties"]["private"]["chronotypeRelatedTo"], Value::Null);
    let read = google.read(&work, &href).await.unwrap().unwrap();
    let told = plain.replace("END:VEVENT", "X-CHRONOTYPE-EDITED:1\r\nEND:VEVENT");
    assert_eq!(meaning(&read.body), meaning(&told), "and its colour is told as an edit");
}

#[tokio::test]
async fn nothing_is_forced() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, etag) = created(&google, &work).await;
    fake.edit(WORK, href.as_str(), json!({"summary": "Mine now"}));
    let mine = fake.get(WORK, href.as_str());
    let body = block(UID, "Write on", "");
    let results = [
        google.update(&work, &href, &etag, &body).await.map(drop),
        google.delete(&work, &href, &etag).await,
        google.create(&work, &href, &body).await.map(drop),
    ];
    for result in results {
        assert!(matches!(result, Err(Error::Changed)), "{result:?}");
    }
    assert_eq!(fake.get(WORK, href.as_str()), mine);

    // The person makes a series of it: its version names no single event any more.
    fake.edit(
        WORK,
        href.as_str(),
        json!({
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"], "start": march(3, 9), "end": march(3, 10),
        }),
    );
    let read = google.read(&work, &href).await.unwrap().unwrap();
    assert!(read.body.contains("RRULE:FREQ=DAILY;COUNT=3\r\n"));
    let before = fake.log().len();
    let etag = read.etag.unwrap();
    let update = google.update(&work, &href, &etag, &body).await;
    let delete = google.delete(&work, &href, &etag).await;
    assert!(matches!((update, delete), (Err(Error::Changed), Err(Error::Changed))));
    assert_eq!(fake.log().len(), before, "not even asked");
}

#[tokio::test]
async fn a_deleted_id_stays_taken() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, etag) = created(&google, &work).await;
    google.delete(&work, &href, &etag).await.unwrap();
    assert_eq!(google.read(&work, &href).await.unwrap(), None);
    let again = google.create(&work, &href, &block(UID, "Write", "")).await;
    assert!(matches!(again, Err(Error::Changed)), "{again:?}");
    assert_eq!(google.read(&work, &href).await.unwrap(), None);
    google.delete(&work, &href, &etag).await.unwrap();
    google.delete(&work, &Href::new("neverthere"), &etag).await.unwrap();
    assert_eq!(fake.ids(WORK), [""; 0]);
}

#[tokio::test]
async fn a_copy_of_a_block_is_the_persons() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, _) = created(&google, &work).await;
    let mut copy = fake.get(WORK, href.as_str()).unwrap();
    copy["id"] = "copied".into();
    copy.as_object_mut().unwrap().remove("iCalUID");
    fake.put(WORK, copy);
    let listing = Kept::default().ask(&google, &work).await;
    let uid = |id: &str| {
        let one = listing.changed.iter().find(|one| one.href.as_str() == id).unwrap();
        meaning(&one.body).0
    };
    assert_eq!((uid(href.as_str()), uid("copied")), (Uid::new(UID), Uid::new("copied@google.com")));
}

#[tokio::test]
async fn other_peoples_events_and_calendars_are_refused_in_words() {
    let fake = Fake::start();
    fake.add_calendar("boss@example.com", "Boss", "reader");
    let google = account(&fake);
    let all = google.collections().await.unwrap();
    let boss = all.iter().find(|c| c.name == "Boss").unwrap();
    let href = google.href_for(boss, UID);
    let refused = google.create(boss, &href, &block(UID, "Write", "")).await;
    let Err(Error::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("requiredAccessLevel") && why.contains("add a block"), "{why}");
}
