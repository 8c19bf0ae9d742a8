//! Occurrences of an object resource within a window (RFC 5545 section 3.8.5).
//!
//! A series is expanded in the wall-clock time of its own clock and each start is then turned into
//! a moment, so that zones only a VTIMEZONE describes, floating times and whole days all work the
//! same way. Starts are identified by that moment (or day), whatever clock an EXDATE, RDATE or
//! RECURRENCE-ID is written on.
//!
//! Every expansion is bounded: a hostile rule costs a bounded number of steps and is reported.
//!
//! Where programs differ, this is our side:
//!
//! | written | read as | RFC 5545 |
//! |---|---|---|
//! | `DTSTART` that its rule misses | an occurrence, not counted by COUNT | 3.8.5.3: "undefined" |
//! | UNTIL is a date, DTSTART a time | that day's first moment, as most do | 3.3.10: "MUST" match |
//! | UNTIL before DTSTART | no occurrence, as programs end a series so | 3.8.5.3 |
//! | `BYDAY=1TU,SU` | the first Tuesday and each Sunday | 3.3.10: a list of days |
//! | BYSETPOS=1 of a week begun late | its Monday: none in it | 3.3.10: "one interval" |
//! | BYMONTHDAY=31 in April | nothing, or as SKIP says (RFC 7529) | 3.3.10: "ignored" |
//! | another RSCALE than GREGORIAN | the rule is left out and told | RFC 7529 section 4.1 |
//! | 2:30 in the gap; twice a year | offset before the gap; the first | 3.3.5 |
//! | DTEND of a series | the same exact length each time | 3.8.5.3: "exact duration" |
//! | DURATION P1D; PT24H | a day of 23 to 25 hours; 24 hours | 3.3.6: nominal; exact |
//! | an all-day DTEND on DTSTART | one day | 3.6.1: DTEND "MUST be later" |
//! | EXDATE and override of one start | excluded | 3.8.5.1 |
//! | EXDATE that is a date | excludes that day's starts | 3.8.5.1: types match |
//! | floating time under X-WR-TIMEZONE | the person's clock | 3.3.5 form 1 |
//! | TZID that nothing describes | the person's clock, and told | 3.2.19: "MUST" be there |
//! | PERIOD beside other RDATEs | its own length | 3.8.5.2 |

use super::clock::{Clock, Key, Length, length_of, most};
use super::ical::{EventComponent, ObjectResource, Problem, Rdate};
use super::rule::{Budget, Rule, Stretch};
use super::time::{Span, Stamp, Window, local_date};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// Most occurrences of one object in one window: one every ten minutes for a year.
pub const OCCURRENCES_MAX: usize = 50_000;
/// Most RRULEs and EXRULEs of one component; real ones have one or two.
const RULES_MAX: usize = 8;
/// Looked at beyond the window on either side: wall clocks differ from UTC by less than a day.
const MARGIN: TimeDelta = TimeDelta::days(2);

/// One occurrence of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence<'a> {
    /// Original start in canonical form (`20260301T090000Z`, `20260301`); `None` outside series.
    pub recurrence_id: Option<String>,
    /// Its extent.
    pub span: Span,
    /// The component it comes from: the master or an override.
    pub component: &'a EventComponent,
}

/// Occurrences that start before the window's end and end after its start (one without length:
/// that starts inside), in order of start. Floating times are on the clock of `person`.
/// Cancelled occurrences are listed.
pub fn occurrences<'a>(
    object: &'a ObjectResource,
    window: Window,
    person: Tz,
) -> (Vec<Occurrence<'a>>, Vec<Problem>) {
    occurrences_within(object, window, person, &mut Budget::object())
}

