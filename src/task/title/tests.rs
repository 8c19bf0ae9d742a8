//! What titles become.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(title: &str, expected: &str) {
    assert_eq!(normalise(title), expected, "{title:?}");
}

#[test]
fn prefixes_and_marks_come_off() {
    check("RE: FW: Budget", "budget");
    check("AW: WG: Haushalt", "haushalt");
    check("Re[2]: Budget", "budget");
    check("Canceled: Budget", "budget");
    check("HOLD: Board deck", "board deck");
    check("HOLD Board deck", "board deck");
    check("[Tentative] Board deck", "board deck");
    check("Board deck (tentative)", "board deck");
    check("hold - Board deck", "board deck");
    check("✓ Report", "report");
    check("[x] FW: ✗ Report", "report");
    check("done: Report", "report");
    check("[ ] Report", "report");
    check("Retro: what next", "retro what next");
    check("Hold music demo", "hold music demo");
}

#[test]
fn dates_times_numbers_and_ids_come_off() {
    check("Review 2026-03-02", "review");
    check("Review 02.03.2026 14:00-15:30", "review");
    check("Review 3/2", "review");
    check("Review, March 3rd", "review");
    check("Lunch with May", "lunch with may");
    check("Okulista 17:15", "okulista");
    check("Call 2pm", "call");
    check("Sync 14h30", "sync");
    check("Board deck 90m", "board deck");
    check("Planning Q3 FY26", "planning");
    check("Jour fixe KW12", "jour fixe");
    check("ABC-123 fix login", "fix login");
    check("fix login #456", "fix login");
    check("Demo https://example.org/x?y=1", "demo");
    check("Demo me@example.org", "demo");
    check("Sprint 42 planning", "sprint planning");
    // What comes to light once something else is gone.
    check("RE: 12", "re");
    check("[x] -#-0", "x");
    check("Deck (march/3-x) 10am-q3", "deck x");
    check("3月2日会議", "会議");
}

#[test]
fn words_are_folded_and_written_out() {
    check("  Team   SYNC!!  ", "team sync");
    check("1:1 w/ Anna", "one on one with anna");
    check("Anna 1-on-1", "anna one on one");
    check("Sam/Anna 1:1", "sam anna one on one");
    check("🎉 Bday party", "birthday party");
    check("Anna’s review", "anna review");
    check("ＦＵＬＬ ｗｉｄｔｈ", "full width");
    check("Café — Überblick", "café überblick");
}

#[test]
fn something_always_remains() {
    check("2026-03-02", "2026 03 02");
    check("RE:", "re");
    check("✓", "✓");
    check("🎉", "🎉");
    check("", "");
    check("  ", "");
}

#[test]
fn a_clean_title_keeps_its_case() {
    assert_eq!(clean("RE: HOLD: Board Deck 2026-03-02"), "Board Deck");
    assert_eq!(clean("✓ Board Deck - 14:00"), "Board Deck");
    assert_eq!(clean("1:1 Anna"), "1:1 Anna");
    assert_eq!(clean("42"), "42");
}

#[test]
fn titles_without_meaning_are_known() {
    for title in ["", " ", "x", "X", "busy", "Busy!", "(no title)", "🎉", "RE:", "...", "privat"]
    {
        let useless = title != "RE:";
        assert_eq!(is_useless(title), useless, "{title:?}");
    }
    for title in ["Gym", "会", "Private lesson", "PT"] {
        assert!(!is_useless(title), "{title:?}");
    }
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(title in "\\PC{0,60}") {
        let once = normalise(&title);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn office_titles_too(
        title in "(RE: |HOLD |✓ |\\[x\\] |\\(tentative\\) )?[A-Za-z':/-]{0,9}[ -]\
                  (march |q|1:1|10am|#|[A-Z]{2}-)?[0-9:./-]{0,6} ?[a-z]{0,5}'?s?",
    ) {
        let once = normalise(&title);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn nothing_said_is_emptied(title in "\\PC{0,40}") {
        prop_assert_eq!(normalise(&title).is_empty(), title.trim().is_empty());
    }
}
