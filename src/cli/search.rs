//! What the searches of several commands share: the entries of a person, and the index of them.

use super::{CommandError, classify};
use crate::cycle::Report;
use crate::event::PrincipalId;
use crate::store::Person;
use crate::text::embed::StaticEmbedder;
use crate::text::index::{self, Entry, Hit, Index, IndexError};
use std::path::Path;

/// Hits shown of one search.
pub const MOST: usize = 200;

/// Everything of a person that can be found: insights that hold, task types, events. The key of an
/// entry is the name that lists print; types, which have none, are `t` and their number.
pub fn entries(person: &Person) -> Vec<Entry> {
    let insights = person.memory.active().map(|insight| Entry {
        key: super::name::insight(insight.id),
        text: insight.sentence.clone(),
    });
    let types = person
        .types
        .by_id
        .values()
        .map(|kind| Entry { key: format!("t{}", kind.id), text: kind.name.clone() });
    let events = person
        .events
        .values()
        .map(|event| Entry { key: event.id.short(), text: event.title.clone() });
    insights.chain(types).chain(events).collect()
}

/// Finds what suits the words, best first.
///
/// # Errors
/// A failure when the index can't be made.
pub fn find(
    store: &Path,
    principal: &PrincipalId,
    person: &Person,
    words: &str,
) -> Result<Vec<Hit>, CommandError> {
    let embedder = StaticEmbedder::new().map_err(classify::broken)?;
    let folder = index::folder(store, principal);
    let index = Index::bring_up(&folder, &entries(person), &embedder)?;
    Ok(index.search(words, &embedder, MOST)?)
}

/// Brings the index up to what a turn has committed, if that is anything it shows. A failure is no
/// failure of the turn: the next search makes it good.
pub fn refresh(store: &Path, principal: &PrincipalId, report: &Report, person: &Person) {
    if report.changed + report.vanished + report.classified + report.settled == 0 {
        return;
    }
    let Ok(embedder) = StaticEmbedder::new() else { return };
    let folder = index::folder(store, principal);
    if let Err(error) = Index::bring_up(&folder, &entries(person), &embedder) {
        tracing::warn!(%error, "the search index is behind; the next search brings it up");
    }
}

impl From<IndexError> for CommandError {
    fn from(error: IndexError) -> Self {
        CommandError::failure(error.to_string())
            .hint("remove the store's folder that ends in .index: it is built anew")
    }
}
