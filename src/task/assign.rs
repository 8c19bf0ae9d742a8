//! Files an event under the type that [`super::classify`] found, or under a new one.

use super::category::{self, CategoryGuess};
use super::classify::{Near, Query, Verdict};
use super::kind::{Exemplar, Hours, TaskType, TypeId, Types};
use super::{prior, title, traits};

/// Types of one person: far more than anyone names, and a bound for the search through them. Once
/// reached, an event goes to its nearest type.
pub const MOST_TYPES: usize = 2_000;
/// Wordings kept of a type; the rarest makes room. More bring no better matches.
pub const MOST_EXEMPLARS: usize = 24;
/// Titles and series known by identity: decades of a full calendar. Later ones go by meaning.
pub const MOST_IDENTITIES: usize = 20_000;
/// Names are cut at so many characters.
const MOST_NAME: usize = 80;
/// From this similarity on a new type starts half way to its neighbour's hours.
const ALIKE: f32 = 0.6;
/// Events that the prior of the duration weighs as much as.
const DURATION_WEIGHT: f32 = 4.0;
/// Longer events say nothing about how long such work takes: a day.
const LONGEST_MIN: f32 = 1_440.0;
/// What a type is called whose titles say nothing.
const UNTITLED: &str = "Untitled";

/// Where an event was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// The type.
    pub id: TypeId,
    /// Whether it was opened for this event.
    pub new: bool,
}

/// Files an event: its type's wordings, name, category and usual length follow.
pub fn assign(
    types: &mut Types,
    query: &Query,
    verdict: &Verdict,
    guess: &CategoryGuess,
) -> Assigned {
    let (id, new) = match verdict {
        Verdict::Known { near, .. } if types.by_id.contains_key(&near.id) => (near.id, false),
        Verdict::Known { near, .. } => place(types, query, Some(*near), guess),
        Verdict::New { nearest } => place(types, query, *nearest, guess),
    };
    if let Some(kind) = types.by_id.get_mut(&id) {
        kind.events = kind.events.saturating_add(1);
        vote(kind, guess);
        lengthen(kind, query.context.duration_min);
        remember_wording(kind, query);
    }
    types.shapes.entry(id).or_default().observe(&query.context);
    rename(types, id);
    if types.by_title.len() < MOST_IDENTITIES {
        types.by_title.entry(query.normalised.to_owned()).or_insert(id);
    }
    if let Some(uid) = query.series
        && types.by_series.len() < MOST_IDENTITIES
    {
        types.by_series.entry(uid.clone()).or_insert(id);
    }
    Assigned { id, new }
}

/// A new type, or the nearest one when there are too many.
fn place(
    types: &mut Types,
    query: &Query,
    nearest: Option<Near>,
    guess: &CategoryGuess,
) -> (TypeId, bool) {
    if types.by_id.len() >= MOST_TYPES {
        let near = nearest.map(|near| near.id).filter(|id| types.by_id.contains_key(id));
        if let Some(id) = near.or_else(|| types.by_id.keys().next().copied()) {
            return (id, false);
        }
    }
    let id = types.next;
    types.next = types.next.saturating_add(1);
    let kind = open(types, id, query, nearest, guess);
    types.by_id.insert(id, kind);
    (id, true)
}

fn open(
    types: &Types,
    id: TypeId,
    query: &Query,
    nearest: Option<Near>,
    guess: &CategoryGuess,
) -> TaskType {
    let category = guess.likeliest();
    let alike =
        nearest.filter(|near| near.similarity >= ALIKE).and_then(|near| types.by_id.get(&near.id));
    TaskType {
        id,
        name: unique(types, id, &wording(query)),
        category,
        category_votes: [0.0; 3],
        hours: match alike {
            Some(similar) => Hours::from_similar(category, &similar.hours),
            None => Hours::from_prior(category),
        },
        cognitive_load: traits::load_prior(category),
        recovery_hours: traits::recovery_prior(category),
        depletion_curve: traits::DEPLETION,
        typical_duration: prior::duration(category),
        duration_count: 0,
        exemplars: Vec::new(),
        events: 0,
    }
}

