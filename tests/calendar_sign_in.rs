//! Signing in: Basic, Digest, tokens, and what servers make of it.

use crate::support::digest::Guard;
use crate::support::peers::Peer;
use crate::support::person::{Person, private};
use crate::support::server::{
    Asked, Reply, Server, Shown, access, calendar, certificate, deletion,
};
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::{Calendar, Error, Http, Secret, Tls};
use chronotype::event::{ETag, Href};
use std::collections::BTreeMap;

const PASSWORD: &str = "canary-secret";
/// alice and her password.
const BASIC: &str = "Basic YWxpY2U6Y2FuYXJ5LXNlY3JldA==";

fn account(server: &Server, sign_in: SignIn) -> CalDav {
    CalDav::new(Http::new().unwrap(), access(&server.url("127.0.0.1"), sign_in)).unwrap()
}

/// How each request was signed: its scheme.
fn schemes(server: &Server) -> Vec<String> {
    let scheme = |asked: &Asked| match asked.header("authorization") {
        Some(value) => value.split(' ').next().unwrap().to_owned(),
        None => "-".to_owned(),
    };
    server.log().iter().map(scheme).collect()
}

fn refused(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result {
        Err(Error::Unauthorized(said)) if !said.contains("canary") => said,
        other => panic!("{other:?}"),
    }
}

fn guarded(guard: Guard) -> Server {
    Server::start(move |asked| match guard.check(asked, PASSWORD) {
        Err(refusal) => refusal,
        Ok(()) if asked.method == "PUT" => {
            let status = if asked.header("if-match").is_some() { 204 } else { 201 };
            Reply::new(status, "").with("ETag", "\"2\"")
        }
        Ok(()) if asked.method == "DELETE" => deletion(asked),
        Ok(()) => calendar(asked),
    })
}

#[tokio::test]
async fn digest_in_every_form() {
    for algorithm in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "md5"] {
        let server = match algorithm {
            // Spelled so by some servers.
            "md5" => {
                let guard = Guard::new("MD5", Some("auth"));
                Server::start(move |asked| match guard.check(asked, PASSWORD) {
                    Ok(()) => calendar(asked),
                    Err(_) => {
                        let challenge = guard.challenge(false).replace("=MD5", "=md5");
                        Reply::new(401, "").with("www-authenticate", challenge)
                    }
                })
            }
            _ => guarded(Guard::new(algorithm, Some("auth"))),
        };
        let account = account(&server, SignIn::Auto);
        for _ in 0..3 {
            account.collections().await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        }
        // The server counts: one nonce does for all of them, and the password is shown once.
        let digest = vec!["Digest"; 4];
        assert_eq!(schemes(&server), [&["Basic"], digest.as_slice()].concat(), "{algorithm}");
    }
    for (algorithm, qop) in [("MD5", None), ("MD5", Some("auth,auth-int"))] {
        let server = match qop {
            None => guarded(Guard::new(algorithm, None)),
            Some(offered) => {
                let guard = Guard::new(algorithm, Some("auth"));
                Server::start(move |asked| match guard.check(asked, PASSWORD) {
                    Ok(()) => calendar(asked),
                    Err(_) => {
                        let both = format!("qop=\"{offered}\"");
                        let challenge = guard.challenge(false).replace("qop=\"auth\"", &both);
                        Reply::new(401, "").with("WWW-Authenticate", challenge)
                    }
                })
            }
        };
        let account = account(&server, SignIn::Digest);
        account.collections().await.unwrap();
        assert_eq!(schemes(&server), ["-", "Digest", "Digest"], "never the password itself");
    }
}

#[tokio::test]
async fn a_nonce_that_is_used_up_is_replaced() {
    for says_stale in [true, false] {
        let server = guarded(Guard::new("SHA-256", Some("auth")).stale_after(2, says_stale));
        let account = account(&server, SignIn::Digest);
        for _ in 0..3 {
            account.collections().await.unwrap();
        }
        assert_eq!(server.log().len(), 1 + 4 + 1, "{:?}", schemes(&server));
    }
    // One that never accepts anything is not asked for ever.
    let guard = Guard::new("MD5", Some("auth")).stale_after(0, true);
    let server = guarded(guard);
    refused(account(&server, SignIn::Digest).collections().await);
    assert!(server.log().len() <= 6, "{}", server.log().len());
}

