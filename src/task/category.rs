//! What kind of work one event is: a logistic head over its title's embedding and a little context.
//!
//! Judging each event beats inheriting the category of its type. Everything in the context may be
//! missing; a missing clue counts for nothing, on training as here.

use super::kind::{Category, Embedding};

/// What is known of an event beside its title. `None` where it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Context {
    /// Length in minutes.
    pub duration_min: Option<f32>,
    /// Number of attendees; 0 usually means "no guest list", not "alone", and counts as not known.
    pub attendees: Option<u32>,
    /// Whether it belongs to a series.
    pub recurring: Option<bool>,
    /// Local hour of its start, 0..=23.
    pub local_hour: Option<u8>,
    /// Day of the week, 0 = Monday.
    pub weekday: Option<u8>,
}

/// Number of context features of the head.
pub const CONTEXT: usize = 13;

/// Place of the first feature that two clues make together.
const PAIRS_FROM: usize = 8;
/// Place of [`Context::off_hours`].
const OFF_HOURS: usize = 12;
/// From this day on it is the weekend, 0 = Monday.
const SATURDAY: u8 = 5;
/// Starts before the first and after the second of these hours are outside a working day, the more
/// so over as many hours as the third and the fourth.
const WORKING_DAY: [f32; 4] = [9.0, 16.0, 2.0, 3.0];

/// Shortest and longest duration that still makes a difference, in minutes.
const DURATIONS: (f32, f32) = (5.0, 480.0);
/// Around this length durations are centred, on a logarithmic scale.
const COMMON_MINUTES: f32 = 45.0;
/// More attendees than this make no difference.
const MOST_ATTENDEES: u32 = 32;

impl Context {
    /// The features that the head was trained on, all 0 where nothing is known. `train_category.py`
    /// computes the same ones.
    pub fn features(&self) -> [f32; CONTEXT] {
        let mut features = [0.0; CONTEXT];
        if let Some(minutes) = self.duration_min.filter(|m| m.is_finite() && *m > 0.0) {
            let length = (minutes.clamp(DURATIONS.0, DURATIONS.1) / COMMON_MINUTES).log2();
            features[0] = 1.0;
            features[1] = length / 2.0;
            features[2] = length * length / 4.0;
        }
        match self.attendees {
            None | Some(0) => {}
            Some(1) => features[5] = 1.0,
            Some(guests) => {
                features[3] = 1.0;
                features[4] = (guests.min(MOST_ATTENDEES) as f32 / 2.0).log2() / 2.0;
            }
        }
        match self.recurring {
            Some(true) => features[6] = 1.0,
            Some(false) => features[7] = 1.0,
            None => {}
        }
        // What two clues say together.
        let [_, length, _, others, _, alone, series, ..] = features;
        let pairs = [alone * length, others * length, alone * series, others * series];
        for (feature, pair) in features.iter_mut().skip(PAIRS_FROM).zip(pairs) {
            *feature = pair;
        }
        features[OFF_HOURS] = self.off_hours();
        features
    }

    /// How far outside a working day it lies, 0..=1: what people do then is mostly a matter of
    /// running their lives, whatever its title has in common with work.
    fn off_hours(&self) -> f32 {
        if self.weekday.is_some_and(|day| day >= SATURDAY) {
            return 1.0;
        }
        let [from, until, dawn, dusk] = WORKING_DAY;
        let outside = |hour: f32| ((from - hour) / dawn).max((hour - until) / dusk);
        self.local_hour.map_or(0.0, |hour| outside(f32::from(hour)).clamp(0.0, 1.0))
    }
}

/// Probabilities of the categories in the order of [`Category::ALL`]; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoryGuess {
    /// In the order of [`Category::ALL`].
    pub probabilities: [f32; 3],
}

impl CategoryGuess {
    /// Nothing is known.
    pub const EVEN: Self = Self { probabilities: [1.0 / 3.0; 3] };

    /// The likeliest category; the first of equals.
    pub fn likeliest(&self) -> Category {
        likeliest(&self.probabilities)
    }
}

/// How much the other events of a type count beside the event's own guess. The development stream
/// is right for .760 by title and .803 in context; .762 and .797 at 0.5, .752 and .803 at 1.2.
const COMPANY: f32 = 0.8;

impl CategoryGuess {
    /// The guess once it is known which type the event belongs to: what the type's other events
    /// looked like counts almost as much as it does itself. `votes`: theirs, in the order of
    /// [`Category::ALL`].
    pub fn among(&self, votes: &[f32; 3]) -> Self {
        let all: f32 = votes.iter().sum();
        if !all.is_finite() || all <= 0.0 {
            return *self;
        }
        let share = votes.map(|v| (v + 1.0 / 3.0) / (all + 1.0));
        let weights: [f32; 3] =
            std::array::from_fn(|k| self.probabilities[k] * share[k].max(0.0).powf(COMPANY));
        let sum: f32 = weights.iter().sum();
        if sum.is_finite() && sum > 0.0 {
            Self { probabilities: weights.map(|w| w / sum) }
        } else {
            *self
        }
    }

