//! Writes, revises and retires insights as the evidence changes. Nothing is ever erased, and a run
//! that finds what is known writes nothing.

use super::detect::{Finding, Held, Run, Strength, detect};
use super::graph::{Draft, Graph, Insight, Kind, Node, Relation};
use crate::event::Events;
use crate::task::Types;
use chrono::{DateTime, Utc};

/// A belief is revised when the share of observations for it, or how sure it is, has moved by this,
/// ...
const MOVED: f32 = 0.1;
/// ... or when it rests on so many times as many.
const GROWN: f32 = 1.5;
/// Share of a finding's evidence that makes it one of a bad weekday's.
const OF_THAT_DAY: f64 = 0.6;

/// Step 8: looks for insights, when it is time, and brings the graph in line with what there is.
pub fn reflect(graph: &mut Graph, events: &Events, types: &Types, now: DateTime<Utc>) {
    let held = match graph.active().any(|i| i.kind != Kind::Remembered) {
        true => Held::Something,
        false => Held::Nothing,
    };
    if let Some(Run { findings, looks }) = detect(events, types, (&graph.looks, held), now) {
        graph.looks = looks;
        record(graph, &findings, now);
    }
}

/// Brings the graph in line with what the detectors found in one run.
pub fn record(graph: &mut Graph, findings: &[Finding], now: DateTime<Utc>) {
    let (mut told, mut new) = (Vec::new(), Vec::new());
    for Finding { draft, strength } in findings {
        if graph.forgotten.iter().any(|f| f.covers(draft)) {
            continue;
        }
        let same = |i: &&Insight| i.kind == draft.kind && i.about == draft.about;
        let known = graph.all().find(same).map(|i| (i.id, i.is_active(), is_news(i, draft)));
        // Weekdays come first, so that it is known by now which of them are bad.
        let is_new = !known.is_some_and(|(_, active, _)| active);
        if is_new && graph.active().any(|held| is_of_that_day(draft, held)) {
            continue;
        }
        match (known, strength) {
            (Some((id, true, news)), _) => {
                told.push(id);
                if news {
                    graph.update(id, draft.clone(), now);
                }
            }
            // It had ended, and holds again.
            (Some((id, false, _)), Strength::Enough) => {
                told.push(id);
                graph.update(id, draft.clone(), now);
            }
            (None, Strength::Enough) => {
                let id = graph.add(draft.clone(), now);
                told.push(id);
                new.push(id);
                connect(graph, id, now);
            }
            (_, Strength::Fading) => {}
        }
    }
    retire(graph, &told, now);
    for id in new {
        follow(graph, id, now);
    }
}

/// Whether it is but a bad weekday seen from another side: what always lies on Fridays, or follows
/// on what does, fails with them.
fn is_of_that_day(draft: &Draft, held: &Insight) -> bool {
    if held.kind != Kind::WeakWeekday || draft.kind == Kind::WeakWeekday {
        return false;
    }
    let known = draft.evidence.iter().filter(|event| held.evidence.contains(event));
    let all = draft.evidence.len();
    all > 0 && known.count() as f64 >= OF_THAT_DAY * all as f64
}

/// Whether the belief has changed: numbers that move a little are no news.
fn is_news(insight: &Insight, draft: &Draft) -> bool {
    let share = |(part, all): (u32, u32)| part as f32 / all.max(1) as f32;
    let grown = draft.counts.1 as f32 >= GROWN * insight.counts.1 as f32;
    let fewer = insight.counts.1 as f32 >= GROWN * draft.counts.1 as f32;
    grown
        || fewer
        || (share(insight.counts) - share(draft.counts)).abs() >= MOVED
        || (insight.confidence - draft.confidence).abs() >= MOVED
}

