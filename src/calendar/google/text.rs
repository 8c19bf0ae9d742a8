//! An event, or a series with its exceptions, as iCalendar text: what a CalDAV server would give.
//!
//! Google knows more than iCalendar in places and less in others:
//! - a cancelled exception is an EXDATE, any other one an override with its RECURRENCE-ID;
//! - `focusTime` and `outOfOffice` are busy, `workingLocation` and `birthday` are not, whatever
//!   `transparency` says; the type itself is kept as `X-GOOGLE-EVENT-TYPE`;
//! - every event names an organizer, in the person's own calendars the calendar itself: ORGANIZER
//!   appears only where that is somebody else;
//! - the zone of a time is the event's own, whatever offset the answer shows it in.

use super::lines::Lines;
use super::marks;
use crate::event::mark::EDITED_MARK;
use crate::event::{Zone, zone};
use chrono::{DateTime, Datelike, Utc};
use google_calendar3::api::{Event, EventAttendee, EventDateTime};

/// Longest list of guests written; of more nobody counts heads.
const ATTENDEES_MAX: usize = 2_000;

/// The calendar an event was read from.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its id: the address of the person it belongs to, if it belongs to one.
    pub calendar: &'a str,
    /// What the person may do there.
    pub role: Role,
}

/// `accessRole` of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `owner`: the calendar is the person's.
    Owner,
    /// `writer` or `reader`: somebody else's.
    Guest,
    /// `freeBusyReader`: somebody else's, and it only shows when they are busy.
    FreeBusy,
}

impl Role {
    /// Reads `accessRole`; what is not said is taken for the person's own.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            None | Some("owner") => Self::Owner,
            Some("freeBusyReader") => Self::FreeBusy,
            Some(_) => Self::Guest,
        }
    }
}

/// Writes one VCALENDAR: the master and its exceptions.
///
/// # Errors
/// One sentence when a part has no start that can be read.
pub fn write(
    place: Place<'_>,
    master: &Event,
    exceptions: &[&Event],
) -> Result<String, &'static str> {
    let mut lines = open();
    let uid = marks::own_uid(master);
    let uid = uid.or_else(|| exceptions.iter().chain([&master]).find_map(|e| ical_uid(e)));
    let uid = uid.or(master.id.as_deref()).ok_or("an event without a name")?;
    let clock = Clock::of(Some(master), exceptions);
    Part { event: master, uid, clock: &clock, place, master: true }
        .write(&mut lines, exceptions)?;
    for event in exceptions.iter().filter(|e| !is_cancelled(e)) {
        Part { event, uid, clock: &clock, place, master: false }.write(&mut lines, &[])?;
    }
    Ok(close(lines))
}

/// Writes one VCALENDAR: days of a series whose master the person does not get. Those that can't be
/// read, and so many more that could not even be told from each other, have no start.
pub fn write_days(place: Place<'_>, uid: &str, days: &[&Event], unreadable: usize) -> String {
    let mut lines = open();
    let clock = Clock::of(None, days);
    let mut unreadable = unreadable;
    for event in days.iter().filter(|e| !is_cancelled(e)) {
        let mut day = Lines::default();
        match (Part { event, uid, clock: &clock, place, master: false }).write(&mut day, &[]) {
            Ok(()) => lines.append(day),
            Err(_) => unreadable += 1,
        }
    }
    for _ in 0..unreadable {
        lines.raw("BEGIN", "VEVENT");
        lines.text("UID", uid);
        lines.raw("END", "VEVENT");
    }
    close(lines)
}

fn open() -> Lines {
    let mut lines = Lines::default();
    lines.raw("BEGIN", "VCALENDAR");
    lines.raw("VERSION", "2.0");
    lines.raw("PRODID", "-//chronotype//google//EN");
    lines
}

fn close(mut lines: Lines) -> String {
    lines.raw("END", "VCALENDAR");
    lines.done()
}

/// Deleted, as a whole or out of its series.
pub fn is_cancelled(event: &Event) -> bool {
    event.status.as_deref() == Some("cancelled")
}

/// Whether it bears what we never give a block, and iCalendar has no word for.
fn is_furnished(event: &Event) -> bool {
    let reminds = event.reminders.as_ref().is_some_and(|all| {
        all.use_default == Some(true) || all.overrides.as_ref().is_some_and(|o| !o.is_empty())
    });
    reminds
        || marks::is_repainted(event)
        || event.conference_data.is_some()
        || event.attachments.as_ref().is_some_and(|all| !all.is_empty())
        || event.visibility.as_deref().is_some_and(|word| word != "default")
}

