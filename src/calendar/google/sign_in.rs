//! Signing in: the installed-app flow with a loopback redirect (RFC 8252) and PKCE (RFC 7636).
//!
//! Ours, not yup-oauth2's, which knows neither PKCE nor a state (measured). Invariants: state and
//! verifier have 256 random bits and serve one sign-in; an answer without our state changes
//! nothing; the wait has an end; nothing is kept unless everything asked for was granted.

use super::grant::{Denied, Grant, TokenEndpoint, word};
use super::kept::{Kept, SignedIn};
use super::redirect::{Answer, Page, Port, Visitor, answer, pasted};
use super::scope::{self, Writing, in_words};
use super::token::Words;
use super::token_file::TokenFile;
use super::whose::Whose;
use crate::calendar::{Error, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use reqwest::Url;
use ring::rand::SecureRandom;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the person has: time enough to find a telephone for the second factor.
pub const WAIT: Duration = Duration::from_secs(600);
/// Bytes of a state and of a verifier; RFC 7636 section 7.1 asks for this many.
const RANDOM: usize = 32;

/// A sign-in on its way: the address is out, the port is open.
#[derive(Debug)]
pub struct SignIn {
    address: Url,
    port: Port,
    pending: Pending,
}

/// What turns an answer into a sign-in.
#[derive(Debug)]
struct Pending {
    redirect: String,
    state: Secret,
    verifier: Secret,
    writing: Writing,
    endpoint: TokenEndpoint,
    file: TokenFile,
    words: Words,
    whose: Whose,
    door: Door,
}

/// The way from this machine to Google's page.
#[derive(Debug)]
struct Door {
    /// Its path.
    path: Secret,
    /// Somebody went through.
    opened: bool,
}

/// What one account asks for.
#[derive(Debug)]
pub struct Request {
    /// Where people sign in.
    pub auth: Url,
    /// Where the code is exchanged.
    pub endpoint: TokenEndpoint,
    /// Where the sign-in is kept.
    pub file: TokenFile,
    /// What to ask for.
    pub writing: Writing,
    /// The address the person signs in with, where it is known.
    pub login_hint: Option<String>,
    /// What the account is called.
    pub words: Words,
    /// Asks whose account it is.
    pub whose: Whose,
}

/// Things the person should hear while the wait goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// An answer that belongs to another sign-in, or to none, was refused.
    Foreign,
    /// What was pasted is no address.
    NoAddress,
    /// What was pasted is an address without an answer.
    NoAnswer,
}

impl Notice {
    /// One sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Notice::Foreign => {
                "an answer that belongs to another sign-in was refused (wrong state): use the \
                 address of this one; still waiting"
            }
            Notice::NoAddress => {
                "this is no address: paste all of it, beginning with http://127.0.0.1; still \
                 waiting"
            }
            Notice::NoAnswer => {
                "this address holds no answer of Google's: paste the one that the browser ends \
                 on after you have agreed; still waiting"
            }
        }
    }
}

impl SignIn {
    /// Opens a port and makes the address for it.
    ///
    /// # Errors
    /// [`Error::Refused`] when this machine has no free port or no random numbers.
    pub async fn begin(request: Request) -> Result<Self, Error> {
        let Request { mut auth, endpoint, file, writing, login_hint, words, whose } = request;
        let (state, verifier, door) = (random()?, random()?, random()?);
        let port = Port::open().await;
        let port = port.map_err(|e| Error::Refused(format!("can't open a port: {e}")))?;
        let redirect = port.address();
        auth.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", endpoint.client_id())
            .append_pair("redirect_uri", &redirect)
            .append_pair("scope", &scope::joined(scope::scopes(writing)))
            .append_pair("state", state.expose())
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256")
            .append_pair("access_type", "offline")
            // Only so does Google give a refresh token to somebody who has signed in before.
            .append_pair("prompt", "consent");
        if let Some(hint) = &login_hint {
            auth.query_pairs_mut().append_pair("login_hint", hint);
        }
        let door = Door { path: door, opened: false };
        let pending =
            Pending { redirect, state, verifier, writing, endpoint, file, words, whose, door };
        Ok(Self { address: auth, port, pending })
    }

