//! Which task type an event belongs to: series, then normalised title, then nearest exemplar.
//!
//! The person's own word ([`super::correct`]) comes before identity, identity before meaning. By
//! meaning a type is near through its *nearest* exemplar as much as through the middle of them all;
//! what is known beside the title is evidence for or against.

use super::category::{CategoryGuess, Context};
use super::company::{Company, Signs};
use super::kind::{Category, Embedding, TaskType, TypeId, Types};
use super::shape::{self, Shape};
use super::title;
use crate::event::Uid;

/// From this similarity on a type is reused, whatever the embedder.
pub const REUSE: f32 = 0.8;
/// From this similarity on another type is context: a new one starts from what is known of it.
pub const CONTEXT: f32 = 0.65;
/// Types that are context of one at most.
const MOST_CONTEXT: usize = 3;
/// ln(0.8 / 0.2): what brings the middle of the scale to [`REUSE`].
const REUSE_LOGIT: f32 = 1.386_294_4;

/// Similarities around [`REUSE`] within which the answer is a guess.
const UNSURE: std::ops::Range<f32> = 0.68..0.88;

/// What is beside the title speaks for a type in full from the end of this similarity of the words
/// on, and not at all below its start: words that have little in common stay apart, however alike
/// the hours. From .5 on, made-up people's deep work swallows their code reviews.
const WORDS: std::ops::Range<f32> = 0.6..0.8;
/// The same where a guest list is known: whom people meet hangs little on when and how long. The
/// development stream goes from .672 to .686 (B-cubed, in context) by it; at .3 to .5 it would be
/// .698, and made-up people with series and topics would lose .003.
const WORDS_WITH_GUESTS: std::ops::Range<f32> = 0.5..0.7;

/// How much of a type's nearness is that of its middle; the rest is its nearest exemplar's.
const MIDDLE: f32 = 0.5;
/// How much the agreement of categories counts for each clue beside the title. The title alone is
/// in the cosine already.
const AGREEMENT: f32 = 0.1;
/// Bounds of what that agreement says, as log ratios: a topic in common (`Call Ines: map tiles`,
/// `Implement map tiles`) is no kind of work in common.
const AGREEMENTS: (f32, f32) = (-2.5, 0.7);

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
        self.weighed(cosine, 0.0)
    }

    /// Same, with evidence beside it as a log ratio.
    pub fn weighed(&self, cosine: f32, evidence: f32) -> f32 {
        let logit = self.slope * (cosine - self.reuse_at) + REUSE_LOGIT + evidence;
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
    /// The same with each word weighed by [`super::topic::weights`]; `None` when all count in full.
    pub weighed: Option<&'a Embedding>,
    /// UID of its series; `None` for a single event.
    pub series: Option<&'a Uid>,
    /// What else is known.
    pub context: Context,
    /// In which calendar and with whom, beside what the person's other events have shown; `None`
    /// where neither is known.
    pub company: Option<(&'a Company, Signs<'a>)>,
    /// What kind of work the event alone looks like.
    pub guess: CategoryGuess,
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The person's own word.
    Correction,
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

/// The types nearest to an event, the nearest first.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Neighbours([Option<Near>; MOST_CONTEXT]);

impl Neighbours {
    /// The nearest of all, however far.
    pub fn nearest(&self) -> Option<Near> {
        self.0.first().copied().flatten()
    }

    /// Those that are near enough to start from.
    pub fn context(&self) -> impl Iterator<Item = Near> {
        self.0.into_iter().flatten().filter(|near| near.similarity >= CONTEXT)
    }

    /// Takes its place if it is nearer than one of them; of equals the first stays.
    fn offer(&mut self, mut near: Near) {
        for place in &mut self.0 {
            match place {
                Some(known) if near.similarity > known.similarity => {
                    std::mem::swap(known, &mut near)
                }
                Some(_) => {}
                None => {
                    *place = Some(near);
                    return;
                }
            }
        }
    }
}

impl From<Near> for Neighbours {
    fn from(near: Near) -> Self {
        let mut all = Self::default();
        all.offer(near);
        all
    }
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
        /// The nearest of the others.
        near: Neighbours,
    },
}

impl Verdict {
    /// The type that the person has.
    pub fn known(&self) -> Option<TypeId> {
        match self {
            Verdict::Known { near, .. } => Some(near.id),
            Verdict::New { .. } => None,
        }
    }

    /// How near the type is, or the nearest of those that it did not go to.
    pub fn similarity(&self) -> f32 {
        match self {
            Verdict::Known { near, .. } => near.similarity,
            Verdict::New { near } => near.nearest().map_or(0.0, |near| near.similarity),
        }
    }

