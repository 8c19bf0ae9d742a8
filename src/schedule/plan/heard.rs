//! What single insights say of a place, so that those behind a choice can be named.

use super::ground::Ground;
use crate::memory::recall::Voice;
use crate::schedule::problem::{CELL, DAY};
use crate::task::TaskType;

/// What one insight says of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Whose word it is, and which way.
    pub voice: Voice,
    /// What it adds here; a mean over quarter hours.
    pub here: f64,
    /// The same for the usual place of the window.
    pub usual: f64,
}

/// What each insight says of a place, and of the usual one.
pub(super) fn heard(
    ground: &Ground<'_>,
    kind: &TaskType,
    here: i32,
    length: i32,
    window: &[i32],
) -> Vec<Heard> {
    let quarters = (length / CELL).max(1);
    let at = |voice: &Voice, start: i32| {
        let weekday = ground.horizon.weekday(start.div_euclid(DAY).max(0) as usize);
        let hour = |q: i32| ((start.rem_euclid(DAY) + q * CELL) / 60).clamp(0, 23) as usize;
        let sum: f32 = (0..quarters).map(|q| voice.at(weekday, hour(q))).sum();
        f64::from(sum) / f64::from(quarters)
    };
    let one = |voice: &Voice| {
        let all: f64 = window.iter().map(|&start| at(voice, start)).sum();
        Heard { voice: *voice, here: at(voice, here), usual: all / window.len().max(1) as f64 }
    };
    ground.voices(kind).iter().map(one).collect()
}
