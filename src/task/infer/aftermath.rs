//! Energy after an event when nobody rates it. An *estimate*, and called one wherever it is shown:
//! what the day's run of sessions leaves (depletion curve), less what the work takes (load × hours,
//! two hours at most), a little more after success, less for what followed.

use crate::event::Signal;
use crate::task::kind::TaskType;

/// What followed an event that speaks of tiredness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// What was to come within two hours was deleted or moved.
    NextDropped,
    /// A short event of their own was put in right behind it.
    BreakTaken,
    /// It ended before its time.
    EndedEarly,
}

impl Aftermath {
    /// What a person reads.
    pub fn words(self) -> &'static str {
        match self {
            Aftermath::NextDropped => "what was to follow was dropped",
            Aftermath::BreakTaken => "a break was put in behind it",
            Aftermath::EndedEarly => "it ended before its time",
        }
    }

    /// Energy that it takes from the estimate.
    fn cost(self) -> f32 {
        match self {
            Aftermath::NextDropped => 0.1,
            Aftermath::BreakTaken | Aftermath::EndedEarly => 0.05,
        }
    }
}

/// Energy afterwards, 0..=1, of an event of this many minutes at this place of the day's run.
pub(super) fn estimate_energy(
    kind: Option<&TaskType>,
    minutes: f32,
    position: usize,
    signal: Signal,
    followed: &[Aftermath],
) -> f32 {
    let load = kind.map_or(0.5, |k| k.cognitive_load);
    let curve = kind.map_or(crate::task::traits::DEPLETION, |k| k.depletion_curve);
    let left = curve[position.min(curve.len() - 1)];
    let taken = 0.25 * load * (minutes / 60.0).min(2.0) / 2.0;
    let mood = 0.3 * (signal.value - 0.5);
    let after: f32 = followed.iter().map(|what| what.cost()).sum();
    (0.3 + 0.5 * left - taken + mood - after).clamp(0.0, 1.0)
}
