//! Tidies the types, once a week: near-duplicates become one, a type that holds two kinds of work
//! gives one of them up. What the person said stays as they said it.
//!
//! Both are judged by the words of all events there are, on the scale where
//! [`super::classify::REUSE`] decides about one event. Two types become one well above that point,
//! a type becomes two well below it: between them lies what stays as it is, so that nothing goes to
//! and fro. Deterministic: neither the numbers of types nor the order of their wordings decide
//! anything but ties, and a second run finds nothing left to do.

use super::classify::Calibration;
use super::kind::{Embedding, Exemplar, TaskType, TypeId, Types};
use super::refile::{Moved, Part, Tiers};
use super::shape::Shape;
use super::title;
use super::word::Target;
use crate::event::{Events, Uid};
use std::collections::{BTreeMap, BTreeSet};

/// Similarity, both ways, from which on two types are one. High on purpose: on the development
/// streams merges at .85 to .93 cost a little (B-cubed .658 to .661 against .661 without).
const SAME: f32 = 0.95;
/// Similarity, either way, below which the halves of a type are two.
const DIFFERENT: f32 = 0.4;
/// How near the wordings of each half have to be to its middle.
const COHERENT: f32 = 0.75;
/// What is beside the titles may say no more than this against becoming one, as a log ratio.
const CONTRARY: f32 = -0.5;
/// Events that each half has at least: fewer are no kind of work of their own.
const LEAST_EVENTS: u32 = 4;
/// How much the middles of two types count; the rest is how near each wording's nearest one is.
const MIDDLE: f32 = 0.5;
/// Rounds of one run; each leaves fewer types that are alike.
const MOST_ROUNDS: usize = 8;
/// Steps towards the two halves of a type.
const MOST_STEPS: usize = 8;

/// Up to where types are tidied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tidied {
    /// The day up to which `placement` had faded then ([`Types::decayed_on`]).
    pub faded: i64,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Consolidated {
    /// Types that became part of others.
    pub merged: usize,
    /// Types that were split off.
    pub split: usize,
    /// What moved.
    pub moved: Moved,
}

/// Merges what is the same and splits what is not, until nothing is left to do.
pub fn consolidate(tiers: &mut Tiers<'_>, calibration: Calibration) -> Consolidated {
    let mut done = Consolidated::default();
    for _ in 0..MOST_ROUNDS {
        let splits = splits(tiers.types, tiers.events, calibration);
        // What has still to be split is merged as what is left of it.
        let waiting: BTreeSet<TypeId> = splits.iter().map(|(from, _)| *from).collect();
        let merges = merges(tiers.types, &waiting, calibration);
        if merges.is_empty() && splits.is_empty() {
            break;
        }
        for (into, from) in merges {
            done.merged += 1;
            done.note(tiers.merge(into, &BTreeSet::from([from])));
        }
        for (from, titles) in splits {
            let part = Part { titles, ..Part::default() };
            if let Ok((_, moved)) = tiers.part(from, &part, Target::Own) {
                done.split += 1;
                done.note(moved);
            }
        }
    }
    done
}

impl Consolidated {
    fn note(&mut self, moved: Moved) {
        for into in self.moved.gone.values_mut() {
            *into = moved.gone.get(into).copied().unwrap_or(*into);
        }
        self.moved.gone.extend(moved.gone);
        self.moved.events.extend(moved.events);
    }
}

/// Pairs to be merged, (into, from), the most alike first; each type is in one of them at most,
/// and those that wait in none.
fn merges(
    types: &Types,
    waiting: &BTreeSet<TypeId>,
    calibration: Calibration,
) -> Vec<(TypeId, TypeId)> {
    let ready = types.by_id.values().filter(|kind| !waiting.contains(&kind.id));
    let kinds: Vec<(&TaskType, Middle)> =
        ready.map(|kind| (kind, Middle::of(&kind.exemplars))).collect();
    let all = Shape::of_all(types.shapes.values());
    let mut alike: Vec<(f32, TypeId, TypeId)> = Vec::new();
    for (at, (one, middle)) in kinds.iter().enumerate() {
        for (other, other_middle) in kinds.iter().skip(at + 1) {
            let middles = middle.cosine(other_middle);
            // Cheap, and says enough for most.
            if calibration.similarity(middles) < DIFFERENT || !may_merge(types, one, other) {
                continue;
            }
            let both = likeness(&one.exemplars, &other.exemplars, middles).min(likeness(
                &other.exemplars,
                &one.exemplars,
                middles,
            ));
            let similarity = calibration.similarity(both);
            if similarity >= SAME && shapes_agree(types, one.id, other.id, &all) {
                let (into, from) = by_rank(types, one, other);
                alike.push((similarity, into, from));
            }
        }
    }
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut taken = BTreeSet::new();
    alike.retain(|(_, into, from)| {
        let free = !taken.contains(into) && !taken.contains(from);
        if free {
            taken.extend([*into, *from]);
        }
        free
    });
    alike.into_iter().map(|(_, into, from)| (into, from)).collect()
}

