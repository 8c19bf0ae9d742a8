//! A scripted web server, plain or with TLS, that keeps its connections and logs what it is asked.
//!
//! Its certificate, for localhost, 127.0.0.1, cloud.test with its subdomains, and other.test, is
//! signed by a private CA whose own key was thrown away; so is a client's. Valid until 2120.

use chronotype::calendar::caldav::{Access, SignIn};
use chronotype::calendar::names::Names;
use chronotype::calendar::{Http, Secret, Tls, install_tls_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No test waits longer for a client.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where no server listens.
pub const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// One request as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// A client certificate was shown.
    pub certified: bool,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The host it was meant for, without the port.
    pub fn host(&self) -> &str {
        self.header("host").unwrap_or_default().split(':').next().unwrap_or_default()
    }

    /// `METHOD host target`.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.host(), self.target)
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The connection ends with it.
    pub closes: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sent on to `to`.
    pub fn moved(status: u16, to: &str) -> Self {
        Self::new(status, "").with("Location", to)
    }
}

/// Whether clients must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// None is asked for.
    None,
    /// One is asked for, and none is fine.
    Asked,
    /// Without one there is no connection.
    Wanted,
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

struct State {
    script: Box<Script>,
    log: Mutex<Vec<Asked>>,
    tls: Option<Arc<ServerConfig>>,
    connections: AtomicUsize,
    ended: AtomicBool,
}

/// A running server; it ends with this value.
pub struct Server {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Server {
    /// Plain HTTP.
    pub fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        super::trace::watch();
        Self::launch(Box::new(script), None)
    }

    /// With TLS.
    pub fn secure(shown: Shown, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::launch(Box::new(script), Some(Arc::new(config(shown))))
    }

