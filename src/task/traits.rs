//! Slow traits of a task type: how demanding it is, how long one recovers from it, how a run of
//! sessions depletes. Each moves a little with an outcome and is drawn back to its prior.

use super::infer::Outcome;
use super::kind::{Category, TaskType};
use crate::event::Signal;

/// Share of the way that one certain outcome moves a trait.
const RATE: f32 = 0.05;
/// Share of the way back to the prior at each outcome: what is not confirmed fades.
const PULL: f32 = 0.01;
const LEAST_RECOVERY: f32 = 0.25;
const MOST_RECOVERY: f32 = 6.0;
/// Success above this is success.
const EVEN: f32 = 0.5;
/// The prior of `depletion_curve`: energy left in the 1st .. 5th session of a run (DESIGN 5).
pub const DEPLETION: [f32; 5] = [1.0, 0.8, 0.6, 0.4, 0.2];

/// Cognitive load (0..=1) before anything is learned.
pub fn load_prior(category: Category) -> f32 {
    match category {
        Category::Focused => 0.8,
        Category::Collaborative => 0.5,
        Category::Administrative => 0.3,
    }
}

/// Recovery in hours before anything is learned.
pub fn recovery_prior(category: Category) -> f32 {
    match category {
        Category::Focused => 1.0,
        Category::Collaborative => 0.75,
        Category::Administrative => 0.5,
    }
}

/// Moves the traits by one outcome.
pub(super) fn learn(kind: &mut TaskType, outcome: &Outcome, signal: Signal) {
    let step = RATE * signal.weight;
    depletion(kind, outcome.position, signal.value, step);
    recovery(kind, outcome.rest_hours, signal.value, step);
    if outcome.energy_rated
        && let Some(energy) = outcome.settlement.energy
    {
        kind.cognitive_load += step * ((1.0 - energy) - kind.cognitive_load);
    }
    kind.cognitive_load += PULL * (load_prior(kind.category) - kind.cognitive_load);
    kind.cognitive_load = kind.cognitive_load.clamp(0.0, 1.0);
}

/// Success late in a run says it depletes less, failure more.
fn depletion(kind: &mut TaskType, position: usize, success: f32, step: f32) {
    let at = position.min(DEPLETION.len() - 1);
    if at > 0 {
        kind.depletion_curve[at] += step * (success - kind.depletion_curve[at]);
    }
    for (value, prior) in kind.depletion_curve.iter_mut().zip(DEPLETION) {
        *value = (*value + PULL * (prior - *value)).clamp(0.0, 1.0);
    }
}

/// Success after a short rest says recovery is quicker than thought, failure after a long one that
/// it is slower.
fn recovery(kind: &mut TaskType, rest_hours: Option<f32>, success: f32, step: f32) {
    if let Some(rest) = rest_hours {
        let sooner = success >= EVEN && rest < kind.recovery_hours;
        let later = success < EVEN && rest > kind.recovery_hours && rest < MOST_RECOVERY;
        if sooner || later {
            kind.recovery_hours += step * (rest - kind.recovery_hours);
        }
    }
    kind.recovery_hours += PULL * (recovery_prior(kind.category) - kind.recovery_hours);
    kind.recovery_hours = kind.recovery_hours.clamp(LEAST_RECOVERY, MOST_RECOVERY);
}
