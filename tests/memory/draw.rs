//! Draws for simulated people: numbers that are the same in every run, and what people start with.

use chronotype::task::{Category, Energy, Hours, TaskType};

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    pub fn below(&mut self, most: usize) -> usize {
        (self.number() % most as u64) as usize
    }

    /// An index with these odds.
    pub fn pick(&mut self, odds: &[f64]) -> usize {
        let mut at = self.share() * odds.iter().sum::<f64>();
        odds.iter()
            .position(|w| {
                at -= w;
                at < 0.0
            })
            .unwrap_or(odds.len() - 1)
    }
}

/// How people differ beside what is planted in them.
pub struct Ways {
    /// Kinds of work.
    pub kinds: usize,
    /// Events a week, about.
    pub per_week: usize,
    /// Share of them that are of a series.
    pub series: f64,
    /// Odds of each kind fall by this with each before it.
    pub fall: f64,
    /// Share of calls that open a block of three.
    pub blocks: f64,
    /// Chances of a bad week and of a bad day.
    pub bad: (f64, f64),
    /// How much a series may have of bad and of good luck.
    pub luck: (f64, f64),
    /// Share of outcomes that are unknown.
    pub unknown: f64,
    /// Success differs between kinds from this to that.
    pub base: (f64, f64),
    /// Working days differ by this either way, and Fridays are lighter by that.
    pub days: (f64, f64),
    /// Projects there are, and the share of titles that name one.
    pub projects: (usize, f64),
}

impl Ways {
    /// The people that the detectors were built on.
    pub fn usual(dice: &mut Dice, null: bool) -> Self {
        let (bad, luck) = if null { ((0.12, 0.05), (0.2, 0.15)) } else { ((0.0, 0.0), (0.0, 0.0)) };
        Self {
            kinds: 4 + dice.below(3),
            per_week: if null { 14 + dice.below(18) } else { 20 },
            series: 0.45,
            fall: 1.0 / 3.0,
            blocks: 0.5,
            bad,
            luck,
            unknown: if null { 0.1 } else { 0.0 },
            base: if null { (0.55, 0.95) } else { (0.85, 0.85) },
            days: (0.3, 0.7),
            projects: (4, 0.6),
        }
    }

    /// People of all sorts: from plain chance to lives in which all of it comes together.
    pub fn other(dice: &mut Dice, null: bool) -> Self {
        let low = dice.between(0.4, 0.8);
        let plain = dice.share() < 0.4;
        let upset = |most: f64, dice: &mut Dice| match (null, plain) {
            (true, false) => dice.between(0.0, most),
            _ => 0.0,
        };
        Self {
            kinds: 3 + dice.below(4),
            per_week: if null { 9 + dice.below(30) } else { 18 + dice.below(5) },
            series: dice.between(0.0, 0.7),
            fall: dice.between(0.0, 0.8),
            blocks: dice.between(0.2, 0.8),
            bad: (upset(0.2, dice), upset(0.07, dice)),
            luck: (upset(0.25, dice), upset(0.2, dice)),
            unknown: if null { dice.between(0.0, 0.4) } else { 0.0 },
            base: if null { (low, dice.between(low, 0.97)) } else { (0.82, 0.88) },
            days: (dice.between(0.0, 0.3), dice.between(0.7, 1.0)),
            projects: (2 + dice.below(3), dice.between(0.3, 0.9)),
        }
    }
}

/// Estimates of energy fall in the course of the day for everybody but evening people.
pub fn energy(of_the_evening: bool) -> Energy {
    let at = |h: usize| match (of_the_evening, h) {
        (true, 0..=12) => 0.45,
        (true, _) => 0.8,
        (_, 0..=12) => 0.75,
        _ => 0.45,
    };
    Energy { pattern: std::array::from_fn(at), confidence: [0.9; 24] }
}

/// A type about which nothing was learned.
pub fn task_type(id: u32, category: Category) -> TaskType {
    let flat = [0.5; 24];
    TaskType {
        id,
        name: format!("Kind {id}"),
        category,
        category_votes: [0.0; 3],
        hours: Hours {
            prior: flat,
            score: flat,
            confidence: [0.1; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        },
        cognitive_load: chronotype::task::traits::load_prior(category),
        recovery_hours: 1.0,
        depletion_curve: [1.0, 0.8, 0.6, 0.4, 0.2],
        typical_duration: 60.0,
        duration_count: 3,
        exemplars: Vec::new(),
        events: 10,
    }
}
