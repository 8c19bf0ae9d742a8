//! What goes wrong, on the built binary: one sentence, at most one hint, and the right exit code.

use crate::support::binary::binary;
use crate::support::peers::Peer;
use crate::support::server::{NOBODY, certificate};
use crate::support::tls::self_signed;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
const NOW: &str = "2026-03-02T08:00:00Z";

/// A home with a config; the environment is emptied.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let home = Home(tempfile::tempdir().unwrap());
        home.configure(config);
        home
    }

    fn configure(&self, config: &str) {
        std::fs::write(self.path("c.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        self.feed(args, "")
    }

    /// Exit code, stdout, stderr; the home reads `~`, the fixtures `%`.
    fn feed(&self, args: &[&str], input: &str) -> (i32, String, String) {
        let mut child = binary()
            .args(["--now", NOW, "--config"])
            .arg(self.path("c.toml"))
            .args(args)
            .current_dir(self.0.path())
            .home(self.0.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .piped()
            .spawn();
        // It may have refused before it read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.output();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(self.0.path().to_str().unwrap(), "~").replace(FIXTURES, "%")
        };
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The call gives this exit code and says this, and nothing else.
    #[track_caller]
    fn fails(&self, args: &[&str], code: i32, said: &str) {
        let (found, out, err) = self.run(args);
        assert_eq!((found, err.as_str()), (code, said), "{args:?}\n{out}\n{err}");
        assert_eq!(out, "", "{args:?}");
    }
}

fn caldav(name: &str, url: &str, more: &str) -> String {
    format!("[[account]]\nname = \"{name}\"\nkind = \"caldav\"\nurl = \"{url}\"\n{more}\n")
}

const SIGNED_IN: &str = "username = \"alice\"\npassword_command = \"echo secret\"";

#[test]
fn malformed_configs() {
    fn check(config: &str, said: &str) {
        let err = format!("error: the config ~/c.toml is off:\n  {said}\n");
        for args in [&["config", "check"][..], &["sync"], &["status"]] {
            Home::new(config).fails(args, 78, &err);
        }
    }
    check("[person\n", "line 1: person: unclosed table, expected `]`");
    check("[plannig]\n", "line 1: plannig: there is no such key (did you mean 'planning'?)");
    check(
        "[planning]\nlunch = \"soon\"\n",
        "line 2: planning.lunch: 'soon' is neither hours, 'learned' nor 'off' \
         (\"12:00-13:00\", \"learned\" or \"off\")",
    );
    check(
        "[learning]\nhistory_days = -1\n",
        "line 2: learning.history_days: -1 is out of range (1 to 3650)",
    );
    Home::new("").fails(
        &["sync"],
        78,
        "error: the config names no account\n\
         hint: add an [[account]]; `chronotype config show --defaults` has examples\n",
    );
    let home = Home::new("");
    std::fs::write(home.path("c.toml"), [0xff, 0xfe]).unwrap();
    home.fails(&["sync"], 78, "error: ~/c.toml: is not text (UTF-8)\n");
}

#[test]
fn malformed_addresses() {
    fn check(url: &str, said: &str) {
        let hint = "for example \"https://cal.example.org/\"";
        let err =
            format!("error: the config ~/c.toml is off:\n  line 4: account.url: {said} ({hint})\n");
        Home::new(&caldav("work", url, SIGNED_IN)).fails(&["sync"], 78, &err);
    }
    check("htps://cal.example.org/", "'htps' can't be used here: use https");
    check("ftp://cal.example.org/", "'ftp' can't be used here: use https");
    check("https:/cal.example.org", "'https:/cal.example.org' is not a web address");
    check("https://", "'https://' is not a web address");
    check("my calendar", "'my calendar' is not a web address");
    check("cal.example.org:99999", "'cal.example.org:99999' is not a web address");
    check(
        "http://cal.example.org/",
        "refusing to send the password over plain http to cal.example.org; use https",
    );
    let secret = "the address must not hold a password: give username and password_command";
    check("https://alice:hunter2@cal.example.org/", secret);
    check("alice:hunter2@cal.example.org", secret);
}

#[test]
fn servers_that_are_not_there() {
    let closed = NOBODY;
    let page = web_page();
    let (tls, _received) = self_signed();
    fn check(url: &str, said: &str, hint: &str) {
        let home = Home::new(&caldav("work", url, SIGNED_IN));
        let err = format!("error: account work: {said}\nhint: {hint}\n");
        home.fails(&["sync"], 1, &err);
        let (code, out, _) = home.run(&["status"]);
        let line = format!("work: {said} since Mon 2 Mar 08:00; {hint}\n");
        assert!(code == 0 && out.contains(&line), "{out}");
    }
    let address = "check url, path and calendars in the config; the next sync tries again";
    check(
        "calendar.example.invalid",
        "there is no server called calendar.example.invalid, or no network",
        address,
    );
    check(
        &format!("http://{closed}/"),
        "can't reach 127.0.0.1: Connection refused",
        "the next sync tries again",
    );
    check(
        &page,
        "no CalDAV server at 127.0.0.1: it answered 200 text/html; give the address that the \
         provider names for CalDAV",
        address,
    );
    check(
        &format!("https://{tls}/"),
        "the certificate of 127.0.0.1 is not trusted: it is signed by itself and calls itself an \
         authority; a server needs one with CA:FALSE",
        "if it is yours, give the server one made with `openssl req -x509 -newkey rsa:2048 -nodes \
         -days 800 -subj /CN=NAME -addext subjectAltName=DNS:NAME -addext \
         basicConstraints=critical,CA:FALSE -keyout KEY -out FILE`, and name that FILE in ca_file; \
         else don't use it",
    );
}

/// An HTTP server that knows nothing of calendars.
fn web_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { break };
            let _ = client.read(&mut [0; 1 << 14]);
            let body = "<html>Welcome</html>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
            let _ = write!(client, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    format!("http://{address}/")
}

#[test]
fn passwords_that_are_not_there() {
    fn check(source: &str, said: &str) {
        let keys = format!("username = \"alice\"\n{source}");
        let home = Home::new(&caldav("work", "https://cal.example.invalid/", &keys));
        let hint =
            "mend password_command or password_file in the config, then run `chronotype sync`";
        std::fs::write(home.path("empty"), "\n").unwrap();
        let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(home.path("empty"), mode(0o600)).unwrap();
        home.fails(&["sync"], 1, &format!("error: account work: {said}\nhint: {hint}\n"));
        let (_, out, _) = home.run(&["status"]);
        assert!(out.contains(&format!("work: {said} since Mon 2 Mar 08:00; {hint}\n")), "{out}");
    }
    check("password_file = \"nope\"", "the password file ~/nope is not there");
    check("password_file = \"empty\"", "the password file is empty");
    check("password_file = \".\"", "the password file can't be read: Is a directory");
    check("password_command = \"exit 3\"", "the password command failed (exit status: 3)");
    check("password_command = \"true\"", "the password command printed nothing");
}

#[test]
fn certificates_that_cant_be_used() {
    let keys = "client_certificate = \"c.pem\"\nclient_key = \"k.pem\"";
    let home = Home::new(&caldav("work", "https://cal.example.invalid/", keys));
    let hint = "hint: mend client_certificate, client_key or ca_file in the config, then run \
                `chronotype sync`\n";
    let gone = "the client certificate ~/c.pem is not there";
    home.fails(&["sync"], 1, &format!("error: account work: {gone}\n{hint}"));
    let note = |key: &str, said: &str| format!("warning: account.{key}: {said}\n");
    let (code, _, err) = home.run(&["config", "check"]);
    let expected =
        note("client_certificate", &format!("'work': {gone} (the account can't be read before)"));
    assert_eq!((code, err), (0, expected));
    for (from, to) in [("client.pem", "c.pem"), ("client.key", "k.pem")] {
        std::fs::copy(certificate(from), home.path(to)).unwrap();
    }
    let (_, _, err) = home.run(&["config", "check"]);
    assert_eq!(err, "", "sound files");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(home.path("k.pem"), open).unwrap();
    let (_, _, err) = home.run(&["config", "check"]);
    let open = "the client key ~/k.pem can be read or changed by others on this computer, and is \
                not used: `chmod 600 ~/k.pem` closes it";
    let expected =
        note("client_key", &format!("'work': {open} (the account can't be read before)"));
    assert_eq!(err, expected);
    let hint = "hint: close it, then run `chronotype sync`; if somebody may have read it, change \
                what it holds\n";
    home.fails(&["sync"], 1, &format!("error: account work: {open}\n{hint}"));
}

#[tokio::test]
async fn a_wrong_password_is_asked_for_once_and_said_until_it_is_right() {
    let peer = Peer::radicale().await;
    let config = |password: &str| {
        let keys = format!("username = \"alice\"\npassword_command = \"echo {password}\"");
        caldav("work", &peer.base_url(), &keys)
    };
    let home = Home::new(&config("secret"));
    assert_eq!(home.run(&["sync"]).0, 0);
    home.configure(&config("wrong"));
    let asked = peer.requests().len();
    home.fails(
        &["sync"],
        1,
        "error: account work: 127.0.0.1 refused the user name or password\n\
         hint: check username and password in the config, then run `chronotype sync`\n",
    );
    assert_eq!(peer.requests().len() - asked, 1, "asking on could lock the account");
    let (_, out, _) = home.run(&["status"]);
    assert!(out.contains("refused the user name or password since Mon 2 Mar 08:00; "), "{out}");
    home.configure(&config("secret"));
    assert_eq!(home.run(&["sync"]).0, 0);
    let (_, out, _) = home.run(&["status"]);
    assert!(!out.contains("refused"), "{out}");
}

#[test]
fn one_bad_account_stops_nothing() {
    let good = "[[account]]\nname = \"files\"\nkind = \"vdir\"\npath = \"cal\"\n";
    let bad = |name: &str| caldav(name, "https://cal.example.invalid/", "username = \"a\"\n");
    let home = Home::new(&format!("{}{good}", bad("work")));
    std::fs::create_dir_all(home.path("cal/work")).unwrap();
    let (code, out, err) = home.run(&["sync"]);
    let said = "account work: there is no server called cal.example.invalid, or no network";
    assert_eq!((code, err.as_str()), (0, format!("warning: {said}\n").as_str()), "{out}");
    assert!(out.starts_with("1 calendar"), "{out}");

    let other = caldav("home", "https://127.0.0.1:1/", "username = \"a\"\n");
    home.configure(&format!("{}{other}", bad("work")));
    let (code, out, err) = home.run(&["sync"]);
    let other = "account home: can't reach 127.0.0.1: Connection refused";
    // The folder's account left the config.
    let left = "calendar work: is no longer read; in a day its events no longer count";
    let expected = format!(
        "warning: {said}\nwarning: {other}\nwarning: {left}\nerror: no account could be read\n\
         hint: `chronotype status` says for each since when, and what to do\n"
    );
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", expected.as_str()));
    let (_, out, _) = home.run(&["status"]);
    assert!(out.contains("\nhome: can't reach 127.0.0.1: Connection refused since "), "{out}");
    assert!(out.contains("\nwork: there is no server called cal.example.invalid"), "{out}");
}

#[test]
fn folders_that_are_not_there() {
    let home = Home::new("[[account]]\nname = \"files\"\nkind = \"vdir\"\npath = \"cal\"\n");
    let hint = "hint: check url, path and calendars in the config; the next sync tries again\n";
    let said = format!("error: account files: there is no ~/cal\n{hint}");
    home.fails(&["sync"], 1, &said);
    if shut(&home.path("cal")) {
        let hint = "hint: let chronotype read it, then run `chronotype sync`\n";
        let said = format!("error: account files: no permission for ~/cal\n{hint}");
        home.fails(&["sync"], 1, &said);
        home.fails(&["try", "cal"], 1, "error: no permission for cal\n");
    }
}

#[expect(clippy::print_stderr, reason = "a skipped part of a test is said")]
/// Makes a folder nobody may read; `false` where the system lets us all the same (root).
fn shut(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(folder).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o000)).unwrap();
    let shut = std::fs::read_dir(folder).is_err();
    if !shut {
        eprintln!("skipped: this user may read every folder");
    }
    shut
}

