//! Bytes of a file or a reply to text.

use std::borrow::Cow;

/// 0x80 to 0x9F of Windows-1252; the rest of it is Latin-1.
const WINDOWS_1252: &str = "€\u{FFFD}‚ƒ„…†‡ˆ‰Š‹Œ\u{FFFD}Ž\u{FFFD}\u{FFFD}‘’“”•–—˜™š›œ\u{FFFD}žŸ";

/// Text of any bytes: UTF-8 (with or without BOM, also where a fold splits a character), UTF-16
/// (with BOM, or known by its first letter), Windows-1252 where no character is one of UTF-8; else
/// what can't be decoded becomes U+FFFD.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [b'B' | b'b', 0, b'E' | b'e', 0, ..] => utf16(bytes, u16::from_le_bytes).into(),
        [0, b'B' | b'b', 0, b'E' | b'e', ..] => utf16(bytes, u16::from_be_bytes).into(),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => damaged(&unfolded(bytes)).into(),
    }
}

/// Where some characters are UTF-8 the rest is damage; where none is, an older program wrote it.
fn damaged(bytes: &[u8]) -> String {
    if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let letter = |byte: &u8| match byte {
        0x80..=0x9F => WINDOWS_1252.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{FFFD}'),
        _ => char::from(*byte),
    };
    bytes.iter().map(letter).collect()
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
        let cases: [(&[u8], &str); 10] = [
            (b"SUMMARY:a\r\n b", "SUMMARY:a\r\n b"),
            (b"\xEF\xBB\xBFBEGIN", "BEGIN"),
            (b"SUMMARY:\xC3\r\n \xA4\r\n b", "SUMMARY:ä\r\n b"),
            (b"\xFF\xFEB\0\xE4\0", "Bä"),
            (b"\xFE\xFF\0B\0\xE4", "Bä"),
            (b"B\0E\0", "BE"),
            (b"\0b\0e", "be"),
            (b"SUMMARY:\xE4\x80\x96", "SUMMARY:\u{4016}"),
            (b"SUMMARY:B\xE4r \x96 \x805", "SUMMARY:Bär – €5"),
            (b"SUMMARY:\xC3\xA4 \xE4", "SUMMARY:ä \u{FFFD}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), expected);
        }
    }
}
