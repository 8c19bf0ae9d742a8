//! Somebody who lives with it: keeps a calendar as people do, and answers the blocks in it.
//!
//! What they do follows from their seed and from what they see. Every title holds the word that no
//! log may hold.

use crate::state_machine::words::{day_and_hour, field, stamp, with_fields};
use crate::support::fake_faults::Dice;
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use std::collections::BTreeMap;

/// What they do alone, in a rhythm: title, weekdays from Monday, hour, minutes.
const HABITS: [(&str, &[u32], u32, u32); 3] = [
    ("Canary writing", &[0, 1, 3], 9, 90),
    ("Canary training", &[1, 4], 17, 60),
    ("Canary accounts", &[2], 14, 60),
];
/// Single events.
const SINGLES: [&str; 4] = ["Canary visit", "Canary reading", "Canary slides", "Canary call"];
/// Things to do.
const TODOS: [&str; 3] = ["Canary proposal", "Canary taxes", "Canary homework"];
/// Weeks before the beginning that are on the calendar already.
const PAST: i64 = 6;

/// Something they do.
#[derive(Debug)]
pub enum Deed {
    /// Write an object of their own calendar, by its file name.
    Write(String, String),
    /// Take one away.
    Remove(String),
    /// Write over a block that lies at this path.
    WriteBlock(String, String),
    /// Take it away.
    RemoveBlock(String),
    /// Run a command.
    Say(Vec<String>),
}

pub struct Someone {
    pub name: String,
    /// They do something next.
    pub next: DateTime<Utc>,
    dice: Dice,
    /// Objects on their calendar, by file name.
    things: BTreeMap<String, String>,
    made: u32,
    /// The week whose habits are on the calendar.
    week: DateTime<Utc>,
}

impl Someone {
    pub fn new(name: String, seed: u64, now: DateTime<Utc>) -> Self {
        let week = monday(now) - TimeDelta::weeks(PAST);
        let (dice, things) = (Dice::new(seed), BTreeMap::new());
        Self { name, next: now, dice, things, made: 0, week }
    }

    /// What is on the calendar at the beginning: weeks of habits, a meeting every week.
    pub fn before(&mut self, now: DateTime<Utc>) -> Vec<Deed> {
        let meeting = monday(now) - TimeDelta::weeks(PAST) + TimeDelta::hours(10);
        let rule = "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n";
        let guests = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:canary@example.org\r\n";
        let text = self.event("Canary meeting", meeting + TimeDelta::days(1), 60, rule, guests);
        let mut deeds = vec![self.write("meeting.ics".to_owned(), text)];
        while self.week < now {
            deeds.extend(self.plan_week());
        }
        deeds
    }

    /// What they do now, who see these blocks (path, text); sets when they come back.
    pub fn act(&mut self, now: DateTime<Utc>, blocks: &[(String, String)]) -> Vec<Deed> {
        self.next = now + TimeDelta::minutes(90 + self.dice.below(500) as i64);
        if self.week < now {
            return self.plan_week();
        }
        let deed = match self.dice.below(12) {
            0 | 1 => Some(self.single(now)),
            2 => self.moves_one(now),
            3 => self.removes_one(now),
            4 => Some(self.todo(now)),
            5 => self.marks_one(now),
            6..=8 => self.answers(now, blocks),
            _ => Some(self.says()),
        };
        deed.into_iter().collect()
    }

    /// The habits of one more week.
    fn plan_week(&mut self) -> Vec<Deed> {
        let week = self.week;
        self.week += TimeDelta::weeks(1);
        let mut deeds = Vec::new();
        for (title, days, hour, minutes) in HABITS {
            for day in days {
                let late = TimeDelta::minutes(15 * self.dice.below(3) as i64);
                let start = week + TimeDelta::days(i64::from(*day));
                let start = start + TimeDelta::hours(i64::from(hour)) + late;
                let (name, text) = (self.name_one(), self.event(title, start, minutes, "", ""));
                deeds.push(self.write(name, text));
            }
        }
        deeds
    }

    fn single(&mut self, now: DateTime<Utc>) -> Deed {
        let title = *self.dice.pick(&SINGLES).unwrap();
        let start = day_and_hour(now, &mut self.dice, 0, 9);
        let (name, text) = (self.name_one(), self.event(title, start, 45, "", ""));
        self.write(name, text)
    }

