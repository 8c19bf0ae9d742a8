//! Checks where a secret comes from: a command, a file, a credential of systemd, the desktop's
//! keyring, or, where the person insists, the config itself.

use super::check::Check;
use super::file::{Plain, Text};
use super::{PasswordSource, keyring};
use toml::Spanned;

/// The keys of one secret, and what was written under them.
pub(super) struct Sources<'a> {
    /// Before the dot in problems: `account`, `assistant`.
    pub(super) table: &'a str,
    /// The secret's own word: `password`, `key`.
    pub(super) word: &'a str,
    pub(super) plain: &'a Plain,
    pub(super) command: &'a Text,
    pub(super) file: &'a Text,
    pub(super) credential: &'a Text,
    pub(super) keyring: &'a Text,
}

impl<'a> Sources<'a> {
    /// Those that are a word about where the secret is.
    fn words(&self) -> [(&'static str, &'a Text); 4] {
        [
            ("command", self.command),
            ("file", self.file),
            ("credential", self.credential),
            ("keyring", self.keyring),
        ]
    }

    /// One of them is given.
    pub(super) fn any(&self) -> bool {
        self.plain.is_some() || self.words().iter().any(|(_, source)| source.is_some())
    }
}

impl Check<'_> {
    /// `None` = none is given, or they don't go together.
    pub(super) fn source(&mut self, sources: &Sources<'_>) -> Option<PasswordSource> {
        let Sources { table, word, plain, .. } = sources;
        let words = sources.words().into_iter();
        let mut given = words.filter_map(|(kind, value)| Some((kind, value.as_ref()?)));
        let first = given.next();
        let named = |kind: &str| format!("{word}_{kind}");
        let both = match (&first, plain, given.next()) {
            (Some((one, at)), Some(_), _) => Some((word.to_string(), named(one), at.span())),
            (Some((one, _)), None, Some((other, at))) => {
                Some((named(one), named(other), at.span()))
            }
            _ => None,
        };
        if let Some((one, other, at)) = both {
            let message = format!("{one} and {other} can't both be given");
            self.bad(Some(at), &format!("{table}.{other}"), message, "keep one of them");
            return None;
        }
        let Some((kind, value)) = first else { return self.plain(sources) };
        let key = format!("{table}.{}", named(kind));
        match kind {
            "command" => Some(PasswordSource::Command(value.get_ref().clone())),
            "file" => Some(PasswordSource::File(self.path(value, &key))),
            "credential" => self.credential(value, &key),
            _ => self.keyring(value, &key),
        }
    }

    /// A secret in the config: only in one that is its owner's alone and says that it is meant.
    fn plain(&mut self, sources: &Sources<'_>) -> Option<PasswordSource> {
        let Sources { table, word, plain, .. } = sources;
        let plain = plain.as_ref()?;
        let (at, key) = (Some(plain.span()), format!("{table}.{word}"));
        let fits = |secret: &str| !secret.is_empty() && !secret.chars().any(char::is_control);
        if !self.secrets_allowed {
            let hint = format!(
                "{word}_keyring, {word}_command or {word}_file says where it is; or insist: \
                 in_this_file = true in [secrets]"
            );
            self.bad(at, &key, "secrets don't belong into this file", &hint);
        } else if !self.origin().is_private {
            let hint = format!("chmod 600 {}", self.origin().file.display());
            self.bad(at, &key, "others can read this file, and a secret stands in it", &hint);
        } else if !fits(plain.get_ref().expose()) {
            self.bad(at, &key, "is empty, or holds control characters", "");
        } else {
            return Some(PasswordSource::Written(plain.get_ref().clone()));
        }
        None
    }

    /// The name of an entry in the keyring.
    fn keyring(&mut self, value: &Spanned<String>, key: &str) -> Option<PasswordSource> {
        let name = value.get_ref();
        let fits = keyring::is_name(name);
        if !fits {
            let hint = "letters, digits and . _ @ -, such as \"work\"";
            self.bad(Some(value.span()), key, "not the name of an entry in the keyring", hint);
        }
        fits.then(|| PasswordSource::Keyring(name.clone()))
    }

    /// systemd allows any file name; more than a name would leave its folder.
    fn credential(&mut self, value: &Spanned<String>, key: &str) -> Option<PasswordSource> {
        let name = value.get_ref();
        let fits = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) {
            let hint = "the name in the unit's LoadCredential=, such as \"password\"";
            self.bad(Some(value.span()), key, "not the name of a credential", hint);
            return None;
        }
        let folder = self.origin().credentials.clone();
        Some(PasswordSource::Credential { name: name.clone(), folder })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Origin};

    #[test]
    fn a_credential_is_a_name_and_one_source_is_enough() {
        let origin = Origin { time_zone: Some(chrono_tz::UTC), ..Origin::default() };
        let check = |keys: &str, expected: &str| {
            let text = format!(
                "[[account]]\nname = \"a\"\nkind = \"caldav\"\nurl = \"c.example.org\"\n{keys}\n"
            );
            let said = Config::parse(&text, &origin).map(|_| ()).map_err(|e| e.to_string());
            let said = said.err().unwrap_or_default();
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}");
        };
        check("password_credential = \"jane.work\"", "");
        for name in ["", "../x", "a/b", ".hidden", "a b"] {
            let keys = format!("password_credential = \"{name}\"");
            check(&keys, "line 5: account.password_credential: not the name of a credential");
        }
        let both = "password_credential = \"a\"\npassword_file = \"b\"";
        check(both, "password_file and password_credential can't both be given");
    }
}