/// An edge to the last insight of the same kind that ended: calls gather on another day now.
fn follow(graph: &mut Graph, id: u32, now: DateTime<Utc>) {
    let Some(kind) = graph.get(id).map(|i| i.kind) else { return };
    let ended = graph.all().filter(|i| i.kind == kind && !i.is_active());
    if let Some(last) = ended.max_by_key(|i| i.valid_until).map(|i| i.id) {
        graph.link(id, Relation::Follows, last, now);
    }
}

/// Edges of a new insight to those that hold.
fn connect(graph: &mut Graph, id: u32, now: DateTime<Utc>) {
    let Some(new) = graph.get(id).cloned() else { return };
    let others: Vec<Insight> = graph.active().filter(|i| i.id != id).cloned().collect();
    for other in others {
        if opposite(new.kind) == Some(other.kind) {
            graph.link(id, Relation::Contradicts, other.id, now);
        } else if new.kind == other.kind && is_within(&new, &other) {
            graph.link(id, Relation::Supports, other.id, now);
        } else if new.kind == other.kind && is_within(&other, &new) {
            graph.link(other.id, Relation::Supports, id, now);
        }
    }
}

fn opposite(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::MorningPerson => Some(Kind::EveningPerson),
        Kind::EveningPerson => Some(Kind::MorningPerson),
        _ => None,
    }
}

/// The first says of some what the second says of more.
fn is_within(narrow: &Insight, wide: &Insight) -> bool {
    wide.about.iter().all(|n| matches!(n, Node::Person) || narrow.about.contains(n))
}

