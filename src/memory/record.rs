//! Writes, revises and retires insights as the evidence changes. Nothing is ever erased.

use super::detect::{Finding, Strength};
use super::graph::{Graph, Insight, Kind};
use chrono::{DateTime, Utc};

/// Brings the graph in line with what the detectors found in one run.
pub fn record(graph: &mut Graph, findings: &[Finding], now: DateTime<Utc>) {
    let mut told = Vec::new();
    for finding in findings {
        let standing = graph
            .active()
            .find(|i| i.kind == finding.kind && i.about == finding.about)
            .map(|i| i.id);
        match (standing, finding.strength) {
            (Some(id), _) => {
                told.push(id);
                revise(graph, id, finding);
            }
            (None, Strength::Enough) => told.push(write(graph, finding, now)),
            (None, Strength::Fading) => {}
        }
    }
    retire(graph, &told, now);
}

fn revise(graph: &mut Graph, id: u32, finding: &Finding) {
    if let Some(insight) = graph.insights.get_mut(&id) {
        insight.sentence.clone_from(&finding.sentence);
        insight.evidence.clone_from(&finding.evidence);
        insight.counts = finding.counts;
        insight.confidence = finding.confidence;
    }
}

fn write(graph: &mut Graph, finding: &Finding, now: DateTime<Utc>) -> u32 {
    let id = graph.next;
    graph.next += 1;
    graph.insights.insert(
        id,
        Insight {
            id,
            kind: finding.kind,
            about: finding.about.clone(),
            sentence: finding.sentence.clone(),
            evidence: finding.evidence.clone(),
            counts: finding.counts,
            confidence: finding.confidence,
            valid_from: now,
            invalidated_at: None,
            superseded_by: None,
        },
    );
    id
}

fn retire(graph: &mut Graph, told: &[u32], now: DateTime<Utc>) {
    let new_tilt = told.iter().copied().find(|id| {
        graph
            .insights
            .get(id)
            .is_some_and(|i| matches!(i.kind, Kind::MorningPerson | Kind::EveningPerson))
    });
    for insight in graph.insights.values_mut() {
        if insight.invalidated_at.is_none() && !told.contains(&insight.id) {
            insight.invalidated_at = Some(now);
            if matches!(insight.kind, Kind::MorningPerson | Kind::EveningPerson) {
                insight.superseded_by = new_tilt;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Node;
    use super::*;

    fn finding(kind: Kind, strength: Strength) -> Finding {
        Finding {
            kind,
            about: vec![Node::Person],
            sentence: "so it is".into(),
            evidence: Vec::new(),
            counts: (7, 9),
            confidence: 0.9,
            strength,
        }
    }

    #[test]
    fn insights_are_written_kept_while_fading_and_superseded() {
        let now = DateTime::UNIX_EPOCH;
        let mut graph = Graph::default();
        record(&mut graph, &[finding(Kind::MorningPerson, Strength::Fading)], now);
        assert!(graph.insights.is_empty(), "fading alone writes nothing");
        record(&mut graph, &[finding(Kind::MorningPerson, Strength::Enough)], now);
        record(&mut graph, &[finding(Kind::MorningPerson, Strength::Fading)], now);
        assert_eq!(graph.active().count(), 1);
        record(&mut graph, &[finding(Kind::EveningPerson, Strength::Enough)], now);
        assert_eq!(graph.insights[&0].superseded_by, Some(1));
        assert_eq!(graph.active().map(|i| i.id).collect::<Vec<_>>(), [1]);
        record(&mut graph, &[], now);
        assert_eq!(graph.active().count(), 0);
        assert_eq!(graph.insights.len(), 2, "nothing is erased");
    }
}
