//! Mirrors of the person's word on task types, of types that were merged away, and of what learning
//! was given.

use super::keep::{mirror, mirror_enum};
use crate::event::Uid;
use crate::task::Category;
use crate::task::correct::{Corrections, Former};
use crate::task::journal::Entry;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What one turn learned from, in that order.
#[derive(Debug)]
pub(in crate::store) struct TurnEntry {
    pub(in crate::store) at: DateTime<Utc>,
    pub(in crate::store) entries: Vec<Entry>,
}

mirror!(TurnRecord of TurnEntry { at: DateTime<Utc>, entries: Vec<Entry> });

mirror!(EntryRecord of Entry {
    placement: [u8; 8],
    placed: Vec<(u8, f32)>,
    rated: Option<f32>,
    energy_rated: bool,
    position: u32,
    rest_hours: Option<f32>,
    last: bool,
    proposal: bool,
});

/// One thing the person said.
#[derive(Debug)]
pub(in crate::store) enum CorrectionEntry {
    Title { title: String, task_type: u32 },
    Series { series: Uid, task_type: u32 },
    Name { task_type: u32, name: String },
    Category { task_type: u32, category: Category },
    Apart { one: u32, other: u32 },
}

mirror_enum!(CorrectionRecord of CorrectionEntry {
    Title { title: String, task_type: u32 },
    Series { series: Uid, task_type: u32 },
    Name { task_type: u32, name: String },
    Category { task_type: u32, category: Category },
    Apart { one: u32, other: u32 },
});

impl CorrectionEntry {
    pub(in crate::store) fn restore(self, corrections: &mut Corrections) {
        match self {
            Self::Title { title, task_type } => {
                corrections.titles.insert(title, task_type);
            }
            Self::Series { series, task_type } => {
                corrections.series.insert(series, task_type);
            }
            Self::Name { task_type, name } => {
                corrections.names.insert(task_type, name);
            }
            Self::Category { task_type, category } => {
                corrections.categories.insert(task_type, category);
            }
            Self::Apart { one, other } => corrections.keep_apart(one, other),
        }
    }
}

/// A type that is part of another one now.
#[derive(Debug)]
pub(in crate::store) struct FormerEntry {
    pub(in crate::store) id: u32,
    pub(in crate::store) former: Former,
}

mirror!(FormerRecord of Former {
    into: u32,
    name: String,
    category: Category,
    prior: [f32; 24],
    named: bool,
    titles: BTreeSet<String>,
    series: BTreeSet<Uid>,
});

mirror!(FormerEntryRecord of FormerEntry { id: u32, former: Former });
