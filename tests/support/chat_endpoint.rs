//! A stand-in for a chat endpoint, as OpenAI's API reference describes it: it keeps what it is
//! asked, and answers as a test says.

use super::google_form::request;
use super::peers::free_address;
use super::trace;
use serde_json::{Value, json};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No test waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// First line and headers.
    pub head: String,
    /// The body.
    pub body: Value,
}

impl Asked {
    /// The document of the second message.
    pub fn task(&self) -> Value {
        serde_json::from_str(self.body["messages"][1]["content"].as_str().unwrap()).unwrap()
    }
}

/// Status, further header lines and body by request; `None` = the connection ends without a word.
type Speak = dyn Fn(&Asked) -> Option<(u16, String, String)> + Send + Sync;

/// The endpoint; it ends with this value.
pub struct Model {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    ended: Arc<AtomicBool>,
}

impl Model {
    /// Starts on a free port.
    pub fn start(speak: impl Fn(&Asked) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        Self::with_headers(move |asked| {
            speak(asked).map(|(status, body)| (status, String::new(), body))
        })
    }

    /// The same, with header lines of its own, each ended by CRLF.
    pub fn with_headers(
        speak: impl Fn(&Asked) -> Option<(u16, String, String)> + Send + Sync + 'static,
    ) -> Self {
        trace::watch();
        // Where nobody answers once it is gone.
        let listener = TcpListener::bind(free_address()).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, over, speak) = (Arc::clone(&asked), Arc::clone(&ended), Arc::new(speak));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (log, speak) = (Arc::clone(&log), Arc::clone(&speak));
                std::thread::spawn(move || serve(client.ok()?, &log, &*speak));
            }
        });
        Self { address, asked, ended }
    }

    /// For `assistant.url`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, log: &Mutex<Vec<Asked>>, speak: &Speak) -> Option<()> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let (head, body) = request(&mut client)?;
    let asked = Asked { head, body: serde_json::from_str(&body).unwrap_or_default() };
    log.lock().unwrap().push(asked.clone());
    let (status, headers, body) = speak(&asked)?;
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         {headers}Connection: close\r\n\r\n{body}"
    );
    client.write_all(answer.as_bytes()).ok()
}

/// A reply with this text, 300 tokens read and 100 written.
pub fn completion(text: &str) -> Option<(u16, String)> {
    let reply = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": "stop",
        }],
        "usage": { "prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400 },
    });
    Some((200, reply.to_string()))
}

/// What a sensible model says of a task: mornings, and the name of its first title.
pub fn sensible(asked: &Asked) -> Value {
    let name = asked.task()["titles"][0].as_str().unwrap_or("Work").to_owned();
    let scores: Vec<f64> =
        (0..24).map(|hour| if (8..12).contains(&hour) { 0.9 } else { 0.3 }).collect();
    json!({
        "name": name.chars().take(60).collect::<String>(),
        "category": "focused",
        "cognitive_load": 0.9,
        "recovery_hours": 2.0,
        "duration_minutes": 90,
        "hourly_scores": scores,
    })
}
