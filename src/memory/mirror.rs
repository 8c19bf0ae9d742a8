//! What of the insights lies at another memory server, and what is to be sent to it or taken back
//! there.
//!
//! Invariant: what was sent can always be taken back as long as the server said under which name it
//! keeps it; a revised insight is taken back and sent anew, since servers differ in how they change
//! one. What waits is read off the graph each time: there is no queue to lose.

use super::graph::{Graph, Insight};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How long a server is left alone after a failure; twice as long each time.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// No pause is longer than 2^8 times that: not quite a day.
const MOST_DOUBLINGS: u32 = 8;

/// How it stands with a memory server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mirror {
    /// By insight.
    pub sent: BTreeMap<u32, Sent>,
    /// How it stands with the server.
    pub server: Server,
}

/// One insight as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Which version.
    pub version: u32,
    /// Under which names the server keeps it; empty when it did not say.
    pub names: Vec<String>,
}

/// A server, and how it stands with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Server {
    /// A hash of its address and whose memories they are; `None` = nothing was ever sent.
    pub id: Option<[u8; 16]>,
    /// Insights that were sent, are to be gone, and can't be taken back: it never said its names.
    pub stuck: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Not asked before this moment.
    pub not_before: Option<DateTime<Utc>>,
    /// What went wrong last, in one sentence; `None` once it works again.
    pub trouble: Option<String>,
}

/// One thing to do there.
#[derive(Debug, Clone, PartialEq)]
pub enum Errand<'a> {
    /// Take back what lies there of this insight.
    TakeBack(u32),
    /// Send it.
    Send(&'a Insight),
}

impl Mirror {
    /// This one if it is that server's, else an empty one: what lies elsewhere stays there.
    pub fn of(&self, id: [u8; 16]) -> Self {
        match self.server.id == Some(id) {
            true => self.clone(),
            false => {
                Self { server: Server { id: Some(id), ..Server::default() }, ..Self::default() }
            }
        }
    }

    /// What is to be done so that what lies there is what holds: first what is to be gone.
    pub fn errands<'a>(&self, graph: &'a Graph) -> Vec<Errand<'a>> {
        let holds: BTreeMap<u32, &Insight> = graph.active().map(|i| (i.id, i)).collect();
        let stale = |(id, sent): &(&u32, &Sent)| {
            holds.get(id).is_none_or(|insight| insight.version != sent.version)
        };
        let back = self.sent.iter().filter(stale).map(|(id, _)| Errand::TakeBack(*id));
        let known = |insight: &&Insight| {
            self.sent.get(&insight.id).is_some_and(|sent| sent.version == insight.version)
        };
        let new = holds.values().copied().filter(|insight| !known(insight)).map(Errand::Send);
        back.chain(new).collect()
    }

    /// An insight was sent.
    pub fn was_sent(&mut self, insight: &Insight, names: Vec<String>) {
        self.sent.insert(insight.id, Sent { version: insight.version, names });
        self.works();
    }

    /// Everything of an insight is gone there, or was never named.
    pub fn was_taken_back(&mut self, insight: u32) {
        let unnamed = self.sent.remove(&insight).is_some_and(|sent| sent.names.is_empty());
        self.server.stuck = self.server.stuck.saturating_add(u32::from(unnamed));
        self.works();
    }

    fn works(&mut self) {
        let server = &mut self.server;
        (server.failures, server.not_before, server.trouble) = (0, None, None);
    }

    /// It failed: it is left alone for a while, or as long as it asks for.
    pub fn failed(&mut self, now: DateTime<Utc>, why: &str, asked: Option<TimeDelta>) {
        let server = &mut self.server;
        let pause = PAUSE * (1 << server.failures.min(MOST_DOUBLINGS));
        server.failures = server.failures.saturating_add(1);
        server.not_before = now.checked_add_signed(asked.unwrap_or(pause));
        server.trouble = Some(why.to_owned());
    }

    /// Whether it may be asked.
    pub fn may_ask(&self, now: DateTime<Utc>) -> bool {
        self.server.not_before.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Draft, Kind, Node};
    use super::*;

    fn draft(sentence: &str) -> Draft {
        Draft {
            kind: Kind::AfterLunch,
            about: vec![Node::Person],
            sentence: sentence.into(),
            evidence: Vec::new(),
            counts: (7, 9),
            confidence: 0.9,
            valid_from: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_lies_there_follows_what_holds() {
        let now = DateTime::UNIX_EPOCH;
        let (mut graph, mut mirror) = (Graph::default(), Mirror::default().of([1; 16]));
        let one = graph.add(draft("one"), now);
        let other = graph.add(draft("other"), now);
        let named = |errands: Vec<Errand<'_>>| -> Vec<String> {
            let word = |errand: Errand<'_>| match errand {
                Errand::Send(insight) => format!("send {}", insight.sentence),
                Errand::TakeBack(id) => format!("take back {id}"),
            };
            errands.into_iter().map(word).collect()
        };
        assert_eq!(named(mirror.errands(&graph)), ["send one", "send other"]);
        mirror.was_sent(graph.get(one).unwrap(), vec!["a".into()]);
        mirror.was_sent(graph.get(other).unwrap(), Vec::new());
        assert!(mirror.errands(&graph).is_empty());
        graph.update(one, draft("one, revised"), now);
        graph.delete(other, now);
        let expected = ["take back 0", "take back 1", "send one, revised"];
        assert_eq!(named(mirror.errands(&graph)), expected);
        mirror.was_taken_back(one);
        mirror.was_taken_back(other);
        assert_eq!(mirror.server.stuck, 1, "nobody knows under which name that one lies there");
        assert_eq!(named(mirror.errands(&graph)), ["send one, revised"]);
        assert_eq!(mirror.of([1; 16]), mirror);
        assert_eq!(mirror.of([2; 16]).sent.len(), 0);
    }

    #[test]
    fn failures_pause_it_longer_each_time() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut mirror = Mirror::default();
        mirror.failed(at(0), "down", None);
        mirror.failed(at(5), "down", None);
        assert!(!mirror.may_ask(at(14)) && mirror.may_ask(at(15)));
        mirror.failed(at(15), "busy", Some(TimeDelta::minutes(1)));
        assert!(mirror.may_ask(at(16)));
    }
}
