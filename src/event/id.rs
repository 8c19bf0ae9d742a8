//! Names of things: principals, collections, object resources. Newtypes, so that none passes for
//! another.

use std::fmt;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it stands.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it stands.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A collection of object resources (RFC 4791 section 4.2): `account name` + `/` + its href or
    /// folder name, so that it is unique within a principal and stable over restarts.
    CollectionId
);
name!(
    /// Where an object resource lies within its server or folder, decoded (RFC 4918 section 8.3).
    Href
);
name!(
    /// The version of an object resource as the server names it, quotes included (RFC 9110
    /// section 8.8.3).
    ETag
);
name!(
    /// The state of a collection as the server names it (RFC 6578 section 4). Opaque.
    SyncToken
);
name!(
    /// The UID of a calendar object resource (RFC 5545 section 3.8.4.7).
    Uid
);

/// How the UID of a component begins that brought none.
const NO_UID: &str = "no-uid-";

impl Uid {
    /// Of a component that brought none: the same parts give the same UID.
    pub fn of_content(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let hex = hasher.finalize().to_hex();
        Self(format!("{NO_UID}{}", hex.get(..32).unwrap_or_default()))
    }

    /// Made by [`Uid::of_content`]: with the content it changes.
    pub fn is_of_content(&self) -> bool {
        self.0.starts_with(NO_UID)
    }
}

/// Whose data it is: one person. Every store call takes one (safety contract, point 5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(String);

/// Longest `PrincipalId`: it is part of every key in the store.
const PRINCIPAL_MAX: usize = 64;

impl PrincipalId {
    /// Accepts 1 to 64 letters, digits and `. _ @ -`; the first is no dot, so that no id names a
    /// folder above or one that is hidden.
    ///
    /// # Errors
    /// A sentence for the person when the text is anything else.
    pub fn new(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
        let dotted = text.starts_with('.');
        if text.is_empty() || dotted || text.len() > PRINCIPAL_MAX || !text.chars().all(fits) {
            return Err(format!(
                "'{text}' can't be a person's id: use 1 to {PRINCIPAL_MAX} letters, digits, '.', \
                 '_', '@' or '-', and no '.' at the beginning"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// A name for a file or folder of theirs: another one for each person, also on a disk to which
    /// `Jane` and `jane` are the same.
    pub fn file_name(&self) -> String {
        if self.0.bytes().any(|b| b.is_ascii_uppercase()) {
            let hash = blake3::hash(self.0.as_bytes()).to_hex();
            return format!("{}-{}", self.0.to_ascii_lowercase(), &hash[..16]);
        }
        self.0.clone()
    }

    /// The text as it stands.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names one occurrence for as long as it exists: its UID and, in a series, its original start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// UID of the object resource.
    pub uid: Uid,
    /// RECURRENCE-ID in its canonical form (`20260301T090000Z`, `20260301`); `None` outside series.
    pub recurrence_id: Option<String>,
}

/// Every UID of ours begins so (DESIGN section 11).
pub const OUR_PREFIX: &str = "chronotype-";

impl Uid {
    /// Whether the name is one that we give. The name alone proves nothing: a block is ours when we
    /// also remember it.
    pub fn is_ours(&self) -> bool {
        self.as_str().starts_with(OUR_PREFIX)
    }

    /// Nine hex digits of its hash, for short names in lists.
    pub fn short(&self) -> String {
        blake3::hash(self.as_str().as_bytes()).to_hex()[..9].to_owned()
    }
}

impl EventId {
    /// `e` and nine hex digits, as lists print it and `explain` takes it: a hash, so that a UID
    /// that holds an address or a title is not shown.
    pub fn short(&self) -> String {
        self.hash().short()
    }

    /// The name in eight bytes, for what points at many events.
    pub fn hash(&self) -> EventHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.uid.as_str().as_bytes());
        hasher.update(b"\0");
        hasher.update(self.recurrence_id.as_deref().unwrap_or("").as_bytes());
        let mut short = [0; 8];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        EventHash(short)
    }
}

/// An occurrence by the hash of its name: says which it is, but not what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventHash(pub [u8; 8]);

impl EventHash {
    /// As [`EventId::short`].
    pub fn short(&self) -> String {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("e{}", &hex[..9])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_its_folder_and_no_two_share_a_name() {
        for id in ["", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "ä", "a b"] {
            assert!(PrincipalId::new(id).is_err(), "{id}");
        }
        let name = |id: &str| PrincipalId::new(id).unwrap().file_name();
        assert_eq!(
            (name("jane"), name("j.d@example.org")),
            ("jane".into(), "j.d@example.org".into())
        );
        let all = [name("jane"), name("Jane"), name("JANE")].map(|name| name.to_lowercase());
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
    }
}
