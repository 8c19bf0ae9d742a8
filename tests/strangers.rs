//! What somebody the person never met can do to them: invitations, feeds, names on servers. A
//! calendar is open to all of these; what they say is context, costs little, and is no order.

use crate::support::person::{Person, files};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// A title that acts on whatever shows it: colours, a terminal's title, a link, another direction.
const LOUD: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J<a href=//evil.example/x>Pay now</a>\u{202e}\u{9b}3m";

fn put(person: &Person, path: &str, component: &str, lines: &str) {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:{component}\r\n{lines}\r\n\
         END:{component}\r\nEND:VCALENDAR\r\n"
    );
    fs::create_dir_all(person.path(path).parent().unwrap()).unwrap();
    fs::write(person.path(path), text.replace('\n', "\r\n").replace("\r\r", "\r")).unwrap();
}

fn titles(person: &Person, now: &str) -> Vec<String> {
    let blocks = person.list(now, &["--json", "suggestions"]);
    blocks.iter().map(|block| block["title"].as_str().unwrap().to_owned()).collect()
}

fn todo(uid: &str, more: &str) -> String {
    format!(
        "UID:{uid}\r\nDTSTAMP:20260301T000000Z\r\nSUMMARY:{uid}\r\nDUE:20260306T170000Z\r\n\
         ESTIMATED-DURATION:PT1H{more}"
    )
}

#[test]
fn their_tasks_are_no_orders() {
    let person = Person::with_folder();
    let from = "\r\nORGANIZER:mailto:boss@example.org\r\nATTENDEE;PARTSTAT=";
    put(&person, "cal/work/own.ics", "VTODO", &todo("own", ""));
    let open = format!("{from}NEEDS-ACTION:mailto:mira@example.org");
    put(&person, "cal/work/open.ics", "VTODO", &todo("open", &open));
    let taken = format!("{from}ACCEPTED:mailto:mira@example.org");
    put(&person, "cal/work/taken.ics", "VTODO", &todo("taken", &taken));
    // A feed: one task of its own, and the person's, completed.
    put(&person, "cal/feed/feed.ics", "VTODO", &todo("feed", "\r\nPRIORITY:1"));
    let done = "\r\nSTATUS:COMPLETED\r\nLAST-MODIFIED:20270101T000000Z";
    put(&person, "cal/feed/own.ics", "VTODO", &todo("own", done));
    fs::set_permissions(person.path("cal/feed"), Permissions::from_mode(0o555)).unwrap();
    person.ok("02T06:00", &["sync"]);
    let mut placed = titles(&person, "02T06:00");
    placed.retain(|title| ["own", "open", "taken", "feed"].contains(&title.as_str()));
    placed.sort();
    assert_eq!(placed, ["own", "taken"]);
    person.ok("02T07:00", &["sync"]);
    assert!(titles(&person, "02T07:00").contains(&"own".to_owned()));
    fs::set_permissions(person.path("cal/feed"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn their_words_act_on_nobodys_screen() {
    let person = Person::with_folder();
    for week in 0..4 {
        let (day, uid) = (2 + 7 * week, format!("w{week}"));
        let lines = format!(
            "UID:{uid}\r\nDTSTAMP:20260201T000000Z\r\nDTSTART:202602{day:02}T090000Z\r\n\
             DTEND:202602{day:02}T100000Z\r\nSUMMARY:{LOUD}"
        );
        put(&person, &format!("cal/work/{uid}.ics"), "VEVENT", &lines);
    }
    put(
        &person,
        "cal/work/todo.ics",
        "VTODO",
        &todo("todo", "").replace("SUMMARY:todo", &format!("SUMMARY:{LOUD}")),
    );
    put(&person, &format!("cal/{}/a.ics", "\u{1b}[31mred\u{202e}"), "VEVENT", "UID:broken");
    put(&person, &format!("cal/work/{}.ics", "\u{1b}[31mred\u{202e}"), "VEVENT", "UID:broken");
    let acts = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    let commands: [&[&str]; 10] = [
        &["sync"],
        &["-v", "sync"],
        &["agenda", "--from", "2026-02-01", "--to", "2026-03-10"],
        &["types"],
        &["suggestions"],
        &["status"],
        &["doctor"],
        &["--json", "types"],
        &["--json", "suggestions"],
        &["--json", "agenda", "--from", "2026-02-01", "--to", "2026-03-10"],
    ];
    for command in commands {
        let gave = person.run("02T06:00", command);
        assert!(!acts(&gave.out) && !acts(&gave.err), "{command:?}: {:?} {:?}", gave.out, gave.err);
    }
    let path = person.path("cal").display().to_string();
    for command in [
        &["try", &path][..],
        &["occurrences", &path, "--from", "2026-02-01", "--to", "2026-03-10", "--tz", "UTC"],
    ] {
        let gave = person.run("02T06:00", command);
        assert!(!acts(&gave.out) && !acts(&gave.err), "{command:?}: {:?} {:?}", gave.out, gave.err);
    }
    // The blocks for it quote it as words, and reading them back changes nothing.
    let blocks = files(&person.path("cal/chronotype"));
    assert!(!blocks.is_empty());
    for text in blocks.values() {
        let whole = text.replace("\r\n ", "");
        let described = whole.lines().find(|line| line.starts_with("DESCRIPTION")).unwrap();
        assert!(!described.contains(['<', '>', '&']) && !whole.contains(['\u{1b}', '\u{202e}']));
    }
    for (name, text) in &blocks {
        fs::write(
            person.path("cal/chronotype").join(name),
            text.replace("DTSTAMP:2026", "DTSTAMP:2025"),
        )
        .unwrap();
    }
    person.ok("02T07:00", &["sync"]);
    for block in person.list("02T07:00", &["--json", "suggestions"]) {
        assert_eq!(block["state"], "proposed", "{block}");
    }
}
