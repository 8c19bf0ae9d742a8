//! Where requests are sent on to, who may see the credentials there, and whose certificates count.

use crate::support::person::private;
use crate::support::server::{
    Asked, NOBODY, Reply, Server, Shown, access, calendar, certificate, deletion, multistatus,
};
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::{Calendar, Collection, Error, Http, Tls};
use chronotype::event::{CollectionId, ETag, Href};
use std::collections::BTreeMap;

fn open(server: &Server, url: &str, trusted: &[&str]) -> CalDav {
    let trusted_hosts = trusted.iter().map(|host| (*host).to_owned()).collect();
    let access = Access { trusted_hosts, ..access(url, SignIn::Auto) };
    let account = CalDav::new(server.http(&Tls::default()), access).unwrap();
    account.recall_trial();
    account
}

fn work(href: &str) -> Collection {
    Collection {
        id: CollectionId::new(format!("home/{href}")),
        href: Href::new(href),
        account: "home".to_owned(),
        name: "Work".to_owned(),
        read_only: false,
    }
}

/// Every kind of request, each for `/old/...`; what became of it.
async fn everything(account: &CalDav) -> Vec<Result<(), Error>> {
    let (work, href, etag) = (work("/old/"), Href::new("/old/a.ics"), ETag::new("\"1\""));
    vec![
        account.collections().await.map(drop),
        account.changes(&work, None, &BTreeMap::new()).await.map(drop),
        account.read(&work, &href).await.map(drop),
        account.create(&work, &href, "BEGIN:VCALENDAR").await.map(drop),
        account.update(&work, &href, &etag, "BEGIN:VCALENDAR").await.map(drop),
        account.delete(&work, &href, &etag).await,
    ]
}

/// A small server of one calendar.
fn serve(asked: &Asked) -> Reply {
    match asked.method.as_str() {
        "PUT" => {
            let status = if asked.header("if-match").is_some() { 204 } else { 201 };
            Reply::new(status, "").with("ETag", "\"2\"")
        }
        "DELETE" => deletion(asked),
        "GET" => Reply::new(200, "BEGIN:VCALENDAR").with("ETag", "\"1\""),
        "REPORT" => multistatus("/new/gone.ics", ""),
        _ => calendar(asked),
    }
}

#[tokio::test]
async fn every_kind_of_request_is_sent_on_whole() {
    for (status, to) in [
        (301, "/new"),
        (302, "https://p42-caldav.cloud.test:PORT/new"),
        (307, "../new"),
        (308, "https://cloud.test:PORT/new"),
    ] {
        let server = Server::secure(Shown::None, move |asked| {
            let Some(rest) = asked.target.strip_prefix("/old") else { return serve(asked) };
            let port = asked.header("host").unwrap().split(':').next_back().unwrap();
            Reply::moved(status, &format!("{}{rest}", to.replace("PORT", port)))
        });
        let account = open(&server, &format!("{}old/", server.url("caldav.cloud.test")), &[]);
        for result in everything(&account).await {
            result.unwrap_or_else(|error| panic!("{status}: {error}"));
        }
        let log = server.log();
        let mut sent_on = 0;
        for pair in log.windows(2).filter(|pair| pair[0].target.starts_with("/old")) {
            let [old, new] = pair else { unreachable!() };
            let what = |a: &Asked| {
                let kept = ["authorization", "if-match", "if-none-match", "depth", "content-type"];
                let kept = kept.map(|name| a.header(name).map(str::to_owned));
                (a.method.clone(), a.body.clone(), kept)
            };
            assert_eq!(what(old), what(new), "{status}");
            assert!(new.target.starts_with("/new"), "{}", new.line());
            assert!(new.header("authorization").is_some());
            sent_on += 1;
        }
        let methods = |method: &str| log.iter().filter(|a| a.method == method).count();
        // The first deletion is preceded by one that must fail.
        assert_eq!((methods("PUT"), methods("DELETE")), (4, 4));
        assert!(sent_on >= 6, "{sent_on}");
    }
}

