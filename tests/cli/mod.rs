//! The command line from outside: emptied environment, fixed `--now`, a home of its own.

mod lists;

use crate::support::binary::binary;
use chronotype::event::PrincipalId;
use chronotype::store::{Person, Store};
use std::path::PathBuf;
use std::process::Output;

struct Home {
    folder: tempfile::TempDir,
}

const NOW: &str = "2026-03-02T08:00:00Z";

const CONFIG: &str = r#"
[person]
id = "jane"
time_zone = "Europe/Berlin"

[[account]]
name = "files"
kind = "vdir"
path = "cal"
suggest_into = "chronotype"

[planning]
working_hours = ["Mon-Fri 09:00-17:30"]

[store]
path = "store"
"#;

/// What a call gave; paths of the home read `~`.
#[derive(Debug, PartialEq)]
struct Gave {
    code: i32,
    out: String,
    err: String,
}

impl Home {
    fn new(config: Option<&str>) -> Self {
        let home = Home { folder: tempfile::tempdir().unwrap() };
        if let Some(config) = config {
            std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
            std::fs::write(home.config(), config).unwrap();
        }
        home
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join(".config/chronotype/config.toml")
    }

    fn store(&self) -> PathBuf {
        self.config().with_file_name("store")
    }

    fn run(&self, args: &[&str]) -> Gave {
        let Output { status, stdout, stderr } = binary()
            .args(["--now", NOW])
            .args(args)
            .home(self.folder.path())
            .env("TZ", "UTC")
            .output();
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(self.folder.path().to_str().unwrap(), "~")
        };
        Gave { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    fn person(&self) -> Person {
        Store::open(&self.store()).unwrap().load(&PrincipalId::new("jane").unwrap()).unwrap()
    }

    fn keep(&self, person: &Person) {
        let store = Store::open(&self.store()).unwrap();
        store.commit(&PrincipalId::new("jane").unwrap(), &Person::default(), person).unwrap();
    }
}

#[track_caller]
fn check(gave: Gave, code: i32, out: &str, err: &str) {
    let expected = Gave { code, out: out.to_owned(), err: err.to_owned() };
    assert_eq!(gave, expected, "\n--- stdout\n{}--- stderr\n{}", gave.out, gave.err);
}

#[test]
fn without_a_config_the_way_to_one_is_shown() {
    let home = Home::new(None);
    for args in [&["config", "check"][..], &["agenda"], &["status", "--json"], &["export"]] {
        check(
            home.run(args),
            78,
            "",
            "error: there is no config at ~/.config/chronotype/config.toml\n\
             hint: `chronotype init` makes one in half a minute; `chronotype try FILE.ics` needs \
             none\n",
        );
    }
    let template = home.run(&["config", "show", "--defaults"]);
    assert_eq!((template.code, template.out.as_str()), (0, chronotype::config::TEMPLATE));
}

#[test]
fn a_good_config_is_summed_up() {
    let home = Home::new(Some(CONFIG));
    check(
        home.run(&["config", "check"]),
        0,
        "OK ~/.config/chronotype/config.toml\n\
         \x20 person   jane, Europe/Berlin\n\
         \x20 account  files (vdir): reads all calendars; blocks go into 'chronotype'\n\
         \x20 hours    Mon-Fri 09:00-17:30\n\
         \x20 mode     suggest\n\
         \x20 store    ~/.config/chronotype/store\n",
        "",
    );
    let gave = home.run(&["config", "check", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!(value["ok"], true);
    assert_eq!(value["config"]["accounts"][0]["kind"], "vdir");
}

#[test]
fn a_bad_config_exits_78_with_every_problem() {
    let home = Home::new(Some("[planning]\nlunch = \"noon\"\nhorizon_days = 0\n"));
    let err = "error: the config ~/.config/chronotype/config.toml is off:\n\
         \x20 line 2: planning.lunch: 'noon' is neither hours, 'learned' nor 'off' \
         (\"12:00-13:00\", \"learned\" or \"off\")\n\
         \x20 line 3: planning.horizon_days: 0 is out of range (1 to 60)\n";
    check(home.run(&["config", "check"]), 78, "", err);
    check(home.run(&["agenda"]), 78, "", err);
    let gave = home.run(&["--json", "config", "check"]);
    let value: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!((gave.code, &value["ok"]), (78, &false.into()));
    assert_eq!(value["problems"][1]["line"], 3);
}

#[test]
fn an_empty_store_says_what_to_do_and_is_not_made_by_looking() {
    let home = Home::new(Some(CONFIG));
    let sentence = "Nothing here yet: run `chronotype sync` first.\n";
    for args in [
        &["agenda"][..],
        &["agenda", "--json"],
        &["types"],
        &["types", "Planning"],
        &["insights"],
        &["suggestions"],
        &["status"],
        &["export"],
    ] {
        check(home.run(args), 0, "", sentence);
    }
    check(home.run(&["agenda", "-q"]), 0, "", "");
    let gave = home.run(&["status", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!((gave.code, &value["turns"]), (0, &0.into()));
    assert!(!home.store().exists());
}

#[test]
fn an_ask_is_stored() {
    let home = Home::new(Some(CONFIG));
    check(
        home.run(&["schedule", "Board", "deck", "--duration", "1h30m", "--by", "fri"]),
        0,
        "Asked: Board deck, 90 minutes, by Fri 6 Mar 17:30\n",
        "The next `chronotype sync` places it.\n",
    );
    check(
        home.run(&["schedule", "Rest", "--by", "sun", "--json"]),
        0,
        "{\"deadline\":\"2026-03-08T23:59:00+01:00\",\"earliest\":null,\"minutes\":null,\
         \"number\":1,\"sessions\":1,\"title\":\"Rest\"}\n",
        "",
    );
    let asks = home.person().asks;
    let found: Vec<_> = asks.iter().map(|a| (a.number, a.title.as_str(), a.minutes)).collect();
    assert_eq!(found, [(0, "Board deck", Some(90)), (1, "Rest", None)]);
    assert_eq!(asks[0].deadline.to_rfc3339(), "2026-03-06T16:30:00+00:00");
    assert_eq!(asks[0].asked_at.to_rfc3339(), "2026-03-02T08:00:00+00:00");
}

#[test]
fn an_ask_that_makes_no_sense_is_a_usage_error() {
    let home = Home::new(Some(CONFIG));
    fn check(home: &Home, args: &[&str], expected: &str) {
        let gave = home.run(&[&["schedule"], args].concat());
        assert_eq!((gave.code, gave.out.as_str()), (2, ""), "{args:?} {}", gave.err);
        assert!(gave.err.contains(expected), "{args:?} {}", gave.err);
    }
    check(&home, &["x", "--by", "soon"], "'soon' is no day: write 2026-03-06, today, tomorrow");
    check(&home, &["x", "--by", "2026-03-01"], "there is no time left until Sun 1 Mar 23:59");
    check(&home, &["x", "--duration", "9h", "--by", "today"], "no time left");
    check(&home, &["x", "--duration", "long", "--by", "fri"], "write 90m, 1h30m or 2h");
    check(&home, &[" ", "--by", "fri"], "say in 1 to 200 characters what to do");
    let gave = home.run(&["agenda", "--from", "2026-03-04", "--to", "2026-03-03"]);
    assert_eq!((gave.code, gave.out.as_str()), (2, ""));
}

#[test]
fn an_agenda_lists_days() {
    let home = Home::new(Some(CONFIG));
    home.keep(&super::store::year::person(3, 5));
    // The events lie at 10:00 local on 5 January and every five hours after it.
    check(
        home.run(&["agenda", "--from", "2026-01-05", "--to", "2026-01-05"]),
        0,
        "Monday 5 January 2026\n\
         \x20 10:00-11:00  +  Planning session 0  Planning 3  e966ddae02\n\
         \x20 15:00-16:00  +  Planning session 1  Planning 3  e6ae81a72c\n\
         \x20 20:00-21:00  +  Planning session 2  Planning 3  e9d748feb7\n",
        "",
    );
    let gave = home.run(&["agenda", "--from", "2026-01-05", "--json"]);
    let first: serde_json::Value = serde_json::from_str(gave.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["start"], "2026-01-05T10:00:00+01:00");
    assert_eq!(first["task_type"], "Planning 3");
    check(home.run(&["agenda"]), 0, "", "No events from 2026-03-02 to 2026-03-08.\n");
}

#[test]
fn types_are_listed_and_drawn() {
    let home = Home::new(Some(CONFIG));
    let mut person = super::store::year::person(3, 2);
    let hours = &mut person.types.by_id.get_mut(&1).unwrap().hours;
    hours.score[9..12].fill(0.8);
    hours.confidence[9..12].fill(0.5);
    home.keep(&person);
    check(
        home.run(&["types"]),
        0,
        "type        category  events  best hours  confidence\n\
         Planning 0  focused       30  06-09 h           10 %\n\
         Planning 1  focused       30  09-12 h           50 %\n",
        "",
    );
    check(
        home.run(&["types", "planning 1"]),
        0,
        "Planning 1 (focused, 30 events, usually 60 minutes)\n\
         \x20 success     ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▇▇▇▇▇▇▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n\
         \x20 confidence  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▅▅▅▅▅▅▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁\n\
         \x20 you place   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁\n\
         \x20 hour        0     3     6     9     12    15    18    21\n\
         \x20 best 09-12 h, confidence 50 % from about 24 observations in all\n\
         \x20 load 0.5 of 1, recovery about 1.0 h\n\
         \x20 seen as Planning session 1 0 · Planning session 1 1 · Planning session 1 2 · \
         Planning session 1 3 · Planning session 1 4\n",
        "",
    );
    check(
        home.run(&["types", "Plannin"]),
        1,
        "",
        "error: no task type is called 'Plannin'\nhint: the nearest is 'Planning 1'\n",
    );
    let gave = home.run(&["types", "Planning 1", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&gave.out).unwrap();
    assert_eq!(value["hourly_scores"].as_array().unwrap().len(), 24);
    assert_eq!(value["best_hours"], serde_json::json!([9, 12]));
}

#[test]
fn a_store_in_use_is_said() {
    let home = Home::new(Some(CONFIG));
    let _held = Store::open(&home.store()).unwrap();
    check(
        home.run(&["agenda"]),
        1,
        "",
        "error: the store ~/.config/chronotype/store is in use by another chronotype\n\
         hint: wait until it has finished, or stop the service\n",
    );
}
