//! The table: a sorted vocabulary and buckets for hashed n-grams, each with one row of signed bytes
//! and its scale.
//!
//! The layout is written down in `build_table.py`. Everything is checked once, on reading; after
//! that a lookup can't fail.

use super::ArtefactError;

const MAGIC: &[u8; 8] = b"CHRTABLE";
const VERSION: u32 = 2;
const HEADER: usize = 28;
/// Widest vectors that a table may have: the widest in common use are 3,072.
const MOST_DIMS: usize = 4_096;
/// Most words and most buckets that a table may have; large multilingual vocabularies have 250,000.
const MOST_ROWS: usize = 1_000_000;

/// Number of a row: words first, in their order, then buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(usize);

/// A table, borrowed from its bytes.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    dims: usize,
    words: Vec<&'a str>,
    buckets: u32,
    scales: Vec<f32>,
    rows: &'a [u8],
}

impl<'a> Table<'a> {
    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong with it. Nothing in it can make this panic or take more memory than a few
    /// times its length.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ArtefactError> {
        check_header(bytes, MAGIC, VERSION)?;
        let dims = number(bytes, 12)? as usize;
        let count = number(bytes, 16)? as usize;
        let text = number(bytes, 20)? as usize;
        let buckets = number(bytes, 24)?;
        let rows = count.saturating_add(buckets as usize);
        let most = |n: usize, most: usize| n > 0 && n <= most;
        if !most(dims, MOST_DIMS) || !most(count, MOST_ROWS) || !most(rows - count, MOST_ROWS) {
            return Err(ArtefactError::Bounds);
        }
        let expected = HEADER + text + 4 * rows + rows * dims;
        if bytes.len() != expected {
            return Err(ArtefactError::Length { expected, found: bytes.len() });
        }
        let (text, numbers) = bytes[HEADER..].split_at(text);
        let (scales, rows) = numbers.split_at(4 * rows);
        let words = vocabulary(text, count)?;
        let scales = floats(scales)?;
        Ok(Self { dims, words, buckets, scales, rows })
    }

    /// Width of its vectors.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// The row of a word.
    pub fn word(&self, word: &str) -> Option<Row> {
        self.words.binary_search(&word).ok().map(Row)
    }

    /// The row of an n-gram with this hash; different ones may share it.
    pub fn bucket(&self, hash: u32) -> Option<Row> {
        let bucket = hash.checked_rem(self.buckets)?;
        Some(Row(self.words.len() + bucket as usize))
    }

    /// Adds `weight` times a row's vector to `sum`, which is [`Self::dims`] wide.
    pub fn add(&self, Row(at): Row, weight: f32, sum: &mut [f32]) {
        let Some(scale) = self.scales.get(at) else { return };
        let Some(row) = self.rows.get(at * self.dims..(at + 1) * self.dims) else { return };
        let scale = scale * weight;
        for (sum, byte) in sum.iter_mut().zip(row) {
            *sum += scale * f32::from(byte.cast_signed());
        }
    }
}

/// Every artefact begins with eight bytes that name its kind, and its version.
pub(super) fn check_header(
    bytes: &[u8],
    magic: &[u8; 8],
    version: u32,
) -> Result<(), ArtefactError> {
    if bytes.get(..8) != Some(magic.as_slice()) {
        return Err(ArtefactError::Magic);
    }
    match number(bytes, 8)? {
        found if found == version => Ok(()),
        found => Err(ArtefactError::Version(found)),
    }
}

/// The unsigned number at that place.
pub(super) fn number(bytes: &[u8], at: usize) -> Result<u32, ArtefactError> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    let expected = ArtefactError::Length { expected: at + 4, found: bytes.len() };
    four.map(u32::from_le_bytes).ok_or(expected)
}

/// All of the bytes as finite numbers.
pub(super) fn floats(bytes: &[u8]) -> Result<Vec<f32>, ArtefactError> {
    let (fours, _) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = fours.iter().map(|four| f32::from_le_bytes(*four)).collect();
    if numbers.iter().all(|x| x.is_finite()) { Ok(numbers) } else { Err(ArtefactError::Weight) }
}

fn vocabulary(text: &[u8], count: usize) -> Result<Vec<&str>, ArtefactError> {
    let text = std::str::from_utf8(text).map_err(|_| ArtefactError::Vocabulary)?;
    let words: Vec<&str> = text.split_terminator('\n').collect();
    let sorted = words.is_sorted_by(|a, b| a < b);
    let whole = text.ends_with('\n') && words.len() == count;
    if sorted && whole { Ok(words) } else { Err(ArtefactError::Vocabulary) }
}
