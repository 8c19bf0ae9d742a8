//! The life of a block, as one state machine: nothing else changes the state of a [`Suggestion`]
//! that is kept. A plan that tries something out does so on copies.
//!
//! ```text
//!              defend                    it was marked ✓ ──▶ done
//!   proposed ─────────▶ defended         it was marked ✗ ──▶ not done
//!   tentative, free     tentative, busy  neither ──────────▶ past
//!      │  │  │             │  │  │                ▲
//!      │  │  └──── end ────│──│──┴────── end ─────┤
//!      │  └──── take back ─│──┴──▶ withdrawn      │
//!      │                   │           │          │
//!      ├───────────────────┤◀── spare ─┘          │
//!      │ keep, move        │ edit                 │
//!      ▼                   ▼                      │
//!   accepted ── edit ──▶ taken ──────── end ──────┘
//!   it stays there       theirs, never touched again
//!      │  ▲                │  ▲
//!      │  └── restore ─────│──┤ edit of what was declined
//!      └─── delete ────────┴──│──▶ declined
//! ```
//!
//! - *Ours* are `proposed` and `defended`: only these are moved, rewritten and taken back. Every
//!   gesture leads out of them, and no way leads back: when in doubt it is the person's.
//! - A gesture counts from every state on, also where we took the block back or its time is over:
//!   who drags it out of the past, or puts back what they deleted, wants it.
//! - *Done* and *not done* are no states of their own: the person's mark on the event, or on the
//!   VTODO that it serves, says so, and may be taken away again ([`Stage`]).

use super::suggestion::{State, Suggestion};
use chrono::{DateTime, Utc};

/// What happens to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// We make its time busy.
    Defend,
    /// The person marked it busy or free in place.
    Keep,
    /// The person gave it another time, length or calendar.
    Move,
    /// The person put it back where they had deleted it.
    Restore,
    /// The person changed anything else about it.
    Edit,
    /// The person deleted or cancelled it.
    Delete,
    /// We take it back.
    TakeBack,
    /// It was to be taken back, and its start came too near for that.
    Spare,
    /// Its time is over.
    End,
    /// The person takes back a no that they gave by an order.
    Unsay,
}

/// The state after it; `None` = it changes nothing.
pub fn after(state: State, what: Happening) -> Option<State> {
    use Happening::{Defend, Delete, Edit, End, Keep, Move, Restore, Spare, TakeBack, Unsay};
    use State::{Accepted, Defended, Past, Proposed, Refused, Taken, Withdrawn};
    match (state, what) {
        (Proposed, Defend) => Some(Defended),
        (Proposed | Defended | Withdrawn | Refused | Past, Keep | Move | Restore) => {
            Some(Accepted)
        }
        (Proposed | Defended | Accepted | Withdrawn | Refused | Past, Edit) => Some(Taken),
        (Proposed | Defended | Accepted | Taken | Withdrawn, Delete) => Some(Refused),
        (Proposed | Defended, TakeBack) => Some(Withdrawn),
        (Withdrawn, Spare) => Some(Proposed),
        (Refused, Unsay) => Some(Withdrawn),
        (Proposed | Defended | Accepted | Taken, End) => Some(Past),
        (Defended | Accepted | Taken | Refused | Withdrawn | Past, Defend)
        | (Accepted | Taken, Keep | Move | Restore)
        | (Taken, Edit)
        // Tidied up.
        | (Past | Refused, Delete)
        | (Accepted | Taken | Refused | Withdrawn | Past, TakeBack)
        | (Proposed | Defended | Accepted | Taken | Refused | Past, Spare)
        | (Refused | Withdrawn | Past, End)
        | (Proposed | Defended | Accepted | Taken | Withdrawn | Past, Unsay) => None,
    }
}

impl Suggestion {
    /// Takes over what happened; whether that changed its state.
    pub fn live(&mut self, what: Happening, now: DateTime<Utc>) -> bool {
        let Some(next) = after(self.state, what) else { return false };
        (self.state, self.since) = (next, now);
        true
    }

    /// Where it is in its life, as people are told; `marked`: the person's mark on its event.
    pub fn stage(&self, marked: Option<bool>) -> Stage {
        match (self.state, marked) {
            (State::Refused, _) => Stage::Declined,
            (State::Withdrawn, _) => Stage::Withdrawn,
            (_, Some(true)) => Stage::Done,
            (_, Some(false)) => Stage::NotDone,
            (State::Proposed, None) => Stage::Proposed,
            (State::Defended, None) => Stage::Defended,
            (State::Accepted, None) => Stage::Accepted,
            (State::Taken, None) => Stage::Taken,
            (State::Past, None) => Stage::Past,
        }
    }
}

/// Where a block is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Tentative and free.
    Proposed,
    /// Tentative and busy.
    Defended,
    /// Stays where the person has it.
    Accepted,
    /// Theirs.
    Taken,
    /// Marked done.
    Done,
    /// Marked failed.
    NotDone,
    /// The person deleted it.
    Declined,
    /// We took it back.
    Withdrawn,
    /// Over, and nobody said how it went.
    Past,
}

impl Stage {
    /// Its word in what commands print.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Proposed => "proposed",
            Stage::Defended => "defended",
            Stage::Accepted => "accepted",
            Stage::Taken => "taken",
            Stage::Done => "done",
            Stage::NotDone => "not done",
            Stage::Declined => "declined",
            Stage::Withdrawn => "withdrawn",
            Stage::Past => "past",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 7] = [
        State::Proposed,
        State::Defended,
        State::Accepted,
        State::Taken,
        State::Refused,
        State::Withdrawn,
        State::Past,
    ];

    /// State after each gesture, in the order of [`STATES`]; a dot changes nothing.
    #[track_caller]
    fn check(what: Happening, expected: &str) {
        let letter = |state: State| match after(state, what) {
            None => '.',
            Some(State::Proposed) => 'p',
            Some(State::Defended) => 'd',
            Some(State::Accepted) => 'a',
            Some(State::Taken) => 't',
            Some(State::Refused) => 'x',
            Some(State::Withdrawn) => 'w',
            Some(State::Past) => '-',
        };
        assert_eq!(STATES.map(letter).iter().collect::<String>(), expected, "{what:?}");
    }

    #[test]
    fn every_state_knows_what_may_happen_to_it() {
        check(Happening::Defend, "d......");
        check(Happening::Keep, "aa..aaa");
        check(Happening::Move, "aa..aaa");
        check(Happening::Restore, "aa..aaa");
        check(Happening::Edit, "ttt.ttt");
        check(Happening::Delete, "xxxx.x.");
        check(Happening::TakeBack, "ww.....");
        check(Happening::Spare, ".....p.");
        check(Happening::End, "----...");
        check(Happening::Unsay, "....w..");
    }

    /// What became the person's is never ours again.
    #[test]
    fn no_way_leads_back() {
        let all = [
            Happening::Defend,
            Happening::Keep,
            Happening::Move,
            Happening::Restore,
            Happening::Edit,
            Happening::Delete,
            Happening::TakeBack,
            Happening::Spare,
            Happening::End,
            Happening::Unsay,
        ];
        for theirs in [State::Accepted, State::Taken, State::Refused, State::Past] {
            for what in all {
                assert!(!after(theirs, what).is_some_and(State::is_ours), "{theirs:?} {what:?}");
            }
        }
    }
}
