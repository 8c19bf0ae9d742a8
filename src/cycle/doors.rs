//! Step 9: what is to be placed, through every door: habits, VTODOs, asks, events that ask, and
//! tasks to begin with.

use super::gather::feeds;
use super::{Brain, Turn};
use crate::event::ical::{self, Todo, TodoStatus};
use crate::event::mark::{mark_of, unmarked};
use crate::event::time::{local_date, local_midnight};
use crate::event::{Event, Events, Span, Stamp, Standing, Uid};
use crate::schedule::around;
use crate::schedule::habit::habits;
use crate::schedule::request::{Ask, Door, Reach, Request, RequestKey};
use crate::schedule::starter;
use crate::schedule::wish::Wish;
use crate::store::Person;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// RFC 5545 section 3.8.1.9: priorities 1 to 4 are high.
const HIGH_PRIORITY: std::ops::RangeInclusive<u8> = 1..=4;
/// Weeks ahead for which habits are proposed: this one and the next.
const HABIT_WEEKS: u32 = 2;
/// Asks weigh as what is important.
const ASKED: u8 = 2;

/// What is wanted as far as it can be told without looking at titles: the type of a request is that
/// of its blocks.
pub(super) fn known(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    let mut requests = todos(person, turn);
    requests.extend(asks(person).into_iter().filter(|r| r.deadline.is_some_and(|d| d > turn.now)));
    requests.extend(plans(&person.events, turn));
    requests.extend(around(person, turn));
    let habits = habits_of(person, turn);
    if habits.is_empty() {
        requests.extend(starters(turn));
    }
    for request in &mut requests {
        let of = person.suggestions.values().find(|s| s.request == request.key);
        request.task_type = of.map(|s| s.task_type);
    }
    requests.extend(habits);
    requests
}

/// The words of all that [`requests`] finds a task type for.
pub(super) fn titles(person: &Person, turn: &Turn<'_>) -> Vec<String> {
    let habits = habits_of(person, turn);
    let all = worded(person, &habits, turn).into_iter().chain(around(person, turn));
    all.map(|request| request.title).collect()
}

/// What is wanted through every open door, each with its task type.
pub(super) fn requests(person: &mut Person, brain: &Brain, turn: &Turn<'_>) -> Vec<Request> {
    if turn.settings.doors.contains(&Door::Ask) {
        forget_old_asks(person, turn);
    }
    let habits = habits_of(person, turn);
    let (mut requests, mut around) = (worded(person, &habits, turn), around(person, turn));
    for request in requests.iter_mut().chain(&mut around) {
        request.task_type = Some(brain.type_of(person, &request.title));
    }
    if turn.settings.doors.contains(&Door::Habit) {
        requests.extend(habits);
    }
    requests.extend(around);
    requests
}

/// What is wanted in words, through the doors that are open; no type is known of it yet.
fn worded(person: &Person, habits: &[Request], turn: &Turn<'_>) -> Vec<Request> {
    let doors = &turn.settings.doors;
    let mut requests = Vec::new();
    if doors.contains(&Door::Todo) {
        requests.extend(todos(person, turn));
    }
    if doors.contains(&Door::Ask) {
        requests.extend(asks(person));
        requests.extend(plans(&person.events, turn));
    }
    if doors.contains(&Door::Starter) && habits.is_empty() {
        requests.extend(starters(turn));
    }
    requests
}

fn habits_of(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    habits(&person.events, &person.types, turn.settings.zone, turn.now, HABIT_WEEKS)
}

/// Open VTODOs of all collections, in order of UID (DESIGN section 8).
fn todos(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    let mut found: BTreeMap<Uid, Todo> = BTreeMap::new();
    let addresses = turn.settings.addresses_of(&person.status);
    // What a stranger publishes is nobody's order.
    let feeds = feeds(&person.status);
    let own = person.status.collections.iter().filter(|(id, _)| !feeds.contains(*id));
    let known = own.flat_map(|(_, c)| c.known.values());
    let bodies = known.filter_map(|k| k.body.as_ref());
    for body in bodies.filter(|body| body.contains("BEGIN:VTODO")) {
        for object in ical::parse(body).objects {
            // A recurring VTODO has no one deadline; overrides are not told apart here.
            if let [todo] = object.todos.as_slice()
                && todo.is_taken_on(&addresses)
            {
                // The same VTODO in two collections: the one that was changed last.
                let newer = |other: &Todo| todo.last_modified > other.last_modified;
                if found.get(&object.uid).is_none_or(newer) {
                    found.insert(object.uid.clone(), todo.clone());
                }
            }
        }
    }
    found.retain(|_, todo| {
        todo.status == TodoStatus::Open && !todo.recurring && mark_of(&todo.summary) != Some(true)
    });
    // What is done, or unknown, keeps nobody waiting.
    let mut before: BTreeMap<&Uid, Vec<RequestKey>> = BTreeMap::new();
    for (uid, todo) in &found {
        let mut wait = |who, whom: &Uid| before.entry(who).or_default().push(todo_key(whom));
        todo.depends_on
            .iter()
            .filter(|other| found.contains_key(*other))
            .for_each(|o| wait(uid, o));
        let waiting = todo.precedes.iter().filter_map(|other| found.get_key_value(other));
        waiting.for_each(|(other, _)| wait(other, uid));
    }
    let request = |(uid, todo): (&Uid, &Todo)| {
        let after = before.get(uid).cloned().unwrap_or_default();
        Some(Request { after, ..request_of(uid.clone(), todo, turn)? })
    };
    found.iter().filter_map(request).collect()
}

