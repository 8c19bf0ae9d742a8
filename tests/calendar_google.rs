//! Google accounts against a stand-in: what is read is what a CalDAV server would give.

mod colours;
mod faults;
mod meaning;
mod own;
mod turns;
mod writing;

use crate::calendar_contract::{Kept, changed, work};
use crate::support::google::{Fake, PERSON, TOKEN};
use async_trait::async_trait;
use chronotype::calendar::google::{Access, Google, Pace, TokenSource, Writing};
use chronotype::calendar::{Calendar, Collection, Error, Http, Listing, Secret};
use chronotype::event::{SyncToken, ical};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The calendar of the tests.
pub const WORK: &str = "work@group.calendar.google.com";

/// Tokens out of a list: a refused one is followed by the next.
pub struct Tokens(Mutex<Vec<&'static str>>);

impl Tokens {
    pub fn of(tokens: &[&'static str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(tokens.iter().rev().copied().collect())))
    }
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<Secret, Error> {
        let token = self.0.lock().unwrap().last().copied();
        token.map(Secret::new).ok_or_else(|| Error::Unauthorized("signed out".to_owned()))
    }

    async fn refused(&self, token: &Secret) {
        self.0.lock().unwrap().retain(|t| *t != token.expose());
    }
}

/// Quick, so that no test waits long.
pub fn pace() -> Pace {
    Pace {
        per_minute: 60_000,
        tries: 4,
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_secs(2),
        timeout: Duration::from_secs(20),
    }
}

/// An account at the fake.
pub fn account(fake: &Fake) -> Google {
    account_with(fake, Tokens::of(&[TOKEN]), pace())
}

pub fn account_with(fake: &Fake, tokens: Arc<Tokens>, pace: Pace) -> Google {
    let api_root = Some(fake.root());
    let access = Access { account: "home".to_owned(), api_root, pace };
    let google = Google::new(Http::new().unwrap(), tokens, access).unwrap();
    google.with_blocks("chronotype", Writing::OwnCalendar)
}

/// The event id for a file name of the contract.
pub fn id_of(name: &str) -> String {
    let stem = name.trim_end_matches(".ics");
    let letter = |b: u8| b.is_ascii_digit() || (b'a'..=b'v').contains(&b);
    match stem.len() >= 5 && stem.bytes().all(letter) {
        true => stem.to_owned(),
        false => blake3::hash(stem.as_bytes()).to_hex()[..32].to_owned(),
    }
}

/// Saves an iCalendar event as the person's app would: title and times.
pub fn put_text(fake: &Fake, id: &str, body: &str) {
    let objects = ical::parse(body).objects;
    let event = &objects[0].events[0];
    let time = |at: &chronotype::event::Stamp| json!({"dateTime": at.instant(chrono_tz::Tz::UTC)});
    let fields = json!({
        "summary": event.summary, "start": time(&event.start),
        "end": time(event.end.as_ref().unwrap()),
    });
    match fake.get(WORK, id) {
        Some(_) => fake.edit(WORK, id, fields),
        None => {
            let mut event = fields;
            event["id"] = id.into();
            fake.put(WORK, event);
        }
    }
}

/// A weekly series on Mondays at 9 in Berlin, from March 2 on.
pub fn put_series(fake: &Fake, id: &str) {
    let series = json!({
        "id": id, "summary": "Weekly", "start": march(2, 9), "end": march(2, 10),
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=8"],
    });
    fake.put(WORK, series);
}

/// A time of March 2026 in Berlin, before the clocks change.
pub fn march(day: u8, hour: u8) -> serde_json::Value {
    let at = format!("2026-03-{day:02}T{hour:02}:00:00+01:00");
    json!({"dateTime": at, "timeZone": "Europe/Berlin"})
}

/// Lists, leaving problems to the caller.
pub async fn list(google: &Google, work: &Collection, kept: &mut Kept) -> Listing {
    let listing = google.changes(work, kept.token.as_ref(), &kept.known).await.unwrap();
    kept.token = listing.token.clone();
    for one in &listing.changed {
        kept.known.insert(one.href.clone(), one.etag.clone().unwrap());
    }
    listing
}

#[tokio::test]
async fn calendars_are_listed_with_what_may_be_done_there() {
    let fake = Fake::start();
    fake.add_calendar("boss@example.com", "boss@example.com", "reader");
    fake.set_entry("boss@example.com", json!({"summaryOverride": "The boss"}));
    fake.add_calendar("friend@example.com", "Friend", "freeBusyReader");
    fake.add_calendar("en.german#holiday@group.v.calendar.google.com", "Holidays", "reader");
    fake.add_calendar("old@example.com", "Old", "owner");
    fake.set_entry("old@example.com", json!({"hidden": true}));
    for sizes in [&[][..], &[1], &[0, 2]] {
        fake.set_pages(sizes);
        let google = account(&fake);
        let all = google.collections().await.unwrap();
        let told: Vec<(&str, bool)> = all.iter().map(|c| (c.name.as_str(), c.read_only)).collect();
        let expected = [
            ("Jane", false),
            ("work", false),
            ("The boss", true),
            ("Friend", true),
            ("Holidays", true),
        ];
        assert_eq!(told, expected, "{sizes:?}");
        let before = fake.log().len();
        assert_eq!(google.addresses().await.unwrap(), [PERSON]);
        assert_eq!(fake.log().len(), before, "the list says whose it is");
        let holidays = Kept::default().ask(&google, &all[4]).await;
        assert_eq!(holidays.present, Some(vec![]), "an id with a # is one segment");
    }
    assert_eq!(account(&fake).addresses().await.unwrap(), [PERSON]);
}

#[tokio::test]
async fn pages_of_any_size_tell_the_same() {
    let fake = Fake::start();
    for i in 0..7 {
        fake.put_timed(
            WORK,
            &format!("event{i}"),
            "One",
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
        );
    }
    put_series(&fake, "series");
    fake.except(WORK, "series", march(9, 9), json!({"start": march(9, 14), "end": march(9, 15)}));
    fake.cancel_day(WORK, "series", march(16, 9));
    let google = account(&fake);
    let work = work(&google).await;
    for sizes in [&[1][..], &[0, 3], &[2, 0, 0, 1], &[10]] {
        fake.set_pages(&[]);
        let whole = Kept::default().ask(&google, &work).await;
        assert_eq!(whole.present.as_ref().map(Vec::len), Some(8));
        fake.set_pages(sizes);
        let mut kept = Kept::default();
        let paged = kept.ask(&google, &work).await;
        assert_eq!((&paged.present, &paged.changed), (&whole.present, &whole.changed), "{sizes:?}");
        for i in 0..5 {
            fake.edit(WORK, &format!("event{i}"), json!({"location": format!("{sizes:?}")}));
        }
        fake.delete(WORK, "event6");
        let delta = kept.ask(&google, &work).await;
        assert_eq!(delta.changed.len(), 5, "{sizes:?}");
        assert_eq!(delta.removed.len(), 1);
        fake.edit(WORK, "event6", json!({"status": "confirmed"}));
        (0..5).for_each(|i| fake.edit(WORK, &format!("event{i}"), json!({"location": null})));
        assert_eq!(changed(&kept.ask(&google, &work).await).len(), 6);
    }
}

#[tokio::test]
async fn a_token_that_is_forgotten_means_a_full_listing() {
    let fake = Fake::start();
    for i in 0..6 {
        fake.put_timed(
            WORK,
            &format!("event{i}"),
            "One",
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
        );
    }
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    kept.ask(&google, &work).await;
    fake.forget_tokens(WORK);
    let stale = google.changes(&work, kept.token.as_ref(), &kept.known).await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    kept.token = None;
    let listing = kept.ask(&google, &work).await;
    assert_eq!((listing.present.map(|all| all.len()), listing.changed.len()), (Some(6), 0));

    // In the middle of the pages, too, and in words nobody expected.
    fake.set_pages(&[2]);
    (0..6).for_each(|i| fake.edit(WORK, &format!("event{i}"), json!({"location": "there"})));
    for (status, reason) in [(410, "fullSyncRequired"), (410, "gone"), (400, "invalid")] {
        fake.fail("pageToken syncToken", crate::support::google::Fault::Refuse(status, reason, ""));
        let stale = google.changes(&work, kept.token.as_ref(), &kept.known).await;
        assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    }
    assert_eq!(changed(&kept.ask(&google, &work).await).len(), 6, "nothing was lost by that");
}

#[tokio::test]
async fn what_can_not_be_read_is_a_problem_of_its_own() {
    let fake = Fake::start();
    fake.put_timed(WORK, "good1", "Good", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    fake.put(WORK, json!({"id": "nostart", "summary": "Secret title"}));
    fake.put(WORK, json!({"id": "badday", "start": {"date": "soon"}, "end": {"date": "later"}}));
    for (id, at) in [("far01", "+262142-12-31T23:59:00Z"), ("far02", "-262143-01-01T00:01:00Z")] {
        let at = |zone: &str| json!({"dateTime": at, "timeZone": zone});
        let (start, end) = (at("Pacific/Pago_Pago"), at("Pacific/Kiritimati"));
        fake.put(WORK, json!({"id": id, "start": start, "end": end}));
    }
    let far = json!({"date": "+12026-03-02"});
    fake.put(WORK, json!({"id": "far03", "start": far, "end": far}));
    let day = json!({"date": "2026-03-02", "ofTomorrow": [1, {"new": "field"}]});
    fake.put(WORK, json!({"id": "newer", "start": day, "end": day, "hologram": {"a": [1]}}));
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    for turn in 0..2 {
        let listing = list(&google, &work, &mut kept).await;
        let mut told = changed(&listing);
        told.sort_unstable();
        assert_eq!(told, ["good1", "newer"], "turn {turn}");
        let mut problems: Vec<&str> = listing.problems.iter().map(|p| p.0.as_str()).collect();
        problems.sort_unstable();
        assert_eq!(problems, ["badday", "far01", "far02", "far03", "nostart"]);
        assert!(!format!("{:?}", listing.problems).contains("Secret"));
        if let Some(present) = &listing.present {
            assert_eq!(present.len(), 7, "they count as present");
        }
        for id in ["good1", "newer", "badday", "nostart", "far01", "far02", "far03"] {
            fake.edit(WORK, id, json!({"location": "there"}));
        }
    }
}

#[tokio::test]
async fn tokens_go_nowhere_unencrypted() {
    for root in ["http://calendar.example.com/", "ftp://x/", "nonsense", "https://a:b@c/"] {
        let access =
            Access { account: "a".to_owned(), api_root: Some(root.to_owned()), pace: pace() };
        let made = Google::new(Http::new().unwrap(), Tokens::of(&[TOKEN]), access);
        assert!(matches!(made.err(), Some(Error::Refused(_))), "{root}");
    }
}

#[tokio::test]
async fn the_address_is_asked_for_within_the_scopes() {
    let fake = Fake::start();
    fake.accept_for("reader", &[".calendarlist.readonly", ".events.readonly"]);
    fake.accept_for("events", &[".events.readonly"]);
    let addresses = async |token| {
        let google = account_with(&fake, Tokens::of(&[token]), pace());
        google.addresses().await
    };
    assert_eq!(addresses("reader").await.unwrap(), [PERSON]);
    // The list may not be seen: that is no address, and no reason to be signed out.
    assert_eq!(addresses("events").await.unwrap(), [""; 0]);
    let signed_out = addresses("nobody").await;
    assert!(matches!(signed_out, Err(Error::Unauthorized(_))), "{signed_out:?}");
}

/// As after an update of this program that asks for more, or writes it down otherwise.
#[tokio::test]
async fn a_token_of_another_version_hides_nothing() {
    let fake = Fake::start();
    put_series(&fake, "series");
    fake.put_timed(WORK, "event", "One", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    let google = account(&fake);
    let work = work(&google).await;
    let mut kept = Kept::default();
    kept.ask(&google, &work).await;
    let token = kept.token.clone().unwrap();
    let (version, rest) = token.as_str().split_once(':').unwrap();
    assert!(!version.is_empty() && rest.starts_with("CAL"), "{token:?}");
    for other in [format!("1:{rest}"), rest.to_owned(), format!("x{}", token.as_str())] {
        let other = SyncToken::new(other);
        let listing = google.changes(&work, Some(&other), &kept.known).await.unwrap();
        let told = changed(&listing);
        assert_eq!(told, ["event", "series"], "unchanged, and told all the same");
        assert_eq!(listing.present.map(|all| all.len()), Some(2));
        assert_eq!(listing.token, Some(token.clone()));
    }
    assert_eq!(changed(&kept.ask(&google, &work).await), [""; 0]);
}
