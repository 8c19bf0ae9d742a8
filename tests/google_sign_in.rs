//! `chronotype auth google` from outside: the built binary, Google's server, and a browser.

use super::support::binary::{Binary, Running, binary};
use super::support::browser::{agree, browse};
use super::support::google::{Fake, PERSON};
use super::support::google_assertion::SUBJECT;
use super::support::google_auth::{CLIENT_SECRET, Consent, Fault, Server};
use super::support::person::private;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout};

pub struct Home {
    pub server: Server,
    pub api: Fake,
    pub folder: tempfile::TempDir,
}

/// A sign-in that waits.
pub struct Waiting {
    child: Running,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pub address: String,
}

/// What a call gave in the end; stdout without the address.
#[derive(Debug)]
pub struct Gave {
    pub code: i32,
    pub out: String,
    pub err: String,
}

const ACCOUNT: &str = r#"
[[account]]
name = "work"
kind = "google"
client_secret_file = "client.json"
"#;

impl Home {
    pub fn new() -> Self {
        Self::with(ACCOUNT)
    }

    pub fn with(accounts: &str) -> Self {
        let (server, api) = (Server::start(), Fake::start());
        api.trust(server.issuer());
        let home = Self { server, api, folder: tempfile::tempdir().unwrap() };
        let api_root = format!("\napi_root = \"{}\"\n", home.api.root());
        let file = "client_secret_file = \"client.json\"";
        let accounts = accounts.replace(&format!("{file}\n"), &format!("{file}{api_root}"));
        let person = "[person]\nid = \"jane\"\ntime_zone = \"Europe/Berlin\"\n";
        let store = "[store]\npath = \"data/store\"\n";
        home.put("config.toml", &format!("{person}{accounts}{store}"));
        home.put("client.json", &home.server.client_file());
        home
    }

    fn put(&self, name: &str, text: &str) {
        private(&self.folder.path().join(name), text);
    }

    pub fn command(&self, args: &[&str]) -> Binary {
        let binary = binary().home(self.folder.path()).env("RUST_LOG", "trace");
        binary.arg("--config").arg(self.folder.path().join("config.toml")).args(args)
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Gave {
        let output = self.command(args).output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        Gave { code: output.status.code().unwrap(), out, err }
    }

    /// Runs until the address is out.
    pub fn sign_in(&self, args: &[&str]) -> Waiting {
        let command = self.command(&[&["auth", "google", "--no-browser"], args].concat());
        let mut child = command.piped().spawn();
        let (stdin, mut stdout) =
            (child.stdin.take(), child.stdout.take().map(BufReader::new).unwrap());
        let mut address = String::new();
        stdout.read_line(&mut address).unwrap();
        let address = address.trim_end().to_owned();
        assert!(address.starts_with(&self.server.root()), "alone on its line: {address:?}");
        Waiting { child, stdin, stdout, address }
    }

    /// The files of the sign-in.
    pub fn kept(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("data/store.sign-in"));
        let files = files.into_iter().flatten().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect()
    }
}

