//! What of the log is told: ours up to a level that can change while it runs, warnings of others.
//!
//! Invariant: other crates stay at warnings, since some of them log requests, and with them what
//! must not be logged. What comes through `log` is for the trace alone, so that a trace changes
//! nothing that a person sees.

use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::{Event, Metadata};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};

/// What can be set.
const LEVELS: [LevelFilter; 4] =
    [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG];
/// Of others.
const FOREIGN: LevelFilter = LevelFilter::WARN;

/// Place of ours in [`LEVELS`].
static OURS: AtomicUsize = AtomicUsize::new(1);

/// Our own level, from now on.
pub(super) fn set(level: LevelFilter) {
    let place = LEVELS.iter().position(|known| *known == level).unwrap_or(LEVELS.len() - 1);
    if OURS.swap(place, Ordering::Relaxed) != place {
        tracing::callsite::rebuild_interest_cache();
    }
}

fn ours() -> LevelFilter {
    LEVELS.get(OURS.load(Ordering::Relaxed)).copied().unwrap_or(FOREIGN)
}

/// The filter.
pub(super) struct Spoken;

impl<S> Filter<S> for Spoken {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        let own = metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        *metadata.level() <= if own { ours() } else { FOREIGN }
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        event.metadata().target() != "log"
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(ours().max(FOREIGN))
    }
}