    /// Whether it could as well have gone the other way.
    pub fn is_unsure(&self) -> bool {
        let by_meaning = !matches!(self, Verdict::Known { by, .. } if *by != By::Meaning);
        by_meaning && UNSURE.contains(&self.similarity())
    }
}

/// Whether nothing can be said of an event: a title such as `busy`, and no series of a known type.
/// Such an event belongs to no type, and none is opened for it.
pub fn says_nothing(types: &Types, query: &Query) -> bool {
    let known = types.corrections.of(query.series, query.normalised).is_some()
        || query.series.is_some_and(|uid| types.by_series.contains_key(uid))
        || types.by_title.contains_key(query.normalised);
    !known && title::is_useless(query.normalised)
}

/// Finds the type of an event.
pub fn classify(types: &Types, query: &Query, calibration: Calibration) -> Verdict {
    // The person's own word comes first; a type that is gone comes back with it.
    if let Some(id) = types.corrections.of(query.series, query.normalised) {
        return Verdict::Known { near: Near { id, similarity: 1.0 }, by: By::Correction };
    }
    let known = |id: &TypeId| types.by_id.contains_key(id).then_some(*id);
    if let Some(id) = query.series.and_then(|uid| types.by_series.get(uid)).and_then(known) {
        return Verdict::Known { near: Near { id, similarity: 1.0 }, by: By::Series };
    }
    if let Some(id) = types.by_title.get(query.normalised).and_then(known) {
        return Verdict::Known { near: Near { id, similarity: 1.0 }, by: By::Title };
    }
    // What says nothing is near to nothing.
    if title::is_useless(query.normalised) {
        return Verdict::New { near: Neighbours::default() };
    }
    let near = neighbours(types, query, calibration);
    match near.nearest() {
        Some(near) if near.similarity >= REUSE => Verdict::Known { near, by: By::Meaning },
        _ => Verdict::New { near },
    }
}

/// What the categories say, as a log ratio against chance: both picked by chance, how likely the
/// event and the type are of one category.
fn agreement(kind: &TaskType, guess: &CategoryGuess) -> f32 {
    let all: f32 = kind.category_votes.iter().sum();
    let both: f32 =
        kind.category_votes.iter().zip(guess.probabilities).map(|(votes, p)| votes * p).sum();
    let chance = Category::ALL.len() as f32;
    let (least, most) = AGREEMENTS;
    if all > 0.0 { (chance * both / all).ln().clamp(least, most) } else { 0.0 }
}

/// The types that are nearest, all evidence weighed; of equals those with the lowest numbers.
fn neighbours(types: &Types, query: &Query, calibration: Calibration) -> Neighbours {
    let clues = f32::from(shape::clues(&query.context));
    let all = Shape::of_all(types.shapes.values());
    let has_guests = query.context.attendees.is_some_and(|people| people > 0);
    let gate = if has_guests { WORDS_WITH_GUESTS } else { WORDS };
    let embedding = query.weighed.unwrap_or(query.embedding);
    let mut best = Neighbours::default();
    for (id, kind) in &types.by_id {
        let Some(cosine) = nearness(kind, embedding) else { continue };
        let shape = types.shapes.get(id).map_or(0.0, |shape| shape.evidence(&query.context, &all));
        let company = query.company.map_or(0.0, |(company, signs)| company.evidence(*id, &signs));
        let evidence = shape + company + AGREEMENT * clues * agreement(kind, &query.guess);
        let words = (calibration.similarity(cosine) - gate.start) / (gate.end - gate.start);
        // What speaks against it counts whatever the words.
        let evidence = evidence.min(evidence * words.clamp(0.0, 1.0));
        let similarity = calibration.weighed(cosine, evidence);
        best.offer(Near { id: *id, similarity });
    }
    best
}

/// How near the wordings of a type are, as a cosine; `None` for a type without any.
fn nearness(kind: &TaskType, embedding: &Embedding) -> Option<f32> {
    let mut most: Option<f32> = None;
    let mut total = 0.0;
    let mut middle = vec![0.0; embedding.0.len()];
    for exemplar in &kind.exemplars {
        let cosine = exemplar.embedding.cosine(embedding);
        total += cosine;
        most = Some(most.map_or(cosine, |most| most.max(cosine)));
        for (sum, x) in middle.iter_mut().zip(&exemplar.embedding.0) {
            *sum += x;
        }
    }
    let length = middle.iter().map(|x| x * x).sum::<f32>().sqrt();
    let centre = if length > 0.0 { total / length } else { 0.0 };
    most.map(|most| (1.0 - MIDDLE) * most + MIDDLE * centre)
}
