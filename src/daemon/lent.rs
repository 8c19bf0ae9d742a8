//! One person's records over the socket: the service keeps the store, the command gets a copy of
//! what is theirs, and each commit of it is on the disk before the command goes on.
//!
//! After the first line every message is a number of bytes, eight of them, and the bytes. The
//! service begins with the records; the command sends changes and hears `kept`, or why not; the end
//! of the connection, however it comes, ends the loan.

use super::Event;
use super::door::{Door, connect};
use super::lease::{LeaseError, PATIENCE, Request, Want, refused, wanted};
use crate::event::PrincipalId;
use crate::store::{Forward, Store, StoreError};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream as Blocking;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

/// Longest message: the records of a lifetime are a few hundred megabytes at most.
const LONGEST: u64 = 1 << 30;
/// A command that says nothing for longer has stopped: its own turn would have been given up, too.
/// Until then nobody but this one person waits for it.
const SILENCE: Duration = super::turn::LONGEST;
/// What the service says of changes that are on its disk.
const KEPT: &[u8] = b"kept";

/// Serves one command until it ends; then, also where a defect of ours ended it, `returned` goes to
/// who waits for it.
pub(super) fn start(request: Request, store: Store, principal: PrincipalId, events: Sender<Event>) {
    tokio::spawn(async move {
        let person = principal.as_str();
        let served = tokio::spawn(serve(request, store, principal.clone(), SILENCE)).await;
        match served {
            Ok(Some(())) => {}
            Ok(None) => tracing::warn!(person, "a command has stopped; it has the records no more"),
            Err(_) => tracing::error!(person, "a command broke off by a defect"),
        }
        let _ = events.send(Event::Returned(Want::Records(principal))).await;
    });
}

/// Serves until the command ends; `None` = it took or said nothing for longer than `silence`.
async fn serve(
    request: Request,
    store: Store,
    principal: PrincipalId,
    silence: Duration,
) -> Option<()> {
    let mut stream = request.into_stream();
    let records = match store.lend(&principal) {
        Ok(records) => records,
        Err(error) => {
            let person = principal.as_str();
            tracing::error!(person, %error, "the records can't be read for a command");
            return Some(());
        }
    };
    if timeout(silence, put(&mut stream, &records)).await.ok()?.is_err() {
        return Some(());
    }
    drop(records);
    while let Ok(changes) = timeout(silence, take(&mut stream)).await.ok()? {
        let answer = match store.take_back(&principal, &changes) {
            Ok(()) => KEPT.to_vec(),
            Err(error) => error.to_string().into_bytes(),
        };
        if timeout(silence, put(&mut stream, &answer)).await.ok()?.is_err() {
            break;
        }
    }
    Some(())
}

async fn put(stream: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(&(bytes.len() as u64).to_le_bytes()).await?;
    stream.write_all(bytes).await
}

async fn take(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u64_le().await?;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    let read = stream.take(length).read_to_end(&mut bytes).await?;
    if read as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// A store of this person's records, as the service at this socket has them.
///
/// # Errors
/// [`LeaseError`]; [`LeaseError::Store`] when what it sends can't be read.
pub fn borrow_records(
    door: Door<'_>,
    principal: &PrincipalId,
    keep: bool,
) -> Result<Store, LeaseError> {
    let mut stream = connect(door)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(refused)?;
    stream.write_all(wanted(principal).as_bytes()).map_err(refused)?;
    let records = receive(&mut stream).map_err(refused)?;
    let stream = Mutex::new(stream);
    let send = move |changes: &[u8]| {
        let mut stream = stream.lock().map_err(|_| io::Error::other("an earlier one failed"))?;
        stream.write_all(&(changes.len() as u64).to_le_bytes())?;
        stream.write_all(changes)?;
        match receive(&mut stream)? {
            answer if answer == KEPT => Ok(()),
            why => Err(io::Error::other(String::from_utf8_lossy(&why).into_owned())),
        }
    };
    let send: Option<Arc<Forward>> = if keep { Some(Arc::new(send)) } else { None };
    Ok(Store::borrowed(&records, send)?)
}

fn receive(stream: &mut Blocking) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    let read = stream.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

impl From<StoreError> for LeaseError {
    fn from(error: StoreError) -> Self {
        LeaseError::Store(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_that_has_stopped_loses_the_records() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let ann = PrincipalId::new("ann").unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let request = Request::new(ours, Want::Records(ann.clone()));
        let served = serve(request, store.clone(), ann.clone(), Duration::from_millis(20)).await;
        assert_eq!(served, None, "it is there, and silent");
        drop(theirs);
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let request = Request::new(ours, Want::Records(ann.clone()));
        assert_eq!(serve(request, store, ann, SILENCE).await, Some(()));
    }
}
