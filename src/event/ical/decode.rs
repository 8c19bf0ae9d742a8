//! Bytes of a file or a reply to text.

use std::borrow::Cow;

/// Text of any bytes: UTF-8 (with or without BOM, also where a fold splits a character), UTF-16
/// with BOM, else every undecodable byte becomes U+FFFD.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(&unfolded(bytes)).into_owned().into(),
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Without the folds that lie between two bytes of one character (RFC 5545 section 3.1).
fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let after = match rest {
            [b'\r', b'\n', b' ' | b'\t', after @ ..] | [b'\n', b' ' | b'\t', after @ ..] => after,
            _ => &[],
        };
        // A continuation byte can't open a line: only a split character goes on with one.
        if after.first().is_some_and(|b| b & 0xC0 == 0x80) {
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_in_use_are_read() {
        let cases: [(&[u8], &str); 6] = [
            (b"SUMMARY:a\r\n b", "SUMMARY:a\r\n b"),
            (b"\xEF\xBB\xBFBEGIN", "BEGIN"),
            (b"SUMMARY:\xC3\r\n \xA4\r\n b", "SUMMARY:ä\r\n b"),
            (b"\xFF\xFEB\0\xE4\0", "Bä"),
            (b"\xFE\xFF\0B\0\xE4", "Bä"),
            (b"SUMMARY:\xE4", "SUMMARY:\u{FFFD}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), expected);
        }
    }
}
