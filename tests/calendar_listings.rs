//! Listings of servers that tell too much, too little, or in another way than they should.

use crate::calendar_contract::{Kept, changed, event, last, work};
use crate::support::quirky::profile::{Hrefs, Multiget, Query, Sync, Texts};
use crate::support::quirky::{ETags, Profile, Quirky, When};
use chronotype::calendar::{Calendar, Collection, Weakness};
use std::collections::BTreeSet;

fn many(server: &Quirky, count: usize) {
    for i in 0..count {
        server.put(&format!("{i:03}.ics"), &event(&format!("u{i}"), "Many"));
    }
}

fn quiet(profile: Profile) -> Quirky {
    Quirky::start(Profile { drops: None, ..profile })
}

/// Texts come in no other way than by multiget.
fn plain() -> Profile {
    let base = Profile::radicale();
    let sync = Sync { texts: Texts::Missing, ..base.sync };
    Profile { sync, query: Query::Refused(501), ..base }
}

#[tokio::test]
async fn everything_for_an_unknown_token_is_told_from_changes() {
    let server = quiet(Profile::davical());
    let account = server.account();
    let work = work(&account).await;
    many(&server, 20);
    let mut kept = Kept::default();
    kept.ask(&account, &work).await;
    server.delete("003.ics");
    server.forget_tokens();
    server.put("005.ics", &event("u5", "New"));
    let listing = kept.ask(&account, &work).await;
    assert_eq!(listing.present.as_ref().map(Vec::len), Some(19), "what is gone is gone");
    assert_eq!((changed(&listing), listing.requests), (vec!["005.ics"], 3));
    assert_eq!(account.weaknesses(), BTreeSet::from([Weakness::UnknownTokenTellsAll]));
    let listing = kept.ask(&account, &work).await;
    assert_eq!((listing.present, listing.requests), (None, 1));
}

#[tokio::test]
async fn the_last_second_told_again_is_not_everything() {
    let server = quiet(Profile::sogo());
    let account = server.account();
    let work = work(&account).await;
    many(&server, 20);
    let mut kept = Kept::default();
    kept.ask(&account, &work).await;
    for _ in 0..3 {
        let listing = kept.ask(&account, &work).await;
        assert_eq!((listing.present, listing.changed.len(), listing.requests), (None, 0, 1));
    }
    server.tick();
    server.put("new.ics", &event("new", "New"));
    kept.ask(&account, &work).await;
    server.tick();
    server.put("newer.ics", &event("newer", "Newer"));
    let listing = kept.ask(&account, &work).await;
    assert_eq!(listing.present, None);
    assert!(changed(&listing).contains(&"newer.ics"));
    let listing = kept.ask(&account, &work).await;
    assert_eq!((listing.changed.len(), listing.requests), (0, 1));
    assert!(!account.weaknesses().contains(&Weakness::UnknownTokenTellsAll));
}

/// Our own writes come back in the next listing, on every good server.
#[tokio::test]
async fn our_own_blocks_told_again_are_not_everything() {
    for restarts in [false, true] {
        let server = quiet(Profile::xandikos());
        let mut account = server.account();
        let work = work(&account).await;
        let mut kept = Kept::default();
        kept.ask(&account, &work).await;
        for i in 0..4 {
            let uid = format!("chronotype-{i}");
            let href = account.href_for(&work, &uid);
            let etag = account.create(&work, &href, &event(&uid, "Ours")).await.unwrap();
            kept.known.insert(href, etag.unwrap());
        }
        if restarts {
            account = server.account();
        }
        let listing = kept.ask(&account, &work).await;
        assert_eq!((listing.present, listing.changed.len(), listing.requests), (None, 0, 1));
        assert_eq!(account.weaknesses(), BTreeSet::new());
    }
}

#[tokio::test]
async fn a_counter_that_starts_again_hides_nothing() {
    let server = quiet(Profile::sogo());
    let account = server.account();
    let work = work(&account).await;
    many(&server, 5);
    let mut kept = Kept::default();
    kept.ask(&account, &work).await;
    server.tick();
    server.delete("002.ics");
    server.put("002.ics", &event("u2", "Another one"));
    let listing = kept.ask(&account, &work).await;
    // The same version, and another object. What else is told again is read again, once.
    assert!(listing.changed.iter().any(|one| one.body.contains("Another one")));
    assert_eq!(kept.ask(&account, &work).await.changed, []);
}