#[test]
fn files_that_are_no_calendars() {
    let home = Home::new("");
    let junk = format!("{FIXTURES}/not-a-calendar.ics");
    let days = ["--from", "2026-03-01", "--to", "2026-03-31", "--tz", "UTC"];
    let occurrences = |file: &str, said: &str| {
        home.fails(&[&["occurrences", file][..], &days].concat(), 1, said);
    };
    occurrences(
        &junk,
        "error: %/not-a-calendar.ics holds no calendar object\n\
         hint: give an exported .ics file\n",
    );
    occurrences("gone.ics", "error: can't read gone.ics: No such file or directory\n");
    occurrences(".", "error: . is a folder, not an .ics file\n");
    let hint = "hint: give an exported .ics file, or a folder that holds some\n";
    home.fails(&["try", &junk], 1, &format!("error: no calendar object was found there\n{hint}"));
    home.fails(&["try", "gone.ics"], 1, "error: there is no gone.ics\n");

    let broken = format!("{FIXTURES}/broken-truncated.ics");
    let (code, out, err) = home.run(&[&["occurrences", &broken][..], &days].concat());
    assert_eq!((code, out.lines().count()), (0, 1), "what can be read is: {out}");
    assert_eq!(err, "%/broken-truncated.ics: line 11: this VEVENT is cut off and was skipped\n");
    let dates = format!("{FIXTURES}/broken-dates.ics");
    let (code, out, err) = home.run(&["try", &dates]);
    assert_eq!((code, err.lines().count()), (0, 1), "{out}\n{err}");
    assert!(err.starts_with("warning: broken-dates.ics: line 11: "), "{err}");
}

