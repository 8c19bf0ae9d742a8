//! Files events anew: types become one, or events leave for another type. What is known of the
//! types follows their events, and so does what was learned ([`replay`]).
//!
//! Invariants: tier 1 keeps every outcome as it settled, only the reference to a type changes;
//! nothing learned is lost, and merging and splitting again gives the arrays there were.

use super::assign::{self, MOST_EXEMPLARS, MOST_IDENTITIES};
use super::category::{CategoryGuess, Context};
use super::journal::Journal;
use super::kind::{Embedding, Exemplar, TaskType, TypeId, Types};
use super::{prior, replay, title};
use crate::event::{Event, EventId, Events, Uid};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// What classification sees of one event.
#[derive(Debug, Clone)]
pub struct Look {
    /// The normalised title's embedding.
    pub embedding: Embedding,
    /// What is known beside the title.
    pub context: Context,
    /// What kind of work the event alone looks like.
    pub guess: CategoryGuess,
}

/// Looks at an event as classification does; `None` for what belongs to no type.
pub type Looking<'a> = &'a dyn Fn(&Event) -> Option<Look>;

/// Tiers 1 and 2 of a person.
pub struct Tiers<'a> {
    /// Tier 2.
    pub types: &'a mut Types,
    /// Tier 1.
    pub events: &'a mut Events,
    /// What was learned, outcome by outcome.
    pub journal: &'a Journal,
    /// Where the person is.
    pub zone: Tz,
    /// How an event looks.
    pub look: Looking<'a>,
}

/// Events that go together: those of these titles and those of these series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Normalised titles.
    pub titles: BTreeSet<String>,
    /// UIDs of series.
    pub series: BTreeSet<Uid>,
}

impl Part {
    /// Whether an event is one of them.
    pub fn holds(&self, event: &Event) -> bool {
        self.series.contains(&event.id.uid) || self.titles.contains(&title::normalise(&event.title))
    }
}

/// What moved, for those who refer to types.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moved {
    /// Types that are gone, and what each is part of now.
    pub gone: BTreeMap<TypeId, TypeId>,
    /// Events that have another type now.
    pub events: BTreeSet<EventId>,
}

impl Moved {
    /// Events that moved, blocks of ours aside.
    pub fn own_events(&self) -> usize {
        self.events.iter().filter(|id| !id.uid.is_ours()).count()
    }
}

