//! The numbers, counted as turns end, and as Prometheus reads them (OpenMetrics 1.0).
//!
//! Labels take their values from closed lists in this program: nothing that a person, a config or a
//! server says becomes one.

use super::machine;
use crate::cycle::Cause;
use chrono::{DateTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something had changed in the calendars, or was written.
    Changed,
    /// Nothing had.
    Quiet,
    /// Some account or calendar could not be read.
    Partial,
    /// The store failed.
    Failed,
    /// A defect of chronotype ended it.
    Defect,
    /// It was given up.
    TooLong,
}

impl Outcome {
    const ALL: [Self; 6] =
        [Self::Changed, Self::Quiet, Self::Partial, Self::Failed, Self::Defect, Self::TooLong];

    fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Quiet => "quiet",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Defect => "defect",
            Self::TooLong => "too_long",
        }
    }

    /// What failed, where a whole turn did.
    fn cause(self) -> Option<&'static str> {
        match self {
            Self::Changed | Self::Quiet | Self::Partial => None,
            Self::Failed => Some("store"),
            Self::Defect => Some("defect"),
            Self::TooLong => Some("too_long"),
        }
    }
}

/// What one turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Occurrences that got a task type.
    pub classified: usize,
    /// Blocks that got a place.
    pub placed: usize,
    /// Writes to calendars that were confirmed.
    pub written: usize,
    /// Questions to the assistant.
    pub asked: usize,
}

/// How things stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// People who are served.
    pub people: usize,
    /// Files of people that are not in force as they stand.
    pub refused: usize,
    /// Accounts of which not everything could be read at the last look.
    pub stale_accounts: usize,
    /// The last look that read everything, of the person for whom that is longest ago; of one who
    /// had none, when they came. `None` = nobody is served.
    pub good_look: Option<DateTime<Utc>>,
    /// Turns that are due and have not begun.
    pub due: usize,
    /// Turns that run.
    pub running: usize,
    /// Commands that wait for the store.
    pub waiting: usize,
}

type Labelled = Family<Vec<(&'static str, &'static str)>, Counter>;

/// All that is counted, from the start of the service on.
#[derive(Debug)]
pub struct Numbers {
    registry: Registry,
    turns: Labelled,
    failures: Labelled,
    decisions: Labelled,
    asked: Counter,
    written: Counter,
    standing: Arc<Mutex<Standing>>,
}

impl Numbers {
    /// Nothing is counted yet; the store is the one whose size is told.
    pub fn new(store: &Path, started: DateTime<Utc>) -> Self {
        let mut registry = Registry::with_prefix("chronotype");
        let (turns, failures, decisions) =
            (Labelled::default(), Labelled::default(), Labelled::default());
        let (asked, written) = (Counter::default(), Counter::default());
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", version);
        registry.register("turns", "Turns by how they ended", turns.clone());
        registry.register("failures", "What could not be read or written", failures.clone());
        let help = "Occurrences classified and blocks placed";
        registry.register("decisions", help, decisions.clone());
        registry.register("assistant_calls", "Questions to the assistant", asked.clone());
        registry.register("writes", "Writes to calendars that were confirmed", written.clone());
        let standing = Arc::new(Mutex::new(Standing::default()));
        let gauges = Gauges {
            standing: Arc::clone(&standing),
            decisions: decisions.clone(),
            asked: asked.clone(),
            store: store.to_owned(),
            started,
        };
        registry.register_collector(Box::new(gauges));
        let numbers = Self { registry, turns, failures, decisions, asked, written, standing };
        numbers.show_zeros();
        numbers
    }

    /// Each series is there from the start: a rate needs the zero before the first one.
    fn show_zeros(&self) {
        let breaks = Outcome::ALL.iter().filter_map(|outcome| outcome.cause());
        for cause in Cause::ALL.iter().map(|cause| cause.word()).chain(breaks) {
            self.failures.get_or_create_owned(&vec![("cause", cause)]);
        }
        for outcome in Outcome::ALL {
            self.turns.get_or_create_owned(&vec![("outcome", outcome.word())]);
        }
        for kind in DECISIONS {
            self.decisions.get_or_create_owned(&of_kind(kind));
        }
    }

    /// A turn has ended.
    pub fn turned(&self, outcome: Outcome) {
        self.turns.get_or_create(&vec![("outcome", outcome.word())]).inc();
        if let Some(cause) = outcome.cause() {
            self.failures.get_or_create(&vec![("cause", cause)]).inc();
        }
    }

    /// Something could not be read or written in it.
    pub fn failed(&self, cause: Cause) {
        self.failures.get_or_create(&vec![("cause", cause.word())]).inc();
    }

    /// It did this.
    pub fn worked(&self, work: Work) {
        let [classified, placed] = DECISIONS.map(of_kind);
        self.decisions.get_or_create(&classified).inc_by(wide(work.classified));
        self.decisions.get_or_create(&placed).inc_by(wide(work.placed));
        self.asked.inc_by(wide(work.asked));
        self.written.inc_by(wide(work.written));
    }

    /// How things stand now.
    pub fn stand(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// The page.
    ///
    /// # Errors
    /// None that can be: text is written into memory.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Kinds of decisions that the assistant's share is of.
const DECISIONS: [&str; 2] = ["classified", "placed"];

fn of_kind(kind: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("kind", kind)]
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What is looked up when somebody asks.
#[derive(Debug)]
struct Gauges {
    standing: Arc<Mutex<Standing>>,
    decisions: Labelled,
    asked: Counter,
    store: PathBuf,
    started: DateTime<Utc>,
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = *self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = now.good_look.map_or(0, |at| (Utc::now() - at).num_seconds().max(0));
        let decided: u64 =
            DECISIONS.iter().map(|kind| self.decisions.get_or_create(&of_kind(kind)).get()).sum();
        let share = self.asked.get() as f64 / decided.max(1) as f64;
        let whole = |number: usize| number as f64;
        let gauges = [
            ("people", "People who are served", Some(whole(now.people))),
            ("refused_files", "Configs not in force as they stand", Some(whole(now.refused))),
            ("staleness_seconds", "Since the oldest look that read all", Some(stale as f64)),
            (
                "stale_accounts",
                "Accounts not read at the last look",
                Some(whole(now.stale_accounts)),
            ),
            ("turns_due", "Turns that are due and wait", Some(whole(now.due))),
            ("turns_running", "Turns that run", Some(whole(now.running))),
            ("commands_waiting", "Commands that wait", Some(whole(now.waiting))),
            ("assistant_share", "Assistant calls a decision", Some(share)),
            ("store_bytes", "Size of the store", Some(machine::size(&self.store) as f64)),
            ("resident_bytes", "Resident memory", machine::resident().map(|n| n as f64)),
            ("open_files", "Open descriptors", machine::descriptors().map(|n| n as f64)),
            ("start_time_seconds", "Start, Unix time", Some(self.started.timestamp() as f64)),
        ];
        for (name, help, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}
