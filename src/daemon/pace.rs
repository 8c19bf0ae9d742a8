//! When to look at the calendars next. Pure: moments in, a moment out.

use chrono::{DateTime, TimeDelta, Utc};

/// After a change more are likely: people move things about.
const BUSY_FOR: TimeDelta = TimeDelta::minutes(15);
/// Looks are so close then, if the usual pace is not closer.
const BUSY_PACE: TimeDelta = TimeDelta::minutes(1);
/// Without a change for so long ...
const IDLE_AFTER: TimeDelta = TimeDelta::hours(2);
/// ... looks are this many times further apart.
const IDLE_FACTOR: i32 = 2;
/// Share of the pause by which looks are spread, so that many people's services do not ask one
/// server in the same second.
const JITTER: f64 = 0.1;

/// What the last look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLook {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// When one last found a change; `None` = not since the start.
    pub changed: Option<DateTime<Utc>>,
}

impl LastLook {
    /// The look that came after this one, and whether it found a change. The clock may have gone
    /// back meanwhile: a change in the future would keep the pace of a busy hour for ever.
    pub fn then(before: Option<Self>, at: DateTime<Utc>, moved: bool) -> Self {
        let earlier = before.and_then(|look| look.changed).map(|changed| changed.min(at));
        Self { at, changed: if moved { Some(at) } else { earlier } }
    }
}

/// When to look again; `poll` is the usual pause, `chance` a number in 0..1.
pub fn next(last: LastLook, poll: TimeDelta, started: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
    let quiet = last.at - last.changed.unwrap_or(started);
    let pause = match last.changed {
        Some(_) if quiet < BUSY_FOR => poll.min(BUSY_PACE),
        _ if quiet > IDLE_AFTER => poll * IDLE_FACTOR,
        _ => poll,
    };
    let spread = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    let millis = (pause.num_milliseconds() as f64 * spread) as i64;
    last.at + TimeDelta::milliseconds(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_closer_after_a_change_and_rarer_in_a_quiet_night() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let wait = |looked: i64, changed: Option<i64>| {
            let last = LastLook { at: at(looked), changed: changed.map(at) };
            (next(last, TimeDelta::minutes(5), at(0), 0.5) - at(looked)).num_minutes()
        };
        assert_eq!(wait(10, None), 5);
        assert_eq!(wait(10, Some(9)), 1);
        assert_eq!(wait(40, Some(9)), 5);
        assert_eq!(wait(300, Some(9)), 10);
        assert_eq!(wait(300, None), 10);
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nobody_busy() {
        let at = |days| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        let ahead = LastLook::then(None, at(20_000), true);
        assert_eq!(ahead.changed, Some(at(20_000)));
        let right = LastLook::then(Some(ahead), at(1), false);
        assert_eq!(right.changed, Some(at(1)));
        assert_eq!(LastLook::then(Some(right), at(2), false).changed, Some(at(1)));
    }

    #[test]
    fn no_look_begins_on_a_connection_of_the_one_before() {
        let least = TimeDelta::minutes(1).min(BUSY_PACE).num_seconds() as f64 * (1.0 - JITTER);
        assert!(least > crate::calendar::http::IDLE_FOR.as_secs_f64());
    }

    #[test]
    fn looks_are_spread_and_never_closer_than_the_person_said() {
        let last = LastLook { at: DateTime::UNIX_EPOCH, changed: None };
        let wait =
            |chance| (next(last, TimeDelta::minutes(10), last.at, chance) - last.at).num_seconds();
        assert_eq!((wait(0.0), wait(1.0), wait(f64::NAN)), (540, 660, 0));
    }
}
