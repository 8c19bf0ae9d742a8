//! Working hours and lunch: as configured, else as the person's own events show them.

use super::problem::DAY;
use crate::event::{Event, Events, Role, Span, Standing};
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::fmt;

/// Working hours by weekday, 0 = Monday: minutes `[from, to)` of the day, sorted, apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkingHours {
    /// An empty day has no work.
    pub by_weekday: [Vec<(u16, u16)>; 7],
}

/// What is kept free for lunch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lunch {
    /// Nothing.
    Off,
    /// Minutes `[from, to)` of each day.
    Fixed(u16, u16),
    /// The hour that the person's own events usually leave free, else 12:00 to 13:00.
    Learned,
}

/// Events of their own below which a person's hours aren't read off them.
const ENOUGH: usize = 10;
/// Fewest own events on a weekday that make it a working day.
const SOME: usize = 3;
/// Working hours of a person nothing is known of.
const USUAL: (u16, u16) = (9 * 60, 17 * 60);
/// Lunch of such a person.
const NOON: (u16, u16) = (12 * 60, 13 * 60);
/// Lunch lies in here.
const LUNCH_TIME: (u16, u16) = (11 * 60, 14 * 60 + 30);
/// Share of days in percent that another hour must be free for, and free more often than noon.
const LUNCH_FREE: (usize, usize) = (80, 10);
/// Most characters of a rule: weekdays and hours take forty.
const RULE_MAX: usize = 100;

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl WorkingHours {
    /// Reads rules such as `Mon-Fri 09:00-18:00`, `Sat 10:00-12:00`, `Mon,Wed 22:00-24:00`. Rules
    /// add up.
    ///
    /// # Errors
    /// A sentence that names the rule and what is wrong with it.
    pub fn parse<S: AsRef<str>>(rules: &[S]) -> Result<Self, String> {
        let mut hours = Self::default();
        for rule in rules {
            let rule = rule.as_ref();
            let shown: String = rule.chars().take(RULE_MAX).collect();
            let (days, stretch) = parse_rule(rule).map_err(|what| format!("'{shown}': {what}"))?;
            for day in days {
                hours.by_weekday[day].push(stretch);
            }
        }
        hours.by_weekday.iter_mut().for_each(join);
        Ok(hours)
    }

    /// The rules that [`parse`](Self::parse) reads as these hours; days with the same ones in one.
    pub fn rules(&self) -> Vec<String> {
        let mut stretches: Vec<(u16, u16)> = self.by_weekday.iter().flatten().copied().collect();
        stretches.sort_unstable();
        stretches.dedup();
        let mut rules = Vec::new();
        for stretch in stretches {
            let mut days: Vec<(usize, usize)> = Vec::new();
            for day in (0..7).filter(|day| self.by_weekday[*day].contains(&stretch)) {
                match days.last_mut() {
                    Some((_, last)) if *last + 1 == day => *last = day,
                    _ => days.push((day, day)),
                }
            }
            let days: Vec<String> = days.into_iter().map(spell_days).collect();
            rules.push(format!("{} {}", days.join(","), spell_stretch(stretch)));
        }
        rules
    }

    /// The minute at which work ends on a weekday, 0 = Monday; `None` = no work that day.
    pub fn end_of(&self, weekday: usize) -> Option<u16> {
        self.by_weekday[weekday % 7].last().map(|(_, to)| *to)
    }

    /// Reads them off the person's own timed events: from the 5th percentile of starts to the 95th
    /// of ends, rounded outwards to half hours. A weekday with few of them follows the others;
    /// Saturday and Sunday count only by themselves. With fewer than ten in all: Monday to Friday,
    /// 09:00 to 17:00.
    pub fn learned(own: &OwnTime) -> Self {
        let mut by_day: [Vec<(u16, u16)>; 7] = Default::default();
        for (_, weekday, stretch) in &own.0 {
            by_day[*weekday].push(*stretch);
        }
        let all: Vec<_> = by_day[..5].iter().flatten().copied().collect();
        let week = usual_stretch(&all);
        let mut hours = Self::default();
        for (weekday, own) in by_day.iter().enumerate() {
            let stretch = match usual_stretch(own) {
                Some(own) => Some(own),
                None if weekday >= 5 => None,
                None if week.is_none() => Some(USUAL),
                None => week.filter(|_| own.len() >= SOME),
            };
            hours.by_weekday[weekday] = stretch.into_iter().collect();
        }
        if hours.by_weekday.iter().all(Vec::is_empty) {
            hours.by_weekday[..5].iter_mut().for_each(|d| *d = week.into_iter().collect());
        }
        hours
    }

    /// Working minutes of a weekday with lunch cut out.
    pub fn of(&self, weekday: usize, lunch: Option<(u16, u16)>) -> Vec<(i32, i32)> {
        let mut out = Vec::new();
        for &(from, to) in &self.by_weekday[weekday % 7] {
            let (from, to) = (i32::from(from), i32::from(to));
            match lunch {
                Some((a, b)) => {
                    let (a, b) = (i32::from(a), i32::from(b));
                    out.extend([(from, to.min(a)), (from.max(b), to)]);
                }
                None => out.push((from, to)),
            }
        }
        out.retain(|(from, to)| from < to);
        out
    }
}

