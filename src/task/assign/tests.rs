//! What filing events does to a person's types.

use super::*;
use crate::event::Uid;
use crate::task::category::Context;
use crate::task::classify::{By, Calibration, classify};
use crate::task::{Category, Embedding};
use proptest::prelude::*;

const CALIBRATION: Calibration = Calibration { reuse_at: 0.5, slope: 6.0 };
const FOCUSED: CategoryGuess = CategoryGuess { probabilities: [0.7, 0.2, 0.1] };
const ADMINISTRATIVE: CategoryGuess = CategoryGuess { probabilities: [0.0, 0.1, 0.9] };

/// A unit vector at this angle in degrees.
fn at(degrees: f32) -> Embedding {
    Embedding(vec![degrees.to_radians().cos(), degrees.to_radians().sin()])
}

fn file_as(types: &mut Types, title: &str, degrees: f32, guess: &CategoryGuess) -> Assigned {
    file(types, title, degrees, None, Context::default(), guess).1
}

fn file(
    types: &mut Types,
    title: &str,
    degrees: f32,
    series: Option<&str>,
    context: Context,
    guess: &CategoryGuess,
) -> (Verdict, Assigned) {
    let series = series.map(Uid::new);
    let query = Query {
        title,
        normalised: &title::normalise(title),
        embedding: &at(degrees),
        weighed: None,
        company: None,
        series: series.as_ref(),
        context,
        guess: *guess,
    };
    let verdict = classify(types, &query, CALIBRATION);
    let assigned = assign(types, &query, &verdict, guess, &prior::no_leaning);
    (verdict, assigned)
}

#[test]
fn identity_comes_before_meaning() {
    let mut types = Types::default();
    let context = Context::default();
    let mut file = |title, degrees, series| {
        let (verdict, assigned) = file(&mut types, title, degrees, series, context, &FOCUSED);
        let by = match verdict {
            Verdict::Known { by, .. } => Some(by),
            Verdict::New { .. } => None,
        };
        (assigned.id, by)
    };
    assert_eq!(file("Alpha", 0.0, Some("s")), (0, None));
    assert_eq!(file("Beta", 90.0, None), (1, None));
    assert_eq!(file("Beta", 90.0, Some("s")), (0, Some(By::Series)));
    assert_eq!(file("RE: beta 3", 0.0, None), (1, Some(By::Title)));
    assert_eq!(file("Gamma", 20.0, None), (0, Some(By::Meaning)));
    // The nearest exemplar decides, not the middle of the type.
    assert_eq!(file("Delta", 40.0, None), (0, Some(By::Meaning)));
    assert_eq!(file("busy", 0.0, None), (2, None));
    assert_eq!(file("Busy", 0.0, None), (2, Some(By::Title)));
}

#[test]
fn the_threshold_is_reached_at_the_calibrated_cosine() {
    assert!((CALIBRATION.similarity(0.5) - 0.8).abs() < 1e-6);
    for (degrees, new) in [(59.0, false), (61.0, true)] {
        let mut types = Types::default();
        file_as(&mut types, "Alpha", 0.0, &FOCUSED);
        let assigned = file_as(&mut types, "Beta", degrees, &FOCUSED);
        assert_eq!(assigned.new, new, "at {degrees} degrees");
    }
}

#[test]
fn a_new_type_starts_from_its_category() {
    let mut types = Types::default();
    file_as(&mut types, "Alpha", 0.0, &FOCUSED);
    let kind = &types.by_id[&0];
    assert_eq!((kind.category, kind.events), (Category::Focused, 1));
    assert_eq!(kind.hours, Hours::from_prior(Category::Focused));
    assert_eq!((kind.cognitive_load, kind.recovery_hours), (0.8, 1.0));
    assert_eq!(kind.typical_duration, 60.0);
    assert_eq!(kind.depletion_curve, [1.0, 0.8, 0.6, 0.4, 0.2]);
}

#[test]
fn a_new_type_leans_on_one_much_like_it() {
    let mut types = Types::default();
    file_as(&mut types, "Alpha", 0.0, &FOCUSED);
    types.by_id.get_mut(&0).unwrap().hours.score[9] = 1.0;
    file_as(&mut types, "Near", 65.0, &FOCUSED);
    file_as(&mut types, "Far", 179.0, &FOCUSED);
    let own = prior::scores(Category::Focused)[9];
    assert!((types.by_id[&1].hours.score[9] - (own + 1.0) / 2.0).abs() < 1e-6);
    assert_eq!(types.by_id[&1].hours.prior, types.by_id[&1].hours.score);
    assert_eq!(types.by_id[&2].hours.score[9], own);
}

