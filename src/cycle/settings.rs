//! How the person wants their turns: the config, as values.

use crate::event::Whereabouts;
use crate::schedule::plan::Planning;
use crate::schedule::request::Door;
use crate::sync::diff::Deletions;
use crate::sync::reconcile::{self, Target};
use crate::sync::status::Status;
use crate::task::advice::Terms;
use chrono::TimeDelta;
use chrono_tz::Tz;

/// How far a turn goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All twelve steps.
    Suggest,
    /// Steps 1 to 8: looks and learns, proposes nothing, leaves pending writes pending.
    Observe,
    /// All but step 9: only what the person ordered for single blocks is carried out.
    Obey,
    /// Steps 1 to 10, nothing kept and nothing written.
    DryRun,
}

/// What may wait until nobody is disturbed: types that are alike become one, mixed ones two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chores {
    /// Is done where it is due.
    Now,
    /// Waits for a turn at night.
    AtNight,
}

/// The config as the core needs it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone the person is in now.
    pub zone: Tz,
    /// Their home and the stays elsewhere that they told.
    pub whereabouts: Whereabouts,
    /// Calendar addresses from the config, lower case; empty = those the servers state.
    pub addresses: Vec<String>,
    /// How far back the first turn reads.
    pub history: TimeDelta,
    /// How far ahead series are expanded.
    pub ahead: TimeDelta,
    /// How far this turn goes.
    pub mode: Mode,
    /// Which doors are open.
    pub doors: Vec<Door>,
    /// How blocks are placed.
    pub planning: Planning,
    /// Account and collection name for our blocks; `None` = nowhere to write.
    pub suggest_into: Option<(String, String)>,
    /// What to believe about deletions.
    pub deletions: Deletions,
    /// Whether this turn tidies up.
    pub chores: Chores,
    /// On what terms the assistant is asked; `None` = never.
    pub assistant: Option<Terms>,
}

impl Settings {
    /// Addresses that are the person's: as they say, else as their servers do.
    pub(super) fn addresses_of(&self, status: &Status) -> Vec<String> {
        if self.addresses.is_empty() { status.addresses() } else { self.addresses.clone() }
    }

    /// Where new blocks go.
    pub(super) fn target(&self, status: &Status) -> Option<Target> {
        let (account, name) = self.suggest_into.as_ref()?;
        Some(reconcile::target(status, account, name))
    }
}