#[tokio::test]
async fn credentials_follow_to_no_other_site() {
    let to = |to: &'static str| {
        Server::secure(Shown::Asked, move |asked| match asked.host() {
            "caldav.cloud.test" => {
                let port = asked.header("host").unwrap().split(':').next_back().unwrap();
                Reply::moved(307, &to.replace("PORT", port))
            }
            _ => serve(asked),
        })
    };
    let tls = Tls {
        client_certificate: Some(certificate("client.pem")),
        client_key: Some(certificate("client.key")),
        ca_file: None,
    };
    for (target, expected) in [
        (
            "https://other.test:PORT/",
            "caldav.cloud.test points to other.test, which is another site: if it is yours, add \
             \"other.test\" to trusted_hosts of the account home",
        ),
        (
            "http://p42-caldav.cloud.test:PORT/",
            "caldav.cloud.test points to http://p42-caldav.cloud.test:PORT, which is not https: \
             nothing is sent there",
        ),
        (
            "http://127.0.0.1:PORT/",
            "caldav.cloud.test points to http://127.0.0.1:PORT, which is not https: nothing is \
             sent there",
        ),
    ] {
        let server = to(target);
        let base = server.url("caldav.cloud.test");
        let account = CalDav::new(server.http(&tls), access(&base, SignIn::Auto)).unwrap();
        let expected = expected.replace("PORT", &server.address.port().to_string());
        for result in everything(&account).await {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{error:?}");
            assert_eq!(error.to_string(), expected);
        }
        assert!(server.log().iter().all(|a| a.host() == "caldav.cloud.test"));
        assert_eq!(server.connections(), 1, "nobody else was even shown the certificate");
    }
    // Once the person has said so, they do.
    let server = to("https://other.test:PORT/");
    let base = server.url("caldav.cloud.test");
    let account = open(&server, &base, &["Other.Test"]);
    account.collections().await.unwrap();
    assert!(server.log().iter().any(|a| a.host() == "other.test"));
    // A server behind a proxy that does its TLS names itself with plain http: it means https.
    let server = Server::secure(Shown::None, |asked| match asked.target.as_str() {
        "/" => Reply::moved(301, &format!("http://{}/dav/", asked.header("host").unwrap())),
        _ => serve(asked),
    });
    let account = open(&server, &server.url("cloud.test"), &[]);
    account.collections().await.unwrap();
}

#[tokio::test]
async fn circles_end() {
    type Script = fn(&Asked) -> Reply;
    let circle: Script = |asked| Reply::moved(302, if asked.target == "/a" { "/b" } else { "/a" });
    let longer: Script = |asked| Reply::moved(302, &format!("{}x", asked.target));
    let itself: Script = |asked| Reply::moved(301, &asked.target);
    for (script, most) in [(circle, 3), (longer, 6), (itself, 1)] {
        let server = Server::start(script);
        let account =
            CalDav::new(Http::new().unwrap(), access(&server.url("127.0.0.1"), SignIn::Auto));
        let error = account.unwrap().read(&work("/"), &Href::new("/a")).await.unwrap_err();
        assert_eq!(error.to_string(), "the server redirects in circles");
        assert!(server.log().len() <= most, "{}", server.log().len());
    }
    // Nowhere to go, or "look there" for someone who writes: an answer like any other.
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" => Reply::new(301, ""),
        _ => Reply::moved(303, "/elsewhere"),
    });
    let base = server.url("127.0.0.1");
    let account = CalDav::new(Http::new().unwrap(), access(&base, SignIn::Auto)).unwrap();
    account.recall_trial();
    let (work, href) = (work("/"), Href::new("/a"));
    assert!(matches!(account.read(&work, &href).await, Err(Error::Refused(_))));
    assert!(matches!(account.create(&work, &href, "x").await, Err(Error::Refused(_))));
    assert!(account.delete(&work, &href, &ETag::new("\"1\"")).await.is_err());
    let log = server.log();
    let sent_on = log.iter().filter(|a| a.target != "/a" && a.method != "PROPFIND").count();
    assert_eq!(sent_on, 0, "{log:?}");
}

