//! What blocks say, in the person's language: a file a language in `languages/`, which a translator
//! can add to.
//!
//! The words of a block are fixed when it is placed and kept with it. Other words in a later
//! release, or another language, change no block that is out, and never read as the person's edit.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language that blocks can speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// What every other one falls back to.
    #[default]
    English,
    /// Deutsch.
    German,
    /// Français.
    French,
    /// Español.
    Spanish,
}

/// The texts of a language by their keys.
type Texts = BTreeMap<&'static str, &'static str>;

static TEXTS: LazyLock<[Texts; 4]> = LazyLock::new(|| Language::ALL.map(|l| read(l.file())));

/// Lines `key = text`; others are remarks.
fn read(file: &'static str) -> Texts {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(k, v)| (k.trim(), v.trim())).collect()
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 4] =
        [Language::English, Language::German, Language::French, Language::Spanish];

    fn file(self) -> &'static str {
        match self {
            Language::English => include_str!("languages/en.txt"),
            Language::German => include_str!("languages/de.txt"),
            Language::French => include_str!("languages/fr.txt"),
            Language::Spanish => include_str!("languages/es.txt"),
        }
    }

    /// Its code (ISO 639-1).
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::French => "fr",
            Language::Spanish => "es",
        }
    }

    /// The language of a locale such as `de_AT.UTF-8` or `de`; `None` for one that has no file.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let code = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// A text, its words in braces replaced; in English where this language lacks it.
    pub fn say(self, key: &str, values: &[(&str, &str)]) -> String {
        let of = |language: Language| TEXTS.get(language as usize)?.get(key).copied();
        let text = of(self).or_else(|| of(Language::English)).unwrap_or(key);
        // From left to right, so that no brace in a value is taken for a word.
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            let value = values.iter().find(|(known, _)| *known == name);
            out.push_str(value.map_or(name, |(_, value)| *value));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// `Friday 18:00`, or with the date where it is `far`.
    pub fn when(self, at: DateTime<Tz>, far: bool) -> String {
        let time = at.format("%H:%M").to_string();
        self.dated("when", at, far, &[("time", &time)])
    }

    /// `Friday`, or with the date where it is `far`.
    pub fn day(self, at: DateTime<Tz>, far: bool) -> String {
        self.dated("day", at, far, &[])
    }

    fn dated(self, key: &str, at: DateTime<Tz>, far: bool, more: &[(&str, &str)]) -> String {
        let weekday = format!("weekday.{}", at.weekday().number_from_monday());
        let month = format!("month.{}", at.month());
        let (weekday, month) = (self.say(&weekday, &[]), self.say(&month, &[]));
        let day = at.day().to_string();
        let mut values: Vec<(&str, &str)> =
            vec![("weekday", &weekday), ("month", &month), ("day", &day)];
        values.extend(more);
        self.say(&format!("{key}.{}", if far { "far" } else { "near" }), &values)
    }
}

/// How the person wants blocks to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// What they speak.
    pub language: Language,
    /// Before every title.
    pub prefix: String,
    /// A colour and a category by kind of work, where the calendar shows them.
    pub colours: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn braces(text: &str) -> Vec<&str> {
        let parts = text.split('{').skip(1);
        let mut names: Vec<&str> = parts.filter_map(|part| part.split('}').next()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_says_everything_with_the_same_words_in_braces() {
        let english = read(Language::English.file());
        assert!(english.len() > 60);
        for language in Language::ALL {
            let lines = language.file().lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
            let own = read(language.file());
            assert_eq!(lines.count(), own.len(), "{language:?}: a line that is no text, or a twin");
            let keys = |texts: &Texts| texts.keys().copied().collect::<Vec<_>>();
            assert_eq!(keys(&own), keys(&english), "{language:?}");
            for (key, text) in &own {
                assert_eq!(braces(text), braces(english[key]), "{language:?} {key}");
                assert!(!text.is_empty() && !text.contains("  "), "{language:?} {key}");
            }
        }
    }

    #[test]
    fn a_language_is_known_by_its_locale() {
        for (locale, expected) in [
            ("de_AT.UTF-8", Some(Language::German)),
            ("fr", Some(Language::French)),
            ("ES-mx", Some(Language::Spanish)),
            ("en_GB", Some(Language::English)),
            ("C", None),
            ("C.UTF-8", None),
            ("nl_NL", None),
            ("", None),
        ] {
            assert_eq!(Language::of_locale(locale), expected, "{locale}");
        }
    }

    #[test]
    fn words_in_braces_are_replaced_once() {
        let said = Language::German.say("prepare", &[("title", "{title} {x}")]);
        assert_eq!(said, "Vorbereiten: {title} {x}");
        assert_eq!(Language::French.say("no.such.key", &[]), "no.such.key");
        let at = "2026-03-06T18:00:00Z".parse::<DateTime<chrono::Utc>>().unwrap();
        let at = at.with_timezone(&Tz::UTC);
        let when = |language: Language, far| language.when(at, far);
        assert_eq!(when(Language::English, false), "Friday 18:00");
        assert_eq!(when(Language::English, true), "Friday 6 March 18:00");
        assert_eq!(when(Language::German, true), "Freitag, 6. März, 18:00");
        assert_eq!(Language::Spanish.day(at, true), "viernes 6 de marzo");
    }
}
