//! One turn for a command: the accounts, a sign of life, and what to say of troubles.

use super::context::Opened;
use super::cure::Cure;
use super::{CommandError, Global, account, output, progress, search};
use crate::cycle::{self, Brain, Mode, Report, Step, Turn, TurnError, Warning};
use crate::store::{Person, Store};
use crate::sync::diff::Deletions;
use crate::sync::poll::Client;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// How a command wants its turn.
pub(super) struct How {
    /// How far it goes.
    pub(super) mode: Mode,
    /// What to believe about deletions.
    pub(super) deletions: Deletions,
    /// The step boundary to die at, for tests of recovery.
    pub(super) die_at: Option<usize>,
}

impl How {
    /// Carries out what the person ordered, and no more.
    pub(super) const OBEY: Self =
        Self { mode: Mode::Obey, deletions: Deletions::Guarded, die_at: None };
}

/// A turn that was taken.
pub(super) struct Done {
    /// What it did.
    pub(super) report: Report,
    /// The person after it.
    pub(super) person: Person,
    /// Its moment.
    pub(super) now: DateTime<Utc>,
    /// The person's zone then.
    pub(super) zone: Tz,
    /// How far it went.
    pub(super) mode: Mode,
}

impl Done {
    /// What to end with when no calendar at all could be read.
    pub(super) fn failure(&self) -> Option<CommandError> {
        nothing_read(&self.report)
    }

    /// Says what went wrong; what is the only thing is the error, where nothing could be read.
    pub(super) fn warn(&self) {
        let said = sentences(&self.report.warnings);
        let read = self.failure().is_none();
        for warning in said.iter().filter(|_| read || said.len() > 1) {
            output::warn(warning);
        }
    }
}

/// Broken objects are named up to so many; `status` keeps naming them.
const BROKEN_SHOWN: usize = 1;

/// Takes one turn on the person's calendars.
///
/// # Errors
/// Config errors; a failure when the store fails. Accounts in trouble are in the report.
pub(super) fn take(opened: &Opened, how: How, global: &Global) -> Result<Done, CommandError> {
    let config = &opened.config;
    let How { mode, deletions, die_at } = how;
    let mut settings = account::settings(config, opened.zone, mode, deletions);
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    // A dry run asks nobody, and who only obeys has nothing to ask or to send.
    let speaks = matches!(mode, Mode::Suggest | Mode::Observe);
    let brain = account::equip(brain, config, (speaks, None), &output::warn);
    settings.assistant = settings.assistant.filter(|_| brain.has_assistant());
    let clients = account::clients(config);
    if clients.is_empty() {
        return Err(CommandError::config("the config names no account")
            .hint("add an [[account]]; `chronotype config show --defaults` has examples"));
    }
    let bar = progress::bar(global, "reading calendars", 1);
    let boundary = Boundary::new(die_at);
    let turn = Turn {
        principal: &opened.principal,
        settings: &settings,
        now: global.moment(),
        at: &|step| {
            boundary.pass(step);
            match step {
                Step::Polled => bar.set_message("learning from them"),
                Step::Committed => bar.set_message("writing blocks"),
                Step::Decided | Step::Written(_) | Step::Recorded => {}
            }
        },
        progress: &|done, known| {
            bar.set_length(known);
            bar.set_position(done);
        },
    };
    let mut before = opened.person.clone();
    if global.now.is_none() && mode != Mode::DryRun {
        before = with_clock_right(opened, before, turn.now)?;
    }
    let (report, person) = perform(&opened.store, before, &clients, &brain, &turn)?;
    if mode != Mode::DryRun {
        search::refresh(opened.store.path(), &opened.principal, &report, &person);
    }
    bar.finish_and_clear();
    Ok(Done { report, person, now: turn.now, zone: opened.zone, mode })
}

/// The person as they stand under a clock that is right again, where it was ahead.
fn with_clock_right(
    opened: &Opened,
    before: Person,
    now: DateTime<Utc>,
) -> Result<Person, CommandError> {
    let (right, ahead) = cycle::set_clock_right(&opened.store, &opened.principal, before, now)?;
    if let Some(ahead) = ahead {
        let ahead = super::status::utc(ahead);
        output::warn(&format!("this computer's clock was ahead in the last turn, at {ahead}"));
    }
    Ok(right)
}

/// Counts step boundaries; dies at the one a test asks for, as a power cut would.
struct Boundary {
    die_at: Option<usize>,
    passed: std::sync::atomic::AtomicUsize,
}

impl Boundary {
    fn new(die_at: Option<usize>) -> Self {
        Self { die_at, passed: std::sync::atomic::AtomicUsize::new(0) }
    }

    fn pass(&self, step: Step) {
        let passed = self.passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        tracing::debug!(?step, passed, "step boundary");
        if self.die_at == Some(passed) {
            std::process::abort();
        }
    }
}

/// One turn, and the person as they stand after it.
fn perform(
    store: &Store,
    before: Person,
    clients: &[Client],
    brain: &Brain,
    turn: &Turn<'_>,
) -> Result<(Report, Person), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let (report, person) = runtime.block_on(cycle::turn(store, before, clients, brain, turn))?;
    Ok((report, person))
}

/// What to say when no calendar at all could be read.
fn nothing_read(report: &Report) -> Option<CommandError> {
    let failed = |w: &&Warning| matches!(w, Warning::Account { .. } | Warning::Collection { .. });
    let failed: Vec<&Warning> = report.warnings.iter().filter(failed).collect();
    if report.collections > 0 || failed.is_empty() {
        return None;
    }
    let said = sentences(&report.warnings);
    Some(match said.as_slice() {
        [only] => CommandError::failure(only.clone()).hint(Cure::guess(only).sentence()),
        _ => CommandError::failure("no account could be read")
            .hint("`chronotype status` says for each since when, and what to do"),
    })
}

/// The warnings in words; the same trouble is told once, not for each calendar of an account.
pub(super) fn sentences(warnings: &[Warning]) -> Vec<String> {
    let mut told: Vec<&str> = Vec::new();
    let mut said = Vec::new();
    let broken = |w: &&Warning| matches!(w, Warning::Broken { .. });
    let many = warnings.iter().filter(broken).count();
    if many > BROKEN_SHOWN {
        said.push(format!("{many} objects can't be read; `chronotype status` names them"));
    }
    for warning in warnings.iter().filter(|w| many <= BROKEN_SHOWN || !broken(w)) {
        if let Warning::Account { message, .. } | Warning::Collection { message, .. } = warning {
            if told.contains(&message.as_str()) {
                continue;
            }
            told.push(message);
        }
        said.push(sentence(warning));
    }
    said
}

fn sentence(warning: &Warning) -> String {
    match warning {
        Warning::Account { account, message, .. } => format!("account {account}: {message}"),
        Warning::Collection { name, message, .. } => format!("calendar {name}: {message}"),
        Warning::Broken { name, href, message } => {
            format!("calendar {name}: {href} can't be read: {message}")
        }
        Warning::MoreBroken { name, objects } => {
            format!("calendar {name}: {objects} more objects can't be read")
        }
        Warning::Held { name, objects } => format!(
            "calendar {name}: {objects} objects vanished at once; nothing is believed yet \
             (`chronotype status` says more)"
        ),
        Warning::Write { message, .. } => format!("a block could not be written: {message}"),
    }
}

impl From<TurnError> for CommandError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Store(error) => error.into(),
            TurnError::GoingBack { .. } => CommandError::usage(error.to_string()),
        }
    }
}
