//! `chronotype doctor` from outside: real servers, real folders, and what is wrong with them.

use crate::calendar_contract::event;
use crate::support::peers::Peer;
use crate::support::person::{Gave, Person};
use crate::support::tls;
use chrono::{DateTime, Duration, Utc};
use chronotype::calendar::Weakness;
use chronotype::event::{CollectionId, Href, PrincipalId, Uid};
use chronotype::store::{Person as Kept, Store};
use chronotype::sync::status::{CollectionStatus, Held};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;

const NOW: &str = "02T08:00";

fn caldav(url: &str) -> String {
    format!(
        "kind = \"caldav\"\nurl = \"{url}\"\nusername = \"alice\"\npassword_file = \"password\""
    )
}

fn with_caldav(url: &str) -> Person {
    let person = Person::with_account(&caldav(url));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(person.path("password"), private).unwrap();
    person
}

fn json(gave: &Gave) -> Value {
    serde_json::from_str(&gave.out).unwrap_or_else(|e| panic!("{e}: {gave:?}"))
}

/// The findings of the first account about this, as `level: sentence`.
fn about(document: &Value, topic: &str) -> Vec<String> {
    let first = document["accounts"][0]["findings"].as_array().unwrap();
    let here = document["here"].as_array().unwrap();
    let all = first.iter().chain(here).filter(|f| f["topic"] == topic);
    all.map(|f| format!("{}: {}", f["level"].as_str().unwrap(), f["says"].as_str().unwrap()))
        .collect()
}

/// Changes what is kept of the person, as a turn would have left it.
fn keep(person: &Person, change: impl FnOnce(&mut Kept)) {
    let store = Store::open(&person.path("store")).unwrap();
    let id = PrincipalId::new("jane").unwrap();
    let before = store.load(&id).unwrap();
    let mut after = before.clone();
    change(&mut after);
    store.commit(&id, &before, &after).unwrap();
}

async fn is_well(peer: &Peer) {
    let person = with_caldav(&peer.base_url());
    peer.put(&peer.object("a.ics"), &event("a", "Standup")).await;
    person.ok(NOW, &["sync"]);
    let before = peer.requests().len();
    let gave = person.ok("02T08:03", &["doctor"]);
    for line in [
        "✓ signed in as alice (Basic)\n",
        "· the line is not encrypted (http): fine as long as it stays on this computer\n",
        "✓ tells what changed (sync-collection): a quiet turn is one request each\n",
        "· blocks go into 'chronotype', which the first one makes\n",
        "last turn 3 minutes ago\n",
        "Europe/Berlin",
        "\nAll is well.\n",
    ] {
        assert!(gave.out.contains(line), "{line}\n{}", gave.out);
    }
    assert!(!gave.out.contains("secret") && gave.err.is_empty(), "{gave:?}");
    let asked = peer.requests().split_off(before);
    let reads = |r: &String| ["PROPFIND ", "REPORT ", "OPTIONS "].iter().any(|m| r.starts_with(m));
    assert!(!asked.is_empty() && asked.iter().all(reads), "it writes nothing: {asked:?}");
    let document = json(&person.ok("02T08:03", &["doctor", "--json"]));
    assert_eq!(document["verdict"], "good", "{document}");
    let all = document["accounts"][0]["calendars"].as_array().unwrap();
    let work = all.iter().find(|c| c["name"].as_str().unwrap().ends_with("work")).unwrap();
    assert_eq!((&work["objects"], &work["role"]), (&1.into(), &"read".into()), "{work}");
    assert_eq!(work["listed_at"], "2026-03-02T08:00:00Z");
}

#[tokio::test]
async fn radicale_is_well() {
    is_well(&Peer::radicale().await).await;
}

