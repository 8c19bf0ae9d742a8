//! Safety contract, point 3: a bad listing is not a deletion.

use crate::stories::{Story, event};
use crate::support::fake::{Fake, lock};
use crate::support::fake_faults::Fault;
use crate::support::fake_server::{Hand, Server};
use chrono::{DateTime, TimeDelta, Utc};
use chronotype::calendar::{Fetched, Listing};
use chronotype::event::{CollectionId, ETag, Href, Seen, Uid};
use chronotype::sync::diff::{BROKEN, Deletions, Difference, diff};
use chronotype::sync::poll::{Client, Discovery, poll};
use chronotype::sync::status::{CollectionStatus, Status};
use std::sync::{Arc, Mutex};

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
    /// When the last listing's deletions happened, as far as listings tell.
    seen: Vec<Seen>,
}

impl Collection {
    fn of(count: usize, component: &str) -> Self {
        let (status, now) = (CollectionStatus::default(), DateTime::UNIX_EPOCH);
        let mut this = Self { status, now, seen: Vec::new() };
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
        self.seen = vanished.iter().map(|(_, seen)| *seen).collect();
        vanished.iter().map(|(uid, _)| uid.to_string()).collect()
    }

    fn held(&self) -> usize {
        self.status.held.as_ref().map_or(0, |h| h.uids.len())
    }
}

