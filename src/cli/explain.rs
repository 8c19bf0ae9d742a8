//! `chronotype explain`: why a block stands where it stands, why an event is of its type and what
//! became of it, what an insight rests on.

mod block;
mod event;
mod insight;

use super::name::Found;
use super::output::{FAINT, HEADING, styled};
use super::table::{Align, Cell, Table, plain};
use super::{CommandError, Global, context, name, output};
use crate::event::time::local_date;
use crate::event::{Event, Span};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Explain a block, an event or an insight: what it rests on, and what was decided against.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What a list prints behind it: b… is a block (`suggestions`), e… an event (`agenda`), i… an
    /// insight (`insights`); its first letters do where no other begins so. A whole UID does, too
    id: String,
}

/// Events listed as evidence; the rest is counted.
const EVIDENCE_SHOWN: usize = 8;

/// Runs the command.
///
/// # Errors
/// A failure when nothing, or more than one thing, has that id; as [`context::look`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let now = global.moment();
    match name::find(&looked.person, args.id.trim())? {
        Found::Block(found) => block::explain(&looked, found, now, global),
        Found::Event(found) => event::explain(&looked, found, now, global),
        Found::Insight(found) => insight::explain(&looked, found, global),
    }
}

/// RFC 3339 in the person's zone.
fn local(moment: DateTime<Utc>, zone: Tz) -> String {
    moment.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `Tue 3 Mar 2026, 10:00-11:30`, or a day.
pub(super) fn when(span: &Span, zone: Tz) -> String {
    match span {
        Span::AllDay { start, .. } => start.format("%a %-d %b %Y, all day").to_string(),
        Span::Timed { start, end } => {
            let (from, to) = (start.with_timezone(&zone), end.with_timezone(&zone));
            let day = if local_date(*start, zone) == local_date(*end, zone) { "" } else { "%a " };
            let to = to.format(&format!("{day}%H:%M")).to_string();
            format!("{}-{to}", from.format("%a %-d %b %Y, %H:%M"))
        }
    }
}

/// A heading with what it is and its id.
fn heading(title: &str, when: &str, id: &str) -> String {
    format!("{}  {when}  {}\n", styled(HEADING, &plain(title)), styled(FAINT, id))
}

/// A line that says what follows.
fn section(words: &str) -> String {
    format!("\n{}\n", styled(HEADING, words))
}

/// Events that something rests on, the latest first, with what became of them.
fn evidence(events: &[&Event], zone: Tz) -> String {
    let columns = [("", Align::Left), ("", Align::Cut), ("", Align::Left), ("", Align::Left)];
    let mut table = Table::new(&columns).indented(2);
    for event in events.iter().take(EVIDENCE_SHOWN) {
        table.row([
            when(&event.span, zone).into(),
            event.title.as_str().into(),
            Cell::styled(FAINT, taught(event)),
            Cell::styled(FAINT, event.id.short()),
        ]);
    }
    let mut text = table.render(output::columns());
    if events.len() > EVIDENCE_SHOWN {
        text.push_str(&format!("  and {} more\n", events.len() - EVIDENCE_SHOWN));
    }
    text
}

fn taught(event: &Event) -> String {
    match event.settled.last().map(|s| s.signal) {
        Some(Some(signal)) => format!("success {:.2}, weight {:.2}", signal.value, signal.weight),
        Some(None) => "unknown".to_owned(),
        None => "not settled".to_owned(),
    }
}

/// The same for scripts.
fn evidence_fields(events: &[&Event], zone: Tz) -> Vec<Value> {
    let one = |event: &&Event| {
        let signal = event.settled.last().and_then(|s| s.signal);
        json!({
            "id": event.id.short(),
            "when": when(&event.span, zone),
            "title": event.title,
            "signal": signal.map(|s| s.value),
            "weight": signal.map(|s| s.weight),
        })
    };
    events.iter().map(one).collect()
}
