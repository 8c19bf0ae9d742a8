//! What a person asks for in a line of text: `Board deck 90m`, `Piano 3x45m`, `Call the bank
//! tomorrow`, `Board deck 2h by friday`. The words for days are those of four languages.
//!
//! Only words at the end are taken for a day, and lengths at either end: what is left is the title,
//! and in doubt all of it.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};

/// Longest length that is understood: a task of more is a project.
pub const MINUTES_MAX: u32 = 100 * 60;
/// Most sessions of one ask: twice a day for a week.
const SESSIONS_MAX: u16 = 14;

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What is left of the words.
    pub title: String,
    /// Length of one session, where stated.
    pub minutes: Option<u32>,
    /// How many sessions.
    pub sessions: u16,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Done by the end of this day.
    pub until: Option<NaiveDate>,
}

/// A word before a day.
#[derive(Clone, Copy)]
enum Before {
    Until,
    On,
    From,
    /// The day belongs to the title: `Prepare for Monday`.
    Title,
}

const BEFORE: [(&str, Before); 26] = [
    ("by", Before::Until),
    ("until", Before::Until),
    ("before", Before::Until),
    ("due", Before::Until),
    ("bis", Before::Until),
    ("avant", Before::Until),
    ("hasta", Before::Until),
    ("on", Before::On),
    ("am", Before::On),
    ("el", Before::On),
    ("from", Before::From),
    ("after", Before::From),
    ("ab", Before::From),
    ("dès", Before::From),
    ("desde", Before::From),
    ("for", Before::Title),
    ("of", Before::Title),
    ("the", Before::Title),
    ("and", Before::Title),
    ("für", Before::Title),
    ("und", Before::Title),
    ("pour", Before::Title),
    ("du", Before::Title),
    ("para", Before::Title),
    ("del", Before::Title),
    ("-", Before::Title),
];

/// Days counted from today.
const RELATIVE: [(&str, u64); 9] = [
    ("today", 0),
    ("heute", 0),
    ("hoy", 0),
    ("aujourd'hui", 0),
    ("tomorrow", 1),
    ("morgen", 1),
    ("demain", 1),
    ("mañana", 1),
    ("übermorgen", 2),
];

/// Weekdays in full, from Monday.
const WEEKDAYS: [[&str; 4]; 7] = [
    ["monday", "montag", "lundi", "lunes"],
    ["tuesday", "dienstag", "mardi", "martes"],
    ["wednesday", "mittwoch", "mercredi", "miércoles"],
    ["thursday", "donnerstag", "jeudi", "jueves"],
    ["friday", "freitag", "vendredi", "viernes"],
    ["saturday", "samstag", "samedi", "sábado"],
    ["sunday", "sonntag", "dimanche", "domingo"],
];

/// The day meant by `2026-03-06`, `6.3.`, `today`, `tomorrow`, `friday`, `fri`; a weekday is the
/// next one, today included. `None` for what is no day.
pub fn day_of(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    let word = word.trim().to_lowercase();
    if let Some((_, days)) = RELATIVE.iter().find(|(name, _)| *name == word) {
        return today.checked_add_days(Days::new(*days));
    }
    if let Ok(day) = NaiveDate::parse_from_str(&word, "%Y-%m-%d") {
        // Years of four digits: others are slips.
        return Some(day).filter(|d| (1900..=9999).contains(&d.year()));
    }
    if let Some(day) = dotted(&word, today) {
        return Some(day);
    }
    let weekday = weekday_of(&word)?;
    let ahead = (7 + weekday - today.weekday().num_days_from_monday()) % 7;
    today.checked_add_days(Days::new(ahead.into()))
}

