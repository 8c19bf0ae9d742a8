//! What the service takes of the machine, as the system counts it.

use chrono::{DateTime, Utc};
use std::fs;

/// At one moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub at: DateTime<Utc>,
    /// Kilobytes of its own memory.
    pub memory: u64,
    /// File descriptors.
    pub files: usize,
    pub threads: u64,
}

/// Of a process that runs; `None` where it has ended.
pub fn sample(process: u32, at: DateTime<Utc>) -> Option<Sample> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
    Some(Sample { at, memory: number("RssAnon:")?, files, threads: number("Threads:")? })
}

/// The middle one of what these samples say.
pub fn middle<T: Ord + Copy + Default>(samples: &[Sample], of: impl Fn(&Sample) -> T) -> T {
    let mut all: Vec<T> = samples.iter().map(of).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}
