//! Why a block stands where it stands: its score by terms, what that rests on, what was not taken.

use super::{EVIDENCE_SHOWN, evidence, evidence_fields, heading, local, section, when};
use crate::cli::context::Looked;
use crate::cli::output::FAINT;
use crate::cli::table::{Align, Cell, Table, plain, wrap};
use crate::cli::{CommandError, Global, account, name, output, suggestions};
use crate::cycle::{Mode, explain_block};
use crate::event::{Event, EventId, Span};
use crate::schedule::plan::account::{Account, Alternative, Obstacle, Term};
use crate::schedule::plan::heard::Heard;
use crate::schedule::request::Door;
use crate::schedule::slot::{Curve, Habits, MOST_SCORE};
use crate::schedule::suggestion::{State, Suggestion};
use crate::store::Person;
use crate::sync::diff::Deletions;
use crate::task::TaskType;
use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Alternatives shown.
const ALTERNATIVES: usize = 6;

/// What the scores of a block's hour rest on.
struct Basis<'a> {
    hour: u32,
    /// Placements that settled within an hour of it, the latest first.
    outcomes: Vec<&'a Event>,
    /// Observations behind the hour and its neighbours.
    seen: f64,
    /// How sure the hour's score is, 0..=1.
    sure: f32,
    /// How often the person put such work there; decays by a tenth a week.
    placed: f32,
}

pub(super) fn explain(
    looked: &Looked,
    block: &Suggestion,
    now: DateTime<Utc>,
    global: &Global,
) -> Result<(), CommandError> {
    let (person, zone) = (&looked.person, looked.zone);
    let settings = account::settings(&looked.config, zone, Mode::Observe, Deletions::Guarded);
    let found = explain_block(person, &looked.principal, &settings, now, &block.uid);
    let kind = person.types.by_id.get(&block.task_type);
    let basis = kind.map(|kind| basis(person, kind, block, zone));
    if global.json {
        return output::json(&json!({
            "kind": "block",
            "block": suggestions::fields(block, person, zone),
            "terms": found.as_ref().map(terms_fields),
            "insights": found.as_ref().map(|account| heard_fields(account, person)),
            "score": found.as_ref().map(|a| a.terms.total()),
            "most": MOST_SCORE,
            "basis": basis.as_ref().map(|b| basis_fields(b, zone)),
            "not_taken": found.as_ref().map(|a| others_fields(a, zone)),
        }));
    }
    let span = Span::Timed { start: block.start, end: block.end };
    let mut text = heading(&block.title, &when(&span, zone), &name::block(&block.uid));
    text.push_str(&format!("  {}\n", standing(block, kind, zone)));
    text.push_str(&section("Why it was put there"));
    for reason in &block.reasons {
        text.push_str(&wrap(&plain(reason), 2, output::columns()));
    }
    let event = EventId { uid: block.uid.clone(), recurrence_id: None };
    if let (None, Some(event)) = (&found, person.events.get(&event)) {
        let line = format!("`chronotype explain {}` says what became of it", event.id.short());
        text.push_str(&format!("  {line}\n"));
    }
    if let (Some(account), Some(basis)) = (&found, &basis) {
        text.push_str(&scores(account, basis));
        text.push_str(&heard(account, person));
    }
    if let Some(basis) = basis.filter(|b| !b.outcomes.is_empty()) {
        text.push_str(&section(&format!("Outcomes of such work around {}:00", basis.hour)));
        text.push_str(&evidence(&basis.outcomes, zone));
    }
    if let Some(account) = found {
        text.push_str(&not_taken(&account, zone));
    }
    output::data(&text)
}

/// What it is, what it serves, how it stands.
fn standing(block: &Suggestion, kind: Option<&TaskType>, zone: Tz) -> String {
    let state = match block.state {
        State::Proposed => "proposed",
        State::Accepted => "accepted: it stays where you put it",
        State::Taken => "yours now, never touched again",
        State::Refused => "deleted by you",
        State::Withdrawn => "taken back",
        State::Past => "over",
    };
    let kind = kind.map_or("no kind of work".to_owned(), |k| plain(&k.name));
    let since = block.since.with_timezone(&zone).format("%a %-d %b %H:%M");
    let door = match block.door {
        Door::Habit => "a habit of yours",
        Door::Todo => "from your task list",
        Door::Ask => "you asked for it",
    };
    format!("{kind}, {door}; {state} since {since}")
}

fn basis<'a>(person: &'a Person, kind: &TaskType, block: &Suggestion, zone: Tz) -> Basis<'a> {
    let hour = block.start.with_timezone(&zone).hour();
    let near = |at: u8| u32::from(at).abs_diff(hour) <= 1;
    let settled = |e: &&Event| {
        let taught = e.settled.iter().filter(|s| s.signal.is_some());
        e.task_type == Some(kind.id) && taught.filter_map(|s| s.hour).any(near)
    };
    let mut outcomes: Vec<&Event> = person.events.values().filter(settled).collect();
    outcomes.sort_by_key(|e| std::cmp::Reverse((e.span, &e.id)));
    let curve = Curve::of(kind, &Habits::of(&person.types));
    let at = hour.min(23) as usize;
    let around = at.saturating_sub(1)..=(at + 1).min(23);
    Basis {
        hour,
        outcomes,
        seen: curve.observations[around.clone()].iter().sum(),
        sure: kind.hours.confidence[at],
        placed: kind.hours.placement[around].iter().sum(),
    }
}

