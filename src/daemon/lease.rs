//! The control socket: a command borrows the store from the running service.
//!
//! sled's folder is locked by one process. So the service, between two turns, lets go of the store
//! and answers; the command opens it, does what it does without a service, and ends. The end of its
//! connection, however it comes, gives the store back. Of a service of many people a command gets
//! only what one of them keeps ([`super::lent`]). The socket is for its owner alone: its mode is
//! 0600, and whoever connects must be the same user, or root.

use super::Event;
use crate::event::PrincipalId;
use crate::store::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::Sender;

/// Longest line a command says, and the service, which names a path.
const LONGEST: u64 = 256;
const LONGEST_ANSWER: u64 = 8_192;
/// How long a command waits for a turn to end.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// How long the other side of a fresh connection may keep silent.
const SILENCE: Duration = Duration::from_secs(5);
/// What a command says.
const WANTED: &str = "store, please";
/// What the service answers.
const YOURS: &str = "yours";
/// Asks who it is.
const WHO: &str = "who?";
/// What a command says that wants one person's records; their name follows.
const RECORDS: &str = "records, please: ";
/// Asks whether a person is served; their name follows.
const SERVED: &str = "served? ";
/// Asks when a person's next turn is due; their name follows.
const NEXT: &str = "next? ";
/// The answer.
const YES: &str = "yes";
/// Part of what a service of many people answers to [`WHO`].
const MANY: &str = "people";
/// Part of what any other answers.
const ONE: &str = "one";

/// Why the socket does not work.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// It can't be made.
    #[error("the socket {path} can't be made: {source}")]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody answers there.
    #[error("no service answers at {0}")]
    Nobody(PathBuf),
    /// The service did not let go of the store in time.
    #[error("the running service is busy and did not hand over the store in two minutes")]
    Busy,
    /// It closed the connection.
    #[error("the running service could not lend the records: its log says why")]
    Broken,
    /// What it lent can't be used.
    #[error(transparent)]
    Store(Box<StoreError>),
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// The store's folder.
    Folder,
    /// What one person keeps.
    Records(PrincipalId),
    /// To know whether the service has turns of theirs.
    Served(PrincipalId),
    /// To know when the next one is due.
    Next(PrincipalId),
}

/// A command that wants something of the store.
pub(super) struct Request {
    stream: UnixStream,
    /// What.
    pub(super) want: Want,
}

impl Request {
    pub(super) fn into_stream(self) -> UnixStream {
        self.stream
    }

    /// Says whether it is so.
    pub(super) fn answer(self, yes: bool) {
        self.say(if yes { YES.to_owned() } else { "no".to_owned() });
    }

    /// Says when; `None` = nobody knows.
    pub(super) fn answer_when(self, at: Option<DateTime<Utc>>) {
        let known = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        self.say(known.unwrap_or_else(|| "unknown".to_owned()));
    }

    fn say(mut self, answer: String) {
        tokio::spawn(async move {
            let _ = self.stream.write_all(format!("{answer}\n").as_bytes()).await;
        });
    }

    /// Hands the folder over; it has been let go of already.
    pub(super) fn grant(self, events: Sender<Event>) {
        tokio::spawn(async move {
            let mut stream = self.stream;
            if stream.write_all(format!("{YOURS}\n").as_bytes()).await.is_ok() {
                // Says nothing more: the end of the connection is the answer.
                let _ = stream.take(LONGEST).read_to_end(&mut Vec::new()).await;
            }
            let _ = events.send(Event::Returned(Want::Folder)).await;
        });
    }
}

/// The socket; its file goes with it.
pub(super) struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Opens the socket. The store is locked by this process: an old socket file is nobody's.
///
/// # Errors
/// [`LeaseError::Unusable`].
pub(super) fn listen(
    path: &Path,
    about: Holder,
    events: Sender<Event>,
) -> Result<Socket, LeaseError> {
    let unusable = |source| LeaseError::Unusable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unusable)?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unusable(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(unusable)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(unusable)?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: others go on meanwhile.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            tokio::spawn(hear(stream, about.clone(), events.clone()));
        }
    });
    Ok(Socket(path.to_owned()))
}

