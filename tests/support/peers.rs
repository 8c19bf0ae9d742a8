//! Radicale and Xandikos, each for one test, with its data in a temporary folder.

use super::proxy::{Auth, Proxy};
use super::venv;
use chronotype::calendar::Http;
use chronotype::calendar::Secret;
use chronotype::calendar::caldav::{Access, CalDav, SignIn};
use reqwest::{Method, Url};
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A start takes half a second; a busy machine may take a hundred times as long.
const START: Duration = Duration::from_secs(60);
/// The password of all people.
pub const PASSWORD: &str = "secret";

/// A running server. It ends with this value, and with the test process.
pub struct Peer {
    /// Requests pass here.
    pub proxy: Proxy,
    http: Http,
    address: SocketAddr,
    calendars: &'static str,
    server: Child,
    folder: TempDir,
}

impl Peer {
    /// Radicale: checks passwords itself; people are alice and bob.
    pub async fn radicale() -> Self {
        Self::radicale_of(&["alice", "bob"]).await
    }

    /// The same for these people, each with a calendar `work`.
    pub async fn radicale_of(people: &[&str]) -> Self {
        let requirements = include_str!("requirements-radicale.txt");
        let python = venv::python("radicale", requirements);
        let start = |folder: &Path, port: u16| {
            let users = folder.join("users");
            let all: String = people.iter().map(|who| format!("{who}:{PASSWORD}\n")).collect();
            std::fs::write(&users, all).unwrap();
            let config = format!(
                "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = \
                 {}\nhtpasswd_encryption = plain\ndelay = 0\n[rights]\ntype = owner_only\n\
                 [storage]\nfilesystem_folder = {}\n[web]\ntype = none\n",
                users.display(),
                folder.join("data").display()
            );
            let file = folder.join("config");
            std::fs::write(&file, config).unwrap();
            vec!["radicale".to_owned(), "--config".to_owned(), file.display().to_string()]
        };
        let peer = Self::start(&python, start, Auth::Upstream, "");
        for who in people {
            peer.make_calendar(who).await;
        }
        peer
    }

    /// Xandikos: the proxy checks the password; the only person is alice.
    pub async fn xandikos() -> Self {
        let requirements = include_str!("requirements-xandikos.txt");
        let python = venv::python("xandikos", requirements);
        let start = |folder: &Path, port: u16| {
            let (data, port) = (folder.join("data").display().to_string(), port.to_string());
            let words = ["xandikos", "serve", "-d", &data, "-l", "127.0.0.1", "-p", &port];
            let more = ["--defaults", "--current-user-principal", "/alice"];
            words.iter().chain(&more).map(|word| (*word).to_owned()).collect()
        };
        let peer = Self::start(&python, start, Auth::Here, "calendars/");
        peer.make_calendar("alice").await;
        peer
    }

    fn start(
        python: &Path,
        words: impl Fn(&Path, u16) -> Vec<String>,
        auth: Auth,
        calendars: &'static str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let until = Instant::now() + START;
        loop {
            let address = free_address();
            let mut server = launch(python, folder.path(), &words(folder.path(), address.port()));
            // Another process may have taken the port meanwhile: then the server ends at once.
            while server.try_wait().unwrap().is_none() {
                if TcpStream::connect(address).is_ok() {
                    let (http, proxy) = (Http::new().unwrap(), Proxy::start(address, auth));
                    return Self { proxy, http, address, calendars, server, folder };
                }
                assert!(Instant::now() < until, "no answer: {}", log(folder.path()));
                std::thread::sleep(Duration::from_millis(50));
            }
            assert!(Instant::now() < until, "it ended: {}", log(folder.path()));
        }
    }

    /// Where Radicale keeps a person's collections: a folder each, a file an object.
    pub fn shelf(&self, user: &str) -> PathBuf {
        self.folder.path().join("data/collection-root").join(user)
    }

    /// Ends the server; who asks finds nobody.
    pub fn kill(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Where the server itself listens: what goes there is seen by nobody.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address a person would give.
    pub fn base_url(&self) -> String {
        format!("http://{}/", self.proxy.address())
    }

    /// A person's calendar `work`.
    pub fn calendar_url(&self, user: &str) -> String {
        format!("{}{user}/{}work/", self.base_url(), self.calendars)
    }

    /// Path of an object in alice's calendar `work`.
    pub fn object(&self, name: &str) -> String {
        format!("/alice/{}work/{name}", self.calendars)
    }

    /// An account of alice's.
    pub fn account(&self, url: &str, password: &str) -> CalDav {
        let access = Access {
            account: "home".to_owned(),
            url: url.to_owned(),
            username: "alice".to_owned(),
            password: Secret::new(password),
            sign_in: SignIn::Auto,
            trusted_hosts: Vec::new(),
        };
        CalDav::new(self.http.clone(), access).unwrap()
    }

    /// Requests that passed the proxy, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.proxy.log()
    }

    /// Stores an object, as the person's other client does. Not counted.
    pub async fn put(&self, path: &str, body: &str) {
        let (status, answer) = self.ask("PUT", path, body).await;
        assert!((200..300).contains(&status), "PUT {path}: {status} {answer}");
    }

    /// Offers an object that the server may refuse; its status. Not counted.
    pub async fn offer(&self, path: &str, body: &[u8]) -> u16 {
        self.ask_as("alice", "PUT", path, body.to_vec()).await.0
    }

    /// Reads an object, as the person's other client does. Not counted.
    pub async fn get(&self, path: &str) -> Option<String> {
        let (status, body) = self.ask("GET", path, "").await;
        (status == 200).then_some(body)
    }

    /// Deletes an object, as the person's other client does. Not counted.
    pub async fn delete(&self, path: &str) {
        let (status, answer) = self.ask("DELETE", path, "").await;
        assert!((200..300).contains(&status), "DELETE {path}: {status} {answer}");
    }

    async fn make_calendar(&self, user: &str) {
        let path = format!("/{user}/{}work/", self.calendars);
        // The first request makes the person's principal.
        self.ask_as(user, "PROPFIND", &format!("/{user}/"), "").await;
        let (status, answer) = self.ask_as(user, "MKCALENDAR", &path, "").await;
        assert!(
            (200..300).contains(&status),
            "{path}: {status} {answer} {}",
            log(self.folder.path())
        );
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.ask_as("alice", method, path, body).await
    }

    /// A request of a person's other client. Not counted.
    pub async fn ask_as(
        &self,
        user: &str,
        method: &str,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> (u16, String) {
        let url = Url::parse(&format!("http://{}{path}", self.address)).unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.client(&url).request(method, url.clone());
        let request = request.basic_auth(user, Some(PASSWORD));
        let body: Vec<u8> = body.into();
        let request = if body.is_empty() {
            request
        } else {
            request.header("Content-Type", "text/calendar; charset=utf-8").body(body)
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// An address that nobody listens on, given once in this process. It lies below the ports that
/// systems hand out by themselves: such a one could be another test's when a server takes it.
pub fn free_address() -> SocketAddr {
    const PORTS: std::ops::Range<u32> = 10_000..32_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed) + 37 * std::process::id();
        let port = PORTS.start + number % (PORTS.end - PORTS.start);
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a server that ends when its standard input does, with nothing of this environment.
fn launch(python: &Path, folder: &Path, words: &[String]) -> Child {
    let launcher = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/launcher.py");
    Command::new(python)
        .arg(launcher)
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap()
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}
