//! A stream to content lines, and content lines to components (RFC 5545 section 3.1, 3.4).
//!
//! Only boundaries are found here; what a line says is read by the `icalendar` crate, one line at
//! a time, so that a broken one costs only itself.

use super::properties::is_wanted;
use super::{COMPONENTS_MAX, DEPTH_MAX, LINE_MAX, PROBLEMS_MAX, PROPERTIES_MAX, Problem, TEXT_MAX};
use std::borrow::Cow;

/// One unfolded content line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// 1-based number of its first physical line.
    pub number: usize,
    pub text: Cow<'a, str>,
}

impl Line<'_> {
    /// The property name, upper case; empty when the line has none.
    pub fn name(&self) -> String {
        name_of(&self.text).unwrap_or("").to_ascii_uppercase()
    }

    /// Holds words for people, which senders are most careless with.
    fn is_text(&self) -> bool {
        let name = self.name();
        matches!(name.as_str(), "SUMMARY" | "DESCRIPTION" | "LOCATION" | "COMMENT" | "X-ALT-DESC")
    }
}

/// A VEVENT, VTODO or VTIMEZONE with the lines that are its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Component<'a> {
    /// Upper case.
    pub name: String,
    /// Line of its BEGIN.
    pub number: usize,
    pub lines: Vec<Line<'a>>,
    /// STANDARD and DAYLIGHT of a VTIMEZONE; other parts are left out.
    pub parts: Vec<Component<'a>>,
    /// It holds a VALARM.
    pub alarmed: bool,
}

/// Problems, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, line: usize, property: Option<&str>, message: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            let property = property.map(str::to_owned);
            self.0.push(Problem { line: Some(line), property, message: message.into() });
        }
    }
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./".contains(c)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(in_name)
}

fn name_of(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !in_name(c))?;
    let name = text.get(..end)?;
    let next = text.as_bytes().get(end)?;
    (!name.is_empty() && matches!(next, b':' | b';')).then_some(name)
}

/// Physical lines with their numbers, whatever ends them: CRLF, LF, CR alone, or several of these
/// in one stream. Numbers count LF, and CR only where there is no LF at all.
fn physical(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let numbered = text.split(end).enumerate();
    numbered.flat_map(|(index, line)| {
        line.trim_end_matches('\r').split('\r').map(move |line| (index + 1, line))
    })
}

/// Unfolds, and gives each content line to `take` as soon as it is whole. A line that can't begin
/// a property continues a text before it: senders break lines inside a text, or fold without the
/// space. Stops where `take` says so.
fn unfold<'a>(text: &'a str, mut take: impl FnMut(Unfolded<'a>) -> bool) {
    let mut last: Option<Line<'a>> = None;
    let mut state = Filling::Unread;
    let mut raws = physical(text).peekable();
    while let Some((number, raw)) = raws.next() {
        let folded = raw.strip_prefix([' ', '\t']);
        // Old Mozilla folds right behind the name.
        let mut bare =
            || is_name(raw) && raws.peek().is_some_and(|(_, next)| next.starts_with(' '));
        if folded.is_none() && (name_of(raw).is_some() || bare()) {
            let line = Line { number, text: cut(raw).into() };
            state = Filling::of(&line);
            if state == Filling::Read && raw.len() > LINE_MAX {
                take(Unfolded::Long(number, line.name()));
                state = Filling::Full;
            }
            if last.replace(line).is_some_and(|whole| !take(Unfolded::Line(whole))) {
                return;
            }
            continue;
        }
        if raw.trim().is_empty() && folded.is_none() {
            continue;
        }
        let goes_on = |line: &&mut Line<'_>| folded.is_some() || line.is_text();
        let Some(last) = last.as_mut().filter(goes_on) else {
            take(Unfolded::Stray(number));
            continue;
        };
        if state == Filling::Read && last.text.len() + raw.len() > LINE_MAX {
            take(Unfolded::Long(last.number, last.name()));
            state = Filling::Full;
        }
        if state == Filling::Read {
            last.text.to_mut().push_str(folded.unwrap_or(raw));
        }
    }
    if let Some(line) = last {
        take(Unfolded::Line(line));
    }
}

/// What continuations do to a line.
#[derive(PartialEq, Eq)]
enum Filling {
    /// They are part of it.
    Read,
    /// It is as long as it may be.
    Full,
    /// Nobody looks at that property: inline pictures are megabytes of them.
    Unread,
}

impl Filling {
    fn of(line: &Line<'_>) -> Self {
        let name = line.name();
        let read = name.is_empty() || matches!(name.as_str(), "BEGIN" | "END") || is_wanted(&name);
        if read { Self::Read } else { Self::Unread }
    }
}

