//! Whom the person meets, by hashes: no address and no name is kept.

use super::ical::ObjectResource;
use super::{EventHash, EventId, PrincipalId, Uid};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Somebody else on a guest list, by 32 bits of a hash salted per person. It is short on purpose:
/// enough to tell the people of one calendar apart, too little to prove who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guest(pub u32);

/// Longer guest lists are cut: who is one of so many says little.
pub const MOST_GUESTS: usize = 32;

impl Guest {
    /// The guest with this calendar address.
    pub fn of(salt: &[u8; 16], address: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(salt).update(address.as_bytes());
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        Self(u32::from_le_bytes([a, b, c, d]))
    }

    /// The guests with these addresses, in order, each once, at most [`MOST_GUESTS`].
    pub fn list<'a>(
        salt: &[u8; 16],
        addresses: impl IntoIterator<Item = &'a String>,
    ) -> Vec<Guest> {
        let mut guests: Vec<Guest> =
            addresses.into_iter().map(|address| Self::of(salt, address)).collect();
        guests.sort_unstable();
        guests.dedup();
        guests.truncate(MOST_GUESTS);
        guests
    }
}

/// Whom the person meets at which object resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guests {
    /// Salt of the hashes, kept from the first guest on.
    pub salt: Option<[u8; 16]>,
    /// By object resource, named by the hash of its UID; one without a guest list is not in it.
    pub by_object: BTreeMap<EventHash, Vec<Guest>>,
}

impl Guests {
    /// Takes over who takes part in an object resource, in any of its occurrences. `own` are the
    /// person's addresses; rooms are nobody. `salt` is taken where there is none yet.
    pub fn note(&mut self, object: &ObjectResource, own: &[String], salt: [u8; 16]) {
        let others = object.events.iter().flat_map(|component| &component.attendees);
        let others = others.filter(|a| !a.resource && !own.contains(&a.address));
        let mut others = others.map(|attendee| &attendee.address).peekable();
        if others.peek().is_none() {
            self.by_object.remove(&name(&object.uid));
            return;
        }
        let salt = *self.salt.get_or_insert(salt);
        self.by_object.insert(name(&object.uid), Guest::list(&salt, others));
    }

    /// A salt for this person's hashes, for somebody first seen at this moment.
    pub fn draw_salt(principal: &PrincipalId, now: DateTime<Utc>) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(principal.as_str().as_bytes());
        hasher.update(&now.timestamp_micros().to_le_bytes());
        let mut salt = [0; 16];
        salt.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        salt
    }

    /// Who takes part in an object resource; empty where it has no guest list.
    pub fn of(&self, uid: &Uid) -> &[Guest] {
        self.by_object.get(&name(uid)).map_or(&[], Vec::as_slice)
    }
}

fn name(uid: &Uid) -> EventHash {
    EventId { uid: uid.clone(), recurrence_id: None }.hash()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ical;

    const OWN: &str = "me@example.org";

    fn meeting(guests: &[&str]) -> ObjectResource {
        let lines: String = guests.iter().map(|g| format!("ATTENDEE:mailto:{g}\r\n")).collect();
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n\
             DTSTAMP:20260301T000000Z\r\nDTSTART:20260302T100000Z\r\n{lines}\
             ATTENDEE;CUTYPE=ROOM:mailto:room@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        ical::parse(&text).objects.remove(0)
    }

    #[test]
    fn guests_are_told_apart_and_nobody_is_named() {
        let (own, salt) = ([OWN.to_owned()], [7; 16]);
        let mut guests = Guests::default();
        guests.note(&meeting(&[OWN]), &own, salt);
        assert_eq!(guests, Guests::default());
        guests.note(&meeting(&[OWN, "ines@example.org", "jo@example.org"]), &own, salt);
        let both = guests.of(&Uid::new("u")).to_vec();
        assert_eq!(both.len(), 2);
        // The salt of the first time stays, and an object tells anew who takes part.
        guests.note(&meeting(&["INES@example.org", "ines@example.org"]), &own, [8; 16]);
        let ines = guests.of(&Uid::new("u"));
        assert!(ines.len() == 1 && both.contains(&ines[0]));
        assert_eq!(ines, Guest::list(&salt, [&"ines@example.org".to_owned()]));
        assert_ne!(ines, Guest::list(&[8; 16], [&"ines@example.org".to_owned()]));
        guests.note(&meeting(&[]), &own, salt);
        assert!(guests.of(&Uid::new("u")).is_empty() && guests.by_object.is_empty());
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..100).map(|n| format!("p{n}@example.org")).collect();
        assert_eq!(Guest::list(&[0; 16], &many).len(), MOST_GUESTS);
    }
}
