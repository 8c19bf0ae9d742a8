//! A small CalDAV server with the quirks of real ones, in this process. It stores in memory and
//! checks conditions honestly, unless its [`Profile`] says otherwise.

mod answers;
pub mod profile;
mod shelf;
mod wire;

pub use profile::{ETags, Profile};

use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use chronotype::calendar::{Http, Secret};
use shelf::{Object, Shelf};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use wire::{read, send};

/// The calendar that is there from the start.
const WORK: &str = "work";

/// The server; it ends with this value.
pub struct Quirky {
    state: Arc<Mutex<State>>,
    ended: Arc<AtomicBool>,
    address: SocketAddr,
    http: Http,
}

/// All it knows.
struct State {
    profile: Profile,
    address: SocketAddr,
    shelves: BTreeMap<String, Shelf>,
    /// Of writes; it moves by [`Quirky::tick`].
    second: u64,
    requests: usize,
    log: Vec<String>,
    /// Names of objects that it fails to read.
    stumbles: BTreeSet<String>,
    /// Names of objects that it tells as gone, although it gives them to who asks.
    denies: BTreeSet<String>,
    /// All writes get this.
    refuses_writes: Option<(u16, &'static str)>,
    /// By calendar, instead of the profile's.
    privileges: BTreeMap<String, &'static str>,
    /// What the person's other client does at a moment: method, when, object, text.
    others: Vec<(&'static str, When, String, Option<String>)>,
}

/// Before a request is looked at, or after it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

impl State {
    fn object(&self, shelf: &str, name: &str) -> Option<&Object> {
        self.shelves.get(shelf)?.objects.get(name)
    }

    fn store(&mut self, shelf: &str, name: &str, body: &str) {
        if let Some(shelf) = self.shelves.get_mut(shelf) {
            shelf.put(name, body, &self.profile, self.second);
        }
    }

    fn remove(&mut self, shelf: &str, name: &str) {
        let second = self.second;
        if let Some(shelf) = self.shelves.get_mut(shelf) {
            shelf.remove(name, second);
        }
    }

    fn interject(&mut self, method: &str, when: When) {
        let at = self.others.iter().position(|(m, w, ..)| *m == method && *w == when);
        match at.map(|at| self.others.remove(at)) {
            Some((_, _, name, Some(body))) => self.store(WORK, &name, &body),
            Some((_, _, name, None)) => self.remove(WORK, &name),
            None => {}
        }
    }
}

impl Quirky {
    /// Starts a server with an empty calendar `work`.
    pub fn start(profile: Profile) -> Self {
        super::trace::watch();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            profile,
            address,
            shelves: BTreeMap::from([(WORK.to_owned(), Shelf::new(WORK))]),
            second: 1_700_000_000,
            requests: 0,
            log: Vec::new(),
            stumbles: BTreeSet::new(),
            denies: BTreeSet::new(),
            refuses_writes: None,
            privileges: BTreeMap::new(),
            others: Vec::new(),
        }));
        let ended = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&state), Arc::clone(&ended));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(client.ok()?, &state));
            }
        });
        Self { state, ended, address, http: Http::new().unwrap() }
    }

    /// The address to give for alice's account.
    pub fn url(&self) -> String {
        let home = self.state().profile.home;
        let base = if home.starts_with("/SOGo/") { "/SOGo/dav/" } else { "/" };
        format!("http://{}{base}", self.address)
    }

    /// Alice's account, as if chronotype had just started.
    pub fn account(&self) -> CalDav {
        let access = Access {
            account: "home".to_owned(),
            url: self.url(),
            username: "alice".to_owned(),
            password: Secret::new("secret"),
            sign_in: SignIn::Auto,
            trusted_hosts: Vec::new(),
        };
        CalDav::new(self.http.clone(), access).unwrap()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Requests that were answered, as `METHOD name`.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Requests that it takes to list so many known objects; `None` = it depends.
    pub fn listing(&self, objects: usize) -> Option<usize> {
        let profile = &self.state().profile;
        let steady = profile.drops.is_none() && profile.etags != ETags::Absent;
        let most = profile.sync.most.unwrap_or(usize::MAX);
        steady.then(|| objects.div_ceil(most))
    }

    /// Whether it can tell changes alone.
    pub fn tells_changes(&self) -> bool {
        self.state().profile.sync.refused.is_none()
    }

    /// From now on it behaves so.
    pub fn behave(&self, change: impl FnOnce(&mut Profile)) {
        change(&mut self.state().profile);
    }

    /// Stores an object, as the person's other client does.
    pub fn put(&self, name: &str, body: &str) {
        self.put_into(WORK, name, body);
    }

    /// Stores an object in any calendar, as the person's other client does.
    pub fn put_into(&self, calendar: &str, name: &str, body: &str) {
        self.state().store(calendar, name, body);
    }

    /// Saves an object of a calendar as it is, as a client does that changes nothing.
    pub fn save_again(&self, calendar: &str, name: &str) {
        let mut state = self.state();
        let body = state.object(calendar, name).unwrap().body.clone();
        state.store(calendar, name, &body);
    }

    /// Reads an object, as the person's other client does.
    pub fn get(&self, name: &str) -> Option<String> {
        self.state().object(WORK, name).map(|object| object.body.clone())
    }

    /// Deletes an object, as the person's other client does.
    pub fn delete(&self, name: &str) {
        self.state().remove(WORK, name);
    }

    /// All objects of a calendar, by name.
    pub fn objects(&self, calendar: &str) -> BTreeMap<String, String> {
        let state = self.state();
        let objects = state.shelves.get(calendar).map(|shelf| &shelf.objects);
        let objects = objects.into_iter().flatten();
        objects.map(|(name, object)| (name.clone(), object.body.clone())).collect()
    }

    /// The clock's next second begins.
    pub fn tick(&self) {
        self.state().second += 1;
    }

    /// It forgets all tokens it gave out.
    pub fn forget_tokens(&self) {
        self.state().shelves.get_mut(WORK).unwrap().forget();
    }

    /// It fails to read this object, or can again.
    pub fn stumble(&self, name: &str, stumbles: bool) {
        let mut state = self.state();
        match stumbles {
            true => drop(state.stumbles.insert(name.to_owned())),
            false => drop(state.stumbles.remove(name)),
        }
    }

    /// It tells this object as gone from now on, in lists of changes.
    pub fn deny(&self, name: &str) {
        self.state().denies.insert(name.to_owned());
    }

    /// All writes are refused so, or taken again.
    pub fn refuse_writes(&self, how: Option<(u16, &'static str)>) {
        self.state().refuses_writes = how;
    }

    /// What alice may do in a calendar.
    pub fn allow(&self, calendar: &str, privileges: &'static str) {
        self.state().privileges.insert(calendar.to_owned(), privileges);
    }

    /// The person's other client saves (or deletes) an object around the next such request.
    pub fn interject(&self, method: &'static str, when: When, name: &str, body: Option<&str>) {
        let body = body.map(str::to_owned);
        self.state().others.push((method, when, name.to_owned(), body));
    }
}

impl Drop for Quirky {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> Option<()> {
    let request = read(&mut client)?;
    let reply = {
        let mut state = state.lock().ok()?;
        state.requests += 1;
        let drops = state.profile.drops.is_some_and(|every| state.requests % every == 0);
        // A lost PUT is for the next turn to repair; that is another test's subject.
        if drops && request.method != "PUT" {
            drop(state);
            return client.shutdown(Shutdown::Both).ok();
        }
        let name = request.path.last().map(String::as_str).unwrap_or_default();
        state.log.push(format!("{} {name}", request.method));
        state.interject(&request.method, When::Before);
        let reply = answers::answer(&mut state, &request);
        state.interject(&request.method, When::After);
        reply
    };
    send(&mut client, &reply)
}
