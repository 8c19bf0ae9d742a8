//! Tasks to begin with: what people of a role often want time for, until the person's own habits
//! show.

use super::request::{Door, Reach, Request, RequestKey};
use super::wish::Wish;
use crate::event::time::{local_date, local_midnight};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use std::fmt;

/// Weeks ahead for which they are proposed: this one and the next.
const WEEKS: i64 = 2;

/// A task to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// Its words.
    pub title: String,
    /// Length of a session; `None` = what is typical for such work.
    pub minutes: Option<u32>,
    /// Sessions a week.
    pub weekly: u16,
}

/// Roles and three tasks of each, as a person would write them.
const ROLES: [(&str, [&str; 3]); 10] = [
    ("student", ["Study 3x90m", "Review notes 2x45m", "Plan the week 30m"]),
    ("engineer", ["Deep work 3x120m", "Code review 2x45m", "Plan the week 30m"]),
    ("manager", ["Prepare one-on-ones 2x45m", "Think ahead 2x90m", "Inbox 3x30m"]),
    ("designer", ["Design 3x120m", "Look at user feedback 45m", "Plan the week 30m"]),
    ("researcher", ["Write 3x90m", "Read papers 2x60m", "Analyse data 2x90m"]),
    ("teacher", ["Prepare lessons 3x60m", "Mark work 2x90m", "Plan the week 30m"]),
    ("sales", ["Prospecting 3x60m", "Prepare calls 2x45m", "Update the pipeline 30m"]),
    ("clinician", ["Write notes 3x30m", "Read the literature 45m", "Plan the week 30m"]),
    ("founder", ["Deep work 3x90m", "Talk to users 2x60m", "Look at the numbers 45m"]),
    ("other", ["Focus time 3x90m", "Inbox 3x30m", "Plan the week 30m"]),
];

/// Other names of roles.
const ALSO: [(&str, &str); 6] = [
    ("pm", "manager"),
    ("product manager", "manager"),
    ("developer", "engineer"),
    ("software engineer", "engineer"),
    ("doctor", "clinician"),
    ("nurse", "clinician"),
];

impl Starter {
    /// Reads `Deep work 3x120m`; days in it mean nothing. `None` for what has no title.
    pub fn read(text: &str) -> Option<Self> {
        let wish = Wish::read(text, NaiveDate::default());
        let Wish { title, minutes, sessions, .. } = wish;
        (!title.is_empty()).then_some(Self { title, minutes, weekly: sessions })
    }
}

impl fmt::Display for Starter {
    /// What [`Starter::read`] reads as this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.weekly, self.minutes) {
            (_, None) => f.write_str(&self.title),
            (1, Some(minutes)) => write!(f, "{} {minutes}m", self.title),
            (weekly, Some(minutes)) => write!(f, "{} {weekly}x{minutes}m", self.title),
        }
    }
}

/// The roles that have tasks to begin with.
pub fn roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(role, _)| *role)
}

/// The tasks of a role, in its own words or as people also call it; none for one nobody knows.
pub fn of_role(role: &str) -> Vec<Starter> {
    let role = role.trim().to_lowercase();
    let role = ALSO.iter().find(|(also, _)| *also == role).map_or(role.as_str(), |(_, role)| role);
    let tasks = ROLES.iter().find(|(name, _)| *name == role).map(|(_, tasks)| tasks);
    tasks.into_iter().flatten().filter_map(|text| Starter::read(text)).collect()
}

/// Requests for them, one each a week.
pub fn requests(starters: &[Starter], zone: Tz, now: DateTime<Utc>) -> Vec<Request> {
    let today = local_date(now, zone);
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    let weeks = (0..WEEKS).map(|week| monday + TimeDelta::days(7 * week));
    let one = |number: usize, starter: &Starter, week: NaiveDate| Request {
        key: RequestKey(format!("starter:{number}:{week}")),
        title: starter.title.clone(),
        door: Door::Starter,
        task_type: None,
        minutes: starter.minutes,
        sessions: starter.weekly,
        weekly: 0,
        earliest: Some(local_midnight(week, zone)),
        deadline: Some(local_midnight(week + TimeDelta::days(7), zone)),
        weight: 1,
        related_to: None,
        after: Vec::new(),
        reach: Reach::WORK,
    };
    weeks
        .flat_map(|week| starters.iter().enumerate().map(move |(n, s)| (n, s, week)))
        .map(|(number, starter, week)| one(number, starter, week))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_three_tasks_with_a_length() {
        for role in roles() {
            let tasks = of_role(role);
            assert_eq!(tasks.len(), 3, "{role}");
            assert!(tasks.iter().all(|task| task.minutes.is_some()), "{tasks:?}");
        }
        let deep = Starter { title: "Deep work".into(), minutes: Some(120), weekly: 3 };
        assert_eq!(of_role("Developer")[0], deep);
        assert_eq!(Starter::read(&deep.to_string()), Some(deep));
        assert_eq!(of_role("astronaut"), []);
    }
}
