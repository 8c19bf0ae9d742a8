//! People on one Radicale, the service of all of them behind bad weather, one fast clock.

use super::person::{Deed, Someone};
use super::witness::{Hand, Witness};
use crate::support::binary::{Binary, PATH, Running, binary_at};
use crate::support::fast_clock::FastClock;
use crate::support::peers::{PASSWORD, Peer};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Names another build of the binary than the one that is tested otherwise.
pub const BINARY: &str = "CHRONOTYPE_BINARY";

/// What a service says that can't have the store, and ends.
const IN_USE: &str = "in use by another chronotype";

/// How a command ends whose config is off: somebody has meddled with it.
const CONFIG: i32 = 78;

/// A person's client tries so often again where the server fails.
const TRIES: u32 = 5;
/// Between two tries.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

pub struct World {
    pub clock: FastClock,
    pub witness: Arc<Witness>,
    pub people: Vec<Someone>,
    peer: Peer,
    folder: TempDir,
    service: Option<Running>,
    /// Ends and begins of the service so far: a command that sees this change may fail.
    changes: Arc<AtomicU32>,
    commands: tokio::task::JoinSet<()>,
}

impl World {
    /// Calendars with a past, configs, no service yet.
    pub async fn new(people: usize, seed: u64, clock: FastClock, aloud: bool) -> Self {
        let names: Vec<String> = (0..people).map(|n| format!("p{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let peer = Peer::radicale_of(&names).await;
        let witness = Arc::new(Witness::new(clock, seed, aloud));
        peer.proxy.under(witness.clone());
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("people")).unwrap();
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let now = clock.now();
        let someone = |(n, name): (usize, &&str)| {
            Someone::new((*name).to_owned(), seed.wrapping_add(n as u64), now)
        };
        let everybody = names.iter().enumerate().map(someone).collect();
        let mut world = Self {
            clock,
            witness,
            people: everybody,
            peer,
            folder,
            service: None,
            changes: Arc::default(),
            commands: tokio::task::JoinSet::new(),
        };
        for n in 0..people {
            world.config(n, "");
            for deed in world.people[n].before(now) {
                world.perform(n, deed).await;
            }
        }
        world
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Somebody's config, with these lines more, replaced as editors do it.
    pub fn config(&self, n: usize, more: &str) {
        let (name, folder) = (&self.people[n].name, self.folder.path().display());
        let text = format!(
            "{more}\n[person]\nid = \"{name}\"\ntime_zone = \"Europe/Berlin\"\naddresses = \
             [\"{name}@example.org\"]\n[[account]]\nname = \"home\"\nkind = \"caldav\"\n\
             url = \"{}\"\nusername = \"{name}\"\npassword_file = \"{folder}/password\"\n\
             suggest_into = \"chronotype\"\n[planning]\nworking_hours = \
             [\"Mon-Fri 08:00-19:00\"]\n[daemon]\npoll_minutes = 60\n",
            self.peer.base_url()
        );
        fs::write(self.path("fresh"), text).unwrap();
        fs::rename(self.path("fresh"), self.config_of(n)).unwrap();
    }

    /// Where it lies.
    pub fn config_of(&self, n: usize) -> PathBuf {
        self.path(&format!("people/{}.toml", self.people[n].name))
    }

    /// The binary on this store, by this clock.
    fn binary(&self) -> Binary {
        let path = std::env::var_os(BINARY).map_or_else(|| PATH.into(), PathBuf::from);
        let binary = binary_at(&path).home(self.folder.path()).arg("--store");
        self.clock.drives(binary.arg(self.path("store")))
    }

    /// Starts the service, unless it runs.
    pub fn start(&mut self) {
        if let Some(service) = &mut self.service {
            let Some(ended) = service.try_wait().unwrap() else { return };
            // A command had the store at that moment: a supervisor starts it again.
            let log = self.log();
            if !log.lines().rev().take(2).any(|line| line.contains(IN_USE)) {
                self.witness.breach(format!("the service ended by itself: {ended}\n{log}"));
            }
            self.witness.count("starts that found the store in use");
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        let binary = self.binary().logs_to(&self.path("log"));
        let service = binary.args(["-v", "run", "--users"]).arg(self.path("people")).spawn();
        self.service = Some(service);
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let Some(mut service) = self.service.take() else { return };
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.witness.count("kills");
        service.kill().unwrap();
        service.wait().unwrap();
        self.witness.say(&format!("killed at {}", self.clock.now()));
    }

    /// SIGTERM; it ends well.
    pub fn end(&mut self) {
        self.signal("TERM");
        let mut service = self.service.take().unwrap();
        let ended = service.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.log());
    }

    pub fn signal(&self, name: &str) {
        let Some(id) = self.process() else { return };
        let sent = std::process::Command::new("kill").args(["-s", name, &id.to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Its process, where it runs.
    pub fn process(&self) -> Option<u32> {
        self.service.as_ref().map(|service| service.id())
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("log")).unwrap_or_default()).into_owned()
    }

    /// A command of somebody.
    pub fn command(&self, n: usize, words: &[&str]) -> Binary {
        self.binary().arg("--config").arg(self.config_of(n)).args(words)
    }

    /// The same while the world goes on. It must go well, unless the service ended or began
    /// meanwhile, or it asks the server, which may be out of reach.
    fn says(&mut self, n: usize, words: Vec<String>) {
        while self.commands.try_join_next().is_some() {}
        if self.commands.len() > 3 || !self.config_of(n).exists() {
            return;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = self.command(n, &words).env("CHRONOTYPE_TRACE", "");
        let (changes, witness) = (self.changes.clone(), self.witness.clone());
        let before = changes.load(Ordering::SeqCst);
        let (name, said) = (self.people[n].name.clone(), words.join(" "));
        self.commands.spawn_blocking(move || {
            let output = command.output();
            witness.count("commands");
            let undisturbed = before == changes.load(Ordering::SeqCst) && said != "sync";
            let off = output.status.code() == Some(CONFIG);
            if !output.status.success() && undisturbed && !off {
                let err = String::from_utf8_lossy(&output.stderr);
                witness.breach(format!("{name}: {said}: {err}"));
            }
        });
    }

    /// Waits for all commands.
    pub async fn listen(&mut self) {
        while self.commands.join_next().await.is_some() {}
    }

    /// What a command gives, which must go well.
    pub fn ok(&self, n: usize, words: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            self.command(n, words).env("CHRONOTYPE_TRACE", "").output();
        let err = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{} {words:?}: {err}\n{}", self.people[n].name, self.log());
        String::from_utf8(stdout).unwrap()
    }

    /// Blocks in somebody's calendars of blocks: path and text.
    pub fn blocks(&self, n: usize) -> Vec<(String, String)> {
        let (name, mut found) = (&self.people[n].name, Vec::new());
        for collection in fs::read_dir(self.peer.shelf(name)).unwrap().map(Result::unwrap) {
            let path = format!("/{name}/{}", collection.file_name().display());
            if self.witness.made(&path) {
                found.extend(objects(&collection.path()).into_iter().map(|(file, bytes)| {
                    (format!("{path}/{file}"), String::from_utf8_lossy(&bytes).into_owned())
                }));
            }
        }
        found
    }

    /// Everything that lies in somebody's calendars.
    pub fn everything(&self, n: usize) -> Vec<(String, Vec<u8>)> {
        let (name, mut found) = (&self.people[n].name, Vec::new());
        for collection in fs::read_dir(self.peer.shelf(name)).unwrap().map(Result::unwrap) {
            let path = format!("/{name}/{}", collection.file_name().display());
            let all = objects(&collection.path()).into_iter();
            found.extend(all.map(|(file, bytes)| (format!("{path}/{file}"), bytes)));
        }
        found
    }

    /// The person does it, by their own client.
    pub async fn perform(&mut self, n: usize, deed: Deed) {
        let name = self.people[n].name.clone();
        let own = |file: &str| format!("/{name}/work/{file}");
        let (path, text) = match deed {
            Deed::Say(words) => return self.says(n, words),
            Deed::Write(file, text) => (own(&file), Some(text)),
            Deed::Remove(file) => (own(&file), None),
            Deed::WriteBlock(path, text) => (path, Some(text)),
            Deed::RemoveBlock(path) => (path, None),
        };
        let is_block = path.split('/').nth(2) != Some("work");
        let mut hands = self.witness.hands.lock().await;
        let stood = hands.get(&path);
        if is_block && matches!(stood, None | Some(Hand::Gone(_))) {
            // The service took it back a moment ago.
            return;
        }
        let before = fs::read(self.on_disk(&path)).unwrap_or_default();
        let method = if text.is_some() { "PUT" } else { "DELETE" };
        let body = text.clone().unwrap_or_default();
        let (mut status, mut answer) = self.peer.ask_as(&name, method, &path, &*body).await;
        // The server stumbles over itself now and then, as any does: their client tries again.
        for _ in 0..TRIES {
            if status < 500 {
                break;
            }
            self.witness.count("errors of the server itself");
            tokio::time::sleep(PAUSE).await;
            (status, answer) = self.peer.ask_as(&name, method, &path, &*body).await;
        }
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        self.witness.note(&path, "person", text.as_deref().unwrap_or("").as_bytes());
        self.witness.count(match (is_block, &text) {
            (true, Some(_)) => "blocks answered by an edit",
            (true, None) => "blocks answered by deleting",
            (false, _) => "edits of own objects",
        });
        let hand = match text {
            None => self.witness.taken_away(stood),
            Some(_) => Hand::Person(fs::read(self.on_disk(&path)).unwrap()),
        };
        if hand == Hand::Person(before) {
            // Dragged to where it was.
            return;
        }
        hands.insert(path, hand);
    }

    /// Where Radicale keeps what lies at a path.
    fn on_disk(&self, path: &str) -> PathBuf {
        let (name, rest) = path.trim_start_matches('/').split_once('/').unwrap();
        self.peer.shelf(name).join(rest)
    }
}

/// Files of a collection, those of Radicale's own aside.
fn objects(collection: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(collection) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".ics")).collect();
    names.sort();
    // What the service takes back meanwhile is gone.
    names
        .into_iter()
        .filter_map(|n| Some((n.clone(), fs::read(collection.join(&n)).ok()?)))
        .collect()
}