    fn todo(&mut self, now: DateTime<Utc>) -> Deed {
        let title = *self.dice.pick(&TODOS).unwrap();
        let due = stamp(day_and_hour(now, &mut self.dice, 2, 9));
        let name = self.name_one();
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\n\
             UID:{}-{name}\r\nDTSTAMP:{}\r\nSUMMARY:{title} {}\r\nDUE:{due}\r\n\
             ESTIMATED-DURATION:PT1H\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
            self.name,
            stamp(now),
            self.made
        );
        self.write(name, text)
    }

    fn moves_one(&mut self, now: DateTime<Utc>) -> Option<Deed> {
        let (name, text) = self.one(|text| start(text).is_some_and(|at| at > now))?;
        let by = TimeDelta::minutes(15 * (1 + self.dice.below(12) as i64));
        Some(self.write(name, shifted(&text, by)?))
    }

    fn removes_one(&mut self, now: DateTime<Utc>) -> Option<Deed> {
        let (name, _) = self.one(|text| start(text).is_some_and(|at| at > now))?;
        self.things.remove(&name);
        Some(Deed::Remove(name))
    }

    fn marks_one(&mut self, now: DateTime<Utc>) -> Option<Deed> {
        let lately = |at: DateTime<Utc>| at < now && at > now - TimeDelta::days(2);
        let (name, text) = self.one(|text| {
            let open = field(text, "STATUS").is_none();
            open && (text.contains("VTODO") || start(text).is_some_and(lately))
        })?;
        let text = match text.contains("VTODO") {
            true => with_fields(&text, &[("STATUS", "COMPLETED".into())]),
            false => {
                let mark = if self.dice.percent(80) { "✓" } else { "✗" };
                let title = field(&text, "SUMMARY")?;
                with_fields(&text, &[("SUMMARY", format!("{mark} {title}"))])
            }
        };
        Some(self.write(name, text))
    }

    /// One of their own single objects.
    fn one(&mut self, fits: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let single = |text: &str| !text.contains("RRULE");
        let all = self.things.iter().filter(|(_, text)| single(text) && fits(text));
        let all: Vec<_> = all.collect();
        self.dice.pick(&all).map(|(name, text)| ((*name).clone(), (*text).clone()))
    }

    /// Most blocks are kept by not touching them; some are dragged, renamed, marked, deleted.
    fn answers(&mut self, now: DateTime<Utc>, blocks: &[(String, String)]) -> Option<Deed> {
        let near = |at: DateTime<Utc>| (at - now).abs() < TimeDelta::days(4);
        let near = |text: &str| start(text).is_some_and(near);
        let seen: Vec<_> = blocks.iter().filter(|(_, text)| near(text)).collect();
        let (path, text) = self.dice.pick(&seen).map(|(path, text)| (path.clone(), text))?;
        let title = field(text, "SUMMARY").unwrap_or_default();
        let titled = |title: String| with_fields(text, &[("SUMMARY", title)]);
        let over = start(text).is_some_and(|at| at < now);
        let fresh = match (over, self.dice.below(8)) {
            (true, 0) => titled(format!("✓ {title}")),
            (true, 1) => titled(format!("✗ {title}")),
            (false, 0 | 1) => {
                let quarters = 1 + self.dice.below(16) as i64;
                shifted(text, TimeDelta::minutes(15 * quarters))?
            }
            (false, 2) => titled(format!("{title} of mine")),
            (false, 3) => return Some(Deed::RemoveBlock(path)),
            _ => return None,
        };
        Some(Deed::WriteBlock(path, fresh))
    }

    fn says(&mut self) -> Deed {
        self.made += 1;
        let ask = format!("Canary errand {}", self.made);
        let commands: [&[&str]; 12] = [
            &["status", "--json"],
            &["status", "--json"],
            &["suggestions", "--json"],
            &["suggestions"],
            &["export"],
            &["export"],
            &["types", "--json"],
            &["insights", "--json"],
            &["agenda", "--search", "canary writing"],
            &["remember", "No canary before nine"],
            &["schedule", &ask, "--duration", "30m", "--by", "fri"],
            &["sync"],
        ];
        let words = self.dice.pick(&commands).unwrap();
        Deed::Say(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn name_one(&mut self) -> String {
        self.made += 1;
        format!("{}.ics", self.made)
    }

    fn write(&mut self, name: String, text: String) -> Deed {
        self.things.insert(name.clone(), text.clone());
        Deed::Write(name, text)
    }

    fn event(
        &mut self,
        title: &str,
        start: DateTime<Utc>,
        minutes: u32,
        rule: &str,
        guests: &str,
    ) -> String {
        self.made += 1;
        let (begin, end) = (stamp(start), stamp(start + TimeDelta::minutes(minutes.into())));
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n\
             UID:{}-{}\r\nDTSTAMP:{begin}\r\nSUMMARY:{title}\r\nDTSTART:{begin}\r\n\
             DTEND:{end}\r\n{rule}{guests}END:VEVENT\r\nEND:VCALENDAR\r\n",
            self.name, self.made
        )
    }
}

/// The Monday of this week, at midnight.
fn monday(now: DateTime<Utc>) -> DateTime<Utc> {
    let days = i64::from(now.weekday().num_days_from_monday());
    let since = TimeDelta::seconds(i64::from(now.num_seconds_from_midnight()));
    now - TimeDelta::days(days) - since - TimeDelta::nanoseconds(now.nanosecond().into())
}

fn moment(text: &str, name: &str) -> Option<DateTime<Utc>> {
    let value = field(text, name)?;
    NaiveDateTime::parse_from_str(&value, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

/// When an event begins.
pub fn start(text: &str) -> Option<DateTime<Utc>> {
    moment(text, "DTSTART")
}

fn shifted(text: &str, by: TimeDelta) -> Option<String> {
    let (from, to) = (moment(text, "DTSTART")? + by, moment(text, "DTEND")? + by);
    Some(with_fields(text, &[("DTSTART", stamp(from)), ("DTEND", stamp(to))]))
}
