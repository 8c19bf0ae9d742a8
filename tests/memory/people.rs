//! Simulated people: pure and seeded. Placement is as in life whether there is a pattern or not:
//! kinds of work differ in success and lie at different times, Fridays are lighter, nearly half of
//! all events are series (with luck of their own), meetings come in blocks, in bad weeks and on bad
//! days much fails at once, some weeks are holidays, some outcomes are unknown, and signals are as
//! `infer` gives them: kept 0.9 at half or whole weight, failures of several kinds.

use super::draw::{Dice, Ways, energy, task_type};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chronotype::event::*;
use chronotype::task::{Category, Types};
use std::collections::BTreeMap;

/// What is planted: success 0.45 where it applies, 0.85 elsewhere, or effects of like size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    Nothing,
    Weekday(u8),
    Afternoon,
    AfterMeetings,
    AfterLunch,
    Morning,
    Evening,
    CallDay(u8),
    Recovery,
    Overrun,
    Winter,
}

/// Success where something is planted; elsewhere it is what `Ways` says.
const BAD: f64 = 0.45;
/// Monday of the first week.
const START: (i32, u32, u32) = (2025, 1, 6);
const PROJECTS: [&str; 4] = ["apollo", "borealis", "cascade", "delphi"];

/// Name, kind, whether it is of a series, luck, title.
type Slot = (String, usize, bool, f64, String);
/// By weekday from 0 and hour.
type Week = BTreeMap<(usize, u8), Slot>;

/// A series: its weekday, hour and luck.
struct Series {
    name: String,
    kind: usize,
    weekday: usize,
    hour: u8,
    luck: f64,
    title: String,
}

pub struct Life {
    pattern: Pattern,
    dice: Dice,
    ways: Ways,
    base: Vec<f64>,
    hours: Vec<[f64; 24]>,
    longer: Vec<f64>,
    days: [f64; 5],
    series: Vec<Series>,
    pub types: Types,
    pub events: Events,
    made: usize,
}

