//! HTTP/1.1, as little of it as it takes: one request a connection, gzip for those who may have
//! it.

use super::answer::Answer;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Url;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// No test waits longer for a client.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Segments, decoded.
    pub path: Vec<String>,
    /// Parameters, decoded.
    pub query: BTreeMap<String, String>,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// JSON; null when there is none.
    pub body: Value,
}

impl Request {
    /// Reads one request.
    pub fn read(client: &mut TcpStream) -> Option<Self> {
        client.set_read_timeout(Some(PATIENCE)).ok()?;
        let (mut head, mut byte) = (Vec::new(), [0_u8; 1]);
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        client.read_exact(&mut body).ok()?;
        let url = Url::parse(&format!("http://fake{target}")).ok()?;
        Some(Self {
            method,
            path: url.path_segments()?.map(decoded).collect(),
            query: url.query_pairs().into_owned().collect(),
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// `METHOD path?query`, unescaped.
    pub fn line(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("{} /{}?{}", self.method, self.path.join("/"), query.join("&"))
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Google compresses for those who accept it and say so in their name, too.
    fn takes_gzip(&self) -> bool {
        let says = |name: &str| self.headers.get(name).is_some_and(|v| v.contains("gzip"));
        says("accept-encoding") && says("user-agent")
    }
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
            None => (bytes.push(*first), rest = tail).1,
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn head(answer: &Answer, length: usize, more: &str) -> String {
    let date = &answer.date;
    let headers: String = answer.headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    format!(
        "HTTP/1.1 {} X\r\nDate: {date}\r\nContent-Type: application/json; charset=UTF-8\r\n\
         {headers}{more}Content-Length: {length}\r\nConnection: close\r\n\r\n",
        answer.status
    )
}

/// Answers.
pub fn reply(client: &mut TcpStream, request: &Request, answer: &Answer) -> Option<()> {
    let (mut body, mut more) = (answer.body.clone().into_bytes(), "");
    if request.takes_gzip() && !body.is_empty() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&body).ok()?;
        (body, more) = (packer.finish().ok()?, "Content-Encoding: gzip\r\nVary: User-Agent\r\n");
    }
    client.write_all(head(answer, body.len(), more).as_bytes()).ok()?;
    client.write_all(&body).ok()?;
    hang_up(client)
}

/// Answers with the first half of the body.
pub fn cut_off(client: &mut TcpStream, answer: &Answer) -> Option<()> {
    let body = answer.body.as_bytes();
    client.write_all(head(answer, body.len(), "").as_bytes()).ok()?;
    client.write_all(&body[..body.len() / 2]).ok()?;
    hang_up(client)
}

/// Answers in twenty parts, each a while after the one before.
pub fn reply_slowly(client: &mut TcpStream, answer: &Answer) -> Option<()> {
    let body = answer.body.as_bytes();
    client.set_nodelay(true).ok()?;
    client.write_all(head(answer, body.len(), "").as_bytes()).ok()?;
    for part in body.chunks(body.len() / 20 + 1) {
        std::thread::sleep(Duration::from_millis(50));
        client.write_all(part).ok()?;
    }
    hang_up(client)
}

/// Says nothing until the client has enough.
pub fn wait_for_end(client: &mut TcpStream) -> Option<()> {
    client.read(&mut [0]).ok().map(drop)
}

/// Ends the connection.
pub fn hang_up(client: &TcpStream) -> Option<()> {
    client.shutdown(Shutdown::Both).ok()
}
