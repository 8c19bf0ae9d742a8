//! Which task type an event belongs to: series, then normalised title, then nearest exemplar.
//!
//! Identity comes before meaning. By meaning a type is as near as its *nearest* exemplar: a type is
//! a set of wordings, and its centroid lies among none of them.

use super::category::{CategoryGuess, Context};
use super::kind::{Embedding, TaskType, TypeId, Types};
use super::title;
use crate::event::Uid;

/// From this similarity on a type is reused, whatever the embedder.
pub const REUSE: f32 = 0.8;
/// ln(0.8 / 0.2): what brings the middle of the scale to [`REUSE`].
const REUSE_LOGIT: f32 = 1.386_294_4;

/// Below this chance of one category, words in common are a topic in common, not a kind of work:
/// `Call Ines: map tiles` and `Implement map tiles`. Best for the development stream.
const LEAST_AGREEMENT: f32 = 0.15;

/// How an embedder's cosines read on the common scale; it is the embedder's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The cosine that reads as [`REUSE`].
    pub reuse_at: f32,
    /// How fast the scale rises there; above 0.
    pub slope: f32,
}

impl Calibration {
    /// A cosine on the scale 0..=1 where [`REUSE`] is the reuse threshold.
    pub fn similarity(&self, cosine: f32) -> f32 {
        let logit = self.slope * (cosine - self.reuse_at) + REUSE_LOGIT;
        1.0 / (1.0 + (-logit).exp())
    }
}

/// An event to find the type of.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// As on the calendar.
    pub title: &'a str,
    /// [`title::normalise`] of it.
    pub normalised: &'a str,
    /// The embedding of `normalised`.
    pub embedding: &'a Embedding,
    /// UID of its series; `None` for a single event.
    pub series: Option<&'a Uid>,
    /// What else is known.
    pub context: Context,
    /// What kind of work the event alone looks like.
    pub guess: CategoryGuess,
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The same series.
    Series,
    /// The same normalised title.
    Title,
    /// A near enough exemplar.
    Meaning,
}

/// The type that an event is near to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Its number.
    pub id: TypeId,
    /// On the common scale, 0..=1.
    pub similarity: f32,
}

/// Where an event belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Into a type the person has.
    Known {
        /// The type, 1.0 when known by identity.
        near: Near,
        /// Why.
        by: By,
    },
    /// Into a new one.
    New {
        /// The nearest of the others; `None` without one.
        nearest: Option<Near>,
    },
}

/// Finds the type of an event.
pub fn classify(types: &Types, query: &Query, calibration: Calibration) -> Verdict {
    let known = |id: &TypeId| types.by_id.contains_key(id).then_some(*id);
    if let Some(id) = query.series.and_then(|uid| types.by_series.get(uid)).and_then(known) {
        return Verdict::Known { near: Near { id, similarity: 1.0 }, by: By::Series };
    }
    if let Some(id) = types.by_title.get(query.normalised).and_then(known) {
        return Verdict::Known { near: Near { id, similarity: 1.0 }, by: By::Title };
    }
    // What says nothing is near to nothing.
    if title::is_useless(query.normalised) {
        return Verdict::New { nearest: None };
    }
    let near = nearest(types, query.embedding, calibration, |kind| agree(kind, &query.guess));
    match near {
        Some(near) if near.similarity >= REUSE => Verdict::Known { near, by: By::Meaning },
        _ => Verdict::New { nearest: nearest(types, query.embedding, calibration, |_| true) },
    }
}

/// Whether an event that looks like this may be of that kind of work: both picked by chance, how
/// likely they are of one category.
fn agree(kind: &TaskType, guess: &CategoryGuess) -> bool {
    let all: f32 = kind.category_votes.iter().sum();
    let both: f32 =
        kind.category_votes.iter().zip(guess.probabilities).map(|(votes, p)| votes * p).sum();
    all <= 0.0 || both / all >= LEAST_AGREEMENT
}

/// The type with the nearest exemplar among those that may be; the one with the lowest number of
/// equals.
pub fn nearest(
    types: &Types,
    embedding: &Embedding,
    calibration: Calibration,
    may_be: impl Fn(&TaskType) -> bool,
) -> Option<Near> {
    let mut best: Option<(TypeId, f32)> = None;
    for (id, kind) in types.by_id.iter().filter(|(_, kind)| may_be(kind)) {
        for exemplar in &kind.exemplars {
            let cosine = exemplar.embedding.cosine(embedding);
            if best.is_none_or(|(_, most)| cosine > most) {
                best = Some((*id, cosine));
            }
        }
    }
    best.map(|(id, cosine)| Near { id, similarity: calibration.similarity(cosine) })
}
