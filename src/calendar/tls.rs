//! Certificates of an account's own: the one it shows (a client certificate), and those it trusts
//! (a private CA), from PEM files (RFC 7468).
//!
//! Invariant: what a key file holds appears in no error.

use super::Error;
use reqwest::{Certificate, ClientBuilder, Identity};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file that is read: a bundle of all public CAs has a quarter of it.
const LARGEST: u64 = 1 << 20;

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

    /// Others may read the file that holds the private key.
    pub fn key_is_open(&self) -> bool {
        self.key_file().is_some_and(is_open)
    }

    /// The file that holds the private key.
    pub fn key_file(&self) -> Option<&Path> {
        self.client_key.as_deref().or(self.client_certificate.as_deref())
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
    let mut pem = text(what, certificate)?;
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(bad(what, certificate, "holds no certificate (PEM)"));
    }
    let (what, file) = match key {
        Some(key) => ("the client key", key),
        None => (what, certificate),
    };
    if let Some(key) = key {
        pem = format!("{pem}\n{}", text(what, key)?);
    }
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
    Identity::from_pem(pem.as_bytes()).map_err(|_| bad(what, file, "is damaged"))
}

fn trusted(file: &Path) -> Result<Vec<Certificate>, Error> {
    let what = "the ca_file";
    let all = Certificate::from_pem_bundle(text(what, file)?.as_bytes());
    match all {
        Ok(all) if all.is_empty() => Err(bad(what, file, "holds no certificate (PEM)")),
        Ok(all) => Ok(all),
        Err(_) => Err(bad(what, file, "is damaged")),
    }
}

fn text(what: &str, file: &Path) -> Result<String, Error> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => bad(what, file, "is not there"),
        std::io::ErrorKind::InvalidData => bad(what, file, "is not PEM text"),
        _ => bad(what, file, &format!("can't be read: {error}")),
    })
}

fn bad(what: &str, file: &Path, why: &str) -> Error {
    Error::Unauthorized(format!("{what} {} {why}", file.display()))
}

/// Whether group or others may read a file.
pub fn is_open(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        /// Read by group or others.
        const OTHERS_READ: u32 = 0o044;
        let metadata = std::fs::metadata(path);
        metadata.is_ok_and(|m| m.is_file() && m.permissions().mode() & OTHERS_READ != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
