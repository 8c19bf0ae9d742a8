//! The score of a slot for a task type (DESIGN section 7). Read-time only: nothing here is stored.
//!
//! `s(h) = 0.7 · prior(h) + learned(h) + 0.8 · trust · dens(h) / (max dens + 2)`, all by local
//! hour; a slot's score is the mean of `s` over its quarter hours, less what earlier events tire.
//!
//! DESIGN's first values were 1 and 0.45. Half the weight of habits was enough as long as
//! appointments counted as the person's choice ([`crate::task::infer`] tells them apart). Over
//! seeds 0-39 of the simulated people, share of what the best slots would bring:
//!
//! | weight of habits | base | bad habits | sloppy |
//! |---|---|---|---|
//! | 0.5, appointments counted | .877 | .840 | .873 |
//! | 0.5 | .880 | | |
//! | 0.8 | .889 | .835 | .883 |
//!
//! 1.0 gains .002 more and costs people with bad habits .004; a narrower kernel (1.2 h) gains .003
//! and costs them the same.

use crate::task::{Hours, TaskType, TypeId, Types};
use std::collections::BTreeMap;

/// Width in hours of the kernel that spreads what is known of one hour to its neighbours.
const KERNEL_WIDTH: f64 = 1.5;
/// How much the start values count: effects of the hour are small and contested.
const PRIOR: f64 = 0.7;
/// Weight of the start values against observations.
const SHRINKAGE: f64 = 4.0;
/// Most that the person's own habit of placing can add.
const PLACEMENT: f64 = 0.8;
/// Keeps few placements from counting as a habit.
const PLACEMENT_FLOOR: f64 = 2.0;
/// How much placements of other types count.
const OTHER_TYPES: f64 = 0.3;
/// Confidence before the first observation, and what each one adds (DESIGN section 6).
const CONFIDENCE: (f64, f64) = (0.1, 0.05);
/// Share of the way to a signal that an outcome goes at confidence 0 (DESIGN section 6).
const LEARNING_RATE: f64 = 0.3;
/// What tiredness takes per unit of load and hour.
pub const TIREDNESS: f64 = 0.20;
/// Minutes after which an event is no longer felt.
pub const FELT: i32 = 300;
/// Longest part of an event that tires, in hours.
const TIRING_HOURS: f64 = 1.5;
/// Load and recovery (hours) of a calendar event whose type isn't known.
pub const UNTYPED: (f64, f64) = (0.5, 1.0);
/// Most that insights may add to or take from a slot.
pub const MOST_BIAS: f64 = 0.05;

/// The most a slot could have: sure success, where the person always puts it, and insights for it.
pub const MOST_SCORE: f64 = 1.0 + PLACEMENT + MOST_BIAS;

/// Where the person puts their own events, smoothed over the hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    by_type: BTreeMap<TypeId, [f64; 24]>,
    total: [f64; 24],
    trust: f64,
}

impl Habits {
    /// Smooths the placements of all types, and weighs how far they deserve to be followed.
    pub fn of(types: &Types) -> Self {
        let kernel = kernel();
        let mut by_type = BTreeMap::new();
        let mut total = [0.0; 24];
        for (&id, kind) in &types.by_id {
            let mut smooth = [0.0; 24];
            for (hour, value) in smooth.iter_mut().enumerate() {
                let near = kind.hours.placement.iter().zip(&kernel[hour]);
                *value = near.map(|(&p, k)| k * finite(p)).sum();
                total[hour] += *value;
            }
            by_type.insert(id, smooth);
        }
        let mut habits = Self { by_type, total, trust: 1.0 };
        habits.trust = habits.trust_in(types);
        habits
    }

    /// 0..=1: how much of the placement term counts. Below 1 for people whose dense hours fail more
    /// often than the rest.
    pub fn trust(&self) -> f64 {
        self.trust
    }

    /// dens(h) of one type: its own placements, and the others' at 0.3.
    fn density(&self, id: TypeId) -> [f64; 24] {
        let own = self.by_type.get(&id);
        std::array::from_fn(|h| {
            OTHER_TYPES * self.total[h] + (1.0 - OTHER_TYPES) * own.map_or(0.0, |o| o[h])
        })
    }

    /// Compares what outcomes said at dense hours with what they said elsewhere. Each hour's mean
    /// signal is recovered from its score by undoing the learning rule; hours count by their
    /// observations, split by how dense they are. The lead of the rest, shrunk for few of them,
    /// lowers trust: a tenth more success elsewhere takes up to half of it.
    fn trust_in(&self, types: &Types) -> f64 {
        let (mut dense, mut rest) = ((0.0, 0.0), (0.0, 0.0));
        for (&id, kind) in &types.by_id {
            let density = self.density(id);
            let most = density.iter().copied().fold(0.0, f64::max);
            if most <= 0.0 {
                continue;
            }
            for (hour, near) in density.iter().enumerate() {
                let Some((count, signal)) = mean_signal(&kind.hours, hour) else { continue };
                let share = near / most;
                dense = (dense.0 + count * share, dense.1 + count * share * signal);
                rest = (rest.0 + count * (1.0 - share), rest.1 + count * (1.0 - share) * signal);
            }
        }
        if dense.0 <= 0.0 || rest.0 <= 0.0 {
            return 1.0;
        }
        let lead = rest.1 / rest.0 - dense.1 / dense.0;
        let few = dense.0.min(rest.0);
        (1.0 - TRUST_SLOPE * lead * few / (few + TRUST_SHRINKAGE)).clamp(0.0, 1.0)
    }
}

