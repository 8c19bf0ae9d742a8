//! `chronotype sync`: one turn now.

use super::cure::Cure;
use super::output::{GOOD, styled};
use super::suggestions::Kept;
use super::{CommandError, Global, account, context, output, progress, risks, search, suggestions};
use crate::cycle::{self, Brain, Left, Mode, Report, Step, Turn, TurnError, Warning};
use crate::store::{Person, Store};
use crate::sync::diff::Deletions;
use crate::sync::poll::Client;
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Look at the calendars, learn from what changed, and write suggested blocks back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would be done; keep nothing and write nothing
    #[arg(long, conflicts_with = "observe")]
    dry_run: bool,
    /// Look and learn only: propose nothing, write nothing
    #[arg(long)]
    observe: bool,
    /// Believe deletions that look like an accident
    #[arg(long)]
    accept_deletions: bool,
    /// Die at the n-th step boundary, for tests of recovery
    #[arg(long, hide = true)]
    die_at: Option<usize>,
}

/// Broken objects are named up to so many; `status` keeps naming them.
const BROKEN_SHOWN: usize = 1;

/// Runs the command.
///
/// # Errors
/// A failure when no account could be reached or the store fails; config errors.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let opened = match args.dry_run {
        true => context::open_copy(global)?,
        false => context::open(global)?,
    };
    let config = &opened.config;
    let watch = config.suggestions.mode == crate::config::Mode::Observe;
    let mode = match (args.dry_run, args.observe || watch) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Observe,
        (false, false) => Mode::Suggest,
    };
    let deletions = match args.accept_deletions {
        true => Deletions::Accepted,
        false => Deletions::Guarded,
    };
    let mut settings = account::settings(config, opened.zone, mode, deletions);
    // A dry run asks nobody.
    let assistant = match mode {
        Mode::DryRun => None,
        Mode::Suggest | Mode::Observe => account::assistant(config).unwrap_or_else(|why| {
            output::warn(&format!("the assistant is not asked: {why}"));
            None
        }),
    };
    settings.assistant = settings.assistant.filter(|_| assistant.is_some());
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let embeddings = account::embeddings(config).unwrap_or_else(|why| {
        output::warn(&format!("the embeddings endpoint is not asked: {why}"));
        None
    });
    let mem0 = account::mem0(config).unwrap_or_else(|why| {
        output::warn(&format!("insights are not mirrored: {why}"));
        None
    });
    let brain = brain.with_assistant(assistant).with_embeddings(embeddings).with_mem0(mem0);
    let clients = account::clients(config);
    if clients.is_empty() {
        return Err(CommandError::config("the config names no account")
            .hint("add an [[account]]; `chronotype config show --defaults` has examples"));
    }
    for account in config.accounts.iter().filter(|a| a.password_file_is_open()) {
        let name = &account.name;
        output::warn(&format!("account {name}: others can read its password file: chmod 600"));
    }
    for account in config.accounts.iter().filter(|a| a.tls.key_is_open()) {
        let name = &account.name;
        output::warn(&format!("account {name}: others can read its client key: chmod 600"));
    }
    let bar = progress::bar(global, "reading calendars", 1);
    let boundary = Boundary::new(args.die_at);
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
    let (report, person) = perform(&opened.store, opened.person, &clients, &brain, &turn)?;
    if !args.dry_run {
        search::refresh(&config.store, &opened.principal, &report, &person);
    }
    bar.finish_and_clear();
    let failure = nothing_read(&report);
    tell(&report, &person, &turn, global, failure.is_none())?;
    failure.map_or(Ok(()), Err)
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
fn sentences(warnings: &[Warning]) -> Vec<String> {
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

fn tell(
    report: &Report,
    person: &Person,
    turn: &Turn<'_>,
    global: &Global,
    read: bool,
) -> Result<(), CommandError> {
    let said = sentences(&report.warnings);
    // The only one is the error then.
    for warning in said.iter().filter(|_| read || said.len() > 1) {
        output::warn(warning);
    }
    if global.json {
        return output::json(&document(report, person, turn));
    }
    if !read {
        return Ok(());
    }
    let dry = turn.settings.mode == Mode::DryRun;
    let mut text = summary(report, dry);
    let told = |left: &&Left| risks::is_told(&person.risks, &left.request, left.why);
    for left in report.unplaced.iter().filter(|left| !told(left)) {
        let title = super::table::plain(&left.title);
        text.push_str(&format!("Not placed: {title}. {}\n", left.why.sentence()));
    }
    text.push_str(&risks::list(&person.risks, turn.now, turn.settings.zone));
    for (uid, note) in &report.left_alone {
        let Some(block) = person.suggestions.get(uid) else { continue };
        let when = block.start.with_timezone(&turn.settings.zone).format("%a %H:%M");
        let title = super::table::plain(&block.title);
        text.push_str(&format!("Left alone: {title}, {when}. {}\n", note.sentence()));
    }
    if dry {
        text.push_str(&blocks(person, turn, turn.settings.zone));
    }
    output::data(&text)
}

/// What the turn did, in one line; what would be done, in a second.
fn summary(report: &Report, dry: bool) -> String {
    let mut facts = Vec::new();
    if report.changed > 0 {
        facts.push(output::count(report.changed, "change"));
    }
    if report.vanished > 0 {
        facts.push(format!("{} gone", output::count(report.vanished, "object")));
    }
    if report.learned > 0 {
        facts.push(format!("learned from {}", output::count(report.learned, "event")));
    }
    if report.merged_types > 0 {
        facts.push(format!(
            "{} now part of others",
            output::count(report.merged_types, "task type")
        ));
    }
    if report.split_types > 0 {
        facts.push(format!("{} split off", output::count(report.split_types, "task type")));
    }
    let writes = report.writes;
    let parts = [(writes.create, "new"), (writes.update, "moved"), (writes.delete, "taken back")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let blocks = format!("blocks: {}", parts.join(", "));
    if !parts.is_empty() && !dry {
        let wanted = writes.create + writes.update + writes.delete;
        facts.push(match report.written {
            0 => "no block written".to_owned(),
            all if all == wanted => styled(GOOD, &blocks),
            some => format!("{blocks}; {some} of them written"),
        });
    }
    let facts = if facts.is_empty() { "nothing new".to_owned() } else { facts.join("; ") };
    let mut text = format!("{} read: {facts}\n", output::count(report.collections, "calendar"));
    if dry {
        let blocks = if parts.is_empty() { "no block" } else { blocks.as_str() };
        text.push_str(&format!("{}\n", styled(GOOD, &format!("would write {blocks}"))));
    }
    text
}

fn blocks(person: &Person, turn: &Turn<'_>, zone: Tz) -> String {
    let ahead = suggestions::ahead(person, turn.now);
    suggestions::list(&ahead, person, zone, Kept::Nowhere)
}

fn sentence(warning: &Warning) -> String {
    match warning {
        Warning::Account { account, message } => format!("account {account}: {message}"),
        Warning::Collection { name, message, .. } => format!("calendar {name}: {message}"),
        Warning::Broken { name, href, message } => {
            format!("calendar {name}: {href} can't be read: {message}")
        }
        Warning::Held { name, objects } => format!(
            "calendar {name}: {objects} objects vanished at once; nothing is believed yet \
             (`chronotype status` says more)"
        ),
        Warning::Write { message } => format!("a block could not be written: {message}"),
    }
}

fn document(report: &Report, person: &Person, turn: &Turn<'_>) -> Value {
    let ahead = suggestions::ahead(person, turn.now);
    let zone = turn.settings.zone;
    let unplaced: Vec<Value> = report
        .unplaced
        .iter()
        .map(|l| json!({ "request": l.request.0, "title": l.title, "why": l.why.sentence() }))
        .collect();
    json!({
        "dry_run": turn.settings.mode == Mode::DryRun,
        "requests": report.requests,
        "collections": report.collections,
        "changed": report.changed,
        "vanished": report.vanished,
        "events": report.events,
        "classified": report.classified,
        "new_types": report.new_types,
        "merged_types": report.merged_types,
        "split_types": report.split_types,
        "settled": report.settled,
        "learned": report.learned,
        "task_types": report.types,
        "insights": report.insights,
        "writes": {
            "create": report.writes.create,
            "update": report.writes.update,
            "delete": report.writes.delete,
        },
        "written": report.written,
        "unplaced": unplaced,
        "at_risk": risks::fields(&person.risks, turn.now, zone),
        "left_alone": report
            .left_alone
            .iter()
            .map(|(uid, note)| json!({ "uid": uid.as_str(), "why": note.sentence() }))
            .collect::<Vec<_>>(),
        "warnings": sentences(&report.warnings),
        "suggestions":
            ahead.iter().map(|s| suggestions::fields(s, person, zone)).collect::<Vec<_>>(),
    })
}

impl From<TurnError> for CommandError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Store(error) => error.into(),
            TurnError::GoingBack { .. } => CommandError::usage(error.to_string()),
        }
    }
}