/// As [`occurrences`], of a budget that many objects share: a file of ten thousand hostile rules
/// costs no more than a few of them.
pub fn occurrences_within<'a>(
    object: &'a ObjectResource,
    window: Window,
    person: Tz,
    budget: &mut Budget,
) -> (Vec<Occurrence<'a>>, Vec<Problem>) {
    let mut problems = Vec::new();
    let master = object.events.iter().find(|e| e.recurrence_id.is_none());
    let series = master.map(|component| Series::new(component, person));
    let overrides = Overrides::of(object, series.as_ref(), person);
    let mut found = Vec::new();
    if let Some(series) = &series {
        let reach = overrides.reach();
        for (key, start) in series.starts(window, reach, budget, &mut problems) {
            if overrides.by_key.contains_key(&key) {
                continue;
            }
            let (component, span) = match overrides.following(key) {
                Some(later) => (later.component, later.shifted(&series.clock, start.wall, person)),
                None => (series.component, series.clock.span(start.wall, start.length)),
            };
            let Some(span) = span.filter(|span| span.overlaps(window, person)) else { continue };
            let recurrence_id = series.recurs().then(|| series.clock.id(key));
            found.push(Occurrence { recurrence_id, span, component });
        }
    }
    for (key, over) in &overrides.by_key {
        if series.as_ref().is_some_and(|s| s.excludes(*key)) {
            continue;
        }
        let clock = series.as_ref().map_or(&over.id_clock, |s| &s.clock);
        let own = Series::placed(over.component, person);
        let span = own.clock.span(own.component.start.wall(), own.length);
        let Some(span) = span.filter(|span| span.overlaps(window, person)) else { continue };
        let (recurrence_id, component) = (Some(clock.id(*key)), over.component);
        found.push(Occurrence { recurrence_id, span, component });
    }
    found.sort_by_cached_key(|o| (o.span.start_instant(person), o.recurrence_id.clone()));
    if found.len() > OCCURRENCES_MAX {
        found.truncate(OCCURRENCES_MAX);
        problems
            .push(problem("RRULE", "this series has too many occurrences: the rest is left out"));
    }
    (found, problems)
}

fn problem(property: &str, message: impl Into<String>) -> Problem {
    Problem { line: None, property: Some(property.to_owned()), message: message.into() }
}

/// One start of a series.
struct Start {
    wall: NaiveDateTime,
    length: Length,
}

/// A master, ready to expand.
struct Series<'a> {
    component: &'a EventComponent,
    clock: Clock,
    first: NaiveDateTime,
    length: Length,
    exdates: BTreeSet<Key>,
    /// EXDATEs that are days on a clock of times.
    exdays: BTreeSet<NaiveDate>,
    person: Tz,
}

impl<'a> Series<'a> {
    /// Where it stands and how long it is.
    fn placed(component: &'a EventComponent, person: Tz) -> Self {
        let clock = Clock::of(&component.start, person);
        let length = length_of(component, &clock, person);
        let first = component.start.wall();
        let (exdates, exdays) = (BTreeSet::new(), BTreeSet::new());
        Self { component, first, clock, length, exdates, exdays, person }
    }

    /// With its exceptions.
    fn new(component: &'a EventComponent, person: Tz) -> Self {
        let mut series = Self::placed(component, person);
        for stamp in &component.exdates {
            match (stamp, &series.clock) {
                (Stamp::Date(date), Clock::Wall(_)) => series.exdays.insert(*date),
                (_, clock) => series.exdates.insert(clock.key(clock.wall(stamp, series.first))),
            };
        }
        series
    }

    fn recurs(&self) -> bool {
        !self.component.rules.is_empty() || !self.component.rdates.is_empty()
    }

    /// The stretch of this clock in which starts matter to the window.
    fn stretch(&self, window: Window, reach: TimeDelta) -> Stretch {
        let show = |at| match &self.clock {
            Clock::Days => local_date(at, self.person).into(),
            Clock::Wall(zone) => zone.wall(at),
        };
        let (from, to): (NaiveDateTime, NaiveDateTime) = (show(window.from), show(window.to));
        let before = MARGIN + reach + most(self.length);
        Stretch {
            from: from.checked_sub_signed(before).unwrap_or(NaiveDateTime::MIN),
            to: to.checked_add_signed(MARGIN + reach).unwrap_or(NaiveDateTime::MAX),
        }
    }

    fn starts(
        &self,
        window: Window,
        reach: TimeDelta,
        budget: &mut Budget,
        problems: &mut Vec<Problem>,
    ) -> BTreeMap<Key, Start> {
        let mut starts = BTreeMap::new();
        let mut add = |wall, length| {
            starts.insert(self.clock.key(wall), Start { wall, length });
        };
        let over = !self.component.rules.is_empty()
            && self.component.rules.iter().all(|rule| self.ends_before_start(rule));
        if !over {
            add(self.first, self.length);
        }
        if !self.recurs() {
            return starts;
        }
        let stretch = self.stretch(window, reach);
        for wall in self.expand("RRULE", &self.component.rules, stretch, budget, problems) {
            add(wall, self.length);
        }
        for Rdate { start, duration } in &self.component.rdates {
            let wall = self.clock.wall(start, self.first);
            add(wall, duration.unwrap_or(self.length));
        }
        for wall in self.expand("EXRULE", &self.component.exrules, stretch, budget, problems) {
            starts.remove(&self.clock.key(wall));
        }
        starts.retain(|key, _| !self.exdates.contains(key));
        starts.retain(|_, start| !self.exdays.contains(&start.wall.date()));
        starts
    }

