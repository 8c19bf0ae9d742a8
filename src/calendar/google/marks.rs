//! Our marks: `X-CHRONOTYPE-*` properties as private extended properties and back.
//!
//! `X-CHRONOTYPE-BLOCK` is `chronotypeBlock`; RELATED-TO, which Google has no field for, travels
//! beside them.

use crate::event::base32hex_name;
use crate::event::mark::CATEGORY_MARK;
use google_calendar3::api::Event;
use std::collections::{BTreeMap, HashMap};

/// Begins the name of every one.
const KEY: &str = "chronotype";
/// Begins the name of every one, in iCalendar.
const NAME: &str = "X-CHRONOTYPE-";
/// The block's own UID.
const BLOCK: &str = "chronotypeBlock";
/// RELATED-TO.
pub const RELATED: &str = "chronotypeRelatedTo";
/// The colour that we gave: it is nobody's edit.
pub const COLOUR: &str = "chronotypeColour";
/// Longest key that Google stores.
const KEY_MAX: usize = 44;
/// Longest value that Google stores, in characters.
const VALUE_MAX: usize = 1024;

/// The key of a mark; `None` when Google would not store it.
pub fn key(name: &str) -> Option<String> {
    let mut key = KEY.to_owned();
    for word in name.strip_prefix(NAME)?.split('-') {
        let (first, rest) = word.split_at_checked(1)?;
        if first.bytes().all(|b| b.is_ascii_digit()) {
            key.push('-');
        }
        key.push_str(first);
        key.push_str(&rest.to_ascii_lowercase());
    }
    (key.len() <= KEY_MAX && key != RELATED && key != COLOUR).then_some(key)
}

/// The mark of a key.
fn name(key: &str) -> Option<String> {
    let own = key == RELATED || key == COLOUR;
    let rest = key.strip_prefix(KEY).filter(|rest| !rest.is_empty() && !own)?;
    let legal = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let mut name = NAME.to_owned();
    for c in rest.trim_start_matches('-').chars() {
        if c.is_ascii_uppercase() && !name.ends_with('-') {
            name.push('-');
        }
        name.push(c.to_ascii_uppercase());
    }
    legal.then_some(name)
}

/// Marks and RELATED-TO as Google stores them; what it would refuse is left out.
pub fn properties(
    marks: &BTreeMap<String, String>,
    related_to: Option<&str>,
) -> HashMap<String, String> {
    let marks = marks.iter().filter_map(|(name, value)| Some((key(name)?, value.clone())));
    let related = related_to.map(|uid| (RELATED.to_owned(), uid.to_owned()));
    marks.chain(related).filter(|(_, value)| value.chars().count() <= VALUE_MAX).collect()
}

fn private(event: &Event) -> Option<&HashMap<String, String>> {
    event.extended_properties.as_ref()?.private.as_ref()
}

/// The marks of an event.
pub fn marks(event: &Event) -> BTreeMap<String, String> {
    let all = private(event).into_iter().flatten();
    all.filter_map(|(key, value)| Some((name(key)?, value.clone()))).collect()
}

/// RELATED-TO of an event.
pub fn related_to(event: &Event) -> Option<&str> {
    private(event)?.get(RELATED).map(String::as_str)
}

/// The colour of an event's category (an id of Google's fixed palette of eleven).
pub fn colour(marks: &BTreeMap<String, String>) -> Option<&'static str> {
    match marks.get(CATEGORY_MARK)?.as_str() {
        // Blueberry, tangerine, graphite.
        "focused" => Some("9"),
        "collaborative" => Some("6"),
        "administrative" => Some("8"),
        _ => None,
    }
}

/// Whether an event has a colour that we have not given it.
pub fn is_repainted(event: &Event) -> bool {
    let ours = private(event).and_then(|all| all.get(COLOUR));
    event.color_id.is_some() && event.color_id.as_ref() != ours
}

/// The UID of a block of ours: its mark, when the id is the one that this UID gives. A copy bears
/// the mark under another id, and is the person's.
pub fn own_uid(event: &Event) -> Option<&str> {
    let uid = private(event)?.get(BLOCK)?;
    (event.id.as_deref() == Some(base32hex_name(uid).as_str())).then_some(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_travel_both_ways() {
        for (mark, expected) in [
            ("X-CHRONOTYPE-BLOCK", "chronotypeBlock"),
            ("X-CHRONOTYPE-FOO-BAR", "chronotypeFooBar"),
            ("X-CHRONOTYPE-FOO2-3", "chronotypeFoo2-3"),
            ("X-CHRONOTYPE-2-FOO", "chronotype-2Foo"),
        ] {
            assert_eq!(key(mark).as_deref(), Some(expected));
            assert_eq!(name(expected).as_deref(), Some(mark));
        }
        for mark in [
            "X-CHRONOTYPE-",
            "X-CHRONOTYPE-A--B",
            "X-OTHER",
            "X-CHRONOTYPE-RELATED-TO",
            "X-CHRONOTYPE-COLOUR",
        ] {
            assert_eq!(key(mark), None, "{mark}");
        }
        for key in ["chronotype", "other", "chronotypeA B", "chronotypeRelatedTo", COLOUR] {
            assert_eq!(name(key), None, "{key}");
        }
    }
}
