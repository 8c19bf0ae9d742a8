//! What is proposed, and where: `[planning]` and `[suggestions]`.

use super::check::Check;
use super::file::{self, Text};
use super::{Mode, Suggestions};
use crate::event::mark::mark_of;
use crate::schedule::defence::Defence;
use crate::schedule::plan::Planning;
use crate::schedule::request::Door;
use crate::schedule::words::{Language, Wording};
use crate::schedule::working::{Lunch, WorkingHours};
use toml::Spanned;

impl Check<'_> {
    pub(super) fn planning(&mut self, file: &file::File) -> Planning {
        let (p, s) = (&file.planning, &file.suggestions);
        let usual = Planning::default();
        let white_space = p.white_space.as_ref();
        if let Some(bad) = white_space.filter(|v| !(0.0..=0.9).contains(v.get_ref())) {
            let message = format!("{} is out of range", bad.get_ref());
            self.bad(Some(bad.span()), "planning.white_space", message, "0 to 0.9");
        }
        Planning {
            working: self.working_hours(p),
            buffer_minutes: self.number_or(
                &p.buffer_minutes,
                "planning.buffer_minutes",
                0..=240,
                usual.buffer_minutes,
            ),
            lunch: self.lunch(&p.lunch).unwrap_or(usual.lunch),
            focus_cap_minutes: self.number_or(
                &p.focus_cap_minutes,
                "planning.focus_cap_minutes",
                0..=1440,
                usual.focus_cap_minutes,
            ),
            daily_cap: self.number_or(
                &s.daily_cap,
                "suggestions.daily_cap",
                0..=50,
                usual.daily_cap,
            ),
            white_space: white_space.map_or(usual.white_space, |v| *v.get_ref()),
            freeze_minutes: self.number_or(
                &p.freeze_minutes,
                "planning.freeze_minutes",
                0..=10_080,
                usual.freeze_minutes,
            ),
            horizon_days: self.number_or(
                &p.horizon_days,
                "planning.horizon_days",
                1..=60,
                usual.horizon_days,
            ),
            longest_session: self.number_or(
                &p.longest_session_minutes,
                "planning.longest_session_minutes",
                15..=480,
                usual.longest_session,
            ),
            shortest_session: self.number_or(
                &p.shortest_session_minutes,
                "planning.shortest_session_minutes",
                15..=240,
                usual.shortest_session,
            ),
            max_per_day: usual.max_per_day,
            weekly_cap: self.number_or(
                &s.weekly_cap,
                "suggestions.weekly_cap",
                0..=100,
                usual.weekly_cap,
            ),
            wording: self.wording(file),
            starters: self.starters(&file.starter, file.person.role.as_deref()),
            preparation_minutes: self.number_or(
                &s.preparation_minutes,
                "suggestions.preparation_minutes",
                0..=240,
                usual.preparation_minutes,
            ),
            recovery_minutes: self.number_or(
                &s.recovery_minutes,
                "suggestions.recovery_minutes",
                0..=240,
                usual.recovery_minutes,
            ),
            defence: self.defence(&s.defence).unwrap_or(usual.defence),
        }
    }

    /// No line at all: learned.
    fn working_hours(&mut self, p: &file::Planning) -> Option<WorkingHours> {
        let given = p.working_hours.as_ref()?.get_ref();
        for rule in given {
            if let Err(message) = WorkingHours::parse(&[rule.get_ref()]) {
                let hint = "write for example \"Mon-Fri 09:00-18:00\"";
                self.bad(Some(rule.span()), "planning.working_hours", message, hint);
            }
        }
        let rules: Vec<&String> = given.iter().map(Spanned::get_ref).collect();
        WorkingHours::parse(&rules).ok().filter(|_| !rules.is_empty())
    }

    fn lunch(&mut self, value: &Text) -> Option<Lunch> {
        let value = value.as_ref()?;
        match Lunch::parse(value.get_ref()) {
            Ok(lunch) => Some(lunch),
            Err(message) => {
                let hint = "\"12:00-13:00\", \"learned\" or \"off\"";
                self.bad(Some(value.span()), "planning.lunch", message, hint);
                None
            }
        }
    }

    fn wording(&mut self, file: &file::File) -> Wording {
        let words = Language::ALL.map(|language| (language.code(), language));
        let stated = self.word(&file.person.language, "person.language", &words);
        let s = &file.suggestions;
        let prefix = s.prefix.as_ref().map(|text| text.get_ref().clone()).unwrap_or_default();
        if let Some(text) = s.prefix.as_ref().filter(|text| !is_plain(text.get_ref())) {
            let message = "a prefix is at most 20 letters, and no mark for done or failed";
            self.bad(Some(text.span()), "suggestions.prefix", message, "for example \"· \"");
        }
        Wording {
            language: stated.or(self.origin.language).unwrap_or_default(),
            prefix,
            colours: s.colours.as_ref().is_some_and(|colours| *colours.get_ref()),
        }
    }

    fn defence(&mut self, value: &Text) -> Option<Defence> {
        let words = Defence::ALL.map(|defence| (defence.word(), defence));
        self.word(value, "suggestions.defence", &words)
    }

    pub(super) fn suggestions(&mut self, s: &file::Suggestions) -> Suggestions {
        let words = Door::ALL.map(|door| (door.word(), door));
        let doors = s.doors.as_ref().map(|doors| {
            let read = |door| self.one_of(door, "suggestions.doors", &words);
            doors.iter().filter_map(read).collect()
        });
        let modes = [Mode::Suggest, Mode::Observe].map(|mode| (mode.word(), mode));
        Suggestions {
            doors: doors.unwrap_or_else(|| Door::ALL.to_vec()),
            mode: self.word(&s.mode, "suggestions.mode", &modes).unwrap_or(Mode::Suggest),
            colours: s.colours.as_ref().is_some_and(|colours| *colours.get_ref()),
        }
    }
}

/// What stands before a title leaves it a title of one line that says nothing of how it went.
fn is_plain(prefix: &str) -> bool {
    let short = prefix.chars().count() <= 20 && !prefix.contains(char::is_control);
    short && mark_of(&format!("{prefix}x")).is_none()
}
