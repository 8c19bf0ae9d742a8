//! What goes wrong on the way: nothing is lost, nothing is done twice, nothing is told that is
//! secret.

use super::writing::{UID, block, created, meaning};
use super::{Tokens, WORK, account, account_with, pace, put_series};
use crate::calendar_contract::{Kept, changed, work};
use crate::support::google::{Fake, Fault, TOKEN};
use chronotype::calendar::google::{Google, Pace};
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::Href;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const REQUESTS: [&str; 5] = ["GET calendarList", "GET events", "POST events", "PATCH", "DELETE"];

/// A fake with one event, and everything that an account does there, once.
async fn all_of_it(google: &Google, work: &Collection) -> Result<(), Error> {
    google.collections().await?;
    google.changes(work, None, &Kept::default().known).await?;
    let href = google.href_for(work, UID);
    let etag = match google.create(work, &href, &block(UID, "Write", "")).await {
        Ok(etag) => etag,
        // A second try may meet its first one.
        Err(Error::Changed) => google.read(work, &href).await?.and_then(|found| found.etag),
        Err(error) => return Err(error),
    };
    let etag = etag.unwrap();
    let etag = match google.update(work, &href, &etag, &block(UID, "Write on", "")).await {
        Ok(etag) => etag,
        Err(Error::Changed) => google.read(work, &href).await?.and_then(|found| found.etag),
        Err(error) => return Err(error),
    };
    google.delete(work, &href, &etag.unwrap()).await
}

