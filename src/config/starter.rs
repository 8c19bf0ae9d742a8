//! Checks `[[starter]]` tables: tasks to place until the person's own habits are known.

use super::check::Check;
use super::file;
use crate::schedule::starter::{self, Starter};
use std::collections::BTreeSet;
use toml::Spanned;

/// More is no start but a plan.
const MOST: usize = 20;
/// Longest title, in characters: a calendar shows a line.
const TITLE_MAX: usize = 200;
/// Where the file is silent.
const USUAL: (u32, u16) = (60, 1);

impl Check<'_> {
    /// Those that are written, else those of the role.
    pub(super) fn starters(
        &mut self,
        starters: &[Spanned<file::Starter>],
        role: Option<&str>,
    ) -> Vec<Starter> {
        if starters.is_empty() {
            return role.map(starter::of_role).unwrap_or_default();
        }
        if starters.len() > MOST {
            self.bad(None, "starter", format!("more than {MOST} starter tasks"), "");
        }
        let mut titles = BTreeSet::new();
        let mut read = Vec::new();
        for spanned in starters.iter().take(MOST) {
            let (at, starter) = (spanned.span(), spanned.get_ref());
            let title = starter.title.as_ref().map(|t| t.get_ref().trim()).unwrap_or_default();
            let title_at = starter.title.as_ref().map_or(at, Spanned::span);
            if title.is_empty()
                || title.chars().count() > TITLE_MAX
                || title.chars().any(char::is_control)
            {
                let hint = "for example title = \"Reading\"";
                self.bad(Some(title_at), "starter.title", "a starter task needs a title", hint);
            } else if !titles.insert(title.to_lowercase()) {
                let message = format!("two starter tasks are called '{title}'");
                self.bad(Some(title_at), "starter.title", message, "one of them is enough");
            }
            let minutes = self.number(&starter.minutes, "starter.minutes", 15..=480);
            let per_week = self.number(&starter.per_week, "starter.per_week", 1..=14);
            read.push(Starter {
                title: title.to_owned(),
                minutes: minutes.unwrap_or(USUAL.0),
                per_week: per_week.unwrap_or(USUAL.1),
            });
        }
        read
    }
}