impl Tiers<'_> {
    /// These types become part of `into`, whose name and number stay.
    pub fn merge(&mut self, into: TypeId, others: &BTreeSet<TypeId>) -> Moved {
        let mut moved = Moved::default();
        for id in others.iter().filter(|id| **id != into) {
            self.absorb(*id, into, &mut moved);
        }
        self.settle_down(&BTreeSet::from([into]));
        moved
    }

    /// The events of this part go to `target`: from one type, or from wherever they are. A type of
    /// which nothing is left becomes part of the target.
    pub fn hand_over(&mut self, part: &Part, from: Option<TypeId>, target: TypeId) -> Moved {
        let wanted = |kind: TypeId| kind != target && from.is_none_or(|from| from == kind);
        let mut moved = Moved::default();
        let mut leaving: BTreeMap<TypeId, Vec<EventId>> = BTreeMap::new();
        for event in self.events.values() {
            if let Some(kind) = event.task_type.filter(|kind| wanted(*kind))
                && part.holds(event)
            {
                leaving.entry(kind).or_default().push(event.id.clone());
            }
        }
        let sources: Vec<TypeId> =
            self.types.by_id.keys().copied().filter(|k| wanted(*k)).collect();
        let mut touched = BTreeSet::from([target]);
        for source in sources {
            let events = leaving.remove(&source).unwrap_or_default();
            if self.pass(source, target, part, &events) {
                touched.insert(source);
            }
            moved.events.extend(events.iter().cloned());
        }
        self.pass_identities(part, from, target, &moved.events);
        for id in &moved.events {
            if let Some(event) = self.events.get_mut(id) {
                event.task_type = Some(target);
            }
        }
        let emptied = |kind: &TypeId| *kind != target && self.is_empty(*kind);
        let emptied: Vec<TypeId> = touched.iter().copied().filter(emptied).collect();
        for kind in emptied {
            self.absorb(kind, target, &mut moved);
            touched.remove(&kind);
        }
        self.settle_down(&touched);
        moved
    }

    /// One type goes into the other, whole.
    fn absorb(&mut self, from: TypeId, into: TypeId, moved: &mut Moved) {
        let Some(gone) = self.types.by_id.get(&from).cloned() else { return };
        let Some(kind) = self.types.by_id.get_mut(&into) else { return };
        kind.events = kind.events.saturating_add(gone.events);
        for (votes, more) in kind.category_votes.iter_mut().zip(gone.category_votes) {
            *votes += more;
        }
        gone.exemplars.iter().for_each(|e| take(kind, e.clone()));
        self.types.remember_former(&gone, into);
        self.types.by_id.remove(&from);
        if let Some(shape) = self.types.shapes.remove(&from) {
            self.types.shapes.entry(into).or_default().absorb(&shape);
        }
        self.types.corrections.pass_on(from, into);
        let identities = self.types.by_title.values_mut().chain(self.types.by_series.values_mut());
        identities.filter(|id| **id == from).for_each(|id| *id = into);
        for event in self.events.values_mut().filter(|event| event.task_type == Some(from)) {
            event.task_type = Some(into);
            moved.events.insert(event.id.clone());
        }
        for now in moved.gone.values_mut().filter(|now| **now == from) {
            *now = into;
        }
        moved.gone.insert(from, into);
    }

    /// The wordings of a part, and how many events bore them, go from one type to the other. False
    /// when there are none.
    fn pass(&mut self, from: TypeId, to: TypeId, part: &Part, events: &[EventId]) -> bool {
        let mut by_title: BTreeMap<String, (u32, &Event)> = BTreeMap::new();
        for event in events.iter().filter_map(|id| self.events.get(id)) {
            let title = title::normalise(&event.title);
            by_title.entry(title).or_insert((0, event)).0 += 1;
        }
        let Some(source) = self.types.by_id.get_mut(&from) else { return false };
        let mut leaving: Vec<Exemplar> = Vec::new();
        for exemplar in &mut source.exemplars {
            let (moving, _) = by_title.remove(&exemplar.title).unzip();
            let count = match part.titles.contains(&exemplar.title) {
                true => exemplar.count,
                // A series goes; other events of that title stay.
                false => moving.unwrap_or(0).min(exemplar.count),
            };
            if count > 0 || part.titles.contains(&exemplar.title) {
                exemplar.count -= count;
                leaving.push(Exemplar { count, ..exemplar.clone() });
            }
        }
        let left = |e: &Exemplar| e.count > 0 || !leaving.iter().any(|gone| gone.title == e.title);
        source.exemplars.retain(left);
        // Wordings that were too rare to be kept.
        for (title, (count, event)) in by_title {
            let Some(look) = (self.look)(event) else { continue };
            let wording = assign::wording(&event.title, &title);
            leaving.push(Exemplar { title, wording, embedding: look.embedding, count });
        }
        let all: u32 = leaving.iter().map(|e| e.count).sum();
        source.events = source.events.saturating_sub(all);
        if let Some(target) = self.types.by_id.get_mut(&to) {
            target.events = target.events.saturating_add(all);
            leaving.iter().for_each(|exemplar| take(target, exemplar.clone()));
        }
        !leaving.is_empty() || !events.is_empty()
    }

    /// Titles and series that are known by identity point to the target. A series that is not
    /// named follows when none of its events stays.
    fn pass_identities(
        &mut self,
        part: &Part,
        from: Option<TypeId>,
        target: TypeId,
        moving: &BTreeSet<EventId>,
    ) {
        let old = |id: &TypeId| from.is_none_or(|from| from == *id);
        for title in &part.titles {
            let known = self.types.by_title.get(title).copied();
            let room = self.types.by_title.len() < MOST_IDENTITIES;
            if known.as_ref().map_or(room, old) {
                self.types.by_title.insert(title.clone(), target);
            }
        }
        let going: BTreeSet<&Uid> = moving.iter().map(|id| &id.uid).collect();
        let stays = |event: &&Event| event.task_type.is_some() && !moving.contains(&event.id);
        let staying: BTreeSet<&Uid> =
            self.events.values().filter(stays).map(|event| &event.id.uid).collect();
        for (uid, id) in &mut self.types.by_series {
            let follows = going.contains(uid) && !staying.contains(uid);
            if old(id) && (part.series.contains(uid) || follows) {
                *id = target;
            }
        }
    }

    fn is_empty(&self, id: TypeId) -> bool {
        let wordless = self.types.by_id.get(&id).is_some_and(|kind| kind.exemplars.is_empty());
        wordless && !self.events.values().any(|event| event.task_type == Some(id))
    }

    /// Name, category, length and shape follow the events that each type has now, and what it
    /// learned is learned anew.
    fn settle_down(&mut self, kinds: &BTreeSet<TypeId>) {
        let mut of: BTreeMap<TypeId, Vec<&Event>> = BTreeMap::new();
        for event in self.events.values() {
            if let Some(kind) = event.task_type.filter(|kind| kinds.contains(kind)) {
                of.entry(kind).or_default().push(event);
            }
        }
        for (id, mut events) in of {
            events.sort_by_key(|event| (event.span.start_instant(self.zone), &event.id));
            describe(self.types, id, &events, self.look);
        }
        for id in kinds {
            assign::rename(self.types, *id);
        }
        replay::rebuild(self.types, kinds, self.events, self.journal, self.zone);
    }
}

