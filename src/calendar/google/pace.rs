//! How fast an account is asked: a budget of requests a minute, and growing waits with jitter
//! where Google wants fewer.

use crate::calendar::http::random;
use std::time::{Duration, Instant};

/// Requests that may go out at once after a rest.
const BURST: u32 = 60;

/// How often and how patiently an account is asked.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Requests a minute. Google grants 600 a minute and person to a project; the person's other
    /// apps of the same project share them.
    pub per_minute: u32,
    /// Tries at one request.
    pub tries: u32,
    /// Wait before the second try; each further one doubles.
    pub first_wait: Duration,
    /// Longest wait within a turn; who wants more is left alone until a later one.
    pub longest_wait: Duration,
    /// For a whole request, body included.
    pub timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_minute: 300,
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
            timeout: Duration::from_secs(60),
        }
    }
}

impl Pace {
    /// Wait behind the `failed`-th try (from 1): doubling, of which a random half to the whole, so
    /// that many clients that failed together do not come back together.
    pub fn wait(&self, failed: u32) -> Duration {
        let whole = self.first_wait.saturating_mul(1 << failed.saturating_sub(1).min(16));
        let part = u32::try_from(random() % 1_000).unwrap_or_default();
        whole.min(self.longest_wait).mul_f64(0.5 + f64::from(part) / 2_000.0)
    }
}

/// A token bucket: requests are lent ahead, and the borrower waits.
#[derive(Debug)]
pub struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    /// A full one.
    pub fn new(pace: &Pace, now: Instant) -> Self {
        Self { left: f64::from(pace.per_minute.min(BURST)), at: now }
    }

    /// Takes one request and tells how long to wait before it; `Err` = so long that it is not
    /// taken.
    pub fn take(&mut self, pace: &Pace, now: Instant) -> Result<Duration, Duration> {
        let rate = f64::from(pace.per_minute.max(1)) / 60.0;
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        self.left = (self.left + earned).min(f64::from(pace.per_minute.min(BURST)));
        self.at = now;
        let wait = Duration::from_secs_f64((1.0 - self.left).max(0.0) / rate);
        if wait > pace.longest_wait {
            return Err(wait);
        }
        self.left -= 1.0;
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_sees_more_than_the_budget_and_the_burst() {
        let pace = Pace { per_minute: 120, ..Pace::default() };
        let start = Instant::now();
        let mut budget = Budget::new(&pace, start);
        let (mut now, mut times) = (start, Vec::new());
        for _ in 0..1_000 {
            match budget.take(&pace, now) {
                Ok(wait) => times.push(now + wait),
                Err(wait) => now += wait,
            }
        }
        assert!(times.is_sorted());
        for (i, first) in times.iter().enumerate() {
            let minute = times.iter().skip(i).filter(|t| **t < *first + Duration::from_secs(60));
            assert!(minute.count() <= 121 + BURST as usize);
        }
        let hours = (times.len() as f64 - 60.0) / 120.0 * 60.0;
        let taken = times.last().unwrap().duration_since(start).as_secs_f64();
        assert!((taken - hours).abs() < 1.0, "{taken} s, not {hours} s");
    }

    #[test]
    fn waits_grow_within_bounds_and_differ() {
        let pace = Pace::default();
        for failed in 1..40 {
            let whole = Duration::from_millis(500 << (failed - 1).min(10)).min(pace.longest_wait);
            let wait = pace.wait(failed);
            assert!(wait >= whole / 2 && wait <= whole, "{failed}: {wait:?}");
        }
        let some: std::collections::BTreeSet<Duration> = (0..20).map(|_| pace.wait(3)).collect();
        assert!(some.len() > 1);
    }
}
