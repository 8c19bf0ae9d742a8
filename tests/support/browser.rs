//! A browser of few words: asks for a page, and goes where it is sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// No test waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a browser shows: the status, where it is sent, and the page.
#[derive(Debug)]
pub struct Shown {
    /// HTTP status.
    pub status: u16,
    /// Where it is sent.
    pub location: Option<String>,
    /// The page.
    pub page: String,
}

/// Asks for one page, as a browser does.
pub fn browse(address: &str) -> Shown {
    let url = reqwest::Url::parse(address).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (start, _) = url.as_str().match_indices('/').nth(2).unwrap();
    let target = &url.as_str()[start..];
    let asked = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n");
    stream.write_all(asked.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    let location = head.lines().find_map(|line| line.strip_prefix("Location: "));
    Shown {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        location: location.map(str::to_owned),
        page: page.to_owned(),
    }
}

/// Goes where Google sends the person after its page: the address the browser ends on.
pub fn agree(address: &str) -> String {
    let shown = browse(address);
    assert_eq!(shown.status, 302, "{}", shown.page);
    shown.location.unwrap()
}
