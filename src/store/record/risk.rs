//! Mirrors of deadlines at risk.

use super::keep::{mirror, mirror_enum, mirror_words};
use crate::event::{EventId, Uid};
use crate::schedule::plan::risk::{Choice, Danger, Droppable, Risk};
use crate::schedule::request::RequestKey;
use chrono::{DateTime, Utc};

mirror_words!(DangerRecord of Danger { NoRoom, Crowded, LastPlace });

mirror_enum!(DroppableRecord of Droppable {
    Block { uid: Uid },
    Event { id: EventId },
});

mirror!(ChoiceRecord of Choice { what: Droppable, title: String, start: DateTime<Utc> });

mirror!(RiskRecord of Risk {
    request: RequestKey,
    title: String,
    deadline: DateTime<Utc>,
    danger: Danger,
    minutes: u32,
    stands: Option<DateTime<Utc>>,
    choices: Vec<Choice>,
});
