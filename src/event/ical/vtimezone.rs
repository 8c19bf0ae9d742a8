//! VTIMEZONEs to zones (RFC 5545 section 3.6.5).

use super::lines::{Component, Problems};
use super::properties::Properties;
use super::value;
use crate::event::rule::{Budget, Rule, Stretch};
use crate::event::time::{CustomZone, Stamp, Zone};
use crate::event::zone;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use std::collections::HashMap;
use std::sync::Arc;

/// Rules of a VTIMEZONE are expanded from this year on: many begin in 1601, no calendar does.
const FIRST_YEAR: i32 = 1900;
/// And up to this year: no calendar plans further.
const LAST_YEAR: i32 = 2100;
/// Most changes kept of one zone: two a year over five centuries.
const CHANGES_MAX: usize = 1_000;
/// Most zones read of one stream: there are fewer than 600 in the tz database.
const ZONES_MAX: usize = 2_000;

/// Longest TZID of a zone that only a VTIMEZONE describes, in bytes: it stands in every event.
const ID_MAX: usize = 256;

/// Zones by TZID.
pub(super) struct Zones {
    known: HashMap<String, Option<Zone>>,
}

impl Zones {
    /// Reads all VTIMEZONEs among `components`.
    pub fn read(components: &[Component<'_>], problems: &mut Problems) -> Self {
        let mut known = HashMap::new();
        let mut budget = Budget::stream();
        let zones = components.iter().filter(|c| c.name == "VTIMEZONE").take(ZONES_MAX);
        for component in zones {
            let properties = Properties::read(component, problems);
            let Some(id) = properties.text("TZID").map(|id| id.trim().to_owned()) else {
                problems.add(component.number, Some("TZID"), "this VTIMEZONE has no TZID");
                continue;
            };
            let place = properties.text("X-LIC-LOCATION").and_then(|name| zone::named(&name));
            if id.len() > ID_MAX {
                problems.add(component.number, Some("TZID"), "this TZID is too long: left out");
                continue;
            }
            let zone = match zone::named(&id).or(place) {
                Some(tz) => Some(Zone::Iana(tz)),
                None => {
                    custom(&id, component, &mut budget, problems).map(|z| Zone::Custom(Arc::new(z)))
                }
            };
            if zone.is_none() {
                problems.add(component.number, None, "this VTIMEZONE can't be read");
            }
            known.insert(id, zone);
        }
        Self { known }
    }

    /// The zone of a TZID parameter. Unknown ones are told once; their times are floating.
    pub fn get(&mut self, id: &str, line: usize, problems: &mut Problems) -> Option<Zone> {
        let id = id.trim().trim_matches('"');
        if let Some(zone) = self.known.get(id) {
            return zone.clone();
        }
        let zone = zone::named(id).or_else(|| zone::described(id)).map(Zone::Iana);
        if zone.is_none() {
            let message = "this time zone is unknown: its times are read on your own clock";
            problems.add(line, Some("TZID"), message);
        }
        if self.known.len() < 2 * ZONES_MAX && id.len() <= ID_MAX {
            self.known.insert(id.to_owned(), zone.clone());
        }
        zone
    }
}

/// One change of offset: local time before it, offsets before and after.
struct Onset {
    local: NaiveDateTime,
    from: i32,
    to: i32,
}

impl Onset {
    fn moment(&self) -> i64 {
        self.local.and_utc().timestamp() - i64::from(self.from)
    }
}

fn custom(
    id: &str,
    component: &Component<'_>,
    budget: &mut Budget,
    problems: &mut Problems,
) -> Option<CustomZone> {
    let mut onsets: Vec<Onset> = Vec::new();
    for part in &component.parts {
        match onsets_of(part, budget, problems) {
            Some(more) => onsets.extend(more),
            None => problems.add(part.number, None, "this part of a VTIMEZONE can't be read"),
        }
        if onsets.len() > CHANGES_MAX {
            problems.add(part.number, None, "this VTIMEZONE changes too often: cut");
            onsets.truncate(CHANGES_MAX);
        }
    }
    onsets.sort_by_key(Onset::moment);
    let before = onsets.first()?.from;
    let mut changes = vec![(i64::MIN, before)];
    changes.extend(onsets.iter().map(|o| (o.moment(), o.to)));
    Some(CustomZone { id: id.to_owned(), changes })
}

fn onsets_of(
    part: &Component<'_>,
    budget: &mut Budget,
    problems: &mut Problems,
) -> Option<Vec<Onset>> {
    let properties = Properties::read(part, problems);
    let first = value::stamp(&properties.text("DTSTART")?, None)?.wall();
    let from = value::utc_offset(&properties.text("TZOFFSETFROM")?)?;
    let to = value::utc_offset(&properties.text("TZOFFSETTO")?)?;
    let mut locals = vec![first];
    let year = |year: i32| NaiveDate::from_ymd_opt(year, 12, 31)?.and_hms_opt(0, 0, 0);
    let stretch = Stretch { from: first.max(year(FIRST_YEAR - 1)?), to: year(LAST_YEAR)? };
    for (line, text) in properties.all("RRULE") {
        let rule = Rule::parse(&text).and_then(|rule| {
            let local = |at: chrono::DateTime<chrono::Utc>| {
                at.naive_utc() + TimeDelta::seconds(i64::from(from))
            };
            let until = rule.until().map(|until| until.on_clock(local));
            rule.expand(first, until, stretch, budget)
        });
        match rule {
            Ok(expansion) => {
                if expansion.cut {
                    problems.add(line, Some("RRULE"), "this rule changes too often: cut");
                }
                locals.extend(expansion.starts.into_iter().take(CHANGES_MAX));
            }
            Err(why) => problems.add(line, Some("RRULE"), format!("this rule {why}")),
        }
    }
    for (_, text) in properties.all("RDATE") {
        locals
            .extend(text.split(',').filter_map(|v| value::stamp(v, None)).map(|s: Stamp| s.wall()));
    }
    locals.sort_unstable();
    locals.dedup();
    Some(locals.into_iter().map(|local| Onset { local, from, to }).collect())
}
