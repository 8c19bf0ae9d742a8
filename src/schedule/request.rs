//! What is to be placed: from habits, from VTODOs, from explicit asks.

use crate::event::Uid;
use chrono::{DateTime, Utc};

/// Names a request for as long as it exists: `todo:<uid>`, `plan:<uid>`, `ask:<n>`,
/// `habit:<type>:<week>`, `starter:<n>:<week>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub String);

/// Through which door it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Noticed in the history: binds to caps.
    Habit,
    /// A VTODO: the person's own wish.
    Todo,
    /// `schedule TEXT`, or an event titled `plan: TEXT`: the person's own wish.
    Ask,
    /// A task to begin with, while nothing is known of the person: binds to caps.
    Starter,
    /// Time to prepare for a meeting, or to recover from one: binds to caps.
    Around,
}

impl Door {
    /// The doors of the config; what is around meetings has keys of its own.
    pub const ALL: [Door; 4] = [Door::Habit, Door::Todo, Door::Ask, Door::Starter];

    /// Whether the person asked for it; what nobody asked for binds to caps, and to restraint.
    pub fn is_asked(self) -> bool {
        match self {
            Door::Habit | Door::Starter | Door::Around => false,
            Door::Todo | Door::Ask => true,
        }
    }

    /// Its word in the config and in what commands print.
    pub fn word(self) -> &'static str {
        match self {
            Door::Habit => "habits",
            Door::Todo => "todos",
            Door::Ask => "asks",
            Door::Starter => "starters",
            Door::Around => "around",
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
    /// The VTODO or event that asks for it.
    pub related_to: Option<Uid>,
    /// Not to be begun before the blocks of these are over.
    pub after: Vec<RequestKey>,
    /// What of the person's free time it may reach into.
    pub reach: Reach,
}

/// What of the free time a block may lie in; what the person asked for may lie in all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Saturday and Sunday.
    pub weekend: bool,
    /// After [`EVENING`].
    pub evening: bool,
}

/// The minute of the day at which the evening begins.
pub const EVENING: u16 = 18 * 60;

impl Reach {
    /// Nothing is out of reach.
    pub const ALL: Reach = Reach { weekend: true, evening: true };
    /// Workdays, before the evening.
    pub const WORK: Reach = Reach { weekend: false, evening: false };

    /// Whether a block of these minutes of a day is within it; weekday 0 = Monday.
    pub fn holds(self, weekday: usize, end: i32) -> bool {
        (self.weekend || weekday < 5) && (self.evening || end <= i32::from(EVENING))
    }
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

/// What an ask says beside a length and a deadline.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// How many sessions of that length.
    pub sessions: u16,
    /// Not before.
    pub earliest: Option<DateTime<Utc>>,
}
