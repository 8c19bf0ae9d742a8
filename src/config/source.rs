//! Checks where a secret comes from: a command, a file, or a credential of systemd.

use super::PasswordSource;
use super::check::Check;
use super::file::Text;
use toml::Spanned;

/// The keys of one secret, and what was written under them.
pub(super) struct Sources<'a> {
    /// Before the dot in problems: `account`, `assistant`.
    pub(super) table: &'a str,
    /// The secret's own word: `password`, `key`.
    pub(super) word: &'a str,
    pub(super) command: &'a Text,
    pub(super) file: &'a Text,
    pub(super) credential: &'a Text,
}

impl Sources<'_> {
    /// One of them is given.
    pub(super) fn any(&self) -> bool {
        [self.command, self.file, self.credential].iter().any(|source| source.is_some())
    }
}

impl Check<'_> {
    /// `None` = none is given, or they don't go together.
    pub(super) fn source(&mut self, sources: &Sources<'_>) -> Option<PasswordSource> {
        let Sources { table, word, .. } = sources;
        let given = [
            ("command", sources.command),
            ("file", sources.file),
            ("credential", sources.credential),
        ];
        let mut given = given.into_iter().filter_map(|(kind, value)| Some((kind, value.as_ref()?)));
        let (kind, value) = given.next()?;
        if let Some((other, at)) = given.next() {
            let message = format!("{word}_{kind} and {word}_{other} can't both be given");
            let key = format!("{table}.{word}_{other}");
            self.bad(Some(at.span()), &key, message, "keep one of them");
            return None;
        }
        let key = format!("{table}.{word}_{kind}");
        Some(match kind {
            "command" => PasswordSource::Command(value.get_ref().clone()),
            "file" => PasswordSource::File(self.path(value, &key)),
            _ => return self.credential(value, &key),
        })
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
