//! Starts of a rule, through the `rrule` crate.

use super::{Frequency, Rule, day_name};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use rrule::{RRule, Tz, Unvalidated};
use std::fmt::Write;

/// Steps one rule may take in one expansion: more than a century of days, and under 0.1 s.
const STEPS_MAX: usize = 50_000;
/// What a rule costs at least, in steps: taking it apart and looking for its first start.
const RULE_STEPS: usize = 50;
/// What each object may take, whatever others took: a daily series of thirteen years. About 10 ms.
const OWN_STEPS: usize = 5_000;
/// The crate stops at this year.
const YEAR_MAX: i32 = 9_999;
/// The Gregorian calendar repeats itself after this many years, weekdays included.
const CYCLE_YEARS: i32 = 400;
/// Days of such a cycle.
const CYCLE_DAYS: i64 = 146_097;
/// Most days a month has, January first.
const MONTH_DAYS: [i32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Steps that expansions may still take together, so that many hostile rules cost no more than a
/// few.
#[derive(Debug, Clone)]
pub struct Budget {
    left: usize,
}

impl Budget {
    /// So many steps.
    pub fn of(steps: usize) -> Self {
        Self { left: steps }
    }

    /// For one object: its rules each take all they may.
    pub fn object() -> Self {
        Self::of(16 * STEPS_MAX)
    }

    /// For a whole stream: a busy calendar of thirty years takes a tenth of it. A few seconds.
    pub fn stream() -> Self {
        Self::of(40 * STEPS_MAX)
    }

    /// What one object of many may take: a share that no other object can use up, and of this
    /// budget as much as [`Budget::object`] has. So hostile objects cost together what a few of
    /// them do, and no honest one is cut for their sake.
    pub(in crate::event) fn lend<T>(&mut self, spend: impl FnOnce(&mut Self) -> T) -> T {
        let mut lent = Self::of(OWN_STEPS + self.left.min(Self::object().left));
        let before = lent.left;
        let found = spend(&mut lent);
        self.take((before - lent.left).saturating_sub(OWN_STEPS));
        found
    }

    /// Nothing is left.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Takes up to so many steps; how many it got.
    pub(in crate::event) fn take(&mut self, steps: usize) -> usize {
        let got = steps.min(self.left);
        self.left -= got;
        got
    }
}

/// Starts of a rule within a stretch of wall-clock time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// In order of time.
    pub starts: Vec<NaiveDateTime>,
    /// The rule is not over within its bound of steps: later starts may be missing.
    pub cut: bool,
}

/// A stretch of wall-clock time, both ends included.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// First time.
    pub from: NaiveDateTime,
    /// Last time.
    pub to: NaiveDateTime,
}

