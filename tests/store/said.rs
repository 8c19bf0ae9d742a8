//! Generators of what the person said of task types, and of what learning was given.

use super::arbitrary::{hours24, moment, text, uid};
use chronotype::task::Category;
use chronotype::task::correct::{Corrections, Former};
use chronotype::task::journal::{Entry, Journal};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

prop_compose! {
    fn entry()(
        placement in any::<[u8; 8]>(), placed in vec((0u8..24, -1f32..1.0), 0..3),
        rated in option::of(0f32..1.0), flags in any::<(bool, bool, bool)>(), position: u32,
        rest_hours in option::of(0f32..20.0),
    ) -> Entry {
        let (energy_rated, last, proposal) = flags;
        Entry { placement, placed, rated, energy_rated, position, rest_hours, last, proposal }
    }
}

prop_compose! {
    pub fn former()(
        into: u32, name in text(), category in prop::sample::select(Category::ALL.to_vec()),
        prior in hours24(), named: bool,
        titles in prop::collection::btree_set(text(), 0..3),
        series in prop::collection::btree_set(uid(), 0..3),
    ) -> Former {
        Former { into, name, category, prior, named, titles, series }
    }
}

prop_compose! {
    pub fn corrections()(
        titles in prop::collection::btree_map(text(), 0u32..4, 0..3),
        series in prop::collection::btree_map(uid(), 0u32..4, 0..3),
        names in prop::collection::btree_map(0u32..4, text(), 0..3),
        categories in prop::collection::btree_map(
            0u32..4, prop::sample::select(Category::ALL.to_vec()), 0..3,
        ),
        pairs in vec((0u32..4, 0u32..4), 0..3),
    ) -> Corrections {
        let mut all =
            Corrections { titles, series, names, categories, ..Corrections::default() };
        pairs.into_iter().for_each(|(one, other)| all.keep_apart(one, other));
        all
    }
}

pub fn journal() -> impl Strategy<Value = Journal> {
    let turns = prop::collection::btree_map(moment(), vec(entry(), 0..3), 0..3);
    turns.prop_map(|turns| Journal { turns })
}
