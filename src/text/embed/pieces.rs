//! A title cut into what the table has rows for: its words, and the n-grams of characters inside
//! them.
//!
//! Whole words carry what was learned of them; n-grams carry inflections, compounds, misspellings
//! and words nobody has seen. Scripts without spaces have n-grams alone. The training script cuts
//! in the same way and says so where it does; a change here needs a new table.

use super::table::{Row, Table};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a title that are read: long descriptions pasted into a title end here.
const MOST_CHARS: usize = 512;
/// Runs that are read, so that the work for a title is bounded.
const MOST_RUNS: usize = 64;
/// Characters of a word that n-grams are taken of.
const MOST_WORD: usize = 40;
/// Same, in a run of a script without spaces.
const MOST_RUN: usize = 128;
/// Lengths of n-grams in words, whose ends are marked with `<` and `>`.
const WORD_GRAMS: std::ops::RangeInclusive<usize> = 3..=5;
/// Lengths of n-grams where there are no spaces.
const DENSE_GRAMS: std::ops::RangeInclusive<usize> = 1..=3;
/// Characters of such a script that weigh as much as a word.
const DENSE_WORD: f32 = 2.0;

/// Accents that are taken off: the combining marks of Latin, Greek and Cyrillic.
const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Spaced,
    Dense,
}

/// Calls `each` with every row that the title brings and the weight that it brings it with.
pub fn rows(table: &Table, title: &str, mut each: impl FnMut(Row, f32)) {
    for (script, run) in runs(title) {
        if let Some(row) = table.word(&run) {
            each(row, 1.0);
        }
        let (grams, words) = match script {
            Script::Spaced => (grams(&marked(&run), WORD_GRAMS), 1.0),
            Script::Dense => {
                let dense: Vec<char> = run.chars().take(MOST_RUN).collect();
                let words = (dense.len() as f32 / DENSE_WORD).max(1.0);
                (grams(&dense, DENSE_GRAMS), words)
            }
        };
        let weight = (words / grams.len() as f32).sqrt();
        for hash in grams {
            if let Some(row) = table.bucket(hash) {
                each(row, weight);
            }
        }
    }
}

fn marked(word: &str) -> Vec<char> {
    let inside = word.chars().take(MOST_WORD);
    std::iter::once('<').chain(inside).chain(std::iter::once('>')).collect()
}

/// The words and dense runs of a title, lower-case and without accents.
fn runs(title: &str) -> Vec<(Script, String)> {
    let mut runs: Vec<(Script, String)> = Vec::new();
    let mut last = None;
    let lower = title.chars().take(MOST_CHARS).flat_map(char::to_lowercase);
    for c in lower.nfd().filter(|c| !ACCENTS.contains(c)).nfc() {
        let script = script(c);
        let full = runs.len() >= MOST_RUNS;
        match (script, runs.last_mut().filter(|_| last == script)) {
            (Some(_), Some((_, run))) => run.push(c),
            (Some(_), None) if full => break,
            (Some(script), None) => runs.push((script, c.to_string())),
            (None, _) => {}
        }
        last = script;
    }
    runs
}

/// `None` between words.
fn script(c: char) -> Option<Script> {
    if !c.is_alphanumeric() && !is_combining_mark(c) {
        return None;
    }
    let dense = matches!(u32::from(c),
        0x3005 | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF);
    Some(if dense { Script::Dense } else { Script::Spaced })
}

/// FNV-1a of each n-gram in UTF-8, shorter ones first.
fn grams(text: &[char], lengths: std::ops::RangeInclusive<usize>) -> Vec<u32> {
    lengths.flat_map(|n| text.windows(n)).map(hash).collect()
}

fn hash(gram: &[char]) -> u32 {
    let mut utf8 = [0; 4];
    gram.iter().fold(0x811c_9dc5, |hash, c| {
        c.encode_utf8(&mut utf8)
            .bytes()
            .fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, expected: &[&str]) {
        let found = runs(title);
        let found: Vec<&str> = found.iter().map(|(_, run)| run.as_str()).collect();
        assert_eq!(found, expected, "{title:?}");
    }

    #[test]
    fn titles_are_cut_into_words_and_dense_runs() {
        check("Team meeting!", &["team", "meeting"]);
        check("Café Überblick", &["cafe", "uberblick"]);
        check("会議の準備 with Anna", &["会議の準備", "with", "anna"]);
        check("ＡＢデザイン会議", &["ａｂ", "デザイン会議"]);
        check("बैठक", &["बैठक"]);
        check("회의", &["회의"]);
        check(" \u{0}\t", &[]);
        assert_eq!(runs(&"a ".repeat(9_999)).len(), MOST_RUNS);
    }

    #[test]
    fn n_grams_are_hashed_as_the_script_does() {
        // FNV-1a of "", "a" and "foobar" as published.
        assert_eq!(hash(&[]), 0x811c_9dc5);
        assert_eq!(hash(&['a']), 0xe40c_292c);
        let foobar: Vec<char> = "foobar".chars().collect();
        assert_eq!(hash(&foobar), 0xbf9c_f968);
        assert_eq!(grams(&marked("ab"), WORD_GRAMS).len(), 3);
        assert_eq!(grams(&['会', '議'], DENSE_GRAMS).len(), 3);
        assert!(grams(&[], DENSE_GRAMS).is_empty());
    }
}
