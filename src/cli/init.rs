//! `chronotype init`: from nothing to a config, with a look at what it would suggest in between.
//!
//! Nothing is written, to a calendar or to disk, before the person has seen that and agreed; only
//! the config is written then. Secrets are named by a command or a file, never taken.

mod ask;
mod look;

use super::table::plain;
use super::{CommandError, Global, output};
use crate::config::{Config, Draft, DraftAccount, DraftPassword, Origin, Place};
use crate::schedule::starter::{self, Starter, TICKED};
use ask::Ask;
use chrono_tz::Tz;
use look::Look;
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Set up: your role, a few tasks to begin with, one calendar; half a minute
///
/// It reads the calendar, shows what it makes of it and what it would suggest, and writes a
/// commented config once you agree. Nothing is written to a calendar. Every question has an option
/// that answers it; with --yes none is asked, and no terminal is needed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// student, engineer, manager, designer, researcher, teacher, sales, clinician, founder, other
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// A task to begin with, by its title; several with several [default: three of the role]
    #[arg(long = "starter", value_name = "TITLE")]
    starters: Vec<String>,
    /// Begin with no such tasks
    #[arg(long, conflicts_with = "starters")]
    no_starters: bool,
    /// Where your calendar is: a mail address, a URL, a folder of .ics files, or google
    #[arg(long, value_name = "WHERE")]
    calendar: Option<String>,
    /// What to call this account
    #[arg(long, value_name = "NAME", default_value = "home")]
    name: String,
    /// Sign-in name; absent: the mail address
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A command that prints the password
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["password_file", "password_keyring"])]
    password_command: Option<String>,
    /// The password's name in the keyring, where `chronotype auth keyring NAME` puts it
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    password_keyring: Option<String>,
    /// A file that holds the password and is nobody else's (chmod 600)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// For google: the file of your OAuth client
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Read only this calendar of the account; several with several [default: all]
    #[arg(long = "read", value_name = "CALENDAR")]
    read: Vec<String>,
    /// The calendar that blocks go into; made if missing [default: chronotype]
    #[arg(long, value_name = "CALENDAR")]
    suggest_into: Option<String>,
    /// Your time zone [default: this computer's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Tz>,
    /// Only look and learn for now: write no blocks
    #[arg(long)]
    observe: bool,
    /// Do not look at the calendar first
    #[arg(long)]
    no_look: bool,
    /// Ask nothing: options and defaults answer every question
    #[arg(long, short)]
    yes: bool,
    /// Write over a config that is there
    #[arg(long)]
    force: bool,
}

/// How often the place of the calendar is asked for before it is left to the person.
const TRIES: usize = 5;

/// Runs the command.
///
/// # Errors
/// A failure where there is a config already, when the calendar can't be read, or when the person
/// stops; a usage error without a terminal and without --yes.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let origin = Origin::at(global.config.as_deref());
    let file = origin.file.clone();
    if file.exists() && !args.force {
        let message = format!("there is a config already at {}", file.display());
        return Err(CommandError::failure(message)
            .hint("`chronotype config check` says what it means; --force writes over it"));
    }
    let mut ask = Ask::new(args.yes)?;
    let role = role(args, &mut ask)?;
    let starters = starters(args, role.as_deref(), &mut ask)?;
    let account = account(args, &origin, &mut ask)?;
    let (time_zone, observe) = (args.time_zone, args.observe);
    let mut draft = Draft { role, time_zone, account, starters, observe };
    let looked = looked(args, &mut draft, &origin, &mut ask, global)?;
    if !args.observe && !args.yes && looked.is_some() {
        draft.observe = !ask.wants_blocks(&draft)?;
    }
    // Whatever was answered, what is written is sound.
    let text = draft.to_toml();
    Config::parse(&text, &origin)?;
    write(&file, &text, args.force)?;
    tell(&draft, looked.as_ref(), &file, global)
}

fn role(args: &Args, ask: &mut Ask) -> Result<Option<String>, CommandError> {
    match &args.role {
        Some(role) => Ok(Some(role.trim().to_lowercase()).filter(|role| !role.is_empty())),
        None => ask.role(),
    }
}

fn starters(args: &Args, role: Option<&str>, ask: &mut Ask) -> Result<Vec<Starter>, CommandError> {
    let offers = starter::offers(role.unwrap_or_default());
    if args.no_starters {
        return Ok(Vec::new());
    }
    if !args.starters.is_empty() {
        let chosen = |title: &String| {
            let known = offers.iter().find(|offer| offer.0.eq_ignore_ascii_case(title.trim()));
            let own = Starter { title: title.trim().to_owned(), minutes: 60, per_week: 1 };
            known.map_or(own, Starter::from)
        };
        return Ok(args.starters.iter().map(chosen).collect());
    }
    match ask.asks() {
        true => ask.starters(offers),
        // Without a role nobody said what they do: nothing is assumed.
        false if role.is_none() => Ok(Vec::new()),
        false => Ok(offers.iter().take(TICKED).map(Starter::from).collect()),
    }
}

