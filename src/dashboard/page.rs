//! The page: `GET /metrics` on a loopback address.
//!
//! Bounded: few connections at a time, one request each, a few seconds. `Host` has to name this
//! computer: a web page whose own name was made to point here (DNS rebinding) gets nothing, and no
//! answer allows another origin to read it.

use super::Numbers;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// Connections at a time; the next one waits.
const CONNECTIONS: usize = 8;
/// For the head of a request.
const HEAD: Duration = Duration::from_secs(5);
/// For a connection.
const WHOLE: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 8192;
/// After a connection could not be taken: out of descriptors, most likely.
const PAUSE: Duration = Duration::from_secs(1);
/// What Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const WORDS: &str = "text/plain; charset=utf-8";

/// The page, while this value lives.
#[derive(Debug)]
pub struct Page(AbortHandle);

impl Drop for Page {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Page {
    /// Opens it; inside a runtime.
    ///
    /// # Errors
    /// The address is taken, or not of the loopback.
    pub fn open(at: SocketAddr, numbers: Arc<Numbers>) -> io::Result<Self> {
        if !at.ip().is_loopback() {
            return Err(io::Error::other(format!("{at} is no address of the loopback")));
        }
        let listener = std::net::TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self(tokio::spawn(serve(listener, numbers)).abort_handle()))
    }
}

async fn serve(listener: TcpListener, numbers: Arc<Numbers>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(seat) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let numbers = Arc::clone(&numbers);
        tokio::spawn(async move {
            // Whoever hangs up, or is too slow, gets nothing.
            let _ = tokio::time::timeout(WHOLE, talk(stream, numbers)).await;
            drop(seat);
        });
    }
}

async fn talk(stream: TcpStream, numbers: Arc<Numbers>) -> hyper::Result<()> {
    let answer = service_fn(|request| {
        let answer = answer(&request, &numbers);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut server = http1::Builder::new();
    server.keep_alive(false).timer(TokioTimer::new());
    server.header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    server.serve_connection(TokioIo::new(stream), answer).await
}

fn answer(request: &Request<Incoming>, numbers: &Numbers) -> Response<Full<Bytes>> {
    if !is_local(request) {
        return say(StatusCode::FORBIDDEN, WORDS, "this page is for this computer alone\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = say(StatusCode::METHOD_NOT_ALLOWED, WORDS, "it can only be read\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    if request.uri().path() != "/metrics" {
        return say(StatusCode::NOT_FOUND, WORDS, "the numbers are at /metrics\n");
    }
    match numbers.text() {
        Ok(text) => say(StatusCode::OK, OPEN_METRICS, text),
        Err(_) => say(StatusCode::INTERNAL_SERVER_ERROR, WORDS, "the numbers can't be written\n"),
    }
}

fn say(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Exactly one `Host`, which names this computer; so does the address itself, where it has a host.
fn is_local<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let aimed = request.uri().authority().map(|authority| authority.as_str());
    host.to_str().is_ok_and(names_loopback) && aimed.is_none_or(names_loopback)
}

/// `localhost`, `127.0.0.1` or `[::1]`, with a port or without.
fn names_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    name.map_or(host, |(name, _)| name).eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_computer_are_answered() {
        for own in
            ["localhost", "LocalHost:9469", "127.0.0.1", "127.0.0.1:9469", "127.9.9.9", "[::1]:1"]
        {
            assert!(names_loopback(own), "{own}");
        }
        for other in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:9469",
            "10.0.0.1",
            "localhost:x",
            "[::2]",
            "0.0.0.0:9469",
            "xlocalhost",
            "127.0.0.1:9469:1",
            "user@localhost",
        ] {
            assert!(!names_loopback(other), "{other}");
        }
    }

    #[test]
    fn a_request_says_once_whom_it_means() {
        let request = |hosts: &[&str], aim: &str| {
            let mut request = Request::builder().uri(aim);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            is_local(&request.body(()).unwrap())
        };
        assert!(request(&["localhost"], "/metrics"));
        assert!(request(&["localhost"], "http://127.0.0.1:9469/metrics"));
        assert!(!request(&[], "/metrics"));
        assert!(!request(&["localhost", "evil.example"], "/metrics"));
        assert!(!request(&["localhost"], "http://evil.example/metrics"));
    }
}