/// `6.3.` and `6.3.2026`: the next day of that date.
fn dotted(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    let mut parts = word.split('.');
    let (day, month) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let year = match (parts.next()?, parts.next()) {
        ("", None) => None,
        (year, None) if year.len() == 4 => Some(year.parse().ok()?),
        _ => return None,
    };
    match year {
        Some(year) => NaiveDate::from_ymd_opt(year, month, day),
        None => {
            let of = |year| NaiveDate::from_ymd_opt(year, month, day);
            of(today.year()).filter(|d| *d >= today).or_else(|| of(today.year() + 1))
        }
    }
}

/// Days from Monday.
fn weekday_of(word: &str) -> Option<u32> {
    let full = WEEKDAYS.iter().position(|names| names.contains(&word));
    let full = full.and_then(|at| u32::try_from(at).ok());
    full.or_else(|| word.parse::<Weekday>().ok().map(|day| day.num_days_from_monday()))
}

/// A word that is a day by itself, without `by` or `on` before it: no abbreviation that means
/// something else (`Enjoy sun`, `Buy mon`).
fn is_plain_day(word: &str) -> bool {
    let word = word.to_lowercase();
    let full = WEEKDAYS.iter().flatten().any(|name| *name == word);
    let short = matches!(word.as_str(), "tue" | "wed" | "thu" | "fri");
    full || short || weekday_of(&word).is_none()
}

/// The minutes meant by `90m`, `1h30m`, `1h30`, `2h`, `1.5h`, `90`; `None` for what is no length
/// between a minute and [`MINUTES_MAX`].
pub fn minutes_of(word: &str) -> Option<u32> {
    let word = word.trim().to_lowercase();
    let (hours, rest) = match word.split_once('h') {
        Some((hours, rest)) => (hours.parse::<f32>().ok()?, rest),
        None => (0.0, word.as_str()),
    };
    let rest = rest.trim_end_matches("min").trim_end_matches('m');
    let rest = match rest {
        "" if word.contains('h') => 0,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<u32>().ok()?,
        _ => return None,
    };
    // `as` makes 0 of a negative or no number, and the largest number of one too large.
    let total = ((hours * 60.0).round() as u32).saturating_add(rest);
    (1..=MINUTES_MAX).contains(&total).then_some(total)
}

/// Sessions and their minutes: `90m`, `3x45m`, `3×45min`. A number alone is none.
fn length_of(word: &str) -> Option<(u16, u32)> {
    let word = word.to_lowercase();
    if !word.ends_with(['h', 'm', 'n']) && !word.contains('h') {
        return None;
    }
    match word.split_once(['x', '×']) {
        None => Some((1, minutes_of(&word)?)),
        Some((count, each)) => {
            let count = count.parse().ok().filter(|n| (1..=SESSIONS_MAX).contains(n))?;
            Some((count, minutes_of(each)?))
        }
    }
}

impl Wish {
    /// Reads a line, as written on `today`.
    pub fn read(text: &str, today: NaiveDate) -> Self {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let mut wish =
            Self { title: String::new(), minutes: None, sessions: 1, from: None, until: None };
        while wish.take_last(&mut words, today) {}
        if wish.minutes.is_none()
            && words.len() > 1
            && let Some((sessions, minutes)) = words.first().and_then(|word| length_of(word))
        {
            (wish.sessions, wish.minutes) = (sessions, Some(minutes));
            words.remove(0);
        }
        wish.title = words.join(" ").trim_end_matches([',', ':', ';']).to_owned();
        wish
    }

    /// Takes a length or a day from the end; something must be left for a title.
    fn take_last(&mut self, words: &mut Vec<&str>, today: NaiveDate) -> bool {
        let [rest @ .., last] = words.as_slice() else { return false };
        let last = last.trim_end_matches(',');
        if rest.is_empty() {
            return false;
        }
        if self.minutes.is_none()
            && let Some((sessions, minutes)) = length_of(last)
        {
            (self.sessions, self.minutes) = (sessions, Some(minutes));
            words.pop();
            return true;
        }
        if self.from.is_some() || self.until.is_some() {
            return false;
        }
        let Some(day) = day_of(last, today) else { return false };
        let lead = rest.last().map(|word| word.to_lowercase()).unwrap_or_default();
        let lead = BEFORE.iter().find(|(word, _)| *word == lead).map(|(_, before)| *before);
        if lead.is_some() && rest.len() < 2 {
            return false;
        }
        match lead {
            Some(Before::Title) => return false,
            Some(Before::Until) => self.until = Some(day),
            Some(Before::From) => self.from = Some(day),
            Some(Before::On) => (self.from, self.until) = (Some(day), Some(day)),
            None if is_plain_day(last) => (self.from, self.until) = (Some(day), Some(day)),
            None => return false,
        }
        words.truncate(words.len() - 1 - usize::from(lead.is_some()));
        true
    }

