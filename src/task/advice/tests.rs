//! An answer shifts a start, within bounds, and nothing else.

use super::*;
use crate::task::{Embedding, Exemplar, Hours, traits};
use proptest::prelude::*;

const CALIBRATION: Calibration = Calibration { reuse_at: 0.5, slope: 6.0 };

fn kind(id: TypeId, titles: &[(&str, u32)], degrees: f32) -> TaskType {
    let radians = degrees.to_radians();
    let exemplar = |(title, count): &(&str, u32)| Exemplar {
        title: title::normalise(title),
        wording: (*title).to_owned(),
        embedding: Embedding(vec![radians.cos(), radians.sin()]),
        count: *count,
    };
    let events = titles.iter().map(|(_, count)| count).sum();
    TaskType {
        id,
        name: titles.first().map_or("", |(title, _)| *title).to_owned(),
        category: Category::Administrative,
        category_votes: [0.2, 0.2, 1.6],
        hours: Hours::from_prior(Category::Administrative),
        cognitive_load: 0.3,
        recovery_hours: 0.5,
        depletion_curve: traits::DEPLETION,
        typical_duration: 30.0,
        duration_count: 0,
        exemplars: titles.iter().map(exemplar).collect(),
        events,
    }
}

fn types(kinds: impl IntoIterator<Item = TaskType>) -> Types {
    Types { by_id: kinds.into_iter().map(|k| (k.id, k)).collect(), ..Types::default() }
}

fn answer() -> Answer {
    Answer {
        name: "Board deck".to_owned(),
        category: Category::Focused,
        load: 0.8,
        recovery_hours: 2.5,
        minutes: 90.0,
        scores: std::array::from_fn(|hour| if (8..12).contains(&hour) { 0.9 } else { 0.3 }),
    }
}

#[test]
fn types_seen_twice_are_asked_about_once_the_commonest_first() {
    let mut all = types([
        kind(0, &[("Once", 1)], 0.0),
        kind(1, &[("Twice", 2)], 0.0),
        kind(2, &[("Often", 9)], 0.0),
        kind(3, &[("busy", 9)], 0.0),
    ]);
    assert_eq!(open_questions(&all), [2, 1]);
    let asked_at = DateTime::UNIX_EPOCH;
    all.advice.insert(2, Advice { key: [0; 16], asked_at, answer: None, applied: false });
    assert_eq!(open_questions(&all), [1]);
}

#[test]
fn a_question_tells_the_titles_and_what_is_near() {
    let all = types([
        kind(0, &[("Board deck", 1), ("Deck for the board\nmeeting", 4)], 0.0),
        kind(1, &[("Investor update", 2)], 50.0),
        kind(2, &[("Dentist", 2)], 90.0),
    ]);
    let told = ["It goes well before noon.".to_owned()];
    let asked = question(&all, 0, &told, CALIBRATION, &Terms::usual()).unwrap();
    assert_eq!(asked.titles, ["Deck for the board meeting", "Board deck"]);
    assert_eq!(asked.insights, told);
    let names: Vec<_> = asked.nearest.iter().map(|n| n.name.as_deref()).collect();
    assert_eq!(names, [Some("Investor update")]);
    let shy = Terms { titles: false, ..Terms::usual() };
    let hidden = question(&all, 0, &told, CALIBRATION, &shy).unwrap();
    assert_eq!((hidden.titles.len(), hidden.insights.len()), (0, 0));
    assert_eq!((hidden.nearest[0].name.as_ref(), hidden.key), (None, asked.key));
    assert_eq!(question(&all, 9, &told, CALIBRATION, &shy), None);
}

#[test]
fn an_answer_moves_the_start_as_far_as_it_is_trusted() {
    let before = kind(0, &[("Board deck", 2)], 0.0);
    let mut kind = before.clone();
    kind.hours.confidence[9] = 0.3;
    assert_eq!(start_from(&mut kind, &answer(), 0.5), Some("Board deck".to_owned()));
    assert!(kind.hours.prior[9] > before.hours.prior[9] + 0.1);
    assert!(kind.hours.prior[20] < before.hours.prior[20]);
    assert_eq!(kind.hours.score[10], kind.hours.prior[10], "nothing was learned there yet");
    assert_eq!(kind.hours.score[9], before.hours.score[9], "what was learned is the replay's");
    assert!((kind.cognitive_load - 0.55).abs() < 1e-6);
    assert!((kind.recovery_hours - 1.5).abs() < 1e-6 && kind.typical_duration == 60.0);
    assert_eq!(kind.category, Category::Administrative, "half trusted is no majority");
    start_from(&mut kind, &answer(), 1.0);
    assert_eq!(kind.category, Category::Focused);
    let mut same = before.clone();
    start_from(&mut same, &answer(), 0.0);
    assert_eq!(same.hours, before.hours);
}

/// A model that finds everything splendid, or was told to say so, says nothing.
#[test]
fn a_flat_answer_changes_no_order_of_hours() {
    let before = kind(0, &[("Board deck", 2)], 0.0);
    for level in [0.0, 0.5, 1.0] {
        let mut kind = before.clone();
        start_from(&mut kind, &Answer { scores: [level; 24], ..answer() }, 0.4);
        let mean = |prior: &[f32; 24]| prior.iter().sum::<f32>() / 24.0;
        assert!((mean(&kind.hours.prior) - mean(&before.hours.prior)).abs() < 1e-5);
        let best = |prior: &[f32; 24]| (0..24).max_by(|a, b| prior[*a].total_cmp(&prior[*b]));
        assert_eq!(best(&kind.hours.prior), best(&before.hours.prior));
    }
}

#[test]
fn names_are_in_the_persons_words() {
    fn check(name: &str, expected: bool) {
        let mut kind = kind(0, &[("Board deck Q3", 2), ("Zahnarzt", 1)], 0.0);
        let said = Answer { name: name.to_owned(), ..answer() };
        assert_eq!(start_from(&mut kind, &said, 0.4).is_some(), expected, "{name}");
    }
    check("Board deck", true);
    check("Board work", true);
    check("Zahnarzt", true);
    check("Buy coins at evil example", false);
    check("deck: see evil example", false);
}

proptest! {
    /// Whatever an answer holds: refused, or a start within bounds.
    #[test]
    fn no_answer_leaves_the_bounds(
        numbers in any::<[f32; 3]>(),
        scores in any::<[f32; 24]>(),
        name: String,
        trust: f32,
    ) {
        let [load, recovery_hours, minutes] = numbers;
        let said = Answer { name, load, recovery_hours, minutes, scores, ..answer() };
        let mut kind = kind(0, &[("Board deck", 2)], 0.0);
        if let Ok(answer) = said.checked() {
            start_from(&mut kind, &answer, trust);
        }
        start_from(&mut kind, &answer(), trust);
        let bounded = |values: &[f32; 24]| values.iter().all(|v| (0.0..=1.0).contains(v));
        prop_assert!(bounded(&kind.hours.prior) && bounded(&kind.hours.score));
        prop_assert!((0.0..=1.0).contains(&kind.cognitive_load));
        prop_assert!(RECOVERY.contains(&kind.recovery_hours));
    }
}