#[tokio::test]
async fn old_deletions_and_flashes_are_no_members() {
    let server = quiet(Profile::radicale());
    let account = server.account();
    let work = work(&account).await;
    many(&server, 3);
    server.delete("001.ics");
    let mut kept = Kept::default();
    let listing = kept.ask(&account, &work).await;
    assert_eq!(listing.present.as_ref().map(Vec::len), Some(2));
    server.put("flash.ics", &event("flash", "Here and gone"));
    server.delete("flash.ics");
    let listing = kept.ask(&account, &work).await;
    assert_eq!(listing.changed, []);
    assert_eq!(kept.known.len(), 2);
}

#[tokio::test]
async fn multiget_is_asked_in_the_size_that_passes() {
    let limit = Multiget { refused: Some((400, 60)), ..plain().multiget };
    let server = quiet(Profile { multiget: limit, ..plain() });
    let account = server.account();
    let work = work(&account).await;
    many(&server, 300);
    let mut kept = Kept::default();
    let listing = kept.ask(&account, &work).await;
    assert_eq!(listing.changed.len(), 300);
    // One list; 250 and 125 refused; five of at most 62 would be refused at 62, so 31 each.
    let refused = [250, 125, 62].len();
    assert_eq!(usize::try_from(listing.requests).unwrap(), 1 + refused + 300_usize.div_ceil(31));
    let again = account.changes(&work, None, &Default::default()).await.unwrap();
    assert_eq!(usize::try_from(again.requests).unwrap(), 1 + 300_usize.div_ceil(31), "remembered");

    // One bad object does not make all requests small.
    let server = quiet(plain());
    let account = server.account();
    let work = work_of(&server).await;
    many(&server, 300);
    server.stumble("100.ics", true);
    let listing = account.changes(&work, None, &Default::default()).await.unwrap();
    assert_eq!((listing.changed.len(), listing.problems.len()), (299, 1));
    assert_eq!(last(&listing.problems[0].0), "100.ics", "it is named");
    let before = server.log().len();
    server.stumble("100.ics", false);
    account.changes(&work, None, &Default::default()).await.unwrap();
    assert_eq!(server.log().len() - before, 3, "1 list, 2 chunks");
    assert!(!account.weaknesses().contains(&Weakness::NoMultiget));
}

async fn work_of(server: &Quirky) -> Collection {
    work(&server.account()).await
}

#[tokio::test]
async fn without_multiget_objects_are_read_one_by_one() {
    for (refused, gives_nothing) in [(Some((501, 0)), false), (None, true)] {
        let none = Multiget { refused, gives_nothing, ..plain().multiget };
        let server = quiet(Profile { multiget: none, ..plain() });
        let account = server.account();
        let work = work(&account).await;
        many(&server, 30);
        let listing = account.changes(&work, None, &Default::default()).await.unwrap();
        assert_eq!(listing.changed.len(), 30);
        assert_eq!(account.weaknesses(), BTreeSet::from([Weakness::NoMultiget]));
        let later = server.account();
        later.recall(&account.weaknesses());
        let listing = later.changes(&work, None, &Default::default()).await.unwrap();
        assert_eq!((listing.changed.len(), listing.requests), (30, 31), "no futile request");
    }
}

/// Between the listing and the fetching, whether the multiget has a row for it or not.
#[tokio::test]
async fn what_vanishes_while_it_is_listed_is_gone() {
    for profile in [plain(), Profile::davical()] {
        let server = quiet(profile);
        let account = server.account();
        let work = work(&account).await;
        many(&server, 4);
        server.interject("REPORT", When::After, "002.ics", None);
        let mut kept = Kept::default();
        let listing = kept.ask(&account, &work).await;
        assert_eq!(listing.present.as_ref().map(Vec::len), Some(3));
        server.put("004.ics", &event("u4", "Many"));
        server.put("005.ics", &event("u5", "Many"));
        server.interject("REPORT", When::After, "005.ics", None);
        let listing = kept.ask(&account, &work).await;
        assert!(listing.removed.iter().any(|href| last(href) == "005.ics"), "{listing:?}");
    }
}