fn ical_uid(event: &Event) -> Option<&str> {
    event.i_cal_uid.as_deref().filter(|uid| !uid.trim().is_empty())
}

/// On what clock times are written.
enum Clock {
    /// In UTC: blocks of ours are written so, and read back as written.
    Utc,
    /// On each event's own clock.
    Own,
    /// On the clock that the series recurs on.
    Series(Zone),
}

impl Clock {
    fn of(master: Option<&Event>, exceptions: &[&Event]) -> Self {
        let series = master.is_none_or(|m| m.recurrence.is_some()) || !exceptions.is_empty();
        if !series {
            return if master.and_then(marks::own_uid).is_some() { Self::Utc } else { Self::Own };
        }
        let start = master.and_then(|m| m.start.as_ref());
        let originals = exceptions.iter().filter_map(|e| e.original_start_time.as_ref());
        start.into_iter().chain(originals).find_map(zone_of).map_or(Self::Own, Self::Series)
    }

    /// The zone to write a time in; `None` = UTC.
    fn zone(&self, time: &EventDateTime, original: bool) -> Option<Zone> {
        match self {
            Self::Utc => None,
            Self::Own => zone_of(time),
            Self::Series(zone) if original => Some(zone.clone()),
            Self::Series(zone) => Some(zone_of(time).unwrap_or_else(|| zone.clone())),
        }
    }
}

/// iCalendar has four digits for a year (RFC 5545 section 3.3.4), in every zone.
fn in_reach(year: i32) -> Option<()> {
    (2..9_999).contains(&year).then_some(())
}

fn zone_of(time: &EventDateTime) -> Option<Zone> {
    zone::named(time.time_zone.as_deref()?).map(Zone::Iana)
}

/// One VEVENT.
struct Part<'a> {
    event: &'a Event,
    uid: &'a str,
    clock: &'a Clock,
    place: Place<'a>,
    master: bool,
}

