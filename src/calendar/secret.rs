//! Passwords and tokens, kept out of anything that prints, and wiped from memory after use.
//!
//! Invariants: a secret lies in memory once, however many hold it, and is overwritten with zeros
//! when the last of them lets go; so is every buffer of ours that it passes through, none of which
//! grows while it holds one (a buffer that moves leaves its content behind). How long it is held:
//! a service keeps an account's password between its turns, since it is needed every few minutes;
//! to fetch it anew each time would ask the keyring or start the person's command as often, and
//! leave it in more places, not fewer.
//!
//! What can't be wiped from here: hyper's and rustls' buffers of what is sent and received, the
//! kernel's sockets and pipes, the private keys that rustls and yup-oauth2 hold to sign with, what
//! the parsers of TOML and JSON unescape on the side, and what the system swaps out or writes down
//! to hibernate. Not wiped, because it is spent at once: the code in the address that ends a
//! sign-in to Google. The process shows its memory to nobody else (`cli::seal`).

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret: `Debug` shows that there is one, nothing shows what it is. A clone is the same one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Wraps the text as it stands. A `String` is taken over, with no copy left behind.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The secret itself: for the one request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `None` = no header can hold it.
    pub fn header(&self) -> Option<HeaderValue> {
        header(self.expose().as_bytes().to_vec())
    }

    /// As RFC 6750 has it; `None` = no header can hold it.
    pub fn bearer(&self) -> Option<HeaderValue> {
        header([b"Bearer ", self.expose().as_bytes()].concat())
    }

    /// With a user's name, as RFC 7617 has it; `None` = no header can hold it.
    pub fn basic(&self, name: &str) -> Option<HeaderValue> {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        const SCHEME: &[u8] = b"Basic ";
        let pair = Zeroizing::new([name.as_bytes(), b":", self.expose().as_bytes()].concat());
        let room = base64::encoded_len(pair.len(), true)?;
        let mut value = Zeroizing::new(vec![0; SCHEME.len() + room]);
        let (scheme, word) = value.split_at_mut(SCHEME.len());
        scheme.copy_from_slice(SCHEME);
        STANDARD.encode_slice(pair.as_slice(), word).ok()?;
        sensitive(value)
    }

    /// Writes it as plain text: for `serialize_with`, where a file of its owner's is written.
    ///
    /// # Errors
    /// The serializer's.
    pub fn write<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }
}

/// A header with a secret in it: never shown, never kept by a compressor, wiped with its last
/// clone. `None` = no header can hold it.
pub fn header(value: Vec<u8>) -> Option<HeaderValue> {
    sensitive(Zeroizing::new(value))
}

fn sensitive(value: Zeroizing<Vec<u8>>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(body(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes that are wiped with their last clone.
pub fn body(bytes: Zeroizing<Vec<u8>>) -> Bytes {
    Bytes::from_owner(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(Text)
    }
}

/// Reads a secret; what is none, a number for example, is not repeated.
struct Text;

impl Text {
    fn no_text<E: de::Error>() -> Result<Secret, E> {
        Err(E::custom("a secret is text, in quotes"))
    }
}

impl Visitor<'_> for Text {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::no_text()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::no_text()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::no_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::needs_drop;

    #[test]
    fn debug_hides_it() {
        let secret = Secret::new("hunter2");
        let headers = [secret.header(), secret.bearer(), secret.basic("jane")];
        for value in &headers {
            assert!(value.as_ref().unwrap().is_sensitive());
        }
        let shown = format!("{:?} {headers:?}", Some(&secret));
        assert!(!shown.contains("hunter2") && !shown.contains("amFuZTp"), "{shown}");
    }

    #[test]
    fn headers_are_the_standards_own() {
        let secret = Secret::new("open sesame");
        let text = |value: Option<HeaderValue>| value.unwrap().to_str().unwrap().to_owned();
        // RFC 7617 section 2.
        assert_eq!(text(secret.basic("Aladdin")), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(text(secret.bearer()), "Bearer open sesame");
        assert_eq!(text(secret.header()), "open sesame");
        let broken = Secret::new("two\nlines");
        assert!(broken.bearer().is_none() && broken.header().is_none());
        assert!(broken.basic("jane").is_some(), "base64 holds anything");
    }

    /// That the last holder wipes it is `Zeroizing`'s promise; that a clone is no copy is ours.
    #[test]
    fn it_lies_in_memory_once() {
        fn wiped(_: &Zeroizing<String>) {}
        let secret = Secret::new("hunter2".to_owned());
        let clone = secret.clone();
        wiped(&clone.0);
        assert!(needs_drop::<Secret>());
        assert_eq!(secret.expose().as_ptr(), clone.expose().as_ptr());
        let text = String::from("hunter2");
        let at = text.as_ptr();
        assert_eq!(Secret::new(text).expose().as_ptr(), at, "taken over, not copied");
        let value = secret.bearer().unwrap();
        assert_eq!(value.as_bytes().as_ptr(), value.clone().as_bytes().as_ptr());
    }
}