/// Not against the person's word: neither what they keep apart, nor what they named or categorised
/// differently.
fn may_merge(types: &Types, one: &TaskType, other: &TaskType) -> bool {
    let said = &types.corrections;
    let named = |kind: &TaskType| said.names.contains_key(&kind.id);
    let category = |kind: &TaskType| said.categories.get(&kind.id);
    let named_both = named(one) && named(other);
    let unlike = matches!([one, other].map(category), [Some(a), Some(b)] if a != b);
    !said.are_apart(one.id, other.id) && !named_both && !unlike
}

/// (into, from): what the person named stays, then what has more events, then what is older.
fn by_rank(types: &Types, one: &TaskType, other: &TaskType) -> (TypeId, TypeId) {
    let named = |kind: &TaskType| types.corrections.names.contains_key(&kind.id);
    let rank = |kind: &TaskType| (named(kind), kind.events, std::cmp::Reverse(kind.id));
    if rank(one) >= rank(other) { (one.id, other.id) } else { (other.id, one.id) }
}

/// `all` = what the events of all types are like together.
fn shapes_agree(types: &Types, one: TypeId, other: TypeId, all: &Shape) -> bool {
    let (Some(one), Some(other)) = (types.shapes.get(&one), types.shapes.get(&other)) else {
        return true;
    };
    let against = one.evidence(&other.typical(), all).min(other.evidence(&one.typical(), all));
    against >= CONTRARY
}

/// How near the wordings are to others as a cosine, each by the events that bore it.
fn likeness(wordings: &[Exemplar], others: &[Exemplar], middles: f32) -> f32 {
    let nearest = |e: &Exemplar| {
        let all = others.iter().map(|other| other.embedding.cosine(&e.embedding));
        all.fold(-1.0, f32::max)
    };
    let all: f32 = wordings.iter().map(weight).sum();
    let near: f32 = wordings.iter().map(|e| weight(e) * nearest(e)).sum();
    if all > 0.0 { (1.0 - MIDDLE) * near / all + MIDDLE * middles } else { -1.0 }
}

fn weight(exemplar: &Exemplar) -> f32 {
    exemplar.count as f32
}

/// Types with the titles that are to leave them.
fn splits(
    types: &Types,
    events: &Events,
    calibration: Calibration,
) -> Vec<(TypeId, BTreeSet<String>)> {
    let large = |kind: &&TaskType| {
        let all: u32 = kind.exemplars.iter().map(|e| e.count).sum();
        let named = types.corrections.names.contains_key(&kind.id);
        !named && kind.exemplars.len() > 1 && all >= 2 * LEAST_EVENTS
    };
    let candidates: Vec<&TaskType> = types.by_id.values().filter(large).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let candidates = candidates.into_iter().filter_map(|kind| {
        let (stay, leave) = halves(types, kind, calibration)?;
        let leave: BTreeSet<String> = leave.into_iter().map(|e| e.title).collect();
        let stay: BTreeSet<String> = stay.into_iter().map(|e| e.title).collect();
        Some((kind.id, stay, leave))
    });
    let found: Vec<_> = candidates.collect();
    if found.is_empty() {
        return Vec::new();
    }
    let series = titles_of_series(events, found.iter().map(|(id, ..)| *id).collect());
    let whole = |stay: &BTreeSet<String>, leave: &BTreeSet<String>, id: &TypeId| {
        let mut own = series.iter().filter(|((kind, _), _)| kind == id).map(|(_, titles)| titles);
        // A series that was reworded is one kind of work, whatever its words.
        !own.any(|titles| !titles.is_disjoint(stay) && !titles.is_disjoint(leave))
    };
    let found = found.into_iter().filter(|(id, stay, leave)| whole(stay, leave, id));
    found.map(|(id, _, leave)| (id, leave)).collect()
}

