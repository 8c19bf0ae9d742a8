//! How often a model may be asked: a share of the decisions, a daily and a monthly cap, and a pause
//! after failures. Everything is counted whether it helped or not.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Calls to decisions (an occurrence classified, a block placed) in the first week, in the second,
/// and later (DESIGN section 9). The last is under 1 %.
const SHARES: [f64; 3] = [0.20, 0.05, 0.0099];
/// Failures in a row before it is left alone.
const PATIENCE: u32 = 3;
/// How long it is left alone then; twice as long each time.
const PAUSE: TimeDelta = TimeDelta::hours(1);
/// No pause is longer than 2^5 hours.
const MOST_DOUBLINGS: u32 = 5;
/// Weeks kept.
const WEEKS_KEPT: usize = 26;

/// What the person allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls a day (UTC).
    pub daily: u32,
    /// Calls a calendar month (UTC).
    pub monthly: u32,
    /// Calls in one turn: each may take as long as its time-out.
    pub turn: u32,
}

impl Budget {
    /// Where the person says nothing: a first look asks about the commonest types within a few
    /// days; a turn waits for each answer.
    pub fn usual() -> Self {
        Self { daily: 20, monthly: 200, turn: 4 }
    }
}

/// What was decided and asked in one week since the assistant was switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Week {
    /// Occurrences classified and blocks placed.
    pub decisions: u64,
    /// Requests sent.
    pub calls: u32,
    /// Of them, those without an answer that could be used.
    pub failed: u32,
    /// Tokens the endpoint says it has read.
    pub tokens_in: u64,
    /// Tokens it says it has written.
    pub tokens_out: u64,
}

/// Tokens of one call, as the endpoint counts them; 0 where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read.
    pub tokens_in: u64,
    /// Written.
    pub tokens_out: u64,
}

/// All that is counted of a person's calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// The first turn with the assistant on; its weeks are counted from there.
    pub since: Option<DateTime<Utc>>,
    /// By week from `since`, the latest [`WEEKS_KEPT`].
    pub weeks: BTreeMap<u32, Week>,
    /// Day (since the common era) of the last call, and calls on it.
    pub today: (i64, u32),
    /// Month (year times 12 plus month) of the last call, and calls in it.
    pub month: (i64, u32),
    /// Failures in a row.
    pub failures: u32,
    /// Not asked before this moment.
    pub not_before: Option<DateTime<Utc>>,
    /// What went wrong last, in one sentence; `None` once it works again.
    pub trouble: Option<String>,
}

impl Ledger {
    /// Counts decisions, of which calls are a share.
    pub fn decided(&mut self, now: DateTime<Utc>, decisions: usize) {
        self.since.get_or_insert(now);
        if decisions > 0 {
            self.week(now).decisions += decisions as u64;
        }
    }

    /// How many calls this turn may make.
    pub fn allowance(&self, now: DateTime<Utc>, budget: &Budget) -> u32 {
        if self.not_before.is_some_and(|until| now < until) {
            return 0;
        }
        let number = self.number(now);
        let week = self.weeks.get(&number).copied().unwrap_or_default();
        let share = SHARES.get(number as usize).or(SHARES.last()).copied().unwrap_or_default();
        let by_share = (share * week.decisions as f64) as u32;
        let spent = |(when, calls): (i64, u32), now: i64| if when == now { calls } else { 0 };
        let left = [
            by_share.saturating_sub(week.calls),
            budget.daily.saturating_sub(spent(self.today, day(now))),
            budget.monthly.saturating_sub(spent(self.month, month(now))),
            // After failures one call at a time finds out whether it works again.
            if self.failures >= PATIENCE { 1 } else { budget.turn },
        ];
        left.into_iter().min().unwrap_or_default()
    }

    /// Counts a call before it is sent.
    pub fn asked(&mut self, now: DateTime<Utc>) {
        self.week(now).calls += 1;
        count(&mut self.today, day(now));
        count(&mut self.month, month(now));
    }

    /// Counts what a call cost, and that it helped.
    pub fn answered(&mut self, now: DateTime<Utc>, usage: Usage) {
        self.paid(now, usage);
        (self.failures, self.not_before, self.trouble) = (0, None, None);
    }

    /// Counts what a call cost that did not help, and why it did not.
    pub fn failed(&mut self, now: DateTime<Utc>, usage: Usage, why: &str) {
        self.paid(now, usage);
        self.week(now).failed += 1;
        self.failures = self.failures.saturating_add(1);
        self.trouble = Some(why.to_owned());
        if let Some(over) = self.failures.checked_sub(PATIENCE) {
            self.not_before = Some(now + PAUSE * (1 << over.min(MOST_DOUBLINGS)));
        }
    }

    /// It asked to be left alone until then; a longer pause that it is given already stays.
    pub fn leave_alone(&mut self, until: DateTime<Utc>) {
        self.not_before = self.not_before.max(Some(until));
    }

