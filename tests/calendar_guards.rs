//! Writes on servers that guard them less than they should: found out without harm, done by the
//! longer way, and never over somebody's edit.

use crate::calendar_contract::{Kept, event, work};
use crate::support::quirky::profile::{Guards, Rewrites, UidTaken};
use crate::support::quirky::{ETags, Profile, Quirky, When};
use chronotype::calendar::caldav::CalDav;
use chronotype::calendar::{Calendar, Collection, Error, Weakness};
use chronotype::event::{ETag, Href};
use std::collections::BTreeSet;

const UID: &str = "chronotype-0123456789abcdef";
const NAME: &str = "chronotype-0123456789abcdef.ics";

/// The account, its calendar, and where our block goes.
async fn open(server: &Quirky) -> (CalDav, Collection, Href) {
    let account = server.account();
    let work = work(&account).await;
    let href = account.href_for(&work, UID);
    (account, work, href)
}

fn deaf(guards: Guards) -> Profile {
    Profile { guards, ..Profile::xandikos() }
}

fn weak() -> Profile {
    Profile { etags: ETags::Weak, ..Profile::xandikos() }
}

fn absent() -> Profile {
    Profile { etags: ETags::Absent, ..deaf(Guards::NONE) }
}

fn methods(server: &Quirky, from: usize) -> Vec<String> {
    let log = server.log().split_off(from);
    log.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_honest_server_is_tried_out_once() {
    let server = Quirky::start(Profile::xandikos());
    let (account, work, href) = open(&server).await;
    let before = server.log().len();
    let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
    let asked = methods(&server, before);
    assert_eq!(asked, ["GET", "PUT", "GET", "PUT", "PUT"], "looked, made, read back, tried twice");
    assert_eq!(server.get(NAME).unwrap(), event(UID, "One"));

    let before = server.log().len();
    let second = account.href_for(&work, "chronotype-2");
    account.create(&work, &second, &event("chronotype-2", "Two")).await.unwrap();
    assert_eq!(methods(&server, before), ["PUT"], "known to be good");
    let etag = account.update(&work, &href, &etag, &event(UID, "Three")).await.unwrap().unwrap();
    assert_eq!(methods(&server, before), ["PUT", "PUT"]);
    account.delete(&work, &href, &etag).await.unwrap();
    assert_eq!(methods(&server, before + 2), ["PROPFIND", "DELETE", "DELETE"], "tried out, too");
    assert_eq!(account.weaknesses(), BTreeSet::new());

    assert!(account.is_tried());

    // After a restart it is remembered for the account.
    let (account, work, _) = open(&server).await;
    account.recall_trial();
    let before = server.log().len();
    account.create(&work, &href, &event(UID, "Four")).await.unwrap();
    assert_eq!(methods(&server, before), ["PUT"]);
}

#[tokio::test]
async fn what_lies_there_is_never_overwritten() {
    for profile in [Profile::sogo(), deaf(Guards::NONE), absent(), Profile::hostile()] {
        let server = Quirky::start(Profile { drops: None, ..profile });
        let (account, work, href) = open(&server).await;
        server.put(NAME, &event(UID, "Theirs"));
        let theirs = server.get(NAME);
        let taken = account.create(&work, &href, &event(UID, "Ours")).await;
        assert!(matches!(taken, Err(Error::Changed)), "{taken:?}");
        let old = ETag::new("\"old\"");
        let update = account.update(&work, &href, &old, &event(UID, "Ours")).await;
        let deletion = account.delete(&work, &href, &old).await;
        assert_eq!(server.get(NAME), theirs, "{update:?} {deletion:?}");
        assert!(update.is_err() && deletion.is_err());
    }
}

#[tokio::test]
async fn ignored_conditions_are_found_out_on_our_own_block() {
    use Weakness::{NoGuardedCreate, NoGuardedUpdate};
    let by_put = Guards { update: false, missing: false, ..Guards::ALL };
    for (guards, expected) in [
        (Guards { create: false, ..Guards::ALL }, vec![NoGuardedCreate]),
        (by_put, vec![NoGuardedUpdate]),
        (Guards::NONE, vec![NoGuardedCreate, NoGuardedUpdate]),
    ] {
        let server = Quirky::start(Profile { etags: ETags::Counter, ..deaf(guards) });
        let (account, work, href) = open(&server).await;
        let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
        assert_eq!(account.weaknesses(), expected.iter().copied().collect());
        // The trial made a new version: that is the one we know.
        account.update(&work, &href, &etag, &event(UID, "Two")).await.unwrap();

        // A later run knows from the start.
        let later = server.account();
        later.recall_trial();
        later.recall(&account.weaknesses());
        server.put(NAME, &event(UID, "Theirs"));
        let before = server.log().len();
        if expected.contains(&NoGuardedCreate) {
            assert!(later.create(&work, &href, &event(UID, "Ours")).await.is_err());
            assert_eq!(methods(&server, before), ["GET"]);
        } else {
            assert!(later.update(&work, &href, &etag, &event(UID, "Ours")).await.is_err());
            assert_eq!(methods(&server, before), ["PROPFIND"]);
        }
    }
    // DELETE alone: found out with the first one, on what was to go anyway.
    let server = Quirky::start(deaf(Guards { delete: false, ..Guards::ALL }));
    let (account, work, href) = open(&server).await;
    let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
    assert_eq!(account.weaknesses(), BTreeSet::new());
    account.delete(&work, &href, &etag).await.unwrap();
    assert_eq!(server.get(NAME), None);
    assert_eq!(account.weaknesses(), BTreeSet::from([NoGuardedUpdate]));
}

#[tokio::test]
async fn an_edit_right_after_our_write_is_theirs() {
    let theirs = event(UID, "Theirs");
    for profile in [Profile { drops: None, ..Profile::sogo() }, absent(), weak()] {
        let server = Quirky::start(profile);
        let (account, work, href) = open(&server).await;
        let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
        server.interject("PUT", When::After, NAME, Some(&theirs));
        let result = account.update(&work, &href, &etag, &event(UID, "Two")).await;
        assert!(matches!(result, Err(Error::Changed)), "{result:?}");
        assert!(server.get(NAME).unwrap().contains("SUMMARY:Theirs"));

        let other = account.href_for(&work, "chronotype-2");
        let edited = event("chronotype-2", "Theirs");
        server.interject("PUT", When::After, "chronotype-2.ics", Some(&edited));
        let result = account.create(&work, &other, &event("chronotype-2", "Two")).await;
        assert!(server.get("chronotype-2.ics").unwrap().contains("Theirs"), "{result:?}");
    }
    // No ETag on PUT: the version that is read afterwards may be of their text.
    let server = Quirky::start(Profile { etag_on_put: false, ..Profile::xandikos() });
    let (account, work, href) = open(&server).await;
    let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
    server.interject("PUT", When::After, NAME, Some(&theirs));
    let result = account.update(&work, &href, &etag, &event(UID, "Two")).await;
    assert!(matches!(result, Err(Error::Changed)), "{result:?}");
}

#[tokio::test]
async fn weak_and_absent_versions_still_let_our_blocks_change() {
    for (profile, expected) in [
        (weak(), Weakness::WeakVersions),
        (Profile { etags: ETags::Absent, ..Profile::xandikos() }, Weakness::NoVersions),
    ] {
        let server = Quirky::start(profile);
        let (account, work, href) = open(&server).await;
        account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
        let mut kept = Kept::default();
        kept.ask(&account, &work).await;
        let etag = kept.known[&href].clone();
        // A fresh start: all that is remembered is that conditions count.
        let later = server.account();
        later.recall_trial();
        let etag = later.update(&work, &href, &etag, &event(UID, "Two")).await.unwrap().unwrap();
        assert!(server.get(NAME).unwrap().contains("Two"));
        assert!(later.weaknesses().contains(&expected), "{:?}", later.weaknesses());
        let later = server.account();
        later.delete(&work, &href, &etag).await.unwrap();
        assert_eq!(server.get(NAME), None);
        let gone = later.update(&work, &href, &etag, &event(UID, "Three")).await;
        assert!(matches!(gone, Err(Error::Changed)), "{gone:?}");
        assert_eq!(server.get(NAME), None, "it does not come back");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let server = Quirky::start(Profile::xandikos());
    let (account, work, href) = open(&server).await;
    let etag = account.create(&work, &href, &event(UID, "One")).await.unwrap().unwrap();
    for (status, precondition, expected) in [
        (507, "d:quota-not-exceeded", "127.0.0.1 has no space left for changing a block (507)"),
        (403, "d:quota-not-exceeded", "127.0.0.1 has no space left for changing a block (403)"),
        (403, "d:need-privileges", "127.0.0.1 does not allow changing a block (403): ask for"),
        (409, "d:x", "127.0.0.1 refuses changing a block (409): the calendar is gone"),
        (412, "c:max-resource-size", "127.0.0.1 refuses changing a block: it is larger than"),
        (413, "d:x", "127.0.0.1 refuses changing a block: it is larger than it takes (413)"),
        (403, "c:valid-calendar-data", "127.0.0.1 takes the block for invalid (403"),
    ] {
        server.refuse_writes(Some((status, precondition)));
        let refused = account.update(&work, &href, &etag, &event(UID, "Two")).await;
        let said = matches!(&refused, Err(Error::Refused(s)) if s.starts_with(expected));
        assert!(said, "{status} {precondition}: {refused:?}");
    }
    server.refuse_writes(None);
    account.update(&work, &href, &etag, &event(UID, "Two")).await.unwrap();
}

#[tokio::test]
async fn a_taken_uid_is_no_refusal() {
    for taken in [UidTaken::Named(409), UidTaken::Named(403), UidTaken::Words] {
        let server = Quirky::start(Profile { uid_taken: taken, ..Profile::xandikos() });
        let (account, work, href) = open(&server).await;
        server.put("elsewhere.ics", &event(UID, "Moved there"));
        let result = account.create(&work, &href, &event(UID, "One")).await;
        assert!(matches!(result, Err(Error::Changed)), "{taken:?}: {result:?}");
    }
}

#[tokio::test]
async fn blocks_that_lose_their_marks_are_taken_back() {
    let server = Quirky::start(Profile { rewrites: Rewrites::DropsMarks, ..Profile::xandikos() });
    let (account, work, href) = open(&server).await;
    let mark = "X-CHRONOTYPE-BLOCK:chronotype-0123456789abcdef\r\nEND:VEVENT";
    let block = event(UID, "One").replace("END:VEVENT", mark);
    let result = account.create(&work, &href, &block).await;
    let said = matches!(&result, Err(Error::Refused(s)) if s.contains("drops the marks"));
    assert!(said, "{result:?}");
    assert_eq!(server.get(NAME), None);
    // What is only written in another way stays.
    let server = Quirky::start(Profile { rewrites: Rewrites::LineOrder, ..absent() });
    let (account, work, href) = open(&server).await;
    account.create(&work, &href, &block).await.unwrap();
    assert!(account.weaknesses().contains(&Weakness::Rewrites));
}

#[tokio::test]
async fn calendars_that_can_only_be_read_get_no_blocks() {
    let server = Quirky::start(Profile::xandikos());
    for (privileges, read_only) in [
        ("<privilege><read/></privilege>", true),
        ("<privilege><write-content/></privilege>", true),
        ("<privilege><bind/></privilege><privilege><write-content/></privilege>", true),
        ("<privilege><all><write/><bind/></all></privilege>", false),
        ("<privilege><read/></privilege><privilege><write/></privilege>", false),
        ("<privilege><bind/><unbind/><write-content/></privilege>", false),
    ] {
        server.allow("work", privileges);
        let account = server.account();
        assert_eq!(work(&account).await.read_only, read_only, "{privileges}");
        let made = account.make_collection("work").await;
        let said = "the calendar 'work' can only be read: name another one in suggest_into";
        match made {
            Ok(made) => assert!(!read_only && !made.read_only, "{privileges}"),
            Err(error) => assert!(read_only && error.to_string().starts_with(said), "{error}"),
        }
    }
}