#[tokio::test]
async fn xandikos_is_well() {
    is_well(&Peer::xandikos().await).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_said() {
    let peer = Peer::radicale().await;
    let person = with_caldav(&peer.base_url());
    std::fs::write(person.path("password"), "wrong\n").unwrap();
    let gave = person.run(NOW, &["doctor"]);
    assert_eq!(gave.code, Some(1));
    assert_eq!(peer.requests().len(), 1, "asking on could lock the account");
    let said = "✗ 127.0.0.1 refused the user name or password\n    → check username and password";
    assert!(gave.out.contains(said), "{}", gave.out);
    assert!(gave.out.contains("1 account can't be used"), "{}", gave.out);
    assert_eq!(gave.err, "error: the account home can't be used\n");
    person.run(NOW, &["sync"]);
    let later = json(&person.run("02T09:00", &["doctor", "--json"]));
    assert_eq!(later["verdict"], "broken");
    let since = "broken: 127.0.0.1 refused the user name or password, since Mon 2 Mar 09:00";
    assert_eq!(about(&later, "access"), [since]);
}

#[test]
fn servers_that_are_not_there_or_not_trusted() {
    let check = |url: &str, said: &str, cure: &str| {
        let gave = with_caldav(url).run(NOW, &["doctor", "--json"]);
        assert_eq!(gave.code, Some(1), "{gave:?}");
        let document = json(&gave);
        let found = about(&document, "access");
        assert!(found.len() == 1 && found[0].starts_with(&format!("broken: {said}")), "{found:?}");
        let found = &document["accounts"][0]["findings"][0]["cure"];
        assert!(found.as_str().unwrap().contains(cure), "{found}");
    };
    let nobody = "there is no server called cal.example.invalid, or no network";
    check("https://cal.example.invalid/", nobody, "check url");
    check("https://127.0.0.1:1/", "can't reach 127.0.0.1: Connection refused", "tries again");
    let (address, _received) = tls::self_signed();
    let untrusted = "the certificate of 127.0.0.1 is not trusted: it is signed by itself";
    check(&format!("https://{address}/"), untrusted, "CA:FALSE");
}

/// Passes everything on to `upstream`, and sets the date of its answers.
fn wrong_clock(upstream: SocketAddr, ahead: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(mut client), Ok(mut server)) = (client, TcpStream::connect(upstream)) else {
                return;
            };
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let mut answer = Vec::new();
            let _ = server.read_to_end(&mut answer);
            let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(0);
            let head = String::from_utf8_lossy(&answer[..end]).into_owned();
            let kept = head.split("\r\n").filter(|l| !l.to_ascii_lowercase().starts_with("date:"));
            let mut head = kept.collect::<Vec<_>>().join("\r\n");
            let date = (Utc::now() + ahead).format("%a, %d %b %Y %H:%M:%S GMT");
            head.push_str(&format!("\r\nDate: {date}"));
            let _ = client.write_all(&[head.as_bytes(), &answer[end..]].concat());
            let _ = client.shutdown(Shutdown::Both);
        }
    });
    address
}

#[tokio::test]
async fn a_clock_that_is_off_is_said_with_what_it_costs() {
    let peer = Peer::radicale().await;
    for (minutes, said) in [(1, None), (11, Some("ahead of")), (-11, Some("behind"))] {
        let address = wrong_clock(peer.proxy.address(), Duration::minutes(minutes));
        let person = with_caldav(&format!("http://{address}/"));
        let document = json(&person.ok(NOW, &["doctor", "--json"]));
        let found = about(&document, "clock");
        match said {
            None => assert_eq!(found, [""; 0]),
            Some(side) => {
                let start = format!("minutes {side} this computer's: what you changed shortly");
                assert!(found.len() == 1 && found[0].contains(&start), "{found:?}");
                assert_eq!(document["verdict"], "weaker");
            }
        }
    }
}

/// What turns have left is told: what the server lacks, what is held, broken or stale.
#[tokio::test]
async fn what_turns_have_seen_is_told() {
    let peer = Peer::radicale().await;
    let person = with_caldav(&peer.base_url());
    person.ok(NOW, &["sync"]);
    let mut id = CollectionId::new("");
    keep(&person, |kept| {
        let lessons = kept.status.lessons.entry("home".to_owned()).or_default();
        lessons.weaknesses.extend([Weakness::NoGuardedUpdate, Weakness::NoMultiget]);
        let (one, work) = kept.status.collections.iter_mut().next().unwrap();
        id = one.clone();
        let since = DateTime::parse_from_rfc3339("2026-03-01T10:00:00Z").unwrap().to_utc();
        let uids = vec![Uid::new("a"), Uid::new("b")];
        work.held = Some(Held { uids, since, after: None });
        for number in 0..5 {
            let href = Href::new(format!("{number}.ics"));
            work.broken.insert(href, "line 3: no DTSTART".to_owned());
        }
    });
    let gave = person.ok("05T08:00", &["doctor"]);
    for line in [
        "! the server changes or deletes an event even if it was changed meanwhile",
        "· the server does not give many events at once",
        "! 2 objects of 'alice/work' vanished at once on Sun 1 Mar 11:00: nothing is believed",
        "`chronotype sync --accept-deletions`",
        "can't be read: 0.ics (line 3: no DTSTART), 1.ics (line 3: no DTSTART), 2.ics (line 3",
        "and 2 more",
        "! last read Mon 2 Mar 09:00",
        "! last turn Mon 2 Mar 09:00",
        "It works; 5 things could be better.",
    ] {
        assert!(gave.out.contains(line), "{line}\n{}", gave.out);
    }
    // It asked to be left alone: it is.
    let until = DateTime::parse_from_rfc3339("2026-03-05T12:00:00Z").unwrap().to_utc();
    keep(&person, |kept| {
        kept.status.lessons.get_mut("home").unwrap().not_before = Some(until);
    });
    let before = peer.requests().len();
    let document = json(&person.ok("05T08:00", &["doctor", "--json"]));
    assert_eq!(peer.requests().len(), before);
    let found = about(&document, "access");
    assert!(found[0].starts_with("weaker: ") && found[0].contains("Thu 5 Mar 13:00"), "{found:?}");
    person.ok("05T12:01", &["doctor"]);
    assert!(peer.requests().len() > before);
    assert!(!id.as_str().is_empty());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            names.push(path.display().to_string());
        }
    }
    names.sort();
    names
}

