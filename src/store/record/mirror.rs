//! Mirrors of what lies at another memory server. After `forget` its names for what was forgotten
//! stay until that is gone there; they say nothing.

use super::keep::mirror;
use crate::memory::mirror::{Sent, Server};
use chrono::{DateTime, Utc};

mirror!(ServerRecord of Server {
    id: Option<[u8; 16]>,
    stuck: u32,
    failures: u32,
    not_before: Option<DateTime<Utc>>,
    trouble: Option<String>,
});

mirror!(SentRecord of Sent { version: u32, names: Vec<String> });

/// One insight as it lies there.
#[derive(Debug)]
pub(in crate::store) struct SentEntry {
    pub(in crate::store) insight: u32,
    pub(in crate::store) sent: Sent,
}

mirror!(SentEntryRecord of SentEntry { insight: u32, sent: Sent });
