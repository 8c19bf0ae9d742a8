//! When a block's time is made busy, so that nobody books over it.

use super::plan::Planning;
use super::plan::risk::{Danger, Risk};
use super::suggestion::{State, Suggestion};
use chrono::{DateTime, TimeDelta, Utc};

/// `defence` of the config: which blocks become busy. One that is busy stays so, wherever it moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Defence {
    /// What the person asked for, once it starts within the freeze window or has no other place
    /// left before its deadline. What nobody asked for stays free.
    #[default]
    Auto,
    /// None.
    Never,
    /// All, from the beginning.
    Always,
}

impl Defence {
    /// All of them.
    pub const ALL: [Defence; 3] = [Defence::Auto, Defence::Never, Defence::Always];

    /// The word in the config.
    pub fn word(self) -> &'static str {
        match self {
            Defence::Auto => "auto",
            Defence::Never => "never",
            Defence::Always => "always",
        }
    }
}

/// Whether a proposed block is to become busy.
pub fn is_due(block: &Suggestion, settings: &Planning, risks: &[Risk], now: DateTime<Utc>) -> bool {
    if block.state != State::Proposed || block.start <= now {
        return false;
    }
    let soon = block.start < now + TimeDelta::minutes(settings.freeze_minutes.into());
    // Of a deadline that is missed anyway `stands` is `None`.
    let last = risks.iter().any(|risk| {
        risk.request == block.request
            && risk.stands == Some(block.start)
            && matches!(risk.danger, Danger::LastPlace | Danger::Crowded)
    });
    match settings.defence {
        Defence::Auto => block.door.is_asked() && (soon || last),
        Defence::Never => false,
        Defence::Always => true,
    }
}