#[test]
fn folders_are_told_apart() {
    let keys = "kind = \"vdir\"\npath = \"{home}/cal\"\ncalendars = [\"work\", \"Sport\"]\n\
                suggest_into = \"shared\"";
    let person = Person::with_account(keys);
    let missing = person.run(NOW, &["doctor"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.out.contains("\n✗ there is no "), "{}", missing.out);
    for name in ["work", "shared", "holidays"] {
        std::fs::create_dir_all(person.path("cal").join(name)).unwrap();
    }
    std::fs::write(person.path("cal/work/displayname"), "Arbeit\n").unwrap();
    std::fs::write(person.path("cal/work/a.ics"), event("a", "x")).unwrap();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(person.path("cal/shared"), mode(0o555)).unwrap();
    let before = names(&person.path("cal"));
    let gave = person.ok(NOW, &["doctor"]);
    for line in [
        "✓ can be read and written",
        "✓ changes can be seen as they happen",
        "✓ 3 calendars, 2 of them read\n",
        "! no calendar is called Sport\n    → in `calendars`, use: holidays, shared, Arbeit\n",
        "! blocks should go into 'shared', which can only be read\n",
        "    Arbeit ",
        "left out",
        "· nothing is kept yet",
    ] {
        assert!(gave.out.contains(line), "{line}\n{}", gave.out);
    }
    std::fs::set_permissions(person.path("cal/shared"), mode(0o755)).unwrap();
    assert_eq!(names(&person.path("cal")), before, "it writes nothing");
    assert!(!person.path("store").exists());
    person.ok(NOW, &["sync", "--observe"]);
    let document = json(&person.ok(NOW, &["doctor", "home", "--json"]));
    assert_eq!(document["accounts"][0]["calendars"][0]["objects"], 1, "{document}");
}

#[test]
fn calls_that_make_no_sense() {
    let person = Person::with_folder();
    let gave = person.run(NOW, &["doctor", "hoem"]);
    assert_eq!(gave.code, Some(2));
    assert_eq!(gave.err, "error: no account is called 'hoem'\nhint: there are: home\n");
    std::fs::write(person.path("config.toml"), "[person]\nidd = 1\n").unwrap();
    assert_eq!(person.run(NOW, &["doctor"]).code, Some(78));
    std::fs::write(person.path("config.toml"), "").unwrap();
    let gave = person.ok(NOW, &["doctor"]);
    assert!(gave.out.contains("! it names no account: nothing will be read"), "{}", gave.out);
}

/// The service holds the store: the accounts are looked at all the same.
#[test]
fn a_store_in_use_stops_nothing() {
    let person = Person::with_folder();
    person.ok(NOW, &["sync"]);
    let held = Store::open(&person.path("store")).unwrap();
    let document = json(&person.ok(NOW, &["doctor", "--json"]));
    assert_eq!(document["verdict"], "weaker");
    assert!(about(&document, "store")[0].starts_with("weaker: "), "{document}");
    assert_eq!(document["accounts"][0]["verdict"], "good", "{document}");
    drop(held);
    // Kept, but of a calendar that is gone by now: nothing to say of it.
    keep(&person, |kept| {
        let gone = CollectionStatus { account: "other".to_owned(), ..CollectionStatus::default() };
        kept.status.collections.insert(CollectionId::new("other/x"), gone);
    });
    let document = json(&person.ok(NOW, &["doctor", "--json"]));
    assert_eq!(document["verdict"], "good", "{document}");
}
