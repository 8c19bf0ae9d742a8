//! A first look at the calendar: what it makes of the history, and what it would suggest. On a copy
//! of the store: nothing of it is kept.

use crate::cli::context::{self, Opened, Use};
use crate::cli::output::{HEADING, styled};
use crate::cli::suggestions::{self, Kept};
use crate::cli::table::plain;
use crate::cli::turn::{self, Done, How};
use crate::cli::types;
use crate::cli::{CommandError, Global, output};
use crate::config::{Config, Draft, Origin};
use crate::cycle::Mode;
use crate::schedule::slot::Habits;
use crate::sync::diff::Deletions;
use serde_json::{Value, json};

/// Kinds of work shown.
const TYPES_SHOWN: usize = 5;
/// Suggestions shown.
const BLOCKS_SHOWN: usize = 3;

/// What was seen.
pub(super) struct Look(Done);

impl Look {
    /// Takes a dry turn as the draft would have it.
    ///
    /// # Errors
    /// A config error where the answers make no config; a failure when nothing could be read.
    pub(super) fn at(
        draft: &Draft,
        origin: &Origin,
        global: &Global,
    ) -> Result<Self, CommandError> {
        let config = context::placed(Config::parse(&draft.to_toml(), origin)?, global);
        let (store, _) = context::unlock(&config, global, Use::Copy)??;
        let principal = config.person.id.clone();
        let person = store.load(&principal)?;
        let zone = context::zone(&config, global);
        let opened = Opened { config, principal, zone, person, store };
        let how = How { mode: Mode::DryRun, deletions: Deletions::Guarded, die_at: None };
        let done = turn::take(&opened, how, global)?;
        done.failure().map_or(Ok(Self(done)), Err)
    }

    /// Names of the calendars there are, without one of ours.
    pub(super) fn calendars(&self) -> Vec<String> {
        let all = self.0.person.status.collections.values();
        all.filter(|c| !c.ours).map(|c| c.name.clone()).collect()
    }

    /// For a person to read.
    ///
    /// # Errors
    /// When stdout refuses.
    pub(super) fn show(&self, global: &Global) -> Result<(), CommandError> {
        self.0.warn();
        if global.json {
            return Ok(());
        }
        let Done { report, person, now, zone, .. } = &self.0;
        let names: Vec<String> = self.calendars().iter().map(|name| plain(name)).collect();
        let (events, read) = (output::count(report.events, "event"), names.join(", "));
        let mut text = format!("\nRead {}: {events}.\n", read);
        let all = types::by_events(&person.types);
        if !all.is_empty() {
            let shown = all.get(..TYPES_SHOWN).unwrap_or(&all);
            text.push_str(&heading("What it makes of your history"));
            text.push_str(&types::overview(shown, &Habits::of(&person.types)));
        }
        let ahead = suggestions::ahead(person, *now);
        text.push_str(&heading("What it would suggest"));
        match ahead.get(..BLOCKS_SHOWN.min(ahead.len())) {
            Some([]) | None => {
                text.push_str("Nothing yet: it has seen too little of your weeks.\n")
            }
            Some(shown) => {
                text.push_str(&suggestions::list(shown, person, *zone, Kept::Nowhere));
                if ahead.len() > shown.len() {
                    text.push_str(&format!("and {} more\n", ahead.len() - shown.len()));
                }
            }
        }
        text.push_str("\nNothing has been written yet.\n");
        output::data(&text)
    }

    /// For scripts.
    pub(super) fn fields(&self) -> Value {
        let Done { report, person, now, zone, .. } = &self.0;
        let ahead = suggestions::ahead(person, *now);
        json!({
            "calendars": self.calendars(),
            "events": report.events,
            "task_types": report.types,
            "would_suggest":
                ahead.iter().map(|b| suggestions::fields(b, person, *zone)).collect::<Vec<_>>(),
        })
    }
}

fn heading(words: &str) -> String {
    format!("\n{}\n", styled(HEADING, words))
}
