//! Where an account's credentials may go (safety contract, point 6): password, digest, token,
//! client certificate.
//!
//! Invariant: every request passes here, whoever named its address: the person, a redirect, the
//! DNS, or a server's answer.

use crate::calendar::Error;
use crate::calendar::http::is_loopback;
use reqwest::Url;

/// The addresses one account may talk to.
#[derive(Debug, Clone)]
pub struct Gate {
    base: Url,
    trusted: Vec<String>,
    account: String,
}

impl Gate {
    /// Around the address the person gave, and the hosts they confirmed.
    ///
    /// # Errors
    /// [`Error::Refused`] when a password would travel unencrypted.
    pub fn new(
        base: Url,
        account: String,
        trusted: Vec<String>,
        has_password: bool,
    ) -> Result<Self, Error> {
        let host = host(&base);
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(&base) || !has_password => {}
            "http" => {
                return Err(Error::Refused(format!(
                    "refusing to send the password over plain http to {host}; use https"
                )));
            }
            other => {
                return Err(Error::Refused(format!("'{other}' can't be used here: use https")));
            }
        }
        let trusted = trusted.iter().map(|host| as_host(host)).collect();
        Ok(Self { base, trusted, account })
    }

    /// The address the person gave.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Lets a request to this address pass.
    ///
    /// # Errors
    /// [`Error::Refused`] when it belongs to somebody else.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        if url.origin() == self.base.origin() {
            return Ok(());
        }
        let (here, there) = (host(&self.base), host(url));
        if url.scheme() != "https" {
            return Err(Error::Refused(format!(
                "{here} points to {}, which is not https: nothing is sent there",
                url.origin().ascii_serialization()
            )));
        }
        let encrypted = self.base.scheme() == "https";
        if (encrypted && same_site(&here, &there)) || self.trusted.contains(&there) {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "{here} points to {there}, which is another site: if it is yours, add \"{there}\" to \
             trusted_hosts of the account {}",
            self.account
        )))
    }
}

/// A host as people write it: in any case, in any script, as an address.
fn as_host(text: &str) -> String {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    Url::parse(&full).map_or_else(|_| text.to_ascii_lowercase(), |url| host(&url))
}

/// The host of an address, lower case.
pub fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

/// Whether both hosts belong to one registrable domain. An IP address and a bare name such as
/// `nas` have none: they match only themselves.
fn same_site(a: &str, b: &str) -> bool {
    let is_name = |host: &str| host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    a == b
        || is_name(a)
            && is_name(b)
            && psl::domain_str(a).is_some_and(|d| Some(d) == psl::domain_str(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_home() {
        let trusted = ["Cal.Partner.net", "https://dav.friend.org/", "münchen.example"];
        let trusted: Vec<String> = trusted.map(str::to_owned).into();
        for (base, to, expected) in [
            ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/", true),
            ("https://example.co.uk/", "https://other.co.uk/", false),
            ("https://me.github.io/", "https://you.github.io/", false),
            ("https://example.com/", "http://example.com/", false),
            ("https://example.com/", "https://example.com:8443/", true),
            ("https://example.com/", "https://cal.partner.net/", true),
            ("https://example.com/", "https://dav.friend.org/dav/", true),
            ("https://example.com/", "https://xn--mnchen-3ya.example/", true),
            ("https://example.com/", "http://cal.partner.net/", false),
            ("https://example.com/", "https://evil-example.com/", false),
            ("https://example.com/", "https://example.com.evil.net/", false),
            ("https://example.com/", "https://user@evil.net/", false),
            ("https://10.0.0.1/", "https://10.0.0.2/", false),
            ("https://nas/", "https://nas.evil.com/", false),
            ("http://127.0.0.1:5232/", "http://127.0.0.1:5232/alice/", true),
            ("http://127.0.0.1:5232/", "http://127.0.0.1:80/", false),
            ("http://localhost:5232/", "https://localhost:1/", false),
        ] {
            let base = Url::parse(base).unwrap();
            let gate = Gate::new(base, "home".to_owned(), trusted.clone(), true).unwrap();
            assert_eq!(gate.check(&Url::parse(to).unwrap()).is_ok(), expected, "{gate:?} {to}");
        }
    }

    #[test]
    fn no_password_in_the_clear() {
        for (base, has_password, expected) in [
            ("http://calendar.example.com/", true, false),
            ("http://calendar.example.com/", false, true),
            ("http://localhost.example.com/", true, false),
            ("http://localhost:5232/", true, true),
            ("http://[::1]:5232/", true, true),
            ("http://127.1.2.3/", true, true),
            ("ftp://example.com/", false, false),
        ] {
            let gate = Gate::new(Url::parse(base).unwrap(), "a".to_owned(), vec![], has_password);
            assert_eq!(gate.is_ok(), expected, "{base}");
        }
    }
}
