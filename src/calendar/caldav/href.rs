//! Hrefs (RFC 4918 section 8.3): one spelling for every way a server may write an address.
//!
//! Invariant: two spellings of the same address give equal [`Href`]s, or every object would seem
//! to vanish and come back whenever a server changes its mind about `%40`.

use crate::calendar::Error;
use crate::event::Href;
use libdav::encoding::strict_percent_encoded;
use reqwest::Url;
use std::fmt::Write;

/// Decodes what is readable and keeps encoded what would change the meaning of a path: slashes,
/// `?`, `#`, brackets, control characters, bytes that are not UTF-8, and the percent sign itself.
pub fn decode(raw: &str) -> String {
    let bytes: Vec<(u8, bool)> = unescape(raw);
    let plain: Vec<u8> = bytes.iter().map(|(byte, _)| *byte).collect();
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    for chunk in plain.utf8_chunks() {
        for ch in chunk.valid().chars() {
            let escaped = bytes[at].1;
            at += ch.len_utf8();
            match ch {
                '/' if !escaped => out.push('/'),
                '/' | '?' | '#' | '[' | ']' | '%' => escape(&mut out, ch as u32 as u8),
                c if c.is_ascii_control() => escape(&mut out, c as u32 as u8),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            escape(&mut out, *byte);
        }
        at += chunk.invalid().len();
    }
    out
}

/// Bytes, and whether each came from a `%XX`. A lone percent sign stands for itself.
fn unescape(raw: &str) -> Vec<(u8, bool)> {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let pair = bytes.get(i + 1..i + 3).and_then(|p| std::str::from_utf8(p).ok());
        let value = pair
            .filter(|p| bytes[i] == b'%' && p.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|p| u8::from_str_radix(p, 16).ok());
        out.push((value.unwrap_or(bytes[i]), value.is_some()));
        i += if value.is_some() { 3 } else { 1 };
    }
    out
}

fn escape(out: &mut String, byte: u8) {
    let _ = write!(out, "%{byte:02X}");
}

/// A decoded path as a request line or an XML body needs it.
pub fn encode(path: &str) -> String {
    strict_percent_encoded(path).into_owned()
}

/// The decoded path of an address.
pub fn path(url: &Url) -> String {
    decode(url.path())
}

/// The href that stands for `url` in an account at `base`: the decoded path, with scheme and host
/// before it only where they differ from the account's own.
pub fn of(url: &Url, base: &Url) -> Href {
    let path = path(url);
    if url.origin() == base.origin() {
        Href::new(path)
    } else {
        Href::new(format!("{}{path}", url.origin().ascii_serialization()))
    }
}

/// The address an href stands for in an account at `base`.
///
/// # Errors
/// [`Error::Refused`] when it is no address at all.
pub fn url(href: &Href, base: &Url) -> Result<Url, Error> {
    match split(href.as_str()) {
        // Encoding would break the brackets of an IPv6 address.
        Some((origin, path)) => resolve(&format!("{origin}{}", encode(path)), base),
        None => resolve(&encode(href.as_str()), base),
    }
}

/// Origin and path of an href on another host than the account's.
fn split(href: &str) -> Option<(&str, &str)> {
    let start = ["https://", "http://"].iter().find(|s| href.starts_with(**s))?.len();
    let end = href.get(start..)?.find('/')? + start;
    Some((href.get(..end)?, href.get(end..)?))
}

/// Resolves an address as a server wrote it in an answer to a request to `base`.
///
/// # Errors
/// [`Error::Refused`] when it is no address at all.
pub fn resolve(raw: &str, base: &Url) -> Result<Url, Error> {
    let raw = raw.trim();
    let absolute = raw.starts_with("http://") || raw.starts_with("https://");
    let joined = if raw.starts_with('/') {
        // Not `join`: it would take `//alice/work/` for a host called alice.
        let mut url = base.clone();
        url.set_path(raw);
        url.set_query(None);
        Ok(url)
    } else if absolute {
        Url::parse(raw)
    } else {
        base.join(raw)
    };
    let mut url = joined
        .map_err(|_| Error::Refused("the server named an address that is none".to_owned()))?;
    // Nobody but the person says who signs in. These fail only for addresses without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(encrypted(url, base))
}

/// A server behind a proxy that does its TLS names itself with plain http: it means the address
/// we know it by.
fn encrypted(mut url: Url, base: &Url) -> Url {
    if base.scheme() == "https" && url.scheme() == "http" && url.host() == base.host() {
        let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
        url = base.clone();
        url.set_path(&path);
        url.set_query(query.as_deref());
    }
    url
}

/// The same address with a slash at its end, as collections have it.
pub fn as_collection(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spelling() {
        for (raw, expected) in [
            ("/alice/a%40b.ics", "/alice/a@b.ics"),
            ("/alice/a@b.ics", "/alice/a@b.ics"),
            ("/k%C3%B6ln.ics", "/köln.ics"),
            ("/köln.ics", "/köln.ics"),
            ("/a%2fb.ics", "/a%2Fb.ics"),
            ("/50%25.ics", "/50%25.ics"),
            ("/50%.ics", "/50%25.ics"),
            ("/a%252Fb", "/a%252Fb"),
            ("/%ff.ics", "/%FF.ics"),
            ("/a b.ics", "/a b.ics"),
        ] {
            assert_eq!(decode(raw), expected, "{raw}");
        }
    }

    #[test]
    fn other_hosts_stay_other_hosts() {
        let base = Url::parse("https://caldav.icloud.com/").unwrap();
        for there in [
            "https://p42-caldav.icloud.com/1/calendars/a%20b%40c.ics",
            "https://p42-caldav.icloud.com:8443/%25/",
            "https://[::1]:8443/k%C3%B6ln/",
            "https://caldav.icloud.com/1/",
        ] {
            let href = of(&Url::parse(there).unwrap(), &base);
            let found = url(&href, &base).unwrap();
            assert_eq!(decode(found.as_str()), decode(there), "{href}");
            assert_eq!(found.host(), Url::parse(there).unwrap().host());
            assert_eq!(of(&found, &base), href);
        }
    }

    #[test]
    fn double_slash_is_no_host() {
        let base = Url::parse("http://127.0.0.1:1/x/").unwrap();
        assert_eq!(resolve("//alice/work/", &base).unwrap().host_str(), Some("127.0.0.1"));
    }

    #[test]
    fn plain_http_of_the_same_host_means_https() {
        let base = Url::parse("https://example.com:8443/x/").unwrap();
        for (raw, expected) in [
            ("http://example.com/dav/?a", "https://example.com:8443/dav/?a"),
            ("http://evil.com/dav/", "http://evil.com/dav/"),
            ("https://example.com/dav/", "https://example.com/dav/"),
        ] {
            assert_eq!(resolve(raw, &base).unwrap().as_str(), expected);
        }
    }

    proptest! {
        #[test]
        fn decoding_is_stable(raw in "[ -~äß%/]{0,40}") {
            let once = decode(&raw);
            prop_assert_eq!(&decode(&once), &once);
            prop_assert_eq!(&decode(&encode(&once)), &once);
        }
    }
}
