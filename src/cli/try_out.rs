//! `chronotype try`: what it would learn and suggest, from files alone. No account, no store.

use super::output::{FAINT, HEADING, styled};
use super::suggestions::Kept;
use super::{CommandError, Global, account, insights, output, progress, risks, suggestions, types};
use crate::calendar::vdir::Vdir;
use crate::config::{Config, Origin};
use crate::cycle::{self, Brain, Decision, Left, Mode, Turn, Warning};
use crate::event::ical::{self, EventComponent};
use crate::event::time::{local_date, local_midnight};
use crate::event::{PrincipalId, Stamp, Zone};
use crate::schedule::slot::Habits;
use crate::store::Person;
use crate::sync::diff::Deletions;
use crate::sync::poll::{Account, Client, Discovery, poll};
use crate::sync::reconcile::OwnBlock;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Read .ics files or folders, and print what they teach and what would be suggested. Needs no
/// account and keeps nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Exported calendars (.ics), or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also write the suggested blocks into this file
    #[arg(long, value_name = "FILE.ics")]
    out: Option<PathBuf>,
    /// Your time zone [default: the one most events are in]
    #[arg(long, value_name = "ZONE")]
    tz: Option<Tz>,
}

/// A calendar whose last single event lies further back than this is looked at as of its end.
const OLD: TimeDelta = TimeDelta::days(14);
/// Events further ahead than this don't show that somebody keeps the calendar.
const FAR: TimeDelta = TimeDelta::days(366);
/// Types shown; the rest is counted.
const TYPES_SHOWN: usize = 15;

/// Runs the command.
///
/// # Errors
/// A failure when a path can't be read or holds no calendar.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let answers = read(args, global)?;
    let scan = Scan::of(&answers);
    if scan.objects == 0 {
        return Err(CommandError::failure("no calendar object was found there")
            .hint("give an exported .ics file, or a folder that holds some"));
    }
    let zone = args.tz.or_else(|| scan.zone()).unwrap_or(Tz::UTC);
    let now = global.now.unwrap_or_else(|| scan.moment(zone, global.moment()));
    let principal = PrincipalId::new("try").map_err(CommandError::failure)?;
    // As somebody with an empty config has it.
    let config = Config::parse("", &Origin::default())?;
    let settings = account::settings(&config, zone, Mode::DryRun, Deletions::Guarded);
    let turn =
        Turn { principal: &principal, settings: &settings, now, at: &|_| {}, progress: &|_, _| {} };
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let decision = cycle::decide(&Person::default(), &answers, &brain, &turn);
    for warning in &decision.report.warnings {
        if let Warning::Broken { href, message, .. } = warning {
            output::warn(&format!("{href}: {message}"));
        }
    }
    if let Some(out) = &args.out {
        write_blocks(out, &decision.person, now)?;
    }
    match global.json {
        true => document(&decision, &turn),
        false => output::data(&text(&decision, &turn)),
    }
}

fn read(args: &Args, global: &Global) -> Result<Vec<Account>, CommandError> {
    let clients: Vec<Client> = args.paths.iter().enumerate().map(client).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let bar = progress::bar(global, "reading", 1);
    let tell = |done, known| {
        bar.set_length(known);
        bar.set_position(done);
    };
    let nothing = Person::default();
    let answers = runtime.block_on(poll(&clients, &nothing.status, global.moment(), &tell));
    bar.finish_and_clear();
    for (answer, path) in answers.iter().zip(&args.paths) {
        let listings = answer.listings.iter().filter_map(|(_, listing)| listing.as_ref().err());
        let failed = answer.discovered.iter().filter_map(|found| found.as_ref().err());
        if let Some(error) = failed.chain(listings).next() {
            let (error, path) = (error.to_string(), path.display().to_string());
            // Most name the path already.
            let named = error.contains(&path);
            let message = if named { error } else { format!("can't read {path}: {error}") };
            return Err(CommandError::failure(message));
        }
    }
    Ok(answers)
}

fn client((number, path): (usize, &PathBuf)) -> Client {
    Client {
        calendar: Box::new(Vdir::new(format!("file{}", number + 1), path.clone())),
        wanted: None,
        suggest_into: None,
        discovery: Discovery::EachTurn,
    }
}

/// What a first look over the files says of the person.
#[derive(Default)]
struct Scan {
    objects: usize,
    zones: BTreeMap<&'static str, usize>,
    starts: Vec<DateTime<Utc>>,
}

impl Scan {
    fn of(answers: &[Account]) -> Self {
        let mut scan = Self::default();
        let listings = answers.iter().flat_map(|a| &a.listings);
        for fetched in listings.filter_map(|(_, l)| l.as_ref().ok()).flat_map(|l| &l.changed) {
            for object in ical::parse(&fetched.body).objects {
                scan.objects += 1;
                object.events.iter().for_each(|e| scan.note(e));
            }
        }
        scan
    }

