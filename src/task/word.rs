//! What the person says of task types, carried out and remembered as [`Corrections`]. Each takes
//! the latest word: what was said before and says otherwise no longer holds.

use super::assign::{self, MOST_TYPES, blank};
use super::category::likeliest;
use super::kind::{Category, Exemplar, Hours, TypeId};
use super::refile::{Look, Moved, Part, Tiers};
use super::{replay, title};
use crate::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Why the person's word can't be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No event of the type, and no wording, is of that part.
    #[error("nothing of it is called so")]
    Nothing,
    /// All of the type is.
    #[error("nothing would be left of it")]
    Everything,
    /// There are [`MOST_TYPES`].
    #[error("there are {MOST_TYPES} task types already")]
    TooManyTypes,
    /// There are [`super::correct::MOST_CORRECTIONS`].
    #[error("there is no room for more corrections")]
    TooManyCorrections,
}

/// Where what is split off goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Into a type there is.
    Known(TypeId),
    /// Into a new one of that name.
    Named(&'a str),
    /// Into a new one, called by its commonest wording; one that was merged into the type, and is
    /// all of the part, comes back.
    Own,
}

/// One title that the person says the type of.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// As written.
    pub title: String,
    /// How it looks.
    pub look: Look,
    /// The type's name; one that is not known is made.
    pub name: String,
    /// The type's category, where it is said.
    pub category: Option<Category>,
}

/// What became of lessons.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taught {
    /// Types that were made.
    pub made: BTreeSet<TypeId>,
    /// What moved.
    pub moved: Moved,
}

