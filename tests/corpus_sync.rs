//! Every object of the shared corpus, put on real servers and into a folder, and synced from there
//! by the built binary: nothing crashes, what can't be read is named, and the same objects give the
//! same events wherever they come from.
#![expect(clippy::print_stdout, reason = "a skipped corpus and refused objects are said")]

use crate::support::peers::Peer;
use crate::support::person::Person;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A few objects of our own, for when the corpus is absent: the last one is broken.
const OWN: [(&str, &str); 3] = [
    ("plain.ics", "DTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\nSUMMARY:Plain\r\n"),
    ("series.ics", "DTSTART;VALUE=DATE:20260302\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Many\r\n"),
    ("broken.ics", "DTSTART:2026-03-02 at nine\r\nSUMMARY:No such time\r\n"),
];

/// Objects by file name.
fn objects() -> BTreeMap<String, Vec<u8>> {
    let folder: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "shared", "corpus", "objects"].iter().collect();
    let mut all = BTreeMap::new();
    collect(&folder, &mut all);
    if all.is_empty() {
        println!("NO CORPUS in ../shared beside this folder: {} objects of our own", OWN.len());
    }
    for (name, lines) in OWN {
        let uid = name.trim_end_matches(".ics");
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//chronotype tests//EN\r\nBEGIN:VEVENT\r\n\
             UID:own-{uid}\r\nDTSTAMP:20260301T080000Z\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        all.insert(name.to_owned(), text.into_bytes());
    }
    all
}

fn collect(folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else if path.extension().is_some_and(|end| end == "ics") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let twice = all.insert(name, std::fs::read(&path).unwrap());
            assert!(twice.is_none(), "two objects called {}", path.display());
        }
    }
}

/// What the person sees after one `sync`.
struct Seen {
    /// Title, start, end of each event from ten years before [`NOW`] on.
    events: BTreeSet<String>,
    /// Objects that lie in the collection.
    objects: usize,
    /// Objects that can't be read, by file name, and why.
    broken: BTreeMap<String, String>,
}

/// After the newest object of the corpus.
const NOW: &str = "2026-08-01T06:00";

/// The last day asked for.
const YEAR: &str = "2026-12-31";

fn look(person: &Person) -> Seen {
    let config = person.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "\n[learning]\nhistory_days = 3650\n").unwrap();
    person.ok(NOW, &["sync", "--observe"]);
    let status: Value = serde_json::from_str(&person.ok(NOW, &["status", "--json"]).out).unwrap();
    let all = status["collections"].as_array().unwrap();
    let is_work = |c: &&Value| c["id"].as_str().unwrap().trim_end_matches('/').ends_with("/work");
    let work = all.iter().find(is_work).expect("a calendar called work");
    assert_eq!(work["trouble"], Value::Null);
    let broken = work["broken"].as_array().unwrap().iter().map(|one| {
        let name = one["href"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let why = one["why"].as_str().unwrap().to_owned();
        assert!(!why.is_empty(), "{name} without a reason");
        (name, why)
    });
    let spans = [("2016-08-06", "2019-12-31"), ("2020-01-01", "2023-12-31"), ("2024-01-01", YEAR)];
    let events = spans
        .iter()
        .flat_map(|(from, to)| person.list(NOW, &["agenda", "--from", from, "--to", to]));
    let row = |event: Value| format!("{} {} {}", event["title"], event["start"], event["end"]);
    Seen {
        events: events.map(row).collect(),
        objects: usize::try_from(work["objects"].as_u64().unwrap()).unwrap(),
        broken: broken.collect(),
    }
}

/// What the person sees when these objects lie in a folder.
fn in_a_folder<'a>(objects: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> Seen {
    let person = Person::with_folder();
    let mut count = 0;
    for (name, bytes) in objects {
        std::fs::write(person.path("cal/work").join(name), bytes).unwrap();
        count += 1;
    }
    let seen = look(&person);
    assert_eq!(seen.objects, count);
    seen
}

fn say_broken(place: &str, seen: &Seen) {
    for (name, why) in &seen.broken {
        println!("{place}: {name} can't be read: {why}");
    }
}

#[test]
fn all_objects_sync_through_a_folder() {
    let objects = objects();
    let seen = in_a_folder(objects.iter());
    say_broken("folder", &seen);
    assert!(seen.broken.contains_key("broken.ics"));
    assert!(seen.events.iter().any(|event| event.contains("\"Plain\"")), "{:?}", seen.events);
}

/// Puts every object on a server, syncs, and compares with a folder that holds what the server
/// stored: the way an object comes must not matter.
async fn through(place: &str, peer: Peer) {
    let mut stored = BTreeMap::new();
    let mut refused = Vec::new();
    for (name, bytes) in objects() {
        match peer.offer(&peer.object(&name), &bytes).await {
            200..300 => {
                let body = peer.get(&peer.object(&name)).await.expect("it was stored");
                stored.insert(name, body.into_bytes());
            }
            status => refused.push(format!("{name} ({status})")),
        }
    }
    println!("{place} refuses {} objects: {}", refused.len(), refused.join(", "));
    let url = peer.base_url();
    let person = Person::with_account(&format!(
        "kind = \"caldav\"\nurl = \"{url}\"\nusername = \"alice\"\npassword_file = \
         \"{{home}}/password\"\ncalendars = [\"work\"]"
    ));
    let seen = look(&person);
    say_broken(place, &seen);
    assert_eq!(seen.objects, stored.len(), "what the server took is known");
    let same = in_a_folder(stored.iter());
    assert_eq!(seen.broken, same.broken);
    assert_eq!(seen.events, same.events);
    assert!(!seen.events.is_empty());
}

#[tokio::test]
async fn all_objects_sync_through_radicale() {
    through("Radicale", Peer::radicale().await).await;
}

#[tokio::test]
async fn all_objects_sync_through_xandikos() {
    through("Xandikos", Peer::xandikos().await).await;
}
