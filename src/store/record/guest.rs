//! Mirrors of whom the person meets.

use super::keep::mirror;
use crate::event::EventHash;

/// What the hashes of guests are salted with.
#[derive(Debug)]
pub(in crate::store) struct SaltEntry {
    pub(in crate::store) salt: Option<[u8; 16]>,
}

mirror!(SaltRecord of SaltEntry { salt: Option<[u8; 16]> });

/// Who takes part in one object resource.
#[derive(Debug)]
pub(in crate::store) struct GuestsEntry {
    pub(in crate::store) object: EventHash,
    pub(in crate::store) guests: Vec<u32>,
}

mirror!(GuestsRecord of GuestsEntry { object: EventHash, guests: Vec<u32> });
