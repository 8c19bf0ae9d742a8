//! Google's authorisation server as its public guides describe it: the page a browser is sent to,
//! and the token endpoint (codes with PKCE, refresh, revocation, service accounts).
//!
//! It is strict: a request that Google would refuse, or should, is refused with a word and noted
//! in [`Server::complaints`]. Time does not pass in it: tests expire and revoke by hand.

use super::google_form::{Form, form, request};
use super::{google_assertion, trace};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// No test waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The client this server knows; the secret is a canary.
pub const CLIENT_ID: &str = "1234-abcd.apps.googleusercontent.com";
/// Its secret.
pub const CLIENT_SECRET: &str = "GOCSPX-canary-client-secret";
const SCOPES: &str = "https://www.googleapis.com/auth/calendar.";
/// Google's words for a refresh token that has ended.
const ENDED: &str = r#"{
  "error": "invalid_grant",
  "error_description": "Token has been expired or revoked."
}"#;
/// And for a service account that may not act for somebody.
const NOT_FOR_THEM: &str = r#"{
  "error": "unauthorized_client",
  "error_description": "Client is unauthorized to retrieve access tokens using this method."
}"#;

/// What the person does on Google's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// Agrees to everything.
    Given,
    /// Agrees, but unticks the box of this scope.
    Without(&'static str),
    /// Declines.
    Declined,
}

/// What goes wrong with one request to the token endpoint.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer instead: status, body.
    Answer(u16, &'static str),
    /// The connection closes without an answer.
    Drop,
}

#[derive(Debug, Clone)]
struct Code {
    challenge: String,
    redirect: String,
    scopes: String,
}

/// State that tests change and look at.
#[derive(Debug, Clone)]
pub struct State {
    /// What the person does.
    pub consent: Consent,
    /// Life of access tokens, in seconds.
    pub expires_in: i64,
    /// Life of refresh tokens, where Google tells (apps in testing).
    pub refresh_expires_in: Option<i64>,
    /// Each refresh brings a new refresh token and ends the old one.
    pub rotates: bool,
    /// The next requests to the token endpoint fail so.
    pub faults: VecDeque<Fault>,
    codes: BTreeMap<String, Code>,
    refresh: BTreeMap<String, String>,
    /// Scopes by token.
    access: BTreeMap<String, String>,
    issued: u32,
    log: Vec<String>,
    complaints: Vec<String>,
    secrets: Vec<String>,
    subjects: Vec<Option<String>>,
}

/// The server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    ended: Arc<AtomicBool>,
    is_handle: bool,
}

/// Status, further headers, body.
type Answer = (u16, String, String);

impl Server {
    /// Starts on a free port.
    pub fn start() -> Self {
        Self::with(State {
            consent: Consent::Given,
            expires_in: 3599,
            refresh_expires_in: None,
            rotates: false,
            faults: VecDeque::new(),
            codes: BTreeMap::new(),
            refresh: BTreeMap::new(),
            access: BTreeMap::new(),
            issued: 0,
            log: Vec::new(),
            complaints: Vec::new(),
            secrets: vec![CLIENT_SECRET.to_owned()],
            subjects: Vec::new(),
        })
    }

    /// Another one that knows the same.
    pub fn twin(&self) -> Self {
        Self::with(self.state().clone())
    }

