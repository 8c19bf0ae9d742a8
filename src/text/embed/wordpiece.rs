//! Greedy WordPiece: a title cut into the tokens of the table's vocabulary.
//!
//! The same rules as the "uncased" BERT tokeniser that the vocabulary was made for: lower-case,
//! accents off, CJK characters and punctuation stand alone, then the longest known piece first.

use super::table::{Table, Token};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a title that are read: long descriptions pasted into a title end here.
pub const MOST_CHARS: usize = 512;
/// Tokens that are read, so that the work for a title is bounded.
pub const MOST_TOKENS: usize = 128;
/// Longer words are taken as unknown, as BERT does.
const MOST_WORD: usize = 100;
/// How a piece that continues a word begins in the vocabulary.
const INSIDE: &str = "##";

/// The known tokens of a title, in order. A word with an unknown piece gives none.
pub fn tokens(table: &Table, title: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for word in words(title) {
        pieces(table, &word, &mut found);
        if found.len() >= MOST_TOKENS {
            found.truncate(MOST_TOKENS);
            break;
        }
    }
    found
}

/// Cuts a title into words, lower-case and without accents.
fn words(title: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let folded = title.chars().take(MOST_CHARS).flat_map(char::to_lowercase).nfd();
    for c in folded.filter(|c| !is_combining_mark(*c)) {
        let alone = is_cjk(c) || is_punctuation(c);
        if (alone || c.is_whitespace() || c.is_control()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        } else if !c.is_whitespace() && !c.is_control() {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn pieces(table: &Table, word: &str, found: &mut Vec<Token>) {
    if word.chars().count() > MOST_WORD {
        return;
    }
    let before = found.len();
    let mut from = 0;
    while from < word.len() {
        let Some((token, to)) = longest(table, word, from) else {
            found.truncate(before);
            return;
        };
        found.push(token);
        from = to;
    }
}

/// The longest known piece of `word` that begins at `from`, and where it ends.
fn longest(table: &Table, word: &str, from: usize) -> Option<(Token, usize)> {
    let rest = word.get(from..)?;
    let spelled = if from == 0 { rest.to_owned() } else { format!("{INSIDE}{rest}") };
    let offset = spelled.len() - rest.len();
    rest.char_indices().rev().find_map(|(at, c)| {
        let end = at + c.len_utf8();
        Some((table.token(spelled.get(..offset + end)?)?, from + end))
    })
}

/// The blocks that BERT takes as CJK: ideographs only, no kana, no hangul.
fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2B73F
        | 0x2B740..=0x2B81F | 0x2B820..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}

/// Punctuation of ASCII, and the general and CJK punctuation blocks.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(u32::from(c), 0xA1 | 0xA7 | 0xAB | 0xB6 | 0xB7 | 0xBB | 0xBF
            | 0x2010..=0x2027 | 0x2030..=0x205E | 0x3001..=0x3003 | 0x3008..=0x3011
            | 0xFF01..=0xFF0F | 0xFF1A..=0xFF20 | 0xFF3B..=0xFF40 | 0xFF5B..=0xFF65)
}
