//! `chronotype service`: starts the background service with the machine or the session.
//!
//! One file of ours is written, whole or not at all, and the supervisor is told. A file of that
//! name that somebody else wrote is never replaced or removed.

mod control;
mod place;
mod unit;

use super::{CommandError, Global, context, output};
use crate::config::Origin;
use crate::event::PrincipalId;
use place::There;
use serde_json::json;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use unit::{Kind, Words};

/// Start the background service with your session, or with the machine.
///
/// Without options it is yours alone: a user service of systemd, on macOS one of launchd.
/// `--person` and `--users` are for servers, and for root.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write the service file, enable it and start it
    Install {
        #[command(flatten)]
        which: Which,
        /// Say what would be written and run; do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Stop it and remove the service file; config and store stay
    Uninstall {
        #[command(flatten)]
        which: Which,
        /// Say what would be removed and run; do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the service file, as it is installed or would be
    Show {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// System-wide, for the person whose config is /etc/chronotype/NAME.toml
    #[arg(long, value_name = "NAME", conflicts_with = "users")]
    person: Option<String>,
    /// System-wide, one process for everybody in /etc/chronotype/users
    #[arg(long)]
    users: bool,
    /// The file for launchd, whatever machine this is
    #[arg(long, conflicts_with_all = ["person", "users"])]
    launchd: bool,
    /// Write below this folder and tell no supervisor: for images and packages
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Where administrators put units of their own (systemd.unit(5)).
const SYSTEM_UNITS: &str = "etc/systemd/system";

/// Where the secrets of many people lie; systemd hands them to the service.
const SECRETS: &str = "etc/chronotype/users.secrets";

/// A service file and its place.
struct Plan {
    kind: Kind,
    file: PathBuf,
    text: String,
    /// The folder of people's secrets, which root alone may look into.
    secrets: Option<PathBuf>,
    /// The supervisor is told.
    live: bool,
}

/// Runs the command.
///
/// # Errors
/// A config error where there is none to start with; a failure when the file can't be written, or
/// is somebody else's.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    match &args.what {
        What::Install { which, dry_run } => install(&plan(which, global)?, *dry_run, global),
        What::Uninstall { which, dry_run } => uninstall(&plan(which, global)?, *dry_run, global),
        What::Show { which } => show(&plan(which, global)?, global),
    }
}

fn plan(which: &Which, global: &Global) -> Result<Plan, CommandError> {
    let kind = match (&which.person, which.users) {
        (Some(name), _) => {
            PrincipalId::new(name).map_err(CommandError::usage)?;
            Kind::Person(name.clone())
        }
        (None, true) => Kind::Users,
        (None, false) if which.launchd || cfg!(target_os = "macos") => Kind::Launchd,
        (None, false) => Kind::Personal,
    };
    let origin = Origin::at(global.config.as_deref());
    let home = || {
        let none = || CommandError::failure("$HOME is not set: whose service is it to be?");
        origin.home.clone().ok_or_else(none)
    };
    let folder = match kind {
        Kind::Person(_) | Kind::Users => Path::new("/").join(SYSTEM_UNITS),
        Kind::Personal => config_home(home()?).join("systemd").join("user"),
        Kind::Launchd => home()?.join("Library").join("LaunchAgents"),
    };
    let folder = match &which.root {
        Some(root) => root.join(folder.strip_prefix("/").unwrap_or(&folder)),
        None => folder,
    };
    let log = origin.home.clone().unwrap_or_default().join("Library").join("Logs");
    let config = global.config.as_deref().map(std::path::absolute).transpose();
    let words = Words {
        program: program()?,
        config: config.map_err(|e| CommandError::failure(format!("the config: {e}")))?,
        variables: variables(),
        log: log.join("chronotype.log"),
    };
    words.check().map_err(CommandError::failure)?;
    Ok(Plan {
        file: folder.join(kind.file()),
        text: kind.text(&words),
        secrets: (kind == Kind::Users)
            .then(|| which.root.as_deref().unwrap_or(Path::new("/")).join(SECRETS)),
        kind,
        live: which.root.is_none(),
    })
}

fn config_home(home: PathBuf) -> PathBuf {
    let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    set.filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(".config"))
}

