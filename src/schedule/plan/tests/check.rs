//! The rules of a plan once more, read off DESIGN and written without the planner's tables: by the
//! minute, in local time.

use super::people::World;
use crate::event::{Event, Role, Span, Standing};
use crate::schedule::plan::risk::Danger;
use crate::schedule::plan::{Plan, Unplaced};
use crate::schedule::request::{Door, Request};
use crate::schedule::suggestion::{State, Suggestion};
use crate::schedule::working::Lunch;
use crate::task::Category;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

/// Every rule that a plan breaks, in words. Blocks that no plan could touch are held to nothing.
pub(super) fn broken(world: &World, plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let stands = |s: &&Suggestion| s.stands() && s.end > world.now;
    let blocks: Vec<&Suggestion> = plan.suggestions.iter().filter(stands).collect();
    for block in blocks.iter().filter(|b| b.intent.is_some()) {
        alone(world, block, &mut found);
        for other in blocks.iter().filter(|o| o.uid != block.uid) {
            beside(world, block, other, &mut found);
        }
    }
    days(world, &blocks, &mut found);
    for request in &world.requests {
        served(world, plan, request, &blocks, &mut found);
    }
    found
}

fn request<'a>(world: &'a World, block: &Suggestion) -> &'a Request {
    world.requests.iter().find(|r| r.key == block.request).unwrap()
}

fn alone(world: &World, block: &Suggestion, found: &mut Vec<String>) {
    let mut say = |what: &str| found.push(format!("{what}: {} {}", block.request.0, block.start));
    let request = request(world, block);
    if request.earliest.is_some_and(|e| block.start < e) || block.start < world.now {
        say("too early");
    }
    if request.deadline.is_some_and(|d| d < block.end) {
        say("past its deadline");
    }
    let buffer = TimeDelta::minutes(world.settings.buffer_minutes.into());
    let first = block.start.with_timezone(&world.zone);
    let working = world.settings.working.as_ref().unwrap();
    let mut at = block.start;
    while at < block.end {
        let local = at.with_timezone(&world.zone);
        let minute = (local.hour() * 60 + local.minute()) as u16;
        let weekday = local.weekday().num_days_from_monday() as usize;
        if local.date_naive() != first.date_naive() {
            say("over midnight");
        }
        let hours = &working.by_weekday[weekday];
        if !hours.iter().any(|&(from, to)| from <= minute && minute < to) {
            say("outside working hours");
        }
        if matches!(world.settings.lunch, Lunch::Fixed(a, b) if a <= minute && minute < b) {
            say("over lunch");
        }
        at += TimeDelta::minutes(1);
    }
    let taken =
        |e: &&Event| e.busy && e.standing == Standing::Scheduled && e.role != Role::Suggested;
    for event in world.events.values().filter(taken) {
        let clash = match event.span {
            Span::Timed { start, end } => start < block.end + buffer && block.start - buffer < end,
            Span::AllDay { start, end } => (start..end).contains(&first.date_naive()),
        };
        if clash {
            say("where the person is busy or away");
        }
    }
}

fn beside(world: &World, a: &Suggestion, b: &Suggestion, found: &mut Vec<String>) {
    let buffer = TimeDelta::minutes(world.settings.buffer_minutes.into());
    if a.start < b.end + buffer && b.start < a.end + buffer {
        found.push(format!("{} and {} too close", a.request.0, b.request.0));
    }
    // Care binds habits always; what was asked for sets it aside where it must.
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    let (x, y) = (&world.types.by_id[&first.task_type], &world.types.by_id[&second.task_type]);
    let day = |t: DateTime<Utc>| t.with_timezone(&world.zone).date_naive();
    let rest = TimeDelta::minutes((x.recovery_hours * 60.0) as i64);
    let demanding = x.cognitive_load >= 0.7 && y.cognitive_load >= 0.7;
    let same_day = day(first.start) == day(second.start);
    if a.door == Door::Habit && demanding && same_day && second.start < first.end + rest {
        found.push(format!("{} without recovery", a.request.0));
    }
}

/// What a day may take of habits.
fn days(world: &World, blocks: &[&Suggestion], found: &mut Vec<String>) {
    let day = |b: &Suggestion| b.start.with_timezone(&world.zone).date_naive();
    for habit in blocks.iter().filter(|b| b.door == Door::Habit && b.intent.is_some()) {
        let today = || blocks.iter().filter(|b| day(b) == day(habit));
        let habits = today().filter(|b| b.door == Door::Habit).count();
        let focused = today()
            .filter(|b| world.types.by_id[&b.task_type].category == Category::Focused)
            .map(|b| (b.end - b.start).num_minutes())
            .sum::<i64>();
        let is_focused = world.types.by_id[&habit.task_type].category == Category::Focused;
        if habits > usize::from(world.settings.daily_cap) {
            found.push(format!("{habits} habits on {}", day(habit)));
        }
        if is_focused && focused > i64::from(world.settings.focus_cap_minutes) {
            found.push(format!("{focused} demanding minutes on {}", day(habit)));
        }
    }
}

/// What was asked for is there to the minute, or it is said that it isn't.
fn served(
    world: &World,
    plan: &Plan,
    request: &Request,
    blocks: &[&Suggestion],
    found: &mut Vec<String>,
) {
    let own = || blocks.iter().filter(|b| b.request == request.key);
    let placed: i64 = own().map(|b| (b.end - b.start).num_minutes()).sum();
    let said = plan.unplaced.iter().any(|(key, _)| *key == request.key);
    let short = |why| plan.unplaced.iter().any(|(key, w)| *key == request.key && *w == why);
    if request.door == Door::Habit {
        return;
    }
    // One that the person changed is as long as they want it.
    let untouched = own().all(|b| b.state == State::Proposed);
    let wanted = i64::from(request.minutes.unwrap_or(60));
    if untouched && !said && placed != wanted {
        found.push(format!("{}: {placed} of {wanted} minutes, unsaid", request.key.0));
    }
    if placed > wanted && untouched {
        found.push(format!("{}: {placed} of {wanted} minutes", request.key.0));
    }
    let risk = plan.risks.iter().find(|r| r.request == request.key);
    let no_room = risk.is_some_and(|r| r.danger == Danger::NoRoom);
    if request.deadline.is_some_and(|d| d > world.now) && short(Unplaced::NoRoom) != no_room {
        found.push(format!("{}: the deadline is at risk, unsaid", request.key.0));
    }
    let longest = i64::from(world.settings.longest_session);
    let shortest = i64::from(world.settings.shortest_session);
    let parts: Vec<i64> = own().map(|b| (b.end - b.start).num_minutes()).collect();
    let too_short = wanted > longest && parts.iter().any(|&p| p < shortest);
    if parts.iter().any(|&p| p > longest) || too_short {
        found.push(format!("{}: sessions of {parts:?} minutes", request.key.0));
    }
}
