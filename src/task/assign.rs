//! Files an event under the type that [`super::classify`] found, or under a new one.

use super::category::{self, CategoryGuess, Context};
use super::classify::{By, Neighbours, Query, Verdict};
use super::kind::{Category, Exemplar, Hours, TaskType, TypeId, Types};
use super::prior::{self, Leaning};
use super::{title, traits};

/// Types of one person: far more than anyone names, and a bound for the search through them. Once
/// reached, an event goes to its nearest type.
pub const MOST_TYPES: usize = 2_000;
/// Wordings kept of a type; the rarest makes room. More bring no better matches.
pub const MOST_EXEMPLARS: usize = 24;
/// Titles and series known by identity: decades of a full calendar. Later ones go by meaning.
pub const MOST_IDENTITIES: usize = 20_000;
/// Names are cut at so many characters.
pub const MOST_NAME: usize = 80;
/// Events that the prior of the duration weighs as much as.
const DURATION_WEIGHT: f32 = 4.0;
/// Longer events say nothing about how long such work takes: a day.
const LONGEST_MIN: f32 = 1_440.0;
/// What a type is called whose titles say nothing.
pub(super) const UNTITLED: &str = "Untitled";

/// Where an event was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// The type.
    pub id: TypeId,
    /// Whether it was opened for this event.
    pub new: bool,
}

/// Files an event: its type's wordings, name, category and usual length follow. A new type starts
/// from its category, from the types near to it, and from what insights say of such work.
pub fn assign(
    types: &mut Types,
    query: &Query,
    verdict: &Verdict,
    guess: &CategoryGuess,
    leaning: Leaning<'_>,
) -> Assigned {
    let (id, new) = match verdict {
        Verdict::Known { near, .. } if types.by_id.contains_key(&near.id) => (near.id, false),
        // What the person named comes back under its number.
        Verdict::Known { near, by: By::Correction } => {
            let kind = open(types, near.id, query, Neighbours::default(), (guess, leaning));
            types.by_id.insert(near.id, kind);
            (near.id, true)
        }
        Verdict::Known { near, .. } => place(types, query, (*near).into(), (guess, leaning)),
        Verdict::New { near } => place(types, query, *near, (guess, leaning)),
    };
    count(types, id, &query.context, guess);
    if let Some(kind) = types.by_id.get_mut(&id) {
        kind.events = kind.events.saturating_add(1);
        remember_wording(kind, query);
    }
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
fn place(types: &mut Types, query: &Query, near: Neighbours, likely: Likely<'_>) -> (TypeId, bool) {
    if types.by_id.len() >= MOST_TYPES {
        let near = near.nearest().map(|near| near.id).filter(|id| types.by_id.contains_key(id));
        if let Some(id) = near.or_else(|| types.by_id.keys().next().copied()) {
            return (id, false);
        }
    }
    let id = types.next;
    types.next = types.next.saturating_add(1);
    let kind = open(types, id, query, near, likely);
    types.by_id.insert(id, kind);
    (id, true)
}

/// What kind of work it looks like, and what insights say of such work.
type Likely<'a> = (&'a CategoryGuess, Leaning<'a>);

fn open(
    types: &Types,
    id: TypeId,
    query: &Query,
    near: Neighbours,
    (guess, leaning): Likely<'_>,
) -> TaskType {
    let given = &types.corrections;
    let category = given.categories.get(&id).copied().unwrap_or_else(|| guess.likeliest());
    let name =
        given.names.get(&id).cloned().unwrap_or_else(|| wording(query.title, query.normalised));
    let known = |id: TypeId| types.by_id.get(&id).map(|kind| &kind.hours);
    let context: Vec<(f32, &Hours)> =
        near.context().filter_map(|near| Some((near.similarity, known(near.id)?))).collect();
    let hours = Hours::of_new(category, &leaning(category), &context);
    blank(id, unique(types, id, &name), category, hours)
}

/// A type without events.
pub(super) fn blank(id: TypeId, name: String, category: Category, hours: Hours) -> TaskType {
    TaskType {
        id,
        name,
        category,
        category_votes: [0.0; 3],
        hours,
        cognitive_load: traits::load_prior(category),
        recovery_hours: traits::recovery_prior(category),
        depletion_curve: traits::DEPLETION,
        typical_duration: prior::duration(category),
        duration_count: 0,
        exemplars: Vec::new(),
        events: 0,
    }
}

/// What a person would read of a title; [`UNTITLED`] for one that says nothing.
pub(super) fn wording(title: &str, normalised: &str) -> String {
    if title::is_useless(normalised) {
        return UNTITLED.to_owned();
    }
    title::clean(title).chars().take(MOST_NAME).collect()
}

/// Takes into account what is beside the title of an event of the type: category, usual length and
/// shape follow. The category is the one with most votes of all events, unless the person gave one.
/// Hours stay: they are what learning started from.
pub(super) fn count(types: &mut Types, id: TypeId, context: &Context, guess: &CategoryGuess) {
    let given = types.corrections.categories.get(&id).copied();
    let Some(kind) = types.by_id.get_mut(&id) else { return };
    for (votes, probability) in kind.category_votes.iter_mut().zip(guess.probabilities) {
        *votes += probability;
    }
    kind.category = given.unwrap_or_else(|| category::likeliest(&kind.category_votes));
    lengthen(kind, context.duration_min);
    types.shapes.entry(id).or_default().observe(context);
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
        wording: wording(query.title, query.normalised),
        embedding: query.embedding.clone(),
        count: 1,
    });
}

/// The name follows the commonest wording; one that the person gave, or advice, stays.
pub(super) fn rename(types: &mut Types, id: TypeId) {
    let Some(kind) = types.by_id.get(&id) else { return };
    let advised = types.advice.get(&id).and_then(|advice| advice.answer.as_ref());
    let suggested = advised.is_some_and(|answer| answer.name == stem(&kind.name));
    if suggested || types.corrections.names.contains_key(&id) {
        return;
    }
    // The first of equals, so that names do not flicker.
    let mut common: Option<&Exemplar> = None;
    for exemplar in &kind.exemplars {
        if common.is_none_or(|most| exemplar.count > most.count) {
            common = Some(exemplar);
        }
    }
    let Some(common) = common.filter(|e| e.wording != stem(&kind.name)) else { return };
    let name = unique(types, id, &common.wording);
    if let Some(kind) = types.by_id.get_mut(&id) {
        kind.name = name;
    }
}

/// Gives a type a name that somebody else thought of, unless the person named it.
pub fn suggest_name(types: &mut Types, id: TypeId, name: &str) {
    if types.corrections.names.contains_key(&id) {
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
pub(super) fn unique(types: &Types, id: TypeId, name: &str) -> String {
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
