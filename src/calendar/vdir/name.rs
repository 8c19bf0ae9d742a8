//! File names as hrefs: which files are objects, and names that are no UTF-8.
//!
//! Invariant: one href stands for one file name, and no href leads out of its folder.

use crate::event::Href;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The href of the collection that the account's own folder is.
pub const HERE: &str = ".";
/// The file that holds a collection's name.
pub const DISPLAYNAME: &str = "displayname";
/// The file that holds a collection's colour, as `#RRGGBB`.
pub const COLOR: &str = "color";
/// Begins the name of what a deletion of ours has set aside; the object's name follows.
const ASIDE: &str = ".chronotype-gone-";

/// A name that stays in its folder and is not hidden.
pub fn is_segment(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| *first != b'.')
        && !bytes.iter().any(|b| matches!(b, b'/' | 0))
}

/// A file that holds an object: `.ics` in any case. Hidden and `.tmp` files are writes under way.
pub fn is_object(name: &OsStr) -> bool {
    let ics = |end: &[u8]| end.eq_ignore_ascii_case(b".ics");
    is_segment(name) && name.as_bytes().last_chunk::<4>().is_some_and(|end| ics(end))
}

/// The href of a file or folder: its name. One that is no UTF-8 begins with a slash, which no name
/// can, and has its bytes as `%XX`.
pub fn href_of(name: &OsStr) -> Href {
    if let Some(name) = name.to_str() {
        return Href::new(name);
    }
    let mut href = String::from("/");
    for byte in name.as_bytes() {
        match byte {
            b'-' | b'.' | b'_' | b' ' | b'@' => href.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => href.push(char::from(*byte)),
            byte => href.push_str(&format!("%{byte:02X}")),
        }
    }
    Href::new(href)
}

/// The name behind an href; `None` when it is the href of no file in its folder.
pub fn name_of(href: &str) -> Option<OsString> {
    let name = match href.strip_prefix('/') {
        None => OsString::from(href),
        Some(coded) => OsString::from_vec(uncoded(coded)?),
    };
    (is_segment(&name) && href_of(&name).as_str() == href).then_some(name)
}

fn uncoded(coded: &str) -> Option<Vec<u8>> {
    let mut parts = coded.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// Where a deletion sets the object of that name aside.
pub fn aside(name: &OsStr) -> OsString {
    let mut aside = OsString::from(ASIDE);
    aside.push(name);
    aside
}

/// The object that was set aside under this name by a deletion that was broken off.
pub fn set_aside(name: &OsStr) -> Option<&OsStr> {
    let object = OsStr::from_bytes(name.as_bytes().strip_prefix(ASIDE.as_bytes())?);
    is_object(object).then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_href_a_name_and_none_that_leads_out() {
        let bytes = |b: &[u8]| OsString::from_vec(b.to_vec());
        let all = ["a.ics", "B.ICS", "ä %41.ics", "a\\b.ics", "\u{FFFD}.ics"].map(OsString::from);
        let odd = [&b"caf\xe9.ics"[..], b"caf\xe8.ics", b"%E9\xe9\n%.ics"].map(bytes);
        for name in all.iter().chain(&odd) {
            assert!(is_object(name));
            assert_eq!(name_of(href_of(name).as_str()).as_ref(), Some(name));
        }
        assert_eq!(href_of(&odd[0]).as_str(), "/caf%E9.ics");
        let bad =
            ["", ".", "..", ".a", "/", "/a.ics", "//a", "/%2E%2E%2Fa%E9", "/%E", "/%+9", "a/b"];
        for href in bad.iter().chain(&["/caf%e9.ics", "/%00%E9", "a\0"]) {
            assert_eq!(name_of(href), None, "{href}");
        }
    }

    #[test]
    fn objects_end_in_ics_and_are_not_hidden() {
        for name in [".ics", "a.ics.tmp", ".a.ics", "ics", "a.icsx", "a.ics~", ".chronotype-x.tmp"]
        {
            assert!(!is_object(OsStr::new(name)), "{name}");
        }
        let gone = aside(OsStr::new("a.ics"));
        assert!(!is_object(&gone));
        assert_eq!(set_aside(&gone), Some(OsStr::new("a.ics")));
        assert_eq!(set_aside(OsStr::new(".chronotype-gone-.x")), None);
    }
}
