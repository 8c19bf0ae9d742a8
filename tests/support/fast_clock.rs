//! A wall clock that runs faster than the world, for the processes that a test starts: the product
//! runs as it is, its days are short. Sleeps, timeouts and times of files stay real.

use super::binary::Binary;
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// What goes before the C library; `fast_clock.c` says how.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fast_clock.c");

static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (made, place) = (format!("fast_clock-{}.so", std::process::id()), "fast_clock.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o"]);
    let done = compiler.arg(folder.join(&made)).arg(SOURCE).output();
    let done = done.expect("a C compiler, as `cc`: on Debian the package build-essential");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::rename(folder.join(made), folder.join(place)).unwrap();
    folder.join(place)
});

/// One clock for all who are given it.
#[derive(Debug, Clone, Copy)]
pub struct FastClock {
    real: DateTime<Utc>,
    fake: DateTime<Utc>,
    rate: i32,
}

impl FastClock {
    /// From now on it is `at`, and goes `rate` times as fast.
    pub fn start(at: DateTime<Utc>, rate: i32) -> Self {
        Self { real: Utc::now(), fake: at, rate }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.fake + (Utc::now() - self.real) * self.rate
    }

    /// A process that lives by it.
    pub fn drives(&self, binary: Binary) -> Binary {
        let nanos = |at: DateTime<Utc>| at.timestamp_nanos_opt().unwrap();
        let told = format!("{} {} {}", nanos(self.real), nanos(self.fake), self.rate);
        binary.env("LD_PRELOAD", LIBRARY.as_path()).env("FAST_CLOCK", told)
    }
}
