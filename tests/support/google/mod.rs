//! A stand-in for Google Calendar (API v3) on loopback, after its public description and error
//! guide: sync tokens and their rules, pages of any size, versions, deleted events that keep their
//! ids, refusals in Google's words. It fails on demand.
//!
//! One connection carries one request; that is slow and simple.

mod answer;
mod book;
mod events;
mod fields;
pub mod gate;
mod http;
mod list;
pub mod passage;
mod person;
mod scopes;
mod times;

use answer::{Answer, Refusal};
use book::Book;
use http::Request;
use scopes::Granted;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// The token it takes at the start.
pub const TOKEN: &str = "ya29.canary-token-of-the-tests";
/// The person whose calendars it holds.
pub const PERSON: &str = "jane@example.com";

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing: a fault for a later request waits behind it.
    None,
    /// The connection closes without an answer; nothing is done.
    Drop,
    /// What is asked is done, but the answer is lost.
    LoseAnswer,
    /// The answer never comes.
    Silence,
    /// An answer that is no JSON.
    Garbled,
    /// An answer that says nothing: `{}`.
    Empty,
    /// The answer breaks off in its middle.
    CutOff,
    /// The answer comes a few bytes at a time.
    Slow,
    /// This refusal: status, reason, and `Retry-After` unless empty.
    Refuse(u16, &'static str, &'static str),
    /// The same, but what is asked is done.
    RefuseAfterwards(u16, &'static str),
}

/// What happens meanwhile, elsewhere.
type Act = Box<dyn FnOnce() + Send>;
/// Says what a token that it knows was granted.
type Issuer = Box<dyn Fn(&str) -> Option<Vec<String>> + Send>;

#[derive(Default)]
struct State {
    book: Mutex<Book>,
    log: Mutex<Vec<String>>,
    faults: Mutex<VecDeque<(String, Fault)>>,
    acts: Mutex<VecDeque<(String, Act)>>,
    tokens: Mutex<BTreeMap<String, Granted>>,
    issuer: Mutex<Option<Issuer>>,
    date: Mutex<Option<String>>,
    ended: AtomicBool,
}

/// The server; it ends with this value.
pub struct Fake {
    address: SocketAddr,
    state: Arc<State>,
    is_handle: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Fake {
    /// Starts with the person's first calendar and one called `work`.
    pub fn start() -> Self {
        let fake = Self::with(Book::default());
        fake.accept(TOKEN);
        fake.book().person = PERSON.to_owned();
        fake.add_calendar(PERSON, "Jane", "owner");
        fake.add_calendar("work@group.calendar.google.com", "work", "owner");
        fake
    }

    /// Another one that holds the same.
    pub fn twin(&self) -> Self {
        Self::with(self.book().clone())
    }

    fn with(book: Book) -> Self {
        super::trace::watch();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { book: Mutex::new(book), ..State::default() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(client.ok()?, &state));
            }
        });
        Self { address, state, is_handle: false }
    }

    /// The same server; it does not end with this value.
    pub fn handle(&self) -> Self {
        Self { address: self.address, state: Arc::clone(&self.state), is_handle: true }
    }

    /// `api_root` of the config.
    pub fn root(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Requests so far, as `METHOD path?query`, unescaped.
    pub fn log(&self) -> Vec<String> {
        lock(&self.state.log).clone()
    }

    /// The next request whose line in the log holds all these words fails.
    pub fn fail(&self, words: &str, fault: Fault) {
        lock(&self.state.faults).push_back((words.to_owned(), fault));
    }

    /// This happens right before the next request whose line in the log holds all these words.
    pub fn before(&self, words: &str, act: impl FnOnce() + Send + 'static) {
        lock(&self.state.acts).push_back((words.to_owned(), Box::new(act)));
    }

    /// Faults that have not come up yet.
    pub fn faults_left(&self) -> usize {
        lock(&self.state.faults).len() + lock(&self.state.acts).len()
    }

    /// What the clock there shows from now on.
    pub fn set_clock(&self, date: &str) {
        *lock(&self.state.date) = Some(date.to_owned());
    }

    /// Takes this token from now on, for all that this program ever asks for.
    pub fn accept(&self, token: &str) {
        self.accept_for(token, &scopes::OURS);
    }

    /// Takes this token from now on, for these scopes (the ends of their URIs will do).
    pub fn accept_for(&self, token: &str, scopes: &[&str]) {
        lock(&self.state.tokens).insert(token.to_owned(), Granted::of(scopes));
    }

    /// Takes what this issuer knows, besides, for the scopes that it says.
    pub fn trust(&self, issuer: impl Fn(&str) -> Option<Vec<String>> + Send + 'static) {
        *lock(&self.state.issuer) = Some(Box::new(issuer));
    }

    /// No longer takes this token.
    pub fn revoke(&self, token: &str) {
        lock(&self.state.tokens).remove(token);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.state.book)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if !self.is_handle {
            self.state.ended.store(true, Ordering::Relaxed);
            let _ = TcpStream::connect(self.address);
        }
    }
}