#[test]
fn malformed_json() {
    let home = Home::new("");
    let plan = |text: &str, said: &str| {
        std::fs::write(home.path("p.json"), text).unwrap();
        home.fails(&["plan", "--problem", "p.json"], 1, &format!("error: p.json: {said}\n"));
    };
    let not = "not a planning problem";
    plan("", &format!("{not}: EOF while parsing a value at line 1 column 0"));
    plan("{\n", &format!("{not}: EOF while parsing an object at line 2 column 0"));
    plan("{}", &format!("{not}: missing field `id` at line 1 column 2"));
    plan(
        "[1]",
        &format!(
            "{not}: invalid type: integer `1`, expected an object that holds an `instance` at \
             line 1 column 2"
        ),
    );
    home.fails(
        &["plan", "--problem", "gone.json"],
        1,
        "error: can't read gone.json: No such file or directory\n",
    );

    let classify = |line: &str, said: &str| {
        let (code, out, err) = home.feed(&["classify", "--json"], line);
        assert_eq!((code, out.as_str(), err), (1, "", format!("error: {said}\n")), "{line}");
    };
    classify("{\"id\": 1", "line 1 of the input is not a JSON object (column 8)");
    classify("{}", "line 1 of the input has no title");
    classify(
        "{\"title\": 3}",
        "line 1 of the input does not fit: invalid type: integer `3`, expected a string",
    );
    classify(
        "{\"title\": \"a\", \"start\": \"soon\"}",
        "line 1 of the input has a start that is no RFC 3339 moment",
    );
}

#[test]
fn calls_that_make_no_sense_exit_2() {
    let home = Home::new("");
    for args in [
        &["frobnicate"][..],
        &["sync", "--frobnicate"],
        &["sync", "--dry-run", "--observe"],
        &["types", "--now", "soon"],
        &["occurrences", "x.ics", "--from", "soon", "--to", "2026-03-02", "--tz", "UTC"],
        &[],
    ] {
        let (code, out, err) = home.run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.starts_with("error: ") || args.is_empty(), "{args:?}: {err}");
    }
}
