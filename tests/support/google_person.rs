//! A person at Google: two months of history in their calendars, a sign-in through the browser, and
//! the built binary.
//!
//! Everything of theirs that may not show in a log holds the word `canary`.

use super::browser::{agree, browse};
use super::google::{Fake, PERSON};
use super::google_auth::Server;
use super::person::{Gave, Person, private};
use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

/// Their second calendar.
pub const WORK: &str = "work@group.calendar.google.com";
/// The account's name in the config.
pub const ACCOUNT: &str = "google";

/// The person, and both of Google's servers.
pub struct GooglePerson {
    pub auth: Server,
    pub api: Fake,
    pub person: Person,
}

impl GooglePerson {
    /// With one account; `more` = further keys of it.
    pub fn new(more: &str) -> Self {
        Self::beside("", more)
    }

    /// With these `[[account]]` tables besides.
    pub fn beside(others: &str, more: &str) -> Self {
        let (auth, api) = (Server::start(), Fake::start());
        let root = auth.root();
        let account = format!(
            "[[account]]\nname = \"{ACCOUNT}\"\nkind = \"google\"\nclient_secret_file = \
             \"client.json\"\napi_root = \"{}\"\nauth_uri = \"{root}/o/oauth2/auth\"\n\
             token_uri = \"{root}/token\"\n{more}\n",
            api.root()
        );
        let person = Person::with_accounts(&format!("{others}\n{account}"));
        // What the config says counts, not what the file says.
        let file = auth.client_file().replace(&root, "https://accounts.example.org");
        private(&person.path("client.json"), file);
        Self::of(auth, api, person)
    }

    fn of(auth: Server, api: Fake, person: Person) -> Self {
        api.trust(auth.issuer());
        Self { auth, api, person }
    }

    /// The same person as they stand, with servers that hold the same.
    pub fn twin(&self) -> Self {
        let (auth, api) = (self.auth.twin(), self.api.twin());
        let from = [self.auth.root(), self.api.root()];
        let to = [auth.root(), api.root()];
        let words = [(from[0].as_str(), to[0].as_str()), (from[1].as_str(), to[1].as_str())];
        let person = self.person.twin(&words);
        Self::of(auth, api, person)
    }

    /// Signs in: the address is printed, the person agrees on Google's page, and their browser is
    /// sent back to the program that waits.
    pub fn sign_in(&self) -> Gave {
        let command = self.person.command("02T04:00", &["auth", "google", ACCOUNT, "--no-browser"]);
        let mut child = command.piped().spawn();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with(&self.auth.root()), "{address:?}");
        let shown = browse(&agree(address.trim_end()));
        let output = child.output();
        let gave = Gave {
            code: output.status.code(),
            out: address,
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert_eq!((shown.status, gave.code), (200, Some(0)), "{gave:?}");
        assert_eq!(self.auth.complaints(), [""; 0]);
        gave
    }

    /// Runs the binary and wants exit code 0.
    #[track_caller]
    pub fn ok(&self, now: &str, args: &[&str]) -> Gave {
        self.person.ok(now, args)
    }

    /// One whole turn.
    #[track_caller]
    pub fn sync(&self, now: &str) -> Gave {
        self.ok(now, &["-vv", "sync"])
    }

    /// What bears our mark in a calendar, by id; nothing where there is no such calendar.
    pub fn blocks(&self, calendar: Option<&str>) -> BTreeMap<String, Value> {
        self.events(calendar, true)
    }

    /// What lies in the person's two calendars and is not ours, with its version.
    pub fn theirs(&self) -> BTreeMap<String, Value> {
        let mut all = self.events(Some(PERSON), false);
        all.extend(self.events(Some(WORK), false));
        all
    }

    fn events(&self, calendar: Option<&str>, ours: bool) -> BTreeMap<String, Value> {
        let Some(calendar) = calendar else { return BTreeMap::new() };
        let all = self.api.ids(calendar).into_iter();
        let all = all.filter_map(|id| Some((id.clone(), self.api.get(calendar, &id)?)));
        all.filter(|(_, event)| mark(event).is_some() == ours).collect()
    }

    /// Requests to the calendar since the first `from`.
    pub fn asked(&self, from: usize) -> Vec<String> {
        self.api.log()[from..].to_vec()
    }
}

/// A title that must not be told; what looks like a ticket's number says nothing of the work.
pub fn titled(title: &str) -> String {
    format!("{title} CANARY-7")
}

/// On the clock of Berlin.
fn berlin(day: NaiveDate, hour: u32, minute: u32) -> Value {
    let at = day.and_hms_opt(hour, minute, 0).unwrap().format("%Y-%m-%dT%H:%M:%S");
    json!({"dateTime": at.to_string(), "timeZone": "Europe/Berlin"})
}

