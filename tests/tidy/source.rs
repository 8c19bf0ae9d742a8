//! Rust files as tokens with their lines: what the rules look at.
//!
//! Tokens rather than syntax trees, since paths inside macro calls count like any others, and
//! rather than text, since comments and string literals do not.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::{Path, PathBuf};

/// A token and the 1-based line it stands on. A literal's text is `"` and the literal as written,
/// so that none looks like a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path such as `crate::event::Uid`, as written, one per leaf of a `use` tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

impl Named {
    /// `a::b` occurs in it, from whatever root it is written.
    pub fn holds(&self, run: &[&str]) -> bool {
        self.segments.windows(run.len()).any(|w| w == run)
    }
}

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the package, with `/`.
    pub path: String,
    pub text: String,
    /// Everything in it, test code included.
    pub tokens: Vec<Token>,
    /// Without `#[cfg(test)]` items.
    pub shipped: Vec<Token>,
    /// `["event", "ical"]` for `src/event/ical.rs`; `["lib"]` and `["main"]` for the two roots.
    pub module: Vec<String>,
}

impl Source {
    /// Reads Rust text; the self-tests make their sources with it.
    pub fn new(path: &str, text: &str) -> Self {
        let stream: TokenStream =
            text.parse().unwrap_or_else(|e| panic!("{path} is not Rust that can be lexed: {e}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let (shipped, _) = without_tests(&tokens);
        let module = module_of(path);
        Self { path: path.to_owned(), text: text.to_owned(), tokens, shipped, module }
    }

    /// The module as `event/ical`, the way the tables name places.
    pub fn place(&self) -> String {
        self.module.join("/")
    }

    /// Paths that shipped code names, resolved: `crate::`, `self::` and `super::` paths start with
    /// `crate`, all others with their first segment as written.
    pub fn named(&self) -> Vec<Named> {
        let base: &[String] = if self.module == ["lib"] { &[] } else { &self.module };
        paths(&self.shipped, base)
    }

    /// `file:line: what`, the form every message takes.
    pub fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// The package's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the package, sorted, relative to the package.
pub fn files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(below)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.map(|e| e.expect("a folder entry")) {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "target" && name != ".git" && name != "__pycache__" {
                open.push(path);
            } else if path.is_file() {
                found.push(path.strip_prefix(root()).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// All Rust files below some folders. In files that a `#[cfg(test)] mod name;` declares, nothing
/// counts as shipped.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let mut all = Vec::new();
    for path in folders.iter().flat_map(|f| files(f)) {
        if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(root().join(&path)).expect("a readable source");
            all.push(Source::new(&path.to_string_lossy().replace('\\', "/"), &text));
        }
    }
    let declared: Vec<(&Source, TestModule)> = all
        .iter()
        .flat_map(|s| without_tests(&s.tokens).1.into_iter().map(move |module| (s, module)))
        .collect();
    let is_test = |source: &Source| declared.iter().any(|(by, module)| module.holds(by, source));
    let tests: Vec<bool> = all.iter().map(is_test).collect();
    for (source, _) in all.iter_mut().zip(tests).filter(|(_, is_test)| *is_test) {
        source.shipped.clear();
    }
    all
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|m| m == "mod") {
        module.pop();
    }
    module
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::None => ("", ""),
                };
                out.push(Token { text: open.to_owned(), line });
                let end = group.span_close().end().line;
                flatten(group.stream(), out);
                out.push(Token { text: close.to_owned(), line: end });
            }
            TokenTree::Punct(p) => {
                let joined = p.as_char() == ':' && out.last().is_some_and(|t| t.text == ":");
                match out.last_mut() {
                    Some(last) if joined => last.text = "::".to_owned(),
                    _ => out.push(Token { text: p.as_char().to_string(), line }),
                }
            }
            TokenTree::Ident(ident) => out.push(Token { text: ident.to_string(), line }),
            TokenTree::Literal(l) => out.push(Token { text: format!("\"{l}"), line }),
        }
    }
}

/// The index of the token that closes the group opened at `open` (or the last one).
pub fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    tokens.len() - 1
}