/// The score as a table of terms, here and at the usual place of the window.
fn scores(account: &Account, basis: &Basis<'_>) -> String {
    let columns =
        [("", Align::Left), ("here", Align::Right), ("usual", Align::Right), ("", Align::Cut)];
    let mut table = Table::new(&columns).indented(2);
    for ((term, here), (_, usual)) in account.terms.each().zip(account.usual.each()) {
        let note = match term {
            Term::Learned => format!(
                "{} around {}:00, {:.0} % sure",
                output::count(basis.seen.round() as usize, "observation"),
                basis.hour,
                basis.sure * 100.0
            ),
            Term::Placed => format!("put there {:.1} times, older ones count less", basis.placed),
            Term::Prior | Term::Insights | Term::Rest => String::new(),
        };
        table.row([
            words(term).into(),
            format!("{here:+.3}").into(),
            format!("{usual:+.3}").into(),
            Cell::styled(FAINT, note),
        ]);
    }
    let total = account.terms.total();
    let of = format!("of at most {MOST_SCORE:.2}");
    table.row([
        "score".into(),
        format!("{total:.3}").into(),
        format!("{:.3}", account.usual.total()).into(),
        Cell::styled(FAINT, of),
    ]);
    format!("{}{}", section("Its score as things stand now"), table.render(output::columns()))
}

/// The insights that speak of such work, each with what it adds here and at the usual place.
fn heard(account: &Account, person: &Person) -> String {
    if account.heard.is_empty() {
        return String::new();
    }
    let columns = [("", Align::Left), ("", Align::Right), ("", Align::Right), ("", Align::Cut)];
    let mut table = Table::new(&columns).indented(2);
    for heard in &account.heard {
        table.row([
            name::insight(heard.voice.insight).into(),
            format!("{:+.3}", heard.here).into(),
            format!("{:+.3}", heard.usual).into(),
            Cell::styled(FAINT, sentence(person, heard)),
        ]);
    }
    format!("{}{}", section("Insights, here and usually"), table.render(output::columns()))
}

fn sentence<'a>(person: &'a Person, heard: &Heard) -> &'a str {
    person.memory.get(heard.voice.insight).map_or("", |insight| &insight.sentence)
}

fn heard_fields(account: &Account, person: &Person) -> Value {
    let one = |heard: &Heard| {
        json!({
            "id": name::insight(heard.voice.insight),
            "sentence": sentence(person, heard),
            "here": heard.here,
            "usual": heard.usual,
        })
    };
    account.heard.iter().map(one).collect()
}

fn words(term: Term) -> &'static str {
    match term {
        Term::Prior => "usual for such work",
        Term::Learned => "what became of yours",
        Term::Placed => "where you put it yourself",
        Term::Insights => "insights",
        Term::Rest => "tired from before",
    }
}

fn not_taken(account: &Account, zone: Tz) -> String {
    let mut table =
        Table::new(&[("", Align::Left), ("", Align::Right), ("", Align::Cut)]).indented(2);
    for other in account.others.iter().take(ALTERNATIVES) {
        table.row([
            other.start.with_timezone(&zone).format("%a %-d %b %H:%M").to_string().into(),
            format!("{:.3}", other.terms.total()).into(),
            Cell::styled(FAINT, why_not(other)),
        ]);
    }
    let text = match account.others.is_empty() {
        true => "  there was no other place\n".to_owned(),
        false => table.render(output::columns()),
    };
    format!("{}{text}", section("Not taken, the best of each kind"))
}

fn why_not(other: &Alternative) -> &'static str {
    match other.obstacle {
        Obstacle::OutsideHours => "outside your working hours",
        Obstacle::Busy => "something lies there",
        Obstacle::Buffer => "too close to something else",
        Obstacle::Refused => "you deleted it there",
        Obstacle::Recovery => "too close to another demanding block",
        Obstacle::DayFull => "that day has enough blocks",
        Obstacle::FocusCap => "that day has enough demanding work",
        Obstacle::Tiring => "it follows something tiring",
        Obstacle::Lower => "its score is lower",
    }
}

fn terms_fields(account: &Account) -> Value {
    let key = |term: Term| match term {
        Term::Prior => "prior",
        Term::Learned => "learned",
        Term::Placed => "placed",
        Term::Insights => "insights",
        Term::Rest => "tired",
    };
    let pairs = account.terms.each().zip(account.usual.each());
    pairs
        .map(|((term, here), (_, usual))| {
            (key(term).to_owned(), json!({ "here": here, "usual": usual }))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn basis_fields(basis: &Basis<'_>, zone: Tz) -> Value {
    let shown = &basis.outcomes[..basis.outcomes.len().min(EVIDENCE_SHOWN)];
    json!({
        "hour": basis.hour,
        "observations": basis.seen,
        "confidence": basis.sure,
        "placements": basis.placed,
        "outcomes": basis.outcomes.len(),
        "latest": evidence_fields(shown, zone),
    })
}

fn others_fields(account: &Account, zone: Tz) -> Vec<Value> {
    let one = |other: &Alternative| {
        json!({
            "start": local(other.start, zone),
            "score": other.terms.total(),
            "why": why_not(other),
        })
    };
    account.others.iter().map(one).collect()
}