impl Rule {
    /// Starts within `stretch` of a series that begins at `first`. `until` is the rule's last time
    /// on the clock of the series. `first` itself is in only where the rule hits it. Each start on
    /// the way is one step of `budget`.
    ///
    /// # Errors
    /// What is wrong with the rule, as the end of a sentence.
    pub fn expand(
        &self,
        first: NaiveDateTime,
        until: Option<NaiveDateTime>,
        stretch: Stretch,
        budget: &mut Budget,
    ) -> Result<Expansion, &'static str> {
        if self.never() {
            return Err("never happens");
        }
        let last = until.map_or(stretch.to, |u| u.min(stretch.to));
        let nothing = Expansion::default();
        if last < first || self.count == Some(0) || first.year() > YEAR_MAX {
            return Ok(nothing);
        }
        if budget.take(RULE_STEPS) < RULE_STEPS {
            return Ok(Expansion { starts: Vec::new(), cut: true });
        }
        let mut walk = Walk::new(self, first, last, stretch.from);
        if self.skips(first)? {
            for at in self.starts_with_skip(first, last, budget) {
                if walk.takes(at) {
                    break;
                }
            }
            walk.expansion.cut |= budget.is_spent();
            return Ok(walk.expansion);
        }
        if self.frequency < Frequency::Daily {
            let stretch = Stretch { from: stretch.from, to: last };
            return self.within_days(first, stretch, walk, budget);
        }
        let Some(begin) = self.begin(first, stretch.from) else { return Ok(nothing) };
        let rule: RRule<Unvalidated> = self.explicit(first).parse().map_err(|_| "can't be read")?;
        let late = late(last);
        let Some(begin) = begin.checked_add_signed(late) else { return Ok(nothing) };
        let set = rule.build(begin.and_utc().with_timezone(&Tz::UTC));
        let set = set.map_err(|_| "contradicts itself")?.limit();
        for at in &set {
            if walk.cannot_pay(1, budget) {
                return Ok(walk.cut());
            }
            if walk.takes(at.naive_utc() - late) {
                return Ok(walk.expansion);
            }
        }
        // The crate gives up after 100,000 periods without a start, or in its last year.
        budget.take(STEPS_MAX);
        if walk.found { Ok(walk.expansion) } else { Err("never happens") }
    }

    pub(super) fn by(&self, name: &str) -> Option<&str> {
        self.by.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The numbers of a BYxxx list.
    pub(super) fn numbers(&self, name: &str) -> Option<Vec<i32>> {
        self.by(name).map(|text| text.split(',').filter_map(|n| n.parse().ok()).collect())
    }

    /// BYMONTH and BYMONTHDAY name days that no month has: the crate would search for ages.
    fn never(&self) -> bool {
        // With SKIP they have one.
        let Some(days) = self.numbers("BYMONTHDAY").filter(|_| self.skip.omits()) else {
            return false;
        };
        let months = self.numbers("BYMONTH").unwrap_or_else(|| (1..=12).collect());
        let longest = months
            .iter()
            .filter_map(|m| MONTH_DAYS.get(usize::try_from(m - 1).ok()?))
            .max()
            .copied()
            .unwrap_or(0);
        days.iter().all(|d| d.abs() > longest)
    }

    /// The first moment of a period of the rule that lies before `first` and, where nothing has
    /// to be counted, close before `from`.
    fn begin(&self, first: NaiveDateTime, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let step = i64::from(self.interval);
        let skip = |unit_seconds: i64| {
            let gap = (from - first).num_seconds() / (unit_seconds * step) - 1;
            if self.count.is_some() { 0 } else { gap.max(0) * step }
        };
        let day = first.date();
        let on = |date: NaiveDate| date.and_hms_opt(0, 0, 0);
        match self.frequency {
            Frequency::Weekly => {
                let into = day.weekday().days_since(self.week_start);
                let week = day.checked_sub_days(Days::new(u64::from(into)))?;
                on(week.checked_add_days(days(skip(7 * 86_400) * 7))?)
            }
            Frequency::Monthly => {
                let months = skip(31 * 86_400) + i64::from(day.month0());
                let year = day.year() + i32::try_from(months / 12).ok()?;
                on(NaiveDate::from_ymd_opt(year, u32::try_from(months % 12).ok()? + 1, 1)?)
            }
            Frequency::Yearly => {
                let year = day.year() + i32::try_from(skip(366 * 86_400)).ok()?;
                on(NaiveDate::from_ymd_opt(year, 1, 1)?)
            }
            _ => on(day.checked_add_days(days(skip(86_400)))?),
        }
        .filter(|begin| begin.year() <= YEAR_MAX)
    }

    /// The rule with everything that a DTSTART at `first` implies written out, without its end.
    fn explicit(&self, first: NaiveDateTime) -> String {
        let mut text = format!(
            "FREQ={};INTERVAL={};WKST={}",
            self.frequency.name(),
            self.interval,
            day_name(self.week_start)
        );
        for (name, value) in &self.by {
            let numbered = (name == "BYDAY").then(|| self.numbered(value)).flatten();
            let numbered = numbered.or_else(|| self.fifth_last(name, value));
            let _ = write!(text, ";{name}={}", numbered.as_ref().unwrap_or(value));
        }
        let mut imply = |name: &str, value: &dyn std::fmt::Display| {
            if self.by(name).is_none() {
                let _ = write!(text, ";{name}={value}");
            }
        };
        let free = |names: &[&str]| names.iter().all(|name| self.by(name).is_none());
        let weekday = day_name(first.weekday());
        match self.frequency {
            Frequency::Weekly => imply("BYDAY", &weekday),
            Frequency::Monthly if free(&["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"]) => {
                imply("BYMONTHDAY", &first.day());
            }
            Frequency::Yearly
                if self.by("BYWEEKNO").is_some() && free(&["BYMONTHDAY", "BYYEARDAY"]) =>
            {
                imply("BYDAY", &weekday);
            }
            Frequency::Yearly if self.by("BYWEEKNO").is_some() => {}
            Frequency::Yearly if free(&["BYDAY", "BYYEARDAY"]) => {
                match self.by("BYMONTHDAY") {
                    Some(_) => imply("BYMONTH", &"1,2,3,4,5,6,7,8,9,10,11,12"),
                    None => imply("BYMONTH", &first.month()),
                }
                imply("BYMONTHDAY", &first.day());
            }
            _ => {}
        }
        imply("BYHOUR", &first.hour());
        imply("BYMINUTE", &first.minute());
        imply("BYSECOND", &first.second());
        text
    }

    /// The fifth-last weekdays of a month, which the crate takes for a mistake: these weekdays, as
    /// far as they lie 29 to 31 days before the next month. `None` for any other part.
    fn fifth_last(&self, name: &str, list: &str) -> Option<String> {
        let free = self.frequency == Frequency::Monthly && self.by("BYMONTHDAY").is_none();
        let days: Option<Vec<&str>> = list.split(',').map(|i| i.strip_prefix("-5")).collect();
        let days = days.filter(|_| name == "BYDAY" && free)?.join(",");
        Some(format!("{days};BYMONTHDAY=-31,-30,-29"))
    }

    /// A BYDAY with numbered and whole weekdays, such as `1MO,TU`, with the whole ones numbered:
    /// the crate takes the two for conditions that both must hold. `None` where it has one kind.
    fn numbered(&self, list: &str) -> Option<String> {
        let whole = |item: &&str| item.len() == 2;
        if list.split(',').all(|i| whole(&i)) || !list.split(',').any(|i| whole(&i)) {
            return None;
        }
        let most = match self.frequency {
            Frequency::Monthly => 5,
            Frequency::Yearly if self.by("BYMONTH").is_some() => 5,
            Frequency::Yearly => 53,
            _ => return None,
        };
        let mut items: Vec<String> = Vec::new();
        for item in list.split(',') {
            match whole(&item) {
                true => items.extend((1..=most).map(|n| format!("{n}{item}"))),
                false => items.push(item.to_owned()),
            }
        }
        items.sort_unstable();
        items.dedup();
        Some(items.join(","))
    }
}

