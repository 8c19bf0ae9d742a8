//! Components to object resources.

use super::lines::{self, Component, Problems};
use super::properties::{MARK, Properties, param};
use super::value;
use super::vtimezone::Zones;
use super::{
    EventComponent, ObjectResource, PROPERTIES_MAX, Parsed, Rdate, Status, Todo, TodoStatus,
    Transparency,
};
use super::{bounds, guests};
use crate::event::id::Uid;
use crate::event::mark::EDITED_MARK;
use crate::event::rule::Rule;
use crate::event::time::{Duration, Stamp, Zone};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use icalendar::parser::Property;
use std::collections::{BTreeMap, HashMap};

/// Marks of ours that are read of one component: we give a handful.
const MARKS_MAX: usize = 32;

/// Reads an iCalendar stream: any line ending, with or without BOM, whole calendars or bare
/// components. What can't be read is told in `problems` and costs only itself.
pub fn parse(text: &str) -> Parsed {
    let mut problems = Problems::default();
    let components = lines::components(text, &mut problems);
    let mut zones = Zones::read(&components, &mut problems);
    let mut objects = Objects::default();
    // Each is let go as soon as it is read: the lines of a large file weigh as much as it does.
    for component in components {
        let properties = match component.name.as_str() {
            "VEVENT" | "VTODO" => Properties::read(&component, &mut problems),
            _ => continue,
        };
        let given = properties.text("UID").filter(|uid| !uid.trim().is_empty());
        let uid = given.map(|uid| bounds::uid(&uid));
        let uid = uid.unwrap_or_else(|| own_uid(&component, &properties, &mut problems));
        let mut reader = Reader {
            properties,
            number: component.number,
            alarmed: component.alarmed,
            zones: &mut zones,
            problems: &mut problems,
        };
        match component.name.as_str() {
            "VEVENT" => {
                if let Some(event) = reader.event() {
                    objects.of(uid, component.number).events.push(event);
                }
            }
            _ => {
                let todo = reader.todo();
                objects.of(uid, component.number).todos.push(todo);
            }
        }
    }
    let (objects, begins) = objects.done();
    Parsed { objects, begins, problems: problems.0 }
}

/// A component without UID is known by its start and its title: the same in every reading, as long
/// as neither changes.
fn own_uid(component: &Component<'_>, properties: &Properties, problems: &mut Problems) -> Uid {
    let message = format!("this {} has no UID: it is known by its start and title", component.name);
    problems.add(component.number, Some("UID"), message);
    let text = |name: &str| properties.text(name).unwrap_or_default();
    let parts = [&component.name, &text("DTSTART"), &text("DUE"), &text("SUMMARY")];
    Uid::of_content(&parts.map(String::as_str))
}

#[derive(Default)]
struct Objects {
    all: Vec<ObjectResource>,
    begins: Vec<usize>,
    by_uid: HashMap<Uid, usize>,
}

impl Objects {
    fn of(&mut self, uid: Uid, line: usize) -> &mut ObjectResource {
        let next = self.all.len();
        let at = *self.by_uid.entry(uid.clone()).or_insert(next);
        if at == next {
            self.begins.push(line);
            self.all.push(ObjectResource { uid, events: Vec::new(), todos: Vec::new() });
        }
        &mut self.all[at]
    }

    /// Keeps one master a UID: the highest SEQUENCE, of equals the last.
    fn done(mut self) -> (Vec<ObjectResource>, Vec<usize>) {
        for object in &mut self.all {
            let (mut masters, overrides): (Vec<_>, Vec<_>) =
                object.events.drain(..).partition(|e| e.recurrence_id.is_none());
            masters.sort_by_key(|m: &EventComponent| m.sequence);
            object.events.extend(masters.pop());
            object.events.extend(overrides);
        }
        (self.all, self.begins)
    }
}

struct Reader<'z> {
    properties: Properties,
    number: usize,
    alarmed: bool,
    zones: &'z mut Zones,
    problems: &'z mut Problems,
}