fn titles_of_series(
    events: &Events,
    kinds: BTreeSet<TypeId>,
) -> BTreeMap<(TypeId, &Uid), BTreeSet<String>> {
    let mut titles: BTreeMap<(TypeId, &Uid), BTreeSet<String>> = BTreeMap::new();
    for event in events.values().filter(|event| event.recurring) {
        if let Some(kind) = event.task_type.filter(|kind| kinds.contains(kind)) {
            let own = titles.entry((kind, &event.id.uid)).or_default();
            own.insert(title::normalise(&event.title));
        }
    }
    titles
}

/// The wordings of a type that stay and those that leave, if it holds two kinds of work.
fn halves(
    types: &Types,
    kind: &TaskType,
    calibration: Calibration,
) -> Option<(Vec<Exemplar>, Vec<Exemplar>)> {
    let mut all = kind.exemplars.clone();
    all.sort_by(|a, b| a.title.cmp(&b.title));
    let (one, other) = two_groups(&all)?;
    let events = |group: &[Exemplar]| group.iter().map(|e| e.count).sum::<u32>();
    let enough = |group: &[Exemplar]| events(group) >= LEAST_EVENTS;
    let (middle, other_middle) = (Middle::of(&one), Middle::of(&other));
    let middles = middle.cosine(&other_middle);
    let apart = likeness(&one, &other, middles).max(likeness(&other, &one, middles));
    let coherent = |group: &[Exemplar], middle: &Middle| {
        let near = group.iter().map(|e| weight(e) * middle.0.cosine(&e.embedding)).sum::<f32>();
        calibration.similarity(near / group.iter().map(weight).sum::<f32>()) >= COHERENT
    };
    let two = enough(&one) && enough(&other) && calibration.similarity(apart) < DIFFERENT;
    if !(two && coherent(&one, &middle) && coherent(&other, &other_middle)) {
        return None;
    }
    let said = |e: &Exemplar| types.corrections.titles.contains_key(&e.title);
    match (one.iter().any(said), other.iter().any(said)) {
        (true, true) => None,
        (true, false) => Some((one, other)),
        (false, true) => Some((other, one)),
        (false, false) if events(&one) >= events(&other) => Some((one, other)),
        (false, false) => Some((other, one)),
    }
}

/// The wordings in two groups, each around its own middle; it begins with the two that are
/// farthest from each other.
fn two_groups(all: &[Exemplar]) -> Option<(Vec<Exemplar>, Vec<Exemplar>)> {
    let pairs =
        all.iter().enumerate().flat_map(|(at, a)| all.iter().skip(at + 1).map(move |b| (a, b)));
    let (a, b) = pairs.min_by(|(a, b), (c, d)| {
        a.embedding.cosine(&b.embedding).total_cmp(&c.embedding.cosine(&d.embedding))
    })?;
    let mut middles = (Middle(a.embedding.clone()), Middle(b.embedding.clone()));
    let mut groups: (Vec<Exemplar>, Vec<Exemplar>) = (Vec::new(), Vec::new());
    for _ in 0..MOST_STEPS {
        let nearer =
            |e: &&Exemplar| middles.0.0.cosine(&e.embedding) >= middles.1.0.cosine(&e.embedding);
        let next: (Vec<&Exemplar>, Vec<&Exemplar>) = all.iter().partition(nearer);
        let next = (
            next.0.into_iter().cloned().collect::<Vec<_>>(),
            next.1.into_iter().cloned().collect::<Vec<_>>(),
        );
        if next == groups {
            break;
        }
        middles = (Middle::of(&next.0), Middle::of(&next.1));
        groups = next;
    }
    (!groups.0.is_empty() && !groups.1.is_empty()).then_some(groups)
}

/// The middle of wordings, each by the events that bore it; of length 1.
struct Middle(Embedding);

impl Middle {
    fn of(wordings: &[Exemplar]) -> Self {
        let width = wordings.first().map_or(0, |e| e.embedding.0.len());
        let mut sums = vec![0.0f32; width];
        for exemplar in wordings {
            for (sum, x) in sums.iter_mut().zip(&exemplar.embedding.0) {
                *sum += weight(exemplar).max(1.0) * x;
            }
        }
        let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            sums.iter_mut().for_each(|x| *x /= length);
        }
        Self(Embedding(sums))
    }

    fn cosine(&self, other: &Middle) -> f32 {
        self.0.cosine(&other.0)
    }
}

#[cfg(test)]
mod tests;
