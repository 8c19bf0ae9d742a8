//! What insights say of work of a kind: a bounded term for a slot by weekday and local hour, and
//! where the start values of a new type lean.
//!
//! Invariant: an insight says which way, never how far; how far is bounded here, the same for all
//! of them, and weighed only by how sure it is. What hours are worth in numbers is tier 2's.

use super::detect::{DEMANDING, weekday_name};
use super::graph::{Graph, Insight, Kind, Node};
use crate::task::{Category, TaskType, TypeId, traits};

/// Most that all insights together may add to or take from a slot's score (DESIGN section 7).
pub const MOST_BIAS: f32 = 0.05;
/// Most that all insights together move the start value of an hour: the least difference in success
/// that a new insight needs ([`super::detect`]).
pub const MOST_LEANING: f32 = 0.15;
/// A part of the day with more energy is worth half of what one with failures costs.
const FOR: f32 = 0.5;

/// Work that insights may be about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// Its type; `None` for one that is not there yet.
    pub kind: Option<TypeId>,
    /// What kind of work.
    pub category: Category,
    /// How demanding, 0..=1.
    pub load: f32,
}

/// What one insight says of the slots of some work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// Its number.
    pub insight: u32,
    /// Which slots it speaks of.
    pub slots: Slots,
    /// For them (above 0) or against them, within ±1: how sure it is.
    pub says: f32,
}

/// Slots that an insight speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slots {
    /// All of an ISO weekday, 1 = Monday.
    Weekday(u8),
    /// Local hours `[from, to)` of every day.
    Hours {
        /// First hour.
        from: u8,
        /// First hour after it.
        to: u8,
    },
}

impl Work {
    /// Work of a type as it stands.
    pub fn of(kind: &TaskType) -> Self {
        Self { kind: Some(kind.id), category: kind.category, load: kind.cognitive_load }
    }

    /// The most specific thing an insight is about decides whom it concerns: the person as a whole,
    /// this kind of work, or this type.
    pub fn is_concerned(&self, insight: &Insight) -> bool {
        match insight.about.first() {
            Some(Node::TaskType(id)) => Some(*id) == self.kind,
            Some(Node::Category(word)) => word == self.category.word(),
            Some(Node::Person) => true,
            _ => false,
        }
    }
}

impl Voice {
    /// What it adds to a slot of this weekday (0 = Monday) and local hour, within ±[`MOST_BIAS`].
    pub fn at(&self, weekday: usize, hour: usize) -> f32 {
        let speaks = match self.slots {
            Slots::Weekday(day) => usize::from(day) == weekday + 1,
            Slots::Hours { from, to } => (usize::from(from)..usize::from(to)).contains(&hour),
        };
        if speaks { MOST_BIAS * self.says } else { 0.0 }
    }

    /// What a place owes to it, for a sentence about that place.
    pub fn clause(&self) -> String {
        match self.slots {
            Slots::Weekday(day) => format!("it keeps clear of {}s", weekday_name(day)),
            Slots::Hours { from, to } if self.says < 0.0 => {
                format!("it keeps clear of {from}:00 to {to}:00")
            }
            Slots::Hours { from, to } => format!("{from}:00 to {to}:00 is your better time"),
        }
    }
}

/// What the insights that hold say of the slots of some work, in order of their number.
pub fn voices(graph: &Graph, work: &Work) -> Vec<Voice> {
    let mut voices = Vec::new();
    for insight in graph.active() {
        let says = insight.confidence * says(insight, work);
        if says != 0.0 {
            let slots = insight.about.iter().filter_map(|node| slots(insight.kind, node));
            voices.extend(slots.map(|slots| Voice { insight: insight.id, slots, says }));
        }
    }
    voices
}

/// Which way an insight speaks of the slots it names; 0 = it says nothing of such work.
fn says(insight: &Insight, work: &Work) -> f32 {
    match insight.kind {
        Kind::WeakWeekday if work.is_concerned(insight) => -1.0,
        Kind::MorningPerson | Kind::EveningPerson if work.category == Category::Focused => FOR,
        Kind::AfternoonFailures if work.load >= DEMANDING => -1.0,
        Kind::AfterLunch => -1.0,
        // Nothing of these hangs on a weekday and an hour alone.
        Kind::WeakWeekday
        | Kind::MorningPerson
        | Kind::EveningPerson
        | Kind::AfternoonFailures
        | Kind::AfterMeetings
        | Kind::CallDay
        | Kind::ProjectRecovery
        | Kind::ProjectOverrun
        | Kind::WeakSeason
        | Kind::Remembered => 0.0,
    }
}

/// The slots that an insight of this kind names.
fn slots(kind: Kind, node: &Node) -> Option<Slots> {
    match (kind, node) {
        (Kind::WeakWeekday, Node::Weekday(day)) => Some(Slots::Weekday(*day)),
        (Kind::WeakWeekday, _) => None,
        (_, Node::DayPart { from, to }) => Some(Slots::Hours { from: *from, to: *to }),
        _ => None,
    }
}

