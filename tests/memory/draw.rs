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
