//! Starter tasks: something to place until the person's own habits are known. Offered by role,
//! chosen in `init`, kept in the config.

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

/// What is offered to somebody of this role; in other words than ours, what suits everybody.
pub fn offers(role: &str) -> &'static [Offer] {
    let known = ROLES.iter().find(|(word, _, _)| role.trim().eq_ignore_ascii_case(word));
    known.or(ROLES.last()).map_or(&[], |(_, _, offers)| offers)
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