impl State {
    /// The next thing in the queue that is meant for this request.
    fn meant<T>(queue: &Mutex<VecDeque<(String, T)>>, line: &str) -> Option<T> {
        let mut queue = lock(queue);
        let hit = |words: &str| words.split(' ').all(|word| line.contains(word));
        let at = queue.iter().position(|(words, _)| hit(words))?;
        queue.remove(at).map(|(_, one)| one)
    }
}

fn serve(mut client: TcpStream, state: &State) -> Option<()> {
    let request = Request::read(&mut client)?;
    let line = request.line();
    lock(&state.log).push(line.clone());
    if let Some(act) = State::meant(&state.acts, &line) {
        act();
    }
    let fault = State::meant(&state.faults, &line);
    match &fault {
        Some(Fault::Drop) => return http::hang_up(&client),
        Some(Fault::Silence) => return http::wait_for_end(&mut client),
        Some(Fault::Refuse(status, reason, pause)) => {
            let refusal = Refusal::new(*status, reason);
            return http::reply(&mut client, &request, &dated(refusal.after(pause).into(), state));
        }
        Some(Fault::Garbled) => {
            let page = "<html><body>Sign in to the network</body></html>";
            return http::reply(&mut client, &request, &Answer::text(200, page));
        }
        Some(Fault::Empty) => return http::reply(&mut client, &request, &Answer::text(200, "{}")),
        _ => {}
    }
    let answer = match request.token().and_then(|token| granted(state, token)) {
        Some(granted) => {
            let mut book = lock(&state.book);
            let may = granted.check(&mut book, &request);
            may.and_then(|()| answer(&mut book, &request)).unwrap_or_else(Answer::from)
        }
        None => Refusal::new(401, "authError").into(),
    };
    let answer = dated(answer, state);
    match fault {
        Some(Fault::LoseAnswer) => http::hang_up(&client),
        Some(Fault::CutOff) => http::cut_off(&mut client, &answer),
        Some(Fault::Slow) => http::reply_slowly(&mut client, &answer),
        Some(Fault::RefuseAfterwards(status, reason)) => {
            http::reply(&mut client, &request, &Refusal::new(status, reason).into())
        }
        _ => http::reply(&mut client, &request, &answer),
    }
}

fn dated(answer: Answer, state: &State) -> Answer {
    let date = lock(&state.date).clone().unwrap_or_else(|| answer.date.clone());
    Answer { date, ..answer }
}

fn granted(state: &State, token: &str) -> Option<Granted> {
    if let Some(granted) = lock(&state.tokens).get(token) {
        return Some(granted.clone());
    }
    let issuer = lock(&state.issuer);
    issuer.as_ref().and_then(|issuer| issuer(token)).map(|scopes| Granted::of(&scopes))
}

fn answer(book: &mut Book, request: &Request) -> Result<Answer, Refusal> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let Some(path) = path.strip_prefix(&["calendar", "v3"]) else {
        return Err(Refusal::new(404, "notFound"));
    };
    match (request.method.as_str(), path) {
        ("GET", ["users", "me", "calendarList"]) => list::calendars(book, request),
        ("GET", ["users", "me", "calendarList", id]) => list::calendar(book, id, request),
        ("POST", ["calendars"]) => book.make(&request.body, request),
        ("GET", ["calendars", id]) => book.describe(id, request),
        ("GET", ["calendars", id, "events"]) => list::events(book, id, request),
        ("POST", ["calendars", id, "events"]) => events::insert(book, id, request),
        ("GET", ["calendars", id, "events", event]) => events::get(book, id, event, request),
        ("PATCH", ["calendars", id, "events", event]) => {
            events::change(book, id, event, request, events::Merge::Patch)
        }
        ("PUT", ["calendars", id, "events", event]) => {
            events::change(book, id, event, request, events::Merge::Replace)
        }
        ("DELETE", ["calendars", id, "events", event]) => events::delete(book, id, event, request),
        _ => Err(Refusal::new(404, "notFound")),
    }
}

/// The members of an object; empty for anything else.
fn object(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
