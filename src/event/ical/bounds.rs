//! How much of one property is read. A line may be a megabyte (real ones carry pictures); what is
//! kept of it stands in every occurrence of a series, and strangers write invitations.

use crate::event::id::Uid;

/// Characters of a SUMMARY, a LOCATION, a mark.
const WORDS: usize = 1_000;
/// Characters of a DESCRIPTION.
const DESCRIPTION: usize = 16_384;
/// Bytes of a UID; RFC 7986 section 5.3 asks for less than 255.
const UID: usize = 1_024;
/// Guests, and what else may stand many times in one component.
pub(super) const MANY: usize = 2_000;
/// Bytes of a calendar address (RFC 5321 section 4.5.3.1: 64 + 1 + 255).
pub(super) const ADDRESS: usize = 320;

/// The beginning of a text.
pub(super) fn text(name: &str, mut text: String) -> String {
    let most = if name == "DESCRIPTION" { DESCRIPTION } else { WORDS };
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

/// A UID as it stands; of one that is longer, or that can't be written back, its fingerprint.
pub(super) fn uid(text: &str) -> Uid {
    let fits = text.len() <= UID && !text.contains(char::is_control);
    if fits { Uid::new(text) } else { Uid::of_content(&[text]) }
}

#[cfg(test)]
mod tests {
    use crate::event::ical::parse;

    #[test]
    fn what_a_stranger_writes_at_length_is_cut() {
        let long = "\u{e4}".repeat(300_000);
        let text = format!(
            "BEGIN:VEVENT\nUID:{long}\nDTSTART:20260302T090000Z\nSUMMARY:{long}\nLOCATION:{long}\n\
             DESCRIPTION:{long}\nRELATED-TO:{long}\nX-CHRONOTYPE-X:{long}\nX-CHRONOTYPE-{}:1\n\
             ATTENDEE:mailto:{long}@example.org\nATTENDEE:mailto:ann@example.org\nEND:VEVENT\n",
            "A".repeat(1_000)
        );
        let parsed = parse(&text);
        let object = parsed.objects.first().unwrap();
        let event = object.events.first().unwrap();
        let lengths =
            [&event.summary, &event.location, &event.description].map(|text| text.chars().count());
        assert_eq!(lengths, [1_000, 1_000, 16_384]);
        let related = event.related_to.as_ref().unwrap();
        assert!(object.uid.as_str().len() < 100 && related.as_str().len() < 100);
        assert_eq!(object.uid, parse(&text).objects[0].uid);
        let marks: Vec<usize> = event.marks.values().map(|mark| mark.chars().count()).collect();
        assert!(marks.iter().all(|length| *length <= 1_000) && marks.len() == 2, "{marks:?}");
        let guests: Vec<&str> = event.attendees.iter().map(|a| a.address.as_str()).collect();
        assert_eq!(guests, ["ann@example.org"]);
    }
}
