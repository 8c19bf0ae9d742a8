//! What an index holds: which entries, what they say as vectors, and which state of the store that
//! is. A file beside tantivy's own, with a digest of those, since the engine panics on some that
//! are cut short; one that can't be read, or doesn't fit them, counts as missing.

use super::Entry;
use crate::task::{Embedding, title};
use crate::text::embed::Embedder;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

const FILE: &str = "chronotype.known";
/// The layout of this file and of the fields beside it; another one is built anew.
const MAGIC: &[u8; 8] = b"CHRIDX01";
/// Largest file that is read: a lifetime of titles.
const LARGEST: u64 = 256 << 20;
/// Values of a unit vector are kept as whole numbers up to this.
const WHOLE: f32 = 127.0;

/// Which entries there are and what they say, as a digest. All zero: none was ever written.
pub(super) type Mark = [u8; 16];

/// Digest of a text.
type Digest = [u8; 8];

/// See the file's own words.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    pub(super) mark: Mark,
    /// Digest of the text of each entry, by key.
    entries: BTreeMap<String, Digest>,
    /// The vector of each text: values × [`WHOLE`]. Many entries say the same.
    vectors: BTreeMap<Digest, Vec<i8>>,
}

/// Entries to write and keys to remove; one that changed is in both.
#[derive(Default)]
pub(super) struct Difference<'a> {
    pub(super) gone: Vec<String>,
    pub(super) new: Vec<&'a Entry>,
}

impl Difference<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

impl Known {
    pub(super) fn difference<'a>(&self, entries: &'a [Entry]) -> Difference<'a> {
        let mut difference = Difference::default();
        let now: BTreeMap<&str, Digest> =
            entries.iter().map(|e| (e.key.as_str(), digest(&e.text))).collect();
        let gone = |key: &&String| !now.contains_key(key.as_str());
        difference.gone.extend(self.entries.keys().filter(gone).cloned());
        for entry in entries {
            if self.entries.get(&entry.key) != now.get(entry.key.as_str()) {
                // Removed even where it is not known: a crash may have left it.
                difference.gone.push(entry.key.clone());
                difference.new.push(entry);
            }
        }
        difference
    }

    /// These entries; vectors that are known already are kept.
    pub(super) fn with(&self, mark: Mark, entries: &[Entry], embedder: &dyn Embedder) -> Self {
        let mut new = Self { mark, ..Self::default() };
        for entry in entries {
            let digest = digest(&entry.text);
            new.entries.insert(entry.key.clone(), digest);
            new.vectors.entry(digest).or_insert_with(|| match self.vectors.get(&digest) {
                Some(vector) => vector.clone(),
                None => embed(&entry.text, embedder),
            });
        }
        new
    }

    /// Entries at least this near in meaning, nearest first.
    pub(super) fn nearest(&self, to: &Embedding, least: f32, most: usize) -> Vec<(String, f32)> {
        let near: BTreeMap<&Digest, f32> = self
            .vectors
            .iter()
            .filter(|(_, vector)| vector.len() == to.0.len())
            .map(|(digest, vector)| (digest, cosine(vector, &to.0)))
            .filter(|(_, cosine)| *cosine >= least)
            .collect();
        let mut found: Vec<(&String, f32)> = self
            .entries
            .iter()
            .filter_map(|(key, digest)| Some((key, *near.get(digest)?)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        found.truncate(most);
        found.into_iter().map(|(key, cosine)| (key.clone(), cosine)).collect()
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.mark);
        bytes.extend(files(folder)?);
        let width = self.vectors.values().next().map_or(0, Vec::len);
        for number in [self.entries.len(), self.vectors.len(), width] {
            bytes.extend((number as u32).to_le_bytes());
        }
        for (key, digest) in &self.entries {
            bytes.extend((key.len() as u32).to_le_bytes());
            bytes.extend(key.as_bytes());
            bytes.extend(digest);
        }
        for (digest, vector) in &self.vectors {
            bytes.extend(digest);
            bytes.extend(vector.iter().map(|v| v.cast_unsigned()));
        }
        bytes.extend(&blake3::hash(&bytes).as_bytes()[..8]);
        let path = folder.join(FILE);
        let unfinished = folder.join(format!("{FILE}.unfinished"));
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(unfinished, path)
    }

    /// `None` when it is missing, damaged or of another layout.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let path = folder.join(FILE);
        if std::fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        let bytes = std::fs::read(path).ok()?;
        let (body, sum) = bytes.split_last_chunk::<8>()?;
        if blake3::hash(body).as_bytes().first_chunk::<8>()? != sum {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC.as_slice())?;
        let mut known = Self { mark: take(&mut rest)?, ..Self::default() };
        if take::<16>(&mut rest)? != files(folder).ok()? {
            return None;
        }
        let (entries, vectors) = (number(&mut rest)?, number(&mut rest)?);
        let width = number(&mut rest)?;
        for _ in 0..entries {
            let length = number(&mut rest)?;
            let (key, after) = rest.split_at_checked(length)?;
            rest = after;
            let key = String::from_utf8(key.to_vec()).ok()?;
            known.entries.insert(key, take(&mut rest)?);
        }
        for _ in 0..vectors {
            let digest = take(&mut rest)?;
            let (vector, after) = rest.split_at_checked(width)?;
            rest = after;
            known.vectors.insert(digest, vector.iter().map(|v| v.cast_signed()).collect());
        }
        Some(known)
    }
}

/// The mark of these entries.
pub(super) fn mark(entries: &[Entry]) -> Mark {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        for part in [&entry.key, &entry.text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    let mut mark = Mark::default();
    mark.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    mark
}

/// A digest of the engine's files: names and contents, locks aside.
fn files(folder: &Path) -> io::Result<[u8; 16]> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        if !shown.starts_with(FILE) && !shown.ends_with(".lock") {
            names.push(name);
        }
    }
    names.sort();
    let mut hasher = blake3::Hasher::new();
    for name in names {
        let bytes = std::fs::read(folder.join(&name))?;
        hasher.update(name.as_encoded_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Ok(digest)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    take(rest).map(|four| u32::from_le_bytes(four) as usize)
}

fn digest(text: &str) -> Digest {
    let mut short = [0; 8];
    short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    short
}

fn embed(text: &str, embedder: &dyn Embedder) -> Vec<i8> {
    let vector = embedder.embed(&[&title::normalise(text)]).pop();
    let values = vector.map(|v| v.0).unwrap_or_default();
    values.iter().map(|v| (v * WHOLE).round().clamp(-WHOLE, WHOLE) as i8).collect()
}

fn cosine(vector: &[i8], to: &[f32]) -> f32 {
    vector.iter().zip(to).map(|(v, to)| f32::from(*v) * to).sum::<f32>() / WHOLE
}
