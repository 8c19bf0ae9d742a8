//! Before step 2: vectors of titles from the endpoint that the person names, if they want one.
//!
//! Invariants: each title is sent once; a turn waits for a bounded time, and not at all within the
//! pause after a failure; it is decided with the endpoint's vectors where all that it needs are
//! there, else the embedder inside the program stands in for the whole turn, so that two kinds of
//! vectors never meet. Wordings are embedded anew from their titles when the one gives way to the
//! other ([`Brain::keep_up`]); nothing learned hangs on that.

use super::{Brain, Mode, Report, Turn, doors, take_in};
use crate::event::{Event, Span};
use crate::store::Person;
use crate::sync::poll::Account;
use crate::task::title;
use crate::task::vectors::{MOST, Vectors};
use crate::text::embed::calibrate;
use crate::text::embed::endpoint::{BATCH, Embeddings, Fetched};
use crate::text::endpoint::{Again, Failure};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Batches in one turn, at most: the first turn of a long history takes a few turns more.
const MOST_BATCHES: usize = 16;
/// No batch begins after so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The brain to decide this turn with, and all vectors that there are now. `None` where the person
/// wants no other embedder.
pub(super) async fn ready(
    brain: &Brain,
    before: &Person,
    answers: &[Account],
    turn: &Turn<'_>,
) -> Option<(Brain, Vectors)> {
    let endpoint = brain.embeddings()?;
    let mut vectors = before.vectors.of(endpoint.id());
    let wanted = wanted(before, answers, turn, vectors.source.in_use);
    let lacks = |vectors: &Vectors| -> Vec<String> {
        let all = wanted.iter().chain(&calibrate::titles()).cloned().collect::<BTreeSet<_>>();
        all.into_iter().filter(|title| !vectors.by_title.contains_key(title)).collect()
    };
    let missing = lacks(&vectors);
    // A dry run keeps nothing, so that it would have to be sent again.
    if turn.settings.mode != Mode::DryRun && vectors.may_ask(turn.now) {
        fetch(endpoint, &missing, &mut vectors, turn).await;
    }
    if vectors.source.calibration.is_none() {
        vectors.source.calibration = Fetched::calibrate(&vectors.by_title, brain.local_embedder());
    }
    let lacking = lacks(&vectors).len();
    let calibration = vectors.source.calibration.filter(|_| lacking == 0);
    vectors.source.in_use = calibration.is_some();
    tracing::info!(known = vectors.by_title.len(), lacking, "vectors of titles");
    let fetched = calibration.map(|known| Fetched::new(vectors.by_title.clone(), known));
    Some((brain.with_vectors(fetched), vectors))
}

/// Normalised titles that this turn may compare: of wordings, of what is new, of what is to be
/// placed. While the embedder inside the program stands in, also of everything there is.
fn wanted(before: &Person, answers: &[Account], turn: &Turn<'_>, in_use: bool) -> BTreeSet<String> {
    let mut person = before.clone();
    let fresh = take_in::take_in(&mut person, answers, turn, &mut Report::default());
    let timed = |event: &&Event| matches!(event.span, Span::Timed { .. });
    let mut titles: BTreeSet<String> = BTreeSet::new();
    let events: Vec<&Event> = match in_use {
        true => fresh.iter().filter_map(|id| person.events.get(id)).collect(),
        false => person.events.values().collect(),
    };
    titles.extend(events.into_iter().filter(timed).map(|e| title::normalise(&e.title)));
    titles.extend(doors::titles(&person, turn).iter().map(|words| title::normalise(words)));
    let exemplars = person.types.by_id.values().flat_map(|kind| &kind.exemplars);
    titles.extend(exemplars.map(|exemplar| exemplar.title.clone()));
    // Those that say nothing are compared with nothing.
    titles.retain(|title| !title::is_useless(title));
    titles
}

/// Fetches what is missing, batch by batch, until one fails.
async fn fetch(endpoint: &Embeddings, missing: &[String], vectors: &mut Vectors, turn: &Turn<'_>) {
    let (began, mut refused) = (Instant::now(), None);
    for batch in missing.chunks(BATCH).take(MOST_BATCHES) {
        if began.elapsed() > PATIENCE || vectors.by_title.len() >= MOST {
            return;
        }
        match endpoint.embed(batch, vectors.width()).await {
            Ok(fetched) => vectors.take(batch, fetched),
            // It is about a title of this batch: the others may fare better.
            Err(failure) if failure.is_refusal() => refused = Some(failure.why),
            Err(Failure { why, again, .. }) => {
                tracing::warn!(%why, "no vectors");
                let asked = match again {
                    Again::After(pause) => TimeDelta::from_std(pause).ok(),
                    Again::AnyTime | Again::NotNow => None,
                };
                vectors.failed(turn.now, &why, asked);
                return;
            }
        }
    }
    if let Some(why) = refused {
        tracing::warn!(%why, "no vectors of some titles");
        vectors.failed(turn.now, &why, None);
    }
}
