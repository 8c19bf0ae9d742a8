//! What a language model is asked about a new task type, and how far its answer is believed.
//!
//! It is asked once a type and never decides: an answer only shifts the values that learning starts
//! from, by [`Terms::trust`], and what the person or their calendar says later outweighs it.
//! Titles are data. Whatever a title says to a model, its answer can move no more than the start of
//! that one type, within these bounds.

mod budget;

pub use budget::{Budget, Ledger, Usage, Week};

use super::category::likeliest;
use super::kind::{Category, TaskType, TypeId, Types};
use super::learn::INITIAL_CONFIDENCE;
use super::title;
use crate::task::classify::{CONTEXT, Calibration};
use chrono::{DateTime, Utc};
use std::ops::RangeInclusive;

/// Events that a type must have shown before anything is asked: most titles are seen once.
pub const LEAST_EVENTS: u32 = 2;
/// Wordings told of a type.
const TITLES_TOLD: usize = 3;
/// Nearest types told with it.
const NEIGHBOURS_TOLD: usize = 3;
/// Longest text told of anything, in characters.
const LONGEST: usize = 120;
/// Longest name taken from an answer, in characters.
const LONGEST_NAME: usize = 60;
/// An answer may not make an hour surer than this.
const SCORES: RangeInclusive<f32> = 0.05..=0.95;
/// Hours of recovery that make sense.
const RECOVERY: RangeInclusive<f32> = 0.0..=6.0;
/// Minutes that make sense.
const MINUTES: RangeInclusive<f32> = 5.0..=480.0;

/// On what terms the person wants a model asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Titles may be sent; else only what kind of event it is.
    pub titles: bool,
    /// How far an answer moves the start values, 0..=1.
    pub trust: f32,
    /// How often it may be asked.
    pub budget: Budget,
}

impl Terms {
    /// How far an answer moves the start values where the person says nothing. Models know what a
    /// title means, not this person.
    pub const TRUST: f32 = 0.4;

    /// Where the person says nothing.
    pub fn usual() -> Self {
        Self { titles: true, trust: Self::TRUST, budget: Budget::usual() }
    }
}

/// Another type that is near to the one in question.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Its name; `None` where titles are withheld.
    pub name: Option<String>,
    /// Its kind of work.
    pub category: Category,
    /// On the common scale, 0..=1.
    pub similarity: f32,
}

/// All that a model is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Which type; never sent.
    pub task_type: TypeId,
    /// What the question rests on, so that the same is not asked twice; never sent.
    pub key: [u8; 16],
    /// Its wordings, commonest first; empty where titles are withheld.
    pub titles: Vec<String>,
    /// What kind of work it looks like offline.
    pub category: Category,
    /// Its usual length in minutes.
    pub minutes: u32,
    /// Whether most of its events are of a series.
    pub recurring: bool,
    /// The nearest of the person's other types.
    pub nearest: Vec<Neighbour>,
    /// What was found out about such work; empty where titles are withheld.
    pub insights: Vec<String>,
}

/// What a model says of a type, within bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What a person would call it.
    pub name: String,
    /// Kind of work.
    pub category: Category,
    /// How demanding, 0..=1.
    pub load: f32,
    /// Hours until the next demanding block goes as well.
    pub recovery_hours: f32,
    /// Usual length in minutes.
    pub minutes: f32,
    /// How well it goes by local hour, 0..=1.
    pub scores: [f32; 24],
}

/// That a type was asked about, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// [`Question::key`].
    pub key: [u8; 16],
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// `None` when none came, or none that could be used.
    pub answer: Option<Answer>,
    /// How far the type starts from it, 0..=1; `None` while it does not.
    pub trusted: Option<f32>,
}

/// Why an answer can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name that is empty, too long, or not plain text on one line.
    #[error("its name is no plain name")]
    Name,
    /// A number that is missing, not finite, or makes no sense.
    #[error("its {0} is out of range")]
    Range(&'static str),
}

