//! From what people write to their calendars: a domain's DNS, well-known addresses, and the ways of
//! five servers.

use crate::support::dns::{Dns, Record, srv, txt};
use crate::support::server::{
    Asked, NOBODY, Reply, Server, Shown, access, calendar, multistatus, rows,
};
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::names::Names;
use chronotype::calendar::{Calendar, Error, Tls};

const SECURE: &str = "_caldavs._tcp.cloud.test";
const PLAIN: &str = "_caldav._tcp.cloud.test";
const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";

fn open(server: &Server, names: Names, url: &str, trusted: &[&str]) -> CalDav {
    let trusted_hosts = trusted.iter().map(|host| (*host).to_owned()).collect();
    let access = Access { trusted_hosts, ..access(url, SignIn::Auto) };
    CalDav::new(server.http_asking(&Tls::default(), names), access).unwrap()
}

/// Calendars at these addresses (`host path`), nothing elsewhere.
fn only_at(places: &'static [&'static str]) -> Server {
    Server::secure(Shown::None, move |asked| {
        let here = format!("{} {}", asked.host(), asked.target);
        let is_here = |place: &&str| *place == here || format!("{place}/") == here;
        if places.iter().any(is_here) { calendar(asked) } else { Reply::new(404, "") }
    })
}

fn lines(server: &Server) -> Vec<String> {
    let mut lines: Vec<String> = server.log().iter().map(Asked::line).collect();
    lines.dedup();
    lines.iter().map(|line| line.trim_start_matches("PROPFIND ").to_owned()).collect()
}

#[tokio::test]
async fn a_domain_names_its_servers() {
    type Records = fn(u16) -> Vec<Record>;
    // Server and path; the server alone; the first of two is not there; a text of somebody else's.
    let both: Records =
        |port| vec![srv(SECURE, 0, port, "caldav.cloud.test"), txt(SECURE, "path=/dav/")];
    let server_alone: Records = |port| vec![srv(SECURE, 0, port, "CalDAV.cloud.test")];
    let second: Records = |port| {
        let gone = srv(SECURE, 0, 1, "caldav.cloud.test");
        vec![srv(SECURE, 9, port, "p42-caldav.cloud.test"), gone]
    };
    let texts: Records = |port| {
        let texts = [txt(SECURE, "v=1"), txt(SECURE, "path=/dav/")];
        [vec![srv(SECURE, 0, port, "caldav.cloud.test")], texts.to_vec()].concat()
    };
    for (records, places, expected) in [
        (both, &["caldav.cloud.test /dav/"][..], &["caldav.cloud.test /dav/"][..]),
        (texts, &["caldav.cloud.test /dav/"], &["caldav.cloud.test /dav/"]),
        (
            server_alone,
            &["caldav.cloud.test /.well-known/caldav"],
            &["caldav.cloud.test /.well-known/caldav"],
        ),
        (
            second,
            &["p42-caldav.cloud.test /"],
            &["p42-caldav.cloud.test /.well-known/caldav", "p42-caldav.cloud.test /"],
        ),
        // What the DNS says may be old: the domain itself is asked last.
        (
            both,
            &["cloud.test /"],
            &[
                "caldav.cloud.test /dav/",
                "caldav.cloud.test /.well-known/caldav",
                "caldav.cloud.test /",
                "cloud.test /.well-known/caldav",
                "cloud.test /",
            ],
        ),
    ] {
        let server = only_at(places);
        let dns = Dns::start(records(server.address.port()));
        for url in ["cloud.test", "alice@cloud.test"] {
            let before = lines(&server);
            let account = open(&server, Names::at(dns.address), url, &[]);
            let all = account.collections().await;
            assert!(all.as_ref().is_ok_and(|all| all.len() == 1), "{places:?}: {all:?}");
            let seen = lines(&server);
            let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
            assert!(seen.starts_with(expected) || !before.is_empty(), "{seen:?}");
            // Later turns go there at once.
            account.collections().await.unwrap();
        }
        assert!(dns.asked().contains(&SECURE.to_owned()), "{:?}", dns.asked());
    }
}

#[tokio::test]
async fn the_dns_sends_no_password_to_another_site() {
    let server = only_at(&["other.test /dav/"]);
    let records =
        vec![srv(SECURE, 0, server.address.port(), "other.test"), txt(SECURE, "path=/dav/")];
    let dns = Dns::start(records);
    let error = open(&server, Names::at(dns.address), "alice@cloud.test", &[]).collections().await;
    let expected = "the DNS of cloud.test names the server other.test, which is another site: if \
                    it is yours, add \"other.test\" to trusted_hosts of the account home";
    assert_eq!(error.unwrap_err().to_string(), expected);
    assert!(server.log().iter().all(|asked| asked.host() == "cloud.test"), "{:?}", lines(&server));
    let account = open(&server, Names::at(dns.address), "alice@cloud.test", &["other.test"]);
    assert_eq!(account.collections().await.unwrap().len(), 1);
}