impl Reader<'_> {
    fn event(&mut self) -> Option<EventComponent> {
        let Some(start) = self.stamp("DTSTART") else {
            let message = "this VEVENT has no readable DTSTART and was skipped";
            self.problems.add(self.number, Some("DTSTART"), message);
            return None;
        };
        let recurrence_id = self.stamp("RECURRENCE-ID");
        if recurrence_id.is_none() && self.properties.first("RECURRENCE-ID").is_some() {
            // Without its place in the series it would pass for the series itself.
            return None;
        }
        let range = self.properties.first("RECURRENCE-ID").and_then(|p| param(&p.2, "RANGE"));
        let this_and_future = range.is_some_and(|r| r.eq_ignore_ascii_case("THISANDFUTURE"));
        let end = self.end(&start);
        Some(EventComponent {
            recurrence_id,
            this_and_future,
            summary: self.text("SUMMARY"),
            description: self.text("DESCRIPTION"),
            location: self.text("LOCATION"),
            end,
            duration: self.duration("DURATION"),
            rules: self.rules("RRULE"),
            rdates: self.rdates(),
            exdates: self.exdates(),
            exrules: self.rules("EXRULE"),
            start,
            status: match self.word("STATUS").as_str() {
                "TENTATIVE" => Status::Tentative,
                "CANCELLED" => Status::Cancelled,
                _ => Status::Confirmed,
            },
            transparency: match self.word("TRANSP").as_str() {
                "TRANSPARENT" => Transparency::Transparent,
                _ => Transparency::Opaque,
            },
            out_of_office: self.word("X-MICROSOFT-CDO-BUSYSTATUS") == "OOF",
            organizer: guests::organizer(&self.properties),
            attendees: guests::attendees(&self.properties),
            sequence: self.word("SEQUENCE").parse().unwrap_or(0),
            created: self.moment("CREATED"),
            last_modified: self.moment("LAST-MODIFIED"),
            related_to: self.properties.text("RELATED-TO").map(|uid| bounds::uid(&uid)),
            marks: self.marks(),
        })
    }

    fn todo(&mut self) -> Todo {
        let has = |name: &str| self.properties.first(name).is_some();
        let recurring = has("RRULE") || has("RDATE") || has("RECURRENCE-ID");
        let percent = self.word("PERCENT-COMPLETE");
        let completed = has("COMPLETED") || percent == "100";
        Todo {
            summary: self.text("SUMMARY"),
            start: self.stamp("DTSTART"),
            due: self.stamp("DUE"),
            duration: self
                .duration("ESTIMATED-DURATION")
                .or_else(|| self.duration("DURATION"))
                .map(Duration::even),
            status: match self.word("STATUS").as_str() {
                "CANCELLED" => TodoStatus::Cancelled,
                "COMPLETED" => TodoStatus::Completed,
                _ if completed => TodoStatus::Completed,
                _ => TodoStatus::Open,
            },
            completed: self.moment("COMPLETED"),
            priority: self.word("PRIORITY").parse().map_or(0, |p: u8| p.min(9)),
            organizer: guests::organizer(&self.properties),
            attendees: guests::attendees(&self.properties),
            depends_on: self.related("DEPENDS-ON"),
            precedes: self.related("FINISHTOSTART"),
            recurring,
            last_modified: self.moment("LAST-MODIFIED"),
        }
    }

    /// What is related in this way.
    fn related(&self, way: &str) -> Vec<Uid> {
        let named = self.properties.all.iter().filter(|(_, name, _)| name == "RELATED-TO");
        let so = |p: &Property<'_>| {
            param(p, "RELTYPE").is_some_and(|word| word.eq_ignore_ascii_case(way))
        };
        let named = named.filter(|(_, _, p)| so(p)).take(bounds::MANY);
        named.map(|(_, _, p)| bounds::uid(p.val.as_str())).collect()
    }

    fn text(&self, name: &str) -> String {
        bounds::text(name, self.properties.text(name).unwrap_or_default())
    }

    /// A value from a fixed set, or a number.
    fn word(&self, name: &str) -> String {
        self.text(name).trim().to_ascii_uppercase()
    }

    /// Rules that can be read; of others it is said why.
    fn rules(&mut self, name: &str) -> Vec<String> {
        let mut out = Vec::new();
        for (line, text) in self.properties.all(name) {
            match Rule::parse(&text) {
                Ok(_) => out.push(text),
                Err(_) if text.trim().is_empty() => {}
                Err(why) => {
                    let message = format!("this rule {why}: it was left out");
                    self.problems.add(line, Some(name), message);
                }
            }
        }
        out
    }

    fn complain(&mut self, line: usize, name: &str) {
        self.problems.add(line, Some(name), format!("this {name} can't be read and was left out"));
    }

    fn zone_of(&mut self, line: usize, property: &Property<'_>) -> Option<Zone> {
        let id = param(property, "TZID")?;
        self.zones.get(&id, line, self.problems)
    }

    fn stamp(&mut self, name: &str) -> Option<Stamp> {
        let (line, _, property) = self.properties.first(name)?.clone();
        let zone = self.zone_of(line, &property);
        let stamp = one_stamp(property.val.as_str(), zone.as_ref(), is_day(&property));
        if stamp.is_none() {
            self.complain(line, name);
        }
        stamp
    }

    fn moment(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.stamp(name).map(|stamp| stamp.instant(Tz::UTC))
    }

    fn duration(&mut self, name: &str) -> Option<Duration> {
        let (line, text) = self.properties.all(name).into_iter().next()?;
        match value::duration(&text) {
            Some((_, true)) => {
                self.problems.add(line, Some(name), format!("this {name} is negative: left out"));
                None
            }
            Some((length, false)) => Some(length),
            None => {
                self.complain(line, name);
                None
            }
        }
    }

    fn end(&mut self, start: &Stamp) -> Option<Stamp> {
        let end = self.stamp("DTEND")?;
        if end.instant(Tz::UTC) < start.instant(Tz::UTC) && end.is_date() == start.is_date() {
            let line = self.properties.first("DTEND").map_or(self.number, |p| p.0);
            self.problems.add(line, Some("DTEND"), "this DTEND lies before its DTSTART: left out");
            return None;
        }
        Some(end)
    }

    /// Every value of a list property.
    fn values(&mut self, name: &str) -> Vec<Listed> {
        let named = self.properties.all.iter().filter(|(_, n, _)| n == name);
        let named: Vec<(usize, Property<'static>)> =
            named.map(|(line, _, property)| (*line, property.clone())).collect();
        let mut out = Vec::new();
        for (line, property) in named {
            let zone = self.zone_of(line, &property);
            let day = is_day(&property);
            for text in property.val.as_str().split(',').filter(|v| !v.trim().is_empty()) {
                if out.len() >= PROPERTIES_MAX {
                    self.problems.add(line, Some(name), "too many dates: the rest was not read");
                    return out;
                }
                out.push(Listed { line, text: text.to_owned(), zone: zone.clone(), day });
            }
        }
        out
    }

    fn exdates(&mut self) -> Vec<Stamp> {
        let mut out = Vec::new();
        for value in self.values("EXDATE") {
            match value.stamp(&value.text) {
                Some(stamp) => out.push(stamp),
                None => self.complain(value.line, "EXDATE"),
            }
        }
        out
    }

    fn rdates(&mut self) -> Vec<Rdate> {
        let mut out = Vec::new();
        for value in self.values("RDATE") {
            match value.rdate() {
                Some(rdate) => out.push(rdate),
                None => self.complain(value.line, "RDATE"),
            }
        }
        out
    }

    fn marks(&self) -> BTreeMap<String, String> {
        let cut = |text: &str| bounds::text(MARK, text.to_owned());
        let ours = self.properties.all.iter().filter(|(_, n, _)| n.starts_with(MARK));
        let mut marks: BTreeMap<String, String> =
            ours.take(MARKS_MAX).map(|(_, name, p)| (cut(name), cut(p.val.as_str()))).collect();
        if !marks.is_empty() && self.properties.furnish_a_block(&marks, self.alarmed) {
            marks.insert(EDITED_MARK.to_owned(), "1".to_owned());
        }
        marks
    }
}

