//! What servers and lines do wrong, and what the person hears of it.

use crate::calendar_contract::{Kept, event, work};
use crate::support::peers::{PASSWORD, Peer};
use crate::support::proxy::Fault;
use crate::support::tls::self_signed;
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::{Calendar, Collection, Error, Http, Secret};
use chronotype::event::{CollectionId, ETag, Href, SyncToken};
use std::collections::BTreeMap;

/// Every address a person may give leads to the same calendars.
async fn addresses(peer: &Peer) {
    let calendar = peer.calendar_url("alice");
    let principal = format!("{}alice/", peer.base_url());
    let home = calendar.trim_end_matches("work/").to_owned();
    let unknown = format!("{}not/here/", peer.base_url());
    let slashless = calendar.trim_end_matches('/').to_owned();
    for url in [peer.base_url(), calendar, principal, home, unknown, slashless] {
        let account = peer.account(&url, PASSWORD);
        let all = account.collections().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(all.iter().any(|one| one.id == work_id(peer)), "{url}: {all:?}");
        assert!(account.addresses().await.is_ok());
        assert!(account.make_collection("Found").await.is_ok(), "{url}");
    }
}

fn work_id(peer: &Peer) -> CollectionId {
    let url = peer.calendar_url("alice");
    let path = url.trim_start_matches(&peer.base_url());
    CollectionId::new(format!("home//{path}"))
}

#[tokio::test]
async fn any_address_of_radicale_will_do() {
    addresses(&Peer::radicale().await).await;
}

#[tokio::test]
async fn any_address_of_xandikos_will_do() {
    addresses(&Peer::xandikos().await).await;
}

#[tokio::test]
async fn signed_out_is_said() {
    let peer = Peer::radicale().await;
    let account = peer.account(&peer.base_url(), "canary-password");
    let error = account.collections().await.unwrap_err();
    let expected = "127.0.0.1 refused the user name or password";
    assert!(matches!(&error, Error::Unauthorized(said) if said == expected), "{error:?}");
    let other = peer.account(&peer.calendar_url("bob"), PASSWORD);
    let listed = other.collections().await.unwrap();
    assert!(listed.iter().all(|one| !one.href.as_str().contains("bob")), "{listed:?}");
}

