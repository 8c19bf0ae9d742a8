//! Requests to the stand-in for Google's authorisation server: read, and taken apart.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpStream;

/// Parameters by name.
pub type Form = BTreeMap<String, String>;

/// Head and body of one request.
pub fn request(client: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let read = client.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}

/// The parameters of a query or a body.
pub fn form(text: &str) -> Form {
    let address = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    address.query_pairs().into_owned().collect()
}
