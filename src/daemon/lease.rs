//! The control socket: a command borrows the store from the running service.
//!
//! sled's folder is locked by one process. So the service, between two turns, lets go of the store
//! and answers; the command opens it, does what it does without a service, and ends. The end of its
//! connection, however it comes, gives the store back. Of a service of many people a command gets
//! only what one of them keeps ([`super::lent`]). The socket is for its owner alone: its mode is
//! 0600, and whoever connects must be the same user, or root.

use super::door::{self, Door, Socket, connect};
use super::{Event, supervise};
use crate::event::PrincipalId;
use crate::store::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
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
    /// Somebody answers there.
    #[error(
        "the socket {path} is taken by {}: end that, or name another one as `socket` in [daemon]",
        door::named(.holder)
    )]
    Taken {
        /// Where.
        path: PathBuf,
        /// Who, where it is a service of ours.
        holder: Option<Holder>,
    },
    /// Who answers has nothing to do with the store.
    #[error("user {user} serves {path}, and neither is this user nor owns the store: not asked")]
    Stranger {
        /// Where.
        path: PathBuf,
        /// Who.
        user: u32,
    },
    /// Nobody answers there.
    #[error("no service answers at {0}")]
    Nobody(PathBuf),
    /// The service did not let go of the store in time.
    #[error("the running service is busy and did not hand over the store in two minutes")]
    Busy,
    /// It closed the connection: it ends, or starts, or can't read them.
    #[error("the running service could not lend what it keeps: its log says why")]
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
    since: Instant,
}

impl Request {
    pub(super) fn new(stream: UnixStream, want: Want) -> Self {
        Self { stream, want, since: Instant::now() }
    }

    /// Nobody waits for the answer any more: the command has given up or gone.
    pub(super) fn is_over(&self) -> bool {
        // It has nothing to say before the answer.
        let heard = self.stream.try_read(&mut [0]);
        let gone = !heard.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        gone || self.since.elapsed() > PATIENCE
    }

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

/// A command that has the store: no turn can run until it ends, and nothing takes the store back,
/// not even a service that is started anew. So this is no reason to be ended by the supervisor; it
/// is said.
pub(super) struct Borrower {
    process: Option<i32>,
    since: Instant,
    is_said: bool,
}

impl Borrower {
    pub(super) fn of(request: &Request) -> Self {
        let process = request.stream.peer_cred().ok().and_then(|peer| peer.pid());
        Self { process, since: Instant::now(), is_said: false }
    }

    /// Says it once the command has taken longer than others wait for it.
    pub(super) fn minute(&mut self) {
        if let Some(words) = self.complaint(Instant::now()) {
            tracing::warn!("{words}");
            supervise::status(&words);
        }
    }

    fn complaint(&mut self, now: Instant) -> Option<String> {
        if self.is_said || now - self.since < PATIENCE {
            return None;
        }
        self.is_said = true;
        let who = self.process.map_or_else(String::new, |id| format!(" (process {id})"));
        Some(format!("a command{who} has had the store for two minutes: no turns until it ends"))
    }
}

/// Opens the socket and hears who comes.
///
/// # Errors
/// As [`door::make`].
pub(super) fn listen(
    path: &Path,
    about: Holder,
    events: Sender<Event>,
) -> Result<Socket, LeaseError> {
    let (listener, socket) = door::make(path)?;
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
    Ok(socket)
}

async fn hear(stream: UnixStream, about: Holder, events: Sender<Event>) {
    if !door::lets_in(&stream) {
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
            let request = Request::new(stream.into_inner(), Want::Folder);
            let _ = events.send(Event::Wanted(request)).await;
        }
        other => {
            let Some(want) = want(other) else { return };
            let request = Request::new(stream.into_inner(), want);
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

    /// It has this store, by whatever path.
    #[must_use]
    pub fn has(&self, store: &Path) -> bool {
        let real = |path: &Path| {
            let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            std::fs::canonicalize(path).unwrap_or_else(|_| absolute())
        };
        real(store) == real(&self.store)
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
/// [`LeaseError::Nobody`], [`LeaseError::Stranger`], [`LeaseError::Busy`], [`LeaseError::Broken`].
pub fn borrow_store(door: Door<'_>) -> Result<Loan, LeaseError> {
    let stream = connect(door)?;
    match ask(&stream, WANTED, PATIENCE).map_err(refused)?.as_str() {
        YOURS => Ok(Loan { _connection: stream }),
        _ => Err(LeaseError::Broken),
    }
}

/// The service at this socket.
///
/// # Errors
/// [`LeaseError::Nobody`], [`LeaseError::Stranger`].
pub fn holder(door: Door<'_>) -> Result<Holder, LeaseError> {
    let answer = say(&connect(door)?, WHO, SILENCE).unwrap_or_default();
    let mut parts = answer.splitn(3, ' ');
    let mut part = || parts.next().ok_or_else(|| LeaseError::Nobody(door.socket.to_owned()));
    let (process, serves, store) = (part()?, part()?, part()?);
    let process = process.parse().map_err(|_| LeaseError::Nobody(door.socket.to_owned()))?;
    Ok(Holder { process, many: serves == MANY, store: PathBuf::from(store) })
}

/// Whether the service at this socket has turns of this person.
///
/// # Errors
/// [`LeaseError::Nobody`], [`LeaseError::Stranger`].
pub fn is_served(door: Door<'_>, principal: &PrincipalId) -> Result<bool, LeaseError> {
    let asked = format!("{SERVED}{}", principal.as_str());
    let answer = say(&connect(door)?, &asked, PATIENCE);
    answer.map(|answer| answer == YES).ok_or_else(|| LeaseError::Nobody(door.socket.to_owned()))
}

/// When the service at this socket has a turn of this person; `None` = none does, or it is of a
/// release that can't say.
pub fn next_turn(door: Door<'_>, principal: &PrincipalId) -> Option<DateTime<Utc>> {
    let answer = say(&connect(door).ok()?, &format!("{NEXT}{}", principal.as_str()), SILENCE)?;
    answer.parse().ok()
}

fn say(stream: &Blocking, words: &str, patience: Duration) -> Option<String> {
    ask(stream, words, patience).ok()
}

fn ask(mut stream: &Blocking, words: &str, patience: Duration) -> io::Result<String> {
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(format!("{words}\n").as_bytes())?;
    let mut line = String::new();
    match BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

/// Why nothing was lent.
pub(super) fn refused(error: io::Error) -> LeaseError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => LeaseError::Busy,
        _ => LeaseError::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_gone_is_not_waited_for_and_who_has_the_store_for_long_is_named() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let request = Request::new(ours, Want::Folder);
        assert!(!request.is_over());
        let mut borrower = Borrower::of(&request);
        drop(theirs);
        request.stream.readable().await.unwrap();
        assert!(request.is_over());
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let then = Instant::now().checked_sub(PATIENCE * 2);
        let given_up = Request { since: then.unwrap(), ..Request::new(ours, Want::Folder) };
        assert!(given_up.is_over());

        assert_eq!(borrower.complaint(Instant::now()), None);
        let later = Instant::now() + PATIENCE;
        let said = borrower.complaint(later).unwrap();
        assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
        assert_eq!(borrower.complaint(later), None, "once");
    }
}
