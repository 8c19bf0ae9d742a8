//! The server's side of Digest (RFC 7616), computed anew: it issues nonces, counts their uses, and
//! checks every answer strictly.

use super::server::{Asked, Reply};
use md5::Digest as _;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What a server asks for.
pub struct Guard {
    /// `MD5`, `SHA-256`, with or without `-sess`.
    algorithm: &'static str,
    /// `auth`, or none (RFC 2069).
    qop: Option<&'static str>,
    /// Uses of one nonce.
    uses: u32,
    /// Says `stale=true` when they are used up.
    says_stale: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    issued: u32,
    /// Uses, and the cnonce of the first.
    seen: BTreeMap<String, (u32, String)>,
}

impl Guard {
    pub fn new(algorithm: &'static str, qop: Option<&'static str>) -> Self {
        let state = Mutex::default();
        Self { algorithm, qop, uses: 1_000, says_stale: true, state }
    }

    /// A nonce is stale after so many uses, and that is said or not.
    pub fn stale_after(mut self, uses: u32, says_stale: bool) -> Self {
        (self.uses, self.says_stale) = (uses, says_stale);
        self
    }

    /// A challenge with a nonce of its own.
    pub fn challenge(&self, stale: bool) -> String {
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        let nonce = format!("nonce/{}==", state.issued);
        state.seen.insert(nonce.clone(), (0, String::new()));
        let qop = self.qop.map(|qop| format!(", qop=\"{qop}\"")).unwrap_or_default();
        let stale = if stale && self.says_stale { ", stale=true" } else { "" };
        let algorithm = self.algorithm;
        format!(
            "Digest realm=\"the \\\"house\\\"\", nonce=\"{nonce}\", opaque=\"o=\", \
             algorithm={algorithm}{qop}{stale}"
        )
    }

    /// Lets alice in; `Err` = the answer for everybody else.
    pub fn check(&self, asked: &Asked, password: &str) -> Result<(), Reply> {
        let refuse = |stale| Reply::new(401, "").with("WWW-Authenticate", self.challenge(stale));
        let Some(said) = asked.header("authorization").and_then(|t| t.strip_prefix("Digest "))
        else {
            return Err(refuse(false));
        };
        let said = parameters(said);
        let get = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        assert_eq!(get("uri"), asked.target, "the uri is the request's");
        assert_eq!((get("realm"), get("opaque")), ("the \"house\"", "o="));
        let (nonce, cnonce) = (get("nonce"), get("cnonce"));
        let first = {
            let mut state = self.state.lock().unwrap();
            let Some((uses, first)) = state.seen.get_mut(nonce) else { panic!("{nonce}") };
            *uses += 1;
            if *uses == 1 {
                first.push_str(cnonce);
            }
            let count = format!("{uses:08x}");
            assert!(self.qop.is_none() || get("nc") == count, "{said:?}: {count}");
            if *uses > self.uses {
                drop(state);
                return Err(refuse(true));
            }
            first.clone()
        };
        let of = Answer {
            algorithm: self.algorithm,
            user: get("username"),
            realm: get("realm"),
            password,
            nonce,
            session: &first,
            qop: self.qop.map(|qop| (qop, get("nc"), cnonce)),
        };
        let expected = of.response(&asked.method, &asked.target);
        if get("username") != "alice" || get("response") != expected {
            return Err(refuse(false));
        }
        Ok(())
    }
}

/// What goes into an answer.
struct Answer<'a> {
    algorithm: &'a str,
    user: &'a str,
    realm: &'a str,
    password: &'a str,
    nonce: &'a str,
    /// The cnonce of the session's first request.
    session: &'a str,
    /// With count and cnonce.
    qop: Option<(&'a str, &'a str, &'a str)>,
}

impl Answer<'_> {
    /// RFC 7616 section 3.4.1; without qop, RFC 2617 section 3.2.2.1.
    fn response(&self, method: &str, uri: &str) -> String {
        let base = self.algorithm.trim_end_matches("-sess");
        let hash = |text: String| match base {
            "MD5" => hex(&md5::Md5::digest(text)),
            "SHA-256" => hex(&sha2::Sha256::digest(text)),
            other => panic!("{other}"),
        };
        let nonce = self.nonce;
        let mut key = hash(format!("{}:{}:{}", self.user, self.realm, self.password));
        if base != self.algorithm {
            key = hash(format!("{key}:{nonce}:{}", self.session));
        }
        let what = hash(format!("{method}:{uri}"));
        match self.qop {
            Some((qop, nc, cnonce)) => hash(format!("{key}:{nonce}:{nc}:{cnonce}:{qop}:{what}")),
            None => hash(format!("{key}:{nonce}:{what}")),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `name=token, name="quoted \" text"`.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut rest = text.trim();
    while let Some((name, after)) = rest.split_once('=') {
        let mut value = String::new();
        let mut chars = after.chars();
        let quoted = after.starts_with('"');
        if quoted {
            chars.next();
        }
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => value.extend(chars.next()),
                '"' if quoted => break,
                ',' if !quoted => break,
                c => value.push(c),
            }
        }
        all.insert(name.to_owned(), value);
        rest = chars.as_str().trim_start_matches([',', ' ']);
    }
    all
}

#[test]
fn the_examples_of_rfc_7616() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, expected) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let answer = Answer {
            algorithm,
            user: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
            nonce,
            session: "",
            qop: Some(("auth", "00000001", cnonce)),
        };
        assert_eq!(answer.response("GET", "/dir/index.html"), expected, "{algorithm}");
    }
}