/// Blocks of this title, in order.
pub fn of_title<'a>(
    blocks: &'a BTreeMap<String, Value>,
    title: &str,
) -> Vec<(&'a String, &'a Value)> {
    let mut found: Vec<_> = blocks.iter().filter(|(_, b)| b["summary"] == title).collect();
    found.sort_by_key(|(_, block)| block["start"]["dateTime"].as_str());
    found
}

/// Of March 2026, on the clock of Berlin.
pub fn march(day: u32, hour: u32) -> Value {
    berlin(NaiveDate::from_ymd_opt(2026, 3, day).unwrap(), hour, 0)
}

/// Our mark on an event: the block's UID.
pub fn mark(event: &Value) -> Option<&str> {
    event.pointer("/extendedProperties/private/chronotypeBlock")?.as_str()
}

fn put(
    api: &Fake,
    calendar: &str,
    title: &str,
    (day, from, to): (NaiveDate, u32, u32),
    more: &Value,
) -> String {
    let id = format!("{}{from:04}{}", day.format("%m%d"), title.len());
    let mut event = json!({
        "id": id.clone(), "summary": titled(title),
        "description": "canary of a description",
        "location": "canary of a place",
        "start": berlin(day, from / 100, from % 100),
        "end": berlin(day, to / 100, to % 100),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    api.put(calendar, event);
    id
}

/// A person on Monday morning who is signed in and has got blocks; then they drag one, delete one,
/// make one theirs, book a meeting where one stands, write one of the two reports of next week
/// themselves, and drop next week's expenses: the next turn has to read, make, move and take back.
pub fn busy_morning() -> GooglePerson {
    let jane = GooglePerson::new("suggest_into = \"chronotype\"");
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    history(&jane.api);
    let expenses = put(&jane.api, PERSON, "Expenses", (day(13), 1500, 1545), &json!({}));
    jane.sign_in();
    let ask = ["schedule", &titled("Board deck"), "--duration", "90m", "--by", "thu"];
    jane.ok("02T05:00", &ask);
    jane.sync("02T05:00");
    jane.sync("02T05:10");
    let (api, ours) = (&jane.api, jane.api.called("chronotype").unwrap());
    let blocks = jane.blocks(Some(&ours));
    let reports = of_title(&blocks, "Write report");
    let [(deleted, _), (dragged, _), (taken, _), _] = reports[..] else { panic!("{reports:?}") };
    let (_, bill) = of_title(&blocks, "Expenses")[0];
    api.edit(&ours, dragged, json!({"start": march(5, 16), "end": march(5, 17)}));
    api.delete(&ours, deleted);
    let theirs = json!({"summary": titled("Mine now"), "status": "confirmed"});
    api.edit(&ours, taken, theirs);
    let interview = json!({
        "id": "interview", "summary": titled("Interview"), "start": bill["start"],
        "end": bill["end"],
    });
    api.put(WORK, interview);
    put(api, PERSON, "Write report", (day(13), 900, 1030), &json!({}));
    api.delete(PERSON, &expenses);
    jane
}

/// Nine weeks up to Sunday 1 March 2026, and a week ahead: work of their own that comes each week,
/// meetings with guests, a series with a moved and a cancelled day, and a trip.
pub fn history(api: &Fake) {
    let guests = json!({"attendees": [
        {"email": PERSON, "self": true, "responseStatus": "accepted"},
        {"email": "canary-guest@example.org", "responseStatus": "accepted"},
    ]});
    let (alone, first) = (json!({}), NaiveDate::from_ymd_opt(2025, 12, 29).unwrap());
    for day in first.iter_days().take(63) {
        match day.weekday() {
            Weekday::Tue | Weekday::Thu => {
                put(api, PERSON, "Write report", (day, 900, 1030), &alone)
            }
            Weekday::Wed => {
                put(api, WORK, "Customer call", (day, 1300, 1400), &guests);
                put(api, PERSON, "Gym", (day, 1830, 1930), &alone)
            }
            Weekday::Fri => put(api, PERSON, "Expenses", (day, 1500, 1545), &alone),
            Weekday::Mon | Weekday::Sat | Weekday::Sun => continue,
        };
    }
    let ahead = |days: i64| first + TimeDelta::days(63 + days);
    put(api, WORK, "Customer call", (ahead(1), 900, 1300), &guests);
    put(api, WORK, "Workshop", (ahead(3), 1000, 1600), &guests);
    let weekly = json!({"recurrence": ["RRULE:FREQ=WEEKLY"], "attendees": guests["attendees"]});
    let series = put(api, WORK, "Team meeting", (first, 1100, 1200), &weekly);
    let third = first + TimeDelta::days(14);
    let later = json!({"start": berlin(third, 14, 0), "end": berlin(third, 15, 0)});
    api.except(WORK, &series, berlin(third, 11, 0), later);
    api.cancel_day(WORK, &series, berlin(third + TimeDelta::days(7), 11, 0));
    let (from, to) = (json!({"date": "2026-01-17"}), json!({"date": "2026-01-19"}));
    api.put(PERSON, json!({"id": "trip0", "summary": titled("Trip"), "start": from, "end": to}));
}