/// At most [`LINE_MAX`] bytes of a line, no letter cut.
fn cut(raw: &str) -> &str {
    raw.get(..raw.floor_char_boundary(LINE_MAX)).unwrap_or(raw)
}

/// What unfolding meets.
enum Unfolded<'a> {
    Line(Line<'a>),
    /// At that line stands none.
    Stray(usize),
    /// The property of that line and name is too long and was cut.
    Long(usize, String),
}

/// The components of a stream. Those that are cut off, nested wrongly or too many are left out.
pub(super) fn components<'a>(text: &'a str, problems: &mut Problems) -> Vec<Component<'a>> {
    let text = text.trim_start_matches('\u{FEFF}');
    let end = text.floor_char_boundary(TEXT_MAX);
    if end < text.len() {
        problems.add(1, None, "the calendar is too large: its end was not read");
    }
    let mut walk = Walk { open: Vec::new(), depth: 0, done: Vec::new(), problems };
    unfold(text.get(..end).unwrap_or(text), |found| walk.step(found));
    walk.give_up("is cut off and was skipped");
    walk.done
}

/// Where the walk stands.
struct Walk<'a, 'p> {
    /// The component being read and its open part.
    open: Vec<Component<'a>>,
    /// Depth inside parts nobody reads (VALARM and the like), by name.
    depth: usize,
    done: Vec<Component<'a>>,
    problems: &'p mut Problems,
}

fn is_item(name: &str) -> bool {
    matches!(name, "VEVENT" | "VTODO" | "VTIMEZONE")
}

fn value_of(line: &Line<'_>) -> String {
    line.text.split_once(':').map_or("", |(_, v)| v).trim().to_ascii_uppercase()
}

impl<'a> Walk<'a, '_> {
    /// Whether to go on.
    fn step(&mut self, found: Unfolded<'a>) -> bool {
        let line = match found {
            Unfolded::Line(line) => line,
            Unfolded::Stray(number) => {
                self.problems.add(number, None, "this line is no property and was left out");
                return true;
            }
            Unfolded::Long(number, name) => {
                self.problems.add(number, Some(&name), "this line is too long and was cut");
                return true;
            }
        };
        match line.name().as_str() {
            "BEGIN" => self.begin(&line),
            "END" => self.end(&line),
            name if is_wanted(name) || name.is_empty() => self.property(line),
            _ => {}
        }
        let full = self.done.len() >= COMPONENTS_MAX;
        if full {
            self.problems.add(1, None, "the calendar has too many entries: its end was not read");
            self.open.clear();
        }
        !full
    }

    fn begin(&mut self, line: &Line<'a>) {
        let name = value_of(line);
        let component =
            Component { name: name.clone(), number: line.number, ..Component::default() };
        if is_item(&name) || name == "VCALENDAR" {
            self.give_up("has no END and was skipped");
            if is_item(&name) {
                self.open.push(component);
            }
        } else if self.depth == 0
            && self.open.len() == 1
            && matches!(name.as_str(), "STANDARD" | "DAYLIGHT")
        {
            self.open.push(component);
        } else if !self.open.is_empty() && self.depth < DEPTH_MAX {
            if let (0, "VALARM", Some(open)) = (self.depth, name.as_str(), self.open.last_mut()) {
                open.alarmed = true;
            }
            self.depth += 1;
        }
    }

    fn end(&mut self, line: &Line<'a>) {
        let name = value_of(line);
        if self.open.iter().any(|c| c.name == name) {
            // A part without END before it costs nothing but itself.
            while let Some(done) = self.open.pop() {
                self.depth = 0;
                let found = done.name == name;
                match self.open.last_mut() {
                    Some(parent) => parent.parts.push(done),
                    None => self.done.push(done),
                }
                if found {
                    break;
                }
            }
        } else if name == "VCALENDAR" {
            self.give_up("has no END and was skipped");
        } else {
            self.depth = self.depth.saturating_sub(1);
        }
    }

    fn property(&mut self, line: Line<'a>) {
        let (0, Some(component)) = (self.depth, self.open.last_mut()) else { return };
        if component.lines.len() < PROPERTIES_MAX {
            component.lines.push(line);
        } else if component.lines.len() == PROPERTIES_MAX {
            let why = "too many properties: the rest was not read";
            self.problems.add(line.number, Some(&line.name()), why);
            component.lines.push(Line { number: line.number, text: "".into() });
        }
    }

    fn give_up(&mut self, why: &str) {
        if let Some(component) = self.open.first() {
            self.problems.add(component.number, None, format!("this {} {why}", component.name));
        }
        self.open.clear();
        self.depth = 0;
    }
}
