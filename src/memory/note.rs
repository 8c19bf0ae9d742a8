//! What the person says themselves: a note is an insight without a test, about what it names.

use super::detect::weekday_name;
use super::graph::{Draft, Graph, Kind, Node};
use crate::task::{Category, Types, title};
use chrono::{DateTime, Utc};

/// Longest note, in characters: a thought, not a document.
pub const LONGEST: usize = 500;
/// Most notes that hold at once: more is a script gone wrong.
pub const MOST: usize = 2_000;
/// Names of types shorter than this are found in words that don't mean them.
const LEAST_NAME: usize = 3;

/// Why a note was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Nothing in it, or too much.
    #[error("say in 1 to {LONGEST} characters what to remember")]
    Length,
    /// [`MOST`] hold already.
    #[error("{MOST} notes are remembered already: forget some first")]
    TooMany,
}

/// Takes down what the person said; the number of the insight. What is remembered already is not
/// written twice.
///
/// # Errors
/// [`NoteError`]; nothing is written then.
pub fn remember(
    graph: &mut Graph,
    types: &Types,
    text: &str,
    (said, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u32, NoteError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(NoteError::Length);
    }
    let notes = || graph.active().filter(|i| i.kind == Kind::Remembered);
    if let Some(known) = notes().find(|i| i.sentence == text) {
        return Ok(known.id);
    }
    if notes().count() >= MOST {
        return Err(NoteError::TooMany);
    }
    let draft = Draft {
        kind: Kind::Remembered,
        about: nodes(text, types),
        sentence: text.to_owned(),
        evidence: Vec::new(),
        counts: (0, 0),
        confidence: 1.0,
        valid_from: said,
    };
    Ok(graph.add(draft, now))
}

/// What a text names: weekdays, categories, task types.
fn nodes(text: &str, types: &Types) -> Vec<Node> {
    let folded = format!(" {} ", title::normalise(text));
    let names = |word: &str| folded.contains(&format!(" {word} "));
    let mut found = Vec::new();
    for kind in types.by_id.values() {
        let name = title::normalise(&kind.name);
        if name.chars().count() >= LEAST_NAME && names(&name) {
            found.push(Node::TaskType(kind.id));
        }
    }
    for category in Category::ALL.iter().filter(|c| names(c.word())) {
        found.push(Node::Category(category.word().to_owned()));
    }
    for weekday in 1..=7 {
        let name = weekday_name(weekday).to_lowercase();
        if names(&name) || names(&format!("{name}s")) {
            found.push(Node::Weekday(weekday));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_taken_once_and_knows_what_it_is_about() {
        let (mut graph, types) = (Graph::default(), Types::default());
        let now = DateTime::UNIX_EPOCH;
        let mut say = |text: &str| remember(&mut graph, &types, text, (now, now));
        assert_eq!(say("No focused work on Fridays, please"), Ok(0));
        assert_eq!(say(" No focused work on Fridays, please "), Ok(0));
        assert_eq!(say("  "), Err(NoteError::Length));
        assert_eq!(say(&"x".repeat(501)), Err(NoteError::Length));
        let about = &graph.get(0).unwrap().about;
        assert_eq!(about, &[Node::Category("focused".into()), Node::Weekday(5)]);
    }
}