/// A `mod name;` under `#[cfg(test)]`: a file of tests.
#[derive(Debug, PartialEq, Eq)]
struct TestModule {
    name: String,
    /// From a `#[path = ".."]` on it, relative to the folder of the file that declares it.
    file: Option<String>,
}

impl TestModule {
    /// Reads the tokens of the item, attributes included.
    fn new(item: &[Token]) -> Option<Self> {
        let name = item.windows(2).rev().find(|w| w[0].text == "mod")?[1].text.clone();
        let path = item.windows(3).find(|w| w[0].text == "path" && w[1].text == "=");
        let file = path.map(|w| w[2].text.trim_matches('"').to_owned());
        Some(Self { name, file })
    }

    /// Is `other` this module, or one below it?
    fn holds(&self, declared_in: &Source, other: &Source) -> bool {
        if let Some(file) = &self.file {
            let folder = declared_in.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            return other.path == format!("{folder}/{file}");
        }
        let base = if declared_in.module == ["lib"] { &[] } else { declared_in.module.as_slice() };
        other.module.strip_prefix(base).is_some_and(|rest| rest.first() == Some(&self.name))
    }
}

/// The tokens without items under `#[cfg(test)]`, and the modules so declared elsewhere.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<TestModule>) {
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        let attribute = text(tokens, i) == "#" && text(tokens, i + 1) == "[";
        if !(attribute && is_test_cfg(&tokens[i + 2..=closing(tokens, i + 1)])) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i = closing(tokens, i + 1) + 1;
        let start = i;
        // Up to the end of the item: its `;` or its brace group, whichever comes first.
        while i < tokens.len() && text(tokens, i) != ";" && text(tokens, i) != "{" {
            i = if matches!(text(tokens, i), "(" | "[") { closing(tokens, i) } else { i } + 1;
        }
        if text(tokens, i) == "{" {
            let is_use = tokens[start..i].iter().any(|t| t.text == "use");
            i = closing(tokens, i) + usize::from(is_use);
        } else if i >= 2 && text(tokens, i - 2) == "mod" {
            modules.extend(TestModule::new(&tokens[start..i]));
        }
        i += 1;
    }
    (kept, modules)
}

fn is_test_cfg(attribute: &[Token]) -> bool {
    let has = |word: &str| attribute.iter().any(|t| t.text == word);
    text(attribute, 0) == "cfg" && has("test") && !has("not") && !has("any")
}

/// The text of a token, or nothing past the end.
pub fn text(tokens: &[Token], i: usize) -> &str {
    tokens.get(i).map_or("", |t| t.text.as_str())
}

/// Is it a name, not a sign, a literal or a number?
pub fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// All paths of two segments and more, and everything a `use` names.
fn paths(tokens: &[Token], base: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut inline: Vec<(usize, String)> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        inline.retain(|(end, _)| i <= *end);
        let here: Vec<String> =
            base.iter().cloned().chain(inline.iter().map(|(_, n)| n.clone())).collect();
        let (word, next) = (text(tokens, i), text(tokens, i + 1));
        if word == "mod" && text(tokens, i + 2) == "{" {
            inline.push((closing(tokens, i + 2), next.to_owned()));
            i += 3;
        } else if word == "use" && next != "<" {
            i = use_tree(tokens, i + 1, &[], &here, &mut found);
        } else if is_name(word) && next == "::" {
            let line = tokens[i].line;
            let mut segments = vec![word.to_owned()];
            while text(tokens, i + 1) == "::" && is_name(text(tokens, i + 2)) {
                segments.push(text(tokens, i + 2).to_owned());
                i += 2;
            }
            found.push(Named { segments: resolve(segments, &here), line });
            i += 1;
        } else {
            i += 1;
        }
    }
    found
}

/// Reads the tree from `i` on, adds its leaves, gives the index after it.
fn use_tree(
    tokens: &[Token],
    mut i: usize,
    prefix: &[String],
    here: &[String],
    found: &mut Vec<Named>,
) -> usize {
    let mut segments = prefix.to_vec();
    while i < tokens.len() {
        match text(tokens, i) {
            "::" => i += 1,
            "{" => {
                let end = closing(tokens, i);
                i += 1;
                while i < end {
                    i = use_tree(tokens, i, &segments, here, found);
                    i += usize::from(text(tokens, i) == ",");
                }
                return end + 1;
            }
            "as" => i += 2,
            "self" if !segments.is_empty() => i += 1,
            word if is_name(word) || word == "*" => {
                segments.push(word.to_owned());
                i += 1;
            }
            _ => break,
        }
    }
    let line = tokens.get(i.saturating_sub(1)).map_or(0, |t| t.line);
    found.push(Named { segments: resolve(segments, here), line });
    i
}