/// iCloud's: sign-in on one host, calendars on another of its domain.
fn cloud(asked: &Asked) -> Reply {
    let port = asked.header("host").unwrap().split(':').next_back().unwrap();
    let home = format!("https://p42-caldav.cloud.test:{port}/123/calendars/");
    match (asked.host(), asked.target.as_str(), asked.method.as_str()) {
        ("caldav.cloud.test", "/", "PROPFIND") => {
            let principal = "<d:href>/123/principal/</d:href>";
            let prop = "current-user-principal";
            multistatus("/", &format!("<d:{prop}>{principal}</d:{prop}>"))
        }
        ("caldav.cloud.test", "/123/principal/", "PROPFIND") => {
            let homes = format!("<d:href>{home}</d:href>");
            let set = "c:calendar-home-set";
            multistatus("/123/principal/", &format!("<{set}>{homes}</{set}>"))
        }
        ("p42-caldav.cloud.test", "/123/calendars/", "PROPFIND") => {
            let kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
            multistatus("/123/calendars/work%40home/", kind)
        }
        ("p42-caldav.cloud.test", "/123/calendars/work@home/", "REPORT") => {
            let etag = "<d:getetag>\"1\"</d:getetag>";
            let data = "<c:calendar-data>BEGIN:VCALENDAR</c:calendar-data>";
            multistatus("/123/calendars/work@home/a.ics", &format!("{etag}{data}"))
        }
        ("p42-caldav.cloud.test", _, "PUT") => Reply::new(201, "").with("ETag", "\"2\""),
        ("p42-caldav.cloud.test", _, "DELETE") => Reply::new(204, ""),
        _ => Reply::new(404, ""),
    }
}

#[tokio::test]
async fn calendars_on_another_host_of_the_domain() {
    let server = Server::secure(Shown::None, cloud);
    let there = format!("https://p42-caldav.cloud.test:{}", server.address.port());
    let account = open(&server, &server.url("caldav.cloud.test"), &[]);
    let all = account.collections().await.unwrap();
    let [work] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(work.href.as_str(), format!("{there}/123/calendars/work@home/"));
    let listing = account.changes(work, None, &BTreeMap::new()).await.unwrap();
    let one = Href::new(format!("{there}/123/calendars/work@home/a.ics"));
    assert_eq!(listing.present, Some(vec![one.clone()]), "{listing:?}");
    assert_eq!(listing.changed.len(), 1, "{listing:?}");
    let new = account.href_for(work, "chronotype-1");
    account.create(work, &new, "BEGIN:VCALENDAR").await.unwrap();
    account.delete(work, &one, &ETag::new("\"1\"")).await.unwrap();
    let lines: Vec<String> = server.log().iter().skip(2).map(Asked::line).collect();
    assert!(lines.iter().all(|line| line.contains(" p42-caldav.cloud.test ")), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line
                == "PUT p42-caldav.cloud.test /123/calendars/work@home/chronotype-1.ics")
    );
}

