//! Marks that people put on a title to say how it went: `✓ Report`, `[x] Report`, `Report ✗`,
//! `Done: Report`. This is the one place that says what counts as a mark.

/// Says of a block of ours that the person changed what we never give one (an alarm, a colour, a
/// conference): a property that only reading writes.
pub const EDITED_MARK: &str = "X-CHRONOTYPE-EDITED";

/// The category of a block of ours, in the word of the surface, for calendars that can show it.
pub const CATEGORY_MARK: &str = "X-CHRONOTYPE-CATEGORY";
/// The colour that we gave a block (RFC 7986 section 5.9): it is nobody's edit.
pub const COLOUR_MARK: &str = "X-CHRONOTYPE-COLOUR";
/// Marks for done, longest first.
const DONE: [&str; 7] = ["[x]", "[X]", "✅", "✓", "✔", "☑", "🗹"];
/// Marks for failed.
const FAILED: [&str; 5] = ["[-]", "❌", "✗", "✘", "☒"];
/// Words before a colon that say it is done, lower case.
const DONE_WORDS: [&str; 10] = [
    "done",
    "completed",
    "finished",
    "erledigt",
    "fertig",
    "fait",
    "terminé",
    "hecho",
    "fatto",
    "feito",
];
/// Words before a colon that say it failed, lower case.
const FAILED_WORDS: [&str; 7] =
    ["failed", "missed", "not done", "skipped", "nicht geschafft", "raté", "fallido"];
/// A mark may be followed by this (emoji presentation).
const VARIATION: char = '\u{fe0f}';

/// `Some(true)` when the title bears a mark for done, `Some(false)` for failed.
pub fn mark_of(title: &str) -> Option<bool> {
    split(title).1
}

/// Before the colon of a title that asks for a block.
const ASKING: &str = "plan";

/// What a title such as `plan: Board deck 90m` asks for, its mark aside; `None` for any other.
pub fn asked_for(title: &str) -> Option<&str> {
    let (word, rest) = unmarked(title).split_once(':')?;
    let rest = rest.trim();
    (word.trim().eq_ignore_ascii_case(ASKING) && !rest.is_empty()).then_some(rest)
}

/// The title without its mark, trimmed.
pub fn unmarked(title: &str) -> &str {
    split(title).0
}

fn split(title: &str) -> (&str, Option<bool>) {
    let text = title.trim();
    let marks = DONE.iter().map(|m| (m, true)).chain(FAILED.iter().map(|m| (m, false)));
    for (mark, done) in marks {
        if let Some(rest) = text.strip_prefix(mark) {
            return (rest.trim_start_matches(VARIATION).trim_start(), Some(done));
        }
        let end = text.trim_end_matches(VARIATION);
        if let Some(rest) = end.strip_suffix(mark) {
            return (rest.trim_end(), Some(done));
        }
    }
    if let Some((word, rest)) = text.split_once(':')
        && let Some(done) = word_mark(word)
    {
        return (rest.trim_start(), Some(done));
    }
    (text, None)
}

fn word_mark(word: &str) -> Option<bool> {
    let word = word.trim().to_lowercase();
    let among = |words: &[&str]| words.contains(&word.as_str());
    among(&DONE_WORDS).then_some(true).or(among(&FAILED_WORDS).then_some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, bare: &str, mark: Option<bool>) {
        assert_eq!((unmarked(title), mark_of(title)), (bare, mark), "{title:?}");
    }

    #[test]
    fn marks_stand_before_or_behind_a_title() {
        check("Report", "Report", None);
        check("✓ Report", "Report", Some(true));
        check("✔️ Report", "Report", Some(true));
        check("Report ✅", "Report", Some(true));
        check("[x] Report", "Report", Some(true));
        check("✗Report", "Report", Some(false));
        check("❌ Report", "Report", Some(false));
        check("[-] Report", "Report", Some(false));
        check("✘ Report", "Report", Some(false));
        check("x-ray", "x-ray", None);
        check("  ", "", None);
        check("✓", "", Some(true));
    }

    #[test]
    fn a_title_may_ask_for_a_block() {
        for (title, expected) in [
            ("plan: Board deck 90m", Some("Board deck 90m")),
            ("Plan : Board deck", Some("Board deck")),
            ("✓ plan: Board deck", Some("Board deck")),
            ("plan:", None),
            ("Plan the week", None),
            ("Floor plan: kitchen", None),
        ] {
            assert_eq!(asked_for(title), expected, "{title}");
        }
    }

    #[test]
    fn words_before_a_colon_are_marks() {
        check("Done: Report", "Report", Some(true));
        check("erledigt: Bericht", "Bericht", Some(true));
        check("TERMINÉ : rapport", "rapport", Some(true));
        check("missed: Report", "Report", Some(false));
        check("Not done: Report: part two", "Report: part two", Some(false));
        check("Report: done", "Report: done", None);
        check("Definition of done: workshop", "Definition of done: workshop", None);
        check("[ ] Report", "[ ] Report", None);
        check("Done with the report", "Done with the report", None);
        check("Well done: a retrospective", "Well done: a retrospective", None);
    }
}
