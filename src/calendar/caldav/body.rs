//! An answer's body, read as it comes: the rows of a multistatus, an object, or the beginning of
//! whatever else it is.
//!
//! Invariant: what is held of it is bounded while it comes, and who reads can be stopped between
//! any two of its pieces.

use super::multistatus::Multistatus;
use super::pieces::Pieces;
use crate::calendar::Error;
use crate::calendar::room::{OBJECT, Room};
use reqwest::Response;
use std::ops::Deref;

/// Longest multistatus, in bytes: 100,000 objects in one listing, or a chunk of very large ones.
const ROWS: usize = 256 * 1024 * 1024;
/// What is read of a page or an error, in bytes.
const BEGINNING: usize = 1024 * 1024;

/// Why there is no answer.
pub enum Broken {
    /// The line broke.
    Line(reqwest::Error),
    /// It is longer than this, in bytes.
    TooLong(usize),
    /// There is no room for it.
    Full(Error),
}

/// What a body held.
pub struct Body {
    /// Decompressed; empty where rows were read from it.
    pub bytes: Vec<u8>,
    /// What a 207 held.
    pub rows: Option<Result<Multistatus, String>>,
}

/// Reads the answer to a request with this method.
///
/// # Errors
/// See [`Broken`].
pub async fn read(
    mut response: Response,
    method: &http::Method,
    room: &Room,
) -> Result<Body, Broken> {
    match response.status() {
        status if status.as_u16() == 207 => {
            let (mut rows, mut length) = (Pieces::default(), 0);
            while let Some(chunk) = next(&mut response).await? {
                length += chunk.len();
                if length > ROWS {
                    return Err(Broken::TooLong(ROWS));
                }
                rows.feed(&chunk);
                if !room.is_for(rows.weight()) {
                    break;
                }
            }
            room.take(rows.weight()).map_err(Broken::Full)?;
            Ok(Body { bytes: Vec::new(), rows: Some(rows.finish()) })
        }
        status if status.is_success() && *method == http::Method::GET => {
            let mut bytes = Vec::new();
            while let Some(chunk) = next(&mut response).await? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > OBJECT {
                    return Err(Broken::TooLong(OBJECT));
                }
            }
            room.take(bytes.len()).map_err(Broken::Full)?;
            Ok(Body { bytes, rows: None })
        }
        _ => {
            let mut bytes = Vec::new();
            while bytes.len() < BEGINNING
                && let Some(chunk) = next(&mut response).await?
            {
                bytes.extend_from_slice(&chunk);
            }
            Ok(Body { bytes, rows: None })
        }
    }
}

/// The next bytes. A server that is quicker than we are must not keep the thread for itself.
async fn next(response: &mut Response) -> Result<Option<impl Deref<Target = [u8]>>, Broken> {
    tokio::task::consume_budget().await;
    response.chunk().await.map_err(Broken::Line)
}

#[cfg(test)]
mod tests {
    use super::super::gate::Gate;
    use super::super::learned::Learned;
    use super::super::listing::{Sync, full};
    use super::super::sign::{SignIn, Signer};
    use super::super::transport::Transport;
    use super::*;
    use crate::calendar::{Http, Secret};
    use reqwest::Url;
    use std::collections::BTreeMap;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn answer(mut stream: TcpStream, status: &str, body: &str) -> std::io::Result<()> {
        let mut asked = Vec::new();
        let is_whole = |asked: &[u8]| match asked.starts_with(b"GET") {
            true => asked.ends_with(b"\r\n\r\n"),
            false => asked.ends_with(b">"),
        };
        while !is_whole(&asked) {
            let mut some = [0; 4096];
            let read = stream.read(&mut some)?;
            asked.extend_from_slice(&some[..read]);
        }
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())
    }

    /// A server that answers every request so; the request's number comes along.
    fn server(say: impl Fn(usize) -> (&'static str, String) + Send + 'static) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/cal/", listener.local_addr().unwrap())).unwrap();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (status, body) = say(number);
                let _ = stream.and_then(|stream| answer(stream, status, &body));
            }
        });
        url
    }

    fn transport(base: &Url) -> Transport {
        let account = "home".to_owned();
        let gate = Gate::new(base.clone(), account.clone(), Vec::new(), false).unwrap();
        let signer = Signer::new(SignIn::Basic, Vec::new(), Secret::new(""));
        Transport::new(Http::new().unwrap(), gate, account, signer)
    }

    /// Each part brings one more text and a new token, and says that there is more.
    fn endless(part: usize) -> (&'static str, String) {
        let text = "x".repeat(1_000);
        let body = format!(
            "<d:multistatus xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'><d:response>\
             <d:href>/cal/{part}.ics</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag>\
             <c:calendar-data>{text}</c:calendar-data></d:prop></d:propstat></d:response>\
             <d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 Full</d:status></d:response>\
             <d:sync-token>t{part}</d:sync-token></d:multistatus>"
        );
        ("207 Multi-Status", body)
    }

    #[tokio::test]
    async fn a_listing_without_end_is_given_up_when_there_is_no_room() {
        let base = server(endless);
        let transport = transport(&base);
        let line = transport.line_within(Room::of(40_000));
        let nothing = BTreeMap::new();
        let given = full(&line, &Learned::new(&base), &base, &nothing, Sync::Works).await;
        let error = given.map(|(listing, _)| listing).unwrap_err();
        assert!(error.to_string().contains("more than chronotype reads"), "{error}");
        assert!((10..40).contains(&line.sent()), "{} requests", line.sent());
    }

    #[tokio::test]
    async fn of_an_error_the_beginning_is_read() {
        let base = server(|_| ("403 Forbidden", "x".repeat(3 * BEGINNING)));
        let transport = transport(&base);
        let request = http::Request::get("/").body(String::new()).unwrap();
        let answer = transport.line().send(&base, request).await.unwrap();
        assert_eq!(answer.status, 403);
        assert!((BEGINNING..2 * BEGINNING).contains(&answer.body.len()), "{}", answer.body.len());
    }
}
