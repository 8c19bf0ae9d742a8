//! Weak weekday: things go as planned less often on one weekday than on the others.

use super::candidate::{Candidate, Counts, fewer_successes, is_enough};
use super::sample::{Observation, Sample};
use crate::memory::evidence::contrast;
use crate::memory::graph::{Kind, Node};
use crate::task::{Category, TypeId};
use std::collections::BTreeMap;

/// Types looked at on their own: those with most observations.
const MOST_TYPES: usize = 4;
/// Fewer observations of a type than this are not worth a look at each of its weekdays.
const LEAST_OF_TYPE: usize = 30;
/// Parts of the chance to err: all work together, each category, each type. Where everything is
/// weak on that day, all of it shows most.
const WEIGHTS: [f64; 3] = [10.0, 0.5, 0.2];
/// Without its worst type the day is still weak: success differs by this.
const STILL: f64 = 0.05;

/// All work, then categories, then types: what holds of more is told first.
pub(super) fn weak_weekdays(sample: &Sample<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let all: Vec<&Observation<'_>> = sample.recent.iter().collect();
    look(&all, WEIGHTS[0], &[Node::Person], "Things go", &mut found);
    for category in Category::ALL {
        let of: Vec<_> = all.iter().copied().filter(|o| o.kind.category == category).collect();
        let word = category.word();
        let name = format!("{}{} work goes", word[..1].to_uppercase(), &word[1..]);
        look(&of, WEIGHTS[1], &[Node::Category(word.to_owned())], &name, &mut found);
    }
    for id in common_types(&all) {
        let of: Vec<_> = all.iter().copied().filter(|o| o.kind.id == id).collect();
        let Some(kind) = of.first().map(|o| o.kind) else { continue };
        let about = [Node::TaskType(id), Node::Category(kind.category.word().to_owned())];
        look(&of, WEIGHTS[2], &about, &format!("\u{201c}{}\u{201d} goes", kind.name), &mut found);
    }
    found
}

fn common_types(all: &[&Observation<'_>]) -> Vec<TypeId> {
    let mut counts: BTreeMap<TypeId, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one.kind.id).or_default() += 1;
    }
    let mut common: Vec<(TypeId, usize)> =
        counts.into_iter().filter(|(_, n)| *n >= LEAST_OF_TYPE).collect();
    common.sort_by_key(|(id, n)| (std::cmp::Reverse(*n), *id));
    common.into_iter().take(MOST_TYPES).map(|(id, _)| id).collect()
}

fn look(
    of: &[&Observation<'_>],
    weight: f64,
    about: &[Node],
    name: &str,
    into: &mut Vec<Candidate>,
) {
    for weekday in 1..=7u8 {
        let on = |o: &Observation<'_>| o.settled.weekday == weekday;
        let rows: Vec<_> = of.iter().map(|o| o.row(on(o))).collect();
        let Some(found) = contrast(&rows).filter(is_enough) else { continue };
        let inside: Vec<_> = of.iter().copied().filter(|o| on(o)).collect();
        let mut about = about.to_vec();
        about.push(Node::Weekday(weekday));
        let words = |c: &Counts| {
            format!(
                "{name} wrong more often on {day}s: {} of {} went as planned, against {} of {} on \
                 other days.",
                c.good,
                c.all,
                c.others_good,
                c.others,
                day = weekday_name(weekday)
            )
        };
        let mut one =
            fewer_successes(Kind::WeakWeekday, about, weight, (&rows, &found), &inside, words);
        one.matters &= holds_without_worst(of, &inside, &on);
        into.push(one);
    }
}

/// A day is not weak because one kind of work is: without the type that fails most on it, it still
/// goes worse. Of one type alone there is nothing to leave out.
fn holds_without_worst(
    of: &[&Observation<'_>],
    inside: &[&Observation<'_>],
    on: &dyn Fn(&Observation<'_>) -> bool,
) -> bool {
    let mut failures: BTreeMap<TypeId, usize> = BTreeMap::new();
    for one in inside.iter().filter(|o| !o.good) {
        *failures.entry(one.kind.id).or_default() += 1;
    }
    let Some((worst, _)) = failures.into_iter().max_by_key(|(_, n)| *n) else { return false };
    let rest: Vec<_> = of.iter().filter(|o| o.kind.id != worst).map(|o| o.row(on(o))).collect();
    rest.is_empty() || contrast(&rest).is_none_or(|c| c.effect <= -STILL)
}

/// English name of an ISO weekday (1 = Monday).
pub fn weekday_name(weekday: u8) -> &'static str {
    const NAMES: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[usize::from(weekday.saturating_sub(1)) % 7]
}