impl Lunch {
    /// Reads `12:00-13:00`, `learned` or `off`.
    ///
    /// # Errors
    /// A sentence that says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "off" => Ok(Lunch::Off),
            "learned" => Ok(Lunch::Learned),
            hours => parse_stretch(hours).map(|(a, b)| Lunch::Fixed(a, b)).map_err(|what| {
                let shown: String = text.chars().take(RULE_MAX).collect();
                match hours.contains(':') {
                    true => format!("'{shown}': {what}"),
                    false => format!("'{shown}' is neither hours, 'learned' nor 'off'"),
                }
            }),
        }
    }

    /// The minutes of the day that are kept free.
    pub fn minutes<'a>(self, own: impl FnOnce() -> &'a OwnTime) -> Option<(u16, u16)> {
        match self {
            Lunch::Off => None,
            Lunch::Fixed(from, to) => Some((from, to)),
            Lunch::Learned => Some(usual_lunch(own())),
        }
    }
}

impl fmt::Display for Lunch {
    /// What [`Lunch::parse`] reads as this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Lunch::Off => f.write_str("off"),
            Lunch::Learned => f.write_str("learned"),
            Lunch::Fixed(from, to) => f.write_str(&spell_stretch((from, to))),
        }
    }
}

/// `Mon`, `Mon-Fri`.
fn spell_days((first, last): (usize, usize)) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    match first == last {
        true => NAMES[first].to_owned(),
        false => format!("{}-{}", NAMES[first], NAMES[last]),
    }
}

/// `09:00-18:00`.
fn spell_stretch((from, to): (u16, u16)) -> String {
    format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
}

fn parse_rule(rule: &str) -> Result<(Vec<usize>, (u16, u16)), String> {
    let mut words = rule.split_whitespace();
    let (Some(days), Some(hours), None) = (words.next(), words.next(), words.next()) else {
        return Err("write weekdays, a space and hours, as in 'Mon-Fri 09:00-18:00'".to_owned());
    };
    let mut found = Vec::new();
    for part in days.split(',') {
        match part.split_once('-') {
            Some((from, to)) => {
                let (from, to) = (parse_weekday(from)?, parse_weekday(to)?);
                let length = (to + 7 - from) % 7;
                found.extend((0..=length).map(|n| (from + n) % 7));
            }
            None => found.push(parse_weekday(part)?),
        }
    }
    Ok((found, parse_stretch(hours)?))
}

fn parse_weekday(text: &str) -> Result<usize, String> {
    let lower = text.to_ascii_lowercase();
    let named = |day: &str| lower.len() >= 3 && day.starts_with(&lower);
    WEEKDAYS.iter().position(|day| named(day)).ok_or_else(|| {
        let shown: String = text.chars().take(RULE_MAX).collect();
        format!("'{shown}' is no weekday; use Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    })
}

fn parse_stretch(text: &str) -> Result<(u16, u16), String> {
    let unclear = || "hours look like '09:00-18:00'".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(unclear)?;
    let clock = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let digits = |t: &str| t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour) || minute.len() != 2 || !digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= DAY as u16).then_some(hour * 60 + minute)
    };
    let (from, to) = (clock(from).ok_or_else(unclear)?, clock(to).ok_or_else(unclear)?);
    if from < to {
        return Ok((from, to));
    }
    Err("it ends before it starts; hours over midnight are two rules, up to 24:00 and from 00:00"
        .to_owned())
}

