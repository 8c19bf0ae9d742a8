//! What lay around an event: what it clashed with, the day's run of sessions, what followed, signs
//! of life, and how its series and its type usually are.

use super::aftermath::Aftermath;
use super::minutes_of;
use crate::event::mark::unmarked;
use crate::event::time::local_date;
use crate::event::{Event, EventId, Events, Observation, Role, Span, Standing, Uid};
use crate::task::kind::TypeId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Sessions closer than this are one run.
const SAME_RUN: TimeDelta = TimeDelta::hours(1);
/// "A week around it" (DESIGN section 6).
const WEEK: TimeDelta = TimeDelta::days(7);
/// What starts this soon after an event follows it.
const SOON: TimeDelta = TimeDelta::hours(2);

/// A break starts this soon after what it is for, and is at most this long.
const AT_ONCE: TimeDelta = TimeDelta::minutes(15);
const BREAK: TimeDelta = TimeDelta::minutes(45);
/// Edges that touch for less are no clash: meetings run into each other.
const TOUCHING: TimeDelta = TimeDelta::minutes(15);
/// Sessions looked at of one day: nobody lives more, and each is compared with all others.
const MOST_A_DAY: usize = 200;
/// Fewer occurrences or events than this say nothing of what is usual.
const SOME: u32 = 4;

#[derive(Debug, Clone)]
struct Session<'a> {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    id: &'a EventId,
    title: &'a str,
    created: DateTime<Utc>,
    first_seen: DateTime<Utc>,
    company: Company,
}

/// Who else is in it, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    /// No guest list: perhaps alone.
    Unknown,
    /// Others, and the person has not said yes.
    Uninvited,
    /// Others who count on the person.
    Others,
}

impl Company {
    fn of(event: &Event) -> Self {
        match (event.role, event.answered) {
            (Role::Invited, false) => Company::Uninvited,
            (Role::Invited, true) => Company::Others,
            _ if event.attendees > 0 => Company::Others,
            _ => Company::Unknown,
        }
    }
}

