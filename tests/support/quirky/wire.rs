//! HTTP for one request a connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// No test waits longer for a client.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    /// Decoded segments of the path; a slash inside a segment was escaped.
    pub path: Vec<String>,
    /// The path ends with a slash.
    pub slash: bool,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub etag: Option<String>,
    pub kind: &'static str,
    pub body: String,
}

impl Reply {
    /// A status without more.
    pub fn of(status: u16) -> Self {
        Self { status, kind: "text/plain", ..Self::default() }
    }

    /// A failed precondition, in XML.
    pub fn precondition(status: u16, name: &str) -> Self {
        let caldav = "xmlns:c=\"urn:ietf:params:xml:ns:caldav\"";
        let body = format!("<d:error xmlns:d=\"DAV:\" {caldav}><{name}/></d:error>");
        Self { status, etag: None, kind: "application/xml", body }
    }
}

/// Reads a request.
pub fn read(client: &mut TcpStream) -> Option<Request> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut read = Vec::new();
    let mut buffer = [0; 64 * 1024];
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
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(key, _)| key == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = read.split_off(end + 4);
    while body.len() < length {
        match client.read(&mut buffer).ok()? {
            0 => return None,
            n => body.extend_from_slice(&buffer[..n]),
        }
    }
    let body = String::from_utf8(body).ok()?;
    let slash = path.ends_with('/');
    Some(Request { method, path: segments(path), slash, headers, body })
}

/// Decoded segments of a path or an address.
pub fn segments(raw: &str) -> Vec<String> {
    let path = match raw.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => raw,
    };
    path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
}

fn decode(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let pair = bytes.get(i + 1..i + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[i] == b'%' => {
                out.push(byte);
                i += 3;
            }
            _ => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(out).unwrap()
}

/// Escapes a segment; `plain` characters and unreserved ones stand as they are.
pub fn encode(part: &str, plain: &dyn Fn(char) -> bool) -> String {
    let mut out = String::new();
    for ch in part.chars() {
        if ch.is_ascii_alphanumeric() || "-._~".contains(ch) || plain(ch) {
            out.push(ch);
        } else {
            let mut buffer = [0; 4];
            for byte in ch.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

/// Sends an answer.
pub fn send(client: &mut TcpStream, reply: &Reply) -> Option<()> {
    let etag = reply.etag.as_ref().map(|etag| format!("ETag: {etag}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} X\r\n{etag}Content-Type: {}; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        reply.status,
        reply.kind,
        reply.body.len()
    );
    client.write_all(head.as_bytes()).ok()?;
    client.write_all(reply.body.as_bytes()).ok()?;
    client.shutdown(Shutdown::Write).ok()?;
    // Until the client has closed: a close with data under way would look like a broken line.
    let _ = client.read(&mut [0; 1]);
    Some(())
}
