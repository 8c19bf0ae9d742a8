//! The token endpoint (RFC 6749 sections 4.1.3 and 6): a code or a refresh token goes in, an
//! access token comes out.
//!
//! Our own, over the client that all accounts share: yup-oauth2's installed flow knows no PKCE and
//! no state, and after any failed refresh it starts an interactive sign-in, which in a background
//! service hangs for ever (measured).

use super::client_secret::InstalledClient;
use crate::calendar::http::{Http, failure, is_loopback};
use crate::calendar::secret::body;
use crate::calendar::{Error, Secret};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use zeroize::Zeroizing;

/// Largest answer: real ones have about 1 KiB.
const ANSWER: usize = 64 << 10;
/// Life of an access token whose answer does not tell: Google's is an hour.
const USUAL_LIFE: i64 = 3600;
/// Longest life believed; also keeps sums in bounds.
const LONGEST_LIFE: i64 = 400 * 24 * 3600;
/// Longest error word repeated to the person.
const WORD: usize = 60;

/// Reads an address that secrets are sent to: https, or http to this machine.
///
/// # Errors
/// [`Error::Refused`] with what is wrong with it; the address is not repeated.
pub fn endpoint(address: &str) -> Result<Url, Error> {
    let refuse = |what: &str| Err(Error::Refused(what.to_owned()));
    let Ok(url) = Url::parse(address.trim()) else { return refuse("this is no URL") };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("a user name or password has no place in this URL");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse("secrets would travel in plain http: use https"),
        _ => refuse("this can't be used here: use https"),
    }
}

/// Where this client fetches tokens.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    http: Http,
    url: Url,
    client: InstalledClient,
}

/// What the endpoint granted.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The access token.
    pub access: Secret,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// A refresh token; a refresh brings one only where they rotate.
    pub refresh: Option<Secret>,
    /// When the refresh token ends; Google tells for apps in testing.
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// What it is good for; `None` = what was asked.
    pub scopes: Option<Vec<String>>,
}

/// Why there is no grant.
#[derive(Debug)]
pub enum Denied {
    /// `invalid_grant`: the code or refresh token is no longer good.
    Grant,
    /// Everything else.
    Other(Error),
}

/// An answer of the endpoint, good or bad (RFC 6749 sections 5.1 and 5.2).
#[derive(Deserialize)]
struct Answer {
    access_token: Option<Secret>,
    token_type: Option<String>,
    expires_in: Option<i64>,
    refresh_token: Option<Secret>,
    refresh_token_expires_in: Option<i64>,
    scope: Option<String>,
    error: Option<String>,
}

impl TokenEndpoint {
    /// For this client.
    ///
    /// # Errors
    /// [`Error::Refused`] when secrets may not go to `address`.
    pub fn new(http: Http, address: &str, client: InstalledClient) -> Result<Self, Error> {
        Ok(Self { http, url: endpoint(address)?, client })
    }

    /// The client's public name.
    pub fn client_id(&self) -> &str {
        &self.client.id
    }

    /// Exchanges the code of a redirect. A code is good for one try.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect: &str,
    ) -> Result<Grant, Denied> {
        self.ask(&[
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("code_verifier", verifier.expose()),
            ("redirect_uri", redirect),
        ])
        .await
    }

    /// Fetches a new access token.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn refresh(&self, refresh: &Secret) -> Result<Grant, Denied> {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]).await
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Grant, Denied> {
        let client = &self.client;
        let known = [("client_id", client.id.as_str()), ("client_secret", client.secret.expose())];
        let form = written(form.iter().chain(&known));
        let host = self.url.host_str().unwrap_or_default();
        let request = self.http.client(&self.url).post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let sent = request.body(form).send().await;
        let lost = |error: &reqwest::Error| Denied::Other(failure(error, host));
        let mut response = sent.map_err(|error| lost(&error))?;
        let status = response.status().as_u16();
        let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER));
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            if answer.len() + chunk.len() > ANSWER {
                return Err(Denied::Other(nonsense(host, status)));
            }
            answer.extend_from_slice(&chunk);
        }
        read(host, status, &answer, Utc::now())
    }
}

/// A form (RFC 6749 appendix B) in memory that does not move and is wiped.
fn written<'a>(fields: impl Iterator<Item = &'a (&'a str, &'a str)> + Clone) -> Bytes {
    /// Longest spelling of one byte: `%2F`.
    const SPELLED: usize = 3;
    let room = |(name, value): &(&str, &str)| (name.len() + value.len() + 2) * SPELLED;
    let text = String::with_capacity(fields.clone().map(room).sum());
    let form = form_urlencoded::Serializer::new(text).extend_pairs(fields).finish();
    body(Zeroizing::new(form.into_bytes()))
}

fn nonsense(host: &str, status: u16) -> Error {
    Error::Transient(format!(
        "{host} answered {status} and no token: is there a login page \
                              between this computer and the network?"
    ))
}