#[tokio::test]
async fn certificates_of_ones_own() {
    let server = Server::secure(Shown::Wanted, serve);
    let base = server.url("127.0.0.1");
    let files = |certificate_file: &str, key: Option<&str>| Tls {
        client_certificate: Some(certificate(certificate_file)),
        client_key: key.map(certificate),
        ca_file: Some(certificate("ca.pem")),
    };
    let open = |tls: &Tls| {
        let names = chronotype::calendar::names::Names::at(NOBODY);
        let http = Http::with(tls, &[], names)?;
        CalDav::new(http, access(&base, SignIn::Auto))
    };
    open(&files("client.pem", Some("client.key"))).unwrap().collections().await.unwrap();
    assert!(server.log().iter().all(|asked| asked.certified));
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.pem");
    let read = |name| std::fs::read_to_string(certificate(name)).unwrap();
    private(&both, read("client.key") + &read("client.pem"));
    let one_file = Tls { client_certificate: Some(both), ..files("client.pem", None) };
    open(&one_file).unwrap().collections().await.unwrap();

    // Without one; with an unknown one; without trust.
    let asked = server.log().len();
    let bare = Tls { ca_file: Some(certificate("ca.pem")), ..Tls::default() };
    let error = open(&bare).unwrap().collections().await.unwrap_err();
    let expected =
        "127.0.0.1 asks for a client certificate: give client_certificate and client_key";
    assert!(matches!(&error, Error::Unauthorized(said) if said == expected), "{error:?}");
    let error = open(&Tls::default()).unwrap().collections().await.unwrap_err();
    let expected = "the certificate of 127.0.0.1 is not trusted: nobody this computer trusts has \
                    signed it";
    assert!(matches!(&error, Error::Refused(said) if said == expected), "{error:?}");
    assert_eq!(server.log().len(), asked, "nothing was asked");

    // Files that can't be used are said, never what they hold.
    let locked = folder.path().join("locked.key");
    let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----";
    std::fs::write(&locked, text).unwrap();
    let cases = [
        (files("gone.pem", None), "gone.pem is not there"),
        (files("client.key", None), "client.key holds no certificate (PEM)"),
        (files("client.pem", None), "holds no private key (PEM): name its file in client_key"),
        (files("client.pem", Some("ca.pem")), "ca.pem holds no private key (PEM)"),
        (files("client.pem", Some("server.key")), "certificate and its key don't belong together"),
        (Tls { client_key: Some(locked), ..files("client.pem", None) }, "locked with a passphrase"),
        (
            Tls { ca_file: Some(certificate("client.key")), ..Tls::default() },
            "no certificate (PEM)",
        ),
    ];
    for (tls, expected) in cases {
        let Err(Error::Unauthorized(said)) = open(&tls) else { panic!("{expected}") };
        assert!(said.contains(expected) && !said.contains("canary"), "{said}");
        assert!(!said.contains("BEGIN"), "{said}");
    }
}

/// Where an object has moved to, it keeps its name: anything else is not what was to be written.
#[tokio::test]
async fn no_write_is_sent_on_to_another_object() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/old/a.ics" => Reply::moved(308, "/old/theirs.ics"),
        "/old/b.ics" => Reply::moved(307, "/"),
        "/old/k%C3%B6ln.ics" => Reply::moved(301, "/new/k%c3%b6ln.ics"),
        _ => serve(asked),
    });
    let account =
        CalDav::new(Http::new().unwrap(), access(&server.url("127.0.0.1"), SignIn::Auto)).unwrap();
    account.recall_trial();
    let (work, etag) = (work("/old/"), ETag::new("\"1\""));
    for name in ["a", "b"] {
        let href = Href::new(format!("/old/{name}.ics"));
        for result in [
            account.create(&work, &href, "x").await.map(drop),
            account.update(&work, &href, &etag, "x").await.map(drop),
        ] {
            let said = result.unwrap_err().to_string();
            assert!(said.contains("sends a write on to another object"), "{said}");
        }
        assert!(account.delete(&work, &href, &etag).await.is_err());
    }
    let wrote = |a: &&Asked| a.method == "PUT" || a.method == "DELETE";
    assert!(server.log().iter().filter(wrote).all(|a| a.target.starts_with("/old/")));
    assert!(!server.log().iter().any(|a| a.target == "/old/theirs.ics" && a.method != "PROPFIND"));
    account.create(&work, &Href::new("/old/k\u{f6}ln.ics"), "x").await.unwrap();
}