/// What a person would read; [`UNTITLED`] for a title that says nothing.
fn wording(query: &Query) -> String {
    if title::is_useless(query.normalised) {
        return UNTITLED.to_owned();
    }
    title::clean(query.title).chars().take(MOST_NAME).collect()
}

/// The category follows the votes of all events. Hours stay: they are what learning started from.
fn vote(kind: &mut TaskType, guess: &CategoryGuess) {
    for (votes, probability) in kind.category_votes.iter_mut().zip(guess.probabilities) {
        *votes += probability;
    }
    kind.category = category::likeliest(&kind.category_votes);
}

/// Running mean that starts from the category's prior.
fn lengthen(kind: &mut TaskType, minutes: Option<f32>) {
    let Some(minutes) = minutes.filter(|m| *m > 0.0 && *m <= LONGEST_MIN) else { return };
    kind.duration_count = kind.duration_count.saturating_add(1);
    let weight = DURATION_WEIGHT + kind.duration_count as f32;
    kind.typical_duration += (minutes - kind.typical_duration) / weight;
}

fn remember_wording(kind: &mut TaskType, query: &Query) {
    if let Some(known) = kind.exemplars.iter_mut().find(|e| e.title == query.normalised) {
        known.count = known.count.saturating_add(1);
        return;
    }
    if kind.exemplars.len() >= MOST_EXEMPLARS {
        let rarest = kind.exemplars.iter().enumerate().min_by_key(|(_, e)| e.count);
        let Some(at) = rarest.map(|(at, _)| at) else { return };
        kind.exemplars.remove(at);
    }
    kind.exemplars.push(Exemplar {
        title: query.normalised.to_owned(),
        wording: wording(query),
        embedding: query.embedding.clone(),
        count: 1,
    });
}

/// The name follows the commonest wording, as long as it is one of the wordings: a name that the
/// person gave stays.
fn rename(types: &mut Types, id: TypeId) {
    let Some(kind) = types.by_id.get(&id) else { return };
    let ours = kind.exemplars.iter().any(|e| stem(&kind.name) == e.wording);
    // The first of equals, so that names do not flicker.
    let mut common: Option<&Exemplar> = None;
    for exemplar in &kind.exemplars {
        if common.is_none_or(|most| exemplar.count > most.count) {
            common = Some(exemplar);
        }
    }
    let Some(common) = common.filter(|e| ours && e.wording != stem(&kind.name)) else { return };
    let name = unique(types, id, &common.wording);
    if let Some(kind) = types.by_id.get_mut(&id) {
        kind.name = name;
    }
}

/// Gives a type a name that somebody else thought of, unless the person named it: a name that is
/// none of its wordings is theirs.
pub fn suggest_name(types: &mut Types, id: TypeId, name: &str) {
    let Some(kind) = types.by_id.get(&id) else { return };
    if !kind.exemplars.iter().any(|e| stem(&kind.name) == e.wording) {
        return;
    }
    let name = unique(types, id, name);
    if let Some(kind) = types.by_id.get_mut(&id) {
        kind.name = name;
    }
}

/// A name without the suffix that [`unique`] gave it.
fn stem(name: &str) -> &str {
    let suffix = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    suffix.filter(|(_, n)| n.parse::<u32>().is_ok()).map_or(name, |(stem, _)| stem)
}

/// The name, with a number behind it when another type bears it.
fn unique(types: &Types, id: TypeId, name: &str) -> String {
    let taken = |name: &str| {
        types.by_id.values().any(|kind| kind.id != id && kind.name.eq_ignore_ascii_case(name))
    };
    if !taken(name) {
        return name.to_owned();
    }
    // One more try than there are types: one of them is free.
    let numbered = (2..=types.by_id.len() + 2).map(|n| format!("{name} ({n})"));
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_else(|| format!("{name} ({id})"))
}

#[cfg(test)]
mod tests;
