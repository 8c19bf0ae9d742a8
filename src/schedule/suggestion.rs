//! A suggested block: where it stands, why, and what the person made of it.

use super::request::{Door, RequestKey};
use crate::event::{CollectionId, ETag, Href, OUR_PREFIX, PrincipalId, Uid};
use chrono::{DateTime, Utc};

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Proposed by us; ours to move or withdraw.
    Proposed,
    /// The person dragged it: it stays where they put it.
    Accepted,
    /// The person renamed or edited it: theirs now, never touched again.
    Taken,
    /// The person deleted it.
    Refused,
    /// We took it back.
    Withdrawn,
    /// Its time is over.
    Past,
}

/// A write that is decided and not yet confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    /// Put it there.
    Create,
    /// Give it its new time or text.
    Update,
    /// Take it away.
    Delete,
}

/// What we last wrote or saw of it on the server: the measure of whether the person changed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Where it lies.
    pub collection: CollectionId,
    /// Its href.
    pub href: Href,
    /// The version we last saw; `None` when the server gave none.
    pub etag: Option<ETag>,
    /// Start as written.
    pub start: DateTime<Utc>,
    /// End as written.
    pub end: DateTime<Utc>,
    /// Title as written.
    pub title: String,
    /// Description as written.
    pub description: String,
}

/// A suggested block.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// `chronotype-<hash of principal, request, session, attempt>`.
    pub uid: Uid,
    /// What it serves.
    pub request: RequestKey,
    /// Through which door that came.
    pub door: Door,
    /// Which session of the request, from 0.
    pub session: u16,
    /// Which try at it, from 0: a deleted id is never used again.
    pub attempt: u16,
    /// Title.
    pub title: String,
    /// Task type.
    pub task_type: u32,
    /// Start.
    pub start: DateTime<Utc>,
    /// End, not included.
    pub end: DateTime<Utc>,
    /// Why here, and why not there: one sentence each.
    pub reasons: Vec<String>,
    /// Mean slot score it was placed for, as a share of the most a slot could have, 0..=1.
    pub score: f32,
    /// The VTODO it serves.
    pub related_to: Option<Uid>,
    /// What became of it.
    pub state: State,
    /// When `state` last changed.
    pub since: DateTime<Utc>,
    /// Decided at.
    pub created_at: DateTime<Utc>,
    /// How often it was rewritten (SEQUENCE).
    pub sequence: u32,
    /// The write still to be confirmed.
    pub intent: Option<Intent>,
    /// How it stands on the server; `None` before the first confirmed write or sighting.
    pub published: Option<Published>,
}

/// The sentence that owes something to an insight: it names it at its end, as in `… (i3).`
pub fn citing(clause: &str, insight: u32) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{} (i{insight}).", letters.as_str())
}

/// The insight that a sentence names at its end.
fn cited(sentence: &str) -> Option<u32> {
    let (_, id) = sentence.strip_suffix(").")?.rsplit_once(" (i")?;
    id.parse().ok()
}

/// Last paragraph of every block: gestures are the interface.
const GESTURES: &str = "Suggested by chronotype. Keep it or drag it to accept, edit it to make it \
                        yours, delete it to decline.";

impl Suggestion {
    /// The UID of a block: the same person, request, session and attempt give the same one.
    pub fn uid_for(
        principal: &PrincipalId,
        request: &RequestKey,
        session: u16,
        attempt: u16,
    ) -> Uid {
        let mut hasher = blake3::Hasher::new();
        for part in [principal.as_str(), &request.0] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&session.to_le_bytes());
        hasher.update(&attempt.to_le_bytes());
        Uid::new(format!("{OUR_PREFIX}{}", &hasher.finalize().to_hex()[..32]))
    }

    /// DESCRIPTION of the block: its reasons, and what the person can do with it.
    pub fn description(&self) -> String {
        let mut text = self.reasons.join("\n");
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(GESTURES);
        text
    }

    /// Takes back what it owes to insights that do not hold. A proposal that lies on the calendar
    /// is to be written anew then; one on its way there keeps its words until it has arrived.
    pub fn uncite(&mut self, holds: &dyn Fn(u32) -> bool) {
        let before = self.reasons.len();
        if self.intent.is_some() {
            return;
        }
        self.reasons.retain(|sentence| cited(sentence).is_none_or(holds));
        let shorter = self.reasons.len() < before;
        if shorter && self.state == State::Proposed && self.published.is_some() {
            self.intent = Some(Intent::Update);
            self.sequence = self.sequence.saturating_add(1);
        }
    }

    /// Still wanted on the calendar: counts as placed.
    pub fn stands(&self) -> bool {
        matches!(self.state, State::Proposed | State::Accepted | State::Taken)
    }
}
