//! Data to stdout, words to stderr; colour only where a person looks.

use super::{CommandError, ErrorKind, Global};
use crate::event::harmless::{self, plain};
use anstyle::{AnsiColor, Style};
use serde_json::Value;
use std::io::{ErrorKind as Io, IsTerminal, Write};
use std::process::ExitCode;

/// Headings of lists.
pub const HEADING: Style = Style::new().bold();
/// What matters less.
pub const FAINT: Style = Style::new().dimmed();
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What needs attention.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default();

/// Narrowest terminal that is laid out for; below it lines wrap.
const NARROWEST: usize = 40;

/// Columns to lay out for; `None` = stdout is no terminal: nothing is cut short.
pub fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0).max(NARROWEST))
}

/// A person looks at stderr.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The text in this style; plain where the stream is no terminal.
pub fn styled(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// `1 event`, `2 events`.
pub fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// `1 kind of work`, `2 kinds of work`.
pub fn kinds(number: usize) -> String {
    format!("{} of work", count(number, "kind"))
}

/// Writes to stdout as it stands.
///
/// # Errors
/// When stdout refuses. A reader that has gone (`| head`) is no error.
pub fn data(text: &str) -> Result<(), CommandError> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes one JSON document on one line.
///
/// # Errors
/// As [`data`].
pub fn json(value: &Value) -> Result<(), CommandError> {
    data(&line(value))
}

/// Writes one JSON object a line.
///
/// # Errors
/// As [`data`].
pub fn json_lines<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<(), CommandError> {
    data(&values.into_iter().map(line).collect::<String>())
}

/// JSON in which what acts on a terminal is escaped; it stands within strings alone.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match harmless::acts(c) {
            true => escaped.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            false => escaped.push(c),
        }
    }
    escaped
}

fn line(value: &Value) -> String {
    escaped(&value.to_string()) + "\n"
}

/// Makes an error of writing to stdout one for people; a reader that has gone is none.
///
/// # Errors
/// Everything else.
pub fn written(result: std::io::Result<()>) -> Result<(), CommandError> {
    match result {
        Err(error) if error.kind() != Io::BrokenPipe => {
            Err(CommandError::failure(format!("can't write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The text without the numbers that the system gives its errors: the words say it.
pub fn calm(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (number, rest) = part.split_once(')').unwrap_or((part, ""));
        match number.bytes().all(|b| b.is_ascii_digit()) {
            true => text + rest,
            false => format!("{text} (os error {part}"),
        }
    })
}

/// Characters of one sentence: servers put their own words into some.
const LONGEST: usize = 4_000;

/// A sentence as a terminal may have it: servers and files name things in it.
fn told(sentence: &str) -> String {
    let lines: Vec<String> = calm(sentence).lines().map(plain).collect();
    lines.join("\n").chars().take(LONGEST).collect()
}

/// Says a sentence on stderr, unless `--quiet`.
pub fn say(global: &Global, sentence: &str) {
    if !global.quiet {
        let _ = writeln!(anstream::stderr(), "{}", told(sentence));
    }
}

/// Says a warning on stderr, even with `--quiet`.
pub fn warn(sentence: &str) {
    let _ = writeln!(anstream::stderr(), "{} {}", styled(WARN, "warning:"), told(sentence));
}

/// Says what went wrong and what to do next; gives the exit code.
pub fn complain(error: &CommandError) -> ExitCode {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{} {}", styled(BAD, "error:"), told(&error.message));
    if let Some(hint) = &error.hint {
        let _ = writeln!(err, "{} {}", styled(FAINT, "hint:"), told(hint));
    }
    ExitCode::from(match error.kind {
        ErrorKind::Failure => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Config => 78,
    })
}
