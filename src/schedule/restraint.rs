//! Restraint (DESIGN section 2, point 7): when nothing is proposed although there is room for it.

use super::request::Door;
use chrono::{DateTime, Utc};

/// The person wants quiet for a while. Until it ends nothing is proposed but what they ask for by
/// name, and what was proposed unasked within it is taken back. What they asked for and what they
/// touched stays; looking and learning go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it ends, not included.
    pub until: DateTime<Utc>,
}

/// What holds the plan back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restraint {
    /// The pause there is.
    pub pause: Option<Pause>,
}

impl Restraint {
    /// As things stand at a moment: a pause that is over holds nothing back.
    pub fn new(pause: Option<Pause>, now: DateTime<Utc>) -> Self {
        Self { pause: pause.filter(|pause| now < pause.until) }
    }

    /// Whether nothing new is proposed for what came through this door: a person who asks by name
    /// while it is quiet wants an answer.
    pub fn is_quiet(&self, door: Door) -> bool {
        self.pause.is_some() && door != Door::Ask
    }
}
