//! Which words of a title name a topic and which the kind of work, as this person uses them.
//!
//! `Implement map tiles`, `Call Ines: map tiles`: a topic turns up in several types, and beside the
//! wordings with it they have others without. A word for the kind stays with its type and is in
//! most of its wordings. Nothing is stored for it: the wordings of the types tell.

use super::kind::Types;

/// How much of its weight a word loses that is a topic for certain. Measured on made-up people of
/// kinds never trained on, whose titles are a kind and a topic: B-cubed goes from .621 to .639 by
/// title and from .718 to .728 in context; nothing changes where titles have no topics.
const MOST_OFF: f32 = 0.9;
/// Wordings yet to come that are counted as having the word, so that a few prove nothing.
const DOUBT: f32 = 3.0;
/// Words of a title that are looked at; a title with more is cut anyway.
const MOST_WORDS: usize = 64;

/// What the person's types make of a word.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    /// Types with the word.
    types: f32,
    /// Their wordings with it.
    with: f32,
    /// All of their wordings.
    wordings: f32,
}

impl Usage {
    /// 1 for a word that says in full what kind of work it is, less for a topic.
    fn weight(self) -> f32 {
        if self.types < 2.0 {
            return 1.0;
        }
        let without = (self.wordings - self.with) / (self.wordings + DOUBT);
        let spread = 1.0 - 1.0 / (self.types * self.types);
        1.0 - MOST_OFF * without * spread
    }
}

/// How much each word of a normalised title counts, 0.1..=1, in their order; `None` when all count
/// in full.
pub fn weights(types: &Types, normalised: &str) -> Option<Vec<f32>> {
    let words: Vec<&str> = normalised.split(' ').take(MOST_WORDS).collect();
    if words.len() < 2 {
        return None;
    }
    let mut usages = vec![Usage::default(); words.len()];
    let mut with = vec![0u16; words.len()];
    for kind in types.by_id.values() {
        with.fill(0);
        for exemplar in &kind.exemplars {
            for (count, word) in with.iter_mut().zip(&words) {
                *count += u16::from(exemplar.title.split(' ').any(|own| own == *word));
            }
        }
        for (usage, with) in usages.iter_mut().zip(&with).filter(|(_, with)| **with > 0) {
            usage.types += 1.0;
            usage.with += f32::from(*with);
            usage.wordings += kind.exemplars.len() as f32;
        }
    }
    let weights: Vec<f32> = usages.into_iter().map(Usage::weight).collect();
    weights.iter().any(|weight| *weight < 1.0).then_some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Embedding;
    use crate::task::assign::assign;
    use crate::task::category::{CategoryGuess, Context};
    use crate::task::classify::{Near, Neighbours, Query, Verdict};
    use crate::task::prior::no_leaning;

    /// A person with types of these wordings.
    fn types(of: &[&[&str]]) -> Types {
        let mut types = Types::default();
        let embedding = Embedding(vec![1.0, 0.0]);
        for (id, wordings) in of.iter().enumerate() {
            for (n, title) in wordings.iter().enumerate() {
                let query = Query {
                    title,
                    normalised: title,
                    embedding: &embedding,
                    weighed: None,
                    company: None,
                    series: None,
                    context: Context::default(),
                    guess: CategoryGuess::EVEN,
                };
                let near = Near { id: id as u32, similarity: 1.0 };
                let verdict = match n {
                    0 => Verdict::New { near: Neighbours::default() },
                    _ => Verdict::Known { near, by: super::super::classify::By::Meaning },
                };
                assign(&mut types, &query, &verdict, &CategoryGuess::EVEN, &no_leaning);
            }
        }
        types
    }

    #[test]
    fn what_several_types_can_do_without_is_a_topic() {
        let types = types(&[
            &["implement tiles", "implement login", "implement export"],
            &["call ines tiles", "call ines", "call ines login"],
            &["standup"],
        ]);
        let weights = weights(&types, "implement tiles").unwrap();
        assert_eq!(weights.len(), 2);
        assert_eq!(weights[0], 1.0, "only one type has it");
        assert!((0.1..0.8).contains(&weights[1]), "{weights:?}");
    }

    #[test]
    fn what_few_wordings_tell_is_not_held_against_a_word() {
        // A kind split by its topics: each of these types needs the word.
        let types = types(&[&["review parser"], &["review limits"], &["standup"]]);
        assert_eq!(weights(&types, "review export"), None);
        assert_eq!(weights(&types, "standup"), None);
        assert_eq!(weights(&Types::default(), "review export"), None);
    }
}
