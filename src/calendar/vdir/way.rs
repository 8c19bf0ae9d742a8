//! The way to a file or folder, on which links count for what their makers may do.
//!
//! A service of many people reads and writes with more rights than each of them has, and a link in
//! somebody's own folder could lead it into a neighbour's. So a link is followed when root or this
//! process's own user made it, or when what it leads to in the end belongs to its maker: people
//! link to their own things, and in a process of their own to whatever they can reach.
//!
//! The way is walked step by step from one open folder to the next, so that nothing is swapped in
//! between, and what was found stays held: on Linux all further work goes through that handle. On
//! other systems the path is used again afterwards, and a swap in that moment is not noticed.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// Links on one way: as many as Linux follows.
const LINKS: usize = 40;
/// Where Linux shows what a process holds.
const HELD: &str = "/proc/self/fd";

/// What lies at the end of a way, held.
#[derive(Debug)]
pub struct Ground {
    path: PathBuf,
    metadata: Metadata,
    held: File,
}

/// A link leads to what is not its maker's.
#[derive(Debug, thiserror::Error)]
#[error("a link of user {maker} leads there, and it belongs to user {owner}: not followed")]
pub struct Bent {
    maker: u32,
    owner: u32,
}

impl Ground {
    /// Walks to `path`, which may be a link itself.
    ///
    /// # Errors
    /// As the system refuses; [`io::ErrorKind::PermissionDenied`] with [`Bent`] in it for a link
    /// that is not followed.
    pub fn find(path: &Path) -> io::Result<Self> {
        let from = enter(if path.has_root() { "/" } else { "." })?;
        Self::walked(from, path, path)
    }

    /// Walks on to what bears this name here.
    ///
    /// # Errors
    /// As [`Ground::find`].
    pub fn below(&self, name: &OsStr) -> io::Result<Self> {
        Self::walked(self.held.try_clone()?.into(), Path::new(name), &self.path.join(name))
    }

    fn walked(from: OwnedFd, way: &Path, path: &Path) -> io::Result<Self> {
        let (held, makers) = walk(from, way)?;
        let held = File::from(held);
        let metadata = held.metadata()?;
        let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
        match makers.into_iter().find(|maker| ![0, own, owner].contains(maker)) {
            Some(maker) => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, Bent { maker, owner }))
            }
            None => Ok(Self { path: through(&held, path), metadata, held }),
        }
    }

    /// Leads to what is held, for as long as this value lives; [`shown`] names it to people.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the system said of it when it was found.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

#[cfg(target_os = "linux")]
fn through(held: &File, path: &Path) -> PathBuf {
    use std::os::fd::AsRawFd;
    let through = Path::new(HELD).join(held.as_raw_fd().to_string());
    // No /proc here, as in some containers.
    if through.exists() { through } else { path.to_owned() }
}

#[cfg(not(target_os = "linux"))]
fn through(_: &File, path: &Path) -> PathBuf {
    path.to_owned()
}

/// The path as people know it, of one that leads through a [`Ground`].
pub fn shown(path: &Path) -> PathBuf {
    let Ok(below) = path.strip_prefix(HELD) else { return path.to_owned() };
    let mut parts = below.components();
    let real =
        parts.next().and_then(|number| std::fs::read_link(Path::new(HELD).join(number)).ok());
    match real {
        Some(real) if parts.as_path().as_os_str().is_empty() => real,
        Some(real) => real.join(parts.as_path()),
        None => path.to_owned(),
    }
}

/// Nothing but the last step can be a link: the path leads through a [`Ground`].
fn is_held(path: &Path) -> bool {
    path.strip_prefix(HELD).is_ok_and(|below| below.components().count() == 2)
}

/// What the system says of a file; of a link, what lies at its end.
///
/// # Errors
/// As [`Ground::find`].
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    if is_held(path) {
        let seen = std::fs::symlink_metadata(path)?;
        if !seen.is_symlink() {
            return Ok(seen);
        }
    }
    Ok(Ground::find(path)?.metadata)
}

/// Opens a file to read it; links are followed as [`Ground::find`] does it.
///
/// # Errors
/// As [`Ground::find`].
pub fn open(path: &Path) -> io::Result<File> {
    if is_held(path) {
        match opened(path, OFlags::NOFOLLOW) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {}
            other => return other,
        }
    }
    let ground = Ground::find(path)?;
    let file = opened(ground.path(), OFlags::empty())?;
    let (seen, there) = (ground.metadata(), file.metadata()?);
    match (seen.dev(), seen.ino()) == (there.dev(), there.ino()) {
        true => Ok(file),
        // Only where `path` had to be used again.
        false => Err(io::Error::other("it changed while it was opened")),
    }
}

fn opened(path: &Path, more: OFlags) -> io::Result<File> {
    // A pipe in the place of a file would be waited for.
    let flags = (OFlags::NONBLOCK | more).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// One step of a way.
enum Step {
    There(OwnedFd),
    Link { maker: u32, target: PathBuf },
}

/// Walks; what lies at the end, and who made the links on the way.
fn walk(from: OwnedFd, way: &Path) -> io::Result<(OwnedFd, BTreeSet<u32>)> {
    let (mut at, mut left) = (from, steps(way));
    let (mut makers, mut links) = (BTreeSet::new(), 0);
    while let Some(name) = left.pop() {
        match step(&at, &name)? {
            Step::There(next) => at = next,
            Step::Link { maker, target } => {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP.into());
                }
                makers.insert(maker);
                left.extend(steps(&target));
                if target.has_root() {
                    at = enter("/")?;
                }
            }
        }
    }
    Ok((at, makers))
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter(|part| *part != Component::RootDir);
    steps.rev().map(|part| part.as_os_str().to_owned()).collect()
}

fn enter(folder: &str) -> io::Result<OwnedFd> {
    Ok(openat(CWD, folder, FLAGS, Mode::empty())?)
}

/// To be named in the next step is enough: people may enter folders that they can't list.
#[cfg(target_os = "linux")]
const FLAGS: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FLAGS: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[cfg(target_os = "linux")]
fn step(at: &OwnedFd, name: &OsStr) -> io::Result<Step> {
    let next = openat(at, name, FLAGS, Mode::empty())?;
    let seen = rustix::fs::fstat(&next)?;
    if !rustix::fs::FileType::from_raw_mode(seen.st_mode).is_symlink() {
        return Ok(Step::There(next));
    }
    // Of the link that was opened, whatever bears its name by now.
    let target = readlinkat(&next, "", Vec::new())?.into_bytes();
    Ok(Step::Link { maker: seen.st_uid, target: OsString::from_vec(target).into() })
}

#[cfg(not(target_os = "linux"))]
fn step(at: &OwnedFd, name: &OsStr) -> io::Result<Step> {
    match openat(at, name, FLAGS, Mode::empty()) {
        Err(Errno::LOOP) => {
            let seen = rustix::fs::statat(at, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
            let target = readlinkat(at, name, Vec::new())?.into_bytes();
            Ok(Step::Link { maker: seen.st_uid, target: OsString::from_vec(target).into() })
        }
        next => Ok(Step::There(next?)),
    }
}