    /// Where the person signs in. Goes to them alone: it holds the state.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// An address of this machine, good for one visit, that sends a browser on to
    /// [`Self::address`]. Every user of a machine can read the command line of a browser: who finds
    /// the state there could send us an answer of their own, and have the person's blocks written
    /// into another calendar. This one tells them nothing once the browser was there; should they
    /// be quicker, the second visit ends the sign-in.
    pub fn door(&self) -> String {
        format!("{}/{}", self.pending.redirect, self.pending.door.path.expose())
    }

    /// Waits for the browser, or for an address that the person pastes, at most `limit`. The end
    /// of `lines` is not the end of the wait.
    ///
    /// # Errors
    /// What went wrong, in a sentence; nothing is kept then.
    pub async fn finish(
        mut self,
        mut lines: mpsc::Receiver<String>,
        limit: Duration,
        notice: &(dyn Fn(Notice) + Send + Sync),
    ) -> Result<SignedIn, Error> {
        let end = tokio::time::sleep(limit);
        tokio::pin!(end);
        let mut pasting = true;
        loop {
            let (said, visitor) = tokio::select! {
                () = &mut end => return Err(self.pending.nobody(limit)),
                Some(visitor) = self.port.visitor() => {
                    self.pending.asked(visitor, &self.address).await
                }
                line = lines.recv(), if pasting => {
                    pasting = line.is_some();
                    (line.map_or(Said::Nothing, |line| self.pending.pasted(&line)), None)
                }
            };
            let answer = match said {
                Said::Answer(answer) => answer,
                Said::Notice(what) => {
                    notice(what);
                    continue;
                }
                Said::Nothing => continue,
                Said::Twice => return Err(self.pending.opened_twice()),
            };
            let outcome = self.pending.settle(answer).await;
            if let Some(visitor) = visitor {
                let page = match &outcome {
                    Ok(_) => Page::done(),
                    Err(error) => Page::failed(format!("{error}.")),
                };
                visitor.show(&page).await;
            }
            return outcome;
        }
    }
}

/// What a visitor or a line comes to.
enum Said {
    /// This ends the wait.
    Answer(Answer),
    /// This does not, and the person hears of it.
    Notice(Notice),
    /// Nothing at all.
    Nothing,
    /// A second browser came through the door.
    Twice,
}

impl Pending {
    /// What a visitor says; one that ends the wait gets its page afterwards.
    async fn asked(&mut self, visitor: Visitor, address: &Url) -> (Said, Option<Visitor>) {
        let Some(target) = &visitor.target else {
            visitor.show(&Page::not_so()).await;
            return (Said::Nothing, None);
        };
        let hash = |text: &str| blake3::hash(text.as_bytes());
        if hash(target) == hash(&format!("/{}", self.door.path.expose())) {
            if std::mem::replace(&mut self.door.opened, true) {
                visitor.show(&Page::failed(format!("{}.", self.opened_twice()))).await;
                return (Said::Twice, None);
            }
            visitor.send_on(address).await;
            return (Said::Nothing, None);
        }
        let address = Url::parse(&format!("{}{target}", self.redirect));
        let at_root = |address: &Url| target.starts_with('/') && address.path() == "/";
        let heard = match address.ok().filter(at_root) {
            Some(address) => answer(&address, &self.state),
            None => Answer::Nothing,
        };
        match heard {
            Answer::Nothing => {
                visitor.show(&Page::nothing()).await;
                (Said::Nothing, None)
            }
            Answer::Foreign => {
                let text = "This answer belongs to another sign-in, and was refused. Go back to \
                            the address that chronotype gave you last."
                    .to_owned();
                visitor.show(&Page::failed(text)).await;
                (Said::Notice(Notice::Foreign), None)
            }
            heard => (Said::Answer(heard), Some(visitor)),
        }
    }