#[tokio::test]
async fn broken_lines_and_refusals() {
    let peer = Peer::radicale().await;
    let account = peer.account(&peer.base_url(), PASSWORD);
    let work = work(&account).await;
    for i in 0..60 {
        peer.put(&peer.object(&format!("{i}.ics")), &event(&format!("u{i}"), "Many")).await;
    }
    peer.proxy.fail("REPORT", Fault::Drop);
    peer.proxy.fail("REPORT", Fault::LoseAnswer);
    let mut kept = Kept::default();
    let listing = kept.ask(&account, &work).await;
    let dropped = 2;
    assert_eq!((listing.changed.len(), listing.requests), (60, 1 + dropped), "texts come along");

    // The chunk is refused; its halves are not.
    let stale = peer.proxy.log().len();
    // With texts, and without.
    peer.proxy.fail("REPORT", Fault::Answer(400, String::new()));
    peer.proxy.fail("REPORT", Fault::Answer(400, String::new()));
    let listing = account.changes(&work, None, &BTreeMap::new()).await.unwrap();
    assert_eq!(listing.changed.len(), 60, "sync-collection refused: ETags listed instead");
    assert!(peer.requests()[stale..].iter().any(|line| line.starts_with("PROPFIND")));
    peer.proxy.fail("REPORT", Fault::Answer(400, String::new()));
    let listing = account.changes(&work, None, &BTreeMap::new()).await.unwrap();
    assert_eq!((listing.changed.len(), listing.requests), (60, 4), "1 list, 1 refused, 2 halves");

    for (status, expected) in [(503, "Transient"), (429, "Transient"), (403, "Stale")] {
        // Busy answers are asked again twice.
        for _ in 0..if status == 403 { 1 } else { 3 } {
            peer.proxy.fail("REPORT", Fault::Answer(status, String::new()));
        }
        let result = account.changes(&work, kept.token.as_ref(), &kept.known).await;
        assert!(format!("{:?}", result.unwrap_err()).starts_with(expected), "{status}");
    }
    let href = account.href_for(&work, "chronotype-lost");
    peer.proxy.fail("PUT", Fault::LoseAnswer);
    let lost = account.create(&work, &href, &event("chronotype-lost", "Lost")).await;
    assert!(matches!(lost, Err(Error::Transient(_))), "{lost:?}");
    let etag = account.read(&work, &href).await.unwrap().unwrap().etag.unwrap();
    peer.proxy.fail("DELETE", Fault::LoseAnswer);
    account.delete(&work, &href, &etag).await.unwrap();
    assert_eq!(account.read(&work, &href).await.unwrap(), None);
    peer.proxy.fail("DELETE", Fault::Answer(412, String::new()));
    account.delete(&work, &href, &etag).await.unwrap();
    let nowhere = Collection { href: Href::new("/alice/nowhere/"), ..work.clone() };
    let gone = account.changes(&nowhere, None, &BTreeMap::new()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn wrong_addresses_are_said() {
    let http = Http::new().unwrap();
    let open = |url: &str| {
        let access = Access {
            account: "home".to_owned(),
            url: url.to_owned(),
            username: "alice".to_owned(),
            password: Secret::new("canary-password"),
            sign_in: SignIn::Auto,
            trusted_hosts: Vec::new(),
        };
        CalDav::new(http.clone(), access)
    };
    let plain = open("http://calendar.example.com/").err().unwrap().to_string();
    let expected = "refusing to send the password over plain http to calendar.example.com";
    assert!(plain.starts_with(expected), "{plain}");
    assert!(matches!(open("not an address"), Err(Error::Refused(_))));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = open(&format!("http://{closed}/")).unwrap().collections().await.unwrap_err();
    assert!(matches!(&nobody, Error::Transient(said) if said.contains("127.0.0.1")), "{nobody}");

    let (address, received) = self_signed();
    let account = open(&format!("https://{address}/")).unwrap();
    let error = account.collections().await.unwrap_err();
    let expected = "the certificate of 127.0.0.1 is not trusted: it is signed by itself";
    assert!(matches!(&error, Error::Refused(said) if said.starts_with(expected)), "{error:?}");
    assert_eq!(received.recv().unwrap(), b"", "nothing was sent to it");
    let unknown = open("https://nowhere.invalid/").unwrap().collections().await.unwrap_err();
    let expected = "there is no server called nowhere.invalid";
    assert!(matches!(&unknown, Error::Transient(said) if said.starts_with(expected)), "{unknown}");

    let peer = Peer::radicale().await;
    for _ in 0..3 {
        peer.proxy.fail("PROPFIND", Fault::Answer(200, "<html>hello</html>".to_owned()));
    }
    let page = peer.account(&peer.base_url(), PASSWORD).collections().await.unwrap_err();
    let expected = "no CalDAV server at 127.0.0.1: it answered 200";
    assert!(matches!(&page, Error::Refused(said) if said.starts_with(expected)), "{page}");
}

/// A multistatus answer: (href, property or status) rows, and a token.
fn multistatus(rows: &[(&str, &str)], token: &str) -> String {
    let row = |(href, said): &(&str, &str)| {
        let said = match *said {
            "507" | "404" => format!("<d:status>HTTP/1.1 {said} X</d:status>"),
            etag => format!(
                "<d:propstat><d:prop>{etag}</d:prop><d:status>HTTP/1.1 200 OK</d:status>\
                 </d:propstat>"
            ),
        };
        format!("<d:response><d:href>{href}</d:href>{said}</d:response>")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{rows}\
         <d:sync-token>{token}</d:sync-token></d:multistatus>"
    )
}

const ONE: &str = "<d:getetag>\"one\"</d:getetag>";

#[tokio::test]
async fn a_cut_listing_is_asked_to_its_end() {
    let peer = Peer::radicale().await;
    let account = peer.account(&peer.base_url(), PASSWORD);
    let work = work(&account).await;
    let (a, b) = (peer.object("a.ics"), peer.object("b.ics"));
    let known: BTreeMap<Href, ETag> =
        [&a, &b].map(|path| (Href::new(path.clone()), ETag::new("\"one\""))).into();
    // Of five objects, two are told: changes, not everything.
    let others = ["c", "d", "e"].map(|name| (Href::new(name), ETag::new("\"one\"")));
    let five: BTreeMap<Href, ETag> = known.clone().into_iter().chain(others).collect();
    let here = work.href.as_str();
    let fail = |body: String| peer.proxy.fail("REPORT", Fault::Answer(207, body));
    for token in [None, Some(SyncToken::new("t0"))] {
        fail(multistatus(&[(&a, ONE), (here, "507")], "t1"));
        fail(multistatus(&[(&b, ONE), ("/alice/work/old.ics", "404"), (here, "507")], "t2"));
        fail(multistatus(&[], "t3"));
        let listing = account.changes(&work, token.as_ref(), &five).await.unwrap();
        assert_eq!(listing.token, Some(SyncToken::new("t3")));
        assert_eq!((listing.requests, listing.changed.len()), (3, 0));
        let both = known.keys().cloned().collect::<Vec<_>>();
        let old = vec![Href::new("/alice/work/old.ics")];
        let expected = if token.is_none() { (Some(both), vec![]) } else { (None, old) };
        assert_eq!((listing.present, listing.removed), expected);
    }
    // One that never ends is an error, never a short listing.
    fail(multistatus(&[(&a, ONE), (here, "507")], "t1"));
    fail(multistatus(&[(&b, ONE), (here, "507")], "t1"));
    let endless = account.changes(&work, None, &known).await;
    assert!(matches!(endless, Err(Error::Refused(_))), "{endless:?}");
    fail("<html/>".to_owned());
    let page = account.changes(&work, None, &known).await;
    assert!(matches!(page, Err(Error::Refused(_))), "{page:?}");
    // Without sync-collection, too.
    peer.proxy.fail("REPORT", Fault::Answer(501, String::new()));
    let cut = multistatus(&[(&a, ONE), (here, "507")], "");
    peer.proxy.fail("PROPFIND", Fault::Answer(207, cut));
    let part = account.changes(&work, None, &known).await;
    assert!(matches!(part, Err(Error::Refused(_))), "{part:?}");
}

#[tokio::test]
async fn odd_members_stop_nothing() {
    let peer = Peer::radicale().await;
    let account = peer.account(&peer.base_url(), PASSWORD);
    let work = work(&account).await;
    let fail = |body: String| peer.proxy.fail("REPORT", Fault::Answer(207, body));
    for name in ["a.ics", "b.ics"] {
        peer.put(&peer.object(name), &event(name, "There")).await;
    }
    let [a, b, gone] = ["a.ics", "b.ics", "gone.ics"].map(|name| peer.object(name));
    // No ETag; a folder; gone before it is fetched, and left out of the multiget's answer.
    fail(multistatus(&[(&a, ""), (&b, ONE), ("/alice/work/sub/", ONE), (&gone, ONE)], "t"));
    fail(multistatus(&[], ""));
    peer.proxy.fail("GET", Fault::Answer(500, String::new()));
    let listing = account.changes(&work, None, &BTreeMap::new()).await.unwrap();
    assert_eq!(listing.present, Some(vec![Href::new(a.clone()), Href::new(b.clone())]));
    assert_eq!(listing.problems.len(), 1, "the one that failed: {:?}", listing.problems);
    assert_eq!(listing.changed.iter().map(|one| one.href.as_str()).collect::<Vec<_>>(), [&b]);
    let etag = listing.changed[0].etag.clone().expect("a version, from the GET");
    account.delete(&work, &Href::new(b), &etag).await.unwrap();
}

#[tokio::test]
async fn passwords_follow_no_stranger() {
    let peer = Peer::radicale().await;
    for to in ["https://evil.example/", "http://localhost:9/", "http://example.com/dav/"] {
        let before = peer.requests().len();
        peer.proxy.fail("PROPFIND", Fault::Redirect(to.to_owned()));
        let error = peer.account(&peer.base_url(), PASSWORD).collections().await.unwrap_err();
        assert!(error.to_string().starts_with("127.0.0.1 points to "), "{error}");
        assert!(matches!(error, Error::Refused(_)));
        assert_eq!(peer.requests().len() - before, 1);
    }
    for _ in 0..6 {
        peer.proxy.fail("PROPFIND", Fault::Redirect("/round/".to_owned()));
    }
    let error = peer.account(&peer.base_url(), PASSWORD).collections().await.unwrap_err();
    assert_eq!(error.to_string(), "the server redirects in circles");
}

#[tokio::test]
async fn calendars_are_told_from_the_rest() {
    let peer = Peer::radicale().await;
    let account = peer.account(&peer.base_url(), PASSWORD);
    let mails = ["mailto:Alice@Example.com", "/alice/", "urn:uuid:1", "mailto:al%2Bice@x.org"];
    let mails = mails.map(|one| format!("<d:href>{one}</d:href>")).concat();
    let home = format!(
        "<c:calendar-home-set><d:href>/h</d:href></c:calendar-home-set>\
         <c:calendar-user-address-set>{mails}</c:calendar-user-address-set>"
    );
    let calendar = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
    let holds = |name: &str| {
        let set = "supported-calendar-component-set";
        format!("{calendar}<c:{set}><c:comp name=\"{name}\"/></c:{set}>")
    };
    let may = |what: &str| {
        let set = "current-user-privilege-set";
        format!("{calendar}<d:{set}><d:privilege><d:{what}/></d:privilege></d:{set}>")
    };
    let rows = [
        ("/h/", "<d:resourcetype><d:collection/></d:resourcetype>".to_owned()),
        ("/h/plain", format!("{calendar}<d:displayname>Plain &amp; good</d:displayname>")),
        ("/h/tasks%40home/", holds("VTODO")),
        ("/h/journal/", holds("VJOURNAL")),
        ("/h/read/", may("read")),
        ("/h/change/", may("write-content")),
        ("/h/write/", may("write")),
        ("/h/inbox/", "<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>".into()),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(href, said)| (*href, said.as_str())).collect();
    for body in [multistatus(&[("/", &home)], ""), multistatus(&rows, "")] {
        peer.proxy.fail("PROPFIND", Fault::Answer(207, body));
    }
    let all = account.collections().await.unwrap();
    let seen: Vec<_> = all.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.read_only)).collect();
    let expected = [
        ("home//h/plain/", "Plain & good", false),
        ("home//h/tasks@home/", "tasks@home", false),
        ("home//h/read/", "read", true),
        ("home//h/change/", "change", true),
        ("home//h/write/", "write", false),
    ];
    assert_eq!(seen, expected);
    assert_eq!(account.addresses().await.unwrap(), ["al+ice@x.org", "alice@example.com"]);
    assert_eq!(account.requests(), 2);
}
