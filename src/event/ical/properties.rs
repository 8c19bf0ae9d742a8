//! Content lines to properties, one at a time through the `icalendar` crate.

use super::lines::{Component, Problems};
use crate::event::mark::{CATEGORY_MARK, COLOUR_MARK};
use icalendar::parser::{Parameter, Property};
use std::collections::BTreeMap;

/// Prefix of our own properties.
pub(super) const MARK: &str = "X-CHRONOTYPE-";

/// The properties of one component, by name, in order.
pub(super) struct Properties {
    /// Line number, name in upper case, the property as the crate reads it.
    pub all: Vec<(usize, String, Property<'static>)>,
}

/// Somebody here looks at it; upper case.
pub(super) fn is_wanted(name: &str) -> bool {
    const NAMES: [&str; 33] = [
        "ATTENDEE",
        "CATEGORIES",
        "CLASS",
        "COLOR",
        "COMPLETED",
        "CONFERENCE",
        "CREATED",
        "DESCRIPTION",
        "DTEND",
        "DTSTART",
        "DUE",
        "DURATION",
        "ESTIMATED-DURATION",
        "EXDATE",
        "EXRULE",
        "LAST-MODIFIED",
        "LOCATION",
        "ORGANIZER",
        "PERCENT-COMPLETE",
        "PRIORITY",
        "RDATE",
        "RECURRENCE-ID",
        "RELATED-TO",
        "RRULE",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "UID",
        "X-LIC-LOCATION",
    ];
    NAMES.contains(&name) || name == "X-MICROSOFT-CDO-BUSYSTATUS" || name.starts_with(MARK)
}

impl Properties {
    /// Reads those that anybody here looks at.
    pub fn read(component: &Component<'_>, problems: &mut Problems) -> Self {
        let mut all = Vec::new();
        for line in &component.lines {
            let name = line.name();
            if !is_wanted(&name) {
                continue;
            }
            // The crate knows the value type of upper-case names only.
            let upper = line.text.get(name.len()..).map(|rest| format!("{name}{rest}"));
            let read = upper.as_deref().and_then(|text| Property::try_from(text).ok().map(owned));
            match read {
                Some(property) => all.push((line.number, name, property)),
                None => problems.add(line.number, Some(&name), "this line can't be read"),
            }
        }
        Self { all }
    }

    /// The first property of that name.
    pub fn first(&self, name: &str) -> Option<&(usize, String, Property<'static>)> {
        self.all.iter().find(|(_, n, _)| n == name)
    }

    /// The value of the first property of that name.
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name).map(|(_, _, p)| p.val.as_str().to_owned())
    }

    /// Line number and value of every property of that name.
    pub fn all(&self, name: &str) -> Vec<(usize, String)> {
        let named = self.all.iter().filter(|(_, n, _)| n == name);
        named.map(|(line, _, p)| (*line, p.val.as_str().to_owned())).collect()
    }
}

impl Properties {
    /// A block of ours bears what we never give one: an alarm, a category or colour that is not the
    /// one we gave, a conference, a class other than the usual, which servers add.
    pub(super) fn furnish_a_block(&self, marks: &BTreeMap<String, String>, alarmed: bool) -> bool {
        let word = |name: &str| self.text(name).unwrap_or_default().trim().to_ascii_uppercase();
        let given = |name: &str| marks.get(name).map(|word| word.to_uppercase());
        let category = given(CATEGORY_MARK);
        let categories = self.all("CATEGORIES").into_iter();
        let mut categories = categories.flat_map(|(_, list)| {
            list.split(',').map(|word| word.trim().to_uppercase()).collect::<Vec<_>>()
        });
        let colour = Some(word("COLOR")).filter(|word| !word.is_empty());
        alarmed
            || categories.any(|word| !word.is_empty() && Some(word) != category)
            || (colour.is_some() && colour != given(COLOUR_MARK))
            || self.first("CONFERENCE").is_some()
            || !matches!(word("CLASS").as_str(), "" | "PUBLIC")
    }
}

fn owned(property: Property<'_>) -> Property<'static> {
    Property {
        name: property.name.into_owned(),
        val: property.val.into_owned(),
        params: property
            .params
            .into_iter()
            .map(|p| Parameter { key: p.key.into_owned(), val: p.val.map(|v| v.into_owned()) })
            .collect(),
    }
}

/// A parameter without its quotes, carets decoded (RFC 6868).
pub(super) fn param(property: &Property<'_>, name: &str) -> Option<String> {
    let found = property.params.iter().find(|p| p.key.as_str().eq_ignore_ascii_case(name))?;
    found.val.as_ref().map(|v| without_carets(v.as_str().trim_matches('"')))
}

/// `^n` is a line break, `^'` a double quote, `^^` a caret; another caret stands for itself.
fn without_carets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('^') {
        let (letter, taken) = match after.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b'\'') => ('"', 1),
            Some(b'^') => ('^', 1),
            _ => ('^', 0),
        };
        out.push_str(plain);
        out.push(letter);
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_are_decoded() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a^nb^'c^'", "a\nb\"c\""),
            ("^^n^^^n", "^n^\n"),
            ("^x^", "^x^"),
            ("^\u{e4}", "^\u{e4}"),
        ] {
            assert_eq!(without_carets(text), expected);
        }
    }
}
