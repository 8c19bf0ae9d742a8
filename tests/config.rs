//! The config file: defaults held to the code, and every mistake told with its line and its cure.

use chronotype::config::*;
use chronotype::schedule::request::Door;
use chronotype::schedule::working::Lunch;
use std::path::{Path, PathBuf};

mod daemon;

pub fn origin() -> Origin {
    Origin {
        is_private: false,
        file: PathBuf::from("/h/jane/.config/chronotype/config.toml"),
        home: Some(PathBuf::from("/h/jane")),
        data_home: None,
        runtime: Some(PathBuf::from("/run/user/7")),
        credentials: None,
        time_zone: Some(chrono_tz::Europe::Berlin),
        language: None,
    }
}

fn read(text: &str) -> Config {
    Config::parse(text, &origin()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[test]
fn the_template_shows_the_defaults() {
    let uncommented: String = TEMPLATE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(uncommented.contains("\nhistory_days = 183\n"));
    assert_eq!(read(&uncommented), read(""));
    assert_eq!(read(TEMPLATE), read(""));
}

/// Keys of accounts that are refused, or not served yet.
const NOT_SHOWN: [&str; 6] = ["password", "key", "mirror_key", "api_root", "auth_uri", "token_uri"];

#[test]
fn the_template_names_every_key() {
    // What the code knows, as its own refusals list it.
    for section in [
        "person",
        "account",
        "learning",
        "planning",
        "suggestions",
        "assistant",
        "embedder",
        "memory",
        "secrets",
        "store",
        "daemon",
    ] {
        let header = if section == "account" { "[[account]]" } else { &format!("[{section}]") };
        let text = format!("{header}\nzzzzzz = 1\n");
        let ConfigError::Bad { problems, .. } = Config::parse(&text, &origin()).unwrap_err() else {
            panic!("not bad")
        };
        let hint = problems[0].hint.clone().unwrap();
        for key in hint.trim_start_matches("known here: ").split(", ") {
            if NOT_SHOWN.contains(&key) {
                continue;
            }
            let there = TEMPLATE.lines().any(|l| {
                let l = l.trim_start_matches('#').trim_start();
                l.starts_with(&format!("{key} ="))
                    || l.contains(&format!("# or {key} ="))
                    || l.starts_with(&format!("[[{section}.{key}]]"))
            });
            assert!(there, "the template lacks {section}.{key}");
        }
    }
}

#[test]
fn the_examples_of_the_template_are_right() {
    let examples: String = TEMPLATE
        .lines()
        .filter_map(|line| line.strip_prefix("#     ").or(line.strip_prefix('[').map(|_| line)))
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = read(&examples);
    assert_eq!(config.accounts.len(), 3);
    assert_eq!(config.person.travel.len(), 1);
    assert_eq!(config.planning.working.unwrap().rules(), ["Mon-Fri 09:00-18:00"]);
}

#[test]
fn a_simulated_persons_config() {
    let config = read(
        r#"
[person]
id = "sim"
time_zone = "UTC"
addresses = ["User@example.org"]

[[account]]
name = "sim"
kind = "vdir"
path = "/tmp/x/cal"
suggest_into = "chronotype"

[planning]
working_hours = ["Mon-Fri 09:00-17:00"]
buffer_minutes = 0
lunch = "off"

[suggestions]
doors = ["todos"]

[store]
path = "/tmp/x/store"
"#,
    );
    assert_eq!(config.person.id.as_str(), "sim");
    assert_eq!(config.person.time_zone, chrono_tz::UTC);
    assert_eq!(config.person.addresses, ["user@example.org"]);
    assert_eq!(config.accounts[0].kind, AccountKind::Vdir { path: "/tmp/x/cal".into() });
    assert_eq!(config.planning.lunch, Lunch::Off);
    assert_eq!(config.planning.buffer_minutes, 0);
    assert_eq!(config.suggestions.doors, [Door::Todo]);
    assert_eq!(config.store, Path::new("/tmp/x/store"));
    assert_eq!(config.notes, []);
}

#[test]
fn what_is_in_force_is_shown_as_a_config_that_says_the_same() {
    let full = r#"
[person]
id = "jane"
time_zone = "America/New_York"
role = "engineer \"at large\""
addresses = ["jane@example.org"]
[[person.travel]]
from = 2026-03-02
to = 2026-03-06
time_zone = "Asia/Tokyo"
[[account]]
name = "work \\ home"
kind = "caldav"
url = "https://cal.example.org/"
username = "jane"
password_file = "~/.secrets/cal"
sign_in = "digest"
client_certificate = "cal.pem"
client_key = "~/cal.key"
ca_file = "/etc/ca.pem"
calendars = ["Work"]
trusted_hosts = ["b.example.org"]
[[account]]
name = "served"
kind = "caldav"
url = "https://cal.example.org/"
password_credential = "chronotype.jane"
[[account]]
name = "kept"
kind = "caldav"
url = "https://cal.example.org/"
password_keyring = "jane@example.org"
[[account]]
name = "files"
kind = "vdir"
path = "cal"
suggest_into = "chronotype"
[[account]]
name = "g"
kind = "google"
client_secret_file = "secret.json"
api_root = "https://example.org"
subject = "jane@example.org"
[learning]
history_days = 30
[planning]
working_hours = ["Mon-Fri 09:00-18:00", "Sat 10:00-24:00"]
buffer_minutes = 0
lunch = "12:30-13:00"
focus_cap_minutes = 100
freeze_minutes = 90
horizon_days = 7
longest_session_minutes = 60
shortest_session_minutes = 15
white_space = 0.5
[suggestions]
mode = "observe"
doors = ["asks"]
daily_cap = 1
[store]
path = "/x/y"
[daemon]
poll_minutes = 9
socket = "/x/z"
log = "debug"
"#;
    for text in ["", full] {
        let config = read(text);
        let shown = config.to_toml();
        let again = Config { notes: config.notes.clone(), ..read(&shown) };
        assert_eq!(again, config, "{shown}");
        assert_eq!(config.to_table()["person"]["id"].as_str(), Some(config.person.id.as_str()));
    }
    let command = "[[account]]\nname = \"a\"\nkind = \"caldav\"\nurl = \"c.example.org\"\n\
                   password_command = \"echo hunter2\"\n";
    let shown = read(command).to_toml();
    assert!(shown.contains("\n# password_command: set, not shown\n"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn paths_start_at_the_config_or_at_home() {
    fn check(path: &str, expected: &str) {
        let config = read(&format!("[store]\npath = \"{path}\"\n"));
        assert_eq!(config.store, Path::new(expected), "{path}");
    }
    check("~/data", "/h/jane/data");
    check("data", "/h/jane/.config/chronotype/data");
    check("/data", "/data");
    let config = read("");
    assert_eq!(config.store, Path::new("/h/jane/.local/share/chronotype/store"));
    assert_eq!(config.daemon.socket, Path::new("/run/user/7/chronotype.sock"));
    let data_home = Some(PathBuf::from("/data"));
    let config = Config::parse("", &Origin { data_home, ..origin() }).unwrap();
    assert_eq!(config.store, Path::new("/data/chronotype/store"));
    assert_eq!(config.person.time_zone, chrono_tz::Europe::Berlin);
}

pub fn check(text: &str, expected: &[&str]) {
    let problems = match Config::parse(text, &origin()) {
        Err(ConfigError::Bad { problems, .. }) => problems,
        other => panic!("{other:?} for\n{text}"),
    };
    let found: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(found, expected, "\n{text}");
}

#[test]
fn unknown_keys_are_told_with_the_nearest_known() {
    check(
        "[planning]\n\nworkng_hours = [\"Mon-Fri 09:00-18:00\"]\n",
        &["line 3: planning.workng_hours: there is no such key (did you mean 'working_hours'?)"],
    );
    check(
        "[[account]]\nname = \"a\"\nkind = \"vdir\"\npth = \"x\"\n",
        &["line 4: account.pth: there is no such key (did you mean 'path'?)"],
    );
    check(
        "[perso]\nid = \"a\"\n",
        &["line 1: perso: there is no such key (did you mean 'person'?)"],
    );
    check("[store]\nxyz = 1\n", &["line 2: store.xyz: there is no such key (known here: path)"]);
}

#[test]
fn wrong_values_are_told_with_what_would_be_right() {
    check(
        "[person]\ntime_zone = \"Europe/Berln\"\n",
        &["line 2: person.time_zone: 'Europe/Berln' is no time zone \
           (did you mean \"Europe/Berlin\"?)"],
    );
    check(
        "[person]\nid = \"a b\"\ntime_zone = \"tokyo\"\n",
        &[
            "line 2: person.id: 'a b' can't be a person's id: use 1 to 64 letters, digits, '.', \
             '_', '@' or '-', and no '.' at the beginning",
            "line 3: person.time_zone: 'tokyo' is no time zone (did you mean \"Asia/Tokyo\"?)",
        ],
    );
    check(
        "[planning]\nworking_hours = [\n  \"Mon-Fri 09:00-18:00\",\n  \"Sun 9-12\",\n]\n\
         lunch = \"noon\"\nwhite_space = 1.5\nhorizon_days = 900\n",
        &[
            "line 4: planning.working_hours: 'Sun 9-12': hours look like '09:00-18:00' \
             (write for example \"Mon-Fri 09:00-18:00\")",
            "line 6: planning.lunch: 'noon' is neither hours, 'learned' nor 'off' \
             (\"12:00-13:00\", \"learned\" or \"off\")",
            "line 7: planning.white_space: 1.5 is out of range (0 to 0.9)",
            "line 8: planning.horizon_days: 900 is out of range (1 to 60)",
        ],
    );
    check(
        "[suggestions]\nmode = \"sugest\"\ndoors = [\"todos\", \"mails\"]\n",
        &[
            "line 2: suggestions.mode: 'sugest' is not known (did you mean \"suggest\"?)",
            "line 3: suggestions.doors: 'mails' is not known \
             (one of: habits, todos, asks, starters)",
        ],
    );
    check(
        "[learning]\nhistory_days = \"long\"\n",
        &["line 2: learning.history_days: invalid type: string \"long\", expected a whole number"],
    );
    check(
        "[[person.travel]]\nfrom = 2026-03-05\nto = 2026-03-02\ntime_zone = \"Asia/Tokyo\"\n\
         [[person.travel]]\nfrom = 2026-03-05\n",
        &[
            "line 1: person.travel: the stay ends before it starts",
            "line 5: person.travel: a stay needs from, to and time_zone",
        ],
    );
}

#[test]
fn accounts() {
    check(
        "[[account]]\nname = \"a\"\nkind = \"caldav\"\n\n[[account]]\nname = \"a\"\n\
         kind = \"vdir\"\n[[account]]\nkind = \"exchange\"\n",
        &[
            "line 1: account.url: kind \"caldav\" needs a url \
             (an address, a host or a URL: url = \"https://cal.example.org/\")",
            "line 5: account.path: kind \"vdir\" needs a path (path = \"~/calendars\")",
            "line 6: account.name: two accounts are called 'a' (give each its own name)",
            "line 8: account.name: an account needs a name \
             (any words without '/', for example name = \"work\")",
            "line 9: account.kind: 'exchange' is not known (one of: caldav, google, vdir)",
        ],
    );
    check(
        "[[account]]\nname = \"a\"\nkind = \"vdir\"\npath = \"x\"\nurl = \"y\"\n",
        &["line 5: account.url: means nothing for kind \"vdir\" (take it out)"],
    );
}

#[test]
fn ways_to_sign_in() {
    let account = "[[account]]\nname = \"a\"\nkind = \"caldav\"\nurl = \"c.example.org\"\n";
    let check = |more: &str, expected: &str| check(&format!("{account}{more}\n"), &[expected]);
    let hint = "(give it, or take sign_in out)";
    check(
        "sign_in = \"digets\"",
        "line 5: account.sign_in: 'digets' is not known (did you mean \"digest\"?)",
    );
    check(
        "sign_in = \"bearer\"",
        &format!(
            "line 5: account.sign_in: a token needs a password_command, or another source {hint}"
        ),
    );
    check(
        "username = \"jane\"\nsign_in = \"basic\"",
        &format!(
            "line 6: account.sign_in: a password needs a password_command, or another source {hint}"
        ),
    );
    check(
        "password_file = \"x\"\nsign_in = \"digest\"",
        &format!("line 6: account.sign_in: a password needs a username {hint}"),
    );
    check(
        "client_key = \"x\"",
        "line 5: account.client_key: a key is of no use without its certificate \
         (client_certificate = \"~/.secrets/cal.pem\")",
    );
    let mail = account.replace("c.example.org", "jane@example.org");
    let config = read(&format!("{mail}password_file = \"x\"\nsign_in = \"digest\"\n"));
    assert_eq!(config.accounts[0].sign_in.word(), "digest");
    let vdir = "[[account]]\nname = \"a\"\nkind = \"vdir\"\npath = \"x\"\nca_file = \"y\"\n";
    super::config::check(
        vdir,
        &["line 5: account.ca_file: means nothing for kind \"vdir\" (take it out)"],
    );
    // A token goes over plain http as little as a password.
    let plain = account.replace("c.example", "http://c.example");
    let found = Config::parse(&format!("{plain}password_file = \"x\"\n"), &origin());
    assert!(found.unwrap_err().to_string().contains("refusing to send the password"));
}

#[test]
fn no_text_brings_it_down() {
    let texts = [
        "=",
        "[",
        "[[account]]\n[account]",
        "\0",
        "a = 1\na = 2",
        "[person]\nid = \"\\u0000\"",
        "[person]\ntravel = 3",
        "account = [[[]]]",
        "[account]\nname = 1",
        "\u{feff}[person]",
    ];
    for text in texts {
        for end in 0..=text.len() {
            if let Some(text) = text.get(..end) {
                let _ = Config::parse(text, &origin()).map_err(|e| e.to_string());
            }
        }
    }
}