    fn with(state: State) -> Self {
        trace::watch();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(state));
        let ended = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&state), Arc::clone(&ended));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(client.ok()?, &state));
            }
        });
        Self { address, state, ended, is_handle: false }
    }

    /// The same server; it does not end with this value.
    pub fn handle(&self) -> Self {
        let (state, ended) = (Arc::clone(&self.state), Arc::clone(&self.ended));
        Self { address: self.address, state, ended, is_handle: true }
    }

    /// Its state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The file that the console gives out for an installed app.
    pub fn client_file(&self) -> String {
        let root = self.root();
        serde_json::json!({ "installed": {
            "client_id": CLIENT_ID,
            "project_id": "project",
            "auth_uri": format!("{root}/o/oauth2/auth"),
            "token_uri": format!("{root}/token"),
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_secret": CLIENT_SECRET,
            "redirect_uris": ["http://localhost"],
        }})
        .to_string()
    }

    /// The file that the console gives out for a service account.
    pub fn service_account_file(&self) -> String {
        google_assertion::client_file(&format!("{}/token", self.root()))
    }

    /// Requests to the token endpoint so far, by grant type.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Everything that Google would not have liked.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// Every code, token, verifier and secret that has passed.
    pub fn secrets(&self) -> Vec<String> {
        self.state().secrets.clone()
    }

    /// Whom service accounts asked to act for.
    pub fn subjects(&self) -> Vec<Option<String>> {
        self.state().subjects.clone()
    }

    /// Whether Google's API would take this access token.
    pub fn accepts(&self, token: &str) -> bool {
        self.state().access.contains_key(token)
    }

    /// Tells Google's API which tokens are good, and for which scopes.
    pub fn issuer(&self) -> impl Fn(&str) -> Option<Vec<String>> + Send + 'static {
        let state = Arc::clone(&self.state);
        move |token| {
            let state = state.lock().unwrap();
            Some(state.access.get(token)?.split(' ').map(str::to_owned).collect())
        }
    }

    /// An hour has passed: access tokens given so far are over.
    pub fn expire(&self) {
        self.state().access.clear();
    }

    /// The person takes access away, or a week has passed.
    pub fn revoke(&self) {
        let mut state = self.state();
        state.refresh.clear();
        state.access.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.is_handle {
            self.ended.store(true, Ordering::Relaxed);
            let _ = TcpStream::connect(self.address);
        }
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> Option<()> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let (head, body) = request(&mut client)?;
    let mut words = head.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut state = state.lock().unwrap();
    let (status, headers, body) = match (method, path) {
        ("GET", "/o/oauth2/auth") => state.authorise(&form(query)),
        ("POST", "/token") => match state.faults.pop_front() {
            Some(Fault::Drop) => return None,
            Some(Fault::Answer(status, body)) => (status, String::new(), body.to_owned()),
            None => state.token(&form(&body)),
        },
        _ => (404, String::new(), "no such page".to_owned()),
    };
    drop(state);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} x\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    client.write_all(answer.as_bytes()).ok()
}

impl State {
    /// Google's page, with the person's answer to it.
    fn authorise(&mut self, asked: &Form) -> Answer {
        let get = |key: &str| asked.get(key).cloned().unwrap_or_default();
        let redirect = get("redirect_uri");
        let port = redirect.strip_prefix("http://127.0.0.1:").and_then(|p| p.parse::<u16>().ok());
        let scopes = get("scope");
        let narrow = |scope: &str| scope.starts_with(SCOPES);
        let wrong = [
            ("response_type", get("response_type") != "code"),
            ("client_id", get("client_id") != CLIENT_ID),
            ("redirect_uri", port.is_none()),
            ("scope", scopes.is_empty() || !scopes.split(' ').all(narrow)),
            ("state", get("state").len() < 32),
            ("code_challenge", get("code_challenge").len() != 43),
            ("code_challenge_method", get("code_challenge_method") != "S256"),
            ("access_type", get("access_type") != "offline"),
            ("prompt", get("prompt") != "consent"),
        ];
        if let Some((what, _)) = wrong.iter().find(|(_, wrong)| *wrong) {
            self.complaints.push(format!("authorisation: {what}"));
            return (400, String::new(), format!("bad {what}"));
        }
        let mut to = reqwest::Url::parse(&redirect).unwrap();
        to.query_pairs_mut().append_pair("state", &get("state"));
        if self.consent == Consent::Declined {
            to.query_pairs_mut().append_pair("error", "access_denied");
        } else {
            let unticked = match self.consent {
                Consent::Without(end) => Some(end),
                Consent::Given | Consent::Declined => None,
            };
            let kept = |scope: &&str| unticked.is_none_or(|end| !scope.ends_with(end));
            let scopes = scopes.split(' ').filter(kept).collect::<Vec<_>>().join(" ");
            let code = self.secret("4/0canary-code");
            to.query_pairs_mut().append_pair("code", &code).append_pair("scope", &scopes);
            self.codes.insert(code, Code { challenge: get("code_challenge"), redirect, scopes });
        }
        (302, format!("Location: {to}\r\n"), String::new())
    }

