//! Safety contract, point 3: a bad listing is not a deletion.

use chrono::{DateTime, TimeDelta, Utc};
use chronotype::calendar::{Fetched, Listing};
use chronotype::event::{ETag, Href, Uid};
use chronotype::sync::diff::{Deletions, Difference, diff};
use chronotype::sync::status::CollectionStatus;

fn object(number: usize, component: &str) -> Fetched {
    let stamps = match component {
        "VEVENT" => "DTSTART:20260304T090000Z\r\nDTEND:20260304T100000Z\r\n",
        _ => "",
    };
    Fetched {
        href: Href::new(format!("/{number}.ics")),
        etag: Some(ETag::new("\"1\"")),
        body: format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:{component}\r\nUID:u{number}\r\n{stamps}\
             SUMMARY:x\r\nEND:{component}\r\nEND:VCALENDAR\r\n"
        ),
    }
}

fn full(numbers: &[usize]) -> Listing {
    Listing {
        present: Some(numbers.iter().map(|n| Href::new(format!("/{n}.ics"))).collect()),
        ..Listing::default()
    }
}

struct Collection {
    status: CollectionStatus,
    now: DateTime<Utc>,
}

impl Collection {
    fn of(count: usize, component: &str) -> Self {
        let mut this = Self { status: CollectionStatus::default(), now: DateTime::UNIX_EPOCH };
        let numbers: Vec<usize> = (0..count).collect();
        let changed = numbers.iter().map(|n| object(*n, component)).collect();
        this.listing(&Listing { changed, ..full(&numbers) }, Deletions::Guarded);
        assert_eq!(this.status.known.len(), count);
        this
    }

    /// UIDs believed to be gone after one more listing.
    fn listing(&mut self, listing: &Listing, deletions: Deletions) -> Vec<String> {
        self.now += TimeDelta::hours(1);
        let Difference { status, vanished, .. } =
            diff(&self.status, listing, self.now, deletions, &|_: &Uid| true);
        self.status = status;
        vanished.iter().map(|(uid, _)| uid.to_string()).collect()
    }

    fn held(&self) -> usize {
        self.status.held.as_ref().map_or(0, |h| h.uids.len())
    }
}

#[test]
fn few_deletions_are_believed_at_once() {
    let mut c = Collection::of(10, "VEVENT");
    let gone = c.listing(&full(&[0, 1, 2, 3, 4]), Deletions::Guarded);
    assert_eq!((gone.len(), c.held()), (5, 0), "half is not more than half");
}

#[test]
fn more_than_half_of_ten_is_held_until_a_second_full_listing_confirms_it() {
    let mut c = Collection::of(10, "VEVENT");
    c.status.token = Some(chronotype::event::SyncToken::new("t"));
    let delta = Listing {
        removed: (0..6).map(|n| Href::new(format!("/{n}.ics"))).collect(),
        token: Some(chronotype::event::SyncToken::new("t2")),
        ..Listing::default()
    };
    assert_eq!(c.listing(&delta, Deletions::Guarded), Vec::<String>::new());
    assert_eq!(c.held(), 6);
    assert_eq!(c.status.token, None, "the next listing must be a full one");
    let gone = c.listing(&full(&[6, 7, 8, 9]), Deletions::Guarded);
    assert_eq!((gone.len(), c.held()), (6, 0));
}

#[test]
fn what_comes_back_was_never_deleted() {
    let mut c = Collection::of(10, "VEVENT");
    assert!(c.listing(&full(&[]), Deletions::Guarded).is_empty());
    assert_eq!(c.held(), 10);
    let all: Vec<usize> = (0..9).collect();
    let changed = all.iter().map(|n| object(*n, "VEVENT")).collect();
    let gone = c.listing(&Listing { changed, ..full(&all) }, Deletions::Guarded);
    assert_eq!((gone, c.held()), (vec!["u9".to_owned()], 0));
}

#[test]
fn an_empty_listing_where_something_lay_ahead_is_held() {
    let mut c = Collection::of(3, "VEVENT");
    assert!(c.listing(&full(&[]), Deletions::Guarded).is_empty());
    assert_eq!(c.held(), 3);
    let mut two = Collection::of(2, "VEVENT");
    assert_eq!(two.listing(&full(&[]), Deletions::Guarded).len(), 2);
}

#[test]
fn the_person_can_say_that_they_meant_it() {
    let mut c = Collection::of(10, "VEVENT");
    assert_eq!(c.listing(&full(&[]), Deletions::Accepted).len(), 10);
    let mut later = Collection::of(10, "VEVENT");
    assert!(later.listing(&full(&[]), Deletions::Guarded).is_empty());
    assert_eq!(later.listing(&full(&[]), Deletions::Accepted).len(), 10);
}

#[test]
fn todos_and_our_own_blocks_are_exempt() {
    let mut todos = Collection::of(12, "VTODO");
    assert_eq!(todos.listing(&full(&[]), Deletions::Guarded).len(), 12);
    let block = |n: usize| {
        let plain = object(n, "VEVENT");
        Fetched { body: plain.body.replace("UID:u", "UID:chronotype-"), ..plain }
    };
    let mut ours = Collection::of(0, "VEVENT");
    let numbers: Vec<usize> = (0..12).collect();
    let changed = numbers.iter().map(|n| block(*n)).collect();
    ours.listing(&Listing { changed, ..full(&numbers) }, Deletions::Guarded);
    assert_eq!(ours.listing(&full(&[]), Deletions::Guarded).len(), 12);
}

/// Blocks may go to a calendar of the person's own: what else lies there is guarded.
#[test]
fn the_calendar_that_takes_our_blocks_is_guarded() {
    let mut c = Collection::of(12, "VEVENT");
    c.status.ours = true;
    assert_eq!(c.listing(&full(&[]), Deletions::Guarded).len(), 0);
    assert_eq!(c.held(), 12);
}

#[test]
fn renamed_and_broken_objects_are_no_deletions() {
    let mut c = Collection::of(10, "VEVENT");
    let renamed: Vec<Fetched> = (0..10)
        .map(|n| Fetched { href: Href::new(format!("/new-{n}.ics")), ..object(n, "VEVENT") })
        .collect();
    let present = Some(renamed.iter().map(|f| f.href.clone()).collect());
    let listing = Listing { present, changed: renamed, ..Listing::default() };
    assert!(c.listing(&listing, Deletions::Guarded).is_empty());
    assert_eq!(c.held(), 0);
    let href = Href::new("/new-3.ics");
    let garbage = Fetched { href: href.clone(), etag: None, body: "garbage".into() };
    let present = Some((0..10).map(|n| Href::new(format!("/new-{n}.ics"))).collect());
    let listing = Listing { present, changed: vec![garbage], ..Listing::default() };
    assert!(c.listing(&listing, Deletions::Guarded).is_empty());
    assert!(c.status.broken.contains_key(&href), "it is reported by its href");
}