#[tokio::test]
async fn writes_keep_their_conditions_and_text_through_digest() {
    let server = guarded(Guard::new("MD5", Some("auth")).stale_after(1, true));
    let account = account(&server, SignIn::Auto);
    account.recall_trial();
    let all = account.collections().await.unwrap();
    let work = &all[0];
    let (href, etag) = (Href::new("/a%3Fb?.ics"), ETag::new("\"1\""));
    account.create(work, &href, "BEGIN:VCALENDAR").await.unwrap();
    account.update(work, &href, &etag, "BEGIN:VCALENDAR").await.unwrap();
    account.delete(work, &href, &etag).await.unwrap();
    let log = server.log();
    let writes: Vec<_> = log.iter().filter(|a| a.method == "PUT").collect();
    assert_eq!(writes.len(), 4, "each asked again with a new nonce");
    let condition =
        |a: &&Asked| (a.header("if-none-match").is_some(), a.header("if-match").is_some());
    let conditions: Vec<_> = writes.iter().map(condition).collect();
    assert_eq!(conditions, [(true, false), (true, false), (false, true), (false, true)]);
    assert!(writes.iter().all(|a| a.body == b"BEGIN:VCALENDAR"));
    let last = log.last().unwrap();
    assert_eq!((last.method.as_str(), last.header("if-match")), ("DELETE", Some("\"1\"")));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let digest = guarded(Guard::new("SHA-256", Some("auth")));
    let wrong = Access { password: Secret::new("canary-wrong"), ..access("", SignIn::Auto) };
    let open = |server: &Server| {
        let url = server.url("127.0.0.1");
        CalDav::new(Http::new().unwrap(), Access { url, ..wrong.clone() }).unwrap()
    };
    let said = refused(open(&digest).collections().await);
    assert_eq!(said, "127.0.0.1 refused the user name or password");
    assert_eq!(schemes(&digest), ["Basic", "Digest"]);
    // However the scheme is spelled, and whatever is offered beside it.
    let guard = Guard::new("MD5", Some("auth"));
    let both = move |_: &Asked| {
        let reply = Reply::new(401, "").with("WWW-Authenticate", "basic realm=\"a, Digest b\"");
        reply.with("WWW-Authenticate", guard.challenge(false))
    };
    let server = Server::start(both);
    let said = refused(open(&server).collections().await);
    assert_eq!(said, "127.0.0.1 refused the user name or password");
    assert_eq!(schemes(&server), ["Basic"]);
    let shown = format!("{wrong:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

/// A server that offers this and takes Basic or a correct Digest.
fn offering(headers: &'static [&'static str]) -> Server {
    let guard = Guard::new("MD5", Some("auth"));
    Server::start(move |asked| {
        if asked.header("authorization") == Some(BASIC) && headers.concat().contains("asic") {
            return calendar(asked);
        }
        if guard.check(asked, PASSWORD).is_ok() {
            return calendar(asked);
        }
        let fill = |header: &&str| header.replace("DIGEST", &guard.challenge(false));
        let offers = headers.iter().map(fill);
        offers.fold(Reply::new(401, ""), |reply, text| reply.with("WWW-Authenticate", text))
    })
}

#[tokio::test]
async fn challenges_come_in_every_spelling() {
    let latin: &[&str] = &["Negotiate, basic realm=\"K\u{f6}ln\""];
    for (headers, way, expected) in [
        (&["Negotiate", "DIGEST"][..], SignIn::Auto, "Basic Digest Digest"),
        (&["Negotiate, NTLM, DIGEST"], SignIn::Auto, "Basic Digest Digest"),
        (&["Basic realm=\"x\", DIGEST"], SignIn::Digest, "- Digest Digest"),
        (&["DIGEST, Basic realm=\"x\""], SignIn::Digest, "- Digest Digest"),
        (&["Digest realm=\"x\", nonce=\"n\", algorithm=SHA3", "DIGEST"], SignIn::Auto, {
            "Basic Digest Digest"
        }),
        (&["basic realm=\"x\""], SignIn::Auto, "Basic Basic"),
        (latin, SignIn::Basic, "Basic Basic"),
    ] {
        let server = offering(headers);
        let result = account(&server, way).collections().await;
        result.unwrap_or_else(|error| panic!("{headers:?}: {error}"));
        assert_eq!(schemes(&server).join(" "), expected, "{headers:?}");
    }
    for (headers, way, expected) in [
        (
            &["DIGEST"][..],
            SignIn::Basic,
            "127.0.0.1 wants a sign-in by Digest, which sign_in = \
         \"basic\" rules out",
        ),
        (
            &["Basic realm=\"x\""],
            SignIn::Digest,
            "127.0.0.1 wants a sign-in by Basic, which \
         sign_in = \"digest\" rules out",
        ),
        (
            &["Negotiate abc==", "NTLM"],
            SignIn::Auto,
            "127.0.0.1 wants a sign-in by Negotiate or \
         NTLM, which is not known here",
        ),
        (
            &["Bearer realm=\"x\""],
            SignIn::Auto,
            "127.0.0.1 takes no password, but a token: set \
         sign_in = \"bearer\", and password_command or password_file to where the token comes \
         from",
        ),
        (&[], SignIn::Digest, "127.0.0.1 asks for a sign-in and does not say which"),
    ] {
        let server = offering(headers);
        assert_eq!(refused(account(&server, way).collections().await), expected);
        let shown = schemes(&server).iter().any(|scheme| scheme == "Basic");
        assert!(!shown || way != SignIn::Digest, "{headers:?}: {:?}", schemes(&server));
    }
}

#[tokio::test]
async fn tokens() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some("Bearer canary-secret") => calendar(asked),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Bearer error=\"invalid_token\""),
    });
    let nameless = Access { username: String::new(), ..access("", SignIn::Bearer) };
    let open = |token: &str, sign_in: SignIn| {
        let (url, password) = (server.url("127.0.0.1"), Secret::new(token));
        let access = Access { url, password, sign_in, ..nameless.clone() };
        CalDav::new(Http::new().unwrap(), access).unwrap()
    };
    open(PASSWORD, SignIn::Bearer).collections().await.unwrap();
    assert_eq!(schemes(&server), ["Bearer", "Bearer"]);
    let said = refused(open("canary-old", SignIn::Bearer).collections().await);
    assert_eq!(said, "127.0.0.1 refused the token");
    assert_eq!(server.log().len(), 3);
    let said = refused(open("", SignIn::Auto).collections().await);
    assert!(said.starts_with("127.0.0.1 asks for a token: set sign_in = \"bearer\""), "{said}");
    // A token is a secret as much as a password.
    let plain = Access { url: "http://cal.example.com/".to_owned(), ..nameless };
    assert!(matches!(CalDav::new(Http::new().unwrap(), plain), Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_mail_address_is_a_name_then_its_local_part() {
    // RFC 6764 section 6. The host of the address is cloud.test; it was found by asking around, and
    // so it is asked once before it sees a password.
    for (name, expected) in [("alice@cloud.test", 4), ("alice", 5), ("bob", 4)] {
        let taken = Http::new().unwrap().client(&reqwest::Url::parse("http://x/").unwrap()).clone();
        let taken = taken.get("http://x/").basic_auth(name, Some(PASSWORD)).build().unwrap();
        let taken = taken.headers()["authorization"].to_str().unwrap().to_owned();
        let server = Server::secure(Shown::None, move |asked| {
            match asked.header("authorization") == Some(&taken) {
                // Anybody may ask for the way.
                _ if asked.target == "/.well-known/caldav" => Reply::moved(301, "/dav/"),
                true => calendar(asked),
                false => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\""),
            }
        });
        let url = "alice@cloud.test".to_owned();
        let access = Access { url, username: String::new(), ..access("", SignIn::Auto) };
        let account = CalDav::new(server.http(&Tls::default()), access).unwrap();
        let found = account.collections().await;
        let log = server.log();
        assert_eq!((found.is_ok(), log.len()), (name != "bob", expected), "{name}");
        assert!(log[0].header("authorization").is_none(), "{}", log[0].line());
    }
}

#[tokio::test]
async fn digest_is_not_undone_by_another_host() {
    let guard = Guard::new("MD5", Some("auth"));
    let server = Server::secure(Shown::None, move |asked| {
        match (guard.check(asked, PASSWORD), asked.host()) {
            (Err(refusal), _) => refusal,
            (Ok(()), "caldav.cloud.test") => Reply::moved(308, "https://p42-caldav.cloud.test/x/"),
            (Ok(()), _) => calendar(asked),
        }
    });
    let http = server.http(&Tls::default());
    let account = CalDav::new(http, access("https://caldav.cloud.test/", SignIn::Auto)).unwrap();
    account.collections().await.unwrap();
    let signed = |host: &str| {
        let log = server.log();
        let at = log.iter().filter(|a| a.host() == host);
        at.map(|a| a.header("authorization").unwrap_or("-").split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(signed("caldav.cloud.test"), ["Basic", "Digest"]);
    assert_eq!(signed("p42-caldav.cloud.test")[..2], ["-", "Digest"], "asked first");
}

#[tokio::test]
async fn the_config_decides_and_no_secret_is_said() {
    for (keys, expected) in [
        ("username = \"alice\"\nsign_in = \"digest\"", "-"),
        ("username = \"alice\"", "Basic"),
        ("sign_in = \"bearer\"", "Bearer"),
    ] {
        let guard = Guard::new("SHA-256", Some("auth"));
        let server = Server::secure(Shown::Wanted, move |asked| {
            match (asked.header("authorization"), guard.check(asked, PASSWORD)) {
                (Some("Bearer canary-secret"), _) | (_, Ok(())) => calendar(asked),
                (_, Err(refusal)) => refusal,
            }
        });
        let file = |name: &str| certificate(name).display().to_string();
        let keys = format!(
            "kind = \"caldav\"\nurl = \"{}\"\npassword_file = \"{{home}}/canary\"\n{keys}\n\
             client_certificate = \"{}\"\nclient_key = \"{}\"\nca_file = \"{}\"",
            server.url("127.0.0.1"),
            file("client.pem"),
            file("client.key"),
            file("ca.pem")
        );
        let person = Person::with_account(&keys);
        private(&person.path("canary"), "canary-secret\n");
        let gave = person.ok("02T06:00", &["-vvv", "sync"]);
        assert_eq!(schemes(&server)[0], expected, "{keys}");
        assert!(server.log().iter().all(|asked| asked.certified));
        let log = server.log();
        let signed = log.iter().filter_map(|asked| asked.header("authorization"));
        let shown = [&gave.out, &gave.err, &person.ok("02T06:00", &["config", "show"]).out];
        let key = std::fs::read_to_string(certificate("client.key")).unwrap();
        for secret in signed.chain(["canary-secret", key.lines().nth(1).unwrap()]) {
            assert!(shown.iter().all(|text| !text.contains(secret)), "{secret}: {shown:?}");
        }
        std::fs::write(person.path("canary"), "canary-wrong\n").unwrap();
        let gave = person.run("02T06:10", &["-vvv", "sync"]);
        let told = ["refused the user name or password", "refused the token"];
        assert!(told.iter().any(|said| gave.err.contains(said)), "{}", gave.err);
        assert!(!gave.err.contains("canary-"), "{}", gave.err);
    }
}

#[tokio::test]
async fn real_servers_take_basic_only() {
    let peer = Peer::radicale().await;
    let open = |sign_in| {
        let access =
            Access { password: Secret::new("secret"), ..access(&peer.base_url(), sign_in) };
        CalDav::new(Http::new().unwrap(), access).unwrap()
    };
    for way in [SignIn::Auto, SignIn::Basic] {
        let all = open(way).collections().await.unwrap();
        open(way).changes(&all[0], None, &BTreeMap::new()).await.unwrap();
    }
    let said = refused(open(SignIn::Digest).collections().await);
    assert!(said.contains("Basic, which sign_in = \"digest\" rules out"), "{said}");
}