/// What is known of a type beside its wordings and its hours, from the events it has. A type that
/// none is left of in tier 1 keeps what it has.
fn describe(types: &mut Types, id: TypeId, events: &[&Event], look: Looking<'_>) {
    let looks: Vec<Look> =
        events.iter().filter(|event| !event.id.uid.is_ours()).filter_map(|e| look(e)).collect();
    if looks.is_empty() {
        return;
    }
    let Some(kind) = types.by_id.get_mut(&id) else { return };
    kind.category_votes = [0.0; 3];
    kind.duration_count = 0;
    types.shapes.remove(&id);
    // Lengths start from what is usual for the category: with one event its guess.
    let first = looks.first().map_or(kind.category, |look| look.guess.likeliest());
    let given = types.corrections.categories.get(&id).copied();
    kind.typical_duration = prior::duration(given.unwrap_or(first));
    for look in &looks {
        assign::count(types, id, &look.context, &look.guess);
    }
    if let (Some(kind), Some(advice)) = (types.by_id.get_mut(&id), types.advice.get(&id)) {
        advice.vote(kind);
        kind.category = given.unwrap_or(kind.category);
    }
}

/// A wording comes to a type; the rarest makes room.
fn take(kind: &mut TaskType, exemplar: Exemplar) {
    if let Some(known) = kind.exemplars.iter_mut().find(|e| e.title == exemplar.title) {
        known.count = known.count.saturating_add(exemplar.count);
        return;
    }
    kind.exemplars.push(exemplar);
    if kind.exemplars.len() > MOST_EXEMPLARS {
        let rarest = kind.exemplars.iter().enumerate().min_by_key(|(_, e)| e.count);
        if let Some(at) = rarest.map(|(at, _)| at) {
            kind.exemplars.remove(at);
        }
    }
}

#[cfg(test)]
pub(in crate::task) mod tests;
