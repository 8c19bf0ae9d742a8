//! Mirrors of vectors that were fetched, and of how it stands with whom they come from.

use super::keep::mirror;
use crate::task::Embedding;
use crate::task::classify::Calibration;
use crate::task::vectors::Source;
use chrono::{DateTime, Utc};

mirror!(CalibrationRecord of Calibration { reuse_at: f32, slope: f32 });

mirror!(SourceRecord of Source {
    id: Option<[u8; 16]>,
    calibration: Option<Calibration>,
    in_use: bool,
    sent: u64,
    failures: u32,
    not_before: Option<DateTime<Utc>>,
    trouble: Option<String>,
});

/// The vector of one title.
#[derive(Debug)]
pub(in crate::store) struct VectorEntry {
    pub(in crate::store) title: String,
    pub(in crate::store) embedding: Embedding,
}

mirror!(VectorEntryRecord of VectorEntry { title: String, embedding: Embedding });
