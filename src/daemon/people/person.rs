//! One of many, between their turns. Pure: what a turn of theirs found in, when the next one is due
//! out.

use super::super::daily::{self, Daily};
use super::super::pace::{self, LastLook};
use super::super::turn::{self, Ended};
use super::super::{House, tally};
use crate::cycle::Chores;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// A person whose turns fail is tried again at most this rarely.
pub(super) const RAREST: TimeDelta = TimeDelta::hours(6);
/// Turns that failed in a row, as far as they are counted.
const MOST_STRIKES: u32 = 10;

/// A person who is served.
pub(super) struct Person {
    pub(super) house: Arc<House>,
    since: DateTime<Utc>,
    last: Option<LastLook>,
    /// Turns that failed in a row.
    strikes: u32,
    /// Something of theirs could not be read.
    troubled: bool,
    morning: Daily,
    night: Daily,
    /// The last look that read everything; before the first, when they came.
    good_look: DateTime<Utc>,
    stale_accounts: usize,
}

impl Person {
    /// Served from now on.
    pub(super) fn new(house: Arc<House>, now: DateTime<Utc>) -> Self {
        let late = daily::late(&house.principal);
        let (morning, night) = (Daily::never(late), Daily::never(late));
        Self {
            house,
            since: now,
            last: None,
            strikes: 0,
            troubled: false,
            morning,
            night,
            good_look: now,
            stale_accounts: 0,
        }
    }

    /// Something of theirs is not as it should be.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.troubled || self.strikes > 0
    }

    /// The last look that read everything.
    pub(super) fn good_look(&self) -> DateTime<Utc> {
        self.good_look
    }

    /// Accounts of which not everything could be read at the last look.
    pub(super) fn stale_accounts(&self) -> usize {
        self.stale_accounts
    }

    /// It is their morning, or their night.
    pub(super) fn is_due(&mut self, now: DateTime<Utc>) -> bool {
        let zone = &self.house.zone;
        let morning = self.morning.is_due(self.house.morning, now, zone);
        morning || self.night.is_due(self.house.night, now, zone)
    }

    /// When their next morning or night is.
    pub(super) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let House { morning, night, zone, .. } = &*self.house;
        let daily = [self.morning.next(*morning, now, zone), self.night.next(*night, now, zone)];
        daily.into_iter().flatten().min()
    }

    /// A turn of theirs starts; what it does besides.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) -> Chores {
        self.morning.done(now);
        if !self.night.is_due(self.house.night, now, &self.house.zone) {
            return Chores::AtNight;
        }
        self.night.done(now);
        Chores::Now
    }

    /// A turn of theirs has ended; when the next one is due.
    pub(super) fn turned(&mut self, ended: Ended, now: DateTime<Utc>) -> DateTime<Utc> {
        self.stale_accounts = tally::stale_accounts(&ended, self.house.accounts);
        if ended.is_good_look() {
            self.good_look = now;
        }
        let mut moved = false;
        let id = self.house.principal.as_str();
        let was_troubled = std::mem::replace(&mut self.troubled, ended.is_trouble());
        self.strikes = match ended {
            Ended::Well(report) => {
                turn::tell(&self.house.principal, was_troubled, &report);
                moved = turn::moved(&report);
                0
            }
            Ended::Failed(error) => {
                tracing::error!(person = id, %error, "the turn failed; it is tried again later");
                self.strikes.saturating_add(1)
            }
            Ended::Panicked => {
                tracing::error!(person = id, "the turn broke off by a defect of chronotype");
                self.strikes.saturating_add(1)
            }
            Ended::TooLong => {
                tracing::warn!(person = id, "the turn took too long and was given up");
                self.strikes.saturating_add(1)
            }
            Ended::Stopped => self.strikes,
        };
        let last = LastLook::then(self.last, now, moved);
        self.last = Some(last);
        let next = pace::next(last, self.house.poll, self.since, turn::chance(now));
        let rest = (next - now) * 2_i32.pow(self.strikes.min(MOST_STRIKES));
        now + rest.min(RAREST.max(next - now))
    }
}
