//! `chronotype insights search`: insights by words and meaning, with what lies beside them in the
//! graph; kinds of work and events that suit the words too.

use super::show::table;
use super::{fields, line};
use crate::cli::output::{HEADING, styled};
use crate::cli::suggestions::Kept;
use crate::cli::table::plain;
use crate::cli::{CommandError, Global, context, output, search};
use crate::event::Event;
use crate::memory::graph::Insight;
use crate::store::Person;
use crate::task::TaskType;
use crate::text::index::Hit;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kinds of work and events shown of one search.
const SHOWN: usize = 10;

/// Runs the search.
pub(super) fn run(words: &str, global: &Global) -> Result<(), CommandError> {
    let looked = context::look(global)?;
    if looked.is_new(global) {
        return Ok(());
    }
    let person = &looked.person;
    let hits = search::find(looked.index_beside(), &looked.principal, person, words)?;
    let found = Found::of(&hits, person);
    if global.json {
        return output::json_lines(&found.lines());
    }
    if found.is_empty() {
        output::say(global, "Nothing suits these words.");
        return Ok(());
    }
    let mut text = String::new();
    let lines = |all: &[&Insight]| {
        all.iter().map(|i| line(i, looked.zone, Kept::Stored)).collect::<String>()
    };
    let names: String = found.types.iter().map(|t| format!("  {}\n", plain(&t.name))).collect();
    for (heading, part) in [
        ("Insights", lines(&found.insights)),
        ("Beside them", lines(&found.beside)),
        ("Kinds of work", names),
        ("Events", table(&found.events, looked.zone)),
    ] {
        if !part.is_empty() {
            text.push_str(&format!("{}\n{part}", styled(HEADING, heading)));
        }
    }
    output::data(&text)
}

struct Found<'a> {
    insights: Vec<&'a Insight>,
    beside: Vec<&'a Insight>,
    types: Vec<&'a TaskType>,
    events: Vec<&'a Event>,
}

impl<'a> Found<'a> {
    fn of(hits: &[Hit], person: &'a Person) -> Self {
        let keys: Vec<&str> = hits.iter().map(|hit| hit.key.as_str()).collect();
        let by_key: BTreeMap<String, &Event> =
            person.events.values().map(|e| (e.id.short(), e)).collect();
        let number = |key: &str, letter: char| key.strip_prefix(letter)?.parse::<u32>().ok();
        let memory = &person.memory;
        let insights: Vec<&Insight> =
            keys.iter().filter_map(|key| memory.get(number(key, 'i')?)).collect();
        let mut beside: Vec<&Insight> = Vec::new();
        for other in insights.iter().flat_map(|i| memory.neighbours(i.id)) {
            if !insights.iter().chain(&beside).any(|known| known.id == other.id) {
                beside.push(other);
            }
        }
        let types = keys.iter().filter_map(|key| person.types.by_id.get(&number(key, 't')?));
        let event = |hit: &Hit| Some((hit.score, by_key.get(&hit.key).copied()?));
        let mut events: Vec<(f32, &Event)> = hits.iter().filter_map(event).collect();
        // Of equally good ones the latest: a series bears one title for years.
        events.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.span.cmp(&one.span)));
        Self {
            types: types.take(SHOWN).collect(),
            events: events.into_iter().take(SHOWN).map(|(_, event)| event).collect(),
            insights,
            beside,
        }
    }

    fn is_empty(&self) -> bool {
        self.insights.is_empty() && self.types.is_empty() && self.events.is_empty()
    }

    fn lines(&self) -> Vec<Value> {
        let insight = |kind: &'static str| {
            move |insight: &&Insight| {
                let mut line = fields(insight);
                line["found"] = kind.into();
                line
            }
        };
        let types = self.types.iter().map(|t| json!({ "found": "task_type", "name": t.name }));
        let events = self
            .events
            .iter()
            .map(|e| json!({ "found": "event", "id": e.id.short(), "title": e.title }));
        self.insights
            .iter()
            .map(insight("insight"))
            .chain(self.beside.iter().map(insight("beside")))
            .chain(types)
            .chain(events)
            .collect()
    }
}
