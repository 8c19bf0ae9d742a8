//! The loopback redirect (RFC 8252 section 7.3): a port of this machine that the person's browser
//! ends on, and what its address says.
//!
//! Invariants: listens on 127.0.0.1 alone; each visitor has bounded time and bounded words, and
//! one that says nothing (browsers open spare connections) holds up no other; a page repeats
//! nothing of what was asked.

use crate::calendar::Secret;
use reqwest::Url;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Visitors served at a time.
const VISITORS: usize = 16;
/// For a visitor to say what it wants, and to take its page.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request: cookies of other local pages come along.
const HEAD: usize = 64 << 10;
/// Longest address a person pastes.
const ADDRESS: usize = 16 << 10;

/// A browser that asks for a page.
#[derive(Debug)]
pub struct Visitor {
    stream: TcpStream,
    /// What it asks for; `None` = not with GET.
    pub target: Option<String>,
}

/// What an address says about the sign-in.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The person agreed: a code, good for one exchange.
    Code(Secret),
    /// They did not, or Google could not ask: its error word.
    Error(String),
    /// It belongs to no sign-in, or to another one than this.
    Foreign,
    /// It says nothing: an icon, a probe.
    Nothing,
}

/// Reads an address against the state that was sent along.
pub fn answer(address: &Url, state: &Secret) -> Answer {
    let all = |name: &str| -> Vec<String> {
        let pairs = address.query_pairs().filter(|(key, _)| key == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    let (states, codes, errors) = (all("state"), all("code"), all("error"));
    if codes.is_empty() && errors.is_empty() {
        return Answer::Nothing;
    }
    // Hashes are compared in constant time.
    let hash = |text: &str| blake3::hash(text.as_bytes());
    let ours = |given: &String| hash(given) == hash(state.expose());
    match (states.as_slice(), codes.as_slice(), errors.as_slice()) {
        ([given], _, _) if !ours(given) => Answer::Foreign,
        ([_], [code], []) if !code.is_empty() => Answer::Code(Secret::new(code.as_str())),
        ([_], [], [error]) => Answer::Error(error.clone()),
        _ => Answer::Foreign,
    }
}

/// Reads what the person pasted; `None` when it is no address.
pub fn pasted(line: &str) -> Option<Url> {
    let line = line.trim().trim_matches(['\'', '"', '<', '>']);
    let address = Url::parse(line).ok().filter(|_| line.len() <= ADDRESS)?;
    matches!(address.scheme(), "http" | "https").then_some(address)
}

/// A port that waits for a browser. It closes with this value.
#[derive(Debug)]
pub struct Port {
    number: u16,
    visitors: mpsc::Receiver<Visitor>,
    _accepting: JoinSet<()>,
}

impl Port {
    /// Opens a free one.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let number = listener.local_addr()?.port();
        let (send, visitors) = mpsc::channel(VISITORS);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, send));
        Ok(Self { number, visitors, _accepting: accepting })
    }

    /// `http://127.0.0.1:PORT`, the form that Google documents.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.number)
    }

    /// The next visitor.
    pub async fn visitor(&mut self) -> Option<Visitor> {
        self.visitors.recv().await
    }
}

async fn accept(listener: TcpListener, visitors: mpsc::Sender<Visitor>) {
    let places = Arc::new(Semaphore::new(VISITORS));
    let mut heard = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while heard.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, most likely: others will be closed.
            tokio::time::sleep(PATIENCE / 100).await;
            continue;
        };
        let visitors = visitors.clone();
        heard.spawn(async move {
            if let Ok(Some(visitor)) = timeout(PATIENCE, hear(stream)).await {
                let _ = visitors.send(visitor).await;
            }
            drop(place);
        });
    }
}

/// Reads the head of a request.
async fn hear(mut stream: TcpStream) -> Option<Visitor> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(chunk.get(..read)?);
        if head.len() > HEAD {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.lines().next()?.split(' ');
    let target = match (words.next()?, words.next()?) {
        ("GET", target) => Some(target.to_owned()),
        _ => None,
    };
    Some(Visitor { stream, target })
}

