//! What lay around an event: later bookings over it, the day's run of sessions, signs of life.

use crate::event::time::local_date;
use crate::event::{Event, EventId, Events, Observation, Role, Span, Standing};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Sessions closer than this are one run.
const SAME_RUN: TimeDelta = TimeDelta::hours(1);
/// "A week around it" (DESIGN section 6).
const WEEK: TimeDelta = TimeDelta::days(7);
/// What starts this soon after an event follows it.
const SOON: TimeDelta = TimeDelta::hours(2);

#[derive(Debug, Clone)]
struct Session {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    id: EventId,
    created: DateTime<Utc>,
    first_seen: DateTime<Utc>,
}

/// The person's timed events by local day, and when they last touched anything.
#[derive(Debug, Clone)]
pub struct Surroundings {
    zone: Tz,
    by_day: BTreeMap<NaiveDate, Vec<Session>>,
    dropped: BTreeMap<NaiveDate, Vec<DateTime<Utc>>>,
    touched: Vec<DateTime<Utc>>,
}

impl Surroundings {
    /// Looks at all events once.
    pub fn new(events: &Events, zone: Tz) -> Self {
        let mut this =
            Self { zone, by_day: BTreeMap::new(), dropped: BTreeMap::new(), touched: Vec::new() };
        for event in events.values() {
            this.note_touches(event);
            let Span::Timed { start, end } = event.span else { continue };
            let day = local_date(start, zone);
            match event.standing {
                Standing::Scheduled if event.busy => {
                    this.by_day.entry(day).or_default().push(Session {
                        start,
                        end,
                        id: event.id.clone(),
                        created: event.created_at,
                        first_seen: event.first_seen,
                    });
                }
                Standing::Withdrawn => this.dropped.entry(day).or_default().push(start),
                _ => {}
            }
            if let Some(from) = event.trail.iter().find_map(|(_, o)| match o {
                Observation::Moved { from: Span::Timed { start, .. }, .. } => Some(*start),
                _ => None,
            }) {
                this.dropped.entry(local_date(from, zone)).or_default().push(from);
            }
        }
        for sessions in this.by_day.values_mut() {
            sessions.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        }
        this.touched.sort_unstable();
        this
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

    fn day(&self, at: DateTime<Utc>) -> &[Session] {
        self.by_day.get(&local_date(at, self.zone)).map_or(&[], Vec::as_slice)
    }

    /// Something else was booked over it later: known later, or made later by its own word.
    pub(super) fn overlapped(&self, event: &Event) -> Option<&EventId> {
        let Span::Timed { start, end } = event.span else { return None };
        let later = |s: &Session| s.first_seen > event.first_seen || s.created > event.created_at;
        self.day(start)
            .iter()
            .find(|s| s.id != event.id && s.start < end && start < s.end && later(s))
            .map(|s| &s.id)
    }

    /// Place in the run of sessions without an hour's break, from 0.
    pub(super) fn position(&self, id: &EventId, span: &Span) -> usize {
        let Span::Timed { mut start, .. } = *span else { return 0 };
        let mut position = 0;
        for session in self.day(start).iter().rev() {
            if session.id != *id && session.end <= start && start - session.end < SAME_RUN {
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

    /// What should have followed soon was deleted or moved away.
    pub(super) fn next_was_dropped(&self, span: &Span) -> bool {
        let Span::Timed { end, .. } = *span else { return false };
        let starts = self.dropped.get(&local_date(end, self.zone));
        starts.is_some_and(|all| all.iter().any(|s| *s >= end && *s - end <= SOON))
    }

    /// The person did something in their calendars within a week of it.
    pub(super) fn person_was_active(&self, span: &Span) -> bool {
        let from = span.start_instant(self.zone) - WEEK;
        let to = span.end_instant(self.zone) + WEEK;
        let first = self.touched.partition_point(|t| *t < from);
        self.touched.get(first).is_some_and(|t| *t <= to)
    }
}
