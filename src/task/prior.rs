//! What is assumed of a task type before anything was observed (DESIGN section 6). The humps are
//! mild, since effects of the time of day are small and contested in the literature.

use super::kind::{Category, Hours};
use super::learn::INITIAL_CONFIDENCE;

/// A rise of `height` around a time of day.
struct Hump {
    height: f32,
    /// Local time in hours.
    at: f32,
    /// Width of the bell in hours (its standard deviation).
    width: f32,
}

const FOCUSED: &[Hump] =
    &[Hump { height: 0.33, at: 10.0, width: 2.0 }, Hump { height: 0.15, at: 15.5, width: 1.5 }];
const COLLABORATIVE: &[Hump] = &[Hump { height: 0.27, at: 13.0, width: 3.2 }];
const ADMINISTRATIVE: &[Hump] = &[Hump { height: 0.18, at: 14.5, width: 3.5 }];

/// Start values of `score` by local hour, each taken at the middle of its hour.
pub fn scores(category: Category) -> [f32; 24] {
    let (base, humps) = match category {
        Category::Focused => (0.40, FOCUSED),
        Category::Collaborative => (0.40, COLLABORATIVE),
        Category::Administrative => (0.45, ADMINISTRATIVE),
    };
    std::array::from_fn(|hour| {
        let middle = hour as f32 + 0.5;
        let rise = |hump: &Hump| {
            let away = (middle - hump.at) / hump.width;
            hump.height * (-away * away / 2.0).exp()
        };
        base + humps.iter().map(rise).sum::<f32>()
    })
}

/// Minutes that such an event takes before any was seen.
pub fn duration(category: Category) -> f32 {
    match category {
        Category::Focused => 60.0,
        Category::Collaborative | Category::Administrative => 30.0,
    }
}

/// What insights say of new work of a category: how much they move its start values, by local hour.
pub type Leaning<'a> = &'a dyn Fn(Category) -> [f32; 24];

/// Where no insights are known.
pub fn no_leaning(_: Category) -> [f32; 24] {
    [0.0; 24]
}

impl Hours {
    /// Hours that nothing was learned in yet.
    pub fn from_prior(category: Category) -> Self {
        Self::from_scores(scores(category))
    }

    /// Hours of a new type: its category's, moved by what insights say of such work, and half way
    /// to what was learned of the types nearest to it, each weighed by how near it is (above 0).
    /// They are kept as the type's own prior: whatever is learned later, and learned anew, starts
    /// from there, also when the insights have ended or the neighbours have moved on.
    pub fn of_new(category: Category, leaning: &[f32; 24], near: &[(f32, &Hours)]) -> Self {
        let own = scores(category);
        let all: f32 = near.iter().map(|(weight, _)| weight).sum();
        Self::from_scores(std::array::from_fn(|h| {
            let own = (own[h] + leaning[h]).clamp(0.0, 1.0);
            let theirs: f32 = near.iter().map(|(weight, hours)| weight * hours.score[h]).sum();
            if all > 0.0 { (own + theirs / all) / 2.0 } else { own }
        }))
    }

    /// Hours that start from these scores.
    pub fn from_scores(scores: [f32; 24]) -> Self {
        Self {
            prior: scores,
            score: scores,
            confidence: [INITIAL_CONFIDENCE; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(category: Category, hour: usize, expected: f32) {
        let found = Hours::from_prior(category).score[hour];
        assert!((found - expected).abs() < 1e-3, "{category:?} at {hour}: {found}");
    }

    #[test]
    fn the_priors_are_those_of_the_design() {
        // 0.40 + 0.33·exp(−0.25²/2) + 0.15·exp(−(5/1.5)²/2)
        check(Category::Focused, 10, 0.4 + 0.33 * 0.969_233 + 0.15 * 0.003_866);
        check(Category::Focused, 15, 0.4 + 0.15 + 0.33 * 0.022_794);
        check(Category::Focused, 2, 0.4 + 0.33 * 0.000_884);
        check(Category::Collaborative, 13, 0.4 + 0.27 * 0.987_867);
        check(Category::Administrative, 14, 0.45 + 0.18);
    }

    #[test]
    fn a_new_type_starts_between_its_category_and_its_neighbours() {
        let (leaning, flat) = ([-0.1; 24], |score| Hours::from_scores([score; 24]));
        let (one, other) = (flat(0.2), flat(0.8));
        let own = scores(Category::Focused);
        let check = |near: &[(f32, &Hours)], expected: f32| {
            let hours = Hours::of_new(Category::Focused, &leaning, near);
            assert!((hours.prior[9] - expected).abs() < 1e-6, "{}", hours.prior[9]);
            assert_eq!((hours.prior, hours.confidence), (hours.score, [0.1; 24]));
        };
        check(&[], own[9] - 0.1);
        check(&[(0.7, &one)], (own[9] - 0.1 + 0.2) / 2.0);
        check(&[(0.6, &one), (0.3, &other)], (own[9] - 0.1 + 0.4) / 2.0);
    }

    #[test]
    fn nothing_is_known_at_the_start() {
        for category in Category::ALL {
            let hours = Hours::from_prior(category);
            assert_eq!(hours.prior, hours.score);
            assert_eq!(hours.confidence, [0.1; 24]);
            assert_eq!(hours.placement, [0.0; 24]);
        }
    }
}
