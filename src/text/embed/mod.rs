//! Titles to unit vectors: locally, by a static table inside the binary, summed up; or from an
//! [`endpoint`] that the person names.
//!
//! `table.bin` and `category.bin` are built by the scripts beside this file; the README there says
//! from what and how. [`table`] reads the first, [`pieces`] cuts a title into its
//! rows, [`head`] reads the second. Invariant: the local embedder takes no network and
//! no file; both artefacts are part of the binary.

pub mod table;
pub mod pieces;
pub mod head;
pub mod calibrate;
pub mod endpoint;

use crate::task::Embedding;
use crate::task::category::CategoryHead;
use crate::task::classify::Calibration;
use std::sync::Arc;
use table::Table;

/// Turns titles into unit vectors.
pub trait Embedder: Send + Sync {
    /// One vector a title, in order. Titles are best normalised before
    /// ([`crate::task::title::normalise`]). A title without a letter or digit is the
    /// zero vector.
    fn embed(&self, titles: &[&str]) -> Vec<Embedding>;

    /// The vector of one title, each of its words (parted by a space) at the weight of that place;
    /// words without one count in full. An embedder that reads titles whole takes no notice.
    fn embed_weighed(&self, title: &str, weights: &[f32]) -> Embedding {
        let _ = weights;
        self.embed(&[title]).pop().unwrap_or(Embedding(Vec::new()))
    }

    /// How cosines of these vectors read on the scale where 0.8 is the reuse threshold.
    fn calibration(&self) -> Calibration;
}

/// An artefact of the embedder can't be read: this build is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArtefactError {
    /// It does not begin with the magic of its kind.
    #[error("not an artefact of this kind")]
    Magic,
    /// It has a layout that this build does not know.
    #[error("layout version {0} is not known")]
    Version(u32),
    /// A count is zero or beyond what such an artefact may have.
    #[error("a count is out of bounds")]
    Bounds,
    /// It is shorter or longer than its header says.
    #[error("{found} bytes where the header says {expected}")]
    Length {
        /// By the header.
        expected: usize,
        /// In fact.
        found: usize,
    },
    /// The vocabulary is no sorted list of distinct UTF-8 words.
    #[error("the vocabulary is not sorted UTF-8")]
    Vocabulary,
    /// A weight is not a finite number.
    #[error("a weight is not finite")]
    Weight,
}

static TABLE: &[u8] = include_bytes!("table.bin");
static CATEGORY: &[u8] = include_bytes!("category.bin");

/// The cosine at which two titles are the same kind of work, for `table.bin` and normalised titles.
/// Chosen on the development stream: the best title-only B-cubed F1.
const REUSE_AT: f32 = 0.30;
/// How fast the scale rises around [`REUSE_AT`].
const SLOPE: f32 = 6.51;

/// The embedder inside the binary: the direction of the sum of its rows, 256 wide. A clone reads
/// the same table.
#[derive(Debug, Clone)]
pub struct StaticEmbedder {
    table: Arc<Table<'static>>,
}

impl StaticEmbedder {
    /// Reads the table inside the binary; well under a millisecond.
    ///
    /// # Errors
    /// The table does not hold what its header says: this build is broken.
    pub fn new() -> Result<Self, ArtefactError> {
        Ok(Self { table: Arc::new(Table::read(TABLE)?) })
    }

    /// The vector of one title.
    pub fn embed_one(&self, title: &str) -> Embedding {
        let mut sum = vec![0.0; self.table.dims()];
        pieces::rows(&self.table, title, |row, weight| self.table.add(row, weight, &mut sum));
        direction(sum)
    }
}

fn direction(mut sum: Vec<f32>) -> Embedding {
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|x| *x /= length);
    }
    Embedding(sum)
}

impl Embedder for StaticEmbedder {
    fn embed(&self, titles: &[&str]) -> Vec<Embedding> {
        titles.iter().map(|title| self.embed_one(title)).collect()
    }

    fn embed_weighed(&self, title: &str, weights: &[f32]) -> Embedding {
        let mut sum = vec![0.0; self.table.dims()];
        let weights = weights.iter().copied().chain(std::iter::repeat(1.0));
        for (word, weight) in title.split(' ').zip(weights) {
            pieces::rows(&self.table, word, |row, own| self.table.add(row, own * weight, &mut sum));
        }
        direction(sum)
    }

    fn calibration(&self) -> Calibration {
        Calibration { reuse_at: REUSE_AT, slope: SLOPE }
    }
}

/// The category head that belongs to [`StaticEmbedder`]'s vectors.
///
/// # Errors
/// The weights do not hold what their header says: this build is broken.
pub fn category_head() -> Result<CategoryHead, ArtefactError> {
    head::read(CATEGORY)
}

#[cfg(test)]
mod tests;
