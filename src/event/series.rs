//! What happens to an object as a whole: a series that moves or ends, an event that becomes one.

use super::change::{Change, Context};
use super::ical::ObjectResource;
use super::id::{EventId, Uid};
use super::mark::unmarked;
use super::recurrence::{Occurrence, occurrences};
use super::time::{Span, Stamp};
use super::trail::{Event, Events, Observation, Standing};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Ids of the known occurrences of one UID.
pub(super) fn ids_of(events: &Events, uid: &Uid) -> Vec<EventId> {
    let first = EventId { uid: uid.clone(), recurrence_id: None };
    events.range(first..).take_while(|(id, _)| id.uid == *uid).map(|(id, _)| id.clone()).collect()
}

pub(super) enum Rest {
    Future,
    Past,
}

/// Whether an event is still open, and whether its start lies ahead.
pub(super) fn open_and_future(event: &Event, context: &Context<'_>) -> Option<Rest> {
    if event.closed || event.standing == Standing::Withdrawn {
        return None;
    }
    let ahead = event.span.start_instant(context.zone) >= context.now;
    Some(if ahead { Rest::Future } else { Rest::Past })
}

pub(super) struct Shift {
    pub(super) carrier: EventId,
    from: Span,
    to: Option<Span>,
}

impl Shift {
    /// "This and following" was edited and nothing moved: another UID stands in its place.
    pub(super) fn is_split_in_place(&self) -> bool {
        self.to == Some(self.from)
    }

    pub(super) fn observation(&self, from: Span) -> Observation {
        match self.to {
            Some(to) => Observation::SeriesMoved { from, to },
            None => Observation::Deleted,
        }
    }
}

/// Whether the person took out this very occurrence. What is gone otherwise left with the rule.
pub(super) fn is_excluded(id: &EventId, object: &ObjectResource) -> bool {
    let Some(rid) = &id.recurrence_id else { return false };
    let master = object.events.iter().find(|e| e.recurrence_id.is_none());
    let names = |stamp: &Stamp| match stamp {
        Stamp::Date(day) => rid.starts_with(&day.format("%Y%m%d").to_string()),
        Stamp::Floating(at) => *rid == at.format("%Y%m%dT%H%M%S").to_string(),
        // The person's zone is not needed: these name a moment.
        Stamp::Zoned(..) | Stamp::Utc(_) => {
            *rid == stamp.instant(Tz::UTC).format("%Y%m%dT%H%M%SZ").to_string()
        }
    };
    master.is_some_and(|e| e.exdates.iter().any(names))
}

/// The series moved or ended: future occurrences left with the rule. The next of them carries the
/// one signal; the destination is the first new occurrence after now, else the last one since the
/// listing before: a series that was moved may be over before anybody looks.
pub(super) fn series_shift(
    events: &Events,
    gone: &[EventId],
    here: &BTreeMap<EventId, Occurrence<'_>>,
    fresh: &[&ObjectResource],
    (previous, context): (Option<DateTime<Utc>>, &Context<'_>),
) -> Option<Shift> {
    let mut ahead: Vec<&Event> = gone
        .iter()
        .filter_map(|id| events.get(id))
        .filter(|e| matches!(open_and_future(e, context), Some(Rest::Future)))
        .collect();
    ahead.sort_by_key(|e| e.span.start_instant(context.zone));
    let carrier = ahead.first()?;
    let start = |s: &Span| s.start_instant(context.zone);
    let new = here.iter().filter(|(id, _)| !events.contains_key(id)).map(|(_, o)| o.span);
    let (ahead, behind): (Vec<Span>, Vec<Span>) = new.partition(|s| start(s) >= context.now);
    let since = previous.unwrap_or(context.now);
    let lived = behind.into_iter().filter(|s| start(s) >= since).max_by_key(start);
    let to = ahead.into_iter().min_by_key(start).or(lived);
    let to = to.or_else(|| heir(carrier, fresh, context));
    Some(Shift { carrier: carrier.id.clone(), from: carrier.span, to })
}

/// Editing "this and following" ends a series and starts another under a new UID (RFC 5545 knows
/// RANGE for it, clients do it so). It bears the same title.
fn heir(carrier: &Event, fresh: &[&ObjectResource], context: &Context<'_>) -> Option<Span> {
    let same = |o: &&&ObjectResource| {
        o.events
            .iter()
            .any(|e| e.recurrence_id.is_none() && unmarked(&e.summary) == unmarked(&carrier.title))
    };
    let series = fresh.iter().filter(|o| o.uid != carrier.id.uid).find(same)?;
    let (found, _) = occurrences(series, context.window, context.zone);
    let spans = found.into_iter().map(|o| o.span);
    spans
        .filter(|s| s.start_instant(context.zone) >= context.now)
        .min_by_key(|s| s.start_instant(context.zone))
}

/// Series that these changes show for the first time.
pub(super) fn new_series<'a>(events: &Events, changes: &[Change<'a>]) -> Vec<&'a ObjectResource> {
    let present = changes.iter().filter_map(|change| match change {
        Change::Present { object, .. } => Some(*object),
        Change::Vanished { .. } => None,
    });
    let repeats = |o: &&ObjectResource| o.events.iter().any(|e| !e.rules.is_empty());
    let is_new = |o: &&ObjectResource| {
        let first = EventId { uid: o.uid.clone(), recurrence_id: None };
        events.range(first..).next().is_none_or(|(id, _)| id.uid != o.uid)
    };
    present.filter(repeats).filter(is_new).collect()
}

/// An event that became a series (or the other way round, or whose rule got another start) keeps
/// its trail where an occurrence stands in its very place.
pub(super) fn rename_in_place(
    events: &mut Events,
    uid: &Uid,
    here: &BTreeMap<EventId, Occurrence<'_>>,
) {
    let mut free: Option<BTreeMap<Span, EventId>> = None;
    for old in ids_of(events, uid) {
        if here.contains_key(&old) {
            continue;
        }
        let places = free.get_or_insert_with(|| {
            let new = here.iter().filter(|(id, _)| !events.contains_key(id));
            new.map(|(id, o)| (o.span, id.clone())).collect()
        });
        let Some(span) = events.get(&old).map(|e| e.span) else { continue };
        let Some(new) = places.remove(&span) else { continue };
        if let Some(mut event) = events.remove(&old) {
            event.recurring = new.recurrence_id.is_some();
            event.id = new.clone();
            events.insert(new, event);
        }
    }
}