/// Term for each weekday (index 0 = Monday) and local hour, each within ±[`MOST_BIAS`].
pub fn bias(voices: &[Voice]) -> [[f32; 24]; 7] {
    let sum = |day, hour| voices.iter().map(|voice| voice.at(day, hour)).sum::<f32>();
    std::array::from_fn(|day| {
        std::array::from_fn(|hour| sum(day, hour).clamp(-MOST_BIAS, MOST_BIAS))
    })
}

/// How much the start values of a new type of this category move, by local hour, each within
/// ±[`MOST_LEANING`]. Weekdays move none: start values are those of a day.
pub fn leaning(graph: &Graph, category: Category) -> [f32; 24] {
    let work = Work { kind: None, category, load: traits::load_prior(category) };
    let voices = voices(graph, &work);
    let of_day = || voices.iter().filter(|v| matches!(v.slots, Slots::Hours { .. }));
    let share = MOST_LEANING / MOST_BIAS;
    let sum = |hour| of_day().map(|voice| share * voice.at(0, hour)).sum::<f32>();
    std::array::from_fn(|hour| sum(hour).clamp(-MOST_LEANING, MOST_LEANING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::graph::Draft;
    use chrono::DateTime;

    const FOCUSED: Work = Work { kind: Some(7), category: Category::Focused, load: 0.8 };
    const MAIL: Work = Work { kind: Some(8), category: Category::Administrative, load: 0.3 };

    fn graph(of: &[(Kind, &[Node])]) -> Graph {
        let mut graph = Graph::default();
        for (kind, about) in of {
            let draft = Draft {
                kind: *kind,
                about: about.to_vec(),
                sentence: "so it is".into(),
                evidence: Vec::new(),
                counts: (7, 9),
                confidence: 0.8,
                valid_from: DateTime::UNIX_EPOCH,
            };
            graph.add(draft, DateTime::UNIX_EPOCH);
        }
        graph
    }

    const AFTERNOON: Node = Node::DayPart { from: 13, to: 18 };
    const LUNCH: Node = Node::DayPart { from: 13, to: 15 };

    #[test]
    fn demanding_work_that_fails_in_the_afternoon_lowers_those_hours_for_demanding_work_alone() {
        let graph =
            graph(&[(Kind::AfternoonFailures, &[AFTERNOON, Node::Category("focused".into())])]);
        let leaning = leaning(&graph, Category::Focused);
        assert_eq!((leaning[12], leaning[18]), (0.0, 0.0));
        assert!((leaning[13] + 0.12).abs() < 1e-6 && leaning[13] == leaning[17], "{leaning:?}");
        assert_eq!(super::leaning(&graph, Category::Administrative), [0.0; 24]);
        assert!(voices(&graph, &MAIL).is_empty());
        assert!((bias(&voices(&graph, &FOCUSED))[2][14] + 0.04).abs() < 1e-6);
    }

    #[test]
    fn many_insights_together_stay_within_bounds_and_retired_ones_are_silent() {
        let friday = Node::Weekday(5);
        let mut graph = graph(&[
            (Kind::AfternoonFailures, &[AFTERNOON]),
            (Kind::AfterLunch, &[LUNCH]),
            (Kind::WeakWeekday, &[Node::Person, friday.clone()]),
            (Kind::WeakWeekday, &[Node::TaskType(8), friday]),
            (Kind::MorningPerson, &[Node::Person, Node::DayPart { from: 6, to: 12 }]),
            (Kind::Remembered, &[Node::Category("focused".into()), Node::Weekday(1)]),
        ]);
        let named = |voices: &[Voice]| voices.iter().map(|v| v.insight).collect::<Vec<_>>();
        assert_eq!(named(&voices(&graph, &FOCUSED)), [0, 1, 2, 4]);
        assert_eq!(named(&voices(&graph, &MAIL)), [1, 2, 3]);
        let table = bias(&voices(&graph, &FOCUSED));
        assert_eq!((table[4][14], table[0][14]), (-MOST_BIAS, -MOST_BIAS));
        assert!(table[0][8] > 0.0 && table[0][12] == 0.0, "{:?}", table[0]);
        assert_eq!(leaning(&graph, Category::Focused)[14], -MOST_LEANING);
        graph.delete(1, DateTime::UNIX_EPOCH);
        graph.erase(0);
        assert_eq!(named(&voices(&graph, &FOCUSED)), [2, 4]);
        assert_eq!(leaning(&graph, Category::Focused)[14], 0.0);
    }

    #[test]
    fn a_place_says_what_it_owes_to_an_insight() {
        let of = |slots, says| Voice { insight: 3, slots, says }.clause();
        assert_eq!(of(Slots::Weekday(5), -0.9), "it keeps clear of Fridays");
        let hours = Slots::Hours { from: 13, to: 15 };
        assert_eq!(of(hours, -0.9), "it keeps clear of 13:00 to 15:00");
        assert_eq!(of(hours, 0.4), "13:00 to 15:00 is your better time");
    }
}
