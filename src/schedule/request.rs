//! What is to be placed: from habits, from VTODOs, from explicit asks.

use crate::event::Uid;
use chrono::{DateTime, Utc};

/// Names a request for as long as it exists: `todo:<uid>`, `habit:<type>:<week>`, `ask:<n>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub String);

/// Through which door it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Noticed in the history: binds to caps.
    Habit,
    /// A VTODO: the person's own wish.
    Todo,
    /// `schedule TEXT`: the person's own wish.
    Ask,
}

impl Door {
    /// All doors.
    pub const ALL: [Door; 3] = [Door::Habit, Door::Todo, Door::Ask];

    /// Whether the person asked for it; what nobody asked for binds to caps, and to restraint.
    pub fn is_asked(self) -> bool {
        match self {
            Door::Habit => false,
            Door::Todo | Door::Ask => true,
        }
    }

    /// Its word in the config and in what commands print.
    pub fn word(self) -> &'static str {
        match self {
            Door::Habit => "habits",
            Door::Todo => "todos",
            Door::Ask => "asks",
        }
    }
}

/// Something to place.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its name.
    pub key: RequestKey,
    /// Title of its blocks.
    pub title: String,
    /// Where it came from.
    pub door: Door,
    /// Its task type, once classified.
    pub task_type: Option<u32>,
    /// Length in minutes; `None` = the type's typical one.
    pub minutes: Option<u32>,
    /// Sessions wanted (habits; a long task is split into more by the plan).
    pub sessions: u16,
    /// Sessions the person usually has in a week, those planned already included; 0 = no habit.
    pub weekly: u16,
    /// Not before.
    pub earliest: Option<DateTime<Utc>>,
    /// Done by; `None` = within the horizon, after those that have one.
    pub deadline: Option<DateTime<Utc>>,
    /// 1 plain, 2 important.
    pub weight: u8,
    /// The VTODO it serves.
    pub related_to: Option<Uid>,
}

/// An explicit ask as the person gave it, kept until its deadline has passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Counts asks; part of the request's key.
    pub number: u32,
    /// Its words.
    pub title: String,
    /// Length in minutes, where stated.
    pub minutes: Option<u32>,
    /// Done by.
    pub deadline: DateTime<Utc>,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
}