/// Reads an answer that came `now`.
fn read(host: &str, status: u16, body: &[u8], now: DateTime<Utc>) -> Result<Grant, Denied> {
    if status == 408 || status == 429 || status >= 500 {
        let sentence = format!("{host} answered {status} to a request for a token");
        return Err(Denied::Other(Error::Transient(sentence)));
    }
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let nonsense = || Denied::Other(nonsense(host, status));
    let answer = answer.ok_or_else(nonsense)?;
    if let Some(error) = &answer.error {
        return Err(denied(host, error));
    }
    let bearer = answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let token = answer.access_token.filter(|token| is_header_text(token.expose()));
    let (200, true, Some(token)) = (status, bearer, token) else { return Err(nonsense()) };
    let from_now = |seconds: i64| now + TimeDelta::seconds(seconds.clamp(0, LONGEST_LIFE));
    Ok(Grant {
        access: token,
        expires_at: from_now(answer.expires_in.unwrap_or(USUAL_LIFE)),
        refresh: answer.refresh_token.filter(|token| !token.expose().is_empty()),
        refresh_expires_at: answer.refresh_token_expires_in.map(from_now),
        scopes: answer.scope.map(|s| s.split_whitespace().map(str::to_owned).collect()),
    })
}

/// A token goes into a header.
fn is_header_text(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn denied(host: &str, error: &str) -> Denied {
    let word = word(error);
    Denied::Other(match error {
        "invalid_grant" => return Denied::Grant,
        "invalid_client" | "unauthorized_client" | "deleted_client" => {
            Error::Unauthorized(format!(
                "Google does not know the client of client_secret_file ({word}): download its file \
             again, or make a new client"
            ))
        }
        "temporarily_unavailable" | "server_error" | "internal_failure" | "rate_limit_exceeded" => {
            Error::Transient(format!("{host} can't give a token just now ({word})"))
        }
        _ => Error::Refused(format!("{host} refuses to give a token ({word})")),
    })
}

/// An error word as the person may see it: whatever the other side wrote, it stays a word.
pub fn word(error: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    error.chars().filter(fits).take(WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_travel_encrypted() {
        for (address, expected) in [
            ("https://oauth2.googleapis.com/token", "ok"),
            ("http://127.0.0.1:8080/token", "ok"),
            ("http://[::1]:8080/token", "ok"),
            ("http://localhost/token", "ok"),
            ("http://oauth2.googleapis.com/token", "in plain http"),
            ("http://127.0.0.1.example.org/token", "in plain http"),
            ("https://me:s3cr3t@example.org/", "no place"),
            ("ftp://example.org/", "use https"),
            ("oauth2.googleapis.com/token", "is no URL"),
        ] {
            let found = endpoint(address).map_or_else(|e| e.to_string(), |_| "ok".to_owned());
            assert!(found.contains(expected) && !found.contains("s3cr3t"), "{address}: {found}");
        }
    }

    #[test]
    fn forms_are_spelled_out_where_they_lie() {
        let value = "4/P7q &=%\u{e4}".repeat(20);
        let form = written([("code", value.as_str()), ("a", "b")].iter());
        let read: Vec<_> = form_urlencoded::parse(&form).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, [pair("code", &value), pair("a", "b")]);
    }

    #[test]
    fn answers() {
        #[track_caller]
        fn check(status: u16, body: &str, expected: &str) {
            let found = match read("there", status, body.as_bytes(), DateTime::UNIX_EPOCH) {
                Ok(grant) => format!("{:?} {} {:?}", grant.access, grant.expires_at, grant.scopes),
                Err(Denied::Grant) => "invalid grant".to_owned(),
                Err(Denied::Other(error)) => format!("{error:?}"),
            };
            assert!(found.contains(expected) && !found.contains("s3cr3t"), "{body}: {found}");
        }
        let good =
            r#"{"access_token":"s3cr3t","token_type":"Bearer","expires_in":60,"scope":"a b"}"#;
        check(200, good, "1970-01-01 00:01:00 UTC Some([\"a\", \"b\"])");
        check(200, r#"{"access_token":"s3cr3t"}"#, "1970-01-01 01:00:00 UTC None");
        check(200, r#"{"access_token":"s3cr3t","expires_in":-9}"#, "1970-01-01 00:00:00 UTC");
        check(200, r#"{"access_token":"s3cr3t\n","expires_in":1}"#, "Transient");
        check(200, r#"{"access_token":"s3cr3t","token_type":"mac"}"#, "Transient");
        check(200, r#"{"access_token":"s3cr3t""#, "Transient");
        check(200, "<html>Log in to the train's network", "Transient");
        check(302, "", "Transient");
        check(503, r#"{"error":"invalid_grant"}"#, "Transient(\"there answered 503");
        check(429, "", "Transient");
        check(400, r#"{"error":"invalid_grant","error_description":"x"}"#, "invalid grant");
        check(401, r#"{"error":"invalid_client"}"#, "Unauthorized");
        check(
            400,
            r#"{"error":"invalid_scope <b>"}"#,
            "Refused(\"there refuses to give a token (invalid_scopeb)",
        );
        check(404, "<html>", "Transient");
    }
}
