//! The formulas of DESIGN section 7 against numbers worked out by hand or by the simulator.

use super::*;
use crate::task::{Category, Hours};

fn kind(id: TypeId) -> TaskType {
    TaskType {
        id,
        name: format!("type {id}"),
        category: Category::Focused,
        category_votes: [0.0; 3],
        hours: Hours {
            prior: [0.5; 24],
            score: [0.5; 24],
            confidence: [0.1; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        },
        cognitive_load: 0.9,
        recovery_hours: 1.5,
        depletion_curve: [1.0, 0.8, 0.6, 0.4, 0.2],
        typical_duration: 60.0,
        duration_count: 0,
        exemplars: Vec::new(),
        events: 0,
    }
}

fn types(kinds: impl IntoIterator<Item = TaskType>) -> Types {
    Types { by_id: kinds.into_iter().map(|k| (k.id, k)).collect(), ..Types::default() }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

/// `n` outcomes with one signal at one hour, by the rule of DESIGN section 6.
fn learn(kind: &mut TaskType, hour: usize, signal: f32, n: usize) {
    for _ in 0..n {
        let (score, confidence) = (kind.hours.score[hour], kind.hours.confidence[hour]);
        let lr = 0.3 * (1.0 - confidence);
        kind.hours.score[hour] = score * (1.0 - lr) + signal * lr;
        kind.hours.confidence[hour] = (confidence + 0.05).min(0.95);
    }
}

#[test]
fn nothing_known_is_the_prior() {
    let types = types([kind(1)]);
    let curve = Curve::of(&types.by_id[&1], &Habits::of(&types));
    (0..24).for_each(|h| close(curve.at(h), 0.7 * 0.5));
}

#[test]
fn observations_move_their_neighbours_less() {
    let mut deep = kind(1);
    deep.hours.score[10] = 0.7;
    deep.hours.confidence[10] = 0.3;
    let types = types([deep]);
    let curve = Curve::of(&types.by_id[&1], &Habits::of(&types));
    close(curve.learned[10], 4.0 * 0.2 / (4.0 + 4.0));
    let near = (-0.5f64 / (1.5 * 1.5)).exp();
    close(curve.learned[11], 4.0 * near * 0.2 / (4.0 * near + 4.0));
    assert!(curve.learned[20].abs() < 1e-6);
}

#[test]
fn placements_of_other_types_count_less() {
    let (deep, mut mail) = (kind(1), kind(2));
    mail.hours.placement[9] = 6.0;
    let types = types([deep, mail]);
    let habits = Habits::of(&types);
    close(Curve::of(&types.by_id[&2], &habits).placed[9], 0.8 * 6.0 / (6.0 + 2.0));
    close(Curve::of(&types.by_id[&1], &habits).placed[9], 0.8 * 1.8 / (1.8 + 2.0));
}

#[test]
fn people_whose_habits_fail_are_followed_less() {
    for (dense, rest, full) in [(0.9, 0.1, true), (0.5, 0.5, true), (0.1, 0.9, false)] {
        let mut deep = kind(1);
        deep.hours.placement[9] = 10.0;
        learn(&mut deep, 9, dense, 12);
        learn(&mut deep, 15, rest, 12);
        let trust = Habits::of(&types([deep])).trust();
        assert!((0.0..=1.0).contains(&trust));
        assert_eq!(trust > 0.999, full, "{dense} against {rest}: {trust}");
    }
}

#[test]
fn a_slot_is_the_mean_of_its_quarter_hours() {
    let mut deep = kind(1);
    deep.hours.prior[10] = 0.9;
    deep.hours.score[10] = 0.9;
    let types = types([deep]);
    let curve = Curve::of(&types.by_id[&1], &Habits::of(&types));
    close(curve.mean(585, 60, &[0.0; 24]), 0.7 * (0.5 + 3.0 * 0.9) / 4.0);
    close(curve.mean(585, 60, &[9.0; 24]), 0.7 * (0.5 + 3.0 * 0.9) / 4.0 + 0.05);
    close(curve.mean(585, 60, &[f32::NAN; 24]), 0.7 * (0.5 + 3.0 * 0.9) / 4.0);
}

#[test]
fn what_came_before_tires() {
    let meeting = Tiring { start: 540, end: 600, load: 0.5, recovery_hours: 1.0 };
    close(tiredness(&[meeting], 1.0, 600), 0.2 * 0.5);
    close(tiredness(&[meeting], 0.0, 660), 0.2 * 0.4 * 0.5 * (-1.0f64).exp());
    close(tiredness(&[meeting], 1.0, 599), 0.0);
    close(tiredness(&[meeting], 1.0, 900), 0.0);
    let long = Tiring { end: 540 + 300, ..meeting };
    close(tiredness(&[long], 1.0, 840), 0.2 * 0.5 * 1.5);
}

#[test]
fn broken_numbers_do_no_harm() {
    let mut deep = kind(1);
    deep.hours.score = [f32::NAN; 24];
    deep.hours.placement = [f32::INFINITY; 24];
    deep.hours.confidence = [f32::NAN; 24];
    let types = types([deep]);
    let curve = Curve::of(&types.by_id[&1], &Habits::of(&types));
    assert!((0..24).all(|h| curve.at(h).is_finite()));
}

/// Thirteen weeks in which most of it fails wherever it stands say nothing about the hour: where
/// the person puts their work stays first, and a few normal weeks later it is clearly so.
#[test]
fn a_busy_quarter_turns_nobodys_day_around() {
    let best = |kind: &TaskType| {
        let types = types([kind.clone()]);
        let curve = Curve::of(&types.by_id[&1], &Habits::of(&types));
        (8..18).max_by(|a, b| curve.at(*a).total_cmp(&curve.at(*b))).unwrap()
    };
    let week = |deep: &mut TaskType, morning: f32, afternoon: f32| {
        deep.hours.placement.iter_mut().for_each(|at| *at *= 0.9);
        deep.hours.placement[9] += 3.0;
        deep.hours.placement[15] += 1.0;
        learn(deep, 9, morning, 3);
        learn(deep, 15, afternoon, 1);
    };
    let mut deep = kind(1);
    (0..8).for_each(|_| week(&mut deep, 0.8, 0.45));
    assert_eq!(best(&deep), 9);
    for _ in 0..13 {
        week(&mut deep, 0.25, 0.2);
        assert!((8..11).contains(&best(&deep)), "{}", best(&deep));
    }
    (0..6).for_each(|_| week(&mut deep, 0.8, 0.45));
    assert_eq!(best(&deep), 9);
}
