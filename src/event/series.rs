//! What happens to an object as a whole: a series that moves or ends, an event that becomes one.

use super::change::{Change, Context};
use super::ical::ObjectResource;
use super::id::{EventId, Uid};
use super::mark::unmarked;
use super::recurrence::{Occurrence, occurrences_within};
use super::rule::Budget;
use super::sight::standing_of;
use super::time::{Span, Stamp};
use super::trail::{Event, Events, Observation, Standing};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

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

/// Occurrences that the person took out one by one. What is gone otherwise left with the rule.
pub(super) struct Excluded {
    moments: BTreeSet<String>,
    /// EXDATEs that name a whole day.
    days: BTreeSet<String>,
}

impl Excluded {
    pub(super) fn of(object: &ObjectResource) -> Self {
        let (mut moments, mut days) = (BTreeSet::new(), BTreeSet::new());
        let master = object.events.iter().find(|e| e.recurrence_id.is_none());
        for stamp in master.map_or(&[][..], |e| &e.exdates) {
            match stamp {
                Stamp::Date(day) => days.insert(day.format("%Y%m%d").to_string()),
                Stamp::Floating(at) => moments.insert(at.format("%Y%m%dT%H%M%S").to_string()),
                // The person's zone is not needed: these name a moment.
                Stamp::Zoned(..) | Stamp::Utc(_) => {
                    moments.insert(stamp.instant(Tz::UTC).format("%Y%m%dT%H%M%SZ").to_string())
                }
            };
        }
        Self { moments, days }
    }

    pub(super) fn contains(&self, id: &EventId) -> bool {
        let Some(rid) = &id.recurrence_id else { return false };
        let day = rid.split_once('T').map_or(rid.as_str(), |(day, _)| day);
        self.moments.contains(rid) || self.days.contains(day)
    }
}

/// The series moved or ended: future occurrences left with the rule. The next of them carries the
/// one signal; the destination is the first new occurrence after now, else the last one since the
/// listing before: a series that was moved may be over before anybody looks.
pub(super) fn series_shift(
    events: &Events,
    gone: &[EventId],
    here: &BTreeMap<EventId, Occurrence<'_>>,
    heirs: &mut Heirs<'_>,
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
    // A listing that lags behind shows the old times once more; then the new ones stand anew.
    let stands =
        |o: &Occurrence<'_>| standing_of(o.component, context.addresses) == Standing::Scheduled;
    let is_new = |(id, o): &(&EventId, &Occurrence<'_>)| {
        events.get(id).is_none_or(|e| e.standing == Standing::Withdrawn && stands(o))
    };
    let new = here.iter().filter(is_new).map(|(_, o)| o.span);
    let (ahead, behind): (Vec<Span>, Vec<Span>) = new.partition(|s| start(s) >= context.now);
    let since = previous.unwrap_or(context.now);
    let lived = behind.into_iter().filter(|s| start(s) >= since).max_by_key(start);
    let to = ahead.into_iter().min_by_key(start).or(lived);
    let to = to.or_else(|| heirs.next_start(carrier, context));
    Some(Shift { carrier: carrier.id.clone(), from: carrier.span, to })
}

/// Editing "this and following" ends a series and starts another under a new UID (RFC 5545 knows
/// RANGE for it, clients do it so). It bears the same title. Series that changes show for the first
/// time, by title; each is expanded once, of a budget of their own.
pub(super) struct Heirs<'a> {
    by_title: BTreeMap<&'a str, Vec<Heir<'a>>>,
    budget: Budget,
}

struct Heir<'a> {
    series: &'a ObjectResource,
    /// Its first occurrence from now on, once somebody asked.
    next: Option<Option<Span>>,
}

impl<'a> Heirs<'a> {
    pub(super) fn among(events: &Events, changes: &[Change<'a>]) -> Self {
        let present = changes.iter().filter_map(|change| match change {
            Change::Present { object, .. } => Some(*object),
            Change::Vanished { .. } => None,
        });
        let repeats = |o: &&ObjectResource| o.events.iter().any(|e| !e.rules.is_empty());
        let is_new = |o: &&ObjectResource| {
            let first = EventId { uid: o.uid.clone(), recurrence_id: None };
            events.range(first..).next().is_none_or(|(id, _)| id.uid != o.uid)
        };
        let mut by_title: BTreeMap<&str, Vec<Heir<'_>>> = BTreeMap::new();
        for series in present.filter(repeats).filter(is_new) {
            if let Some(master) = series.events.iter().find(|e| e.recurrence_id.is_none()) {
                let same = by_title.entry(unmarked(&master.summary)).or_default();
                same.push(Heir { series, next: None });
            }
        }
        Self { by_title, budget: Budget::stream() }
    }

    /// Where the series goes on that this occurrence was of.
    fn next_start(&mut self, carrier: &Event, context: &Context<'_>) -> Option<Span> {
        let same = self.by_title.get_mut(unmarked(&carrier.title))?;
        let heir = same.iter_mut().find(|heir| heir.series.uid != carrier.id.uid)?;
        let budget = &mut self.budget;
        *heir.next.get_or_insert_with(|| {
            let (found, _) = budget.lend(|budget| {
                occurrences_within(heir.series, context.window, context.zone, budget)
            });
            let start = |s: &Span| s.start_instant(context.zone);
            let spans = found.into_iter().map(|o| o.span);
            spans.filter(|s| start(s) >= context.now).min_by_key(start)
        })
    }
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