/// A server that can't be read at all leaves no list of a million sentences.
#[test]
fn of_many_objects_that_cant_be_read_some_are_remembered_and_the_rest_is_counted() {
    let ours = Href::new("/z/chronotype-0123.ics");
    let many = (0..BROKEN + 7).map(|n| Href::new(format!("/{n}.ics"))).chain([ours.clone()]);
    let problems = many.map(|href| (href, "not to be had".to_owned())).collect();
    let token = Some(chronotype::event::SyncToken::new("t"));
    let listing = Listing { problems, token: token.clone(), ..Listing::default() };
    let before = CollectionStatus::default();
    let now = DateTime::UNIX_EPOCH;
    let found = diff(&before, &listing, now, Deletions::Guarded, &|_| false);
    assert_eq!((found.status.broken.len(), found.beyond), (BROKEN, 8));
    assert!(found.status.broken.contains_key(&ours), "it may be the person's edit");
    assert_eq!(found.status.token, None, "a full listing tells of the forgotten ones");
    let few = Listing { problems: listing.problems[..3].to_vec(), token, ..Listing::default() };
    let found = diff(&before, &few, now, Deletions::Guarded, &|_| false);
    assert_eq!((found.status.broken.len(), found.beyond, found.status.token), (3, 0, few.token));
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

/// A list of changes that removes everything is no better than an empty listing.
#[test]
fn everything_told_as_removed_is_held_too() {
    let delta = |count: usize| Listing {
        removed: (0..count).map(|n| Href::new(format!("/{n}.ics"))).collect(),
        token: Some(chronotype::event::SyncToken::new("t2")),
        ..Listing::default()
    };
    let mut c = Collection::of(5, "VEVENT");
    assert!(c.listing(&delta(5), Deletions::Guarded).is_empty());
    assert_eq!((c.held(), &c.status.token), (5, &None), "the next listing must be a full one");
    assert_eq!(c.listing(&full(&[]), Deletions::Guarded).len(), 5);
    let mut rest = Collection::of(5, "VEVENT");
    assert_eq!(rest.listing(&delta(4), Deletions::Guarded).len(), 4, "one is left");
    let mut two = Collection::of(2, "VEVENT");
    assert_eq!(two.listing(&delta(2), Deletions::Guarded).len(), 2);
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

/// What was held happened when it was first missed, however late it is confirmed.
#[test]
fn the_interval_of_what_was_held_closes_where_it_was_first_missed() {
    let mut c = Collection::of(10, "VEVENT");
    let last = c.now;
    assert!(c.listing(&full(&[]), Deletions::Guarded).is_empty());
    let first_missed = c.now;
    c.now += TimeDelta::days(3);
    assert_eq!(c.listing(&full(&[]), Deletions::Guarded).len(), 10);
    let seen = Seen { after: Some(last), by: first_missed };
    assert!(c.seen.iter().all(|s| *s == seen), "{:?}", c.seen);
}

/// The second listing confirms what both lack. What only the second lacks is doubted in its turn.
#[test]
fn a_listing_that_shows_another_part_is_no_better_than_the_first() {
    let mut c = Collection::of(12, "VEVENT");
    assert!(c.listing(&full(&[0, 1, 2, 3, 4]), Deletions::Guarded).is_empty());
    assert_eq!(c.held(), 7);
    let other: Vec<usize> = vec![4, 5, 6];
    let changed = [5, 6].map(|n| object(n, "VEVENT")).into();
    let gone = c.listing(&Listing { changed, ..full(&other) }, Deletions::Guarded);
    assert_eq!(gone, ["u10", "u11", "u7", "u8", "u9"], "missing twice");
    assert_eq!(c.held(), 4, "0 to 3 are missed for the first time");
    let all: Vec<usize> = (0..7).collect();
    let changed = [0, 1, 2, 3].map(|n| object(n, "VEVENT")).into();
    let gone = c.listing(&Listing { changed, ..full(&all) }, Deletions::Guarded);
    assert_eq!((gone.len(), c.held()), (0, 0));
}

/// The contract speaks of what vanishes at once: a few today and a few tomorrow are deletions.
#[test]
fn a_few_at_a_time_are_believed() {
    let mut c = Collection::of(12, "VEVENT");
    for (from, to) in [(0, 3), (3, 6), (6, 9)] {
        let delta = Listing {
            removed: (from..to).map(|n| Href::new(format!("/{n}.ics"))).collect(),
            ..Listing::default()
        };
        assert_eq!(c.listing(&delta, Deletions::Guarded).len(), 3);
    }
}

#[test]
fn what_came_and_went_between_two_listings_is_told() {
    let c = Collection::of(2, "VEVENT");
    let removed = vec![Href::new("/0.ics"), Href::new("/never.ics")];
    let delta = Listing { removed: removed.clone(), ..Listing::default() };
    let found = diff(&c.status, &delta, c.now, Deletions::Guarded, &|_: &Uid| true);
    assert_eq!(found.unseen, removed[1..]);
}

/// Pages that are lost without a word: what can be read is there.
#[tokio::test]
async fn what_a_full_listing_leaves_out_is_looked_at_once_more() {
    let server = Arc::new(Mutex::new(Server::new(DateTime::UNIX_EPOCH, 7)));
    let id = lock(&server).add("mine", "work");
    let href = |n: usize| Href::new(format!("/mine/work/{n}.ics"));
    for n in 0..9 {
        lock(&server).put(&id, &href(n), &object(n, "VEVENT").body, Hand::Person);
    }
    let client = Client {
        calendar: Box::new(Fake::new("mine", &server)),
        wanted: None,
        suggest_into: None,
        discovery: Discovery::EachTurn,
    };
    let clients = [client];
    let mut status = Status::default();
    let mut vanished = Vec::new();
    for turn in 0..6 {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(turn);
        for fault in [Fault::PartialListing, Fault::EmptyListing, Fault::NoTokens] {
            lock(&server).faults.on.extend((turn > 0 && turn < 5).then_some(fault));
        }
        if turn == 4 {
            lock(&server).shelves.get_mut(&id).unwrap().remove(&href(3));
        }
        let answers = poll(&clients, &status, now, &|_, _| {}).await;
        let (_, answer) = &answers[0].listings[0];
        let before = status.collections.entry(CollectionId::new(&id)).or_default();
        let listing = answer.as_ref().unwrap();
        let found = diff(before, listing, now, Deletions::Guarded, &|_| true);
        vanished.extend(found.vanished.iter().map(|(uid, _)| uid.to_string()));
        *before = found.status;
    }
    assert!(lock(&server).faults.hits[&Fault::PartialListing] > 0, "it did lie");
    assert_eq!(vanished, ["u3"], "the one that was deleted");
}

/// End to end: everything is away for a while, `status` says so, and nothing was learned of it.
#[test]
fn all_away_for_one_listing() {
    let story = Story::new();
    let bodies: Vec<(String, String)> = (0..12)
        .map(|n| format!("e{n}"))
        .map(|uid| (uid.clone(), event(&uid, "Meeting", "03T09", "")))
        .collect();
    let put = || bodies.iter().for_each(|(name, body)| story.put("work", name, body));
    put();
    story.sync("02T05:00");
    bodies.iter().for_each(|(name, _)| story.remove("work", name));
    let gave = story.sync("02T06:00");
    assert!(gave.err.contains("12 objects vanished at once"), "exit 0, with a warning: {gave:?}");
    let said = story.person.ok("02T06:00", &["status"]);
    assert!(said.out.contains("--accept-deletions"), "{said:?}");
    put();
    let gave = story.sync("02T07:00");
    assert!(!gave.err.contains("vanished"), "{gave:?}");
    story.sync("05T07:00");
    for (uid, _) in &bodies {
        let settled = story.settled("05T07:00", uid);
        assert_eq!(settled.len(), 1, "{uid}: once");
        assert!(settled[0].1.is_some_and(|g| g > 0.3), "{uid} was not deleted: {settled:?}");
    }
}

/// The word of the person counts at once, and the deletions are timed by when they were missed.
#[test]
fn accepted_by_the_person() {
    let story = Story::new();
    for n in 0..12 {
        let uid = format!("e{n}");
        story.put("work", &uid, &event(&uid, "Meeting", "03T09", ""));
    }
    story.sync("02T05:00");
    (0..12).for_each(|n| story.remove("work", &format!("e{n}")));
    story.sync("02T06:00");
    // Confirmed days after its end: it was missed before its start all the same.
    story.person.ok("08T06:00", &["sync", "--accept-deletions"]);
    let events = story.records("08T06:00", "event");
    let one = events.iter().find(|e| e["id"]["uid"] == "e1").unwrap();
    let signal = &one["settled"][0]["signal"];
    assert_eq!(signal["weight"], 1.0, "{one}");
    assert!(signal["value"].as_f64().is_some_and(|g| g < 0.15), "{one}");
}

/// An account that left the config says nothing about its events: after a day they take no time.
#[test]
fn an_account_that_left_the_config() {
    let story = Story::new();
    story.put("work", "e", &event("e", "Meeting", "05T09", ""));
    story.sync("02T05:00");
    let config = story.person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::create_dir_all(story.person.path("other")).unwrap();
    let other = text.replace("name = \"home\"", "name = \"new\"").replace("/cal\"", "/other\"");
    std::fs::write(&config, other).unwrap();
    let ahead = |now: &str| story.records(now, "event").len();
    story.sync("02T06:00");
    assert_eq!(ahead("02T06:00"), 1, "a slip in the config is no deletion");
    story.sync("03T07:00");
    assert_eq!(ahead("03T07:00"), 0);
    std::fs::write(&config, text).unwrap();
    story.sync("03T08:00");
    assert_eq!(ahead("03T08:00"), 1, "it is back, and nothing was learned");
    assert_eq!(story.settled("03T08:00", "e"), []);
}
