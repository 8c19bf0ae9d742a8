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
const MAGIC: &[u8; 8] = b"CHRIDX02";
/// Largest file that is read: a lifetime of titles.
const LARGEST: u64 = 256 << 20;
/// Values of a unit vector are kept as whole numbers up to this.
const WHOLE: f32 = 127.0;

/// Which entries there are and what they say, as a digest. All zero: none was ever written.
pub(super) type Mark = [u8; 16];

/// Digest of a text.
type Digest = [u8; 8];

/// See the file's own words. Laid out as in the file, so that reading one is taking it as it is: a
/// command opens the index for one search.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    pub(super) mark: Mark,
    /// The keys of all entries, sorted, one after the other.
    keys: String,
    /// One for each key, in their order.
    places: Vec<Place>,
    /// Digests of the texts, sorted. Many entries say the same.
    texts: Vec<Digest>,
    /// Values of a vector.
    width: usize,
    /// The vector of each text: values × [`WHOLE`], one after the other.
    vectors: Vec<i8>,
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    /// Where its key ends; it begins where the one before ends.
    end: u32,
    /// Which text it says.
    text: u32,
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
    /// Key and text of each entry, by key.
    fn entries(&self) -> impl Iterator<Item = (&str, usize)> {
        let begins = std::iter::once(0).chain(self.places.iter().map(|place| place.end as usize));
        self.places.iter().zip(begins).filter_map(|(place, begin)| {
            Some((self.keys.get(begin..place.end as usize)?, place.text as usize))
        })
    }

    fn vector(&self, text: usize) -> &[i8] {
        self.vectors.get(text * self.width..(text + 1) * self.width).unwrap_or_default()
    }

    pub(super) fn difference<'a>(&self, entries: &'a [Entry]) -> Difference<'a> {
        let mut difference = Difference::default();
        let now: BTreeMap<&str, Digest> =
            entries.iter().map(|e| (e.key.as_str(), digest(&e.text))).collect();
        let known: BTreeMap<&str, &Digest> =
            self.entries().filter_map(|(key, text)| Some((key, self.texts.get(text)?))).collect();
        let gone = known.keys().filter(|key| !now.contains_key(*key));
        difference.gone.extend(gone.map(|key| (*key).to_owned()));
        for entry in entries {
            let key = entry.key.as_str();
            if known.get(key).copied() != now.get(key) {
                // Removed even where it is not known: a crash may have left it.
                difference.gone.push(entry.key.clone());
                difference.new.push(entry);
            }
        }
        difference
    }

    /// These entries; vectors that are known already are kept.
    pub(super) fn with(&self, mark: Mark, entries: &[Entry], embedder: &dyn Embedder) -> Self {
        let by_key: BTreeMap<&str, &str> =
            entries.iter().map(|e| (e.key.as_str(), e.text.as_str())).collect();
        let says: BTreeMap<Digest, &str> =
            by_key.values().map(|text| (digest(text), *text)).collect();
        // Those of another embedder are of no use.
        let width = embed("", embedder).len();
        let mut new = Self { mark, width, ..Self::default() };
        for (digest, text) in &says {
            let mut vector = match self.texts.binary_search(digest) {
                Ok(known) if self.width == width => self.vector(known).to_vec(),
                _ => embed(text, embedder),
            };
            vector.resize(width, 0);
            new.texts.push(*digest);
            new.vectors.extend(vector);
        }
        for (key, text) in by_key {
            new.keys.push_str(key);
            let text = new.texts.binary_search(&digest(text)).unwrap_or_default() as u32;
            new.places.push(Place { end: new.keys.len() as u32, text });
        }
        new
    }

    /// Entries at least this near in meaning, nearest first.
    pub(super) fn nearest(&self, to: &Embedding, least: f32, most: usize) -> Vec<(String, f32)> {
        if to.0.is_empty() || to.0.len() != self.width {
            return Vec::new();
        }
        let to = whole(&to.0);
        let near: Vec<f32> =
            self.vectors.chunks_exact(self.width).map(|v| cosine(v, &to)).collect();
        // In order of key, which the sort leaves as it is where two are equally near.
        let mut found: Vec<(&str, f32)> = self
            .entries()
            .filter_map(|(key, text)| Some((key, *near.get(text)?)))
            .filter(|(_, cosine)| *cosine >= least)
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(most);
        found.into_iter().map(|(key, cosine)| (key.to_owned(), cosine)).collect()
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.mark);
        bytes.extend(files(folder)?);
        for number in [self.places.len(), self.keys.len(), self.texts.len(), self.width] {
            bytes.extend((number as u32).to_le_bytes());
        }
        for place in &self.places {
            bytes.extend(place.end.to_le_bytes());
            bytes.extend(place.text.to_le_bytes());
        }
        bytes.extend(self.keys.as_bytes());
        bytes.extend(self.texts.as_flattened());
        bytes.extend(self.vectors.iter().map(|v| v.cast_unsigned()));
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
        let mark = take(&mut rest)?;
        if take::<16>(&mut rest)? != files(folder).ok()? {
            return None;
        }
        let (places, keys) = (number(&mut rest)?, number(&mut rest)?);
        let (texts, width) = (number(&mut rest)?, number(&mut rest)?);
        let (places, _) = part(&mut rest, places.checked_mul(8)?)?.as_chunks::<8>();
        let places = places.iter().filter_map(|place| {
            let mut place = place.as_slice();
            let (end, text) = (take(&mut place)?, take(&mut place)?);
            Some(Place { end: u32::from_le_bytes(end), text: u32::from_le_bytes(text) })
        });
        let keys = std::str::from_utf8(part(&mut rest, keys)?).ok()?.to_owned();
        let vectors = texts.checked_mul(width)?;
        let texts = part(&mut rest, texts.checked_mul(8)?)?.as_chunks::<8>().0.to_vec();
        let vectors = part(&mut rest, vectors)?.iter().map(|v| v.cast_signed()).collect();
        Some(Self { mark, keys, places: places.collect(), texts, width, vectors })
    }
}

/// The mark of these entries. All at once: thousands of short parts would cost more than the hash.
pub(super) fn mark(entries: &[Entry]) -> Mark {
    let parts = || entries.iter().flat_map(|entry| [&entry.key, &entry.text]);
    let mut bytes = Vec::with_capacity(parts().map(|part| part.len() + 8).sum());
    for part in parts() {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    let mut mark = Mark::default();
    mark.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
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

fn part<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
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
    whole(&vector.map(|v| v.0).unwrap_or_default())
}

fn whole(values: &[f32]) -> Vec<i8> {
    values.iter().map(|v| (v * WHOLE).round().clamp(-WHOLE, WHOLE) as i8).collect()
}

/// Of two vectors of whole numbers: a sum of those can be taken many at a time, one of fractions
/// can't.
fn cosine(a: &[i8], b: &[i8]) -> f32 {
    let product = |(a, b): (&i8, &i8)| i32::from(i16::from(*a) * i16::from(*b));
    a.iter().zip(b).map(product).sum::<i32>() as f32 / (WHOLE * WHOLE)
}