/// Trust lost per unit of lead.
const TRUST_SLOPE: f64 = 5.0;
/// Observations that halve a lead.
const TRUST_SHRINKAGE: f64 = 20.0;

/// s(h) of one type and what it is made of; index = local hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What the start values say.
    pub prior: [f64; 24],
    /// What outcomes added.
    pub learned: [f64; 24],
    /// What the person's own placing added.
    pub placed: [f64; 24],
    /// Observations behind each hour, itself alone.
    pub observations: [f64; 24],
}

impl Curve {
    /// Reads it off a type's arrays.
    pub fn of(kind: &TaskType, habits: &Habits) -> Self {
        let kernel = kernel();
        let hours = &kind.hours;
        let observations: [f64; 24] = std::array::from_fn(|j| observations(hours, j));
        let learned = std::array::from_fn(|h| {
            let (mut shift, mut weight) = (0.0, 0.0);
            for j in 0..24 {
                let n = kernel[h][j] * observations[j];
                shift += n * (finite(hours.score[j]) - finite(hours.prior[j]));
                weight += n;
            }
            shift / (weight + SHRINKAGE)
        });
        let density = habits.density(kind.id);
        let most = density.iter().copied().fold(0.0, f64::max);
        let share = PLACEMENT * habits.trust / (most + PLACEMENT_FLOOR);
        Self {
            prior: std::array::from_fn(|h| PRIOR * finite(hours.prior[h])),
            learned,
            placed: std::array::from_fn(|h| share * density[h]),
            observations,
        }
    }

    /// s(h); hours past 23 read as 23.
    pub fn at(&self, hour: usize) -> f64 {
        let h = hour.min(23);
        self.prior[h] + self.learned[h] + self.placed[h]
    }

    /// Mean of s over the quarter hours of a slot that starts at `minute` of the day, with the
    /// insights' term by hour, which is cut to ±[`MOST_BIAS`].
    pub fn mean(&self, minute: i32, length: i32, bias: &[f32; 24]) -> f64 {
        let quarters = (length / 15).max(1);
        let sum: f64 = (0..quarters)
            .map(|q| ((minute + 15 * q).max(0) / 60).min(23) as usize)
            .map(|h| self.at(h) + finite(bias[h]).clamp(-MOST_BIAS, MOST_BIAS))
            .sum();
        sum / f64::from(quarters)
    }
}

/// Something earlier that tires; minutes on one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tiring {
    /// Its start.
    pub start: i32,
    /// Its end.
    pub end: i32,
    /// Cognitive load, 0..=1.
    pub load: f64,
    /// Time constant of recovery in hours.
    pub recovery_hours: f64,
}

/// What is taken from the score of a slot of this load that starts at `start`: earlier things of
/// the same day that ended less than five hours ago.
pub fn tiredness(earlier: &[Tiring], load: f64, start: i32) -> f64 {
    let felt = earlier.iter().filter(|e| e.end <= start && start - e.end < FELT);
    let sum: f64 = felt
        .map(|e| {
            let hours = (f64::from(e.end - e.start) / 60.0).clamp(0.0, TIRING_HOURS);
            let gap = f64::from(start - e.end) / 60.0;
            e.load * hours * (-gap / e.recovery_hours.max(0.05)).exp()
        })
        .sum();
    TIREDNESS * (0.4 + 0.6 * load) * sum
}

fn kernel() -> [[f64; 24]; 24] {
    std::array::from_fn(|h| {
        std::array::from_fn(|j| {
            let away = (h as f64 - j as f64) / KERNEL_WIDTH;
            (-0.5 * away * away).exp()
        })
    })
}

fn observations(hours: &Hours, hour: usize) -> f64 {
    ((finite(hours.confidence[hour]) - CONFIDENCE.0) / CONFIDENCE.1).max(0.0)
}

/// Observations at an hour and the mean signal they carried: the score, with what is left of the
/// prior under the learning rule taken out again.
fn mean_signal(hours: &Hours, hour: usize) -> Option<(f64, f64)> {
    let count = observations(hours, hour);
    let whole = count.round() as i32;
    if whole < 1 {
        return None;
    }
    let left: f64 = (0..whole)
        .map(|n| CONFIDENCE.0 + CONFIDENCE.1 * f64::from(n))
        .map(|confidence| 1.0 - LEARNING_RATE * (1.0 - confidence))
        .product();
    let (score, prior) = (finite(hours.score[hour]), finite(hours.prior[hour]));
    Some((count, ((score - prior * left) / (1.0 - left)).clamp(0.0, 1.0)))
}

/// Stored numbers are bounded; one that is not counts as nothing.
fn finite(value: f32) -> f64 {
    if value.is_finite() { f64::from(value) } else { 0.0 }
}

#[cfg(test)]
mod tests;