    fn secret(&mut self, kind: &str) -> String {
        self.issued += 1;
        let secret = format!("{kind}-{}", self.issued);
        self.secrets.push(secret.clone());
        secret
    }

    fn token(&mut self, asked: &Form) -> Answer {
        let get = |key: &str| asked.get(key).map(String::as_str).unwrap_or_default();
        let grant = get("grant_type").to_owned();
        self.log.push(grant.clone());
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
            return self.service_account(get("assertion"));
        }
        if get("client_id") != CLIENT_ID || get("client_secret") != CLIENT_SECRET {
            return self.refuse(401, "invalid_client", "client");
        }
        match grant.as_str() {
            "authorization_code" => {
                self.secrets.push(get("code_verifier").to_owned());
                trace::secret(get("code_verifier"));
                let Some(code) = self.codes.remove(get("code")) else {
                    return self.refuse(400, "invalid_grant", "code");
                };
                let digest =
                    ring::digest::digest(&ring::digest::SHA256, get("code_verifier").as_bytes());
                if URL_SAFE_NO_PAD.encode(digest) != code.challenge {
                    return self.refuse(400, "invalid_grant", "code_verifier");
                }
                if get("redirect_uri") != code.redirect {
                    return self.refuse(400, "redirect_uri_mismatch", "redirect_uri");
                }
                self.grant(code.scopes, true)
            }
            "refresh_token" => {
                let refresh = get("refresh_token");
                let Some(scopes) = self.refresh.get(refresh).cloned() else {
                    return (400, String::new(), ENDED.to_owned());
                };
                if self.rotates {
                    self.refresh.remove(refresh);
                }
                self.grant(scopes, self.rotates)
            }
            _ => self.refuse(400, "unsupported_grant_type", "grant_type"),
        }
    }

    fn grant(&mut self, scopes: String, with_refresh: bool) -> Answer {
        let access = self.secret("ya29.canary-access");
        self.access.insert(access.clone(), scopes.clone());
        let mut body = serde_json::json!({
            "access_token": access,
            "expires_in": self.expires_in,
            "scope": scopes,
            "token_type": "Bearer",
        });
        if with_refresh {
            let refresh = self.secret("1//canary-refresh");
            self.refresh.insert(refresh.clone(), scopes);
            body["refresh_token"] = refresh.into();
            if let Some(seconds) = self.refresh_expires_in {
                body["refresh_token_expires_in"] = seconds.into();
            }
        }
        (200, "Cache-Control: no-store\r\n".to_owned(), body.to_string())
    }

    fn refuse(&mut self, status: u16, error: &str, what: &str) -> Answer {
        self.complaints.push(format!("token: {what}"));
        (status, String::new(), format!("{{\"error\":\"{error}\"}}"))
    }

    fn service_account(&mut self, assertion: &str) -> Answer {
        self.secrets.push(assertion.to_owned());
        trace::secret(assertion);
        let claims = match google_assertion::claims(assertion) {
            Ok(claims) => claims,
            Err(what) => return self.refuse(400, "invalid_grant", what),
        };
        let subject = claims["sub"].as_str().map(str::to_owned);
        self.subjects.push(subject.clone());
        if subject.is_some_and(|subject| subject != google_assertion::SUBJECT) {
            return (401, String::new(), NOT_FOR_THEM.to_owned());
        }
        self.grant(claims["scope"].as_str().unwrap().to_owned(), false)
    }
}
