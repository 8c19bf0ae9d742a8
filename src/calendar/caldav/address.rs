//! The address of an account, as people write it: a URL, a host, or a mail address.

use super::gate::Gate;
use crate::calendar::Error;
use reqwest::Url;

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// Where it leads; the root of a host or domain.
    pub url: Url,
    /// A domain whose DNS may tell more, since nothing but its name was written.
    pub domain: Option<String>,
    mail: Option<String>,
}

impl Address {
    /// Reads it; without a scheme it is a host, or a mail address at one.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is none, or holds a password.
    pub fn read(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let text = text.strip_prefix("mailto:").unwrap_or(text);
        let (full, mail) = match text.contains("://") {
            true => (text.to_owned(), None),
            false => {
                let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
                if user.contains(':') {
                    return Err(holds_secret());
                }
                // One slash too few.
                let host = if host.contains(":/") { "" } else { host };
                let mail = (!user.is_empty()).then(|| text.to_owned());
                (format!("https://{host}"), mail)
            }
        };
        let url = Url::parse(&full).ok().filter(Url::has_host);
        let no_address = || match text.contains('@') {
            true => Error::Refused("this is not a web address".to_owned()),
            false => Error::Refused(format!("'{text}' is not a web address")),
        };
        let mut url = url.ok_or_else(no_address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(holds_secret());
        }
        url.set_fragment(None);
        url.set_query(None);
        let is_bare = !text.contains("://") && url.path() == "/" && url.port().is_none();
        let domain = url.domain().filter(|_| is_bare).map(str::to_owned);
        Ok(Self { url, domain, mail })
    }

    /// Names to sign in by where none is given: the mail address, then its local part (RFC 6764
    /// section 6).
    pub fn names(&self) -> Vec<String> {
        let local = |mail: &String| mail.rsplit_once('@').map(|(local, _)| local.to_owned());
        self.mail.iter().flat_map(|mail| [Some(mail.clone()), local(mail)]).flatten().collect()
    }
}

/// What stands before the '@' may be a password: it is neither repeated nor dropped in silence.
fn holds_secret() -> Error {
    Error::Refused(
        "the address must not hold a password: give username and password_command".to_owned(),
    )
}

/// Whether an account may have this address; nothing is sent. The value says whether it is a mail
/// address, which can stand for a user name.
///
/// # Errors
/// [`Error::Refused`] when it is none, or would carry the password unencrypted.
pub fn check_address(text: &str, signs_in: bool) -> Result<bool, Error> {
    let address = Address::read(text)?;
    let is_mail = address.mail.is_some();
    Gate::new(address.url, String::new(), Vec::new(), signs_in).map(|_| is_mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_type() {
        for (text, expected, domain, names) in [
            ("https://dav.example.com/alice/", "https://dav.example.com/alice/", "", ""),
            ("https://example.com", "https://example.com/", "", ""),
            ("dav.example.com", "https://dav.example.com/", "dav.example.com", ""),
            ("dav.example.com:8443", "https://dav.example.com:8443/", "", ""),
            ("dav.example.com/dav/", "https://dav.example.com/dav/", "", ""),
            ("10.0.0.1", "https://10.0.0.1/", "", ""),
            ("al@example.com", "https://example.com/", "example.com", "al@example.com al"),
            ("mailto:al@example.com", "https://example.com/", "example.com", "al@example.com al"),
        ] {
            let found = Address::read(text).unwrap();
            assert_eq!(found.url.as_str(), expected, "{text}");
            assert_eq!(found.domain.as_deref().unwrap_or_default(), domain, "{text}");
            assert_eq!(found.names().join(" "), names, "{text}");
        }
        for text in ["https://alice:secret@example.com/", "not an address", "", "a:b@c.org"] {
            let error = Address::read(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
