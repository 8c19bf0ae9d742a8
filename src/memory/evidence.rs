//! Is it more than chance? Fisher's exact test on counts, corrected for the number of looks.

/// Chance of seeing `bad` or more failures among `n` by luck, when `others_bad` of `others` failed:
/// the one-sided p of Fisher's exact test (Fisher 1935). 1 when either side is empty.
pub fn fisher_more_failures(bad: u32, n: u32, others_bad: u32, others: u32) -> f64 {
    if n == 0 || others == 0 || bad > n || others_bad > others {
        return 1.0;
    }
    let all = n + others;
    let all_bad = bad + others_bad;
    let facts = LogFactorials::up_to(all);
    let total = facts.choose(all, all_bad);
    let most = n.min(all_bad);
    let chance: f64 = (bad..=most)
        .filter(|k| all_bad - k <= others)
        .map(|k| (facts.choose(n, k) + facts.choose(others, all_bad - k) - total).exp())
        .sum();
    chance.min(1.0)
}

struct LogFactorials(Vec<f64>);

impl LogFactorials {
    fn up_to(n: u32) -> Self {
        let mut sum = 0.0;
        let rest = (1..=n).map(|k| {
            sum += f64::from(k).ln();
            sum
        });
        Self(std::iter::once(0.0).chain(rest).collect())
    }

    fn of(&self, n: u32) -> f64 {
        self.0.get(n as usize).copied().unwrap_or(0.0)
    }

    fn choose(&self, n: u32, k: u32) -> f64 {
        self.of(n) - self.of(k) - self.of(n - k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(table: (u32, u32, u32, u32), expected: f64) {
        let p = fisher_more_failures(table.0, table.1, table.2, table.3);
        assert!((p - expected).abs() < 1e-6, "{table:?}: {p}");
    }

    #[test]
    fn agrees_with_published_tables() {
        // Fisher's tea tasting: 3 of 4 and 4 of 4 right.
        check((3, 4, 1, 4), 0.242_857_142);
        check((4, 4, 0, 4), 0.014_285_714);
        check((0, 5, 5, 5), 1.0);
        check((2, 0, 1, 3), 1.0);
    }
}
