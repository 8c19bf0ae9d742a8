//! Wanted blocks against what stands: operations (pure).

use super::gesture::{BLOCK_MARK, DEFENDED_MARK};
use super::status::Status;
use crate::calendar::Collection;
use crate::event::ical::{self, BlockText, Transparency};
use crate::event::mark::{CATEGORY_MARK, COLOUR_MARK};
use crate::event::{CollectionId, ETag, Href, Span, Uid};
use crate::schedule::suggestion::{Intent, State, Suggestion};
use std::collections::BTreeMap;

/// The category of a block, and its colour where blocks have one: names of CSS, as RFC 7986 section
/// 5.9 wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// The word of the category.
    pub word: &'static str,
    /// `None` = blocks have no colours.
    pub colour: Option<&'static str>,
}

/// A block of ours as text. Made from a [`Suggestion`] and in no other way: that is what keeps
/// [`super::apply`] to our own objects (safety contract, point 1).
#[derive(Debug, Clone, PartialEq)]
pub struct OwnBlock {
    uid: Uid,
    body: String,
}

impl OwnBlock {
    /// Writes the suggestion as an iCalendar object: tentative, free unless it is defended, with
    /// its reasons.
    /// `category` is a mark on it, for calendars that can show one.
    pub fn of(suggestion: &Suggestion, category: Option<Paint>) -> Self {
        let mut text = Self::text(suggestion);
        if let Some(category) = category {
            text.marks.insert(CATEGORY_MARK.to_owned(), category.word.to_owned());
            if let Some(colour) = category.colour {
                text.marks.insert(COLOUR_MARK.to_owned(), colour.to_owned());
                text.painted = Some((category.word.to_owned(), colour.to_owned()));
            }
        }
        Self { uid: suggestion.uid.clone(), body: ical::write(std::slice::from_ref(&text)) }
    }

    /// The suggestion as the component that is written.
    pub fn text(suggestion: &Suggestion) -> BlockText {
        let door = format!("{:?}", suggestion.door).to_lowercase();
        let defended = suggestion.state == State::Defended;
        let marks = [
            (BLOCK_MARK, suggestion.uid.as_str().to_owned()),
            ("X-CHRONOTYPE-DOOR", door),
            ("X-CHRONOTYPE-SESSION", suggestion.session.to_string()),
        ];
        let marks = marks.into_iter().chain(defended.then(|| (DEFENDED_MARK, "busy".to_owned())));
        BlockText {
            uid: suggestion.uid.clone(),
            summary: suggestion.title.clone(),
            description: suggestion.description(),
            span: Span::Timed { start: suggestion.start, end: suggestion.end },
            related_to: suggestion.related_to.clone(),
            marks: marks.map(|(k, v)| (k.to_owned(), v)).collect(),
            painted: None,
            transparency: match defended {
                true => Transparency::Opaque,
                false => Transparency::Transparent,
            },
            sequence: suggestion.sequence,
            stamp: suggestion.since,
        }
    }

    /// Its UID.
    pub fn uid(&self) -> &Uid {
        &self.uid
    }

    /// Its text.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Where new blocks go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A collection that is there.
    Known(Collection),
    /// One to be made.
    ToBeMade {
        /// In this account.
        account: String,
        /// Under this name.
        name: String,
    },
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What is written.
    pub block: OwnBlock,
    /// How.
    pub action: Action,
}

/// How a block is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Unless something lies there already.
    Create {
        /// Where.
        into: Target,
    },
    /// If it still has this version.
    Update(Standing),
    /// If it still has this version.
    Delete(Standing),
}

/// A block as it stands on its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its collection.
    pub collection: CollectionId,
    /// Its href.
    pub href: Href,
    /// The version we last saw.
    pub etag: Option<ETag>,
}

/// Sets each suggestion's intent from what is wanted and what stands, and lists the writes in order
/// of UID. Nothing that became the person's is ever written. `category`: the word for that of a
/// task type.
pub fn reconcile(
    suggestions: &mut BTreeMap<Uid, Suggestion>,
    target: Option<&Target>,
    category: &dyn Fn(u32) -> Option<Paint>,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    for suggestion in suggestions.values_mut() {
        suggestion.intent = intent(suggestion);
        let Some(intent) = suggestion.intent else { continue };
        let standing = suggestion.published.as_ref().map(|p| Standing {
            collection: p.collection.clone(),
            href: p.href.clone(),
            etag: p.etag.clone(),
        });
        let action = match (intent, standing, target) {
            (Intent::Create, _, Some(into)) => Action::Create { into: into.clone() },
            (Intent::Update, Some(standing), _) => Action::Update(standing),
            (Intent::Delete, Some(standing), _) => Action::Delete(standing),
            _ => continue,
        };
        let block = OwnBlock::of(suggestion, category(suggestion.task_type));
        operations.push(Operation { block, action });
    }
    operations
}

fn intent(suggestion: &Suggestion) -> Option<Intent> {
    match (suggestion.state, &suggestion.published) {
        (State::Proposed | State::Defended, None) => Some(Intent::Create),
        (State::Proposed | State::Defended, Some(p)) => {
            let same = p.start == suggestion.start
                && p.end == suggestion.end
                && suggestion.intent != Some(Intent::Update);
            (!same).then_some(Intent::Update)
        }
        (State::Withdrawn, Some(_)) => Some(Intent::Delete),
        (State::Withdrawn | State::Accepted | State::Taken | State::Refused | State::Past, _) => {
            None
        }
    }
}

/// The collection of an account that bears this name, else the wish for it.
pub fn target(status: &Status, account: &str, name: &str) -> Target {
    let mut there = status.collections.iter().filter_map(|(id, c)| c.as_collection(id));
    match there.find(|c| c.account == account && !c.read_only && c.is_called(name)) {
        Some(collection) => Target::Known(collection),
        None => Target::ToBeMade { account: account.to_owned(), name: name.to_owned() },
    }
}
