//! When requests are asked again, and what connections carry.

use crate::support::person::Person;
use crate::support::server::{Asked, Reply, Server, Shown, access, calendar, rows};
use chronotype::calendar::caldav::{CalDav, SignIn};
use chronotype::calendar::{Calendar, Collection, Error, Http, Tls};
use chronotype::event::{CollectionId, Href};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An account whose server was tried before: each call is the requests it needs.
fn open(server: &Server) -> CalDav {
    let url = server.url("127.0.0.1");
    let account = CalDav::new(server.http(&Tls::default()), access(&url, SignIn::Auto)).unwrap();
    account.recall_trial();
    account
}

fn work() -> Collection {
    Collection {
        id: CollectionId::new("home//"),
        href: Href::new("/"),
        account: "home".to_owned(),
        name: "Work".to_owned(),
        read_only: false,
    }
}

/// Answers `busy` so many times before it serves.
fn busy(times: usize, busy: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    let left = AtomicUsize::new(times);
    Server::start(move |asked| {
        let take = |n: usize| n.checked_sub(1);
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            return busy();
        }
        match asked.method.as_str() {
            "PUT" => Reply::new(201, "").with("ETag", "\"1\""),
            "GET" => Reply::new(200, "BEGIN:VCALENDAR").with("ETag", "\"1\""),
            _ => calendar(asked),
        }
    })
}

async fn read(server: &Server) -> Result<(), Error> {
    open(server).read(&work(), &Href::new("/a.ics")).await.map(drop)
}

async fn create(server: &Server) -> Result<(), Error> {
    open(server).create(&work(), &Href::new("/a.ics"), "BEGIN:VCALENDAR").await.map(drop)
}