    fn launch(script: Box<Script>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (log, connections) = (Mutex::default(), AtomicUsize::new(0));
        let ended = AtomicBool::new(false);
        let state = Arc::new(State { script, log, tls, connections, ended });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                state.connections.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || serve(client.ok()?, &state));
            }
        });
        Self { address, state }
    }

    /// What was asked so far.
    pub fn log(&self) -> Vec<Asked> {
        self.state.log.lock().unwrap().clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// `https://HOST:PORT/`, or with http where it is plain.
    pub fn url(&self, host: &str) -> String {
        let scheme = if self.state.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{host}:{}/", self.address.port())
    }

    /// Clients that trust the private CA and find the names of its certificate here; they ask
    /// nobody about a domain.
    pub fn http(&self, tls: &Tls) -> Http {
        self.http_asking(tls, Names::at(NOBODY))
    }

    /// Same, with someone to ask.
    pub fn http_asking(&self, tls: &Tls, names: Names) -> Http {
        let hosts = ["cloud.test", "caldav.cloud.test", "p42-caldav.cloud.test", "other.test"];
        let hosts = hosts.map(|name| (name, self.address));
        let tls = Tls { ca_file: Some(certificate("ca.pem")), ..tls.clone() };
        Http::with(&tls, &hosts, names).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// A file of the private CA.
pub fn certificate(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/certificates");
    let path = Path::new(folder).join(name);
    if !name.ends_with(".key") || !path.exists() {
        return path;
    }
    // In the tree everybody can read it: such a key is refused. Others do the same at this moment.
    let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut fresh = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fresh.write_all(&std::fs::read(path).unwrap()).unwrap();
    fresh.persist(&ours).unwrap();
    ours
}

fn config(shown: Shown) -> ServerConfig {
    install_tls_provider();
    let chain = vec![CertificateDer::from_pem_file(certificate("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate("ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
    let builder = ServerConfig::builder();
    let builder = match shown {
        Shown::None => builder.with_no_client_auth(),
        Shown::Asked => {
            let verifier = verifier.allow_unauthenticated().build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        Shown::Wanted => builder.with_client_cert_verifier(verifier.build().unwrap()),
    };
    builder.with_single_cert(chain, key).unwrap()
}

fn serve(client: TcpStream, state: &State) -> Option<()> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    client.set_nodelay(true).ok()?;
    match &state.tls {
        None => converse(client, false, state),
        Some(config) => {
            let mut connection = ServerConnection::new(Arc::clone(config)).ok()?;
            let mut client = client;
            while connection.is_handshaking() {
                if connection.complete_io(&mut client).is_err() {
                    // The alert that says why is still to be sent.
                    let _ = connection.write_tls(&mut client);
                    return None;
                }
            }
            let certified = connection.peer_certificates().is_some();
            converse(StreamOwned::new(connection, client), certified, state)
        }
    }
}

fn converse(mut stream: impl Read + Write, certified: bool, state: &State) -> Option<()> {
    let mut rest = Vec::new();
    loop {
        let asked = Asked { certified, ..read(&mut stream, &mut rest)? };
        state.log.lock().unwrap().push(asked.clone());
        let reply = (state.script)(&asked);
        let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let closing = if reply.closes { "Connection: close\r\n" } else { "" };
        head.push_str(&format!("{closing}Content-Length: {}\r\n\r\n", reply.body.len()));
        stream.write_all(&[head.as_bytes(), &reply.body].concat()).ok()?;
        stream.flush().ok()?;
        if reply.closes {
            return None;
        }
    }
}

/// One request; `rest` keeps what came after it.
fn read(stream: &mut impl Read, rest: &mut Vec<u8>) -> Option<Asked> {
    let mut buffer = [0; 8192];
    let mut more = |rest: &mut Vec<u8>| match stream.read(&mut buffer) {
        Ok(n) if n > 0 => {
            rest.extend_from_slice(&buffer[..n]);
            Some(())
        }
        _ => None,
    };
    let end = loop {
        match rest.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(end) => break end,
            None => more(rest)?,
        }
    };
    let head = String::from_utf8(rest[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let pair = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.filter_map(pair).collect();
    let mut asked = Asked { method, target, headers, ..Asked::default() };
    let length: usize = asked.header("content-length").map_or(0, |text| text.parse().unwrap());
    while rest.len() < end + 4 + length {
        more(rest)?;
    }
    asked.body = rest[end + 4..end + 4 + length].to_vec();
    rest.drain(..end + 4 + length);
    Some(asked)
}

/// An account of alice's at `url`.
pub fn access(url: &str, sign_in: SignIn) -> Access {
    Access {
        account: "home".to_owned(),
        url: url.to_owned(),
        username: "alice".to_owned(),
        password: Secret::new("canary-secret"),
        sign_in,
        trusted_hosts: Vec::new(),
    }
}

/// An answer of a CalDAV server that says of itself, at every address, that it is a calendar called
/// Work, of version "1".
pub fn calendar(asked: &Asked) -> Reply {
    let prop = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>\
                <d:displayname>Work</d:displayname><d:getetag>\"1\"</d:getetag>";
    multistatus(&asked.target, prop)
}

/// A deletion by a server that honours conditions: of version "1" only.
pub fn deletion(asked: &Asked) -> Reply {
    Reply::new(if asked.header("if-match") == Some("\"1\"") { 204 } else { 412 }, "")
}

/// One row about `href`.
pub fn multistatus(href: &str, prop: &str) -> Reply {
    rows(&[(href, prop)])
}

/// A row about each href, and a sync token.
pub fn rows(all: &[(&str, &str)]) -> Reply {
    let row = |(href, prop): &(&str, &str)| {
        format!(
            "<d:response><d:href>{href}</d:href><d:propstat><d:prop>{prop}</d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )
    };
    let rows: String = all.iter().map(row).collect();
    let body = format!(
        "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{rows}\
         <d:sync-token>t1</d:sync-token></d:multistatus>"
    );
    Reply::new(207, body).with("Content-Type", "application/xml; charset=utf-8")
}
