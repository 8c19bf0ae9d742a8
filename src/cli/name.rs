//! Short names of what lists print, as `explain` and `rate` take them: `e…` events
//! ([`EventId::short`](crate::event::EventId::short)), `b…` blocks, `i…` insights.

use super::CommandError;
use super::table::plain;
use crate::event::{Event, Uid};
use crate::memory::graph::Insight;
use crate::schedule::suggestion::Suggestion;
use crate::store::Person;

/// Fewest characters of an id that are looked up.
const SHORTEST: usize = 2;

/// A block: `b` and nine hex digits of its UID's hash.
pub fn block(uid: &Uid) -> String {
    format!("b{}", uid.short())
}

/// An insight: `i` and its number.
pub fn insight(number: u32) -> String {
    format!("i{number}")
}

/// The number of an insight as a list prints it.
///
/// # Errors
/// A usage error that says where such names stand.
pub fn insight_number(name: &str) -> Result<u32, CommandError> {
    let number = name.strip_prefix('i').and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| {
        CommandError::usage(format!("'{name}' names no insight"))
            .hint("names look like i4: `chronotype insights` lists them")
    })
}

/// What an id names.
pub enum Found<'a> {
    /// A block.
    Block(&'a Suggestion),
    /// An event.
    Event(&'a Event),
    /// An insight.
    Insight(&'a Insight),
}

/// The block, event or insight of an id, of its beginning, or of a UID.
///
/// # Errors
/// A failure when nothing, or more than one thing, has that id.
pub fn find<'a>(person: &'a Person, id: &str) -> Result<Found<'a>, CommandError> {
    let wanted = id.to_lowercase();
    let begins = |short: &str| wanted.len() >= SHORTEST && short.starts_with(&wanted);
    let mut found: Vec<(String, Found<'a>)> = Vec::new();
    for known in person.memory.all() {
        let short = insight(known.id);
        // Numbers have no beginnings: i1 is not i12.
        if short == wanted {
            found.push((short, Found::Insight(known)));
        }
    }
    for known in person.suggestions.values() {
        let short = block(&known.uid);
        if begins(&short) || known.uid.as_str() == id {
            found.push((short, Found::Block(known)));
        }
    }
    for event in person.events.values() {
        let short = event.id.short();
        let whole = event.id.uid.as_str() == id && !person.suggestions.contains_key(&event.id.uid);
        if begins(&short) || whole {
            found.push((short, Found::Event(event)));
        }
    }
    let several = found.len();
    match (found.pop(), several) {
        (Some((_, only)), 1) => Ok(only),
        (None, _) => Err(CommandError::failure(format!("nothing has the id '{}'", plain(id)))
            .hint("`suggestions`, `agenda` and `insights` print the ids")),
        (Some((last, _)), _) => {
            let mut all: Vec<String> = found.into_iter().map(|(short, _)| short).collect();
            all.push(last);
            all.sort();
            all.truncate(5);
            Err(CommandError::failure(format!("{several} things begin with '{}'", plain(id)))
                .hint(format!("write more of it: {} …", all.join(", "))))
        }
    }
}
