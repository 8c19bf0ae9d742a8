//! What is kept of a sign-in, and its shape on the disk.

use crate::calendar::Secret;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Version of the format. A file of another one is a sign-in to be repeated.
const VERSION: u32 = 1;

/// What is kept of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Signed in.
    SignedIn(Box<SignedIn>),
    /// Google ended the sign-in.
    SignedOut(SignedOut),
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The client it was given to.
    pub client_id: String,
    /// Fetches access tokens.
    pub refresh: Secret,
    /// When that ends; Google tells for apps in testing.
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// The newest access token.
    pub access: Secret,
    /// When that ends.
    pub expires_at: DateTime<Utc>,
    /// What was granted, as URIs.
    pub scopes: Vec<String>,
    /// When the person signed in.
    pub signed_in_at: DateTime<Utc>,
    /// When the access token was fetched.
    pub refreshed_at: DateTime<Utc>,
    /// The address it is for; `None` = Google did not say.
    pub address: Option<String>,
}

/// A sign-in that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOut {
    /// When that was noticed.
    pub at: DateTime<Utc>,
    /// It looks like the end that comes to all apps in testing.
    pub testing: bool,
    /// The address it was for.
    pub address: Option<String>,
}

/// The file's own shape, where secrets are written as plain text.
#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Written {
    SignedIn {
        version: u32,
        client_id: String,
        #[serde(serialize_with = "Secret::write")]
        refresh_token: Secret,
        refresh_expires_at: Option<DateTime<Utc>>,
        #[serde(serialize_with = "Secret::write")]
        access_token: Secret,
        expires_at: DateTime<Utc>,
        scopes: Vec<String>,
        signed_in_at: DateTime<Utc>,
        refreshed_at: DateTime<Utc>,
        #[serde(default)]
        address: Option<String>,
    },
    SignedOut {
        version: u32,
        at: DateTime<Utc>,
        testing: bool,
        #[serde(default)]
        address: Option<String>,
    },
}

impl Written {
    /// What to write.
    pub fn from_kept(kept: &Kept) -> Self {
        match kept.clone() {
            Kept::SignedIn(s) => Written::SignedIn {
                version: VERSION,
                client_id: s.client_id,
                refresh_token: s.refresh,
                refresh_expires_at: s.refresh_expires_at,
                access_token: s.access,
                expires_at: s.expires_at,
                scopes: s.scopes,
                signed_in_at: s.signed_in_at,
                refreshed_at: s.refreshed_at,
                address: s.address,
            },
            Kept::SignedOut(SignedOut { at, testing, address }) => {
                Written::SignedOut { version: VERSION, at, testing, address }
            }
        }
    }

    /// `None` when another version wrote it.
    pub fn into_kept(self) -> Option<Kept> {
        match self {
            Written::SignedIn {
                version: VERSION,
                client_id,
                refresh_token,
                refresh_expires_at,
                access_token,
                expires_at,
                scopes,
                signed_in_at,
                refreshed_at,
                address,
            } => Some(Kept::SignedIn(Box::new(SignedIn {
                client_id,
                refresh: refresh_token,
                refresh_expires_at,
                access: access_token,
                expires_at,
                scopes,
                signed_in_at,
                refreshed_at,
                address,
            }))),
            Written::SignedOut { version: VERSION, at, testing, address } => {
                Some(Kept::SignedOut(SignedOut { at, testing, address }))
            }
            Written::SignedIn { .. } | Written::SignedOut { .. } => None,
        }
    }
}
