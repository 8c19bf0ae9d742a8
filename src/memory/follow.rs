//! Insights follow when the types they are about become part of others.

use super::graph::{Draft, Graph, Insight, Kind, Node};
use crate::task::TypeId;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What is said of a type that is gone is said of the one it is part of from now on: a new version
/// each, since nothing is overwritten. Where a detector says the same of both, the older insight
/// stays and supersedes the other. What no longer held keeps its words.
pub fn follow(graph: &mut Graph, gone: &BTreeMap<TypeId, TypeId>, now: DateTime<Utc>) {
    let moved: Vec<(u32, Draft)> =
        graph.active().filter_map(|insight| Some((insight.id, moved(insight, gone)?))).collect();
    for (id, draft) in moved {
        let same = |i: &&Insight| {
            i.id != id
                && i.kind != Kind::Remembered
                && i.kind == draft.kind
                && i.about == draft.about
        };
        let twin = graph.active().find(same).map(|i| i.id);
        graph.update(id, draft, now);
        if let Some(twin) = twin {
            graph.supersede(id.max(twin), id.min(twin), now);
        }
    }
}

/// What the insight says once these types are gone; `None` when it says nothing of them.
fn moved(insight: &Insight, gone: &BTreeMap<TypeId, TypeId>) -> Option<Draft> {
    let mut told = BTreeSet::new();
    let mut about = Vec::new();
    for node in &insight.about {
        let node = match node {
            Node::TaskType(id) => Node::TaskType(gone.get(id).copied().unwrap_or(*id)),
            other => other.clone(),
        };
        if told.insert(node.clone()) {
            about.push(node);
        }
    }
    (about != insight.about).then(|| Draft { about, ..insight.draft() })
}

#[cfg(test)]
mod tests {
    use super::super::graph::Relation;
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
        let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1);
        follow(&mut graph, &BTreeMap::from([(3, 7), (4, 9)]), later);
        let told: Vec<_> = graph.active().map(|i| (i.id, i.about[0].clone())).collect();
        assert_eq!(told, [(0, Node::TaskType(7)), (2, Node::TaskType(9))]);
        assert_eq!(graph.get(1).unwrap().superseded_by, Some(0));
        assert_eq!(graph.links[&0].relation, Relation::Supersedes);
        let before: Vec<_> = graph.history(1).map(|i| i.about[0].clone()).collect();
        assert_eq!(before, [Node::TaskType(3), Node::TaskType(7)], "nothing is overwritten");
    }

    #[test]
    fn two_notes_about_one_type_both_stay() {
        let mut graph = Graph::default();
        for (id, kind) in [(0, 3), (1, 7), (2, 7)] {
            let (_, mut note) = about(id, kind);
            note.kind = Kind::Remembered;
            graph.insights.insert((id, 1), note);
        }
        follow(&mut graph, &BTreeMap::from([(3, 7)]), DateTime::UNIX_EPOCH);
        assert_eq!(graph.active().count(), 3);
    }
}
