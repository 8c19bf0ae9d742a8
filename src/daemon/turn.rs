//! One turn as the service has it done: on a thread of its own, so that what computes delays nobody
//! who waits; ended from outside at any await; a panic in it is its own end and nobody else's.

use super::{Event, House};
use crate::cycle::{self, Cause, Chores, Report, Turn, TurnError, Warning};
use crate::event::PrincipalId;
use crate::store::Store;
use chrono::{DateTime, Timelike, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// A turn that waits for longer than this is given up: servers that trickle are tried again later.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 60);

/// How a turn ended.
pub(super) enum Ended {
    /// Done.
    Well(Box<Report>),
    /// It could not be done.
    Failed(TurnError),
    /// A defect of ours: the turn is lost, as in a crash, and the next one repairs it.
    Panicked,
    /// Waited for something for too long.
    TooLong,
    /// The service ends.
    Stopped,
}

impl Ended {
    /// All that there is was read.
    pub(super) fn is_good_look(&self) -> bool {
        matches!(self, Ended::Well(report) if troubled(report) == 0)
    }

    /// Something could not be read, or the turn could not be done.
    pub(super) fn is_trouble(&self) -> bool {
        match self {
            Ended::Well(report) => troubled(report) > 0,
            Ended::Failed(_) | Ended::Panicked | Ended::TooLong => true,
            Ended::Stopped => false,
        }
    }
}

/// Starts one at this moment, which tidies up or leaves that to another; its end is an event. The
/// store is closed where nobody else has it, which shrinks it (measured).
pub(super) fn start(
    house: Arc<House>,
    store: Store,
    when: (DateTime<Utc>, Chores),
    mut stop: watch::Receiver<bool>,
    events: Sender<Event>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (handle, theirs) = (Handle::current(), Arc::clone(&house));
        let work = move || {
            let whose = tracing::info_span!("turn", person = theirs.principal.as_str());
            let turn = async {
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => Ended::Stopped,
                    ended = one(&theirs, store, when) => ended,
                    () = tokio::time::sleep(LONGEST) => Ended::TooLong,
                }
            };
            handle.block_on(turn.instrument(whose))
        };
        let ended = match tokio::task::spawn_blocking(work).await {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => Ended::Panicked,
            Err(_) => Ended::Stopped,
        };
        let _ = events.send(Event::Turned(house.principal.clone(), ended)).await;
    })
}

async fn one(house: &House, store: Store, when: (DateTime<Utc>, Chores)) -> Ended {
    match looked(house, &store, when).await {
        Ok(report) => Ended::Well(Box::new(report)),
        Err(error) => Ended::Failed(error),
    }
}

async fn looked(
    house: &House,
    store: &Store,
    (now, chores): (DateTime<Utc>, Chores),
) -> Result<Report, TurnError> {
    let before = store.load(&house.principal)?;
    let (before, ahead) = cycle::set_clock_right(store, &house.principal, before, now)?;
    if let Some(ahead) = ahead {
        let words = "the clock was ahead in the last turn and is right now; the turns go on";
        tracing::warn!(%ahead, "{words}");
    }
    let mut settings = (house.settings)(now);
    settings.chores = chores;
    let ready = house.means.get(now);
    settings.assistant = settings.assistant.filter(|_| ready.brain.has_assistant());
    let turn = Turn {
        principal: &house.principal,
        settings: &settings,
        now,
        at: &|_| {},
        progress: &|_, _| {},
    };
    let (report, person) = cycle::turn(store, before, &ready.clients, &ready.brain, &turn).await?;
    (house.learned)(&report, &person);
    if troubled(&report) > 0 {
        house.means.trouble(now);
    }
    Ok(report)
}

/// Something moved in the calendars, or was written.
pub(super) fn moved(report: &Report) -> bool {
    report.changed + report.vanished + report.written > 0
}

/// Accounts and calendars that could not be read.
pub(super) fn troubled(report: &Report) -> usize {
    let stale = |w: &&Warning| matches!(w, Warning::Account { .. } | Warning::Collection { .. });
    report.warnings.iter().filter(stale).count()
}

/// Why they could not be.
pub(super) fn causes(report: &Report) -> impl Iterator<Item = Cause> {
    report.warnings.iter().filter_map(|warning| match warning {
        Warning::Account { cause, .. }
        | Warning::Collection { cause, .. }
        | Warning::Write { cause, .. } => Some(*cause),
        Warning::Broken { .. } | Warning::MoreBroken { .. } | Warning::Held { .. } => None,
    })
}

/// The same in words, each once.
pub(super) fn words_of_causes(report: &Report) -> String {
    let causes: BTreeSet<&str> = causes(report).map(Cause::word).collect();
    causes.into_iter().collect::<Vec<_>>().join(", ")
}

/// Says once when something can't be read, and once when all can again.
pub(super) fn tell(who: &PrincipalId, was_troubled: bool, report: &Report) {
    let person = who.as_str();
    match troubled(report) {
        0 if was_troubled => tracing::info!(person, "all calendars are read again"),
        0 => {}
        _ if was_troubled => {}
        unread => {
            let causes = words_of_causes(report);
            tracing::warn!(person, unread, causes, "not everything can be read: see `status`");
        }
    }
}

/// A number in 0..1 that differs between services, and between moments.
pub(super) fn chance(now: DateTime<Utc>) -> f64 {
    let nanos =
        u64::from(now.nanosecond()) ^ u64::from(std::process::id()).wrapping_mul(0x9e37_79b9);
    (nanos % 1_000_003) as f64 / 1_000_003.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::Brain;
    use crate::daemon::{Means, Ready};
    use chrono::{NaiveTime, TimeDelta};

    fn house(
        settings: impl Fn(DateTime<Utc>) -> crate::cycle::Settings + Send + Sync + 'static,
    ) -> House {
        let ready = || Ready { clients: Vec::new(), brain: Brain::local().unwrap() };
        House {
            principal: PrincipalId::new("ann").unwrap(),
            store: Default::default(),
            socket: Default::default(),
            poll: TimeDelta::minutes(5),
            morning: NaiveTime::MIN,
            night: NaiveTime::MIN,
            means: Means::new(Box::new(ready)),
            accounts: 0,
            metrics: None,
            folders: Vec::new(),
            hosts: Vec::new(),
            settings: Box::new(settings),
            zone: Box::new(|_| chrono_tz::UTC),
            learned: Box::new(|_, _| {}),
        }
    }

    #[tokio::test]
    async fn a_defect_ends_its_own_turn_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s")).unwrap();
        let (events, mut heard) = tokio::sync::mpsc::channel(4);
        let end = watch::Sender::new(false);
        let broken = Arc::new(house(|_| panic!("the words of a title")));
        for _ in 0..2 {
            let (house, store) = (Arc::clone(&broken), store.clone());
            let when = (Utc::now(), Chores::Now);
            start(house, store, when, end.subscribe(), events.clone());
            let Some(Event::Turned(who, ended)) = heard.recv().await else { panic!("no end") };
            assert_eq!(who.as_str(), "ann");
            assert!(matches!(ended, Ended::Panicked));
        }
        // Who is asked to end before the turn begins does nothing.
        end.send_replace(true);
        start(broken, store, (Utc::now(), Chores::Now), end.subscribe(), events);
        assert!(matches!(heard.recv().await, Some(Event::Turned(_, Ended::Stopped))));
    }
}
