//! Outcomes into 24-hour arrays (DESIGN section 6). The order of outcomes matters and is the
//! caller's: (settled at, start, UID).

use super::infer::Outcome;
use super::kind::{Energy, Hours, TaskType, Types};
use crate::event::Signal;
use chrono::{Datelike, NaiveDate};

/// Share of the way to the outcome at confidence 0.
const RATE: f32 = 0.3;
/// Confidence gained by one certain outcome.
pub const STEP: f32 = 0.05;
/// Confidence before anything was observed.
pub const INITIAL_CONFIDENCE: f32 = 0.1;
const MOST_CONFIDENCE: f32 = 0.95;
/// `placement` keeps this share a week.
const WEEKLY_DECAY: f32 = 0.9;
/// Weeks of decay applied at once at most: beyond, nothing is left anyway.
const MOST_WEEKS: i64 = 520;
/// Weight of an energy value that is only an estimate.
const ESTIMATE: f32 = 0.5;

/// Learns outcomes in the order given. Each must be given once in its life.
pub fn learn(types: &mut Types, outcomes: &[Outcome]) {
    for outcome in outcomes {
        decay(types, outcome.day);
        let Some(hour) = outcome.settlement.hour else { continue };
        if let Some(energy) = outcome.settlement.energy {
            let weight = if outcome.energy_rated { 1.0 } else { ESTIMATE };
            learn_energy(&mut types.energy, hour, Signal { value: energy, weight });
        }
        let Some(kind) = outcome.task_type.and_then(|id| types.by_id.get_mut(&id)) else {
            continue;
        };
        for (hour, amount) in &outcome.placed {
            let at = &mut kind.hours.placement[usize::from(*hour) % 24];
            *at = (*at + amount).max(0.0);
        }
        if let Some(signal) = outcome.settlement.signal {
            learn_hour(&mut kind.hours, hour, signal);
            super::traits::learn(kind, outcome, signal);
        }
        if let Some(rating) = outcome.rated {
            rate(kind, hour, rating);
        }
    }
}

/// The base rule: `lr = 0.3·(1 − confidence)·w`, score to the signal, confidence up by `0.05·w`.
fn base_rule(score: &mut f32, confidence: &mut f32, signal: Signal) {
    let weight = signal.weight.clamp(0.0, 1.0);
    let rate = RATE * (1.0 - *confidence) * weight;
    *score = *score * (1.0 - rate) + signal.value.clamp(0.0, 1.0) * rate;
    *confidence = (*confidence + STEP * weight).min(MOST_CONFIDENCE);
}

/// Learns one outcome at a local hour.
pub fn learn_hour(hours: &mut Hours, hour: u8, signal: Signal) {
    let h = usize::from(hour) % 24;
    base_rule(&mut hours.score[h], &mut hours.confidence[h], signal);
}

fn learn_energy(energy: &mut Energy, hour: u8, signal: Signal) {
    let h = usize::from(hour) % 24;
    base_rule(&mut energy.pattern[h], &mut energy.confidence[h], signal);
}

/// Running mean of success ratings at that hour.
fn rate(kind: &mut TaskType, hour: u8, rating: f32) {
    let h = usize::from(hour) % 24;
    let count = kind.hours.performance_count[h].saturating_add(1);
    kind.hours.performance_count[h] = count;
    kind.hours.performance[h] +=
        (rating.clamp(0.0, 1.0) - kind.hours.performance[h]) / count as f32;
}

/// `placement` fades by the calendar, whole weeks at a time.
fn decay(types: &mut Types, day: NaiveDate) {
    let today = i64::from(day.num_days_from_ce());
    let since = *types.decayed_on.get_or_insert(today);
    let weeks = (today - since).div_euclid(7).clamp(0, MOST_WEEKS);
    if weeks == 0 {
        return;
    }
    types.decayed_on = Some(since + 7 * weeks);
    let share = WEEKLY_DECAY.powi(i32::try_from(weeks).unwrap_or(i32::MAX));
    for kind in types.by_id.values_mut() {
        for at in &mut kind.hours.placement {
            *at *= share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat() -> Hours {
        Hours {
            prior: [0.4; 24],
            score: [0.4; 24],
            confidence: [INITIAL_CONFIDENCE; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        }
    }

    #[track_caller]
    fn check(signals: &[(f32, f32)], score: f32, confidence: f32) {
        let mut hours = flat();
        for (value, weight) in signals {
            learn_hour(&mut hours, 9, Signal { value: *value, weight: *weight });
        }
        assert!((hours.score[9] - score).abs() < 1e-5, "score {}", hours.score[9]);
        assert!((hours.confidence[9] - confidence).abs() < 1e-5, "{}", hours.confidence[9]);
        assert_eq!(hours.score[10], 0.4, "neighbours are untouched");
    }

    #[test]
    fn the_base_rule_is_kept_exactly() {
        // lr = 0.3 · 0.9 · 1 = 0.27
        check(&[(0.9, 1.0)], 0.4 * 0.73 + 0.9 * 0.27, 0.15);
        check(&[(0.1, 1.0)], 0.4 * 0.73 + 0.1 * 0.27, 0.15);
        check(&[(0.9, 0.5)], 0.4 * 0.865 + 0.9 * 0.135, 0.125);
        check(&[(0.9, 0.0)], 0.4, 0.1);
    }

    proptest! {
        /// Hours don't meet, so only the order within one hour counts.
        #[test]
        fn outcomes_of_different_hours_commute(
            drawn in proptest::collection::vec((0u8..24, 0.0f32..=1.0, 0.0f32..=1.0), 0..40),
        ) {
            let learned = |outcomes: &[(u8, f32, f32)]| {
                let mut hours = flat();
                for (hour, value, weight) in outcomes {
                    learn_hour(&mut hours, *hour, Signal { value: *value, weight: *weight });
                }
                hours
            };
            let mut by_hour = drawn.clone();
            // Stable: what one hour taught keeps its order.
            by_hour.sort_by_key(|(hour, ..)| *hour);
            prop_assert_eq!(learned(&by_hour), learned(&drawn));
        }
    }

    #[test]
    fn confidence_has_a_ceiling_and_scores_stay_within_bounds() {
        let mut hours = flat();
        for _ in 0..100 {
            learn_hour(&mut hours, 3, Signal { value: 7.0, weight: 9.0 });
        }
        assert!((hours.confidence[3] - 0.95).abs() < 1e-6);
        assert!((0.0..=1.0).contains(&hours.score[3]));
    }
}