#[tokio::test]
async fn odd_names_have_one_spelling() {
    let names = ["a@b.ics", "a b.ics", "50%.ics", "köln,1.ics", "x+y=z;1.ics", "q?#[1].ics"];
    for hrefs in [Hrefs::Escaped, Hrefs::Plain, Hrefs::Absolute] {
        let server = quiet(Profile { hrefs, ..Profile::radicale() });
        for name in names.into_iter().chain(["a/b.ics"]) {
            server.put(name, &event(name, "Odd"));
        }
        let account = server.account();
        let work = work(&account).await;
        let mut kept = Kept::default();
        kept.ask(&account, &work).await;
        assert_eq!(kept.known.len(), 7, "{hrefs:?}");
        // The server changes its mind about the spelling: nothing vanishes, nothing is new.
        server.behave(|profile| {
            profile.hrefs = match hrefs {
                Hrefs::Escaped => Hrefs::Plain,
                Hrefs::Plain => Hrefs::Absolute,
                Hrefs::Absolute => Hrefs::Escaped,
            };
        });
        kept.token = None;
        let listing = kept.ask(&account, &work).await;
        assert_eq!((listing.changed.len(), kept.known.len()), (0, 7));
        for (href, etag) in &kept.known {
            let read = account.read(&work, href).await.unwrap().expect("it is there");
            assert_eq!(read.etag.as_ref(), Some(etag), "{href}");
        }
    }
}

#[tokio::test]
async fn without_versions_only_news_are_told() {
    let server = quiet(Profile { etags: ETags::Absent, ..Profile::radicale() });
    let account = server.account();
    let work = work(&account).await;
    many(&server, 10);
    let mut kept = Kept::default();
    assert_eq!(kept.ask(&account, &work).await.changed.len(), 10);
    assert!(account.weaknesses().contains(&Weakness::NoVersions));
    server.put("004.ics", &event("u4", "New"));
    assert_eq!(changed(&kept.ask(&account, &work).await), ["004.ics"]);
    kept.token = None;
    assert_eq!(kept.ask(&account, &work).await.changed, []);
}

/// The first look at a calendar: everything, in as few requests as the server allows.
#[tokio::test]
async fn the_first_look_takes_few_requests() {
    let with = |texts, query| {
        let sync = Sync { texts, ..Profile::radicale().sync };
        quiet(Profile { sync, query, ..Profile::radicale() })
    };
    for (texts, query, first, again) in [
        (Texts::Given, Query::Works, 1, 1),
        (Texts::Missing, Query::Works, 2, 2),
        // A third is passed over, and asked for by name.
        (Texts::Missing, Query::PassesOver, 3, 3),
        (Texts::Missing, Query::Refused(403), 5, 4),
        (Texts::Refused(400, 500), Query::Works, 3, 2),
        (Texts::Refused(504, 500), Query::Refused(504), 6, 4),
    ] {
        let server = with(texts, query);
        many(&server, 600);
        let account = server.account();
        let work = work(&account).await;
        for requests in [first, again] {
            let listing = account.changes(&work, None, &Default::default()).await.unwrap();
            assert_eq!(listing.present.as_ref().map(Vec::len), Some(600), "{texts:?} {query:?}");
            assert_eq!((listing.changed.len(), listing.problems.len()), (600, 0));
            assert_eq!(listing.requests, requests, "{texts:?} {query:?}: {:?}", server.log());
        }
    }
    // What is known is not given again.
    let server = with(Texts::Given, Query::Works);
    many(&server, 600);
    let account = server.account();
    let work = work(&account).await;
    let mut kept = Kept::default();
    kept.ask(&account, &work).await;
    kept.token = None;
    server.put("005.ics", &event("u5", "New"));
    let listing = kept.ask(&account, &work).await;
    assert_eq!((changed(&listing), listing.requests), (vec!["005.ics"], 2));
}

/// One object that the server fails to read spoils an answer that holds them all.
#[tokio::test]
async fn one_bad_object_spoils_no_first_look() {
    for texts in [Texts::Given, Texts::Missing] {
        let sync = Sync { texts, ..Profile::radicale().sync };
        let server = quiet(Profile { sync, ..Profile::radicale() });
        many(&server, 600);
        server.stumble("100.ics", true);
        let account = server.account();
        let work = work(&account).await;
        let listing = account.changes(&work, None, &Default::default()).await.unwrap();
        assert_eq!(listing.present.as_ref().map(Vec::len), Some(600));
        assert_eq!((listing.changed.len(), listing.problems.len()), (599, 1));
        assert_eq!(last(&listing.problems[0].0), "100.ics", "it is named");
    }
}
