//! A first config file from a few answers: the commented one with every key, and the answers in
//! their places.

use super::TEMPLATE;
use crate::schedule::request::Door;
use crate::schedule::starter::Starter;
use chrono_tz::Tz;
use std::path::PathBuf;
use toml::Value;

/// What a first config says.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What the person does.
    pub role: Option<String>,
    /// Where they live; `None` = as the computer says.
    pub time_zone: Option<Tz>,
    /// Their calendars.
    pub account: DraftAccount,
    /// Tasks to begin with.
    pub starters: Vec<Starter>,
    /// Only look and learn.
    pub observe: bool,
}

/// The one account of a first config.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftAccount {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Sign-in name.
    pub username: Option<String>,
    /// Where the password comes from; never the password.
    pub password: Option<DraftPassword>,
    /// Names of collections to read; `None` = all.
    pub calendars: Option<Vec<String>>,
    /// Name of the collection that blocks go to; `None` = one of our own.
    pub suggest_into: Option<String>,
}

/// Where calendars are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A mail address, a host or a URL.
    Caldav(String),
    /// A folder of `.ics` files, or one such file.
    Folder(PathBuf),
    /// Google Calendar, with the file of the person's own client.
    Google(PathBuf),
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftPassword {
    /// The first line that a command prints.
    Command(String),
    /// The first line of a file.
    File(PathBuf),
    /// An entry in the desktop's keyring.
    Keyring(String),
}

impl Draft {
    /// The config file.
    pub fn to_toml(&self) -> String {
        let mut text = TEMPLATE.to_owned();
        if let Some(zone) = self.time_zone {
            after(
                &mut text,
                "#     time_zone = \"Europe/Berlin\"\n",
                &key("time_zone", zone.name()),
            );
        }
        if let Some(role) = &self.role {
            after(&mut text, "#     role = \"engineer\"\n", &key("role", role.as_str()));
        }
        before(&mut text, "# Starter tasks:", &format!("{}\n", self.account.table()));
        let starters: String = self.starters.iter().map(|s| format!("{}\n", starter(s))).collect();
        before(&mut text, "[learning]\n", &starters);
        // Without any, those of the role would hold.
        if self.starters.is_empty() && self.role.is_some() {
            let doors = [Door::Habit, Door::Todo, Door::Ask].map(|door| door.word().to_owned());
            let all = "#doors = [\"habits\", \"todos\", \"asks\", \"starters\"]\n";
            after(&mut text, all, &key("doors", doors.to_vec()));
        }
        if self.observe {
            after(&mut text, "#mode = \"suggest\"\n", &key("mode", "observe"));
        }
        text
    }
}

impl DraftAccount {
    fn table(&self) -> String {
        let path = |path: &PathBuf| path.display().to_string();
        let mut text = format!("[[account]]\n{}", key("name", self.name.as_str()));
        text.push_str(&match &self.place {
            Place::Caldav(url) => key("kind", "caldav") + &key("url", url.as_str()),
            Place::Folder(folder) => key("kind", "vdir") + &key("path", path(folder)),
            Place::Google(file) => key("kind", "google") + &key("client_secret_file", path(file)),
        });
        text.extend(self.username.as_ref().map(|name| key("username", name.as_str())));
        text.extend(self.password.as_ref().map(|password| match password {
            DraftPassword::Command(command) => key("password_command", command.as_str()),
            DraftPassword::File(file) => key("password_file", path(file)),
            DraftPassword::Keyring(name) => key("password_keyring", name.as_str()),
        }));
        text.extend(self.calendars.as_ref().map(|names| key("calendars", names.clone())));
        text.extend(self.suggest_into.as_ref().map(|name| key("suggest_into", name.as_str())));
        text
    }
}

fn starter(starter: &Starter) -> String {
    let minutes = key("minutes", i64::from(starter.minutes));
    let per_week = key("per_week", i64::from(starter.per_week));
    format!("[[starter]]\n{}{minutes}{per_week}", key("title", starter.title.as_str()))
}

fn key(name: &str, value: impl Into<Value>) -> String {
    format!("{name} = {}\n", value.into())
}

fn after(text: &mut String, line: &str, new: &str) {
    if let Some(at) = text.find(line) {
        text.insert_str(at + line.len(), new);
    }
}

fn before(text: &mut String, line: &str, new: &str) {
    if let Some(at) = text.find(line) {
        text.insert_str(at, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AccountKind, Config, Mode, Origin, PasswordSource};

    fn draft(place: Place) -> Draft {
        Draft {
            role: Some("lion \"tamer\"\n".to_owned()),
            time_zone: Some(chrono_tz::Asia::Tokyo),
            account: DraftAccount {
                name: "home".to_owned(),
                place,
                username: Some("me@example.org".to_owned()),
                password: Some(DraftPassword::Command("pass show 'a b'".to_owned())),
                calendars: Some(vec!["Wörk".to_owned(), "Private".to_owned()]),
                suggest_into: None,
            },
            starters: vec![Starter { title: "Read \\ write".to_owned(), minutes: 45, per_week: 3 }],
            observe: true,
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let origin = Origin { file: "/etc/x.toml".into(), ..Origin::default() };
        let draft = draft(Place::Caldav("https://dav.example.org/".to_owned()));
        let config = Config::parse(&draft.to_toml(), &origin).unwrap();
        assert_eq!(config.person.role, draft.role);
        assert_eq!(config.person.time_zone, chrono_tz::Asia::Tokyo);
        assert_eq!(config.planning.starters, draft.starters);
        assert_eq!(config.suggestions.mode, Mode::Observe);
        let account = &config.accounts[0];
        let url = "https://dav.example.org/".to_owned();
        assert_eq!((account.name.as_str(), &account.kind), ("home", &AccountKind::Caldav { url }));
        assert_eq!(account.username, draft.account.username);
        assert_eq!(account.calendars, draft.account.calendars);
        assert!(matches!(&account.password, Some(PasswordSource::Command(_))));
        let left = super::super::TEMPLATE.lines().filter(|line| !draft.to_toml().contains(line));
        assert_eq!(left.count(), 0, "every comment is still there");
    }

    #[test]
    fn the_least_there_is() {
        let account = DraftAccount {
            name: "files".to_owned(),
            place: Place::Folder("/calendars".into()),
            username: None,
            password: None,
            calendars: None,
            suggest_into: None,
        };
        let draft =
            Draft { role: None, time_zone: None, account, starters: Vec::new(), observe: false };
        let config = Config::parse(&draft.to_toml(), &Origin::default()).unwrap();
        let mut plain = Config::parse("", &Origin::default()).unwrap();
        plain.accounts.clone_from(&config.accounts);
        assert_eq!((config.accounts.len(), config), (1, plain));
    }
}
