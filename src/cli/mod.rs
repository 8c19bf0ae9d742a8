//! The command line: one file a command, whose doc comments *are* the help text.
//!
//! Data goes to stdout, words to stderr. Exit 0 ok, 1 failure, 2 usage, 78 config. Library errors
//! become one [`CommandError`] here and nowhere else.

pub mod output;
pub mod log;
mod seal;
pub mod table;
pub mod chart;
pub mod progress;
pub mod name;
pub mod day;
pub mod context;
pub mod risks;
pub mod search;
pub mod account;
pub mod init;
pub mod auth;
pub mod try_out;
mod turn;
pub mod sync;
pub mod run;
pub mod service;
pub mod config;
pub mod agenda;
mod assistant;
pub mod types;
pub mod insights;
mod mirror;
pub mod remember;
pub mod forget;
mod forget_person;
pub mod suggestions;
mod diff;
pub mod schedule;
pub mod pause;
pub mod rate;
pub mod withdraw;
pub mod undo;
pub mod explain;
pub mod cure;
pub mod status;
pub mod doctor;
mod embedder;
pub mod export;
pub mod import;
pub mod occurrences;
pub mod classify;
pub mod similar;
pub mod plan;
pub mod completions;
pub mod man;
mod examples;

use chrono::{DateTime, Utc};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Learns when you do your best work from the calendars you already keep, and writes suggested
/// blocks back into them.
///
/// New here? `chronotype try calendar.ics` shows what it makes of an exported calendar and keeps
/// nothing. `chronotype init` sets it up in half a minute; then `chronotype sync` is one turn.
///
/// Blocks appear in your calendar as tentative, free events. Keep one, move one, rename one or
/// delete one: that is all it needs to hear. Nothing that you or others wrote is ever changed.
#[derive(Debug, Parser)]
#[command(
    name = "chronotype",
    bin_name = "chronotype",
    version,
    arg_required_else_help = true,
    after_long_help = EXIT_CODES
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The end of the long help.
const EXIT_CODES: &str = "\
The options above go with every command. Data goes to stdout, words and warnings to stderr; colours
appear on a terminal only, and never with NO_COLOR set.

Exit codes: 0 all went well (warnings included), 1 something failed, 2 the call makes no sense,
78 the config is off.";

/// Options every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The config file [default: $XDG_CONFIG_HOME/chronotype/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The store [default: what the config says; where a service serves many, it is theirs]
    #[arg(long, global = true, value_name = "PATH")]
    pub store: Option<PathBuf>,
    /// Decide as if it were this moment (RFC 3339): a replay
    #[arg(long, global = true, value_name = "RFC3339", value_parser = parse_moment)]
    pub now: Option<DateTime<Utc>>,
    /// One JSON document, or one object a line for lists
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more (twice: even more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say less
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// The time of decisions: `--now`, else the clock.
    pub fn moment(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(Utc::now)
    }
}

fn parse_moment(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.with_timezone(&Utc))
        .map_err(|_| "not an RFC 3339 moment such as 2026-03-02T06:00:00Z".to_owned())
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(name = "try")]
    TryOut(try_out::Args),
    Init(init::Args),
    Auth(auth::Args),
    Sync(sync::Args),
    Run(run::Args),
    Service(service::Args),
    Config(config::Args),
    Agenda(agenda::Args),
    Types(types::Args),
    Insights(insights::Args),
    Assistant(assistant::Args),
    Remember(remember::Args),
    Forget(forget::Args),
    ForgetPerson(forget_person::Args),
    Suggestions(suggestions::Args),
    Schedule(schedule::Args),
    Rate(rate::Args),
    Pause(pause::Args),
    Withdraw(withdraw::Args),
    Undo(undo::Args),
    Explain(explain::Args),
    Status(status::Args),
    Doctor(doctor::Args),
    Export(export::Args),
    Import(import::Args),
    Occurrences(occurrences::Args),
    Classify(classify::Args),
    Similar(similar::Args),
    Plan(plan::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// What went wrong, for a person: what happened, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// One sentence: what happened.
    pub message: String,
    /// One sentence: what to do next.
    pub hint: Option<String>,
}

/// Kinds of failure by exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Exit 1.
    Failure,
    /// Exit 2: the call's words are off.
    Usage,
    /// Exit 78 (`EX_CONFIG` of sysexits.h): the config is off.
    Config,
}

impl CommandError {
    /// A failure (exit 1).
    pub fn failure(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failure, message: message.into(), hint: None }
    }

    /// A usage error (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, message: message.into(), hint: None }
    }

    /// A config error (exit 78).
    pub fn config(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Config, message: message.into(), hint: None }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The whole command line, with the examples of each command.
fn command() -> clap::Command {
    examples::add(Cli::command())
}

/// Reads the command line, runs the command, says what went wrong.
pub fn main() -> ExitCode {
    let matches = command().try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    seal::start();
    // The service's own config says how it logs.
    if !matches!(cli.command, Command::Run(_)) {
        log::start(&cli.global);
    }
    let result = match &cli.command {
        Command::TryOut(args) => try_out::run(args, &cli.global),
        Command::Init(args) => init::run(args, &cli.global),
        Command::Auth(args) => auth::run(args, &cli.global),
        Command::Sync(args) => sync::run(args, &cli.global),
        Command::Run(args) => run::run(args, &cli.global),
        Command::Service(args) => service::run(args, &cli.global),
        Command::Config(args) => config::run(args, &cli.global),
        Command::Agenda(args) => agenda::run(args, &cli.global),
        Command::Types(args) => types::run(args, &cli.global),
        Command::Insights(args) => insights::run(args, &cli.global),
        Command::Assistant(args) => assistant::run(args, &cli.global),
        Command::Remember(args) => remember::run(args, &cli.global),
        Command::Forget(args) => forget::run(args, &cli.global),
        Command::ForgetPerson(args) => forget_person::run(args, &cli.global),
        Command::Suggestions(args) => suggestions::run(args, &cli.global),
        Command::Schedule(args) => schedule::run(args, &cli.global),
        Command::Rate(args) => rate::run(args, &cli.global),
        Command::Pause(args) => pause::run(args, &cli.global),
        Command::Withdraw(args) => withdraw::run(args, &cli.global),
        Command::Undo(args) => undo::run(args, &cli.global),
        Command::Explain(args) => explain::run(args, &cli.global),
        Command::Status(args) => status::run(args, &cli.global),
        Command::Doctor(args) => doctor::run(args, &cli.global),
        Command::Export(args) => export::run(args, &cli.global),
        Command::Import(args) => import::run(args, &cli.global),
        Command::Occurrences(args) => occurrences::run(args, &cli.global),
        Command::Classify(args) => classify::run(args, &cli.global),
        Command::Similar(args) => similar::run(args, &cli.global),
        Command::Plan(args) => plan::run(args, &cli.global),
        Command::Completions(args) => completions::run(args, &cli.global),
        Command::Man(args) => man::run(args, &cli.global),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::complain(&error),
    }
}
