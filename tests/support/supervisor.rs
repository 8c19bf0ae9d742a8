//! A supervisor as systemd is one: hears at once whatever a service tells it, so that the service
//! never waits to be heard.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// No test waits longer for what must happen; most of it takes a second.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Supervisor {
    path: PathBuf,
    /// Until it goes.
    heard: Option<Receiver<String>>,
}

impl Supervisor {
    /// Its socket lies in this folder.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("supervisor");
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if tell.send(said).is_err() {
                    return;
                }
            }
        });
        Self { path, heard: Some(heard) }
    }

    /// What the service is told as `NOTIFY_SOCKET`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for a line that starts so; all that was said with it. What came before is forgotten.
    #[track_caller]
    pub fn hears(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(said) = self.heard.as_ref().unwrap().recv_timeout(left) else {
                panic!("the service never said {words}");
            };
            if said.lines().any(|line| line.starts_with(words)) {
                return said;
            }
        }
    }
}

impl Drop for Supervisor {
    /// The thread ends with the next word, which nobody hears.
    fn drop(&mut self) {
        self.heard = None;
        let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"", &self.path));
    }
}