impl Answer {
    /// The answer, if all of it makes sense.
    ///
    /// # Errors
    /// [`Refusal`]: one odd value and nothing of it is used.
    pub fn checked(self) -> Result<Self, Refusal> {
        let within = |value: f32, range: &RangeInclusive<f32>| range.contains(&value);
        let plain = |c: char| !c.is_control() && !"<>{}[]|\\`\"".contains(c);
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(plain) {
            return Err(Refusal::Name);
        }
        let checks = [
            ("cognitive_load", within(self.load, &(0.0..=1.0))),
            ("recovery_hours", within(self.recovery_hours, &RECOVERY)),
            ("duration_minutes", within(self.minutes, &MINUTES)),
            ("hourly_scores", self.scores.iter().all(|s| within(*s, &(0.0..=1.0)))),
        ];
        match checks.iter().find(|(_, fits)| !fits) {
            Some((what, _)) => Err(Refusal::Range(what)),
            None => Ok(Self { name: name.to_owned(), ..self }),
        }
    }
}

/// The types worth asking about, those with most events first: new to the model, and seen often
/// enough to matter.
pub fn open_questions(types: &Types) -> Vec<TypeId> {
    let mut open: Vec<&TaskType> = types
        .by_id
        .values()
        .filter(|kind| kind.events >= LEAST_EVENTS && !types.advice.contains_key(&kind.id))
        .filter(|kind| !title::is_useless(&kind.name))
        .collect();
    open.sort_by(|a, b| b.events.cmp(&a.events).then(a.id.cmp(&b.id)));
    open.iter().map(|kind| kind.id).collect()
}

/// What to ask about a type; `None` for one that is not there. `insights` are sentences about such
/// work.
pub fn question(
    types: &Types,
    id: TypeId,
    insights: &[String],
    calibration: Calibration,
    terms: &Terms,
) -> Option<Question> {
    let kind = types.by_id.get(&id)?;
    let mut wordings: Vec<_> = kind.exemplars.iter().collect();
    wordings.sort_by_key(|e| std::cmp::Reverse(e.count));
    let titles: Vec<String> = match wordings.is_empty() {
        // A type that was named before anything of the kind was on the calendar.
        true => vec![short(&kind.name)],
        false => wordings.iter().take(TITLES_TOLD).map(|e| short(&e.wording)).collect(),
    };
    let series = types.shapes.get(&id).map_or([0.0; 2], |shape| shape.series);
    let told = |texts: Vec<String>| if terms.titles { texts } else { Vec::new() };
    Some(Question {
        task_type: id,
        key: key(&titles),
        category: kind.category,
        minutes: kind.typical_duration.clamp(*MINUTES.start(), *MINUTES.end()).round() as u32,
        recurring: series[1] > series[0],
        nearest: neighbours(types, kind, calibration, terms),
        insights: told(insights.iter().map(|sentence| short(sentence)).collect()),
        titles: told(titles),
    })
}

/// Of the titles as told, so that the same words are asked about once.
fn key(titles: &[String]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let commonest = titles.first().map(|title| title::normalise(title)).unwrap_or_default();
    hasher.update(commonest.as_bytes());
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    key
}

/// One line of bounded length.
fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(LONGEST).collect()
}

fn neighbours(
    types: &Types,
    kind: &TaskType,
    calibration: Calibration,
    terms: &Terms,
) -> Vec<Neighbour> {
    let nearness = |other: &TaskType| {
        let pairs = kind.exemplars.iter().flat_map(|a| other.exemplars.iter().map(move |b| (a, b)));
        let cosines = pairs.map(|(a, b)| a.embedding.cosine(&b.embedding));
        calibration.similarity(cosines.fold(-1.0, f32::max))
    };
    let others = types.by_id.values().filter(|other| other.id != kind.id);
    let mut near: Vec<(f32, &TaskType)> = others.map(|other| (nearness(other), other)).collect();
    near.retain(|(similarity, _)| *similarity >= CONTEXT);
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
    let told = |(similarity, other): &(f32, &TaskType)| Neighbour {
        name: terms.titles.then(|| short(&other.name)),
        category: other.category,
        similarity: *similarity,
    };
    near.iter().take(NEIGHBOURS_TOLD).map(told).collect()
}

