//! Google's API in front of the simulated server: what the person does there is seen here as
//! Google shows it, what the program writes here lies there, and its troubles are Google's.
//!
//! A calendar's id is its shelf's href without the first slash, and an event's id its href.

use super::answer::{Answer, Refusal};
use super::book::{Book, Fields};
use super::http::{self, Request};
use super::{answer, events, object, passage};
use crate::support::fake::{disown, lock};
use crate::support::fake_faults::Fault;
use crate::support::fake_server::{Hand, Server, Verb, Write};
use chronotype::event::Href;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The account whose shelves these are.
const ACCOUNT: &str = "mine";

/// The front; it ends with this value.
pub struct Gate {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
}

/// What Google holds, and which version of what lies on the shelves that is.
#[derive(Default)]
struct Held {
    book: Book,
    taken: BTreeMap<(String, Href), u64>,
}

impl Gate {
    /// Opens in front of this server.
    pub fn start(server: &Arc<Mutex<Server>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let held = Arc::new(Mutex::new(Held::default()));
        let (server, over) = (Arc::clone(server), Arc::clone(&ended));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (server, held) = (Arc::clone(&server), Arc::clone(&held));
                std::thread::spawn(move || serve(client.ok()?, &server, &held));
            }
        });
        Self { address, ended }
    }

    /// `api_root` of the config.
    pub fn root(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// The shelf a request is about.
fn shelf_of(request: &Request) -> Option<String> {
    match request.path.as_slice() {
        [_, _, calendars, id, ..] if calendars == "calendars" => Some(format!("{ACCOUNT}/{id}")),
        _ => None,
    }
}

fn serve(mut client: TcpStream, server: &Mutex<Server>, held: &Mutex<Held>) -> Option<()> {
    let request = Request::read(&mut client)?;
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    let mut server = lock(server);
    if pause(&mut server) {
        drop((server, held));
        return http::wait_for_end(&mut client);
    }
    server.requests += 1;
    let shelf = shelf_of(&request);
    let writes = request.method != "GET";
    let victim = shelf.as_deref().is_none_or(|id| server.is_victim(id));
    if victim && let Some(refusal) = refusal(&mut server, shelf.as_deref(), writes) {
        drop(server);
        return http::reply(&mut client, &request, &refusal.into());
    }
    if victim && writes && server.strike(Fault::LostRequest) {
        return http::hang_up(&client);
    }
    held.take_over(&server);
    let written = server.writes.len();
    let answer = held.answer(&mut server, &request).unwrap_or_else(Answer::from);
    let lost = writes && answer.status < 300 && victim && server.strike(Fault::LostReply);
    if pause(&mut server) {
        drop((server, held));
        return http::wait_for_end(&mut client);
    }
    let cut = !writes && victim && server.strike(Fault::SlowListing);
    if !lost && let Some(write) = server.writes.get_mut(written) {
        write.told = true;
    }
    drop((server, held));
    match (lost, cut) {
        (true, _) => http::hang_up(&client),
        (_, true) => http::cut_off(&mut client, &answer),
        _ => http::reply(&mut client, &request, &answer),
    }
}

/// Between two things: the process may end here, the person may act.
fn pause(server: &mut Server) -> bool {
    if server.is_the_end(Fault::CrashAtRequest) {
        return true;
    }
    if server.meanwhile.is_some() && server.strike(Fault::PersonMeanwhile) {
        let mut act = server.meanwhile.take();
        act.iter_mut().for_each(|act| act(server));
        server.meanwhile = act;
    }
    false
}

/// Troubles that come before any answer.
fn refusal(server: &mut Server, shelf: Option<&str>, writes: bool) -> Option<Refusal> {
    if server.strike(Fault::Unauthorized) {
        return Some(Refusal::new(401, "authError"));
    }
    if server.strike(Fault::RetryAfter) {
        let after = (60 * (1 + server.dice.below(600))).to_string();
        let refusal = match server.dice.below(3) {
            0 => Refusal::new(403, "quotaExceeded"),
            1 => Refusal::new(403, "userRateLimitExceeded"),
            _ => Refusal::new(429, "rateLimitExceeded"),
        };
        return Some(refusal.after(&after));
    }
    if server.strike(Fault::ServerErrors) {
        return Some(Refusal::new(503, "backendError"));
    }
    let id = shelf?;
    if server.strike(Fault::CollectionAway) {
        disown(server, id, None);
        return Some(Refusal::new(404, "notFound"));
    }
    if writes && server.strike(Fault::ReadOnly) {
        return Some(Refusal::new(403, "requiredAccessLevel"));
    }
    None
}

impl Held {
    /// Takes over what the person has done to the shelves.
    fn take_over(&mut self, server: &Server) {
        let Self { book, taken } = self;
        book.clock = Some(server.now);
        for id in &server.google {
            let Some(shelf) = server.shelves.get(id) else { continue };
            let calendar = shelf.href.trim_start_matches('/');
            if book.find(calendar).is_err() {
                book.add(calendar, &shelf.name, "owner");
            }
            for (href, stored) in &shelf.objects {
                let place = (id.clone(), href.clone());
                if taken.get(&place) != Some(&stored.version) {
                    let fields = passage::fields(stored);
                    book.store(calendar, href.as_str(), fields).unwrap();
                    taken.insert(place, stored.version);
                }
            }
            let gone = |(at, href): &&(String, Href)| at == id && !shelf.objects.contains_key(href);
            let gone: Vec<_> = taken.keys().filter(gone).cloned().collect();
            for place in gone {
                events::cancel(book, calendar, place.1.as_str()).unwrap();
                taken.remove(&place);
            }
        }
    }

    fn answer(&mut self, server: &mut Server, request: &Request) -> Result<Answer, Refusal> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        self.book.pages = match server.faults.on.contains(&Fault::TokenTellsAll) {
            true => vec![2, 0, 1],
            false => Vec::new(),
        };
        match (request.method.as_str(), path.as_slice()) {
            ("GET", [_, _, "users", ..]) => self.calendars(server, request),
            ("POST", [_, _, "calendars"]) => self.make(server, request),
            ("GET", [_, _, "calendars", id, "events"]) => {
                if request.parameter("syncToken").is_some() && server.strike(Fault::StaleToken) {
                    self.book.forget(id)?;
                }
                let mut answer = answer(&mut self.book, request)?;
                note_removed(server, &answer);
                if server.faults.on.contains(&Fault::Unreadable) {
                    garble(server, &mut answer);
                }
                Ok(answer)
            }
            ("POST" | "PATCH" | "DELETE", [_, _, "calendars", id, "events", ..]) => {
                let answer = answer(&mut self.book, request)?;
                Ok(self.hand_over(server, id, request, answer))
            }
            _ => answer(&mut self.book, request),
        }
    }

    /// The calendar list; one that is away is denied with all that lies in it.
    fn calendars(&mut self, server: &mut Server, request: &Request) -> Result<Answer, Refusal> {
        let away = server.faults.on.contains(&Fault::CollectionAway);
        let closed = server.faults.on.contains(&Fault::ReadOnly);
        for shelf in &mut self.book.calendars {
            let id = format!("{ACCOUNT}/{}", shelf.id);
            let victim = server.is_victim(&id);
            let hidden = away && victim;
            if hidden {
                disown(server, &id, None);
            }
            shelf.entry.insert("hidden".to_owned(), hidden.into());
            let role = if closed && victim { "reader" } else { "owner" };
            shelf.entry.insert("accessRole".to_owned(), role.into());
        }
        answer(&mut self.book, request)
    }

    /// A new calendar, named after its shelf.
    fn make(&mut self, server: &mut Server, request: &Request) -> Result<Answer, Refusal> {
        let name = request.body["summary"].as_str().unwrap_or_default();
        let id = server.add(ACCOUNT, name);
        server.google.insert(id);
        self.take_over(server);
        self.book.describe(&format!("{ACCOUNT}/{name}/"), request)
    }

    /// What the program wrote lies on the shelf.
    fn hand_over(
        &mut self,
        server: &mut Server,
        calendar: &str,
        request: &Request,
        answer: Answer,
    ) -> Answer {
        let id = format!("{ACCOUNT}/{calendar}");
        let named = request.path.get(5).map(String::as_str).or(request.body["id"].as_str());
        let href = Href::new(named.unwrap_or_default());
        let verb = match request.method.as_str() {
            "POST" => Verb::Create,
            "PATCH" => Verb::Update,
            _ => Verb::Delete,
        };
        let before = server.shelves.get(&id).and_then(|s| s.objects.get(&href)).cloned();
        let place = (id.clone(), href.clone());
        let after = match verb {
            Verb::Delete => {
                server.shelves.get_mut(&id).map(|s| s.remove(&href));
                self.taken.remove(&place);
                None
            }
            Verb::Create | Verb::Update => {
                let shown = self.book.find(calendar).map(|s| s.shown(href.as_str(), Some("UTC")));
                let text = passage::text(&shown.unwrap_or_default());
                let version = server.put(&id, &href, &text, Hand::Daemon);
                self.taken.insert(place, version);
                Some(text)
            }
        };
        server.writes.push(Write { verb, href, before, after, told: false });
        match server.strike(Fault::NoVersionOnWrite) && verb != Verb::Delete {
            true => without_version(answer),
            false => answer,
        }
    }
}

/// The client is told that these are gone.
fn note_removed(server: &mut Server, answer: &Answer) {
    let Ok(value) = serde_json::from_str::<Value>(&answer.body) else { return };
    let items = value["items"].as_array().into_iter().flatten();
    let gone = items.filter(|item| item["status"] == "cancelled");
    let gone = gone.filter_map(|item| item["id"].as_str()).map(Href::new);
    server.told_removed.extend(gone);
}

fn without_version(answer: Answer) -> Answer {
    let mut value = serde_json::from_str(&answer.body).map_or(Fields::new(), |v| object(&v));
    value.remove("etag");
    Answer { body: Value::Object(value).to_string(), ..answer }
}

/// Some events are shown in a way that can't be read.
fn garble(server: &mut Server, answer: &mut Answer) {
    let Ok(mut value) = serde_json::from_str::<Value>(&answer.body) else { return };
    for item in value["items"].as_array_mut().into_iter().flatten() {
        if item["status"] != "cancelled" && server.strike(Fault::Unreadable) {
            item["start"] = 7.into();
        }
    }
    answer.body = value.to_string();
}
