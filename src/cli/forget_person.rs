//! `chronotype forget-person`: everything kept of somebody goes, from every file of ours.
//!
//! First their blocks are taken back, while there is still a record of which are ours; then go the
//! search index and the sign-ins, then their records leave the store and its backups for good
//! ([`crate::store::remove_person`]). A crash in between leaves what a second call removes, which
//! looks for all of it even where no record is left.

use super::context::Opened;
use super::turn::{self, Done, How};
use super::{CommandError, Global, context, mirror, output, withdraw};
use crate::calendar::google;
use crate::config::Config;
use crate::daemon::{self, Door, LeaseError, Loan};
use crate::event::{PrincipalId, Uid};
use crate::schedule::suggestion::{State, Suggestion};
use crate::store::{self, Person, Store, StoreError};
use crate::text::index;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Remove everything kept of a person, for good: what was learned, their search index, sign-ins and
/// blocks
///
/// What they and others wrote into their calendars stays, and so does the config. With a service of
/// many people, take their file out of its folder first and name it with --config.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Their id, as the config has it in [person]
    #[arg(value_name = "ID")]
    id: String,
    /// Leave the blocks in their calendars; needs no account
    #[arg(long)]
    keep_blocks: bool,
}

/// What there is to remove, and where.
struct Place {
    id: PrincipalId,
    store: PathBuf,
    socket: PathBuf,
    /// Their config, where it is at hand.
    config: Option<Config>,
}

impl Place {
    fn door(&self) -> Door<'_> {
        Door { socket: &self.socket, store: &self.store }
    }
}

/// Runs the command.
///
/// # Errors
/// A failure where nothing is kept of them, a service still has turns of theirs, or a block can't
/// be taken back: nothing is removed then.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let place = place(args, global)?;
    let loan = loan(&place)?;
    let records = kept(&place)?;
    let is_kept = records.is_some();
    let before = records.unwrap_or_default();
    let withdrawn = match args.keep_blocks {
        true => 0,
        false => take_back(&place, before.clone(), global)?,
    };
    take_back_insights(&place, &before);
    let beside = remove_beside(&place, &before)?;
    match is_kept {
        true => store::remove_person(&place.store, &place.id)?,
        false if beside.is_nothing() => return Err(nothing(&place)),
        false => {}
    }
    drop(loan);
    let id = place.id.as_str();
    if global.json {
        return output::json(&json!({
            "forgotten": id,
            "blocks_taken_back": withdrawn,
            "sign_ins_removed": beside.sign_ins,
        }));
    }
    let blocks = match withdrawn {
        0 => String::new(),
        n => format!("; {} taken back", output::count(n, "block")),
    };
    output::data(&format!("Forgotten: {id}{blocks}\n"))
}

fn place(args: &Args, global: &Global) -> Result<Place, CommandError> {
    let id = PrincipalId::new(&args.id).map_err(CommandError::usage)?;
    // Somebody's config may be gone long since; the store is named then.
    let config = match (context::config(global), &global.store) {
        (Ok(config), _) => Some(config),
        (Err(_), Some(_)) if args.keep_blocks && global.config.is_none() => None,
        (Err(error), _) => return Err(error),
    };
    let theirs = config.as_ref().filter(|config| config.person.id == id).cloned();
    if theirs.is_none() && !args.keep_blocks {
        let message = format!("the config at hand is not that of {id}", id = id.as_str());
        return Err(CommandError::usage(message).hint(
            "name theirs with --config, so that their blocks can be taken back, or leave these \
             with --keep-blocks",
        ));
    }
    let store = config.as_ref().map(|config| config.store.clone()).or(global.store.clone());
    let store = store.unwrap_or_default();
    context::own_store(&store)?;
    let socket = config.map_or_else(|| context::socket_of(&store), |config| config.daemon.socket);
    Ok(Place { id, store, socket, config: theirs })
}

/// The store from a service that runs, for as long as this takes.
fn loan(place: &Place) -> Result<Option<Loan>, CommandError> {
    match daemon::is_served(place.door(), &place.id) {
        Err(error @ LeaseError::Stranger { .. }) => {
            return Err(CommandError::failure(error.to_string()));
        }
        Err(_) => return Ok(None),
        Ok(true) => {
            let message =
                format!("a service has turns of {} and would begin anew", place.id.as_str());
            return Err(CommandError::failure(message).hint(
                "stop it, or take their file out of its folder and name that with --config",
            ));
        }
        Ok(false) => {}
    }
    context::whole_store(place.door())
}