/// Turns `self` and `super` into a path from `crate`; `chronotype` is the crate, seen from `main`.
fn resolve(segments: Vec<String>, here: &[String]) -> Vec<String> {
    let first = segments.first().map_or("", String::as_str);
    let supers = segments.iter().take_while(|s| *s == "super").count();
    let from_here = |up: usize, skip: usize| {
        let stay = here.len().saturating_sub(up);
        let path = here[..stay].iter().chain(&segments[skip..]);
        std::iter::once("crate".to_owned()).chain(path.cloned()).collect()
    };
    match first {
        "self" => {
            let ups = segments.iter().skip(1).take_while(|s| *s == "super").count();
            from_here(ups, 1 + ups)
        }
        "super" => from_here(supers, supers),
        "chronotype" => {
            std::iter::once("crate".to_owned()).chain(segments.into_iter().skip(1)).collect()
        }
        _ => segments,
    }
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let found: Vec<String> =
            Source::new(path, text).named().iter().map(|n| n.segments.join("::")).collect();
        assert_eq!(found, expected, "{text}");
    };
    check(
        "src/a/b.rs",
        "use crate::x::{Y, z::{self, W}};",
        &["crate::x::Y", "crate::x::z", "crate::x::z::W"],
    );
    check(
        "src/a/b.rs",
        "use super::c::D; use super::super::x as y;",
        &["crate::a::c::D", "crate::x"],
    );
    check(
        "src/a/mod.rs",
        "use self::b::C; pub use super::x::*;",
        &["crate::a::b::C", "crate::x::*"],
    );
    check("src/a/b.rs", "fn f() { m!(\"x::y {}\", q::r::<u8>(p::O)); } // s::t", &["q::r", "p::O"]);
    check("src/main.rs", "fn main() { chronotype::cli::main() }", &["crate::cli::main"]);
    check(
        "src/a/b.rs",
        "mod i { use super::super::c; } use super::d;",
        &["crate::a::c", "crate::a::d"],
    );
    check("src/a.rs", "use ::serde; use {std::fs, std::io};", &["serde", "std::fs", "std::io"]);
}

#[test]
fn test_code_is_not_shipped() {
    let check = |text: &str, expected: &[&str]| {
        let source = Source::new("src/a.rs", text);
        let found: Vec<String> = source.named().iter().map(|n| n.segments.join("::")).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("#[cfg(test)] mod t { use a::b; } use c::d;", &["c::d"]);
    check("#[cfg(test)] #[path = \"x\"] mod t; use c::d;", &["c::d"]);
    check("#[cfg(test)] use a::{b, c}; use c::d;", &["c::d"]);
    check("#[cfg(test)] fn f(x: [u8; 3]) { a::b() } use c::d;", &["c::d"]);
    check("#[cfg(all(test, unix))] mod t {} use c::d;", &["c::d"]);
    check("#[cfg(not(test))] use a::b;", &["a::b"]);
    let check = |text: &str, path: &str, expected: bool| {
        let (a, other) = (Source::new("src/a/b.rs", text), Source::new(path, ""));
        let found = without_tests(&a.tokens).1.iter().any(|t| t.holds(&a, &other));
        assert_eq!(found, expected, "{text} {path}");
    };
    check("#[cfg(test)] mod t;", "src/a/b/t.rs", true);
    check("#[cfg(test)] mod t;", "src/a/b/t/deep.rs", true);
    check("#[cfg(test)] mod t;", "src/a/t.rs", false);
    check("mod t;", "src/a/b/t.rs", false);
    check("#[cfg(test)] #[path = \"t_tests.rs\"] mod tests;", "src/a/t_tests.rs", true);
    check("#[cfg(test)] #[path = \"t_tests.rs\"] mod tests;", "src/a/t.rs", false);
}