#[tokio::test]
async fn domains_without_a_service_of_their_own() {
    // A path that is an address leads nowhere else; none at all; no name server; one that is mute.
    let mute = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let stray = Dns::start(vec![txt(SECURE, "path=//other.test/")]);
    let nothing = Dns::start(Vec::new());
    let addresses = [stray.address, nothing.address, NOBODY, mute.local_addr().unwrap()];
    for address in addresses {
        let server = only_at(&["cloud.test /.well-known/caldav"]);
        let account = open(&server, Names::at(address), "cloud.test", &[]);
        assert_eq!(account.collections().await.unwrap().len(), 1);
        assert!(lines(&server)[0].starts_with("cloud.test /.well-known/"), "{:?}", lines(&server));
    }
    let server = only_at(&[]);
    let port = server.address.port();
    for (records, expected) in [
        (
            vec![srv(SECURE, 0, 0, ".")],
            "no CalDAV server: cloud.test says in its DNS that it has \
         none; give the address that the provider names for CalDAV",
        ),
        (
            vec![srv(PLAIN, 0, port, "caldav.cloud.test")],
            "no CalDAV server over https: cloud.test \
         names one for plain http only, which may not see a password; ask the provider for an \
         https address",
        ),
        (
            vec![srv(PLAIN, 0, 0, ".")],
            "no CalDAV server at cloud.test: it answered 404; give the \
         address that the provider names for CalDAV",
        ),
    ] {
        let dns = Dns::start(records);
        let found = open(&server, Names::at(dns.address), "cloud.test", &[]).collections().await;
        let Err(Error::Refused(said)) = found else { panic!("{found:?}") };
        assert_eq!(said, expected);
    }
    // An address or a URL is no domain: nobody is asked about it.
    let dns = Dns::start(Vec::new());
    for url in ["127.0.0.1", "https://cloud.test/", "cloud.test/dav/"] {
        let _ = open(&server, Names::at(dns.address), url, &[]).collections().await;
    }
    assert_eq!(dns.asked(), Vec::<String>::new());
}

const PRINCIPAL: &str = "d:current-user-principal";
const HOME: &str = "c:calendar-home-set";

fn link(property: &str, to: &str) -> String {
    format!("<{property}><d:href>{to}</d:href></{property}>")
}

/// The ways of servers that can't run here, as measured.
fn server_like(kind: &'static str) -> Server {
    Server::secure(Shown::None, move |asked| {
        let origin = asked.header("host").unwrap();
        let deep = asked.header("depth") == Some("1");
        match (kind, asked.target.as_str()) {
            ("cyrus", "/.well-known/caldav") => {
                Reply::moved(301, &format!("https://{origin}/dav/calendars"))
            }
            ("cyrus", "/dav/calendars") => {
                let principal = "/dav/principals/user/alice/";
                multistatus("/dav/calendars", &link(PRINCIPAL, principal))
            }
            ("cyrus", "/dav/principals/user/alice/") => {
                let home = link(HOME, "/dav/calendars/user/alice/");
                multistatus(&asked.target, &home)
            }
            ("cyrus", "/dav/calendars/user/alice/") if deep => {
                let inbox = "<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>";
                rows(&[
                    ("/dav/calendars/user/alice/work/", CALENDAR),
                    ("/dav/calendars/user/alice/Inbox/", inbox),
                ])
            }
            // It thinks that it speaks plain http: a proxy does its TLS.
            ("davical", "/.well-known/caldav") => {
                Reply::moved(301, &format!("http://{origin}/caldav.php/"))
            }
            ("davical", "/caldav.php/") => {
                multistatus("/caldav.php/", &link(PRINCIPAL, "/caldav.php/alice/"))
            }
            ("davical", "/caldav.php/alice/") if deep => {
                multistatus("/caldav.php/alice/work/", CALENDAR)
            }
            ("davical", "/caldav.php/alice/") => {
                multistatus(&asked.target, &link(HOME, "/caldav.php/alice/"))
            }
            ("sogo", "/SOGo/dav/") => {
                multistatus("/SOGo/dav/", &link(PRINCIPAL, "/SOGo/dav/alice"))
            }
            ("sogo", "/SOGo/dav/alice") => {
                multistatus("/SOGo/dav/alice", &link(HOME, "/SOGo/dav/alice/Calendar/"))
            }
            ("sogo", "/SOGo/dav/alice/Calendar/") if deep => {
                multistatus("/SOGo/dav/alice/Calendar/work/", CALENDAR)
            }
            ("sogo", _) => Reply::new(200, "<html><title>SOGo</title></html>")
                .with("Content-Type", "text/html; charset=utf-8"),
            _ => Reply::new(404, ""),
        }
    })
}

#[tokio::test]
async fn the_ways_of_other_servers() {
    for (kind, path, expected) in [
        ("cyrus", "", "/dav/calendars/user/alice/work/"),
        ("davical", "", "/caldav.php/alice/work/"),
        ("sogo", "SOGo/dav/", "/SOGo/dav/alice/Calendar/work/"),
    ] {
        let server = server_like(kind);
        let base = server.url("cloud.test") + path;
        let account = open(&server, Names::at(NOBODY), &base, &[]);
        let all = account.collections().await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let hrefs: Vec<&str> = all.iter().map(|one| one.href.as_str()).collect();
        assert_eq!(hrefs, [expected], "{kind}");
    }
    // SOGo's well-known address is a page for people.
    let server = server_like("sogo");
    let base = server.url("cloud.test");
    let found = open(&server, Names::at(NOBODY), &base, &[]).collections().await;
    let expected = format!(
        "no CalDAV server at cloud.test: it answered 200 text/html, a page of SOGo; give url = \
         \"{base}SOGo/dav/\""
    );
    assert_eq!(found.unwrap_err().to_string(), expected);
}
