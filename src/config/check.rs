//! From the file's shape to its meaning: every problem is collected with its line.

use super::file::{self, File, Number, Text};
use super::problem::{Problem, line_of, nearest};
use super::{Config, Learning, Origin, Person, Travel};
use crate::event::PrincipalId;
use chrono::NaiveDate;
use chrono_tz::{TZ_VARIANTS, Tz};
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::value::Datetime;

pub(super) struct Check<'a> {
    text: &'a str,
    pub(super) origin: &'a Origin,
    problems: Vec<Problem>,
    pub(super) notes: Vec<Problem>,
    /// The person insists on secrets in the config.
    pub(super) secrets_allowed: bool,
}

/// Reads the meaning of a file; `text` is what its spans point into.
pub(super) fn check(file: &File, text: &str, origin: &Origin) -> Result<Config, Vec<Problem>> {
    let secrets_allowed = file.secrets.in_this_file.as_ref().is_some_and(|is| *is.get_ref());
    let mut c = Check { text, origin, problems: Vec::new(), notes: Vec::new(), secrets_allowed };
    let person = c.person(&file.person);
    let store = c.store(&file.store.path);
    let config = Config {
        accounts: c.accounts(&file.account),
        learning: c.learning(&file.learning),
        planning: c.planning(file),
        suggestions: c.suggestions(&file.suggestions),
        assistant: c.assistant(&file.assistant),
        embedder: c.embedder(&file.embedder),
        mirror: c.memory(&file.memory, person.as_ref().map_or("", |p| p.id.as_str())),
        secrets_allowed,
        daemon: c.daemon(&file.daemon, &store),
        store,
        notes: Vec::new(),
        person: match person {
            Some(person) => person,
            None => return Err(c.done()),
        },
    };
    c.later(file);
    match c.problems.is_empty() {
        true => Ok(Config { notes: c.notes, ..config }),
        false => Err(c.done()),
    }
}

