//! Words of a title that are a date, a time, a number, a ticket id or an address.

/// What a word is, seen alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    /// A word.
    None,
    /// A month's name: noise beside a number only (`May` may be a person).
    Month,
    /// A day, year or other bare number, perhaps ordinal.
    Number,
    /// A date, time, length, calendar week, ticket id or address.
    Other,
}

/// Months as English, German, French, Spanish, Italian, Portuguese and Dutch write them.
const MONTHS: [&str; 69] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "okt",
    "dez",
    "janvier",
    "février",
    "mars",
    "avril",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
    "janeiro",
    "maart",
    "augustus",
];
/// What stands behind an ordinal number.
const ORDINAL: [&str; 9] = ["", "st", "nd", "rd", "th", ".", "º", "o", "er"];
/// What stands behind the digits of a time or a length.
const UNITS: [&str; 15] = [
    "am", "pm", "a", "p", "h", "uhr", "m", "min", "mins", "hr", "hrs", "std", "hour", "hours",
    "minutes",
];
/// What stands before the digits of a week, quarter, half or year.
const PERIODS: [&str; 8] = ["kw", "cw", "wk", "w", "q", "fy", "h", "t"];
/// Digits of the longest number that is still a period: a year.
const YEAR_DIGITS: usize = 4;
/// A project key of an issue tracker has 2 to 10 capitals.
const KEY: std::ops::RangeInclusive<usize> = 2..=10;

/// What a word is. Case matters for ticket ids only.
pub(super) fn noise_of(word: &str) -> Noise {
    if word.contains("://") || word.starts_with("www.") || is_mail(word) {
        return Noise::Other;
    }
    let bare = word.trim_matches(|c: char| "()[]{},;:!?\"'<>|".contains(c));
    if bare.is_empty() {
        return Noise::None;
    }
    let lower = bare.to_lowercase();
    if MONTHS.contains(&lower.trim_end_matches('.')) {
        return Noise::Month;
    }
    if is_number(&lower) {
        return Noise::Number;
    }
    if lower == "1:1" || lower == "1-1" {
        return Noise::None;
    }
    let parts = lower.split(['-', '–', '/', '.', ':']).filter(|part| !part.is_empty());
    let mut parts = parts.peekable();
    let dated = parts.peek().is_some() && parts.all(|part| is_number(part) || is_timed(part));
    if dated || is_ticket(bare) { Noise::Other } else { Noise::None }
}

/// Removes `3月2日`, `14時30分` and their like from a word without spaces.
pub(super) fn without_cjk_dates(word: &str) -> String {
    const UNITS: [char; 8] = ['年', '月', '日', '時', '时', '分', '週', '周'];
    let mut kept = String::with_capacity(word.len());
    let mut digits = String::new();
    for c in word.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else if !digits.is_empty() && UNITS.contains(&c) {
            digits.clear();
        } else {
            kept.push_str(&digits);
            digits.clear();
            kept.push(c);
        }
    }
    kept.push_str(&digits);
    kept
}

/// Leading digits, and the rest.
fn split_digits(word: &str) -> (&str, &str) {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    word.split_at(end)
}

fn is_number(word: &str) -> bool {
    let (digits, rest) = split_digits(word.trim_start_matches(['#', '!', '№']));
    !digits.is_empty() && ORDINAL.contains(&rest)
}

/// `14h`, `2pm`, `30min`, `14h30`, `q3`, `kw12`, `fy2026`.
fn is_timed(word: &str) -> bool {
    let (digits, rest) = split_digits(word);
    if !digits.is_empty() {
        let minutes = rest.strip_prefix('h').map(split_digits);
        let clock = minutes.is_some_and(|(digits, tail)| digits.len() == 2 && tail.is_empty());
        return clock || UNITS.contains(&rest);
    }
    PERIODS.iter().filter_map(|p| word.strip_prefix(p)).any(|rest| {
        let (digits, tail) = split_digits(rest.trim_start_matches('\''));
        (1..=YEAR_DIGITS).contains(&digits.len()) && tail.is_empty()
    })
}

/// `ABC-123`.
fn is_ticket(word: &str) -> bool {
    let Some((key, number)) = word.split_once('-') else { return false };
    let named = key.chars().all(|c| c.is_ascii_uppercase()) && KEY.contains(&key.len());
    named && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}
