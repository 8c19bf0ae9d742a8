//! Outcomes that were settled once, put together again from tier 1 for learning anew.

use super::appointments::Appointments;
use super::reason::{Evidence, Reason};
use super::{Outcome, Surroundings, outcome, placements};
use crate::event::{Event, Events, Role, Settlement, Span, Whereabouts};
use crate::task::journal::Entry;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

/// Looks at settled placements once more.
pub struct Again<'a> {
    events: &'a Events,
    zone: Tz,
    /// Gathered when first needed: only stores of older releases need it.
    beside: Option<(Surroundings<'a>, Appointments<'a>)>,
}

impl<'a> Again<'a> {
    /// For these events. `zone`: where the person is; for what no journal holds.
    pub fn new(events: &'a Events, zone: Tz) -> Self {
        Self { events, zone, beside: None }
    }

    /// The outcome as it was learned: nothing of it is judged anew.
    pub fn kept(&self, event: &Event, settlement: &Settlement, entry: &Entry) -> Outcome {
        Outcome {
            event: event.id.clone(),
            task_type: event.task_type,
            start: start_of(settlement),
            day: day_of(settlement),
            settlement: settlement.clone(),
            reason: Reason::unknown(Evidence::KnownThen),
            placed: entry.placed.clone(),
            rated: entry.rated,
            energy_rated: entry.energy_rated,
            position: usize::try_from(entry.position).unwrap_or(usize::MAX),
            rest_hours: entry.rest_hours,
            last: entry.last,
            proposal: entry.proposal,
        }
    }

    /// The outcome of a placement that settled before a journal was kept. Hour, signal and energy
    /// are what was learned; where the person put it and what lay around it is read from the trail
    /// and from tier 1 as they stand now. Nobody could rate anything in those days.
    pub fn recalled(&mut self, event: &Event, settlement: &Settlement) -> Outcome {
        let (events, zone) = (self.events, self.zone);
        let home = Whereabouts::new(zone, Vec::new());
        let (around, appointments) = self.beside.get_or_insert_with(|| {
            (Surroundings::new(events, zone), Appointments::new(events, zone))
        });
        let ordinal = usize::from(settlement.ordinal);
        let placement = placements(event).into_iter().nth(ordinal);
        let placed =
            placement.map(|p| outcome::self_placed(event, &p, ordinal, &home, appointments));
        let last = event.closed && event.settled.last() == Some(settlement);
        Outcome {
            event: event.id.clone(),
            task_type: event.task_type,
            start: start_of(settlement),
            day: day_of(settlement),
            settlement: settlement.clone(),
            reason: Reason::unknown(Evidence::KnownThen),
            placed: placed.unwrap_or_default(),
            rated: None,
            energy_rated: false,
            position: around.position(&event.id, &settlement.span),
            rest_hours: around.rest_before(&settlement.span),
            last,
            proposal: event.role == Role::Suggested,
        }
    }
}

fn start_of(settlement: &Settlement) -> DateTime<Utc> {
    match settlement.span {
        Span::Timed { start, .. } => start,
        Span::AllDay { start, .. } => start.and_time(NaiveTime::MIN).and_utc(),
    }
}

/// The local day of its start: the one of that weekday around the day in UTC.
fn day_of(settlement: &Settlement) -> NaiveDate {
    let Span::Timed { start, .. } = settlement.span else {
        return start_of(settlement).date_naive();
    };
    let day = start.date_naive();
    let around =
        [Some(day), day.checked_sub_days(Days::new(1)), day.checked_add_days(Days::new(1))];
    let weekday =
        |day: &NaiveDate| day.weekday().number_from_monday() == u32::from(settlement.weekday);
    around.into_iter().flatten().find(weekday).unwrap_or(day)
}
