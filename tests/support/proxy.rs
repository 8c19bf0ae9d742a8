//! A small HTTP proxy in front of one server: counts requests, checks passwords, fails on demand.
//!
//! One connection carries one request; that is slow and simple.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Basic credentials of alice and bob, password "secret".
const USERS: [&str; 2] = ["Basic YWxpY2U6c2VjcmV0", "Basic Ym9iOnNlY3JldA=="];
/// No test waits longer for a server.
const PATIENCE: Duration = Duration::from_secs(60);

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection closes without an answer.
    Drop,
    /// The server gets the request, but its answer is lost.
    LoseAnswer,
    /// This answer instead of the server's: status, body.
    Answer(u16, String),
    /// Sent on to this address.
    Redirect(String),
    /// The server gets the request this much later.
    Late(Duration),
}

/// A request as it came.
#[derive(Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Its header lines.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

/// What happens to all requests, and who sees those that reach the server.
pub trait Weather: std::fmt::Debug + Send + Sync {
    /// What goes wrong with this one.
    fn fault(&self, asked: &Asked) -> Option<Fault>;

    /// Takes it to the server by `send`; the answer, as it came.
    fn pass(&self, asked: &Asked, send: &mut dyn FnMut() -> Option<Vec<u8>>) -> Option<Vec<u8>>;
}

/// Whether the proxy asks for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// The server does.
    Upstream,
    /// The proxy does.
    Here,
}

#[derive(Debug, Default)]
struct State {
    log: Mutex<Vec<String>>,
    faults: Mutex<VecDeque<(String, Fault)>>,
    weather: OnceLock<Arc<dyn Weather>>,
    ended: AtomicBool,
}

/// The proxy; it ends with this value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    /// Starts in front of `upstream`.
    pub fn start(upstream: SocketAddr, auth: Auth) -> Self {
        super::trace::watch();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(client.ok()?, upstream, auth, &state));
            }
        });
        Self { address, state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests so far, as `METHOD path`.
    pub fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap().clone()
    }

    /// The next request with this method fails.
    pub fn fail(&self, method: &str, fault: Fault) {
        self.state.faults.lock().unwrap().push_back((method.to_owned(), fault));
    }

    /// From now on, and once.
    pub fn under(&self, weather: Arc<dyn Weather>) {
        self.state.weather.set(weather).unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, upstream: SocketAddr, auth: Auth, state: &State) -> Option<()> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let (head, body) = request(&mut client)?;
    let mut lines = head.split("\r\n");
    let first = lines.next()?.to_owned();
    let headers: Vec<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    state.log.lock().unwrap().push(format!("{method} {path}"));
    let asked = Asked { method, path, headers, body };
    let fault = next_fault(state, &asked.method)
        .or_else(|| state.weather.get().and_then(|weather| weather.fault(&asked)));
    match &fault {
        Some(Fault::Drop) => return client.shutdown(Shutdown::Both).ok(),
        Some(Fault::Answer(status, body)) => return answer(&mut client, *status, "", body),
        Some(Fault::Redirect(to)) => {
            return answer(&mut client, 301, &format!("Location: {to}\r\n"), "");
        }
        Some(Fault::Late(by)) => std::thread::sleep(*by),
        Some(Fault::LoseAnswer) | None => {}
    }
    let name = "authorization:";
    let signed = asked.headers.iter().find(|line| line.to_ascii_lowercase().starts_with(name));
    let signed = signed.map(|line| line[name.len()..].trim());
    if auth == Auth::Here && !signed.is_some_and(|value| USERS.contains(&value)) {
        return answer(&mut client, 401, "", "");
    }
    let mut send = || forward(&first, &asked, upstream);
    let reply = match state.weather.get() {
        Some(weather) => weather.pass(&asked, &mut send)?,
        None => send()?,
    };
    if !matches!(fault, Some(Fault::LoseAnswer)) {
        client.write_all(&reply).ok()?;
    }
    client.shutdown(Shutdown::Both).ok()
}

/// The server's answer.
fn forward(first: &str, asked: &Asked, upstream: SocketAddr) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).ok()?;
    server.set_read_timeout(Some(PATIENCE)).ok()?;
    let of_ours = |line: &&String| !line.to_ascii_lowercase().starts_with("connection:");
    let kept = asked.headers.iter().filter(of_ours);
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    server.write_all(format!("{first}\r\n{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&asked.body).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    Some(reply)
}

fn next_fault(state: &State, method: &str) -> Option<Fault> {
    let mut faults = state.faults.lock().unwrap();
    let at = faults.iter().position(|(wanted, _)| wanted == method)?;
    faults.remove(at).map(|(_, fault)| fault)
}

fn answer(client: &mut TcpStream, status: u16, more: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{more}Content-Length: {length}");
    let head = format!("{head}\r\nConnection: close");
    client.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()
}

/// Reads one request: its head without the empty line, and its body.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        match client.read(&mut buffer).ok()? {
            0 => return None,
            n => read.extend_from_slice(&buffer[..n]),
        }
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(read[..end].to_vec()).ok()?;
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let mut body = read.split_off(end + 4);
    while body.len() < length {
        match client.read(&mut buffer).ok()? {
            0 => return None,
            n => body.extend_from_slice(&buffer[..n]),
        }
    }
    Some((head, body))
}