    /// An EXDATE names that start: an override there is gone too.
    fn excludes(&self, key: Key) -> bool {
        let day = match &self.clock {
            Clock::Days => key.date(),
            Clock::Wall(zone) => zone.wall(key.and_utc()).date(),
        };
        self.exdates.contains(&key) || self.exdays.contains(&day)
    }

    fn until(&self, rule: &Rule) -> Option<NaiveDateTime> {
        rule.until().map(|until| {
            until.on_clock(|at| match &self.clock {
                Clock::Days => at.naive_utc(),
                Clock::Wall(zone) => zone.wall(at),
            })
        })
    }

    /// Its UNTIL lies before DTSTART: some programs end a series that way.
    fn ends_before_start(&self, rule: &str) -> bool {
        Rule::parse(rule).is_ok_and(|rule| self.until(&rule).is_some_and(|u| u < self.first))
    }

    fn expand(
        &self,
        property: &str,
        rules: &[String],
        stretch: Stretch,
        budget: &mut Budget,
        problems: &mut Vec<Problem>,
    ) -> Vec<NaiveDateTime> {
        let mut walls = Vec::new();
        for text in rules.iter().take(RULES_MAX) {
            let expansion = Rule::parse(text)
                .and_then(|rule| rule.expand(self.first, self.until(&rule), stretch, budget));
            match expansion {
                Ok(expansion) => {
                    walls.extend(expansion.starts);
                    if expansion.cut {
                        let why = "this rule has too many starts: the rest is left out";
                        problems.push(problem(property, why));
                    }
                }
                Err(why) => problems.push(problem(property, format!("this rule {why}"))),
            }
        }
        if rules.len() > RULES_MAX {
            problems.push(problem(property, "too many rules: the rest is left out"));
        }
        walls
    }
}

/// One override.
struct Override<'a> {
    component: &'a EventComponent,
    /// Clock of its RECURRENCE-ID, for one without a master.
    id_clock: Clock,
}

/// Overrides by the start they stand for.
struct Overrides<'a> {
    by_key: BTreeMap<Key, Override<'a>>,
    /// Those with RANGE=THISANDFUTURE.
    lasting: BTreeSet<Key>,
}

impl<'a> Overrides<'a> {
    /// Of several for one start the highest SEQUENCE counts, of equals the last.
    fn of(object: &'a ObjectResource, series: Option<&Series<'a>>, person: Tz) -> Self {
        let mut by_key: BTreeMap<Key, Override<'a>> = BTreeMap::new();
        for component in &object.events {
            let Some(id) = &component.recurrence_id else { continue };
            let id_clock = Clock::of(id, person);
            let key = match series {
                Some(series) => series.clock.key(series.clock.wall(id, series.first)),
                None => id_clock.key(id.wall()),
            };
            if by_key.get(&key).is_none_or(|o| o.component.sequence <= component.sequence) {
                by_key.insert(key, Override { component, id_clock });
            }
        }
        let lasting = by_key.iter().filter(|(_, o)| o.component.this_and_future);
        let lasting = lasting.map(|(key, _)| *key).collect();
        Self { by_key, lasting }
    }

    /// The THISANDFUTURE override that a start without one of its own follows.
    fn following(&self, key: Key) -> Option<&Override<'a>> {
        self.by_key.get(self.lasting.range(..=key).next_back()?)
    }

    /// How far THISANDFUTURE overrides move or stretch what follows them.
    fn reach(&self) -> TimeDelta {
        let lasting = self.by_key.iter().filter(|(_, o)| o.component.this_and_future);
        lasting
            .map(|(key, o)| {
                let length = o.component.end.as_ref().map(|e| e.wall() - o.component.start.wall());
                let length = length.or(o.component.duration.map(most)).unwrap_or_default();
                (o.component.start.wall() - *key).abs() + length.abs() + TimeDelta::days(1)
            })
            .max()
            .unwrap_or_default()
    }
}

impl Override<'_> {
    /// Where a later start of the series goes: as far from its place as this override is from its.
    fn shifted(&self, clock: &Clock, wall: NaiveDateTime, person: Tz) -> Option<Span> {
        let own = Series::placed(self.component, person);
        let id = self.component.recurrence_id.as_ref()?;
        let moved = own.first - own.clock.wall(id, own.first);
        let here = match (clock, &own.clock) {
            (Clock::Wall(zone), Clock::Wall(other)) => other.wall(zone.instant(wall)),
            (Clock::Days, Clock::Wall(_)) => wall.date().and_time(own.first.time()),
            (_, Clock::Days) => wall.date().into(),
        };
        own.clock.span(here.checked_add_signed(moved)?, own.length)
    }
}

#[cfg(test)]
#[path = "recurrence_tests.rs"]
mod tests;
