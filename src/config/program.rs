//! A program that prints a secret: bounded in time and output, and what it printed is wiped.
//!
//! Invariants: nothing is written to it, and it inherits no file of ours (all are opened with
//! `O_CLOEXEC`) beyond what its caller gives it as stderr; no secret is in its arguments or its
//! environment, unless the person wrote it there.

use crate::calendar::private;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long it may take: time enough to unlock a keyring by hand.
const LIMIT: Duration = Duration::from_secs(30);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest output that is read: passwords and tokens are far shorter.
const LONGEST: usize = 64 << 10;

/// What became of it.
pub(super) struct Ended {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// What it printed.
    pub(super) out: Zeroizing<Vec<u8>>,
    /// What it complained of, where its stderr is a pipe.
    pub(super) err: Zeroizing<Vec<u8>>,
}

/// Why nothing came of it: the end of a sentence that begins with its name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The system does not start it.
    #[error("can't be run: {0}")]
    Start(io::Error),
    #[error("got lost: {0}")]
    Lost(io::Error),
    #[error("took longer than {} seconds", LIMIT.as_secs())]
    Late,
    #[error("never closed its output")]
    Unclosed,
}

/// Runs it to its end; what its caller says of stderr holds.
///
/// # Errors
/// [`Failed`].
pub(super) fn run(mut command: Command) -> Result<Ended, Failed> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(Failed::Start)?;
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let deadline = Instant::now() + LIMIT;
    let status = ended(&mut child, deadline)?;
    // A grandchild may keep a pipe open after the limit: its reader is left behind then, not
    // waited for.
    let all = |pipe: Receiver<_>| {
        let left = deadline.saturating_duration_since(Instant::now());
        pipe.recv_timeout(left).map_err(|_| Failed::Unclosed)
    };
    Ok(Ended { status, out: all(out)?, err: all(err)? })
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> Receiver<Zeroizing<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let all = |pipe| private::bytes(pipe, LONGEST);
        let bytes: io::Result<_> = pipe.map_or_else(|| Ok(Zeroizing::default()), all);
        // What broke off may be half a secret: as if nothing had come.
        let _ = send.send(bytes.unwrap_or_default());
    });
    receive
}

/// Waits for the child, and stops it when it takes too long.
fn ended(child: &mut Child, deadline: Instant) -> Result<ExitStatus, Failed> {
    while Instant::now() < deadline {
        match child.try_wait().map_err(Failed::Lost)? {
            None => std::thread::sleep(PAUSE),
            Some(status) => return Ok(status),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(Failed::Late)
}
