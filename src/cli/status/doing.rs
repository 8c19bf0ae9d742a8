//! What chronotype itself is doing: whether anybody looks, whether it is quiet, what stands ahead,
//! and what the person ordered and is not done yet.

use super::{Clock, utc};
use crate::cli::context::{self, Looked};
use crate::cli::output::{self, FAINT, WARN, styled};
use crate::cli::table::wrap;
use crate::cli::{Global, suggestions};
use crate::config::Mode;
use crate::daemon;
use crate::event::Uid;
use crate::schedule::order::Order;
use crate::store::Person;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// What a turn saw longer ago than this may be wrong by now.
const STALE: TimeDelta = TimeDelta::days(1);

/// How things stand beside the calendars.
pub(super) struct Doing {
    /// Process id of the service; `None` = none runs, or a moment is replayed.
    service: Option<u32>,
    next_turn: Option<DateTime<Utc>>,
    is_replay: bool,
    is_stale: bool,
    observes: bool,
    quiet_until: Option<DateTime<Utc>>,
    ahead: usize,
    /// Of those ahead, the ones the person made theirs.
    theirs: usize,
    last_write: Option<DateTime<Utc>>,
    to_remove: usize,
    to_keep: usize,
}

impl Doing {
    pub(super) fn of(looked: &Looked, global: &Global) -> Self {
        let (person, now) = (&looked.person, global.moment());
        let ahead = suggestions::ahead(person, now);
        let theirs = ahead.iter().filter(|b| !b.state.is_ours()).count();
        let is_open = |(uid, order): &(&Uid, &Order)| {
            let block = person.suggestions.get(*uid);
            order.removes() || block.is_some_and(|b| b.intent.is_some() || b.published.is_none())
        };
        let open: Vec<_> = person.orders.iter().filter(is_open).collect();
        let removals = open.iter().filter(|(_, order)| order.removes()).count();
        let is_replay = global.now.is_some();
        // A replay is not about what runs now.
        let door = context::door(&looked.config);
        let service = if is_replay { None } else { daemon::holder(door).ok() };
        Self {
            next_turn: service.as_ref().and_then(|_| daemon::next_turn(door, &looked.principal)),
            service: service.map(|holder| holder.process),
            is_replay,
            is_stale: person.last_turn.is_some_and(|last| now - last > STALE),
            observes: looked.config.suggestions.mode == Mode::Observe,
            quiet_until: quiet_until(person, now),
            ahead: ahead.len(),
            theirs,
            last_write: person.written.keys().next_back().copied(),
            to_remove: removals,
            to_keep: open.len() - removals,
        }
    }

    /// A line each; what needs attention stands out.
    pub(super) fn lines(&self, clock: &Clock) -> String {
        let mut text = String::new();
        let mut say = |style, line: &str| {
            text.push_str(&styled(style, &wrap(line, 0, output::columns())));
        };
        match (self.service, self.is_replay) {
            (Some(id), _) => {
                let next = self.next_turn.map(|at| format!("; next look {}", clock.soon(at)));
                let next = next.unwrap_or_default();
                say(FAINT, &format!("the service runs (process {id}){next}"));
            }
            (None, false) if self.is_stale => say(
                WARN,
                "nobody looks at your calendars: what stands here is of the last turn; \
                 `chronotype sync` looks once, `chronotype run` goes on",
            ),
            (None, false) => say(FAINT, "no service runs: `chronotype run` would keep looking"),
            (None, true) => {}
        }
        if self.observes {
            say(FAINT, "it only observes: suggestions.mode in the config says so");
        }
        if let Some(until) = self.quiet_until {
            let until = clock.at(until);
            say(WARN, &format!("quiet until {until}: `chronotype pause off` ends it"));
        }
        for (number, what) in [(self.to_remove, "taken away"), (self.to_keep, "put back")] {
            if number > 0 {
                let (blocks, are) = (output::count(number, "block"), be(number));
                let line = format!("{blocks} {are} still to be {what}: the next sync tries again");
                say(WARN, &line);
            }
        }
        if self.ahead > 0 || self.last_write.is_some() {
            say(FAINT, &self.blocks(clock));
        }
        text
    }

    fn blocks(&self, clock: &Clock) -> String {
        let mut line = match self.ahead {
            0 => "no block ahead".to_owned(),
            n => format!("{} ahead", output::count(n, "block")),
        };
        if self.theirs > 0 {
            line.push_str(&format!(", {} of them yours", self.theirs));
        }
        if let Some(at) = self.last_write {
            line.push_str(&format!("; last written {}", clock.ago(at)));
        }
        line
    }

    /// For scripts.
    pub(super) fn fields(&self) -> Value {
        json!({
            "service": self.service,
            "next_turn": self.next_turn.map(utc),
            "stale": self.is_stale,
            "observes": self.observes,
            "paused_until": self.quiet_until.map(utc),
            "blocks_ahead": self.ahead,
            "blocks_yours": self.theirs,
            "last_write": self.last_write.map(utc),
            "orders_open": self.to_remove + self.to_keep,
        })
    }
}

/// When the pause there is ends.
pub(in crate::cli) fn quiet_until(person: &Person, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    person.pause.map(|pause| pause.until).filter(|until| *until > now)
}

fn be(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}
