//! Starter tasks: something to place until the person's own habits are known. Offered by role,
//! chosen in `init`, kept in the config.

use super::request::{Door, Reach, Request, RequestKey};
use crate::event::time::{local_date, local_midnight};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Weeks ahead for which they are proposed: this one and the next.
const WEEKS: i64 = 2;

/// A task that the person wants regularly, from the first day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// Title of its blocks.
    pub title: String,
    /// Minutes of one block.
    pub minutes: u32,
    /// Blocks a week.
    pub per_week: u16,
}

/// A starter task on offer: title, minutes, blocks a week.
pub type Offer = (&'static str, u32, u16);

/// How many of a role's offers are ticked unless the person says otherwise: the first ones.
pub const TICKED: usize = 3;

/// Roles by name, each with what it is called and what it is offered; the last one suits everybody.
pub const ROLES: [(&str, &str, &[Offer]); 10] = [
    (
        "student",
        "Student",
        &[
            ("Study session", 90, 3),
            ("Reading", 60, 2),
            ("Assignments", 90, 2),
            ("Revision", 60, 2),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "engineer",
        "Engineer",
        &[
            ("Focused coding", 90, 4),
            ("Code review", 45, 3),
            ("Design notes", 60, 1),
            ("Learning", 60, 1),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "manager",
        "Manager or product manager",
        &[
            ("Roadmap work", 90, 2),
            ("Prepare one-to-ones", 30, 2),
            ("Inbox", 30, 3),
            ("Weekly update", 45, 1),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "designer",
        "Designer",
        &[
            ("Design work", 90, 3),
            ("Sketching", 60, 2),
            ("Feedback rounds", 45, 2),
            ("User research", 60, 1),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "researcher",
        "Researcher",
        &[
            ("Writing", 90, 3),
            ("Reading papers", 60, 3),
            ("Data analysis", 90, 2),
            ("Peer review", 60, 1),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "teacher",
        "Teacher",
        &[
            ("Lesson planning", 60, 3),
            ("Grading", 60, 2),
            ("Feedback to students", 45, 2),
            ("Letters to parents", 30, 1),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "sales",
        "Sales",
        &[
            ("Prospecting", 60, 3),
            ("Follow-ups", 30, 4),
            ("Prepare calls", 30, 3),
            ("Proposals", 60, 1),
            ("Pipeline review", 30, 1),
        ],
    ),
    (
        "clinician",
        "Clinician",
        &[
            ("Documentation", 45, 4),
            ("Review results", 30, 3),
            ("Continuing education", 60, 1),
            ("Calls to patients", 30, 2),
            ("Plan the week", 30, 1),
        ],
    ),
    (
        "founder",
        "Founder",
        &[
            ("Product work", 90, 3),
            ("Customer follow-ups", 45, 2),
            ("Strategy", 90, 1),
            ("Hiring", 45, 1),
            ("Finances", 45, 1),
        ],
    ),
    (
        "other",
        "Something else",
        &[
            ("Focused work", 90, 3),
            ("Inbox", 30, 3),
            ("Plan the week", 30, 1),
            ("Reading", 45, 2),
            ("Paperwork", 45, 1),
        ],
    ),
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

/// What is offered to somebody of this role; in other words than ours, what suits everybody.
pub fn offers(role: &str) -> &'static [Offer] {
    known(role).or(ROLES.last().map(|(_, _, offers)| *offers)).unwrap_or_default()
}

/// The tasks of somebody who chose none: those that `init` ticks; none for a role nobody knows.
pub fn of_role(role: &str) -> Vec<Starter> {
    known(role).into_iter().flatten().take(TICKED).map(Starter::from).collect()
}

/// By the role's own word or as people also call it.
fn known(role: &str) -> Option<&'static [Offer]> {
    let role = role.trim().to_lowercase();
    let role = ALSO.iter().find(|(also, _)| *also == role).map_or(role.as_str(), |(_, role)| role);
    ROLES.iter().find(|(word, _, _)| *word == role).map(|(_, _, offers)| *offers)
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
        minutes: Some(starter.minutes),
        sessions: starter.per_week,
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

impl From<&Offer> for Starter {
    fn from((title, minutes, per_week): &Offer) -> Self {
        Self { title: (*title).to_owned(), minutes: *minutes, per_week: *per_week }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_enough_to_choose_from() {
        for (role, name, offers) in ROLES {
            assert!(offers.len() > TICKED && !name.is_empty(), "{role}");
            let week: u32 = offers.iter().take(TICKED).map(|o| o.1 * u32::from(o.2)).sum();
            // What is ticked takes no more than a day and a half of a week.
            assert!((120..=12 * 60).contains(&week), "{role}: {week} minutes a week");
        }
        assert_eq!(offers("Teacher")[0].0, "Lesson planning");
        assert_eq!(offers("lion tamer"), offers("other"));
    }
}