impl Tiers<'_> {
    /// The category is the person's from now on; what the type learned starts from its hours.
    pub fn set_category(&mut self, id: TypeId, category: Category) {
        self.types.give_category(id, category);
        let kinds = BTreeSet::from([id]);
        replay::rebuild(self.types, &kinds, self.events, self.journal, self.zone);
    }

    /// These become part of the first, whose name stays for ever.
    ///
    /// # Errors
    /// [`Unfit::TooManyCorrections`].
    pub fn unite(&mut self, into: TypeId, others: &BTreeSet<TypeId>) -> Result<Moved, Unfit> {
        let whose = |id: &TypeId| *id != into && others.contains(id);
        let titles = self.types.by_title.iter().filter(|(_, id)| whose(id));
        let titles: BTreeSet<String> = titles.map(|(title, _)| title.clone()).collect();
        self.remember(&Part { titles, ..Part::default() }, into)?;
        let name = self.types.by_id.get(&into).map(|kind| kind.name.clone());
        self.types.give_name(into, &name.unwrap_or_default());
        let all: BTreeSet<TypeId> = others.iter().copied().chain([into]).collect();
        let apart = &mut self.types.corrections.apart;
        apart.retain(|(one, other)| !(all.contains(one) && all.contains(other)));
        Ok(self.merge(into, others))
    }

    /// A part of the type leaves it, and never becomes one with it on its own again.
    ///
    /// # Errors
    /// [`Unfit`], and nothing has changed.
    pub fn split(
        &mut self,
        from: TypeId,
        part: &Part,
        target: Target<'_>,
    ) -> Result<(TypeId, Moved), Unfit> {
        if !self.types.corrections.has_room(part.titles.len() + part.series.len()) {
            return Err(Unfit::TooManyCorrections);
        }
        let (id, moved) = self.part(from, part, target)?;
        self.remember(part, id)?;
        self.types.corrections.keep_apart(from, id);
        Ok((id, moved))
    }

    /// A part of the type leaves it.
    ///
    /// # Errors
    /// [`Unfit`], and nothing has changed.
    pub(super) fn part(
        &mut self,
        from: TypeId,
        part: &Part,
        target: Target<'_>,
    ) -> Result<(TypeId, Moved), Unfit> {
        let all = self.events.values().filter(|event| event.task_type == Some(from));
        let (leave, stay): (Vec<&Event>, Vec<&Event>) = all.partition(|event| part.holds(event));
        let kind = self.types.by_id.get(&from).ok_or(Unfit::Nothing)?;
        let goes = |e: &&Exemplar| part.titles.contains(&e.title);
        let rest = kind.exemplars.iter().filter(|e| !goes(e)).count();
        if leave.is_empty() && kind.exemplars.iter().find(goes).is_none() {
            return Err(Unfit::Nothing);
        }
        if stay.is_empty() && rest == 0 {
            return Err(Unfit::Everything);
        }
        let category = self.category_of(&leave).unwrap_or(kind.category);
        let id = match target {
            Target::Known(id) => id,
            Target::Named(name) => self.open(Some(name), category, None)?,
            Target::Own => {
                let former = self.types.former_of(from, &part.titles);
                self.open(None, category, former)?
            }
        };
        Ok((id, self.hand_over(part, Some(from), id)))
    }

    /// Titles whose types the person says; the last of a title counts. Types of these names are
    /// made where there are none, and a title taken from another type keeps the two apart.
    ///
    /// # Errors
    /// [`Unfit::TooManyTypes`], [`Unfit::TooManyCorrections`]; what came before is done.
    pub fn teach(&mut self, lessons: &[Lesson]) -> Result<Taught, Unfit> {
        let mut taught = Taught::default();
        let mut parts: BTreeMap<TypeId, BTreeMap<String, &Lesson>> = BTreeMap::new();
        for lesson in lessons {
            let id = match self.types.named(&lesson.name) {
                Some(kind) => kind.id,
                None => {
                    let category = lesson.category.unwrap_or_else(|| lesson.look.guess.likeliest());
                    let id = self.open(Some(&lesson.name), category, None)?;
                    taught.made.insert(id);
                    id
                }
            };
            if let Some(category) = lesson.category {
                self.types.give_category(id, category);
            }
            let normalised = title::normalise(&lesson.title);
            parts.values_mut().for_each(|titles| {
                titles.remove(&normalised);
            });
            parts.entry(id).or_default().insert(normalised, lesson);
        }
        for (id, titles) in parts {
            self.teach_one(id, &titles, &mut taught.moved)?;
        }
        Ok(taught)
    }

    fn teach_one(
        &mut self,
        id: TypeId,
        titles: &BTreeMap<String, &Lesson>,
        moved: &mut Moved,
    ) -> Result<(), Unfit> {
        let part = Part { titles: titles.keys().cloned().collect(), ..Part::default() };
        self.remember(&part, id)?;
        // Called so by the person: nothing else may come by that name.
        let name = self.types.by_id.get(&id).map(|kind| kind.name.clone());
        self.types.give_name(id, &name.unwrap_or_default());
        let known = part.titles.iter().filter_map(|title| self.types.by_title.get(title));
        let held = self.events.values().filter(|event| part.holds(event));
        let owners = known.copied().chain(held.filter_map(|event| event.task_type)).collect();
        let owners: BTreeSet<TypeId> = owners;
        if let Some(kind) = self.types.by_id.get_mut(&id) {
            for (title, lesson) in titles {
                if !kind.exemplars.iter().any(|e| e.title == *title) {
                    kind.exemplars.push(Exemplar {
                        title: title.clone(),
                        wording: assign::wording(&lesson.title, title),
                        embedding: lesson.look.embedding.clone(),
                        count: 0,
                    });
                }
            }
        }
        let went = self.hand_over(&part, None, id);
        for owner in owners.iter().filter(|owner| self.types.by_id.contains_key(owner)) {
            self.types.corrections.keep_apart(*owner, id);
        }
        moved.gone.extend(went.gone);
        moved.events.extend(went.events);
        Ok(())
    }

    /// The latest word on these titles and series. What was said of series that bear such a title
    /// no longer holds: it would come first.
    fn remember(&mut self, part: &Part, id: TypeId) -> Result<(), Unfit> {
        let corrections = &mut self.types.corrections;
        if !corrections.has_room(part.titles.len() + part.series.len()) {
            return Err(Unfit::TooManyCorrections);
        }
        if !corrections.series.is_empty() {
            let bears = self.events.values().filter(|event| part.holds(event));
            for event in bears {
                corrections.series.remove(&event.id.uid);
            }
        }
        corrections.titles.extend(part.titles.iter().map(|title| (title.clone(), id)));
        corrections.series.extend(part.series.iter().map(|uid| (uid.clone(), id)));
        Ok(())
    }

    /// A type without events yet, or a former one come back.
    fn open(
        &mut self,
        name: Option<&str>,
        category: Category,
        former: Option<TypeId>,
    ) -> Result<TypeId, Unfit> {
        if self.types.by_id.len() >= MOST_TYPES {
            return Err(Unfit::TooManyTypes);
        }
        let former = former.and_then(|id| Some((id, self.types.former.remove(&id)?)));
        let (id, hours, known) = match &former {
            Some((id, former)) => (*id, Hours::from_scores(former.prior), Some(&former.name)),
            None => {
                let id = self.types.next;
                self.types.next = id.saturating_add(1);
                (id, Hours::from_prior(category), None)
            }
        };
        let category = former.as_ref().map_or(category, |(_, former)| former.category);
        let given = name.or(known.map(String::as_str));
        let called = assign::unique(self.types, id, given.unwrap_or(assign::UNTITLED));
        self.types.by_id.insert(id, blank(id, called.clone(), category, hours));
        let named = former.as_ref().map_or(name.is_some(), |(_, former)| former.named);
        if named {
            self.types.give_name(id, &called);
        }
        Ok(id)
    }

    /// What kind of work these events look like.
    fn category_of(&self, events: &[&Event]) -> Option<Category> {
        let mut votes = [0.0; 3];
        for look in events.iter().filter_map(|event| (self.look)(event)) {
            for (vote, probability) in votes.iter_mut().zip(look.guess.probabilities) {
                *vote += probability;
            }
        }
        (votes != [0.0; 3]).then(|| likeliest(&votes))
    }
}
