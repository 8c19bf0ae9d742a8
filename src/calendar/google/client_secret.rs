//! The file that Google's console gives out: who this program is towards Google.
//!
//! Invariant: no error repeats anything the file holds, its property names aside.

use crate::calendar::{Error, Secret, private};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt;
use std::path::Path;
use yup_oauth2::{ConsoleApplicationSecret, ServiceAccountKey};

/// Largest file that is read: real ones have less than 3 KiB.
const LONGEST: usize = 64 << 10;

/// What the file makes of this program.
pub enum ClientFile {
    /// A program that a person signs in with.
    Installed(InstalledClient),
    /// An account of its own, which an organisation lets act for its people.
    Service(Box<ServiceAccountKey>),
}

impl fmt::Debug for ClientFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFile::Installed(client) => client.fmt(f),
            // The key's own `Debug` shows the private key.
            ClientFile::Service(_) => f.write_str("Service(..)"),
        }
    }
}

/// A client of type "Desktop app".
#[derive(Debug, Clone)]
pub struct InstalledClient {
    /// Its public name.
    pub id: String,
    /// What Google calls its secret.
    pub secret: Secret,
    /// Where people sign in.
    pub auth_uri: String,
    /// Where tokens are fetched.
    pub token_uri: String,
}

/// Reads the file.
///
/// # Errors
/// [`Error::Refused`]: one sentence that names the file, and the line or property at fault.
pub fn read(path: &Path) -> Result<ClientFile, Error> {
    let shown = path.display();
    let refuse = |what: String| Error::Refused(format!("client_secret_file {shown}{what}"));
    let text = private::read(path, LONGEST).map_err(|error| refuse(format!(" {error}")))?;
    parse(&text).map_err(|what| refuse(format!(": {what}")))
}

/// What tells the kinds of such files apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kind {
    #[serde(rename = "type")]
    of: Option<String>,
    web: Option<IgnoredAny>,
    installed: Option<IgnoredAny>,
}

fn parse(text: &str) -> Result<ClientFile, String> {
    let kind: Kind = serde_json::from_str(text).map_err(|error| in_words(&error))?;
    if kind.of.as_deref() == Some("service_account") {
        let key: ServiceAccountKey = serde_json::from_str(text).map_err(|e| in_words(&e))?;
        filled(&[("client_email", &key.client_email), ("private_key", &key.private_key)])?;
        return Ok(ClientFile::Service(Box::new(key)));
    }
    if kind.web.is_some() {
        return Err("it is for a client of type \"Web application\"; make one of type \
                    \"Desktop app\" and download its file"
            .to_owned());
    }
    if kind.installed.is_none() {
        return Err("there is neither \"installed\" nor \"type\": \"service_account\" in it; it \
                    must be the file that Google's console offers for download"
            .to_owned());
    }
    let file: ConsoleApplicationSecret = serde_json::from_str(text).map_err(|e| in_words(&e))?;
    let client = file.installed.ok_or_else(|| "installed is empty".to_owned())?;
    let known = [("client_id", &client.client_id), ("client_secret", &client.client_secret)];
    filled(&known)?;
    Ok(ClientFile::Installed(InstalledClient {
        id: client.client_id,
        secret: Secret::new(client.client_secret),
        auth_uri: client.auth_uri,
        token_uri: client.token_uri,
    }))
}

fn filled(properties: &[(&str, &String)]) -> Result<(), String> {
    match properties.iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(format!("{name} is empty")),
        None => Ok(()),
    }
}

/// What the parser says, without the values it quotes: they may be secrets.
fn in_words(error: &serde_json::Error) -> String {
    let line = error.line();
    let said = error.to_string();
    match said.split(" at line").next().unwrap_or_default() {
        missing if missing.starts_with("missing field") => {
            format!("line {line}: {}", missing.replace("field", "property").replace('`', "\""))
        }
        _ if error.is_data() => format!("line {line}: this is not what Google writes there"),
        what => format!("line {line}: it is no JSON: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(file) => format!("{file:?}"),
            Err(what) => what,
        };
        assert!(!found.contains("s3cr3t"), "{found}");
        assert!(found.contains(expected), "{found}");
    }

    const INSTALLED: &str = r#"{"installed":{
"client_id":"me.apps.googleusercontent.com","client_secret":"s3cr3t",
"auth_uri":"https://accounts.google.com/o/oauth2/auth",
"token_uri":"https://oauth2.googleapis.com/token","redirect_uris":["http://localhost"]}}"#;

    #[test]
    fn clients() {
        check(INSTALLED, "me.apps.googleusercontent.com");
        check(&INSTALLED.replace("s3cr3t", " "), "client_secret is empty");
        check(&INSTALLED.replace("\"installed\"", "\"web\""), "\"Desktop app\"");
        check(
            &INSTALLED.replace("\"client_id\"", "\"id\""),
            "line 4: missing property \"client_id\"",
        );
        check("{\n\"installed\": \"s3cr3t\"}", "line 2: this is not what Google writes there");
        check("{\"type\":\"authorized_user\"}", "neither \"installed\" nor");
        check("{\n\"installed\": s3cr3t}", "line 2: it is no JSON: expected value");
        check("", "line 1: it is no JSON: EOF while parsing a value");
        check("[]", "neither");
    }

    #[test]
    fn service_accounts() {
        let key = r#"{"type":"service_account","private_key":"s3cr3t",
"client_email":"a@b.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"}"#;
        check(key, "Service(..)");
        check(&key.replace("s3cr3t", ""), "private_key is empty");
        check(&key.replace("client_email", "mail"), "missing property \"client_email\"");
    }

    #[test]
    fn the_file_is_named() {
        let error = read(Path::new("absent/client.json")).unwrap_err().to_string();
        assert_eq!(error, "client_secret_file absent/client.json is not there");
    }
}
