//! Deadlines at risk, as `sync`, `suggestions` and `status` say them. No command of its own.

use super::output::{BAD, WARN, styled};
use super::table::{plain, wrap};
use super::{name, output};
use crate::schedule::plan::Unplaced;
use crate::schedule::plan::risk::{Choice, Danger, Droppable, Risk};
use crate::schedule::request::RequestKey;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// One line each, the worst first, those whose deadline has passed left out.
pub(super) fn list(risks: &[Risk], now: DateTime<Utc>, zone: Tz) -> String {
    let line = |risk: &Risk| {
        let (style, word) = match risk.danger {
            Danger::NoRoom => (BAD, "Overcommitted:"),
            Danger::Crowded | Danger::LastPlace => (WARN, "At risk:"),
        };
        let text = wrap(&plain(&risk.sentence(zone)), 0, output::columns());
        format!("{} {text}", styled(style, word))
    };
    ahead(risks, now).map(line).collect()
}

/// What is new of them, or worse than it was; the others are counted.
pub(super) fn news(risks: &[Risk], known: &[Risk], now: DateTime<Utc>, zone: Tz) -> String {
    let is_known = |risk: &&Risk| {
        known.iter().any(|old| old.request == risk.request && old.danger <= risk.danger)
    };
    let (old, new): (Vec<&Risk>, Vec<&Risk>) = ahead(risks, now).partition(is_known);
    let new: Vec<Risk> = new.into_iter().cloned().collect();
    let mut text = list(&new, now, zone);
    if !old.is_empty() {
        let count = output::count(old.len(), "deadline");
        text.push_str(&format!("{count} still at risk: `chronotype suggestions` names them\n"));
    }
    text
}

/// The same for scripts.
pub(super) fn fields(risks: &[Risk], now: DateTime<Utc>, zone: Tz) -> Vec<Value> {
    let local =
        |t: DateTime<Utc>| t.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true);
    let choice = |choice: &Choice| {
        let id = match &choice.what {
            Droppable::Block { uid } => name::block(uid),
            Droppable::Event { id } => id.short(),
        };
        json!({ "id": id, "title": choice.title, "start": local(choice.start) })
    };
    let value = |risk: &Risk| {
        json!({
            "request": risk.request.0,
            "title": risk.title,
            "deadline": local(risk.deadline),
            "danger": risk.danger.word(),
            "minutes": risk.minutes,
            "stands": risk.stands.map(local),
            "drop_one_of": risk.choices.iter().map(choice).collect::<Vec<_>>(),
            "why": risk.sentence(zone),
        })
    };
    ahead(risks, now).map(value).collect()
}

/// It lacks room, and the line about that says more than a sentence could.
pub(super) fn is_told(risks: &[Risk], request: &RequestKey, why: Unplaced) -> bool {
    let of = |risk: &Risk| risk.request == *request && risk.danger == Danger::NoRoom;
    why == Unplaced::NoRoom && risks.iter().any(of)
}

fn ahead(risks: &[Risk], now: DateTime<Utc>) -> impl Iterator<Item = &Risk> {
    risks.iter().filter(move |risk| risk.deadline > now)
}
