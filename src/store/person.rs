//! Everything kept of one person.

use crate::event::{Events, Guests, Uid};
use crate::memory::graph::Graph;
use crate::memory::mirror::Mirror;
use crate::schedule::order::Orders;
use crate::schedule::plan::Risk;
use crate::schedule::request::{Ask, Detail};
use crate::schedule::restraint::Pause;
use crate::schedule::suggestion::Suggestion;
use crate::schedule::written::Written;
use crate::sync::status::Status;
use crate::task::Types;
use crate::task::advice::Ledger;
use crate::task::consolidate::Tidied;
use crate::task::journal::Journal;
use crate::task::vectors::Vectors;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One person's whole state between two turns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// What was last seen of the calendars.
    pub status: Status,
    /// Tier 1; shared by the states of a turn until one changes it.
    pub events: Arc<Events>,
    /// Whom they are with, beside tier 1; shared as the events are.
    pub guests: Arc<Guests>,
    /// Tier 2.
    pub types: Types,
    /// Up to where tier 2 is tidied; `None` = never yet.
    pub tidied: Option<Tidied>,
    /// What tier 2 was learned from, beside tier 1; shared as the events are.
    pub journal: Arc<Journal>,
    /// Vectors of titles that came from an embedder beyond this computer's own.
    pub vectors: Vectors,
    /// What is counted of the assistant's calls.
    pub assistant: Ledger,
    /// Tier 3.
    pub memory: Graph,
    /// What of tier 3 lies at another memory server.
    pub mirror: Mirror,
    /// Blocks, those that are over included.
    pub suggestions: BTreeMap<Uid, Suggestion>,
    /// What the person ordered for single blocks and is not done yet.
    pub orders: Orders,
    /// What the last turns wrote.
    pub written: Written,
    /// Explicit asks.
    pub asks: Vec<Ask>,
    /// What asks say beside a length and a deadline, by the number of the ask.
    pub ask_details: BTreeMap<u32, Detail>,
    /// Deadlines at risk as of the last plan, the worst first.
    pub risks: Vec<Risk>,
    /// The quiet that the person asked for, until a turn finds it over.
    pub pause: Option<Pause>,
    /// The number the next ask gets.
    pub next_ask: u32,
    /// Series are expanded up to here.
    pub expanded_until: Option<DateTime<Utc>>,
    /// `now` of the last turn.
    pub last_turn: Option<DateTime<Utc>>,
    /// Turns so far.
    pub turns: u64,
}