#[tokio::test]
async fn busy_servers_are_asked_again_in_a_while() {
    for status in [429, 503] {
        let soon = move || Reply::new(status, "").with("Retry-After", "0");
        let server = busy(2, soon);
        read(&server).await.unwrap();
        assert_eq!(server.log().len(), 3);
        // A refusal is an answer: nothing was written, and it may be tried again.
        let server = busy(2, soon);
        create(&server).await.unwrap();
        let log = server.log();
        assert_eq!(log.len(), 3);
        assert!(log.iter().all(|a| a.header("if-none-match") == Some("*") && !a.body.is_empty()));
        // But not for ever.
        for asks in [read(&busy(9, soon)).await, create(&busy(9, soon)).await] {
            assert!(matches!(asks, Err(Error::Transient(_))), "{asks:?}");
        }
    }
    // Without a word on when, a PUT is not repeated.
    let server = busy(9, || Reply::new(503, ""));
    assert!(matches!(read(&server).await, Err(Error::Transient(_))));
    assert_eq!(server.log().len(), 3);
    let server = busy(9, || Reply::new(503, ""));
    assert!(matches!(create(&server).await, Err(Error::Transient(_))));
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn servers_that_want_to_be_left_alone_are() {
    type Busy = fn() -> Reply;
    let seconds: Busy = || Reply::new(429, "").with("Retry-After", "1200");
    let date: Busy = || {
        // By its own clock, which may be far off.
        let reply = Reply::new(503, "").with("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        reply.with("Retry-After", "Sun, 06 Nov 1994 09:09:37 GMT")
    };
    let ages: Busy = || Reply::new(503, "").with("Retry-After", "31536000");
    for (answer, expected, words) in
        [(seconds, 1_200, "20 minutes"), (date, 1_200, "20 minutes"), (ages, 86_400, "24 hours")]
    {
        let server = busy(9, answer);
        for asks in [read(&server).await, create(&server).await] {
            let Err(Error::Later { message, after }) = asks else { panic!("{asks:?}") };
            assert_eq!(after, Duration::from_secs(expected));
            assert_eq!(message, format!("127.0.0.1 asks to be left alone for {words}"));
        }
        assert_eq!(server.log().len(), 2, "each asked once");
        let discovery = open(&server).collections().await;
        assert!(matches!(discovery, Err(Error::Later { .. })), "{discovery:?}");
        assert_eq!(server.log().len(), 3);
    }
}

/// Listing, reading and writing on one account; how many requests and connections it took.
async fn converse(server: &Server, account: &CalDav) -> (usize, usize) {
    account.collections().await.unwrap();
    for i in 0..6 {
        let href = Href::new(format!("/{i}.ics"));
        account.read(&work(), &href).await.unwrap();
        account.create(&work(), &href, "BEGIN:VCALENDAR").await.unwrap();
    }
    (server.log().len(), server.connections())
}

fn serve(asked: &Asked) -> Reply {
    match asked.method.as_str() {
        "PUT" => Reply::new(201, "").with("ETag", "\"1\""),
        "GET" => Reply::new(200, "BEGIN:VCALENDAR").with("ETag", "\"1\""),
        _ => calendar(asked),
    }
}

#[tokio::test]
async fn one_connection_does_for_all() {
    for server in [Server::start(serve), Server::secure(Shown::None, serve)] {
        assert_eq!(converse(&server, &open(&server)).await, (14, 1));
    }
    // Accounts share it.
    let server = Server::start(serve);
    let http = Http::new().unwrap();
    for _ in 0..3 {
        let access = access(&server.url("127.0.0.1"), SignIn::Auto);
        CalDav::new(http.clone(), access).unwrap().collections().await.unwrap();
    }
    assert_eq!((server.log().len(), server.connections()), (6, 1));
    // Challenges, refusals and redirects don't cost one either.
    let server = Server::start(|asked| match (asked.header("authorization"), asked.target.len()) {
        (None, _) => Reply::new(401, "no").with("WWW-Authenticate", "Basic realm=\"x\""),
        (_, 1) => Reply::moved(301, "/dav/"),
        _ => serve(asked),
    });
    open(&server).collections().await.unwrap();
    assert_eq!(server.connections(), 1);
    // A server that closes each time is as good.
    let server = Server::start(|asked| Reply { closes: true, ..serve(asked) });
    assert_eq!(converse(&server, &open(&server)).await, (14, 14));
}

#[tokio::test]
async fn no_other_protocol_is_followed() {
    let server = Server::start(|asked| {
        let reply = serve(asked).with("Upgrade", "h2c");
        reply.with("Connection", "Upgrade")
    });
    assert_eq!(converse(&server, &open(&server)).await, (14, 1));
    for asked in server.log() {
        let asks = ["upgrade", "http2-settings"].map(|name| asked.header(name).is_some());
        assert_eq!(asks, [false, false], "{}", asked.line());
    }
}

/// As gzip (RFC 1952), in one stored block.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in text {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let length = u16::try_from(text.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(text);
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

#[tokio::test]
async fn answers_may_be_packed_and_requests_are_not() {
    let server = Server::start(|asked| {
        let reply = serve(asked);
        match asked.header("accept-encoding").is_some_and(|all| all.contains("gzip")) {
            true => Reply { body: gzip(&reply.body), ..reply }.with("Content-Encoding", "gzip"),
            false => reply,
        }
    });
    let account = open(&server);
    assert_eq!(account.collections().await.unwrap()[0].name, "Work");
    converse(&server, &account).await;
    for asked in server.log() {
        assert_eq!(asked.header("content-encoding"), None, "{}", asked.line());
        let packed = asked.header("accept-encoding").is_some_and(|all| all.contains("gzip"));
        // Packed objects come with another ETag from some servers.
        assert_eq!(packed, asked.method == "PROPFIND", "{}", asked.line());
    }
}

#[tokio::test]
async fn a_turn_leaves_it_alone_until_then_and_says_so() {
    let server = busy(1, || Reply::new(429, "").with("Retry-After", "1200"));
    let keys = format!(
        "kind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\npassword_file = \
         \"{{home}}/password\"",
        server.url("127.0.0.1")
    );
    let person = Person::with_account(&keys);
    let gave = person.run("02T08:00", &["sync"]);
    let said = "error: account home: 127.0.0.1 asks to be left alone for 20 minutes\n";
    assert_eq!((gave.code, gave.err.contains(said)), (Some(1), true), "{}", gave.err);
    assert_eq!(server.log().len(), 1);
    let status = person.ok("02T08:01", &["status"]);
    let until = "home: the server asked to be left alone; it is not asked before Mon 2 Mar 09:20";
    assert!(status.out.contains(until), "{}", status.out);
    let document: serde_json::Value =
        serde_json::from_str(&person.ok("02T08:01", &["status", "--json"]).out).unwrap();
    let trouble = &document["accounts_in_trouble"][0];
    assert_eq!(trouble["not_before"], "2026-03-02T08:20:00Z", "{document}");

    let gave = person.run("02T08:10", &["sync"]);
    let said = "the server asked to be left alone: asked again in 11 min";
    assert!(gave.err.contains(said), "{}", gave.err);
    assert_eq!(server.log().len(), 1, "not asked before then");
    let status = person.ok("02T08:11", &["status"]);
    assert!(status.out.contains(until), "still the first one's: {}", status.out);

    let gave = person.run("02T08:21", &["sync"]);
    assert!(server.log().len() > 1, "{}", gave.err);
    let status = person.ok("02T08:22", &["status"]);
    assert!(!status.out.contains("left alone"), "{}", status.out);
}

/// Two calendars, `/h/a/` and `/h/b/`; what the script says comes first.
fn two(first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> (Server, Person) {
    const KIND: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
    const HOME: &str = "<c:calendar-home-set><d:href>/h/</d:href></c:calendar-home-set>";
    let stored = Mutex::new(BTreeSet::new());
    let server = Server::start(move |asked| match (first(asked), asked.method.as_str()) {
        (Some(reply), _) => reply,
        (None, "PUT") if stored.lock().unwrap().insert(asked.target.clone()) => {
            Reply::new(201, "").with("ETag", "\"1\"")
        }
        (None, "PUT") => Reply::new(412, ""),
        (None, "GET") => Reply::new(404, ""),
        (None, "REPORT") => rows(&[]),
        (None, _) if asked.target == "/h/" => rows(&[("/h/a/", KIND), ("/h/b/", KIND)]),
        (None, _) => rows(&[("/", HOME)]),
    });
    let keys = format!(
        "kind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\npassword_file = \
         \"{{home}}/password\"\nsuggest_into = \"a\"",
        server.url("127.0.0.1")
    );
    (server, Person::with_account(&keys))
}

fn count(server: &Server, method: &str) -> usize {
    server.log().iter().filter(|asked| asked.method == method).count()
}

#[tokio::test]
async fn a_busy_calendar_speaks_for_its_account() {
    let later = || Reply::new(503, "").with("Retry-After", "1200");
    let (server, person) = two(move |asked| (asked.method == "REPORT").then(later));
    let gave = person.run("02T08:00", &["sync"]);
    assert!(gave.err.contains("asks to be left alone for 20 minutes"), "{}", gave.err);
    assert_eq!(count(&server, "REPORT"), 1, "the other calendar is not asked");
    let asked = server.log().len();
    person.run("02T08:19", &["sync"]);
    assert_eq!(server.log().len(), asked);
}

#[tokio::test]
async fn a_busy_answer_to_a_write_ends_the_writing() {
    let (first, later) = (AtomicUsize::new(0), || Reply::new(429, "").with("Retry-After", "1200"));
    let (server, person) = two(move |asked| {
        let is_first = asked.method == "PUT" && first.fetch_add(1, Ordering::SeqCst) == 0;
        is_first.then(later)
    });
    for title in ["Board deck", "Budget"] {
        person.ok("02T06:00", &["schedule", title, "--duration", "60m", "--by", "fri"]);
    }
    let gave = person.ok("02T06:00", &["sync"]);
    let said = "a block could not be written: 127.0.0.1 asks to be left alone for 20 minutes\n";
    assert_eq!(gave.err.matches(said).count(), 1, "said once: {}", gave.err);
    assert_eq!(count(&server, "PUT"), 1, "asking on would annoy it");
    let status = person.ok("02T06:01", &["status"]);
    assert!(status.out.contains("not asked before Mon 2 Mar 07:20"), "{}", status.out);
    assert!(status.out.contains("pending writes: 2"), "{}", status.out);
    let asked = server.log().len();
    person.run("02T06:10", &["sync"]);
    assert_eq!(server.log().len(), asked);
    person.ok("02T06:21", &["sync"]);
    let status = person.ok("02T06:22", &["status"]);
    assert!(!status.out.contains("pending writes"), "both are written: {}", status.out);
}