    fn pasted(&self, line: &str) -> Said {
        if line.trim().is_empty() {
            return Said::Nothing;
        }
        let Some(address) = pasted(line) else { return Said::Notice(Notice::NoAddress) };
        match answer(&address, &self.state) {
            Answer::Nothing => Said::Notice(Notice::NoAnswer),
            Answer::Foreign => Said::Notice(Notice::Foreign),
            heard => Said::Answer(heard),
        }
    }

    async fn settle(&self, answer: Answer) -> Result<SignedIn, Error> {
        let refuse = |what: String| Err(Error::Refused(what));
        let code = match answer {
            Answer::Code(code) => code,
            Answer::Error(error) if error == "access_denied" => {
                return refuse(
                    "access was declined in the browser: nothing was changed".to_owned(),
                );
            }
            Answer::Error(error) => {
                return refuse(format!("Google refused to sign in ({})", word(&error)));
            }
            Answer::Foreign | Answer::Nothing => return refuse("there is no answer".to_owned()),
        };
        match self.endpoint.exchange(&code, &self.verifier, &self.redirect).await {
            Ok(grant) => self.keep(grant).await,
            Err(Denied::Grant) => {
                refuse("Google says this answer is used up or too old: sign in again".to_owned())
            }
            Err(Denied::Other(error)) => Err(error),
        }
    }

    async fn keep(&self, grant: Grant) -> Result<SignedIn, Error> {
        // RFC 6749 section 5.1: without a scope, what was asked for is granted.
        let asked = || scope::scopes(self.writing).iter().map(|s| s.uri.to_owned()).collect();
        let scopes = grant.scopes.unwrap_or_else(asked);
        let missing = scope::missing(self.writing, &scopes);
        if !missing.is_empty() {
            return Err(Error::Refused(format!(
                "not everything was allowed; missing: {}. Sign in again and tick every box",
                in_words(&missing)
            )));
        }
        let Some(refresh) = grant.refresh else {
            return Err(Error::Refused(
                "Google gave no refresh token, so this sign-in would last an hour: take \
                 chronotype's access away in your Google account, then sign in again"
                    .to_owned(),
            ));
        };
        let address = self.whose.ask(&self.words.account, &grant.access).await;
        let before = self.file.address();
        self.whose.may_follow(before.as_deref(), address.as_deref(), &self.words)?;
        let now = Utc::now();
        let signed_in = SignedIn {
            client_id: self.endpoint.client_id().to_owned(),
            refresh,
            refresh_expires_at: grant.refresh_expires_at,
            access: grant.access,
            expires_at: grant.expires_at,
            scopes,
            signed_in_at: now,
            refreshed_at: now,
            address,
        };
        self.file.write(&Kept::SignedIn(Box::new(signed_in.clone())))?;
        tracing::info!("signed in to Google");
        Ok(signed_in)
    }

    fn opened_twice(&self) -> Error {
        Error::Refused(format!(
            "the address for the browser was opened twice, and somebody else may have been the \
             first: nothing was changed. Run `{}` again; if the browser itself asks twice, run \
             `{}` and open what that prints",
            self.words.cure(),
            self.words.cure_with("--no-browser")
        ))
    }

    fn nobody(&self, limit: Duration) -> Error {
        let minutes = limit.as_secs().div_ceil(60);
        Error::Refused(format!(
            "nobody signed in within {minutes} minutes: run `{}` again",
            self.words.cure()
        ))
    }
}

/// 256 random bits in base64url: 43 characters.
fn random() -> Result<Secret, Error> {
    let mut bytes = [0; RANDOM];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::Refused("this machine gives no random numbers".to_owned()))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// RFC 7636 section 4.2, S256.
fn challenge(verifier: &Secret) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.expose().as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce() {
        // RFC 7636 appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let (one, other) = (random().unwrap(), random().unwrap());
        assert!(one != other && one.expose().len() == 43);
    }
}
