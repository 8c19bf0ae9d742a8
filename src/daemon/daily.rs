//! What is done once a day, at a time of the person's own clock. Pure: moments in, yes or no out.
//!
//! It is due when its time has passed since it was last done, however long ago: after a suspend
//! over one night or ten it is done once. A time that the clock shows twice counts the first time,
//! one that it skips as RFC 5545 reads it (with the offset before the gap); a traveller's time is
//! that of the zone they are in.

use crate::event::{PrincipalId, Zone};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Many people's mornings are spread over so long after their time, in seconds.
const SPREAD: u32 = 600;

/// Something that is done once a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Daily {
    done: DateTime<Utc>,
    late: TimeDelta,
}

impl Daily {
    /// Not done yet, as far as anybody knows; it comes `late` after its time.
    pub(super) fn never(late: TimeDelta) -> Self {
        Self { done: DateTime::<Utc>::MIN_UTC, late }
    }

    /// Whether it is due, for a person who is in this zone at a moment.
    pub(super) fn is_due(
        &mut self,
        time: NaiveTime,
        now: DateTime<Utc>,
        zone: impl Fn(DateTime<Utc>) -> Tz,
    ) -> bool {
        // The clock went back: what was done in a future that was none is done now.
        self.done = self.done.min(now);
        last(time, now - self.late, zone) > self.done
    }

    /// When it is due next.
    pub(super) fn next(
        &self,
        time: NaiveTime,
        now: DateTime<Utc>,
        zone: impl Fn(DateTime<Utc>) -> Tz,
    ) -> Option<DateTime<Utc>> {
        let clock = Zone::Iana(zone(now));
        let today = clock.wall(now).date();
        let days = (0..=2).filter_map(|days| today.checked_add_days(Days::new(days)));
        let mut moments = days.map(|day| clock.instant(day.and_time(time)) + self.late);
        moments.find(|at| *at > now)
    }

    /// It is done.
    pub(super) fn done(&mut self, now: DateTime<Utc>) {
        self.done = now;
    }
}

/// How late somebody's daily things are: the same every day, and another time for everybody.
pub(super) fn late(who: &PrincipalId) -> TimeDelta {
    let mut hasher = DefaultHasher::new();
    // Whoever runs a service of their own is called "me".
    (who.as_str(), std::process::id()).hash(&mut hasher);
    TimeDelta::seconds((hasher.finish() % u64::from(SPREAD)) as i64)
}