/// Set in this shell, but not for services, which would read another config and store then.
fn variables() -> Vec<(String, String)> {
    let set = |name: &str| {
        let value = std::env::var(name).ok().filter(|value| Path::new(value).is_absolute());
        value.map(|value| (name.to_owned(), value))
    };
    ["XDG_CONFIG_HOME", "XDG_DATA_HOME"].into_iter().filter_map(set).collect()
}

/// This program, by the name that the next release of it will have, too.
fn program() -> Result<PathBuf, CommandError> {
    let own = std::env::current_exe()
        .map_err(|e| CommandError::failure(format!("can't tell where this program lies: {e}")))?;
    let real = fs::canonicalize(&own).ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::split_paths(&path).map(|folder| folder.join("chronotype"));
    let same = |file: &PathBuf| file.is_absolute() && fs::canonicalize(file).ok() == real;
    Ok(named.into_iter().find(same).unwrap_or(own))
}

fn install(plan: &Plan, dry_run: bool, global: &Global) -> Result<(), CommandError> {
    match &plan.kind {
        // A service that can't start helps nobody.
        Kind::Personal | Kind::Launchd => drop(context::config(global)?),
        Kind::Person(_) | Kind::Users => {}
    }
    let calls = if plan.live { control::start(&plan.kind, &plan.file) } else { Vec::new() };
    refuse_foreign(plan)?;
    if dry_run {
        return would(plan, "write", &calls, global);
    }
    place::write(&plan.file, &plan.text).map_err(|error| cant(plan, &error))?;
    if let Some(folder) = &plan.secrets {
        place::close(folder)
            .map_err(|error| CommandError::failure(format!("{}: {error}", folder.display())))?;
    }
    // Loaded already: launchd wants the old one out first.
    if plan.live && plan.kind == Kind::Launchd {
        control::stop(&plan.kind).iter().for_each(|call| drop(control::run(call)));
    }
    let started = calls.iter().try_for_each(|call| control::run(call));
    let running = plan.live && started.is_ok();
    if let Err(why) = &started {
        output::warn(&format!("the service is written, but not started: {why}"));
    }
    let next = next(plan, running);
    if global.json {
        return output::json(&json!({ "file": plan.file, "started": running, "next": next }));
    }
    let done = if running { "and started" } else { "not started" };
    let lines: String = next.iter().map(|line| format!("Next: {line}\n")).collect();
    output::data(&format!("Written: {}, {done}\n{lines}", plan.file.display()))
}

/// What is left to the person.
fn next(plan: &Plan, running: bool) -> Vec<String> {
    let commands = |calls: Vec<Vec<String>>| {
        calls.iter().map(|call| call.join(" ")).collect::<Vec<_>>().join(" && ")
    };
    let mut next = Vec::new();
    if !running {
        let start = commands(control::start(&plan.kind, &plan.file));
        next.push(match plan.kind {
            Kind::Personal => format!(
                "`{start}` in a session with systemd; without systemd, have `chronotype run` \
                 started by what starts your programs"
            ),
            Kind::Person(_) | Kind::Users | Kind::Launchd => format!("`{start}`"),
        });
    }
    match &plan.kind {
        Kind::Personal => {
            next.push("`loginctl enable-linger` keeps it running while you are logged out".into());
            next.push("`chronotype status` says how the calendars stand".into());
        }
        Kind::Launchd => next.push("`chronotype status` says how the calendars stand".into()),
        Kind::Person(name) => next.push(format!(
            "the config is /etc/chronotype/{name}.toml, the password lies in \
             /etc/credstore/chronotype.{name}.password"
        )),
        Kind::Users => next.push(
            "put one NAME.toml a person into /etc/chronotype/users, and their passwords into files \
             of /etc/chronotype/users.secrets"
                .into(),
        ),
    }
    next
}

