//! Step 9: what is to be placed, through the three doors, and the plan of it.

use super::report::Left;
use super::{Brain, Report, Turn};
use crate::event::ical::{self, Todo, TodoStatus};
use crate::event::mark::{mark_of, unmarked};
use crate::event::time::local_midnight;
use crate::event::{Stamp, Uid};
use crate::memory::recall::{self, Work};
use crate::schedule::habit::habits;
use crate::schedule::plan::{PlanInput, Voices, plan as place};
use crate::schedule::request::{Ask, Door, Request, RequestKey};
use crate::schedule::suggestion::{State, Suggestion};
use crate::store::Person;
use crate::sync::gesture::{self, Among, Company, Sighting};
use crate::sync::reconcile::Target;
use crate::task::TaskType;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// RFC 5545 section 3.8.1.9: priorities 1 to 4 are high.
const HIGH_PRIORITY: std::ops::RangeInclusive<u8> = 1..=4;
/// Weeks ahead for which habits are proposed: this one and the next.
const HABIT_WEEKS: u32 = 2;

/// Gathers the requests, plans them and takes the plan over into the suggestions.
pub(super) fn plan(person: &mut Person, brain: &Brain, turn: &Turn<'_>, report: &mut Report) {
    hold_back_late_moves(person, turn);
    let requests = requests(person, brain, turn);
    uncite(person);
    let voices = voices(person);
    let plan = place(&PlanInput {
        now: turn.now,
        zone: turn.settings.zone,
        types: &person.types,
        events: &person.events,
        suggestions: &person.suggestions,
        requests: &requests,
        principal: turn.principal,
        settings: &turn.settings.planning,
        voices: &voices,
    });
    for (uid, _) in &plan.withdrawn {
        if let Some(suggestion) = person.suggestions.get_mut(uid) {
            suggestion.state = State::Withdrawn;
            suggestion.since = turn.now;
        }
    }
    let titles: BTreeMap<&RequestKey, &str> =
        requests.iter().map(|r| (&r.key, r.title.as_str())).collect();
    for (key, why) in &plan.unplaced {
        let title = titles.get(key).copied().unwrap_or_default().to_owned();
        report.unplaced.push(Left { request: key.clone(), title, why: *why });
    }
    report.left_alone = plan.notes;
    person.risks = plan.risks;
    for suggestion in plan.suggestions {
        // What may lie there unseen keeps its text: with another it would read as the person's.
        let old = person.suggestions.get(&suggestion.uid);
        if old.is_some_and(|old| old.intent.is_some() && may_have_landed(person, old, turn)) {
            continue;
        }
        person.suggestions.insert(suggestion.uid.clone(), suggestion);
    }
    recognise(person, turn);
}

/// What insights say of the slots of each type.
pub(super) fn voices(person: &Person) -> Voices {
    let voices = |kind: &TaskType| (kind.id, recall::voices(&person.memory, &Work::of(kind)));
    person.types.by_id.values().map(voices).collect()
}

/// An insight that ended, or was forgotten, speaks for no block any more.
fn uncite(person: &mut Person) {
    let holds: BTreeSet<u32> = person.memory.active().map(|insight| insight.id).collect();
    for block in person.suggestions.values_mut() {
        block.uncite(&|insight| holds.contains(&insight));
    }
}

/// What is wanted as far as it can be told without looking at titles: the type of a request is that
/// of its blocks.
pub(super) fn known(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    let mut requests = todos(person, turn);
    requests.extend(asks(person).into_iter().filter(|r| r.deadline.is_some_and(|d| d > turn.now)));
    for request in &mut requests {
        let of = person.suggestions.values().find(|s| s.request == request.key);
        request.task_type = of.map(|s| s.task_type);
    }
    let zone = turn.settings.zone;
    requests.extend(habits(&person.events, &person.types, zone, turn.now, HABIT_WEEKS));
    requests
}

/// A move that is decided but not out is no move any more once the block stands in its freeze
/// window: no block moves there, and none is taken back.
fn hold_back_late_moves(person: &mut Person, turn: &Turn<'_>) {
    let thaw = turn.now + TimeDelta::minutes(turn.settings.planning.freeze_minutes.into());
    let ours = |s: &Suggestion| matches!(s.state, State::Proposed | State::Withdrawn);
    let unseen: BTreeSet<Uid> = person
        .suggestions
        .values()
        .filter(|s| s.intent.is_some() && may_have_landed(person, s, turn))
        .map(|s| s.uid.clone())
        .collect();
    let ours = |s: &&mut Suggestion| ours(s) && !unseen.contains(&s.uid);
    for suggestion in person.suggestions.values_mut().filter(ours) {
        let Some(published) = &suggestion.published else { continue };
        if published.start < thaw && published.end > turn.now {
            (suggestion.start, suggestion.end) = (published.start, published.end);
            suggestion.intent = None;
            if suggestion.state == State::Withdrawn {
                suggestion.state = State::Proposed;
                suggestion.since = turn.now;
            }
        }
    }
}

/// Whether a write of an earlier turn may have reached its place although no reply told so: that
/// place was not seen in this turn.
fn may_have_landed(person: &Person, suggestion: &Suggestion, turn: &Turn<'_>) -> bool {
    let place = match (&suggestion.published, turn.settings.target(&person.status)) {
        (Some(published), _) => published.collection.clone(),
        (None, Some(Target::Known(collection))) => collection.id,
        // Made, perhaps, and not yet known.
        (None, Some(Target::ToBeMade { .. })) => return true,
        (None, None) => return false,
    };
    let Some(status) = person.status.collections.get(&place) else { return true };
    let name = format!("{}.ics", suggestion.uid);
    person.status.is_out_of_sight(status)
        || status.listed_at != Some(turn.now)
        || status.broken.keys().any(|href| href.as_str().ends_with(&name))
}