#[tokio::test]
async fn bursts_are_sat_out() {
    for fault in [
        Fault::Refuse(403, "rateLimitExceeded", ""),
        Fault::Refuse(403, "userRateLimitExceeded", ""),
        Fault::Refuse(429, "rateLimitExceeded", "0"),
        Fault::Refuse(429, "inOtherWords", "1"),
        Fault::Refuse(500, "backendError", ""),
        Fault::Refuse(503, "", "0"),
        Fault::RefuseAfterwards(503, "backendError"),
    ] {
        let fake = Fake::start();
        let google = account(&fake);
        let work = work(&google).await;
        for words in REQUESTS {
            fake.fail(words, fault.clone());
        }
        all_of_it(&google, &work).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!((fake.faults_left(), fake.ids(WORK).len()), (0, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn patience_ends_and_says_for_how_long() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let kept = Kept::default();
    for (fault, times, requests, expected) in [
        (Fault::Refuse(403, "rateLimitExceeded", ""), 4, 4, Some(60)),
        (Fault::Refuse(429, "rateLimitExceeded", "120"), 1, 1, Some(120)),
        (Fault::Refuse(503, "backendError", "Tue, 03 Mar 2026 08:05:00 GMT"), 1, 1, Some(300)),
        (Fault::Refuse(403, "quotaExceeded", ""), 1, 1, Some(3_600)),
        (Fault::Refuse(500, "backendError", ""), 4, 4, None),
    ] {
        (0..times).for_each(|_| fake.fail("GET events", fault.clone()));
        let before = fake.log().len();
        let told = google.changes(&work, None, &kept.known).await.err().unwrap();
        assert_eq!(fake.log().len() - before, requests, "{fault:?}");
        match (&told, expected) {
            (Error::Later { after, .. }, Some(seconds)) => {
                assert_eq!(*after, Duration::from_secs(seconds), "{fault:?}");
            }
            (Error::Transient(_), None) => {}
            _ => panic!("{fault:?}: {told:?}"),
        }
    }
}

#[tokio::test]
async fn the_budget_of_a_minute_is_kept() {
    let fake = Fake::start();
    let small = Pace { per_minute: 5, longest_wait: Duration::ZERO, ..pace() };
    let google = account_with(&fake, Tokens::of(&[TOKEN]), small);
    let work = work(&google).await;
    let mut kept = Kept::default();
    for _ in 0..4 {
        kept.ask(&google, &work).await;
    }
    let told = google.changes(&work, None, &kept.known).await;
    let Err(Error::Later { after, .. }) = told else { panic!("{told:?}") };
    assert!(after > Duration::ZERO && after <= Duration::from_secs(12), "{after:?}");
    assert_eq!(fake.log().len(), 5, "it was not even asked");
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_a_revoked_one_is_said() {
    let fake = Fake::start();
    let google = account_with(&fake, Tokens::of(&["expired", TOKEN]), pace());
    let work = work(&google).await;
    assert_eq!(google.requests(), 2);
    // In the middle of a listing, too.
    fake.accept("second");
    for i in 0..4 {
        fake.put_timed(
            WORK,
            &format!("event{i}"),
            "x",
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
        );
    }
    fake.set_pages(&[1]);
    let google = account_with(&fake, Tokens::of(&[TOKEN, "second"]), pace());
    fake.fail("pageToken", Fault::Refuse(401, "authError", ""));
    let listing = Kept::default().ask(&google, &work).await;
    assert_eq!((changed(&listing).len(), listing.requests), (4, 5));

    for token in [TOKEN, "second"] {
        fake.revoke(token);
    }
    let told = google.changes(&work, None, &Kept::default().known).await;
    assert!(matches!(told, Err(Error::Unauthorized(_))), "{told:?}");
    // A source that goes on giving tokens is not asked for ever.
    let google = account_with(&fake, Tokens::of(&["a", "b", "c", "d", "e", "f"]), pace());
    let told = google.collections().await.err().unwrap();
    assert!(told.to_string().contains("run `chronotype auth google home`"), "{told}");
    assert_eq!(google.requests(), 2);
}

#[tokio::test]
async fn a_lost_reply_to_an_insert_makes_no_second_block() {
    for fault in [Fault::LoseAnswer, Fault::CutOff] {
        let fake = Fake::start();
        let google = account(&fake);
        let work = work(&google).await;
        let href = google.href_for(&work, UID);
        let body = block(UID, "Write", "Because.");
        fake.fail("POST", fault);
        let lost = google.create(&work, &href, &body).await;
        assert!(matches!(lost, Err(Error::Transient(_))), "{lost:?}");
        let again = google.create(&work, &href, &body).await;
        assert!(matches!(again, Err(Error::Changed)), "{again:?}");
        let found = google.read(&work, &href).await.unwrap().unwrap();
        assert_eq!(meaning(&found.body), meaning(&body), "it is known again");
        assert_eq!(fake.ids(WORK), [href.as_str()]);
    }
}

#[tokio::test]
async fn lost_replies_to_other_writes_do_no_harm() {
    let fake = Fake::start();
    let google = account(&fake);
    let work = work(&google).await;
    let (href, etag) = created(&google, &work).await;
    let next = block(UID, "Write on", "");
    fake.fail("PATCH", Fault::LoseAnswer);
    let lost = google.update(&work, &href, &etag, &next).await;
    assert!(matches!(lost, Err(Error::Transient(_))), "{lost:?}");
    let again = google.update(&work, &href, &etag, &next).await;
    assert!(matches!(again, Err(Error::Changed)), "{again:?}");
    let found = google.read(&work, &href).await.unwrap().unwrap();
    assert_eq!(meaning(&found.body), meaning(&next));
    fake.fail("DELETE", Fault::LoseAnswer);
    let etag = found.etag.unwrap();
    assert!(google.delete(&work, &href, &etag).await.is_err());
    google.delete(&work, &href, &etag).await.unwrap();

    fake.fail("POST calendars", Fault::LoseAnswer);
    assert!(google.make_collection("Suggested").await.is_err());
    google.make_collection("Suggested").await.unwrap();
    let all = google.collections().await.unwrap();
    assert_eq!(all.iter().filter(|c| c.name == "Suggested").count(), 1);
}

#[tokio::test]
async fn broken_answers_are_read_again_or_said() {
    let fake = Fake::start();
    fake.put_timed(WORK, "event", "Dentist", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    for fault in [Fault::Drop, Fault::CutOff, Fault::LoseAnswer] {
        fake.fail("GET events", fault.clone());
        kept.token = None;
        assert_eq!(kept.ask(&google, &work).await.requests, 2, "{fault:?}");
    }
    fake.fail("GET events", Fault::Garbled);
    let told = google.changes(&work, None, &kept.known).await.err().unwrap();
    assert!(matches!(&told, Error::Refused(why) if !why.contains("html")), "{told:?}");
    let quick = Pace { timeout: Duration::from_millis(200), ..pace() };
    let hasty = account_with(&fake, Tokens::of(&[TOKEN]), quick);
    fake.fail("GET events", Fault::Silence);
    let told = hasty.changes(&work, None, &kept.known).await.err().unwrap();
    assert!(matches!(&told, Error::Transient(why) if why.contains("in time")), "{told:?}");
    kept.ask(&google, &work).await;
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_word_on_what_is_there() {
    let fake = Fake::start();
    fake.put_timed(WORK, "event", "Dentist", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    put_series(&fake, "series");
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    let cut = |told: Option<Error>| {
        assert!(matches!(&told, Some(Error::Transient(why)) if why.contains("cut")), "{told:?}");
    };
    fake.fail("GET events", Fault::Empty);
    cut(google.changes(&work, None, &kept.known).await.err());
    kept.ask(&google, &work).await;
    fake.fail("GET syncToken", Fault::Empty);
    cut(google.changes(&work, kept.token.as_ref(), &kept.known).await.err());
    // On a later page, too.
    fake.set_pages(&[1]);
    fake.fail("GET pageToken", Fault::Empty);
    cut(google.changes(&work, None, &kept.known).await.err());
    fake.set_pages(&[]);
    fake.fail("GET showDeleted", Fault::Empty);
    let series = Href::new("series");
    cut(google.read(&work, &series).await.err());
    fake.fail("GET calendarList", Fault::Empty);
    cut(google.collections().await.err());

    for href in [Href::new("event"), series] {
        fake.fail("GET events", Fault::Empty);
        let told = google.read(&work, &href).await;
        assert!(matches!(told, Err(Error::Refused(_))), "{told:?}");
        assert!(google.read(&work, &href).await.unwrap().is_some());
    }
    assert_eq!(fake.faults_left(), 0);
}

/// Where a log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_log_of_everything_holds_no_secret() {
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || to.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let fake = Fake::start();
    let guests = json!([{"email": "canary-guest@example.org"}]);
    let (start, end) = (super::march(3, 9), super::march(3, 10));
    fake.put(WORK, json!({
        "id": "event", "summary": "Canary title", "attendees": guests, "start": start, "end": end,
    }));
    fake.put(WORK, json!({"id": "broken", "summary": "Canary title", "start": 7, "end": end}));
    let google = account(&fake);
    let work = work(&google).await;
    fake.fail("PATCH", Fault::Refuse(503, "backendError", ""));
    fake.fail("GET events", Fault::Garbled);
    let mut told = vec![format!("{:?}", google.changes(&work, None, &Kept::default().known).await)];
    all_of_it(&google, &work).await.unwrap();
    fake.revoke(TOKEN);
    told.push(format!("{:?}", google.collections().await));
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("asked to come back"), "the log is one: {log}");
    for text in told.iter().chain([&log]) {
        for secret in [TOKEN, "Canary title", "canary-guest", "Write on"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