#[test]
fn votes_and_lengths_follow_the_events() {
    let mut types = Types::default();
    let long = Context { duration_min: Some(160.0), ..Context::default() };
    file(&mut types, "Alpha", 0.0, None, long, &FOCUSED);
    // (4·60 + 160) / 5
    assert!((types.by_id[&0].typical_duration - 80.0).abs() < 1e-3);
    file_as(&mut types, "Alpha", 0.0, &ADMINISTRATIVE);
    assert_eq!(types.by_id[&0].category, Category::Administrative);
    assert_eq!((types.by_id[&0].duration_count, types.by_id[&0].events), (1, 2));
    let absurd = Context { duration_min: Some(f32::NAN), ..Context::default() };
    file(&mut types, "Alpha", 0.0, None, absurd, &FOCUSED);
    assert_eq!(types.by_id[&0].duration_count, 1);
}

#[test]
fn names_follow_the_commonest_wording_and_differ() {
    let mut types = Types::default();
    file_as(&mut types, "RE: Deck for Q3", 0.0, &FOCUSED);
    assert_eq!(types.by_id[&0].name, "Deck for");
    file_as(&mut types, "Board deck", 0.0, &FOCUSED);
    assert_eq!(types.by_id[&0].name, "Deck for");
    file_as(&mut types, "✓ Board deck", 0.0, &FOCUSED);
    assert_eq!(types.by_id[&0].name, "Board deck");
    file_as(&mut types, "Board-deck!", 180.0, &FOCUSED);
    types.by_title.clear();
    file_as(&mut types, "Board deck", 180.0, &FOCUSED);
    assert_eq!(types.by_id[&1].name, "Board deck (2)");
    types.give_name(0, "Mine");
    file_as(&mut types, "Deck for", 0.0, &FOCUSED);
    assert_eq!(types.by_id[&0].name, "Mine", "a name that the person gave stays");
}

#[test]
fn wordings_and_types_are_bounded() {
    let mut types = Types::default();
    let letters = |n: usize| -> String {
        [n / 676 % 26, n / 26 % 26, n % 26].map(|d| char::from(b'a' + d as u8)).iter().collect()
    };
    file_as(&mut types, "Common", 0.0, &FOCUSED);
    file_as(&mut types, "Common", 0.0, &FOCUSED);
    for n in 0..MOST_EXEMPLARS + 9 {
        file_as(&mut types, &letters(n), 0.0, &FOCUSED);
    }
    assert_eq!(types.by_id[&0].exemplars.len(), MOST_EXEMPLARS);
    assert_eq!(types.by_id[&0].exemplars[0].title, "common", "the rarest makes room");
    let kind = types.by_id[&0].clone();
    for id in 1..MOST_TYPES as TypeId {
        types.by_id.insert(id, TaskType { id, exemplars: Vec::new(), ..kind.clone() });
    }
    types.next = MOST_TYPES as TypeId;
    let assigned = file_as(&mut types, "Something else", 180.0, &FOCUSED);
    assert_eq!(assigned, Assigned { id: 0, new: false });
}

proptest! {
    #[test]
    fn similarity_rises_with_the_cosine(a in -1.0f32..1.0, b in -1.0f32..1.0) {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        prop_assert!(CALIBRATION.similarity(low) <= CALIBRATION.similarity(high));
        prop_assert!((0.0..=1.0).contains(&CALIBRATION.similarity(a)));
    }

    #[test]
    fn whatever_comes_names_stay_unique_and_the_same_title_the_same_type(
        stream in proptest::collection::vec(("[a-d]{1,3}( \\([0-9]\\))?", 0.0f32..360.0), 1..40),
    ) {
        let mut types = Types::default();
        let mut seen = std::collections::BTreeMap::new();
        for (title, degrees) in &stream {
            let id = file_as(&mut types, title, *degrees, &FOCUSED).id;
            let first = *seen.entry(title::normalise(title)).or_insert(id);
            prop_assert_eq!(id, first);
        }
        let names: std::collections::BTreeSet<&str> =
            types.by_id.values().map(|kind| kind.name.as_str()).collect();
        prop_assert_eq!(names.len(), types.by_id.len());
    }
}
