//! Whole days that say in words that the person is away. Calendars make whole days *free* unless
//! told otherwise, so a holiday rarely says it as RFC 5545 would have it.
//!
//! Only what says nothing else counts: `Urlaub Anna` is somebody else's.

/// Titles that mean it, lower case.
const WORDS: [&str; 41] = [
    "vacation",
    "on vacation",
    "holiday",
    "holidays",
    "on holiday",
    "annual leave",
    "on leave",
    "leave",
    "day off",
    "off",
    "pto",
    "ooo",
    "out of office",
    "sick",
    "sick leave",
    "bank holiday",
    "public holiday",
    "urlaub",
    "im urlaub",
    "ferien",
    "frei",
    "feiertag",
    "krank",
    "abwesend",
    "elternzeit",
    "vacances",
    "en vacances",
    "congé",
    "congés",
    "en congé",
    "férié",
    "jour férié",
    "malade",
    "arrêt maladie",
    "vacaciones",
    "de vacaciones",
    "festivo",
    "día libre",
    "día festivo",
    "enfermo",
    "de baja",
];

/// Words that say where to, behind a title of [`WORDS`].
const WHERE: [&str; 15] =
    ["in", "at", "to", "on", "an", "am", "auf", "nach", "bei", "à", "a", "au", "aux", "en", "dans"];

/// Whether the title of a whole day says that the person is away.
pub(super) fn is_absence(title: &str) -> bool {
    let letters = |c: char| c.is_alphanumeric() || c == ' ' || c == '\'';
    let plain: String = title.to_lowercase().chars().filter(|c| letters(*c)).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    WORDS.iter().any(|word| match plain.strip_prefix(word) {
        Some("") => true,
        Some(rest) => {
            let mut rest = rest.split(' ');
            rest.next() == Some("") && rest.next().is_some_and(|next| WHERE.contains(&next))
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_that_and_nothing_else() {
        for title in
            ["Vacation", "🏖️ Urlaub!", "Urlaub in Italien", "OOO", "Congés", "Vacation in Rome"]
        {
            assert!(is_absence(title), "{title}");
        }
        for title in [
            "Urlaub Anna",
            "Plan vacation",
            "Holiday party",
            "Offsite",
            "Book vacation",
            "",
            "Sick?!x",
        ] {
            assert!(!is_absence(title), "{title}");
        }
    }
}
