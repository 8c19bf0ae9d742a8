//! Versions of objects: the server's ETags where it names some, made from the text where not.
//!
//! Invariant: a made version never equals one of a server's. Those are in quotes
//! ([`super::multistatus::etag`] sees to that), made ones are not.

use super::href;
use super::learned::Learned;
use super::multistatus::etag;
use super::transport::{Answer, Line};
use crate::calendar::{Error, Weakness};
use crate::event::ETag;
use libdav::dav::Propfind;
use libdav::names::GETETAG;
use reqwest::Url;
use reqwest::header::ETAG;

/// Hex digits of the hash in a made version: 128 bits.
const DIGITS: usize = 32;
/// Most digits of a version that counts from 0; longer ones are times or hashes.
const COUNTER: usize = 10;

/// What lies under an href.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// Nothing.
    Gone,
    /// An object; `None` when the server names no version.
    There(Option<ETag>),
}

/// The version of one object, by PROPFIND.
///
/// # Errors
/// As requests fail.
pub async fn version(line: &Line<'_>, learned: &Learned, url: &Url) -> Result<Version, Error> {
    let path = href::path(url);
    let mut answer = line.ask(url, &Propfind::new(&path).with_properties(&[&GETETAG])).await?;
    match answer.status {
        // A missing object is a 404, or a 207 with a 404 in it.
        207 => {
            let rows = answer.multistatus()?.rows;
            let there = rows.into_iter().find(|row| !matches!(row.status, Some(404 | 410)));
            Ok(there
                .map_or(Version::Gone, |row| Version::There(named(row.etag, row.weak, learned))))
        }
        404 | 410 => Ok(Version::Gone),
        _ => Err(answer.refusal("reading a version")),
    }
}

/// The ETag of a row; a weak one is noted. Rows are never marked weak for their compression.
pub fn named(etag: Option<ETag>, weak: bool, learned: &Learned) -> Option<ETag> {
    if weak && etag.is_some() {
        learned.note(Weakness::WeakVersions);
    }
    etag
}

/// The ETag an answer carries, when it can be used for a condition.
pub fn strong(answer: &Answer) -> Option<ETag> {
    answer.header(ETAG).filter(|text| !text.trim_start().starts_with("W/")).and_then(etag)
}

/// The weak ETag of an answer, where there is no better one.
pub fn weak(answer: &Answer, learned: &Learned) -> Option<ETag> {
    let found = answer.header(ETAG).and_then(etag)?;
    learned.note(Weakness::WeakVersions);
    Some(found)
}

/// A version made from a text. Folding and line ends differ between a GET and a multiget of the
/// same object, and some servers stamp each answer: neither counts.
pub fn made(body: &str) -> ETag {
    let unfolded = body.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut hasher = blake3::Hasher::new();
    let lines = unfolded.lines().map(str::trim_end);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("DTSTAMP")) {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    ETag::new(format!("text-{}", &hasher.finalize().to_hex()[..DIGITS]))
}

/// Whether a version was made here.
pub fn is_made(etag: &ETag) -> bool {
    !etag.as_str().starts_with('"')
}

/// Whether a version counts changes (`"3"`, `"gcs00000003"`): such a counter starts again for an
/// object that was deleted and came back, so that an equal one proves little.
pub fn is_counter(etag: &ETag) -> bool {
    let bare = etag.as_str().trim_matches('"');
    let digits = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number && digits.len() <= COUNTER && bare.len() - digits.len() <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_versions_follow_the_meaning_of_a_text() {
        let plain = "BEGIN:VCALENDAR\r\nSUMMARY:A long one\r\nEND:VCALENDAR\r\n";
        let same = "BEGIN:VCALENDAR\nSUMMARY:A lo\n ng one\nDTSTAMP:20260101T000000Z\n\
                    END:VCALENDAR";
        assert_eq!(made(plain), made(same));
        assert_ne!(made(plain), made(&plain.replace("long", "short")));
        assert!(is_made(&made(plain)));
        assert!(!is_made(&etag(made(plain).as_str()).unwrap()), "no server can send one");
    }

    #[test]
    fn counters_are_told_from_hashes_and_times() {
        for (text, expected) in [
            ("\"0\"", true),
            ("\"gcs00000003\"", true),
            ("\"1700000000123456\"", false),
            ("\"deadbeef0123\"", false),
            ("\"\"", false),
            ("\"d41d8cd98f00b204e9800998ecf8427e\"", false),
        ] {
            assert_eq!(is_counter(&ETag::new(text)), expected, "{text}");
        }
    }
}