    /// How likely its likeliest category is, 1/3..=1.
    pub fn confidence(&self) -> f32 {
        self.probabilities.iter().copied().fold(0.0, f32::max)
    }
}

/// The category with most votes; the first of equals.
pub fn likeliest(votes: &[f32; 3]) -> Category {
    let mut best = 0;
    for (at, vote) in votes.iter().enumerate() {
        if *vote > votes[best] {
            best = at;
        }
    }
    Category::ALL[best]
}

/// The weights for one category.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Constant.
    pub bias: f32,
    /// One a dimension of the embedding.
    pub embedding: Vec<f32>,
    /// One a feature of [`Context::features`].
    pub context: [f32; CONTEXT],
}

/// The head: weights for each category, in the order of [`Category::ALL`].
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryHead {
    /// In the order of [`Category::ALL`].
    pub rows: [Row; 3],
}

impl CategoryHead {
    /// Judges one event. An embedding of another width counts for nothing.
    pub fn guess(&self, embedding: &Embedding, context: &Context) -> CategoryGuess {
        let features = context.features();
        let logits = self.rows.each_ref().map(|row| {
            let meaning = if row.embedding.len() == embedding.0.len() {
                dot(&row.embedding, &embedding.0)
            } else {
                0.0
            };
            row.bias + meaning + dot(&row.context, &features)
        });
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights = logits.map(|x| (x - top).exp());
        let sum: f32 = weights.iter().sum();
        if sum.is_finite() && sum > 0.0 {
            CategoryGuess { probabilities: weights.map(|x| x / sum) }
        } else {
            CategoryGuess::EVEN
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head() -> CategoryHead {
        let row = |weight: f32| Row {
            bias: 0.0,
            embedding: vec![weight, 0.0],
            context: std::array::from_fn(|i| match i {
                1 => weight,
                3 => -weight,
                _ => 0.0,
            }),
        };
        CategoryHead { rows: [row(2.0), row(-2.0), row(0.0)] }
    }

    #[track_caller]
    fn check(embedding: &[f32], context: Context, expected: Category) {
        let guess = head().guess(&Embedding(embedding.to_vec()), &context);
        assert_eq!(guess.likeliest(), expected, "{:?}", guess.probabilities);
    }

    #[test]
    fn title_and_context_both_count() {
        let guests = Context { attendees: Some(8), ..Context::default() };
        check(&[1.0, 0.0], Context::default(), Category::Focused);
        check(&[-1.0, 0.0], Context::default(), Category::Collaborative);
        check(&[0.0, 0.0], guests, Category::Collaborative);
        check(&[0.0, 0.0], Context::default(), Category::Focused);
        check(&[-1.0], Context::default(), Category::Focused);
    }

    #[test]
    fn the_company_of_a_type_counts_beside_the_event() {
        let guess = CategoryGuess { probabilities: [0.5, 0.4, 0.1] };
        assert_eq!(guess.among(&[0.0; 3]), guess);
        let met = guess.among(&[0.0, 9.0, 0.0]);
        assert_eq!(met.likeliest(), Category::Collaborative);
        assert!((met.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let sure = CategoryGuess { probabilities: [0.99, 0.005, 0.005] };
        assert_eq!(sure.among(&[0.0, 9.0, 0.0]).likeliest(), Category::Focused);
    }

    #[test]
    fn evenings_and_weekends_are_outside_the_working_day() {
        let off = |local_hour, weekday| Context { local_hour, weekday, ..Context::default() };
        let off = |hour, day| off(hour, day).features()[OFF_HOURS];
        assert_eq!((off(Some(10), Some(0)), off(Some(16), None), off(None, Some(4))), (0., 0., 0.));
        assert_eq!(
            (off(Some(20), Some(1)), off(Some(6), None), off(Some(11), Some(5))),
            (1., 1., 1.)
        );
        assert!(off(Some(17), None) < off(Some(18), None));
    }

    #[test]
    fn what_is_not_known_is_zero() {
        assert_eq!(Context::default().features(), [0.0; CONTEXT]);
    }

    proptest! {
        #[test]
        fn a_guess_is_a_distribution(
            x in proptest::num::f32::ANY, minutes in proptest::num::f32::ANY, attendees: u32,
        ) {
            let context = Context {
                duration_min: Some(minutes),
                attendees: Some(attendees),
                ..Context::default()
            };
            let guess = head().guess(&Embedding(vec![x, 0.0]), &context);
            prop_assert!((guess.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
    }
}