/// A page for the person.
#[derive(Debug, Clone)]
pub struct Page {
    status: &'static str,
    title: &'static str,
    text: String,
}

impl Page {
    /// They are signed in.
    pub fn done() -> Self {
        let text = "You may close this page: chronotype has what it needs.".to_owned();
        Self { status: "200 OK", title: "Signed in", text }
    }

    /// What they look for is at Google.
    fn elsewhere() -> Self {
        let text = "Google asks you to sign in.".to_owned();
        Self { status: "302 Found", title: "Sign in to Google", text }
    }

    /// It did not work, for this reason.
    pub fn failed(text: String) -> Self {
        Self { status: "400 Bad Request", title: "Not signed in", text }
    }

    /// Nothing to see.
    pub fn nothing() -> Self {
        let text = "Nothing is here but the end of a sign-in to Google.".to_owned();
        Self { status: "404 Not Found", title: "Nothing here", text }
    }

    /// Only GET is understood.
    pub fn not_so() -> Self {
        Self { status: "405 Method Not Allowed", ..Self::nothing() }
    }

    fn html(&self) -> String {
        let text = self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let title = self.title;
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title} - chronotype</title>\n<h1>{title}</h1>\n<p>{text}</p>\n</html>\n"
        )
    }
}

impl Visitor {
    /// Shows a page. A browser that has gone does not matter.
    pub async fn show(self, page: &Page) {
        self.answer(page, "").await;
    }

    /// Sends the browser to another address.
    pub async fn send_on(self, address: &Url) {
        self.answer(&Page::elsewhere(), &format!("Location: {address}\r\n")).await;
    }

    async fn answer(mut self, page: &Page, more: &str) {
        let (status, body) = (page.status, page.html());
        let answer = format!(
            "HTTP/1.1 {status}\r\n{more}Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n\
             Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n{body}",
            body.len()
        );
        let shown = async {
            self.stream.write_all(answer.as_bytes()).await?;
            self.stream.shutdown().await
        };
        let _ = timeout(PATIENCE, shown).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        #[track_caller]
        fn check(query: &str, expected: Answer) {
            let address = Url::parse(&format!("http://127.0.0.1:1/{query}")).unwrap();
            assert_eq!(answer(&address, &Secret::new("s1")), expected, "{query}");
        }
        check("?state=s1&code=4%2Fx&scope=a%20b", Answer::Code(Secret::new("4/x")));
        check("?error=access_denied&state=s1", Answer::Error("access_denied".to_owned()));
        for foreign in [
            "?code=x",
            "?state=&code=x",
            "?state=s2&code=x",
            "?state=s1x&code=x",
            "?state=s1&state=s1&code=x",
            "?state=s2&state=s1&code=x",
            "?state=s1&code=x&code=y",
            "?state=s1&code=x&error=y",
            "?state=s1&code=",
            "?error=access_denied",
            "?state=s2&error=access_denied",
        ] {
            check(foreign, Answer::Foreign);
        }
        for nothing in ["", "favicon.ico", "?state=s1", "#code=x&state=s1"] {
            check(nothing, Answer::Nothing);
        }
    }

    #[test]
    fn what_people_paste() {
        let read = |line: &str| pasted(line).map(|address| address.to_string());
        let address = "http://127.0.0.1:1/?state=s1&code=x";
        for line in [address, &format!("  '{address}'\r\n"), &format!("<{address}>")] {
            assert_eq!(read(line).as_deref(), Some(address), "{line}");
        }
        for line in ["", "4/0AbCd", "state=s1&code=x", "file:///x?state=s1&code=x", "yes please"] {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(read(&format!("{address}{}", "x".repeat(ADDRESS))), None);
    }

    #[test]
    fn pages_repeat_no_markup() {
        let html = Page::failed("<script>&".to_owned()).html();
        assert!(html.contains("&lt;script&gt;&amp;"), "{html}");
    }
}
