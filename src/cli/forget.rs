//! `chronotype forget`: takes an insight out of every file for good.

use super::{CommandError, Global, context, mirror, name, output};
use crate::memory::forgotten::Forgotten;
use crate::memory::graph::Graph;
use crate::store;
use crate::text::index;
use serde_json::json;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;

/// Forget an insight for good: it is in no file of ours afterwards, and not found again
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As the list of insights names it: i4
    id: String,
}

/// Runs the command.
///
/// # Errors
/// A usage error for a name that makes no sense, a failure where nothing bears it; as
/// [`context::open`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let id = name::insight_number(&args.id)?;
    let opened = context::open(global)?;
    if opened.person.memory.get(id).is_none() {
        return Err(CommandError::failure(format!("there is no insight {}", name::insight(id)))
            .hint("`chronotype insights` lists them"));
    }
    let context::Opened { config, principal, store, person, .. } = opened;
    // Of a service of many: their records are lent, and the folder is wanted in the end.
    let of_many = store.is_borrowed();
    if of_many {
        context::own_store(&config.store)?;
    }
    // No block owes it anything any more; those on the calendar are written anew next turn.
    let mut after = person.clone();
    for block in after.suggestions.values_mut() {
        block.uncite(&|cited| cited != id);
    }
    if let Err(why) = mirror::forget(&config, &mut after.mirror, id) {
        let lies = "what was mirrored of it could not be taken back there";
        output::warn(&format!("{lies}: {why}; the next turn tries again where it can"));
    }
    store.commit(&principal, &person, &after)?;
    // Nobody may have it open while it is written anew, this process included; the turns of others
    // wait for as long.
    drop(store);
    let loan = match of_many {
        true => context::whole_store(context::door(&config))?,
        false => None,
    };
    let salt = salt();
    let edit = |memory: &mut Graph| {
        let gone = memory.erase(id);
        memory.forgotten.extend(Forgotten::of(&gone, salt));
    };
    // Of the index nothing is to stay either; the next search builds it anew.
    match std::fs::remove_dir_all(index::folder(&config.store, &principal)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(CommandError::failure(format!("can't clear the search index: {error}")));
        }
        _ => store::rewrite(&config.store, &principal, &edit)?,
    }
    drop(loan);
    let id = name::insight(id);
    if global.json {
        return output::json(&json!({ "forgotten": id }));
    }
    output::data(&format!("Forgotten: {id}\n"))
}

/// Two numbers of the system's randomness: each `RandomState` has keys of its own.
fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    for half in salt.as_chunks_mut::<8>().0 {
        *half = RandomState::new().hash_one(0).to_le_bytes();
    }
    salt
}