impl Part<'_> {
    fn write(&self, lines: &mut Lines, exceptions: &[&Event]) -> Result<(), &'static str> {
        let event = self.event;
        lines.raw("BEGIN", "VEVENT");
        lines.text("UID", self.uid);
        lines.moment("DTSTAMP", event.updated.or(event.created).unwrap_or(DateTime::UNIX_EPOCH));
        if !self.master {
            let original = event.original_start_time.as_ref();
            let original = original.ok_or("an exception that does not say of which day")?;
            self.time(lines, "RECURRENCE-ID", original).ok_or("an exception without its day")?;
        }
        let start = event.start.as_ref().ok_or("an event without a start")?;
        self.time(lines, "DTSTART", start).ok_or("an event without a start")?;
        if let Some(end) = &event.end {
            self.time(lines, "DTEND", end);
        }
        if self.master {
            self.recurrence(lines, exceptions);
        }
        self.words(lines);
        self.standing(lines);
        self.people(lines);
        self.history(lines);
        for (name, value) in marks::marks(event) {
            lines.text(&name, &value);
        }
        if marks::own_uid(event).is_some() && is_furnished(event) {
            lines.raw(EDITED_MARK, "1");
        }
        lines.raw("END", "VEVENT");
        Ok(())
    }

    fn time(&self, lines: &mut Lines, name: &str, time: &EventDateTime) -> Option<()> {
        if let Some(date) = time.date {
            in_reach(date.year())?;
            lines.day(name, date);
            return Some(());
        }
        let at = time.date_time?;
        in_reach(at.year())?;
        let zone = self.clock.zone(time, name == "RECURRENCE-ID");
        match zone.filter(|zone| self.is_told(zone, at)) {
            Some(zone) => {
                let wall = zone.wall(at).format("%Y%m%dT%H%M%S").to_string();
                lines.raw(&format!("{name};TZID={}", zone.name()), &wall);
            }
            None => lines.moment(name, at),
        }
        Some(())
    }

    /// The wall clock shows this moment only once, or it is the first of two: else UTC says it
    /// better, except to a rule that needs the zone.
    fn is_told(&self, zone: &Zone, at: DateTime<Utc>) -> bool {
        zone.instant(zone.wall(at)) == at || (self.master && self.event.recurrence.is_some())
    }

    fn recurrence(&self, lines: &mut Lines, exceptions: &[&Event]) {
        for line in self.event.recurrence.iter().flatten() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let bare = name.split(';').next().unwrap_or_default().trim().to_ascii_uppercase();
            if matches!(bare.as_str(), "RRULE" | "EXRULE" | "RDATE" | "EXDATE") {
                lines.raw(name.trim(), value);
            }
        }
        for exception in exceptions.iter().filter(|e| is_cancelled(e)) {
            if let Some(original) = &exception.original_start_time {
                self.exclude(lines, original);
            }
        }
    }

    /// An EXDATE, on the clock of the series.
    fn exclude(&self, lines: &mut Lines, original: &EventDateTime) {
        let date = original.date.filter(|date| in_reach(date.year()).is_some());
        let at = original.date_time.filter(|at| in_reach(at.year()).is_some());
        match (date, at, self.clock) {
            (Some(date), ..) => lines.day("EXDATE", date),
            (None, Some(at), Clock::Series(zone)) if zone.instant(zone.wall(at)) == at => {
                let wall = zone.wall(at).format("%Y%m%dT%H%M%S").to_string();
                lines.raw(&format!("EXDATE;TZID={}", zone.name()), &wall);
            }
            (None, Some(at), _) => lines.moment("EXDATE", at),
            (None, None, _) => {}
        }
    }

    fn words(&self, lines: &mut Lines) {
        let event = self.event;
        let private = matches!(event.visibility.as_deref(), Some("private" | "confidential"));
        match event.summary.as_deref().filter(|summary| !summary.is_empty()) {
            Some(summary) => lines.text("SUMMARY", summary),
            // As calendars show what they may not tell.
            None if private || self.place.role == Role::FreeBusy => lines.text("SUMMARY", "busy"),
            None => {}
        }
        lines.text("DESCRIPTION", event.description.as_deref().unwrap_or_default());
        lines.text("LOCATION", event.location.as_deref().unwrap_or_default());
        match event.visibility.as_deref() {
            Some("private") => lines.raw("CLASS", "PRIVATE"),
            Some("confidential") => lines.raw("CLASS", "CONFIDENTIAL"),
            _ => {}
        }
    }

    fn standing(&self, lines: &mut Lines) {
        let event = self.event;
        lines.raw(
            "STATUS",
            match event.status.as_deref() {
                Some("tentative") => "TENTATIVE",
                Some("cancelled") => "CANCELLED",
                _ => "CONFIRMED",
            },
        );
        let kind = event.event_type.as_deref().unwrap_or("default");
        let transparent = match kind {
            "focusTime" | "outOfOffice" => false,
            "workingLocation" | "birthday" => true,
            _ => event.transparency.as_deref() == Some("transparent"),
        };
        lines.raw("TRANSP", if transparent { "TRANSPARENT" } else { "OPAQUE" });
        if kind == "outOfOffice" {
            lines.raw("X-MICROSOFT-CDO-BUSYSTATUS", "OOF");
        }
        if kind != "default" {
            lines.text("X-GOOGLE-EVENT-TYPE", kind);
        }
    }

    fn people(&self, lines: &mut Lines) {
        let organizer = self.event.organizer.as_ref();
        let own = self.place.role == Role::Owner || marks::own_uid(self.event).is_some();
        let theirs = organizer.filter(|o| !(own && o.self_ == Some(true)));
        if let Some(address) = theirs.and_then(|o| o.email.as_deref()) {
            lines.raw("ORGANIZER", &format!("mailto:{address}"));
        }
        for attendee in self.event.attendees.iter().flatten().take(ATTENDEES_MAX) {
            self.attendee(lines, attendee);
        }
    }

    /// The person may be invited under another address than their calendar's: `self` says that it
    /// is them.
    fn attendee(&self, lines: &mut Lines, attendee: &EventAttendee) {
        let calendar = Some(self.place.calendar).filter(|id| id.contains('@'));
        let own = calendar.filter(|_| attendee.self_ == Some(true));
        let Some(address) = own.or(attendee.email.as_deref()) else { return };
        let kind = if attendee.resource == Some(true) { ";CUTYPE=RESOURCE" } else { "" };
        let answer = match attendee.response_status.as_deref() {
            Some("accepted") => "ACCEPTED",
            Some("declined") => "DECLINED",
            Some("tentative") => "TENTATIVE",
            _ => "NEEDS-ACTION",
        };
        lines.raw(&format!("ATTENDEE{kind};PARTSTAT={answer}"), &format!("mailto:{address}"));
    }

    fn history(&self, lines: &mut Lines) {
        let event = self.event;
        lines.raw("SEQUENCE", &event.sequence.unwrap_or(0).max(0).to_string());
        if let Some(created) = event.created.filter(|_| marks::own_uid(event).is_none()) {
            lines.moment("CREATED", created);
        }
        if let Some(updated) = event.updated {
            lines.moment("LAST-MODIFIED", updated);
        }
        if let Some(uid) = marks::related_to(event) {
            lines.text("RELATED-TO", uid);
        }
    }
}