/// A block that is wanted and lies there already, from before the store was lost: it is what the
/// person has, whatever they did to it since, and no second one is made.
fn recognise(person: &mut Person, turn: &Turn<'_>) {
    let unseen = |s: &&Suggestion| s.state == State::Proposed && s.published.is_none();
    let wanted: BTreeSet<Uid> =
        person.suggestions.values().filter(unseen).map(|s| s.uid.clone()).collect();
    if wanted.is_empty() {
        return;
    }
    for (collection, status) in &person.status.collections {
        for (href, known) in status.known.iter() {
            let [uid] = known.uids.as_slice() else { continue };
            if !wanted.contains(uid) {
                continue;
            }
            let Some(body) = &known.body else { continue };
            let objects = ical::parse(body).objects;
            let Some(object) = objects.first().filter(|o| gesture::is_marked(o)) else { continue };
            let etag = known.etag.as_ref();
            let (company, among) = (Company::Alone, Among::of(status));
            let sighting = Sighting { collection, href, etag, object, company, among };
            if let Some(suggestion) = person.suggestions.get_mut(uid) {
                gesture::seen(suggestion, &sighting, turn.settings.zone, turn.now);
            }
        }
    }
}

fn requests(person: &mut Person, brain: &Brain, turn: &Turn<'_>) -> Vec<Request> {
    let doors = &turn.settings.doors;
    let mut requests = Vec::new();
    if doors.contains(&Door::Todo) {
        requests.extend(todos(person, turn));
    }
    if doors.contains(&Door::Ask) {
        person.asks.retain(|ask| ask.deadline > turn.now);
        requests.extend(asks(person));
    }
    for request in &mut requests {
        request.task_type = Some(brain.type_of(person, &request.title));
    }
    if doors.contains(&Door::Habit) {
        let zone = turn.settings.zone;
        requests.extend(habits(&person.events, &person.types, zone, turn.now, HABIT_WEEKS));
    }
    requests
}

/// The words of all that is to be placed.
pub(super) fn titles(person: &Person, turn: &Turn<'_>) -> Vec<String> {
    let all = todos(person, turn).into_iter().chain(asks(person));
    all.map(|request| request.title).collect()
}

/// Open VTODOs of all collections, in order of UID (DESIGN section 8).
fn todos(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    let mut found: BTreeMap<Uid, Todo> = BTreeMap::new();
    let known = person.status.collections.values().flat_map(|c| c.known.values());
    let bodies = known.filter_map(|k| k.body.as_ref());
    for body in bodies.filter(|body| body.contains("BEGIN:VTODO")) {
        for object in ical::parse(body).objects {
            // A recurring VTODO has no one deadline; overrides are not told apart here.
            if let [todo] = object.todos.as_slice() {
                // The same VTODO in two collections: the one that was changed last.
                let newer = |other: &Todo| todo.last_modified > other.last_modified;
                if found.get(&object.uid).is_none_or(newer) {
                    found.insert(object.uid.clone(), todo.clone());
                }
            }
        }
    }
    found
        .into_iter()
        .filter(|(_, todo)| todo.status == TodoStatus::Open && !todo.recurring)
        .filter(|(_, todo)| mark_of(&todo.summary) != Some(true))
        .filter_map(|(uid, todo)| request_of(uid, &todo, turn))
        .collect()
}

fn request_of(uid: Uid, todo: &Todo, turn: &Turn<'_>) -> Option<Request> {
    let zone = turn.settings.zone;
    let deadline = todo.due.as_ref().map(|due| deadline_of(due, zone));
    // Overdue: there is nowhere left to put it.
    if deadline.is_some_and(|d| d <= turn.now) {
        return None;
    }
    let minutes = todo.duration.map(|d| d.num_minutes()).filter(|m| *m > 0);
    Some(Request {
        key: RequestKey(format!("todo:{uid}")),
        title: unmarked(&todo.summary).to_owned(),
        door: Door::Todo,
        task_type: None,
        minutes: minutes.and_then(|m| u32::try_from(m).ok()),
        sessions: 1,
        weekly: 0,
        earliest: todo.start.as_ref().map(|s| s.instant(zone)),
        deadline,
        weight: if HIGH_PRIORITY.contains(&todo.priority) { 2 } else { 1 },
        related_to: Some(uid),
    })
}

/// A DUE that is a date means the end of that day: people read it so, whatever RFC 5545 says.
fn deadline_of(due: &Stamp, zone: Tz) -> DateTime<Utc> {
    match due {
        Stamp::Date(day) => local_midnight(day.succ_opt().unwrap_or(*day), zone),
        other => other.instant(zone),
    }
}

fn asks(person: &Person) -> Vec<Request> {
    let request = |ask: &Ask| Request {
        key: RequestKey(format!("ask:{}", ask.number)),
        title: ask.title.clone(),
        door: Door::Ask,
        task_type: None,
        minutes: ask.minutes,
        sessions: 1,
        weekly: 0,
        earliest: None,
        deadline: Some(ask.deadline),
        weight: 2,
        related_to: None,
    };
    person.asks.iter().map(request).collect()
}