fn todo_key(uid: &Uid) -> RequestKey {
    RequestKey(format!("todo:{uid}"))
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
        key: todo_key(&uid),
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
        after: Vec::new(),
        reach: Reach::ALL,
    })
}

/// A DUE that is a date means the end of that day: people read it so, whatever RFC 5545 says.
fn deadline_of(due: &Stamp, zone: Tz) -> DateTime<Utc> {
    match due {
        Stamp::Date(day) => end_of(*day, zone),
        other => other.instant(zone),
    }
}

fn forget_old_asks(person: &mut Person, turn: &Turn<'_>) {
    person.asks.retain(|ask| ask.deadline > turn.now);
    let Person { asks, ask_details, .. } = person;
    ask_details.retain(|number, _| asks.iter().any(|ask| ask.number == *number));
}

fn asks(person: &Person) -> Vec<Request> {
    let request = |ask: &Ask| {
        let detail = person.ask_details.get(&ask.number);
        Request {
            key: RequestKey(format!("ask:{}", ask.number)),
            title: ask.title.clone(),
            door: Door::Ask,
            task_type: None,
            minutes: ask.minutes,
            sessions: detail.map_or(1, |detail| detail.sessions),
            weekly: 0,
            earliest: detail.and_then(|detail| detail.earliest),
            deadline: Some(ask.deadline),
            weight: ASKED,
            related_to: None,
            after: Vec::new(),
            reach: Reach::ALL,
        }
    };
    person.asks.iter().map(request).collect()
}

/// Events of the person's own that ask for a block (`plan: Board deck 90m`), in order of UID. The
/// event stays theirs. Days count from when it was made; one that states none is due on the day it
/// lies on, or within a week where that is the day it was made.
fn plans(events: &Events, turn: &Turn<'_>) -> Vec<Request> {
    let request = |event: &Event| {
        let asks = event.asked_for()?;
        let stands = event.standing == Standing::Scheduled && event.id.recurrence_id.is_none();
        if !stands || mark_of(&event.title) == Some(true) {
            return None;
        }
        let zone = turn.settings.zone;
        let written = local_date(event.created_at, zone);
        let wish = Wish::read(asks, written);
        let lies = match event.span {
            Span::Timed { start, .. } => local_date(start, zone),
            Span::AllDay { end, .. } => end.pred_opt().unwrap_or(end),
        };
        let stated = wish.until.is_some() || wish.from.is_some();
        let last = if stated || lies <= written { wish.last_day(written) } else { lies };
        let deadline = end_of(last, zone);
        (deadline > turn.now).then(|| Request {
            key: RequestKey(format!("plan:{}", event.id.uid)),
            title: wish.title,
            door: Door::Ask,
            task_type: None,
            minutes: wish.minutes,
            sessions: wish.sessions,
            weekly: 0,
            earliest: wish.from.map(|day| local_midnight(day, zone)),
            deadline: Some(deadline),
            weight: ASKED,
            related_to: Some(event.id.uid.clone()),
            after: Vec::new(),
            reach: Reach::ALL,
        })
    };
    events.values().filter_map(request).collect()
}

/// Tasks to begin with, this week and the next, until the person's own habits show.
fn starters(turn: &Turn<'_>) -> Vec<Request> {
    let settings = &turn.settings.planning;
    starter::requests(&settings.starters, turn.settings.zone, turn.now)
}

/// Time before and after meetings, where the config asks for it.
fn around(person: &Person, turn: &Turn<'_>) -> Vec<Request> {
    around::requests(&person.events, &turn.settings.planning, turn.now)
}

fn end_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    local_midnight(day.succ_opt().unwrap_or(day), zone)
}