    /// A call that was counted was not sent after all.
    pub fn unasked(&mut self, now: DateTime<Utc>) {
        let week = self.week(now);
        week.calls = week.calls.saturating_sub(1);
        self.today.1 = self.today.1.saturating_sub(1);
        self.month.1 = self.month.1.saturating_sub(1);
    }

    fn paid(&mut self, now: DateTime<Utc>, usage: Usage) {
        let week = self.week(now);
        week.tokens_in = week.tokens_in.saturating_add(usage.tokens_in);
        week.tokens_out = week.tokens_out.saturating_add(usage.tokens_out);
    }

    /// Whole weeks since it was switched on.
    fn number(&self, now: DateTime<Utc>) -> u32 {
        let since = self.since.unwrap_or(now);
        u32::try_from((now - since).num_weeks()).unwrap_or_default()
    }

    fn week(&mut self, now: DateTime<Utc>) -> &mut Week {
        let number = self.number(now);
        while self.weeks.len() >= WEEKS_KEPT && !self.weeks.contains_key(&number) {
            self.weeks.pop_first();
        }
        self.weeks.entry(number).or_default()
    }
}

fn count(spent: &mut (i64, u32), now: i64) {
    *spent = if spent.0 == now { (now, spent.1.saturating_add(1)) } else { (now, 1) };
}

fn day(now: DateTime<Utc>) -> i64 {
    now.num_days_from_ce().into()
}

fn month(now: DateTime<Utc>) -> i64 {
    i64::from(now.year()) * 12 + i64::from(now.month0())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BUDGET: Budget = Budget { daily: 20, monthly: 200, turn: 4 };

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    #[test]
    fn the_first_look_is_bounded_by_share_day_month_and_turn() {
        let mut ledger = Ledger::default();
        ledger.decided(at(0), 9);
        assert_eq!(ledger.allowance(at(0), &BUDGET), 1, "a fifth of nine decisions");
        ledger.decided(at(0), 1_000);
        assert_eq!(ledger.allowance(at(0), &BUDGET), 4, "a turn");
        (0..18).for_each(|_| ledger.asked(at(1)));
        assert_eq!(ledger.allowance(at(1), &BUDGET), 2, "a day");
        assert_eq!(ledger.allowance(at(24), &BUDGET), 4, "the next day");
        let tight = Budget { monthly: 19, ..BUDGET };
        assert_eq!(ledger.allowance(at(24), &tight), 1, "a month");
        assert_eq!(ledger.allowance(at(24 * 32), &tight), 0, "no decisions in week 5");
    }

    #[test]
    fn failures_pause_it_longer_each_time() {
        let mut ledger = Ledger::default();
        ledger.decided(at(0), 1_000);
        (0..2).for_each(|_| ledger.failed(at(0), Usage::default(), "can't reach it"));
        assert!(ledger.allowance(at(0), &BUDGET) > 0);
        ledger.failed(at(0), Usage::default(), "can't reach it");
        assert_eq!(ledger.allowance(at(0), &BUDGET), 0);
        assert_eq!(ledger.allowance(at(1), &BUDGET), 1, "one call finds out");
        ledger.failed(at(1), Usage::default(), "can't reach it");
        assert_eq!(ledger.not_before, Some(at(3)));
        ledger.answered(at(3), Usage { tokens_in: 300, tokens_out: 90 });
        assert_eq!((ledger.allowance(at(3), &BUDGET), ledger.trouble.clone()), (4, None));
        assert_eq!((ledger.weeks[&0].failed, ledger.weeks[&0].tokens_in), (4, 300));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_and_what_was_not_sent_is_not_counted() {
        let mut ledger = Ledger::default();
        ledger.decided(at(0), 1_000);
        (0..3).for_each(|_| ledger.asked(at(0)));
        ledger.failed(at(0), Usage::default(), "too many requests");
        ledger.leave_alone(at(5));
        ledger.leave_alone(at(2));
        (0..2).for_each(|_| ledger.unasked(at(0)));
        assert_eq!((ledger.weeks[&0].calls, ledger.today.1, ledger.month.1), (1, 1, 1));
        assert_eq!(ledger.allowance(at(4), &BUDGET), 0);
        assert_eq!(ledger.allowance(at(5), &BUDGET), 4);
    }

    proptest! {
        /// Whatever comes when: in no week is the share of calls above what that week allows.
        #[test]
        fn the_share_holds_in_every_week(
            steps in proptest::collection::vec((0_i64..60, 0_usize..80), 1..300),
        ) {
            let (mut ledger, mut now) = (Ledger::default(), 0);
            let free = Budget { daily: 10_000, monthly: 10_000, turn: 10_000 };
            for (hours, decisions) in steps {
                now += hours;
                ledger.decided(at(now), decisions);
                (0..ledger.allowance(at(now), &free)).for_each(|_| ledger.asked(at(now)));
                for (number, week) in &ledger.weeks {
                    let most = SHARES.get(*number as usize).unwrap_or(&SHARES[2]);
                    prop_assert!(f64::from(week.calls) <= most * week.decisions as f64);
                }
                prop_assert!(ledger.weeks.len() <= WEEKS_KEPT);
            }
        }
    }
}