/// An earlier answer to the same question.
pub fn known_answer<'a>(types: &'a Types, key: &[u8; 16]) -> Option<&'a Answer> {
    types.advice.values().find(|advice| advice.key == *key)?.answer.as_ref()
}

/// Lets a type start from the answer, as far as it is trusted; the name it would go by comes back,
/// when the answer's is one a person could have given. What was learned already has to be replayed
/// on the new start.
pub fn start_from(kind: &mut TaskType, answer: &Answer, trust: f32) -> Option<String> {
    let trust = within_bounds(trust);
    let blend = |own: f32, said: f32| own + trust * (said - own);
    // Its shape counts, not its level: a model that finds everything good says nothing.
    let level = |scores: &[f32; 24]| scores.iter().sum::<f32>() / 24.0;
    let shift = level(&kind.hours.prior) - level(&answer.scores);
    for (hour, said) in answer.scores.iter().enumerate() {
        let start = blend(kind.hours.prior[hour], said + shift);
        kind.hours.prior[hour] = start.clamp(*SCORES.start(), *SCORES.end());
        if kind.hours.confidence[hour] <= INITIAL_CONFIDENCE {
            kind.hours.score[hour] = kind.hours.prior[hour];
        }
    }
    kind.cognitive_load = blend(kind.cognitive_load, answer.load);
    kind.recovery_hours = blend(kind.recovery_hours, answer.recovery_hours);
    if kind.duration_count == 0 {
        kind.typical_duration = blend(kind.typical_duration, answer.minutes);
    }
    vote(kind, answer.category, trust);
    is_said(kind, &answer.name).then(|| answer.name.clone())
}

fn within_bounds(trust: f32) -> f32 {
    if trust.is_finite() { trust.clamp(0.0, 1.0) } else { 0.0 }
}

impl Advice {
    /// Load and recovery that a type starts from which would start from these without it.
    pub fn start(&self, (load, recovery_hours): (f32, f32)) -> (f32, f32) {
        let (Some(answer), Some(trust)) = (&self.answer, self.trusted) else {
            return (load, recovery_hours);
        };
        let blend = |own: f32, said: f32| own + within_bounds(trust) * (said - own);
        (blend(load, answer.load), blend(recovery_hours, answer.recovery_hours))
    }

    /// The votes for a category, once more: the type's events were counted anew.
    pub(super) fn vote(&self, kind: &mut TaskType) {
        if let (Some(answer), Some(trust)) = (&self.answer, self.trusted) {
            vote(kind, answer.category, within_bounds(trust));
        }
    }
}

/// As many votes as its events have, weighed by trust.
fn vote(kind: &mut TaskType, category: Category, trust: f32) {
    let all: f32 = kind.category_votes.iter().sum();
    let place = Category::ALL.iter().position(|c| *c == category);
    if let Some(votes) = place.and_then(|at| kind.category_votes.get_mut(at)) {
        *votes += trust * all.max(1.0);
    }
    kind.category = likeliest(&kind.category_votes);
}

/// Whether the name is made of the person's words: at least one is in a title, and no more than
/// one is not. A model that was talked into another name is not heard.
fn is_said(kind: &TaskType, name: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        title::normalise(text).split_whitespace().map(str::to_owned).collect()
    };
    let titles: Vec<String> = kind.exemplars.iter().flat_map(|e| words(&e.title)).collect();
    let (known, unknown): (Vec<_>, Vec<_>) =
        words(name).into_iter().partition(|w| titles.contains(w));
    !known.is_empty() && unknown.len() <= 1
}

#[cfg(test)]
mod tests;
