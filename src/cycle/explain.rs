//! What a block rests on as things stand now, outside any turn.

use super::{Settings, Step, Turn, wishes};
use crate::event::{PrincipalId, Uid};
use crate::schedule::plan::{PlanInput, account};
use crate::store::Person;
use chrono::{DateTime, Utc};

/// The account of a block that lies ahead; `None` for one that is over, or of no type.
pub fn explain_block(
    person: &Person,
    principal: &PrincipalId,
    settings: &Settings,
    now: DateTime<Utc>,
    uid: &Uid,
) -> Option<account::Account> {
    let at = |_: Step| {};
    let turn = Turn { principal, settings, now, at: &at, progress: &|_, _| {} };
    let requests = wishes::known(person, &turn);
    let voices = wishes::voices(person);
    account::of_block(
        &PlanInput {
            now,
            zone: settings.zone,
            types: &person.types,
            events: &person.events,
            suggestions: &person.suggestions,
            requests: &requests,
            principal,
            settings: &settings.planning,
            voices: &voices,
        },
        uid,
    )
}
