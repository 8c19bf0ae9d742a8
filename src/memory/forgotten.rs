//! What is left of an insight that the person had forgotten: salted hashes, so that it is known
//! again and can't be read.

use super::graph::{Draft, Insight, Kind, Node};
use crate::event::EventHash;
use std::collections::BTreeSet;

/// A finding that rests on so much of the same evidence, as a share, is the same insight.
const SAME: f64 = 0.5;

/// Enough to know a forgotten insight again, nothing to read it from.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgotten {
    /// Salt of the hashes, drawn when it was forgotten.
    pub salt: [u8; 16],
    /// Of its detector and what it was about.
    pub subject: [u8; 8],
    /// Of its detector and each event it rested on.
    pub evidence: BTreeSet<[u8; 8]>,
}

impl Forgotten {
    /// Of all versions of an insight; `None` for one that the person stated: it is not detected.
    pub fn of(versions: &[Insight], salt: [u8; 16]) -> Option<Self> {
        let last = versions.last().filter(|i| i.kind != Kind::Remembered)?;
        let all = versions.iter().flat_map(|i| &i.evidence);
        Some(Self {
            salt,
            subject: subject(&salt, last.kind, &last.about),
            evidence: all.map(|event| support(&salt, last.kind, event)).collect(),
        })
    }

    /// Whether this would be the forgotten insight once more.
    pub fn covers(&self, draft: &Draft) -> bool {
        if subject(&self.salt, draft.kind, &draft.about) == self.subject {
            return true;
        }
        let known =
            |event: &&EventHash| self.evidence.contains(&support(&self.salt, draft.kind, event));
        let shared = draft.evidence.iter().filter(known).count();
        shared > 0 && shared as f64 >= SAME * draft.evidence.len() as f64
    }
}

fn subject(salt: &[u8; 16], kind: Kind, about: &[Node]) -> [u8; 8] {
    let keys: Vec<String> = about.iter().map(Node::key).collect();
    hash(salt, &[kind.word(), &keys.join("\n")])
}

fn support(salt: &[u8; 16], kind: Kind, event: &EventHash) -> [u8; 8] {
    hash(salt, &[kind.word(), &event.short()])
}

fn hash(salt: &[u8; 16], parts: &[&str]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut short = [0; 8];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    short
}
