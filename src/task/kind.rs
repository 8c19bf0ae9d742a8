//! Task types and their 24-hour arrays. Arrays are indexed by *local* hour, 0..=23.

use super::advice::Advice;
use super::shape::Shape;
use crate::event::Uid;
use std::collections::BTreeMap;

/// Number of a task type, unique within a principal and never reused.
pub type TypeId = u32;

/// What kind of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Alone, demanding.
    Focused,
    /// With others.
    Collaborative,
    /// Upkeep: mail, forms, errands.
    Administrative,
}

impl Category {
    /// All of them, in the order lists show.
    pub const ALL: [Category; 3] =
        [Category::Focused, Category::Collaborative, Category::Administrative];

    /// The word used on the surface.
    pub fn word(self) -> &'static str {
        match self {
            Category::Focused => "focused",
            Category::Collaborative => "collaborative",
            Category::Administrative => "administrative",
        }
    }
}

/// A unit vector of a title, of the embedder's width.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(pub Vec<f32>);

impl Embedding {
    /// Cosine similarity of two unit vectors; 0 when their widths differ.
    pub fn cosine(&self, other: &Embedding) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        let (left, left_rest) = self.0.as_chunks::<LANES>();
        let (right, right_rest) = other.0.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for (a, b) in left.iter().zip(right) {
            for (sum, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *sum += a * b;
            }
        }
        let rest: f32 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
        lanes.iter().sum::<f32>() + rest
    }
}

/// Sums kept side by side, so that the processor adds many at once: a title is compared with every
/// wording of every type.
const LANES: usize = 16;

/// A title a type was seen under.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Normalised title ([`super::title::normalise`]).
    pub title: String,
    /// The wording a person would read, as first seen.
    pub wording: String,
    /// Its embedding.
    pub embedding: Embedding,
    /// How many events bore it.
    pub count: u32,
}

/// What is known hour by hour. Index = local hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Start values of `score`: what the rule moves away from.
    pub prior: [f32; 24],
    /// Learned success, 0..=1.
    pub score: [f32; 24],
    /// How sure `score` is, 0.1..=0.95.
    pub confidence: [f32; 24],
    /// Running mean of success ratings.
    pub performance: [f32; 24],
    /// How many ratings are in it.
    pub performance_count: [u32; 24],
    /// Where the person puts such events themselves, decaying, never below 0.
    pub placement: [f32; 24],
}

/// Tier 2: a kind of work the person does.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskType {
    /// Its number.
    pub id: TypeId,
    /// What a person would call it; unique within a principal.
    pub name: String,
    /// Kind of work.
    pub category: Category,
    /// Sum of the category head's probabilities over its events, in the order of [`Category::ALL`].
    pub category_votes: [f32; 3],
    /// Hour by hour.
    pub hours: Hours,
    /// How demanding, 0..=1.
    pub cognitive_load: f32,
    /// Hours until the next demanding block goes as well.
    pub recovery_hours: f32,
    /// Energy left in the 1st .. 5th session of a run, 0..=1.
    pub depletion_curve: [f32; 5],
    /// Usual length in minutes.
    pub typical_duration: f32,
    /// Events that shaped `typical_duration`.
    pub duration_count: u32,
    /// Titles it was seen under; bounded.
    pub exemplars: Vec<Exemplar>,
    /// Events classified into it.
    pub events: u32,
}

/// All task types of one person, with the identities that come before meaning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Types {
    /// By number.
    pub by_id: BTreeMap<TypeId, TaskType>,
    /// What the events of each are like beside their titles; absent for types of older stores until
    /// their next event.
    pub shapes: BTreeMap<TypeId, Shape>,
    /// What a language model was asked about them, if the person wants that.
    pub advice: BTreeMap<TypeId, Advice>,
    /// UID of a series to its type.
    pub by_series: BTreeMap<Uid, TypeId>,
    /// Normalised title to its type.
    pub by_title: BTreeMap<String, TypeId>,
    /// The next number to give.
    pub next: TypeId,
    /// The person's energy by hour.
    pub energy: Energy,
    /// Day of the last weekly decay of `placement` (days since the epoch); `None` before the first.
    pub decayed_on: Option<i64>,
}

/// The person's energy by local hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Energy {
    /// Learned energy, 0..=1.
    pub pattern: [f32; 24],
    /// How sure, 0.1..=0.95.
    pub confidence: [f32; 24],
}

impl Default for Energy {
    fn default() -> Self {
        Self { pattern: [0.5; 24], confidence: [0.1; 24] }
    }
}