    /// The last day on which it may be done: the one it states, else a week from the day it was
    /// written.
    pub fn last_day(&self, written: NaiveDate) -> NaiveDate {
        let usual = self.from.unwrap_or(written).checked_add_signed(TimeDelta::days(7));
        self.until.or(usual).unwrap_or(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// On a Monday, the 2nd; days as days of March.
    #[track_caller]
    fn check(
        text: &str,
        (title, sessions, minutes): (&str, u16, Option<u32>),
        days: (Option<u32>, Option<u32>),
    ) {
        let wish = Wish::read(text, date("2026-03-02"));
        let day = |day: Option<NaiveDate>| day.map(|d| d.day());
        let found = (wish.title.as_str(), wish.sessions, wish.minutes);
        assert_eq!(found, (title, sessions, minutes), "{text}");
        assert_eq!((day(wish.from), day(wish.until)), days, "{text}");
    }

    #[test]
    fn lengths_and_days_at_the_end_are_taken_off() {
        check("Board deck 90m", ("Board deck", 1, Some(90)), (None, None));
        check("Board deck tomorrow 2h", ("Board deck", 1, Some(120)), (Some(3), Some(3)));
        check("Board deck 2h tomorrow", ("Board deck", 1, Some(120)), (Some(3), Some(3)));
        check("Piano 3x45m", ("Piano", 3, Some(45)), (None, None));
        check("Piano 3×45min by sun", ("Piano", 3, Some(45)), (None, Some(8)));
        check("Board deck by fri", ("Board deck", 1, None), (None, Some(6)));
        check("Taxes from friday 1h30", ("Taxes", 1, Some(90)), (Some(6), None));
        check("Taxes on 2026-03-09", ("Taxes", 1, None), (Some(9), Some(9)));
        check("90m Board deck", ("Board deck", 1, Some(90)), (None, None));
        check("Bericht bis Freitag, 2h", ("Bericht", 1, Some(120)), (None, Some(6)));
        check("Steuer bis 9.3.", ("Steuer", 1, None), (None, Some(9)));
        check("Rapport demain 1h", ("Rapport", 1, Some(60)), (Some(3), Some(3)));
        check("Informe hasta viernes", ("Informe", 1, None), (None, Some(6)));
    }

    #[test]
    fn in_doubt_it_is_the_title() {
        for text in [
            "Prepare for Monday",
            "Enjoy the sun",
            "Lunch with Sun",
            "Review chapter 12",
            "Top 10",
            "tomorrow",
            "90m",
            "by friday",
            "Watch Black Mirror 3x4",
            "Meet Mr H",
        ] {
            check(text, (text, 1, None), (None, None));
        }
        check("Read 1x", ("Read 1x", 1, None), (None, None));
        check("tomorrow 2h", ("tomorrow", 1, Some(120)), (None, None));
        check("", ("", 1, None), (None, None));
    }

    #[test]
    fn what_states_no_day_has_a_week() {
        let written = date("2026-03-02");
        let last = |text: &str| Wish::read(text, written).last_day(written);
        assert_eq!(last("Board deck"), date("2026-03-09"));
        assert_eq!(last("Board deck by fri"), date("2026-03-06"));
        assert_eq!(last("Board deck from fri"), date("2026-03-13"));
    }
}