async fn hear(stream: UnixStream, about: Holder, events: Sender<Event>) {
    let ours = rustix::process::geteuid().as_raw();
    if stream.peer_cred().is_ok_and(|peer| peer.uid() != ours && peer.uid() != 0) {
        tracing::warn!("somebody else's command was turned away from the socket");
        return;
    }
    let mut stream = tokio::io::BufReader::new(stream);
    let mut line = String::new();
    let mut bounded = (&mut stream).take(LONGEST);
    if !matches!(tokio::time::timeout(SILENCE, bounded.read_line(&mut line)).await, Ok(Ok(_))) {
        return;
    }
    match line.trim_end() {
        WHO => {
            let serves = if about.many { MANY } else { ONE };
            let answer = format!("{} {serves} {}\n", about.process, about.store.display());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        WANTED => {
            let request = Request { stream: stream.into_inner(), want: Want::Folder };
            let _ = events.send(Event::Wanted(request)).await;
        }
        other => {
            let Some(want) = want(other) else { return };
            let request = Request { stream: stream.into_inner(), want };
            let _ = events.send(Event::Wanted(request)).await;
        }
    }
}

/// What a line asks of one person.
fn want(line: &str) -> Option<Want> {
    let name = |words| line.strip_prefix(words).and_then(|name| PrincipalId::new(name).ok());
    let asked = name(SERVED).map(Want::Served).or_else(|| name(NEXT).map(Want::Next));
    name(RECORDS).map(Want::Records).or(asked)
}

/// The line that asks for a person's records.
pub(super) fn wanted(principal: &PrincipalId) -> String {
    format!("{RECORDS}{}\n", principal.as_str())
}

/// Who answers at a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub process: u32,
    /// It serves many people.
    pub many: bool,
    /// The store that it has.
    pub store: PathBuf,
}

impl Holder {
    /// This process.
    pub(super) fn own(many: bool, store: &Path) -> Self {
        // Commands run elsewhere.
        let store = std::path::absolute(store).unwrap_or_else(|_| store.to_owned());
        Self { process: std::process::id(), many, store }
    }
}

/// The store of a running service, borrowed until this value goes or the process ends.
#[derive(Debug)]
pub struct Loan {
    _connection: Blocking,
}

/// Borrows the store from the service at this socket.
///
/// # Errors
/// [`LeaseError::Nobody`], [`LeaseError::Busy`].
pub fn borrow_store(socket: &Path) -> Result<Loan, LeaseError> {
    let stream = connect(socket)?;
    match say(&stream, WANTED, PATIENCE).as_deref() {
        Some(YOURS) => Ok(Loan { _connection: stream }),
        _ => Err(LeaseError::Busy),
    }
}

/// The service at this socket.
///
/// # Errors
/// [`LeaseError::Nobody`].
pub fn holder(socket: &Path) -> Result<Holder, LeaseError> {
    let answer = say(&connect(socket)?, WHO, SILENCE).unwrap_or_default();
    let mut parts = answer.splitn(3, ' ');
    let mut part = || parts.next().ok_or_else(|| LeaseError::Nobody(socket.to_owned()));
    let (process, serves, store) = (part()?, part()?, part()?);
    let process = process.parse().map_err(|_| LeaseError::Nobody(socket.to_owned()))?;
    Ok(Holder { process, many: serves == MANY, store: PathBuf::from(store) })
}

/// Whether the service at this socket has turns of this person.
///
/// # Errors
/// [`LeaseError::Nobody`].
pub fn is_served(socket: &Path, principal: &PrincipalId) -> Result<bool, LeaseError> {
    let asked = format!("{SERVED}{}", principal.as_str());
    let answer = say(&connect(socket)?, &asked, PATIENCE);
    answer.map(|answer| answer == YES).ok_or_else(|| LeaseError::Nobody(socket.to_owned()))
}

/// When the service at this socket has a turn of this person; `None` = none does, or it is of a
/// release that can't say.
pub fn next_turn(socket: &Path, principal: &PrincipalId) -> Option<DateTime<Utc>> {
    let answer = say(&connect(socket).ok()?, &format!("{NEXT}{}", principal.as_str()), SILENCE)?;
    answer.parse().ok()
}

pub(super) fn connect(socket: &Path) -> Result<Blocking, LeaseError> {
    Blocking::connect(socket).map_err(|_| LeaseError::Nobody(socket.to_owned()))
}

fn say(mut stream: &Blocking, words: &str, patience: Duration) -> Option<String> {
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.write_all(format!("{words}\n").as_bytes()).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned())
}