/// What an event shared its time with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Clash<'a> {
    /// Something booked later.
    Later(&'a EventId),
    /// An invitation that came later and that the person never answered.
    Unanswered(&'a EventId),
    /// Something no younger, but with others, where this one has no guest list.
    WithOthers(&'a EventId),
    /// Something no younger: either may have happened.
    Either(&'a EventId),
}

/// How a series was treated so far.
#[derive(Debug, Clone, Copy, Default)]
struct Series {
    occurrences: u32,
    touched: bool,
}

/// The person's timed events by local day, and when they last touched anything.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    zone: Tz,
    by_day: BTreeMap<NaiveDate, Vec<Session<'a>>>,
    dropped: BTreeMap<NaiveDate, Vec<DateTime<Utc>>>,
    touched: Vec<DateTime<Utc>>,
    /// First day and the day after the last, in order and apart from each other.
    absences: Vec<(NaiveDate, NaiveDate)>,
    series: BTreeMap<&'a Uid, Series>,
    /// Minutes and number of the untouched events of a type.
    lengths: BTreeMap<TypeId, (f32, u32)>,
}

impl<'a> Surroundings<'a> {
    /// Looks at all events once.
    pub fn new(events: &'a Events, zone: Tz) -> Self {
        let mut this = Self {
            zone,
            by_day: BTreeMap::new(),
            dropped: BTreeMap::new(),
            touched: Vec::new(),
            absences: Vec::new(),
            series: BTreeMap::new(),
            lengths: BTreeMap::new(),
        };
        for event in events.values() {
            this.note_touches(event);
            this.note_ways(event);
            let (start, end) = match event.span {
                Span::Timed { start, end } => (start, end),
                Span::AllDay { start, end } => {
                    let away = event.busy && event.standing == Standing::Scheduled;
                    this.absences.extend(away.then_some((start, end)));
                    continue;
                }
            };
            let day = local_date(start, zone);
            match event.standing {
                Standing::Scheduled if event.busy => {
                    let sessions = this.by_day.entry(day).or_default();
                    if sessions.len() >= MOST_A_DAY {
                        continue;
                    }
                    sessions.push(Session {
                        start,
                        end,
                        id: &event.id,
                        title: unmarked(&event.title),
                        created: event.created_at,
                        first_seen: event.first_seen,
                        company: Company::of(event),
                    });
                }
                Standing::Withdrawn => this.drop_at(start, day),
                _ => {}
            }
            if let Some(from) = event.trail.iter().find_map(|(_, o)| match o {
                Observation::Moved { from: Span::Timed { start, .. }, .. } => Some(*start),
                _ => None,
            }) {
                this.drop_at(from, local_date(from, zone));
            }
        }
        for sessions in this.by_day.values_mut() {
            sessions.sort_by(|a, b| (a.start, a.id).cmp(&(b.start, b.id)));
        }
        this.touched.sort_unstable();
        this.absences = joined(std::mem::take(&mut this.absences));
        this
    }

    fn drop_at(&mut self, start: DateTime<Utc>, day: NaiveDate) {
        let dropped = self.dropped.entry(day).or_default();
        if dropped.len() < MOST_A_DAY {
            dropped.push(start);
        }
    }

    /// How its series and its type are usually.
    fn note_ways(&mut self, event: &'a Event) {
        let touched = is_touched(event);
        if event.recurring {
            let series = self.series.entry(&event.id.uid).or_default();
            series.occurrences += 1;
            series.touched |= touched;
        }
        if let (Some(kind), false, Span::Timed { .. }) = (event.task_type, touched, event.span) {
            let (minutes, count) = self.lengths.entry(kind).or_default();
            *minutes += minutes_of(&event.span);
            *count += 1;
        }
    }

    /// A series of some length of which no occurrence was ever answered, moved, marked or deleted.
    pub(super) fn is_never_touched(&self, event: &Event) -> bool {
        let series = self.series.get(&event.id.uid);
        event.recurring && series.is_some_and(|s| !s.touched && s.occurrences >= SOME)
    }

    /// Mean length in minutes of events of its type that nobody changed, where there are some.
    pub(super) fn usual_minutes(&self, event: &Event) -> Option<f32> {
        let (minutes, count) = self.lengths.get(&event.task_type?)?;
        (*count >= SOME).then(|| minutes / *count as f32)
    }

    /// The zone they were looked at in.
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The person's own doing: events they made, changes to them. What others change is no sign.
    fn note_touches(&mut self, event: &Event) {
        if event.role != Role::Own {
            return;
        }
        self.touched.push(event.created_at);
        self.touched.extend(event.trail.iter().map(|(seen, _)| seen.by));
    }

    fn day(&self, at: DateTime<Utc>) -> &[Session<'a>] {
        self.by_day.get(&local_date(at, self.zone)).map_or(&[], Vec::as_slice)
    }

    /// What it shared its time with that makes it doubtful; what was booked later comes first.
    pub(super) fn clash(&self, event: &Event) -> Option<Clash<'a>> {
        let Span::Timed { start, end } = event.span else { return None };
        // The same event in a second calendar is no clash.
        let title = unmarked(&event.title);
        let other = |s: &Session| *s.id != event.id && s.title != title;
        let over = |s: &&Session| overlap(s, start, end) && other(s);
        let clashes = self.day(start).iter().filter(over).filter_map(|s| clash_with(event, s));
        clashes.min_by_key(|clash| match clash {
            Clash::Later(_) => 0,
            Clash::WithOthers(_) => 1,
            Clash::Unanswered(_) => 2,
            Clash::Either(_) => 3,
        })
    }

    /// Place in the run of sessions without an hour's break, from 0.
    pub(super) fn position(&self, id: &EventId, span: &Span) -> usize {
        let Span::Timed { mut start, .. } = *span else { return 0 };
        let mut position = 0;
        for session in self.day(start).iter().rev() {
            if session.id != id && session.end <= start && start - session.end < SAME_RUN {
                position += 1;
                start = session.start;
            }
        }
        position
    }

    /// Hours since the session before it on that day.
    pub(super) fn rest_before(&self, span: &Span) -> Option<f32> {
        let Span::Timed { start, .. } = *span else { return None };
        let before = self.day(start).iter().filter(|s| s.end <= start).map(|s| s.end).max()?;
        Some((start - before).num_minutes() as f32 / 60.0)
    }

    /// The person was away on the day it was to start: a whole day of theirs that blocks time.
    pub(super) fn is_absent(&self, span: &Span) -> bool {
        let day = local_date(span.start_instant(self.zone), self.zone);
        let begun = self.absences.partition_point(|(from, _)| *from <= day);
        self.absences.get(..begun).and_then(<[_]>::last).is_some_and(|(_, to)| day < *to)
    }

    /// What followed it that speaks of tiredness.
    pub(super) fn aftermath(&self, span: &Span) -> Vec<Aftermath> {
        let Span::Timed { start, end } = *span else { return Vec::new() };
        let dropped = self.dropped.get(&local_date(end, self.zone));
        let dropped = dropped.is_some_and(|all| all.iter().any(|s| *s >= end && *s - end <= SOON));
        // Put in while it ran or right after: not planned beforehand.
        let is_break = |s: &Session| {
            s.company == Company::Unknown
                && s.start >= end
                && s.start - end <= AT_ONCE
                && s.end - s.start <= BREAK
                && s.created > start
                && s.created <= s.end
        };
        let found = [
            (dropped, Aftermath::NextDropped),
            (self.day(end).iter().any(is_break), Aftermath::BreakTaken),
        ];
        found.into_iter().filter(|(seen, _)| *seen).map(|(_, what)| what).collect()
    }

    /// The person did something in their calendars within a week of it.
    pub(super) fn person_was_active(&self, span: &Span) -> bool {
        let from = span.start_instant(self.zone) - WEEK;
        let to = span.end_instant(self.zone) + WEEK;
        let first = self.touched.partition_point(|t| *t < from);
        self.touched.get(first).is_some_and(|t| *t <= to)
    }
}

/// The same days as stretches in order that don't overlap.
fn joined(mut stretches: Vec<(NaiveDate, NaiveDate)>) -> Vec<(NaiveDate, NaiveDate)> {
    stretches.sort_unstable();
    let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (from, to) in stretches {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// They share a quarter of an hour, or half of the shorter one.
fn overlap(session: &Session<'_>, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
    let shared = session.end.min(end) - session.start.max(start);
    let shorter = (session.end - session.start).min(end - start);
    shared > TimeDelta::zero() && (shared >= TOUCHING || shared * 2 >= shorter)
}

/// Which of two happened: the later booked, else the one with others, else nobody knows.
fn clash_with<'a>(event: &Event, other: &Session<'a>) -> Option<Clash<'a>> {
    let later = other.first_seen > event.first_seen || other.created > event.created_at;
    let earlier = other.first_seen < event.first_seen || other.created < event.created_at;
    match (Company::of(event), other.company) {
        (_, Company::Uninvited) if later => Some(Clash::Unanswered(other.id)),
        _ if later => Some(Clash::Later(other.id)),
        _ if earlier => None,
        (Company::Unknown | Company::Uninvited, Company::Others) => {
            Some(Clash::WithOthers(other.id))
        }
        (Company::Others, Company::Unknown | Company::Uninvited) => None,
        _ => Some(Clash::Either(other.id)),
    }
}

/// The person did something with it: moved, marked, answered, deleted.
fn is_touched(event: &Event) -> bool {
    event.answered
        || event.sequence > 0
        || event.completed.is_some()
        || event.success_rating.is_some()
        || event.standing != Standing::Scheduled
        || event.trail.iter().any(|(_, o)| !matches!(o, Observation::Reworded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_are_joined_where_they_touch() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let all = vec![(day(9), day(12)), (day(2), day(3)), (day(3), day(5)), (day(10), day(11))];
        assert_eq!(joined(all), [(day(2), day(5)), (day(9), day(12))]);
    }
}