impl Life {
    /// One of the people that the detectors were built on.
    pub fn new(seed: u64, pattern: Pattern) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
        let ways = Ways::usual(&mut dice, pattern == Pattern::Nothing);
        Self::of(dice, ways, pattern)
    }

    /// One of those on which they were only measured.
    pub fn unlike(seed: u64, pattern: Pattern) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e6c_63d0_876a_68ab) ^ 0xf7e5);
        let ways = Ways::other(&mut dice, pattern == Pattern::Nothing);
        Self::of(dice, ways, pattern)
    }

    fn of(mut dice: Dice, ways: Ways, pattern: Pattern) -> Self {
        let null = pattern == Pattern::Nothing;
        let mut types = Types { next: ways.kinds as u32, ..Types::default() };
        types.energy = energy(pattern == Pattern::Evening);
        let (mut base, mut hours, mut longer) = (Vec::new(), Vec::new(), Vec::new());
        for id in 0..ways.kinds {
            // The first is demanding, the second a meeting, whoever it is.
            let category = match pattern {
                Pattern::Afternoon => Category::Focused,
                _ => Category::ALL[if id < 3 { id } else { dice.below(3) }],
            };
            types.by_id.insert(id as u32, task_type(id as u32, category));
            base.push(dice.between(ways.base.0, ways.base.1));
            longer.push(if null { dice.between(0.02, 0.25) } else { 0.1 });
            let middle = dice.between(9.0, 17.0);
            let flat = if null { 0.15 } else { 0.6 };
            hours.push(std::array::from_fn(|h| match h {
                14..=18 if pattern == Pattern::Recovery => 0.0,
                8..=18 => flat + (-((h as f64 - middle) / 3.0).powi(2) / 2.0).exp(),
                19..=22 => 0.1,
                _ => 0.0,
            }));
        }
        let mut days = std::array::from_fn(|_| dice.between(1.0 - ways.days.0, 1.0 + ways.days.0));
        days[4] *= ways.days.1;
        let all = (ways.per_week as f64 * ways.series) as usize;
        let mut life = Self {
            pattern,
            dice,
            ways,
            base,
            hours,
            longer,
            days,
            series: Vec::new(),
            types,
            events: Events::new(),
            made: 0,
        };
        for n in 0..all {
            let series = life.series(n);
            life.series.push(series);
        }
        life
    }

    fn series(&mut self, n: usize) -> Series {
        let kind = self.kind();
        let luck = self.dice.between(-self.ways.luck.0, self.ways.luck.1);
        Series {
            name: format!("series-{n}"),
            kind,
            weekday: self.weekday(kind),
            hour: self.hour(kind),
            luck,
            title: self.title(kind),
        }
    }

    fn kind(&mut self) -> usize {
        if self.pattern == Pattern::AfterMeetings {
            return [0, 2][self.dice.below(2)];
        }
        if matches!(self.pattern, Pattern::CallDay(_)) && self.dice.share() < 0.3 {
            return 1;
        }
        // The first three are the commonest.
        let odds: Vec<f64> =
            (0..self.base.len()).map(|k| 1.0 / (1.0 + k as f64 * self.ways.fall)).collect();
        self.dice.pick(&odds)
    }

    fn weekday(&mut self, kind: usize) -> usize {
        let mut odds = self.days;
        if let Pattern::CallDay(day) = self.pattern
            && self.is_call(kind)
        {
            odds = [0.075; 5];
            odds[usize::from(day) - 1] = 0.7;
        }
        self.dice.pick(&odds)
    }

    fn is_call(&self, kind: usize) -> bool {
        self.types.by_id[&(kind as u32)].category == Category::Collaborative
    }

    fn hour(&mut self, kind: usize) -> u8 {
        let even = matches!(self.pattern, Pattern::Morning | Pattern::Evening);
        if even && self.dice.share() < 0.3 {
            return 18 + self.dice.below(4) as u8;
        }
        let odds = self.hours[kind];
        self.dice.pick(&odds) as u8
    }

    fn title(&mut self, kind: usize) -> String {
        let verb = ["write", "call", "file", "plan", "read", "check"][kind];
        let what = ["draft", "status", "numbers", "review"][self.dice.below(4)];
        let (projects, most) = match self.pattern {
            Pattern::Recovery | Pattern::Overrun => (2, 0.8),
            _ => self.ways.projects,
        };
        match self.dice.share() {
            x if x < most => format!("{verb} {} {what}", PROJECTS[self.dice.below(projects)]),
            _ => format!("{verb} {what}"),
        }
    }

    /// Lives one week and returns the Monday after it, when all of it has settled.
    pub fn week(&mut self, week: i64) -> DateTime<Utc> {
        let first = NaiveDate::from_ymd_opt(START.0, START.1, START.2).unwrap();
        let monday = first + TimeDelta::weeks(week);
        let after = (monday + TimeDelta::days(9)).and_hms_opt(5, 0, 0).unwrap().and_utc();
        let null = self.pattern == Pattern::Nothing;
        if null && self.dice.share() < 0.05 {
            return after;
        }
        let (weeks, days) = self.ways.bad;
        let week_luck = if self.dice.share() < weeks { -0.35 } else { 0.0 };
        let day_luck: [f64; 5] =
            std::array::from_fn(|_| if self.dice.share() < days { -0.6 } else { week_luck });
        let mut taken: Week = BTreeMap::new();
        for s in &self.series {
            let name = format!("{}@example.org", s.name);
            taken.insert((s.weekday, s.hour), (name, s.kind, true, s.luck, s.title.clone()));
        }
        if self.pattern == Pattern::AfterMeetings {
            taken = self.blocks();
        }
        for _ in 0..400 {
            if taken.len() >= self.ways.per_week {
                break;
            }
            let kind = self.kind();
            let place = (self.weekday(kind), self.hour(kind));
            self.made += 1;
            let single = (format!("single-{}", self.made), kind, false, 0.0, self.title(kind));
            taken.entry(place).or_insert(single);
            // Meetings come in blocks.
            if self.is_call(kind) && place.1 < 16 && self.dice.share() < self.ways.blocks {
                for next in 1..=2u8 {
                    self.made += 1;
                    let name = format!("single-{}", self.made);
                    let single = (name, kind, false, 0.0, self.title(kind));
                    taken.entry((place.0, place.1 + next)).or_insert(single);
                }
            }
        }
        let week: Vec<_> = taken.into_iter().collect();
        for at in 0..week.len() {
            let ((day, hour), (name, kind, recurring, luck, title)) = &week[at];
            let luck = day_luck[*day] + luck;
            let good = self.success(&week[..at], *day, *hour, *kind, monday) + luck;
            let event = self.event(
                (name, title, *recurring),
                (monday + TimeDelta::days(*day as i64), *hour),
                *kind,
                good,
            );
            self.events.insert(event.id.clone(), event);
        }
        after
    }

    /// Two days with three meetings in a row, and own work after them.
    fn blocks(&mut self) -> Week {
        let mut taken = BTreeMap::new();
        for day in [0, 3] {
            let first = 9 + self.dice.below(5) as u8;
            for (place, kind) in [1, 1, 1, 0, 2].into_iter().enumerate() {
                self.made += 1;
                let single = (format!("single-{}", self.made), kind, false, 0.0, self.title(kind));
                taken.insert((day, first + place as u8), single);
            }
        }
        taken
    }

    /// The chance that it goes as planned.
    fn success(
        &self,
        before: &[((usize, u8), Slot)],
        day: usize,
        hour: u8,
        kind: usize,
        monday: NaiveDate,
    ) -> f64 {
        let same_day: Vec<_> = before.iter().filter(|(at, _)| at.0 == day).collect();
        let at = |back: u8| {
            same_day.iter().find(|(at, _)| Some(at.1) == hour.checked_sub(back)).map(|(_, e)| e)
        };
        let demanding = self.types.by_id[&(kind as u32)].cognitive_load >= 0.6;
        let applies = match self.pattern {
            Pattern::Weekday(weekday) => day + 1 == usize::from(weekday),
            Pattern::Afternoon => demanding && (13..18).contains(&hour),
            Pattern::AfterLunch => (13..15).contains(&hour),
            Pattern::AfterMeetings => {
                let call = |back| at(back).is_some_and(|e| self.is_call(e.1));
                !self.is_call(kind)
                    && ((call(1) && call(2) && call(3)) || (call(2) && call(3) && call(4)))
            }
            Pattern::Recovery => {
                same_day.last().is_some_and(|(at, e)| at.1 + 3 >= hour && e.4.contains(PROJECTS[0]))
            }
            Pattern::Winter => matches!(monday.month(), 12 | 1 | 2),
            Pattern::Morning => hour >= 18,
            Pattern::Evening => hour < 12,
            Pattern::Nothing | Pattern::CallDay(_) | Pattern::Overrun => false,
        };
        if applies { BAD } else { self.base[kind] }
    }

    fn event(
        &mut self,
        (name, title, recurring): (&str, &str, bool),
        (day, hour): (NaiveDate, u8),
        kind: usize,
        success: f64,
    ) -> Event {
        let start = day.and_hms_opt(hour.into(), 0, 0).unwrap().and_utc();
        let end = start + TimeDelta::minutes(55);
        let span = Span::Timed { start, end };
        let good = self.dice.share() < success;
        let signal = self.signal(good);
        let plans = self.pattern == Pattern::Overrun && title.contains(PROJECTS[0]);
        let longer = self.dice.share() < if plans { 1.0 - BAD } else { self.longer[kind] };
        let from = Span::Timed { start, end: end - TimeDelta::minutes(20) };
        let seen = Seen { after: None, by: end };
        let rated = matches!(self.pattern, Pattern::Morning | Pattern::Evening);
        let noise = self.dice.between(-0.15, 0.15);
        let energy = if rated && success <= BAD { 0.45 } else { 0.8 } + noise;
        Event {
            id: EventId {
                uid: Uid::new(name),
                recurrence_id: recurring.then(|| start.format("%Y%m%dT%H%M%SZ").to_string()),
            },
            collection: CollectionId::new("home/work"),
            title: title.to_owned(),
            span,
            time_zone: None,
            busy: true,
            role: Role::Own,
            standing: Standing::Scheduled,
            recurring,
            attendees: if self.is_call(kind) { 2 } else { 0 },
            answered: false,
            created_at: start - TimeDelta::days(3),
            first_seen: start - TimeDelta::days(3),
            last_modified: None,
            sequence: 0,
            related_to: None,
            trail: longer
                .then_some((seen, Observation::Resized { from, to: span }))
                .into_iter()
                .collect(),
            settled: vec![Settlement {
                span,
                ordinal: 0,
                at: end + TimeDelta::days(1),
                hour: Some(hour),
                weekday: day.weekday().number_from_monday() as u8,
                signal,
                energy: Some(energy as f32),
            }],
            closed: true,
            task_type: Some(kind as u32),
            completed: None,
            success_rating: None,
            energy_after: rated.then_some(energy as f32),
        }
    }

    /// As `infer` tells: one in ten is unknown.
    fn signal(&mut self, good: bool) -> Option<Signal> {
        if self.dice.share() < self.ways.unknown {
            return None;
        }
        let (value, weight) = match (good, self.dice.below(4)) {
            (true, 0) => (0.9, 1.0),
            (true, 1) => (0.7, 1.0),
            (true, _) => (0.9, 0.5),
            (false, 0) => (0.1, 1.0),
            (false, 1) => (0.2, 1.0),
            (false, 2) => (0.3, 1.0),
            (false, _) => (0.1, 0.5),
        };
        Some(Signal { value, weight })
    }
}
