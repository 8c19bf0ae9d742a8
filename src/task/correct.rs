//! The person's own word on task types. It comes before everything else, for ever: whatever the
//! series, the title or the words say, whichever embedder reads them, and however the types around
//! it are merged and split.
//!
//! Of two corrections that meet in one event, the one of its series wins: it is about fewer events.
//! Teaching a title takes back what was said of the series that bear it, so that the latest word
//! counts.

use super::kind::{Category, TaskType, TypeId, Types};
use crate::event::Uid;
use std::collections::{BTreeMap, BTreeSet};

/// What the person said. Numbers stay theirs for ever: a type that is gone comes back under its
/// number, name and category with the next event that belongs to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corrections {
    /// Normalised title to its type.
    pub titles: BTreeMap<String, TypeId>,
    /// Series to its type.
    pub series: BTreeMap<Uid, TypeId>,
    /// Names given.
    pub names: BTreeMap<TypeId, String>,
    /// Categories given.
    pub categories: BTreeMap<TypeId, Category>,
    /// Types that are never merged on their own; the lower number first.
    pub apart: BTreeSet<(TypeId, TypeId)>,
}

/// A type that is part of another one now. What it started from is kept, so that it can be taken
/// out again as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Former {
    /// The type it became part of.
    pub into: TypeId,
    /// What it was called.
    pub name: String,
    /// What kind of work it was.
    pub category: Category,
    /// What its hours started from.
    pub prior: [f32; 24],
    /// The person had given it that name.
    pub named: bool,
    /// The normalised titles that it brought; bounded.
    pub titles: BTreeSet<String>,
    /// The series that it brought; bounded.
    pub series: BTreeSet<Uid>,
}

/// Most corrections of titles, and of series, that are kept: a life's worth.
pub const MOST_CORRECTIONS: usize = 20_000;
/// Former types that are kept; the oldest make room.
const MOST_FORMER: usize = 500;
/// Titles, and series, kept of a former type.
const MOST_BROUGHT: usize = 1_000;

impl Corrections {
    /// The type that the person gave to events like this one.
    pub fn of(&self, series: Option<&Uid>, normalised: &str) -> Option<TypeId> {
        let series = series.and_then(|uid| self.series.get(uid));
        series.or_else(|| self.titles.get(normalised)).copied()
    }

    /// Whether these two may not become one on their own.
    pub fn are_apart(&self, one: TypeId, other: TypeId) -> bool {
        self.apart.contains(&pair(one, other))
    }

    /// From now on these two never become one on their own.
    pub fn keep_apart(&mut self, one: TypeId, other: TypeId) {
        if one != other {
            self.apart.insert(pair(one, other));
        }
    }

    /// Whether there is room for so many more.
    pub fn has_room(&self, more: usize) -> bool {
        self.titles.len().max(self.series.len()).saturating_add(more) <= MOST_CORRECTIONS
    }

    /// What was said of one type holds for the other from now on; of names and categories only what
    /// the other lacks, of names not even that: the other keeps its own.
    pub(super) fn pass_on(&mut self, from: TypeId, to: TypeId) {
        let pointers = self.titles.values_mut().chain(self.series.values_mut());
        pointers.filter(|id| **id == from).for_each(|id| *id = to);
        self.names.remove(&from);
        if let Some(category) = self.categories.remove(&from) {
            self.categories.entry(to).or_insert(category);
        }
        for (one, other) in std::mem::take(&mut self.apart) {
            let now = |id: TypeId| if id == from { to } else { id };
            self.keep_apart(now(one), now(other));
        }
    }
}

fn pair(one: TypeId, other: TypeId) -> (TypeId, TypeId) {
    (one.min(other), one.max(other))
}

impl Types {
    /// The type of that name, whatever the case of its letters.
    pub fn named(&self, name: &str) -> Option<&TaskType> {
        let wanted = name.trim().to_lowercase();
        self.by_id.values().find(|kind| kind.name.to_lowercase() == wanted)
    }

    /// The type is called so from now on, whatever its events are called.
    pub fn give_name(&mut self, id: TypeId, name: &str) {
        if let Some(kind) = self.by_id.get_mut(&id) {
            name.clone_into(&mut kind.name);
            self.corrections.names.insert(id, name.to_owned());
        }
    }

    /// The type is this kind of work from now on, whatever its events look like. What it learns
    /// starts from that category's hours: replay it.
    pub fn give_category(&mut self, id: TypeId, category: Category) {
        if let Some(kind) = self.by_id.get_mut(&id) {
            kind.category = category;
            kind.hours.prior = super::prior::scores(category);
            self.corrections.categories.insert(id, category);
        }
    }

    /// Remembers what a type was that becomes part of another one.
    pub(super) fn remember_former(&mut self, kind: &TaskType, into: TypeId) {
        for former in self.former.values_mut().filter(|former| former.into == kind.id) {
            former.into = into;
        }
        let own = self.by_title.iter().filter(|(_, id)| **id == kind.id).map(|(title, _)| title);
        let seen = kind.exemplars.iter().map(|exemplar| &exemplar.title);
        let series = self.by_series.iter().filter(|(_, id)| **id == kind.id).map(|(uid, _)| uid);
        let former = Former {
            into,
            name: kind.name.clone(),
            category: kind.category,
            prior: kind.hours.prior,
            named: self.corrections.names.contains_key(&kind.id),
            titles: seen.chain(own).take(MOST_BROUGHT).cloned().collect(),
            series: series.take(MOST_BROUGHT).cloned().collect(),
        };
        self.former.insert(kind.id, former);
        while self.former.len() > MOST_FORMER {
            self.former.pop_first();
        }
    }

    /// The former type, now part of this one, all of whose titles are among these; of several the
    /// one that brought most.
    pub(super) fn former_of(&self, id: TypeId, titles: &BTreeSet<String>) -> Option<TypeId> {
        let whole = |former: &&Former| !former.titles.is_empty() && former.titles.is_subset(titles);
        let within = self.former.iter().filter(|(_, former)| former.into == id && whole(former));
        within.max_by_key(|(id, former)| (former.titles.len(), **id)).map(|(id, _)| *id)
    }
}
