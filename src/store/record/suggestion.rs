//! Mirrors of suggested blocks and asks.

use super::keep::{mirror, mirror_words};
use crate::event::{CollectionId, ETag, Href, Uid};
use crate::schedule::request::{Ask, Detail, Door, RequestKey};
use crate::schedule::suggestion::{Intent, Published, State, Suggestion};
use chrono::{DateTime, Utc};

mirror_words!(DoorRecord of Door { Habit, Todo, Ask, Starter, Around });

mirror_words!(StateRecord of State {
    Proposed, Accepted, Taken, Refused, Withdrawn, Past, Defended,
});

mirror_words!(IntentRecord of Intent { Create, Update, Delete });

mirror!(PublishedRecord of Published {
    collection: CollectionId,
    href: Href,
    etag: Option<ETag>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    title: String,
    description: String,
});

mirror!(SuggestionRecord of Suggestion {
    uid: Uid,
    request: RequestKey,
    door: Door,
    session: u16,
    attempt: u16,
    title: String,
    task_type: u32,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    reasons: Vec<String>,
    score: f32,
    related_to: Option<Uid>,
    state: State,
    since: DateTime<Utc>,
    created_at: DateTime<Utc>,
    sequence: u32,
    intent: Option<Intent>,
    published: Option<Published>,
});

mirror!(AskRecord of Ask {
    number: u32,
    title: String,
    minutes: Option<u32>,
    deadline: DateTime<Utc>,
    asked_at: DateTime<Utc>,
});

/// What an ask says beside what its own record holds.
#[derive(Debug)]
pub(in crate::store) struct DetailEntry {
    pub(in crate::store) number: u32,
    pub(in crate::store) detail: Detail,
}

mirror!(DetailRecord of Detail { sessions: u16, earliest: Option<DateTime<Utc>> });

mirror!(DetailEntryRecord of DetailEntry { number: u32, detail: Detail });
