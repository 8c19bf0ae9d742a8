//! After the commit: insights are mirrored to a Mem0 server, for those who want that.
//!
//! Invariants: a failure holds up nothing and is tried again in a later turn; a turn waits for a
//! bounded time. A crash between a reply and the commit behind it sends an insight once more.

use super::Turn;
use crate::memory::mirror::{Errand, Mirror};
use crate::store::Person;
use crate::text::endpoint::{Again, Failure};
use crate::text::mem0::Mem0;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, Instant};

/// Errands in one turn; the rest waits for the next.
const MOST_ERRANDS: usize = 20;
/// No errand begins after so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Brings what lies at the server in line with what holds, until something fails; how it stands
/// then, `None` when there was nothing to do.
pub(super) async fn mirror(server: &Mem0, person: &Person, turn: &Turn<'_>) -> Option<Mirror> {
    let mut mirror = person.mirror.of(server.id());
    if !mirror.may_ask(turn.now) {
        return None;
    }
    let began = Instant::now();
    let errands = mirror.errands(&person.memory);
    let mut refused: Option<Failure> = None;
    for errand in errands.iter().take(MOST_ERRANDS) {
        if began.elapsed() > PATIENCE {
            break;
        }
        let done = match errand {
            Errand::TakeBack(insight) => take_back(server, &mut mirror, *insight).await,
            Errand::Send(insight) => {
                let name = format!("i{}", insight.id);
                let sent = server.store(&insight.sentence, insight.kind.word(), &name).await;
                sent.map(|names| mirror.was_sent(insight, names))
            }
        };
        match done {
            Ok(()) => {}
            // It is about this one: the others may fare better.
            Err(failure) if failure.is_refusal() => refused = Some(failure),
            Err(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    if let Some(failure) = refused {
        note(&mut mirror, &failure, turn.now);
    }
    (mirror != person.mirror).then_some(mirror)
}

/// Takes back all that lies there of one insight.
///
/// # Errors
/// [`Failure`]: what is left of it is tried again.
pub async fn take_back(server: &Mem0, mirror: &mut Mirror, insight: u32) -> Result<(), Failure> {
    let names = mirror.sent.get(&insight).map(|sent| sent.names.clone()).unwrap_or_default();
    for name in &names {
        server.take_back(name).await?;
    }
    mirror.was_taken_back(insight);
    Ok(())
}

fn note(mirror: &mut Mirror, failure: &Failure, now: DateTime<Utc>) {
    tracing::warn!(why = failure.why, "insights are not mirrored");
    let asked = match failure.again {
        Again::After(pause) => TimeDelta::from_std(pause).ok(),
        Again::AnyTime | Again::NotNow => None,
    };
    mirror.failed(now, &failure.why, asked);
}