/// What the store has of them; `None` = no record.
fn kept(place: &Place) -> Result<Option<Person>, CommandError> {
    if !place.store.exists() {
        return Ok(None);
    }
    let store = Store::open(&place.store)?;
    if !store.principals()?.contains(&place.id) {
        return Ok(None);
    }
    // What can't be read can be removed all the same.
    match store.load(&place.id) {
        Ok(person) => Ok(Some(person)),
        Err(StoreError::Corrupt { .. } | StoreError::Newer { .. }) => Ok(Some(Person::default())),
        Err(error) => Err(error.into()),
    }
}

fn nothing(place: &Place) -> CommandError {
    CommandError::failure(format!("nothing is kept of {}", place.id.as_str()))
        .hint("`chronotype config show` says which id and store are meant")
}

/// Blocks that are still ours and ahead go, as by `withdraw --all`.
fn take_back(place: &Place, before: Person, global: &Global) -> Result<usize, CommandError> {
    let now = global.moment();
    let standing = standing(&before, now);
    let Some(config) = place.config.as_ref().filter(|_| standing > 0) else { return Ok(0) };
    let mut opened = Opened {
        config: config.clone(),
        principal: place.id.clone(),
        zone: context::zone(config, global),
        person: before,
        store: Store::open(&place.store)?,
    };
    let blocks = opened.person.suggestions.values().filter(|block| withdraw::can_go(block, now));
    let chosen: Vec<Uid> = blocks.map(|block| block.uid.clone()).collect();
    withdraw::order(&mut opened, &chosen)?;
    let Done { report, person: after, .. } = turn::take(&opened, How::OBEY, global)?;
    let left = self::standing(&after, now);
    if left == 0 {
        return Ok(standing);
    }
    turn::sentences(&report.warnings).iter().for_each(|warning| output::warn(warning));
    let message = format!("{} could not be taken back", output::count(left, "block"));
    Err(CommandError::failure(message)
        .hint("nothing is forgotten yet: try again, or leave them with --keep-blocks"))
}

/// What was mirrored of them goes, too; what can't be taken back there is named, and no reason to
/// keep the rest.
fn take_back_insights(place: &Place, before: &Person) {
    let mut mirror = before.mirror.clone();
    let sent: Vec<u32> = mirror.sent.keys().copied().collect();
    let nowhere = || Err("their config is not at hand".to_owned());
    let mut gone = |config: &Config, id: u32| mirror::forget(config, &mut mirror, id);
    let said: BTreeSet<String> = sent
        .into_iter()
        .filter_map(|id| place.config.as_ref().map_or_else(nowhere, |c| gone(c, id)).err())
        .collect();
    for why in said {
        output::warn(&format!("insights that were mirrored to a Mem0 server stay there: {why}"));
    }
}

/// Blocks in the calendars that are ours and not over.
fn standing(person: &Person, now: DateTime<Utc>) -> usize {
    let there = |b: &&Suggestion| {
        let ours = b.state.is_ours() || b.state == State::Withdrawn;
        ours && b.end > now && (b.published.is_some() || b.intent.is_some())
    };
    person.suggestions.values().filter(there).count()
}

/// What was removed beside the store.
struct Beside {
    sign_ins: usize,
    index: bool,
}

impl Beside {
    fn is_nothing(&self) -> bool {
        self.sign_ins == 0 && !self.index
    }
}

/// The search index goes, and the sign-ins.
fn remove_beside(place: &Place, person: &Person) -> Result<Beside, CommandError> {
    let hint = "run it again once that is mended";
    let folder = index::folder(&place.store, &place.id);
    let index = folder.exists();
    gone(fs::remove_dir_all(&folder)).map_err(|error| {
        CommandError::failure(format!("{}: {error}", folder.display())).hint(hint)
    })?;
    let mut accounts: Vec<&str> = person.status.accounts.keys().map(String::as_str).collect();
    accounts.extend(person.status.collections.values().map(|c| c.account.as_str()));
    let named = place.config.iter().flat_map(|config| &config.accounts);
    accounts.extend(named.map(|account| account.name.as_str()));
    let sign_ins = google::remove_sign_ins(&place.store, &place.id, &accounts)
        .map_err(|error| CommandError::failure(error.to_string()).hint(hint))?;
    Ok(Beside { sign_ins, index })
}

fn gone(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
