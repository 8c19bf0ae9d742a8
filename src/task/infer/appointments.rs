//! Standing appointments: what returns at the same time of the week under the same title. Exports,
//! copies and clients without RRULE write a series that way; it is one decision, not one a week.

use super::placements;
use crate::event::time::{local_date, weekday};
use crate::event::{Event, Events, Role, Span};
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;

/// What was there last this long ago is no appointment any more.
const LAPSE: TimeDelta = TimeDelta::weeks(8);

/// Title, ISO weekday and minute of the local day.
type Slot<'a> = (&'a str, u8, u32);

/// The person's own single events by slot of the week.
pub(super) struct Appointments<'a> {
    zone: Tz,
    days: HashMap<Slot<'a>, Vec<NaiveDate>>,
}

impl<'a> Appointments<'a> {
    /// Looks at all events once.
    pub(super) fn new(events: &'a Events, zone: Tz) -> Self {
        let mut days: HashMap<Slot<'a>, Vec<NaiveDate>> = HashMap::new();
        for event in events.values().filter(|e| e.role == Role::Own && !e.recurring) {
            if let Some((slot, day)) = slot(event, zone) {
                days.entry(slot).or_default().push(day);
            }
        }
        Self { zone, days }
    }

    /// It stood at the same time of the week before, not long ago.
    pub(super) fn returns(&self, event: &Event) -> bool {
        let Some((slot, day)) = slot(event, self.zone) else { return false };
        let Some(days) = self.days.get(&slot) else { return false };
        days.iter().any(|d| *d < day && day - *d <= LAPSE)
    }
}

fn slot(event: &Event, zone: Tz) -> Option<(Slot<'_>, NaiveDate)> {
    let came = placements(event).first()?.came;
    let Span::Timed { start, .. } = came else { return None };
    let day = local_date(start, zone);
    Some(((event.title.as_str(), weekday(day), minute(start, zone)), day))
}

fn minute(at: DateTime<Utc>, zone: Tz) -> u32 {
    let local = at.with_timezone(&zone);
    local.hour() * 60 + local.minute()
}
