//! What a domain's DNS says of its calendar service (RFC 6764 section 3 and 4, RFC 2782).
//!
//! Invariants: an answer is a hint and never an error, since most domains say nothing and many
//! networks answer nothing; a look-up ends in time. Who may be asked is the caller's to decide: DNS
//! is not signed.

use domain::base::iana::Rtype;
use domain::base::name::{Name, RelativeName, ToRelativeName};
use domain::rdata::Txt;
use domain::resolv::StubResolver;
use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
use std::net::SocketAddr;
use std::time::Duration;

/// For a question and its repetition; resolvers answer in a tenth of a second.
const LIMIT: Duration = Duration::from_secs(3);
/// Servers of one service that are tried.
const MOST_SERVERS: usize = 3;
/// Longest path taken.
const LONGEST_PATH: usize = 512;
/// Encrypted CalDAV.
const SECURE: &[u8] = b"\x08_caldavs\x04_tcp";
/// CalDAV over plain HTTP.
const PLAIN: &[u8] = b"\x07_caldav\x04_tcp";
/// Last labels without a place in the public DNS (RFC 6761, RFC 6762).
const SPECIAL: [&str; 4] = ["localhost", "invalid", "local", "onion"];

/// Looks up what domains say of themselves.
#[derive(Debug, Clone, Default)]
pub struct Names {
    server: Option<SocketAddr>,
}

/// What a domain says of its calendar service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Hosts and ports to try over HTTPS, best first.
    pub servers: Vec<(String, u16)>,
    /// Path of the service on them, when the domain names one.
    pub path: Option<String>,
    /// It says that there is none.
    pub declined: bool,
    /// It names servers for plain HTTP.
    pub plain: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Servers {
    Unknown,
    Declined,
    Known(Vec<(String, u16)>),
}

impl Names {
    /// Asks the resolvers this computer is set up with.
    pub fn system() -> Self {
        Self::default()
    }

    /// Asks this resolver.
    pub fn at(server: SocketAddr) -> Self {
        Self { server: Some(server) }
    }

    /// What `domain` says of its calendar service; nothing when it can't be asked.
    pub async fn caldav(&self, domain: &str) -> Service {
        if !is_public(domain) {
            return Service::default();
        }
        let (secure, path, plain) = tokio::join!(
            self.servers(SECURE, domain),
            self.path(domain),
            self.servers(PLAIN, domain)
        );
        Service {
            declined: secure == Servers::Declined,
            servers: match secure {
                Servers::Known(servers) => servers,
                Servers::Unknown | Servers::Declined => Vec::new(),
            },
            path,
            plain: matches!(plain, Servers::Known(_)),
        }
    }

    fn resolver(&self) -> StubResolver {
        let Some(address) = self.server else { return StubResolver::new() };
        let mut conf = ResolvConf::new();
        conf.servers.push(ServerConf::new(address, Transport::UdpTcp));
        conf.finalize();
        StubResolver::from_conf(conf)
    }

    async fn servers(&self, service: &'static [u8], domain: &str) -> Servers {
        let asked = async {
            let service = RelativeName::from_slice(service).ok()?;
            let domain: Name<Vec<u8>> = domain.parse().ok()?;
            let resolver = self.resolver();
            // No port: that is how a domain without the record is told from one with it.
            resolver.lookup_srv(service, &domain, 0).await.ok()
        };
        let Ok(Some(found)) = tokio::time::timeout(LIMIT, asked).await else {
            return Servers::Unknown;
        };
        let Some(found) = found else { return Servers::Declined };
        let all = found.into_srvs().filter(|entry| entry.port() != 0);
        let host = |name: String| name.trim_end_matches('.').to_ascii_lowercase();
        let all: Vec<(String, u16)> =
            all.map(|entry| (host(entry.target().to_string()), entry.port())).collect();
        match all.into_iter().filter(|(host, _)| !host.is_empty()).take(MOST_SERVERS).collect() {
            servers if servers == Vec::new() => Servers::Unknown,
            servers => Servers::Known(servers),
        }
    }

    /// The path of the first record that names one; others may share the name.
    async fn path(&self, domain: &str) -> Option<String> {
        let asked = async {
            let service = RelativeName::from_slice(SECURE).ok()?;
            let domain: Name<Vec<u8>> = domain.parse().ok()?;
            let name = service.chain(domain).ok()?;
            let answer = self.resolver().query((name, Rtype::TXT)).await.ok()?;
            let records = answer.answer().ok()?.limit_to_in::<Txt<_>>().flatten();
            let texts = records.map(|record| record.data().text::<Vec<u8>>());
            let texts: Vec<Vec<u8>> = texts.collect();
            texts.iter().find_map(|text| path_in(text))
        };
        tokio::time::timeout(LIMIT, asked).await.ok()?
    }
}

fn path_in(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (key, path) = text.split_once('=')?;
    let fits = key.eq_ignore_ascii_case("path") && path.starts_with('/');
    (fits && path.len() <= LONGEST_PATH).then(|| path.to_owned())
}

/// Whether the public DNS can know a name: no address, no bare name, none for special use.
fn is_public(domain: &str) -> bool {
    let last = domain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
        && !SPECIAL.contains(&last.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names() {
        for (text, expected) in [
            ("path=/dav/", Some("/dav/")),
            ("PATH=/caldav.php", Some("/caldav.php")),
            ("path=https://evil.example/", None),
            ("v=spf1 -all", None),
            ("path=", None),
        ] {
            assert_eq!(path_in(text.as_bytes()).as_deref(), expected, "{text}");
        }
        let names = ["example.com", "nas", "10.0.0.1", "[::1]", "cal.localhost", "x.invalid."];
        assert_eq!(names.map(is_public), [true, false, false, false, false, false]);
    }
}
