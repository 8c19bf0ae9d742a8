//! How a file looks: its opening, its size, its name, and words that have no place in it.

use super::source::{Source, closing, is_name, text};

/// A file fits a head, tests included.
const MAX_LINES: usize = 400;
/// Two files fit side by side.
const MAX_COLUMNS: usize = 100;
/// A function fits a screen; aim for 70.
const MAX_FUNCTION: usize = 100;

/// Names that say nothing. `src/cli/types.rs` and `service.rs` are named after their commands.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "model", "models", "types", "service",
    "services", "manager", "managers",
];

/// Macros of unfinished work.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// Every file says what it is before anything else.
pub fn opening(source: &Source) -> Vec<String> {
    let says = source.text.lines().next().is_some_and(|l| l.starts_with("//! ") && l.len() > 8);
    if says { vec![] } else { vec![source.at(1, "does not open with //!; say what the file is")] }
}

/// Files, lines and functions fit a head.
pub fn size(source: &Source) -> Vec<String> {
    let mut breaches = Vec::new();
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        let what = format!("{lines} lines, at most {MAX_LINES}; split it by what it is about");
        breaches.push(source.at(lines, &what));
    }
    for (i, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS {
            let what = format!("{columns} columns, at most {MAX_COLUMNS}; break it");
            breaches.push(source.at(i + 1, &what));
        }
    }
    let tokens = &source.tokens;
    for i in (0..tokens.len()).filter(|i| text(tokens, *i) == "fn" && is_name(text(tokens, i + 1)))
    {
        let mut open = i;
        while open < tokens.len() && text(tokens, open) != "{" && text(tokens, open) != ";" {
            open =
                if matches!(text(tokens, open), "(" | "[") { closing(tokens, open) } else { open };
            open += 1;
        }
        if text(tokens, open) == "{" {
            let length = tokens[closing(tokens, open)].line - tokens[open].line + 1;
            if length > MAX_FUNCTION {
                let name = text(tokens, i + 1);
                let what = format!("{name} has {length} lines, at most {MAX_FUNCTION}; split it");
                breaches.push(source.at(tokens[i].line, &what));
            }
        }
    }
    breaches
}

/// Files, folders and modules are named after what they hold.
pub fn names(source: &Source) -> Vec<String> {
    let command = source.path.starts_with("src/cli/");
    let named = source.path.trim_end_matches(".rs").split('/').map(|part| (1, part));
    let tokens = &source.tokens;
    let inline = (0..tokens.len())
        .filter(|i| text(tokens, *i) == "mod" && text(tokens, i + 2) == "{")
        .map(|i| (tokens[i].line, text(tokens, i + 1)));
    named
        .chain(inline)
        .filter(|(_, name)| EMPTY_NAMES.contains(name))
        .filter(|(_, name)| !(command && matches!(*name, "types" | "service")))
        .map(|(line, name)| {
            source.at(line, &format!("`{name}` says nothing; name it after what it holds"))
        })
        .collect()
}

/// Nothing unfinished, no lint silenced for good, no lint expected without a reason.
pub fn words(source: &Source) -> Vec<String> {
    let tokens = &source.tokens;
    let mut breaches = Vec::new();
    for i in 0..tokens.len() {
        let (word, next) = (text(tokens, i), text(tokens, i + 1));
        if UNFINISHED.contains(&word) && next == "!" {
            let what = format!("`{word}!`; finish it or return a typed error");
            breaches.push(source.at(tokens[i].line, &what));
        }
        let open = if next == "!" { i + 2 } else { i + 1 };
        if word != "#" || text(tokens, open) != "[" {
            continue;
        }
        let attribute = &tokens[open..=closing(tokens, open)];
        for (j, token) in
            attribute.iter().enumerate().filter(|(j, _)| text(attribute, j + 1) == "(")
        {
            let inside = &attribute[j + 1..=closing(attribute, j + 1)];
            let what = match token.text.as_str() {
                "allow" => {
                    "`allow`; use `expect(.., reason = \"..\")`, which ends when its cause does"
                }
                "expect" if !inside.iter().any(|t| t.text == "reason") => {
                    "`expect` without a reason"
                }
                _ => continue,
            };
            breaches.push(source.at(token.line, what));
        }
    }
    breaches
}

fn count(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&Source::new(path, text)).len()
}

#[test]
fn openings_can_fail() {
    assert_eq!(count(opening, "src/a.rs", "//! What it is.\n"), 0);
    assert_eq!(count(opening, "src/a.rs", "\n//! What it is.\n"), 1);
    assert_eq!(count(opening, "src/a.rs", "//!\n"), 1);
    assert_eq!(count(opening, "src/a.rs", "use std::fmt;\n//! What it is.\n".split_at(14).0), 1);
    assert_eq!(count(opening, "src/a.rs", ""), 1);
}

#[test]
fn sizes_can_fail() {
    assert_eq!(count(size, "src/a.rs", &"//! x\n".repeat(MAX_LINES)), 0);
    assert_eq!(count(size, "src/a.rs", &"//! x\n".repeat(MAX_LINES + 1)), 1);
    assert_eq!(count(size, "src/a.rs", &format!("// {}", "ö".repeat(97))), 0);
    assert_eq!(count(size, "src/a.rs", &format!("// {}", "ö".repeat(98))), 1);
    let function = |lines: usize| format!("fn f(x: [u8; 3]) {{{}}}", "\n".repeat(lines - 1));
    assert_eq!(count(size, "src/a.rs", &function(MAX_FUNCTION)), 0);
    assert_eq!(count(size, "src/a.rs", &function(MAX_FUNCTION + 1)), 1);
    assert_eq!(count(size, "src/a.rs", "trait T { fn f(); fn g(h: fn() -> u8); }"), 0);
}

#[test]
fn names_can_fail() {
    assert_eq!(count(names, "src/event/ical.rs", "mod inner {}"), 0);
    assert_eq!(count(names, "src/event/utils.rs", ""), 1);
    assert_eq!(count(names, "tests/common/mod.rs", ""), 1);
    assert_eq!(count(names, "src/event/ical.rs", "mod helpers {}"), 1);
    assert_eq!(count(names, "src/task/types.rs", ""), 1);
    assert_eq!(count(names, "src/cli/types.rs", ""), 0);
}

#[test]
fn words_can_fail() {
    assert_eq!(count(words, "src/a.rs", "fn f() { todo!() }"), 1);
    assert_eq!(count(words, "src/a.rs", "fn f() { g(dbg!(1), unimplemented!()) }"), 2);
    assert_eq!(count(words, "src/a.rs", "// todo!()\nconst A: &str = \"dbg!\";"), 0);
    assert_eq!(count(words, "src/a.rs", "#[allow(dead_code)] fn f() {}"), 1);
    assert_eq!(count(words, "src/a.rs", "#![allow(dead_code)]"), 1);
    assert_eq!(count(words, "src/a.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}"), 1);
    assert_eq!(count(words, "src/a.rs", "#[expect(dead_code)] fn f() {}"), 1);
    assert_eq!(count(words, "src/a.rs", "#[expect(dead_code, reason = \"r\")] fn f() {}"), 0);
}