/// What nothing speaks for any more no longer holds. What the person stated stays.
fn retire(graph: &mut Graph, told: &[u32], now: DateTime<Utc>) {
    let over: Vec<(u32, Kind)> = graph
        .active()
        .filter(|i| i.kind != Kind::Remembered && !told.contains(&i.id))
        .map(|i| (i.id, i.kind))
        .collect();
    for (id, kind) in over {
        let contrary = opposite(kind).and_then(|other| {
            told.iter().copied().find(|new| graph.get(*new).is_some_and(|i| i.kind == other))
        });
        match contrary {
            Some(new) => graph.supersede(id, new, now),
            None => graph.delete(id, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::forgotten::Forgotten;

    fn finding(kind: Kind, strength: Strength, counts: (u32, u32)) -> Finding {
        let draft = Draft {
            kind,
            about: vec![Node::Person],
            sentence: format!("so it is, {} of {}", counts.0, counts.1),
            evidence: Vec::new(),
            counts,
            confidence: 0.9,
            valid_from: DateTime::UNIX_EPOCH,
        };
        Finding { draft, strength }
    }

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(n)
    }

    #[test]
    fn insights_are_written_kept_while_fading_and_superseded() {
        let mut graph = Graph::default();
        let morning = |strength| [finding(Kind::MorningPerson, strength, (7, 9))];
        record(&mut graph, &morning(Strength::Fading), day(0));
        assert!(graph.insights.is_empty(), "fading alone writes nothing");
        record(&mut graph, &morning(Strength::Enough), day(1));
        record(&mut graph, &morning(Strength::Fading), day(2));
        assert_eq!(graph.active().count(), 1);
        record(&mut graph, &[finding(Kind::EveningPerson, Strength::Enough, (7, 9))], day(3));
        let old = graph.get(0).unwrap();
        assert_eq!((old.superseded_by, old.valid_until), (Some(1), Some(day(3))));
        assert_eq!(graph.active().map(|i| i.id).collect::<Vec<_>>(), [1]);
        record(&mut graph, &[], day(4));
        assert_eq!(graph.active().count(), 0);
        assert_eq!(graph.insights.len(), 2, "nothing is erased");
    }

    #[test]
    fn a_bad_weekday_is_not_told_again_from_another_side() {
        let event = |n: u8| crate::event::EventHash([n; 8]);
        let of = |kind, from: u8, to: u8, strength| {
            let mut finding = finding(kind, strength, (5, 20));
            finding.draft.evidence = (from..to).map(event).collect();
            finding
        };
        let fridays = |strength| of(Kind::WeakWeekday, 0, 20, strength);
        let mut graph = Graph::default();
        // Three in five are of that day; of the other one two.
        let same = of(Kind::ProjectRecovery, 14, 24, Strength::Enough);
        let other = of(Kind::AfternoonFailures, 18, 28, Strength::Enough);
        record(&mut graph, &[fridays(Strength::Enough), same.clone(), other], day(0));
        let kinds = |graph: &Graph| graph.active().map(|i| i.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&graph), [Kind::WeakWeekday, Kind::AfternoonFailures]);
        // Nor later, while that holds; a weekday that is not told hides nothing.
        record(&mut graph, &[fridays(Strength::Fading), same.clone()], day(7));
        assert_eq!(kinds(&graph), [Kind::WeakWeekday]);
        let mut graph = Graph::default();
        record(&mut graph, &[fridays(Strength::Fading), same], day(0));
        assert_eq!(kinds(&graph), [Kind::ProjectRecovery]);
    }

    #[test]
    fn a_belief_that_changes_is_a_new_version_and_the_old_one_keeps_its_words() {
        let mut graph = Graph::default();
        for (at, counts) in [(0, (7, 9)), (7, (7, 9)), (14, (8, 10)), (21, (12, 30))] {
            let found = [finding(Kind::WeakWeekday, Strength::Enough, counts)];
            record(&mut graph, &found, day(at));
        }
        record(&mut graph, &[], day(28));
        record(&mut graph, &[finding(Kind::WeakWeekday, Strength::Enough, (9, 10))], day(35));
        let told: Vec<(u32, &str, Option<DateTime<Utc>>)> =
            graph.history(0).map(|i| (i.version, i.sentence.as_str(), i.invalidated_at)).collect();
        let expected = [
            (1, "so it is, 7 of 9", Some(day(21))),
            (2, "so it is, 12 of 30", Some(day(28))),
            (3, "so it is, 9 of 10", None),
        ];
        assert_eq!(told, expected, "what moved a little, or not, is no new version");
        // What was believed on the 10th day to hold then, and what is known of it now.
        let then: Vec<u32> = graph.as_of(day(10), day(10)).map(|i| i.version).collect();
        assert_eq!(then, [1]);
        assert_eq!(graph.as_of(day(30), day(30)).count(), 0);
        assert_eq!(graph.as_of(day(30), day(36)).map(|i| i.version).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn what_was_forgotten_is_not_written_again() {
        let mut graph = Graph::default();
        let found = [finding(Kind::WeakWeekday, Strength::Enough, (7, 9))];
        record(&mut graph, &found, day(0));
        let gone = graph.erase(0);
        graph.forgotten.extend(Forgotten::of(&gone, [7; 16]));
        record(&mut graph, &found, day(7));
        assert!(graph.insights.is_empty());
        record(&mut graph, &[finding(Kind::AfterLunch, Strength::Enough, (7, 9))], day(7));
        assert_eq!(graph.active().count(), 1, "another one is");
    }

    #[test]
    fn edges_say_what_supports_contradicts_and_follows_what() {
        let mut graph = Graph::default();
        let about = |about: Vec<Node>| {
            let mut one = finding(Kind::WeakWeekday, Strength::Enough, (7, 9));
            one.draft.about = about;
            one
        };
        let (friday, monday) = (Node::Weekday(5), Node::Weekday(1));
        let narrow = about(vec![Node::TaskType(3), friday.clone()]);
        let wide = about(vec![Node::Person, friday]);
        record(&mut graph, &[wide, narrow], day(0));
        record(&mut graph, &[about(vec![Node::Person, monday])], day(7));
        let links: Vec<_> = graph.links.values().map(|l| (l.from, l.relation, l.to)).collect();
        assert_eq!(links, [(1, Relation::Supports, 0), (2, Relation::Follows, 1)]);
        assert_eq!(graph.links[&0].invalidated_at, Some(day(7)), "neither holds any more");
        assert_eq!(graph.neighbours(2).len(), 0);
    }
}
