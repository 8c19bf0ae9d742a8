//! Whether two texts of a block mean the same. Servers rewrite what they store: lines in another
//! order, properties added, white space and stamps changed, a description in HTML; none of that is
//! a change of the block.

use crate::event::html;
use crate::event::ical::{self, EventComponent, ObjectResource};
use std::collections::BTreeMap;

/// How what stands differs from what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Not in meaning.
    Same,
    /// Only in that our marks are gone or broken.
    Unmarked,
    /// In meaning: somebody changed it, or it is another object.
    Other,
}

/// Reads what stands against what was written.
pub fn compare(stands: &str, wrote: &str) -> Reading {
    let (stands, wrote) = (meaning(stands), meaning(wrote));
    let bare = |all: &[ObjectResource]| {
        let mut all = all.to_vec();
        let events = all.iter_mut().flat_map(|object| &mut object.events);
        events.for_each(|event| event.marks = BTreeMap::new());
        all
    };
    match () {
        () if stands == wrote => Reading::Same,
        () if bare(&stands) == bare(&wrote) => Reading::Unmarked,
        () => Reading::Other,
    }
}

fn meaning(text: &str) -> Vec<ObjectResource> {
    let mut objects = ical::parse(text).objects;
    objects.iter_mut().flat_map(|object| &mut object.events).for_each(reduce);
    objects
}

/// What servers set as they like becomes the same.
fn reduce(event: &mut EventComponent) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    event.summary = words(&event.summary);
    event.description = words(&html::plain(&event.description));
    event.location = words(&event.location);
    event.created = None;
    event.last_modified = None;
    event.sequence = 0;
    event.organizer = None;
    for mark in event.marks.values_mut() {
        *mark = words(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:chronotype-1\r\n\
        DTSTAMP:20260301T080000Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\n\
        SUMMARY:Deep work\r\nSEQUENCE:1\r\nSTATUS:TENTATIVE\r\n\
        X-CHRONOTYPE-BLOCK:chronotype-1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn rewritten_is_the_same_and_changed_is_not() {
        let check = |from: &str, to: &str, expected| {
            assert!(BLOCK.contains(from), "{from}");
            assert_eq!(compare(&BLOCK.replace(from, to), BLOCK), expected, "{to}");
        };
        check("SEQUENCE:1\r\n", "CLASS:PUBLIC\r\nSEQUENCE:4\r\n", Reading::Same);
        check("SUMMARY:Deep work\r\nSEQUENCE:1", "SEQUENCE:1\nSUMMARY:Deep  work", Reading::Same);
        check("DTSTAMP:20260301", "DTSTAMP:20270301", Reading::Same);
        check("SEQUENCE:1", "DESCRIPTION:<p>&nbsp\\;</p>\r\nSEQUENCE:1", Reading::Same);
        check("SEQUENCE:1", "DESCRIPTION:<p>&lt\\;p></p>\r\nSEQUENCE:1", Reading::Other);
        check("X-CHRONOTYPE-BLOCK:chronotype-1\r\n", "", Reading::Unmarked);
        check("Deep", "My", Reading::Other);
        check("T100000Z", "T110000Z", Reading::Other);
        check("TENTATIVE", "CONFIRMED", Reading::Other);
        check("UID:chronotype-1", "UID:other", Reading::Other);
        assert_eq!(compare("", BLOCK), Reading::Other);
    }
}
