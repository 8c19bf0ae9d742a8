//! Whose account a sign-in is: said, kept, and not taken over by another address.

use super::google_sign_in::{Home, check};
use super::support::browser::{agree, browse};
use super::support::google::{Fault, PERSON};
use std::io::BufRead;

const JOE: &str = "joe@example.com";

impl Home {
    /// The person agrees; the page the browser ends on.
    fn agrees(&self, args: &[&str]) -> (String, super::google_sign_in::Gave) {
        let waiting = self.sign_in(args);
        let page = browse(&agree(&waiting.address)).page;
        (page, waiting.end())
    }

    fn kept_text(&self) -> String {
        self.kept().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

#[test]
fn another_address_takes_over_nothing() {
    let home = Home::new();
    let (_, gave) = home.agrees(&[]);
    check(&gave, 0, "Signed in as jane@example.com for the account work.");
    let kept = home.kept_text();
    assert!(kept.contains("\"address\": \"jane@example.com\""), "{kept}");

    // The browser knows two people, and the wrong one agrees: also after Google ended the first.
    home.api.change_person(JOE);
    let refused = "this is joe@example.com, and the account work is that of jane@example.com: \
                   nothing was changed";
    for _ in 0..2 {
        let before = home.kept_text();
        let (page, gave) = home.agrees(&[]);
        assert!(page.contains("<h1>Not signed in</h1>") && page.contains(refused), "{page}");
        check(&gave, 1, refused);
        check(&gave, 1, "`chronotype auth google --replace work`");
        assert_eq!(home.kept_text(), before);
        home.server.revoke();
        home.run(&["sync"]);
    }
    let (_, gave) = home.agrees(&["--replace"]);
    check(&gave, 0, "Signed in as joe@example.com");
    home.api.change_person(PERSON);
    check(&home.agrees(&[]).1, 1, "is that of joe@example.com");
}

#[test]
fn google_is_asked_to_offer_the_same_address() {
    let home = Home::new();
    let hint = |home: &Home, args: &[&str]| {
        let address = reqwest::Url::parse(&home.sign_in(args).address).unwrap();
        let mut pairs = address.query_pairs();
        pairs.find(|(key, _)| key == "login_hint").map(|(_, hint)| hint.into_owned())
    };
    assert_eq!(hint(&home, &[]), None);
    home.agrees(&[]);
    assert_eq!(hint(&home, &[]).as_deref(), Some(PERSON));
    assert_eq!(hint(&home, &["--replace"]), None);
}

#[test]
fn where_google_does_not_say_whose_it_is() {
    let home = Home::new();
    let unknown =
        || home.api.fail("calendarList/primary", Fault::Refuse(403, "insufficientPermissions", ""));
    unknown();
    let (_, gave) = home.agrees(&[]);
    check(&gave, 0, "Signed in to Google for the account work.");
    check(&gave, 0, "Google does not say whose account this is");
    check(&home.agrees(&[]).1, 0, "Signed in as jane@example.com");
    // It is known by now, and who comes may be anybody.
    unknown();
    check(&home.agrees(&[]).1, 1, "does not say whose account this is, and the account work is");
}

/// What a browser is started with, any user of the machine can read.
#[cfg(target_os = "linux")]
#[test]
fn the_command_line_of_the_browser_tells_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let (opener, told) = (home.folder.path().join("browser"), home.folder.path().join("told"));
    // A pipe: whoever reads it waits until the browser has started.
    assert!(std::process::Command::new("mkfifo").arg(&told).status().unwrap().success());
    std::fs::write(&opener, format!("#!/bin/sh\necho \"$@\" > {}\n", told.display())).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o700)).unwrap();
    let start = || {
        let command = home.command(&["auth", "google"]).env("BROWSER", &opener);
        let mut child = command.env("PATH", "/usr/bin:/bin").piped().spawn();
        let mut said = String::new();
        let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
        while !said.contains("paste here") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
        }
        assert!(said.contains("the browser that opens"), "{said}");
        let told = std::fs::read_to_string(&told).unwrap().trim().to_owned();
        (child, lines, told)
    };
    let (mut child, _lines, told) = start();
    assert!(told.starts_with("http://127.0.0.1:"), "{told}");
    assert!(!told.contains('?') && !told.contains("google") && !told.contains("state"), "{told}");
    assert_eq!(browse(&format!("{told}x")).status, 404, "only the door");
    let address = browse(&told).location.expect("sent on to Google");
    assert!(address.starts_with(&home.server.root()) && address.contains("code_challenge="));
    assert_eq!(browse(&agree(&address)).status, 200);
    assert!(child.wait().unwrap().success());

    // Whoever reads it there and is quicker is found out.
    let (mut child, mut lines, told) = start();
    let stolen = browse(&told).location.unwrap();
    let page = browse(&told);
    assert_eq!((page.status, page.location), (400, None));
    assert!(page.page.contains("was opened twice"), "{}", page.page);
    assert!(!child.wait().unwrap().success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut lines, &mut said).unwrap();
    assert!(said.contains("chronotype auth google --no-browser work"), "{said}");
    let port = reqwest::Url::parse(&told).unwrap().port().unwrap();
    let lands = agree(&stolen);
    assert!(lands.contains(&port.to_string()));
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens");
}

#[test]
fn status_and_doctor_name_the_address() {
    let home = Home::new();
    home.agrees(&[]);
    for _ in 0..2 {
        let status = home.run(&["status"]);
        check(&status, 0, "");
        let json: serde_json::Value =
            serde_json::from_str(&home.run(&["--json", "status"]).out).unwrap();
        assert_eq!(json["accounts"][0], serde_json::json!({"account": "work", "address": PERSON}));
        let doctor = home.run(&["doctor"]);
        assert!(doctor.out.contains("signed in as jane@example.com (Google)"), "{doctor:?}");
        // The stand-in lives in March.
        assert!(doctor.out.contains("the server's clock is"), "{doctor:?}");
        check(&home.run(&["sync"]), 0, "");
    }
    let status = home.run(&["status"]);
    assert!(status.out.contains("work is the account of jane@example.com"), "{status:?}");
    let logged = home.run(&["-vv", "sync"]).err + &home.run(&["-vv", "doctor"]).err;
    assert!(!logged.contains("jane@"), "{logged}");
}

/// The daily look at the calendars was just before.
#[test]
fn who_takes_over_is_looked_at_at_once() {
    let home = Home::new();
    home.agrees(&[]);
    check(&home.run(&["sync"]), 0, "");
    let asked = home.api.log().len();
    home.agrees(&[]);
    check(&home.run(&["sync"]), 0, "");
    let again = &home.api.log()[asked..];
    assert!(!again.iter().any(|line| line.contains("calendarList?")), "same person: {again:#?}");
    home.api.change_person(JOE);
    home.agrees(&["--replace"]);
    let asked = home.api.log().len();
    let gave = home.run(&["sync"]);
    let words =
        "this is the account of joe@example.com, and before it was that of jane@example.com";
    assert!(gave.err.contains(words), "{gave:?}");
    let log = home.api.log()[asked..].to_vec();
    assert!(log.iter().all(|line| line.contains("calendarList")), "no more is asked: {log:#?}");
}