impl Waiting {
    fn paste(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn end(mut self) -> Gave {
        let (mut out, mut err) = (String::new(), String::new());
        // stdin stays open: the end is not its end.
        self.stdout.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Gave { code: self.child.end().code().unwrap(), out, err }
    }
}

#[track_caller]
pub fn check(gave: &Gave, code: i32, err: &str) {
    assert_eq!(gave.code, code, "{gave:?}");
    assert!(gave.err.contains(err), "{gave:?}");
}

#[test]
fn a_browser_on_this_machine() {
    let home = Home::new();
    let waiting = home.sign_in(&[]);
    let lands = agree(&waiting.address);
    // What browsers do besides: spare connections, icons, probes.
    let port = reqwest::Url::parse(&lands).unwrap().port().unwrap();
    let _spare = [(); 3].map(|()| TcpStream::connect(("127.0.0.1", port)).unwrap());
    for other in ["/favicon.ico", "/", "/?state=x", "/elsewhere?code=x&state=y"] {
        assert_eq!(browse(&format!("http://127.0.0.1:{port}{other}")).status, 404, "{other}");
    }
    let mut post = TcpStream::connect(("127.0.0.1", port)).unwrap();
    post.write_all(b"POST / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    post.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");

    let page = browse(&lands);
    assert_eq!(page.status, 200);
    assert!(page.page.contains("<h1>Signed in</h1>"), "{}", page.page);
    assert!(page.page.contains("You may close this page"), "{}", page.page);
    let gave = waiting.end();
    check(&gave, 0, "Signed in as jane@example.com for the account work.");
    assert_eq!(gave.out, "", "the address was alone on stdout");
    assert_eq!(home.server.complaints(), [""; 0]);
    assert_eq!(home.server.log(), ["authorization_code"]);
    assert_eq!(home.kept().len(), 1);
    // It served one sign-in: nobody listens any more.
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_browser_elsewhere_and_a_pasted_address() {
    let home = Home::new();
    let mut waiting = home.sign_in(&["work"]);
    let lands = agree(&waiting.address);
    waiting.paste("");
    waiting.paste("4/0-a-code-alone");
    waiting.paste(&waiting.address.clone());
    waiting.paste(&lands.replace("state=", "state=x"));
    waiting.paste(&format!("  '{lands}' "));
    let gave = waiting.end();
    check(&gave, 0, "Signed in as jane@example.com");
    for notice in ["this is no address", "no answer of Google's", "(wrong state)"] {
        assert_eq!(gave.err.matches(notice).count(), 1, "{notice}: {}", gave.err);
    }
    assert_eq!(home.server.complaints(), [""; 0]);
}

#[test]
fn a_wrong_state_is_refused_and_the_wait_goes_on() {
    let home = Home::new();
    // Somebody else's sign-in, whose answer is slipped to this one.
    let (other, waiting) = (home.sign_in(&[]), home.sign_in(&[]));
    let (theirs, ours) = (agree(&other.address), agree(&waiting.address));
    let query = theirs.split_once('?').unwrap().1;
    let here = ours.split_once('?').unwrap().0;
    for query in [query, "code=x", "error=access_denied&state=x"] {
        let page = browse(&format!("{here}?{query}"));
        assert_eq!(page.status, 400, "{query}");
        assert!(page.page.contains("belongs to another sign-in"), "{}", page.page);
    }
    assert_eq!(home.server.log(), [""; 0], "no code was tried");
    assert_eq!(browse(&ours).status, 200);
    let gave = waiting.end();
    check(&gave, 0, "was refused (wrong state)");
}

#[test]
fn the_end_of_stdin_is_not_the_end_of_the_wait() {
    let home = Home::new();
    let mut waiting = home.sign_in(&[]);
    drop(waiting.stdin.take());
    assert_eq!(browse(&agree(&waiting.address)).status, 200);
    check(&waiting.end(), 0, "Signed in");
}

#[test]
fn what_the_person_did_not_allow() {
    let home = Home::new();
    let cases = [
        (Consent::Declined, "access was declined in the browser"),
        (
            Consent::Without("events.readonly"),
            "not everything was allowed; missing: see the events of your calendars. Sign in again \
             and tick every box",
        ),
        (Consent::Without("app.created"), "missing: make a calendar of its own and write into it"),
    ];
    for (consent, words) in cases {
        home.server.state().consent = consent;
        let waiting = home.sign_in(&[]);
        let page = browse(&agree(&waiting.address));
        assert_eq!(page.status, 400);
        assert!(page.page.contains(words), "{}", page.page);
        check(&waiting.end(), 1, words);
        assert!(home.kept().is_empty());
    }
}

#[test]
fn what_google_refuses() {
    let home = Home::new();
    let cases = [
        (Fault::Answer(503, "busy"), "answered 503 to a request for a token"),
        (Fault::Answer(200, "{\"access_token\":"), "answered 200 and no token"),
        (Fault::Answer(400, "{\"error\":\"invalid_grant\"}"), "this answer is used up or too old"),
        (Fault::Answer(401, "{\"error\":\"invalid_client\"}"), "does not know the client"),
        (Fault::Answer(400, "{\"error\":\"<b>\"}"), "refuses to give a token (b)"),
        (Fault::Answer(200, "{\"access_token\":\"a\"}"), "Google gave no refresh token"),
    ];
    for (fault, words) in cases {
        home.server.state().faults.push_back(fault);
        let waiting = home.sign_in(&[]);
        let page = browse(&agree(&waiting.address));
        assert_eq!(page.status, 400);
        assert!(page.page.contains(words), "{words}: {}", page.page);
        check(&waiting.end(), 1, words);
        assert!(home.kept().is_empty());
    }
}

#[test]
fn as_json() {
    let home = Home::new();
    home.server.state().refresh_expires_in = Some(604_799);
    let mut child = home.command(&["--json", "auth", "google", "--no-browser"]).piped().spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    browse(&agree(next()["address"].as_str().unwrap()));
    let told = next();
    assert_eq!((&told["account"], &told["signed_in"]), (&"work".into(), &true.into()));
    assert_eq!(told["scopes"].as_array().unwrap().len(), 3);
    assert_eq!(told["address"], PERSON);
    assert!(told["ends_at"].is_string(), "{told}");
    assert!(child.end().success());
}

#[test]
fn which_account() {
    let two = format!("{ACCOUNT}{}", ACCOUNT.replace("work", "home"));
    let home = Home::with(&two);
    check(&home.run(&["auth", "google"]), 2, "there are several Google accounts: say which");
    check(&home.run(&["auth", "google", "hme"]), 2, "hint: one of: work, home");
    let waiting = home.sign_in(&["home"]);
    browse(&agree(&waiting.address));
    check(&waiting.end(), 0, "for the account home");
    let gave = home.run(&["config", "check"]);
    check(&gave, 0, "account work: not signed in to Google: run `chronotype auth google work`");
    assert!(!gave.err.contains("account home"), "{}", gave.err);

    let none = "[[account]]\nname = \"a\"\nkind = \"vdir\"\npath = \"cal\"\n";
    check(&Home::with(none).run(&["auth", "google"]), 78, "no account of kind \"google\"");
}

#[test]
fn a_client_file_that_can_not_be_used() {
    let home = Home::new();
    let web = home.server.client_file().replace("\"installed\"", "\"web\"");
    for (text, words) in [
        (web.as_str(), "make one of type \"Desktop app\""),
        ("{\"installed\":{\n\"client_id\":\"a\"}}", "client.json: line 2: missing property"),
        ("", "client.json: line 1: it is no JSON"),
    ] {
        home.put("client.json", text);
        check(&home.run(&["auth", "google"]), 1, words);
        check(&home.run(&["config", "check"]), 0, words);
    }
    std::fs::remove_file(home.folder.path().join("client.json")).unwrap();
    check(&home.run(&["auth", "google"]), 1, "client.json is not there");
    let plain = "{\"installed\":{\"client_id\":\"a\",\"client_secret\":\"b\",\"redirect_uris\":[],\
                 \"auth_uri\":\"http://example.org/\",\"token_uri\":\"https://example.org/\"}}";
    home.put("client.json", plain);
    check(&home.run(&["auth", "google"]), 1, "auth_uri: secrets would travel in plain http");
}

#[test]
fn a_service_account_needs_no_sign_in() {
    let home = Home::with(&format!("{ACCOUNT}subject = \"{SUBJECT}\"\n"));
    check(&home.run(&["config", "check"]), 0, "subject means nothing without a service account");
    home.put("client.json", &home.server.service_account_file());
    check(&home.run(&["auth", "google"]), 0, "is a service account, and its key works");
    check(&home.run(&["config", "check"]), 0, "");
    home.server.state().faults.push_back(Fault::Answer(400, "{\"error\":\"invalid_grant\"}"));
    check(&home.run(&["auth", "google"]), 1, "(invalid_grant)");
    assert!(home.kept().is_empty());
}

#[test]
fn the_scopes_follow_the_config() {
    let scopes = |more: &str| {
        let home = Home::with(&format!("{ACCOUNT}{more}"));
        let address = reqwest::Url::parse(&home.sign_in(&[]).address).unwrap();
        let asked = address.query_pairs().find(|(key, _)| key == "scope").unwrap().1.into_owned();
        asked.replace("https://www.googleapis.com/auth/calendar.", "")
    };
    let read = "calendarlist.readonly events.readonly";
    assert_eq!(scopes(""), format!("{read} app.created"));
    assert_eq!(scopes("suggest_into = \"chronotype\"\n"), format!("{read} app.created"));
    assert_eq!(scopes("suggest_into = \"Work\"\n"), format!("{read} app.created events.owned"));
    assert_eq!(scopes("[suggestions]\nmode = \"observe\"\n"), read);
}

#[test]
fn nothing_secret_is_printed_logged_or_left_about() {
    let home = Home::new();
    let mut said = String::new();
    let mut hear = |gave: Gave| said.push_str(&format!("{}{}", gave.out, gave.err));
    let waiting = home.sign_in(&["-vv"]);
    browse(&agree(&waiting.address));
    hear(waiting.end());
    home.server.state().consent = Consent::Without("app.created");
    let mut waiting = home.sign_in(&["-vv"]);
    let lands = agree(&waiting.address);
    waiting.paste(&lands.replace("state=", "state=x"));
    waiting.paste(&lands);
    hear(waiting.end());
    hear(home.run(&["-vv", "config", "check"]));
    hear(home.run(&["-vv", "config", "show"]));
    home.put("client.json", &home.server.service_account_file());
    hear(home.run(&["-vv", "auth", "google"]));
    home.put("client.json", &home.server.client_file().replace("\"installed\"", "\"web\""));
    hear(home.run(&["-vv", "auth", "google"]));

    let secrets = home.server.secrets();
    assert!(secrets.len() >= 9 && secrets.contains(&CLIENT_SECRET.to_owned()), "{secrets:?}");
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret} in {said}");
    }
    let [kept] = home.kept().try_into().unwrap();
    let mut open = vec![home.folder.path().to_owned()];
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path != kept && !path.ends_with("client.json") {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                let found = secrets.iter().find(|secret| text.contains(secret.as_str()));
                assert_eq!(found, None, "{}", path.display());
            }
        }
    }
    let text = std::fs::read_to_string(kept).unwrap();
    assert!(text.contains("canary-refresh") && !text.contains("canary-code"), "{text}");
}