fn uninstall(plan: &Plan, dry_run: bool, global: &Global) -> Result<(), CommandError> {
    let calls = if plan.live { control::stop(&plan.kind) } else { Vec::new() };
    if place::installed(&plan.file).map_err(|error| cant(plan, &error))? == There::Nothing {
        if global.json {
            return output::json(&json!({ "file": plan.file, "removed": false }));
        }
        return output::data(&format!("Not installed: there is no {}\n", plan.file.display()));
    }
    refuse_foreign(plan)?;
    if dry_run {
        return would(plan, "remove", &calls, global);
    }
    // Without a bus nothing runs that could be stopped.
    calls.iter().for_each(|call| drop(control::run(call)));
    let others = place::others(&plan.kind, &plan.file);
    if !others.is_empty() {
        return stays(plan, &others, global);
    }
    fs::remove_file(&plan.file).map_err(|error| cant(plan, &error))?;
    if let (true, Some(reload)) = (plan.live, control::start(&plan.kind, &plan.file).first())
        && plan.kind != Kind::Launchd
    {
        drop(control::run(reload));
    }
    if global.json {
        return output::json(&json!({ "file": plan.file, "removed": true }));
    }
    output::data(&format!("Removed: {}. Config and store stay.\n", plan.file.display()))
}

/// The person's instance is stopped, and the file is there for others.
fn stays(plan: &Plan, others: &[String], global: &Global) -> Result<(), CommandError> {
    if global.json {
        let gave = json!({ "file": plan.file, "removed": false, "used_by": others });
        return output::json(&gave);
    }
    let (unit, file, others) = (plan.kind.unit(), plan.file.display(), others.join(", "));
    output::data(&format!("Stopped: {unit}. {file} stays: {others} needs it.\n"))
}

fn show(plan: &Plan, global: &Global) -> Result<(), CommandError> {
    let installed = match place::installed(&plan.file).map_err(|error| cant(plan, &error))? {
        There::Nothing => None,
        There::Ours(text) | There::Foreign(text) => Some(text),
    };
    let state = control::state(&plan.kind).filter(|_| plan.live);
    let text = installed.as_deref().unwrap_or(&plan.text);
    if global.json {
        return output::json(&json!({
            "file": plan.file,
            "installed": installed.is_some(),
            "current": installed.as_deref().is_none_or(|text| text == plan.text),
            "state": state,
            "text": text,
        }));
    }
    let file = plan.file.display();
    output::say(
        global,
        &match (&installed, state) {
            (None, _) => format!("Not installed; `chronotype service install` writes {file}:"),
            (Some(_), Some(state)) => format!("{file}, {state}:"),
            (Some(_), None) => format!("{file}:"),
        },
    );
    if installed.as_deref().is_some_and(|text| unit::is_ours(text) && text != plan.text) {
        output::say(global, "It differs from what this release writes: install it again.");
    }
    output::data(text)
}

fn would(
    plan: &Plan,
    verb: &str,
    calls: &[Vec<String>],
    global: &Global,
) -> Result<(), CommandError> {
    let calls: Vec<String> = calls.iter().map(|call| call.join(" ")).collect();
    if global.json {
        let text = (verb == "write").then_some(&plan.text);
        return output::json(
            &json!({ "dry_run": true, "file": plan.file, "text": text, "run": calls }),
        );
    }
    let run: String = calls.iter().map(|call| format!("would run: {call}\n")).collect();
    let text = if verb == "write" { format!("\n{}", plan.text) } else { String::new() };
    output::data(&format!("would {verb}: {}\n{run}{text}", plan.file.display()))
}

fn refuse_foreign(plan: &Plan) -> Result<(), CommandError> {
    match place::installed(&plan.file).map_err(|error| cant(plan, &error))? {
        There::Foreign(_) => {
            Err(CommandError::failure(format!("{} is not of ours", plan.file.display()))
                .hint("move it away first"))
        }
        There::Nothing | There::Ours(_) => Ok(()),
    }
}

fn cant(plan: &Plan, error: &std::io::Error) -> CommandError {
    let failure = CommandError::failure(format!("{}: {error}", plan.file.display()));
    match (error.kind(), &plan.kind) {
        (ErrorKind::PermissionDenied, Kind::Person(_) | Kind::Users) => {
            failure.hint("a service of the whole system is root's: run it as root")
        }
        _ => failure,
    }
}