fn account(args: &Args, origin: &Origin, ask: &mut Ask) -> Result<DraftAccount, CommandError> {
    let place = match &args.calendar {
        Some(text) => place(text, args, origin, ask)?,
        None if !ask.asks() => {
            return Err(CommandError::usage("--yes needs to know where your calendar is").hint(
                "--calendar takes a mail address, a URL, a folder of .ics files, or google",
            ));
        }
        None => {
            let text = ask.calendar()?;
            place(&text, args, origin, ask)?
        }
    };
    let mut password = args.password_command.clone().map(DraftPassword::Command);
    password = password.or(args.password_keyring.clone().map(DraftPassword::Keyring));
    password = password.or(args.password_file.as_deref().map(absolute).map(DraftPassword::File));
    let mut username = args.username.clone();
    if let Place::Caldav(url) = &place {
        let address = url.contains('@') && !url.contains("://");
        if username.is_none() && !address {
            username = ask.username()?;
        }
        if password.is_none() {
            password = ask.password()?;
        }
    }
    Ok(DraftAccount {
        name: args.name.clone(),
        place,
        username,
        password,
        calendars: (!args.read.is_empty()).then(|| args.read.clone()),
        suggest_into: args.suggest_into.clone(),
    })
}

/// What a person means by where their calendar is.
fn place(text: &str, args: &Args, origin: &Origin, ask: &mut Ask) -> Result<Place, CommandError> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("google") {
        let file = match &args.client_secret_file {
            Some(file) => absolute(file),
            None => absolute(&ask.client_file()?),
        };
        return Ok(Place::Google(file));
    }
    let home = origin.home.clone().unwrap_or_default();
    let on_disk = text.strip_prefix("~/").map_or_else(|| PathBuf::from(text), |p| home.join(p));
    let looks_like_a_path = text.starts_with(['/', '.', '~']);
    if on_disk.exists() {
        // What was typed with a tilde stays readable.
        let typed = text.starts_with('~').then(|| PathBuf::from(text));
        return Ok(Place::Folder(typed.unwrap_or_else(|| absolute(&on_disk))));
    }
    if looks_like_a_path {
        return Err(CommandError::failure(format!("there is nothing at {}", plain(text)))
            .hint("a folder of .ics files, or one .ics file"));
    }
    if text.contains("://") || text.contains('@') || text.contains('.') {
        return Ok(Place::Caldav(text.to_owned()));
    }
    Err(CommandError::usage(format!("'{}' is no address, no URL and no folder", plain(text)))
        .hint("such as me@example.org, https://dav.example.org/, ~/calendars, or google"))
}

/// Relative paths in a config start at its folder; what was typed here starts at this one.
fn absolute(path: &Path) -> PathBuf {
    match path.starts_with("~") {
        true => path.to_owned(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// Reads the calendar and shows what would come of it; asked for again where it can't be read.
fn looked(
    args: &Args,
    draft: &mut Draft,
    origin: &Origin,
    ask: &mut Ask,
    global: &Global,
) -> Result<Option<Look>, CommandError> {
    // Google wants the sign-in first, which keeps its token beside the store of a config.
    if args.no_look || matches!(draft.account.place, Place::Google(_)) {
        return Ok(None);
    }
    for _ in 0..TRIES {
        let failed = match Look::at(draft, origin, global) {
            Ok(look) => {
                let names = look.calendars();
                if draft.account.calendars.is_none() && ask.asks() && names.len() > 1 {
                    draft.account.calendars = ask.which(&names)?;
                    if draft.account.calendars.is_some() {
                        let look = Look::at(draft, origin, global)?;
                        look.show(global)?;
                        return Ok(Some(look));
                    }
                }
                look.show(global)?;
                return Ok(Some(look));
            }
            Err(error) => error,
        };
        if !ask.asks() || args.calendar.is_some() {
            return Err(failed);
        }
        output::complain(&failed);
        draft.account = account(args, origin, ask)?;
    }
    Err(CommandError::failure("no calendar could be read")
        .hint("`chronotype init --no-look` writes the config all the same"))
}

/// For its owner alone; whole or not at all; never over another one unless that is wanted.
fn write(file: &Path, text: &str, over: bool) -> Result<(), CommandError> {
    let shown = file.display();
    let failed = |error| CommandError::failure(format!("can't write {shown}: {error}"));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    fresh.write_all(text.as_bytes()).map_err(failed)?;
    fresh.as_file().sync_all().map_err(failed)?;
    let kept = match over {
        true => fresh.persist(file),
        false => fresh.persist_noclobber(file),
    };
    kept.map(drop).map_err(|error| failed(error.error))
}

fn tell(
    draft: &Draft,
    looked: Option<&Look>,
    file: &Path,
    global: &Global,
) -> Result<(), CommandError> {
    let next = match draft.account.place {
        Place::Google(_) => "chronotype auth google",
        Place::Caldav(_) | Place::Folder(_) => "chronotype sync",
    };
    if global.json {
        return output::json(&json!({
            "config": file,
            "role": draft.role,
            "starters": draft.starters.iter().map(|s| s.title.as_str()).collect::<Vec<_>>(),
            "observe": draft.observe,
            "looked": looked.map(Look::fields),
            "next": next,
        }));
    }
    output::data(&format!("Wrote {}\n", file.display()))?;
    let sentence = match (draft.observe, next) {
        (_, "chronotype auth google") => "signs in; then `chronotype sync --dry-run` shows more.",
        (true, _) => "looks and learns; no block is written.",
        (false, _) => "writes the first blocks, `chronotype run` goes on.",
    };
    output::say(global, &format!("Next: `{next}` {sentence}"));
    Ok(())
}