/// One value of an EXDATE or RDATE.
struct Listed {
    line: usize,
    text: String,
    zone: Option<Zone>,
    /// VALUE=DATE.
    day: bool,
}

impl Listed {
    fn stamp(&self, text: &str) -> Option<Stamp> {
        one_stamp(text, self.zone.as_ref(), self.day)
    }

    /// A start, or a period: start and end, or start and length (RFC 5545 section 3.3.9).
    fn rdate(&self) -> Option<Rdate> {
        let Some((start, rest)) = self.text.split_once('/') else {
            return Some(Rdate { start: self.stamp(&self.text)?, duration: None });
        };
        let start = self.stamp(start)?;
        let (length, negative) = match value::duration(rest) {
            Some(length) => length,
            None => {
                let time = self.stamp(rest)?.instant(Tz::UTC) - start.instant(Tz::UTC);
                (Duration::exact(time), time < TimeDelta::zero())
            }
        };
        (!negative).then_some(Rdate { start, duration: Some(length) })
    }
}

fn is_day(property: &Property<'_>) -> bool {
    param(property, "VALUE").is_some_and(|v| v.eq_ignore_ascii_case("DATE"))
}

/// One DATE or DATE-TIME; VALUE=DATE makes a day of a time.
fn one_stamp(text: &str, zone: Option<&Zone>, day: bool) -> Option<Stamp> {
    let stamp = value::stamp(text, zone)?;
    Some(if day { Stamp::Date(stamp.date()) } else { stamp })
}
