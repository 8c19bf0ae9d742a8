//! From requests and free time to suggestions with reasons.
//!
//! First [`review`] decides about every block that is there: it stays, may move, must move, is over
//! or goes. Then [`place`] puts what is still wanted, in stages: what the person asked for, what of
//! that fits only with the care rules relaxed, then habits in what is left. [`account`] says what
//! each choice rests on, [`reasons`] puts that into words, [`risk`] names deadlines in danger.

pub mod account;
pub mod heard;
pub mod risk;
mod blocks;
mod ground;
mod numbers;
mod place;
mod reasons;
mod review;
mod sessions;
#[cfg(test)]
mod tests;

use super::request::{Request, RequestKey};
use super::suggestion::Suggestion;
use super::working::{Lunch, WorkingHours};
use crate::event::{Events, PrincipalId, Uid};
use crate::memory::recall::Voice;
use crate::task::{TypeId, Types};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
pub use risk::Risk;
use std::collections::BTreeMap;

/// How the person wants to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// `None` = learned from where their own events lie.
    pub working: Option<WorkingHours>,
    /// Least minutes between a block and anything else.
    pub buffer_minutes: u16,
    /// What is kept free for lunch.
    pub lunch: Lunch,
    /// Most minutes of focused blocks a day.
    pub focus_cap_minutes: u16,
    /// Most habit blocks a day; binds nothing the person asked for.
    pub daily_cap: u16,
    /// Share of the working day that habit blocks leave free, 0..=1.
    pub white_space: f64,
    /// Nothing new starts sooner than this, and what starts sooner stays as it is.
    pub freeze_minutes: u16,
    /// Days to look ahead, today included.
    pub horizon_days: u16,
    /// Longest block; longer tasks are split.
    pub longest_session: u16,
    /// Shortest part of a task that is split.
    pub shortest_session: u16,
    /// Most blocks a day of one request.
    pub max_per_day: u16,
}

/// What holds where the person says nothing: the one place of these numbers, which the commented
/// config file repeats for people and a test holds to it.
impl Default for Planning {
    fn default() -> Self {
        Self {
            working: None,
            buffer_minutes: 10,
            lunch: Lunch::Learned,
            focus_cap_minutes: 240,
            daily_cap: 3,
            white_space: 0.25,
            freeze_minutes: 60,
            horizon_days: 14,
            longest_session: 120,
            shortest_session: 30,
            max_per_day: 2,
        }
    }
}

/// What insights say of the slots of each type; a type without any may be missing.
pub type Voices = BTreeMap<TypeId, Vec<Voice>>;

/// Everything a plan depends on.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// Where the person is.
    pub zone: Tz,
    /// Tier 2.
    pub types: &'a Types,
    /// Tier 1.
    pub events: &'a Events,
    /// Blocks there are, those that are over included.
    pub suggestions: &'a BTreeMap<Uid, Suggestion>,
    /// What is wanted.
    pub requests: &'a [Request],
    /// Whose plan it is.
    pub principal: &'a PrincipalId,
    /// How they want it.
    pub settings: &'a Planning,
    /// What insights say.
    pub voices: &'a Voices,
}

/// What should be so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Blocks that stand now (kept as they were, new, moved), and those whose state became `Past`
    /// with this plan. Sorted by UID.
    pub suggestions: Vec<Suggestion>,
    /// Blocks to take back.
    pub withdrawn: Vec<(Uid, Withdrawal)>,
    /// What got no block, or fewer than it wants.
    pub unplaced: Vec<(RequestKey, Unplaced)>,
    /// Blocks that were left alone although something speaks against them.
    pub notes: Vec<(Uid, Note)>,
    /// Deadlines that may not be kept, the worst first.
    pub risks: Vec<Risk>,
}

/// Why a block is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withdrawal {
    /// Nobody wants it any longer: done, deleted or expired.
    Gone,
    /// Something was booked over it, and it fits nowhere else.
    NoRoom,
    /// The task takes fewer sessions now.
    FewerSessions,
}

/// Why something has no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unplaced {
    /// It has no task type yet.
    Unclassified,
    /// Its deadline has passed.
    TooLate,
    /// It doesn't fit before its deadline or within the horizon: overcommitted.
    NoRoom,
    /// The person deleted its block less than a day ago.
    BackOff,
    /// The person deleted its block, and for it that is final.
    Refused,
    /// Its block was over less than a day ago.
    Waiting,
    /// Blocks for it passed again and again, and nothing came of it.
    GivenUp,
}

impl Unplaced {
    /// One sentence for the person.
    pub fn sentence(self) -> &'static str {
        match self {
            Unplaced::Unclassified => "It is not known yet what kind of work this is.",
            Unplaced::TooLate => "Its deadline has passed.",
            Unplaced::NoRoom => "Overcommitted: it doesn't fit into the time that is left.",
            Unplaced::BackOff => "Its block was deleted less than a day ago.",
            Unplaced::Refused => "Its block was deleted: it won't be proposed again.",
            Unplaced::Waiting => "Its block has just passed: another one follows after a day.",
            Unplaced::GivenUp => "Its blocks passed several times: no more are proposed.",
        }
    }
}

/// Why a block that conflicts was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// Something is booked over it, and it starts too soon to be moved.
    ConflictInFreeze,
    /// Nobody wants it any longer, and it starts too soon to be taken back.
    GoneInFreeze,
}

impl Note {
    /// One sentence for the person.
    pub fn sentence(self) -> &'static str {
        match self {
            Note::ConflictInFreeze => {
                "Something is booked over it, and it starts too soon to be moved."
            }
            Note::GoneInFreeze => {
                "Nothing asks for it any longer; it starts too soon to take back."
            }
        }
    }
}

/// Plans: the same input gives the same plan, in whatever order it comes.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let requests = in_order(input.requests);
    let ground = ground::Ground::of(&PlanInput { requests: &requests, ..*input });
    let attempt = place::place(&ground);
    let risks = risk::risks(&attempt);
    let mut plan = blocks::publish(attempt);
    plan.risks = risks;
    plan.suggestions.sort_by(|a, b| a.uid.cmp(&b.uid));
    plan.withdrawn.sort();
    plan.unplaced.sort();
    plan.unplaced.dedup();
    plan.notes.sort();
    plan
}

/// Requests by door and name, so that nothing hangs on the order in which they were found. Of two
/// with one name the first counts.
fn in_order(requests: &[Request]) -> Vec<Request> {
    let mut requests = requests.to_vec();
    // A shorter name first: `ask:9` was asked before `ask:10`.
    let name = |r: &Request| (r.door, r.key.0.len(), r.key.clone());
    requests.sort_by_key(name);
    requests.dedup_by(|b, a| a.key == b.key);
    requests
}
