//! Objects that could not be fetched: asked for again, turn by turn, although the token moves on.

use crate::calendar_contract::event;
use crate::support::quirky::{Profile, Quirky};
use chronotype::event::Href;
use chronotype::sync::diff::{Deletions, diff};
use chronotype::sync::poll::{Client, Discovery, poll};
use chronotype::sync::status::{CollectionStatus, Status};

/// A server's answers, taken in as a turn does.
struct Reader {
    status: Status,
}

impl Reader {
    async fn turn(&mut self, server: &Quirky, minute: u32) -> &CollectionStatus {
        let now = format!("2026-03-02T06:{minute:02}:00Z").parse().unwrap();
        let client = Client {
            calendar: Box::new(server.account()),
            wanted: None,
            suggest_into: None,
            discovery: Discovery::EachTurn,
        };
        let answers = poll(&[client], &self.status, now, &|_, _| {}).await;
        let (collection, listing) = answers[0].listings[0].clone();
        let before = self.status.collections.entry(collection.id.clone()).or_default();
        let found = diff(before, &listing.unwrap(), now, Deletions::Guarded, &|_| false);
        *before = found.status;
        before.name = collection.name;
        before.account = collection.account;
        before.href = Some(collection.href);
        before
    }
}

#[tokio::test]
async fn an_object_that_failed_is_asked_for_until_it_comes() {
    let href = |name: &str| Href::new(format!("/alice/work/{name}"));
    let server = Quirky::start(Profile::radicale());
    let mut reader = Reader { status: Status::default() };
    for i in 0..4 {
        server.put(&format!("{i:03}.ics"), &event(&format!("u{i}"), "Many"));
    }
    server.stumble("001.ics", true);
    let status = reader.turn(&server, 0).await;
    assert_eq!(status.broken.keys().collect::<Vec<_>>(), [&href("001.ics")], "never read");

    // Another one changes, and can't be read: it stays as it was.
    server.stumble("002.ics", true);
    server.put("002.ics", &event("u2", "Changed"));
    let status = reader.turn(&server, 1).await;
    assert_eq!(status.broken.len(), 2);
    assert!(status.known[&href("002.ics")].is_text(&as_stored(&event("u2", "Many"))));
    let status = reader.turn(&server, 2).await;
    assert_eq!(status.broken.len(), 2, "nothing else changes, and both are still missed");

    server.stumble("001.ics", false);
    server.stumble("002.ics", false);
    let status = reader.turn(&server, 3).await;
    assert!(status.broken.is_empty(), "{:?}", status.broken);
    assert!(status.known[&href("002.ics")].is_text(&as_stored(&event("u2", "Changed"))));
    assert_eq!(status.known.len(), 4);

    // Asked for no more.
    let before = server.log().len();
    reader.turn(&server, 4).await;
    let log = server.log().split_off(before);
    assert!(!log.iter().any(|line| line.starts_with("GET")), "{log:?}");
    // One that goes before it could be read.
    server.stumble("003.ics", true);
    server.put("003.ics", &event("u3", "Changed"));
    reader.turn(&server, 5).await;
    server.stumble("003.ics", false);
    server.delete("003.ics");
    let status = reader.turn(&server, 6).await;
    assert_eq!((status.broken.len(), status.known.len()), (0, 3));
}

/// As the server gives it out: its lines in another order.
fn as_stored(body: &str) -> String {
    let line = body.lines().find(|line| line.starts_with("SUMMARY:")).unwrap();
    let without = body.replace(&format!("{line}\r\n"), "");
    without.replace("END:VEVENT", &format!("{line}\r\nEND:VEVENT"))
}

/// What a list of changes tells as removed is looked at once more: what can be read is there.
#[tokio::test]
async fn an_object_that_is_denied_and_given_is_there() {
    let server = Quirky::start(Profile::radicale());
    let mut reader = Reader { status: Status::default() };
    for i in 0..4 {
        server.put(&format!("{i:03}.ics"), &event(&format!("u{i}"), "Many"));
    }
    reader.turn(&server, 0).await;
    server.delete("000.ics");
    let status = reader.turn(&server, 1).await;
    assert_eq!((status.known.len(), status.token.is_some()), (3, true), "gone is gone");

    server.deny("001.ics");
    server.delete("002.ics");
    let status = reader.turn(&server, 2).await;
    let here: Vec<&str> =
        status.known.keys().filter_map(|h| h.as_str().rsplit('/').next()).collect();
    assert_eq!(here, ["001.ics", "003.ics"]);
    assert!(status.token.is_none(), "a list that lies about some is not gone on from");
    let status = reader.turn(&server, 3).await;
    assert_eq!(status.known.len(), 2, "all that is there");
}

/// What was tried out on one server says nothing of another under the same account name.
#[tokio::test]
async fn an_account_that_moved_is_tried_out_anew() {
    let (server, other) = (Quirky::start(Profile::xandikos()), Quirky::start(Profile::xandikos()));
    let client = |server: &Quirky| Client {
        calendar: Box::new(server.account()),
        wanted: None,
        suggest_into: None,
        discovery: Discovery::EachTurn,
    };
    let now = "2026-03-02T06:00:00Z".parse().unwrap();
    let mut status = Status::default();
    status.tried.insert(client(&server).trial(), now);
    for (server, tried) in [(&server, true), (&other, false)] {
        let clients = [client(server)];
        poll(&clients, &status, now, &|_, _| {}).await;
        assert_eq!(clients[0].calendar.is_tried(), tried);
    }
}
