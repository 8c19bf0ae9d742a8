//! Who we say we are: Basic (RFC 7617), Digest (RFC 7616, and RFC 2069 for servers that still
//! speak it), or a bearer token (RFC 6750).
//!
//! Invariants: a host that asked for Digest never sees the password; nothing is tried twice, since
//! trying on could lock the account. Whether a host may see anything is the gate's to say.

use super::gate::host;
use crate::calendar::http::random;
use crate::calendar::secret::header;
use crate::calendar::{Error, Secret};
use http_auth::digest::{DigestClient, Qop};
use http_auth::{ChallengeParser, ChallengeRef, ParamValue, PasswordParams};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, Url};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Challenges of one answer that are looked at.
const CHALLENGES: usize = 16;
/// Digest algorithms, as RFC 7616 spells them.
const ALGORITHMS: [&str; 6] =
    ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"];

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignIn {
    /// Basic at once, Digest where the server asks for it.
    #[default]
    Auto,
    /// Basic only.
    Basic,
    /// Digest only: the password itself is never sent.
    Digest,
    /// The password is a token.
    Bearer,
}

impl SignIn {
    /// All, as the config offers them.
    pub const ALL: [SignIn; 4] = [SignIn::Auto, SignIn::Basic, SignIn::Digest, SignIn::Bearer];

    /// The word in the config.
    pub fn word(self) -> &'static str {
        match self {
            SignIn::Auto => "auto",
            SignIn::Basic => "basic",
            SignIn::Digest => "digest",
            SignIn::Bearer => "bearer",
        }
    }

    fn may(self, scheme: SignIn) -> bool {
        self == scheme || self == SignIn::Auto && scheme != SignIn::Bearer
    }
}

/// Signs the requests of one account.
pub struct Signer {
    way: SignIn,
    names: Vec<String>,
    secret: Secret,
    learned: Mutex<Learned>,
}

/// What answers taught.
#[derive(Default)]
struct Learned {
    hosts: BTreeMap<String, Host>,
    /// Which of the names.
    name: usize,
    /// That name was let in.
    is_settled: bool,
    /// Some host asked for Digest: further ones are asked before they see the password.
    is_wary: bool,
}

/// What a host asked for.
enum Host {
    Basic,
    Digest { client: DigestClient, cnonce: String },
}

/// How one request was signed.
#[derive(Debug, PartialEq, Eq)]
pub enum Signed {
    /// Not at all.
    Not,
    /// With the password.
    Basic,
    /// With an answer to a challenge.
    Digest {
        /// The server's nonce.
        nonce: String,
        /// It was not used before.
        is_fresh: bool,
    },
    /// With the token.
    Bearer,
}

impl Signer {
    /// `names` are tried in their order until one is let in; none = no sign-in, unless by token.
    pub fn new(way: SignIn, names: Vec<String>, secret: Secret) -> Self {
        Self { way, names, secret, learned: Mutex::default() }
    }