/// Starts as they come, told apart by where they lie.
pub(super) struct Walk {
    first: NaiveDateTime,
    last: NaiveDateTime,
    from: NaiveDateTime,
    /// Of the COUNT.
    left: u32,
    found: bool,
    /// Steps this rule may still take.
    steps: usize,
    pub(super) expansion: Expansion,
}

impl Walk {
    fn new(rule: &Rule, first: NaiveDateTime, last: NaiveDateTime, from: NaiveDateTime) -> Self {
        let (left, expansion) = (rule.count.unwrap_or(u32::MAX), Expansion::default());
        Self { first, last, from, left, found: false, steps: STEPS_MAX, expansion }
    }

    /// So many steps more are more than this rule may take, or than the budget has.
    pub(super) fn cannot_pay(&mut self, steps: usize, budget: &mut Budget) -> bool {
        let own = self.steps < steps;
        self.steps = self.steps.saturating_sub(steps);
        budget.take(steps) < steps || own
    }

    /// What was found before the steps ran out.
    pub(super) fn cut(mut self) -> Expansion {
        self.expansion.cut = true;
        self.expansion
    }

    /// Takes the next start; whether the rule is over with it.
    pub(super) fn takes(&mut self, at: NaiveDateTime) -> bool {
        if at < self.first {
            return false;
        }
        if at > self.last || self.left == 0 {
            return true;
        }
        self.found = true;
        self.left -= 1;
        if at >= self.from {
            self.expansion.starts.push(at);
        }
        false
    }
}

/// How much later the crate is told to look, so that it soon meets the last year it knows and
/// never searches thousands of years for a start that does not exist.
fn late(last: NaiveDateTime) -> TimeDelta {
    let cycles = (YEAR_MAX - 1 - last.year()).max(0) / CYCLE_YEARS;
    TimeDelta::try_days(i64::from(cycles) * CYCLE_DAYS).unwrap_or_default()
}

fn days(count: i64) -> Days {
    Days::new(u64::try_from(count).unwrap_or(0))
}
