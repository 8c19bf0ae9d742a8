//! The HTTP clients accounts share, and what their failures mean.
//!
//! Invariants: one TLS stack (rustls with ring, the system's root certificates); redirects are
//! never followed here, because whoever follows one decides where a password goes. An account with
//! a client certificate has clients of its own: nobody else's server is ever offered it.

use super::Error;
use super::names::Names;
use super::tls::Tls;
use rustls::AlertDescription as Alert;
use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

/// To reach a server at all. A laptop that just woke up needs a few seconds for its network.
const CONNECT: Duration = Duration::from_secs(10);
/// For a whole request, body included.
const WHOLE: Duration = Duration::from_secs(60);
/// Same, for a report on a whole calendar: a server that reads 10,000 objects to answer for the
/// first time was measured to take 75 s, on a busy machine more.
pub const REPORT: Duration = Duration::from_secs(300);
/// Between signs of life on a connection: one that died in a suspend is found out.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Without a word from the other side's kernel for so long a connection is dead, as one is that was
/// open when the computer fell asleep.
#[cfg(target_os = "linux")]
const DEAD: Duration = Duration::from_secs(15);
/// An idle connection is kept for so long: for the requests of one turn, not for the next one. The
/// clock it is measured by stands still in a suspend, so that a longer time would hand out
/// connections that the server gave up hours ago.
pub const IDLE_FOR: Duration = Duration::from_secs(15);
/// Idle connections kept for each host: one account asks for one thing at a time.
const IDLE: usize = 2;
/// Deepest chain of causes looked through for the one to tell the person.
const CAUSES: usize = 16;

/// Makes ring the process's TLS provider. Call it once at the start; further calls do nothing.
pub fn install_tls_provider() {
    // An error means that one is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A number nobody can guess.
pub fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness from the system there is no TLS either: that error is said there.
    let _ = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

/// HTTP clients to share between all accounts of a process: cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    remote: reqwest::Client,
    loopback: reqwest::Client,
    names: Names,
}

impl Http {
    /// Reads the system's root certificates.
    ///
    /// # Errors
    /// [`Error::Refused`] when TLS cannot be set up, for example without any root certificate.
    pub fn new() -> Result<Self, Error> {
        Self::with(&Tls::default(), &[], Names::system())
    }

    /// For one account that trusts or shows certificates of its own. `hosts` are at these
    /// addresses, whatever the network says (as in `/etc/hosts`), and at these ports where a URL
    /// names none.
    ///
    /// # Errors
    /// As [`Http::new`]; [`Error::Unauthorized`] when one of the files can't be used.
    pub fn with(tls: &Tls, hosts: &[(&str, SocketAddr)], names: Names) -> Result<Self, Error> {
        install_tls_provider();
        let files = tls.read()?;
        let client = |mut builder: reqwest::ClientBuilder| {
            for (name, address) in hosts {
                builder = builder.resolve(name, *address);
            }
            files.clone().apply(builder).build().map_err(|error| unusable(tls, &error))
        };
        // A proxy is for the world outside: what goes to this machine never passes through one.
        let (remote, loopback) = (client(builder())?, client(builder().no_proxy())?);
        Ok(Self { remote, loopback, names })
    }

    /// Who looks up the services of a domain.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The client for this address.
    pub fn client(&self, url: &reqwest::Url) -> &reqwest::Client {
        if is_loopback(url) { &self.loopback } else { &self.remote }
    }
}

fn unusable(tls: &Tls, error: &reqwest::Error) -> Error {
    let cause = root_cause(error);
    if tls.is_given() {
        let reason = match cause.contains("keys may not be consistent") {
            true => "the client certificate and its key don't belong together".to_owned(),
            false => format!("client_certificate, client_key or ca_file can't be used: {cause}"),
        };
        return Error::Unauthorized(reason);
    }
    Error::Refused(format!(
        "can't set up TLS: {cause} (are root certificates installed, such as the package \
         ca-certificates?)"
    ))
}

fn builder() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(DEAD);
    builder
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .tcp_keepalive(KEEPALIVE)
        .pool_max_idle_per_host(IDLE)
        .pool_idle_timeout(IDLE_FOR)
        .gzip(true)
        .referer(false)
        .user_agent(concat!("chronotype/", env!("CARGO_PKG_VERSION")))
}

/// Whether the address is on this machine: `localhost` or a loopback address.
pub fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// What to tell the person about a request that got no complete answer.
pub fn failure(error: &reqwest::Error, host: &str) -> Error {
    if let Some(reason) = certificate_problem(error) {
        return Error::Refused(format!("the certificate of {host} is not trusted: {reason}"));
    }
    match alert(error) {
        Some(Alert::CertificateRequired) => {
            return Error::Unauthorized(format!(
                "{host} asks for a client certificate: give client_certificate and client_key"
            ));
        }
        Some(alert) => {
            return Error::Unauthorized(format!(
                "{host} refused the client certificate ({alert:?})"
            ));
        }
        None => {}
    }
    let cause = root_cause(error);
    let cause = cause.split(" (os error").next().unwrap_or_default();
    if cause.starts_with("failed to lookup address") {
        return Error::Transient(format!("there is no server called {host}, or no network"));
    }
    if error.is_timeout() {
        Error::Transient(format!("{host} did not answer in time"))
    } else if error.is_connect() {
        Error::Transient(format!("can't reach {host}: {cause}"))
    } else {
        Error::Transient(format!("{host} broke off: {cause}"))
    }
}

/// Whether the connection ended without a complete answer, so that asking again makes sense.
pub fn is_dropped(error: &reqwest::Error) -> bool {
    !error.is_connect() && !error.is_timeout() && !error.is_builder() && alert(error).is_none()
}

/// What the server has against our certificate, or its absence.
fn alert(error: &reqwest::Error) -> Option<Alert> {
    causes(error).find_map(|error| match error.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::AlertReceived(
            alert @ (Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied),
        )) => Some(*alert),
        _ => None,
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error| inner(*error)).take(CAUSES)
}

/// The next cause. An [`std::io::Error`] hides the error it wraps from `source`.
fn inner<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The innermost cause: the outer ones only say "error sending request", with its address.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|error| match error.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(reason)) => Some(said(reason)),
        _ => None,
    })
}

fn said(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Reason;
    let text = reason.to_string();
    match reason {
        // The usual self-signed certificate calls itself an authority; ca_file can't mend that.
        _ if text.contains("CaUsedAsEndEntity") => {
            "it is signed by itself and calls itself an authority; a server needs one with CA:FALSE"
                .to_owned()
        }
        Reason::UnknownIssuer => "nobody this computer trusts has signed it".to_owned(),
        Reason::Expired | Reason::ExpiredContext { .. } => "it has expired".to_owned(),
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            "it belongs to another name".to_owned()
        }
        _ => text,
    }
}
