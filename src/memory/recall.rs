//! What insights say about a slot: a bounded term by weekday and local hour.

use super::detect::DEMANDING;
use super::graph::{Graph, Insight, Kind, Node};
use crate::task::{Category, TaskType};

/// Most that all insights together may add to or take from a slot's score (DESIGN section 7).
pub const MOST_BIAS: f32 = 0.05;

/// Term for each ISO weekday (index 0 = Monday) and local hour, each within ±[`MOST_BIAS`].
pub fn bias(graph: &Graph, kind: &TaskType) -> [[f32; 24]; 7] {
    let mut table = [[0.0f32; 24]; 7];
    for insight in graph.active() {
        add(&mut table, insight, kind);
    }
    for cell in table.iter_mut().flatten() {
        *cell = cell.clamp(-MOST_BIAS, MOST_BIAS);
    }
    table
}

fn add(table: &mut [[f32; 24]; 7], insight: &Insight, kind: &TaskType) {
    let weight = MOST_BIAS * insight.confidence;
    match insight.kind {
        Kind::WeakWeekday if concerns(insight, kind) => {
            for node in &insight.about {
                if let Node::Weekday(day) = node
                    && let Some(row) = table.get_mut(usize::from(day.saturating_sub(1)))
                {
                    row.iter_mut().for_each(|cell| *cell -= weight);
                }
            }
        }
        Kind::MorningPerson | Kind::EveningPerson if kind.category == Category::Focused => {
            hours(table, insight, weight / 2.0);
        }
        Kind::AfternoonFailures if kind.cognitive_load >= DEMANDING => {
            hours(table, insight, -weight);
        }
        Kind::AfterLunch => hours(table, insight, -weight),
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
        | Kind::Remembered => {}
    }
}

/// Adds the same to the hours that an insight is about, on every day.
fn hours(table: &mut [[f32; 24]; 7], insight: &Insight, amount: f32) {
    for node in &insight.about {
        let Node::DayPart { from, to } = node else { continue };
        for row in table.iter_mut() {
            let hours = row.get_mut(usize::from(*from)..usize::from(*to).min(24));
            hours.into_iter().flatten().for_each(|cell| *cell += amount);
        }
    }
}

/// The most specific thing an insight is about decides whom it concerns.
fn concerns(insight: &Insight, kind: &TaskType) -> bool {
    match insight.about.first() {
        Some(Node::TaskType(id)) => *id == kind.id,
        Some(Node::Category(word)) => word == kind.category.word(),
        Some(Node::Person) => true,
        _ => false,
    }
}
