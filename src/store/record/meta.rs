//! What a person has once: counters, accounts, energy; and the entries of identity maps.

use super::keep::mirror;
use crate::event::Uid;
use crate::store::Person;
use crate::sync::status::AccountStatus;
use crate::task::{Energy, TypeId, Types};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Everything of a person that is neither a list nor a tier of its own.
#[derive(Debug, Default)]
pub(in crate::store) struct Meta {
    pub(in crate::store) last_turn: Option<DateTime<Utc>>,
    pub(in crate::store) turns: u64,
    pub(in crate::store) next_ask: u32,
    pub(in crate::store) next_insight: u32,
    pub(in crate::store) expanded_until: Option<DateTime<Utc>>,
    pub(in crate::store) accounts: BTreeMap<String, AccountStatus>,
}

mirror!(MetaRecord of Meta {
    last_turn: Option<DateTime<Utc>>,
    turns: u64,
    next_ask: u32,
    next_insight: u32,
    expanded_until: Option<DateTime<Utc>>,
    accounts: BTreeMap<String, AccountStatus>,
});

impl Meta {
    pub(in crate::store) fn of(person: &Person) -> Self {
        Self {
            last_turn: person.last_turn,
            turns: person.turns,
            next_ask: person.next_ask,
            next_insight: person.memory.next,
            expanded_until: person.expanded_until,
            accounts: person.status.accounts.clone(),
        }
    }

    pub(in crate::store) fn restore(self, person: &mut Person) {
        person.last_turn = self.last_turn;
        person.turns = self.turns;
        person.next_ask = self.next_ask;
        person.memory.next = self.next_insight;
        person.expanded_until = self.expanded_until;
        person.status.accounts = self.accounts;
    }
}

/// What all types share.
#[derive(Debug)]
pub(in crate::store) struct TypesMeta {
    pub(in crate::store) next: TypeId,
    pub(in crate::store) energy: Energy,
    pub(in crate::store) decayed_on: Option<i64>,
}

mirror!(TypesMetaRecord of TypesMeta { next: TypeId, energy: Energy, decayed_on: Option<i64> });

impl TypesMeta {
    pub(in crate::store) fn of(types: &Types) -> Self {
        Self { next: types.next, energy: types.energy.clone(), decayed_on: types.decayed_on }
    }

    pub(in crate::store) fn restore(self, types: &mut Types) {
        types.next = self.next;
        types.energy = self.energy;
        types.decayed_on = self.decayed_on;
    }
}

/// A series that has a type.
#[derive(Debug)]
pub(in crate::store) struct SeriesEntry {
    pub(in crate::store) series: Uid,
    pub(in crate::store) task_type: TypeId,
}

mirror!(SeriesRecord of SeriesEntry { series: Uid, task_type: TypeId });

/// A normalised title that has a type.
#[derive(Debug)]
pub(in crate::store) struct TitleEntry {
    pub(in crate::store) title: String,
    pub(in crate::store) task_type: TypeId,
}

mirror!(TitleRecord of TitleEntry { title: String, task_type: TypeId });
