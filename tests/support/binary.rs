//! The built binary, as every test starts it: in an environment that is emptied, with a trace of
//! all that any part of it says.
//!
//! Invariant: nobody else starts it, and whoever does fails when the trace holds a secret.

use super::trace::check;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Nothing that a test starts takes longer to end.
const LONGEST: Duration = Duration::from_secs(300);

/// Where it lies.
pub const PATH: &str = env!("CARGO_BIN_EXE_chronotype");

/// The binary, not yet started.
pub struct Binary {
    command: Command,
    trace: Trace,
}

/// It runs, or has run.
pub struct Running {
    child: Child,
    trace: Trace,
}

/// What it says; thrown away in the end.
struct Trace(PathBuf);

/// The binary with nothing of this environment but the search path.
pub fn binary() -> Binary {
    binary_at(Path::new(PATH))
}

/// Another build of it, the same way.
pub fn binary_at(path: &Path) -> Binary {
    let mut command = Command::new(path);
    command.env_clear().stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Binary::started_by(command)
}

/// The same where the system would write core dumps.
pub fn dumping() -> Binary {
    binary_by("ulimit -c unlimited; exec \"$0\" \"$@\"")
}

/// The same, started by a shell's script that ends in `exec "$0" "$@"`.
pub fn binary_by(script: &str) -> Binary {
    let mut command = Command::new("sh");
    command.env_clear().stdin(Stdio::null()).args(["-c", script, PATH]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Binary::started_by(command)
}

impl Binary {
    /// Started by a program that keeps the environment.
    pub fn started_by(mut command: Command) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("trace-{}-{number}.log", std::process::id());
        let trace = Trace(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        command.env("CHRONOTYPE_TRACE", &trace.0);
        Self { command, trace }
    }

    pub fn home(mut self, home: &Path) -> Self {
        self.command.env("HOME", home);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Its standard input, output and error are pipes.
    pub fn piped(mut self) -> Self {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self
    }

    /// What it says goes to the end of this file; its trace is not kept: that of months is long.
    pub fn logs_to(mut self, file: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(file).unwrap();
        self.command.env("CHRONOTYPE_TRACE", "").stdout(Stdio::null()).stderr(log);
        self
    }

    /// Runs it to its end.
    pub fn output(self) -> Output {
        self.traced().0
    }

    /// The same; `None` where it can't be started.
    pub fn try_output(mut self) -> Option<Output> {
        let output = self.command.output().ok()?;
        self.trace.checked();
        Some(output)
    }

    /// Runs it to its end; the trace, too.
    pub fn traced(mut self) -> (Output, String) {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = self.spawn();
        let trace = std::mem::replace(&mut running.trace, Trace(PathBuf::new()));
        (running.output(), trace.checked())
    }

    /// Starts it.
    pub fn spawn(mut self) -> Running {
        Running { child: self.command.spawn().unwrap(), trace: self.trace }
    }
}

impl Running {
    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Ends it as a supervisor does; its log.
    #[track_caller]
    pub fn stop(self) -> String {
        self.signal(Signal::TERM);
        let output = self.output();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{:?}: {log}", output.status);
        log
    }

    /// Waits for its end and all that it says until then; one that never ends is killed.
    pub fn output(mut self) -> Output {
        let (ended, ends) = std::sync::mpsc::channel::<()>();
        let id = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        let guard = std::thread::spawn(move || {
            if ends.recv_timeout(LONGEST).is_err_and(|e| e == RecvTimeoutError::Timeout) {
                let _ = kill_process(id, Signal::KILL);
            }
        });
        let output = self.whole_output();
        drop(ended);
        guard.join().unwrap();
        output
    }

    fn whole_output(&mut self) -> Output {
        // What was taken from the child is read by whoever took it.
        let [mut out, mut err] = [Vec::new(), Vec::new()];
        let stderr = self.child.stderr.take();
        let reader = std::thread::spawn(move || {
            let _ = stderr.map(|mut pipe| std::io::Read::read_to_end(&mut pipe, &mut err));
            err
        });
        if let Some(mut pipe) = self.child.stdout.take() {
            std::io::Read::read_to_end(&mut pipe, &mut out).unwrap();
        }
        let status = self.end();
        Output { status, stdout: out, stderr: reader.join().unwrap() }
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        self.trace.checked();
        status
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Running {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.trace.checked();
        }
    }
}

impl Trace {
    /// The text, without a secret in it; nothing where it ended before it began to speak.
    #[track_caller]
    fn checked(&self) -> String {
        let text = std::fs::read(&self.0).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        check(&text);
        text
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