    fn note(&mut self, component: &EventComponent) {
        if let Stamp::Zoned(_, Zone::Iana(zone)) = component.start {
            *self.zones.entry(zone.name()).or_insert(0) += 1;
        }
        // A series may run for ever; single events show how far somebody kept the calendar.
        if component.rules.is_empty() {
            self.starts.push(component.start.instant(Tz::UTC));
        }
    }

    /// The zone most events are in.
    fn zone(&self) -> Option<Tz> {
        self.zones.iter().max_by_key(|(_, count)| **count).and_then(|(zone, _)| zone.parse().ok())
    }

    /// Now; for an old calendar the Monday after its last single event, at six.
    fn moment(&self, zone: Tz, clock: DateTime<Utc>) -> DateTime<Utc> {
        // A typed-in year 9999 says nothing.
        let last = self.starts.iter().filter(|start| **start < clock + FAR).max();
        match last.copied() {
            Some(last) if last < clock - OLD => {
                let day = local_date(last, zone);
                let days = 7 - i64::from(day.weekday().num_days_from_monday());
                let monday = day.checked_add_signed(TimeDelta::days(days)).unwrap_or(day);
                local_midnight(monday, zone) + TimeDelta::hours(6)
            }
            _ => clock,
        }
    }
}

fn text(decision: &Decision, turn: &Turn<'_>) -> String {
    let Decision { person, report, .. } = decision;
    let zone = turn.settings.zone;
    let heading = |words: &str| styled(HEADING, words);
    let when = turn.now.with_timezone(&zone).format("%A %-d %B %Y, %H:%M");
    let mut text = format!(
        "{}, {}, as of {when} ({zone})\n",
        output::count(report.events, "event"),
        output::kinds(report.types),
    );
    let all = types::by_events(&person.types);
    let shown = &all[..all.len().min(TYPES_SHOWN)];
    text.push_str(&format!("\n{}\n", heading("What you do, and when it goes best")));
    match shown.is_empty() {
        true => text.push_str("No event lies in the half year before.\n"),
        false => text.push_str(&types::overview(shown, &Habits::of(&person.types))),
    }
    if all.len() > shown.len() {
        let line = format!("and {}", output::count(all.len() - shown.len(), "rarer kind"));
        text.push_str(&format!("{}\n", styled(FAINT, &line)));
    }
    let held: Vec<String> =
        person.memory.active().map(|i| insights::line(i, zone, Kept::Nowhere)).collect();
    text.push_str(&format!("\n{}\n", heading("What stands out")));
    match held.is_empty() {
        true => text.push_str("Nothing yet that would survive a test.\n"),
        false => text.push_str(&held.concat()),
    }
    text.push_str(&format!("\n{}\n", heading("What would be suggested")));
    let ahead = suggestions::ahead(person, turn.now);
    match ahead.is_empty() {
        true => text.push_str("Nothing: no open task, and no habit that is not planned already.\n"),
        false => text.push_str(&suggestions::list(&ahead, person, zone, Kept::Nowhere)),
    }
    let told = |left: &&Left| risks::is_told(&person.risks, &left.request, left.why);
    for left in report.unplaced.iter().filter(|left| !told(left)) {
        let title = super::table::plain(&left.title);
        text.push_str(&format!("Not placed: {title}. {}\n", left.why.sentence()));
    }
    text.push_str(&risks::list(&person.risks, turn.now, zone));
    text
}

fn document(decision: &Decision, turn: &Turn<'_>) -> Result<(), CommandError> {
    let Decision { person, report, .. } = decision;
    let zone = turn.settings.zone;
    let all = types::by_events(&person.types);
    let habits = Habits::of(&person.types);
    let ahead = suggestions::ahead(person, turn.now);
    let left = report.unplaced.iter();
    output::json(&json!({
        "now": turn.now.to_rfc3339(),
        "time_zone": zone.name(),
        "events": report.events,
        "types": all.iter().map(|t| types::brief(t, &habits)).collect::<Vec<_>>(),
        "insights": person.memory.active().map(insights::fields).collect::<Vec<_>>(),
        "suggestions":
            ahead.iter().map(|s| suggestions::fields(s, person, zone)).collect::<Vec<_>>(),
        "unplaced": left
            .map(|l| json!({ "title": l.title, "why": l.why.sentence() }))
            .collect::<Vec<_>>(),
    }))
}

fn write_blocks(out: &Path, person: &Person, now: DateTime<Utc>) -> Result<(), CommandError> {
    let blocks: Vec<_> = suggestions::ahead(person, now).into_iter().map(OwnBlock::text).collect();
    std::fs::write(out, ical::write(&blocks))
        .map_err(|e| CommandError::failure(format!("can't write {}: {e}", out.display())))
}
