//! Titles made comparable: prefixes, dates, ticket ids and marks taken off.
//!
//! [`clean`] keeps what a person would call the work, [`normalise`] folds that further into what
//! two events are compared by. Words are looked up in short lists of what mail programs, calendars
//! and office life use everywhere; none of them comes from a person's titles.

mod noise;
mod words;

use crate::event::mark;
use noise::{Noise, noise_of};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a title that are read; what lies behind says nothing about the kind of work.
const MOST_CHARS: usize = 512;
/// Prefixes that are taken off one after the other (`RE: FW: HOLD: ✓ …`).
const MOST_PREFIXES: usize = 8;
/// Taking something off can lay bare more of its kind; after so many rounds that is enough.
const MOST_ROUNDS: usize = 6;

/// What a person would call the work: the title as written, without marks, prefixes, dates, times,
/// numbers, ticket ids and addresses. Never empty unless the title is blank.
pub fn clean(title: &str) -> String {
    let text: String = title.chars().take(MOST_CHARS).nfkc().collect();
    let bare = without_prefixes(&text);
    let kept = without_noise(bare);
    let kept = kept.trim_matches(|c: char| c.is_whitespace() || words::DANGLING.contains(&c));
    if says_something(kept) { kept.to_owned() } else { fold_spaces(&text) }
}

/// What two titles are compared by: [`clean`], lower-case, without punctuation and emoji, with a
/// few universal abbreviations written out. Idempotent. Where nothing would be left, the folded
/// title.
pub fn normalise(title: &str) -> String {
    let mut text = pass(title);
    for _ in 0..MOST_ROUNDS {
        let next = pass(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Whether a title says nothing about the work (empty, `busy`, `x`): compare such by identity only.
pub fn is_useless(title: &str) -> bool {
    let text = normalise(title);
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    match (letters.next(), letters.next()) {
        (None, _) => true,
        // One ideograph can be a word, one Latin, Greek or Cyrillic letter is none.
        (Some(only), None) => only.is_ascii() || only.is_lowercase() || only.is_numeric(),
        _ => words::USELESS.contains(&text.as_str()),
    }
}

fn pass(title: &str) -> String {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).nfkc().collect::<String>();
    let kept = fold(&write_out_one_on_one(&lower(&clean(title))));
    let kept = without_noise(&kept);
    let kept: Vec<&str> = kept.split(' ').map(words::write_out).collect();
    let kept = fold_spaces(&kept.join(" "));
    if says_something(&kept) {
        return kept;
    }
    let text: String = title.chars().take(MOST_CHARS).nfkc().collect();
    let folded = fold(&lower(&text));
    if folded.is_empty() { fold_spaces(&lower(&text)) } else { folded }
}

fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn fold_spaces(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything but letters, digits and their combining marks becomes one space; `'s` goes.
fn fold(text: &str) -> String {
    let text = text.replace('’', "'").replace("'s ", " ");
    let text = text.strip_suffix("'s").unwrap_or(&text);
    let spaced: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() || is_combining_mark(c) { c } else { ' ' })
        .collect();
    fold_spaces(&spaced)
}

/// Drops words that are dates, times, numbers or addresses, and month names beside a number.
fn without_noise(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let kinds: Vec<Noise> = words.iter().map(|word| noise_of(word)).collect();
    let number = |at: Option<usize>| at.and_then(|at| kinds.get(at)) == Some(&Noise::Number);
    let kept = words.iter().enumerate().filter(|(at, _)| match kinds[*at] {
        Noise::None => true,
        Noise::Month => !number(at.checked_sub(1)) && !number(Some(at + 1)),
        Noise::Number | Noise::Other => false,
    });
    kept.map(|(_, word)| noise::without_cjk_dates(word)).collect::<Vec<_>>().join(" ")
}

/// `1:1`, `1-1`, `1on1` and `1-on-1` as words, wherever no digit stands beside them.
fn write_out_one_on_one(text: &str) -> String {
    let mut text = text.to_owned();
    for short in words::ONE_ON_ONE {
        let Some(at) = text.find(short) else { continue };
        let before = text[..at].chars().next_back();
        let after = text[at + short.len()..].chars().next();
        let glued = |c: Option<char>| c.is_some_and(|c| c.is_numeric() || ":-./".contains(c));
        if !glued(before) && !after.is_some_and(char::is_numeric) {
            text.replace_range(at..at + short.len(), " one on one ");
        }
    }
    text
}

/// Marks and prefixes off, as many as there are, as long as something remains.
fn without_prefixes(text: &str) -> &str {
    let mut text = text.trim();
    for _ in 0..MOST_PREFIXES {
        let marked = Some(mark::unmarked(text)).filter(|rest| *rest != text);
        let Some(rest) = marked.or_else(|| without_prefix(text)) else { break };
        if !says_something(rest) {
            break;
        }
        text = rest.trim();
    }
    text
}

fn without_prefix(text: &str) -> Option<&str> {
    // An open box, as in a list of things to do.
    if let Some(rest) = text.strip_prefix("[ ]") {
        return Some(rest);
    }
    let brackets = [('[', ']'), ('(', ')')];
    for (open, close) in brackets {
        if let Some((inner, rest)) = text.strip_prefix(open).and_then(|t| t.split_once(close))
            && words::is_prefix(inner)
        {
            return Some(rest.trim_start_matches([':', '-', ' ']));
        }
        if let Some((rest, inner)) = text.strip_suffix(close).and_then(|t| t.rsplit_once(open))
            && words::is_state(inner)
        {
            return Some(rest);
        }
    }
    if let Some((word, rest)) = text.split_once(':')
        && words::is_prefix(word)
    {
        return Some(rest);
    }
    let separators = [" - ", " – ", " — ", " | ", " / "];
    let parted =
        separators.iter().find_map(|s| text.split_once(s).filter(|p| words::is_state(p.0)));
    if let Some((_, rest)) = parted {
        return Some(rest);
    }
    // In capitals and without a separator it is a state too: `HOLD Board deck`.
    let (word, rest) = text.split_once(' ')?;
    let shouted = word.len() > 2 && word.chars().all(char::is_uppercase) && words::is_state(word);
    shouted.then_some(rest)
}

#[cfg(test)]
mod tests;
