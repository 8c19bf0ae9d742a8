//! Certificates of an account's own: the one it shows (a client certificate), and those it trusts
//! (a private CA), from PEM files (RFC 7468).
//!
//! Invariants: what a key file holds appears in no error; one that others have a right to is not
//! used.

use super::Error;
use super::private::{PrivateFile, Unusable};
use reqwest::{Certificate, ClientBuilder, Identity};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is read: a bundle of all public CAs has a quarter of it.
const LARGEST: usize = 1 << 20;

/// Files of an account's own certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate to show, with its chain; it may hold the key too.
    pub client_certificate: Option<PathBuf>,
    /// Its private key, where that is a file of its own.
    pub client_key: Option<PathBuf>,
    /// Certificates to trust beside those the computer trusts.
    pub ca_file: Option<PathBuf>,
}

/// What the files hold.
#[derive(Clone, Default)]
pub(super) struct Held {
    identity: Option<Identity>,
    trusted: Vec<Certificate>,
}

impl Tls {
    /// Whether there is any.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// Whether the files can be used; nothing is sent.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], with the file's name.
    pub fn check(&self) -> Result<(), Error> {
        self.read().map(drop)
    }

    pub(super) fn read(&self) -> Result<Held, Error> {
        let identity = match &self.client_certificate {
            Some(certificate) => Some(identity(certificate, self.client_key.as_deref())?),
            None => None,
        };
        let trusted = match &self.ca_file {
            Some(file) => trusted(file)?,
            None => Vec::new(),
        };
        Ok(Held { identity, trusted })
    }
}

impl Held {
    pub(super) fn apply(self, mut builder: ClientBuilder) -> ClientBuilder {
        if let Some(identity) = self.identity {
            builder = builder.identity(identity);
        }
        match self.trusted.is_empty() {
            true => builder,
            false => builder.tls_certs_merge(self.trusted),
        }
    }
}

fn identity(certificate: &Path, key: Option<&Path>) -> Result<Identity, Error> {
    let what = "the client certificate";
    let (held, pem) = text(what, certificate)?;
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(bad(what, certificate, "holds no certificate (PEM)"));
    }
    let (what, file) = match key {
        Some(key) => ("the client key", key),
        None => (what, certificate),
    };
    let (held, pem) = match key {
        Some(key) => {
            let (held, key) = text(what, key)?;
            let both = [pem.as_str(), "\n", key.as_str()].concat();
            (held, Zeroizing::new(both))
        }
        None => (held, pem),
    };
    if pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.contains("Proc-Type: 4,ENCRYPT")
    {
        let hint = "is locked with a passphrase: `openssl pkey -in LOCKED -out OPEN` unlocks it";
        return Err(bad(what, file, hint));
    }
    if !pem.contains("PRIVATE KEY-----") {
        let missing = match key {
            Some(_) => "holds no private key (PEM)",
            None => "holds no private key (PEM): name its file in client_key",
        };
        return Err(bad(what, file, missing));
    }
    held.check().map_err(|error| bad(what, file, &error.to_string()))?;
    Identity::from_pem(pem.as_bytes()).map_err(|_| bad(what, file, "is damaged"))
}

fn trusted(file: &Path) -> Result<Vec<Certificate>, Error> {
    let what = "the ca_file";
    let all = Certificate::from_pem_bundle(text(what, file)?.1.as_bytes());
    match all {
        Ok(all) if all.is_empty() => Err(bad(what, file, "holds no certificate (PEM)")),
        Ok(all) => Ok(all),
        Err(_) => Err(bad(what, file, "is damaged")),
    }
}

fn text(what: &str, path: &Path) -> Result<(PrivateFile, Zeroizing<String>), Error> {
    let read = PrivateFile::open(path).and_then(|file| {
        let text = file.text(LARGEST)?;
        Ok((file, text))
    });
    read.map_err(|error| match error {
        Unusable::NoText => bad(what, path, "is not PEM text"),
        error => bad(what, path, &error.to_string()),
    })
}

fn bad(what: &str, file: &Path, why: &str) -> Error {
    Error::Unauthorized(format!("{what} {} {why}", file.display()))
}