impl<'a> Check<'a> {
    pub(super) fn origin(&self) -> &'a Origin {
        self.origin
    }

    fn done(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line);
        self.problems
    }

    pub(super) fn problem(&self, at: Option<Range<usize>>, key: &str, message: String) -> Problem {
        let line = at.map(|span| line_of(self.text, &span));
        Problem { line, key: key.to_owned(), message, hint: None }
    }

    pub(super) fn bad(
        &mut self,
        at: Option<Range<usize>>,
        key: &str,
        message: impl Into<String>,
        hint: &str,
    ) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        let problem = Problem { hint, ..self.problem(at, key, message.into()) };
        self.problems.push(problem);
    }

    pub(super) fn number<N>(
        &mut self,
        value: &Number,
        key: &str,
        fits: RangeInclusive<N>,
    ) -> Option<N>
    where
        N: TryFrom<i64> + PartialOrd + Display,
    {
        let value = value.as_ref()?;
        let number = N::try_from(*value.get_ref()).ok().filter(|n| fits.contains(n));
        if number.is_none() {
            let message = format!("{} is out of range", value.get_ref());
            let hint = format!("{} to {}", fits.start(), fits.end());
            self.bad(Some(value.span()), key, message, &hint);
        }
        number
    }

    /// The same, or what is usual.
    pub(super) fn number_or<N>(
        &mut self,
        value: &Number,
        key: &str,
        fits: RangeInclusive<N>,
        usual: N,
    ) -> N
    where
        N: TryFrom<i64> + PartialOrd + Display,
    {
        self.number(value, key, fits).unwrap_or(usual)
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        value: &Text,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let value = value.as_ref()?;
        self.one_of(value, key, words)
    }

    pub(super) fn one_of<T: Copy>(
        &mut self,
        value: &Spanned<String>,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == value.get_ref());
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let hint = match nearest(value.get_ref(), known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("one of: {}", known.join(", ")),
            };
            let message = format!("'{}' is not known", value.get_ref());
            self.bad(Some(value.span()), key, message, &hint);
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn zone(&mut self, value: &Text, key: &str) -> Option<Tz> {
        let value = value.as_ref()?;
        let zone = value.get_ref().parse::<Tz>().ok();
        if zone.is_none() {
            let hint = match nearest_zone(value.get_ref()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "a name of the tz database, for example \"Europe/Berlin\"".to_owned(),
            };
            let message = format!("'{}' is no time zone", value.get_ref());
            self.bad(Some(value.span()), key, message, &hint);
        }
        zone
    }

    /// `~` is the home, relative paths start at the config's folder.
    pub(super) fn path(&mut self, value: &Spanned<String>, key: &str) -> PathBuf {
        let text = value.get_ref();
        if text.is_empty() {
            self.bad(Some(value.span()), key, "the path is empty", "");
        }
        let rest = if text == "~" { Some("") } else { text.strip_prefix("~/") };
        match (rest, &self.origin.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) => {
                self.bad(Some(value.span()), key, "'~' means nothing without $HOME", "");
                PathBuf::new()
            }
            (None, _) => self.origin.file.parent().unwrap_or(Path::new("")).join(text),
        }
    }

    pub(super) fn optional_path(&mut self, value: &Text, key: &str) -> Option<PathBuf> {
        value.as_ref().map(|value| self.path(value, key))
    }

    fn person(&mut self, person: &file::Person) -> Option<Person> {
        let named = person.id.as_ref();
        let id = PrincipalId::new(named.map_or("me", |id| id.get_ref()));
        if let Err(message) = &id {
            self.bad(named.map(Spanned::span), "person.id", message.clone(), "");
        }
        let zone = self.zone(&person.time_zone, "person.time_zone");
        if person.time_zone.is_none() && self.origin.time_zone.is_none() {
            let mut note = self.problem(
                None,
                "person.time_zone",
                "absent, and this computer's zone can't be told: UTC is taken".to_owned(),
            );
            note.hint = Some("set it, for example \"Europe/Berlin\"".to_owned());
            self.notes.push(note);
        }
        let address = |text: &String| {
            let text = text.trim().to_lowercase();
            text.strip_prefix("mailto:").map(str::to_owned).unwrap_or(text)
        };
        Some(Person {
            time_zone: zone.or(self.origin.time_zone).unwrap_or(Tz::UTC),
            role: person.role.clone(),
            addresses: person.addresses.iter().map(address).collect(),
            travel: self.travel(&person.travel),
            id: id.ok()?,
        })
    }

    fn travel(&mut self, stays: &[Spanned<file::Travel>]) -> Vec<Travel> {
        let mut read = Vec::new();
        for stay in stays {
            let (at, stay) = (Some(stay.span()), stay.get_ref());
            let from = self.day(&stay.from, "person.travel.from");
            let to = self.day(&stay.to, "person.travel.to");
            let zone = self.zone(&stay.time_zone, "person.travel.time_zone");
            if stay.from.is_none() || stay.to.is_none() || stay.time_zone.is_none() {
                self.bad(at, "person.travel", "a stay needs from, to and time_zone", "");
            } else if let (Some(from), Some(to), Some(time_zone)) = (from, to, zone) {
                if to < from {
                    self.bad(at, "person.travel", "the stay ends before it starts", "");
                } else {
                    read.push((at, Travel { from, to, time_zone }));
                }
            }
        }
        read.sort_by_key(|(_, stay)| stay.from);
        for pair in 1..read.len() {
            if read[pair].1.from <= read[pair - 1].1.to {
                self.bad(read[pair].0.clone(), "person.travel", "two stays overlap", "");
            }
        }
        read.into_iter().map(|(_, stay)| stay).collect()
    }

    fn day(&mut self, value: &Option<Spanned<Datetime>>, key: &str) -> Option<NaiveDate> {
        let value = value.as_ref()?;
        let parts = value.get_ref().date.filter(|_| value.get_ref().time.is_none());
        let day = parts
            .and_then(|d| NaiveDate::from_ymd_opt(d.year.into(), d.month.into(), d.day.into()));
        if day.is_none() {
            self.bad(Some(value.span()), key, "not a day", "write 2026-03-02, without quotes");
        }
        day
    }

    fn learning(&mut self, l: &file::Learning) -> Learning {
        let usual = Learning::default();
        let days = self.number(&l.history_days, "learning.history_days", 1..=3650);
        Learning { history_days: days.unwrap_or(usual.history_days) }
    }

    fn store(&mut self, path: &Text) -> PathBuf {
        let served = self.served().map(|(state, _)| state.join("store"));
        let given = self.optional_path(path, "store.path").or(served);
        given.unwrap_or_else(|| self.data().join("store"))
    }

    /// State and run-time folder of a service of the whole system, by where its configs lie: as the
    /// units in `systemd/` have it.
    pub(super) fn served(&self) -> Option<(PathBuf, PathBuf)> {
        let file = self.origin.file.strip_prefix("/etc/chronotype").ok()?;
        let name = match (file.parent()?.to_str()?, file.file_stem()?.to_str()?) {
            ("", name) => format!("chronotype/{name}"),
            ("users", _) => "chronotype-users".to_owned(),
            _ => return None,
        };
        Some((Path::new("/var/lib").join(&name), Path::new("/run").join(name)))
    }

    /// `$XDG_DATA_HOME/chronotype`, or beside the config where nothing is known.
    pub(super) fn data(&self) -> PathBuf {
        let Origin { file, home, data_home, .. } = self.origin;
        let usual = home.as_ref().map(|home| home.join(".local").join("share"));
        match data_home.clone().or(usual) {
            Some(root) => root.join("chronotype"),
            None => file.parent().unwrap_or(Path::new("")).to_owned(),
        }
    }
}

/// The zone whose name, or last part of it, is nearest.
fn nearest_zone(text: &str) -> Option<&'static str> {
    let city = text.rsplit('/').next().unwrap_or(text).replace(' ', "_");
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let same = names()
        .find(|name| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city)));
    same.or_else(|| nearest(text, names().filter(|n| text.contains('/') == n.contains('/'))))
        .or_else(|| {
            let near = nearest(&city, names().filter_map(|n| n.rsplit('/').next()))?;
            names().find(|name| name.ends_with(near))
        })
}
