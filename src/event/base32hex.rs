//! A UID in letters, where a server's names take no others.
//!
//! Google takes event ids of a client's choice: 5 to 1024 letters of base32hex in lower case (RFC
//! 4648 section 7). The same UID gives the same id, so that a repeated insert meets its first try.
//! The id of a deleted event stays taken.

use super::OUR_PREFIX;

/// Base32hex in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
/// Bytes of a hash that go into an id; our UIDs hold as many.
const BYTES: usize = 16;

/// The event id for a UID: of ours, the hash it is made of; of any other, a hash of it.
pub fn base32hex_name(uid: &str) -> String {
    let held = uid.strip_prefix(OUR_PREFIX).and_then(bytes);
    base32hex(&held.unwrap_or_else(|| {
        let hash = blake3::hash(uid.as_bytes());
        hash.as_bytes().iter().take(BYTES).copied().collect()
    }))
}

/// Sixteen bytes in hex.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let legal = hex.len() == 2 * BYTES
        && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !legal {
        return None;
    }
    let pairs = (0..BYTES).map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok());
    pairs.collect()
}

fn base32hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_legal_and_hold_the_hash_of_the_uid() {
        // RFC 4648 section 10, without its padding.
        assert_eq!(base32hex(b"foobar"), "cpnmuoj1e8");
        assert_eq!(base32hex(b"foob"), "cpnmuog");
        let uid = "chronotype-00112233445566778899aabbccddeeff";
        assert_eq!(base32hex_name(uid), "008i4cq4alj7f24platspnfevs");
        let mut ids = std::collections::BTreeSet::new();
        for uid in [uid, "chronotype-1", "chronotype-00112233445566778899AABBCCDDEEFF", "x@y", ""] {
            let id = base32hex_name(uid);
            assert!((5..=1024).contains(&id.len()), "{id}");
            assert!(id.bytes().all(|b| ALPHABET.contains(&b)), "{id}");
            assert!(ids.insert(id), "{uid}");
        }
    }
}
