//! Where the person was: a person's hours are local to where they are (DESIGN section 8).
//!
//! Three sources, in this order: stays they told (`[[person.travel]]`); stays their calendar shows,
//! where their self-organised single events of two days or more state one other zone alone; else
//! home. A zone with home's offset at that moment is home. Series keep the zone they were made in,
//! and events in UTC state none: neither says where anybody is.

use super::time::Span;
use super::trail::{Event, Events, Role, Standing};
use super::zone;
use chrono::{DateTime, NaiveDate, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Days on which nothing says otherwise and that a stay goes on over: a weekend and a day.
const GAP: TimeDelta = TimeDelta::days(3);

/// Whole days in another zone, told by its own calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// First day.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// The zone there.
    pub zone: Tz,
}

/// The person's home zone and their stays elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    home: Tz,
    stays: Vec<Stay>,
}

impl Whereabouts {
    /// Home, and the stays the person told.
    pub fn new(home: Tz, told: Vec<Stay>) -> Self {
        Self { home, stays: told }
    }

    /// With the stays that the calendar shows; what was told goes before.
    pub fn seen_in(&self, events: &Events) -> Self {
        let mut stays = self.stays.clone();
        stays.extend(shown(&zones_by_day(events, self.home)));
        Self { home: self.home, stays }
    }

    /// The zone the person was in.
    pub fn zone_at(&self, at: DateTime<Utc>) -> Tz {
        let here = |stay: &&Stay| {
            let day = at.with_timezone(&stay.zone).date_naive();
            (stay.from..=stay.to).contains(&day)
        };
        self.stays.iter().find(here).map_or(self.home, |stay| stay.zone)
    }
}

/// The zone that the events of a day state, `None` where they state several or home's.
fn zones_by_day(events: &Events, home: Tz) -> BTreeMap<NaiveDate, Option<Tz>> {
    let mut days: BTreeMap<NaiveDate, Option<Tz>> = BTreeMap::new();
    for (day, stated) in events.values().filter_map(|event| stated(event, home)) {
        let known = days.entry(day).or_insert(stated);
        if *known != stated {
            *known = None;
        }
    }
    days
}

/// The day of the person's own event, and the zone it states; `None` for home's.
fn stated(event: &Event, home: Tz) -> Option<(NaiveDate, Option<Tz>)> {
    let own = event.role == Role::Own && event.standing == Standing::Scheduled && !event.recurring;
    let Span::Timed { start, .. } = event.span else { return None };
    let zone = zone::named(event.time_zone.as_deref()?).filter(|_| own)?;
    let offset = |zone: Tz| zone.offset_from_utc_datetime(&start.naive_utc()).fix();
    let elsewhere = (offset(zone) != offset(home)).then_some(zone);
    Some((start.with_timezone(&elsewhere.unwrap_or(home)).date_naive(), elsewhere))
}

/// Runs of days that state one other zone alone, on two days at least.
fn shown(days: &BTreeMap<NaiveDate, Option<Tz>>) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut open = false;
    for (&day, &zone) in days {
        match (zone, stays.last_mut().filter(|_| open)) {
            (Some(zone), Some(stay)) if stay.zone == zone && day - stay.to <= GAP => stay.to = day,
            (Some(zone), _) => stays.push(Stay { from: day, to: day, zone }),
            (None, _) => {}
        }
        open = zone.is_some();
    }
    stays.retain(|stay| stay.from < stay.to);
    stays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CollectionId, EventId, Uid};

    const HOME: Tz = Tz::Europe__Berlin;
    const TOKYO: &str = "Asia/Tokyo";

    fn event(number: usize, hour: i64, zone: &str) -> Event {
        let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hour);
        Event {
            id: EventId { uid: Uid::new(format!("e{number}")), recurrence_id: None },
            collection: CollectionId::new("home/work"),
            title: "Report".into(),
            span: Span::Timed { start, end: start + TimeDelta::hours(1) },
            time_zone: (!zone.is_empty()).then(|| zone.to_owned()),
            busy: true,
            role: Role::Own,
            standing: Standing::Scheduled,
            recurring: false,
            attendees: 0,
            answered: false,
            created_at: start,
            first_seen: start,
            last_modified: None,
            sequence: 0,
            related_to: None,
            trail: Vec::new(),
            settled: Vec::new(),
            closed: false,
            task_type: None,
            completed: None,
            success_rating: None,
            energy_after: None,
        }
    }

    /// Where the person was at noon UTC of days 1 to 9, from events (hour, zone).
    #[track_caller]
    fn check(events: &[(i64, &str)], expected: [Tz; 9]) {
        let all = events.iter().enumerate().map(|(n, (hour, zone))| event(n, *hour, zone));
        let events: Events = all.map(|e| (e.id.clone(), e)).collect();
        let whereabouts = Whereabouts::new(HOME, Vec::new()).seen_in(&events);
        let noon = |day: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(24 * day + 12);
        let found: Vec<Tz> = (1..=9).map(|day| whereabouts.zone_at(noon(day))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn two_days_of_another_zone_alone_are_a_stay() {
        let (b, t) = (HOME, Tz::Asia__Tokyo);
        check(&[(50, TOKYO), (74, TOKYO), (98, "")], [b, t, t, b, b, b, b, b, b]);
        // Over a weekend, but not over a week.
        check(&[(26, TOKYO), (98, TOKYO)], [t, t, t, t, b, b, b, b, b]);
        check(&[(26, TOKYO), (146, TOKYO)], [b; 9]);
        // One day is a call with somebody there; so is what lies among events at home.
        check(&[(50, TOKYO), (52, TOKYO)], [b; 9]);
        check(&[(50, TOKYO), (53, "Europe/Berlin"), (74, TOKYO)], [b; 9]);
        // The same clock by another name.
        check(&[(50, "Europe/Paris"), (74, "Europe/Paris")], [b; 9]);
    }

    #[test]
    fn what_was_told_goes_before_what_is_seen() {
        let day = |n| NaiveDate::from_ymd_opt(1970, 1, n).expect("a day");
        let told = Stay { from: day(3), to: day(4), zone: Tz::America__New_York };
        let events: Events = [event(0, 50, TOKYO), event(1, 74, TOKYO), event(2, 98, TOKYO)]
            .map(|e| (e.id.clone(), e))
            .into();
        let whereabouts = Whereabouts::new(HOME, vec![told]).seen_in(&events);
        let noon = |n: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(24 * n + 12);
        assert_eq!(whereabouts.zone_at(noon(2)), Tz::America__New_York);
        assert_eq!(whereabouts.zone_at(noon(4)), Tz::Asia__Tokyo);
        assert_eq!(whereabouts.zone_at(noon(8)), HOME);
    }
}