fn join(stretches: &mut Vec<(u16, u16)>) {
    stretches.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::new();
    for &(from, to) in stretches.iter() {
        match out.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    *stretches = out;
}

/// The person's own timed events within one local day: days since the epoch, weekday, minutes of
/// the day. Read once a plan: it takes a look at every event and into the zone.
pub struct OwnTime(Vec<(i32, usize, (u16, u16))>);

impl OwnTime {
    /// As tier 1 shows it, in the zone where the person is now.
    pub fn of(events: &Events, zone: Tz) -> Self {
        Self(own_stretches(events, zone).collect())
    }
}

fn own_stretches(events: &Events, zone: Tz) -> impl Iterator<Item = (i32, usize, (u16, u16))> {
    let is_own = |e: &&Event| e.role == Role::Own && e.standing == Standing::Scheduled && e.busy;
    events.values().filter(is_own).filter_map(move |event| {
        let Span::Timed { start, end } = event.span else { return None };
        // Each look into the zone costs: a turn without a change walks all events here.
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let (start, end) = (local(start), local(end));
        let away = away_by(event, start.hour());
        let (start, end) = (start + away, end + away);
        let minutes = |t: &NaiveDateTime| (t.hour() * 60 + t.minute()) as u16;
        let same_day = start.date() == end.date() && start < end;
        let weekday = start.weekday().num_days_from_monday() as usize;
        same_day.then(|| (start.num_days_from_ce(), weekday, (minutes(&start), minutes(&end))))
    })
}

/// How far the clock where the person was stood from this zone's, by the local hour that its
/// placement settled with: their hours are local to where they are. Whole hours. `here` = the hour
/// that it begins at in this zone.
fn away_by(event: &Event, here: u32) -> TimeDelta {
    let last = event.settled.last().filter(|s| s.span == event.span);
    let Some(hour) = last.and_then(|s| s.hour) else { return TimeDelta::zero() };
    let ahead = (i64::from(hour) - i64::from(here)).rem_euclid(24);
    TimeDelta::hours(if ahead > 12 { ahead - 24 } else { ahead })
}

fn usual_stretch(events: &[(u16, u16)]) -> Option<(u16, u16)> {
    if events.len() < ENOUGH {
        return None;
    }
    let at = |percent: usize| (events.len() - 1) * percent / 100;
    let mut starts: Vec<u16> = events.iter().map(|e| e.0).collect();
    let mut ends: Vec<u16> = events.iter().map(|e| e.1).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let from = starts[at(5)] / 30 * 30;
    let to = ends[events.len() - 1 - at(5)].div_ceil(30) * 30;
    Some((from, to.min(DAY as u16)))
}

/// Noon, unless another hour of lunch time is free on four days of five and clearly more often.
fn usual_lunch(own: &OwnTime) -> (u16, u16) {
    let mut days: BTreeMap<i32, Vec<(u16, u16)>> = BTreeMap::new();
    for (day, _, stretch) in &own.0 {
        days.entry(*day).or_default().push(*stretch);
    }
    if days.len() < ENOUGH {
        return NOON;
    }
    let free = |(from, to): (u16, u16)| {
        days.values().filter(|d| d.iter().all(|&(a, b)| b <= from || to <= a)).count()
    };
    let hour = NOON.1 - NOON.0;
    let hours = (LUNCH_TIME.0..=LUNCH_TIME.1 - hour).step_by(30).map(|from| (from, from + hour));
    let best = hours.max_by_key(|&h| (free(h), std::cmp::Reverse(h.0.abs_diff(NOON.0))));
    let Some(best) = best else { return NOON };
    let percent = |count: usize| count * 100 / days.len();
    let clear = percent(free(best)) >= percent(free(NOON)) + LUNCH_FREE.1;
    if percent(free(best)) >= LUNCH_FREE.0 && clear { best } else { NOON }
}

#[cfg(test)]
mod tests;