    /// Asks hosts before they see the password: for an account that names a domain, whose servers
    /// are found by asking around.
    pub fn be_wary(&self) {
        self.learned().is_wary = true;
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs a request for `url`.
    pub fn sign(
        &self,
        builder: RequestBuilder,
        url: &Url,
        request: &http::Request<String>,
    ) -> (RequestBuilder, Signed) {
        if self.way == SignIn::Bearer {
            return match self.secret.bearer() {
                Some(value) => (builder.header(AUTHORIZATION, value), Signed::Bearer),
                None => (builder, Signed::Not),
            };
        }
        let mut learned = self.learned();
        let Learned { hosts, name, is_wary, .. } = &mut *learned;
        let Some(name) = self.names.get(*name) else { return (builder, Signed::Not) };
        let basic = match hosts.get_mut(&origin(url)) {
            Some(Host::Digest { client, cnonce }) => {
                let Some(value) = respond(client, cnonce, name, &self.secret, url, request) else {
                    return (builder, Signed::Not);
                };
                let nonce = client.nonce().to_owned();
                let is_fresh = client.nonce_count() == 1;
                return (builder.header(AUTHORIZATION, value), Signed::Digest { nonce, is_fresh });
            }
            Some(Host::Basic) => true,
            None => self.way == SignIn::Basic || self.way == SignIn::Auto && !*is_wary,
        };
        match self.secret.basic(name).filter(|_| basic) {
            Some(value) => (builder.header(AUTHORIZATION, value), Signed::Basic),
            None => (builder, Signed::Not),
        }
    }

    /// A request signed so was let in.
    pub fn let_in(&self, signed: &Signed) {
        if *signed != Signed::Not {
            self.learned().is_settled = true;
        }
    }

    /// Reads a 401; `Ok` = ask again.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when there is no other way to try.
    pub fn challenged(&self, url: &Url, signed: &Signed, headers: &HeaderMap) -> Result<(), Error> {
        let offers = Offers::read(headers);
        let mut learned = self.learned();
        let is_new = match signed {
            Signed::Bearer => {
                let said = format!("{} refused the token", host(url));
                return Err(Error::Unauthorized(said));
            }
            Signed::Not => true,
            // A server that says nothing means what it was sent.
            Signed::Basic => !offers.basic && !offers.is_empty(),
            Signed::Digest { nonce, is_fresh } => offers
                .digest
                .as_ref()
                .is_some_and(|new| new.stale() || !is_fresh && new.nonce() != nonce),
        };
        let is_refused = !is_new && !self.names.is_empty();
        if is_refused {
            // RFC 6764 section 6: the mail address first, then its local part.
            if learned.is_settled || learned.name + 1 >= self.names.len() {
                return Err(self.refused(url, &offers));
            }
            learned.name += 1;
        }
        let held_digest = matches!(learned.hosts.get(&origin(url)), Some(Host::Digest { .. }));
        let host = match offers.digest {
            Some(client) if self.way.may(SignIn::Digest) => {
                learned.is_wary = true;
                Host::Digest { client, cnonce: format!("{:016x}{:016x}", random(), random()) }
            }
            _ if (offers.basic || is_refused) && !held_digest && self.way.may(SignIn::Basic) => {
                Host::Basic
            }
            _ if held_digest && offers.basic => {
                return Err(Error::Unauthorized(format!(
                    "{} asks for the password itself, after Digest: it is kept from it",
                    host(url)
                )));
            }
            None if *signed == Signed::Not && offers.is_empty() && !self.names.is_empty() => {
                let said = format!("{} asks for a sign-in and does not say which", host(url));
                return Err(Error::Unauthorized(said));
            }
            _ => return Err(self.refused(url, &Offers { digest: None, ..offers })),
        };
        match self.names.is_empty() {
            true => Err(self.refused(url, &Offers::default())),
            false => {
                learned.hosts.insert(origin(url), host);
                Ok(())
            }
        }
    }

    fn refused(&self, url: &Url, offers: &Offers) -> Error {
        let host = host(url);
        let fits = offers.basic && self.way.may(SignIn::Basic)
            || offers.has_digest && self.way.may(SignIn::Digest)
            || offers.is_empty();
        let wants = offers.schemes.join(" or ");
        Error::Unauthorized(match (self.names.is_empty(), fits) {
            (true, _) if offers.bearer_only() => format!(
                "{host} asks for a token: set sign_in = \"bearer\", and password_command or \
                 password_file to where the token comes from"
            ),
            (true, _) => format!("{host} asks for a user name and a password"),
            (false, true) => format!("{host} refused the user name or password"),
            (false, false) if offers.bearer_only() => format!(
                "{host} takes no password, but a token: set sign_in = \"bearer\", and \
                 password_command or password_file to where the token comes from"
            ),
            (false, false) if self.way == SignIn::Auto => {
                format!("{host} wants a sign-in by {wants}, which is not known here")
            }
            (false, false) => format!(
                "{host} wants a sign-in by {wants}, which sign_in = \"{}\" rules out",
                self.way.word()
            ),
        })
    }
}

/// Scheme, host and port: what a challenge holds for (RFC 9110 section 11.5).
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn respond(
    client: &mut DigestClient,
    cnonce: &str,
    username: &str,
    secret: &Secret,
    url: &Url,
    request: &http::Request<String>,
) -> Option<HeaderValue> {
    let uri = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    // Only servers that insist get the body's hash: those that offer both often get it wrong.
    let only_body = !(client.qop() & Qop::Auth);
    let params = PasswordParams {
        username,
        password: secret.expose(),
        uri: &uri,
        method: request.method().as_str(),
        body: only_body.then(|| request.body().as_bytes()),
    };
    // One cnonce for a nonce: RFC 7616 section 3.4.2 builds the key of a "-sess" session from that
    // of its first request, some servers from that of each request. The count tells replays.
    let value = client.respond_with_testing_cnonce(&params, cnonce).ok()?;
    header(value.into_bytes())
}

/// What a 401 offers.
#[derive(Default)]
struct Offers {
    basic: bool,
    digest: Option<DigestClient>,
    has_digest: bool,
    /// Names of all schemes, as the server spells them.
    schemes: Vec<String>,
}

impl Offers {
    /// Several headers, several challenges in one, names in any case: all of it occurs.
    fn read(headers: &HeaderMap) -> Self {
        let mut offers = Self::default();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            // Realms in Latin-1 occur; only their ASCII is looked at.
            let plain = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
            let text: String = value.as_bytes().iter().map(plain).collect();
            let is_whole = value.as_bytes().is_ascii();
            for challenge in ChallengeParser::new(&text).take(CHALLENGES) {
                match challenge {
                    Ok(challenge) => offers.take(challenge, is_whole),
                    // `Negotiate AbC==`: the rest of the line can't be told apart.
                    Err(_) => {
                        let name = text.split([' ', ',']).next().unwrap_or_default();
                        offers.name(name);
                        break;
                    }
                }
            }
        }
        offers
    }

    fn take(&mut self, mut challenge: ChallengeRef<'_>, is_whole: bool) {
        self.name(challenge.scheme);
        if challenge.scheme.eq_ignore_ascii_case("digest") && is_whole && self.digest.is_none() {
            for (key, value) in &mut challenge.params {
                if key.eq_ignore_ascii_case("algorithm") {
                    let known = |name: &&&str| name.eq_ignore_ascii_case(value.as_escaped());
                    let known = ALGORITHMS.iter().find(known);
                    if let Some(Ok(spelled)) = known.map(|n| ParamValue::try_from_escaped(n)) {
                        *value = spelled;
                    }
                }
            }
            // The first that we know: servers put the one they like best first.
            self.digest = DigestClient::try_from(&challenge).ok();
        }
    }

    fn name(&mut self, scheme: &str) {
        self.basic |= scheme.eq_ignore_ascii_case("basic");
        self.has_digest |= scheme.eq_ignore_ascii_case("digest");
        let is_known = self.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme));
        let is_word = scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !scheme.is_empty() && !is_known && is_word {
            self.schemes.push(scheme.to_owned());
        }
    }

    fn is_empty(&self) -> bool {
        self.schemes.is_empty()
    }

    fn bearer_only(&self) -> bool {
        !self.is_empty() && self.schemes.iter().all(|name| name.eq_ignore_ascii_case("bearer"))
    }
}
