//! Writes as a diff: `+` comes, `~` moves, `-` goes.

use super::output::{BAD, FAINT, GOOD, WARN, columns, styled};
use super::suggestions::type_name;
use super::table::{cut, plain, wrap};
use super::{name, status};
use crate::event::Uid;
use crate::event::time::local_date;
use crate::schedule::suggestion::{Intent, Suggestion};
use crate::schedule::written::Write;
use crate::store::Person;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// From start to end, not included.
type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    uid: Uid,
    from: Option<Stretch>,
    to: Option<Stretch>,
}

/// Longest title shown on a line where nothing limits it.
const TITLE_MAX: usize = 60;
/// A title keeps at least these columns.
const TITLE_MIN: usize = 8;

impl Change {
    /// The write that is decided for a block.
    pub fn intended(block: &Suggestion) -> Option<Self> {
        let stands = block.published.as_ref().map(|p| (p.start, p.end));
        let wanted = Some((block.start, block.end));
        let (from, to) = match block.intent? {
            Intent::Create => (None, wanted),
            Intent::Update => (stands, wanted),
            Intent::Delete => (stands, None),
        };
        Some(Self { uid: block.uid.clone(), from, to })
    }

    /// That a block goes.
    pub fn removal(block: &Suggestion) -> Self {
        let stands = block.published.as_ref().map(|p| (p.start, p.end));
        let from = stands.or(Some((block.start, block.end)));
        Self { uid: block.uid.clone(), from, to: None }
    }

    /// Which block.
    pub fn uid(&self) -> &Uid {
        &self.uid
    }

    /// A write that was made.
    pub fn made(write: &Write) -> Self {
        let stretch = |place: &crate::schedule::written::Place| (place.start, place.end);
        Self {
            uid: write.uid.clone(),
            from: write.from.as_ref().map(stretch),
            to: write.to.as_ref().map(stretch),
        }
    }

    /// The same the other way round.
    pub fn back(self) -> Self {
        Self { from: self.to, to: self.from, ..self }
    }

    fn sign(&self) -> char {
        match (self.from, self.to) {
            (None, _) => '+',
            (Some(_), Some(_)) => '~',
            (Some(_), None) => '-',
        }
    }

    fn when(&self, zone: Tz) -> String {
        let stretch = |(start, end): Stretch| {
            let (from, to) = (start.with_timezone(&zone), end.with_timezone(&zone));
            format!("{}-{}", from.format("%a %-d %b %H:%M"), to.format("%H:%M"))
        };
        match (self.from, self.to) {
            (Some(from), Some(to)) => {
                let day = |s: Stretch| local_date(s.0, zone);
                let (old, new) = (stretch(from), stretch(to));
                // The day is said twice only where it is another one.
                let same = day(from) == day(to);
                let new = if same { new.rsplit(' ').next().unwrap_or(&new) } else { &new };
                format!("{old} -> {new}")
            }
            (at, None) | (None, at) => at.map(stretch).unwrap_or_default(),
        }
    }

    /// For scripts.
    pub fn fields(&self, person: &Person) -> Value {
        let block = person.suggestions.get(&self.uid);
        let place = |stretch: Option<Stretch>| {
            stretch
                .map(|(start, end)| json!({ "start": status::utc(start), "end": status::utc(end) }))
        };
        json!({
            "change": match self.sign() { '+' => "create", '~' => "move", _ => "remove" },
            "id": name::block(&self.uid),
            "uid": self.uid.as_str(),
            "title": block.map(|b| b.title.as_str()),
            "task_type": block.and_then(|b| type_name(b, person)),
            "from": place(self.from),
            "to": place(self.to),
        })
    }
}

/// What a list of changes says beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A line each.
    Lines,
    /// And why there.
    Reasons,
}

/// The changes in order of time, a line each, with the block's id.
pub fn lines(changes: &[Change], person: &Person, zone: Tz, depth: Depth) -> String {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|c| (c.to.or(c.from), &c.uid));
    let whens: Vec<String> = sorted.iter().map(|c| c.when(zone)).collect();
    let longest = whens.iter().map(|when| when.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (change, when) in sorted.iter().zip(&whens) {
        let block = person.suggestions.get(&change.uid);
        let id = name::block(&change.uid);
        // The sign, two gaps, and the id with its gap.
        let taken = 2 + longest + 2 + 2 + id.width();
        let room = columns().map_or(TITLE_MAX, |width| width.saturating_sub(taken));
        let title = plain(block.map_or("", |block| block.title.as_str()));
        let title = cut(&title, room.max(TITLE_MIN));
        let style = match change.sign() {
            '+' => GOOD,
            '~' => WARN,
            _ => BAD,
        };
        let padded = format!("{when}{}", " ".repeat(longest.saturating_sub(when.width())));
        let head = styled(style, &format!("{} {padded}", change.sign()));
        text.push_str(&format!("{head}  {title}  {}\n", styled(FAINT, &id)));
        let reasons = block.filter(|_| depth == Depth::Reasons && change.to.is_some());
        for reason in reasons.iter().flat_map(|block| &block.reasons) {
            text.push_str(&styled(FAINT, &wrap(&plain(reason), 4, columns())));
        }
    }
    text
}
