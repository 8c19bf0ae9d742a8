//! Insights follow when the types they are about become part of others.

use super::graph::{Graph, Kind, Node};
use crate::task::TypeId;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What is said of a type that is gone is said of the one it is part of. Where the same was said of
/// both, the older insight stays and the other is superseded by it; nothing is erased.
pub fn follow(graph: &mut Graph, gone: &BTreeMap<TypeId, TypeId>, now: DateTime<Utc>) {
    if gone.is_empty() {
        return;
    }
    let mut standing: BTreeMap<(Kind, Vec<Node>), u32> = BTreeMap::new();
    for insight in graph.insights.values_mut() {
        for node in &mut insight.about {
            if let Node::TaskType(id) = node
                && let Some(into) = gone.get(id)
            {
                *id = *into;
            }
        }
        let mut told = BTreeSet::new();
        insight.about.retain(|node| told.insert(node.clone()));
        if insight.invalidated_at.is_some() {
            continue;
        }
        let subject = (insight.kind, insight.about.clone());
        if let Some(older) = standing.get(&subject) {
            insight.invalidated_at = Some(now);
            insight.superseded_by = Some(*older);
        } else {
            standing.insert(subject, insight.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Insight;
    use super::*;

    fn about(id: u32, kind: TypeId) -> ((u32, u32), Insight) {
        let insight = Insight {
            id,
            version: 1,
            kind: Kind::WeakWeekday,
            about: vec![Node::TaskType(kind), Node::Weekday(5)],
            sentence: "so it is".into(),
            evidence: Vec::new(),
            counts: (7, 9),
            confidence: 0.9,
            valid_from: DateTime::UNIX_EPOCH,
            valid_until: None,
            recorded_at: DateTime::UNIX_EPOCH,
            invalidated_at: None,
            superseded_by: None,
        };
        ((id, 1), insight)
    }

    #[test]
    fn insights_follow_and_the_same_is_not_said_twice() {
        let insights = BTreeMap::from([about(0, 7), about(1, 3), about(2, 4)]);
        let mut graph = Graph { insights, next: 3, ..Graph::default() };
        follow(&mut graph, &BTreeMap::from([(3, 7)]), DateTime::UNIX_EPOCH);
        assert!(graph.insights.values().all(|i| i.about[0] != Node::TaskType(3)));
        assert_eq!(graph.active().map(|i| i.id).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(graph.insights[&(1, 1)].superseded_by, Some(0));
    }
}