/// The last moment, `now` included, at which their clock showed this time for the first time on a
/// day; what it would have shown where they are now, while they were elsewhere, does not count.
fn last(time: NaiveTime, now: DateTime<Utc>, zone: impl Fn(DateTime<Utc>) -> Tz) -> DateTime<Utc> {
    let here = zone(now);
    let clock = Zone::Iana(here);
    let today = clock.wall(now).date();
    // The day before, or the one before that where a zone left a day out.
    let days = (0..=2).filter_map(|days| today.checked_sub_days(Days::new(days)));
    let mut moments = days.map(|day| clock.instant(day.and_time(time)));
    moments.find(|at| *at <= now && zone(*at) == here).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Australia, Europe, Pacific};

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    /// Looks every minute and does what is due; when that was, as the clock of the zone showed it.
    fn walk(hour: &str, zone: Tz, from: &str, to: &str) -> Vec<String> {
        let mut daily = Daily::never(TimeDelta::zero());
        let (mut now, to) = (at(from), at(to));
        daily.done(now);
        let mut done = Vec::new();
        while now < to {
            now += TimeDelta::minutes(1);
            let foretold = daily.next(time(hour), now - TimeDelta::minutes(1), |_| zone);
            let due = daily.is_due(time(hour), now, |_| zone);
            assert_eq!(due, foretold == Some(now), "{hour} in {zone} at {now}: {foretold:?}");
            if due {
                daily.done(now);
                done.push(now.with_timezone(&zone).format("%m-%d %H:%M %z").to_string());
            }
        }
        done
    }

    #[track_caller]
    fn check(hour: &str, zone: Tz, (from, to): (&str, &str), expected: &[&str]) {
        assert_eq!(walk(hour, zone, from, to), expected, "{hour} in {zone}");
    }

    #[test]
    fn it_is_done_once_a_day_where_hours_are_skipped_or_come_twice() {
        let berlin = Europe::Berlin;
        let spring = ("2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z");
        let days = ["03-28 06:00 +0100", "03-29 06:00 +0200", "03-30 06:00 +0200"];
        check("06:00", berlin, spring, &days);
        let skipped = ["03-28 02:30 +0100", "03-29 03:30 +0200", "03-30 02:30 +0200"];
        check("02:30", berlin, spring, &skipped);
        let autumn = ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        check("06:00", berlin, autumn, &["10-25 06:00 +0100", "10-26 06:00 +0100"]);
        check("02:30", berlin, autumn, &["10-25 02:30 +0200", "10-26 02:30 +0100"]);
        // Half an hour is skipped, and comes twice.
        let island = Australia::Lord_Howe;
        let skipped = ("2026-10-02T20:00:00Z", "2026-10-04T20:00:00Z");
        check("02:15", island, skipped, &["10-04 02:45 +1100", "10-05 02:15 +1100"]);
        let twice = ("2026-04-03T20:00:00Z", "2026-04-05T20:00:00Z");
        check("01:45", island, twice, &["04-05 01:45 +1100", "04-06 01:45 +1030"]);
    }

    #[test]
    fn a_midnight_or_a_day_that_is_skipped_takes_nothing_away() {
        // Chile's clocks go from 24:00 to 01:00, and from 24:00 back to 23:00.
        let spring = ("2026-09-05T12:00:00Z", "2026-09-07T12:00:00Z");
        check("00:00", America::Santiago, spring, &["09-06 01:00 -0300", "09-07 00:00 -0300"]);
        let autumn = ("2026-04-04T12:00:00Z", "2026-04-06T12:00:00Z");
        let late = ["04-04 23:30 -0300", "04-05 23:30 -0400"];
        check("23:30", America::Santiago, autumn, &late);
        // Samoa left 30 December 2011 out: that morning falls on the first moment after it.
        let without = ("2011-12-29T20:00:00Z", "2012-01-01T00:00:00Z");
        let days = walk("06:00", Pacific::Apia, without.0, without.1);
        assert_eq!(days.last().map(String::as_str), Some("01-01 06:00 +1400"));
        assert!(days.contains(&"12-31 06:00 +1400".to_owned()), "{days:?}");
    }

    #[test]
    fn after_a_suspend_it_is_done_once_and_a_clock_that_jumps_back_loses_no_day() {
        let (zone, six) = (|_| Europe::Berlin, time("06:00"));
        let mut daily = Daily::never(TimeDelta::zero());
        assert!(daily.is_due(six, at("2026-11-23T04:00:00Z"), zone), "never done");
        daily.done(at("2026-11-23T04:00:00Z"));
        // Asleep for ten mornings.
        let awake = at("2026-12-03T09:00:00Z");
        assert!(daily.is_due(six, awake, zone));
        daily.done(awake);
        assert!(!daily.is_due(six, awake + TimeDelta::hours(12), zone));
        // The clock was 64 years ahead for a while.
        daily.done(at("2090-01-01T00:00:00Z"));
        assert!(!daily.is_due(six, at("2026-12-03T10:00:00Z"), zone));
        assert!(daily.is_due(six, at("2026-12-04T05:00:00Z"), zone));
    }

    #[test]
    fn a_traveller_has_one_morning_a_day_by_the_clock_around_them() {
        let (six, flight) = (time("06:00"), at("2026-11-25T05:00:00Z"));
        let zone = |now| if now < flight { Europe::Berlin } else { America::New_York };
        let mut daily = Daily::never(TimeDelta::zero());
        let (mut now, mut done) = (at("2026-11-23T12:00:00Z"), Vec::new());
        daily.done(now);
        while now < at("2026-11-27T00:00:00Z") {
            now += TimeDelta::minutes(10);
            if daily.is_due(six, now, zone) {
                daily.done(now);
                done.push(now.format("%dT%H:%M").to_string());
            }
        }
        assert_eq!(done, ["24T05:00", "25T11:00", "26T11:00"]);
    }

    #[test]
    fn many_mornings_are_spread_and_each_stays_where_it_is() {
        let names = (0..1_000).map(|n| PrincipalId::new(&format!("p{n}")).unwrap());
        let all: Vec<TimeDelta> = names.map(|who| late(&who)).collect();
        let most = (0..10).map(|minute| all.iter().filter(|l| l.num_minutes() == minute).count());
        assert!(most.clone().all(|people| people < 200), "{:?}", most.collect::<Vec<_>>());
        assert!(all.iter().all(|l| *l < TimeDelta::minutes(10)));
        let who = PrincipalId::new("p1").unwrap();
        assert_eq!(late(&who), late(&who));
        let mut daily = Daily::never(TimeDelta::minutes(5));
        daily.done(at("2026-11-22T12:00:00Z"));
        let (six, zone) = (time("06:00"), |_| Europe::Berlin);
        assert!(!daily.is_due(six, at("2026-11-23T05:04:00Z"), zone));
        assert!(daily.is_due(six, at("2026-11-23T05:05:00Z"), zone));
    }
}
