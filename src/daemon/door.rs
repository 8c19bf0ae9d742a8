//! The socket's file, and who is at its other end.
//!
//! Invariants: nothing is removed but a socket of this user at which nobody answers, and in the end
//! the one that was made here; a command talks to nobody who has no business with its store, and
//! the service to nobody but its own user and root.

use super::lease::{Holder, LeaseError, holder};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// Where a command looks for a service, and for which store.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The socket.
    pub socket: &'a Path,
    /// The store's folder: its owner may be the one who serves it.
    pub store: &'a Path,
}

/// The socket; its file goes with it.
pub(super) struct Socket {
    path: PathBuf,
    /// Device and inode, by which it is known again.
    file: (u64, u64),
}

impl Drop for Socket {
    fn drop(&mut self) {
        let ours = |found: Metadata| (found.dev(), found.ino()) == self.file;
        if fs::symlink_metadata(&self.path).is_ok_and(ours) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the socket, for its owner alone. Whoever connects before its mode is set is looked at as
/// everybody is.
///
/// # Errors
/// [`LeaseError::Unusable`], [`LeaseError::Taken`].
pub(super) fn make(path: &Path) -> Result<(UnixListener, Socket), LeaseError> {
    let unusable = |source| LeaseError::Unusable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unusable)?;
    }
    clear(path)?;
    let listener = UnixListener::bind(path).map_err(unusable)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(unusable)?;
    let made = fs::symlink_metadata(path).map_err(unusable)?;
    Ok((listener, Socket { path: path.to_owned(), file: (made.dev(), made.ino()) }))
}

/// Removes what a service that was killed left there.
fn clear(path: &Path) -> Result<(), LeaseError> {
    let unusable = |source| LeaseError::Unusable { path: path.to_owned(), source };
    let refused = |why: &str| Err(unusable(io::Error::new(io::ErrorKind::AlreadyExists, why)));
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(unusable)?,
    };
    if !found.file_type().is_socket() {
        return refused("something else lies there; name another place for it");
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refused("another user's socket lies there; name another place for it");
    }
    if Blocking::connect(path).is_ok() {
        // The one who is asked need not be a service of ours.
        let holder = holder(Door { socket: path, store: Path::new("") }).ok();
        return Err(LeaseError::Taken { path: path.to_owned(), holder });
    }
    fs::remove_file(path).map_err(unusable)
}

/// Whether whoever has connected may command this service.
pub(super) fn lets_in(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| [0, own].contains(&peer.uid()))
}

/// Connects to the service.
///
/// # Errors
/// [`LeaseError::Nobody`], [`LeaseError::Stranger`].
pub(super) fn connect(door: Door<'_>) -> Result<Blocking, LeaseError> {
    let nobody = || LeaseError::Nobody(door.socket.to_owned());
    let stream = Blocking::connect(door.socket).map_err(|_| nobody())?;
    let user = server(&stream, door.socket).ok_or_else(nobody)?;
    let own = rustix::process::geteuid().as_raw();
    let owns = || fs::metadata(door.store).is_ok_and(|store| store.uid() == user);
    match user == 0 || user == own || owns() {
        true => Ok(stream),
        false => Err(LeaseError::Stranger { path: door.socket.to_owned(), user }),
    }
}

/// The user who serves.
#[cfg(target_os = "linux")]
fn server(stream: &Blocking, _: &Path) -> Option<u32> {
    rustix::net::sockopt::socket_peercred(stream).ok().map(|peer| peer.uid.as_raw())
}

/// Who made the socket, which is not quite the same.
#[cfg(not(target_os = "linux"))]
fn server(_: &Blocking, socket: &Path) -> Option<u32> {
    fs::symlink_metadata(socket).ok().map(|socket| socket.uid())
}

/// Who answers there, in a sentence.
pub(super) fn named(holder: &Option<Holder>) -> String {
    match holder {
        Some(Holder { process, store, .. }) => {
            format!("process {process}, which serves {}", store.display())
        }
        None => "another program".to_owned(),
    }
}
