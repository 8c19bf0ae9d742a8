//! Checks `[[account]]` tables: what each kind needs, and what would be meant in vain.

use super::check::Check;
use super::file::{self, Text};
use super::source::Sources;
use super::{Account, AccountKind, PasswordSource};
use crate::calendar::Tls;
use crate::calendar::caldav::{SignIn, check_address};
use crate::calendar::google;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;

/// Accounts of one person; more is a slip of a generator.
const MOST_ACCOUNTS: usize = 64;

impl Check<'_> {
    pub(super) fn accounts(&mut self, accounts: &[Spanned<file::Account>]) -> Vec<Account> {
        let mut names = BTreeSet::new();
        if accounts.len() > MOST_ACCOUNTS {
            self.bad(None, "account", format!("more than {MOST_ACCOUNTS} accounts"), "");
        }
        let mut read = Vec::new();
        for spanned in accounts.iter().take(MOST_ACCOUNTS) {
            let (at, account) = (spanned.span(), spanned.get_ref());
            let name = account.name.as_ref().map(|n| n.get_ref().as_str()).unwrap_or_default();
            let name_at = account.name.as_ref().map_or(at.clone(), Spanned::span);
            if name.is_empty() || name.contains('/') || name.chars().any(char::is_control) {
                let hint = "any words without '/', for example name = \"work\"";
                self.bad(Some(name_at), "account.name", "an account needs a name", hint);
            } else if !names.insert(name) {
                let message = format!("two accounts are called '{name}'");
                self.bad(Some(name_at), "account.name", message, "give each its own name");
            }
            let password = self.password(account);
            let (sign_in, tls) = (self.sign_in(account), self.tls(account));
            let kind = self.kind(account, at);
            if let Some(kind) = kind {
                read.push(Account {
                    name: name.to_owned(),
                    kind,
                    username: account.username.clone(),
                    password,
                    sign_in,
                    tls,
                    calendars: account.calendars.clone(),
                    suggest_into: account.suggest_into.as_ref().map(|s| s.get_ref().clone()),
                    trusted_hosts: account.trusted_hosts.clone(),
                });
            }
        }
        read
    }

    fn kind(&mut self, account: &file::Account, at: Range<usize>) -> Option<AccountKind> {
        let Some(kind) = &account.kind else {
            let hint = "caldav, google or vdir";
            self.bad(Some(at), "account.kind", "an account needs a kind", hint);
            return None;
        };
        let words = [("caldav", "caldav"), ("google", "google"), ("vdir", "vdir")];
        let read = match self.one_of(kind, "account.kind", &words)? {
            "caldav" => AccountKind::Caldav { url: self.url(account, at) },
            "vdir" => match &account.path {
                Some(path) => AccountKind::Vdir { path: self.path(path, "account.path") },
                None => {
                    let hint = "path = \"~/calendars\"";
                    self.bad(Some(at), "account.path", "kind \"vdir\" needs a path", hint);
                    return None;
                }
            },
            _ => self.google(account, at),
        };
        self.strangers(account, &read);
        Some(read)
    }

    fn google(&mut self, account: &file::Account, at: Range<usize>) -> AccountKind {
        if account.client_secret_file.is_none() {
            let message = "kind \"google\" needs a client_secret_file";
            let hint = "the file that Google's console gives out; README.md says how to get one";
            self.bad(Some(at), "account.client_secret_file", message, hint);
        }
        let key = "account.client_secret_file";
        AccountKind::Google {
            client_secret_file: self.optional_path(&account.client_secret_file, key),
            api_root: self.endpoint(&account.api_root, "account.api_root"),
            auth_uri: self.endpoint(&account.auth_uri, "account.auth_uri"),
            token_uri: self.endpoint(&account.token_uri, "account.token_uri"),
            subject: account.subject.as_ref().map(|subject| subject.get_ref().trim().to_owned()),
        }
    }

    /// An address that secrets are sent to.
    fn endpoint(&mut self, value: &Text, key: &str) -> Option<String> {
        let value = value.as_ref()?;
        let found = google::endpoint(value.get_ref());
        if let Err(error) = &found {
            let hint = "https, or http to this computer, such as \"http://127.0.0.1:8080/\"";
            self.bad(Some(value.span()), key, error.to_string(), hint);
        }
        found.ok().map(|_| value.get_ref().trim().to_owned())
    }

    fn url(&mut self, account: &file::Account, at: Range<usize>) -> String {
        let given = account.url.as_ref();
        let url = given.map(|u| u.get_ref().trim()).unwrap_or_default();
        let at = given.map_or(at, Spanned::span);
        if url.is_empty() {
            let hint = "an address, a host or a URL: url = \"https://cal.example.org/\"";
            self.bad(Some(at), "account.url", "kind \"caldav\" needs a url", hint);
            return String::new();
        }
        match check_address(url, account.username.is_some() || sources(account).any()) {
            Err(error) => {
                let hint = "for example \"https://cal.example.org/\"";
                self.bad(Some(at), "account.url", error.to_string(), hint);
            }
            Ok(is_mail) => self.needs_of_sign_in(account, is_mail),
        }
        url.to_owned()
    }

    /// What the chosen way to sign in can't do without.
    fn needs_of_sign_in(&mut self, account: &file::Account, is_mail: bool) {
        let Some(way) = &account.sign_in else { return };
        let has_source = sources(account).any();
        let message = match way.get_ref().as_str() {
            "bearer" if !has_source => "a token needs a password_command, or another source",
            "basic" | "digest" if !has_source => {
                "a password needs a password_command, or another source"
            }
            "basic" | "digest" if account.username.is_none() && !is_mail => {
                "a password needs a username"
            }
            _ => return,
        };
        let hint = "give it, or take sign_in out";
        self.bad(Some(way.span()), "account.sign_in", message, hint);
    }

    fn sign_in(&mut self, account: &file::Account) -> SignIn {
        let words = SignIn::ALL.map(|way| (way.word(), way));
        let way = account.sign_in.as_ref();
        way.and_then(|way| self.one_of(way, "account.sign_in", &words)).unwrap_or_default()
    }

    fn tls(&mut self, account: &file::Account) -> Tls {
        if let (Some(key), None) = (&account.client_key, &account.client_certificate) {
            let message = "a key is of no use without its certificate";
            let hint = "client_certificate = \"~/.secrets/cal.pem\"";
            self.bad(Some(key.span()), "account.client_key", message, hint);
        }
        Tls {
            client_certificate: self
                .optional_path(&account.client_certificate, "account.client_certificate"),
            client_key: self.optional_path(&account.client_key, "account.client_key"),
            ca_file: self.optional_path(&account.ca_file, "account.ca_file"),
        }
    }

    /// Keys that belong to another kind of account.
    fn strangers(&mut self, account: &file::Account, kind: &AccountKind) {
        let (caldav, vdir, google) = match kind {
            AccountKind::Caldav { .. } => (true, false, false),
            AccountKind::Vdir { .. } => (false, true, false),
            AccountKind::Google { .. } => (false, false, true),
        };
        let keys = [
            ("url", &account.url, caldav),
            ("path", &account.path, vdir),
            ("password_command", &account.password_command, caldav),
            ("password_file", &account.password_file, caldav),
            ("password_credential", &account.password_credential, caldav),
            ("password_keyring", &account.password_keyring, caldav),
            ("sign_in", &account.sign_in, caldav),
            ("client_certificate", &account.client_certificate, caldav),
            ("client_key", &account.client_key, caldav),
            ("ca_file", &account.ca_file, caldav),
            ("client_secret_file", &account.client_secret_file, google),
            ("api_root", &account.api_root, google),
            ("auth_uri", &account.auth_uri, google),
            ("token_uri", &account.token_uri, google),
            ("subject", &account.subject, google),
        ];
        let given = keys.into_iter().filter(|(_, _, belongs)| !belongs);
        let given = given.filter_map(|(key, value, _)| Some((key, value.as_ref()?.span())));
        let plain = account.password.as_ref().filter(|_| !caldav);
        for (key, at) in given.chain(plain.map(|plain| ("password", plain.span()))) {
            let message = format!("means nothing for kind \"{}\"", kind.word());
            self.bad(Some(at), &format!("account.{key}"), message, "take it out");
        }
    }

    fn password(&mut self, account: &file::Account) -> Option<PasswordSource> {
        self.source(&sources(account))
    }
}

fn sources(account: &file::Account) -> Sources<'_> {
    Sources {
        table: "account",
        word: "password",
        plain: &account.password,
        command: &account.password_command,
        file: &account.password_file,
        credential: &account.password_credential,
        keyring: &account.password_keyring,
    }
}
